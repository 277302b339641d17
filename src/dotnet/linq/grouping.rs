//! `GroupBy` and `ToLookup`: items by key, keys in the order of their first item.

use super::{each, given, keep, query, selected, source, ty};
use crate::dotnet::{
    collection::table::Table,
    exception::{Raise, null_reference},
    heap::{Instance, Outcome, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::{self, Cursor, cursor},
    types::Type,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member(
        "static IEnumerable<IGrouping<TKey, TSource>> GroupBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| group(call, None, None, None),
    ),
    member(
        "static IEnumerable<IGrouping<TKey, TSource>> GroupBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| group(call, None, None, Some(2)),
    ),
    member(
        "static IEnumerable<IGrouping<TKey, TElement>> GroupBy<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector)",
        |call| group(call, Some(2), None, None),
    ),
    member(
        "static IEnumerable<IGrouping<TKey, TElement>> GroupBy<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector, IEqualityComparer<TKey> comparer)",
        |call| group(call, Some(2), None, Some(3)),
    ),
    member(
        "static IEnumerable<TResult> GroupBy<TSource, TKey, TResult>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TKey, IEnumerable<TSource>, TResult> resultSelector)",
        |call| group(call, None, Some(2), None),
    ),
    member(
        "static IEnumerable<TResult> GroupBy<TSource, TKey, TResult>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TKey, IEnumerable<TSource>, TResult> resultSelector, IEqualityComparer<TKey> comparer)",
        |call| group(call, None, Some(2), Some(3)),
    ),
    member(
        "static IEnumerable<TResult> GroupBy<TSource, TKey, TElement, TResult>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector, Func<TKey, IEnumerable<TElement>, TResult> resultSelector)",
        |call| group(call, Some(2), Some(3), None),
    ),
    member(
        "static IEnumerable<TResult> GroupBy<TSource, TKey, TElement, TResult>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector, Func<TKey, IEnumerable<TElement>, TResult> resultSelector, IEqualityComparer<TKey> comparer)",
        |call| group(call, Some(2), Some(3), Some(4)),
    ),
    member(
        "static ILookup<TKey, TSource> ToLookup<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| look_up(call, None, None),
    ),
    member(
        "static ILookup<TKey, TSource> ToLookup<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IEqualityComparer<TKey> comparer)",
        |call| look_up(call, None, Some(2)),
    ),
    member(
        "static ILookup<TKey, TElement> ToLookup<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector)",
        |call| look_up(call, Some(2), None),
    ),
    member(
        "static ILookup<TKey, TElement> ToLookup<TSource, TKey, TElement>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, Func<TSource, TElement> elementSelector, IEqualityComparer<TKey> comparer)",
        |call| look_up(call, Some(2), Some(3)),
    ),
];

/// `IGrouping<out TKey, out TElement>`
pub const GROUPING: &[Member] = &[member("TKey Key { get; }", |call| {
    let grouping: &Grouping = call.runtime.own(call.argument(0)).ok_or_else(null_reference)?;
    Ok(grouping.key.clone())
})];

/// `ILookup<TKey, TElement>`
pub const ILOOKUP: &[Member] = &[
    member("int Count { get; }", count),
    member("IEnumerable<TElement> this[TKey key] { get; }", under),
    member("bool Contains(TKey key)", contains),
];

/// `Lookup<TKey, TElement>`
pub const LOOKUP: &[Member] = &[
    member("int Count { get; }", count),
    member("IEnumerable<TElement> this[TKey key] { get; }", under),
    member("bool Contains(TKey key)", contains),
    member("IEnumerable<TResult> ApplyResultSelector<TResult>(Func<TKey, IEnumerable<TElement>, TResult> resultSelector)", |call| {
        let (lookup, selector) = (call.argument(0).clone(), given(call, 1, "resultSelector")?);
        let element = ty(call, 0);
        query(call, element, move |runtime| {
            let (mut groups, selector) = (runtime.cursor(&lookup)?, selector.clone());
            Ok(cursor(move |runtime| match super::next(runtime, &mut groups)? {
                Some(group) => {
                    let key = runtime.own::<Grouping>(&group).map_or(Value::Null, |group| group.key.clone());
                    runtime.invoke(&selector, &[key, group]).map(Some)
                }
                None => Ok(None),
            }))
        })
    }),
];

/// The items of one key.
#[derive(Clone, Debug)]
pub struct Grouping {
    types: [Type; 2],
    key: Value,
    items: Vec<Value>,
}

impl Instance for Grouping {
    fn ty(&self) -> Type {
        Type::generic(&registry::IGROUPING, self.types.to_vec())
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, this: Ref) -> Option<Box<dyn Cursor>> {
        let mut at = 0;
        Some(cursor(move |runtime| {
            at += 1;
            Ok(runtime.heap.instance::<Self>(this).and_then(|grouping| grouping.items.get(at - 1).cloned()))
        }))
    }

    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        Some(self.items.len())
    }
}

/// All items by key.
#[derive(Clone, Debug)]
struct Lookup {
    types: [Type; 2],
    comparer: Value,
    /// The keys; the value of each is its grouping.
    table: Table,
}

impl Instance for Lookup {
    fn ty(&self) -> Type {
        Type::generic(&registry::LOOKUP, self.types.to_vec())
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, this: Ref) -> Option<Box<dyn Cursor>> {
        let mut at = 0;
        Some(cursor(move |runtime| {
            at += 1;
            let lookup = runtime.heap.instance::<Self>(this);
            Ok(lookup.and_then(|lookup| lookup.table.get(at - 1)).map(|(_, grouping)| grouping.clone()))
        }))
    }

    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        Some(self.table.len())
    }
}

