//! `XElement`

use super::{
    Content, Kind, XELEMENT, attribute, axes,
    compare::{receiver, required},
    container, content, convert,
    names::{self, Name, XML, XMLNS},
    node, reader,
    tree::{self, node_mut, value},
};
use crate::{
    dotnet::{
        exception::{Raise, argument_null, null_reference, raise},
        heap::Ref,
        member::{Call, Member, member},
        registry,
        runtime::Runtime,
        string::Str,
        string_builder,
        value::Value,
    },
    text::Text,
};

/// An element without content.
pub(super) fn make(runtime: &mut Runtime<'_>, name: Name) -> Result<Ref, Raise> {
    tree::place(runtime, Kind::Element { name, last_attribute: None, content: Content::Empty })
}

/// `XElement.Parse`: the root element by itself.
pub(super) fn parse(runtime: &mut Runtime<'_>, text: &str, is_space_kept: bool) -> Result<Value, Raise> {
    let document = reader::read(runtime, text, is_space_kept)?;
    let root = tree::children(runtime, document)?.into_iter().find(|child| tree::is_element(runtime, *child));
    let root = root.ok_or_else(null_reference)?;
    tree::remove(runtime, document, root)?;
    Ok(Value::Object(root))
}

/// The string to parse, and whether white space between elements is kept.
pub(super) fn parse_arguments<'a>(call: &Call<'a, '_>) -> Result<(std::borrow::Cow<'a, str>, bool), Raise> {
    match call.argument(0) {
        Value::String(text) => Ok((text.as_str(), call.argument(1).as_integer().is_some_and(|options| options & 1 != 0))),
        // `new StringReader(null)` refuses.
        _ => Err(argument_null("s")),
    }
}

fn parse_call(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (text, is_space_kept) = parse_arguments(call)?;
    parse(call.runtime, &text, is_space_kept)
}

fn load(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(0).is_null() {
        return Err(argument_null("input"));
    }
    let text = string_builder::read_to_end(call.runtime, call.argument(0))?;
    let is_space_kept = call.argument(1).as_integer().is_some_and(|options| options & 1 != 0);
    parse(call.runtime, &text.as_str(), is_space_kept)
}

fn construct(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let name = names::required(call, 0, "name")?;
    let made = make(call.runtime, name)?;
    content::add(call.runtime, made, call.argument(1))?;
    Ok(Value::Object(made))
}

fn text(call: &mut Call<'_, '_>) -> Result<Str, Raise> {
    let this = receiver(call)?.0;
    tree::text_of(call.runtime, this)
}

/// Gives an element text instead of all that it holds.
fn set_text(runtime: &mut Runtime<'_>, element: Ref, text: Str) -> Result<(), Raise> {
    tree::remove_nodes(runtime, element)?;
    content::add_text(runtime, element, text)
}

fn remove_attributes(runtime: &mut Runtime<'_>, element: Ref) -> Result<(), Raise> {
    for attribute in tree::attributes(runtime, element)? {
        tree::detach(runtime, attribute)?;
    }
    tree::set_last_attribute(runtime, element, None)
}

fn remove_all(runtime: &mut Runtime<'_>, element: Ref) -> Result<(), Raise> {
    remove_attributes(runtime, element)?;
    tree::remove_nodes(runtime, element)
}

fn replace_all(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    container::replace(call, remove_all)
}

fn replace_attributes(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    container::replace(call, remove_attributes)
}

/// What the prefix is declared as by the element or what it stands in, up to but without `end`.
fn namespace_in_scope(runtime: &mut Runtime<'_>, from: Ref, prefix: &str, end: Option<Ref>) -> Result<Option<Str>, Raise> {
    let mut at = Some(from);
    while let Some(element) = at.filter(|element| Some(*element) != end) {
        for attribute in tree::attributes(runtime, element)? {
            if let Kind::Attribute { name, value } = &tree::node(runtime, attribute)?.kind
                && name.declares()
                && name.local == prefix
            {
                return Ok(Some(value.clone()));
            }
        }
        at = tree::parent_element(runtime, element)?;
    }
    Ok(None)
}

