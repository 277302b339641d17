//! The members of `decimal`.

use rust_decimal::Decimal;

use super::{
    compare_member, convert,
    decimal::{self, Rounding},
    equals_member, hash_member, overflow, parse_member, try_parse_member, type_code_member,
};
use crate::dotnet::{
    collection,
    exception::{Raise, argument_null, out_of_range, raise, throw},
    format::to_string_member,
    math::rounding,
    member::{Call, Member, member},
    registry,
    types::Type,
    value::Value,
};

/// The members of `decimal`.
pub const MEMBERS: &[Member] = &[
    member("Decimal(int value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(uint value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(long value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(ulong value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(float value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(double value)", |call| convert(call.argument(0), &Type::DECIMAL, true)),
    member("Decimal(int[] bits)", from_bits),
    member("Decimal(int lo, int mid, int hi, bool isNegative, byte scale)", from_words),
    member("static decimal Zero { get; }", |_| Ok(Value::Decimal(Decimal::ZERO))),
    member("static decimal One { get; }", |_| Ok(Value::Decimal(Decimal::ONE))),
    member("static decimal MinusOne { get; }", |_| Ok(Value::Decimal(Decimal::NEGATIVE_ONE))),
    member("static decimal MaxValue { get; }", |_| Ok(Value::Decimal(Decimal::MAX))),
    member("static decimal MinValue { get; }", |_| Ok(Value::Decimal(Decimal::MIN))),
    member("static decimal Add(decimal d1, decimal d2)", |call| both(call, decimal::add)),
    member("static decimal Subtract(decimal d1, decimal d2)", |call| both(call, decimal::subtract)),
    member("static decimal Multiply(decimal d1, decimal d2)", |call| both(call, decimal::multiply)),
    member("static decimal Divide(decimal d1, decimal d2)", |call| both(call, decimal::divide)),
    member("static decimal Remainder(decimal d1, decimal d2)", |call| both(call, decimal::remainder)),
    member("static decimal Negate(decimal d)", |call| Ok(Value::Decimal(-this(call)))),
    member("static decimal Ceiling(decimal d)", |call| whole(call, Rounding::ToPositiveInfinity)),
    member("static decimal Floor(decimal d)", |call| whole(call, Rounding::ToNegativeInfinity)),
    member("static decimal Truncate(decimal d)", |call| whole(call, Rounding::ToZero)),
    member("static decimal Round(decimal d)", |call| whole(call, Rounding::ToEven)),
    member("static decimal Round(decimal d, int decimals)", round_member),
    member("static decimal Round(decimal d, MidpointRounding mode)", |call| {
        let mode = rounding(call.argument(1))?;
        whole(call, mode)
    }),
    member("static decimal Round(decimal d, int decimals, MidpointRounding mode)", round_member),
    member("static int Compare(decimal d1, decimal d2)", compare_member),
    member("static bool Equals(decimal d1, decimal d2)", equals_member),
    member("static int[] GetBits(decimal d)", |call| {
        let words = decimal::bits(&this(call)).map(Value::Int32).to_vec();
        collection::array(call.runtime, Type::INT32, words)
    }),
    member("static byte ToByte(decimal value)", |call| convert(call.argument(0), &Type::BYTE, true)),
    member("static sbyte ToSByte(decimal value)", |call| convert(call.argument(0), &Type::SBYTE, true)),
    member("static short ToInt16(decimal value)", |call| convert(call.argument(0), &Type::INT16, true)),
    member("static ushort ToUInt16(decimal value)", |call| convert(call.argument(0), &Type::UINT16, true)),
    member("static int ToInt32(decimal d)", |call| convert(call.argument(0), &Type::INT32, true)),
    member("static uint ToUInt32(decimal d)", |call| convert(call.argument(0), &Type::UINT32, true)),
    member("static long ToInt64(decimal d)", |call| convert(call.argument(0), &Type::INT64, true)),
    member("static ulong ToUInt64(decimal d)", |call| convert(call.argument(0), &Type::UINT64, true)),
    member("static float ToSingle(decimal d)", |call| convert(call.argument(0), &Type::SINGLE, true)),
    member("static double ToDouble(decimal d)", |call| convert(call.argument(0), &Type::DOUBLE, true)),
    member("static long ToOACurrency(decimal value)", |call| {
        let units = decimal::multiply(&this(call), &Decimal::from(10_000)).map(|units| decimal::round(&units, 0, Rounding::ToEven));
        match units.ok().and_then(|units| i64::try_from(units.mantissa()).ok()) {
            Some(units) => Ok(Value::Int64(units)),
            None => raise(&registry::OVERFLOW_EXCEPTION, "Value was either too large or too small for a Currency."),
        }
    }),
    member("static decimal FromOACurrency(long cy)", |call| {
        let units = Decimal::from(call.argument(0).as_integer().unwrap_or(0) as i64);
        let value = decimal::divide(&units, &Decimal::from(10_000))?;
        Ok(Value::Decimal(value))
    }),
    member("static decimal Parse(string s)", |call| parse_member(call, &Type::DECIMAL)),
    member("static decimal Parse(string s, IFormatProvider provider)", |call| parse_member(call, &Type::DECIMAL)),
    member("static bool TryParse(string s, out decimal result)", |call| try_parse_member(call, &Type::DECIMAL)),
    member("int CompareTo(object value)", compare_member),
    member("int CompareTo(decimal value)", compare_member),
    member("bool Equals(object value)", equals_member),
    member("bool Equals(decimal value)", equals_member),
    member("int GetHashCode()", hash_member),
    member("TypeCode GetTypeCode()", type_code_member),
    member("string ToString()", to_string_member),
    member("string ToString(string format)", to_string_member),
    member("string ToString(IFormatProvider provider)", |call| to_string_member(&mut call.first(1))),
    member("string ToString(string format, IFormatProvider provider)", to_string_member),
];

