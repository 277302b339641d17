//! Text into tree: expressions hidden, quick-xml's events checked and put together, every fault with its place.

use std::{collections::HashMap, ops::Range, sync::Arc};

use quick_xml::{
    Error as XmlError, Reader,
    errors::SyntaxError,
    events::{BytesStart, Event, attributes::AttrError},
};

use super::{
    decode,
    faults::{Faults, UnclosedMarkup},
    scan::{Scan, scan, scan_verbatim},
    tree::{Attribute, CData, Comment, Document, Element, Node, ProcessingInstruction, Quote},
    value::is_blank,
};
use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// The largest document that is read, in bytes: sixteen times what the service takes (256 KiB for a policy, 512 KiB for a fragment).
/// <https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-api-management-limits>
pub const MAX_BYTES: usize = 4 << 20;

/// How deep elements may stand inside of each other.
pub const MAX_DEPTH: usize = 256;

/// Reads a policy document in either format.
///
/// # Errors
///
/// Every fault that could be found, by place. An expression without an end, a document type declaration or an input beyond the limits
/// ends the search: what follows would be guessed.
pub fn parse(source: &Arc<Source>) -> Result<Document, Vec<Diagnostic>> {
    let mut faults = Faults::new(source);
    let text = source.text();
    if text.len() > MAX_BYTES {
        faults.too_large(MAX_BYTES);
        return Err(faults.into_list());
    }
    control_characters(text, &mut faults);
    let scan = scan(text);
    scan.unclosed.iter().for_each(|start| faults.unclosed_expression(*start));
    if let Some(start) = scan.doctype {
        let length = text.get(start..).and_then(|rest| rest.find(['>', '[', '\n'])).unwrap_or(2);
        faults.doctype(Span::new(start, start + length));
    }
    if !scan.unclosed.is_empty() || scan.doctype.is_some() {
        return Err(faults.into_list());
    }
    // A byte order mark is no part of the document; as blanks, it keeps the offsets true.
    let mark = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let mut masked = " ".repeat(mark);
    masked.push_str(scan.masked(text).trim_start_matches('\u{FEFF}'));
    let builder = Builder {
        source,
        text,
        masked: &masked,
        mark,
        scan: &scan,
        faults,
        open: Vec::new(),
        prolog: Vec::new(),
        root: None,
        epilog: Vec::new(),
    };
    builder.read()
}

fn control_characters(text: &str, faults: &mut Faults) {
    // Everything that XML refuses has a byte below space, or begins with the byte of U+FFFE and U+FFFF.
    let suspicious = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xEF;
    if text.bytes().any(suspicious) {
        let refused = text.char_indices().filter(|(_, char)| !decode::is_xml_char(*char));
        refused.take(20).for_each(|(at, char)| faults.control_character(at, char));
    }
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    text: &'a str,
    masked: &'a str,
    /// The length of the byte order mark.
    mark: usize,
    scan: &'a Scan,
    faults: Faults,
    open: Vec<Element>,
    prolog: Vec<Node>,
    root: Option<Element>,
    epilog: Vec<Node>,
}

