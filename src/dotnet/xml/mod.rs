//! `System.Xml.Linq`: live trees of XML in the request's heap, and the few types of `System.Xml` that show through.
//!
//! A node is an [`Instance`] that knows its parent and its next sibling; a container knows its last child, whose next is the first.
//! That is how LINQ to XML itself keeps its trees (dotnet/runtime, `System.Private.Xml.Linq`), and what happens to a walk through a
//! tree that is changed meanwhile follows from it.

mod attribute;
mod axes;
mod compare;
mod container;
mod content;
mod convert;
mod document;
mod doctype;
mod element;
mod extensions;
mod fault;
mod insert;
mod leaves;
mod names;
mod node;
mod object;
pub mod outline;
mod reader;
mod scope;
mod tag;
mod tree;
mod writer;

pub use fault::XML_EXCEPTION;

use super::string::NEWLINE;
use super::{
    enums::EnumValue,
    exception::Raise,
    heap::{Instance, Ref},
    member::{Member, member},
    runtime::Runtime,
    string::Str,
    types::{Class, ClassRef, Type},
    value::Value,
};
use names::Name;

/// The namespace of nearly all of them.
const LINQ: &str = "System.Xml.Linq";

const NODE_TYPES: &[(&str, i32)] = &[
    ("None", 0),
    ("Element", 1),
    ("Attribute", 2),
    ("Text", 3),
    ("CDATA", 4),
    ("EntityReference", 5),
    ("Entity", 6),
    ("ProcessingInstruction", 7),
    ("Comment", 8),
    ("Document", 9),
    ("DocumentType", 10),
    ("DocumentFragment", 11),
    ("Notation", 12),
    ("Whitespace", 13),
    ("SignificantWhitespace", 14),
    ("EndElement", 15),
    ("EndEntity", 16),
    ("XmlDeclaration", 17),
];

const LOAD: &[(&str, i32)] = &[("None", 0), ("PreserveWhitespace", 1), ("SetBaseUri", 2), ("SetLineInfo", 4)];

mod classes {
    use super::{LINQ, LOAD, NODE_TYPES, attribute, compare, container, document, element, extensions, fault, leaves, names, node, object};

    crate::classes! {
        XML_NODE_TYPE = enumeration("System.Xml", "XmlNodeType", NODE_TYPES);
        XML_EXCEPTION = Class::new("System.Xml", "XmlException", Kind::Class).bases(&["SystemException"]).members(fault::MEMBERS);
        LOAD_OPTIONS = enumeration(LINQ, "LoadOptions", LOAD);
        SAVE_OPTIONS = enumeration(LINQ, "SaveOptions", &[("None", 0), ("DisableFormatting", 1), ("OmitDuplicateNamespaces", 2)]);
        XNAME = class(LINQ, "XName").members(names::NAME_MEMBERS);
        XNAMESPACE = class(LINQ, "XNamespace").members(names::NAMESPACE_MEMBERS);
        XOBJECT = class(LINQ, "XObject").members(object::MEMBERS);
        XNODE = class(LINQ, "XNode").bases(&["XObject"]).members(node::MEMBERS);
        XCONTAINER = class(LINQ, "XContainer").bases(&["XNode"]).members(container::MEMBERS);
        XELEMENT = class(LINQ, "XElement").bases(&["XContainer"]).members(element::MEMBERS);
        XDOCUMENT = class(LINQ, "XDocument").bases(&["XContainer"]).members(document::MEMBERS);
        XATTRIBUTE = class(LINQ, "XAttribute").bases(&["XObject"]).members(attribute::MEMBERS);
        XTEXT = class(LINQ, "XText").bases(&["XNode"]).members(leaves::TEXT);
        XCDATA = class(LINQ, "XCData").bases(&["XText"]).members(leaves::CDATA);
        XCOMMENT = class(LINQ, "XComment").bases(&["XNode"]).members(leaves::COMMENT);
        XPROCESSING_INSTRUCTION = class(LINQ, "XProcessingInstruction").bases(&["XNode"]).members(leaves::INSTRUCTION);
        XDOCUMENT_TYPE = class(LINQ, "XDocumentType").bases(&["XNode"]).members(document::TYPE_MEMBERS);
        XDECLARATION = class(LINQ, "XDeclaration").members(document::DECLARATION_MEMBERS);
        XNODE_DOCUMENT_ORDER_COMPARER = class(LINQ, "XNodeDocumentOrderComparer").bases(&["object", "IComparer<XNode>"]).members(compare::ORDER_MEMBERS);
        XNODE_EQUALITY_COMPARER = class(LINQ, "XNodeEqualityComparer").bases(&["object", "IEqualityComparer<XNode>"]).members(compare::EQUALITY_MEMBERS);
        EXTENSIONS = statics(LINQ, "Extensions").members(extensions::MEMBERS);
    }
}

