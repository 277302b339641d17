//! `XmlConvert`: how values look in XML, and how they are read back by the conversions of `XElement` and `XAttribute`.
//!
//! Source: dotnet/runtime, XmlConvert.cs, XsdDateTime.cs and XsdDuration.cs in `System.Private.Xml`.

use std::{fmt::Display, str::FromStr};

use rust_decimal::Decimal;

use crate::dotnet::{
    datetime::{self, DateTime, DateTimeOffset, Kind, TICKS_PER_SECOND, TimeSpan, UNIX_EPOCH},
    display,
    exception::{Raise, raise, throw},
    guid, registry,
    string::Str,
    value::Value,
};

const MINUTE: i64 = 60 * TICKS_PER_SECOND;
const DAY: i64 = 86_400 * TICKS_PER_SECOND;

/// A value as XML writes it, where that differs from `ToString()`.
pub(super) fn text(value: &Value) -> Option<Str> {
    Some(match value {
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::Double(v) if v.is_infinite() => infinity(*v > 0.0).into(),
        Value::Single(v) if v.is_infinite() => infinity(*v > 0.0).into(),
        Value::Double(v) => display::double(*v).into(),
        Value::Single(v) => display::single(*v).into(),
        Value::DateTime(v) => {
            let zone = match v.kind {
                Kind::Unspecified => "",
                Kind::Utc => "Z",
                // The gateway's local time is UTC; as local time it is written with its offset.
                Kind::Local => "+00:00",
            };
            format!("{}{zone}", moment(v.ticks)).into()
        }
        Value::DateTimeOffset(v) => {
            let (sign, minutes) = (if v.offset_minutes < 0 { '-' } else { '+' }, v.offset_minutes.unsigned_abs());
            let zone = if minutes == 0 { "Z".to_owned() } else { format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60) };
            format!("{}{zone}", moment(v.ticks)).into()
        }
        Value::TimeSpan(v) => duration(*v).into(),
        _ => return None,
    })
}

fn infinity(is_positive: bool) -> &'static str {
    if is_positive { "INF" } else { "-INF" }
}

/// `2024-02-29T13:14:15.5`: the fraction without trailing zeros.
fn moment(ticks: i64) -> String {
    let (days, rest) = (ticks.div_euclid(DAY), ticks.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (seconds, fraction) = (rest / TICKS_PER_SECOND, rest % TICKS_PER_SECOND);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:07}").trim_end_matches('0').to_owned() };
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a number of days since 0001-01-01.
///
/// Source of the arithmetic: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 306;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// `P1DT2H3M4.5S`
fn duration(value: TimeSpan) -> String {
    let ticks = value.0.unsigned_abs();
    let (seconds, fraction) = (ticks / TICKS_PER_SECOND as u64, ticks % TICKS_PER_SECOND as u64);
    let mut text = String::from(if value.0 < 0 { "-P" } else { "P" });
    let part = |text: &mut String, amount: u64, unit: char| {
        if amount != 0 {
            text.push_str(&format!("{amount}{unit}"));
        }
    };
    part(&mut text, seconds / 86_400, 'D');
    if seconds % 86_400 != 0 || fraction != 0 {
        text.push('T');
        part(&mut text, seconds / 3600 % 24, 'H');
        part(&mut text, seconds / 60 % 60, 'M');
        if fraction != 0 {
            let fraction = format!("{fraction:07}");
            text.push_str(&format!("{}.{}S", seconds % 60, fraction.trim_end_matches('0')));
        } else {
            part(&mut text, seconds % 60, 'S');
        }
    }
    if text.ends_with('P') {
        text.push_str("T0S");
    }
    text
}

fn bad(text: &str, ty: impl Display) -> Raise {
    throw(&registry::FORMAT_EXCEPTION, format!("The string '{text}' is not a valid {ty} value."))
}

fn bad_number() -> Raise {
    throw(&registry::FORMAT_EXCEPTION, "Input string was not in a correct format.")
}

fn too_large(ty: &str) -> Raise {
    throw(&registry::OVERFLOW_EXCEPTION, format!("Value was either too large or too small for {ty}."))
}

/// White space as number parsing skips it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, '\t'..='\r' | ' '))
}

