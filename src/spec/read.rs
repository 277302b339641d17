//! YAML text to a tree with places; the only file that names the YAML crate.
//!
//! The tree is built from the event stream of serde-saphyr's own parser rather than through serde, because serde stops
//! at the first fault and a spec's faults are reported all at once.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use serde_saphyr::granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span as Place, Tag};

use super::{
    fields::shown,
    secrets,
    tree::{Entry, Node, Value},
};
use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// How much is read of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest text, in bytes.
    pub(crate) bytes: usize,
    /// The most values a document may hold, those that aliases repeat counted each time.
    pub(crate) values: usize,
}

impl Limits {
    /// Far above any spec that a person writes.
    pub(crate) const SPEC: Self = Self { bytes: 1 << 20, values: 20_000 };
    /// Above what programs write: descriptions of large APIs.
    pub(crate) const DESCRIPTION: Self = Self { bytes: 32 << 20, values: 2_000_000 };
}

/// How deep collections may nest.
const MAX_DEPTH: usize = 64;

/// Reads one YAML (or JSON) document. Faults that leave a usable tree (a key given twice) come beside it.
pub(crate) fn parse(source: &Arc<Source>) -> (Option<Node>, Vec<Diagnostic>) {
    parse_within(source, Limits::SPEC)
}

/// The same with other limits.
pub(crate) fn parse_within(source: &Arc<Source>, limits: Limits) -> (Option<Node>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    if source.text().len() > limits.bytes {
        let fault = Diagnostic::error("spec/too-large", format!("the file has {} bytes", source.text().len()));
        return (None, vec![fault.at(source, Span::at(0)).help(format!("a file may have at most {} bytes", limits.bytes))]);
    }
    let root = match Builder::new(source, limits, &mut faults).document() {
        Ok(root) => root,
        Err(fault) => {
            faults.push(*fault);
            None
        }
    };
    if root.is_none() && faults.is_empty() {
        let fault = Diagnostic::error("spec/empty", "the file says nothing").at(source, Span::at(0));
        faults.push(fault.help("`openai-failover schema spec` describes what belongs into it"));
    }
    (root, faults)
}

/// A fault that ends the reading; boxed, since it travels through every return.
type Fatal = Box<Diagnostic>;

/// A collection whose end has not come yet.
struct Open {
    start: Span,
    flow: bool,
    anchor: usize,
    node: Collection,
}

/// What an open collection holds so far.
enum Collection {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merges: Vec<Node>, key: Option<Key> },
}

