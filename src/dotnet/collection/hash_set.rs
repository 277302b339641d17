//! `HashSet<T>`. Source of its ways with equal comparers and empty operands: dotnet/runtime, HashSet.cs.

use super::{comparer, int, interfaces, list_search::function, number, refusal, table::Table, type_argument};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference},
    heap::{Instance, Outcome, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::{self, Cursor, modified},
    types::Type,
    value::Value,
};

/// A set.
#[derive(Clone, Debug)]
pub struct HashSet {
    /// The type of an item.
    pub element: Type,
    /// The comparer of its items; null is the default one.
    pub comparer: Value,
    version: u32,
    table: Table,
}

impl HashSet {
    /// An empty one.
    pub fn new(element: Type, comparer: Value) -> Self {
        Self { element, comparer, version: 0, table: Table::default() }
    }

    /// Its items, to replace them.
    pub fn table_mut(&mut self) -> &mut Table {
        &mut self.table
    }
}

impl Instance for HashSet {
    fn ty(&self) -> Type {
        Type::generic(&registry::HASH_SET, [self.element.clone()])
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, this: Ref) -> Option<Box<dyn Cursor>> {
        let (version, mut at) = (self.version, 0);
        Some(sequence::cursor(move |runtime| {
            let Some(set) = runtime.heap.instance::<Self>(this) else { return Ok(None) };
            if set.version != version {
                return Err(modified());
            }
            while at < set.table.slots() {
                at += 1;
                if let Some((item, _)) = set.table.get(at - 1) {
                    return Ok(Some(item.clone()));
                }
            }
            Ok(None)
        }))
    }

    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        Some(self.table.len())
    }
}

