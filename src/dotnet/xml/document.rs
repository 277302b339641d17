//! `XDocument`, `XDeclaration` and `XDocumentType`.

use super::{
    Content, DocumentType, Kind, XDECLARATION,
    compare::{receiver, required},
    content, element, leaves, names, node as nodes, reader,
    tree::{self, node, node_mut, value},
};
use crate::dotnet::{
    exception::{Raise, argument_null, null_reference, raise},
    heap::{Instance, Ref},
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::Str,
    types::Type,
    value::Value,
};

/// `XDeclaration`
#[derive(Clone, Debug, Default)]
pub(super) struct Declaration {
    pub version: Option<Str>,
    pub encoding: Option<Str>,
    pub standalone: Option<Str>,
}

impl Declaration {
    /// What `Save` makes of it for a writer of UTF-16: the version and the encoding are the writer's.
    pub(super) fn saved(&self) -> &'static str {
        match self.standalone.as_ref().map(Str::as_str).as_deref() {
            Some("yes") => r#"<?xml version="1.0" encoding="utf-16" standalone="yes"?>"#,
            Some("no") => r#"<?xml version="1.0" encoding="utf-16" standalone="no"?>"#,
            _ => r#"<?xml version="1.0" encoding="utf-16"?>"#,
        }
    }

    fn written(&self) -> String {
        let parts = [("version", &self.version), ("encoding", &self.encoding), ("standalone", &self.standalone)];
        let parts: String = parts.iter().filter_map(|(name, value)| Some(format!(" {name}=\"{}\"", value.as_ref()?))).collect();
        format!("<?xml{parts}?>")
    }
}

impl Instance for Declaration {
    fn ty(&self) -> Type {
        Type::named(&XDECLARATION)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.written().into())
    }
}

/// A declaration of its own for the copy of a document.
pub(super) fn copy_declaration(runtime: &mut Runtime<'_>, declaration: &Value) -> Result<Value, Raise> {
    match runtime.own::<Declaration>(declaration).cloned() {
        Some(copied) => runtime.instance(copied),
        None => Ok(Value::Null),
    }
}

/// A document without content.
pub(super) fn make(runtime: &mut Runtime<'_>, declaration: Value) -> Result<Ref, Raise> {
    tree::place(runtime, Kind::Document { declaration, content: Content::Empty })
}

/// Where a node is to be put.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Start,
    After(Ref),
    End,
}

const ELEMENT: i32 = 1;
const DOCUMENT_TYPE: i32 = 10;

/// What may stand where. Source: dotnet/runtime, `ValidateNode` of XElement.cs and XDocument.cs.
pub(super) fn validate_node(runtime: &mut Runtime<'_>, container: Ref, child: Ref, place: Place) -> Result<(), Raise> {
    let kind = &node(runtime, child)?.kind;
    let refused = |name: &str| raise(&registry::ARGUMENT_EXCEPTION, format!("A node of type {name} cannot be added to content."));
    let is_element = tree::is_element(runtime, container);
    match kind {
        Kind::Document { .. } => refused("Document"),
        Kind::DocumentType(_) if is_element => refused("DocumentType"),
        _ if is_element => Ok(()),
        Kind::CData(_) => refused("CDATA"),
        Kind::Text(text) => validate_text(runtime, container, &text.clone()),
        Kind::Element { .. } => validate_order(runtime, container, place, Some(DOCUMENT_TYPE), None),
        Kind::DocumentType(_) => validate_order(runtime, container, place, None, Some(ELEMENT)),
        _ => Ok(()),
    }
}

/// A document has one document type and one element, in that order.
fn validate_order(
    runtime: &mut Runtime<'_>,
    document: Ref,
    place: Place,
    mut allowed: Option<i32>,
    allowed_after: Option<i32>,
) -> Result<(), Raise> {
    if place == Place::Start {
        allowed = allowed_after;
    }
    for child in tree::children(runtime, document)? {
        let node_type = node(runtime, child)?.kind.node_type();
        if matches!(node_type, ELEMENT | DOCUMENT_TYPE) {
            if allowed != Some(node_type) {
                return raise(&registry::INVALID_OPERATION_EXCEPTION, "This operation would create an incorrectly structured document.");
            }
            allowed = None;
        }
        if place == Place::After(child) {
            allowed = allowed_after;
        }
    }
    Ok(())
}

/// A document's own text can only be white space.
pub(super) fn validate_text(runtime: &Runtime<'_>, container: Ref, text: &Str) -> Result<(), Raise> {
    if !tree::is_element(runtime, container) && !text.as_str().chars().all(super::fault::is_space) {
        return raise(&registry::ARGUMENT_EXCEPTION, "Non-whitespace characters cannot be added to content.");
    }
    Ok(())
}

fn construct(call: &mut Call<'_, '_>, declaration: Value, contents: usize) -> Result<Value, Raise> {
    let made = make(call.runtime, declaration)?;
    content::add(call.runtime, made, call.argument(contents))?;
    Ok(Value::Object(made))
}

fn parse(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let (text, is_space_kept) = element::parse_arguments(call)?;
    reader::read(call.runtime, &text, is_space_kept).map(Value::Object)
}

/// The first child of that node type.
fn first(call: &mut Call<'_, '_>, node_type: i32) -> Result<Value, Raise> {
    let this = receiver(call)?.0;
    let children = tree::children(call.runtime, this)?;
    Ok(value(children.into_iter().find(|child| node(call.runtime, *child).is_ok_and(|node| node.kind.node_type() == node_type))))
}

