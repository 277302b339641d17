//! `System.DateTimeOffset`
//!
//! Source: learn.microsoft.com; messages from dotnet/runtime, `DateTimeOffset.cs` of .NET 6.

use super::{
    DateTime, DateTimeOffset, Kind, Reading, TimeSpan, argument, bool,
    calendar::{MAX_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_EPOCH, parts},
    date_time,
    date_time::{add_month_count, add_scaled, add_years, constructed, file_time, from_file_time, now, reachable},
    date_time_offset, format_argument, format_date_time_offset, hash, int, long, ordering, real, span, string, wrong_type,
};
use crate::dotnet::{
    enums::EnumValue,
    exception::{Raise, argument_null, out_of_range},
    member::{Call, Member, member},
    registry,
    value::Value,
};

/// Seconds since 1970 of the first and the last second of the calendar.
const MIN_SECONDS: i64 = -62_135_596_800;
const MAX_SECONDS: i64 = 253_402_300_799;

/// An offset in minutes, of whole minutes and no more than fourteen hours.
fn minutes(offset: i64) -> Result<i16, Raise> {
    if offset % TICKS_PER_MINUTE != 0 {
        return Err(argument("Offset must be specified in whole minutes.", "offset"));
    }
    if offset.unsigned_abs() > (14 * TICKS_PER_HOUR) as u64 {
        return Err(out_of_range("Offset must be within plus or minus 14 hours.", "offset"));
    }
    Ok((offset / TICKS_PER_MINUTE) as i16)
}

/// The value of a clock's ticks, which in UTC must be on the calendar too.
fn made(ticks: i64, offset_minutes: i16) -> Result<Value, Raise> {
    let value = DateTimeOffset { ticks, offset_minutes };
    if (0..=MAX_TICKS).contains(&value.utc_ticks()) {
        Ok(Value::DateTimeOffset(value))
    } else {
        Err(out_of_range("The UTC time represented when the offset is applied must be between year 0 and 10,000.", "offset"))
    }
}

/// `new DateTimeOffset(dateTime, offset)`
fn of_date_time(time: DateTime, offset: i64) -> Result<Value, Raise> {
    match time.kind {
        Kind::Local if offset != 0 => {
            Err(argument("The UTC Offset of the local dateTime parameter does not match the offset argument.", "offset"))
        }
        Kind::Utc if offset != 0 => Err(argument("The UTC Offset for Utc DateTime instances must be 0.", "offset")),
        _ => made(time.ticks, minutes(offset)?),
    }
}

fn part(call: &Call<'_, '_>, pick: fn(super::Parts) -> i32) -> Result<Value, Raise> {
    Ok(Value::Int32(pick(parts(date_time_offset(call, 0).ticks))))
}

fn clock(ticks: i64, kind: Kind) -> Result<Value, Raise> {
    Ok(Value::DateTime(DateTime { ticks, kind }))
}

fn add(call: &Call<'_, '_>, milliseconds: i64) -> Result<Value, Raise> {
    let time = date_time_offset(call, 0);
    made(add_scaled(time.ticks, real(call, 1), milliseconds)?, time.offset_minutes)
}

fn add_ticks(call: &Call<'_, '_>, ticks: Option<i64>, parameter: &str) -> Result<Value, Raise> {
    let time = date_time_offset(call, 0);
    made(reachable(ticks.and_then(|ticks| time.ticks.checked_add(ticks)), parameter)?, time.offset_minutes)
}

fn difference(call: &Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::TimeSpan(TimeSpan(date_time_offset(call, 0).utc_ticks() - date_time_offset(call, 1).utc_ticks())))
}

fn compare(call: &Call<'_, '_>) -> std::cmp::Ordering {
    date_time_offset(call, 0).utc_ticks().cmp(&date_time_offset(call, 1).utc_ticks())
}

fn since_epoch(call: &Call<'_, '_>, ticks_per_unit: i64) -> Result<Value, Raise> {
    Ok(Value::Int64((date_time_offset(call, 0).utc_ticks() - UNIX_EPOCH).div_euclid(ticks_per_unit)))
}

