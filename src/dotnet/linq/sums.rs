//! `Sum` and `Average` of every type that .NET has them for.

use rust_decimal::Decimal;

use super::{aggregation::overflow, each, element, given, selected, source};
use crate::dotnet::{
    exception::{Raise, throw},
    heap::Outcome,
    member::{Call, Member, member},
    number, registry,
    value::Value,
};

macro_rules! numeric {
    ($operator:literal, $function:ident: $($ty:literal gives $result:literal as $kind:ident),* $(,)?) => {
        &[$(
            member(concat!("static ", $result, " ", $operator, "(this IEnumerable<", $ty, "> source)"), |call| {
                $function(call, Kind::$kind, false, false)
            }),
            member(
                concat!("static ", $result, " ", $operator, "<TSource>(this IEnumerable<TSource> source, Func<TSource, ", $ty, "> selector)"),
                |call| $function(call, Kind::$kind, false, true),
            ),
            member(concat!("static ", $result, "? ", $operator, "(this IEnumerable<", $ty, "?> source)"), |call| {
                $function(call, Kind::$kind, true, false)
            }),
            member(
                concat!("static ", $result, "? ", $operator, "<TSource>(this IEnumerable<TSource> source, Func<TSource, ", $ty, "?> selector)"),
                |call| $function(call, Kind::$kind, true, true),
            ),
        )*]
    };
}

const SUMS: &[Member] = numeric!("Sum", sum:
    "int" gives "int" as Int32, "long" gives "long" as Int64, "float" gives "float" as Single,
    "double" gives "double" as Double, "decimal" gives "decimal" as Decimal);

const AVERAGES: &[Member] = numeric!("Average", average:
    "int" gives "double" as Int32, "long" gives "double" as Int64, "float" gives "float" as Single,
    "double" gives "double" as Double, "decimal" gives "decimal" as Decimal);

/// The operators.
pub const MEMBERS: &[Member] = &{
    let mut table = [const { member("", |call| sum(call, Kind::Int32, false, false)) }; 40];
    let mut index = 0;
    while index < 20 {
        table[index] = member(SUMS[index].signature, SUMS[index].native);
        table[index + 20] = member(AVERAGES[index].signature, AVERAGES[index].native);
        index += 1;
    }
    table
};

/// The type of the numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int32,
    Int64,
    Single,
    Double,
    Decimal,
}

/// A sum under way, as wide as .NET keeps it.
enum Total {
    Integer(i64),
    Real(f64),
    Decimal(Decimal),
}

/// The sum of the numbers that are there, and how many they are.
fn total(call: &mut Call<'_, '_>, kind: Kind, has_selector: bool, is_checked_as_int: bool) -> Result<(Total, i64), Raise> {
    let source = source(call)?;
    let selector = if has_selector { given(call, 1, "selector")? } else { Value::Null };
    let mut total = match kind {
        Kind::Int32 | Kind::Int64 => Total::Integer(0),
        Kind::Single | Kind::Double => Total::Real(0.0),
        Kind::Decimal => Total::Decimal(Decimal::ZERO),
    };
    let mut count = 0;
    each(call.runtime, &source, |runtime, item| {
        let number = selected(runtime, &selector, &item)?;
        if number.is_null() {
            return Ok(true);
        }
        count += 1;
        match &mut total {
            Total::Integer(sum) => {
                let number = number.as_integer().and_then(|number| i64::try_from(number).ok()).unwrap_or(0);
                *sum = sum.checked_add(number).ok_or_else(overflow)?;
                if is_checked_as_int && i32::try_from(*sum).is_err() {
                    return Err(overflow());
                }
            }
            Total::Real(sum) => *sum += number::as_double(&number).unwrap_or(0.0),
            Total::Decimal(sum) => {
                if let Value::Decimal(number) = number {
                    *sum = sum
                        .checked_add(number)
                        .ok_or_else(|| throw(&registry::OVERFLOW_EXCEPTION, "Value was either too large or too small for a Decimal."))?;
                }
            }
        }
        Ok(true)
    })?;
    Ok((total, count))
}

/// Nulls count as nothing: the sum of none is zero, even of nullable numbers.
fn sum(call: &mut Call<'_, '_>, kind: Kind, _is_nullable: bool, has_selector: bool) -> Outcome {
    let (total, _) = total(call, kind, has_selector, kind == Kind::Int32)?;
    Ok(match (total, kind) {
        (Total::Integer(sum), Kind::Int32) => Value::Int32(sum as i32),
        (Total::Integer(sum), _) => Value::Int64(sum),
        (Total::Real(sum), Kind::Single) => Value::Single(sum as f32),
        (Total::Real(sum), _) => Value::Double(sum),
        (Total::Decimal(sum), _) => Value::Decimal(sum),
    })
}

fn average(call: &mut Call<'_, '_>, kind: Kind, is_nullable: bool, has_selector: bool) -> Outcome {
    let (total, count) = total(call, kind, has_selector, false)?;
    if count == 0 {
        return if is_nullable { Ok(Value::Null) } else { Err(element::none()) };
    }
    Ok(match (total, kind) {
        (Total::Integer(sum), _) => Value::Double(sum as f64 / count as f64),
        (Total::Real(sum), Kind::Single) => Value::Single((sum / count as f64) as f32),
        (Total::Real(sum), _) => Value::Double(sum / count as f64),
        (Total::Decimal(sum), _) => Value::Decimal(quotient(sum, Decimal::from(count))),
    })
}

/// A quotient keeps no more zeros at its end than the dividend has. Source: dotnet/runtime, Decimal.DecCalc.cs (`Unscale`).
fn quotient(sum: Decimal, count: Decimal) -> Decimal {
    let mut quotient = sum.checked_div(count).unwrap_or_default().normalize();
    if quotient.scale() < sum.scale() {
        quotient.rescale(sum.scale());
    }
    quotient
}