pub use classes::*;

/// A node of a tree, or an attribute.
#[derive(Clone, Debug)]
pub struct Node {
    parent: Option<Ref>,
    /// The next sibling; the last one's is the first.
    next: Option<Ref>,
    annotations: Vec<Value>,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Document { declaration: Value, content: Content },
    Element { name: Name, last_attribute: Option<Ref>, content: Content },
    Attribute { name: Name, value: Str },
    Text(Str),
    CData(Str),
    Comment(Str),
    Instruction { target: Str, data: Str },
    DocumentType(DocumentType),
}

/// What a container holds. Text alone is no node before somebody asks for it.
#[derive(Clone, Debug)]
enum Content {
    /// Nothing: the element is written as one tag.
    Empty,
    /// Text, which may be empty: the element is written as two tags.
    Text(Str),
    /// Nodes, by the last one.
    Last(Ref),
}

/// A document type declaration; what is null is not written.
#[derive(Clone, Debug, PartialEq)]
struct DocumentType {
    name: Str,
    public_id: Id,
    system_id: Id,
    internal_subset: Id,
}

/// A string or null.
type Id = Option<Str>;

impl Kind {
    fn class(&self) -> &'static Class {
        match self {
            Self::Document { .. } => &XDOCUMENT,
            Self::Element { .. } => &XELEMENT,
            Self::Attribute { .. } => &XATTRIBUTE,
            Self::Text(_) => &XTEXT,
            Self::CData(_) => &XCDATA,
            Self::Comment(_) => &XCOMMENT,
            Self::Instruction { .. } => &XPROCESSING_INSTRUCTION,
            Self::DocumentType(_) => &XDOCUMENT_TYPE,
        }
    }

    /// The number of its `XmlNodeType`.
    fn node_type(&self) -> i32 {
        match self {
            Self::Element { .. } => 1,
            Self::Attribute { .. } => 2,
            Self::Text(_) => 3,
            Self::CData(_) => 4,
            Self::Instruction { .. } => 7,
            Self::Comment(_) => 8,
            Self::Document { .. } => 9,
            Self::DocumentType(_) => 10,
        }
    }

    fn content(&self) -> Option<&Content> {
        match self {
            Self::Document { content, .. } | Self::Element { content, .. } => Some(content),
            _ => None,
        }
    }

    /// The bytes that its strings take.
    fn bytes(&self) -> usize {
        match self {
            Self::Attribute { value, .. } => value.bytes(),
            Self::Text(text) | Self::CData(text) | Self::Comment(text) => text.bytes(),
            Self::Instruction { target, data } => target.bytes() + data.bytes(),
            _ => 0,
        }
    }
}

impl Instance for Node {
    fn ty(&self) -> Type {
        Type::named(self.kind.class())
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, runtime: &Runtime<'_>) -> Option<Str> {
        // What cannot be written (an invalid character) raises from `ToString()`; where nothing can be raised it has no text.
        Some(writer::write(runtime, self, writer::options_of(runtime, self)).map_or(Str::EMPTY, |written| written.text.into()))
    }
}

/// A member of an enumeration of this family.
fn enumerator(class: &'static Class, value: i32) -> Value {
    Value::Enum(EnumValue { class: ClassRef(class), value })
}

/// `XDocument.Parse`, for a body or a variable: a byte order mark before the text is no part of it.
///
/// # Errors
/// `XmlException` with line and position; a spent budget.
pub fn parse_document(runtime: &mut Runtime<'_>, text: &str) -> Result<Value, Raise> {
    reader::read(runtime, text.strip_prefix('\u{FEFF}').unwrap_or(text), false).map(Value::Object)
}

/// `XElement.Parse`, likewise.
///
/// # Errors
/// As [`parse_document`].
pub fn parse_element(runtime: &mut Runtime<'_>, text: &str) -> Result<Value, Raise> {
    element::parse(runtime, text.strip_prefix('\u{FEFF}').unwrap_or(text), false)
}

/// The XML of a node as `ToString()` writes it; `None` for what is no node, and for what cannot be written.
pub fn to_text(runtime: &Runtime<'_>, value: &Value) -> Option<String> {
    let node = runtime.own::<Node>(value)?;
    writer::write(runtime, node, writer::options_of(runtime, node)).ok().map(|written| written.text)
}

/// Two tables as one.
const fn join<const N: usize>(first: &[Member], second: &[Member]) -> [Member; N] {
    let mut table = [const { member("", |_| Ok(Value::Null)) }; N];
    let mut index = 0;
    while index < N {
        let from = if index < first.len() { &first[index] } else { &second[index - first.len()] };
        table[index] = member(from.signature, from.native);
        index += 1;
    }
    table
}
