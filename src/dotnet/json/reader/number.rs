//! Numbers of text. Source: JsonTextReader.cs (`ParseReadNumber`), Utilities/ConvertUtils.cs (`Int64TryParse`).

use num_bigint::BigInt;

use super::{Event, ReadType, Reader};
use crate::dotnet::{exception::Raise, json::big, runtime::Runtime, types::Type, value::Value};

/// `MaximumJavascriptIntegerCharacterLength`
const MAX_INTEGER_LENGTH: usize = 380;

impl Reader<'_> {
    pub(super) fn parse_number(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<(), Raise> {
        let place = &mut self.text;
        let (text, start) = (place.text, place.at);
        loop {
            match place.char() {
                Some('-' | '+' | 'a'..='f' | 'A'..='F' | 'x' | 'X' | '.' | '0'..='9') => place.at += 1,
                None | Some(',' | '}' | ']' | ')' | '/' | '\0') => break,
                Some(c) if c.is_whitespace() => break,
                Some(c) => return Err(self.fault(&format!("Unexpected character encountered while parsing number: {c}."))),
            }
        }
        let digits = text.get(start..place.at).unwrap_or("");
        self.after_value(true);
        match number(runtime, digits, kind) {
            Ok((event, value)) => self.set(event, value?, false),
            Err(what) => {
                self.set(Event::Undefined, Value::Null, false)?;
                Err(self.fault(&what))
            }
        }
    }
}

type Number = (Event, Result<Value, Raise>);

/// A number as it is asked for, or what is wrong with it.
fn number(runtime: &mut Runtime<'_>, text: &str, kind: ReadType) -> Result<Number, String> {
    let invalid = |what: &str| format!("Input string '{text}' is not a valid {what}.");
    let radix = radix(text);
    Ok(match kind {
        ReadType::String => {
            let is_number = match radix {
                Some(radix) => in_radix(text, radix).is_some(),
                None => double(text).is_some(),
            };
            if !is_number {
                return Err(invalid("number"));
            }
            (Event::String, Ok(Value::string(text.to_owned())))
        }
        ReadType::Int32 => {
            let integer = match radix {
                Some(radix) => in_radix(text, radix).filter(|_| text.len() <= 13),
                None if is_integer(text) => match text.parse::<i32>() {
                    Ok(integer) => Some(i64::from(integer)),
                    Err(_) => return Err(format!("JSON integer {text} is too large or small for an Int32.")),
                },
                None => None,
            };
            let integer = integer.and_then(|integer| i32::try_from(integer).ok()).ok_or_else(|| invalid("integer"))?;
            (Event::Integer, Ok(Value::Int32(integer)))
        }
        ReadType::Decimal => {
            let decimal = match radix {
                Some(radix) => in_radix(text, radix).map(|integer| Value::Decimal(integer.into())),
                None => decimal(text),
            };
            (Event::Float, Ok(decimal.ok_or_else(|| invalid("decimal"))?))
        }
        ReadType::Double => {
            let double = match radix {
                Some(radix) => in_radix(text, radix).map(|integer| integer as f64),
                None => double(text),
            };
            (Event::Float, Ok(Value::Double(double.ok_or_else(|| invalid("double"))?)))
        }
        _ => match radix {
            Some(radix) => (Event::Integer, Ok(Value::Int64(in_radix(text, radix).ok_or_else(|| invalid("number"))?))),
            None if is_integer(text) => match text.parse::<i64>() {
                Ok(integer) => (Event::Integer, Ok(Value::Int64(integer))),
                Err(_) if text.len() > MAX_INTEGER_LENGTH => return Err(format!("JSON integer {text} is too large to parse.")),
                Err(_) => {
                    let integer = BigInt::parse_bytes(text.as_bytes(), 10).unwrap_or_default();
                    (Event::Integer, big::place(runtime, integer))
                }
            },
            None => (Event::Float, Ok(Value::Double(double(text).ok_or_else(|| invalid("number"))?))),
        },
    })
}

/// Whether `Int64TryParse` sees an integer in it: a minus sign may stand before the digits, no plus sign.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The radix of a number that begins with a zero: hexadecimal behind `0x`, else octal.
fn radix(text: &str) -> Option<u32> {
    match text.as_bytes() {
        [b'0', second, ..] if !matches!(second, b'.' | b'e' | b'E') => Some(if matches!(second, b'x' | b'X') { 16 } else { 8 }),
        _ => None,
    }
}

/// `Convert.ToInt64(text, radix)`: the bits of a `long`.
fn in_radix(text: &str, radix: u32) -> Option<i64> {
    let digits = if radix == 16 { text.get(2..)? } else { text };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    u64::from_str_radix(digits, radix).ok().filter(|_| is_plain).map(|bits| bits as i64)
}

/// `double.TryParse` with `NumberStyles.Float`: what is too large becomes infinite.
pub(super) fn double(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if is_number { text.parse().ok() } else { None }
}

/// `DecimalTryParse`
fn decimal(text: &str) -> Option<Value> {
    let text = text.strip_prefix('+').map_or(text, |_| "");
    let parsed = if text.contains(['e', 'E']) {
        rust_decimal::Decimal::from_scientific(&text.replace('E', "e")).ok()
    } else {
        crate::dotnet::number::parse(text, &Type::DECIMAL).and_then(|value| match value {
            Value::Decimal(value) => Some(value),
            _ => None,
        })
    };
    parsed.map(Value::Decimal)
}
