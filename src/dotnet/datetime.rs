//! `System.DateTime`, `System.DateTimeOffset` and `System.TimeSpan`: ticks of 100 ns since 0001-01-01, proleptic Gregorian.

use std::fmt;

use jiff::{Timestamp, civil};

use super::{
    exception::{argument_null, out_of_range, raise},
    member::{Call, Member, member},
    number::as_double,
    registry,
    value::Value,
};
use crate::environment::Moment;

crate::classes! {
    DATE_TIME = structure("System", "DateTime").members(DATE_TIME_MEMBERS);
    DATE_TIME_OFFSET = structure("System", "DateTimeOffset").members(DATE_TIME_OFFSET_MEMBERS);
    TIME_SPAN = structure("System", "TimeSpan").members(TIME_SPAN_MEMBERS);
}

/// Ticks in a second.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Ticks from 0001-01-01 to 1970-01-01.
pub const UNIX_EPOCH: i64 = 719_162 * TICKS_PER_DAY;
const MAX_TICKS: i64 = 3_155_378_975_999_999_999;

/// `DateTimeKind`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither is known.
    Unspecified,
    /// UTC.
    Utc,
    /// The gateway's local time, which is UTC.
    Local,
}

/// `System.DateTime`
#[derive(Clone, Copy, Debug)]
pub struct DateTime {
    /// Ticks since 0001-01-01.
    pub ticks: i64,
    /// What the ticks count.
    pub kind: Kind,
}

/// `System.DateTimeOffset`
#[derive(Clone, Copy, Debug)]
pub struct DateTimeOffset {
    /// Ticks of the local clock since 0001-01-01.
    pub ticks: i64,
    /// The clock's offset from UTC, in minutes.
    pub offset_minutes: i16,
}

/// `System.TimeSpan`, in ticks
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeSpan(pub i64);

impl DateTime {
    /// The UTC time of a moment.
    pub fn from_moment(moment: Moment) -> Self {
        Self { ticks: UNIX_EPOCH + moment.0.div_euclid(100), kind: Kind::Utc }
    }
}

impl DateTimeOffset {
    /// Ticks of UTC.
    pub fn utc_ticks(self) -> i64 {
        self.ticks - i64::from(self.offset_minutes) * 60 * TICKS_PER_SECOND
    }

    /// The moment at offset zero.
    pub fn from_moment(moment: Moment) -> Self {
        Self { ticks: DateTime::from_moment(moment).ticks, offset_minutes: 0 }
    }
}

/// The calendar's parts of a tick count.
fn civil(ticks: i64) -> civil::DateTime {
    let date = civil::date(1970, 1, 1);
    let since = ticks - UNIX_EPOCH;
    let (days, rest) = (since.div_euclid(TICKS_PER_DAY), since.rem_euclid(TICKS_PER_DAY));
    let date = date.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(date);
    let (seconds, fraction) = (rest / TICKS_PER_SECOND, rest % TICKS_PER_SECOND);
    date.at((seconds / 3600) as i8, (seconds / 60 % 60) as i8, (seconds % 60) as i8, (fraction * 100) as i32)
}

impl fmt::Display for DateTime {
    /// `MM/dd/yyyy HH:mm:ss`, the invariant culture's general format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = civil(self.ticks);
        write!(f, "{:02}/{:02}/{:04} {:02}:{:02}:{:02}", t.month(), t.day(), t.year(), t.hour(), t.minute(), t.second())
    }
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.offset_minutes.unsigned_abs();
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        write!(f, "{} {sign}{:02}:{:02}", DateTime { ticks: self.ticks, kind: Kind::Unspecified }, minutes / 60, minutes % 60)
    }
}

impl fmt::Display for TimeSpan {
    /// The constant format: `[-][d.]hh:mm:ss[.fffffff]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticks = self.0.unsigned_abs();
        let seconds = ticks / TICKS_PER_SECOND as u64;
        let fraction = ticks % TICKS_PER_SECOND as u64;
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if seconds >= 86_400 {
            write!(f, "{}.", seconds / 86_400)?;
        }
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)?;
        if fraction > 0 { write!(f, ".{fraction:07}") } else { Ok(()) }
    }
}

