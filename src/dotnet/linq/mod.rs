//! `System.Linq`: `Enumerable` as of .NET 6, one file a subject.
//!
//! What gives a sequence is lazy: arguments are checked at once, and nothing runs before somebody walks through the result.

mod aggregation;
mod conversion;
mod element;
mod extremes;
mod filtering;
mod generation;
mod grouping;
mod joining;
mod ordering;
mod projection;
mod sets;
mod sums;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{
    collection,
    exception::{Raise, argument_null},
    heap::Outcome,
    json,
    member::{Call, Member},
    runtime::Runtime,
    sequence::{self, Cursor},
    types::Type,
    value::Value,
};

const LINQ: &str = "System.Linq";

crate::classes! {
    ENUMERABLE = statics(LINQ, "Enumerable").members(MEMBERS);
    IGROUPING = interface(LINQ, "IGrouping").generic(&["TKey", "TElement"]).variance(Variance::Out)
        .bases(&["IEnumerable<TElement>"]).members(grouping::GROUPING);
    ILOOKUP = interface(LINQ, "ILookup").generic(&["TKey", "TElement"])
        .bases(&["IEnumerable<IGrouping<TKey, TElement>>"]).members(grouping::ILOOKUP);
    LOOKUP = class(LINQ, "Lookup").generic(&["TKey", "TElement"])
        .bases(&["object", "ILookup<TKey, TElement>"]).members(grouping::LOOKUP);
    IORDERED_ENUMERABLE = interface(LINQ, "IOrderedEnumerable").generic(&["TElement"]).variance(Variance::Out)
        .bases(&["IEnumerable<TElement>"]);
}

/// The subjects' tables.
const SUBJECTS: &[&[Member]] = &[
    filtering::MEMBERS,
    projection::MEMBERS,
    ordering::MEMBERS,
    grouping::MEMBERS,
    joining::MEMBERS,
    sets::MEMBERS,
    aggregation::MEMBERS,
    sums::MEMBERS,
    extremes::MEMBERS,
    conversion::MEMBERS,
    generation::MEMBERS,
    element::MEMBERS,
];

/// `System.Linq.Enumerable`
pub const MEMBERS: &[Member] = &{
    let mut table = [const { super::member::member("", conversion::to_list) }; total()];
    let (mut subject, mut filled) = (0, 0);
    while subject < SUBJECTS.len() {
        let mut index = 0;
        while index < SUBJECTS[subject].len() {
            let from = &SUBJECTS[subject][index];
            table[filled] = super::member::member(from.signature, from.native);
            filled += 1;
            index += 1;
        }
        subject += 1;
    }
    table
};

const fn total() -> usize {
    let (mut subject, mut total) = (0, 0);
    while subject < SUBJECTS.len() {
        total += SUBJECTS[subject].len();
        subject += 1;
    }
    total
}

/// The type argument at `index`.
fn ty(call: &Call<'_, '_>, index: usize) -> Type {
    collection::type_argument(call, index)
}

/// An argument that must be there, under its name.
fn given(call: &Call<'_, '_>, index: usize, name: &str) -> Outcome {
    match call.argument(index) {
        Value::Null => Err(argument_null(name)),
        value => Ok(value.clone()),
    }
}

/// The first argument as a sequence of the first type argument.
fn source(call: &mut Call<'_, '_>) -> Outcome {
    given(call, 0, "source")?;
    json::sequence_of(call, call.types.first())
}

/// A count as C# has it.
fn int(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|integer| i64::try_from(integer).ok()).unwrap_or(0)
}

/// A lazy sequence: `start` runs with the first item asked for. Each walk goes one level deeper than what it walks through, so that a query of thousands of queries ends by the
/// budget and not by the stack.
fn query(
    call: &mut Call<'_, '_>,
    element: Type,
    start: impl Fn(&mut Runtime<'_>) -> Result<Box<dyn Cursor>, Raise> + Send + Sync + 'static,
) -> Outcome {
    let start = Arc::new(start);
    call.runtime.lazy(element, move |_| {
        let (start, mut walk) = (start.clone(), None);
        Ok(guarded(sequence::cursor(move |runtime| {
            let walk: &mut Box<dyn Cursor> = match &mut walk {
                Some(walk) => walk,
                none => none.insert(start(runtime)?),
            };
            walk.next(runtime)
        })))
    })
}

/// A walk that goes one level deeper with each item.
fn guarded(mut inner: Box<dyn Cursor>) -> Box<dyn Cursor> {
    sequence::cursor(move |runtime| runtime.deeper(|runtime| inner.next(runtime)))
}

/// The next item of a walk, paid for.
fn next(runtime: &mut Runtime<'_>, cursor: &mut Box<dyn Cursor>) -> Result<Option<Value>, Raise> {
    runtime.step()?;
    cursor.next(runtime)
}

/// Walks through a sequence until the work says that it is done.
fn each(
    runtime: &mut Runtime<'_>,
    source: &Value,
    mut work: impl FnMut(&mut Runtime<'_>, Value) -> Result<bool, Raise>,
) -> Result<(), Raise> {
    let mut cursor = runtime.cursor(source)?;
    while let Some(item) = next(runtime, &mut cursor)? {
        if !work(runtime, item)? {
            break;
        }
    }
    Ok(())
}

/// Pays for one more item to be kept.
fn keep(runtime: &mut Runtime<'_>) -> Result<(), Raise> {
    runtime.allocate(size_of::<Value>())
}

/// What a selector gives for an item; the item itself where there is no selector.
fn selected(runtime: &mut Runtime<'_>, selector: &Value, item: &Value) -> Outcome {
    if selector.is_null() { Ok(item.clone()) } else { runtime.invoke(selector, std::slice::from_ref(item)) }
}