/// Turns events into a tree, without recursion: the text decides how deep it goes.
struct Builder<'a> {
    source: &'a Arc<Source>,
    limits: Limits,
    faults: &'a mut Vec<Diagnostic>,
    anchors: HashMap<usize, (Node, (usize, usize))>,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>, limits: Limits, faults: &'a mut Vec<Diagnostic>) -> Self {
        Self { source, limits, faults, anchors: HashMap::new(), open: Vec::new(), root: None, nodes: 0 }
    }

    fn document(mut self) -> Result<Option<Node>, Fatal> {
        let source = self.source;
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        let mut documents = 0;
        for event in Parser::new_from_str_with_options(source.text(), options) {
            let (event, place) = event.map_err(|error| syntax(source, &error))?;
            let span = span(&place);
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        let fault = Diagnostic::error("spec/syntax", "a second document begins here").at(source, span);
                        return Err(Box::new(fault.help("a file holds one document: remove the `---` and what follows")));
                    }
                }
                Event::Scalar(text, style, anchor, tag) => {
                    self.tag(tag, span);
                    let plain = matches!(style, ScalarStyle::Plain);
                    let null = plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                    let value = if null { Value::Null } else { Value::Scalar { text: text.into_owned(), plain } };
                    self.finish(Node { span, key: None, value }, anchor)?;
                }
                Event::SequenceStart(_, anchor, tag) => {
                    self.tag(tag, span);
                    self.begin(span, anchor, Collection::List(Vec::new()))?;
                }
                Event::MappingStart(_, anchor, tag) => {
                    self.tag(tag, span);
                    self.begin(span, anchor, Collection::Map { entries: Vec::new(), merges: Vec::new(), key: None })?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(span)?,
                Event::Alias(id) => self.alias(id, span)?,
                _ => {}
            }
        }
        Ok(self.root.filter(|root| !matches!(root.value, Value::Null)))
    }

    /// YAML's own tags (`!!str`) say what the reader decides anyway; others would be lost in silence, and a secret that
    /// begins with `!` is not told.
    fn tag(&mut self, tag: Option<Cow<'_, Tag>>, span: Span) {
        if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
            let fault = Diagnostic::error("spec/unknown-tag", "a tag means nothing here");
            self.faults.push(fault.at(self.source, span).help("remove it; a text that begins with `!` stands in quotes"));
        }
    }

    fn begin(&mut self, start: Span, anchor: usize, node: Collection) -> Result<(), Fatal> {
        self.depth(self.open.len() + 1, start)?;
        let flow = matches!(self.source.text().as_bytes().get(start.start as usize), Some(b'[' | b'{'));
        self.open.push(Open { start, flow, anchor, node });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Fatal> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let (value, last) = match open.node {
            Collection::List(items) => {
                let last = items.last().map(|item| item.span);
                (Value::List(items), last)
            }
            Collection::Map { mut entries, merges, .. } => {
                merges.into_iter().for_each(|merge| self.merge(&mut entries, merge));
                let last = entries.last().map(|entry| entry.span.to(entry.node.span));
                (Value::Map(entries), last)
            }
        };
        // A block ends where its last value ends; the parser's own mark lies on the next line.
        let end = if open.flow { end } else { last.unwrap_or(open.start) };
        let span = Span { start: open.start.start, end: end.end.max(open.start.end) };
        self.finish(Node { span, key: None, value }, open.anchor)
    }

    /// Puts a copy of an anchored value where its alias stands. Copies count in full, so that a small text cannot become a large tree.
    fn alias(&mut self, id: usize, span: Span) -> Result<(), Fatal> {
        let Some((node, size)) = self.anchors.get(&id) else {
            let fault = Diagnostic::error("spec/syntax", "this alias stands inside the value that it names");
            return Err(Box::new(fault.at(self.source, span)));
        };
        let (nodes, depth) = *size;
        let node = Node { span, ..node.clone() };
        self.count(nodes, span)?;
        self.depth(self.open.len() + depth, span)?;
        self.finish(node, 0)
    }

    /// A node is complete: it becomes a value, a key or an item of what is open, or the root.
    fn finish(&mut self, mut node: Node, anchor: usize) -> Result<(), Fatal> {
        self.count(1, node.span)?;
        if anchor != 0 {
            let size = measure(&node);
            self.count(size.0, node.span)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut().map(|open| &mut open.node) {
            None => self.root = Some(node),
            Some(Collection::List(items)) => items.push(node),
            Some(Collection::Map { entries, merges, key }) => match key.take() {
                None => *key = Some(key_of(node, self.source, self.faults)),
                Some(Key { text, span, .. }) => {
                    node.key = Some(span);
                    if text.as_deref() == Some("<<") {
                        merges.push(node);
                    } else if let Some(text) = text {
                        insert(entries, Entry { key: text, span, node }, self.source, self.faults);
                    }
                }
            },
        }
        Ok(())
    }

    /// Takes over the entries of a `<<` value; keys that the mapping has itself win.
    fn merge(&mut self, entries: &mut Vec<Entry>, merge: Node) {
        let span = merge.span;
        let maps = match merge.value {
            Value::List(items) => items,
            _ => vec![merge],
        };
        for map in maps {
            let Value::Map(more) = map.value else {
                let fault = Diagnostic::error("spec/wrong-type", "`<<` takes a mapping or a list of mappings").at(self.source, span);
                self.faults.push(fault);
                return;
            };
            for entry in more {
                match entries.iter().any(|own| own.key == entry.key) {
                    true => secrets::conceal_dropped(self.source, &entry.key, &entry.node),
                    false => entries.push(entry),
                }
            }
        }
    }

    fn count(&mut self, nodes: usize, span: Span) -> Result<(), Fatal> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes <= self.limits.values {
            return Ok(());
        }
        let fault = Diagnostic::error("spec/too-large", format!("the file holds more than {} values", self.limits.values));
        Err(Box::new(fault.at(self.source, span).help("an aliased value counts as often as it is used")))
    }

    fn depth(&self, depth: usize, span: Span) -> Result<(), Fatal> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let fault = Diagnostic::error("spec/too-large", format!("collections nest more than {MAX_DEPTH} deep"));
        Err(Box::new(fault.at(self.source, span)))
    }
}

