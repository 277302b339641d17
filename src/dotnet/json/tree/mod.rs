//! How tokens stand in one another: parents, adding, taking out, copies, equality. Source: Linq/JContainer.cs and what derives from it.

mod whole;

pub(super) use whole::{clone, deep_equals, path};

use super::{
    Items, Kind, Token, TokenType, json_exception,
    leaf::{self, Leaf},
};
use crate::{
    dotnet::{
        exception::{Raise, argument_null, null_reference, out_of_range, raise, throw},
        heap::{Object, Ref},
        registry,
        runtime::Runtime,
        value::Value,
    },
    text::Text,
};

/// The token behind a reference.
pub(super) fn get<'a>(runtime: &'a Runtime<'_>, of: Ref) -> Result<&'a Token, Raise> {
    match runtime.heap.get(of) {
        Object::Token(token) => Ok(token),
        _ => Err(null_reference()),
    }
}

/// The token in a value.
pub(super) fn reference(runtime: &Runtime<'_>, value: &Value) -> Option<Ref> {
    match value {
        Value::Object(of) if matches!(runtime.heap.get(*of), Object::Token(_)) => Some(*of),
        _ => None,
    }
}

fn get_mut<'a>(runtime: &'a mut Runtime<'_>, of: Ref) -> Result<&'a mut Token, Raise> {
    match runtime.heap.get_mut(of) {
        Some(Object::Token(token)) => Ok(token),
        _ => Err(null_reference()),
    }
}

/// Places a token and makes it the parent of what it holds.
///
/// # Errors
/// A spent budget.
pub fn place(runtime: &mut Runtime<'_>, kind: Kind) -> Result<Ref, Raise> {
    let made = runtime.object(Object::Token(Token::new(kind)))?;
    let of = Runtime::reference(&made).ok_or_else(null_reference)?;
    let count = get(runtime, of)?.count();
    for at in 0..count {
        if let Some(child) = get(runtime, of)?.child(at) {
            adopt(runtime, child, Some(of), at);
        }
    }
    Ok(of)
}

/// `SetLineInfo`: says where a token was loaded from.
pub(super) fn locate(runtime: &mut Runtime<'_>, of: Ref, (line, position): (usize, usize)) -> Result<(), Raise> {
    let line = u32::try_from(line).ok().and_then(std::num::NonZeroU32::new);
    get_mut(runtime, of)?.place = line.zip(u32::try_from(position).ok());
    Ok(())
}

/// Places a `JValue`.
pub(super) fn place_leaf(runtime: &mut Runtime<'_>, leaf: Leaf) -> Result<Ref, Raise> {
    place(runtime, Kind::Value(leaf))
}

fn adopt(runtime: &mut Runtime<'_>, child: Ref, parent: Option<Ref>, at: usize) {
    if let Some(Object::Token(token)) = runtime.heap.get_mut(child) {
        token.parent = parent;
        token.at = u32::try_from(at).unwrap_or(u32::MAX);
    }
}

/// The outermost token that a token stands in.
pub(super) fn root(runtime: &Runtime<'_>, token: Ref) -> Ref {
    let mut root = token;
    while let Object::Token(Token { parent: Some(parent), .. }) = runtime.heap.get(root) {
        root = *parent;
    }
    root
}

/// Where a token stands in a container; none for one that stands elsewhere.
pub(super) fn index_of(runtime: &mut Runtime<'_>, container: Ref, item: Ref) -> Result<Option<usize>, Raise> {
    let Object::Token(token) = runtime.heap.get(item) else { return Ok(None) };
    let hint = token.at as usize;
    let parent = get(runtime, container)?;
    if parent.child(hint) == Some(item) {
        return Ok(Some(hint));
    }
    let found = match (&parent.kind, &token.kind) {
        (Kind::Object(properties), Kind::Property(name, _)) => {
            properties.map.get_full(name).filter(|(.., property)| **property == item).map(|(at, ..)| at)
        }
        _ => parent.children().position(|child| child == item),
    };
    let count = parent.count();
    runtime.work(count * size_of::<Ref>())?;
    if let Some(at) = found
        && let Some(Object::Token(token)) = runtime.heap.get_mut(item)
    {
        token.at = u32::try_from(at).unwrap_or(u32::MAX);
    }
    Ok(found)
}

