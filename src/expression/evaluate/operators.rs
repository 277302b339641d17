//! Arithmetic and comparison in C#'s promoted types, as the CLR does them.

use rust_decimal::{Decimal, prelude::Zero};

use crate::dotnet::{
    display,
    exception::{Raise, throw},
    number::{self, decimal},
    registry,
    value::Value,
};
use crate::expression::program::{Arithmetic, Comparison, Numeric};

fn overflow() -> Raise {
    throw(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.")
}

fn division_by_zero() -> Raise {
    throw(&registry::DIVIDE_BY_ZERO_EXCEPTION, "Attempted to divide by zero.")
}

macro_rules! integral {
    ($operation:expr, $checked:expr, $a:expr, $b:expr, $variant:ident) => {{
        let (a, b) = ($a, $b);
        let either = |checked: Option<_>, wrapping| if $checked { checked.ok_or_else(overflow) } else { Ok(wrapping) };
        Value::$variant(match $operation {
            Arithmetic::Add => either(a.checked_add(b), a.wrapping_add(b))?,
            Arithmetic::Subtract => either(a.checked_sub(b), a.wrapping_sub(b))?,
            Arithmetic::Multiply => either(a.checked_mul(b), a.wrapping_mul(b))?,
            Arithmetic::Divide | Arithmetic::Remainder if b == 0 => return Err(division_by_zero()),
            // The CLR throws for MinValue / -1 even outside `checked`.
            Arithmetic::Divide => a.checked_div(b).ok_or_else(overflow)?,
            Arithmetic::Remainder => a.checked_rem(b).ok_or_else(overflow)?,
            Arithmetic::And => a & b,
            Arithmetic::Or => a | b,
            Arithmetic::Xor => a ^ b,
            Arithmetic::ShiftLeft => a.wrapping_shl(b as u32),
            Arithmetic::ShiftRight => a.wrapping_shr(b as u32),
        })
    }};
}

macro_rules! real {
    ($operation:expr, $a:expr, $b:expr, $variant:ident) => {
        Value::$variant(match $operation {
            Arithmetic::Add => $a + $b,
            Arithmetic::Subtract => $a - $b,
            Arithmetic::Multiply => $a * $b,
            Arithmetic::Divide => $a / $b,
            _ => $a % $b,
        })
    };
}

/// An operation on two operands of the promoted type; for shifts the right one is an `int`.
pub(in crate::expression) fn arithmetic(operation: Arithmetic, kind: Numeric, checked: bool, a: &Value, b: &Value) -> Result<Value, Raise> {
    let integer = |value: &Value| value.as_integer().unwrap_or(0);
    let real = |value: &Value| number::as_double(value).unwrap_or(0.0);
    Ok(match kind {
        Numeric::Int32 => integral!(operation, checked, integer(a) as i32, integer(b) as i32, Int32),
        Numeric::UInt32 => integral!(operation, checked, integer(a) as u32, integer(b) as u32, UInt32),
        Numeric::Int64 => integral!(operation, checked, integer(a) as i64, integer(b) as i64, Int64),
        Numeric::UInt64 => integral!(operation, checked, integer(a) as u64, integer(b) as u64, UInt64),
        Numeric::Single => real!(operation, real(a) as f32, real(b) as f32, Single),
        Numeric::Double => real!(operation, real(a), real(b), Double),
        Numeric::Decimal => {
            let (Value::Decimal(a), Value::Decimal(b)) = (a, b) else { return Ok(Value::Decimal(Decimal::zero())) };
            Value::Decimal(match operation {
                Arithmetic::Add => decimal::add(a, b),
                Arithmetic::Subtract => decimal::subtract(a, b),
                Arithmetic::Multiply => decimal::multiply(a, b),
                Arithmetic::Divide => decimal::divide(a, b),
                _ => decimal::remainder(a, b),
            }?)
        }
    })
}

/// Unary minus.
pub(in crate::expression) fn negate(kind: Numeric, checked: bool, value: &Value) -> Result<Value, Raise> {
    match (kind, value) {
        (Numeric::Single, Value::Single(v)) => Ok(Value::Single(-v)),
        (Numeric::Double, Value::Double(v)) => Ok(Value::Double(-v)),
        (Numeric::Decimal, Value::Decimal(v)) => Ok(Value::Decimal(-v)),
        (kind, value) => arithmetic(Arithmetic::Subtract, kind, checked, &number::convert(&Value::Int32(0), &kind.ty(), false)?, value),
    }
}

/// `~`
pub(in crate::expression) fn complement(kind: Numeric, value: &Value) -> Result<Value, Raise> {
    let ones = number::convert(&Value::Int32(-1), &kind.ty(), false)?;
    arithmetic(Arithmetic::Xor, kind, false, value, &ones)
}

/// Order and equality of two numbers of the same type; false where one is NaN, but for `!=`.
pub(in crate::expression) fn compare(comparison: Comparison, a: &Value, b: &Value) -> bool {
    let ordering = match (a, b) {
        (Value::Int32(a), Value::Int32(b)) => Some(a.cmp(b)),
        (Value::Single(a), Value::Single(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (a, b) => a.as_integer().partial_cmp(&b.as_integer()),
    };
    match comparison {
        Comparison::Less => ordering.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::LessOrEqual => ordering.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Greater => ordering.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::GreaterOrEqual => ordering.is_some_and(std::cmp::Ordering::is_ge),
        Comparison::Equal => ordering.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::NotEqual => !ordering.is_some_and(std::cmp::Ordering::is_eq),
    }
}

/// A constant number as messages show it.
pub(in crate::expression) fn constant_text(value: &Value) -> String {
    match value {
        Value::Double(v) => display::double(*v),
        Value::Single(v) => display::single(*v),
        Value::Decimal(v) => v.to_string(),
        value => value.as_integer().unwrap_or(0).to_string(),
    }
}
