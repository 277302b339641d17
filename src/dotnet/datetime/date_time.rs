//! `System.DateTime`
//!
//! Source: learn.microsoft.com; messages from dotnet/runtime, `DateTime.cs` of .NET 6.

use super::{
    DateTime, Kind, Reading, TimeSpan, argument, bool,
    calendar::{
        MAX_TICKS, TICKS_PER_DAY, TICKS_PER_MILLISECOND, UNIX_EPOCH, add_months, date_ticks, days_in_month, is_leap, parts, time_ticks,
    },
    date_time, format, format_argument, format_date_time, hash, int, long, ordering, real, span, string, wrong_type,
};
use crate::dotnet::{
    collection::List,
    enums::EnumValue,
    exception::{Raise, out_of_range, raise},
    heap::Object,
    member::{Call, Member, member},
    registry,
    types::Type,
    value::Value,
};

const MILLISECONDS_PER_DAY: i64 = 86_400_000;
/// Milliseconds from the year 1 to the year 10000.
const MAX_MILLISECONDS: f64 = (3_652_059 * MILLISECONDS_PER_DAY) as f64;
/// Ticks from 0001-01-01 to 1899-12-30, from which OLE Automation counts days.
const OLE_EPOCH: i64 = 693_593 * TICKS_PER_DAY;
/// Ticks from 0001-01-01 to 1601-01-01, from which Windows counts file times.
pub(super) const FILE_TIME_EPOCH: i64 = 584_388 * TICKS_PER_DAY;

/// The value, where its ticks are on the calendar.
fn made(ticks: i64, kind: Kind) -> Result<Value, Raise> {
    Ok(Value::DateTime(DateTime { ticks, kind }))
}

/// `DateTime.UtcNow`
pub(super) fn now(call: &mut Call<'_, '_>) -> DateTime {
    DateTime::from_moment(call.runtime.environment.now())
}

/// Ticks on the calendar, or the exception of additions with the name of their parameter.
pub(super) fn reachable(ticks: Option<i64>, parameter: &str) -> Result<i64, Raise> {
    match ticks {
        Some(ticks @ 0..=MAX_TICKS) => Ok(ticks),
        _ => Err(out_of_range("The added or subtracted value results in an un-representable DateTime.", parameter)),
    }
}

/// `AddDays` and its like: .NET 6 rounds to the millisecond.
pub(super) fn add_scaled(ticks: i64, value: f64, milliseconds: i64) -> Result<i64, Raise> {
    let scaled = value * milliseconds as f64 + if value >= 0.0 { 0.5 } else { -0.5 };
    if scaled <= -MAX_MILLISECONDS || scaled >= MAX_MILLISECONDS {
        return Err(out_of_range("Value to add was out of range.", "value"));
    }
    // Not-a-Number passes, and as a number of ticks it is zero: so it is on x64.
    reachable(ticks.checked_add(scaled as i64 * TICKS_PER_MILLISECOND), "value")
}

/// `AddMonths`
pub(super) fn add_month_count(ticks: i64, months: i32) -> Result<i64, Raise> {
    if !(-120_000..=120_000).contains(&months) {
        return Err(out_of_range("Months value must be between +/-120000.", "months"));
    }
    reachable(add_months(ticks, months), "months")
}

/// `AddYears`
pub(super) fn add_years(ticks: i64, years: i32) -> Result<i64, Raise> {
    if !(-10_000..=10_000).contains(&years) {
        return Err(out_of_range("Years value must be between +/-10000.", "value"));
    }
    reachable(add_months(ticks, years * 12), "value")
}

