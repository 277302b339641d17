//! `decimal`: its operators and conversions, with .NET's exceptions.

use rust_decimal::Decimal;

pub use super::arithmetic::{Rounding, from_double, from_parts, from_single, round, to_double};
use super::{arithmetic, overflow};
use crate::dotnet::{
    exception::{Raise, throw},
    registry,
    types::Type,
};

fn checked(result: Option<Decimal>) -> Result<Decimal, Raise> {
    result.ok_or_else(|| overflow(&Type::DECIMAL))
}

fn divisor(value: &Decimal) -> Result<(), Raise> {
    if value.is_zero() { Err(throw(&registry::DIVIDE_BY_ZERO_EXCEPTION, "Attempted to divide by zero.")) } else { Ok(()) }
}

/// `a + b`
pub fn add(a: &Decimal, b: &Decimal) -> Result<Decimal, Raise> {
    checked(arithmetic::add(a, b))
}

/// `a - b`
pub fn subtract(a: &Decimal, b: &Decimal) -> Result<Decimal, Raise> {
    checked(arithmetic::subtract(a, b))
}

/// `a * b`
pub fn multiply(a: &Decimal, b: &Decimal) -> Result<Decimal, Raise> {
    checked(arithmetic::multiply(a, b))
}

/// `a / b`
pub fn divide(a: &Decimal, b: &Decimal) -> Result<Decimal, Raise> {
    divisor(b)?;
    checked(arithmetic::divide(a, b))
}

/// `a % b`
pub fn remainder(a: &Decimal, b: &Decimal) -> Result<Decimal, Raise> {
    divisor(b)?;
    checked(arithmetic::remainder(a, b))
}

/// The four words of `GetBits`: the 96 bits from the low end, then sign and scale.
pub fn bits(value: &Decimal) -> [i32; 4] {
    let mantissa = value.mantissa().unsigned_abs();
    let flags = (value.scale() << 16) | (u32::from(value.is_sign_negative()) << 31);
    [mantissa as i32, (mantissa >> 32) as i32, (mantissa >> 64) as i32, flags as i32]
}

/// `GetHashCode`: equal numbers share it whatever their scale. Source: dotnet/runtime, Decimal.DecCalc.cs.
pub fn hash(value: &Decimal) -> i32 {
    if value.is_zero() { 0 } else { bits(&arithmetic::unscaled(value)).iter().fold(0, |hash, word| hash ^ word) }
}
