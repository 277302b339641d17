//! Dates in JSON's strings: ISO 8601 and `/Date(…)/`, read and written. Source: Utilities/DateTimeUtils.cs, Utilities/DateTimeParser.cs.
//!
//! Local time is UTC, as the gateway's is.

use std::fmt::Write as _;

use crate::dotnet::datetime::{DateTime, DateTimeOffset, Kind, TICKS_PER_SECOND, UNIX_EPOCH};

const MINUTE: i64 = 60 * TICKS_PER_SECOND;
const MAX_TICKS: i64 = 3_155_378_975_999_999_999;

/// A string that is read as a date: a `Date` token rather than a `String`.
pub(super) fn parse(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'/') {
        let (milliseconds, offset) = microsoft(text)?;
        let kind = if offset.is_some() { Kind::Local } else { Kind::Utc };
        return Some(DateTime { ticks: since_epoch(milliseconds)?, kind });
    }
    let parts = iso(bytes)?;
    Some(match parts.zone {
        None => DateTime { ticks: parts.ticks, kind: Kind::Unspecified },
        Some(Zone::Utc) => DateTime { ticks: parts.ticks, kind: Kind::Utc },
        Some(Zone::Offset(offset)) => DateTime { ticks: parts.ticks.checked_sub(offset)?.clamp(0, MAX_TICKS), kind: Kind::Local },
    })
}

/// The same as a `DateTimeOffset`.
pub(super) fn parse_offset(text: &str) -> Option<DateTimeOffset> {
    let bytes = text.as_bytes();
    let (ticks, offset) = if bytes.first() == Some(&b'/') {
        let (milliseconds, offset) = microsoft(text)?;
        let offset = offset.unwrap_or(0);
        (since_epoch(milliseconds)?.checked_add(offset)?, offset)
    } else {
        let parts = iso(bytes)?;
        let offset = match parts.zone {
            Some(Zone::Offset(offset)) => offset,
            _ => 0,
        };
        (parts.ticks, offset)
    };
    let utc = ticks.checked_sub(offset)?;
    let offset_minutes = i16::try_from(offset / MINUTE).ok()?;
    ((0..=MAX_TICKS).contains(&utc) && (0..=MAX_TICKS).contains(&ticks) && offset_minutes.abs() <= 14 * 60)
        .then_some(DateTimeOffset { ticks, offset_minutes })
}

fn since_epoch(milliseconds: i64) -> Option<i64> {
    milliseconds.checked_mul(10_000)?.checked_add(UNIX_EPOCH).filter(|ticks| (0..=MAX_TICKS).contains(ticks))
}

/// `/Date(1709212455000+0200)/`: milliseconds, and the offset in ticks where one is given.
fn microsoft(text: &str) -> Option<(i64, Option<i64>)> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    // A sign at the beginning belongs to the number.
    let sign = inner.char_indices().skip(1).find(|(_, c)| *c == '+').or_else(|| inner.char_indices().skip(1).find(|(_, c)| *c == '-'));
    let number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i64>().ok()).flatten()
    };
    let Some((at, sign)) = sign else { return Some((number(inner)?, None)) };
    let offset = inner.get(at + 1..)?;
    let hours = number(offset.get(..2)?)?;
    let minutes = if offset.len() > 2 { number(offset.get(2..4)?)? } else { 0 };
    let ticks = (hours * 60 + minutes) * MINUTE;
    Some((number(inner.get(..at)?)?, Some(if sign == '-' { -ticks } else { ticks })))
}

enum Zone {
    Utc,
    Offset(i64),
}

struct Parts {
    ticks: i64,
    zone: Option<Zone>,
}

/// Two digits at a place.
fn two(bytes: &[u8], at: usize) -> Option<i64> {
    match bytes.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => None,
    }
}

/// `yyyy-MM-ddTHH:mm:ss[.fffffff][Z|±hh[:][mm]]`: 19 to 40 characters.
fn iso(bytes: &[u8]) -> Option<Parts> {
    if !(19..=40).contains(&bytes.len()) {
        return None;
    }
    let is = |at: usize, c: u8| bytes.get(at) == Some(&c);
    let year = two(bytes, 0)? * 100 + two(bytes, 2)?;
    let (month, day) = (two(bytes, 5)?, two(bytes, 8)?);
    let (hour, minute, second) = (two(bytes, 11)?, two(bytes, 14)?, two(bytes, 17)?);
    let shape = is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':');
    let range = year >= 1 && hour <= 24 && minute < 60 && second < 60 && (hour != 24 || (minute == 0 && second == 0));
    if !shape || !range {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0;
    if is(at, b'.') {
        let digits = bytes.iter().skip(20).take(7).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        for index in 0..7 {
            let digit = bytes.get(20 + index).filter(|_| index < digits).map_or(0, |byte| i64::from(byte - b'0'));
            fraction = fraction * 10 + digit;
        }
        at = 20 + digits;
        if hour == 24 && fraction != 0 {
            return None;
        }
    }
    let mut zone = None;
    if let Some(sign) = bytes.get(at) {
        if matches!(sign, b'Z' | b'z') {
            zone = Some(Zone::Utc);
            at += 1;
        } else {
            let mut minutes = 0;
            if let Some(hours) = two(bytes, at + 1)
                && matches!(sign, b'-' | b'+')
            {
                minutes = hours * 60;
                at += 3;
            }
            if at < bytes.len() {
                at += usize::from(is(at, b':'));
                if let Some(rest) = two(bytes, at) {
                    minutes += rest;
                    at += 2;
                }
            }
            zone = match sign {
                b'-' => Some(Zone::Offset(-minutes * MINUTE)),
                b'+' => Some(Zone::Offset(minutes * MINUTE)),
                _ => None,
            };
        }
        if at != bytes.len() {
            return None;
        }
    }
    let days = days(year, month, day)?;
    let seconds = (days * 24 + hour) * 3600 + minute * 60 + second;
    let ticks = seconds * TICKS_PER_SECOND + fraction;
    (ticks <= MAX_TICKS).then_some(Parts { ticks, zone })
}

