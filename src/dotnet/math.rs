//! `System.Math` and `System.MidpointRounding`.
//!
//! Source: learn.microsoft.com/dotnet/api/system.math; dotnet/runtime, System.Private.CoreLib, Math.cs.

use std::sync::Arc;

use super::{
    exception::{Raise, out_of_range, raise, throw},
    heap::{Object, Record},
    member::{Call, Member, member},
    number::{
        self, compare,
        decimal::{self, Rounding},
    },
    registry,
    types::{TupleType, Type},
    value::Value,
};

crate::classes! {
    MATH = statics("System", "Math").members(MEMBERS);
    MIDPOINT_ROUNDING = enumeration("System", "MidpointRounding",
        &[("ToEven", 0), ("AwayFromZero", 1), ("ToZero", 2), ("ToNegativeInfinity", 3), ("ToPositiveInfinity", 4)]);
}

/// Functions of every ordered type, then of the signed ones, then what is listed as it stands.
macro_rules! members {
    (ordered { $($ordered:literal)* } signed { $($signed:literal)* } $($rest:expr,)*) => {
        /// The members of `Math`.
        pub const MEMBERS: &[Member] = &[
            $(
                member(concat!("static ", $ordered, " Max(", $ordered, " val1, ", $ordered, " val2)"), |call| Ok(pick(call, true))),
                member(concat!("static ", $ordered, " Min(", $ordered, " val1, ", $ordered, " val2)"), |call| Ok(pick(call, false))),
                member(concat!("static ", $ordered, " Clamp(", $ordered, " value, ", $ordered, " min, ", $ordered, " max)"), clamp),
            )*
            $(
                member(concat!("static ", $signed, " Abs(", $signed, " value)"), abs),
                member(concat!("static int Sign(", $signed, " value)"), sign),
            )*
            $($rest,)*
        ];
    };
}

