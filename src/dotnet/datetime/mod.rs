//! `System.DateTime`, `System.DateTimeOffset` and `System.TimeSpan`: ticks of 100 ns, under the invariant culture, local time being UTC.

mod calendar;
mod date_time;
mod date_time_offset;
mod format;
mod parse;
mod span_format;
mod span_parse;
mod time_span;

use std::fmt;

use super::{
    enums::EnumValue,
    exception::{Raise, argument_null, raise, throw},
    heap::Object,
    member::Call,
    number::as_double,
    registry,
    runtime::Runtime,
    string::Str,
    value::Value,
};
use crate::environment::Moment;

pub use calendar::{
    MAX_TICKS, MONTHS, Parts, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_EPOCH,
    date_ticks, days_in_month, parts,
};
use format::{Clock, Refusal};
use parse::{Failure, Parsed, Settings};
use span_parse::SpanFailure;

crate::classes! {
    DATE_TIME = structure("System", "DateTime").members(date_time::MEMBERS);
    DATE_TIME_OFFSET = structure("System", "DateTimeOffset").members(date_time_offset::MEMBERS);
    TIME_SPAN = structure("System", "TimeSpan").members(time_span::MEMBERS);
    DATE_TIME_KIND = enumeration("System", "DateTimeKind", &[("Unspecified", 0), ("Utc", 1), ("Local", 2)]);
    IFORMAT_PROVIDER = interface("System", "IFormatProvider");
    DATE_TIME_STYLES = enumeration(
        "System.Globalization",
        "DateTimeStyles",
        &[
            ("None", 0),
            ("AllowLeadingWhite", 1),
            ("AllowTrailingWhite", 2),
            ("AllowInnerWhite", 4),
            ("AllowWhiteSpaces", 7),
            ("NoCurrentDateDefault", 8),
            ("AdjustToUniversal", 16),
            ("AssumeLocal", 32),
            ("AssumeUniversal", 64),
            ("RoundtripKind", 128),
        ],
    );
    TIME_SPAN_STYLES = enumeration("System.Globalization", "TimeSpanStyles", &[("None", 0), ("AssumeNegative", 1)]);
}

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

impl Kind {
    /// The member of `DateTimeKind`.
    pub fn value(self) -> Value {
        Value::Enum(EnumValue::new(&DATE_TIME_KIND, self as i32))
    }

    fn from_number(number: i32) -> Option<Self> {
        [Self::Unspecified, Self::Utc, Self::Local].into_iter().find(|kind| *kind as i32 == number)
    }
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
        self.ticks - i64::from(self.offset_minutes) * TICKS_PER_MINUTE
    }

    /// The moment at offset zero.
    pub fn from_moment(moment: Moment) -> Self {
        Self { ticks: DateTime::from_moment(moment).ticks, offset_minutes: 0 }
    }
}

impl fmt::Display for DateTime {
    /// `MM/dd/yyyy HH:mm:ss`, the invariant culture's general format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::format(self.ticks, Clock::Kind(self.kind), "").unwrap_or_default())
    }
}

impl fmt::Display for DateTimeOffset {
    /// The general format with the offset.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::format(self.ticks, Clock::Offset(self.offset_minutes), "").unwrap_or_default())
    }
}

impl fmt::Display for TimeSpan {
    /// The constant format: `[-][d.]hh:mm:ss[.fffffff]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&span_format::format(self.0, "").unwrap_or_default())
    }
}

/// `DateTime.ToString(format)`.
///
/// # Errors
/// `FormatException` for what is no format.
pub fn format_date_time(value: DateTime, format: &str) -> Result<String, Raise> {
    format::format(value.ticks, Clock::Kind(value.kind), format).map_err(refused)
}

/// `DateTimeOffset.ToString(format)`.
///
/// # Errors
/// `FormatException` for what is no format.
pub fn format_date_time_offset(value: DateTimeOffset, format: &str) -> Result<String, Raise> {
    format::format(value.ticks, Clock::Offset(value.offset_minutes), format).map_err(refused)
}

