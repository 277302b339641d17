//! `List<T>`: making it, changing it, copying from it. Looking for items is `list_search`.

use super::{array, int, interfaces, length, list_search, number, refusal, sort, type_argument, views};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, out_of_range},
    heap::{Object, Outcome},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    sequence::modified,
    types::Type,
    value::Value,
};

/// The items of an array or list.
#[derive(Clone, Debug)]
pub struct List {
    /// The type of an item.
    pub element: Type,
    /// The items.
    pub items: Vec<Value>,
    /// Counts the changes to a list: a walk through it refuses to go on after one. Assigning an array's element is none.
    pub version: u32,
}

impl List {
    /// Items of one type.
    pub fn new(element: Type, items: Vec<Value>) -> Self {
        Self { element, items, version: 0 }
    }
}

/// `List<T>`
pub const MEMBERS: &[Member] = &[
    member("List()", |call| make(call, Vec::new())),
    member("List(int capacity)", |call| {
        let capacity = usize::try_from(int(call, 0)).map_err(|_| refusal::negative("capacity"))?;
        call.runtime.allocate(capacity.saturating_mul(size_of::<Value>()))?;
        make(call, Vec::with_capacity(capacity))
    }),
    member("List(IEnumerable<T> collection)", |call| {
        let items = collected(call, 0)?;
        make(call, items)
    }),
    member("int Count { get; }", interfaces::count),
    member("int Capacity { get; set; }", |call| {
        let Some(wanted) = call.arguments.get(1) else { return Ok(number(list(call)?.items.capacity())) };
        let wanted = wanted.as_integer().and_then(|wanted| usize::try_from(wanted).ok()).unwrap_or(0);
        let count = list(call)?.items.len();
        if wanted < count {
            return Err(out_of_range("capacity was less than the current size.", "value"));
        }
        call.runtime.allocate(wanted.saturating_mul(size_of::<Value>()))?;
        let items = &mut list_mut(call)?.items;
        items.shrink_to(wanted);
        items.reserve_exact(wanted - count);
        Ok(Value::Null)
    }),
    member("T this[int index] { get; set; }", |call| {
        let at = usize::try_from(int(call, 1)).unwrap_or(usize::MAX);
        match call.arguments.get(2).cloned() {
            Some(value) => {
                *list_mut(call)?.items.get_mut(at).ok_or_else(|| refusal::index("index"))? = value;
                changed(call)
            }
            None => list(call)?.items.get(at).cloned().ok_or_else(|| refusal::index("index")),
        }
    }),
    member("void Add(T item)", |call| {
        let item = call.argument(1).clone();
        call.runtime.allocate(size_of::<Value>())?;
        list_mut(call)?.items.push(item);
        changed(call)
    }),
    member("void AddRange(IEnumerable<T> collection)", |call| {
        let added = collected(call, 1)?;
        list_mut(call)?.items.extend(added);
        changed(call)
    }),
    member("void Insert(int index, T item)", |call| {
        let item = call.argument(2).clone();
        let count = list(call)?.items.len();
        let at = usize::try_from(int(call, 1)).ok().filter(|at| *at <= count);
        let at = at.ok_or_else(|| out_of_range("Index must be within the bounds of the List.", "index"))?;
        call.runtime.allocate(size_of::<Value>())?;
        super::look_at(call.runtime, (count - at) / 8)?;
        list_mut(call)?.items.insert(at, item);
        changed(call)
    }),
    member("void InsertRange(int index, IEnumerable<T> collection)", |call| {
        let added = collected(call, 2)?;
        let count = list(call)?.items.len();
        let at = usize::try_from(int(call, 1)).ok().filter(|at| *at <= count).ok_or_else(|| refusal::index("index"))?;
        super::look_at(call.runtime, (count - at) / 8)?;
        list_mut(call)?.items.splice(at..at, added);
        changed(call)
    }),
    member("void Clear()", |call| {
        list_mut(call)?.items.clear();
        changed(call)
    }),
    member("bool Remove(T item)", |call| {
        let found = super::search::index_of(call.runtime, call.argument(0), call.argument(1))?;
        if let Some(found) = found {
            list_mut(call)?.items.remove(found);
            changed(call)?;
        }
        Ok(Value::Bool(found.is_some()))
    }),
    member("void RemoveAt(int index)", |call| {
        let count = list(call)?.items.len();
        let at = usize::try_from(int(call, 1)).ok().filter(|at| *at < count).ok_or_else(|| refusal::index("index"))?;
        super::look_at(call.runtime, (count - at) / 8)?;
        list_mut(call)?.items.remove(at);
        changed(call)
    }),
    member("void RemoveRange(int index, int count)", |call| {
        let (start, count) = part(call)?;
        if count > 0 {
            list_mut(call)?.items.drain(start..start + count);
            changed(call)?;
        }
        Ok(Value::Null)
    }),
    member("int RemoveAll(Predicate<T> match)", |call| {
        let test = list_search::function(call, 1, "match")?;
        let items = copied(call)?;
        let count = items.len();
        let mut kept = Vec::with_capacity(count);
        for item in items {
            if !call.runtime.test(&test, std::slice::from_ref(&item))? {
                kept.push(item);
            }
        }
        let removed = count - kept.len();
        if removed > 0 {
            list_mut(call)?.items = kept;
            changed(call)?;
        }
        Ok(number(removed))
    }),
    member("void Reverse()", |call| {
        list_mut(call)?.items.reverse();
        changed(call)
    }),
    member("void Reverse(int index, int count)", |call| {
        let (start, count) = part(call)?;
        if let Some(items) = list_mut(call)?.items.get_mut(start..start + count) {
            items.reverse();
        }
        changed(call)
    }),
    member("void Sort()", |call| {
        let count = list(call)?.items.len();
        sorted(call, (0, count), &Value::Null)
    }),
    member("void Sort(IComparer<T> comparer)", |call| {
        let count = list(call)?.items.len();
        sorted(call, (0, count), call.argument(1))
    }),
    member("void Sort(Comparison<T> comparison)", |call| {
        let comparison = list_search::function(call, 1, "comparison")?;
        let count = list(call)?.items.len();
        sorted(call, (0, count), &comparison)
    }),
    member("void Sort(int index, int count, IComparer<T> comparer)", |call| {
        let range = part(call)?;
        sorted(call, range, call.argument(3))
    }),
    member("List<T> GetRange(int index, int count)", |call| {
        let (start, count) = part(call)?;
        let items = list(call)?.items.get(start..start + count).unwrap_or_default().to_vec();
        let element = list(call)?.element.clone();
        call.runtime.object(Object::List(List::new(element, items)))
    }),
    member("List<TOutput> ConvertAll<TOutput>(Converter<T, TOutput> converter)", |call| {
        let converter = list_search::function(call, 1, "converter")?;
        let mut items = copied(call)?;
        for item in &mut items {
            *item = call.runtime.invoke(&converter, std::slice::from_ref(item))?;
        }
        let element = type_argument(call, 0);
        call.runtime.object(Object::List(List::new(element, items)))
    }),
    member("void ForEach(Action<T> action)", |call| {
        let action = list_search::function(call, 1, "action")?;
        let version = list(call)?.version;
        let mut at = 0;
        while let Some(item) = list(call)?.items.get(at).cloned() {
            if list(call)?.version != version {
                break;
            }
            call.runtime.invoke(&action, &[item])?;
            at += 1;
        }
        if list(call)?.version == version { Ok(Value::Null) } else { Err(modified()) }
    }),
    member("T[] ToArray()", |call| {
        let element = list(call)?.element.clone();
        let items = copied(call)?;
        array(call.runtime, element, items)
    }),
    member("ReadOnlyCollection<T> AsReadOnly()", |call| views::read_only(call, call.argument(0))),
    member("void CopyTo(T[] array)", super::array::copy_all),
    member("void CopyTo(T[] array, int arrayIndex)", super::array::copy_all),
    member("void CopyTo(int index, T[] array, int arrayIndex, int count)", |call| {
        let (start, count) = (int(call, 1), int(call, 4));
        if i64::try_from(list(call)?.items.len()).unwrap_or(i64::MAX) - start < count {
            return Err(refusal::part());
        }
        super::array::copy(call.runtime, (call.argument(0), start), (call.argument(2), int(call, 3)), count).map(|()| Value::Null)
    }),
    member("int EnsureCapacity(int capacity)", |call| {
        let wanted = usize::try_from(int(call, 1)).map_err(|_| refusal::negative("capacity"))?;
        let (held, count) = (list(call)?.items.capacity(), list(call)?.items.len());
        if wanted > held {
            let grown = wanted.max(if held == 0 { 4 } else { 2 * held });
            call.runtime.allocate(grown.saturating_mul(size_of::<Value>()))?;
            list_mut(call)?.items.reserve_exact(grown - count);
            changed(call)?;
        }
        Ok(number(list(call)?.items.capacity()))
    }),
    member("void TrimExcess()", |call| {
        let items = &mut list_mut(call)?.items;
        // Less than a tenth free is not worth the copy. Source: dotnet/runtime, List.cs.
        if items.len() < items.capacity() / 10 * 9 + items.capacity() % 10 * 9 / 10 {
            items.shrink_to_fit();
        }
        Ok(Value::Null)
    }),
    member("IEnumerator<T> GetEnumerator()", super::enumerator::start),
    member("bool Contains(T item)", list_search::contains),
    member("int IndexOf(T item)", list_search::index_of),
    member("int IndexOf(T item, int index)", list_search::index_of),
    member("int IndexOf(T item, int index, int count)", list_search::index_of),
    member("int LastIndexOf(T item)", list_search::last_index_of),
    member("int LastIndexOf(T item, int index)", list_search::last_index_of),
    member("int LastIndexOf(T item, int index, int count)", list_search::last_index_of),
    member("int BinarySearch(T item)", list_search::binary_search),
    member("int BinarySearch(T item, IComparer<T> comparer)", list_search::binary_search),
    member("int BinarySearch(int index, int count, T item, IComparer<T> comparer)", |call| {
        let range = part(call)?;
        super::search::binary(call.runtime, call.argument(0), range, call.argument(3), call.argument(4))
    }),
    member("bool Exists(Predicate<T> match)", list_search::exists),
    member("T Find(Predicate<T> match)", list_search::find),
    member("T FindLast(Predicate<T> match)", list_search::find_last),
    member("List<T> FindAll(Predicate<T> match)", |call| {
        let found = list_search::matching(call, call.argument(0), 1)?;
        let element = list(call)?.element.clone();
        call.runtime.object(Object::List(List::new(element, found)))
    }),
    member("int FindIndex(Predicate<T> match)", list_search::find_index),
    member("int FindIndex(int startIndex, Predicate<T> match)", list_search::find_index),
    member("int FindIndex(int startIndex, int count, Predicate<T> match)", list_search::find_index),
    member("int FindLastIndex(Predicate<T> match)", list_search::find_last_index),
    member("int FindLastIndex(int startIndex, Predicate<T> match)", list_search::find_last_index),
    member("int FindLastIndex(int startIndex, int count, Predicate<T> match)", list_search::find_last_index),
    member("bool TrueForAll(Predicate<T> match)", list_search::true_for_all),
];

