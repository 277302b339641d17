//! `ToArray`, `ToList`, `ToDictionary`, `ToHashSet`: what walks through a sequence at once.

use super::{each, given, selected, source, ty};
use crate::dotnet::{
    collection::{Dictionary, array, dictionary, hash_set, known_count, list},
    heap::{Object, Outcome},
    member::{Call, Member, member},
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member("static TSource[] ToArray<TSource>(this IEnumerable<TSource> source)", |call| {
        let source = source(call)?;
        let items = call.runtime.collect(&source)?;
        let element = ty(call, 0);
        array(call.runtime, element, items)
    }),
    member("static List<TSource> ToList<TSource>(this IEnumerable<TSource> source)", to_list),
    member(
        "static Dictionary<TKey, TSource> ToDictionary<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| to_dictionary(call, None, None),
    ),
    member(
        "static Dictionary<TKey, TSource> ToDictionary<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| to_dictionary(call, None, Some(2)),
    ),
    member(
        "static Dictionary<TKey, TElement> ToDictionary<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector)",
        |call| to_dictionary(call, Some(2), None),
    ),
    member(
        "static Dictionary<TKey, TElement> ToDictionary<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector, IEqualityComparer<TKey> comparer)",
        |call| to_dictionary(call, Some(2), Some(3)),
    ),
    member("static HashSet<TSource> ToHashSet<TSource>(this IEnumerable<TSource> source)", to_hash_set),
    member(
        "static HashSet<TSource> ToHashSet<TSource>(this IEnumerable<TSource> source, IEqualityComparer<TSource> comparer)",
        to_hash_set,
    ),
];

pub(super) fn to_list(call: &mut Call<'_, '_>) -> Outcome {
    let source = source(call)?;
    let is_counted = known_count(call.runtime, &source).is_some();
    let mut items = call.runtime.collect(&source)?;
    if is_counted {
        items.shrink_to_fit();
    }
    let element = ty(call, 0);
    list::of(call.runtime, element, items)
}

fn to_dictionary(call: &mut Call<'_, '_>, element: Option<usize>, comparer: Option<usize>) -> Outcome {
    let (source, key) = (source(call)?, given(call, 1, "keySelector")?);
    let element = match element {
        Some(index) => given(call, index, "elementSelector")?,
        None => Value::Null,
    };
    let comparer = comparer.map_or(Value::Null, |index| call.argument(index).clone());
    let value = if element.is_null() { ty(call, 0) } else { ty(call, 2) };
    let empty = Dictionary { comparer, ..Dictionary::new(ty(call, 1), value) };
    let map = call.runtime.object(Object::Dictionary(empty))?;
    each(call.runtime, &source, |runtime, item| {
        let key = selected(runtime, &key, &item)?;
        let value = selected(runtime, &element, &item)?;
        dictionary::add(runtime, &map, key, value)?;
        Ok(true)
    })?;
    Ok(map)
}

fn to_hash_set(call: &mut Call<'_, '_>) -> Outcome {
    let source = source(call)?;
    let element = ty(call, 0);
    hash_set::of(call.runtime, element, call.argument(1).clone(), &source)
}