/// A key that waits for its value; without text when it was no text, which is reported already.
struct Key {
    text: Option<String>,
    span: Span,
}

fn key_of(node: Node, source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Key {
    let span = node.head(source.text());
    let text = match node.value {
        Value::Scalar { text, .. } => Some(text),
        Value::Null if !span.range().is_empty() => Some(source.slice(span).to_owned()),
        _ => {
            faults.push(Diagnostic::error("spec/wrong-type", format!("a key must be text, not {}", node.kind())).at(source, span));
            None
        }
    };
    Key { text, span }
}

fn insert(entries: &mut Vec<Entry>, entry: Entry, source: &Arc<Source>, faults: &mut Vec<Diagnostic>) {
    let Some(first) = entries.iter().find(|other| other.key == entry.key) else {
        entries.push(entry);
        return;
    };
    secrets::conceal_dropped(source, &entry.key, &entry.node);
    let fault = Diagnostic::error("spec/duplicate-key", format!("the key `{}` is given twice", shown(&entry.key))).at(source, entry.span);
    faults.push(fault.label(source, first.span, "given here first").help("remove one of the two"));
}

/// How many nodes a tree has, and how deep its collections nest.
fn measure(node: &Node) -> (usize, usize) {
    let sum = |children: &mut dyn Iterator<Item = &Node>| {
        children.map(measure).fold((1, 1), |(nodes, depth): (usize, usize), (n, d)| (nodes + n, depth.max(d + 1)))
    };
    match &node.value {
        Value::Null | Value::Scalar { .. } => (1, 0),
        Value::List(items) => sum(&mut items.iter()),
        Value::Map(entries) => sum(&mut entries.iter().map(|entry| &entry.node)),
    }
}

/// The parser's place as ours; it counts bytes for text in memory.
fn span(place: &Place) -> Span {
    let start = place.start.byte_offset().unwrap_or(0);
    Span::new(start, place.end.byte_offset().unwrap_or(start))
}

/// The parser's error in our words where it is one that people make, in its own otherwise.
fn syntax(source: &Arc<Source>, error: &ScanError) -> Fatal {
    let text = source.text();
    let at = error.marker().byte_offset().unwrap_or(0).min(text.len());
    // The parser stops at the value before a tab, or behind it.
    let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let tab = || text.get(line..).and_then(|rest| rest.find('\t')).map_or(at, |further| line + further);
    let (at, message, help) = match error.kind() {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation | ErrorKind::TabInPlainScalar => {
            (tab(), "a tab cannot indent".to_owned(), "indent with spaces")
        }
        ErrorKind::MappingValueNotAllowed => {
            (at, "a `:` stands where no value can follow".to_owned(), "check the indentation, and quote a text that holds `: `")
        }
        ErrorKind::UnknownAnchor => (at, "the alias names nothing above it".to_owned(), "quote a text that begins with `*`"),
        ErrorKind::UnclosedFlowCollection { open } => (at, format!("the bracket `{open}` is not closed"), ""),
        ErrorKind::MisplacedFlowCollectionEnd => (at, "this bracket closes nothing".to_owned(), ""),
        ErrorKind::UnclosedQuotedScalar => (at, "the quote is not closed".to_owned(), ""),
        ErrorKind::InvalidQuotedScalarIndent => (at, error.info(), "is a closing quote missing above?"),
        ErrorKind::RecursionLimitExceeded => (at, format!("collections nest more than {MAX_DEPTH} deep"), ""),
        _ => (at, error.info(), ""),
    };
    let width = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| *c == '\t' || !c.is_control()).map_or(0, char::len_utf8);
    let fault = Diagnostic::error("spec/syntax", message).at(source, Span::new(at, at + width));
    Box::new(if help.is_empty() { fault } else { fault.help(help) })
}
