//! Nodes in the heap: looking at them, linking and unlinking them, copying them.

use super::{Content, Kind, Node, names::Name};
use crate::dotnet::{
    exception::{Raise, null_reference},
    heap::Ref,
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// The node behind a reference.
pub(super) fn node<'a>(runtime: &'a Runtime<'_>, reference: Ref) -> Result<&'a Node, Raise> {
    runtime.heap.instance(reference).ok_or_else(null_reference)
}

/// The node behind a reference, to change it.
pub(super) fn node_mut<'a>(runtime: &'a mut Runtime<'_>, reference: Ref) -> Result<&'a mut Node, Raise> {
    runtime.heap.instance_mut(reference).ok_or_else(null_reference)
}

/// The reference in a value that is a node or an attribute.
pub(super) fn reference(runtime: &Runtime<'_>, value: &Value) -> Option<Ref> {
    Runtime::reference(value).filter(|reference| runtime.heap.instance::<Node>(*reference).is_some())
}

/// A node as a value; null for none.
pub(super) fn value(reference: Option<Ref>) -> Value {
    reference.map_or(Value::Null, Value::Object)
}

/// Places a node that stands nowhere yet, paying for it.
pub(super) fn place(runtime: &mut Runtime<'_>, kind: Kind) -> Result<Ref, Raise> {
    runtime.allocate(size_of::<Node>() + kind.bytes())?;
    let placed = runtime.instance(Node { parent: None, next: None, annotations: Vec::new(), kind })?;
    Runtime::reference(&placed).ok_or_else(null_reference)
}

pub(super) fn parent(runtime: &Runtime<'_>, of: Ref) -> Result<Option<Ref>, Raise> {
    Ok(node(runtime, of)?.parent)
}

/// The next sibling in the ring: the first one for the last.
pub(super) fn next(runtime: &Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    node(runtime, of)?.next.ok_or_else(null_reference)
}

/// What a container holds; nothing for what is no container.
pub(super) fn content<'a>(runtime: &'a Runtime<'_>, of: Ref) -> Result<&'a Content, Raise> {
    Ok(node(runtime, of)?.kind.content().unwrap_or(&Content::Empty))
}

pub(super) fn set_content(runtime: &mut Runtime<'_>, of: Ref, new: Content) -> Result<(), Raise> {
    match &mut node_mut(runtime, of)?.kind {
        Kind::Document { content, .. } | Kind::Element { content, .. } => *content = new,
        _ => {}
    }
    Ok(())
}

/// The last child, where there are nodes. Text that is no node yet stays what it is.
pub(super) fn last(runtime: &Runtime<'_>, of: Ref) -> Result<Option<Ref>, Raise> {
    Ok(match content(runtime, of)? {
        Content::Last(last) => Some(*last),
        _ => None,
    })
}

/// `LastNode`: text becomes a node.
pub(super) fn last_node(runtime: &mut Runtime<'_>, of: Ref) -> Result<Option<Ref>, Raise> {
    text_to_node(runtime, of)?;
    last(runtime, of)
}

/// Makes text that is not empty a node.
pub(super) fn text_to_node(runtime: &mut Runtime<'_>, container: Ref) -> Result<(), Raise> {
    let text = match content(runtime, container)? {
        Content::Text(text) if !text.is_empty() => text.clone(),
        _ => return Ok(()),
    };
    let made = place(runtime, Kind::Text(text))?;
    let node = node_mut(runtime, made)?;
    (node.parent, node.next) = (Some(container), Some(made));
    set_content(runtime, container, Content::Last(made))
}

/// Puts a node behind the last child.
pub(super) fn append(runtime: &mut Runtime<'_>, container: Ref, child: Ref) -> Result<(), Raise> {
    let last = last(runtime, container)?;
    link(runtime, container, child, last)?;
    set_content(runtime, container, Content::Last(child))
}

/// Makes `child` a child of `container` behind `previous`; alone in its ring where that is none.
pub(super) fn link(runtime: &mut Runtime<'_>, container: Ref, child: Ref, previous: Option<Ref>) -> Result<(), Raise> {
    let after = match previous {
        Some(previous) => {
            let after = next(runtime, previous)?;
            node_mut(runtime, previous)?.next = Some(child);
            after
        }
        None => child,
    };
    let node = node_mut(runtime, child)?;
    (node.parent, node.next) = (Some(container), Some(after));
    Ok(())
}

/// The sibling before `child` in the ring that ends with `last`: the last one for the first.
pub(super) fn before(runtime: &mut Runtime<'_>, last: Ref, child: Ref) -> Result<Ref, Raise> {
    let mut at = last;
    loop {
        runtime.step()?;
        let following = next(runtime, at)?;
        if following == child {
            return Ok(at);
        }
        at = following;
    }
}

/// Takes a node from its container.
pub(super) fn remove(runtime: &mut Runtime<'_>, container: Ref, child: Ref) -> Result<(), Raise> {
    let last = last(runtime, container)?.ok_or_else(null_reference)?;
    let previous = before(runtime, last, child)?;
    if previous == child {
        set_content(runtime, container, Content::Empty)?;
    } else {
        if last == child {
            set_content(runtime, container, Content::Last(previous))?;
        }
        node_mut(runtime, previous)?.next = node(runtime, child)?.next;
    }
    detach(runtime, child)
}

/// Makes a node stand nowhere.
pub(super) fn detach(runtime: &mut Runtime<'_>, child: Ref) -> Result<(), Raise> {
    let node = node_mut(runtime, child)?;
    (node.parent, node.next) = (None, None);
    Ok(())
}

/// `RemoveNodes()`
pub(super) fn remove_nodes(runtime: &mut Runtime<'_>, container: Ref) -> Result<(), Raise> {
    for child in children(runtime, container)? {
        detach(runtime, child)?;
    }
    set_content(runtime, container, Content::Empty)
}

/// The children as they stand now.
pub(super) fn children(runtime: &mut Runtime<'_>, of: Ref) -> Result<Vec<Ref>, Raise> {
    let last = last(runtime, of)?;
    ring(runtime, last)
}

/// The attributes as they stand now.
pub(super) fn attributes(runtime: &mut Runtime<'_>, of: Ref) -> Result<Vec<Ref>, Raise> {
    let last = last_attribute(runtime, of)?;
    ring(runtime, last)
}

fn ring(runtime: &mut Runtime<'_>, last: Option<Ref>) -> Result<Vec<Ref>, Raise> {
    let mut members = Vec::new();
    let Some(last) = last else { return Ok(members) };
    let mut at = last;
    loop {
        runtime.step()?;
        at = next(runtime, at)?;
        members.push(at);
        if at == last {
            return Ok(members);
        }
    }
}

pub(super) fn last_attribute(runtime: &Runtime<'_>, of: Ref) -> Result<Option<Ref>, Raise> {
    Ok(match &node(runtime, of)?.kind {
        Kind::Element { last_attribute, .. } => *last_attribute,
        _ => None,
    })
}

pub(super) fn set_last_attribute(runtime: &mut Runtime<'_>, of: Ref, new: Option<Ref>) -> Result<(), Raise> {
    if let Kind::Element { last_attribute, .. } = &mut node_mut(runtime, of)?.kind {
        *last_attribute = new;
    }
    Ok(())
}

/// Puts an attribute behind the last one, whatever its name.
pub(super) fn append_attribute(runtime: &mut Runtime<'_>, element: Ref, attribute: Ref) -> Result<(), Raise> {
    let last = last_attribute(runtime, element)?;
    link(runtime, element, attribute, last)?;
    set_last_attribute(runtime, element, Some(attribute))
}

/// The first attribute of that name.
pub(super) fn find_attribute(runtime: &mut Runtime<'_>, element: Ref, name: &Name) -> Result<Option<Ref>, Raise> {
    let Some(last) = last_attribute(runtime, element)? else { return Ok(None) };
    let mut at = last;
    loop {
        runtime.step()?;
        at = next(runtime, at)?;
        if self::name(runtime, at)? == Some(name) {
            return Ok(Some(at));
        }
        if at == last {
            return Ok(None);
        }
    }
}

/// The first child element of that name.
pub(super) fn find_element(runtime: &mut Runtime<'_>, container: Ref, name: &Name) -> Result<Option<Ref>, Raise> {
    let Some(last) = last(runtime, container)? else { return Ok(None) };
    let mut at = last;
    loop {
        runtime.step()?;
        at = next(runtime, at)?;
        if self::name(runtime, at)? == Some(name) {
            return Ok(Some(at));
        }
        if at == last {
            return Ok(None);
        }
    }
}

/// The name of an element or attribute.
pub(super) fn name<'a>(runtime: &'a Runtime<'_>, of: Ref) -> Result<Option<&'a Name>, Raise> {
    Ok(match &node(runtime, of)?.kind {
        Kind::Element { name, .. } | Kind::Attribute { name, .. } => Some(name),
        _ => None,
    })
}

pub(super) fn is_element(runtime: &Runtime<'_>, of: Ref) -> bool {
    matches!(node(runtime, of), Ok(Node { kind: Kind::Element { .. }, .. }))
}

/// The parent, where it is an element.
pub(super) fn parent_element(runtime: &Runtime<'_>, of: Ref) -> Result<Option<Ref>, Raise> {
    Ok(parent(runtime, of)?.filter(|parent| is_element(runtime, *parent)))
}

/// The outermost node that a node stands in.
pub(super) fn root(runtime: &mut Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    let mut root = of;
    while let Some(parent) = parent(runtime, root)? {
        runtime.step()?;
        root = parent;
    }
    Ok(root)
}

/// `Value` of an element: all text in it and below it.
pub(super) fn text_of(runtime: &mut Runtime<'_>, of: Ref) -> Result<Str, Raise> {
    if let Content::Text(text) = content(runtime, of)? {
        return Ok(text.clone());
    }
    let mut parts = Vec::new();
    let mut at = of;
    // Down to the first child, else on to the next sibling of the nearest ancestor that has one.
    loop {
        runtime.step()?;
        let node = node(runtime, at)?;
        match &node.kind {
            Kind::Text(text) | Kind::CData(text) => parts.push(text.clone()),
            kind => match kind.content() {
                Some(Content::Text(text)) => parts.push(text.clone()),
                Some(Content::Last(last)) => {
                    at = next(runtime, *last)?;
                    continue;
                }
                _ => {}
            },
        }
        while at != of {
            let parent = parent(runtime, at)?.ok_or_else(null_reference)?;
            if last(runtime, parent)? != Some(at) {
                break;
            }
            at = parent;
        }
        if at == of {
            return joined(runtime, &parts);
        }
        at = next(runtime, at)?;
    }
}

/// Strings one behind the other.
pub(super) fn joined(runtime: &mut Runtime<'_>, parts: &[Str]) -> Result<Str, Raise> {
    if let [one] = parts {
        return Ok(one.clone());
    }
    let bytes = parts.iter().map(Str::bytes).sum();
    runtime.allocate(bytes)?;
    runtime.work(bytes)?;
    if parts.iter().any(|part| matches!(part, Str::Units(_))) {
        let units: Vec<u16> = parts.iter().flat_map(Str::units).collect();
        return Ok(Str::from_units(&units));
    }
    let mut text = String::with_capacity(bytes);
    parts.iter().for_each(|part| text.push_str(&part.as_str()));
    Ok(text.into())
}

/// A copy of a node with all below it, standing nowhere. Annotations stay behind.
pub(super) fn copy(runtime: &mut Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    let copied = copy_alone(runtime, of)?;
    let mut open = vec![(of, copied)];
    while let Some((from, to)) = open.pop() {
        for child in children(runtime, from)? {
            let twin = copy_alone(runtime, child)?;
            append(runtime, to, twin)?;
            if last(runtime, child)?.is_some() {
                open.push((child, twin));
            }
        }
    }
    Ok(copied)
}

/// A copy of a node with its attributes and its text, without its nodes.
fn copy_alone(runtime: &mut Runtime<'_>, of: Ref) -> Result<Ref, Raise> {
    let mut kind = node(runtime, of)?.kind.clone();
    match &mut kind {
        Kind::Document { content, declaration } => {
            if matches!(content, Content::Last(_)) {
                *content = Content::Empty;
            }
            *declaration = super::document::copy_declaration(runtime, declaration)?;
        }
        Kind::Element { content, last_attribute, .. } => {
            if matches!(content, Content::Last(_)) {
                *content = Content::Empty;
            }
            *last_attribute = None;
        }
        _ => {}
    }
    let copied = place(runtime, kind)?;
    for attribute in attributes(runtime, of)? {
        let kind = node(runtime, attribute)?.kind.clone();
        let twin = place(runtime, kind)?;
        append_attribute(runtime, copied, twin)?;
    }
    Ok(copied)
}