/// The token `by` places behind, in the same container.
pub(super) fn sibling(runtime: &mut Runtime<'_>, of: Ref, by: isize) -> Result<Option<Ref>, Raise> {
    let Some(parent) = get(runtime, of)?.parent else { return Ok(None) };
    let Some(at) = index_of(runtime, parent, of)? else { return Ok(None) };
    Ok(match at.checked_add_signed(by) {
        Some(at) => get(runtime, parent)?.child(at),
        None => None,
    })
}

/// The `JProperty` of that name.
pub(super) fn property(runtime: &Runtime<'_>, object: Ref, name: &str) -> Option<Ref> {
    match runtime.heap.get(object) {
        Object::Token(Token { kind: Kind::Object(properties), .. }) => properties.map.get(name).copied(),
        _ => None,
    }
}

/// The value of the property of that name.
pub(super) fn property_value(runtime: &Runtime<'_>, object: Ref, name: &str) -> Option<Ref> {
    match runtime.heap.get(property(runtime, object, name)?) {
        Object::Token(Token { kind: Kind::Property(_, value), .. }) => *value,
        _ => None,
    }
}

/// `JContainer.EnsureParentToken`: JSON's null for a null reference; a copy of a token that stands somewhere already or holds the
/// container, as trees have no cycles.
fn ensure(runtime: &mut Runtime<'_>, container: Ref, item: Option<Ref>, is_own: bool) -> Result<Ref, Raise> {
    let Some(item) = item else { return place_leaf(runtime, Leaf::NULL) };
    if is_own {
        return Ok(item);
    }
    let token = get(runtime, item)?;
    let is_copied = token.parent.is_some() || item == container || (token.count() > 0 && root(runtime, container) == item);
    if is_copied { clone(runtime, item) } else { Ok(item) }
}

/// `ValidateToken`: whether a container takes a token.
fn validate(runtime: &Runtime<'_>, container: Ref, item: Ref, existing: Option<Ref>) -> Result<(), Raise> {
    let (into, token) = (get(runtime, container)?, get(runtime, item)?);
    let refused = || {
        let (token, into) = (token.class().full_name(), into.class().full_name());
        raise(&registry::ARGUMENT_EXCEPTION, format!("Can not add {token} to {into}."))
    };
    match (&into.kind, &token.kind) {
        (Kind::Object(properties), Kind::Property(name, _)) => {
            if let Some(existing) = existing
                && let Kind::Property(old, _) = &get(runtime, existing)?.kind
                && old == name
            {
                return Ok(());
            }
            if properties.map.contains_key(name) {
                let into = into.class().full_name();
                let message = format!("Can not add property {name} to {into}. Property with the same name already exists on object.");
                return raise(&registry::ARGUMENT_EXCEPTION, message);
            }
            Ok(())
        }
        (Kind::Object(_), _) | (_, Kind::Property(..)) => refused(),
        _ => Ok(()),
    }
}

