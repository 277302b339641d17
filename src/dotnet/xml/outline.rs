//! A document as plain data with the prefixes that its names were written with: for conversions that have no use for a live tree.

use super::{Kind, document::Declaration, names::Name, reader, scope::Declared, tree};
use crate::dotnet::{exception::Raise, heap::Ref, runtime::Runtime, string::Str, value::Value};

/// A document.
#[derive(Clone, Debug, Default)]
pub struct Outline {
    /// `version`, `encoding` and `standalone` of the declaration, as far as they are there.
    pub declaration: Vec<(&'static str, String)>,
    /// What it holds.
    pub nodes: Vec<Node>,
}

/// A node.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text.
    Text(String),
    /// A CDATA section.
    CData(String),
    /// A comment.
    Comment(String),
    /// A processing instruction: its target and its data.
    Instruction(String, String),
    /// A document type declaration, by its name.
    DocumentType(String),
}

/// An element.
#[derive(Clone, Debug, Default)]
pub struct Element {
    /// The name with its prefix.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The attributes, those that declare namespaces among them.
    pub attributes: Vec<(String, String)>,
    /// Whether an attribute says that it has no value: `xsi:nil="true"`.
    pub is_nil: bool,
    /// Whether it was written as one tag.
    pub is_empty_tag: bool,
    /// What it holds.
    pub nodes: Vec<Node>,
}

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Reads a document.
///
/// # Errors
/// `XmlException` for what is no XML; a spent budget.
pub fn outline(runtime: &mut Runtime<'_>, text: &str, is_space_kept: bool) -> Result<Outline, Raise> {
    let document = reader::read(runtime, text, is_space_kept)?;
    let mut declaration = Vec::new();
    if let Kind::Document { declaration: Value::Object(of), .. } = &tree::node(runtime, document)?.kind
        && let Some(found) = runtime.heap.instance::<Declaration>(*of)
    {
        let parts = [("version", &found.version), ("encoding", &found.encoding), ("standalone", &found.standalone)];
        declaration.extend(parts.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?.as_str().into_owned()))));
    }
    let mut declared = Declared::default();
    let nodes = nodes(runtime, document, &mut declared)?;
    Ok(Outline { declaration, nodes })
}

fn owned(text: &Str) -> String {
    text.as_str().into_owned()
}

fn nodes(runtime: &mut Runtime<'_>, of: Ref, declared: &mut Declared) -> Result<Vec<Node>, Raise> {
    if let super::Content::Text(text) = tree::content(runtime, of)? {
        let text = owned(text);
        return Ok(if text.is_empty() { Vec::new() } else { vec![Node::Text(text)] });
    }
    let mut nodes = Vec::new();
    for child in tree::children(runtime, of)? {
        nodes.push(match &tree::node(runtime, child)?.kind {
            Kind::Text(text) => Node::Text(owned(text)),
            Kind::CData(text) => Node::CData(owned(text)),
            Kind::Comment(text) => Node::Comment(owned(text)),
            Kind::Instruction { target, data } => Node::Instruction(owned(target), owned(data)),
            Kind::DocumentType(ty) => Node::DocumentType(owned(&ty.name)),
            Kind::Element { .. } => Node::Element(runtime.deeper(|runtime| element(runtime, child, declared))?),
            Kind::Document { .. } | Kind::Attribute { .. } => continue,
        });
    }
    Ok(nodes)
}

fn element(runtime: &mut Runtime<'_>, of: Ref, declared: &mut Declared) -> Result<Element, Raise> {
    declared.open();
    let mut own = Vec::new();
    for attribute in tree::attributes(runtime, of)? {
        if let Kind::Attribute { name, value } = &tree::node(runtime, attribute)?.kind {
            own.push((name.clone(), value.clone()));
        }
    }
    for (name, value) in &own {
        if name.declares() {
            let prefix = if name.namespace.is_empty() { "".into() } else { name.local.clone() };
            declared.add(prefix, value.to_text());
        }
    }
    let mut steps = 0;
    let mut written = |name: &Name, is_attribute: bool| match declared.prefix_of(&name.namespace, !is_attribute, &mut steps) {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}:{}", name.local),
        _ => name.local.to_string(),
    };
    let name = tree::name(runtime, of)?.cloned();
    let mut element = Element {
        name: name.as_ref().map(|name| written(name, false)).unwrap_or_default(),
        namespace: name.map(|name| name.namespace.to_string()).unwrap_or_default(),
        attributes: own.iter().map(|(name, value)| (written(name, true), owned(value))).collect(),
        is_nil: own
            .iter()
            .any(|(name, value)| name.namespace == INSTANCE && name.local == "nil" && matches!(&*value.as_str(), "true" | "1")),
        is_empty_tag: matches!(tree::content(runtime, of)?, super::Content::Empty),
        nodes: Vec::new(),
    };
    runtime.work(steps)?;
    element.nodes = nodes(runtime, of, declared)?;
    declared.close();
    Ok(element)
}
