//! Arrays, `List<T>`, `Dictionary<TKey, TValue>` and the interfaces that they share.

use super::{
    exception::{Raise, argument_null, null_reference, out_of_range, raise, throw},
    heap::Object,
    member::{Call, Member, member},
    object, registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

const GENERIC: &str = "System.Collections.Generic";

crate::classes! {
    ARRAY = class("System", "Array").members(ARRAY_MEMBERS);
    NONGENERIC_IENUMERABLE = interface("System.Collections", "IEnumerable");
    IENUMERATOR = interface(GENERIC, "IEnumerator").generic(&["T"]).variance(Variance::Out);
    IENUMERABLE = interface(GENERIC, "IEnumerable").generic(&["T"]).variance(Variance::Out).bases(&["IEnumerable"]);
    IREADONLY_LIST = interface(GENERIC, "IReadOnlyList").generic(&["T"]).variance(Variance::Out).bases(&["IReadOnlyCollection<T>"]);
    IREADONLY_COLLECTION = interface(GENERIC, "IReadOnlyCollection").generic(&["T"]).variance(Variance::Out).bases(&["IEnumerable<T>"]).members(COUNTED);
    ICOLLECTION = interface(GENERIC, "ICollection").generic(&["T"]).bases(&["IEnumerable<T>"]).members(COUNTED);
    ILIST = interface(GENERIC, "IList").generic(&["T"]).bases(&["ICollection<T>"]).members(INDEXED);
    LIST = class(GENERIC, "List").generic(&["T"]).bases(&["object", "IList<T>", "IReadOnlyCollection<T>"]).members(LIST_MEMBERS);
    DICTIONARY = class(GENERIC, "Dictionary").generic(&["TKey", "TValue"])
        .bases(&["object", "IDictionary<TKey, TValue>", "IReadOnlyDictionary<TKey, TValue>"]).members(DICTIONARY_MEMBERS);
    IDICTIONARY = interface(GENERIC, "IDictionary").generic(&["TKey", "TValue"]).bases(&["ICollection<KeyValuePair<TKey, TValue>>"]).members(DICTIONARY_INTERFACE);
    IREADONLY_DICTIONARY = interface(GENERIC, "IReadOnlyDictionary").generic(&["TKey", "TValue"])
        .bases(&["IReadOnlyCollection<KeyValuePair<TKey, TValue>>"]).members(READONLY_DICTIONARY);
    KEY_VALUE_PAIR = structure(GENERIC, "KeyValuePair").generic(&["TKey", "TValue"]).members(PAIR);
}

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

/// A dictionary. Entries keep their order of insertion, as .NET's does until something is removed.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// The type of a key.
    pub key: Type,
    /// The type of a value.
    pub value: Type,
    /// The entries.
    pub entries: Vec<(Value, Value)>,
}

impl Dictionary {
    fn position(&self, runtime: &Runtime<'_>, key: &Value) -> Option<usize> {
        self.entries.iter().position(|(candidate, _)| object::equal(runtime, candidate, key))
    }
}

/// `System.Array`
pub const ARRAY_MEMBERS: &[Member] = &[
    member("int Length { get; }", count),
    member("static int IndexOf<T>(T[] array, T value)", |call| {
        let Some(items) = items(call.runtime, call.argument(0)) else { return Err(argument_null("array")) };
        let found = items.iter().position(|item| object::equal(call.runtime, item, call.argument(1)));
        Ok(Value::Int32(found.map_or(-1, |index| index as i32)))
    }),
];

/// `ICollection<T>`, `IReadOnlyCollection<T>`
pub const COUNTED: &[Member] = &[member("int Count { get; }", count)];

/// `IList<T>`
pub const INDEXED: &[Member] = &[member("T this[int index] { get; set; }", index)];