/// Reads what `DateTimeOffset.Parse` reads of ISO 8601 and of HTTP dates; a time without an offset is UTC, the gateway's local time.
pub fn parse_offset(text: &str) -> Option<DateTimeOffset> {
    let text = text.trim();
    if let Ok(parsed) = jiff::fmt::rfc2822::parse(text) {
        let ticks = UNIX_EPOCH + (parsed.timestamp().as_nanosecond() / 100) as i64;
        let minutes = parsed.offset().seconds() / 60;
        return Some(DateTimeOffset { ticks: ticks + i64::from(minutes) * 60 * TICKS_PER_SECOND, offset_minutes: minutes as i16 });
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        let tail = text.get(text.len().saturating_sub(6)..).unwrap_or("");
        let minutes = match (tail.chars().next(), tail.get(1..3), tail.get(4..6)) {
            (Some(sign @ ('+' | '-')), Some(hours), Some(minutes)) => {
                let total = hours.parse::<i16>().ok()? * 60 + minutes.parse::<i16>().ok()?;
                if sign == '-' { -total } else { total }
            }
            _ => 0,
        };
        let utc = UNIX_EPOCH + (timestamp.as_nanosecond() / 100) as i64;
        return Some(DateTimeOffset { ticks: utc + i64::from(minutes) * 60 * TICKS_PER_SECOND, offset_minutes: minutes });
    }
    let civil: civil::DateTime = text.parse().ok()?;
    let midnight = civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let nanoseconds = civil.since((jiff::Unit::Nanosecond, midnight)).ok()?.get_nanoseconds();
    Some(DateTimeOffset { ticks: UNIX_EPOCH + nanoseconds / 100, offset_minutes: 0 })
}

fn date_time(call: &Call<'_, '_>, index: usize) -> DateTime {
    match call.argument(index) {
        Value::DateTime(value) => *value,
        _ => DateTime { ticks: 0, kind: Kind::Unspecified },
    }
}

fn offset(call: &Call<'_, '_>, index: usize) -> DateTimeOffset {
    match call.argument(index) {
        Value::DateTimeOffset(value) => *value,
        _ => DateTimeOffset { ticks: 0, offset_minutes: 0 },
    }
}

fn span(call: &Call<'_, '_>, index: usize) -> i64 {
    match call.argument(index) {
        Value::TimeSpan(value) => value.0,
        _ => 0,
    }
}

fn real(call: &Call<'_, '_>, index: usize) -> f64 {
    as_double(call.argument(index)).unwrap_or(0.0)
}

fn checked(ticks: Option<i64>) -> Result<i64, super::exception::Raise> {
    match ticks {
        Some(ticks @ 0..=MAX_TICKS) => Ok(ticks),
        _ => Err(out_of_range("The added or subtracted value results in an un-representable DateTime.", "value")),
    }
}

fn add(call: &Call<'_, '_>, ticks_per_unit: i64) -> Result<Value, super::exception::Raise> {
    let time = date_time(call, 0);
    let ticks = checked(time.ticks.checked_add((real(call, 1) * ticks_per_unit as f64) as i64))?;
    Ok(Value::DateTime(DateTime { ticks, ..time }))
}

fn add_offset(call: &Call<'_, '_>, ticks_per_unit: i64) -> Result<Value, super::exception::Raise> {
    let time = offset(call, 0);
    let ticks = checked(time.ticks.checked_add((real(call, 1) * ticks_per_unit as f64) as i64))?;
    Ok(Value::DateTimeOffset(DateTimeOffset { ticks, ..time }))
}

fn total(call: &Call<'_, '_>, ticks_per_unit: i64) -> Result<Value, super::exception::Raise> {
    Ok(Value::Double(span(call, 0) as f64 / ticks_per_unit as f64))
}

fn part(call: &Call<'_, '_>, pick: fn(civil::DateTime) -> i32) -> Result<Value, super::exception::Raise> {
    Ok(Value::Int32(pick(civil(date_time(call, 0).ticks))))
}

