//! Standard numeric format strings under the invariant culture: `C D E F G N P R X` and a precision.
//!
//! Source: learn.microsoft.com/dotnet/standard/base-types/standard-numeric-format-strings; dotnet/runtime, Number.Formatting.cs
//! (`ParseFormatSpecifier`, `NumberToString`).

use rust_decimal::Decimal;

use super::{
    custom,
    digits::{Cutoff, Digits, Kind},
};

/// A number to be formatted.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// An integral type of that many bits.
    Integer(i128, u32),
    /// `float`
    Single(f32),
    /// `double`
    Double(f64),
    /// `decimal`
    Decimal(Decimal),
}

/// A format string, understood.
#[derive(Clone, Copy, Debug)]
pub enum Format<'a> {
    /// A letter with its precision.
    Standard(char, Option<usize>),
    /// A picture of the number.
    Custom(&'a str),
}

/// The format string is none.
#[derive(Clone, Copy, Debug)]
pub struct BadFormat;

/// Precisions have at most nine digits.
const MAX_PRECISION: usize = 999_999_999;

impl<'a> Format<'a> {
    /// Understands a format string.
    pub fn parse(text: &'a str) -> Result<Self, BadFormat> {
        let mut chars = text.chars();
        match chars.next() {
            None | Some('\0') => Ok(Self::Standard('G', None)),
            Some(letter) if letter.is_ascii_alphabetic() => {
                let rest = chars.as_str().split('\0').next().unwrap_or("");
                if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Ok(Self::Custom(text));
                }
                let significant = rest.trim_start_matches('0');
                match significant {
                    "" if rest.is_empty() => Ok(Self::Standard(letter, None)),
                    "" => Ok(Self::Standard(letter, Some(0))),
                    digits => {
                        let precision = digits.parse().ok().filter(|precision| *precision <= MAX_PRECISION);
                        precision.map(|precision| Self::Standard(letter, Some(precision))).ok_or(BadFormat)
                    }
                }
            }
            Some(_) => Ok(Self::Custom(text)),
        }
    }

    /// How many characters it may add to what the number has itself.
    pub fn cost(&self) -> usize {
        match self {
            // Groups of three make a third more.
            Self::Standard(_, precision) => precision.unwrap_or(0),
            Self::Custom(text) => text.len(),
        }
    }
}

impl Number {
    /// `ToString()`
    pub fn text(&self) -> String {
        match self {
            Self::Integer(value, _) => i64::try_from(*value).map_or_else(|_| value.to_string(), |value| value.to_string()),
            _ => self.format(Format::Standard('G', None)).unwrap_or_default(),
        }
    }

    /// The number under a format.
    pub fn format(&self, format: Format<'_>) -> Result<String, BadFormat> {
        if let Some(word) = self.special() {
            // Even a wrong format is not looked at.
            return Ok(word.to_owned());
        }
        match format {
            Format::Custom(picture) => {
                let digits = match self {
                    Self::Integer(value, _) => Digits::integer(*value),
                    Self::Decimal(value) => Digits::decimal(value),
                    // Pictures work on the digits that .NET Framework had: 15 and 7.
                    Self::Double(value) => Digits::double(*value, Cutoff::Significant(15)),
                    Self::Single(value) => Digits::single(*value, Cutoff::Significant(7)),
                };
                Ok(custom::format(digits, picture))
            }
            Format::Standard(letter, precision) => match (letter.to_ascii_uppercase(), self) {
                ('D', Self::Integer(value, _)) => Ok(integer(*value, precision.unwrap_or(0))),
                ('G', Self::Integer(value, _)) if precision.unwrap_or(0) == 0 => Ok(integer(*value, 0)),
                ('X', Self::Integer(value, bits)) => {
                    let width = precision.unwrap_or(0);
                    let value = *value as u128 & (u128::MAX >> (128 - bits));
                    let text = if letter == 'X' { format!("{value:X}") } else { format!("{value:x}") };
                    Ok(format!("{}{text}", "0".repeat(width.saturating_sub(text.len()))))
                }
                (upper, _) => self.standard(letter, upper, precision),
            },
        }
    }

