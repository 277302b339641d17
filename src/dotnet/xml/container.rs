//! `XContainer`: children and what is added to them.

use super::{
    axes,
    compare::receiver,
    content,
    insert::insert,
    names,
    tree::{self, value},
};
use crate::dotnet::{
    exception::Raise,
    heap::Ref,
    member::{Call, Member, member},
    value::Value,
};

fn add(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = receiver(call)?.0;
    content::add(call.runtime, this, call.argument(1)).map(|()| Value::Null)
}

fn add_first(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let this = receiver(call)?.0;
    insert(call.runtime, this, None, call.argument(1)).map(|()| Value::Null)
}

/// Takes away what `clear` says, and adds the content, which may come from what is taken away.
pub(super) fn replace(
    call: &mut Call<'_, '_>,
    clear: fn(&mut crate::dotnet::runtime::Runtime<'_>, Ref) -> Result<(), Raise>,
) -> Result<Value, Raise> {
    let this = receiver(call)?.0;
    let mut items = Vec::new();
    content::snapshot(call.runtime, call.argument(1), &mut items)?;
    clear(call.runtime, this)?;
    for item in &items {
        content::add(call.runtime, this, item)?;
    }
    Ok(Value::Null)
}

fn replace_nodes(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    replace(call, tree::remove_nodes)
}

/// `XContainer`
pub(super) const MEMBERS: &[Member] = &[
    member("XNode FirstNode { get; }", |call| {
        let this = receiver(call)?.0;
        let last = tree::last_node(call.runtime, this)?;
        Ok(value(last.map(|last| tree::next(call.runtime, last)).transpose()?))
    }),
    member("XNode LastNode { get; }", |call| {
        let this = receiver(call)?.0;
        tree::last_node(call.runtime, this).map(value)
    }),
    member("void Add(object content)", add),
    member("void Add(params object[] content)", add),
    member("void AddFirst(object content)", add_first),
    member("void AddFirst(params object[] content)", add_first),
    member("XElement Element(XName name)", |call| {
        let this = receiver(call)?.0;
        match names::argument(call, 1) {
            Some(name) => tree::find_element(call.runtime, this, &name).map(value),
            None => Ok(Value::Null),
        }
    }),
    member("IEnumerable<XElement> Elements()", |call| axes::all(call, axes::ELEMENTS)),
    member("IEnumerable<XElement> Elements(XName name)", |call| axes::named(call, axes::ELEMENTS)),
    member("IEnumerable<XElement> Descendants()", |call| axes::all(call, axes::DESCENDANTS)),
    member("IEnumerable<XElement> Descendants(XName name)", |call| axes::named(call, axes::DESCENDANTS)),
    member("IEnumerable<XNode> DescendantNodes()", |call| axes::all(call, axes::DESCENDANT_NODES)),
    member("IEnumerable<XNode> Nodes()", |call| axes::all(call, axes::NODES)),
    member("void RemoveNodes()", |call| {
        let this = receiver(call)?.0;
        tree::remove_nodes(call.runtime, this).map(|()| Value::Null)
    }),
    member("void ReplaceNodes(object content)", replace_nodes),
    member("void ReplaceNodes(params object[] content)", replace_nodes),
];
