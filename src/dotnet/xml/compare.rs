//! Whether trees are equal, and which of two nodes comes first.

use super::{
    Content, Kind, Node, XNODE_DOCUMENT_ORDER_COMPARER, XNODE_EQUALITY_COMPARER,
    tree::{self, node, parent},
};
use crate::dotnet::{
    exception::{Raise, argument_null, raise},
    heap::{Instance, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// `XNode.DeepEquals`: text counts as it reads, however many nodes it is in.
pub(super) fn equal(runtime: &mut Runtime<'_>, a: Option<Ref>, b: Option<Ref>) -> Result<bool, Raise> {
    match (a, b) {
        (Some(a), Some(b)) => Ok(a == b || deep_equal(runtime, a, b)?),
        (a, b) => Ok(a == b),
    }
}

fn deep_equal(runtime: &mut Runtime<'_>, a: Ref, b: Ref) -> Result<bool, Raise> {
    runtime.step()?;
    let is_same = match (&node(runtime, a)?.kind, &node(runtime, b)?.kind) {
        (Kind::Text(a), Kind::Text(b)) | (Kind::CData(a), Kind::CData(b)) | (Kind::Comment(a), Kind::Comment(b)) => a == b,
        (Kind::Instruction { target, data }, Kind::Instruction { target: other, data: more }) => target == other && data == more,
        (Kind::DocumentType(a), Kind::DocumentType(b)) => a == b,
        (Kind::Document { .. }, Kind::Document { .. }) => return runtime.deeper(|runtime| contents_equal(runtime, a, b)),
        (Kind::Element { name, .. }, Kind::Element { name: other, .. }) if name == other => {
            return Ok(runtime.deeper(|runtime| contents_equal(runtime, a, b))? && attributes_equal(runtime, a, b)?);
        }
        _ => false,
    };
    Ok(is_same)
}

/// What a container holds with neighbouring text put together.
enum Part {
    Text(Str),
    Node(Ref),
}

fn parts(runtime: &mut Runtime<'_>, of: Ref) -> Result<Vec<Part>, Raise> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    if let Content::Text(only) = tree::content(runtime, of)? {
        text.push(only.clone());
    }
    for child in tree::children(runtime, of)? {
        if let Kind::Text(more) = &node(runtime, child)?.kind {
            text.push(more.clone());
            continue;
        }
        flush(runtime, &mut text, &mut parts)?;
        parts.push(Part::Node(child));
    }
    flush(runtime, &mut text, &mut parts)?;
    Ok(parts)
}

fn flush(runtime: &mut Runtime<'_>, text: &mut Vec<Str>, parts: &mut Vec<Part>) -> Result<(), Raise> {
    let joined = tree::joined(runtime, text)?;
    text.clear();
    if !joined.is_empty() {
        parts.push(Part::Text(joined));
    }
    Ok(())
}

fn contents_equal(runtime: &mut Runtime<'_>, a: Ref, b: Ref) -> Result<bool, Raise> {
    // An element without content and one with empty text differ: one is written as one tag, the other as two.
    if matches!(tree::content(runtime, a)?, Content::Empty) != matches!(tree::content(runtime, b)?, Content::Empty) {
        return Ok(false);
    }
    let (ours, theirs) = (parts(runtime, a)?, parts(runtime, b)?);
    if ours.len() != theirs.len() {
        return Ok(false);
    }
    for pair in ours.into_iter().zip(theirs) {
        let is_same = match pair {
            (Part::Text(a), Part::Text(b)) => a == b,
            (Part::Node(a), Part::Node(b)) => deep_equal(runtime, a, b)?,
            _ => false,
        };
        if !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn attributes_equal(runtime: &mut Runtime<'_>, a: Ref, b: Ref) -> Result<bool, Raise> {
    let (ours, theirs) = (tree::attributes(runtime, a)?, tree::attributes(runtime, b)?);
    if ours.len() != theirs.len() {
        return Ok(false);
    }
    for (a, b) in ours.into_iter().zip(theirs) {
        match (&node(runtime, a)?.kind, &node(runtime, b)?.kind) {
            (Kind::Attribute { name, value }, Kind::Attribute { name: other, value: more }) if name == other && value == more => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// `XNode.CompareDocumentOrder`
pub(super) fn order(runtime: &mut Runtime<'_>, a: Option<Ref>, b: Option<Ref>) -> Result<i32, Raise> {
    let (a, b) = match (a, b) {
        (a, b) if a == b => return Ok(0),
        (None, _) => return Ok(-1),
        (_, None) => return Ok(1),
        (Some(a), Some(b)) => (a, b),
    };
    let (ours, theirs) = (path(runtime, a)?, path(runtime, b)?);
    if ours.first() != theirs.first() {
        return raise(&registry::INVALID_OPERATION_EXCEPTION, "A common ancestor is missing.");
    }
    let Some((one, other)) = ours.iter().zip(&theirs).find(|(one, other)| one != other) else {
        // One stands in the other, and comes after it.
        return Ok(if ours.len() < theirs.len() { -1 } else { 1 });
    };
    let Some(container) = parent(runtime, *one)? else { return Ok(0) };
    for child in tree::children(runtime, container)? {
        if child == *one {
            return Ok(-1);
        }
        if child == *other {
            return Ok(1);
        }
    }
    Ok(0)
}

/// From the outermost node to this one.
fn path(runtime: &mut Runtime<'_>, of: Ref) -> Result<Vec<Ref>, Raise> {
    let mut path = vec![of];
    let mut at = of;
    while let Some(parent) = parent(runtime, at)? {
        runtime.step()?;
        path.push(parent);
        at = parent;
    }
    path.reverse();
    Ok(path)
}

/// Sorts nodes into document order; equal ones keep their order.
pub(super) fn sort(runtime: &mut Runtime<'_>, nodes: Vec<Value>) -> Result<Vec<Value>, Raise> {
    let middle = nodes.len() / 2;
    if middle == 0 {
        return Ok(nodes);
    }
    let mut left = nodes;
    let right = left.split_off(middle);
    let (left, right) = (sort(runtime, left)?, sort(runtime, right)?);
    let mut sorted = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let (a, b) = (tree::reference(runtime, a), tree::reference(runtime, b));
        let is_left = order(runtime, a, b)? <= 0;
        sorted.extend(if is_left { left.next() } else { right.next() });
    }
    sorted.extend(left);
    sorted.extend(right);
    Ok(sorted)
}

#[derive(Clone, Debug)]
struct OrderComparer;

#[derive(Clone, Debug)]
struct EqualityComparer;

impl Instance for OrderComparer {
    fn ty(&self) -> Type {
        Type::named(&XNODE_DOCUMENT_ORDER_COMPARER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

impl Instance for EqualityComparer {
    fn ty(&self) -> Type {
        Type::named(&XNODE_EQUALITY_COMPARER)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

pub(super) fn order_comparer(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    call.runtime.instance(OrderComparer)
}

pub(super) fn equality_comparer(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    call.runtime.instance(EqualityComparer)
}

/// `XNodeDocumentOrderComparer`
pub(super) const ORDER_MEMBERS: &[Member] = &[
    member("XNodeDocumentOrderComparer()", order_comparer),
    member("int Compare(XNode x, XNode y)", |call| {
        let [a, b] = [1, 2].map(|index| tree::reference(call.runtime, call.argument(index)));
        order(call.runtime, a, b).map(Value::Int32)
    }),
];

/// `XNodeEqualityComparer`
pub(super) const EQUALITY_MEMBERS: &[Member] = &[
    member("XNodeEqualityComparer()", equality_comparer),
    member("bool Equals(XNode x, XNode y)", |call| {
        let [a, b] = [1, 2].map(|index| tree::reference(call.runtime, call.argument(index)));
        equal(call.runtime, a, b).map(Value::Bool)
    }),
    member("int GetHashCode(XNode obj)", |call| match tree::reference(call.runtime, call.argument(1)) {
        Some(of) => hash(call.runtime, of).map(Value::Int32),
        None => Ok(Value::Int32(0)),
    }),
];

/// A number that equal trees share: of their text and names. .NET's own differs in each process.
fn hash(runtime: &mut Runtime<'_>, of: Ref) -> Result<i32, Raise> {
    let text = match &node(runtime, of)?.kind {
        Kind::Instruction { target, data } => target.concat(data),
        Kind::Comment(text) | Kind::Text(text) | Kind::CData(text) => text.clone(),
        Kind::DocumentType(declaration) => declaration.name.clone(),
        Kind::Attribute { .. } => return raise(&registry::ARGUMENT_EXCEPTION, "The argument must be derived from System.Xml.Linq.XNode."),
        Kind::Element { .. } | Kind::Document { .. } => tree::text_of(runtime, of)?,
    };
    runtime.work(text.bytes())?;
    let name = tree::name(runtime, of)?.map(|name| name.local.clone());
    let units = name.iter().flat_map(|name| name.encode_utf16()).chain(text.units());
    Ok(units.fold(5381, |hash: i32, unit| hash.wrapping_mul(33) ^ i32::from(unit)))
}

/// The node that is the argument and must not be null.
pub(super) fn required(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Ref, Raise> {
    tree::reference(call.runtime, call.argument(index)).ok_or_else(|| argument_null(parameter))
}

/// The kind of the node that is the receiver.
pub(super) fn receiver<'a>(call: &'a Call<'_, '_>) -> Result<(Ref, &'a Node), Raise> {
    let reference = tree::reference(call.runtime, call.argument(0)).ok_or_else(crate::dotnet::exception::null_reference)?;
    Ok((reference, node(call.runtime, reference)?))
}