    fn special(&self) -> Option<&'static str> {
        let value = match self {
            Self::Double(value) => *value,
            Self::Single(value) => f64::from(*value),
            _ => return None,
        };
        match value {
            value if value.is_nan() => Some("NaN"),
            f64::INFINITY => Some("Infinity"),
            f64::NEG_INFINITY => Some("-Infinity"),
            _ => None,
        }
    }

    fn digits(&self, cutoff: Cutoff) -> Digits {
        match self {
            Self::Integer(value, _) => Digits::integer(*value),
            Self::Decimal(value) => Digits::decimal(value),
            Self::Double(value) => Digits::double(*value, cutoff),
            Self::Single(value) => Digits::single(*value, cutoff),
        }
    }

    fn standard(&self, letter: char, upper: char, precision: Option<usize>) -> Result<String, BadFormat> {
        let is_real = matches!(self, Self::Double(_) | Self::Single(_));
        match upper {
            'C' | 'F' | 'N' => {
                let places = precision.unwrap_or(2);
                let mut digits = self.digits(Cutoff::Fraction(places));
                digits.round(i64::from(digits.scale) + places as i64, is_real);
                Ok(match upper {
                    'F' => signed(&digits, fixed(&digits, places, false)),
                    'N' => signed(&digits, fixed(&digits, places, true)),
                    _ if digits.negative => format!("(¤{})", fixed(&digits, places, true)),
                    _ => format!("¤{}", fixed(&digits, places, true)),
                })
            }
            'P' => {
                let places = precision.unwrap_or(2);
                let mut digits = self.digits(Cutoff::Fraction(places + 2));
                if !digits.is_zero() {
                    digits.scale += 2;
                }
                digits.round(i64::from(digits.scale) + places as i64, is_real);
                Ok(format!("{} %", signed(&digits, fixed(&digits, places, true))))
            }
            'E' => {
                let places = precision.unwrap_or(6);
                let mut digits = self.digits(Cutoff::Significant(places + 1));
                digits.round(places as i64 + 1, is_real);
                let mut text = String::new();
                digits.write(0, 1, &mut text);
                if places > 0 {
                    text.push('.');
                    digits.write(1, places, &mut text);
                }
                exponent(if digits.is_zero() { 0 } else { digits.scale - 1 }, letter, 3, true, &mut text);
                Ok(signed(&digits, text))
            }
            'G' => Ok(self.general(letter, precision.filter(|precision| *precision > 0), precision.is_some())),
            // Round trips are a matter of real numbers; the precision is ignored.
            'R' if is_real => Ok(self.general(if letter == 'R' { 'G' } else { 'g' }, None, false)),
            _ => Err(BadFormat),
        }
    }

    fn general(&self, letter: char, precision: Option<usize>, is_explicit: bool) -> String {
        let mut digits = self.digits(precision.map_or(Cutoff::Shortest, Cutoff::Significant));
        // Without a precision a decimal shows its trailing zeros, and never an exponent.
        let is_plain = digits.kind == Kind::Decimal && !is_explicit;
        let most = match (precision, self) {
            (Some(precision), _) => precision,
            (None, Self::Double(_)) => digits.digits.len().max(15),
            (None, Self::Single(_)) => digits.digits.len().max(7),
            (None, _) => digits.digits.len(),
        };
        if !is_plain {
            digits.round(most as i64, digits.kind == Kind::Real);
        } else if digits.is_zero() {
            digits.negative = false;
        }
        let is_scientific = !is_plain && (i64::from(digits.scale) > most as i64 || digits.scale < -3);
        let point = if is_scientific { 1 } else { digits.scale };
        let mut text = String::new();
        if point > 0 {
            digits.write(0, point as usize, &mut text);
        } else {
            text.push('0');
        }
        let written = usize::try_from(point).unwrap_or(0);
        if digits.digits.len() > written || point < 0 {
            text.push('.');
            digits.write(i64::from(point), (digits.digits.len() as i64 - i64::from(point)).max(0) as usize, &mut text);
        }
        if is_scientific {
            // `E` for `G`, `e` for `g`.
            exponent(digits.scale - 1, if letter == 'G' { 'E' } else { 'e' }, 2, true, &mut text);
        }
        signed(&digits, text)
    }
}

fn integer(value: i128, width: usize) -> String {
    let digits = value.unsigned_abs().to_string();
    format!("{}{}{digits}", if value < 0 { "-" } else { "" }, "0".repeat(width.saturating_sub(digits.len())))
}

fn signed(digits: &Digits, text: String) -> String {
    if digits.negative { format!("-{text}") } else { text }
}

/// The digits around a point, `places` behind it; thousands apart where `grouped`.
fn fixed(digits: &Digits, places: usize, grouped: bool) -> String {
    let mut whole = String::new();
    if digits.scale > 0 {
        digits.write(0, digits.scale as usize, &mut whole);
    } else {
        whole.push('0');
    }
    let mut text = String::new();
    if grouped {
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
    } else {
        text = whole;
    }
    if places > 0 {
        text.push('.');
        digits.write(i64::from(digits.scale), places, &mut text);
    }
    text
}

/// `E+05`: at least `width` digits, a plus sign where `plus`.
pub fn exponent(value: i32, letter: char, width: usize, plus: bool, out: &mut String) {
    out.push(letter);
    if value < 0 {
        out.push('-');
    } else if plus {
        out.push('+');
    }
    let digits = value.unsigned_abs().to_string();
    for _ in digits.len()..width {
        out.push('0');
    }
    out.push_str(&digits);
}
