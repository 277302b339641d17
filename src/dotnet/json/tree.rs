//! How tokens stand in one another: parents, copies, adding.

use indexmap::IndexMap;

use super::{Kind, Token};
use crate::{
    dotnet::{
        display::{self},
        exception::{Raise, null_reference, raise},
        heap::{Object, Ref},
        registry,
        runtime::Runtime,
        value::Value,
    },
    text::Text,
};

/// Any value as a token for `container`: a token as itself, everything else in a `JValue`; a null reference becomes JSON's null.
///
/// A token that stands somewhere already, and one that holds the container, is copied: trees have no cycles.
/// Source: JamesNK/Newtonsoft.Json, `JContainer.EnsureParentToken`.
pub(super) fn to_token(runtime: &mut Runtime<'_>, value: &Value, container: Option<Ref>) -> Result<Ref, Raise> {
    if let Some(reference) = Runtime::reference(value)
        && let Object::Token(token) = runtime.heap.get(reference)
    {
        let is_copied = token.parent.is_some() || container.is_some_and(|container| root(runtime, container) == reference);
        return if is_copied { clone(runtime, reference) } else { Ok(reference) };
    }
    let made = runtime.object(Object::Token(Token::new(Kind::Value(value.clone()))))?;
    Runtime::reference(&made).ok_or_else(null_reference)
}

/// The outermost token that a token stands in.
fn root(runtime: &Runtime<'_>, token: Ref) -> Ref {
    let mut root = token;
    while let Object::Token(Token { parent: Some(parent), .. }) = runtime.heap.get(root) {
        root = *parent;
    }
    root
}

pub(super) fn clone(runtime: &mut Runtime<'_>, reference: Ref) -> Result<Ref, Raise> {
    runtime.deeper(|runtime| clone_inside(runtime, reference))
}

pub(super) fn clone_inside(runtime: &mut Runtime<'_>, reference: Ref) -> Result<Ref, Raise> {
    runtime.step()?;
    let Object::Token(token) = runtime.heap.get(reference).clone() else { return Ok(reference) };
    let kind = match token.kind {
        Kind::Object(properties) => {
            let mut copies = IndexMap::with_capacity(properties.len());
            for (name, property) in properties {
                copies.insert(name, clone(runtime, property)?);
            }
            Kind::Object(copies)
        }
        Kind::Array(items) => Kind::Array(items.into_iter().map(|item| clone(runtime, item)).collect::<Result<_, _>>()?),
        Kind::Property(name, value) => Kind::Property(name, clone(runtime, value)?),
        Kind::Value(value) => Kind::Value(value),
    };
    place(runtime, kind)
}

/// Places a token and makes it the parent of what it holds.
pub fn place(runtime: &mut Runtime<'_>, kind: Kind) -> Result<Ref, Raise> {
    let made = runtime.object(Object::Token(Token::new(kind)))?;
    let reference = Runtime::reference(&made).ok_or_else(null_reference)?;
    let children: Vec<Ref> = match runtime.heap.get(reference) {
        Object::Token(token) => token.children().collect(),
        _ => Vec::new(),
    };
    for child in children {
        adopt(runtime, child, reference);
    }
    Ok(reference)
}

pub(super) fn adopt(runtime: &mut Runtime<'_>, child: Ref, parent: Ref) {
    if let Some(Object::Token(token)) = runtime.heap.get_mut(child) {
        token.parent = Some(parent);
    }
}

pub(super) fn property(runtime: &mut Runtime<'_>, name: Text, content: &Value) -> Result<Ref, Raise> {
    let value = to_token(runtime, content, None)?;
    place(runtime, Kind::Property(name, value))
}

pub(super) fn add_property(runtime: &mut Runtime<'_>, object: Ref, property: &Value) -> Result<(), Raise> {
    let reference = Runtime::reference(property).ok_or_else(null_reference)?;
    let Object::Token(Token { kind: Kind::Property(name, _), .. }) = runtime.heap.get(reference) else {
        let class = display::full_name(&display::type_of(runtime, property));
        return raise(&registry::ARGUMENT_EXCEPTION, format!("Can not add {class} to Newtonsoft.Json.Linq.JObject."));
    };
    let name = name.clone();
    adopt(runtime, reference, object);
    if let Some(Object::Token(Token { kind: Kind::Object(properties), .. })) = runtime.heap.get_mut(object)
        && properties.insert(name.clone(), reference).is_some()
    {
        let message =
            format!("Can not add property {name} to Newtonsoft.Json.Linq.JObject. Property with the same name already exists on object.");
        return raise(&registry::ARGUMENT_EXCEPTION, message);
    }
    Ok(())
}

pub(super) fn push(runtime: &mut Runtime<'_>, array: Ref, item: &Value) -> Result<(), Raise> {
    let item = to_token(runtime, item, Some(array))?;
    adopt(runtime, item, array);
    match runtime.heap.get_mut(array) {
        Some(Object::Token(Token { kind: Kind::Array(items), .. })) => {
            items.push(item);
            Ok(())
        }
        _ => Err(null_reference()),
    }
}
