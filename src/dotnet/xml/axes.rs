//! The axes: lazy walks through a tree.
//!
//! Each is the state machine that C# makes of the iterator of the same name in dotnet/runtime (XNode.cs, XContainer.cs, XElement.cs):
//! the tree is looked at when the next node is asked for, so a change meanwhile has the effect it has there. A walk that has lost its
//! place, because the node it stood on was removed, ends or raises `NullReferenceException` as the original does.

use super::{
    XATTRIBUTE, XELEMENT, XNODE,
    names::{self, Name},
    tree::{self, parent},
};
use crate::dotnet::{
    exception::{Raise, null_reference},
    heap::Ref,
    member::Call,
    runtime::Runtime,
    sequence::{Cursor, cursor},
    types::{Class, Type},
    value::Value,
};

/// A walk under way.
pub(super) type Walk = Box<dyn FnMut(&mut Runtime<'_>) -> Result<Option<Ref>, Raise> + Send + Sync>;

/// An axis: how the walk from a node starts, and what its items are.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub walk: fn(Ref) -> Walk,
    pub of: &'static Class,
}

pub(super) const ANCESTORS: Axis = Axis { walk: |from| ancestors(from, false), of: &XELEMENT };
pub(super) const ANCESTORS_AND_SELF: Axis = Axis { walk: |from| ancestors(from, true), of: &XELEMENT };
pub(super) const ATTRIBUTES: Axis = Axis { walk: attributes, of: &XATTRIBUTE };
pub(super) const NODES: Axis = Axis { walk: |from| children(from, true), of: &XNODE };
pub(super) const ELEMENTS: Axis = Axis { walk: |from| elements(children(from, false)), of: &XELEMENT };
pub(super) const DESCENDANT_NODES: Axis = Axis { walk: |from| descendants(from, true, false), of: &XNODE };
pub(super) const DESCENDANT_NODES_AND_SELF: Axis = Axis { walk: |from| descendants(from, true, true), of: &XNODE };
pub(super) const DESCENDANTS: Axis = Axis { walk: |from| elements(descendants(from, false, false)), of: &XELEMENT };
pub(super) const DESCENDANTS_AND_SELF: Axis = Axis { walk: |from| elements(descendants(from, false, true)), of: &XELEMENT };
pub(super) const NODES_AFTER: Axis = Axis { walk: after, of: &XNODE };
pub(super) const ELEMENTS_AFTER: Axis = Axis { walk: |from| elements(after(from)), of: &XELEMENT };
pub(super) const NODES_BEFORE: Axis = Axis { walk: before, of: &XNODE };
pub(super) const ELEMENTS_BEFORE: Axis = Axis { walk: |from| elements(before(from)), of: &XELEMENT };

/// The axis from the receiver.
pub(super) fn all(call: &mut Call<'_, '_>, axis: Axis) -> Result<Value, Raise> {
    from_receiver(call, axis, None)
}

/// The axis from the receiver, for one name; nothing where the name is null.
pub(super) fn named(call: &mut Call<'_, '_>, axis: Axis) -> Result<Value, Raise> {
    match names::argument(call, 1) {
        Some(name) => from_receiver(call, axis, Some(name)),
        None => empty(call.runtime, axis.of),
    }
}

fn from_receiver(call: &mut Call<'_, '_>, axis: Axis, name: Option<Name>) -> Result<Value, Raise> {
    let from = tree::reference(call.runtime, call.argument(0)).ok_or_else(null_reference)?;
    call.runtime.lazy(Type::named(axis.of), move |_| Ok(stepping((axis.walk)(from), name.clone())))
}

/// The axis from each node of the sequence that is the first argument. Source: dotnet/runtime, Extensions.cs.
pub(super) fn each(call: &mut Call<'_, '_>, axis: Axis) -> Result<Value, Raise> {
    let source = source(call)?;
    spread(call.runtime, source, axis, None)
}

/// The same for one name.
pub(super) fn each_named(call: &mut Call<'_, '_>, axis: Axis) -> Result<Value, Raise> {
    let source = source(call)?;
    match names::argument(call, 1) {
        Some(name) => spread(call.runtime, source, axis, Some(name)),
        None => empty(call.runtime, axis.of),
    }
}

/// The sequence that an extension method extends.
pub(super) fn source(call: &Call<'_, '_>) -> Result<Value, Raise> {
    match call.argument(0) {
        Value::Null => Err(crate::dotnet::exception::argument_null("source")),
        source => Ok(source.clone()),
    }
}

fn spread(runtime: &mut Runtime<'_>, source: Value, axis: Axis, name: Option<Name>) -> Result<Value, Raise> {
    runtime.lazy(Type::named(axis.of), move |runtime| {
        let mut sources = runtime.cursor(&source)?;
        let mut current: Option<Box<dyn Cursor>> = None;
        let name = name.clone();
        Ok(cursor(move |runtime| {
            loop {
                if let Some(walk) = &mut current {
                    match walk.next(runtime)? {
                        Some(found) => return Ok(Some(found)),
                        None => current = None,
                    }
                }
                runtime.step()?;
                let Some(next) = sources.next(runtime)? else { return Ok(None) };
                // Null among the nodes is passed over.
                current = tree::reference(runtime, &next).map(|from| stepping((axis.walk)(from), name.clone()));
            }
        }))
    })
}

