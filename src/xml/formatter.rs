//! The canonical layout of a document, for `fmt`, `diff` and `gen`: formatting twice changes nothing more.
//!
//! What the service sees stays the same but for blanks between elements, blanks around an expression that is all of a text, and the
//! indentation of code and comments. Any other text is content and stands as it was.

use super::{
    balance::{Reading, extent},
    tree::{Attribute, Comment, Document, Element, Form, Format, Node, Value},
    value::{is_blank, is_space},
    writer::{self, Breaks},
};

/// The widest line that a start tag may take.
const WIDTH: usize = 140;

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// Columns a step.
const STEP: usize = 4;

/// Prints a document in the canonical layout: four columns a step, one element a line, attributes on one line while the tag fits into
/// 140 columns. Line ends are `\n`, which an XML reader makes of any (<https://www.w3.org/TR/xml/#sec-line-ends>).
pub fn format(document: &Document, format: Format) -> String {
    let mut printer = Printer { format, out: String::new() };
    let mut items: Vec<Item<'_>> = document.prolog.iter().map(Item::from).collect();
    items.push(Item::Element(&document.root));
    items.extend(document.epilog.iter().map(Item::from));
    printer.block(&items, 0);
    printer.out.push('\n');
    if printer.out.contains('\r') { unified(&printer.out) } else { printer.out }
}

/// What stands on lines of its own, and the blanks between.
enum Item<'a> {
    Element(&'a Element),
    Blank(&'a str),
    Other(&'a Node),
}

impl<'a> From<&'a Node> for Item<'a> {
    fn from(node: &'a Node) -> Self {
        match node {
            Node::Element(element) => Self::Element(element),
            Node::Text(value) if value.is_blank() => Self::Blank(&value.decoded),
            _ => Self::Other(node),
        }
    }
}

/// What an element's content is, as far as layout goes.
enum Content<'a> {
    Empty,
    /// Elements, comments, instructions.
    Block,
    /// One expression and blanks.
    Expression(&'a Value),
    /// Text that counts, blanks included.
    Verbatim,
}

impl<'a> Content<'a> {
    fn of(element: &'a Element) -> Self {
        let mut texts = element.children.iter().filter(|node| matches!(Item::from(*node), Item::Other(Node::Text(_) | Node::CData(_))));
        let others = element.children.iter().filter(|node| !matches!(Item::from(*node), Item::Blank(_))).count();
        match (texts.next(), others) {
            (None, 0) => Self::Empty,
            (None, _) => Self::Block,
            (Some(Node::Text(value)), 1) if value.as_expression().is_some() => Self::Expression(value),
            _ => Self::Verbatim,
        }
    }
}

struct Printer {
    format: Format,
    out: String,
}

impl Printer {
    fn block(&mut self, items: &[Item<'_>], indent: usize) {
        let mut first = true;
        // Line breaks since the last item, if there were blanks at all.
        let mut breaks = None;
        for item in items {
            if let Item::Blank(text) = item {
                *breaks.get_or_insert(0) += line_breaks(text);
                continue;
            }
            match item {
                Item::Other(Node::Comment(comment)) if !first && breaks == Some(0) && line_breaks(&comment.text) == 0 => self.out.push(' '),
                _ if first && self.out.is_empty() => {}
                _ => {
                    self.out.push_str(if !first && breaks >= Some(2) { "\n\n" } else { "\n" });
                    self.spaces(indent);
                }
            }
            match item {
                Item::Element(element) => self.element(element, indent),
                Item::Other(Node::Comment(comment)) => self.comment(comment, indent),
                Item::Other(node) => writer::nodes(std::slice::from_ref(node), self.format, &mut self.out),
                Item::Blank(_) => {}
            }
            first = false;
            breaks = None;
        }
    }

    fn element(&mut self, element: &Element, indent: usize) {
        let content = Content::of(element);
        let start = self.out.len();
        self.start_tag(element, indent, if matches!(content, Content::Empty) { " />" } else { ">" });
        match content {
            Content::Empty => return,
            Content::Block => {
                let items: Vec<Item<'_>> = element.children.iter().map(Item::from).collect();
                self.block(&items, indent + STEP);
                self.out.push('\n');
                self.spaces(indent);
            }
            Content::Expression(value) => self.expression(element, value, indent, start),
            Content::Verbatim => writer::nodes(&element.children, self.format, &mut self.out),
        }
        writer::end_tag(element, &mut self.out);
    }

    /// An expression that is all of the text: behind the start tag, or on lines of its own if that would be too wide.
    fn expression(&mut self, element: &Element, value: &Value, indent: usize, start: usize) {
        let tag_line = self.out.get(start..).map_or(0, |tag| last_line(tag) + if tag.contains(LINE_ENDS) { 0 } else { indent });
        let beside = writer::text(&laid_out(&value.trimmed(), indent), self.format);
        let end_tag = element.name.chars().count() + 3;
        let behind = if beside.contains(LINE_ENDS) { 0 } else { end_tag };
        if tag_line + first_line(&beside) + behind <= WIDTH {
            self.out.push_str(&beside);
            return;
        }
        self.out.push('\n');
        self.spaces(indent + STEP);
        let below = writer::text(&laid_out(&value.trimmed(), indent + STEP), self.format);
        self.out.push_str(&below);
        self.out.push('\n');
        self.spaces(indent);
    }

    fn start_tag(&mut self, element: &Element, indent: usize, end: &str) {
        self.out.push('<');
        self.out.push_str(&element.name);
        let beside: String = element.attributes.iter().map(|attribute| format!(" {}", self.attribute(attribute, indent))).collect();
        let before = indent + 1 + element.name.chars().count();
        let last = last_line(&beside) + end.len() + if beside.contains(LINE_ENDS) { 0 } else { before };
        // A lone attribute gains nothing from a line of its own.
        if element.attributes.len() < 2 || (before + first_line(&beside) <= WIDTH && last <= WIDTH) {
            self.out.push_str(&beside);
        } else {
            for attribute in &element.attributes {
                self.out.push('\n');
                self.spaces(indent + STEP);
                let below = self.attribute(attribute, indent + STEP);
                self.out.push_str(&below);
            }
        }
        self.out.push_str(end);
    }

    fn attribute(&self, attribute: &Attribute, indent: usize) -> String {
        writer::attribute(attribute, &laid_out(&attribute.value, indent), self.format, Breaks::Readable)
    }

    /// A comment over several lines: what follows the first line is indented as a whole.
    fn comment(&mut self, comment: &Comment, indent: usize) {
        let text = unified(&comment.text);
        let mut lines = text.split('\n');
        let first = lines.next().unwrap_or("");
        let rest: Vec<Line<'_>> = lines.map(Line::of).collect();
        let Some((last, inner)) = rest.split_last() else {
            return writer::comment(comment, &mut self.out);
        };
        let text_column = indent + if is_blank(first) { STEP } else { "<!-- ".len() };
        let common = rest.iter().filter(|line| !line.text.is_empty()).map(|line| line.column).min().unwrap_or(0);
        let mut laid_out = first.trim_end_matches(is_space).to_owned();
        for line in inner {
            line.push_to(&mut laid_out, text_column + line.column.saturating_sub(common));
        }
        if last.text.is_empty() {
            laid_out.push('\n');
            laid_out.extend(std::iter::repeat_n(' ', indent));
        } else {
            last.push_to(&mut laid_out, text_column + last.column.saturating_sub(common));
            laid_out.extend(std::iter::repeat_n(' ', usize::from(text.ends_with(is_space))));
        }
        writer::comment(&Comment { text: laid_out, span: comment.span }, &mut self.out);
    }

    fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }
}

/// A line of code or comment: the column that its text begins in, and the text.
struct Line<'a> {
    column: usize,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let text = line.trim_start_matches(is_space);
        let blanks = line.get(..line.len() - text.len()).unwrap_or("");
        let column = blanks.chars().fold(0, |column, char| if char == '\t' { (column / STEP + 1) * STEP } else { column + 1 });
        Self { column, text: text.trim_end_matches(is_space) }
    }

    /// Adds a line with the text in that column; a blank line stays empty.
    fn push_to(&self, out: &mut String, column: usize) {
        out.push('\n');
        if !self.text.is_empty() {
            out.extend(std::iter::repeat_n(' ', column));
            out.push_str(self.text);
        }
    }
}