members! {
    ordered { "sbyte" "byte" "short" "ushort" "int" "uint" "long" "ulong" "float" "double" "decimal" }
    signed { "sbyte" "short" "int" "long" "float" "double" "decimal" }
    member("static double E { get; }", |_| Ok(Value::Double(std::f64::consts::E))),
    member("static double PI { get; }", |_| Ok(Value::Double(std::f64::consts::PI))),
    member("static double Tau { get; }", |_| Ok(Value::Double(std::f64::consts::TAU))),
    member("static double Acos(double d)", |call| of(call, libm::acos)),
    member("static double Acosh(double d)", |call| of(call, libm::acosh)),
    member("static double Asin(double d)", |call| of(call, libm::asin)),
    member("static double Asinh(double d)", |call| of(call, libm::asinh)),
    member("static double Atan(double d)", |call| of(call, libm::atan)),
    member("static double Atan2(double y, double x)", |call| of_two(call, libm::atan2)),
    member("static double Atanh(double d)", |call| of(call, libm::atanh)),
    member("static long BigMul(int a, int b)", |call| Ok(Value::Int64((whole(call, 0) * whole(call, 1)) as i64))),
    member("static long BigMul(long a, long b, out long low)", |call| {
        let product = whole(call, 0) * whole(call, 1);
        call.out(2, Value::Int64(product as i64));
        Ok(Value::Int64((product >> 64) as i64))
    }),
    member("static ulong BigMul(ulong a, ulong b, out ulong low)", |call| {
        let product = (whole(call, 0) as u128).wrapping_mul(whole(call, 1) as u128);
        call.out(2, Value::UInt64(product as u64));
        Ok(Value::UInt64((product >> 64) as u64))
    }),
    member("static double BitDecrement(double x)", |call| of(call, f64::next_down)),
    member("static double BitIncrement(double x)", |call| of(call, f64::next_up)),
    member("static double Cbrt(double d)", |call| of(call, libm::cbrt)),
    member("static double Ceiling(double a)", |call| of(call, f64::ceil)),
    member("static decimal Ceiling(decimal d)", |call| to_whole(call, Rounding::ToPositiveInfinity)),
    member("static double CopySign(double x, double y)", |call| of_two(call, f64::copysign)),
    member("static double Cos(double d)", |call| of(call, libm::cos)),
    member("static double Cosh(double value)", |call| of(call, libm::cosh)),
    member("static int DivRem(int a, int b, out int result)", |call| divide_out(call, &Type::INT32)),
    member("static long DivRem(long a, long b, out long result)", |call| divide_out(call, &Type::INT64)),
    member("static (sbyte Quotient, sbyte Remainder) DivRem(sbyte left, sbyte right)", |call| divide_pair(call, &Type::SBYTE)),
    member("static (byte Quotient, byte Remainder) DivRem(byte left, byte right)", |call| divide_pair(call, &Type::BYTE)),
    member("static (short Quotient, short Remainder) DivRem(short left, short right)", |call| divide_pair(call, &Type::INT16)),
    member("static (ushort Quotient, ushort Remainder) DivRem(ushort left, ushort right)", |call| divide_pair(call, &Type::UINT16)),
    member("static (int Quotient, int Remainder) DivRem(int left, int right)", |call| divide_pair(call, &Type::INT32)),
    member("static (uint Quotient, uint Remainder) DivRem(uint left, uint right)", |call| divide_pair(call, &Type::UINT32)),
    member("static (long Quotient, long Remainder) DivRem(long left, long right)", |call| divide_pair(call, &Type::INT64)),
    member("static (ulong Quotient, ulong Remainder) DivRem(ulong left, ulong right)", |call| divide_pair(call, &Type::UINT64)),
    member("static (double Sin, double Cos) SinCos(double x)", |call| {
        let (sin, cos) = libm::sincos(real(call, 0));
        pair(call, Type::DOUBLE, Value::Double(sin), Value::Double(cos))
    }),
    member("static double Exp(double d)", |call| of(call, libm::exp)),
    member("static double Floor(double d)", |call| of(call, f64::floor)),
    member("static decimal Floor(decimal d)", |call| to_whole(call, Rounding::ToNegativeInfinity)),
    member("static double FusedMultiplyAdd(double x, double y, double z)", |call| {
        Ok(Value::Double(real(call, 0).mul_add(real(call, 1), real(call, 2))))
    }),
    member("static double IEEERemainder(double x, double y)", |call| of_two(call, ieee_remainder)),
    member("static int ILogB(double x)", |call| Ok(Value::Int32(ilogb(real(call, 0))))),
    member("static double Log(double d)", |call| of(call, libm::log)),
    member("static double Log(double a, double newBase)", |call| of_two(call, log)),
    member("static double Log10(double d)", |call| of(call, libm::log10)),
    member("static double Log2(double x)", |call| of(call, libm::log2)),
    member("static double MaxMagnitude(double x, double y)", |call| of_two(call, |x, y| magnitude(x, y, true))),
    member("static double MinMagnitude(double x, double y)", |call| of_two(call, |x, y| magnitude(x, y, false))),
    member("static double Pow(double x, double y)", |call| of_two(call, libm::pow)),
    member("static double ReciprocalEstimate(double d)", |call| of(call, |d| 1.0 / d)),
    member("static double ReciprocalSqrtEstimate(double d)", |call| of(call, |d| 1.0 / d.sqrt())),
    member("static double Round(double a)", |call| of(call, f64::round_ties_even)),
    member("static double Round(double value, int digits)", |call| round(call, Some(1), None)),
    member("static double Round(double value, MidpointRounding mode)", |call| round(call, None, Some(1))),
    member("static double Round(double value, int digits, MidpointRounding mode)", |call| round(call, Some(1), Some(2))),
    member("static decimal Round(decimal d)", |call| to_whole(call, Rounding::ToEven)),
    member("static decimal Round(decimal d, int decimals)", number::round_member),
    member("static decimal Round(decimal d, MidpointRounding mode)", |call| {
        let mode = rounding(call.argument(1))?;
        to_whole(call, mode)
    }),
    member("static decimal Round(decimal d, int decimals, MidpointRounding mode)", number::round_member),
    member("static double ScaleB(double x, int n)", |call| Ok(Value::Double(scale(real(call, 0), whole(call, 1) as i32)))),
    member("static double Sin(double a)", |call| of(call, libm::sin)),
    member("static double Sinh(double value)", |call| of(call, libm::sinh)),
    member("static double Sqrt(double d)", |call| of(call, f64::sqrt)),
    member("static double Tan(double a)", |call| of(call, libm::tan)),
    member("static double Tanh(double value)", |call| of(call, libm::tanh)),
    member("static double Truncate(double d)", |call| of(call, f64::trunc)),
    member("static decimal Truncate(decimal d)", |call| to_whole(call, Rounding::ToZero)),
}