/// `GetPrefixOfNamespace`: the nearest prefix that is not declared otherwise nearer by.
pub(super) fn prefix_of(runtime: &mut Runtime<'_>, this: Ref, namespace: &str) -> Result<Option<Text>, Raise> {
    let mut is_declared_below = false;
    let mut at = Some(this);
    while let Some(element) = at {
        let mut declares = false;
        for attribute in tree::attributes(runtime, element)? {
            let Kind::Attribute { name, value } = &tree::node(runtime, attribute)?.kind else { continue };
            if !name.declares() {
                continue;
            }
            declares = true;
            let (name, is_it) = (name.clone(), value.as_str() == namespace);
            if is_it
                && !name.namespace.is_empty()
                && (!is_declared_below || namespace_in_scope(runtime, this, &name.local, Some(element))?.is_none())
            {
                return Ok(Some(name.local));
            }
        }
        is_declared_below |= declares;
        at = tree::parent_element(runtime, element)?;
    }
    match namespace {
        XML if !is_declared_below || namespace_in_scope(runtime, this, "xml", None)?.is_none() => Ok(Some("xml".into())),
        XMLNS => Ok(Some("xmlns".into())),
        _ => Ok(None),
    }
}

fn name(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Kind::Element { name, .. } = &receiver(call)?.1.kind else { return Err(null_reference()) };
    let name = name.clone();
    names::object(call.runtime, name)
}

