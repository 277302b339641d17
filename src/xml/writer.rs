//! Tree into text, in either format, so that reading it again gives the same tree.

use super::{
    balance::{Reading, extent},
    parser::parse,
    scan::may_begin,
    tree::{Attribute, CData, Comment, Document, Element, Format, Node, ProcessingInstruction, Quote, Value},
};
use crate::source::{Source, Span};

/// Prints a document; what it says is kept, blank text and line breaks included.
///
/// A tree built by hand can hold what no document can: an expression whose brackets do not balance, a comment with `--`. That is
/// printed as near to it as XML allows.
pub fn write(document: &Document, format: Format) -> String {
    let mut out = String::new();
    nodes(&document.prolog, format, &mut out);
    element(&document.root, format, &mut out);
    nodes(&document.epilog, format, &mut out);
    out
}

pub(super) fn nodes(nodes: &[Node], format: Format, out: &mut String) {
    let mut rest = nodes;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            Node::Element(child) => element(child, format, out),
            Node::Text(value) => {
                // Two texts in a row would be read as one: print them as one, so that the expressions stay what they are.
                let further: Vec<&Value> =
                    behind.iter().map_while(|node| if let Node::Text(value) = node { Some(value) } else { None }).collect();
                if further.is_empty() {
                    out.push_str(&text(value, format));
                } else {
                    rest = behind.get(further.len()..).unwrap_or(&[]);
                    let all: Vec<&Value> = std::iter::once(value).chain(further).collect();
                    out.push_str(&text(&Value::joined(&all), format));
                }
            }
            Node::Comment(node) => comment(node, out),
            Node::CData(node) => cdata(node, out),
            Node::ProcessingInstruction(node) => instruction(node, out),
        }
    }
}

fn element(element: &Element, format: Format, out: &mut String) {
    out.push('<');
    out.push_str(&element.name);
    for item in &element.attributes {
        out.push(' ');
        out.push_str(&attribute(item, &item.value, format, Breaks::Kept));
    }
    let content = out.len() + 1;
    out.push('>');
    nodes(&element.children, format, out);
    if out.len() == content {
        out.pop();
        out.push_str(" />");
    } else {
        end_tag(element, out);
    }
}

pub(super) fn end_tag(element: &Element, out: &mut String) {
    out.push_str("</");
    out.push_str(&element.name);
    out.push('>');
}

pub(super) fn comment(comment: &Comment, out: &mut String) {
    out.push_str("<!--");
    let mut before = None;
    for char in comment.text.chars() {
        if char == '-' && before == Some('-') {
            out.push(' ');
        }
        out.push(char);
        before = Some(char);
    }
    if before == Some('-') {
        out.push(' ');
    }
    out.push_str("-->");
}

pub(super) fn cdata(cdata: &CData, out: &mut String) {
    out.push_str("<![CDATA[");
    out.push_str(&cdata.value.decoded.replace("]]>", "]]]]><![CDATA[>"));
    out.push_str("]]>");
}

pub(super) fn instruction(instruction: &ProcessingInstruction, out: &mut String) {
    out.push_str("<?");
    out.push_str(&instruction.target);
    if !instruction.content.is_empty() {
        out.push(' ');
        out.push_str(&instruction.content.replace("?>", "? >"));
    }
    out.push_str("?>");
}

/// A text between tags.
pub(super) fn text(value: &Value, format: Format) -> String {
    encode(value, format, Place::Text)
}

/// `name="value"`, with that value instead of the attribute's own; raw text keeps its author's quotes, so that what was well-formed
/// stays so.
pub(super) fn attribute(attribute: &Attribute, value: &Value, format: Format, breaks: Breaks) -> String {
    let quote = if format == Format::Xml { Quote::Double } else { attribute.quote };
    let mark = quote.char();
    format!("{}={mark}{}{mark}", attribute.name, encode(value, format, Place::Attribute(quote, breaks)))
}

/// What becomes of line breaks in the escaped code of an attribute, which an XML reader turns into spaces.
/// <https://www.w3.org/TR/xml/#AVNormalize>
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Breaks {
    /// They are written as references, so that the code comes through as it is.
    Kept,
    /// They stand raw where a space means the same to C#: where there is neither a `//` comment, which would then take the rest of the
    /// code with it, nor a string over several lines.
    Readable,
}

/// Where a value is printed.
#[derive(Clone, Copy)]
enum Place {
    Text,
    Attribute(Quote, Breaks),
}

/// How carefully a value is printed.
#[derive(Clone, Copy)]
struct Care {
    /// Expressions are escaped.
    escaped: bool,
    /// All that XML allows to escape is escaped.
    all: bool,
    /// A closing bracket in plain text is a reference, lest an expression before it reach that far.
    brackets: bool,
}

