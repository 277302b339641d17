//! `XAttribute`

use super::{
    Kind, XATTRIBUTE, axes,
    compare::{receiver, required},
    content, convert,
    names::{self, Name, XML, XMLNS},
    tree::{self, node, node_mut, value},
    writer,
};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, raise},
    heap::Ref,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::Str,
    value::Value,
};

/// Makes an attribute of a value, which is written as XML has it.
pub(super) fn make(runtime: &mut Runtime<'_>, name: Name, from: &Value) -> Result<Ref, Raise> {
    let text = content::text(runtime, from)?;
    validate(&name, &text)?;
    tree::place(runtime, Kind::Attribute { name, value: text })
}

/// Gives an attribute another value.
pub(super) fn set(runtime: &mut Runtime<'_>, attribute: Ref, text: Str) -> Result<(), Raise> {
    runtime.allocate(text.bytes())?;
    if let Kind::Attribute { name, value } = &mut node_mut(runtime, attribute)?.kind {
        validate(name, &text)?;
        *value = text;
    }
    Ok(())
}

/// Takes an attribute from its element.
pub(super) fn remove(runtime: &mut Runtime<'_>, attribute: Ref) -> Result<(), Raise> {
    let Some(element) = tree::parent(runtime, attribute)? else {
        return raise(&registry::INVALID_OPERATION_EXCEPTION, "The parent is missing.");
    };
    let last = tree::last_attribute(runtime, element)?.ok_or_else(null_reference)?;
    let previous = tree::before(runtime, last, attribute)?;
    if previous == attribute {
        tree::set_last_attribute(runtime, element, None)?;
    } else {
        if last == attribute {
            tree::set_last_attribute(runtime, element, Some(previous))?;
        }
        node_mut(runtime, previous)?.next = node(runtime, attribute)?.next;
    }
    tree::detach(runtime, attribute)
}

/// What a namespace declaration may not say. Source: dotnet/runtime, `XAttribute.ValidateAttribute`.
fn validate(name: &Name, value: &Str) -> Result<(), Raise> {
    const OF_XML: &str = "The prefix 'xml' is bound to the namespace name 'http://www.w3.org/XML/1998/namespace'. \
         Other prefixes must not be bound to this namespace name, and it must not be declared as the default namespace.";
    const OF_XMLNS: &str = "The prefix 'xmlns' is bound to the namespace name 'http://www.w3.org/2000/xmlns/'. It must not be declared. \
         Other prefixes must not be bound to this namespace name, and it must not be declared as the default namespace.";
    if !name.declares() {
        return Ok(());
    }
    let is_default = name.namespace.is_empty();
    let (value, prefix) = (value.as_str(), name.local.as_str());
    let message = if value.is_empty() && !is_default {
        format!("The prefix '{prefix}' cannot be bound to the empty namespace name.")
    } else if value == XMLNS {
        OF_XMLNS.to_owned()
    } else if (value == XML) != (!is_default && prefix == "xml") {
        OF_XML.to_owned()
    } else if !is_default && prefix == "xmlns" {
        OF_XMLNS.to_owned()
    } else {
        return Ok(());
    };
    raise(&registry::ARGUMENT_EXCEPTION, message)
}

fn text(call: &mut Call<'_, '_>) -> Result<Str, Raise> {
    match &receiver(call)?.1.kind {
        Kind::Attribute { value, .. } => Ok(value.clone()),
        _ => Err(null_reference()),
    }
}

fn name(call: &Call<'_, '_>) -> Result<Name, Raise> {
    match &receiver(call)?.1.kind {
        Kind::Attribute { name, .. } => Ok(name.clone()),
        _ => Err(null_reference()),
    }
}

const OWN: &[Member] = &[
    member("static IEnumerable<XAttribute> EmptySequence { get; }", |call| axes::empty(call.runtime, &XATTRIBUTE)),
    member("XAttribute(XName name, object value)", |call| {
        let name = names::required(call, 0, "name")?;
        match call.argument(1) {
            Value::Null => Err(argument_null("value")),
            from => make(call.runtime, name, from).map(Value::Object),
        }
    }),
    member("XAttribute(XAttribute other)", |call| {
        let other = required(call, 0, "other")?;
        let kind = node(call.runtime, other)?.kind.clone();
        tree::place(call.runtime, kind).map(Value::Object)
    }),
    member("XName Name { get; }", |call| {
        let name = name(call)?;
        names::object(call.runtime, name)
    }),
    member("string Value { get; set; }", |call| match call.arguments.get(1) {
        None => text(call).map(Value::String),
        Some(Value::String(new)) => {
            let this = receiver(call)?.0;
            set(call.runtime, this, new.clone()).map(|()| Value::Null)
        }
        Some(_) => Err(argument_null("value")),
    }),
    member("void SetValue(object value)", |call| {
        let this = receiver(call)?.0;
        if call.argument(1).is_null() {
            return Err(argument_null("value"));
        }
        let new = content::text(call.runtime, call.argument(1))?;
        set(call.runtime, this, new).map(|()| Value::Null)
    }),
    member("bool IsNamespaceDeclaration { get; }", |call| Ok(Value::Bool(name(call)?.declares()))),
    member("XAttribute NextAttribute { get; }", |call| {
        let (this, node) = receiver(call)?;
        let Some(element) = node.parent else { return Ok(Value::Null) };
        let is_last = tree::last_attribute(call.runtime, element)? == Some(this);
        Ok(value(node.next.filter(|_| !is_last)))
    }),
    member("XAttribute PreviousAttribute { get; }", |call| {
        let (this, node) = receiver(call)?;
        let Some(element) = node.parent else { return Ok(Value::Null) };
        let last = tree::last_attribute(call.runtime, element)?.ok_or_else(null_reference)?;
        let before = tree::before(call.runtime, last, this)?;
        Ok(value(Some(before).filter(|before| *before != last)))
    }),
    member("void Remove()", |call| {
        let this = receiver(call)?.0;
        remove(call.runtime, this).map(|()| Value::Null)
    }),
    member("string ToString()", |call| {
        let written = writer::write(call.runtime, receiver(call)?.1, 0)?;
        call.runtime.allocate(written.text.len())?;
        Ok(Value::string(written.text))
    }),
];

const CASTS: &[Member] = convert::casts!("XAttribute", "attribute", text);

/// `XAttribute`
pub(super) const MEMBERS: &[Member] = &super::join::<{ OWN.len() + CASTS.len() }>(OWN, CASTS);