const OWN: &[Member] = &[
    member("static IEnumerable<XElement> EmptySequence { get; }", |call| axes::empty(call.runtime, &XELEMENT)),
    member("XElement(XName name)", construct),
    member("XElement(XName name, object content)", construct),
    member("XElement(XName name, params object[] content)", construct),
    member("XElement(XElement other)", |call| {
        let other = required(call, 0, "other")?;
        tree::copy(call.runtime, other).map(Value::Object)
    }),
    member("static XElement Parse(string text)", parse_call),
    member("static XElement Parse(string text, LoadOptions options)", parse_call),
    member("static XElement Load(TextReader textReader)", load),
    member("static XElement Load(TextReader textReader, LoadOptions options)", load),
    member("void Save(TextWriter textWriter)", node::save),
    member("void Save(TextWriter textWriter, SaveOptions options)", node::save),
    member("XName Name { get; set; }", |call| {
        if call.arguments.len() < 2 {
            return name(call);
        }
        let (this, new) = (receiver(call)?.0, names::required(call, 1, "value")?);
        if let Kind::Element { name, .. } = &mut node_mut(call.runtime, this)?.kind {
            *name = new;
        }
        Ok(Value::Null)
    }),
    member("string Value { get; set; }", |call| match call.arguments.get(1) {
        None => text(call).map(Value::String),
        Some(Value::String(new)) => {
            let this = receiver(call)?.0;
            set_text(call.runtime, this, new.clone()).map(|()| Value::Null)
        }
        Some(_) => Err(argument_null("value")),
    }),
    member("bool HasAttributes { get; }", |call| {
        let this = receiver(call)?.0;
        Ok(Value::Bool(tree::last_attribute(call.runtime, this)?.is_some()))
    }),
    member("bool HasElements { get; }", |call| {
        let this = receiver(call)?.0;
        Ok(Value::Bool(tree::children(call.runtime, this)?.into_iter().any(|child| tree::is_element(call.runtime, child))))
    }),
    member("bool IsEmpty { get; }", |call| Ok(Value::Bool(matches!(receiver(call)?.1.kind.content(), Some(Content::Empty))))),
    member("XAttribute FirstAttribute { get; }", |call| {
        let this = receiver(call)?.0;
        let last = tree::last_attribute(call.runtime, this)?;
        Ok(value(last.map(|last| tree::next(call.runtime, last)).transpose()?))
    }),
    member("XAttribute LastAttribute { get; }", |call| {
        let this = receiver(call)?.0;
        tree::last_attribute(call.runtime, this).map(value)
    }),
    member("XAttribute Attribute(XName name)", |call| {
        let this = receiver(call)?.0;
        match names::argument(call, 1) {
            Some(name) => tree::find_attribute(call.runtime, this, &name).map(value),
            None => Ok(Value::Null),
        }
    }),
    member("IEnumerable<XAttribute> Attributes()", |call| axes::all(call, axes::ATTRIBUTES)),
    member("IEnumerable<XAttribute> Attributes(XName name)", |call| axes::named(call, axes::ATTRIBUTES)),
    member("IEnumerable<XElement> AncestorsAndSelf()", |call| axes::all(call, axes::ANCESTORS_AND_SELF)),
    member("IEnumerable<XElement> AncestorsAndSelf(XName name)", |call| axes::named(call, axes::ANCESTORS_AND_SELF)),
    member("IEnumerable<XElement> DescendantsAndSelf()", |call| axes::all(call, axes::DESCENDANTS_AND_SELF)),
    member("IEnumerable<XElement> DescendantsAndSelf(XName name)", |call| axes::named(call, axes::DESCENDANTS_AND_SELF)),
    member("IEnumerable<XNode> DescendantNodesAndSelf()", |call| axes::all(call, axes::DESCENDANT_NODES_AND_SELF)),
    member("XNamespace GetDefaultNamespace()", |call| {
        let this = receiver(call)?.0;
        let declared = namespace_in_scope(call.runtime, this, "xmlns", None)?;
        names::namespace_object(call.runtime, declared.unwrap_or_default().to_text())
    }),
    member("XNamespace GetNamespaceOfPrefix(string prefix)", |call| {
        let this = receiver(call)?.0;
        let Value::String(prefix) = call.argument(1) else { return Err(argument_null("prefix")) };
        let prefix = prefix.to_text();
        let declared = match prefix.as_str() {
            "" => return raise(&registry::ARGUMENT_EXCEPTION, "'' is an invalid prefix."),
            "xmlns" => Some(XMLNS.into()),
            prefix => namespace_in_scope(call.runtime, this, prefix, None)?.or_else(|| (prefix == "xml").then(|| XML.into())),
        };
        match declared {
            Some(namespace) => names::namespace_object(call.runtime, namespace.to_text()),
            None => Ok(Value::Null),
        }
    }),
    member("string GetPrefixOfNamespace(XNamespace ns)", |call| {
        let this = receiver(call)?.0;
        let namespace = names::namespace_argument(call, 1).ok_or_else(|| argument_null("ns"))?;
        Ok(prefix_of(call.runtime, this, &namespace)?.map_or(Value::Null, Value::string))
    }),
    member("void RemoveAll()", |call| {
        let this = receiver(call)?.0;
        remove_all(call.runtime, this).map(|()| Value::Null)
    }),
    member("void RemoveAttributes()", |call| {
        let this = receiver(call)?.0;
        remove_attributes(call.runtime, this).map(|()| Value::Null)
    }),
    member("void ReplaceAll(object content)", replace_all),
    member("void ReplaceAll(params object[] content)", replace_all),
    member("void ReplaceAttributes(object content)", replace_attributes),
    member("void ReplaceAttributes(params object[] content)", replace_attributes),
    member("void SetAttributeValue(XName name, object value)", |call| {
        let this = receiver(call)?.0;
        let name = names::argument(call, 1);
        let found = match &name {
            Some(name) => tree::find_attribute(call.runtime, this, name)?,
            None => None,
        };
        match (found, call.argument(2)) {
            (Some(found), Value::Null) => attribute::remove(call.runtime, found)?,
            (None, Value::Null) => {}
            (Some(found), new) => {
                let text = content::text(call.runtime, new)?;
                attribute::set(call.runtime, found, text)?;
            }
            (None, new) => {
                let made = attribute::make(call.runtime, name.ok_or_else(|| argument_null("name"))?, new)?;
                tree::append_attribute(call.runtime, this, made)?;
            }
        }
        Ok(Value::Null)
    }),
    member("void SetElementValue(XName name, object value)", |call| {
        let this = receiver(call)?.0;
        let name = names::argument(call, 1);
        let found = match &name {
            Some(name) => tree::find_element(call.runtime, this, name)?,
            None => None,
        };
        match (found, call.argument(2)) {
            (Some(found), Value::Null) => tree::remove(call.runtime, this, found)?,
            (None, Value::Null) => {}
            (found, new) => {
                let text = content::text(call.runtime, new)?;
                match found {
                    Some(found) => set_text(call.runtime, found, text)?,
                    None => {
                        let made = make(call.runtime, name.ok_or_else(|| argument_null("name"))?)?;
                        content::add_text(call.runtime, made, text)?;
                        content::add_node(call.runtime, this, made)?;
                    }
                }
            }
        }
        Ok(Value::Null)
    }),
    member("void SetValue(object value)", |call| {
        let this = receiver(call)?.0;
        if call.argument(1).is_null() {
            return Err(argument_null("value"));
        }
        let text = content::text(call.runtime, call.argument(1))?;
        set_text(call.runtime, this, text).map(|()| Value::Null)
    }),
];

const CASTS: &[Member] = convert::casts!("XElement", "element", text);

/// `XElement`
pub(super) const MEMBERS: &[Member] = &super::join::<{ OWN.len() + CASTS.len() }>(OWN, CASTS);