fn make(call: &mut Call<'_, '_>, items: Vec<Value>) -> Outcome {
    let element = type_argument(call, 0);
    call.runtime.object(Object::List(List::new(element, items)))
}

/// The items of the sequence that an argument is.
fn collected(call: &mut Call<'_, '_>, index: usize) -> Result<Vec<Value>, Raise> {
    let collection = call.argument(index);
    if collection.is_null() {
        return Err(argument_null("collection"));
    }
    let known = interfaces::known_count(call.runtime, collection).is_some();
    let mut items = call.runtime.collect(collection)?;
    if known {
        items.shrink_to_fit();
    }
    Ok(items)
}

fn list<'a>(call: &'a Call<'_, '_>) -> Result<&'a List, Raise> {
    match call.runtime.get(call.argument(0)) {
        Some(Object::List(list)) => Ok(list),
        _ => Err(null_reference()),
    }
}

fn list_mut<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut List, Raise> {
    let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
    match call.runtime.heap.get_mut(reference) {
        Some(Object::List(list)) => Ok(list),
        _ => Err(null_reference()),
    }
}

/// A copy of the items, paid for.
fn copied(call: &mut Call<'_, '_>) -> Result<Vec<Value>, Raise> {
    let count = list(call)?.items.len();
    call.runtime.allocate(count.saturating_mul(size_of::<Value>()))?;
    super::look_at(call.runtime, count)?;
    Ok(list(call)?.items.clone())
}

