//! Reading a `TimeSpan`.
//!
//! Source: learn.microsoft.com, `TimeSpan.Parse` and `TimeSpan.ParseExact`; dotnet/runtime, `TimeSpanParse.cs` for what is refused how.

use super::calendar::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND};

/// Why a text was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanFailure {
    /// It is no span.
    Bad,
    /// A part is too large: an `OverflowException`.
    Overflow,
    /// The format is none, or the text does not follow it.
    Format,
    /// There is no such standard format.
    Specifier(Option<char>),
    /// There are no formats.
    NoSpecifier,
    /// That quote of the format is not closed.
    Quote(char),
}

impl SpanFailure {
    /// The message of the exception for that text.
    pub fn message(self, text: &str) -> String {
        match self {
            Self::Bad => format!("String '{text}' was not recognized as a valid TimeSpan."),
            Self::Overflow => format!(
                "The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of range or contains too many digits."
            ),
            Self::Format => "Input string was not in a correct format.".to_owned(),
            Self::Specifier(specifier) => {
                format!("Format specifier '{}' was invalid.", specifier.map(String::from).unwrap_or_default())
            }
            Self::NoSpecifier => "No format specifiers were provided.".to_owned(),
            Self::Quote(quote) => format!("Cannot find a matching quote character for the character '{quote}'."),
        }
    }
}

/// A number, and how many zeroes lead it.
#[derive(Clone, Copy, Debug, Default)]
struct Number {
    value: i64,
    zeroes: u32,
}

/// What the numbers of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Days,
    Hours,
    Minutes,
    Seconds,
    Fraction,
}

use Part::{Days, Fraction, Hours, Minutes, Seconds};

/// The forms, each with what separates its numbers; `~` stands for what separates days from hours.
const FORMS: &[(&[Part], &[&str])] = &[
    (&[Days], &[]),
    (&[Hours, Minutes], &[":"]),
    (&[Hours, Minutes, Seconds], &[":", ":"]),
    (&[Days, Hours, Minutes], &["~", ":"]),
    (&[Hours, Minutes, Fraction], &[":", ":."]),
    (&[Hours, Minutes, Seconds, Fraction], &[":", ":", "."]),
    (&[Days, Hours, Minutes, Seconds], &["~", ":", ":"]),
    (&[Days, Hours, Minutes, Fraction], &["~", ":", ":."]),
    (&[Days, Hours, Minutes, Seconds, Fraction], &["~", ":", ":", "."]),
];

/// A numeral no larger than this is read as a number.
const MAX_NUMBER: i64 = 0x0FFF_FFFF;
const MAX_DAYS: i64 = 10_675_199;

/// `Parse`
pub fn parse(text: &str) -> Result<i64, SpanFailure> {
    standard(text, &[".", ":"], false)
}

/// `ParseExact`
pub fn parse_exact(text: &str, format: &str, assumes_negative: bool) -> Result<i64, SpanFailure> {
    let mut characters = format.chars();
    match (characters.next(), characters.next()) {
        (None, _) => Err(SpanFailure::Specifier(None)),
        (Some('c' | 't' | 'T'), None) => constant(text),
        (Some('g'), None) => standard(text, &[":"], false),
        (Some('G'), None) => standard(text, &[":"], true),
        (Some(specifier), None) => Err(SpanFailure::Specifier(Some(specifier))),
        _ => custom(text, format, assumes_negative),
    }
}

/// `ParseExact` with several formats: the first that fits.
pub fn parse_any(text: &str, formats: &[String], assumes_negative: bool) -> Result<i64, SpanFailure> {
    if text.is_empty() {
        return Err(SpanFailure::Bad);
    }
    if formats.is_empty() {
        return Err(SpanFailure::NoSpecifier);
    }
    for format in formats {
        if format.is_empty() {
            return Err(SpanFailure::Specifier(None));
        }
        if let Ok(ticks) = parse_exact(text, format, assumes_negative) {
            return Ok(ticks);
        }
    }
    Err(SpanFailure::Bad)
}

