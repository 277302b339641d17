//! The tree of a policy document: what stands where, and what it says once it is decoded.

use std::sync::Arc;

use crate::source::{Source, Span};

/// How a policy document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Well-formed XML: what XML reserves is escaped inside expressions too.
    Xml,
    /// As authors write policies: expressions stand raw.
    RawXml,
}

/// A whole document: one root element and what stands around it.
///
/// A tree that was parsed is never deeper than [`crate::xml::MAX_DEPTH`]; whoever builds one by hand keeps to that.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text that every span of the tree points into.
    pub source: Arc<Source>,
    /// What stands before the root: comments, processing instructions (the XML declaration is one, with the target `xml`), blank text.
    pub prolog: Vec<Node>,
    /// The root element, whatever its name: `policies`, `fragment`, a section, a single policy.
    pub root: Element,
    /// What stands behind the root: comments, processing instructions, blank text.
    pub epilog: Vec<Node>,
}

/// One item of an element's content.
#[derive(Clone, Debug)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data between two tags, comments or the like; blank text is kept.
    Text(Value),
    /// A comment.
    Comment(Comment),
    /// A CDATA section: text in which nothing is escaped.
    CData(CData),
    /// A processing instruction.
    ProcessingInstruction(ProcessingInstruction),
}

/// A comment: what stands between `<!--` and `-->`, as written.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The text, blanks at both ends included.
    pub text: String,
    /// All of it, with its marks.
    pub span: Span,
}

/// A CDATA section.
#[derive(Clone, Debug)]
pub struct CData {
    /// The text between `<![CDATA[` and `]]>`; an expression in it is never escaped.
    pub value: Value,
    /// All of it, with its marks.
    pub span: Span,
}

/// A processing instruction, or the XML declaration.
#[derive(Clone, Debug)]
pub struct ProcessingInstruction {
    /// The name behind `<?`.
    pub target: String,
    /// What follows the name and its blanks, up to `?>`, as written.
    pub content: String,
    /// All of it, with its marks.
    pub span: Span,
}

/// An element with everything in it.
#[derive(Clone, Debug)]
pub struct Element {
    /// The name as written, with its prefix if it has one.
    pub name: String,
    /// The name in the start tag.
    pub name_span: Span,
    /// The attributes in their order; no two have the same name.
    pub attributes: Vec<Attribute>,
    /// The content in its order, blank text included.
    pub children: Vec<Node>,
    /// From the start tag's `<` to the end tag's `>`.
    pub span: Span,
    /// The start tag, from `<` to `>`.
    pub open_span: Span,
    /// Whether it was written as one tag, `<base />`.
    pub self_closing: bool,
}

/// An attribute with its value.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name as written.
    pub name: String,
    /// The name's place.
    pub name_span: Span,
    /// The value, without its quotes.
    pub value: Value,
    /// From the name to the closing quote.
    pub span: Span,
    /// The quotes around the value.
    pub quote: Quote,
}

/// The quotes around an attribute's value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quote {
    /// `"`
    #[default]
    Double,
    /// `'`
    Single,
}

impl Quote {
    /// The character.
    pub fn char(self) -> char {
        char::from(self.byte())
    }

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Double => b'"',
            Self::Single => b'\'',
        }
    }
}

/// An attribute's value or a text: as it stands in the document, and what it says.
///
/// Line breaks are kept as written, in attributes too. An XML reader turns a raw line break of an attribute into a space
/// (<https://www.w3.org/TR/xml/#AVNormalize>); whoever needs the value as such a reader sees it asks [`Value::normalized`].
#[derive(Clone, Debug, Default)]
pub struct Value {
    /// The raw text in the document.
    pub span: Span,
    /// The text with its references resolved; code of an expression is resolved only where it was written escaped.
    pub decoded: String,
    /// Pairs of (offset in `decoded`, offset in the document), sorted: where each piece begins.
    ///
    /// A piece that is as long in both is the same text; one whose lengths differ is a reference such as `&lt;`. Empty if the value was
    /// not read from a document. What `csharp::Code::mapped` takes.
    pub places: Vec<(u32, u32)>,
    /// Whether the value is an expression, holds some, or is plain text.
    pub form: Form,
}

