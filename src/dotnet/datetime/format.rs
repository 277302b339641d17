//! `DateTime` and `DateTimeOffset` as text, by .NET's standard and custom format strings under the invariant culture.
//!
//! Source: learn.microsoft.com, "Standard date and time format strings" and "Custom date and time format strings";
//! dotnet/runtime, `DateTimeFormat.cs` for what is refused.

use super::{
    Kind,
    calendar::{DAYS, MONTHS, Parts, TICKS_PER_MINUTE, parts},
};

/// Why a format string is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It says nothing that is understood.
    Format,
    /// That quote is not closed.
    Quote(char),
}

impl Refusal {
    /// The message of the `FormatException`.
    pub fn message(self) -> String {
        match self {
            Self::Format => "Input string was not in a correct format.".to_owned(),
            Self::Quote(quote) => format!("Cannot find a matching quote character for the character '{quote}'."),
        }
    }
}

/// What a clock's time means: `DateTime` has a kind, `DateTimeOffset` an offset in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// `DateTime`
    Kind(Kind),
    /// `DateTimeOffset`
    Offset(i16),
}

/// The standard formats that are no more than a custom format, as the invariant culture has them.
pub fn pattern(specifier: char) -> Option<&'static str> {
    Some(match specifier {
        'd' => "MM/dd/yyyy",
        'D' => "dddd, dd MMMM yyyy",
        'f' => "dddd, dd MMMM yyyy HH:mm",
        'F' | 'U' => "dddd, dd MMMM yyyy HH:mm:ss",
        'g' => "MM/dd/yyyy HH:mm",
        'G' => "MM/dd/yyyy HH:mm:ss",
        'm' | 'M' => "MMMM dd",
        'o' | 'O' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss.fffffffK",
        'r' | 'R' => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        's' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
        't' => "HH:mm",
        'T' => "HH:mm:ss",
        'u' => "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
        'y' | 'Y' => "yyyy MMMM",
        _ => return None,
    })
}

/// A time as text; an empty format is the general one.
pub fn format(ticks: i64, clock: Clock, format: &str) -> Result<String, Refusal> {
    let mut characters = format.chars();
    match (characters.next(), characters.next(), clock) {
        (None, _, Clock::Kind(_)) => custom(ticks, clock, "MM/dd/yyyy HH:mm:ss"),
        (None, _, Clock::Offset(_)) => custom(ticks, clock, "MM/dd/yyyy HH:mm:ss zzz"),
        (Some('U'), None, Clock::Offset(_)) => Err(Refusal::Format),
        // These two are in UTC; a `DateTime` is taken as it stands.
        (Some(specifier @ ('r' | 'R' | 'u')), None, Clock::Offset(minutes)) => {
            custom(ticks - i64::from(minutes) * TICKS_PER_MINUTE, Clock::Offset(0), pattern(specifier).unwrap_or(""))
        }
        (Some(specifier), None, _) => custom(ticks, clock, pattern(specifier).ok_or(Refusal::Format)?),
        _ => custom(ticks, clock, format),
    }
}

fn custom(ticks: i64, clock: Clock, format: &str) -> Result<String, Refusal> {
    let mut out = String::with_capacity(format.len() + 16);
    let format: Vec<char> = format.chars().collect();
    custom_into(&mut out, &parts(ticks), clock, &format)?;
    Ok(out)
}

/// How often the character at the beginning is repeated.
pub fn run(format: &[char]) -> usize {
    let first = format.first();
    format.iter().take_while(|c| Some(*c) == first).count()
}

/// The text between quotes, a backslash taking the next character as it is, and how long it was in the format.
pub fn quoted(format: &[char]) -> Result<(String, usize), Refusal> {
    let quote = format.first().copied().unwrap_or('\'');
    let mut text = String::new();
    let mut rest = format.iter().copied().enumerate().skip(1);
    while let Some((index, c)) = rest.next() {
        match c {
            '\\' => text.push(rest.next().ok_or(Refusal::Format)?.1),
            c if c == quote => return Ok((text, index + 1)),
            c => text.push(c),
        }
    }
    Err(Refusal::Quote(quote))
}