/// `InsertItem`; with `is_own` the token is new and needs no look at its parent.
pub(super) fn insert(runtime: &mut Runtime<'_>, container: Ref, index: i64, item: Option<Ref>, is_own: bool) -> Result<(), Raise> {
    runtime.step()?;
    runtime.allocate(3 * size_of::<usize>())?;
    let is_comment = match item {
        Some(item) => get(runtime, item)?.ty() == TokenType::Comment,
        None => false,
    };
    let into = get(runtime, container)?;
    let count = into.count();
    let (mut index, mut is_own) = (index, is_own);
    match &into.kind {
        Kind::Object(_) | Kind::Property(..) if is_comment => return Ok(()),
        Kind::Property(_, Some(_)) => return Err(json_exception("Newtonsoft.Json.Linq.JProperty cannot have multiple values.")),
        Kind::Property(_, None) => (index, is_own) = (0, false),
        _ => {}
    }
    if index > count as i64 {
        return Err(out_of_range("Index must be within the bounds of the List.", "index"));
    }
    let item = ensure(runtime, container, item, is_own)?;
    let Ok(index) = usize::try_from(index) else { return Err(bad_index()) };
    validate(runtime, container, item, None)?;
    let name = name_of(runtime, item)?;
    if index < count {
        runtime.work((count - index) * size_of::<Ref>())?;
    }
    match (&mut get_mut(runtime, container)?.kind, name) {
        (Kind::Object(properties), Some(name)) => {
            properties.map.shift_insert(index, name, item);
            properties.version = properties.version.wrapping_add(1);
        }
        (Kind::Array(items) | Kind::Constructor(_, items), _) => {
            items.items.insert(index, item);
            items.version = items.version.wrapping_add(1);
        }
        (Kind::Property(_, value), _) => *value = Some(item),
        _ => return Err(null_reference()),
    }
    adopt(runtime, item, Some(container), index);
    Ok(())
}

/// What a list raises for an index that it does not have.
pub(super) fn bad_index() -> Raise {
    out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", "index")
}

fn name_of(runtime: &Runtime<'_>, property: Ref) -> Result<Option<Text>, Raise> {
    Ok(match &get(runtime, property)?.kind {
        Kind::Property(name, _) => Some(name.clone()),
        _ => None,
    })
}

fn fixed() -> Raise {
    json_exception("Cannot add or remove items from Newtonsoft.Json.Linq.JProperty.")
}

/// The place that an index means; `SetItem` and `RemoveItemAt` refuse others with the same words.
fn checked(count: usize, index: i64) -> Result<usize, Raise> {
    match usize::try_from(index) {
        Err(_) => Err(out_of_range("Index is less than 0.", "index")),
        Ok(at) if at >= count => Err(out_of_range("Index is equal to or greater than Count.", "index")),
        Ok(at) => Ok(at),
    }
}

/// `RemoveItemAt`
pub(super) fn remove_at(runtime: &mut Runtime<'_>, container: Ref, index: i64) -> Result<(), Raise> {
    let token = get(runtime, container)?;
    if matches!(token.kind, Kind::Property(..)) {
        return Err(fixed());
    }
    let count = token.count();
    let at = checked(count, index)?;
    runtime.work((count - at) * size_of::<Ref>())?;
    let removed = match &mut get_mut(runtime, container)?.kind {
        Kind::Object(properties) => {
            properties.version = properties.version.wrapping_add(1);
            properties.map.shift_remove_index(at).map(|(_, property)| property)
        }
        Kind::Array(items) | Kind::Constructor(_, items) => {
            items.version = items.version.wrapping_add(1);
            Some(items.items.remove(at))
        }
        _ => None,
    };
    if let Some(removed) = removed {
        adopt(runtime, removed, None, 0);
    }
    Ok(())
}

/// `RemoveItem`
pub(super) fn remove(runtime: &mut Runtime<'_>, container: Ref, item: Option<Ref>) -> Result<bool, Raise> {
    if matches!(get(runtime, container)?.kind, Kind::Property(..)) {
        return Err(fixed());
    }
    let Some(item) = item else { return Ok(false) };
    match index_of(runtime, container, item)? {
        Some(at) => remove_at(runtime, container, at as i64).map(|()| true),
        None => Ok(false),
    }
}