fn real(call: &Call<'_, '_>, index: usize) -> f64 {
    match call.argument(index) {
        Value::Double(value) => *value,
        _ => 0.0,
    }
}

fn whole(call: &Call<'_, '_>, index: usize) -> i128 {
    call.argument(index).as_integer().unwrap_or(0)
}

fn of(call: &mut Call<'_, '_>, function: fn(f64) -> f64) -> Result<Value, Raise> {
    Ok(Value::Double(function(real(call, 0))))
}

fn of_two(call: &mut Call<'_, '_>, function: fn(f64, f64) -> f64) -> Result<Value, Raise> {
    Ok(Value::Double(function(real(call, 0), real(call, 1))))
}

fn to_whole(call: &mut Call<'_, '_>, mode: Rounding) -> Result<Value, Raise> {
    Ok(match call.argument(0) {
        Value::Decimal(value) => Value::Decimal(decimal::round(value, 0, mode)),
        other => other.clone(),
    })
}

/// Not a number wins over every number, and the sign of zeros counts: IEEE 754:2019 `maximum` and `minimum`.
fn pick(call: &Call<'_, '_>, larger: bool) -> Value {
    let (a, b) = (call.argument(0), call.argument(1));
    let first = |x: f64, y: f64| {
        if x.is_nan() || y.is_nan() {
            x.is_nan()
        } else if x == y {
            x.is_sign_negative() != larger
        } else {
            (x > y) == larger
        }
    };
    let first = match (a, b) {
        (Value::Double(x), Value::Double(y)) => first(*x, *y),
        (Value::Single(x), Value::Single(y)) => first(f64::from(*x), f64::from(*y)),
        _ => compare(a, b).is_some_and(|order| if larger { order >= 0 } else { order < 0 }),
    };
    if first { a.clone() } else { b.clone() }
}

fn magnitude(x: f64, y: f64, larger: bool) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    if ax.is_nan() || (ax > ay) == larger && ax != ay && !ay.is_nan() {
        x
    } else if ax == ay {
        if x.is_sign_negative() == larger { y } else { x }
    } else {
        y
    }
}

fn clamp(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (value, min, max) = (call.argument(0), call.argument(1), call.argument(2));
    // Comparisons with what is no number are false, so nothing is clamped then.
    let less = |a: &Value, b: &Value| match (a, b) {
        (Value::Double(a), Value::Double(b)) => a < b,
        (Value::Single(a), Value::Single(b)) => a < b,
        _ => compare(a, b).is_some_and(|order| order < 0),
    };
    if less(max, min) {
        let text = |value: &Value| number::text(value).unwrap_or_default();
        return raise(&registry::ARGUMENT_EXCEPTION, format!("'{}' cannot be greater than {}.", text(min), text(max)));
    }
    Ok(if less(value, min) {
        min.clone()
    } else if less(max, value) {
        max.clone()
    } else {
        value.clone()
    })
}

fn abs(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let negated = || throw(&registry::OVERFLOW_EXCEPTION, "Negating the minimum value of a twos complement number is invalid.");
    match call.argument(0) {
        Value::SByte(value) => value.checked_abs().map(Value::SByte).ok_or_else(negated),
        Value::Int16(value) => value.checked_abs().map(Value::Int16).ok_or_else(negated),
        Value::Int32(value) => value.checked_abs().map(Value::Int32).ok_or_else(negated),
        Value::Int64(value) => value.checked_abs().map(Value::Int64).ok_or_else(negated),
        Value::Single(value) => Ok(Value::Single(value.abs())),
        Value::Double(value) => Ok(Value::Double(value.abs())),
        Value::Decimal(value) => Ok(Value::Decimal(value.abs())),
        other => Ok(other.clone()),
    }
}

fn sign(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let value = call.argument(0);
    let sign = match value {
        Value::Decimal(value) => value.mantissa().signum() as i32,
        value => match number::as_double(value) {
            Some(real) if real.is_nan() => {
                let message = "Function does not accept floating point Not-a-Number values.";
                return raise(&registry::ARITHMETIC_EXCEPTION, message);
            }
            Some(real) if real > 0.0 => 1,
            Some(real) if real < 0.0 => -1,
            _ => 0,
        },
    };
    Ok(Value::Int32(sign))
}

