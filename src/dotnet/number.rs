//! The numeric types: parsing, formatting, and conversion between one another.

use rust_decimal::{
    Decimal,
    prelude::{FromPrimitive, ToPrimitive},
};

use super::{
    display::to_str,
    exception::{Raise, argument_null, bad_format, raise},
    member::{Call, Member, member},
    registry,
    types::Type,
    value::Value,
};

crate::classes! {
    SBYTE = structure("System", "SByte").keyword("sbyte").members(SBYTE_MEMBERS);
    BYTE = structure("System", "Byte").keyword("byte").members(BYTE_MEMBERS);
    INT16 = structure("System", "Int16").keyword("short").members(INT16_MEMBERS);
    UINT16 = structure("System", "UInt16").keyword("ushort").members(UINT16_MEMBERS);
    INT32 = structure("System", "Int32").keyword("int").members(INT32_MEMBERS);
    UINT32 = structure("System", "UInt32").keyword("uint").members(UINT32_MEMBERS);
    INT64 = structure("System", "Int64").keyword("long").members(INT64_MEMBERS);
    UINT64 = structure("System", "UInt64").keyword("ulong").members(UINT64_MEMBERS);
    SINGLE = structure("System", "Single").keyword("float").members(SINGLE_MEMBERS);
    DOUBLE = structure("System", "Double").keyword("double").members(DOUBLE_MEMBERS);
    DECIMAL = structure("System", "Decimal").keyword("decimal").members(DECIMAL_MEMBERS);
}

macro_rules! integral {
    ($members:ident, $name:ident, $keyword:literal, $variant:ident, $rust:ty) => {
        #[doc = concat!("The members of `", $keyword, "`.")]
        pub const $members: &[Member] = &[
            member(concat!("static ", $keyword, " MaxValue { get; }"), |_| Ok(Value::$variant(<$rust>::MAX))),
            member(concat!("static ", $keyword, " MinValue { get; }"), |_| Ok(Value::$variant(<$rust>::MIN))),
            member(concat!("static ", $keyword, " Parse(string s)"), |call| parse_member(call, &Type::$name)),
            member(concat!("static bool TryParse(string s, out ", $keyword, " result)"), |call| {
                try_parse_member(call, &Type::$name, Value::$variant(0))
            }),
            member("string ToString(string format)", format_member),
            member(concat!("int CompareTo(", $keyword, " value)"), |call| {
                Ok(Value::Int32(call.argument(0).as_integer().cmp(&call.argument(1).as_integer()) as i32))
            }),
        ];
    };
}

integral!(SBYTE_MEMBERS, SBYTE, "sbyte", SByte, i8);
integral!(BYTE_MEMBERS, BYTE, "byte", Byte, u8);
integral!(INT16_MEMBERS, INT16, "short", Int16, i16);
integral!(UINT16_MEMBERS, UINT16, "ushort", UInt16, u16);
integral!(INT32_MEMBERS, INT32, "int", Int32, i32);
integral!(UINT32_MEMBERS, UINT32, "uint", UInt32, u32);
integral!(INT64_MEMBERS, INT64, "long", Int64, i64);
integral!(UINT64_MEMBERS, UINT64, "ulong", UInt64, u64);

/// The members of `float`.
pub const SINGLE_MEMBERS: &[Member] = &[
    member("static float Parse(string s)", |call| parse_member(call, &Type::SINGLE)),
    member("static bool TryParse(string s, out float result)", |call| try_parse_member(call, &Type::SINGLE, Value::Single(0.0))),
];

/// The members of `double`.
pub const DOUBLE_MEMBERS: &[Member] = &[
    member("static double MaxValue { get; }", |_| Ok(Value::Double(f64::MAX))),
    member("static double MinValue { get; }", |_| Ok(Value::Double(f64::MIN))),
    member("static double Parse(string s)", |call| parse_member(call, &Type::DOUBLE)),
    member("static bool TryParse(string s, out double result)", |call| try_parse_member(call, &Type::DOUBLE, Value::Double(0.0))),
    member("static bool IsNaN(double d)", |call| Ok(Value::Bool(matches!(call.argument(0), Value::Double(d) if d.is_nan())))),
    member("string ToString(string format)", format_member),
];