fn changed(call: &mut Call<'_, '_>) -> Outcome {
    let list = list_mut(call)?;
    list.version = list.version.wrapping_add(1);
    Ok(Value::Null)
}

/// The part that `index` and `count`, the first arguments, tell.
fn part(call: &Call<'_, '_>) -> Result<(usize, usize), Raise> {
    let length = length(call.runtime, call.argument(0)).unwrap_or(0);
    refusal::check_part(length, int(call, 1), int(call, 2), ("index", "count"))
}

/// Sorts a part in its place.
fn sorted(call: &mut Call<'_, '_>, (start, count): (usize, usize), by: &Value) -> Outcome {
    let items = list(call)?.items.get(start..start + count).unwrap_or_default().to_vec();
    let sorted = sort::sorted(call.runtime, by, items)?;
    for (place, item) in list_mut(call)?.items.iter_mut().skip(start).zip(sorted) {
        *place = item;
    }
    changed(call)
}

/// An empty list of a type.
///
/// # Errors
/// A spent budget.
pub fn of(runtime: &mut Runtime<'_>, element: Type, items: Vec<Value>) -> Outcome {
    runtime.object(Object::List(List::new(element, items)))
}

/// The type `List<T>`.
pub fn ty(element: Type) -> Type {
    Type::generic(&registry::LIST, [element])
}