/// `TimeSpan.ToString(format)`.
///
/// # Errors
/// `FormatException` for what is no format.
pub fn format_time_span(value: TimeSpan, format: &str) -> Result<String, Raise> {
    span_format::format(value.0, format).map_err(refused)
}

/// `DateTime.Parse(text)`; `styles` are the flags of `DateTimeStyles`.
///
/// # Errors
/// `FormatException` for what is no date; a spent budget.
pub fn parse_date_time(runtime: &mut Runtime<'_>, text: &Str, styles: i32) -> Result<DateTime, Raise> {
    let settings = settings(runtime, styles, false);
    let units = paid(runtime, text)?;
    parse::parse(&units, settings).map(DateTime::from).map_err(|failure| failed(&failure, text))
}

/// `DateTimeOffset.Parse(text)`; `styles` are the flags of `DateTimeStyles`.
///
/// # Errors
/// `FormatException` for what is no date; a spent budget.
pub fn parse_date_time_offset(runtime: &mut Runtime<'_>, text: &Str, styles: i32) -> Result<DateTimeOffset, Raise> {
    let settings = settings(runtime, styles, true);
    let units = paid(runtime, text)?;
    parse::parse(&units, settings).map(DateTimeOffset::from).map_err(|failure| failed(&failure, text))
}

/// `TimeSpan.Parse(text)`.
///
/// # Errors
/// `FormatException` for what is no span, `OverflowException` for one that is too long.
pub fn parse_time_span(text: &Str) -> Result<TimeSpan, Raise> {
    span_parse::parse(&text.as_str()).map(TimeSpan).map_err(|failure| span_failed(failure, text))
}

impl From<Parsed> for DateTime {
    fn from(parsed: Parsed) -> Self {
        Self { ticks: parsed.ticks, kind: parsed.kind }
    }
}

impl From<Parsed> for DateTimeOffset {
    fn from(parsed: Parsed) -> Self {
        Self { ticks: parsed.ticks, offset_minutes: (parsed.offset / TICKS_PER_MINUTE) as i16 }
    }
}

/// Reads what `DateTimeOffset.Parse` reads of a whole date, where no clock is at hand to complete a partial one.
pub fn parse_offset(text: &str) -> Option<DateTimeOffset> {
    let units: Vec<u16> = text.encode_utf16().collect();
    parse::parse(&units, Settings { styles: 0, keeps_offset: true, now: UNIX_EPOCH }).ok().map(DateTimeOffset::from)
}

fn refused(refusal: Refusal) -> Raise {
    throw(&registry::FORMAT_EXCEPTION, refusal.message())
}

fn failed(failure: &Failure, text: &Str) -> Raise {
    throw(&registry::FORMAT_EXCEPTION, failure.message(&text.as_str()))
}

fn span_failed(failure: SpanFailure, text: &Str) -> Raise {
    let class = if failure == SpanFailure::Overflow { &registry::OVERFLOW_EXCEPTION } else { &registry::FORMAT_EXCEPTION };
    throw(class, failure.message(&text.as_str()))
}

fn settings(runtime: &mut Runtime<'_>, styles: i32, keeps_offset: bool) -> Settings {
    Settings { styles, keeps_offset, now: DateTime::from_moment(runtime.environment.now()).ticks }
}

/// The code units of a text, paid for.
fn paid(runtime: &mut Runtime<'_>, text: &Str) -> Result<Vec<u16>, Raise> {
    runtime.allocate(text.bytes() * 2)?;
    runtime.work(text.bytes() * 8)?;
    Ok(text.units())
}

/// The `DateTime` at `index`.
pub fn date_time(call: &Call<'_, '_>, index: usize) -> DateTime {
    match call.argument(index) {
        Value::DateTime(value) => *value,
        _ => DateTime { ticks: 0, kind: Kind::Unspecified },
    }
}

