//! What may be content: nodes, attributes, text, anything that has text, and sequences of all these.
//!
//! Source: dotnet/runtime, `XContainer.AddContentSkipNotify` and what it calls.

use super::{
    Content, Kind, convert, document,
    tree::{self, node},
};
use crate::dotnet::{
    display::{self, type_of},
    exception::{Raise, raise},
    heap::Ref,
    registry,
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// `Add(object content)`
pub(super) fn add(runtime: &mut Runtime<'_>, container: Ref, content: &Value) -> Result<(), Raise> {
    match piece(runtime, content)? {
        Piece::Nothing => Ok(()),
        Piece::Text(text) => add_text(runtime, container, text),
        Piece::Attribute(attribute) => add_attribute(runtime, container, attribute),
        Piece::Node(child) => add_node(runtime, container, child),
        Piece::Sequence => each(runtime, content, |runtime, item| add(runtime, container, item)),
    }
}

/// One value as content.
pub(super) enum Piece {
    Nothing,
    Text(Str),
    Node(Ref),
    Attribute(Ref),
    Sequence,
}

pub(super) fn piece(runtime: &mut Runtime<'_>, value: &Value) -> Result<Piece, Raise> {
    Ok(match value {
        Value::Null => Piece::Nothing,
        Value::String(text) => Piece::Text(text.clone()),
        _ => match tree::reference(runtime, value) {
            Some(reference) if matches!(node(runtime, reference)?.kind, Kind::Attribute { .. }) => Piece::Attribute(reference),
            Some(reference) => Piece::Node(reference),
            None if is_sequence(runtime, value) => Piece::Sequence,
            None => Piece::Text(text(runtime, value)?),
        },
    })
}

/// Walks through a sequence of content, which may hold others.
pub(super) fn each(
    runtime: &mut Runtime<'_>,
    sequence: &Value,
    mut with: impl FnMut(&mut Runtime<'_>, &Value) -> Result<(), Raise>,
) -> Result<(), Raise> {
    runtime.deeper(|runtime| {
        let mut cursor = runtime.cursor(sequence)?;
        while let Some(item) = cursor.next(runtime)? {
            runtime.step()?;
            with(runtime, &item)?;
        }
        Ok(())
    })
}

pub(super) fn is_sequence(runtime: &Runtime<'_>, value: &Value) -> bool {
    !matches!(value, Value::String(_)) && type_of(runtime, value).as_class(&registry::NONGENERIC_IENUMERABLE).is_some()
}

/// `GetContentSnapshot`: the content's sequences laid out, so that nothing of them is lost where they walk through what is replaced.
pub(super) fn snapshot(runtime: &mut Runtime<'_>, content: &Value, items: &mut Vec<Value>) -> Result<(), Raise> {
    if is_sequence(runtime, content) {
        return each(runtime, content, |runtime, item| snapshot(runtime, item, items));
    }
    runtime.allocate(size_of::<Value>())?;
    items.push(content.clone());
    Ok(())
}

/// `GetStringValue`: a value as XML writes it.
pub(super) fn text(runtime: &mut Runtime<'_>, value: &Value) -> Result<Str, Raise> {
    if tree::reference(runtime, value).is_some() {
        return raise(&registry::ARGUMENT_EXCEPTION, "An XObject cannot be used as a value.");
    }
    Ok(convert::text(value).unwrap_or_else(|| display::to_str(runtime, value)))
}

/// Adds text behind the last child, and to it where that is text.
pub(super) fn add_text(runtime: &mut Runtime<'_>, container: Ref, text: Str) -> Result<(), Raise> {
    document::validate_text(runtime, container, &text)?;
    match tree::content(runtime, container)? {
        Content::Empty => {
            runtime.allocate(text.bytes())?;
            tree::set_content(runtime, container, Content::Text(text))
        }
        _ if text.is_empty() => Ok(()),
        Content::Text(before) => {
            let parts = [before.clone(), text];
            let whole = tree::joined(runtime, &parts)?;
            tree::set_content(runtime, container, Content::Text(whole))
        }
        Content::Last(last) => {
            let last = *last;
            if extend(runtime, last, &text)? {
                return Ok(());
            }
            let made = tree::place(runtime, Kind::Text(text))?;
            tree::append(runtime, container, made)
        }
    }
}

/// Adds to a text node that is no CDATA section; false for any other node.
pub(super) fn extend(runtime: &mut Runtime<'_>, of: Ref, more: &Str) -> Result<bool, Raise> {
    let Kind::Text(before) = &node(runtime, of)?.kind else { return Ok(false) };
    let parts = [before.clone(), more.clone()];
    let whole = tree::joined(runtime, &parts)?;
    tree::node_mut(runtime, of)?.kind = Kind::Text(whole);
    Ok(true)
}

/// Adds a node behind the last child: a copy of one that stands somewhere, or that the container stands in.
pub(super) fn add_node(runtime: &mut Runtime<'_>, container: Ref, child: Ref) -> Result<(), Raise> {
    document::validate_node(runtime, container, child, document::Place::End)?;
    let child = own(runtime, container, child)?;
    tree::text_to_node(runtime, container)?;
    tree::append(runtime, container, child)
}

/// The node itself, where it can be put into the container; else a copy.
pub(super) fn own(runtime: &mut Runtime<'_>, container: Ref, child: Ref) -> Result<Ref, Raise> {
    let is_copied = tree::parent(runtime, child)?.is_some() || tree::root(runtime, container)? == child;
    if is_copied { tree::copy(runtime, child) } else { Ok(child) }
}

pub(super) fn add_attribute(runtime: &mut Runtime<'_>, container: Ref, attribute: Ref) -> Result<(), Raise> {
    if !tree::is_element(runtime, container) {
        return raise(&registry::ARGUMENT_EXCEPTION, "An attribute cannot be added to content.");
    }
    let adding = node(runtime, attribute)?;
    let (is_placed, kind) = (adding.parent.is_some(), adding.kind.clone());
    if let Kind::Attribute { name, .. } = &kind
        && tree::find_attribute(runtime, container, name)?.is_some()
    {
        return raise(&registry::INVALID_OPERATION_EXCEPTION, "Duplicate attribute.");
    }
    let attribute = if is_placed { tree::place(runtime, kind)? } else { attribute };
    tree::append_attribute(runtime, container, attribute)
}
