//! The numeric types: conversion between one another, order, hash codes; parsing and formatting in the modules below.

pub mod decimal;
mod arithmetic;
mod custom;
mod decimal_members;
mod digits;
mod integral;
mod real;
mod scan;
mod standard;

use std::cmp::Ordering;

pub use self::decimal_members::{round_member, to_integer as decimal_to_integer};
use self::{
    scan::{Scanned, Style},
    standard::{Format, Number},
};
use super::{
    display::type_of,
    enums::{EnumValue, TYPE_CODE},
    exception::{Raise, argument_null, throw},
    member::Call,
    object, registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

crate::classes! {
    SBYTE = structure("System", "SByte").keyword("sbyte").members(integral::SBYTE);
    BYTE = structure("System", "Byte").keyword("byte").members(integral::BYTE);
    INT16 = structure("System", "Int16").keyword("short").members(integral::INT16);
    UINT16 = structure("System", "UInt16").keyword("ushort").members(integral::UINT16);
    INT32 = structure("System", "Int32").keyword("int").members(integral::INT32);
    UINT32 = structure("System", "UInt32").keyword("uint").members(integral::UINT32);
    INT64 = structure("System", "Int64").keyword("long").members(integral::INT64);
    UINT64 = structure("System", "UInt64").keyword("ulong").members(integral::UINT64);
    SINGLE = structure("System", "Single").keyword("float").members(real::SINGLE);
    DOUBLE = structure("System", "Double").keyword("double").members(real::DOUBLE);
    DECIMAL = structure("System", "Decimal").keyword("decimal").members(decimal_members::MEMBERS);
}

/// Why a text is no number of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is none at all.
    Format,
    /// It is one, out of the type's range.
    Overflow,
}

impl Failure {
    /// The exception that `Parse` throws.
    pub fn raise(self, target: &Type) -> Raise {
        match self {
            Self::Format => wrong_format(),
            Self::Overflow => overflow(target),
        }
    }
}

/// `FormatException` for a text that is no number.
pub fn wrong_format() -> Raise {
    throw(&registry::FORMAT_EXCEPTION, "Input string was not in a correct format.")
}

/// `OverflowException` for a number that a type does not hold. Source: dotnet/runtime, Strings.resx (`Overflow_Int32` and so on).
pub fn overflow(target: &Type) -> Raise {
    let what = match target.class().map_or("", |class| class.name) {
        "SByte" => "a signed byte",
        "Byte" => "an unsigned byte",
        "Int16" => "an Int16",
        "UInt16" => "a UInt16",
        "UInt32" => "a UInt32",
        "Int64" => "an Int64",
        "UInt64" => "a UInt64",
        "Char" => "a character",
        "Decimal" => "a Decimal",
        _ => "an Int32",
    };
    throw(&registry::OVERFLOW_EXCEPTION, format!("Value was either too large or too small for {what}."))
}