/// Ticks of the constructors' date at argument 0 and time at argument 3, as many as there are.
pub(super) fn constructed(call: &Call<'_, '_>, has_time: bool, millisecond: Option<usize>) -> Result<i64, Raise> {
    let milliseconds = millisecond.map_or(0, |index| int(call, index));
    if !(0..1000).contains(&milliseconds) {
        return Err(out_of_range("Valid values are between 0 and 999, inclusive.", "millisecond"));
    }
    let class = &registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION;
    let Some(date) = date_ticks(int(call, 0), int(call, 1), int(call, 2)) else {
        return raise(class, "Year, Month, and Day parameters describe an un-representable DateTime.");
    };
    if !has_time {
        return Ok(date);
    }
    match time_ticks(int(call, 3), int(call, 4), int(call, 5)) {
        Some(time) => Ok(date + time + i64::from(milliseconds) * TICKS_PER_MILLISECOND),
        None => raise(class, "Hour, Minute, and Second parameters describe an un-representable DateTime."),
    }
}

fn kind(call: &Call<'_, '_>, index: usize) -> Result<Kind, Raise> {
    Kind::from_number(int(call, index)).ok_or_else(|| argument("Invalid DateTimeKind value.", "kind"))
}

fn ticks_argument(call: &Call<'_, '_>) -> Result<i64, Raise> {
    match long(call, 0) {
        ticks @ 0..=MAX_TICKS => Ok(ticks),
        _ => Err(out_of_range("Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks.", "ticks")),
    }
}

fn part(call: &Call<'_, '_>, pick: fn(super::Parts) -> i32) -> Result<Value, Raise> {
    Ok(Value::Int32(pick(parts(date_time(call, 0).ticks))))
}

fn add(call: &Call<'_, '_>, milliseconds: i64) -> Result<Value, Raise> {
    let time = date_time(call, 0);
    made(add_scaled(time.ticks, real(call, 1), milliseconds)?, time.kind)
}

fn add_ticks(call: &Call<'_, '_>, ticks: Option<i64>, parameter: &str) -> Result<Value, Raise> {
    let time = date_time(call, 0);
    made(reachable(ticks.and_then(|ticks| time.ticks.checked_add(ticks)), parameter)?, time.kind)
}

fn text(call: &mut Call<'_, '_>, format: &str) -> Result<Value, Raise> {
    let text = format_date_time(date_time(call, 0), format)?;
    call.runtime.allocate(text.len())?;
    Ok(Value::string(text))
}

fn compare(call: &Call<'_, '_>) -> std::cmp::Ordering {
    date_time(call, 0).ticks.cmp(&date_time(call, 1).ticks)
}

fn check_year(year: i32) -> Result<(), Raise> {
    if (1..=9999).contains(&year) { Ok(()) } else { Err(out_of_range("Year must be between 1 and 9999.", "year")) }
}

/// `ToFileTimeUtc` of those ticks.
pub(super) fn file_time(ticks: i64) -> Result<Value, Raise> {
    if ticks < FILE_TIME_EPOCH {
        return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, "Not a valid Win32 FileTime.");
    }
    Ok(Value::Int64(ticks - FILE_TIME_EPOCH))
}

/// Ticks of a file time.
pub(super) fn from_file_time(time: i64) -> Result<i64, Raise> {
    match time {
        0.. if time <= MAX_TICKS - FILE_TIME_EPOCH => Ok(time + FILE_TIME_EPOCH),
        _ => Err(out_of_range("Not a valid Win32 FileTime.", "fileTime")),
    }
}

/// Days since 1899-12-30; before that day the fraction counts forwards all the same.
fn to_ole(ticks: i64) -> Result<f64, Raise> {
    const FIRST: i64 = (36_524 - 365) * TICKS_PER_DAY;
    let ticks = match ticks {
        0 => return Ok(0.0),
        // A time of day alone is of the first day.
        ticks if ticks < TICKS_PER_DAY => ticks + OLE_EPOCH,
        ticks => ticks,
    };
    if ticks < FIRST {
        return raise(&registry::OVERFLOW_EXCEPTION, "Not a legal OleAut date.");
    }
    let mut milliseconds = (ticks - OLE_EPOCH) / TICKS_PER_MILLISECOND;
    let fraction = milliseconds % MILLISECONDS_PER_DAY;
    if milliseconds < 0 && fraction != 0 {
        milliseconds -= (MILLISECONDS_PER_DAY + fraction) * 2;
    }
    Ok(milliseconds as f64 / MILLISECONDS_PER_DAY as f64)
}