/// `HashSet<T>`
pub const MEMBERS: &[Member] = &[
    member("HashSet()", |call| make(call, Value::Null, 0)),
    member("HashSet(IEqualityComparer<T> comparer)", |call| make(call, call.argument(0).clone(), 0)),
    member("HashSet(int capacity)", |call| make(call, Value::Null, int(call, 0))),
    member("HashSet(int capacity, IEqualityComparer<T> comparer)", |call| make(call, call.argument(1).clone(), int(call, 0))),
    member("HashSet(IEnumerable<T> collection)", collected),
    member("HashSet(IEnumerable<T> collection, IEqualityComparer<T> comparer)", collected),
    member("int Count { get; }", interfaces::count),
    member("IEqualityComparer<T> Comparer { get; }", |call| {
        let set = set(call)?;
        let (comparer, element) = (set.comparer.clone(), set.element.clone());
        comparer::shown(call.runtime, &comparer, &element)
    }),
    member("bool Add(T item)", |call| add(call.runtime, call.argument(0), call.argument(1).clone()).map(Value::Bool)),
    member("void Clear()", |call| {
        let this = call.argument(0);
        call.runtime.own_mut::<HashSet>(this).ok_or_else(null_reference)?.table.clear();
        Ok(Value::Null)
    }),
    member("bool Contains(T item)", |call| contains(call.runtime, call.argument(0), call.argument(1)).map(Value::Bool)),
    member("bool Remove(T item)", |call| remove(call.runtime, call.argument(0), call.argument(1)).map(Value::Bool)),
    member("bool TryGetValue(T equalValue, out T actualValue)", |call| {
        let found = with_table(call.runtime, call.argument(0), |runtime, table, comparer| {
            let found = table.find(runtime, comparer, call.arguments.get(1).unwrap_or(&Value::Null))?;
            Ok(found.at.and_then(|at| table.get(at)).map(|(item, _)| item.clone()))
        })?;
        let is_there = found.is_some();
        let element = set(call)?.element.clone();
        let value = match found {
            Some(value) => value,
            None => super::default_value(call.runtime, &element)?,
        };
        call.out(2, value);
        Ok(Value::Bool(is_there))
    }),
    member("int RemoveWhere(Predicate<T> match)", |call| {
        let test = function(call, 1, "match")?;
        let mut removed = 0;
        for item in call.runtime.collect(call.argument(0))? {
            if call.runtime.test(&test, std::slice::from_ref(&item))? && remove(call.runtime, call.argument(0), &item)? {
                removed += 1;
            }
        }
        Ok(number(removed))
    }),
    member("void UnionWith(IEnumerable<T> other)", |call| {
        for item in others(call)? {
            add(call.runtime, call.argument(0), item)?;
        }
        Ok(Value::Null)
    }),
    member("void IntersectWith(IEnumerable<T> other)", |call| {
        let kept = other_set(call)?;
        for item in call.runtime.collect(call.argument(0))? {
            if !contains(call.runtime, &kept, &item)? {
                remove(call.runtime, call.argument(0), &item)?;
            }
        }
        Ok(Value::Null)
    }),
    member("void ExceptWith(IEnumerable<T> other)", |call| {
        for item in others(call)? {
            remove(call.runtime, call.argument(0), &item)?;
        }
        Ok(Value::Null)
    }),
    member("void SymmetricExceptWith(IEnumerable<T> other)", |call| {
        let other = other_set(call)?;
        for item in call.runtime.collect(&other)? {
            if !remove(call.runtime, call.argument(0), &item)? {
                add(call.runtime, call.argument(0), item)?;
            }
        }
        Ok(Value::Null)
    }),
    member("bool IsSubsetOf(IEnumerable<T> other)", |call| related(call, |own, other, common| common == own && own <= other)),
    member("bool IsSupersetOf(IEnumerable<T> other)", |call| related(call, |_, other, common| common == other)),
    member("bool IsProperSubsetOf(IEnumerable<T> other)", |call| related(call, |own, other, common| common == own && own < other)),
    member("bool IsProperSupersetOf(IEnumerable<T> other)", |call| related(call, |own, other, common| common == other && other < own)),
    member("bool Overlaps(IEnumerable<T> other)", |call| related(call, |_, _, common| common > 0)),
    member("bool SetEquals(IEnumerable<T> other)", |call| related(call, |own, other, common| common == own && own == other)),
    member("void CopyTo(T[] array)", |call| interfaces::copy_to(call, interfaces::Words::Set)),
    member("void CopyTo(T[] array, int arrayIndex)", |call| interfaces::copy_to(call, interfaces::Words::Set)),
    member("void CopyTo(T[] array, int arrayIndex, int count)", |call| {
        if call.argument(1).is_null() {
            return Err(argument_null("array"));
        }
        if int(call, 2) < 0 {
            return Err(refusal::negative("arrayIndex"));
        }
        let count = usize::try_from(int(call, 3)).map_err(|_| refusal::negative("count"))?;
        let mut items = call.runtime.collect(call.argument(0))?;
        let room = super::length(call.runtime, call.argument(1)).unwrap_or(0) as i64 - int(call, 2);
        if count as i64 > room {
            let message = "Destination array is not long enough to copy all the items in the collection. Check array index and length.";
            return Err(refusal::argument(message));
        }
        items.truncate(count);
        interfaces::copy_items(call, &items, interfaces::Words::Set)
    }),
    member("int EnsureCapacity(int capacity)", |call| {
        let capacity = usize::try_from(int(call, 1)).map_err(|_| refusal::range("capacity"))?;
        with_table(call.runtime, call.argument(0), |runtime, table, _| {
            table.reserve(runtime, capacity)?;
            Ok(number(table.capacity()))
        })
    }),
    member("void TrimExcess()", |call| {
        with_table(call.runtime, call.argument(0), |runtime, table, _| table.trim(runtime, table.len()).map(|()| Value::Null))
    }),
    member("IEnumerator<T> GetEnumerator()", super::enumerator::start),
];

fn make(call: &mut Call<'_, '_>, comparer: Value, capacity: i64) -> Outcome {
    let capacity = usize::try_from(capacity).map_err(|_| refusal::range("capacity"))?;
    let mut set = HashSet::new(type_argument(call, 0), comparer);
    set.table.reserve(call.runtime, capacity)?;
    call.runtime.instance(set)
}

fn collected(call: &mut Call<'_, '_>) -> Outcome {
    let source = call.argument(0);
    if source.is_null() {
        return Err(argument_null("collection"));
    }
    of(call.runtime, type_argument(call, 0), call.argument(1).clone(), source)
}