fn arithmetic_overflow() -> Raise {
    throw(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.")
}

/// Reads a number as the parameterless `Parse` of the type does; `None` for what it refuses.
pub fn parse(text: &str, target: &Type) -> Option<Value> {
    read(text, target).ok()
}

/// Reads a number as the parameterless `Parse` of the type does.
pub fn read(text: &str, target: &Type) -> Result<Value, Failure> {
    match target.class().map_or("", |class| class.name) {
        "Double" => Ok(Value::Double(read_real(text, f64::NAN, f64::INFINITY, Scanned::real)?)),
        "Single" => Ok(Value::Single(read_real(text, f32::NAN, f32::INFINITY, Scanned::real)?)),
        "Decimal" => {
            let scanned = scan::scan(text, Style::Number).ok_or(Failure::Format)?;
            let decimal = arithmetic::from_digits(&scanned.digits, scanned.scale, scanned.negative, false);
            decimal.map(Value::Decimal).ok_or(Failure::Overflow)
        }
        _ => {
            let scanned = scan::scan(text, Style::Integer).ok_or(Failure::Format)?;
            scanned.integer().and_then(|value| integer(value, target)).ok_or(Failure::Overflow)
        }
    }
}

/// The number of a `decimal` literal, an exponent allowed: what is too small for its scale is rounded, `1e-29m` to zero.
pub fn decimal_literal(text: &str) -> Option<rust_decimal::Decimal> {
    let scanned = scan::scan(text, Style::Float)?;
    arithmetic::from_digits(&scanned.digits, scanned.scale, scanned.negative, false)
}

/// A real number, or one of the words for those that are none. Source: dotnet/runtime, Number.Parsing.cs (`TryParseFloat`).
fn read_real<T: std::str::FromStr + std::ops::Neg<Output = T>>(
    text: &str,
    nan: T,
    infinity: T,
    digits: fn(&Scanned) -> String,
) -> Result<T, Failure> {
    if let Some(scanned) = scan::scan(text, Style::Float) {
        return digits(&scanned).parse().map_err(|_| Failure::Format);
    }
    match text.trim().to_ascii_lowercase().as_str() {
        "infinity" | "+infinity" => Ok(infinity),
        "-infinity" => Ok(-infinity),
        "nan" | "+nan" | "-nan" => Ok(nan),
        _ => Err(Failure::Format),
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
        Value::Decimal(v) => Some(arithmetic::to_double(v)),
        value => value.as_integer().map(|integer| integer as f64),
    }
}

/// A numeric conversion: what the cast does between two numeric types (`char` and enumerations among them). Outside `checked`, integers
/// wrap, and a real number that does not fit gives what the x64 processor gives; `decimal` always checks.
/// Source: C# language specification, "Explicit numeric conversions".
pub fn convert(value: &Value, target: &Type, checked: bool) -> Result<Value, Raise> {
    if let Some(class) = target.class().filter(|_| target.enum_members().is_some()) {
        let number = match convert(value, &Type::INT32, checked)? {
            Value::Int32(number) => number,
            _ => 0,
        };
        return Ok(Value::Enum(EnumValue::new(class, number)));
    }
    let Some(name) = target.class().map(|class| class.name) else { return Ok(value.clone()) };
    match name {
        "Double" => Ok(Value::Double(as_double(value).unwrap_or(0.0))),
        "Single" => Ok(Value::Single(match value {
            Value::Single(v) => *v,
            // Through `double`, as the runtime has it; other integers round once.
            Value::UInt64(v) => *v as f64 as f32,
            value => value.as_integer().map_or_else(|| as_double(value).unwrap_or(0.0) as f32, |integer| integer as f32),
        })),
        "Decimal" => {
            let decimal = match value {
                Value::Decimal(v) => Some(*v),
                Value::Single(v) => arithmetic::from_single(*v),
                Value::Double(v) => arithmetic::from_double(*v),
                value => {
                    let integer = value.as_integer().unwrap_or(0);
                    arithmetic::from_parts(integer.unsigned_abs(), 0, integer < 0)
                }
            };
            decimal.map(Value::Decimal).ok_or_else(|| overflow(target))
        }
        _ => match value {
            Value::Decimal(v) => integer(v.mantissa() / 10_i128.pow(v.scale()), target).ok_or_else(|| overflow(target)),
            Value::Double(v) => real_to_integer(*v, target, checked),
            Value::Single(v) => real_to_integer(f64::from(*v), target, checked),
            value => {
                let number = value.as_integer().unwrap_or(0);
                match integer(number, target) {
                    Some(value) => Ok(value),
                    None if checked => Err(arithmetic_overflow()),
                    None => Ok(wrapping(number, target).unwrap_or(Value::Null)),
                }
            }
        },
    }
}

/// C# leaves unspecified what an unchecked cast gives that does not fit; .NET before 9 shows what x64 does: `cvttsd2si` gives the
/// least integer, and types smaller than the register are cut from it. Source: dotnet/runtime, vm/jithelpers.cpp (`JIT_Dbl2ULng`).
fn real_to_integer(value: f64, target: &Type, checked: bool) -> Result<Value, Raise> {
    if let Some(fitting) = value.is_finite().then(|| integer(value as i128, target)).flatten() {
        return Ok(fitting);
    }
    if checked {
        return Err(arithmetic_overflow());
    }
    let register = |value: f64, bits: u32| {
        let limit = 2_f64.powi(bits as i32 - 1);
        if value >= -limit && value < limit { value as i128 } else { -(1_i128 << (bits - 1)) }
    };
    let two63 = 2_f64.powi(63);
    let bits = match target.class().map_or("", |class| class.name) {
        "Int64" | "UInt32" => register(value, 64),
        "UInt64" if value < two63 => register(value, 64),
        "UInt64" => register(value - two63, 64) + (1 << 63),
        _ => register(value, 32),
    };
    Ok(wrapping(bits, target).unwrap_or(Value::Null))
}

/// The number behind a value, to be formatted; none for what is no number.
fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::Single(v) => Number::Single(*v),
        Value::Double(v) => Number::Double(*v),
        Value::Decimal(v) => Number::Decimal(*v),
        Value::SByte(v) => Number::Integer(i128::from(*v), 8),
        Value::Byte(v) => Number::Integer(i128::from(*v), 8),
        Value::Int16(v) => Number::Integer(i128::from(*v), 16),
        Value::UInt16(v) => Number::Integer(i128::from(*v), 16),
        Value::Int32(v) => Number::Integer(i128::from(*v), 32),
        Value::UInt32(v) => Number::Integer(i128::from(*v), 32),
        Value::Int64(v) => Number::Integer(i128::from(*v), 64),
        Value::UInt64(v) => Number::Integer(i128::from(*v), 64),
        _ => return None,
    })
}

