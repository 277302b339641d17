//! Reading dates and times: what all of `DateTime`'s and `DateTimeOffset`'s parsers share.
//!
//! The order of things, and what is refused with which words, is that of dotnet/runtime's `DateTimeParse.cs`, for the invariant
//! culture, the Gregorian calendar and a local time zone that is UTC.

mod exact;
mod free;
mod lexer;
mod states;

use super::{
    Kind,
    calendar::{MAX_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_SECOND, date_ticks, parts, time_ticks},
};

/// Flags of `DateTimeStyles`.
pub mod styles {
    /// `AllowLeadingWhite`
    pub const ALLOW_LEADING_WHITE: i32 = 1;
    /// `AllowTrailingWhite`
    pub const ALLOW_TRAILING_WHITE: i32 = 2;
    /// `AllowInnerWhite`
    pub const ALLOW_INNER_WHITE: i32 = 4;
    /// `NoCurrentDateDefault`
    pub const NO_CURRENT_DATE_DEFAULT: i32 = 8;
    /// `AdjustToUniversal`
    pub const ADJUST_TO_UNIVERSAL: i32 = 16;
    /// `AssumeLocal`
    pub const ASSUME_LOCAL: i32 = 32;
    /// `AssumeUniversal`
    pub const ASSUME_UNIVERSAL: i32 = 64;
    /// `RoundtripKind`
    pub const ROUNDTRIP_KIND: i32 = 128;
}

/// How to read.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// `DateTimeStyles`
    pub styles: i32,
    /// Whether the offset is kept, as `DateTimeOffset` does.
    pub keeps_offset: bool,
    /// Ticks of the present: what is missing of a date comes from it.
    pub now: i64,
}

impl Settings {
    fn has(&self, style: i32) -> bool {
        self.styles & style != 0
    }
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Ticks of the clock.
    pub ticks: i64,
    /// What they count, for a `DateTime`.
    pub kind: Kind,
    /// The clock's offset in ticks, for a `DateTimeOffset`.
    pub offset: i64,
}

/// Why a text was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is no date.
    Bad,
    /// It is another day of the week.
    DayOfWeek,
    /// There is no such day or time.
    Calendar,
    /// The offset is too large.
    Offset,
    /// In UTC it is beyond the calendar.
    Utc,
    /// It is beyond the calendar.
    Range,
    /// The year is missing.
    Incomplete,
    /// A word that starts there.
    UnknownWord(usize),
    /// That specifier was given twice, with two values.
    Repeated(char),
    /// That format is none.
    Specifier(String),
    /// There are no formats.
    NoSpecifier,
    /// That quote of the format is not closed.
    Quote(char),
    /// A standard format that there is not: even `TryParseExact` throws.
    Format,
}

impl Failure {
    /// The message of the `FormatException` for that text.
    pub fn message(&self, text: &str) -> String {
        match self {
            Self::Bad => format!("String '{text}' was not recognized as a valid DateTime."),
            Self::DayOfWeek => {
                format!("String '{text}' was not recognized as a valid DateTime because the day of week was incorrect.")
            }
            Self::Calendar => format!(
                "The DateTime represented by the string '{text}' is not supported in calendar 'System.Globalization.GregorianCalendar'."
            ),
            Self::Offset => format!("The time zone offset of string '{text}' must be within plus or minus 14 hours."),
            Self::Utc => format!("The UTC representation of the date '{text}' falls outside the year range 1-9999."),
            Self::Range => format!("The DateTime represented by the string '{text}' is out of range."),
            Self::Incomplete => format!("There must be at least a partial date with a year present in the input string '{text}'."),
            Self::UnknownWord(index) => {
                format!("The string '{text}' was not recognized as a valid DateTime. There is an unknown word starting at index '{index}'.")
            }
            Self::Repeated(specifier) => format!("DateTime pattern '{specifier}' appears more than once with different values."),
            Self::Specifier(format) => format!("Format specifier '{format}' was invalid."),
            Self::NoSpecifier => "No format specifiers were provided.".to_owned(),
            Self::Quote(quote) => format!("Cannot find a matching quote character for the character '{quote}'."),
            Self::Format => "Input string was not in a correct format.".to_owned(),
        }
    }
}

/// `Parse`: any of the many forms.
pub fn parse(text: &[u16], settings: Settings) -> Result<Parsed, Failure> {
    free::parse(text, settings)
}

/// `ParseExact` with one format.
pub fn parse_exact(text: &[u16], format: &[u16], settings: Settings) -> Result<Parsed, Failure> {
    match (text, format) {
        ([], _) => Err(Failure::Bad),
        (_, []) => Err(Failure::Specifier(String::new())),
        _ => exact::parse(text, format, settings),
    }
}

/// `ParseExact` with several formats: the first that fits.
pub fn parse_any(text: &[u16], formats: &[Vec<u16>], settings: Settings) -> Result<Parsed, Failure> {
    if text.is_empty() {
        return Err(Failure::Bad);
    }
    if formats.is_empty() {
        return Err(Failure::NoSpecifier);
    }
    for format in formats {
        if format.is_empty() {
            return Err(Failure::Specifier(String::new()));
        }
        match exact::parse(text, format, settings) {
            Err(Failure::Format) => return Err(Failure::Format),
            Err(_) => {}
            parsed => return parsed,
        }
    }
    Err(Failure::Bad)
}