fn from_epoch(call: &Call<'_, '_>, ticks_per_unit: i64, least: i64, most: i64, parameter: &str) -> Result<Value, Raise> {
    let units = long(call, 0);
    if (least..=most).contains(&units) {
        made(UNIX_EPOCH + units * ticks_per_unit, 0)
    } else {
        Err(out_of_range(&format!("Valid values are between {least} and {most}, inclusive."), parameter))
    }
}

fn text(call: &mut Call<'_, '_>, format: &str) -> Result<Value, Raise> {
    let text = format_date_time_offset(date_time_offset(call, 0), format)?;
    call.runtime.allocate(text.len())?;
    Ok(Value::string(text))
}

fn parsed(call: &mut Call<'_, '_>, reading: Result<Reading, Raise>) -> Result<Value, Raise> {
    Ok(Value::DateTimeOffset(reading?.parse(call)?.into()))
}

fn try_parsed(call: &mut Call<'_, '_>, reading: Result<Reading, Raise>, out: usize) -> Result<Value, Raise> {
    let parsed = reading?.try_parse(call)?;
    call.out(out, Value::DateTimeOffset(parsed.map_or(DateTimeOffset { ticks: 0, offset_minutes: 0 }, DateTimeOffset::from)));
    bool(parsed.is_some())
}