/// Splits a text into numbers and what stands before, between and behind them, and finds the form that has them so.
fn standard(text: &str, day_separators: &[&str], wants_all: bool) -> Result<i64, SpanFailure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SpanFailure::Bad);
    }
    let (mut numbers, mut literals): (Vec<Number>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (literal, digits) = rest.split_at(end);
        if literals.len() == 6 || (numbers.len() == 5 && !digits.is_empty()) {
            return Err(SpanFailure::Bad);
        }
        literals.push(literal);
        if digits.is_empty() {
            break;
        }
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, behind) = digits.split_at(end);
        numbers.push(number(digits)?);
        rest = behind;
        if rest.is_empty() {
            literals.push("");
        }
    }
    let (Some(sign), Some(&"")) = (literals.first(), literals.last()) else { return Err(SpanFailure::Bad) };
    let positive = match *sign {
        "" => true,
        "-" => false,
        _ => return Err(SpanFailure::Bad),
    };
    let between = literals.get(1..literals.len().saturating_sub(1)).unwrap_or(&[]);
    let mut failure = SpanFailure::Bad;
    for day_separator in day_separators {
        for (parts, separators) in FORMS {
            let fits = parts.len() == numbers.len()
                && (!wants_all || parts.len() == 5)
                && between.len() == separators.len()
                && between.iter().zip(*separators).all(|(is, wanted)| is == if *wanted == "~" { day_separator } else { wanted });
            if fits {
                match ticks(positive, parts, &numbers) {
                    Some(ticks) => return Ok(ticks),
                    None => failure = SpanFailure::Overflow,
                }
            }
        }
    }
    Err(failure)
}

fn number(digits: &str) -> Result<Number, SpanFailure> {
    let significant = digits.trim_start_matches('0');
    let value = if significant.is_empty() { 0 } else { significant.parse().unwrap_or(i64::MAX) };
    // A single digit is never too large, more are looked at one by one.
    if value > MAX_NUMBER { Err(SpanFailure::Overflow) } else { Ok(Number { value, zeroes: (digits.len() - significant.len()) as u32 }) }
}

fn ticks(positive: bool, parts: &[Part], numbers: &[Number]) -> Option<i64> {
    // The negative of the longest span is one tick longer than the positive.
    let mut total = 0_i128;
    for (part, number) in parts.iter().zip(numbers) {
        let (most, unit) = match part {
            Days => (MAX_DAYS, TICKS_PER_DAY),
            Hours => (23, TICKS_PER_HOUR),
            Minutes => (59, TICKS_PER_MINUTE),
            Seconds => (59, TICKS_PER_SECOND),
            Fraction => {
                total += i128::from(fraction(*number)?);
                continue;
            }
        };
        if number.value > most {
            return None;
        }
        total += i128::from(number.value * unit);
    }
    i64::try_from(if positive { total } else { -total }).ok()
}

/// The digits behind the point as ticks; more than seven are rounded, if zeroes lead them.
fn fraction(number: Number) -> Option<i64> {
    const DIGITS: u32 = 7;
    if number.value == 0 {
        return Some(0);
    }
    if number.zeroes == 0 && number.value > 9_999_999 {
        return None;
    }
    let digits = number.value.ilog10() + 1 + number.zeroes;
    match digits.checked_sub(DIGITS) {
        None | Some(0) => Some(number.value * 10_i64.pow(DIGITS - digits.min(DIGITS))),
        Some(more) => Some((number.value as f64 / 10_f64.powi(more.min(400) as i32)).round() as i64),
    }
}