/// What a text says, field by field.
#[derive(Clone, Copy, Debug, Default)]
struct Fields {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    hour: Option<i32>,
    minute: Option<i32>,
    second: Option<i32>,
    /// Part of a second.
    fraction: f64,
    /// 0 is Sunday.
    day_of_week: Option<i32>,
    /// Offset in ticks, where the text gives one.
    offset: Option<i64>,
    /// Whether that is by the word for UTC.
    is_utc: bool,
    /// Whether the year is today's.
    year_is_default: bool,
}

impl Fields {
    fn now(&self, settings: Settings) -> i64 {
        let offset = if settings.keeps_offset { self.offset.unwrap_or(0) } else { 0 };
        (settings.now + offset).clamp(0, MAX_TICKS)
    }

    /// The whole: what is missing is filled in, the day of the week checked, the offset applied.
    fn finish(mut self, settings: Settings) -> Result<Parsed, Failure> {
        let is_partial = self.year.is_none() || self.year_is_default;
        if settings.keeps_offset && (self.month.is_some() || self.day.is_some()) && is_partial && self.offset.is_some() {
            return Err(Failure::Incomplete);
        }
        let now = parts(self.now(settings));
        if (self.year, self.month, self.day) == (None, None, None) {
            let today = if settings.has(styles::NO_CURRENT_DATE_DEFAULT) { (1, 1, 1) } else { (now.year, now.month, now.day) };
            (self.year, self.month, self.day) = (Some(today.0), Some(today.1), Some(today.2));
        }
        let date = date_ticks(self.year.unwrap_or(now.year), self.month.unwrap_or(1), self.day.unwrap_or(1));
        let time = time_ticks(self.hour.unwrap_or(0), self.minute.unwrap_or(0), self.second.unwrap_or(0));
        let (Some(date), Some(time)) = (date, time) else { return Err(Failure::Calendar) };
        let ticks = with_fraction(date + time, self.fraction)?;
        if self.day_of_week.is_some_and(|day| day != parts(ticks).day_of_week) {
            return Err(Failure::DayOfWeek);
        }
        self.in_zone(ticks, settings)
    }

    /// What the clock's time means by its offset and by the styles.
    fn in_zone(self, ticks: i64, settings: Settings) -> Result<Parsed, Failure> {
        let offset = self.offset.unwrap_or(0);
        let is_far = offset.abs() > 14 * TICKS_PER_HOUR;
        if settings.keeps_offset {
            let utc = ticks - offset;
            return match () {
                () if !(0..=MAX_TICKS).contains(&utc) => Err(Failure::Utc),
                () if is_far => Err(Failure::Offset),
                () if settings.has(styles::ADJUST_TO_UNIVERSAL) => Ok(Parsed { ticks: utc, kind: Kind::Utc, offset: 0 }),
                () => Ok(Parsed { ticks, kind: Kind::Unspecified, offset }),
            };
        }
        if is_far {
            return Err(Failure::Offset);
        }
        let to_utc = settings.has(styles::ADJUST_TO_UNIVERSAL);
        let plain = |kind| Ok(Parsed { ticks, kind, offset: 0 });
        match self.offset {
            None if settings.has(styles::ASSUME_LOCAL | styles::ASSUME_UNIVERSAL) => {
                return plain(if to_utc { Kind::Utc } else { Kind::Local });
            }
            None => return plain(Kind::Unspecified),
            Some(_) if self.is_utc && settings.has(styles::ROUNDTRIP_KIND) => return plain(Kind::Utc),
            Some(_) => {}
        }
        let mut adjusted = ticks - offset;
        // A time of day alone (with `NoCurrentDateDefault`) turns round at midnight.
        if adjusted < 0 && (to_utc || ticks < TICKS_PER_DAY) {
            adjusted += TICKS_PER_DAY;
        }
        match adjusted {
            0..=MAX_TICKS => Ok(Parsed { ticks: adjusted, kind: if to_utc { Kind::Utc } else { Kind::Local }, offset: 0 }),
            _ => Err(Failure::Range),
        }
    }
}

fn with_fraction(ticks: i64, fraction: f64) -> Result<i64, Failure> {
    let ticks = ticks + (fraction * TICKS_PER_SECOND as f64).round_ties_even() as i64;
    if ticks <= MAX_TICKS { Ok(ticks) } else { Err(Failure::Bad) }
}

/// A year of one or two digits lies between 1930 and 2029, as `GregorianCalendar.TwoDigitYearMax` has it in .NET 6.
fn full_year(year: i32) -> i32 {
    match year {
        0..=29 => year + 2000,
        30..=99 => year + 1900,
        _ => year,
    }
}

fn is_white(unit: u16) -> bool {
    char::from_u32(u32::from(unit)).is_some_and(char::is_whitespace)
}

fn is_letter(unit: u16) -> bool {
    char::from_u32(u32::from(unit)).is_some_and(char::is_alphabetic)
}

/// The digit's value.
fn digit(unit: u16) -> Option<i32> {
    u8::try_from(unit).ok().filter(u8::is_ascii_digit).map(|byte| i32::from(byte - b'0'))
}

/// Whether `text` begins with `word`, upper and lower case being the same.
fn begins_with(text: &[u16], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| {
        start.iter().zip(word.bytes()).all(|(unit, byte)| u8::try_from(*unit).is_ok_and(|unit| unit.eq_ignore_ascii_case(&byte)))
    })
}

#[cfg(test)]
mod tests;