/// The `DateTimeOffset` at `index`.
pub fn date_time_offset(call: &Call<'_, '_>, index: usize) -> DateTimeOffset {
    match call.argument(index) {
        Value::DateTimeOffset(value) => *value,
        _ => DateTimeOffset { ticks: 0, offset_minutes: 0 },
    }
}

/// The ticks of the `TimeSpan` at `index`.
pub fn span(call: &Call<'_, '_>, index: usize) -> i64 {
    match call.argument(index) {
        Value::TimeSpan(value) => value.0,
        _ => 0,
    }
}

/// The `int` or member of an enumeration at `index`.
pub fn int(call: &Call<'_, '_>, index: usize) -> i32 {
    call.argument(index).as_integer().and_then(|value| i32::try_from(value).ok()).unwrap_or(0)
}

fn long(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|value| i64::try_from(value).ok()).unwrap_or(0)
}

fn real(call: &Call<'_, '_>, index: usize) -> f64 {
    as_double(call.argument(index)).unwrap_or(0.0)
}

fn string(call: &Call<'_, '_>, index: usize) -> Option<Str> {
    match call.argument(index) {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// `ArgumentException` for the parameter of that name.
pub fn argument(message: &str, parameter: &str) -> Raise {
    throw(&registry::ARGUMENT_EXCEPTION, format!("{message} (Parameter '{parameter}')"))
}

/// The format at `index`, paid for: what is written by it may be several times as long. Null is the empty format.
fn format_argument(call: &mut Call<'_, '_>, index: usize) -> Result<Str, Raise> {
    let format = string(call, index).unwrap_or(Str::EMPTY);
    call.runtime.allocate(64 + format.bytes() * 16)?;
    call.runtime.work(64 + format.bytes() * 8)?;
    Ok(format)
}

/// What one of the parsers of dates is asked to read.
struct Reading {
    text: Option<Str>,
    formats: Formats,
    settings: Settings,
}

enum Formats {
    /// `Parse`
    Free,
    /// `ParseExact` with null for the format.
    Missing(&'static str),
    One(Vec<u16>),
    Several(Vec<Vec<u16>>),
}

impl Reading {
    /// `Parse(text, provider, styles)`
    fn free(call: &mut Call<'_, '_>, keeps_offset: bool, styles: Option<usize>) -> Result<Self, Raise> {
        let styles = style_argument(call, styles, keeps_offset, "styles")?;
        Ok(Self { text: string(call, 0), formats: Formats::Free, settings: settings(call.runtime, styles, keeps_offset) })
    }

    /// `ParseExact(text, format or formats, provider, styles)`
    fn exact(call: &mut Call<'_, '_>, keeps_offset: bool, styles: Option<usize>) -> Result<Self, Raise> {
        let styles = style_argument(call, styles, keeps_offset, if keeps_offset { "styles" } else { "style" })?;
        let formats = match call.argument(1) {
            Value::String(format) => {
                let format = format.clone();
                Formats::One(paid(call.runtime, &format)?)
            }
            Value::Object(_) => {
                Formats::Several(format_list(call, 1)?.iter().map(|format| paid(call.runtime, format)).collect::<Result<_, _>>()?)
            }
            _ => Formats::Missing("format"),
        };
        Ok(Self { text: string(call, 0), formats, settings: settings(call.runtime, styles, keeps_offset) })
    }

    /// Reads; `None` is null text or format, the parameter's name inside.
    fn read(&self, runtime: &mut Runtime<'_>) -> Result<Result<Parsed, Failure>, Raise> {
        let text = self.text.clone().unwrap_or(Str::EMPTY);
        let units = paid(runtime, &text)?;
        Ok(match &self.formats {
            Formats::Free => parse::parse(&units, self.settings),
            Formats::Missing(_) => Err(Failure::Bad),
            Formats::One(format) => {
                runtime.work(format.len() * 64)?;
                parse::parse_exact(&units, format, self.settings)
            }
            Formats::Several(formats) => {
                for format in formats {
                    runtime.work((format.len() + 1) * 64)?;
                }
                parse::parse_any(&units, formats, self.settings)
            }
        })
    }

    /// As `Parse` does: what fails throws.
    fn parse(&self, call: &mut Call<'_, '_>) -> Result<Parsed, Raise> {
        let parameter = if self.settings.keeps_offset { "input" } else { "s" };
        let text = self.text.clone().ok_or_else(|| argument_null(parameter))?;
        if let Formats::Missing(parameter) = self.formats {
            return Err(argument_null(parameter));
        }
        self.read(call.runtime)?.map_err(|failure| failed(&failure, &text))
    }

    /// As `TryParse` does: what fails is told.
    fn try_parse(&self, call: &mut Call<'_, '_>) -> Result<Option<Parsed>, Raise> {
        if self.text.is_none() {
            return Ok(None);
        }
        match self.read(call.runtime)? {
            Ok(parsed) => Ok(Some(parsed)),
            Err(failure @ Failure::Format) => Err(failed(&failure, &Str::EMPTY)),
            Err(_) => Ok(None),
        }
    }
}

/// The styles at `index`, checked as `DateTimeFormatInfo.ValidateStyles` does.
fn style_argument(call: &Call<'_, '_>, index: Option<usize>, keeps_offset: bool, parameter: &str) -> Result<i32, Raise> {
    use parse::styles::{ADJUST_TO_UNIVERSAL, ASSUME_LOCAL, ASSUME_UNIVERSAL, NO_CURRENT_DATE_DEFAULT, ROUNDTRIP_KIND};
    let styles = index.map_or(0, |index| int(call, index));
    let has = |flags: i32| styles & flags != 0;
    if styles & !0xFF != 0 {
        return Err(argument("An undefined DateTimeStyles value is being used.", parameter));
    }
    if has(ASSUME_LOCAL) && has(ASSUME_UNIVERSAL) {
        return Err(argument("The DateTimeStyles values AssumeLocal and AssumeUniversal cannot be used together.", parameter));
    }
    if keeps_offset {
        if has(NO_CURRENT_DATE_DEFAULT) {
            return Err(argument("The DateTimeStyles value 'NoCurrentDateDefault' is not allowed when parsing DateTimeOffset.", parameter));
        }
        return Ok(styles & !(ROUNDTRIP_KIND | ASSUME_LOCAL));
    }
    if has(ROUNDTRIP_KIND) && has(ASSUME_LOCAL | ASSUME_UNIVERSAL | ADJUST_TO_UNIVERSAL) {
        let message =
            "The DateTimeStyles value RoundtripKind cannot be used with the values AssumeLocal, AssumeUniversal or AdjustToUniversal.";
        return Err(argument(message, parameter));
    }
    Ok(styles)
}

/// The strings of the `string[]` at `index`; null is an empty one.
fn format_list(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<Str>, Raise> {
    let count = match call.runtime.get(call.argument(index)) {
        Some(Object::Array(list)) => list.items.len(),
        _ => 0,
    };
    call.runtime.allocate(count * size_of::<Str>())?;
    call.runtime.work(count * 64)?;
    Ok(match call.runtime.get(call.argument(index)) {
        Some(Object::Array(list)) => list
            .items
            .iter()
            .map(|item| match item {
                Value::String(text) => text.clone(),
                _ => Str::EMPTY,
            })
            .collect(),
        _ => Vec::new(),
    })
}

/// `CompareTo`: an `int`.
fn ordering(order: std::cmp::Ordering) -> Result<Value, Raise> {
    Ok(Value::Int32(order as i32))
}

/// `CompareTo(object)` with an object of another type.
fn wrong_type<T>(name: &str) -> Result<T, Raise> {
    raise(&registry::ARGUMENT_EXCEPTION, format!("Object must be of type {name}."))
}

/// `long.GetHashCode()`, which ticks use.
fn hash(ticks: i64) -> Result<Value, Raise> {
    Ok(Value::Int32((ticks as i32) ^ ((ticks >> 32) as i32)))
}

fn bool(value: bool) -> Result<Value, Raise> {
    Ok(Value::Bool(value))
}