/// Items by key, while they are gathered.
#[derive(Default)]
pub(super) struct Groups {
    /// The keys; the value of each is the number of its group.
    table: Table,
    groups: Vec<(Value, Vec<Value>)>,
}

impl Groups {
    /// Gathers the items of a sequence. A join has no use for keys of null.
    pub(super) fn gather(
        runtime: &mut Runtime<'_>,
        source: &Value,
        key: &Value,
        element: &Value,
        comparer: &Value,
        skips_null: bool,
    ) -> Result<Self, Raise> {
        let mut groups = Self::default();
        each(runtime, source, |runtime, item| {
            let key = selected(runtime, key, &item)?;
            if skips_null && key.is_null() {
                return Ok(true);
            }
            let item = selected(runtime, element, &item)?;
            keep(runtime)?;
            let next = Value::Int64(groups.groups.len() as i64);
            let (at, is_new) = groups.table.add(runtime, comparer, key.clone(), next)?;
            if is_new {
                groups.groups.push((key, Vec::new()));
            }
            if let Some((_, items)) = groups.groups.get_mut(at) {
                items.push(item);
            }
            Ok(true)
        })?;
        Ok(groups)
    }

    /// The items under a key.
    pub(super) fn under(&self, runtime: &mut Runtime<'_>, comparer: &Value, key: &Value) -> Result<&[Value], Raise> {
        // Nothing is ever removed: the slot of a key is the number of its group.
        let found = self.table.find(runtime, comparer, key)?;
        Ok(found.at.and_then(|at| self.groups.get(at)).map_or(&[], |(_, items)| items))
    }

    fn into_groups(self) -> std::vec::IntoIter<(Value, Vec<Value>)> {
        self.groups.into_iter()
    }
}

fn at(call: &Call<'_, '_>, index: Option<usize>) -> Value {
    index.map_or(Value::Null, |index| call.argument(index).clone())
}

fn function(call: &Call<'_, '_>, index: Option<usize>, name: &str) -> Outcome {
    index.map_or(Ok(Value::Null), |index| given(call, index, name))
}

fn group(call: &mut Call<'_, '_>, element: Option<usize>, result: Option<usize>, comparer: Option<usize>) -> Outcome {
    let (source, key) = (source(call)?, given(call, 1, "keySelector")?);
    // The item's type is that of the element selector, the third argument, where there is one.
    let types = [ty(call, 1), if element.is_some() { ty(call, 2) } else { ty(call, 0) }];
    let element_selector = function(call, element, "elementSelector")?;
    let result_selector = function(call, result, "resultSelector")?;
    let comparer = at(call, comparer);
    let given = match (element, result) {
        (_, None) => Type::generic(&registry::IGROUPING, types.to_vec()),
        (None, Some(_)) => ty(call, 2),
        (Some(_), Some(_)) => ty(call, 3),
    };
    query(call, given, move |runtime| {
        let mut groups = Groups::gather(runtime, &source, &key, &element_selector, &comparer, false)?.into_groups();
        let (types, result) = (types.clone(), result_selector.clone());
        Ok(cursor(move |runtime| {
            let Some((key, items)) = groups.next() else { return Ok(None) };
            let grouping = runtime.instance(Grouping { types: types.clone(), key: key.clone(), items })?;
            if result.is_null() { Ok(Some(grouping)) } else { runtime.invoke(&result, &[key, grouping]).map(Some) }
        }))
    })
}

fn look_up(call: &mut Call<'_, '_>, element: Option<usize>, comparer: Option<usize>) -> Outcome {
    let (source, key) = (source(call)?, given(call, 1, "keySelector")?);
    let types = [ty(call, 1), if element.is_some() { ty(call, 2) } else { ty(call, 0) }];
    let (element, comparer) = (function(call, element, "elementSelector")?, at(call, comparer));
    let groups = Groups::gather(call.runtime, &source, &key, &element, &comparer, false)?;
    let mut table = groups.table;
    for (at, (key, items)) in groups.groups.into_iter().enumerate() {
        let grouping = call.runtime.instance(Grouping { types: types.clone(), key, items })?;
        if let Some(place) = table.value_mut(at) {
            *place = grouping;
        }
    }
    call.runtime.instance(Lookup { types, comparer, table })
}

fn find(call: &mut Call<'_, '_>) -> Result<Option<Value>, Raise> {
    let lookup: &mut Lookup = call.runtime.own_mut(call.argument(0)).ok_or_else(null_reference)?;
    let (table, comparer) = (std::mem::take(&mut lookup.table), lookup.comparer.clone());
    let found = table.find(call.runtime, &comparer, call.argument(1));
    let grouping = found.map(|found| found.at.and_then(|at| table.get(at)).map(|(_, grouping)| grouping.clone()));
    if let Some(lookup) = call.runtime.own_mut::<Lookup>(call.argument(0)) {
        lookup.table = table;
    }
    grouping
}

fn count(call: &mut Call<'_, '_>) -> Outcome {
    let lookup: &Lookup = call.runtime.own(call.argument(0)).ok_or_else(null_reference)?;
    Ok(Value::Int32(i32::try_from(lookup.table.len()).unwrap_or(i32::MAX)))
}

fn contains(call: &mut Call<'_, '_>) -> Outcome {
    Ok(Value::Bool(find(call)?.is_some()))
}

fn under(call: &mut Call<'_, '_>) -> Outcome {
    match find(call)? {
        Some(grouping) => Ok(grouping),
        None => {
            let element = ty(call, 1);
            call.runtime.lazy(element, |_| Ok(sequence::items(Vec::new())))
        }
    }
}
