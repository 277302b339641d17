//! `XNode`: neighbours, ancestors, order, equality, text.

use super::{
    Kind, Node, axes,
    compare::{self, receiver},
    document::Declaration,
    insert::insert,
    tree, writer,
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise},
    heap::Ref,
    member::{Call, Member, member},
    registry,
    string::{NEWLINE, Str, text_of},
    string_builder,
    value::Value,
};

/// The node and the container that it stands in.
fn placed(call: &Call<'_, '_>) -> Result<(Ref, Ref), Raise> {
    match receiver(call)? {
        (this, Node { parent: Some(parent), .. }) => Ok((this, *parent)),
        _ => raise(&registry::INVALID_OPERATION_EXCEPTION, "The parent is missing."),
    }
}

/// The sibling before a node; none for the first.
fn previous(call: &mut Call<'_, '_>, this: Ref, parent: Ref) -> Result<Option<Ref>, Raise> {
    let Some(last) = tree::last(call.runtime, parent)? else { return Ok(None) };
    Ok(Some(tree::before(call.runtime, last, this)?).filter(|before| *before != last))
}

fn add_after(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (this, parent) = placed(call)?;
    insert(call.runtime, parent, Some(this), call.argument(1)).map(|()| Value::Null)
}

fn add_before(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (this, parent) = placed(call)?;
    let previous = previous(call, this, parent)?;
    insert(call.runtime, parent, previous, call.argument(1)).map(|()| Value::Null)
}

fn replace(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (this, parent) = placed(call)?;
    let previous = previous(call, this, parent)?;
    tree::remove(call.runtime, parent, this)?;
    insert(call.runtime, parent, previous, call.argument(1)).map(|()| Value::Null)
}

fn compared(call: &mut Call<'_, '_>, first: usize) -> Result<i32, Raise> {
    let [a, b] = [first, first + 1].map(|index| tree::reference(call.runtime, call.argument(index)));
    compare::order(call.runtime, a, b)
}

/// The XML of the receiver, paid for.
fn written(call: &mut Call<'_, '_>, options: i32) -> Result<Value, Raise> {
    let written = writer::write(call.runtime, receiver(call)?.1, options)?;
    call.runtime.allocate(written.text.len())?;
    call.runtime.work(written.text.len().saturating_add(written.steps))?;
    Ok(Value::string(written.text))
}

/// `Save` into a `TextWriter`: the XML behind a declaration. Source: dotnet/runtime, XElement.cs, XDocument.cs.
pub(super) fn save(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let node = receiver(call)?.1;
    let options = match call.arguments.get(2) {
        Some(options) => options.as_integer().and_then(|options| i32::try_from(options).ok()).unwrap_or(0),
        None => writer::options_of(call.runtime, node),
    };
    let declaration = match &node.kind {
        Kind::Document { declaration, .. } => call.runtime.own::<Declaration>(declaration).cloned(),
        _ => None,
    };
    let is_document = matches!(node.kind, Kind::Document { .. });
    if call.argument(1).is_null() {
        return Err(argument_null("output"));
    }
    let text = written(call, options)?;
    let text = text_of(call.runtime, &text)?;
    if is_document && text.is_empty() {
        let message = "Token EndDocument in state Document would result in an invalid XML document.";
        return raise(&registry::INVALID_OPERATION_EXCEPTION, message);
    }
    let gap = if options & writer::DISABLE_FORMATTING == 0 { NEWLINE } else { "" };
    let start = format!("{}{gap}", declaration.unwrap_or_default().saved());
    string_builder::write(call.runtime, call.argument(1), &Str::from(start))?;
    string_builder::write(call.runtime, call.argument(1), &text)?;
    Ok(Value::Null)
}

/// `XNode`
pub(super) const MEMBERS: &[Member] = &[
    member("static XNodeDocumentOrderComparer DocumentOrderComparer { get; }", compare::order_comparer),
    member("static XNodeEqualityComparer EqualityComparer { get; }", compare::equality_comparer),
    member("XNode NextNode { get; }", |call| {
        let (this, node) = receiver(call)?;
        let is_last = match node.parent {
            Some(parent) => tree::last(call.runtime, parent)? == Some(this),
            None => true,
        };
        Ok(tree::value(node.next.filter(|_| !is_last)))
    }),
    member("XNode PreviousNode { get; }", |call| match receiver(call)? {
        (this, Node { parent: Some(parent), .. }) => {
            let parent = *parent;
            previous(call, this, parent).map(tree::value)
        }
        _ => Ok(Value::Null),
    }),
    member("void AddAfterSelf(object content)", add_after),
    member("void AddAfterSelf(params object[] content)", add_after),
    member("void AddBeforeSelf(object content)", add_before),
    member("void AddBeforeSelf(params object[] content)", add_before),
    member("void ReplaceWith(object content)", replace),
    member("void ReplaceWith(params object[] content)", replace),
    member("void Remove()", |call| {
        let (this, parent) = placed(call)?;
        tree::remove(call.runtime, parent, this).map(|()| Value::Null)
    }),
    member("IEnumerable<XElement> Ancestors()", |call| axes::all(call, axes::ANCESTORS)),
    member("IEnumerable<XElement> Ancestors(XName name)", |call| axes::named(call, axes::ANCESTORS)),
    member("IEnumerable<XNode> NodesAfterSelf()", |call| axes::all(call, axes::NODES_AFTER)),
    member("IEnumerable<XNode> NodesBeforeSelf()", |call| axes::all(call, axes::NODES_BEFORE)),
    member("IEnumerable<XElement> ElementsAfterSelf()", |call| axes::all(call, axes::ELEMENTS_AFTER)),
    member("IEnumerable<XElement> ElementsAfterSelf(XName name)", |call| axes::named(call, axes::ELEMENTS_AFTER)),
    member("IEnumerable<XElement> ElementsBeforeSelf()", |call| axes::all(call, axes::ELEMENTS_BEFORE)),
    member("IEnumerable<XElement> ElementsBeforeSelf(XName name)", |call| axes::named(call, axes::ELEMENTS_BEFORE)),
    member("static int CompareDocumentOrder(XNode n1, XNode n2)", |call| compared(call, 0).map(Value::Int32)),
    member("bool IsAfter(XNode node)", |call| compared(call, 0).map(|order| Value::Bool(order > 0))),
    member("bool IsBefore(XNode node)", |call| compared(call, 0).map(|order| Value::Bool(order < 0))),
    member("static bool DeepEquals(XNode n1, XNode n2)", |call| {
        let [a, b] = [0, 1].map(|index| tree::reference(call.runtime, call.argument(index)));
        compare::equal(call.runtime, a, b).map(Value::Bool)
    }),
    member("string ToString()", |call| {
        let options = writer::options_of(call.runtime, receiver(call)?.1);
        written(call, options)
    }),
    member("string ToString(SaveOptions options)", |call| {
        let options = call.argument(1).as_integer().and_then(|options| i32::try_from(options).ok()).unwrap_or(0);
        written(call, options)
    }),
];