/// `SetItem`
pub(super) fn set(runtime: &mut Runtime<'_>, container: Ref, index: i64, item: Option<Ref>) -> Result<(), Raise> {
    let token = get(runtime, container)?;
    if matches!(token.kind, Kind::Property(..)) && index != 0 {
        return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, "Specified argument was out of the range of valid values.");
    }
    let at = checked(token.count(), index)?;
    let existing = token.child(at).ok_or_else(bad_index)?;
    if is_unchanged(runtime, existing, item)? {
        return Ok(());
    }
    let item = ensure(runtime, container, item, false)?;
    validate(runtime, container, item, Some(existing))?;
    let name = name_of(runtime, item)?;
    match (&mut get_mut(runtime, container)?.kind, name) {
        (Kind::Object(properties), Some(name)) => {
            properties.version = properties.version.wrapping_add(1);
            // The name is new here or the same: both leave every other property where it is.
            let _ = properties.map.replace_index(at, name);
            if let Some((_, property)) = properties.map.get_index_mut(at) {
                *property = item;
            }
        }
        (Kind::Array(items) | Kind::Constructor(_, items), _) => {
            items.version = items.version.wrapping_add(1);
            if let Some(place) = items.items.get_mut(at) {
                *place = item;
            }
        }
        (Kind::Property(_, value), _) => *value = Some(item),
        _ => return Err(null_reference()),
    }
    adopt(runtime, item, Some(container), at);
    adopt(runtime, existing, None, 0);
    Ok(())
}

/// `IsTokenUnchanged`: a `JValue` stays where an equal one is assigned.
fn is_unchanged(runtime: &mut Runtime<'_>, existing: Ref, item: Option<Ref>) -> Result<bool, Raise> {
    let Kind::Value(current) = &get(runtime, existing)?.kind else { return Ok(false) };
    match item {
        None => Ok(current.ty == TokenType::Null),
        Some(item) if item == existing => Ok(true),
        Some(item) => match &get(runtime, item)?.kind {
            Kind::Value(new) => {
                let (current, new) = (current.clone(), new.clone());
                leaf::equals(runtime, &current, &new)
            }
            _ => Ok(false),
        },
    }
}

/// `ClearItems`
pub(super) fn clear(runtime: &mut Runtime<'_>, container: Ref) -> Result<(), Raise> {
    let children: Vec<Ref> = get(runtime, container)?.children().collect();
    match &mut get_mut(runtime, container)?.kind {
        Kind::Object(properties) => {
            properties.map.clear();
            properties.version = properties.version.wrapping_add(1);
        }
        Kind::Array(items) | Kind::Constructor(_, items) => {
            items.items.clear();
            items.version = items.version.wrapping_add(1);
        }
        Kind::Property(..) => return Err(fixed()),
        Kind::Value(_) => return Err(null_reference()),
    }
    runtime.work(children.len() * size_of::<Ref>())?;
    for child in children {
        adopt(runtime, child, None, 0);
    }
    Ok(())
}

/// `JProperty.Value = …`
pub(super) fn set_value(runtime: &mut Runtime<'_>, property: Ref, value: Option<Ref>) -> Result<(), Raise> {
    let value = match value {
        Some(value) => value,
        None => place_leaf(runtime, Leaf::NULL)?,
    };
    if get(runtime, property)?.count() == 0 {
        insert(runtime, property, 0, Some(value), false)
    } else {
        set(runtime, property, 0, Some(value))
    }
}

/// `JObject.Add(name, value)`
pub(super) fn add_property(runtime: &mut Runtime<'_>, object: Ref, name: Option<Text>, value: Option<Ref>) -> Result<(), Raise> {
    let name = name.ok_or_else(|| argument_null("name"))?;
    let property = place(runtime, Kind::Property(name, None))?;
    set_value(runtime, property, value)?;
    let count = get(runtime, object)?.count();
    insert(runtime, object, count as i64, Some(property), false)
}