impl Builder<'_> {
    fn read(mut self) -> Result<Document, Vec<Diagnostic>> {
        let mut reader = Reader::from_str(self.masked);
        let config = reader.config_mut();
        // Tags are matched here, where both places are known; references are resolved from the original text.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let mut text_start = None;
        let finished = loop {
            let start = offset(reader.buffer_position());
            let event = reader.read_event();
            let span = start..offset(reader.buffer_position());
            if matches!(event, Ok(Event::Text(_) | Event::GeneralRef(_))) {
                text_start.get_or_insert(start);
                continue;
            }
            if let Some(first) = text_start.take() {
                self.text_node(first..start);
            }
            match event {
                Ok(Event::Start(tag)) if self.open.len() >= MAX_DEPTH => {
                    let name = span.start + 1 + tag.name().as_ref().len();
                    self.faults.too_deep(Span::new(span.start, name), MAX_DEPTH);
                    break false;
                }
                Ok(Event::Start(tag)) => {
                    let element = self.start_tag(&tag, &span);
                    self.open.push(element);
                }
                Ok(Event::Empty(tag)) => {
                    let mut element = self.start_tag(&tag, &span);
                    element.self_closing = true;
                    self.attach_element(element);
                }
                Ok(Event::End(tag)) => self.end_tag(tag.name().as_ref(), &span),
                Ok(Event::Comment(_)) => self.comment(&span),
                Ok(Event::CData(_)) => self.cdata(&span),
                Ok(Event::Decl(_) | Event::PI(_)) => self.instruction(&span),
                Ok(Event::DocType(_)) => {
                    self.faults.doctype(Span::new(span.start, span.end));
                    break false;
                }
                Ok(Event::Text(_) | Event::GeneralRef(_)) => {}
                Ok(Event::Eof) => break true,
                Err(error) => {
                    self.fatal(&error, offset(reader.error_position()));
                    break false;
                }
            }
        };
        self.finish(finished)
    }

    fn finish(mut self, finished: bool) -> Result<Document, Vec<Diagnostic>> {
        if finished {
            for element in self.open.iter().rev() {
                self.faults.unclosed_element(element.open_span, &element.name);
            }
            if self.root.is_none() && self.open.is_empty() && self.faults.is_empty() {
                self.faults.empty();
            }
        }
        match self.root {
            Some(root) if self.faults.is_empty() => {
                Ok(Document { source: self.source.clone(), prolog: self.prolog, root, epilog: self.epilog })
            }
            _ => Err(self.faults.into_list()),
        }
    }

    /// Puts a finished node where it belongs.
    fn attach(&mut self, node: Node) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None if self.root.is_some() => self.epilog.push(node),
            None => self.prolog.push(node),
        }
    }

    fn attach_element(&mut self, element: Element) {
        if !self.open.is_empty() {
            self.attach(Node::Element(element));
        } else if self.root.is_none() {
            self.root = Some(element);
        }
    }

    fn text_node(&mut self, mut range: Range<usize>) {
        let outside = self.open.is_empty();
        if outside {
            range.start = range.start.max(self.mark);
        }
        let raw = self.text.get(range.clone()).unwrap_or("");
        if outside && !is_blank(raw) {
            let start = range.start + (raw.len() - raw.trim_start().len());
            self.faults.text_outside_root(Span::new(start, start + raw.trim().len()));
            return;
        }
        if range.is_empty() {
            return;
        }
        let (value, faults) = decode::value(self.text, range.clone(), self.scan.within(&range), false);
        faults.iter().for_each(|(fault, span)| self.faults.text(fault, *span));
        self.attach(Node::Text(value));
    }

    fn start_tag(&mut self, tag: &BytesStart<'_>, span: &Range<usize>) -> Element {
        let name = tag.name().as_ref().to_owned();
        let name_span = Span::new(span.start + 1, span.start + 1 + name.len());
        let open_span = Span::new(span.start, span.end);
        if !is_name(&name) {
            self.faults.invalid_name(name_span, Span::new(span.start, span.start + 1), &name, "element");
        }
        if self.open.is_empty()
            && let Some(root) = &self.root
        {
            self.faults.several_roots(Span::new(span.start, span.start + 1 + name.len()), &name, root.open_span);
        }
        let attributes = self.attributes(tag, span.start + 1, &name);
        Element { attributes, name_span, span: open_span, open_span, ..Element::new(name) }
    }

    fn attributes(&mut self, tag: &BytesStart<'_>, content: usize, element: &str) -> Vec<Attribute> {
        let mut attributes: Vec<Attribute> = Vec::new();
        let mut names: HashMap<String, Span> = HashMap::new();
        let mut behind = content + element.len();
        let mut iterator = tag.attributes();
        for attribute in iterator.with_checks(false) {
            let attribute = match attribute {
                Ok(attribute) => attribute,
                Err(error) => {
                    let before = attributes.last().map_or(element, |before| before.name.as_str()).to_owned();
                    self.attribute_fault(&error, content, behind, &before);
                    break;
                }
            };
            // The event borrows from the masked text, so a piece's address tells its offset.
            let name_start = self.offset_in_masked(attribute.key.as_ref());
            let value_start = self.offset_in_masked(&attribute.value);
            let range = value_start..value_start + attribute.value.len();
            let name = attribute.key.as_ref().to_owned();
            let name_span = Span::new(name_start, name_start + name.len());
            if name_start == behind {
                // Most likely a quote inside of the value before; what follows would be misread as well.
                let before = attributes.last().map_or(element, |before| before.name.as_str()).to_owned();
                self.faults.missing_space(name_span, &before);
                break;
            }
            if !is_name(&name) {
                self.faults.invalid_name(name_span, name_span, &name, "attribute");
            }
            if let Some(first) = names.insert(name.clone(), name_span) {
                self.faults.duplicate_attribute(name_span, &name, first);
            }
            let single = self.text.as_bytes().get(value_start.wrapping_sub(1)) == Some(&b'\'');
            let quote = if single { Quote::Single } else { Quote::Double };
            let (value, faults) = decode::value(self.text, range.clone(), self.scan.within(&range), true);
            faults.iter().for_each(|(fault, span)| self.faults.text(fault, *span));
            behind = range.end + 1;
            attributes.push(Attribute { name, name_span, value, span: Span::new(name_start, behind), quote });
        }
        attributes
    }

    fn offset_in_masked(&self, piece: &str) -> usize {
        (piece.as_ptr() as usize).wrapping_sub(self.masked.as_ptr() as usize)
    }

    fn attribute_fault(&mut self, error: &AttrError, content: usize, behind: usize, before_name: &str) {
        match error {
            AttrError::ExpectedEq(at) => {
                let between = self.text.get(behind..content + at).unwrap_or("").trim_end();
                let name = between.rsplit(char::is_whitespace).next().unwrap_or("");
                let end = behind + between.len();
                let span = Span::new(end - name.len(), end);
                if name.len() == between.len() {
                    self.faults.missing_space(span, before_name);
                } else {
                    self.faults.missing_value(span, name);
                }
            }
            AttrError::ExpectedValue(at) => {
                let before = self.text.get(..content + at).unwrap_or("").trim_end();
                let name = before.trim_end_matches('=').trim_end();
                let name = name.rsplit(char::is_whitespace).next().unwrap_or("");
                self.faults.missing_value(Span::new(before.len().saturating_sub(1), before.len()), name);
            }
            AttrError::UnquotedValue(at) => {
                let start = content + at;
                let rest = self.masked.get(start..).unwrap_or("");
                let length = rest.find(|char: char| char.is_whitespace() || matches!(char, '>' | '"' | '\'')).unwrap_or(rest.len());
                self.faults.unquoted_value(Span::new(start, start + length));
            }
            AttrError::ExpectedQuote(at, _) => self.faults.unclosed_markup(content + at, UnclosedMarkup::Quote),
            AttrError::Duplicated(at, first) => {
                self.faults.duplicate_attribute(Span::at(content + at), "", Span::at(content + first));
            }
        }
    }

    fn end_tag(&mut self, content: &str, span: &Range<usize>) {
        let tag = Span::new(span.start, span.end);
        let name = content.split_ascii_whitespace().next().unwrap_or("");
        if name != content {
            self.faults.invalid_end_tag(tag);
        }
        match self.open.last() {
            None => self.faults.unexpected_end_tag(tag, name),
            Some(last) if last.name == name => self.close(span.end),
            Some(last) => {
                self.faults.mismatched_end_tag(tag, name, last.open_span, &last.name);
                // If it closes an element further out, those inside were forgotten; if it closes none, its name is a slip.
                let depth = self.open.iter().rposition(|open| open.name == name).unwrap_or(self.open.len() - 1);
                while self.open.len() > depth {
                    self.close(span.end);
                }
            }
        }
    }

    fn close(&mut self, end: usize) {
        if let Some(mut element) = self.open.pop() {
            element.span = Span::new(element.open_span.start as usize, end);
            self.attach_element(element);
        }
    }

    fn comment(&mut self, span: &Range<usize>) {
        let inside = span.start + 4..span.end.saturating_sub(3);
        let text = self.text.get(inside.clone()).unwrap_or("").to_owned();
        if let Some(at) = text.find("--").or_else(|| text.ends_with('-').then(|| text.len() - 1)) {
            self.faults.comment_hyphens(Span::new(inside.start + at, inside.start + at + 2));
        }
        self.attach(Node::Comment(Comment { text, span: Span::new(span.start, span.end) }));
    }

    fn cdata(&mut self, span: &Range<usize>) {
        let whole = Span::new(span.start, span.end);
        if self.open.is_empty() {
            self.faults.text_outside_root(whole);
            return;
        }
        let inside = span.start + 9..span.end.saturating_sub(3);
        let found = scan_verbatim(self.text, inside.clone());
        let value = decode::verbatim(self.text, inside, &found);
        self.attach(Node::CData(CData { value, span: whole }));
    }

    fn instruction(&mut self, span: &Range<usize>) {
        let whole = Span::new(span.start, span.end);
        let inside = self.text.get(span.start + 2..span.end.saturating_sub(2)).unwrap_or("");
        let target = inside.split(super::value::is_space).next().unwrap_or("").to_owned();
        let content = inside.get(target.len()..).unwrap_or("").trim_start_matches(super::value::is_space).to_owned();
        if !is_name(&target) {
            self.faults.invalid_name(whole, whole, if target.is_empty() { "<?" } else { &target }, "instruction");
        } else if target.eq_ignore_ascii_case("xml") && (target != "xml" || span.start != self.mark) {
            self.faults.reserved_target(whole);
        }
        self.attach(Node::ProcessingInstruction(ProcessingInstruction { target, content, span: whole }));
    }

    fn fatal(&mut self, error: &XmlError, at: usize) {
        let what = match error {
            XmlError::Syntax(SyntaxError::UnclosedComment) => UnclosedMarkup::Comment,
            XmlError::Syntax(SyntaxError::UnclosedCData) if self.text.get(at..).is_some_and(|rest| rest.starts_with("<![CDATA[")) => {
                UnclosedMarkup::CData
            }
            XmlError::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => UnclosedMarkup::Instruction,
            XmlError::Syntax(SyntaxError::UnclosedTag) => UnclosedMarkup::Tag,
            XmlError::Syntax(SyntaxError::UnclosedSingleQuotedAttributeValue | SyntaxError::UnclosedDoubleQuotedAttributeValue) => {
                UnclosedMarkup::Quote
            }
            _ => UnclosedMarkup::Other,
        };
        self.faults.unclosed_markup(at, what);
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// <https://www.w3.org/TR/xml/#NT-Name>
fn is_name(name: &str) -> bool {
    let start = |char: char| {
        matches!(char,
            ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let further =
        |char: char| start(char) || matches!(char, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}');
    let mut chars = name.chars();
    chars.next().is_some_and(start) && chars.all(further)
}
