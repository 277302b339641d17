//! `Min`, `Max`, `MinBy`, `MaxBy`.
//!
//! NaN is the least of all numbers here as in `Double.CompareTo`, so that it is the minimum where there is one, and the maximum only
//! where there is nothing else. Source: dotnet/runtime, Min.cs and Max.cs.

use super::{each, element, given, selected, source, ty};
use crate::dotnet::{
    collection::{comparer, default_value},
    exception::Raise,
    heap::Outcome,
    member::{Call, Member, member},
    runtime::Runtime,
    value::Value,
};

macro_rules! extremes {
    ($name:literal, $is_max:literal: $($ty:literal),*) => {
        &[$(
            member(concat!("static ", $ty, " ", $name, "(this IEnumerable<", $ty, "> source)"), |call| extreme(call, $is_max, false, Empty::Refused)),
            member(
                concat!("static ", $ty, " ", $name, "<TSource>(this IEnumerable<TSource> source, Func<TSource, ", $ty, "> selector)"),
                |call| extreme(call, $is_max, true, Empty::Refused),
            ),
            member(concat!("static ", $ty, "? ", $name, "(this IEnumerable<", $ty, "?> source)"), |call| extreme(call, $is_max, false, Empty::Null)),
            member(
                concat!("static ", $ty, "? ", $name, "<TSource>(this IEnumerable<TSource> source, Func<TSource, ", $ty, "?> selector)"),
                |call| extreme(call, $is_max, true, Empty::Null),
            ),
        )*
            member(concat!("static TSource ", $name, "<TSource>(this IEnumerable<TSource> source)"), |call| extreme(call, $is_max, false, Empty::Argument(0))),
            member(
                concat!("static TSource ", $name, "<TSource>(this IEnumerable<TSource> source, IComparer<TSource> comparer)"),
                |call| extreme(call, $is_max, false, Empty::Argument(0)),
            ),
            member(
                concat!("static TResult ", $name, "<TSource, TResult>(this IEnumerable<TSource> source, Func<TSource, TResult> selector)"),
                |call| extreme(call, $is_max, true, Empty::Argument(1)),
            ),
            member(
                concat!("static TSource ", $name, "By<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)"),
                |call| extreme_by(call, $is_max),
            ),
            member(
                concat!("static TSource ", $name, "By<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IComparer<TKey> comparer)"),
                |call| extreme_by(call, $is_max),
            ),
        ]
    };
}

const MINIMA: &[Member] = extremes!("Min", false: "int", "long", "float", "double", "decimal");
const MAXIMA: &[Member] = extremes!("Max", true: "int", "long", "float", "double", "decimal");

/// The operators.
pub const MEMBERS: &[Member] = &{
    let mut table = [const { member("", |call| extreme(call, false, false, Empty::Refused)) }; 50];
    let mut index = 0;
    while index < 25 {
        table[index] = member(MINIMA[index].signature, MINIMA[index].native);
        table[index + 25] = member(MAXIMA[index].signature, MAXIMA[index].native);
        index += 1;
    }
    table
};

/// What a sequence without values gives.
#[derive(Clone, Copy)]
enum Empty {
    Refused,
    Null,
    /// As the type argument has it: a type without null refuses.
    Argument(usize),
}

fn beats(runtime: &mut Runtime<'_>, by: &Value, is_max: bool, candidate: &Value, best: &Value) -> Result<bool, Raise> {
    let ordering = comparer::compare(runtime, by, candidate, best)?;
    Ok(if is_max { ordering.is_gt() } else { ordering.is_lt() })
}

fn extreme(call: &mut Call<'_, '_>, is_max: bool, has_selector: bool, empty: Empty) -> Outcome {
    let source = source(call)?;
    let (selector, by) = if has_selector { (given(call, 1, "selector")?, Value::Null) } else { (Value::Null, call.argument(1).clone()) };
    let mut best = Value::Null;
    each(call.runtime, &source, |runtime, item| {
        let value = selected(runtime, &selector, &item)?;
        if best.is_null() || (!value.is_null() && beats(runtime, &by, is_max, &value, &best)?) {
            best = value;
        }
        Ok(true)
    })?;
    match (best, empty) {
        (Value::Null, Empty::Refused) => Err(element::none()),
        (Value::Null, Empty::Argument(index)) if ty(call, index).is_value_type() => Err(element::none()),
        (best, _) => Ok(best),
    }
}

fn extreme_by(call: &mut Call<'_, '_>, is_max: bool) -> Outcome {
    let (source, selector) = (source(call)?, given(call, 1, "keySelector")?);
    let by = call.argument(2).clone();
    let mut best: Option<(Value, Value)> = None;
    each(call.runtime, &source, |runtime, item| {
        let key = selected(runtime, &selector, &item)?;
        let is_better = match &best {
            None => true,
            // Of keys that are all null the first item is the one.
            Some((_, best)) if best.is_null() => !key.is_null(),
            Some((_, best)) => !key.is_null() && beats(runtime, &by, is_max, &key, best)?,
        };
        if is_better {
            best = Some((item, key));
        }
        Ok(true)
    })?;
    match best {
        Some((item, _)) => Ok(item),
        None if ty(call, 0).is_value_type() => Err(element::none()),
        None => {
            let element = ty(call, 0);
            default_value(call.runtime, &element)
        }
    }
}