/// What a value is.
#[derive(Clone, Debug, Default)]
pub enum Form {
    /// Plain text.
    #[default]
    Literal,
    /// One expression and nothing else but blanks around it.
    Expression(Expression),
    /// Text with expressions in it. The service does not promise to evaluate these; what to make of them is the consumer's business.
    Mixed(Vec<Expression>),
}

/// A C# expression in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expression {
    /// `@( … )` or `@{ … }`.
    pub kind: ExpressionKind,
    /// All of it, from `@` to the closing bracket, in [`Value::decoded`].
    pub whole: Span,
    /// What stands between the brackets, in [`Value::decoded`].
    pub code: Span,
    /// All of it in the document.
    pub span: Span,
    /// What stands between the brackets in the document.
    pub code_span: Span,
    /// How it was written.
    pub written: Written,
}

/// The two kinds of expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpressionKind {
    /// `@( … )`: one C# expression.
    Single,
    /// `@{ … }`: the body of a method.
    Block,
}

/// How an expression was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Written {
    /// The same in both formats: nothing in it needed escaping where it stands.
    Plain,
    /// Escaped, as `xml` wants it; the code is the decoded text.
    Escaped,
    /// Raw, as only `rawxml` allows; the code is the text as it stands.
    Raw,
}

impl Document {
    /// The format that keeps the document's expressions as they are written: `Xml` where some are escaped and none is raw.
    pub fn format(&self) -> Format {
        let mut escaped = false;
        let mut raw = false;
        self.root.each_value(&mut |value| {
            for expression in value.expressions() {
                escaped |= expression.written == Written::Escaped;
                raw |= expression.written == Written::Raw;
            }
        });
        if escaped && !raw { Format::Xml } else { Format::RawXml }
    }

    /// Whether the text as it stands is well-formed XML and may be deployed in either format.
    pub fn is_well_formed(&self) -> bool {
        let mut raw = false;
        self.root.each_value(&mut |value| raw |= value.expressions().iter().any(|expression| expression.written == Written::Raw));
        !raw
    }

    /// Whether both say the same: names, decoded values in order, text, comments. Places, quotes, escapes and blanks around the root
    /// do not count; CDATA is text.
    pub fn same_content(&self, other: &Self) -> bool {
        same_nodes(&self.prolog, &other.prolog, true)
            && self.root.same_content(&other.root)
            && same_nodes(&self.epilog, &other.epilog, true)
    }
}

impl Element {
    /// An element that stands in no document yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            name_span: Span::default(),
            attributes: Vec::new(),
            children: Vec::new(),
            span: Span::default(),
            open_span: Span::default(),
            self_closing: false,
        }
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The child elements in their order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(Node::as_element)
    }

    /// The first child element of that name.
    pub fn element(&self, name: &str) -> Option<&Element> {
        self.elements().find(|element| element.name == name)
    }

    /// The text in the element, without blanks at both ends, if it has only text, CDATA and comments; for an expression, the expression.
    pub fn text(&self) -> Option<Value> {
        let mut pieces = Vec::new();
        for child in &self.children {
            match child {
                Node::Element(_) => return None,
                Node::Text(value) => pieces.push(value),
                Node::CData(cdata) => pieces.push(&cdata.value),
                Node::Comment(_) | Node::ProcessingInstruction(_) => {}
            }
        }
        Some(match pieces.as_slice() {
            [] => Value { span: Span { start: self.open_span.end, end: self.open_span.end }, ..Value::default() },
            [only] => only.trimmed(),
            _ => match pieces.iter().filter(|piece| !piece.is_blank()).collect::<Vec<_>>().as_slice() {
                [only] => only.trimmed(),
                _ => Value::joined(&pieces).trimmed(),
            },
        })
    }

    /// Whether both say the same; see [`Document::same_content`].
    pub fn same_content(&self, other: &Self) -> bool {
        let same = |(a, b): (&Attribute, &Attribute)| a.name == b.name && a.value.same_content(&b.value);
        self.name == other.name
            && self.attributes.len() == other.attributes.len()
            && self.attributes.iter().zip(&other.attributes).all(same)
            && same_nodes(&self.children, &other.children, false)
    }

    fn each_value<'a>(&'a self, visit: &mut impl FnMut(&'a Value)) {
        self.attributes.iter().for_each(|attribute| visit(&attribute.value));
        for child in &self.children {
            match child {
                Node::Element(element) => element.each_value(visit),
                Node::Text(value) => visit(value),
                Node::Comment(_) | Node::CData(_) | Node::ProcessingInstruction(_) => {}
            }
        }
    }
}