/// The members of `DateTimeOffset`.
pub const MEMBERS: &[Member] = &[
    member("DateTimeOffset()", |_| made(0, 0)),
    member("DateTimeOffset(DateTime dateTime)", |call| made(date_time(call, 0).ticks, 0)),
    member("DateTimeOffset(DateTime dateTime, TimeSpan offset)", |call| of_date_time(date_time(call, 0), span(call, 1))),
    member("DateTimeOffset(long ticks, TimeSpan offset)", |call| {
        let minutes = minutes(span(call, 1))?;
        match long(call, 0) {
            ticks @ 0..=MAX_TICKS => made(ticks, minutes),
            _ => Err(out_of_range("Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks.", "ticks")),
        }
    }),
    member("DateTimeOffset(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)", |call| {
        let minutes = minutes(span(call, 6))?;
        made(constructed(call, true, None)?, minutes)
    }),
    member("DateTimeOffset(int year, int month, int day, int hour, int minute, int second, int millisecond, TimeSpan offset)", |call| {
        let minutes = minutes(span(call, 7))?;
        made(constructed(call, true, Some(6))?, minutes)
    }),
    member("static DateTimeOffset MinValue { get; }", |_| made(0, 0)),
    member("static DateTimeOffset MaxValue { get; }", |_| made(MAX_TICKS, 0)),
    member("static DateTimeOffset UnixEpoch { get; }", |_| made(UNIX_EPOCH, 0)),
    member("static DateTimeOffset UtcNow { get; }", |call| made(now(call).ticks, 0)),
    member("static DateTimeOffset Now { get; }", |call| made(now(call).ticks, 0)),
    member("int Year { get; }", |call| part(call, |t| t.year)),
    member("int Month { get; }", |call| part(call, |t| t.month)),
    member("int Day { get; }", |call| part(call, |t| t.day)),
    member("int Hour { get; }", |call| part(call, |t| t.hour)),
    member("int Minute { get; }", |call| part(call, |t| t.minute)),
    member("int Second { get; }", |call| part(call, |t| t.second)),
    member("int Millisecond { get; }", |call| part(call, |t| t.fraction / TICKS_PER_MILLISECOND as i32)),
    member("int DayOfYear { get; }", |call| part(call, |t| t.day_of_year)),
    member("DayOfWeek DayOfWeek { get; }", |call| {
        Ok(Value::Enum(EnumValue::new(&registry::DAY_OF_WEEK, parts(date_time_offset(call, 0).ticks).day_of_week)))
    }),
    member("DateTime DateTime { get; }", |call| clock(date_time_offset(call, 0).ticks, Kind::Unspecified)),
    member("DateTime UtcDateTime { get; }", |call| clock(date_time_offset(call, 0).utc_ticks(), Kind::Utc)),
    member("DateTime LocalDateTime { get; }", |call| clock(date_time_offset(call, 0).utc_ticks(), Kind::Local)),
    member("DateTime Date { get; }", |call| {
        let ticks = date_time_offset(call, 0).ticks;
        clock(ticks - ticks % TICKS_PER_DAY, Kind::Unspecified)
    }),
    member("TimeSpan TimeOfDay { get; }", |call| Ok(Value::TimeSpan(TimeSpan(date_time_offset(call, 0).ticks % TICKS_PER_DAY)))),
    member("TimeSpan Offset { get; }", |call| {
        Ok(Value::TimeSpan(TimeSpan(i64::from(date_time_offset(call, 0).offset_minutes) * TICKS_PER_MINUTE)))
    }),
    member("long Ticks { get; }", |call| Ok(Value::Int64(date_time_offset(call, 0).ticks))),
    member("long UtcTicks { get; }", |call| Ok(Value::Int64(date_time_offset(call, 0).utc_ticks()))),
    member("DateTimeOffset Add(TimeSpan timeSpan)", |call| add_ticks(call, Some(span(call, 1)), "value")),
    member("DateTimeOffset AddDays(double days)", |call| add(call, 86_400_000)),
    member("DateTimeOffset AddHours(double hours)", |call| add(call, 3_600_000)),
    member("DateTimeOffset AddMinutes(double minutes)", |call| add(call, 60_000)),
    member("DateTimeOffset AddSeconds(double seconds)", |call| add(call, 1000)),
    member("DateTimeOffset AddMilliseconds(double milliseconds)", |call| add(call, 1)),
    member("DateTimeOffset AddTicks(long ticks)", |call| add_ticks(call, Some(long(call, 1)), "value")),
    member("DateTimeOffset AddMonths(int months)", |call| {
        let time = date_time_offset(call, 0);
        made(add_month_count(time.ticks, int(call, 1))?, time.offset_minutes)
    }),
    member("DateTimeOffset AddYears(int years)", |call| {
        let time = date_time_offset(call, 0);
        made(add_years(time.ticks, int(call, 1))?, time.offset_minutes)
    }),
    member("TimeSpan Subtract(DateTimeOffset value)", |call| difference(call)),
    member("DateTimeOffset Subtract(TimeSpan value)", |call| add_ticks(call, span(call, 1).checked_neg(), "value")),
    member("DateTimeOffset ToOffset(TimeSpan offset)", |call| {
        let offset = span(call, 1);
        let ticks = reachable(date_time_offset(call, 0).utc_ticks().checked_add(offset), "t")?;
        made(ticks, minutes(offset)?)
    }),
    member("DateTimeOffset ToLocalTime()", |call| made(date_time_offset(call, 0).utc_ticks(), 0)),
    member("DateTimeOffset ToUniversalTime()", |call| made(date_time_offset(call, 0).utc_ticks(), 0)),
    member("long ToFileTime()", |call| file_time(date_time_offset(call, 0).utc_ticks())),
    member("long ToUnixTimeSeconds()", |call| since_epoch(call, TICKS_PER_SECOND)),
    member("long ToUnixTimeMilliseconds()", |call| since_epoch(call, TICKS_PER_MILLISECOND)),
    member("string ToString()", |call| text(call, "")),
    member("string ToString(string format)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("string ToString(IFormatProvider formatProvider)", |call| text(call, "")),
    member("string ToString(string format, IFormatProvider formatProvider)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("int CompareTo(DateTimeOffset other)", |call| ordering(compare(call))),
    member("int CompareTo(object obj)", |call| match call.argument(1) {
        Value::Null => Ok(Value::Int32(1)),
        Value::DateTimeOffset(_) => ordering(compare(call)),
        _ => wrong_type("DateTimeOffset"),
    }),
    member("bool Equals(object obj)", |call| bool(matches!(call.argument(1), Value::DateTimeOffset(_)) && compare(call).is_eq())),
    member("bool Equals(DateTimeOffset other)", |call| bool(compare(call).is_eq())),
    member("bool EqualsExact(DateTimeOffset other)", |call| {
        bool(compare(call).is_eq() && date_time_offset(call, 0).offset_minutes == date_time_offset(call, 1).offset_minutes)
    }),
    member("int GetHashCode()", |call| hash(date_time_offset(call, 0).utc_ticks())),
    member("static int Compare(DateTimeOffset first, DateTimeOffset second)", |call| ordering(compare(call))),
    member("static bool Equals(DateTimeOffset first, DateTimeOffset second)", |call| bool(compare(call).is_eq())),
    member("static DateTimeOffset FromFileTime(long fileTime)", |call| made(from_file_time(long(call, 0))?, 0)),
    member("static DateTimeOffset FromUnixTimeSeconds(long seconds)", |call| {
        from_epoch(call, TICKS_PER_SECOND, MIN_SECONDS, MAX_SECONDS, "seconds")
    }),
    member("static DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)", |call| {
        from_epoch(call, TICKS_PER_MILLISECOND, MIN_SECONDS * 1000, MAX_SECONDS * 1000 + 999, "milliseconds")
    }),
    member("static DateTimeOffset Parse(string input)", |call| {
        let reading = Reading::free(call, true, None);
        parsed(call, reading)
    }),
    member("static DateTimeOffset Parse(string input, IFormatProvider formatProvider)", |call| {
        let reading = Reading::free(call, true, None);
        parsed(call, reading)
    }),
    member("static DateTimeOffset Parse(string input, IFormatProvider formatProvider, DateTimeStyles styles)", |call| {
        let reading = Reading::free(call, true, Some(2));
        parsed(call, reading)
    }),
    member("static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider)", |call| {
        let reading = Reading::exact(call, true, None);
        parsed(call, reading)
    }),
    member(
        "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles)",
        |call| {
            let reading = Reading::exact(call, true, Some(3));
            parsed(call, reading)
        },
    ),
    member(
        "static DateTimeOffset ParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles)",
        |call| {
            if call.argument(1).is_null() && string(call, 0).is_some() {
                return Err(argument_null("formats"));
            }
            let reading = Reading::exact(call, true, Some(3));
            parsed(call, reading)
        },
    ),
    member("static bool TryParse(string input, out DateTimeOffset result)", |call| {
        let reading = Reading::free(call, true, None);
        try_parsed(call, reading, 1)
    }),
    member(
        "static bool TryParse(string input, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        |call| {
            let reading = Reading::free(call, true, Some(2));
            try_parsed(call, reading, 3)
        },
    ),
    member(
        "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        |call| {
            let reading = Reading::exact(call, true, Some(3));
            try_parsed(call, reading, 4)
        },
    ),
    member(
        "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
        |call| {
            let reading = Reading::exact(call, true, Some(3));
            try_parsed(call, reading, 4)
        },
    ),
    member("static implicit operator DateTimeOffset(DateTime dateTime)", |call| made(date_time(call, 0).ticks, 0)),
    member("static DateTimeOffset operator +(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)", |call| {
        add_ticks(call, Some(span(call, 1)), "t")
    }),
    member("static DateTimeOffset operator -(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)", |call| {
        add_ticks(call, span(call, 1).checked_neg(), "t")
    }),
    member("static TimeSpan operator -(DateTimeOffset left, DateTimeOffset right)", |call| difference(call)),
    member("static bool operator ==(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_eq())),
    member("static bool operator !=(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_ne())),
    member("static bool operator <(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_lt())),
    member("static bool operator >(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_gt())),
    member("static bool operator <=(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_le())),
    member("static bool operator >=(DateTimeOffset left, DateTimeOffset right)", |call| bool(compare(call).is_ge())),
];