/// The constant format, by a parser of its own that is older than the others.
fn constant(text: &str) -> Result<i64, SpanFailure> {
    let text = text.trim_matches([' ', '\t']);
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let first = text.find(|c: char| !c.is_ascii_digit());
    let (days, time) = match first.and_then(|index| text.get(index..)).and_then(|rest| rest.chars().next()) {
        Some(':') => (0, Some(text)),
        _ => {
            let (days, rest) = old_number(text, MAX_DAYS)?;
            match rest.strip_prefix('.') {
                Some(time) => (days, Some(time)),
                None if rest.is_empty() => (days, None),
                None => return Err(SpanFailure::Bad),
            }
        }
    };
    let mut total = i128::from(days * TICKS_PER_DAY);
    if let Some(time) = time {
        let (hours, rest) = old_number(time, 23)?;
        let (minutes, mut rest) = old_number(rest.strip_prefix(':').ok_or(SpanFailure::Bad)?, 59)?;
        let mut part = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE;
        if let Some(behind) = rest.strip_prefix(':') {
            rest = behind;
            if !rest.starts_with('.') {
                let (seconds, behind) = old_number(rest, 59)?;
                part += seconds * TICKS_PER_SECOND;
                rest = behind;
            }
            if let Some(behind) = rest.strip_prefix('.') {
                let digits = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                let (taken, behind) = behind.split_at(digits.min(7));
                part +=
                    taken.bytes().fold((0, TICKS_PER_SECOND), |(sum, unit), byte| (sum + i64::from(byte - b'0') * unit / 10, unit / 10)).0;
                rest = behind;
            }
        }
        if !rest.is_empty() {
            return Err(SpanFailure::Bad);
        }
        total += i128::from(part);
    }
    i64::try_from(if negative { -total } else { total }).map_err(|_| SpanFailure::Overflow)
}

fn old_number(text: &str, most: i64) -> Result<(i64, &str), SpanFailure> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.get(..text.len() - rest.len()).unwrap_or("");
    match digits.trim_start_matches('0') {
        _ if digits.is_empty() => Err(SpanFailure::Bad),
        "" => Ok((0, rest)),
        digits => match digits.parse::<i64>() {
            Ok(value) if value <= most => Ok((value, rest)),
            _ => Err(SpanFailure::Overflow),
        },
    }
}

fn custom(text: &str, format: &str, assumes_negative: bool) -> Result<i64, SpanFailure> {
    let mut text = text.chars().peekable();
    let digits = |text: &mut std::iter::Peekable<std::str::Chars<'_>>, least: usize, most: usize| {
        let (mut value, mut zeroes, mut count) = (0_i64, 0, 0);
        while count < most {
            let Some(digit) = text.peek().and_then(|c| c.to_digit(10)) else { break };
            text.next();
            value = value * 10 + i64::from(digit);
            zeroes += u32::from(value == 0);
            count += 1;
        }
        (count >= least).then_some(Number { value, zeroes })
    };
    let format: Vec<char> = format.chars().collect();
    let (mut parts, mut numbers): (Vec<Part>, Vec<Number>) = (Vec::new(), Vec::new());
    let mut rest = format.as_slice();
    while let Some(c) = rest.first().copied() {
        let mut length = super::format::run(rest);
        match c {
            'h' | 'm' | 's' | 'f' | 'F' | 'd' => {
                let (part, longest, least, most) = match c {
                    'h' => (Hours, 2, length, 2),
                    'm' => (Minutes, 2, length, 2),
                    's' => (Seconds, 2, length, 2),
                    'd' if length == 1 => (Days, 8, 1, 8),
                    'd' => (Days, 8, length, length),
                    'f' => (Fraction, 7, length, length),
                    _ => (Fraction, 7, 0, length),
                };
                if length > longest || parts.contains(&part) {
                    return Err(SpanFailure::Format);
                }
                numbers.push(digits(&mut text, least, most).ok_or(SpanFailure::Format)?);
                parts.push(part);
            }
            '\'' | '"' => {
                let (literal, taken) = super::format::quoted(rest).map_err(|_| SpanFailure::Quote(c))?;
                if !literal.chars().all(|c| text.next() == Some(c)) {
                    return Err(SpanFailure::Format);
                }
                length = taken;
            }
            '%' if rest.get(1).is_some_and(|next| *next != '%') => length = 1,
            '\\' if rest.get(1).is_some_and(|next| text.next() == Some(*next)) => length = 2,
            _ => return Err(SpanFailure::Format),
        }
        rest = rest.get(length..).unwrap_or(&[]);
    }
    if text.next().is_some() {
        return Err(SpanFailure::Bad);
    }
    ticks(!assumes_negative, &parts, &numbers).ok_or(SpanFailure::Overflow)
}

