//! `Join` and `GroupJoin`: items of two sequences by equal keys. Null equals no key.

use super::{given, grouping::Groups, next, query, ty};
use crate::dotnet::{
    heap::Outcome,
    member::{Call, Member, member},
    sequence::{cursor, items},
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member(
        "static IEnumerable<TResult> Join<TOuter, TInner, TKey, TResult>(this IEnumerable<TOuter> outer, IEnumerable<TInner> inner, Func<TOuter, TKey> outerKeySelector, Func<TInner, TKey> innerKeySelector, Func<TOuter, TInner, TResult> resultSelector)",
        join,
    ),
    member(
        "static IEnumerable<TResult> Join<TOuter, TInner, TKey, TResult>(this IEnumerable<TOuter> outer, IEnumerable<TInner> inner, Func<TOuter, TKey> outerKeySelector, Func<TInner, TKey> innerKeySelector, Func<TOuter, TInner, TResult> resultSelector, IEqualityComparer<TKey> comparer)",
        join,
    ),
    member(
        "static IEnumerable<TResult> GroupJoin<TOuter, TInner, TKey, TResult>(this IEnumerable<TOuter> outer, IEnumerable<TInner> inner, Func<TOuter, TKey> outerKeySelector, Func<TInner, TKey> innerKeySelector, Func<TOuter, IEnumerable<TInner>, TResult> resultSelector)",
        group_join,
    ),
    member(
        "static IEnumerable<TResult> GroupJoin<TOuter, TInner, TKey, TResult>(this IEnumerable<TOuter> outer, IEnumerable<TInner> inner, Func<TOuter, TKey> outerKeySelector, Func<TInner, TKey> innerKeySelector, Func<TOuter, IEnumerable<TInner>, TResult> resultSelector, IEqualityComparer<TKey> comparer)",
        group_join,
    ),
];

/// The arguments of both.
struct Join {
    outer: Value,
    inner: Value,
    outer_key: Value,
    inner_key: Value,
    result: Value,
    comparer: Value,
}

fn arguments(call: &Call<'_, '_>) -> Result<Join, crate::dotnet::exception::Raise> {
    Ok(Join {
        outer: given(call, 0, "outer")?,
        inner: given(call, 1, "inner")?,
        outer_key: given(call, 2, "outerKeySelector")?,
        inner_key: given(call, 3, "innerKeySelector")?,
        result: given(call, 4, "resultSelector")?,
        comparer: call.argument(5).clone(),
    })
}

fn join(call: &mut Call<'_, '_>) -> Outcome {
    let join = std::sync::Arc::new(arguments(call)?);
    let element = ty(call, 3);
    query(call, element, move |runtime| {
        let join = join.clone();
        let mut outers = runtime.cursor(&join.outer)?;
        let mut groups: Option<Groups> = None;
        let mut row: Option<(Value, std::vec::IntoIter<Value>)> = None;
        Ok(cursor(move |runtime| {
            loop {
                if let Some((outer, inners)) = &mut row
                    && let Some(inner) = inners.next()
                {
                    return runtime.invoke(&join.result, &[outer.clone(), inner]).map(Some);
                }
                let Some(outer) = next(runtime, &mut outers)? else { return Ok(None) };
                // The inner sequence is walked through when there is something to join it with.
                let groups = match &groups {
                    Some(groups) => groups,
                    None => {
                        let gathered = Groups::gather(runtime, &join.inner, &join.inner_key, &Value::Null, &join.comparer, true)?;
                        &*groups.insert(gathered)
                    }
                };
                let key = runtime.invoke(&join.outer_key, std::slice::from_ref(&outer))?;
                let inners = if key.is_null() { Vec::new() } else { groups.under(runtime, &join.comparer, &key)?.to_vec() };
                row = Some((outer, inners.into_iter()));
            }
        }))
    })
}

fn group_join(call: &mut Call<'_, '_>) -> Outcome {
    let join = std::sync::Arc::new(arguments(call)?);
    let (inner, element) = (ty(call, 1), ty(call, 3));
    query(call, element, move |runtime| {
        let (join, inner) = (join.clone(), inner.clone());
        let mut outers = runtime.cursor(&join.outer)?;
        let mut groups: Option<Groups> = None;
        Ok(cursor(move |runtime| {
            let Some(outer) = next(runtime, &mut outers)? else { return Ok(None) };
            let groups = match &groups {
                Some(groups) => groups,
                None => {
                    let gathered = Groups::gather(runtime, &join.inner, &join.inner_key, &Value::Null, &join.comparer, true)?;
                    &*groups.insert(gathered)
                }
            };
            let key = runtime.invoke(&join.outer_key, std::slice::from_ref(&outer))?;
            let inners = if key.is_null() { Vec::new() } else { groups.under(runtime, &join.comparer, &key)?.to_vec() };
            runtime.allocate(inners.len().saturating_mul(size_of::<Value>()))?;
            let inners = runtime.lazy(inner.clone(), move |_| Ok(items(inners.clone())))?;
            runtime.invoke(&join.result, &[outer, inners]).map(Some)
        }))
    })
}