/// The members of `DateTime`.
pub const DATE_TIME_MEMBERS: &[Member] = &[
    member("static DateTime UtcNow { get; }", |call| Ok(Value::DateTime(DateTime::from_moment(call.runtime.environment.now())))),
    member("static DateTime Now { get; }", |call| {
        Ok(Value::DateTime(DateTime { kind: Kind::Local, ..DateTime::from_moment(call.runtime.environment.now()) }))
    }),
    member("static DateTime MinValue { get; }", |_| Ok(Value::DateTime(DateTime { ticks: 0, kind: Kind::Unspecified }))),
    member("static DateTime MaxValue { get; }", |_| Ok(Value::DateTime(DateTime { ticks: MAX_TICKS, kind: Kind::Unspecified }))),
    member("int Year { get; }", |call| part(call, |t| i32::from(t.year()))),
    member("int Month { get; }", |call| part(call, |t| i32::from(t.month()))),
    member("int Day { get; }", |call| part(call, |t| i32::from(t.day()))),
    member("int Hour { get; }", |call| part(call, |t| i32::from(t.hour()))),
    member("int Minute { get; }", |call| part(call, |t| i32::from(t.minute()))),
    member("int Second { get; }", |call| part(call, |t| i32::from(t.second()))),
    member("long Ticks { get; }", |call| Ok(Value::Int64(date_time(call, 0).ticks))),
    member("DateTime AddDays(double value)", |call| add(call, TICKS_PER_DAY)),
    member("DateTime AddHours(double value)", |call| add(call, 3600 * TICKS_PER_SECOND)),
    member("DateTime AddMinutes(double value)", |call| add(call, 60 * TICKS_PER_SECOND)),
    member("DateTime AddSeconds(double value)", |call| add(call, TICKS_PER_SECOND)),
    member("DateTime AddMilliseconds(double value)", |call| add(call, TICKS_PER_SECOND / 1000)),
    member("static DateTime Parse(string s)", |call| match call.argument(0) {
        Value::String(text) => match parse_offset(&text.as_str()) {
            Some(parsed) => Ok(Value::DateTime(DateTime { ticks: parsed.utc_ticks(), kind: Kind::Local })),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid DateTime.")),
        },
        _ => Err(argument_null("s")),
    }),
    member("static TimeSpan operator -(DateTime d1, DateTime d2)", |call| {
        Ok(Value::TimeSpan(TimeSpan(date_time(call, 0).ticks - date_time(call, 1).ticks)))
    }),
    member("static DateTime operator +(DateTime d, TimeSpan t)", |call| {
        let time = date_time(call, 0);
        Ok(Value::DateTime(DateTime { ticks: checked(time.ticks.checked_add(span(call, 1)))?, ..time }))
    }),
    member("static DateTime operator -(DateTime d, TimeSpan t)", |call| {
        let time = date_time(call, 0);
        Ok(Value::DateTime(DateTime { ticks: checked(time.ticks.checked_sub(span(call, 1)))?, ..time }))
    }),
    member("static bool operator ==(DateTime d1, DateTime d2)", |call| {
        Ok(Value::Bool(date_time(call, 0).ticks == date_time(call, 1).ticks))
    }),
    member("static bool operator !=(DateTime d1, DateTime d2)", |call| {
        Ok(Value::Bool(date_time(call, 0).ticks != date_time(call, 1).ticks))
    }),
    member("static bool operator <(DateTime t1, DateTime t2)", |call| Ok(Value::Bool(date_time(call, 0).ticks < date_time(call, 1).ticks))),
    member("static bool operator >(DateTime t1, DateTime t2)", |call| Ok(Value::Bool(date_time(call, 0).ticks > date_time(call, 1).ticks))),
    member("static bool operator <=(DateTime t1, DateTime t2)", |call| {
        Ok(Value::Bool(date_time(call, 0).ticks <= date_time(call, 1).ticks))
    }),
    member("static bool operator >=(DateTime t1, DateTime t2)", |call| {
        Ok(Value::Bool(date_time(call, 0).ticks >= date_time(call, 1).ticks))
    }),
];

