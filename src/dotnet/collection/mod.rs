//! `System.Collections.Generic` and arrays: the types, and how the rest of the .NET world reaches into them.

mod array;
mod array_search;
pub mod comparer;
pub mod dictionary;
pub mod enumerator;
pub mod hash_set;
mod interfaces;
pub mod list;
mod list_search;
mod pair;
mod queue;
pub mod refusal;
mod search;
pub mod sort;
pub mod table;
mod views;

pub use dictionary::{Dictionary, dictionary_cursor};
pub use hash_set::HashSet;
pub use interfaces::{find_virtual, known_count, virtual_call};
pub use list::List;
pub use pair::default_value;
pub use views::View;

use super::{
    display::type_of,
    exception::{Raise, null_reference, throw},
    heap::Object,
    member::Call,
    registry,
    runtime::Runtime,
    types::{Kind as TypeKind, Type},
    value::Value,
};

const OLD: &str = "System.Collections";
const GENERIC: &str = "System.Collections.Generic";
const OBJECT_MODEL: &str = "System.Collections.ObjectModel";

crate::classes! {
    ARRAY = class("System", "Array").bases(&["object", "IEnumerable"]).members(array::MEMBERS);
    NONGENERIC_IENUMERABLE = interface(OLD, "IEnumerable").members(enumerator::OLD_IENUMERABLE);
    NONGENERIC_IENUMERATOR = interface(OLD, "IEnumerator").members(enumerator::OLD_IENUMERATOR);
    IENUMERABLE = interface(GENERIC, "IEnumerable").generic(&["T"]).variance(Variance::Out).bases(&["IEnumerable"]).members(enumerator::IENUMERABLE);
    IENUMERATOR = interface(GENERIC, "IEnumerator").generic(&["T"]).variance(Variance::Out).bases(&["IEnumerator", "IDisposable"]).members(enumerator::IENUMERATOR);
    IREADONLY_COLLECTION = interface(GENERIC, "IReadOnlyCollection").generic(&["T"]).variance(Variance::Out)
        .bases(&["IEnumerable<T>"]).members(interfaces::COUNTED);
    IREADONLY_LIST = interface(GENERIC, "IReadOnlyList").generic(&["T"]).variance(Variance::Out)
        .bases(&["IReadOnlyCollection<T>"]).members(interfaces::READ_ONLY_LIST);
    IREADONLY_DICTIONARY = interface(GENERIC, "IReadOnlyDictionary").generic(&["TKey", "TValue"])
        .bases(&["IReadOnlyCollection<KeyValuePair<TKey, TValue>>"]).members(dictionary::READ_ONLY);
    ICOLLECTION = interface(GENERIC, "ICollection").generic(&["T"]).bases(&["IEnumerable<T>"]).members(interfaces::COLLECTION);
    ILIST = interface(GENERIC, "IList").generic(&["T"]).bases(&["ICollection<T>"]).members(interfaces::LIST);
    ISET = interface(GENERIC, "ISet").generic(&["T"]).bases(&["ICollection<T>"]).members(interfaces::SET);
    IREADONLY_SET = interface(GENERIC, "IReadOnlySet").generic(&["T"]).bases(&["IReadOnlyCollection<T>"]).members(interfaces::READ_ONLY_SET);
    IDICTIONARY = interface(GENERIC, "IDictionary").generic(&["TKey", "TValue"])
        .bases(&["ICollection<KeyValuePair<TKey, TValue>>"]).members(dictionary::INTERFACE);
    ICOMPARER = interface(GENERIC, "IComparer").generic(&["T"]).variance(Variance::In).members(comparer::ICOMPARER);
    IEQUALITY_COMPARER = interface(GENERIC, "IEqualityComparer").generic(&["T"]).variance(Variance::In).members(comparer::IEQUALITY_COMPARER);
    COMPARER = class(GENERIC, "Comparer").generic(&["T"]).bases(&["object", "IComparer<T>"]).members(comparer::COMPARER);
    EQUALITY_COMPARER = class(GENERIC, "EqualityComparer").generic(&["T"])
        .bases(&["object", "IEqualityComparer<T>"]).members(comparer::EQUALITY_COMPARER);
    LIST = class(GENERIC, "List").generic(&["T"]).bases(&["object", "IList<T>", "IReadOnlyList<T>"]).members(list::MEMBERS);
    DICTIONARY = class(GENERIC, "Dictionary").generic(&["TKey", "TValue"])
        .bases(&["object", "IDictionary<TKey, TValue>", "IReadOnlyDictionary<TKey, TValue>"]).members(dictionary::MEMBERS);
    KEY_COLLECTION = class("System.Collections.Generic.Dictionary", "KeyCollection").generic(&["TKey", "TValue"])
        .bases(&["object", "ICollection<TKey>", "IReadOnlyCollection<TKey>"]).members(views::KEYS);
    VALUE_COLLECTION = class("System.Collections.Generic.Dictionary", "ValueCollection").generic(&["TKey", "TValue"])
        .bases(&["object", "ICollection<TValue>", "IReadOnlyCollection<TValue>"]).members(views::VALUES);
    COLLECTION_EXTENSIONS = statics(GENERIC, "CollectionExtensions").members(dictionary::EXTENSIONS);
    HASH_SET = class(GENERIC, "HashSet").generic(&["T"])
        .bases(&["object", "ISet<T>", "IReadOnlySet<T>"]).members(hash_set::MEMBERS);
    QUEUE = class(GENERIC, "Queue").generic(&["T"]).bases(&["object", "IReadOnlyCollection<T>"]).members(queue::QUEUE);
    STACK = class(GENERIC, "Stack").generic(&["T"]).bases(&["object", "IReadOnlyCollection<T>"]).members(queue::STACK);
    READ_ONLY_COLLECTION = class(OBJECT_MODEL, "ReadOnlyCollection").generic(&["T"])
        .bases(&["object", "IList<T>", "IReadOnlyList<T>"]).members(views::READ_ONLY);
    KEY_VALUE_PAIR = structure(GENERIC, "KeyValuePair").generic(&["TKey", "TValue"]).members(pair::MEMBERS);
    KEY_VALUE_PAIRS = statics(GENERIC, "KeyValuePair").members(pair::CREATE);
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

/// How many items an array or a list has.
pub fn length(runtime: &Runtime<'_>, value: &Value) -> Option<usize> {
    match runtime.get(value)? {
        Object::Array(list) | Object::List(list) => Some(list.items.len()),
        Object::Bytes(bytes) => Some(bytes.len()),
        Object::Grid(grid) => Some(grid.items.len()),
        _ => None,
    }
}

/// The item of an array or a list; of a rectangular array, counted through.
pub fn item(runtime: &Runtime<'_>, value: &Value, index: usize) -> Option<Value> {
    match runtime.get(value)? {
        Object::Array(list) | Object::List(list) => list.items.get(index).cloned(),
        Object::Bytes(bytes) => bytes.get(index).map(|byte| Value::Byte(*byte)),
        Object::Grid(grid) => grid.items.get(index).cloned(),
        _ => None,
    }
}

/// Puts an item into its place in an array or a list; does nothing outside.
pub fn put(runtime: &mut Runtime<'_>, value: &Value, index: usize, item: Value) {
    let Some(reference) = Runtime::reference(value) else { return };
    match runtime.heap.get_mut(reference) {
        Some(Object::Array(list) | Object::List(list)) => {
            if let Some(place) = list.items.get_mut(index) {
                *place = item;
            }
        }
        Some(Object::Bytes(bytes)) => {
            if let (Some(place), Value::Byte(byte)) = (bytes.get_mut(index), item) {
                *place = byte;
            }
        }
        Some(Object::Grid(grid)) => {
            if let Some(place) = grid.items.get_mut(index) {
                *place = item;
            }
        }
        _ => {}
    }
}

/// The type of an array's or a list's items.
pub fn element_type(runtime: &Runtime<'_>, value: &Value) -> Option<Type> {
    match runtime.get(value)? {
        Object::Array(list) | Object::List(list) => Some(list.element.clone()),
        Object::Bytes(_) => Some(Type::BYTE),
        Object::Grid(grid) => Some(grid.element.clone()),
        _ => None,
    }
}

/// Element access on an array: `array[index]`.
pub fn element(runtime: &Runtime<'_>, array: &Value, index: &Value) -> Result<Value, Raise> {
    let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    if length(runtime, array).is_none() {
        return Err(null_reference());
    }
    item(runtime, array, index).ok_or_else(refusal::outside)
}

/// Assignment to an element of an array.
pub fn set_element(runtime: &mut Runtime<'_>, array: &Value, index: &Value, value: Value) -> Result<(), Raise> {
    let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
    let Some(length) = length(runtime, array) else { return Err(null_reference()) };
    if index >= length {
        return Err(refusal::outside());
    }
    check_store(runtime, array, &value)?;
    put(runtime, array, index, value);
    Ok(())
}

/// Element access on a rectangular array: `grid[i, j]`.
pub fn grid_element(runtime: &Runtime<'_>, grid: &Value, indices: &[Value]) -> Result<Value, Raise> {
    let index = place(runtime, grid, indices)?;
    item(runtime, grid, index).ok_or_else(refusal::outside)
}

/// Assignment to an element of a rectangular array.
pub fn set_grid_element(runtime: &mut Runtime<'_>, grid: &Value, indices: &[Value], value: Value) -> Result<(), Raise> {
    let index = place(runtime, grid, indices)?;
    check_store(runtime, grid, &value)?;
    put(runtime, grid, index, value);
    Ok(())
}

/// Where an element of a rectangular array lies.
fn place(runtime: &Runtime<'_>, grid: &Value, indices: &[Value]) -> Result<usize, Raise> {
    let Some(Object::Grid(grid)) = runtime.get(grid) else { return Err(null_reference()) };
    let mut place = 0_usize;
    for (index, length) in indices.iter().zip(&grid.lengths) {
        let index = index.as_integer().and_then(|index| usize::try_from(index).ok()).filter(|index| index < length);
        place = place.saturating_mul(*length).saturating_add(index.ok_or_else(refusal::outside)?);
    }
    Ok(place)
}

/// An array of strings may stand in a variable for arrays of objects: it takes strings all the same.
fn check_store(runtime: &Runtime<'_>, array: &Value, value: &Value) -> Result<(), Raise> {
    let fits = match (runtime.get(array), value) {
        (Some(Object::Array(list)), value) => fits_element(runtime, &list.element, value),
        (Some(Object::Grid(grid)), value) => fits_element(runtime, &grid.element, value),
        _ => true,
    };
    let message = "Attempted to access an element as a type incompatible with the array.";
    if fits { Ok(()) } else { Err(throw(&registry::ARRAY_TYPE_MISMATCH_EXCEPTION, message)) }
}

fn fits_element(runtime: &Runtime<'_>, element: &Type, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(_) if *element == Type::STRING => true,
        _ if *element == Type::OBJECT => true,
        _ => match element.class() {
            Some(class) if matches!(class.kind, TypeKind::Class | TypeKind::Delegate) => type_of(runtime, value).is_reference_to(element),
            _ => true,
        },
    }
}

/// The type argument at `index`.
pub fn type_argument(call: &Call<'_, '_>, index: usize) -> Type {
    call.types.get(index).cloned().unwrap_or(Type::OBJECT)
}

/// The integer argument at `index`.
fn int(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|integer| i64::try_from(integer).ok()).unwrap_or(0)
}

/// A length as C# counts.
fn number(length: usize) -> Value {
    Value::Int32(i32::try_from(length).unwrap_or(i32::MAX))
}

/// Pays for looking at `count` items.
fn look_at(runtime: &mut Runtime<'_>, count: usize) -> Result<(), Raise> {
    runtime.work(count.saturating_mul(32))
}
