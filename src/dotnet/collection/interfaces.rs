//! `ICollection<T>`, `IList<T>`, `ISet<T>` and their read-only twins, over whatever implements them.
//!
//! A member called through an interface is looked for in the table of the object's own class. What .NET's classes implement
//! explicitly (an array's `Add`, a dictionary's `Contains(pair)`) stands here.

use super::{dictionary, int, item, length, number, pair, refusal, search, set_element, views};
use crate::dotnet::{
    context,
    display::type_of,
    exception::{Raise, argument_null, null_reference},
    heap::{Object, Outcome},
    member::{Call, Member, MemberKind, Native, member},
    object, registry,
    runtime::Runtime,
    types::{Kind, Type},
    value::Value,
};

/// `IReadOnlyCollection<T>`
pub const COUNTED: &[Member] = &[member("int Count { get; }", count)];

/// `IReadOnlyList<T>`
pub const READ_ONLY_LIST: &[Member] = &[member("T this[int index] { get; }", indexed)];

/// `ICollection<T>`
pub const COLLECTION: &[Member] = &[
    member("int Count { get; }", count),
    member("bool IsReadOnly { get; }", |call| {
        let is_mutable = matches!(call.runtime.get(call.argument(0)), Some(Object::List(_) | Object::Dictionary(_) | Object::Token(_)));
        let is_set = type_of(call.runtime, call.argument(0)).as_class(&registry::ISET).is_some();
        Ok(Value::Bool(!(is_mutable || is_set)))
    }),
    member("void Add(T item)", |call| change(call, "Add")),
    member("void Clear()", |call| match call.runtime.get(call.argument(0)) {
        Some(Object::Array(_) | Object::Bytes(_)) => Err(refusal::read_only()),
        _ => change(call, "Clear"),
    }),
    member("bool Contains(T item)", |call| match shape(call) {
        Shape::Array => search::index_of(call.runtime, call.argument(0), call.argument(1)).map(|found| Value::Bool(found.is_some())),
        Shape::Dictionary => dictionary::holds(call).map(Value::Bool),
        _ => dispatch(call, "Contains"),
    }),
    member("void CopyTo(T[] array, int arrayIndex)", |call| match shape(call) {
        Shape::Array => super::array::copy_all(call),
        Shape::Dictionary => copy_to(call, Words::Dictionary),
        _ => dispatch(call, "CopyTo"),
    }),
    member("bool Remove(T item)", |call| change(call, "Remove")),
];

/// `IList<T>`
pub const LIST: &[Member] = &[
    member("T this[int index] { get; set; }", indexed),
    member("int IndexOf(T item)", |call| match shape(call) {
        Shape::Array => {
            let found = search::index_of(call.runtime, call.argument(0), call.argument(1))?;
            Ok(found.map_or(Value::Int32(-1), number))
        }
        _ => dispatch(call, "IndexOf"),
    }),
    member("void Insert(int index, T item)", |call| change(call, "Insert")),
    member("void RemoveAt(int index)", |call| change(call, "RemoveAt")),
];

/// `ISet<T>`
pub const SET: &[Member] = &[
    member("bool Add(T item)", |call| dispatch(call, "Add")),
    member("void UnionWith(IEnumerable<T> other)", |call| dispatch(call, "UnionWith")),
    member("void IntersectWith(IEnumerable<T> other)", |call| dispatch(call, "IntersectWith")),
    member("void ExceptWith(IEnumerable<T> other)", |call| dispatch(call, "ExceptWith")),
    member("void SymmetricExceptWith(IEnumerable<T> other)", |call| dispatch(call, "SymmetricExceptWith")),
    member("bool IsSubsetOf(IEnumerable<T> other)", |call| dispatch(call, "IsSubsetOf")),
    member("bool IsSupersetOf(IEnumerable<T> other)", |call| dispatch(call, "IsSupersetOf")),
    member("bool IsProperSubsetOf(IEnumerable<T> other)", |call| dispatch(call, "IsProperSubsetOf")),
    member("bool IsProperSupersetOf(IEnumerable<T> other)", |call| dispatch(call, "IsProperSupersetOf")),
    member("bool Overlaps(IEnumerable<T> other)", |call| dispatch(call, "Overlaps")),
    member("bool SetEquals(IEnumerable<T> other)", |call| dispatch(call, "SetEquals")),
];