/// Whether it is of a numeric type.
pub fn is_number(value: &Value) -> bool {
    number(value).is_some()
}

/// `ToString()` of a number; none for what is no number.
pub fn text(value: &Value) -> Option<String> {
    number(value).map(|number| number.text())
}

/// A number under a format string, paying for the text; none for what is no number.
pub fn format(runtime: &mut Runtime<'_>, value: &Value, format: &str) -> Option<Result<String, Raise>> {
    let number = number(value)?;
    Some(format_paid(runtime, &number, format))
}

fn format_paid(runtime: &mut Runtime<'_>, number: &Number, format: &str) -> Result<String, Raise> {
    let bad = |_| throw(&registry::FORMAT_EXCEPTION, "Format specifier was invalid.");
    let format = Format::parse(format).map_err(bad)?;
    runtime.allocate(format.cost().saturating_mul(2))?;
    runtime.work(format.cost())?;
    number.format(format).map_err(bad)
}

/// A number under a format string; `None` where the format is none, or asks for more than a small text.
pub fn format_number(value: &Value, format: &str) -> Option<String> {
    let format = Format::parse(format).ok().filter(|format| format.cost() < 1 << 16)?;
    number(value)?.format(format).ok()
}

/// `CompareTo` of two values of one primitive type; none for others. Types below `int` give their difference.
pub fn compare(a: &Value, b: &Value) -> Option<i32> {
    let real = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()));
    let ordering = match (a, b) {
        (Value::SByte(a), Value::SByte(b)) => return Some(i32::from(*a) - i32::from(*b)),
        (Value::Byte(a), Value::Byte(b)) => return Some(i32::from(*a) - i32::from(*b)),
        (Value::Int16(a), Value::Int16(b)) => return Some(i32::from(*a) - i32::from(*b)),
        (Value::UInt16(a), Value::UInt16(b)) | (Value::Char(a), Value::Char(b)) => return Some(i32::from(*a) - i32::from(*b)),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Int32(a), Value::Int32(b)) => a.cmp(b),
        (Value::UInt32(a), Value::UInt32(b)) => a.cmp(b),
        (Value::Int64(a), Value::Int64(b)) => a.cmp(b),
        (Value::UInt64(a), Value::UInt64(b)) => a.cmp(b),
        (Value::Single(a), Value::Single(b)) => real(f64::from(*a), f64::from(*b)),
        (Value::Double(a), Value::Double(b)) => real(*a, *b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::Enum(a), Value::Enum(b)) if a.class == b.class => a.value.cmp(&b.value),
        _ => return None,
    };
    Some(match ordering {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

/// `GetHashCode` of a primitive value, a `decimal` or a `Guid`; none for others.
/// Source: dotnet/runtime, the types' own files and Decimal.DecCalc.cs.
pub fn hash(value: &Value) -> Option<i32> {
    let fold = |bits: u64| bits as i32 ^ (bits >> 32) as i32;
    Some(match value {
        Value::Bool(v) => i32::from(*v),
        Value::Char(v) => i32::from(*v) | (i32::from(*v) << 16),
        Value::Int64(v) => fold(*v as u64),
        Value::UInt64(v) => fold(*v),
        // Both zeros share a hash code, and all that is not a number.
        Value::Double(v) if v.is_nan() || *v == 0.0 => fold(v.to_bits() & 0x7ff0_0000_0000_0000),
        Value::Double(v) => fold(v.to_bits()),
        Value::Single(v) if v.is_nan() || *v == 0.0 => (v.to_bits() & 0x7f80_0000) as i32,
        Value::Single(v) => v.to_bits() as i32,
        Value::Decimal(v) => decimal::hash(v),
        Value::Guid(bytes) => super::guid::to_bytes(bytes)
            .chunks_exact(4)
            .fold(0, |hash, word| hash ^ word.iter().rev().fold(0_i32, |word, byte| (word << 8) | i32::from(*byte))),
        value => value.as_integer()? as i32,
    })
}

/// The `CompareTo` of a value type.
pub fn compare_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (this, other) = (call.argument(0), call.argument(1));
    if other.is_null() {
        return Ok(Value::Int32(1));
    }
    compare(this, other).map(Value::Int32).ok_or_else(|| {
        let name = match type_of(call.runtime, this).class().map_or("", |class| class.name) {
            "Guid" => "GUID. (Parameter 'value')",
            name => return throw(&registry::ARGUMENT_EXCEPTION, format!("Object must be of type {name}.")),
        };
        throw(&registry::ARGUMENT_EXCEPTION, format!("Object must be of type {name}"))
    })
}

/// The `Equals` of a value type.
pub fn equals_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Bool(object::equal(call.runtime, call.argument(0), call.argument(1))))
}