fn custom_into(out: &mut String, t: &Parts, clock: Clock, format: &[char]) -> Result<(), Refusal> {
    let name = |names: &[&'static str], index: i32| usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("");
    let short = |name: &'static str| name.get(..3).unwrap_or(name);
    let mut rest = format;
    while let Some(c) = rest.first().copied() {
        let mut length = run(rest);
        let two = |number: i32| format!("{number:0width$}", width = length.min(2));
        match c {
            'g' => out.push_str("A.D."),
            'h' => out.push_str(&two(if t.hour % 12 == 0 { 12 } else { t.hour % 12 })),
            'H' => out.push_str(&two(t.hour)),
            'm' => out.push_str(&two(t.minute)),
            's' => out.push_str(&two(t.second)),
            'f' | 'F' => {
                let digits = format!("{:07}", t.fraction);
                let digits = digits.get(..length).ok_or(Refusal::Format)?;
                let digits = if c == 'F' { digits.trim_end_matches('0') } else { digits };
                if digits.is_empty() && out.ends_with('.') {
                    out.pop();
                }
                out.push_str(digits);
            }
            't' => {
                let mark = if t.hour < 12 { "AM" } else { "PM" };
                out.push_str(mark.get(..length.min(2)).unwrap_or(mark));
            }
            'd' if length <= 2 => out.push_str(&two(t.day)),
            'd' if length == 3 => out.push_str(short(name(&DAYS, t.day_of_week))),
            'd' => out.push_str(name(&DAYS, t.day_of_week)),
            'M' if length <= 2 => out.push_str(&two(t.month)),
            'M' if length == 3 => out.push_str(short(name(&MONTHS, t.month - 1))),
            'M' => out.push_str(name(&MONTHS, t.month - 1)),
            'y' if length <= 2 => out.push_str(&two(t.year % 100)),
            'y' => {
                let year = t.year.to_string();
                out.extend(std::iter::repeat_n('0', length.saturating_sub(year.len())));
                out.push_str(&year);
            }
            'z' => {
                let minutes = match clock {
                    Clock::Offset(minutes) => minutes,
                    Clock::Kind(_) => 0,
                };
                let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
                match length {
                    1 => out.push_str(&format!("{sign}{}", minutes / 60)),
                    2 => out.push_str(&format!("{sign}{:02}", minutes / 60)),
                    _ => out.push_str(&offset_text(sign, minutes)),
                }
            }
            'K' => {
                length = 1;
                match clock {
                    Clock::Kind(Kind::Unspecified) => {}
                    Clock::Kind(Kind::Utc) => out.push('Z'),
                    Clock::Kind(Kind::Local) => out.push_str("+00:00"),
                    Clock::Offset(minutes) => out.push_str(&offset_text(if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs())),
                }
            }
            '\'' | '"' => {
                let (text, taken) = quoted(rest)?;
                out.push_str(&text);
                length = taken;
            }
            // `%d` is the custom format `d`, which alone would be a standard one.
            '%' => match rest.get(1..2) {
                Some([next]) if *next != '%' => {
                    custom_into(out, t, clock, &[*next])?;
                    length = 2;
                }
                _ => return Err(Refusal::Format),
            },
            '\\' => {
                out.push(*rest.get(1).ok_or(Refusal::Format)?);
                length = 2;
            }
            other => {
                out.push(other);
                length = 1;
            }
        }
        rest = rest.get(length..).unwrap_or(&[]);
    }
    Ok(())
}

fn offset_text(sign: char, minutes: u16) -> String {
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dotnet::datetime::calendar::{date_ticks, time_ticks};

    fn at(hour: i32, fraction: i64) -> i64 {
        date_ticks(2024, 2, 29).unwrap() + time_ticks(hour, 4, 5).unwrap() + fraction
    }

    /// Source: the tables of "Standard date and time format strings", under the invariant culture.
    #[test]
    fn standard_formats() {
        for (specifier, expected) in [
            ("", "02/29/2024 15:04:05"),
            ("d", "02/29/2024"),
            ("D", "Thursday, 29 February 2024"),
            ("f", "Thursday, 29 February 2024 15:04"),
            ("F", "Thursday, 29 February 2024 15:04:05"),
            ("g", "02/29/2024 15:04"),
            ("G", "02/29/2024 15:04:05"),
            ("M", "February 29"),
            ("o", "2024-02-29T15:04:05.1234567Z"),
            ("R", "Thu, 29 Feb 2024 15:04:05 GMT"),
            ("s", "2024-02-29T15:04:05"),
            ("t", "15:04"),
            ("T", "15:04:05"),
            ("u", "2024-02-29 15:04:05Z"),
            ("U", "Thursday, 29 February 2024 15:04:05"),
            ("y", "2024 February"),
        ] {
            assert_eq!(format(at(15, 1_234_567), Clock::Kind(Kind::Utc), specifier).unwrap(), expected, "{specifier}");
        }
        assert_eq!(format(at(15, 0), Clock::Kind(Kind::Local), "o").unwrap(), "2024-02-29T15:04:05.0000000+00:00");
        assert_eq!(format(at(15, 0), Clock::Kind(Kind::Unspecified), "O").unwrap(), "2024-02-29T15:04:05.0000000");
        assert_eq!(format(at(15, 0), Clock::Offset(-330), "").unwrap(), "02/29/2024 15:04:05 -05:30");
        assert_eq!(format(at(15, 0), Clock::Offset(-330), "r").unwrap(), "Thu, 29 Feb 2024 20:34:05 GMT");
        for refused in ["q", "x", "%", "%%", "ffffffff", "yyyy\\", "zz%"] {
            assert_eq!(format(0, Clock::Kind(Kind::Utc), refused), Err(Refusal::Format), "{refused}");
        }
        assert_eq!(format(0, Clock::Offset(0), "U"), Err(Refusal::Format));
        assert_eq!(format(0, Clock::Kind(Kind::Utc), "yy 'a"), Err(Refusal::Quote('\'')));
    }

    #[test]
    fn custom_formats() {
        for (pattern, expected) in [
            ("%d", "29"),
            ("%h", "3"),
            ("h:mm tt", "3:04 PM"),
            ("%t", "P"),
            ("hhh", "03"),
            ("ddd dddd MMM MMMM", "Thu Thursday Feb February"),
            ("y yy yyy yyyyy", "24 24 2024 02024"),
            ("gg", "A.D."),
            ("f ff fff ffffff", "5 50 500 500000"),
            ("F FF FFFFFFF", "5 5 5"),
            ("z zz zzz", "+0 +00 +00:00"),
            ("'yyyy' \\y \"d\" 'it\\'s'", "yyyy y d it's"),
            ("yyyyMMdd_HHmmss", "20240229_150405"),
            ("dd.MM.yyyy", "29.02.2024"),
            ("%K", "Z"),
        ] {
            assert_eq!(format(at(15, 5_000_000), Clock::Kind(Kind::Utc), pattern).unwrap(), expected, "{pattern}");
        }
        assert_eq!(format(at(0, 0), Clock::Kind(Kind::Utc), "hh:mm:ss.FFF tt").unwrap(), "12:04:05 AM");
        assert_eq!(format(at(0, 0), Clock::Offset(90), "z zz zzz K").unwrap(), "+1 +01 +01:30 +01:30");
    }
}