/// The members of `decimal`.
pub const DECIMAL_MEMBERS: &[Member] = &[
    member("static decimal Parse(string s)", |call| parse_member(call, &Type::DECIMAL)),
    member("static bool TryParse(string s, out decimal result)", |call| {
        try_parse_member(call, &Type::DECIMAL, Value::Decimal(Decimal::ZERO))
    }),
];

fn parse_member(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    let text = text.as_str();
    if let Some(value) = parse(&text, target) {
        return Ok(value);
    }
    let integer = text.trim().strip_prefix(['+', '-']).unwrap_or(text.trim());
    if !integer.is_empty() && integer.bytes().all(|byte| byte.is_ascii_digit()) && *target != Type::DOUBLE {
        let class = target.class().map_or("Int32", |class| class.name);
        let what = match class {
            "SByte" => "a signed byte".to_owned(),
            "Byte" => "an unsigned byte".to_owned(),
            "Decimal" => "a Decimal".to_owned(),
            "Int16" | "Int32" | "Int64" => format!("an {class}"),
            class => format!("a {class}"),
        };
        return raise(&registry::OVERFLOW_EXCEPTION, format!("Value was either too large or too small for {what}."));
    }
    Err(bad_format(&text))
}

fn try_parse_member(call: &mut Call<'_, '_>, target: &Type, zero: Value) -> Result<Value, Raise> {
    let parsed = match call.argument(0) {
        Value::String(text) => parse(&text.as_str(), target),
        _ => None,
    };
    let found = parsed.is_some();
    call.out(1, parsed.unwrap_or(zero));
    Ok(Value::Bool(found))
}

/// Reads a number as the parameterless `Parse` does: white space and a sign around, for real types also thousands separators, a
/// point and an exponent. Source: learn.microsoft.com/dotnet/api/system.globalization.numberstyles (Integer; Float and AllowThousands).
pub fn parse(text: &str, target: &Type) -> Option<Value> {
    let text = text.trim_matches(|c: char| matches!(c, '\t'..='\r' | ' ' | '\0'));
    let signless = text.strip_prefix(['+', '-']).unwrap_or(text);
    match target {
        ty if *ty == Type::DOUBLE || *ty == Type::SINGLE => {
            let value: f64 = match signless {
                "NaN" => f64::NAN,
                "Infinity" | "∞" => {
                    if text.starts_with('-') {
                        f64::NEG_INFINITY
                    } else {
                        f64::INFINITY
                    }
                }
                _ if signless.starts_with(|c: char| c.is_ascii_digit() || c == '.') => text.replace(',', "").parse().ok()?,
                _ => return None,
            };
            Some(if *ty == Type::DOUBLE { Value::Double(value) } else { Value::Single(value as f32) })
        }
        ty if *ty == Type::DECIMAL => text.replace(',', "").parse().ok().map(Value::Decimal),
        _ => {
            if signless.is_empty() || !signless.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let value: i128 = text.strip_prefix('+').unwrap_or(text).parse().ok()?;
            integer(value, target)
        }
    }
}

/// The integer as a value of that type; `None` where it does not fit.
pub fn integer(value: i128, target: &Type) -> Option<Value> {
    Some(match target.class()?.name {
        "SByte" => Value::SByte(value.try_into().ok()?),
        "Byte" => Value::Byte(value.try_into().ok()?),
        "Int16" => Value::Int16(value.try_into().ok()?),
        "UInt16" => Value::UInt16(value.try_into().ok()?),
        "Int32" => Value::Int32(value.try_into().ok()?),
        "UInt32" => Value::UInt32(value.try_into().ok()?),
        "Int64" => Value::Int64(value.try_into().ok()?),
        "UInt64" => Value::UInt64(value.try_into().ok()?),
        "Char" => Value::Char(value.try_into().ok()?),
        _ => return None,
    })
}