pub(super) fn boolean(text: &str) -> Result<Value, Raise> {
    let text = text.to_lowercase();
    match text.trim_matches(super::fault::is_space) {
        "true" | "1" => Ok(Value::Bool(true)),
        "false" | "0" => Ok(Value::Bool(false)),
        other => Err(bad(other, "Boolean")),
    }
}

/// A whole number. Only the signed types take a sign.
fn integer<T: TryFrom<i128>>(text: &str, ty: &str, is_signed: bool) -> Result<T, Raise> {
    let text = trimmed(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) if is_signed => (-1, digits),
        None if is_signed => (1, text.strip_prefix('+').unwrap_or(text)),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_number());
    }
    let digits = digits.trim_start_matches('0');
    let value: i128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| too_large(ty))? };
    T::try_from(sign * value).map_err(|_| too_large(ty))
}

pub(super) fn int32(text: &str) -> Result<Value, Raise> {
    integer(text, "an Int32", true).map(Value::Int32)
}

pub(super) fn uint32(text: &str) -> Result<Value, Raise> {
    integer(text, "a UInt32", false).map(Value::UInt32)
}

pub(super) fn int64(text: &str) -> Result<Value, Raise> {
    integer(text, "an Int64", true).map(Value::Int64)
}

pub(super) fn uint64(text: &str) -> Result<Value, Raise> {
    integer(text, "a UInt64", false).map(Value::UInt64)
}

/// A number as `AllowLeadingSign | AllowDecimalPoint | AllowExponent` take it, or `NaN` and the infinities by XML's names and .NET's own.
fn real<T: FromStr + std::ops::Neg<Output = T>>(text: &str, special: fn(f64) -> T) -> Result<T, Raise> {
    let text = trimmed(text);
    match text {
        "INF" | "Infinity" | "∞" => return Ok(special(f64::INFINITY)),
        "-INF" | "-Infinity" | "-∞" => return Ok(special(f64::NEG_INFINITY)),
        "NaN" => return Ok(special(f64::NAN)),
        _ => {}
    }
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|_| is_number).ok_or_else(bad_number)
}

pub(super) fn double(text: &str) -> Result<Value, Raise> {
    real(text, |v| v).map(Value::Double)
}

pub(super) fn single(text: &str) -> Result<Value, Raise> {
    real(text, |v| v as f32).map(Value::Single)
}

