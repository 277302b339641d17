//! `System.Xml.Linq.Extensions`: the axes from every node of a sequence.

use super::{attribute, axes, compare, tree};
use crate::dotnet::{
    exception::{Raise, raise},
    member::{Call, Member, member},
    registry, sequence,
    types::Type,
    value::Value,
};

/// The nodes of the sequence, all read before anything is removed.
fn collected(call: &mut Call<'_, '_>) -> Result<Vec<crate::dotnet::heap::Ref>, Raise> {
    let source = axes::source(call)?;
    let nodes = call.runtime.collect(&source)?;
    Ok(nodes.iter().filter_map(|node| tree::reference(call.runtime, node)).collect())
}

/// `Extensions`
pub(super) const MEMBERS: &[Member] = &[
    member("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source)", |call| axes::each(call, axes::ATTRIBUTES)),
    member("static IEnumerable<XAttribute> Attributes(this IEnumerable<XElement> source, XName name)", |call| {
        axes::each_named(call, axes::ATTRIBUTES)
    }),
    member("static IEnumerable<XElement> Ancestors<T>(this IEnumerable<T> source)", |call| axes::each(call, axes::ANCESTORS)),
    member("static IEnumerable<XElement> Ancestors<T>(this IEnumerable<T> source, XName name)", |call| {
        axes::each_named(call, axes::ANCESTORS)
    }),
    member("static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source)", |call| {
        axes::each(call, axes::ANCESTORS_AND_SELF)
    }),
    member("static IEnumerable<XElement> AncestorsAndSelf(this IEnumerable<XElement> source, XName name)", |call| {
        axes::each_named(call, axes::ANCESTORS_AND_SELF)
    }),
    member("static IEnumerable<XNode> Nodes<T>(this IEnumerable<T> source)", |call| axes::each(call, axes::NODES)),
    member("static IEnumerable<XElement> Elements<T>(this IEnumerable<T> source)", |call| axes::each(call, axes::ELEMENTS)),
    member("static IEnumerable<XElement> Elements<T>(this IEnumerable<T> source, XName name)", |call| {
        axes::each_named(call, axes::ELEMENTS)
    }),
    member("static IEnumerable<XNode> DescendantNodes<T>(this IEnumerable<T> source)", |call| axes::each(call, axes::DESCENDANT_NODES)),
    member("static IEnumerable<XNode> DescendantNodesAndSelf(this IEnumerable<XElement> source)", |call| {
        axes::each(call, axes::DESCENDANT_NODES_AND_SELF)
    }),
    member("static IEnumerable<XElement> Descendants<T>(this IEnumerable<T> source)", |call| axes::each(call, axes::DESCENDANTS)),
    member("static IEnumerable<XElement> Descendants<T>(this IEnumerable<T> source, XName name)", |call| {
        axes::each_named(call, axes::DESCENDANTS)
    }),
    member("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source)", |call| {
        axes::each(call, axes::DESCENDANTS_AND_SELF)
    }),
    member("static IEnumerable<XElement> DescendantsAndSelf(this IEnumerable<XElement> source, XName name)", |call| {
        axes::each_named(call, axes::DESCENDANTS_AND_SELF)
    }),
    member("static IEnumerable<T> InDocumentOrder<T>(this IEnumerable<T> source)", |call| {
        let source = axes::source(call)?;
        let element = call.types.first().cloned().unwrap_or(Type::OBJECT);
        call.runtime.lazy(element, move |runtime| {
            let nodes = runtime.collect(&source)?;
            compare::sort(runtime, nodes).map(sequence::items)
        })
    }),
    member("static void Remove(this IEnumerable<XAttribute> source)", |call| {
        for attribute in collected(call)? {
            attribute::remove(call.runtime, attribute)?;
        }
        Ok(Value::Null)
    }),
    member("static void Remove<T>(this IEnumerable<T> source)", |call| {
        for node in collected(call)? {
            match tree::parent(call.runtime, node)? {
                Some(parent) => tree::remove(call.runtime, parent, node)?,
                None => return raise(&registry::INVALID_OPERATION_EXCEPTION, "The parent is missing."),
            }
        }
        Ok(Value::Null)
    }),
];