/// `IReadOnlySet<T>`
pub const READ_ONLY_SET: &[Member] = &[
    member("bool Contains(T item)", |call| dispatch(call, "Contains")),
    member("bool IsSubsetOf(IEnumerable<T> other)", |call| dispatch(call, "IsSubsetOf")),
    member("bool IsSupersetOf(IEnumerable<T> other)", |call| dispatch(call, "IsSupersetOf")),
    member("bool IsProperSubsetOf(IEnumerable<T> other)", |call| dispatch(call, "IsProperSubsetOf")),
    member("bool IsProperSupersetOf(IEnumerable<T> other)", |call| dispatch(call, "IsProperSupersetOf")),
    member("bool Overlaps(IEnumerable<T> other)", |call| dispatch(call, "Overlaps")),
    member("bool SetEquals(IEnumerable<T> other)", |call| dispatch(call, "SetEquals")),
];

/// What implements members explicitly.
enum Shape {
    Array,
    Dictionary,
    /// A view or another list that only reads: what it says to a change.
    Fixed(&'static str),
    Other,
}

fn shape(call: &Call<'_, '_>) -> Shape {
    let receiver = call.argument(0);
    match call.runtime.get(receiver) {
        Some(Object::Array(_) | Object::Bytes(_)) => Shape::Array,
        Some(Object::Dictionary(_)) => Shape::Dictionary,
        Some(Object::Instance(instance)) => views::refuses_change(instance.as_ref()).map_or(Shape::Other, Shape::Fixed),
        _ => Shape::Other,
    }
}

/// A member that changes the collection: explicit implementations refuse it, or do it their own way.
fn change(call: &mut Call<'_, '_>, name: &str) -> Outcome {
    match (shape(call), name) {
        (Shape::Array, _) => Err(refusal::fixed_size()),
        (Shape::Fixed(message), _) => Err(refusal::unsupported(message)),
        (Shape::Dictionary, "Add") => {
            let (key, value) = pair::parts(call.runtime, call.argument(1))?;
            dictionary::add(call.runtime, call.argument(0), key, value)?;
            Ok(Value::Null)
        }
        (Shape::Dictionary, "Remove") => {
            let holds = dictionary::holds(call)?;
            if holds {
                let (key, _) = pair::parts(call.runtime, call.argument(1))?;
                dictionary::remove(call.runtime, call.argument(0), &key)?;
            }
            Ok(Value::Bool(holds))
        }
        _ => dispatch(call, name),
    }
}

/// Calls the member of the object's own class that implements the interface's.
pub(super) fn dispatch(call: &mut Call<'_, '_>, name: &str) -> Outcome {
    let arity = call.arguments.len().saturating_sub(1);
    let (native, types) = find_virtual(call.runtime, call.argument(0), name, arity).ok_or_else(null_reference)?;
    let mut inner = Call { runtime: &mut *call.runtime, arguments: call.arguments, types: &types, outs: Vec::new() };
    let outcome = native(&mut inner);
    let outs = inner.outs;
    call.outs.extend(outs);
    outcome
}

/// Calls the member of that name of the first argument's class.
///
/// # Errors
/// What it raises; `NullReferenceException` where there is none.
pub fn virtual_call(runtime: &mut Runtime<'_>, name: &str, arguments: &[Value]) -> Outcome {
    let receiver = arguments.first().ok_or_else(null_reference)?;
    let (native, types) = find_virtual(runtime, receiver, name, arguments.len() - 1).ok_or_else(null_reference)?;
    native(&mut Call { runtime, arguments, types: &types, outs: Vec::new() })
}

/// The instance member of that name with so many parameters in the class of a value or its base classes.
pub fn find_virtual(runtime: &Runtime<'_>, value: &Value, name: &str, arity: usize) -> Option<(Native, Vec<Type>)> {
    let mut ty = type_of(runtime, value);
    loop {
        let class = ty.class()?;
        let found = class.infos().iter().find(|info| {
            let takes = info.parameters.len();
            info.name == name
                && !info.is_static
                && match info.kind {
                    MemberKind::Indexer => takes == arity || (info.is_settable && takes + 1 == arity),
                    _ => takes == arity,
                }
        });
        if let Some(info) = found {
            return Some((info.native, ty.arguments().to_vec()));
        }
        ty = ty.supertypes().into_iter().find(|base| base.class().is_some_and(|class| class.kind == Kind::Class))?;
    }
}

/// `Count`, and `Length` of an array.
pub fn count(call: &mut Call<'_, '_>) -> Outcome {
    let receiver = call.argument(0);
    match known_count(call.runtime, receiver) {
        Some(count) => Ok(number(count)),
        None if matches!(call.runtime.get(receiver), Some(Object::Instance(_))) => dispatch(call, "Count"),
        None => Err(null_reference()),
    }
}

/// How many items a collection has, where that is known without running through it.
pub fn known_count(runtime: &mut Runtime<'_>, value: &Value) -> Option<usize> {
    match value {
        Value::Context(part) => context::entries(runtime, *part).map(|entries| entries.len()),
        value => match runtime.get(value)? {
            Object::Dictionary(map) => Some(map.len()),
            Object::Token(token) => Some(token.children().count()),
            Object::Instance(instance) => instance.count(runtime),
            _ => length(runtime, value),
        },
    }
}

/// `list[index]`, or `list[index] = value` where a third argument stands.
fn indexed(call: &mut Call<'_, '_>) -> Outcome {
    let receiver = call.argument(0);
    let new = call.arguments.get(2).cloned();
    match (shape(call), new) {
        (Shape::Array, new) => {
            // Through the interface an array speaks as a list does. Source: dotnet/runtime, Array.cs (SZArrayHelper).
            let at = usize::try_from(int(call, 1)).unwrap_or(usize::MAX);
            let found = item(call.runtime, receiver, at).ok_or_else(|| refusal::index("index"))?;
            match new {
                Some(new) => set_element(call.runtime, receiver, call.argument(1), new).map(|()| Value::Null),
                None => Ok(found),
            }
        }
        (Shape::Fixed(message), Some(_)) => Err(refusal::unsupported(message)),
        _ => dispatch(call, "this"),
    }
}

/// Whose words a `CopyTo` that does not fit is refused with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Those of a dictionary and its views.
    Dictionary,
    /// Those of a set.
    Set,
    /// Those of a queue and a stack.
    Queue,
}