pub(super) fn decimal(text: &str) -> Result<Value, Raise> {
    let text = trimmed(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1
        && digits.bytes().any(|byte| byte.is_ascii_digit());
    if !is_number {
        return Err(bad_number());
    }
    Decimal::from_str(text).map(Value::Decimal).map_err(|_| too_large("a Decimal"))
}

pub(super) fn guid(text: &str) -> Result<Value, Raise> {
    match guid::parse(text) {
        Some(guid) => Ok(Value::Guid(guid)),
        None => raise(&registry::FORMAT_EXCEPTION, "Unrecognized Guid format."),
    }
}

/// `DateTime.Parse(text, InvariantCulture, RoundtripKind)`, which LINQ to XML asks here instead of `XmlConvert`.
pub(super) fn date_time(text: &str) -> Result<Value, Raise> {
    let trimmed = text.trim();
    let value = match xsd(trimmed) {
        Some((ticks, Zone::None)) => DateTime { ticks, kind: Kind::Unspecified },
        Some((ticks, Zone::Utc)) => DateTime { ticks, kind: Kind::Utc },
        Some((ticks, Zone::Minutes(minutes))) => DateTime { ticks: ticks - i64::from(minutes) * MINUTE, kind: Kind::Local },
        None => {
            let parsed = datetime::parse_offset(trimmed)
                .ok_or_else(|| throw(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid DateTime.")))?;
            let kind = if trimmed.ends_with("GMT") || trimmed.ends_with('Z') { Kind::Utc } else { Kind::Unspecified };
            DateTime { ticks: parsed.utc_ticks(), kind }
        }
    };
    Ok(Value::DateTime(value))
}

pub(super) fn date_time_offset(text: &str) -> Result<Value, Raise> {
    let (ticks, zone) = xsd(text.trim_matches(super::fault::is_space)).ok_or_else(|| bad(text, "AllXsd"))?;
    let offset_minutes = match zone {
        Zone::Minutes(minutes) => minutes,
        Zone::None | Zone::Utc => 0,
    };
    Ok(Value::DateTimeOffset(DateTimeOffset { ticks, offset_minutes }))
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Zone {
    None,
    Utc,
    Minutes(i16),
}

/// `yyyy-MM-dd` with or without `THH:mm[:ss[.fffffff]]` and a zone; .NET takes a blank for the `T` too where it parses a `DateTime`.
fn xsd(text: &str) -> Option<(i64, Zone)> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let days = jiff::civil::Date::from_str(date).ok()?;
    if date.bytes().enumerate().any(|(index, byte)| (index == 4 || index == 7) != (byte == b'-')) || days.year() < 1 {
        return None;
    }
    let epoch = jiff::civil::date(1970, 1, 1);
    let mut ticks = UNIX_EPOCH + i64::from(days.since((jiff::Unit::Day, epoch)).ok()?.get_days()) * DAY;
    let (rest, zone) = split_zone(rest)?;
    if rest.is_empty() {
        return Some((ticks, zone));
    }
    let time = rest.strip_prefix(['T', ' '])?;
    let two = |at: usize| -> Option<i64> {
        let digits = time.get(at..at + 2)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let colon = |at: usize| time.get(at..=at) == Some(":");
    let (hour, minute) = (two(0)?, two(3)?);
    let mut second = 0;
    if !colon(2) || hour > 24 || minute > 59 {
        return None;
    }
    let mut fraction = 0;
    if time.len() > 5 {
        second = two(6)?;
        let digits = time.get(8..)?;
        if !colon(5) || second > 59 {
            return None;
        }
        if !digits.is_empty() {
            let digits = digits.strip_prefix('.')?;
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            fraction = format!("{digits:0<8}").get(..8)?.parse::<i64>().ok()?;
            fraction = (fraction + 5) / 10;
        }
    }
    // Midnight at the end of a day is the next day's.
    if hour == 24 && (minute, second, fraction) != (0, 0, 0) {
        return None;
    }
    ticks += (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + fraction;
    Some((ticks, zone))
}

fn split_zone(text: &str) -> Option<(&str, Zone)> {
    if let Some(rest) = text.strip_suffix('Z') {
        return Some((rest, Zone::Utc));
    }
    let Some(at) = text.len().checked_sub(6) else { return Some((text, Zone::None)) };
    let Some(zone) = text.get(at..).filter(|zone| zone.starts_with(['+', '-'])) else { return Some((text, Zone::None)) };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let minutes = hours.parse::<i16>().ok()? * 60 + minutes.parse::<i16>().ok().filter(|minutes| *minutes < 60)?;
    let minutes = if zone.starts_with('-') { -minutes } else { minutes };
    (minutes.abs() <= 14 * 60).then_some((text.get(..at)?, Zone::Minutes(minutes)))
}

/// `xs:duration`; a year counts 365 days and a month 30.
pub(super) fn time_span(text: &str) -> Result<Value, Raise> {
    match parse_duration(text.trim_matches(super::fault::is_space)) {
        Some(ticks) => match i64::try_from(ticks) {
            Ok(ticks) => Ok(Value::TimeSpan(TimeSpan(ticks))),
            Err(_) => raise(&registry::OVERFLOW_EXCEPTION, format!("Value '{text}' was either too large or too small for TimeSpan.")),
        },
        None => Err(bad(text, "TimeSpan")),
    }
}

fn parse_duration(text: &str) -> Option<i128> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let rest = rest.strip_prefix('P')?;
    let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
    let mut count = 0;
    let days = parts(date, &[('Y', 365 * DAY), ('M', 30 * DAY), ('D', DAY)], &mut count)?;
    let before = count;
    let rest = parts(time.unwrap_or(""), &[('H', 60 * MINUTE), ('M', MINUTE), ('S', TICKS_PER_SECOND)], &mut count)?;
    let is_whole = count > 0 && (time.is_none() || count > before);
    is_whole.then_some(sign * (days + rest))
}

/// Amounts with their units, in the order of the units, none twice. Seconds may have a fraction.
fn parts(mut text: &str, units: &[(char, i64)], count: &mut usize) -> Option<i128> {
    let mut total: i128 = 0;
    let mut units = units.iter();
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (amount, rest) = text.split_at(end);
        let unit = rest.chars().next()?;
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        let (whole, fraction) = amount.split_once('.').map_or((amount, None), |(whole, fraction)| (whole, Some(fraction)));
        let whole: i128 = whole.parse::<i32>().ok()?.into();
        total += whole * i128::from(*size);
        if let Some(fraction) = fraction {
            if unit != 'S' || fraction.is_empty() {
                return None;
            }
            total += format!("{fraction:0<7}").get(..7)?.parse::<i128>().ok()?;
        }
        *count += 1;
        text = rest.get(1..)?;
    }
    Some(total)
}

/// The explicit conversions of a class, by the C# type and how it is read.
macro_rules! casts {
    ($class:literal, $parameter:literal, $value:path) => {
        $crate::dotnet::xml::convert::casts!(@ $class, $parameter, $value;
            "bool" boolean, "int" int32, "uint" uint32, "long" int64, "ulong" uint64, "float" single, "double" double,
            "decimal" decimal, "DateTime" date_time, "DateTimeOffset" date_time_offset, "TimeSpan" time_span, "Guid" guid)
    };
    (@ $class:literal, $parameter:literal, $value:path; $($ty:literal $read:ident),*) => {
        &[
            member(concat!("static explicit operator string(", $class, " ", $parameter, ")"), |call| match call.argument(0) {
                Value::Null => Ok(Value::Null),
                _ => $value(call).map(Value::String),
            }),
            $(
                member(concat!("static explicit operator ", $ty, "(", $class, " ", $parameter, ")"), |call| match call.argument(0) {
                    Value::Null => Err($crate::dotnet::exception::argument_null($parameter)),
                    _ => $crate::dotnet::xml::convert::$read(&$value(call)?.as_str()),
                }),
                member(concat!("static explicit operator ", $ty, "?(", $class, " ", $parameter, ")"), |call| match call.argument(0) {
                    Value::Null => Ok(Value::Null),
                    _ => $crate::dotnet::xml::convert::$read(&$value(call)?.as_str()),
                }),
            )*
        ]
    };
}

pub(super) use casts;

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: learn.microsoft.com/dotnet/api/system.xml.xmlconvert and dotnet/runtime's tests of it.
    #[test]
    fn values_are_written_as_xml_has_them() {
        let utc = |ticks| Value::DateTime(DateTime { ticks, kind: Kind::Utc });
        for (value, expected) in [
            (Value::Bool(true), "true"),
            (Value::Double(f64::NEG_INFINITY), "-INF"),
            (Value::Double(1.5), "1.5"),
            (utc(0), "0001-01-01T00:00:00Z"),
            (utc(UNIX_EPOCH + 5_000_000), "1970-01-01T00:00:00.5Z"),
            (utc(UNIX_EPOCH - DAY * 672), "1968-02-29T00:00:00Z"),
            (Value::DateTimeOffset(DateTimeOffset { ticks: UNIX_EPOCH, offset_minutes: -90 }), "1970-01-01T00:00:00-01:30"),
            (Value::TimeSpan(TimeSpan(0)), "PT0S"),
            (Value::TimeSpan(TimeSpan(-(DAY + 3 * MINUTE + 5_000_000))), "-P1DT3M0.5S"),
            (Value::TimeSpan(TimeSpan(400 * DAY)), "P400D"),
        ] {
            assert_eq!(text(&value).unwrap().to_string(), expected);
        }
        assert!(text(&Value::Int32(1)).is_none());
    }

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("PT0S", Some(0)),
            ("P1Y2M3D", Some(428 * i128::from(DAY))),
            ("-PT1.5S", Some(-15_000_000)),
            ("PT1H30M", Some(90 * i128::from(MINUTE))),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("PT1M1H", None),
            ("1D", None),
            ("P1.5D", None),
        ] {
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_are_read() {
        for (text, expected) in [
            ("1970-01-01", Some((UNIX_EPOCH, Zone::None))),
            ("1970-01-02T00:00:01.25Z", Some((UNIX_EPOCH + DAY + 12_500_000, Zone::Utc))),
            ("1970-01-01T00:00+02:00", Some((UNIX_EPOCH, Zone::Minutes(120)))),
            ("1970-13-01", None),
            ("1970-01-01T25:00:00", None),
            ("1970-01-01T00:00:00x", None),
            ("today", None),
        ] {
            assert_eq!(xsd(text), expected, "{text}");
        }
    }
}