fn divide_out(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let (a, b) = (whole(call, 0), whole(call, 1));
    if b == 0 {
        return raise(&registry::DIVIDE_BY_ZERO_EXCEPTION, "Attempted to divide by zero.");
    }
    let overflow = || throw(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.");
    let quotient = number::integer(a / b, target).ok_or_else(overflow)?;
    call.out(2, number::integer(a % b, target).unwrap_or(Value::Null));
    Ok(quotient)
}

/// `DivRem` as a tuple.
fn divide_pair(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let quotient = divide_out(call, target)?;
    let remainder = call.outs.pop().map_or(Value::Null, |(_, remainder)| remainder);
    pair(call, target.clone(), quotient, remainder)
}

fn pair(call: &mut Call<'_, '_>, item: Type, first: Value, second: Value) -> Result<Value, Raise> {
    let ty = Type::Tuple(Arc::new(TupleType { items: vec![item.clone(), item], names: vec![None, None] }));
    call.runtime.object(Object::Record(Record { ty, items: [first, second].into() }))
}

/// The mode in a value. Source: Math.cs (`Argument_InvalidEnumValue`).
pub fn rounding(mode: &Value) -> Result<Rounding, Raise> {
    Ok(match mode.as_integer().unwrap_or(0) {
        0 => Rounding::ToEven,
        1 => Rounding::AwayFromZero,
        2 => Rounding::ToZero,
        3 => Rounding::ToNegativeInfinity,
        4 => Rounding::ToPositiveInfinity,
        other => {
            let message = format!("The value '{other}' is not valid for this usage of the type MidpointRounding. (Parameter 'mode')");
            return raise(&registry::ARGUMENT_EXCEPTION, message);
        }
    })
}

/// Multiplies by a power of ten, rounds, divides again: what that does to the last bits is part of the answer.
fn round(call: &mut Call<'_, '_>, digits: Option<usize>, mode: Option<usize>) -> Result<Value, Raise> {
    let value = real(call, 0);
    let digits = digits.map_or(0, |index| whole(call, index));
    if !(0..=15).contains(&digits) {
        return Err(out_of_range("Rounding digits must be between 0 and 15, inclusive.", "digits"));
    }
    let mode = mode.map_or(Ok(Rounding::ToEven), |index| rounding(call.argument(index)))?;
    if value.is_nan() || value.abs() >= 1e16 {
        return Ok(Value::Double(value));
    }
    let power = 10_f64.powi(digits as i32);
    let scaled = value * power;
    let rounded = match mode {
        Rounding::ToEven => scaled.round_ties_even(),
        Rounding::AwayFromZero => scaled.round(),
        Rounding::ToZero => scaled.trunc(),
        Rounding::ToNegativeInfinity => scaled.floor(),
        Rounding::ToPositiveInfinity => scaled.ceil(),
    };
    Ok(Value::Double(rounded / power))
}

/// Source: Math.cs (`Log(double, double)`).
fn log(a: f64, base: f64) -> f64 {
    if a.is_nan() {
        a
    } else if base.is_nan() {
        base
    } else if base == 1.0 || (a != 1.0 && (base == 0.0 || base == f64::INFINITY)) {
        f64::NAN
    } else {
        libm::log(a) / libm::log(base)
    }
}

/// Source: Math.cs (`IEEERemainder`).
fn ieee_remainder(x: f64, y: f64) -> f64 {
    if x.is_nan() || y.is_nan() {
        return x + y;
    }
    let regular = x % y;
    if regular.is_nan() {
        return f64::NAN;
    }
    if regular == 0.0 && x.is_sign_negative() {
        return -0.0;
    }
    let alternative = regular - y.abs() * if x < 0.0 { -1.0 } else { 1.0 };
    if alternative.abs() == regular.abs() {
        let result = x / y;
        let rounded = result.round_ties_even();
        return if rounded.abs() > result.abs() { alternative } else { regular };
    }
    if alternative.abs() < regular.abs() { alternative } else { regular }
}

/// The exponent of the number with one digit before its binary point.
fn ilogb(value: f64) -> i32 {
    if value == 0.0 {
        i32::MIN
    } else if !value.is_finite() {
        i32::MAX
    } else {
        let bits = value.abs().to_bits();
        match (bits >> 52) as i32 {
            0 => -1011 - bits.leading_zeros() as i32,
            biased => biased - 1023,
        }
    }
}

/// `x × 2ⁿ`, in steps that do not overflow on the way.
fn scale(x: f64, n: i32) -> f64 {
    let mut left = n.clamp(-2200, 2200);
    let mut value = x;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        value *= 2_f64.powi(step);
        left -= step;
    }
    value
}