fn wrapping(value: i128, target: &Type) -> Option<Value> {
    Some(match target.class()?.name {
        "SByte" => Value::SByte(value as i8),
        "Byte" => Value::Byte(value as u8),
        "Int16" => Value::Int16(value as i16),
        "UInt16" => Value::UInt16(value as u16),
        "Int32" => Value::Int32(value as i32),
        "UInt32" => Value::UInt32(value as u32),
        "Int64" => Value::Int64(value as i64),
        "UInt64" => Value::UInt64(value as u64),
        "Char" => Value::Char(value as u16),
        _ => return None,
    })
}

/// The value of a number as `double`.
pub fn as_double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(v) => Some(*v),
        Value::Single(v) => Some(f64::from(*v)),
        Value::Decimal(v) => v.to_f64(),
        value => value.as_integer().map(|integer| integer as f64),
    }
}

/// A numeric conversion: what the cast does between two numeric types (`char` and enumerations among them). Outside `checked`, integers
/// wrap and a real number that does not fit gives an integer that C# leaves
/// unspecified (here: the low bits of the number cut off at 128 bits); `decimal` always checks.
/// Source: C# language specification, "Explicit numeric conversions".
pub fn convert(value: &Value, target: &Type, checked: bool) -> Result<Value, Raise> {
    let overflow = || raise(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.");
    if let Some(class) = target.class().filter(|_| target.enum_members().is_some()) {
        let number = value.as_integer().unwrap_or(0);
        return Ok(Value::Enum(super::enums::EnumValue::new(class, number as i32)));
    }
    let Some(name) = target.class().map(|class| class.name) else { return Ok(value.clone()) };
    match name {
        "Double" => Ok(Value::Double(as_double(value).unwrap_or(0.0))),
        "Single" => Ok(Value::Single(match value {
            Value::Single(v) => *v,
            value => as_double(value).unwrap_or(0.0) as f32,
        })),
        "Decimal" => {
            let decimal = match value {
                Value::Decimal(v) => Some(*v),
                Value::Single(v) => Decimal::from_f32(*v),
                Value::Double(v) => Decimal::from_f64(*v),
                value => value.as_integer().and_then(Decimal::from_i128),
            };
            match decimal {
                Some(decimal) => Ok(Value::Decimal(decimal)),
                None => raise(&registry::OVERFLOW_EXCEPTION, "Value was either too large or too small for a Decimal."),
            }
        }
        _ => {
            let (number, exact) = match value {
                Value::Decimal(v) => match v.trunc().to_i128() {
                    Some(number) => (number, true),
                    None => return overflow(),
                },
                Value::Double(v) => (*v as i128, v.is_finite()),
                Value::Single(v) => (*v as i128, v.is_finite()),
                value => (value.as_integer().unwrap_or(0), true),
            };
            let is_decimal = matches!(value, Value::Decimal(_));
            match integer(number, target).filter(|_| exact) {
                Some(value) => Ok(value),
                None if checked || is_decimal => overflow(),
                None => Ok(wrapping(number, target).unwrap_or(Value::Null)),
            }
        }
    }
}

/// `ToString(format)`: the standard formats D, F, N, X and G, and custom ones made of `0`, `#` and a point.
fn format_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let value = call.argument(0);
    let Value::String(format) = call.argument(1) else { return Ok(Value::String(to_str(call.runtime, value))) };
    match format_number(value, &format.as_str()) {
        Some(text) => Ok(Value::string(text)),
        None => raise(&registry::FORMAT_EXCEPTION, "Format specifier was invalid."),
    }
}