impl Node {
    /// The element, if it is one.
    pub fn as_element(&self) -> Option<&Element> {
        match self {
            Self::Element(element) => Some(element),
            _ => None,
        }
    }

    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Element(element) => element.span,
            Self::Text(value) => value.span,
            Self::Comment(comment) => comment.span,
            Self::CData(cdata) => cdata.span,
            Self::ProcessingInstruction(instruction) => instruction.span,
        }
    }

    fn as_text(&self) -> Option<&Value> {
        match self {
            Self::Text(value) => Some(value),
            Self::CData(cdata) => Some(&cdata.value),
            _ => None,
        }
    }
}

impl Attribute {
    /// An attribute that stands in no document yet, in double quotes.
    pub fn new(name: impl Into<String>, value: Value) -> Self {
        Self { name: name.into(), name_span: Span::default(), value, span: Span::default(), quote: Quote::Double }
    }
}

impl Form {
    /// The expressions in the value, in their order.
    pub fn expressions(&self) -> &[Expression] {
        match self {
            Self::Literal => &[],
            Self::Expression(expression) => std::slice::from_ref(expression),
            Self::Mixed(expressions) => expressions,
        }
    }
}

impl ExpressionKind {
    /// The characters that begin it.
    pub fn opening(self) -> &'static str {
        match self {
            Self::Single => "@(",
            Self::Block => "@{",
        }
    }

    /// The character that ends it.
    pub fn closing(self) -> char {
        match self {
            Self::Single => ')',
            Self::Block => '}',
        }
    }
}

/// Whether two contents say the same; neighbouring texts and CDATA sections count as one text.
fn same_nodes(a: &[Node], b: &[Node], around_the_root: bool) -> bool {
    let (mut a, mut b) = (a, b);
    loop {
        let (text_a, rest_a) = leading_text(a);
        let (text_b, rest_b) = leading_text(b);
        let (text_a, text_b) = (Value::joined(&text_a), Value::joined(&text_b));
        let blank = around_the_root && text_a.is_blank() && text_b.is_blank();
        if !blank && !text_a.same_content(&text_b) {
            return false;
        }
        let ((first_a, next_a), (first_b, next_b)) = match (rest_a.split_first(), rest_b.split_first()) {
            (Some(a), Some(b)) => (a, b),
            (None, None) => return true,
            _ => return false,
        };
        let same = match (first_a, first_b) {
            (Node::Element(a), Node::Element(b)) => a.same_content(b),
            (Node::Comment(a), Node::Comment(b)) => a.text == b.text,
            (Node::ProcessingInstruction(a), Node::ProcessingInstruction(b)) => a.target == b.target && a.content == b.content,
            _ => false,
        };
        if !same {
            return false;
        }
        (a, b) = (next_a, next_b);
    }
}

/// The texts at the front, and what follows them.
fn leading_text(nodes: &[Node]) -> (Vec<&Value>, &[Node]) {
    let texts: Vec<&Value> = nodes.iter().map_while(Node::as_text).collect();
    let rest = nodes.get(texts.len()..).unwrap_or(&[]);
    (texts, rest)
}