/// Days since 0001-01-01; none for a day that is not in the calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let month = usize::try_from(month).ok()?.checked_sub(1)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |month: usize| match month {
        1 => 28 + i64::from(is_leap),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    };
    if month > 11 || day < 1 || day > length(month) {
        return None;
    }
    let before = year - 1;
    Some(before * 365 + before / 4 - before / 100 + before / 400 + (0..month).map(length).sum::<i64>() + day - 1)
}

/// A `DateTime` of these parts, as `new Date(…)` of JSON means it.
pub(super) fn from_parts(parts: &[i64]) -> Option<DateTime> {
    let part = |at: usize| parts.get(at).copied().unwrap_or(0);
    let year = part(0);
    let [hour, minute, second, millisecond] = [3, 4, 5, 6].map(part);
    let range = (1..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second)
        && (0..1000).contains(&millisecond);
    if !range {
        return None;
    }
    let day = if part(2) == 0 { 1 } else { part(2) };
    let days = days(year, part(1).checked_add(1)?, day)?;
    let ticks = ((days * 24 + hour) * 3600 + minute * 60 + second) * TICKS_PER_SECOND + millisecond * 10_000;
    Some(DateTime { ticks, kind: Kind::Unspecified })
}

/// The moment so many milliseconds after 1970.
pub(super) fn from_milliseconds(milliseconds: i64) -> Option<DateTime> {
    Some(DateTime { ticks: since_epoch(milliseconds)?, kind: Kind::Utc })
}

/// `yyyy-MM-ddTHH:mm:ss[.fffffff]` and what the kind adds.
pub(super) fn write(time: DateTime, out: &mut String) {
    write_clock(time.ticks, out);
    match time.kind {
        Kind::Utc => out.push('Z'),
        Kind::Local => out.push_str("+00:00"),
        Kind::Unspecified => {}
    }
}

/// The same with an offset.
pub(super) fn write_offset(time: DateTimeOffset, out: &mut String) {
    write_clock(time.ticks, out);
    let minutes = time.offset_minutes.unsigned_abs();
    let _ = write!(out, "{}{:02}:{:02}", if time.offset_minutes < 0 { '-' } else { '+' }, minutes / 60, minutes % 60);
}

fn write_clock(ticks: i64, out: &mut String) {
    let (year, month, day) = date(ticks.div_euclid(86_400 * TICKS_PER_SECOND));
    let rest = ticks.rem_euclid(86_400 * TICKS_PER_SECOND);
    let (seconds, fraction) = (rest / TICKS_PER_SECOND, rest % TICKS_PER_SECOND);
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        let digits = format!("{fraction:07}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
}

/// The date so many days after 0001-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // Years that begin in March end with the leap day. Source: howardhinnant.github.io/date_algorithms.html, `civil_from_days`.
    let z = days + 306;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        parse(text).map(|time| {
            let mut out = String::new();
            write(time, &mut out);
            out
        })
    }

    /// Source: recorded answers of .NET; Newtonsoft's own tests (DateTimeUtilsTests.cs).
    #[test]
    fn what_looks_like_a_date_is_one() {
        for (text, expected) in [
            ("2024-02-29T13:14:15.5Z", Some("2024-02-29T13:14:15.5Z")),
            ("2024-02-29T13:14:15", Some("2024-02-29T13:14:15")),
            ("2024-02-29T13:14:15+02:00", Some("2024-02-29T11:14:15+00:00")),
            ("2024-02-29T13:14:15-0230", Some("2024-02-29T15:44:15+00:00")),
            ("2024-02-29T24:00:00Z", Some("2024-03-01T00:00:00Z")),
            ("/Date(1709212455000)/", Some("2024-02-29T13:14:15Z")),
            ("/Date(1709212455000+0100)/", Some("2024-02-29T13:14:15+00:00")),
            ("/Date(-62135596800000)/", Some("0001-01-01T00:00:00Z")),
            ("9999-12-31T23:59:59.9999999Z", Some("9999-12-31T23:59:59.9999999Z")),
            ("2024-02-29T25:00:00Z", None),
            ("2024-02-29T10:00Z", None),
            ("2024-02-29 10:00:00Z", None),
            ("2024-02-30T10:00:00Z", None),
            ("2024-02-29", None),
            ("2024-02-29T10:00:00.Z", None),
            ("2024-02-29T10:00:00ZZ", None),
            ("/Date(x)/", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