/// Prints a value as the format wants it. Where that would be read as something else, more of it is escaped.
///
/// Raw code can be ambiguous: `@("&lt;")` alone reads as escaped. So whatever has an `@` in it is read back before it is believed.
fn encode(value: &Value, format: Format, place: Place) -> String {
    let xml = format == Format::Xml;
    let plain = encode_with(value, place, Care { escaped: xml, all: xml, brackets: false });
    if value.expressions().is_empty() || reads_back(&plain, value, place) {
        return plain;
    }
    let escaped = encode_with(value, place, Care { escaped: true, all: true, brackets: false });
    if reads_back(&escaped, value, place) {
        return escaped;
    }
    encode_with(value, place, Care { escaped: true, all: true, brackets: true })
}

/// Whether a value is read as what it is, even with a single quote behind it that a lone one inside could take for its partner.
fn reads_back(encoded: &str, value: &Value, place: Place) -> bool {
    let snippet = match place {
        Place::Text => format!("<a>{encoded}</a><!--'-->"),
        Place::Attribute(quote, _) => format!("<a b={0}{encoded}{0}/><!--'-->", quote.char()),
    };
    let Ok(document) = parse(&Source::new("", snippet)) else { return false };
    match (place, document.root.attributes.as_slice(), document.root.children.as_slice()) {
        (Place::Attribute(..), [attribute], []) => attribute.value.same_content(value),
        (Place::Text, [], [Node::Text(text)]) => text.same_content(value),
        _ => false,
    }
}

fn encode_with(value: &Value, place: Place, care: Care) -> String {
    let mut encoder = Encoder { value, place, care, out: String::with_capacity(value.decoded.len() + 16) };
    let mut at = 0;
    for expression in value.expressions() {
        let whole = expression.whole;
        encoder.literal(Span { start: at, end: whole.start });
        if care.escaped {
            encoder.escaped_code(whole);
        } else {
            encoder.out.push_str(value.decoded.get(whole.range()).unwrap_or(""));
        }
        at = whole.end;
    }
    encoder.literal(Span { start: at, end: Span::at(value.decoded.len()).start });
    encoder.out
}

struct Encoder<'a> {
    value: &'a Value,
    place: Place,
    care: Care,
    out: String,
}

impl Encoder<'_> {
    fn literal(&mut self, span: Span) {
        let text = self.value.decoded.get(span.range()).unwrap_or("");
        let made_by_hand = self.value.places.is_empty();
        let mut rest = text.chars();
        while let Some(char) = rest.next() {
            let next = rest.clone().next();
            let at = span.end as usize - rest.as_str().len() - char.len_utf8();
            match char {
                // A raw line break of an attribute is a space to XML, a carriage return is a line feed everywhere, and blanks
                // between elements are nothing: white space that was written as a reference was meant, so it stays one.
                ' ' | '\n' | '\t' | '\r' if self.value.is_reference(at) => self.number(char),
                '\n' | '\t' | '\r' if made_by_hand && matches!(self.place, Place::Attribute(..)) => self.number(char),
                '\r' if made_by_hand && next != Some('\n') => self.number(char),
                // What looks like an expression and is none.
                '@' if matches!(next, Some('(' | '{')) && may_begin(self.value.decoded.as_bytes(), at) => self.number(char),
                ')' | '}' if self.care.brackets => self.number(char),
                '>' if !self.care.all && !self.out.ends_with("]]") => self.out.push('>'),
                _ => self.escaped(char),
            }
        }
    }

    /// Code as XML.
    fn escaped_code(&mut self, span: Span) {
        let code = self.value.decoded.get(span.range()).unwrap_or("");
        let raw_breaks = match self.place {
            Place::Text => true,
            Place::Attribute(_, Breaks::Kept) => false,
            Place::Attribute(_, Breaks::Readable) => {
                extent(code.as_bytes(), 0, Reading::Raw).is_ok_and(|extent| !extent.line_comment && !extent.multiline_string)
            }
        };
        for char in code.chars() {
            match char {
                '\n' if !raw_breaks => self.number(char),
                '\r' | '\t' if !matches!(self.place, Place::Text) => self.number(char),
                _ => self.escaped(char),
            }
        }
    }

    fn escaped(&mut self, char: char) {
        match (char, self.place) {
            ('<', _) => self.out.push_str("&lt;"),
            ('>', _) => self.out.push_str("&gt;"),
            ('&', _) => self.out.push_str("&amp;"),
            ('"', Place::Attribute(Quote::Double, _)) => self.out.push_str("&quot;"),
            ('\'', Place::Attribute(Quote::Single, _)) => self.out.push_str("&apos;"),
            _ => self.out.push(char),
        }
    }

    fn number(&mut self, char: char) {
        self.out.push_str(&format!("&#x{:X};", u32::from(char)));
    }
}
