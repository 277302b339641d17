//! `Aggregate`, and what answers with a count or a yes or no.

use super::{each, given, next, source};
use crate::dotnet::{
    collection::{HashSet, comparer, known_count, virtual_call},
    exception::{Raise, throw},
    heap::{Object, Outcome},
    json::{self, Token},
    member::{Call, Member, member},
    registry,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static TSource Aggregate<TSource>(this IEnumerable<TSource> source, Func<TSource, TSource, TSource> func)", |call| {
        let (source, function) = (source(call)?, given(call, 1, "func")?);
        let mut items = call.runtime.cursor(&source)?;
        let mut result = next(call.runtime, &mut items)?.ok_or_else(super::element::none)?;
        while let Some(item) = next(call.runtime, &mut items)? {
            result = call.runtime.invoke(&function, &[result, item])?;
        }
        Ok(result)
    }),
    member(
        "static TAccumulate Aggregate<TSource, TAccumulate>(this IEnumerable<TSource> source, TAccumulate seed, Func<TAccumulate, TSource, TAccumulate> func)",
        fold,
    ),
    member(
        "static TResult Aggregate<TSource, TAccumulate, TResult>(this IEnumerable<TSource> source, TAccumulate seed, Func<TAccumulate, TSource, TAccumulate> func, Func<TAccumulate, TResult> resultSelector)",
        |call| {
            source(call)?;
            given(call, 2, "func")?;
            let selector = given(call, 3, "resultSelector")?;
            let result = fold(call)?;
            call.runtime.invoke(&selector, &[result])
        },
    ),
    member("static int Count<TSource>(this IEnumerable<TSource> source)", |call| {
        let source = source(call)?;
        // What knows its count is asked for it, and not walked through.
        let count = match known_count(call.runtime, &source) {
            Some(count) => i64::try_from(count).unwrap_or(i64::MAX),
            None => count(call, None)?,
        };
        i32::try_from(count).map(Value::Int32).map_err(|_| overflow())
    }),
    member("static int Count<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        let predicate = checked(call)?;
        i32::try_from(count(call, Some(&predicate))?).map(Value::Int32).map_err(|_| overflow())
    }),
    member("static long LongCount<TSource>(this IEnumerable<TSource> source)", |call| {
        source(call)?;
        count(call, None).map(Value::Int64)
    }),
    member("static long LongCount<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        let predicate = checked(call)?;
        count(call, Some(&predicate)).map(Value::Int64)
    }),
    member("static bool TryGetNonEnumeratedCount<TSource>(this IEnumerable<TSource> source, out int count)", |call| {
        let source = source(call)?;
        let count = known_count(call.runtime, &source);
        let is_known = count.is_some();
        call.out(1, Value::Int32(count.and_then(|count| i32::try_from(count).ok()).unwrap_or(0)));
        Ok(Value::Bool(is_known))
    }),
    member("static bool Any<TSource>(this IEnumerable<TSource> source)", |call| {
        let source = source(call)?;
        let mut items = call.runtime.cursor(&source)?;
        Ok(Value::Bool(next(call.runtime, &mut items)?.is_some()))
    }),
    member("static bool Any<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        let predicate = checked(call)?;
        is_there(call, &predicate, true).map(Value::Bool)
    }),
    member("static bool All<TSource>(this IEnumerable<TSource> source, Func<TSource, bool> predicate)", |call| {
        let predicate = checked(call)?;
        is_there(call, &predicate, false).map(|is_there| Value::Bool(!is_there))
    }),
    member("static bool Contains<TSource>(this IEnumerable<TSource> source, TSource value)", |call| {
        let source = source(call)?;
        // Sets, keys and arrays of JSON look values up their own way. Source: dotnet/runtime, Contains.cs (`ICollection<TSource>.Contains`).
        let is_own =
            call.runtime.own::<HashSet>(&source).is_some() || call.runtime.own::<crate::dotnet::collection::View>(&source).is_some();
        let is_json = matches!(call.runtime.get(&source), Some(Object::Token(Token { kind: json::Kind::Array(_), .. })));
        if is_own || is_json {
            return virtual_call(call.runtime, "Contains", &[source, call.argument(1).clone()]);
        }
        contains(call, &source, &Value::Null)
    }),
    member("static bool Contains<TSource>(this IEnumerable<TSource> source, TSource value, IEqualityComparer<TSource> comparer)", |call| {
        let source = source(call)?;
        contains(call, &source, call.argument(2))
    }),
    member("static bool SequenceEqual<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second)", equal),
    member(
        "static bool SequenceEqual<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second, IEqualityComparer<TSource> comparer)",
        equal,
    ),
];

pub(super) fn overflow() -> Raise {
    throw(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow.")
}

fn checked(call: &mut Call<'_, '_>) -> Outcome {
    source(call)?;
    given(call, 1, "predicate")
}

fn fold(call: &mut Call<'_, '_>) -> Outcome {
    let (source, function) = (source(call)?, given(call, 2, "func")?);
    let mut result = call.argument(1).clone();
    each(call.runtime, &source, |runtime, item| {
        result = runtime.invoke(&function, &[result.clone(), item])?;
        Ok(true)
    })?;
    Ok(result)
}

fn count(call: &mut Call<'_, '_>, predicate: Option<&Value>) -> Result<i64, Raise> {
    let mut count = 0;
    let source = source(call)?;
    each(call.runtime, &source, |runtime, item| {
        let counts = match predicate {
            Some(predicate) => runtime.test(predicate, &[item])?,
            None => true,
        };
        count += i64::from(counts);
        Ok(true)
    })?;
    Ok(count)
}

/// Whether an item is there for which the predicate gives that answer.
fn is_there(call: &mut Call<'_, '_>, predicate: &Value, answer: bool) -> Result<bool, Raise> {
    let mut found = false;
    let source = source(call)?;
    each(call.runtime, &source, |runtime, item| {
        found = runtime.test(predicate, &[item])? == answer;
        Ok(!found)
    })?;
    Ok(found)
}

fn contains(call: &mut Call<'_, '_>, source: &Value, comparer: &Value) -> Outcome {
    let wanted = call.argument(1);
    let mut found = false;
    each(call.runtime, source, |runtime, item| {
        found = comparer::equals(runtime, comparer, &item, wanted)?;
        Ok(!found)
    })?;
    Ok(Value::Bool(found))
}

fn equal(call: &mut Call<'_, '_>) -> Outcome {
    let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
    let (mut first, mut second) = (call.runtime.cursor(&first)?, call.runtime.cursor(&second)?);
    loop {
        match (next(call.runtime, &mut first)?, next(call.runtime, &mut second)?) {
            (None, None) => return Ok(Value::Bool(true)),
            (Some(a), Some(b)) if comparer::equals(call.runtime, call.argument(2), &a, &b)? => {}
            _ => return Ok(Value::Bool(false)),
        }
    }
}
