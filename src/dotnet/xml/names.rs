//! `XName` and `XNamespace`: names made of a namespace and a local part, and what XML allows in them.

use std::hash::{DefaultHasher, Hash, Hasher};

use unicode_general_category::{GeneralCategory, get_general_category};

use super::{XNAME, XNAMESPACE, fault::xml_exception};
use crate::{
    dotnet::{
        exception::{Raise, argument_null, null_reference, raise},
        heap::{Instance, downcast},
        member::{Call, Member, member},
        registry,
        runtime::Runtime,
        string::Str,
        types::Type,
        value::Value,
    },
    text::Text,
};

/// The namespace that the prefix `xml` stands for.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace that the prefix `xmlns` stands for.
pub(super) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// `XName`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub namespace: Text,
    pub local: Text,
}

/// `XNamespace`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Namespace(pub Text);

impl Name {
    /// Whether an attribute of that name declares a namespace.
    pub fn declares(&self) -> bool {
        if self.namespace.is_empty() { self.local == "xmlns" } else { self.namespace == XMLNS }
    }

    /// `ToString()`: `{namespace}local`
    fn expanded(&self) -> Text {
        if self.namespace.is_empty() { self.local.clone() } else { format!("{{{}}}{}", self.namespace, self.local).into() }
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Instance for Name {
    fn ty(&self) -> Type {
        Type::named(&XNAME)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.expanded().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other) == Some(self))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(hash(self))
    }
}

impl Instance for Namespace {
    fn ty(&self) -> Type {
        Type::named(&XNAMESPACE)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.0.clone().into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(downcast::<Self>(other) == Some(self))
    }

    fn hash(&self, _runtime: &Runtime<'_>) -> Option<u64> {
        Some(hash(self))
    }
}

/// A name as an object.
pub(super) fn object(runtime: &mut Runtime<'_>, name: Name) -> Result<Value, Raise> {
    runtime.instance(name)
}

/// A namespace as an object.
pub(super) fn namespace_object(runtime: &mut Runtime<'_>, namespace: Text) -> Result<Value, Raise> {
    runtime.instance(Namespace(namespace))
}

/// The argument that is a name; `None` for null.
pub(super) fn argument(call: &Call<'_, '_>, index: usize) -> Option<Name> {
    call.runtime.own::<Name>(call.argument(index)).cloned()
}

/// The argument that is a name and must not be null.
pub(super) fn required(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Name, Raise> {
    argument(call, index).ok_or_else(|| argument_null(parameter))
}

/// The argument that is a namespace; `None` for null.
pub(super) fn namespace_argument(call: &Call<'_, '_>, index: usize) -> Option<Text> {
    call.runtime.own::<Namespace>(call.argument(index)).map(|namespace| namespace.0.clone())
}

/// Whether a name may begin with the character. A colon is none of a local name.
///
/// .NET asks the tables of XML 1.0's fourth edition, which knows no character above U+FFFF; beyond ASCII the categories of Unicode come
/// close to them.
pub(super) fn begins_name(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '\u{80}'..='\u{FFFF}' => c.is_alphabetic(),
        _ => false,
    }
}

/// Whether the character may stand in a name.
pub(super) fn is_in_name(c: char) -> bool {
    match c {
        '0'..='9' | '.' | '-' | '\u{B7}' => true,
        '\u{80}'..='\u{FFFF}' => {
            c.is_alphanumeric()
                || matches!(
                    get_general_category(c),
                    GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark | GeneralCategory::EnclosingMark
                )
        }
        _ => begins_name(c),
    }
}

/// The length in bytes of the name, without a colon, at the start of a text.
pub(super) fn name_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, first)) if begins_name(first) => characters.find(|(_, c)| !is_in_name(*c)).map_or(text.len(), |(offset, _)| offset),
        _ => 0,
    }
}

/// `XmlConvert.VerifyNCName`
pub(super) fn verify(name: &str) -> Result<(), Raise> {
    if name.is_empty() {
        return raise(&registry::ARGUMENT_EXCEPTION, "The empty string '' is not a valid local name. (Parameter 'name')");
    }
    let length = name_length(name);
    match name.get(length..).and_then(|rest| rest.chars().next()) {
        Some(c) if length == 0 => Err(xml_exception(super::fault::bad_start(c))),
        Some(c) => Err(xml_exception(super::fault::bad_in_name(c))),
        None => Ok(()),
    }
}

fn invalid(expanded: &str) -> Raise {
    crate::dotnet::exception::throw(&registry::ARGUMENT_EXCEPTION, format!("'{expanded}' is an invalid expanded name."))
}

/// `XName.Get`
fn parse(text: &str) -> Result<Name, Raise> {
    let (namespace, local) = match text.strip_prefix('{') {
        Some(rest) => match rest.rfind('}') {
            Some(end @ 1..) if end + 1 < rest.len() => rest.split_at(end),
            _ => return Err(invalid(text)),
        },
        None if text.is_empty() => return Err(invalid(text)),
        None => ("", text),
    };
    let local = local.strip_prefix('}').unwrap_or(local);
    verify(local)?;
    Ok(Name { namespace: Text::copied(namespace), local: Text::copied(local) })
}