fn from_ole(days: f64) -> Result<i64, Raise> {
    if !(days < 2_958_466.0 && days > -657_435.0) {
        return raise(&registry::ARGUMENT_EXCEPTION, "Not a legal OleAut date.");
    }
    let mut milliseconds = (days * MILLISECONDS_PER_DAY as f64 + if days >= 0.0 { 0.5 } else { -0.5 }) as i64;
    if milliseconds < 0 {
        milliseconds -= (milliseconds % MILLISECONDS_PER_DAY) * 2;
    }
    let milliseconds = milliseconds + OLE_EPOCH / TICKS_PER_MILLISECOND;
    if milliseconds < 0 || milliseconds as f64 >= MAX_MILLISECONDS {
        return raise(&registry::ARGUMENT_EXCEPTION, "OleAut date did not convert to a DateTime correctly.");
    }
    Ok(milliseconds * TICKS_PER_MILLISECOND)
}

/// `ToBinary`: the kind in the highest two bits.
fn to_binary(time: DateTime) -> i64 {
    match time.kind {
        Kind::Unspecified => time.ticks,
        Kind::Utc => time.ticks | (1 << 62),
        Kind::Local => time.ticks | i64::MIN,
    }
}

fn from_binary(data: i64) -> Result<DateTime, Raise> {
    let kind = match (data as u64) >> 62 {
        0 => Kind::Unspecified,
        1 => Kind::Utc,
        _ => Kind::Local,
    };
    match data & 0x3FFF_FFFF_FFFF_FFFF {
        ticks @ 0..=MAX_TICKS => Ok(DateTime { ticks, kind }),
        _ => Err(argument(
            "The binary data must result in a DateTime with ticks between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks.",
            "dateData",
        )),
    }
}

/// The custom formats behind a standard one, in the invariant culture's order.
fn patterns(specifier: char) -> Vec<String> {
    const SHORT_DATES: &[&str] = &["MM/dd/yyyy", "yyyy-MM-dd"];
    const LONG_DATES: &[&str] = &["dddd, dd MMMM yyyy"];
    const SHORT_TIMES: &[&str] = &["HH:mm", "hh:mm tt", "H:mm", "h:mm tt"];
    const LONG_TIMES: &[&str] = &["HH:mm:ss"];
    let both = |dates: &[&str], times: &[&str]| {
        dates.iter().flat_map(|date| times.iter().map(move |time| format!("{date} {time}"))).collect::<Vec<_>>()
    };
    let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    match specifier {
        'd' => owned(SHORT_DATES),
        't' => owned(SHORT_TIMES),
        'f' => both(LONG_DATES, SHORT_TIMES),
        'F' | 'U' => both(LONG_DATES, LONG_TIMES),
        'g' => both(SHORT_DATES, SHORT_TIMES),
        'G' => both(SHORT_DATES, LONG_TIMES),
        specifier => format::pattern(specifier).map(str::to_owned).into_iter().collect(),
    }
}

fn all_formats(call: &mut Call<'_, '_>, specifiers: &str) -> Result<Value, Raise> {
    let time = date_time(call, 0);
    let mut items = Vec::new();
    for pattern in specifiers.chars().flat_map(patterns) {
        let text = format_date_time(time, &pattern)?;
        call.runtime.allocate(text.len())?;
        items.push(Value::string(text));
    }
    if items.is_empty() {
        return raise(&registry::FORMAT_EXCEPTION, "Input string was not in a correct format.");
    }
    call.runtime.object(Object::Array(List::new(Type::STRING, items)))
}

fn all_formats_of(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let specifier = char::from_u32(int(call, 1).unsigned_abs()).unwrap_or(' ');
    all_formats(call, specifier.encode_utf8(&mut [0; 4]))
}