/// `EmptySequence`
pub(super) fn empty(runtime: &mut Runtime<'_>, of: &'static Class) -> Result<Value, Raise> {
    crate::dotnet::collection::array(runtime, Type::named(of), Vec::new())
}

/// A walk as a cursor that gives what has the name.
fn stepping(mut walk: Walk, name: Option<Name>) -> Box<dyn Cursor> {
    cursor(move |runtime| {
        while let Some(found) = walk(runtime)? {
            runtime.step()?;
            if name.is_none() || tree::name(runtime, found)? == name.as_ref() {
                return Ok(Some(Value::Object(found)));
            }
        }
        Ok(None)
    })
}

/// The elements of a walk.
fn elements(mut walk: Walk) -> Walk {
    Box::new(move |runtime| {
        while let Some(found) = walk(runtime)? {
            runtime.step()?;
            if tree::is_element(runtime, found) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    })
}

fn ancestors(from: Ref, with_self: bool) -> Walk {
    let mut at = Some(from);
    let mut is_first = true;
    Box::new(move |runtime| {
        let Some(current) = at else { return Ok(None) };
        at = if std::mem::take(&mut is_first) && with_self { Some(current) } else { parent(runtime, current)? };
        at = at.filter(|element| tree::is_element(runtime, *element));
        Ok(at)
    })
}

fn attributes(of: Ref) -> Walk {
    let mut at = None;
    let mut is_over = false;
    Box::new(move |runtime| {
        let last = tree::last_attribute(runtime, of)?;
        ring(runtime, of, last, &mut at, &mut is_over)
    })
}

fn children(of: Ref, with_text: bool) -> Walk {
    let mut at = None;
    let mut is_over = false;
    Box::new(move |runtime| {
        let last = if with_text && at.is_none() { tree::last_node(runtime, of)? } else { tree::last(runtime, of)? };
        ring(runtime, of, last, &mut at, &mut is_over)
    })
}

/// One step through a ring, from its first member to its last, as long as the one stood on is still in it.
fn ring(runtime: &Runtime<'_>, of: Ref, last: Option<Ref>, at: &mut Option<Ref>, is_over: &mut bool) -> Result<Option<Ref>, Raise> {
    let from = match *at {
        None => last,
        Some(current) if parent(runtime, current)? == Some(of) && last != Some(current) => Some(current),
        Some(_) => None,
    };
    match from.filter(|_| !*is_over) {
        Some(from) => {
            *at = Some(tree::next(runtime, from)?);
            Ok(*at)
        }
        None => {
            *is_over = true;
            Ok(None)
        }
    }
}

/// In document order. With text, content that is text alone becomes a node to be seen.
fn descendants(of: Ref, with_text: bool, with_self: bool) -> Walk {
    let mut at = None;
    let mut is_over = false;
    Box::new(move |runtime| {
        if is_over {
            return Ok(None);
        }
        if at.is_none() && with_self {
            at = Some(of);
            return Ok(at);
        }
        at = advance(runtime, of, at.unwrap_or(of), with_text)?;
        is_over = at.is_none();
        Ok(at)
    })
}

/// The node behind `from` in the document below `of`: its first child, else the next sibling of the nearest ancestor that has one.
fn advance(runtime: &mut Runtime<'_>, of: Ref, from: Ref, with_text: bool) -> Result<Option<Ref>, Raise> {
    let last = if with_text { tree::last_node(runtime, from)? } else { tree::last(runtime, from)? };
    if let Some(last) = last {
        return tree::next(runtime, last).map(Some);
    }
    let mut current = from;
    while current != of {
        let parent = parent(runtime, current)?.ok_or_else(null_reference)?;
        if tree::last(runtime, parent)? != Some(current) {
            return tree::next(runtime, current).map(Some);
        }
        current = parent;
    }
    Ok(None)
}

fn after(from: Ref) -> Walk {
    let mut at = Some(from);
    Box::new(move |runtime| {
        let Some(current) = at else { return Ok(None) };
        at = match parent(runtime, current)? {
            Some(parent) if tree::last(runtime, parent)? != Some(current) => Some(tree::next(runtime, current)?),
            _ => None,
        };
        Ok(at)
    })
}

fn before(from: Ref) -> Walk {
    let mut at = None;
    let mut is_over = false;
    Box::new(move |runtime| {
        let Some(container) = parent(runtime, from)?.filter(|_| !is_over) else { return Ok(None) };
        let next = match at {
            None => tree::last(runtime, container)?.map(|last| tree::next(runtime, last)).transpose()?,
            Some(current) if parent(runtime, current)? == Some(container) => Some(tree::next(runtime, current)?),
            Some(_) => None,
        };
        at = next.filter(|next| *next != from);
        is_over = at.is_none();
        Ok(at)
    })
}
