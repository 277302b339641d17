//! `XObject`: what nodes and attributes share.

use super::{
    XML_NODE_TYPE,
    compare::receiver,
    enumerator,
    tree::{self, node, node_mut},
};
use crate::dotnet::{
    display::type_of,
    exception::{Raise, argument_null},
    member::{Call, Member, member},
    sequence,
    types::Type,
    value::Value,
};

/// The annotations that are of the type argument.
fn annotations(call: &Call<'_, '_>) -> Result<Vec<Value>, Raise> {
    let wanted = call.types.first().cloned().unwrap_or(Type::OBJECT);
    let all = receiver(call)?.1.annotations.iter();
    Ok(all.filter(|annotation| type_of(call.runtime, annotation).is_reference_to(&wanted)).cloned().collect())
}

/// `XObject`. Its events are left out: nothing in an expression could be told of a change.
pub(super) const MEMBERS: &[Member] = &[
    member("string BaseUri { get; }", |_| Ok(Value::string(""))),
    member("XDocument Document { get; }", |call| {
        let this = receiver(call)?.0;
        let root = tree::root(call.runtime, this)?;
        let is_document = matches!(node(call.runtime, root)?.kind, super::Kind::Document { .. });
        Ok(tree::value(Some(root).filter(|_| is_document)))
    }),
    member("XmlNodeType NodeType { get; }", |call| Ok(enumerator(&XML_NODE_TYPE, receiver(call)?.1.kind.node_type()))),
    member("XElement Parent { get; }", |call| {
        let this = receiver(call)?.0;
        tree::parent_element(call.runtime, this).map(tree::value)
    }),
    member("void AddAnnotation(object annotation)", |call| {
        let annotation = call.argument(1).clone();
        if annotation.is_null() {
            return Err(argument_null("annotation"));
        }
        call.runtime.allocate(size_of::<Value>())?;
        let this = receiver(call)?.0;
        node_mut(call.runtime, this)?.annotations.push(annotation);
        Ok(Value::Null)
    }),
    member("T Annotation<T>()", |call| Ok(annotations(call)?.into_iter().next().unwrap_or(Value::Null))),
    member("IEnumerable<T> Annotations<T>()", |call| {
        let found = annotations(call)?;
        let wanted = call.types.first().cloned().unwrap_or(Type::OBJECT);
        call.runtime.lazy(wanted, move |_| Ok(sequence::items(found.clone())))
    }),
    member("void RemoveAnnotations<T>()", |call| {
        let wanted = call.types.first().cloned().unwrap_or(Type::OBJECT);
        let (this, node) = receiver(call)?;
        let kept = node.annotations.iter().filter(|annotation| !type_of(call.runtime, annotation).is_reference_to(&wanted));
        let kept = kept.cloned().collect();
        node_mut(call.runtime, this)?.annotations = kept;
        Ok(Value::Null)
    }),
];