/// `List<T>`
pub const LIST_MEMBERS: &[Member] = &[
    member("List()", |call| {
        let element = call.types.first().cloned().unwrap_or(Type::OBJECT);
        call.runtime.object(Object::List(List::new(element, Vec::new())))
    }),
    member("List(IEnumerable<T> collection)", |call| {
        let element = call.types.first().cloned().unwrap_or(Type::OBJECT);
        let Some(items) = items(call.runtime, call.argument(0)) else { return Err(argument_null("collection")) };
        call.runtime.object(Object::List(List::new(element, items)))
    }),
    member("int Count { get; }", count),
    member("T this[int index] { get; set; }", index),
    member("void Add(T item)", |call| {
        let item = call.argument(1).clone();
        call.runtime.allocate(size_of::<Value>())?;
        list_mut(call)?.items.push(item);
        Ok(Value::Null)
    }),
    member("void Clear()", |call| {
        list_mut(call)?.items.clear();
        Ok(Value::Null)
    }),
    member("void RemoveAt(int index)", |call| {
        let at = call.argument(1).as_integer().and_then(|index| usize::try_from(index).ok());
        let list = list_mut(call)?;
        match at.filter(|at| *at < list.items.len()) {
            Some(at) => {
                list.items.remove(at);
                Ok(Value::Null)
            }
            None => Err(bad_index()),
        }
    }),
    member("bool Remove(T item)", |call| {
        let items = items(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
        let found = items.iter().position(|item| object::equal(call.runtime, item, call.argument(1)));
        if let Some(found) = found {
            list_mut(call)?.items.remove(found);
        }
        Ok(Value::Bool(found.is_some()))
    }),
    member("bool Contains(T item)", |call| {
        let items = items(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
        Ok(Value::Bool(items.iter().any(|item| object::equal(call.runtime, item, call.argument(1)))))
    }),
    member("T[] ToArray()", |call| {
        let element = list_mut(call)?.element.clone();
        let items = items(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
        array(call.runtime, element, items)
    }),
];

/// `Dictionary<TKey, TValue>`
pub const DICTIONARY_MEMBERS: &[Member] = &[
    member("Dictionary()", |call| {
        let [key, value] = [0, 1].map(|index| call.types.get(index).cloned().unwrap_or(Type::OBJECT));
        call.runtime.object(Object::Dictionary(Dictionary { key, value, entries: Vec::new() }))
    }),
    member("int Count { get; }", count),
    member("TValue this[TKey key] { get; set; }", lookup),
    member("void Add(TKey key, TValue value)", |call| {
        if find(call)?.is_some() {
            let key = super::display::to_str(call.runtime, call.argument(1));
            return raise(&registry::ARGUMENT_EXCEPTION, format!("An item with the same key has already been added. Key: {key}"));
        }
        insert(call)
    }),
    member("bool ContainsKey(TKey key)", |call| Ok(Value::Bool(find(call)?.is_some()))),
    member("bool TryGetValue(TKey key, out TValue value)", try_get),
    member("bool Remove(TKey key)", |call| {
        let position = find(call)?;
        if let (Some(position), Some(map)) = (position, dictionary_mut(call)) {
            map.entries.remove(position);
        }
        Ok(Value::Bool(position.is_some()))
    }),
];

/// `IDictionary<TKey, TValue>`
pub const DICTIONARY_INTERFACE: &[Member] = &[
    member("TValue this[TKey key] { get; set; }", lookup),
    member("bool ContainsKey(TKey key)", |call| Ok(Value::Bool(find(call)?.is_some()))),
    member("bool TryGetValue(TKey key, out TValue value)", try_get),
];

/// `IReadOnlyDictionary<TKey, TValue>`, the type of `Headers`, `Query`, `Variables` and `MatchedParameters` among others.
pub const READONLY_DICTIONARY: &[Member] = &[
    member("TValue this[TKey key] { get; }", lookup),
    member("bool ContainsKey(TKey key)", |call| Ok(Value::Bool(find(call)?.is_some()))),
    member("bool TryGetValue(TKey key, out TValue value)", try_get),
];

/// `KeyValuePair<TKey, TValue>`
pub const PAIR: &[Member] = &[member("TKey Key { get; }", |call| part(call, 0)), member("TValue Value { get; }", |call| part(call, 1))];

/// A part of a record.
fn part(call: &mut Call<'_, '_>, index: usize) -> Result<Value, Raise> {
    match call.runtime.get(call.argument(0)) {
        Some(Object::Record(record)) => Ok(record.items.get(index).cloned().unwrap_or(Value::Null)),
        _ => Err(null_reference()),
    }
}

/// A walk through a dictionary's entries.
pub fn dictionary_cursor(_of: super::heap::Ref, map: &Dictionary) -> Box<dyn super::sequence::Cursor> {
    let mut entries = map.entries.clone().into_iter();
    let ty = Type::generic(&registry::KEY_VALUE_PAIR, [map.key.clone(), map.value.clone()]);
    super::sequence::cursor(move |runtime| Ok(entries.next().map(|(key, value)| super::sequence::pair_of(runtime.heap, &ty, key, value))))
}

/// Makes an array.
pub fn array(runtime: &mut Runtime<'_>, element: Type, items: Vec<Value>) -> Result<Value, Raise> {
    if element == Type::BYTE {
        let bytes = items.iter().map(|item| if let Value::Byte(byte) = item { *byte } else { 0 }).collect();
        return runtime.object(Object::Bytes(bytes));
    }
    runtime.object(Object::Array(List::new(element, items)))
}

/// The items that `foreach` sees, in order; `None` for what cannot be enumerated.
pub fn items(runtime: &mut Runtime<'_>, value: &Value) -> Option<Vec<Value>> {
    runtime.collect(value).ok()
}

/// Element access on an array: `array[index]`.
pub fn element(runtime: &Runtime<'_>, array: &Value, index: &Value) -> Result<Value, Raise> {
    let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    let found = match runtime.get(array) {
        Some(Object::Array(list)) => list.items.get(index).cloned(),
        Some(Object::Bytes(bytes)) => bytes.get(index).map(|byte| Value::Byte(*byte)),
        _ => return Err(null_reference()),
    };
    found.ok_or_else(|| throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."))
}

/// Assignment to an element of an array.
pub fn set_element(runtime: &mut Runtime<'_>, array: &Value, index: &Value, value: Value) -> Result<(), Raise> {
    let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    let object = Runtime::reference(array).and_then(|reference| runtime.heap.get_mut(reference));
    let stored = match object {
        Some(Object::Array(list)) => list.items.get_mut(index).map(|item| *item = value),
        Some(Object::Bytes(bytes)) => bytes.get_mut(index).map(|byte| *byte = value.as_integer().unwrap_or(0) as u8),
        _ => return Err(null_reference()),
    };
    stored.ok_or_else(|| throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array."))
}

/// Element access on a rectangular array: `grid[row, column]`.
pub fn grid_element(runtime: &Runtime<'_>, grid: &Value, indices: &[Value]) -> Result<Value, Raise> {
    let Some(Object::Grid(grid)) = runtime.get(grid) else { return Err(null_reference()) };
    grid_place(&grid.lengths, indices).and_then(|place| grid.items.get(place).cloned()).ok_or_else(outside)
}

/// Assignment to an element of a rectangular array.
pub fn set_grid_element(runtime: &mut Runtime<'_>, grid: &Value, indices: &[Value], value: Value) -> Result<(), Raise> {
    let object = Runtime::reference(grid).and_then(|reference| runtime.heap.get_mut(reference));
    let Some(Object::Grid(grid)) = object else { return Err(null_reference()) };
    let item = grid_place(&grid.lengths, indices).and_then(|place| grid.items.get_mut(place)).ok_or_else(outside)?;
    *item = value;
    Ok(())
}

fn grid_place(lengths: &[usize], indices: &[Value]) -> Option<usize> {
    lengths.iter().zip(indices).try_fold(0_usize, |place, (length, index)| {
        let index = usize::try_from(index.as_integer()?).ok().filter(|index| index < length)?;
        place.checked_mul(*length)?.checked_add(index)
    })
}

fn outside() -> Raise {
    throw(&registry::INDEX_OUT_OF_RANGE_EXCEPTION, "Index was outside the bounds of the array.")
}

fn count(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let count = match call.argument(0) {
        Value::Context(part) => super::context::entries(call.runtime, *part).map(|entries| entries.len()),
        value => match call.runtime.get(value) {
            Some(Object::Array(list) | Object::List(list)) => Some(list.items.len()),
            Some(Object::Bytes(bytes)) => Some(bytes.len()),
            Some(Object::Dictionary(map)) => Some(map.entries.len()),
            Some(Object::Token(token)) => Some(token.children().count()),
            _ => None,
        },
    };
    count.map(|count| Value::Int32(count as i32)).ok_or_else(null_reference)
}

/// `list[index]`, or `list[index] = value` where a third argument stands.
fn index(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let at = call.argument(1).as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    let new = call.arguments.get(2).cloned();
    if let Some(Object::Array(_) | Object::Bytes(_)) = call.runtime.get(call.argument(0)) {
        return match new {
            Some(value) => set_element(call.runtime, call.argument(0), call.argument(1), value).map(|()| Value::Null),
            None => element(call.runtime, call.argument(0), call.argument(1)),
        };
    }
    let list = list_mut(call)?;
    match (list.items.get_mut(at), new) {
        (Some(item), Some(value)) => {
            *item = value;
            Ok(Value::Null)
        }
        (Some(item), None) => Ok(item.clone()),
        (None, _) => Err(bad_index()),
    }
}

fn bad_index() -> Raise {
    out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", "index")
}

fn list_mut<'a>(call: &'a mut Call<'_, '_>) -> Result<&'a mut List, Raise> {
    let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
    match call.runtime.heap.get_mut(reference) {
        Some(Object::List(list)) => Ok(list),
        _ => Err(null_reference()),
    }
}

fn dictionary_mut<'a>(call: &'a mut Call<'_, '_>) -> Option<&'a mut Dictionary> {
    let reference = Runtime::reference(call.argument(0))?;
    match call.runtime.heap.get_mut(reference) {
        Some(Object::Dictionary(map)) => Some(map),
        _ => None,
    }
}

fn find(call: &mut Call<'_, '_>) -> Result<Option<usize>, Raise> {
    if call.argument(1).is_null() {
        return Err(argument_null("key"));
    }
    match call.argument(0) {
        Value::Context(part) => Ok(super::context::lookup(call.runtime, *part, call.argument(1))?.map(|_| 0)),
        value => match call.runtime.get(value) {
            Some(Object::Dictionary(map)) => Ok(map.position(call.runtime, call.argument(1))),
            _ => Err(null_reference()),
        },
    }
}

fn get(call: &mut Call<'_, '_>) -> Result<Option<Value>, Raise> {
    if let Value::Context(part) = call.argument(0) {
        if call.argument(1).is_null() {
            return Err(argument_null("key"));
        }
        return super::context::lookup(call.runtime, *part, call.argument(1));
    }
    let position = find(call)?;
    Ok(match (call.runtime.get(call.argument(0)), position) {
        (Some(Object::Dictionary(map)), Some(position)) => map.entries.get(position).map(|(_, value)| value.clone()),
        _ => None,
    })
}

fn try_get(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let found = get(call)?;
    let is_found = found.is_some();
    call.out(2, found.unwrap_or(Value::Null));
    Ok(Value::Bool(is_found))
}

fn insert(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let position = find(call)?;
    let (key, value) = (call.argument(1).clone(), call.argument(2).clone());
    call.runtime.allocate(2 * size_of::<Value>())?;
    let map = dictionary_mut(call).ok_or_else(null_reference)?;
    match position.and_then(|position| map.entries.get_mut(position)) {
        Some(entry) => entry.1 = value,
        None => map.entries.push((key, value)),
    }
    Ok(Value::Null)
}

/// `map[key]`, or `map[key] = value` where a third argument stands.
fn lookup(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.arguments.len() > 2 {
        return insert(call);
    }
    match get(call)? {
        Some(value) => Ok(value),
        // Source: a comment in Azure/azure-api-management-policy-toolkit says that the gateway's `Variables` give null for a name
        // that is not there, and the documentation's retry example compares `context.Variables["response"] == null`.
        None if matches!(call.argument(0), Value::Context(super::context::Part::Variables)) => Ok(Value::Null),
        None => {
            let key = super::display::to_str(call.runtime, call.argument(1));
            raise(&registry::KEY_NOT_FOUND_EXCEPTION, format!("The given key '{key}' was not present in the dictionary."))
        }
    }
}