fn parsed(call: &mut Call<'_, '_>, reading: Result<Reading, Raise>) -> Result<Value, Raise> {
    Ok(Value::DateTime(reading?.parse(call)?.into()))
}

fn try_parsed(call: &mut Call<'_, '_>, reading: Result<Reading, Raise>, out: usize) -> Result<Value, Raise> {
    let parsed = reading?.try_parse(call)?;
    call.out(out, Value::DateTime(parsed.map_or(DateTime { ticks: 0, kind: Kind::Unspecified }, DateTime::from)));
    bool(parsed.is_some())
}

/// The members of `DateTime`.
pub const MEMBERS: &[Member] = &[
    member("DateTime()", |_| made(0, Kind::Unspecified)),
    member("DateTime(long ticks)", |call| made(ticks_argument(call)?, Kind::Unspecified)),
    member("DateTime(long ticks, DateTimeKind kind)", |call| made(ticks_argument(call)?, kind(call, 1)?)),
    member("DateTime(int year, int month, int day)", |call| made(constructed(call, false, None)?, Kind::Unspecified)),
    member("DateTime(int year, int month, int day, int hour, int minute, int second)", |call| {
        made(constructed(call, true, None)?, Kind::Unspecified)
    }),
    member("DateTime(int year, int month, int day, int hour, int minute, int second, DateTimeKind kind)", |call| {
        let kind = kind(call, 6)?;
        made(constructed(call, true, None)?, kind)
    }),
    member("DateTime(int year, int month, int day, int hour, int minute, int second, int millisecond)", |call| {
        made(constructed(call, true, Some(6))?, Kind::Unspecified)
    }),
    member("DateTime(int year, int month, int day, int hour, int minute, int second, int millisecond, DateTimeKind kind)", |call| {
        made(constructed(call, true, Some(6))?, kind(call, 7)?)
    }),
    member("static DateTime MinValue { get; }", |_| made(0, Kind::Unspecified)),
    member("static DateTime MaxValue { get; }", |_| made(MAX_TICKS, Kind::Unspecified)),
    member("static DateTime UnixEpoch { get; }", |_| made(UNIX_EPOCH, Kind::Utc)),
    member("static DateTime UtcNow { get; }", |call| Ok(Value::DateTime(now(call)))),
    member("static DateTime Now { get; }", |call| made(now(call).ticks, Kind::Local)),
    member("static DateTime Today { get; }", |call| {
        let ticks = now(call).ticks;
        made(ticks - ticks.rem_euclid(TICKS_PER_DAY), Kind::Local)
    }),
    member("int Year { get; }", |call| part(call, |t| t.year)),
    member("int Month { get; }", |call| part(call, |t| t.month)),
    member("int Day { get; }", |call| part(call, |t| t.day)),
    member("int Hour { get; }", |call| part(call, |t| t.hour)),
    member("int Minute { get; }", |call| part(call, |t| t.minute)),
    member("int Second { get; }", |call| part(call, |t| t.second)),
    member("int Millisecond { get; }", |call| part(call, |t| t.fraction / TICKS_PER_MILLISECOND as i32)),
    member("int DayOfYear { get; }", |call| part(call, |t| t.day_of_year)),
    member("DayOfWeek DayOfWeek { get; }", |call| {
        Ok(Value::Enum(EnumValue::new(&registry::DAY_OF_WEEK, parts(date_time(call, 0).ticks).day_of_week)))
    }),
    member("DateTimeKind Kind { get; }", |call| Ok(date_time(call, 0).kind.value())),
    member("long Ticks { get; }", |call| Ok(Value::Int64(date_time(call, 0).ticks))),
    member("DateTime Date { get; }", |call| {
        let time = date_time(call, 0);
        made(time.ticks - time.ticks % TICKS_PER_DAY, time.kind)
    }),
    member("TimeSpan TimeOfDay { get; }", |call| Ok(Value::TimeSpan(TimeSpan(date_time(call, 0).ticks % TICKS_PER_DAY)))),
    member("DateTime Add(TimeSpan value)", |call| add_ticks(call, Some(span(call, 1)), "value")),
    member("DateTime AddDays(double value)", |call| add(call, MILLISECONDS_PER_DAY)),
    member("DateTime AddHours(double value)", |call| add(call, 3_600_000)),
    member("DateTime AddMinutes(double value)", |call| add(call, 60_000)),
    member("DateTime AddSeconds(double value)", |call| add(call, 1000)),
    member("DateTime AddMilliseconds(double value)", |call| add(call, 1)),
    member("DateTime AddTicks(long value)", |call| add_ticks(call, Some(long(call, 1)), "value")),
    member("DateTime AddMonths(int months)", |call| {
        let time = date_time(call, 0);
        made(add_month_count(time.ticks, int(call, 1))?, time.kind)
    }),
    member("DateTime AddYears(int value)", |call| {
        let time = date_time(call, 0);
        made(add_years(time.ticks, int(call, 1))?, time.kind)
    }),
    member("TimeSpan Subtract(DateTime value)", |call| Ok(Value::TimeSpan(TimeSpan(date_time(call, 0).ticks - date_time(call, 1).ticks)))),
    member("DateTime Subtract(TimeSpan value)", |call| add_ticks(call, span(call, 1).checked_neg(), "value")),
    member("DateTime ToLocalTime()", |call| made(date_time(call, 0).ticks, Kind::Local)),
    member("DateTime ToUniversalTime()", |call| made(date_time(call, 0).ticks, Kind::Utc)),
    member("bool IsDaylightSavingTime()", |_| bool(false)),
    member("long ToBinary()", |call| Ok(Value::Int64(to_binary(date_time(call, 0))))),
    member("long ToFileTime()", |call| file_time(date_time(call, 0).ticks)),
    member("long ToFileTimeUtc()", |call| file_time(date_time(call, 0).ticks)),
    member("double ToOADate()", |call| Ok(Value::Double(to_ole(date_time(call, 0).ticks)?))),
    member("string ToLongDateString()", |call| text(call, "D")),
    member("string ToLongTimeString()", |call| text(call, "T")),
    member("string ToShortDateString()", |call| text(call, "d")),
    member("string ToShortTimeString()", |call| text(call, "t")),
    member("string ToString()", |call| text(call, "")),
    member("string ToString(string format)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("string ToString(IFormatProvider provider)", |call| text(call, "")),
    member("string ToString(string format, IFormatProvider provider)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("string[] GetDateTimeFormats()", |call| all_formats(call, "dDfFgGmMoOrRstTuUyY")),
    member("string[] GetDateTimeFormats(IFormatProvider provider)", |call| all_formats(call, "dDfFgGmMoOrRstTuUyY")),
    member("string[] GetDateTimeFormats(char format)", all_formats_of),
    member("string[] GetDateTimeFormats(char format, IFormatProvider provider)", all_formats_of),
    member("int CompareTo(object value)", |call| match call.argument(1) {
        Value::Null => Ok(Value::Int32(1)),
        Value::DateTime(_) => ordering(compare(call)),
        _ => wrong_type("DateTime"),
    }),
    member("int CompareTo(DateTime value)", |call| ordering(compare(call))),
    member("bool Equals(object value)", |call| bool(matches!(call.argument(1), Value::DateTime(_)) && compare(call).is_eq())),
    member("bool Equals(DateTime value)", |call| bool(compare(call).is_eq())),
    member("int GetHashCode()", |call| hash(date_time(call, 0).ticks)),
    member("static int Compare(DateTime t1, DateTime t2)", |call| ordering(compare(call))),
    member("static bool Equals(DateTime t1, DateTime t2)", |call| bool(compare(call).is_eq())),
    member("static int DaysInMonth(int year, int month)", |call| {
        if !(1..=12).contains(&int(call, 1)) {
            return Err(out_of_range("Month must be between one and twelve.", "month"));
        }
        check_year(int(call, 0))?;
        Ok(Value::Int32(days_in_month(int(call, 0), int(call, 1))))
    }),
    member("static bool IsLeapYear(int year)", |call| {
        check_year(int(call, 0))?;
        bool(is_leap(int(call, 0)))
    }),
    member("static DateTime SpecifyKind(DateTime value, DateTimeKind kind)", |call| made(date_time(call, 0).ticks, kind(call, 1)?)),
    member("static DateTime FromBinary(long dateData)", |call| Ok(Value::DateTime(from_binary(long(call, 0))?))),
    member("static DateTime FromFileTime(long fileTime)", |call| made(from_file_time(long(call, 0))?, Kind::Local)),
    member("static DateTime FromFileTimeUtc(long fileTime)", |call| made(from_file_time(long(call, 0))?, Kind::Utc)),
    member("static DateTime FromOADate(double d)", |call| made(from_ole(real(call, 0))?, Kind::Unspecified)),
    member("static DateTime Parse(string s)", |call| {
        let reading = Reading::free(call, false, None);
        parsed(call, reading)
    }),
    member("static DateTime Parse(string s, IFormatProvider provider)", |call| {
        let reading = Reading::free(call, false, None);
        parsed(call, reading)
    }),
    member("static DateTime Parse(string s, IFormatProvider provider, DateTimeStyles styles)", |call| {
        let reading = Reading::free(call, false, Some(2));
        parsed(call, reading)
    }),
    member("static DateTime ParseExact(string s, string format, IFormatProvider provider)", |call| {
        let reading = Reading::exact(call, false, None);
        parsed(call, reading)
    }),
    member("static DateTime ParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style)", |call| {
        let reading = Reading::exact(call, false, Some(3));
        parsed(call, reading)
    }),
    member("static DateTime ParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style)", |call| {
        if call.argument(1).is_null() && string(call, 0).is_some() {
            return Err(crate::dotnet::exception::argument_null("formats"));
        }
        let reading = Reading::exact(call, false, Some(3));
        parsed(call, reading)
    }),
    member("static bool TryParse(string s, out DateTime result)", |call| {
        let reading = Reading::free(call, false, None);
        try_parsed(call, reading, 1)
    }),
    member("static bool TryParse(string s, IFormatProvider provider, DateTimeStyles styles, out DateTime result)", |call| {
        let reading = Reading::free(call, false, Some(2));
        try_parsed(call, reading, 3)
    }),
    member(
        "static bool TryParseExact(string s, string format, IFormatProvider provider, DateTimeStyles style, out DateTime result)",
        |call| {
            let reading = Reading::exact(call, false, Some(3));
            try_parsed(call, reading, 4)
        },
    ),
    member(
        "static bool TryParseExact(string s, string[] formats, IFormatProvider provider, DateTimeStyles style, out DateTime result)",
        |call| {
            let reading = Reading::exact(call, false, Some(3));
            try_parsed(call, reading, 4)
        },
    ),
    member("static TimeSpan operator -(DateTime d1, DateTime d2)", |call| {
        Ok(Value::TimeSpan(TimeSpan(date_time(call, 0).ticks - date_time(call, 1).ticks)))
    }),
    member("static DateTime operator +(DateTime d, TimeSpan t)", |call| add_ticks(call, Some(span(call, 1)), "t")),
    member("static DateTime operator -(DateTime d, TimeSpan t)", |call| add_ticks(call, span(call, 1).checked_neg(), "t")),
    member("static bool operator ==(DateTime d1, DateTime d2)", |call| bool(compare(call).is_eq())),
    member("static bool operator !=(DateTime d1, DateTime d2)", |call| bool(compare(call).is_ne())),
    member("static bool operator <(DateTime t1, DateTime t2)", |call| bool(compare(call).is_lt())),
    member("static bool operator >(DateTime t1, DateTime t2)", |call| bool(compare(call).is_gt())),
    member("static bool operator <=(DateTime t1, DateTime t2)", |call| bool(compare(call).is_le())),
    member("static bool operator >=(DateTime t1, DateTime t2)", |call| bool(compare(call).is_ge())),
];
