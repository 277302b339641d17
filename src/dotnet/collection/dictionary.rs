//! `Dictionary<TKey, TValue>`, and the dictionary interfaces over it and over those that `context` shows.

use super::{
    comparer, int, interfaces,
    list::List,
    number, pair, refusal,
    table::Table,
    type_argument,
    views::{Side, View},
};
use crate::dotnet::{
    context::{self, Part},
    display::to_str,
    exception::{Raise, argument_null, null_reference, raise},
    heap::{Object, Outcome, Ref},
    json,
    member::{Call, Member, member},
    object, registry,
    runtime::Runtime,
    sequence::{self, Cursor, modified, pair_of},
    types::Type,
    value::Value,
};

/// A dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    /// The type of a key.
    pub key: Type,
    /// The type of a value.
    pub value: Type,
    /// The comparer of its keys; null is the default one.
    pub comparer: Value,
    /// Counts what a walk under way refuses to go on after: new keys, and no more than that since .NET Core 3.0.
    pub version: u32,
    /// The keys with their values.
    pub table: Table,
    /// Whether its indexer puts in a list for a key that is not there: the fields of a form.
    pub grows: bool,
}

impl Dictionary {
    /// An empty one.
    pub fn new(key: Type, value: Type) -> Self {
        Self { key, value, comparer: Value::Null, version: 0, table: Table::default(), grows: false }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The entries as an enumeration has them.
    pub fn entries(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.table.iter()
    }
}

/// `Dictionary<TKey, TValue>`
pub const MEMBERS: &[Member] = &[
    member("Dictionary()", |call| make(call, Value::Null, 0)),
    member("Dictionary(IDictionary<TKey, TValue> dictionary)", |call| copied(call, "dictionary")),
    member("Dictionary(IDictionary<TKey, TValue> dictionary, IEqualityComparer<TKey> comparer)", |call| copied(call, "dictionary")),
    member("Dictionary(IEnumerable<KeyValuePair<TKey, TValue>> collection)", |call| copied(call, "collection")),
    member("Dictionary(IEnumerable<KeyValuePair<TKey, TValue>> collection, IEqualityComparer<TKey> comparer)", |call| {
        copied(call, "collection")
    }),
    member("Dictionary(IEqualityComparer<TKey> comparer)", |call| make(call, call.argument(0).clone(), 0)),
    member("Dictionary(int capacity)", |call| make(call, Value::Null, int(call, 0))),
    member("Dictionary(int capacity, IEqualityComparer<TKey> comparer)", |call| make(call, call.argument(1).clone(), int(call, 0))),
    member("int Count { get; }", interfaces::count),
    member("IEqualityComparer<TKey> Comparer { get; }", |call| {
        let map = dictionary(call.runtime, call.argument(0))?;
        let (comparer, key) = (map.comparer.clone(), map.key.clone());
        comparer::shown(call.runtime, &comparer, &key)
    }),
    member("KeyCollection<TKey, TValue> Keys { get; }", |call| view(call, Side::Keys)),
    member("ValueCollection<TKey, TValue> Values { get; }", |call| view(call, Side::Values)),
    member("TValue this[TKey key] { get; set; }", indexed),
    member("void Add(TKey key, TValue value)", add_member),
    member("bool TryAdd(TKey key, TValue value)", |call| {
        let (key, value) = (call.argument(1).clone(), call.argument(2).clone());
        let found = find(call.runtime, call.argument(0), &key)?;
        if !found {
            set(call.runtime, call.argument(0), key, value)?;
        }
        Ok(Value::Bool(!found))
    }),
    member("void Clear()", |call| {
        dictionary_mut(call.runtime, call.argument(0))?.table.clear();
        Ok(Value::Null)
    }),
    member("bool ContainsKey(TKey key)", contains_key),
    member("bool ContainsValue(TValue value)", |call| {
        let count = dictionary(call.runtime, call.argument(0))?.len();
        super::look_at(call.runtime, count)?;
        let map = dictionary(call.runtime, call.argument(0))?;
        Ok(Value::Bool(map.entries().any(|(_, value)| object::equal(call.runtime, value, call.argument(1)))))
    }),
    member("bool Remove(TKey key)", remove_member),
    member("bool Remove(TKey key, out TValue value)", |call| {
        let removed = remove(call.runtime, call.argument(0), call.argument(1))?;
        let is_there = removed.is_some();
        let value = or_default(call, removed)?;
        call.out(2, value);
        Ok(Value::Bool(is_there))
    }),
    member("bool TryGetValue(TKey key, out TValue value)", try_get),
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
    member("void TrimExcess(int capacity)", |call| {
        let capacity = usize::try_from(int(call, 1)).unwrap_or(0);
        with_table(call.runtime, call.argument(0), |runtime, table, _| {
            if capacity < table.len() {
                return Err(refusal::range("capacity"));
            }
            table.trim(runtime, capacity).map(|()| Value::Null)
        })
    }),
    member("IEnumerator<KeyValuePair<TKey, TValue>> GetEnumerator()", |call| {
        let types = [Type::generic(&registry::KEY_VALUE_PAIR, call.types.to_vec())];
        super::enumerator::start(&mut Call { runtime: call.runtime, arguments: call.arguments, types: &types, outs: Vec::new() })
    }),
];

/// `IDictionary<TKey, TValue>`
pub const INTERFACE: &[Member] = &[
    member("TValue this[TKey key] { get; set; }", |call| through(call, "this", indexed)),
    member("ICollection<TKey> Keys { get; }", |call| match json::dictionary(call.runtime, call.argument(0))? {
        Some(map) => view(&mut Call::new(call.runtime, &[map], call.types), Side::Keys),
        None => through(call, "Keys", |call| view(call, Side::Keys)),
    }),
    member("ICollection<TValue> Values { get; }", |call| match call.runtime.get(call.argument(0)) {
        // Source: JamesNK/Newtonsoft.Json, Linq/JObject.cs.
        Some(Object::Token(_)) => {
            raise(&crate::dotnet::exception::NOT_IMPLEMENTED_EXCEPTION, "The method or operation is not implemented.")
        }
        _ => through(call, "Values", |call| view(call, Side::Values)),
    }),
    member("bool ContainsKey(TKey key)", |call| through(call, "ContainsKey", contains_key)),
    member("void Add(TKey key, TValue value)", |call| through(call, "Add", add_member)),
    member("bool Remove(TKey key)", |call| through(call, "Remove", remove_member)),
    member("bool TryGetValue(TKey key, out TValue value)", |call| through(call, "TryGetValue", try_get)),
];

/// `IReadOnlyDictionary<TKey, TValue>`, the type of `Headers`, `Query`, `Variables` and `MatchedParameters` among others.
pub const READ_ONLY: &[Member] = &[
    member("TValue this[TKey key] { get; }", |call| through(call, "this", indexed)),
    member("IEnumerable<TKey> Keys { get; }", |call| through(call, "Keys", |call| view(call, Side::Keys))),
    member("IEnumerable<TValue> Values { get; }", |call| through(call, "Values", |call| view(call, Side::Values))),
    member("bool ContainsKey(TKey key)", |call| through(call, "ContainsKey", contains_key)),
    member("bool TryGetValue(TKey key, out TValue value)", |call| through(call, "TryGetValue", try_get)),
];

/// A member called through an interface: a dictionary's own, or that of another family's class.
fn through(call: &mut Call<'_, '_>, name: &str, own: fn(&mut Call<'_, '_>) -> Outcome) -> Outcome {
    match (call.argument(0), call.runtime.get(call.argument(0))) {
        (Value::Context(_), _) | (_, Some(Object::Dictionary(_))) => own(call),
        _ => interfaces::dispatch(call, name),
    }
}

/// `CollectionExtensions`
pub const EXTENSIONS: &[Member] = &[
    member("static TValue GetValueOrDefault<TKey, TValue>(this IReadOnlyDictionary<TKey, TValue> dictionary, TKey key)", get_or_default),
    member(
        "static TValue GetValueOrDefault<TKey, TValue>(this IReadOnlyDictionary<TKey, TValue> dictionary, TKey key, TValue defaultValue)",
        get_or_default,
    ),
    member("static bool TryAdd<TKey, TValue>(this IDictionary<TKey, TValue> dictionary, TKey key, TValue value)", |call| {
        let (map, key) = (not_null(call, 0, "dictionary")?, call.argument(1));
        let is_there = find(call.runtime, map, key)?;
        if !is_there {
            add(call.runtime, map, key.clone(), call.argument(2).clone())?;
        }
        Ok(Value::Bool(!is_there))
    }),
    member("static bool Remove<TKey, TValue>(this IDictionary<TKey, TValue> dictionary, TKey key, out TValue value)", |call| {
        let removed = remove(call.runtime, not_null(call, 0, "dictionary")?, call.argument(1))?;
        let is_there = removed.is_some();
        let value = or_default(call, removed)?;
        call.out(2, value);
        Ok(Value::Bool(is_there))
    }),
];

fn not_null<'a>(call: &Call<'a, '_>, index: usize, name: &str) -> Result<&'a Value, Raise> {
    let value = call.argument(index);
    if value.is_null() { Err(argument_null(name)) } else { Ok(value) }
}

fn make(call: &mut Call<'_, '_>, comparer: Value, capacity: i64) -> Outcome {
    let capacity = usize::try_from(capacity).map_err(|_| refusal::range("capacity"))?;
    let mut map = Dictionary { comparer, ..Dictionary::new(type_argument(call, 0), type_argument(call, 1)) };
    map.table.reserve(call.runtime, capacity)?;
    call.runtime.object(Object::Dictionary(map))
}

/// A dictionary of another's entries.
fn copied(call: &mut Call<'_, '_>, name: &str) -> Outcome {
    let source = not_null(call, 0, name)?;
    let known = interfaces::known_count(call.runtime, source).unwrap_or(0);
    let map = make(call, call.argument(1).clone(), i64::try_from(known).unwrap_or(0))?;
    let source = json::pair_sequence(&mut Call::new(call.runtime, std::slice::from_ref(source), &[]))?;
    let mut cursor = call.runtime.cursor(&source)?;
    while let Some(item) = cursor.next(call.runtime)? {
        let (key, value) = pair::parts(call.runtime, &item)?;
        add(call.runtime, &map, key, value)?;
    }
    Ok(map)
}

fn dictionary<'a>(runtime: &'a Runtime<'_>, value: &Value) -> Result<&'a Dictionary, Raise> {
    match runtime.get(value) {
        Some(Object::Dictionary(map)) => Ok(map),
        _ => Err(null_reference()),
    }
}

fn dictionary_mut<'a>(runtime: &'a mut Runtime<'_>, value: &Value) -> Result<&'a mut Dictionary, Raise> {
    match Runtime::reference(value).and_then(|reference| runtime.heap.get_mut(reference)) {
        Some(Object::Dictionary(map)) => Ok(map),
        _ => Err(null_reference()),
    }
}

/// Works on a dictionary's table with its comparer at hand. No comparer's code can reach the dictionary meanwhile: expressions
/// have no classes of their own.
fn with_table<T>(
    runtime: &mut Runtime<'_>,
    value: &Value,
    work: impl FnOnce(&mut Runtime<'_>, &mut Table, &Value) -> Result<T, Raise>,
) -> Result<T, Raise> {
    let map = dictionary_mut(runtime, value)?;
    let (mut table, comparer) = (std::mem::take(&mut map.table), map.comparer.clone());
    let outcome = work(runtime, &mut table, &comparer);
    dictionary_mut(runtime, value)?.table = table;
    outcome
}

/// Whether a dictionary, or one of `context`'s, has the key.
///
/// # Errors
/// `ArgumentNullException` for null; a spent budget.
pub fn find(runtime: &mut Runtime<'_>, map: &Value, key: &Value) -> Result<bool, Raise> {
    Ok(get(runtime, map, key)?.is_some())
}

/// The value under a key of a dictionary, or of one of `context`'s.
///
/// # Errors
/// `ArgumentNullException` for null; a spent budget.
pub fn get(runtime: &mut Runtime<'_>, map: &Value, key: &Value) -> Result<Option<Value>, Raise> {
    if key.is_null() {
        return Err(argument_null("key"));
    }
    match map {
        Value::Context(part) => context::lookup(runtime, *part, key),
        _ => with_table(runtime, map, |runtime, table, comparer| {
            let found = table.find(runtime, comparer, key)?;
            Ok(found.at.and_then(|at| table.get(at)).map(|(_, value)| value.clone()))
        }),
    }
}

/// `map[key] = value`
///
/// # Errors
/// `ArgumentNullException` for a key of null; a spent budget.
pub fn set(runtime: &mut Runtime<'_>, map: &Value, key: Value, value: Value) -> Result<(), Raise> {
    if key.is_null() {
        return Err(argument_null("key"));
    }
    let is_new = with_table(runtime, map, |runtime, table, comparer| {
        let found = table.find(runtime, comparer, &key)?;
        match found.at.and_then(|at| table.value_mut(at)) {
            Some(place) => {
                *place = value;
                Ok(false)
            }
            None => table.insert(runtime, found, key, value).map(|_| true),
        }
    })?;
    let map = dictionary_mut(runtime, map)?;
    map.version = map.version.wrapping_add(u32::from(is_new));
    Ok(())
}

/// `map.Add(key, value)`
///
/// # Errors
/// `ArgumentException` for a key that is there; `ArgumentNullException` for null; a spent budget.
pub fn add(runtime: &mut Runtime<'_>, map: &Value, key: Value, value: Value) -> Result<(), Raise> {
    if key.is_null() {
        return Err(argument_null("key"));
    }
    let refused = with_table(runtime, map, |runtime, table, comparer| {
        let found = table.find(runtime, comparer, &key)?;
        match found.at {
            Some(_) => Ok(Some(key)),
            None => table.insert(runtime, found, key, value).map(|_| None),
        }
    })?;
    match refused {
        Some(key) => {
            let key = to_str(runtime, &key);
            raise(&registry::ARGUMENT_EXCEPTION, format!("An item with the same key has already been added. Key: {key}"))
        }
        None => {
            let map = dictionary_mut(runtime, map)?;
            map.version = map.version.wrapping_add(1);
            Ok(())
        }
    }
}

/// Removes a key, and gives its value where it was there.
///
/// # Errors
/// `ArgumentNullException` for null; a spent budget.
pub fn remove(runtime: &mut Runtime<'_>, map: &Value, key: &Value) -> Result<Option<Value>, Raise> {
    if key.is_null() {
        return Err(argument_null("key"));
    }
    with_table(runtime, map, |runtime, table, comparer| {
        let found = table.find(runtime, comparer, key)?;
        Ok(found.at.and_then(|at| table.remove(at)).map(|(_, value)| value))
    })
}

/// Whether the pair that is the first argument is among the entries.
pub(super) fn holds(call: &mut Call<'_, '_>) -> Result<bool, Raise> {
    let (key, value) = pair::parts(call.runtime, call.argument(1))?;
    let found = get(call.runtime, call.argument(0), &key)?;
    Ok(found.is_some_and(|found| object::equal(call.runtime, &found, &value)))
}

/// The types of a key and a value.
fn types(call: &Call<'_, '_>) -> [Type; 2] {
    match (call.argument(0), call.runtime.get(call.argument(0))) {
        (_, Some(Object::Dictionary(map))) => [map.key.clone(), map.value.clone()],
        (Value::Context(part), _) => [0, 1].map(|index| part.ty().arguments().get(index).cloned().unwrap_or(Type::OBJECT)),
        _ => [0, 1].map(|index| type_argument(call, index)),
    }
}

fn view(call: &mut Call<'_, '_>, side: Side) -> Outcome {
    let of = call.argument(0).clone();
    let [key, value] = types(call);
    call.runtime.instance(View { of, key, value, side })
}

fn contains_key(call: &mut Call<'_, '_>) -> Outcome {
    find(call.runtime, call.argument(0), call.argument(1)).map(Value::Bool)
}

fn add_member(call: &mut Call<'_, '_>) -> Outcome {
    add(call.runtime, call.argument(0), call.argument(1).clone(), call.argument(2).clone()).map(|()| Value::Null)
}

fn remove_member(call: &mut Call<'_, '_>) -> Outcome {
    Ok(Value::Bool(remove(call.runtime, call.argument(0), call.argument(1))?.is_some()))
}

fn or_default(call: &mut Call<'_, '_>, found: Option<Value>) -> Outcome {
    match found {
        Some(value) => Ok(value),
        None => {
            let [_, value] = types(call);
            super::default_value(call.runtime, &value)
        }
    }
}

fn try_get(call: &mut Call<'_, '_>) -> Outcome {
    let found = get(call.runtime, call.argument(0), call.argument(1))?;
    let is_there = found.is_some();
    let value = or_default(call, found)?;
    call.out(2, value);
    Ok(Value::Bool(is_there))
}

fn get_or_default(call: &mut Call<'_, '_>) -> Outcome {
    let found = get(call.runtime, not_null(call, 0, "dictionary")?, call.argument(1))?;
    match (found, call.arguments.get(2)) {
        (None, Some(default)) => Ok(default.clone()),
        (found, _) => or_default(call, found),
    }
}

/// `map[key]`, or `map[key] = value` where a third argument stands.
fn indexed(call: &mut Call<'_, '_>) -> Outcome {
    let (map, key) = (call.argument(0), call.argument(1));
    if let Some(value) = call.arguments.get(2) {
        return set(call.runtime, map, key.clone(), value.clone()).map(|()| Value::Null);
    }
    match get(call.runtime, map, key)? {
        Some(value) => Ok(value),
        // Source: a comment in Azure/azure-api-management-policy-toolkit says that the gateway's `Variables` give null for a name
        // that is not there, and the documentation's retry example compares `context.Variables["response"] == null`.
        None if matches!(map, Value::Context(Part::Variables)) => Ok(Value::Null),
        None if matches!(call.runtime.get(map), Some(Object::Dictionary(own)) if own.grows) => {
            let list = call.runtime.object(Object::List(List::new(Type::STRING, Vec::new())))?;
            set(call.runtime, map, key.clone(), list.clone())?;
            Ok(list)
        }
        None => {
            let key = to_str(call.runtime, key);
            raise(&registry::KEY_NOT_FOUND_EXCEPTION, format!("The given key '{key}' was not present in the dictionary."))
        }
    }
}

/// A walk through a dictionary's entries.
pub fn dictionary_cursor(of: Ref, map: &Dictionary) -> Box<dyn Cursor> {
    let pair = Type::generic(&registry::KEY_VALUE_PAIR, [map.key.clone(), map.value.clone()]);
    let mut slots = Slots { of, at: 0, version: map.version };
    sequence::cursor(move |runtime| match slots.next(runtime)? {
        Some((key, value)) => {
            runtime.allocate(2 * size_of::<Value>())?;
            Ok(Some(pair_of(runtime.heap, &pair, key, value)))
        }
        None => Ok(None),
    })
}

/// A walk through the slots of a dictionary.
#[derive(Debug)]
pub(super) struct Slots {
    pub(super) of: Ref,
    pub(super) at: usize,
    pub(super) version: u32,
}

impl Slots {
    pub(super) fn next(&mut self, runtime: &mut Runtime<'_>) -> Result<Option<(Value, Value)>, Raise> {
        let Object::Dictionary(map) = runtime.heap.get(self.of) else { return Ok(None) };
        if map.version != self.version {
            return Err(modified());
        }
        while self.at < map.table.slots() {
            self.at += 1;
            if let Some((key, value)) = map.table.get(self.at - 1) {
                return Ok(Some((key.clone(), value.clone())));
            }
        }
        Ok(None)
    }
}
