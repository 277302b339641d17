//! `System.TimeSpan`
//!
//! Source: learn.microsoft.com; messages from dotnet/runtime, `TimeSpan.cs` of .NET 6.

use super::{
    SpanFailure, TimeSpan, argument, bool,
    calendar::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND},
    format_argument, format_list, format_time_span, hash, int, long, ordering, real, span, span_failed, span_parse, string, wrong_type,
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise, throw},
    member::{Call, Member, member},
    registry,
    string::Str,
    value::Value,
};

const TOO_LONG: &str = "TimeSpan overflowed because the duration is too long.";

fn made(ticks: i64) -> Result<Value, Raise> {
    Ok(Value::TimeSpan(TimeSpan(ticks)))
}

fn checked(ticks: Option<i64>) -> Result<Value, Raise> {
    ticks.map_or_else(|| raise(&registry::OVERFLOW_EXCEPTION, TOO_LONG), made)
}

/// A span of so many ticks, the fraction cut off.
fn from_ticks(ticks: f64) -> Result<Value, Raise> {
    const LIMIT: f64 = i64::MAX as f64;
    if !(-LIMIT..=LIMIT).contains(&ticks) || ticks.is_nan() {
        return raise(&registry::OVERFLOW_EXCEPTION, TOO_LONG);
    }
    // The limit itself is `TimeSpan.MaxValue`, as the cast has it.
    made(ticks as i64)
}

/// `FromDays` and its like: since .NET Core 3.0 to the tick, not to the millisecond.
fn from(call: &Call<'_, '_>, unit: i64) -> Result<Value, Raise> {
    from_ticks(number(call, 0, "value")? * unit as f64)
}

fn number(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<f64, Raise> {
    let value = real(call, index);
    if value.is_nan() { Err(argument("TimeSpan does not accept floating point Not-a-Number values.", parameter)) } else { Ok(value) }
}

/// The constructors: milliseconds must fit, and a span's ticks.
fn constructed(call: &Call<'_, '_>, units: &[i64]) -> Result<Value, Raise> {
    let milliseconds: i128 = units.iter().enumerate().map(|(index, unit)| i128::from(int(call, index)) * i128::from(*unit)).sum();
    let limit = i128::from(i64::MAX / TICKS_PER_MILLISECOND);
    if milliseconds.abs() > limit {
        return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, TOO_LONG);
    }
    made((milliseconds * i128::from(TICKS_PER_MILLISECOND)) as i64)
}

fn part(call: &Call<'_, '_>, unit: i64, count: i64) -> Result<Value, Raise> {
    Ok(Value::Int32((span(call, 0) / unit % count) as i32))
}

fn total(call: &Call<'_, '_>, unit: i64) -> Result<Value, Raise> {
    Ok(Value::Double(span(call, 0) as f64 / unit as f64))
}

fn negated(call: &Call<'_, '_>) -> Result<Value, Raise> {
    match span(call, 0).checked_neg() {
        Some(ticks) => made(ticks),
        None => raise(&registry::OVERFLOW_EXCEPTION, "Negating the minimum value of a twos complement number is invalid."),
    }
}

fn multiplied(ticks: i64, factor: f64) -> Result<Value, Raise> {
    from_ticks((ticks as f64 * factor).round_ties_even())
}

fn divided(call: &Call<'_, '_>) -> Result<Value, Raise> {
    from_ticks((span(call, 0) as f64 / number(call, 1, "divisor")?).round_ties_even())
}

fn compare(call: &Call<'_, '_>) -> std::cmp::Ordering {
    span(call, 0).cmp(&span(call, 1))
}

fn text(call: &mut Call<'_, '_>, format: &str) -> Result<Value, Raise> {
    let text = format_time_span(TimeSpan(span(call, 0)), format)?;
    call.runtime.allocate(text.len())?;
    Ok(Value::string(text))
}

fn input(call: &mut Call<'_, '_>, parameter: &str) -> Result<Str, Raise> {
    let text = string(call, 0).ok_or_else(|| argument_null(parameter))?;
    call.runtime.work(text.bytes() * 8)?;
    Ok(text)
}

fn parsed(call: &mut Call<'_, '_>, parameter: &str) -> Result<Value, Raise> {
    let text = input(call, parameter)?;
    span_parse::parse(&text.as_str()).map_or_else(|failure| Err(span_failed(failure, &text)), made)
}

/// `ParseExact(input, format or formats, provider, styles)`
fn parsed_exact(call: &mut Call<'_, '_>, styles: Option<usize>) -> Result<Value, Raise> {
    let text = input(call, "input")?;
    if call.argument(1).is_null() {
        return Err(argument_null("format"));
    }
    exact(call, &text, styles)?.map_or_else(|failure| Err(span_failed(failure, &text)), made)
}

