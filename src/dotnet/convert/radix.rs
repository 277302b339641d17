//! Integers as digits of base 2, 8, 10 and 16.
//!
//! Source: dotnet/runtime, System.Private.CoreLib, ParseNumbers.cs and Convert.cs.

use crate::dotnet::{
    exception::{Raise, raise, throw},
    member::Call,
    number, registry,
    types::Type,
    value::Value,
};

fn base(call: &Call<'_, '_>) -> Result<u32, Raise> {
    match call.argument(1).as_integer() {
        Some(base @ (2 | 8 | 10 | 16)) => Ok(base as u32),
        _ => raise(&registry::ARGUMENT_EXCEPTION, "Invalid Base."),
    }
}

/// `ToString(value, toBase)`: other bases than ten show the two's complement.
pub(super) fn text(call: &mut Call<'_, '_>, bits: u32) -> Result<Value, Raise> {
    let base = base(call)?;
    let value = call.argument(0).as_integer().unwrap_or(0);
    if base == 10 {
        return Ok(Value::string(value.to_string()));
    }
    let value = value as u128 & (u128::MAX >> (128 - bits));
    Ok(Value::string(match base {
        2 => format!("{value:b}"),
        8 => format!("{value:o}"),
        _ => format!("{value:x}"),
    }))
}

/// `ToX(value, fromBase)`
pub(super) fn parse(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let base = base(call)?;
    let Value::String(text) = call.argument(0) else { return Ok(Value::default_of(target)) };
    call.runtime.work(text.bytes())?;
    let text = text.as_str();
    let (bits, signed) = match target.class().map_or("", |class| class.name) {
        "SByte" => (8, true),
        "Byte" => (8, false),
        "Int16" => (16, true),
        "UInt16" => (16, false),
        "UInt32" => (32, false),
        "Int64" => (64, true),
        "UInt64" => (64, false),
        _ => (32, true),
    };
    let number = digits(&text, base, bits.max(32), signed)?;
    // A number in another base than ten may set the sign bit.
    let number = if signed && base != 10 && number >> (bits - 1) == 1 { number - (1 << bits) } else { number };
    number::integer(number, target).ok_or_else(|| number::overflow(target))
}

/// The number that the digits make in a register of 32 or 64 bits.
fn digits(text: &str, base: u32, bits: u32, signed: bool) -> Result<i128, Raise> {
    let format = |message: &str| throw(&registry::FORMAT_EXCEPTION, message);
    let (negative, unsigned) = match text.as_bytes().first() {
        // The message stands where the parameter's name belongs; .NET has it so.
        None => {
            let message = "Specified argument was out of the range of valid values. (Parameter 'Index was out of range. \
                           Must be non-negative and less than the size of the collection.')";
            return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message);
        }
        Some(b'-') if base != 10 => {
            return raise(&registry::ARGUMENT_EXCEPTION, "String cannot contain a minus sign if the base is not 10.");
        }
        Some(b'-') if !signed => {
            let message = "The string was being parsed as an unsigned number and could not have a negative sign.";
            return raise(&registry::OVERFLOW_EXCEPTION, message);
        }
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        Some(_) => (false, text),
    };
    let prefixed = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X")).filter(|_| base == 16);
    let digits = prefixed.unwrap_or(unsigned);
    let (register, limit) = match (base == 10 && signed, bits) {
        (true, 32) => (Type::INT32, i128::from(i32::MAX) + 1),
        (true, _) => (Type::INT64, i128::from(i64::MAX) + 1),
        (false, 32) => (Type::UINT32, i128::from(u32::MAX)),
        (false, _) => (Type::UINT64, i128::from(u64::MAX)),
    };
    let mut number = 0_i128;
    let mut count = 0;
    for digit in digits.chars().map_while(|c| c.to_digit(base)) {
        number = number * i128::from(base) + i128::from(digit);
        count += 1;
        if number > limit {
            return Err(number::overflow(&register));
        }
    }
    if count == 0 {
        return Err(format("Could not find any recognizable digits."));
    }
    if count < digits.chars().count() {
        return Err(format("Additional non-parsable characters are at the end of the string."));
    }
    if base == 10 && signed && !negative && number == limit {
        return Err(number::overflow(&register));
    }
    Ok(if negative { -number } else { number })
}