/// The `GetHashCode` of a value type.
pub fn hash_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Int32(hash(call.argument(0)).unwrap_or(0)))
}

/// The `GetTypeCode` of a value type.
pub fn type_code_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(type_code(call.argument(0)))
}

/// `Convert.GetTypeCode`
pub fn type_code(value: &Value) -> Value {
    let code = match value {
        Value::Null => 0,
        Value::Bool(_) => 3,
        Value::Char(_) => 4,
        Value::SByte(_) => 5,
        Value::Byte(_) => 6,
        Value::Int16(_) => 7,
        Value::UInt16(_) => 8,
        Value::Int32(_) | Value::Enum(_) => 9,
        Value::UInt32(_) => 10,
        Value::Int64(_) => 11,
        Value::UInt64(_) => 12,
        Value::Single(_) => 13,
        Value::Double(_) => 14,
        Value::Decimal(_) => 15,
        Value::DateTime(_) => 16,
        Value::String(_) => 18,
        _ => 1,
    };
    Value::Enum(EnumValue::new(&TYPE_CODE, code))
}

fn parse_member(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    call.runtime.work(text.bytes())?;
    read(&text.as_str(), target).map_err(|failure| failure.raise(target))
}

fn try_parse_member(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let parsed = match call.argument(0) {
        Value::String(text) => {
            call.runtime.work(text.bytes())?;
            parse(&text.as_str(), target)
        }
        _ => None,
    };
    let found = parsed.is_some();
    call.out(1, parsed.unwrap_or_else(|| Value::default_of(target)));
    Ok(Value::Bool(found))
}

#[cfg(test)]
mod tests;