fn exact(call: &mut Call<'_, '_>, text: &Str, styles: Option<usize>) -> Result<Result<i64, SpanFailure>, Raise> {
    let styles = styles.map_or(0, |index| int(call, index));
    if !matches!(styles, 0 | 1) {
        return Err(argument("An undefined TimeSpanStyles value is being used.", "styles"));
    }
    if call.argument(1).is_null() {
        return Ok(Err(SpanFailure::Bad));
    }
    if let Some(format) = string(call, 1) {
        call.runtime.allocate(format.bytes() * 8)?;
        call.runtime.work(format.bytes() * 8)?;
        return Ok(span_parse::parse_exact(&text.as_str(), &format.as_str(), styles == 1));
    }
    let mut formats = Vec::new();
    for format in format_list(call, 1)? {
        call.runtime.allocate(format.bytes() * 8)?;
        call.runtime.work(format.bytes() * 8 + text.bytes())?;
        formats.push(format.as_str().into_owned());
    }
    Ok(span_parse::parse_any(&text.as_str(), &formats, styles == 1))
}

fn try_parsed(call: &mut Call<'_, '_>, outcome: Result<i64, SpanFailure>, out: usize) -> Result<Value, Raise> {
    call.out(out, Value::TimeSpan(TimeSpan(outcome.unwrap_or(0))));
    bool(outcome.is_ok())
}

fn try_free(call: &mut Call<'_, '_>, out: usize) -> Result<Value, Raise> {
    let outcome = match string(call, 0) {
        Some(text) => {
            call.runtime.work(text.bytes() * 8)?;
            span_parse::parse(&text.as_str())
        }
        None => Err(SpanFailure::Bad),
    };
    try_parsed(call, outcome, out)
}

fn try_exact(call: &mut Call<'_, '_>, styles: Option<usize>, out: usize) -> Result<Value, Raise> {
    let outcome = match string(call, 0) {
        Some(text) => exact(call, &text, styles)?,
        None => Err(SpanFailure::Bad),
    };
    try_parsed(call, outcome, out)
}