/// `XDocument`
pub(super) const MEMBERS: &[Member] = &[
    member("XDocument()", |call| make(call.runtime, Value::Null).map(Value::Object)),
    member("XDocument(params object[] content)", |call| construct(call, Value::Null, 0)),
    member("XDocument(XDeclaration declaration, params object[] content)", |call| construct(call, call.argument(0).clone(), 1)),
    member("XDocument(XDocument other)", |call| {
        let other = required(call, 0, "other")?;
        tree::copy(call.runtime, other).map(Value::Object)
    }),
    member("static XDocument Parse(string text)", parse),
    member("static XDocument Parse(string text, LoadOptions options)", parse),
    member("void Save(TextWriter textWriter)", nodes::save),
    member("void Save(TextWriter textWriter, SaveOptions options)", nodes::save),
    member("XDeclaration Declaration { get; set; }", |call| {
        let (this, new) = (receiver(call)?.0, call.arguments.get(1));
        let Kind::Document { declaration, .. } = &mut node_mut(call.runtime, this)?.kind else { return Err(null_reference()) };
        match new {
            Some(new) => {
                *declaration = new.clone();
                Ok(Value::Null)
            }
            None => Ok(declaration.clone()),
        }
    }),
    member("XDocumentType DocumentType { get; }", |call| first(call, DOCUMENT_TYPE)),
    member("XElement Root { get; }", |call| first(call, ELEMENT)),
];

fn nullable(call: &Call<'_, '_>, index: usize) -> Option<Str> {
    match call.argument(index) {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// Reads a part of the declaration that is the receiver, or writes it where a value was given.
fn part(call: &mut Call<'_, '_>, pick: fn(&mut Declaration) -> &mut Option<Str>) -> Result<Value, Raise> {
    let new = (call.arguments.len() > 1).then(|| nullable(call, 1));
    let part = pick(call.runtime.own_mut(call.argument(0)).ok_or_else(null_reference)?);
    match new {
        Some(new) => {
            *part = new;
            Ok(Value::Null)
        }
        None => Ok(part.clone().map_or(Value::Null, Value::String)),
    }
}

/// `XDeclaration`
pub(super) const DECLARATION_MEMBERS: &[Member] = &[
    member("XDeclaration(string version, string encoding, string standalone)", |call| {
        let [version, encoding, standalone] = [0, 1, 2].map(|index| nullable(call, index));
        call.runtime.instance(Declaration { version, encoding, standalone })
    }),
    member("XDeclaration(XDeclaration other)", |call| match call.argument(0) {
        Value::Null => Err(argument_null("other")),
        other => copy_declaration(call.runtime, other),
    }),
    member("string Version { get; set; }", |call| part(call, |declaration| &mut declaration.version)),
    member("string Encoding { get; set; }", |call| part(call, |declaration| &mut declaration.encoding)),
    member("string Standalone { get; set; }", |call| part(call, |declaration| &mut declaration.standalone)),
    member("string ToString()", |call| {
        let written = call.runtime.own::<Declaration>(call.argument(0)).ok_or_else(null_reference)?.written();
        call.runtime.allocate(written.len())?;
        Ok(Value::string(written))
    }),
];

/// Reads a part of the document type that is the receiver, or writes it where a value was given.
fn type_part(call: &mut Call<'_, '_>, pick: fn(&mut DocumentType) -> &mut Option<Str>) -> Result<Value, Raise> {
    let new = (call.arguments.len() > 1).then(|| nullable(call, 1));
    let this = receiver(call)?.0;
    let Kind::DocumentType(declared) = &mut node_mut(call.runtime, this)?.kind else { return Err(null_reference()) };
    let part = pick(declared);
    match new {
        Some(new) => {
            *part = new;
            Ok(Value::Null)
        }
        None => Ok(part.clone().map_or(Value::Null, Value::String)),
    }
}

fn checked_name(call: &Call<'_, '_>, index: usize) -> Result<Str, Raise> {
    let name = nullable(call, index).ok_or_else(|| argument_null("name"))?;
    if name.is_empty() {
        return raise(&registry::ARGUMENT_EXCEPTION, "The empty string '' is not a valid name. (Parameter 'name')");
    }
    // Here a colon may stand in the name.
    names::verify(&name.as_str().replace(':', "_"))?;
    Ok(name)
}

/// `XDocumentType`
pub(super) const TYPE_MEMBERS: &[Member] = &[
    member("XDocumentType(string name, string publicId, string systemId, string internalSubset)", |call| {
        let name = checked_name(call, 0)?;
        let [public_id, system_id, internal_subset] = [1, 2, 3].map(|index| nullable(call, index));
        let declared = DocumentType { name, public_id, system_id, internal_subset };
        tree::place(call.runtime, Kind::DocumentType(declared)).map(Value::Object)
    }),
    member("XDocumentType(XDocumentType other)", leaves::copy),
    member("string Name { get; set; }", |call| {
        let new = if call.arguments.len() > 1 { Some(checked_name(call, 1)?) } else { None };
        let this = receiver(call)?.0;
        let Kind::DocumentType(declared) = &mut node_mut(call.runtime, this)?.kind else { return Err(null_reference()) };
        match new {
            Some(new) => {
                declared.name = new;
                Ok(Value::Null)
            }
            None => Ok(Value::String(declared.name.clone())),
        }
    }),
    member("string PublicId { get; set; }", |call| type_part(call, |declared| &mut declared.public_id)),
    member("string SystemId { get; set; }", |call| type_part(call, |declared| &mut declared.system_id)),
    member("string InternalSubset { get; set; }", |call| type_part(call, |declared| &mut declared.internal_subset)),
];
