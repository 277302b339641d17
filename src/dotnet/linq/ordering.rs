//! `OrderBy`, `ThenBy`: sorted when somebody walks through them, by all their keys at once.

use std::cmp::Ordering;

use super::{given, guarded, selected, source, ty};
use crate::dotnet::{
    collection::{comparer, sort},
    exception::{Raise, argument_null},
    heap::{Instance, Outcome, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::{self, Cursor},
    types::Type,
    value::Value,
};

/// The operators.
pub const MEMBERS: &[Member] = &[
    member(
        "static IOrderedEnumerable<TSource> OrderBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| order(call, false),
    ),
    member(
        "static IOrderedEnumerable<TSource> OrderBy<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IComparer<TKey> comparer)",
        |call| order(call, false),
    ),
    member(
        "static IOrderedEnumerable<TSource> OrderByDescending<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| order(call, true),
    ),
    member(
        "static IOrderedEnumerable<TSource> OrderByDescending<TSource, TKey>(this IEnumerable<TSource> source, Func<TSource, TKey> keySelector, IComparer<TKey> comparer)",
        |call| order(call, true),
    ),
    member(
        "static IOrderedEnumerable<TSource> ThenBy<TSource, TKey>(this IOrderedEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| order_further(call, false),
    ),
    member(
        "static IOrderedEnumerable<TSource> ThenBy<TSource, TKey>(this IOrderedEnumerable<TSource> source, Func<TSource, TKey> keySelector, IComparer<TKey> comparer)",
        |call| order_further(call, false),
    ),
    member(
        "static IOrderedEnumerable<TSource> ThenByDescending<TSource, TKey>(this IOrderedEnumerable<TSource> source, Func<TSource, TKey> keySelector)",
        |call| order_further(call, true),
    ),
    member(
        "static IOrderedEnumerable<TSource> ThenByDescending<TSource, TKey>(this IOrderedEnumerable<TSource> source, Func<TSource, TKey> keySelector, IComparer<TKey> comparer)",
        |call| order_further(call, true),
    ),
];

/// A key to sort by.
#[derive(Clone, Debug)]
struct Key {
    selector: Value,
    comparer: Value,
    is_descending: bool,
}

/// A sequence that will be sorted.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    element: Type,
    source: Value,
    keys: Vec<Key>,
}

impl Instance for Ordered {
    fn ty(&self) -> Type {
        Type::generic(&registry::IORDERED_ENUMERABLE, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        let ordered = self.clone();
        let mut items: Option<std::vec::IntoIter<Value>> = None;
        Some(guarded(sequence::cursor(move |runtime| {
            if items.is_none() {
                items = Some(ordered.sorted(runtime)?.into_iter());
            }
            Ok(items.as_mut().and_then(Iterator::next))
        })))
    }
}

impl Ordered {
    fn sorted(&self, runtime: &mut Runtime<'_>) -> Result<Vec<Value>, Raise> {
        let items = runtime.collect(&self.source)?;
        let mut columns = Vec::with_capacity(self.keys.len());
        for key in &self.keys {
            runtime.allocate(items.len().saturating_mul(size_of::<Value>()))?;
            columns.push(items.iter().map(|item| selected(runtime, &key.selector, item)).collect::<Result<Vec<_>, _>>()?);
        }
        let order = sort::order(runtime, items.len(), |runtime, a, b| {
            for (key, column) in self.keys.iter().zip(&columns) {
                let (Some(a), Some(b)) = (column.get(a), column.get(b)) else { continue };
                let ordering = comparer::compare(runtime, &key.comparer, a, b)?;
                if ordering.is_ne() {
                    return Ok(if key.is_descending { ordering.reverse() } else { ordering });
                }
            }
            Ok(Ordering::Equal)
        })?;
        Ok(order.into_iter().filter_map(|index| items.get(index).cloned()).collect())
    }
}

fn key(call: &Call<'_, '_>, is_descending: bool) -> Result<Key, Raise> {
    Ok(Key { selector: given(call, 1, "keySelector")?, comparer: call.argument(2).clone(), is_descending })
}

fn order(call: &mut Call<'_, '_>, is_descending: bool) -> Outcome {
    let (source, keys) = (source(call)?, vec![key(call, is_descending)?]);
    let element = ty(call, 0);
    call.runtime.instance(Ordered { element, source, keys })
}

fn order_further(call: &mut Call<'_, '_>, is_descending: bool) -> Outcome {
    let first = call.runtime.own::<Ordered>(call.argument(0)).cloned().ok_or_else(|| argument_null("source"))?;
    let mut keys = first.keys;
    keys.push(key(call, is_descending)?);
    call.runtime.allocate(keys.len() * size_of::<Key>())?;
    call.runtime.instance(Ordered { keys, ..first })
}