/// The value with its code indented for an expression that begins in a line at `indent`: inner lines one step deeper, keeping their
/// distances from one another; a last line that begins with a closing bracket stands at `indent`.
///
/// Code in which a string goes over several lines is left as it is, for there indentation is content.
fn laid_out(value: &Value, indent: usize) -> Value {
    let Form::Expression(expression) = &value.form else { return value.clone() };
    let alone = expression.whole.range() == (0..value.decoded.len());
    let one_line = line_breaks(&value.decoded) == 0;
    let multiline_string = || extent(value.decoded.as_bytes(), 0, Reading::Raw).map_or(true, |extent| extent.multiline_string);
    if !alone || one_line || multiline_string() {
        return value.clone();
    }
    let code = unified(value.code(expression));
    let mut lines = code.split('\n');
    let mut laid_out = lines.next().unwrap_or("").trim_end_matches(is_space).to_owned();
    let rest: Vec<Line<'_>> = lines.map(Line::of).collect();
    // The last line goes on with the expression's own bracket, which is not part of the code.
    let closes = rest.last().is_some_and(|last| last.text.is_empty() || last.text.starts_with([')', '}', ']']));
    let inner = rest.len() - usize::from(closes);
    let common = rest.iter().take(inner).filter(|line| !line.text.is_empty()).map(|line| line.column).min().unwrap_or(0);
    for (at, line) in rest.iter().enumerate() {
        let column = if at < inner { indent + STEP + line.column.saturating_sub(common) } else { indent };
        line.push_to(&mut laid_out, column);
        if at + 1 == rest.len() {
            // The closing bracket follows: in its column, or with the blank before it that there was.
            let blanks = if line.text.is_empty() { column } else { usize::from(code.ends_with(is_space)) };
            laid_out.extend(std::iter::repeat_n(' ', blanks));
        }
    }
    Value::expression(expression.kind, &laid_out)
}

/// The text with every line end as `\n`.
fn unified(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn line_breaks(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |(at, byte): (usize, &u8)| *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    bytes.iter().enumerate().filter(|item| ends(*item)).count()
}

fn first_line(text: &str) -> usize {
    text.split(LINE_ENDS).next().map_or(0, |line| line.chars().count())
}

fn last_line(text: &str) -> usize {
    text.rsplit(LINE_ENDS).next().map_or(0, |line| line.chars().count())
}