/// A set of the items of a sequence.
///
/// # Errors
/// What walking and the comparer raise; a spent budget.
pub fn of(runtime: &mut Runtime<'_>, element: Type, comparer: Value, source: &Value) -> Outcome {
    // A set of a set with the same comparer is a copy, gaps and all: new items go where they would in the first.
    if let Some(other) = runtime.own::<HashSet>(source)
        && comparer::same(runtime, &other.comparer, &comparer)
    {
        let table = other.table.clone();
        runtime.allocate(table.slots().saturating_mul(3 * size_of::<Value>()))?;
        return runtime.instance(HashSet { table, ..HashSet::new(element, comparer) });
    }
    let mut set = HashSet::new(element, comparer);
    let mut cursor = runtime.cursor(source)?;
    while let Some(item) = cursor.next(runtime)? {
        runtime.step()?;
        set.table.add(runtime, &set.comparer, item, Value::Null)?;
    }
    runtime.instance(set)
}

fn set<'a>(call: &'a Call<'_, '_>) -> Result<&'a HashSet, Raise> {
    call.runtime.own(call.argument(0)).ok_or_else(null_reference)
}

/// Works on a set's table with its comparer at hand.
fn with_table<T>(
    runtime: &mut Runtime<'_>,
    value: &Value,
    work: impl FnOnce(&mut Runtime<'_>, &mut Table, &Value) -> Result<T, Raise>,
) -> Result<T, Raise> {
    let set = runtime.own_mut::<HashSet>(value).ok_or_else(null_reference)?;
    let (mut table, comparer) = (std::mem::take(&mut set.table), set.comparer.clone());
    let outcome = work(runtime, &mut table, &comparer);
    runtime.own_mut::<HashSet>(value).ok_or_else(null_reference)?.table = table;
    outcome
}

fn add(runtime: &mut Runtime<'_>, value: &Value, item: Value) -> Result<bool, Raise> {
    let (_, is_new) = with_table(runtime, value, |runtime, table, comparer| table.add(runtime, comparer, item, Value::Null))?;
    if let Some(set) = runtime.own_mut::<HashSet>(value) {
        set.version = set.version.wrapping_add(u32::from(is_new));
    }
    Ok(is_new)
}

fn contains(runtime: &mut Runtime<'_>, value: &Value, item: &Value) -> Result<bool, Raise> {
    with_table(runtime, value, |runtime, table, comparer| Ok(table.find(runtime, comparer, item)?.at.is_some()))
}

fn remove(runtime: &mut Runtime<'_>, value: &Value, item: &Value) -> Result<bool, Raise> {
    with_table(runtime, value, |runtime, table, comparer| {
        let found = table.find(runtime, comparer, item)?;
        Ok(found.at.and_then(|at| table.remove(at)).is_some())
    })
}

/// The items of the other operand, which may be the set itself.
fn others(call: &mut Call<'_, '_>) -> Result<Vec<Value>, Raise> {
    match call.argument(1) {
        Value::Null => Err(argument_null("other")),
        other => call.runtime.collect(other),
    }
}

/// The other operand as a set that compares as this one does.
fn other_set(call: &mut Call<'_, '_>) -> Outcome {
    let other = call.argument(1);
    if other.is_null() {
        return Err(argument_null("other"));
    }
    let (element, comparer) = (set(call)?.element.clone(), set(call)?.comparer.clone());
    of(call.runtime, element, comparer, other)
}

/// What the sizes of the two sets and of what they have in common say.
fn related(call: &mut Call<'_, '_>, holds: fn(usize, usize, usize) -> bool) -> Outcome {
    let other = other_set(call)?;
    let mut common = 0;
    for item in call.runtime.collect(&other)? {
        common += usize::from(contains(call.runtime, call.argument(0), &item)?);
    }
    let own = set(call)?.table.len();
    let others = call.runtime.own::<HashSet>(&other).map_or(0, |other| other.table.len());
    Ok(Value::Bool(holds(own, others, common)))
}