/// A number under a format string; `None` where the format is not one that we have.
pub fn format_number(value: &Value, format: &str) -> Option<String> {
    let mut chars = format.chars();
    let Some(letter) = chars.next() else { return default_text(value) };
    let digits = chars.as_str();
    if letter.is_ascii_alphabetic() && digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= 3 {
        let precision: Option<usize> = digits.parse().ok();
        return match letter.to_ascii_uppercase() {
            'G' if precision.is_none() => default_text(value),
            'D' => {
                let number = value.as_integer()?;
                let width = precision.unwrap_or(0);
                Some(format!("{}{:0>width$}", if number < 0 { "-" } else { "" }, number.unsigned_abs()))
            }
            'X' => {
                let number = value.as_integer()?;
                let bits: u128 = match value {
                    Value::Int64(v) => u128::from(*v as u64),
                    Value::Int32(v) => u128::from(*v as u32),
                    _ => number as u128,
                };
                let width = precision.unwrap_or(0);
                Some(if letter == 'X' { format!("{bits:0>width$X}") } else { format!("{bits:0>width$x}") })
            }
            'F' => Some(fixed(value, precision.unwrap_or(2))),
            'N' => Some(grouped(&fixed(value, precision.unwrap_or(2)))),
            _ => None,
        };
    }
    if format.chars().all(|c| matches!(c, '0' | '#' | '.')) {
        let (whole, fraction) = format.split_once('.').unwrap_or((format, ""));
        let text = fixed(value, fraction.len());
        let (digits, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
        let width = whole.chars().filter(|c| *c == '0').count();
        let digits = digits.trim_start_matches('0');
        let needed = fraction.trim_end_matches('#').len();
        let mut decimals = decimals.to_owned();
        while decimals.len() > needed && decimals.ends_with('0') {
            decimals.pop();
        }
        let point = if decimals.is_empty() { "" } else { "." };
        return Some(format!("{sign}{digits:0>width$}{point}{decimals}"));
    }
    None
}

fn default_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Double(v) => super::display::double(*v),
        Value::Single(v) => super::display::single(*v),
        Value::Decimal(v) => v.to_string(),
        value => value.as_integer()?.to_string(),
    })
}

fn fixed(value: &Value, precision: usize) -> String {
    match value {
        Value::Decimal(v) => {
            format!("{:.precision$}", v.round_dp_with_strategy(precision as u32, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
        }
        Value::Double(_) | Value::Single(_) => format!("{:.precision$}", as_double(value).unwrap_or(0.0)),
        value => {
            let number = value.as_integer().unwrap_or(0);
            if precision == 0 { number.to_string() } else { format!("{number}.{}", "0".repeat(precision)) }
        }
    }
}

fn grouped(text: &str) -> String {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut out = String::from(sign);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_parse_as_the_invariant_culture_writes_them() {
        for (text, ty, expected) in [
            (" 42 ", Type::INT32, Some("42")),
            ("+7", Type::INT64, Some("7")),
            ("-2147483648", Type::INT32, Some("-2147483648")),
            ("2147483648", Type::INT32, None),
            ("4.2", Type::INT32, None),
            ("", Type::INT32, None),
            ("1,234.5", Type::DOUBLE, Some("1234.5")),
            ("1e3", Type::DOUBLE, Some("1000")),
            ("x", Type::DOUBLE, None),
            ("256", Type::BYTE, None),
        ] {
            assert_eq!(parse(text, &ty).and_then(|value| default_text(&value)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn casts_wrap_and_checked_casts_do_not() {
        assert!(matches!(convert(&Value::Int32(300), &Type::BYTE, false), Ok(Value::Byte(44))));
        assert!(convert(&Value::Int32(300), &Type::BYTE, true).is_err());
        assert!(matches!(convert(&Value::Double(2.9), &Type::INT32, false), Ok(Value::Int32(2))));
        assert!(matches!(convert(&Value::Char(65), &Type::INT32, false), Ok(Value::Int32(65))));
    }

    #[test]
    fn format_strings() {
        for (value, format, expected) in [
            (Value::Int32(7), "D3", "007"),
            (Value::Int32(255), "x", "ff"),
            (Value::Double(1234.567), "F1", "1234.6"),
            (Value::Double(1234.5), "N2", "1,234.50"),
            (Value::Double(0.5), "0.00", "0.50"),
            (Value::Double(2.5), "#.##", "2.5"),
        ] {
            assert_eq!(format_number(&value, format).as_deref(), Some(expected), "{format}");
        }
    }
}