/// The members of `TimeSpan`.
pub const MEMBERS: &[Member] = &[
    member("TimeSpan()", |_| made(0)),
    member("TimeSpan(long ticks)", |call| made(long(call, 0))),
    member("TimeSpan(int hours, int minutes, int seconds)", |call| constructed(call, &[3_600_000, 60_000, 1000])),
    member("TimeSpan(int days, int hours, int minutes, int seconds)", |call| constructed(call, &[86_400_000, 3_600_000, 60_000, 1000])),
    member("TimeSpan(int days, int hours, int minutes, int seconds, int milliseconds)", |call| {
        constructed(call, &[86_400_000, 3_600_000, 60_000, 1000, 1])
    }),
    member("static TimeSpan Zero { get; }", |_| made(0)),
    member("static TimeSpan MinValue { get; }", |_| made(i64::MIN)),
    member("static TimeSpan MaxValue { get; }", |_| made(i64::MAX)),
    member("static long TicksPerDay { get; }", |_| Ok(Value::Int64(TICKS_PER_DAY))),
    member("static long TicksPerHour { get; }", |_| Ok(Value::Int64(TICKS_PER_HOUR))),
    member("static long TicksPerMinute { get; }", |_| Ok(Value::Int64(TICKS_PER_MINUTE))),
    member("static long TicksPerSecond { get; }", |_| Ok(Value::Int64(TICKS_PER_SECOND))),
    member("static long TicksPerMillisecond { get; }", |_| Ok(Value::Int64(TICKS_PER_MILLISECOND))),
    member("static TimeSpan FromDays(double value)", |call| from(call, TICKS_PER_DAY)),
    member("static TimeSpan FromHours(double value)", |call| from(call, TICKS_PER_HOUR)),
    member("static TimeSpan FromMinutes(double value)", |call| from(call, TICKS_PER_MINUTE)),
    member("static TimeSpan FromSeconds(double value)", |call| from(call, TICKS_PER_SECOND)),
    member("static TimeSpan FromMilliseconds(double value)", |call| from(call, TICKS_PER_MILLISECOND)),
    member("static TimeSpan FromTicks(long value)", |call| made(long(call, 0))),
    member("int Days { get; }", |call| part(call, TICKS_PER_DAY, i64::MAX)),
    member("int Hours { get; }", |call| part(call, TICKS_PER_HOUR, 24)),
    member("int Minutes { get; }", |call| part(call, TICKS_PER_MINUTE, 60)),
    member("int Seconds { get; }", |call| part(call, TICKS_PER_SECOND, 60)),
    member("int Milliseconds { get; }", |call| part(call, TICKS_PER_MILLISECOND, 1000)),
    member("long Ticks { get; }", |call| Ok(Value::Int64(span(call, 0)))),
    member("double TotalDays { get; }", |call| total(call, TICKS_PER_DAY)),
    member("double TotalHours { get; }", |call| total(call, TICKS_PER_HOUR)),
    member("double TotalMinutes { get; }", |call| total(call, TICKS_PER_MINUTE)),
    member("double TotalSeconds { get; }", |call| total(call, TICKS_PER_SECOND)),
    member("double TotalMilliseconds { get; }", |call| {
        let limit = (i64::MAX / TICKS_PER_MILLISECOND) as f64;
        Ok(Value::Double((span(call, 0) as f64 / TICKS_PER_MILLISECOND as f64).clamp(-limit, limit)))
    }),
    member("TimeSpan Add(TimeSpan ts)", |call| checked(span(call, 0).checked_add(span(call, 1)))),
    member("TimeSpan Subtract(TimeSpan ts)", |call| checked(span(call, 0).checked_sub(span(call, 1)))),
    member("TimeSpan Negate()", |call| negated(call)),
    member("TimeSpan Duration()", |call| match span(call, 0).checked_abs() {
        Some(ticks) => made(ticks),
        None => Err(throw(
            &registry::OVERFLOW_EXCEPTION,
            "The duration cannot be returned for TimeSpan.MinValue because the absolute value of TimeSpan.MinValue exceeds the value of TimeSpan.MaxValue.",
        )),
    }),
    member("TimeSpan Multiply(double factor)", |call| multiplied(span(call, 0), number(call, 1, "factor")?)),
    member("TimeSpan Divide(double divisor)", |call| divided(call)),
    member("double Divide(TimeSpan ts)", |call| Ok(Value::Double(span(call, 0) as f64 / span(call, 1) as f64))),
    member("int CompareTo(object value)", |call| match call.argument(1) {
        Value::Null => Ok(Value::Int32(1)),
        Value::TimeSpan(_) => ordering(compare(call)),
        _ => wrong_type("TimeSpan"),
    }),
    member("int CompareTo(TimeSpan value)", |call| ordering(compare(call))),
    member("bool Equals(object value)", |call| bool(matches!(call.argument(1), Value::TimeSpan(_)) && compare(call).is_eq())),
    member("bool Equals(TimeSpan obj)", |call| bool(compare(call).is_eq())),
    member("int GetHashCode()", |call| hash(span(call, 0))),
    member("string ToString()", |call| text(call, "")),
    member("string ToString(string format)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("string ToString(string format, IFormatProvider formatProvider)", |call| {
        let format = format_argument(call, 1)?;
        text(call, &format.as_str())
    }),
    member("static int Compare(TimeSpan t1, TimeSpan t2)", |call| ordering(compare(call))),
    member("static bool Equals(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_eq())),
    member("static TimeSpan Parse(string s)", |call| parsed(call, "s")),
    member("static TimeSpan Parse(string input, IFormatProvider formatProvider)", |call| parsed(call, "input")),
    member("static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider)", |call| parsed_exact(call, None)),
    member("static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider)", |call| parsed_exact(call, None)),
    member("static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider, TimeSpanStyles styles)", |call| {
        parsed_exact(call, Some(3))
    }),
    member("static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider, TimeSpanStyles styles)", |call| {
        parsed_exact(call, Some(3))
    }),
    member("static bool TryParse(string s, out TimeSpan result)", |call| try_free(call, 1)),
    member("static bool TryParse(string input, IFormatProvider formatProvider, out TimeSpan result)", |call| try_free(call, 2)),
    member("static bool TryParseExact(string input, string format, IFormatProvider formatProvider, out TimeSpan result)", |call| {
        try_exact(call, None, 3)
    }),
    member("static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, out TimeSpan result)", |call| {
        try_exact(call, None, 3)
    }),
    member(
        "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, TimeSpanStyles styles, out TimeSpan result)",
        |call| try_exact(call, Some(3), 4),
    ),
    member(
        "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, TimeSpanStyles styles, out TimeSpan result)",
        |call| try_exact(call, Some(3), 4),
    ),
    member("static TimeSpan operator +(TimeSpan t1, TimeSpan t2)", |call| checked(span(call, 0).checked_add(span(call, 1)))),
    member("static TimeSpan operator -(TimeSpan t1, TimeSpan t2)", |call| checked(span(call, 0).checked_sub(span(call, 1)))),
    member("static TimeSpan operator -(TimeSpan t)", |call| negated(call)),
    member("static TimeSpan operator +(TimeSpan t)", |call| made(span(call, 0))),
    member("static TimeSpan operator *(TimeSpan timeSpan, double factor)", |call| multiplied(span(call, 0), number(call, 1, "factor")?)),
    member("static TimeSpan operator *(double factor, TimeSpan timeSpan)", |call| multiplied(span(call, 1), number(call, 0, "factor")?)),
    member("static TimeSpan operator /(TimeSpan timeSpan, double divisor)", |call| divided(call)),
    member("static double operator /(TimeSpan t1, TimeSpan t2)", |call| Ok(Value::Double(span(call, 0) as f64 / span(call, 1) as f64))),
    member("static bool operator ==(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_eq())),
    member("static bool operator !=(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_ne())),
    member("static bool operator <(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_lt())),
    member("static bool operator >(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_gt())),
    member("static bool operator <=(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_le())),
    member("static bool operator >=(TimeSpan t1, TimeSpan t2)", |call| bool(compare(call).is_ge())),
];
