//! `Distinct`, `Union`, `Intersect`, `Except`, by item or by key.

use super::{each, given, next, query, selected, source, ty};
use crate::dotnet::{
    collection::table::Table,
    heap::Outcome,
    member::{Call, Member, member},
    sequence::cursor,
    types::Type,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static IEnumerable<TSource> Distinct<TSource>(this IEnumerable<TSource> source)", |call| distinct(call, None, 1)),
    member(
        "static IEnumerable<TSource> Distinct<TSource>(this IEnumerable<TSource> source, IEqualityComparer<TSource> comparer)",
        |call| distinct(call, None, 1),
    ),
    member(
        "static IEnumerable<TSource> DistinctBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| distinct(call, Some(1), 2),
    ),
    member(
        "static IEnumerable<TSource> DistinctBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| distinct(call, Some(1), 2),
    ),
    member("static IEnumerable<TSource> Union<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second)", |call| {
        union(call, None, 2)
    }),
    member(
        "static IEnumerable<TSource> Union<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second, IEqualityComparer<TSource> comparer)",
        |call| union(call, None, 2),
    ),
    member(
        "static IEnumerable<TSource> UnionBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TSource> second, Func<TSource, TKey> keySelector)",
        |call| union(call, Some(2), 3),
    ),
    member(
        "static IEnumerable<TSource> UnionBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TSource> second, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| union(call, Some(2), 3),
    ),
    member("static IEnumerable<TSource> Intersect<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second)", |call| {
        intersect(call, None, 2)
    }),
    member(
        "static IEnumerable<TSource> Intersect<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second, IEqualityComparer<TSource> comparer)",
        |call| intersect(call, None, 2),
    ),
    member(
        "static IEnumerable<TSource> IntersectBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TKey> second, Func<TSource, TKey> keySelector)",
        |call| intersect(call, Some(2), 3),
    ),
    member(
        "static IEnumerable<TSource> IntersectBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TKey> second, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| intersect(call, Some(2), 3),
    ),
    member("static IEnumerable<TSource> Except<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second)", |call| {
        except(call, None, 2)
    }),
    member(
        "static IEnumerable<TSource> Except<TSource>(this IEnumerable<TSource> first, IEnumerable<TSource> second, IEqualityComparer<TSource> comparer)",
        |call| except(call, None, 2),
    ),
    member(
        "static IEnumerable<TSource> ExceptBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TKey> second, Func<TSource, TKey> keySelector)",
        |call| except(call, Some(2), 3),
    ),
    member(
        "static IEnumerable<TSource> ExceptBy<TSource, TKey>(this IEnumerable<TSource> first, IEnumerable<TKey> second, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| except(call, Some(2), 3),
    ),
];

fn selector(call: &Call<'_, '_>, index: Option<usize>) -> Outcome {
    index.map_or(Ok(Value::Null), |index| given(call, index, "keySelector"))
}

fn distinct(call: &mut Call<'_, '_>, key: Option<usize>, comparer: usize) -> Outcome {
    let source = source(call)?;
    let (key, comparer, element) = (selector(call, key)?, call.argument(comparer).clone(), ty(call, 0));
    unique(call, element, vec![source], key, comparer)
}

fn union(call: &mut Call<'_, '_>, key: Option<usize>, comparer: usize) -> Outcome {
    let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
    let (key, comparer, element) = (selector(call, key)?, call.argument(comparer).clone(), ty(call, 0));
    unique(call, element, vec![first, second], key, comparer)
}

/// The items of all sequences whose keys were not there before.
fn unique(call: &mut Call<'_, '_>, element: Type, sources: Vec<Value>, key: Value, comparer: Value) -> Outcome {
    query(call, element, move |_| {
        let (mut sources, mut walk, mut seen) = (sources.clone().into_iter(), None, Table::default());
        let (key, comparer) = (key.clone(), comparer.clone());
        Ok(cursor(move |runtime| {
            loop {
                let Some(items) = &mut walk else {
                    match sources.next() {
                        Some(source) => walk = Some(runtime.cursor(&source)?),
                        None => return Ok(None),
                    }
                    continue;
                };
                let Some(item) = next(runtime, items)? else {
                    walk = None;
                    continue;
                };
                let key = selected(runtime, &key, &item)?;
                if seen.add(runtime, &comparer, key, Value::Null)?.1 {
                    return Ok(Some(item));
                }
            }
        }))
    })
}

fn intersect(call: &mut Call<'_, '_>, key: Option<usize>, comparer: usize) -> Outcome {
    both(call, key, comparer, true)
}

fn except(call: &mut Call<'_, '_>, key: Option<usize>, comparer: usize) -> Outcome {
    both(call, key, comparer, false)
}

/// The items of the first sequence whose keys are, or are not, in the second; each key once.
fn both(call: &mut Call<'_, '_>, key: Option<usize>, comparer: usize, is_common: bool) -> Outcome {
    let (first, second) = (given(call, 0, "first")?, given(call, 1, "second")?);
    let (key, comparer, element) = (selector(call, key)?, call.argument(comparer).clone(), ty(call, 0));
    query(call, element, move |runtime| {
        let mut others = Table::default();
        each(runtime, &second, |runtime, item| others.add(runtime, &comparer, item, Value::Null).map(|_| true))?;
        let (mut items, key, comparer) = (runtime.cursor(&first)?, key.clone(), comparer.clone());
        Ok(cursor(move |runtime| {
            while let Some(item) = next(runtime, &mut items)? {
                let key = selected(runtime, &key, &item)?;
                let is_chosen = if is_common {
                    let found = others.find(runtime, &comparer, &key)?;
                    found.at.and_then(|at| others.remove(at)).is_some()
                } else {
                    others.add(runtime, &comparer, key, Value::Null)?.1
                };
                if is_chosen {
                    return Ok(Some(item));
                }
            }
            Ok(None)
        }))
    })
}