/// `JObject[name] = value`
pub(super) fn set_property(runtime: &mut Runtime<'_>, object: Ref, name: Option<Text>, value: Option<Ref>) -> Result<(), Raise> {
    match name.as_ref().and_then(|name| property(runtime, object, name)) {
        Some(property) => set_value(runtime, property, value),
        None => add_property(runtime, object, name, value),
    }
}

/// `CreateFromContent`: a token as itself, everything else in a `JValue`.
pub(super) fn content(runtime: &mut Runtime<'_>, value: &Value) -> Result<Ref, Raise> {
    match reference(runtime, value) {
        Some(token) => Ok(token),
        None => {
            let leaf = Leaf::of(runtime, value.clone())?;
            place_leaf(runtime, leaf)
        }
    }
}

/// `IsMultiContent`: a sequence, but no string, token or `byte[]`.
pub(super) fn is_multiple(runtime: &Runtime<'_>, value: &Value) -> bool {
    match value {
        Value::Context(part) => !part.ty().arguments().is_empty(),
        Value::Object(of) => match runtime.heap.get(*of) {
            Object::Array(_) | Object::List(_) | Object::Grid(_) | Object::Dictionary(_) => true,
            Object::Instance(instance) => instance.cursor(*of).is_some(),
            _ => false,
        },
        _ => false,
    }
}

/// `AddInternal`: adds content at a place; of a sequence each item.
pub(super) fn add(runtime: &mut Runtime<'_>, container: Ref, index: usize, value: &Value) -> Result<(), Raise> {
    if !is_multiple(runtime, value) {
        let item = content(runtime, value)?;
        return insert(runtime, container, index as i64, Some(item), false);
    }
    runtime.deeper(|runtime| {
        let mut cursor = runtime.cursor(value)?;
        let mut at = index;
        while let Some(item) = cursor.next(runtime)? {
            add(runtime, container, at, &item)?;
            at += 1;
        }
        Ok(())
    })
}

/// `Add`
pub(super) fn append(runtime: &mut Runtime<'_>, container: Ref, value: &Value) -> Result<(), Raise> {
    let count = get(runtime, container)?.count();
    add(runtime, container, count, value)
}

/// The value of a new `JProperty`: an array of a sequence's items.
pub(super) fn new_property(runtime: &mut Runtime<'_>, name: Text, value: &Value) -> Result<Ref, Raise> {
    let property = place(runtime, Kind::Property(name, None))?;
    let value = if is_multiple(runtime, value) {
        let array = place(runtime, Kind::Array(Items::default()))?;
        append(runtime, array, value)?;
        array
    } else {
        content(runtime, value)?
    };
    set_value(runtime, property, Some(value))?;
    Ok(property)
}

/// The parent that a token must have to take part in something.
pub(super) fn parent(runtime: &Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    get(runtime, of)?.parent.ok_or_else(|| throw(&registry::INVALID_OPERATION_EXCEPTION, "The parent is missing."))
}

/// `JConstructor.Name = …`
pub(super) fn rename(runtime: &mut Runtime<'_>, constructor: Ref, new: Text) -> Result<(), Raise> {
    if let Kind::Constructor(name, _) = &mut get_mut(runtime, constructor)?.kind {
        *name = Some(new);
    }
    Ok(())
}

/// `JValue.Value = …`: the type follows the value's.
pub(super) fn set_leaf(runtime: &mut Runtime<'_>, of: Ref, value: Value) -> Result<(), Raise> {
    let Kind::Value(leaf) = &get(runtime, of)?.kind else { return Err(null_reference()) };
    let types = [&leaf.value, &value].map(|value| crate::dotnet::display::type_of(runtime, value));
    let ty = if types[0] == types[1] { leaf.ty } else { leaf::type_of(runtime, Some(leaf.ty), &value)? };
    if let Kind::Value(leaf) = &mut get_mut(runtime, of)?.kind {
        leaf.ty = ty;
        leaf.value = value;
    }
    Ok(())
}