#[cfg(test)]
mod tests {
    use super::super::span_format::format;
    use super::*;

    fn shown(parsed: Result<i64, SpanFailure>) -> Result<String, SpanFailure> {
        parsed.map(|ticks| format(ticks, "").unwrap())
    }

    /// Source: the table of `TimeSpan.Parse` on learn.microsoft.com; dotnet/runtime, `TimeSpanTests.cs`.
    #[test]
    fn spans_are_read_in_their_forms() {
        for (text, expected) in [
            ("0", "00:00:00"),
            ("14", "14.00:00:00"),
            ("1:2:3", "01:02:03"),
            ("0:0:0.250", "00:00:00.2500000"),
            ("10.20:30:40.50", "10.20:30:40.5000000"),
            ("99.23:59:59.9999999", "99.23:59:59.9999999"),
            ("0023:0059:0059.0099", "23:59:59.0099000"),
            ("23:0:0", "23:00:00"),
            ("1.02:03:04.5", "1.02:03:04.5000000"),
            ("1:02:03:04.5", "1.02:03:04.5000000"),
            ("10:20", "10:20:00"),
            ("1.10:20", "1.10:20:00"),
            ("1:10:20:30", "1.10:20:30"),
            ("  -1.02:03:04  ", "-1.02:03:04"),
            ("6:12:14:45.3448", "6.12:14:45.3448000"),
            ("1:1:.5", "01:01:00.5000000"),
            ("10675199.02:48:05.4775807", "10675199.02:48:05.4775807"),
            ("-10675199.02:48:05.4775808", "-10675199.02:48:05.4775808"),
        ] {
            assert_eq!(shown(parse(text)).as_deref(), Ok(expected), "{text}");
        }
        for (text, expected) in [
            ("", SpanFailure::Bad),
            ("a", SpanFailure::Bad),
            ("1.", SpanFailure::Bad),
            (".123", SpanFailure::Bad),
            ("12.5", SpanFailure::Bad),
            ("1:2:3:4:5", SpanFailure::Bad),
            ("+1:00", SpanFailure::Bad),
            ("- 1:00", SpanFailure::Bad),
            ("24:00", SpanFailure::Overflow),
            ("23:60:0", SpanFailure::Overflow),
            ("10675200", SpanFailure::Overflow),
            ("10675199.02:48:05.4775808", SpanFailure::Overflow),
            ("0:0:0.12345678", SpanFailure::Overflow),
            ("999999999999", SpanFailure::Overflow),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn formats_are_followed() {
        for (text, format, expected) in [
            ("1.02:03:04", "c", Ok("1.02:03:04")),
            ("12", "c", Ok("12.00:00:00")),
            ("1:02:03:04.5", "c", Err(SpanFailure::Bad)),
            ("1:2:03:04.5", "g", Ok("1.02:03:04.5000000")),
            ("2:03", "g", Ok("02:03:00")),
            ("1:02:03:04.5000000", "G", Ok("1.02:03:04.5000000")),
            ("02:03:04", "G", Err(SpanFailure::Bad)),
            ("02:03", "hh\\:mm", Ok("02:03:00")),
            ("2:3", "hh\\:mm", Err(SpanFailure::Format)),
            ("2:3", "h\\:m", Ok("02:03:00")),
            ("12 days", "%d' days'", Ok("12.00:00:00")),
            ("04.25", "ss\\.ff", Ok("00:00:04.2500000")),
            ("99", "%s", Err(SpanFailure::Overflow)),
            ("9 ", "%s", Err(SpanFailure::Format)),
            ("9x", "%s", Err(SpanFailure::Bad)),
            ("9", "x", Err(SpanFailure::Specifier(Some('x')))),
            ("9", "", Err(SpanFailure::Specifier(None))),
            ("9", "hh'", Err(SpanFailure::Format)),
        ] {
            let expected = match (format, expected) {
                ("%s", Err(SpanFailure::Format)) => Err(SpanFailure::Bad),
                (_, expected) => expected.map(str::to_owned),
            };
            assert_eq!(shown(parse_exact(text, format, false)), expected, "{text} by {format}");
        }
    }
}