fn at(call: &Call<'_, '_>, index: usize) -> Decimal {
    match call.argument(index) {
        Value::Decimal(value) => *value,
        _ => Decimal::ZERO,
    }
}

fn this(call: &Call<'_, '_>) -> Decimal {
    at(call, 0)
}

fn both(call: &mut Call<'_, '_>, operation: fn(&Decimal, &Decimal) -> Result<Decimal, Raise>) -> Result<Value, Raise> {
    operation(&at(call, 0), &at(call, 1)).map(Value::Decimal)
}

fn whole(call: &mut Call<'_, '_>, mode: Rounding) -> Result<Value, Raise> {
    Ok(Value::Decimal(decimal::round(&this(call), 0, mode)))
}

/// `Round(d, decimals[, mode])`
pub fn round_member(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let mode = if call.argument(2).is_null() { Rounding::ToEven } else { rounding(call.argument(2))? };
    match call.argument(1).as_integer().and_then(|places| u32::try_from(places).ok()).filter(|places| *places <= 28) {
        Some(places) => Ok(Value::Decimal(decimal::round(&this(call), places, mode))),
        None => Err(out_of_range("Decimal can only round to between 0 and 28 digits of precision.", "decimals")),
    }
}

fn words(low: u32, mid: u32, high: u32, negative: bool, scale: u32) -> Option<Value> {
    decimal::from_parts(u128::from(low) | u128::from(mid) << 32 | u128::from(high) << 64, scale, negative).map(Value::Decimal)
}

fn from_words(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let word = |index: usize| call.argument(index).as_integer().unwrap_or(0) as u32;
    let negative = matches!(call.argument(3), Value::Bool(true));
    words(word(0), word(1), word(2), negative, word(4))
        .ok_or_else(|| out_of_range("Decimal's scale value must be between 0 and 28, inclusive.", "scale"))
}

fn from_bits(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let bits = collection::items(call.runtime, call.argument(0)).ok_or_else(|| argument_null("bits"))?;
    let bits: Vec<u32> = bits.iter().map(|word| word.as_integer().unwrap_or(0) as u32).collect();
    let made = match bits.as_slice() {
        // Nothing but the sign and the scale may be set in the last word.
        [low, mid, high, flags] if flags & 0x7f00_ffff == 0 => words(*low, *mid, *high, flags >> 31 == 1, (flags >> 16) & 0xff),
        _ => None,
    };
    made.ok_or_else(|| {
        let message = "Decimal byte array constructor requires an array of length four containing valid decimal bytes.";
        throw(&registry::ARGUMENT_EXCEPTION, message)
    })
}

/// The nearest integer, halves to the even one, as `Convert` has it.
pub fn to_integer(value: &Decimal, target: &Type) -> Result<Value, Raise> {
    let rounded = decimal::round(value, 0, Rounding::ToEven);
    super::integer(rounded.mantissa(), target).ok_or_else(|| overflow(target))
}