fn string(call: &Call<'_, '_>, index: usize, parameter: &str) -> Result<Text, Raise> {
    match call.argument(index) {
        Value::String(text) => Ok(text.to_text()),
        _ => Err(argument_null(parameter)),
    }
}

fn get(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let text = string(call, 0, "expandedName")?;
    call.runtime.allocate(text.len())?;
    let name = parse(&text)?;
    object(call.runtime, name)
}

fn combine(call: &mut Call<'_, '_>, namespace: Text, local: Text) -> Result<Value, Raise> {
    verify(&local)?;
    object(call.runtime, Name { namespace, local })
}

fn this(call: &Call<'_, '_>) -> Result<Name, Raise> {
    argument(call, 0).ok_or_else(null_reference)
}

fn this_namespace(call: &Call<'_, '_>) -> Result<Text, Raise> {
    namespace_argument(call, 0).ok_or_else(null_reference)
}

/// `XName`
pub(super) const NAME_MEMBERS: &[Member] = &[
    member("string LocalName { get; }", |call| Ok(Value::string(this(call)?.local))),
    member("XNamespace Namespace { get; }", |call| {
        let name = this(call)?;
        namespace_object(call.runtime, name.namespace)
    }),
    member("string NamespaceName { get; }", |call| Ok(Value::string(this(call)?.namespace))),
    member("static XName Get(string expandedName)", get),
    member("static XName Get(string localName, string namespaceName)", |call| {
        let namespace = string(call, 1, "namespaceName")?;
        let local = string(call, 0, "localName")?;
        combine(call, namespace, local)
    }),
    member("string ToString()", |call| {
        let name = this(call)?;
        call.runtime.allocate(name.namespace.len() + name.local.len())?;
        Ok(Value::string(name.expanded()))
    }),
    member("bool Equals(object obj)", |call| Ok(Value::Bool(argument(call, 0) == argument(call, 1)))),
    member("static implicit operator XName(string expandedName)", |call| match call.argument(0) {
        Value::Null => Ok(Value::Null),
        _ => get(call),
    }),
    member("static bool operator ==(XName left, XName right)", |call| Ok(Value::Bool(argument(call, 0) == argument(call, 1)))),
    member("static bool operator !=(XName left, XName right)", |call| Ok(Value::Bool(argument(call, 0) != argument(call, 1)))),
];

/// `XNamespace`
pub(super) const NAMESPACE_MEMBERS: &[Member] = &[
    member("string NamespaceName { get; }", |call| Ok(Value::string(this_namespace(call)?))),
    member("static XNamespace None { get; }", |call| namespace_object(call.runtime, Text::EMPTY)),
    member("static XNamespace Xml { get; }", |call| namespace_object(call.runtime, XML.into())),
    member("static XNamespace Xmlns { get; }", |call| namespace_object(call.runtime, XMLNS.into())),
    member("static XNamespace Get(string namespaceName)", |call| {
        let namespace = string(call, 0, "namespaceName")?;
        namespace_object(call.runtime, namespace)
    }),
    member("XName GetName(string localName)", |call| {
        let (namespace, local) = (this_namespace(call)?, string(call, 1, "localName")?);
        combine(call, namespace, local)
    }),
    member("string ToString()", |call| Ok(Value::string(this_namespace(call)?))),
    member("bool Equals(object obj)", |call| Ok(Value::Bool(namespace_argument(call, 0) == namespace_argument(call, 1)))),
    member("static implicit operator XNamespace(string namespaceName)", |call| match call.argument(0) {
        Value::String(text) => namespace_object(call.runtime, text.to_text()),
        _ => Ok(Value::Null),
    }),
    member("static XName operator +(XNamespace ns, string localName)", |call| {
        let namespace = namespace_argument(call, 0).ok_or_else(|| argument_null("ns"))?;
        let local = string(call, 1, "localName")?;
        combine(call, namespace, local)
    }),
    member("static bool operator ==(XNamespace left, XNamespace right)", |call| {
        Ok(Value::Bool(namespace_argument(call, 0) == namespace_argument(call, 1)))
    }),
    member("static bool operator !=(XNamespace left, XNamespace right)", |call| {
        Ok(Value::Bool(namespace_argument(call, 0) != namespace_argument(call, 1)))
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: dotnet/runtime, `XName.Get` and `XmlConvert.VerifyNCName`.
    #[test]
    fn names_are_split_and_checked() {
        for (text, expected) in
            [("a", Some(("", "a"))), ("{urn:x}a", Some(("urn:x", "a"))), ("{a}b}c", Some(("a}b", "c"))), ("_é.-1", Some(("", "_é.-1")))]
        {
            let parsed = parse(text).ok();
            assert_eq!(parsed.as_ref().map(|name| (name.namespace.as_str(), name.local.as_str())), expected, "{text}");
        }
        for text in ["", "{}a", "{a}", "{a", "1a", "a b", "a:b", "-a"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