/// The members of `DateTimeOffset`.
pub const DATE_TIME_OFFSET_MEMBERS: &[Member] = &[
    member("static DateTimeOffset UtcNow { get; }", |call| {
        Ok(Value::DateTimeOffset(DateTimeOffset::from_moment(call.runtime.environment.now())))
    }),
    member("static DateTimeOffset Now { get; }", |call| {
        Ok(Value::DateTimeOffset(DateTimeOffset::from_moment(call.runtime.environment.now())))
    }),
    member("static DateTimeOffset Parse(string input)", |call| match call.argument(0) {
        Value::String(text) => match parse_offset(&text.as_str()) {
            Some(parsed) => Ok(Value::DateTimeOffset(parsed)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid DateTime.")),
        },
        _ => Err(argument_null("input")),
    }),
    member("static bool TryParse(string input, out DateTimeOffset result)", |call| {
        let parsed = match call.argument(0) {
            Value::String(text) => parse_offset(&text.as_str()),
            _ => None,
        };
        call.out(1, Value::DateTimeOffset(parsed.unwrap_or(DateTimeOffset { ticks: 0, offset_minutes: 0 })));
        Ok(Value::Bool(parsed.is_some()))
    }),
    member("long ToUnixTimeSeconds()", |call| Ok(Value::Int64((offset(call, 0).utc_ticks() - UNIX_EPOCH).div_euclid(TICKS_PER_SECOND)))),
    member("long ToUnixTimeMilliseconds()", |call| {
        Ok(Value::Int64((offset(call, 0).utc_ticks() - UNIX_EPOCH).div_euclid(TICKS_PER_SECOND / 1000)))
    }),
    member("DateTime UtcDateTime { get; }", |call| Ok(Value::DateTime(DateTime { ticks: offset(call, 0).utc_ticks(), kind: Kind::Utc }))),
    member("DateTimeOffset AddSeconds(double seconds)", |call| add_offset(call, TICKS_PER_SECOND)),
    member("DateTimeOffset AddMinutes(double minutes)", |call| add_offset(call, 60 * TICKS_PER_SECOND)),
    member("DateTimeOffset AddMilliseconds(double milliseconds)", |call| add_offset(call, TICKS_PER_SECOND / 1000)),
    member("TimeSpan Subtract(DateTimeOffset value)", |call| {
        Ok(Value::TimeSpan(TimeSpan(offset(call, 0).utc_ticks() - offset(call, 1).utc_ticks())))
    }),
    member("static TimeSpan operator -(DateTimeOffset left, DateTimeOffset right)", |call| {
        Ok(Value::TimeSpan(TimeSpan(offset(call, 0).utc_ticks() - offset(call, 1).utc_ticks())))
    }),
    member("static bool operator <(DateTimeOffset left, DateTimeOffset right)", |call| {
        Ok(Value::Bool(offset(call, 0).utc_ticks() < offset(call, 1).utc_ticks()))
    }),
    member("static bool operator >(DateTimeOffset left, DateTimeOffset right)", |call| {
        Ok(Value::Bool(offset(call, 0).utc_ticks() > offset(call, 1).utc_ticks()))
    }),
    member("static bool operator <=(DateTimeOffset left, DateTimeOffset right)", |call| {
        Ok(Value::Bool(offset(call, 0).utc_ticks() <= offset(call, 1).utc_ticks()))
    }),
    member("static bool operator >=(DateTimeOffset left, DateTimeOffset right)", |call| {
        Ok(Value::Bool(offset(call, 0).utc_ticks() >= offset(call, 1).utc_ticks()))
    }),
];

/// The members of `TimeSpan`.
pub const TIME_SPAN_MEMBERS: &[Member] = &[
    member("static TimeSpan Zero { get; }", |_| Ok(Value::TimeSpan(TimeSpan(0)))),
    member("static TimeSpan FromSeconds(double value)", |call| {
        Ok(Value::TimeSpan(TimeSpan((real(call, 0) * TICKS_PER_SECOND as f64) as i64)))
    }),
    member("static TimeSpan FromMilliseconds(double value)", |call| Ok(Value::TimeSpan(TimeSpan((real(call, 0) * 10_000.0) as i64)))),
    member("static TimeSpan FromMinutes(double value)", |call| {
        Ok(Value::TimeSpan(TimeSpan((real(call, 0) * 60.0 * TICKS_PER_SECOND as f64) as i64)))
    }),
    member("double TotalSeconds { get; }", |call| total(call, TICKS_PER_SECOND)),
    member("double TotalMilliseconds { get; }", |call| total(call, TICKS_PER_SECOND / 1000)),
    member("double TotalMinutes { get; }", |call| total(call, 60 * TICKS_PER_SECOND)),
    member("double TotalHours { get; }", |call| total(call, 3600 * TICKS_PER_SECOND)),
    member("double TotalDays { get; }", |call| total(call, TICKS_PER_DAY)),
    member("long Ticks { get; }", |call| Ok(Value::Int64(span(call, 0)))),
    member("static bool operator <(TimeSpan t1, TimeSpan t2)", |call| Ok(Value::Bool(span(call, 0) < span(call, 1)))),
    member("static bool operator >(TimeSpan t1, TimeSpan t2)", |call| Ok(Value::Bool(span(call, 0) > span(call, 1)))),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_http_and_iso_are_read() {
        let seconds = |text: &str| parse_offset(text).map(|parsed| (parsed.utc_ticks() - UNIX_EPOCH) / TICKS_PER_SECOND);
        assert_eq!(seconds("Thu, 01 Jan 1970 00:01:00 GMT"), Some(60));
        assert_eq!(seconds("1970-01-01T00:01:00Z"), Some(60));
        assert_eq!(seconds("1970-01-01T01:01:00+01:00"), Some(60));
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("soon"), None);
        assert_eq!(parse_offset("1970-01-01T01:01:00+01:00").unwrap().to_string(), "01/01/1970 01:01:00 +01:00");
    }

    #[test]
    fn spans_print_in_the_constant_format() {
        for (ticks, expected) in
            [(0, "00:00:00"), (90 * TICKS_PER_SECOND + 1, "00:01:30.0000001"), (-25 * 3600 * TICKS_PER_SECOND, "-1.01:00:00")]
        {
            assert_eq!(TimeSpan(ticks).to_string(), expected);
        }
    }
}