/// `CopyTo` of what is walked through: the array is the first argument, the index to begin with may be the second.
pub fn copy_to(call: &mut Call<'_, '_>, words: Words) -> Outcome {
    let items = call.runtime.collect(call.argument(0))?;
    copy_items(call, &items, words)
}

/// Copies items into the array that is the first argument.
///
/// # Errors
/// As the collection's `CopyTo`.
pub fn copy_items(call: &mut Call<'_, '_>, items: &[Value], words: Words) -> Outcome {
    let array = call.argument(1);
    if array.is_null() {
        return Err(argument_null("array"));
    }
    let length = length(call.runtime, array).unwrap_or(0);
    let start = usize::try_from(int(call, 2)).ok();
    let start = match (words, start) {
        (Words::Dictionary, Some(start)) if start <= length => start,
        (Words::Dictionary, _) => return Err(refusal::negative("index")),
        (Words::Set, Some(start)) => start,
        (Words::Set, None) => return Err(refusal::negative("arrayIndex")),
        (Words::Queue, Some(start)) if start <= length => start,
        (Words::Queue, _) => return Err(refusal::index("arrayIndex")),
    };
    if start.saturating_add(items.len()) > length {
        return Err(match words {
            Words::Queue => refusal::part(),
            _ => refusal::argument(
                "Destination array is not long enough to copy all the items in the collection. Check array index and length.",
            ),
        });
    }
    super::look_at(call.runtime, items.len())?;
    for (offset, item) in items.iter().enumerate() {
        super::put(call.runtime, array, start + offset, item.clone());
    }
    Ok(Value::Null)
}

/// Whether a walk finds an equal item.
///
/// # Errors
/// What the walk raises; a spent budget.
pub fn walk_contains(runtime: &mut Runtime<'_>, value: &Value, wanted: &Value) -> Result<bool, Raise> {
    let mut cursor = runtime.cursor(value)?;
    while let Some(item) = cursor.next(runtime)? {
        runtime.step()?;
        if object::equal(runtime, &item, wanted) {
            return Ok(true);
        }
    }
    Ok(false)
}
