//! The properties of a resource: a small JSON file, read with places and without stopping at a fault.

use std::sync::Arc;

use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
    spec::{
        self, Limits, secrets,
        tree::{Entry, Node, Value},
    },
};

/// What holds secrets in any file: the values of Named Values, keys of subscriptions, credentials of backends and of their proxies.
const SECRET: [&str; 5] = ["value", "primaryKey", "secondaryKey", "credentials", "password"];

/// A JSON object and where it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    source: Option<Arc<Source>>,
    span: Span,
    entries: Vec<Entry>,
}

impl Properties {
    /// The `properties` of a resource's file; of older files the object itself.
    pub(super) fn of(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Option<Self> {
        let whole = Self::whole(source, faults)?;
        Some(if whole.node("properties").is_some() { whole.object("properties", faults) } else { whole })
    }

    /// All of a file.
    pub(super) fn whole(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Option<Self> {
        let node = tree(source, faults)?;
        match node.value {
            Value::Map(entries) => Some(Self { source: Some(source.clone()), span: node.span, entries }),
            _ => {
                let fault = Diagnostic::error("service/not-an-object", format!("this is {}, not an object", node.kind()));
                faults.push(fault.at(source, node.head(source.text())).help("the properties of a resource are one JSON object"));
                None
            }
        }
    }

    fn node(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node).filter(|node| !matches!(node.value, Value::Null))
    }

    /// Where the value of a key stands; the object itself where it is absent.
    pub(super) fn place(&self, key: &str) -> Span {
        let text = self.source.as_ref().map_or("", |source| source.text());
        self.node(key).map_or(Span { start: self.span.start, end: self.span.start }, |node| node.head(text))
    }

    /// The file.
    pub(super) fn source(&self) -> Option<&Arc<Source>> {
        self.source.as_ref()
    }

    /// Reports a fault of a key's value.
    pub(super) fn fault(&self, key: &str, diagnostic: Diagnostic, faults: &mut Vec<Diagnostic>) {
        faults.push(match &self.source {
            Some(source) => diagnostic.at(source, self.place(key)),
            None => diagnostic,
        });
    }

    fn wrong(&self, key: &str, wanted: &str, faults: &mut Vec<Diagnostic>) {
        let kind = self.node(key).map_or("nothing", Node::kind);
        self.fault(key, Diagnostic::error("service/wrong-type", format!("`{key}` is {kind}, not {wanted}")), faults);
    }

    /// A text; a number will do.
    pub(super) fn text(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Option<String> {
        match &self.node(key)?.value {
            Value::Scalar { text, .. } => Some(text.clone()),
            _ => {
                self.wrong(key, "a text", faults);
                None
            }
        }
    }

    /// A truth value.
    pub(super) fn flag(&self, key: &str, default: bool, faults: &mut Vec<Diagnostic>) -> bool {
        let Some(node) = self.node(key) else { return default };
        match &node.value {
            Value::Scalar { text, .. } if text == "true" => true,
            Value::Scalar { text, .. } if text == "false" => false,
            _ => {
                self.wrong(key, "a truth value", faults);
                default
            }
        }
    }

    /// A whole number.
    pub(super) fn number(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Option<i32> {
        let Value::Scalar { text, .. } = &self.node(key)?.value else {
            self.wrong(key, "a number", faults);
            return None;
        };
        let number = text.parse().ok();
        if number.is_none() {
            self.wrong(key, "a whole number", faults);
        }
        number
    }

    /// An object within; an empty one where it is absent.
    pub(super) fn object(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Self {
        let Some(node) = self.node(key) else { return Self { source: self.source.clone(), span: self.span, entries: Vec::new() } };
        match &node.value {
            Value::Map(entries) => Self { source: self.source.clone(), span: node.span, entries: entries.clone() },
            _ => {
                self.wrong(key, "an object", faults);
                Self { source: self.source.clone(), span: node.span, entries: Vec::new() }
            }
        }
    }

    /// The texts of a list.
    pub(super) fn texts(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Option<Vec<String>> {
        let node = self.node(key)?;
        let Value::List(items) = &node.value else {
            self.wrong(key, "a list", faults);
            return None;
        };
        let texts = items.iter().filter_map(|item| match &item.value {
            Value::Scalar { text, .. } => Some(text.clone()),
            _ => None,
        });
        Some(texts.collect())
    }

    /// The `name` of each object of a list.
    pub(super) fn names(&self, key: &str) -> Vec<String> {
        let Some(Value::List(items)) = self.node(key).map(|node| &node.value) else { return Vec::new() };
        let named = items.iter().filter_map(|item| match &item.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == "name"),
            _ => None,
        });
        let texts = named.filter_map(|entry| match &entry.node.value {
            Value::Scalar { text, .. } => Some(text.clone()),
            _ => None,
        });
        texts.collect()
    }

    /// The keys with their texts; what is no text is reported.
    pub(super) fn all_texts(&self, faults: &mut Vec<Diagnostic>) -> Vec<(String, String, Span)> {
        let mut found = Vec::new();
        for entry in &self.entries {
            if let Some(text) = self.text(&entry.key, faults) {
                found.push((entry.key.clone(), text, entry.span));
            }
        }
        found
    }
}

/// The tree of a file. Its faults carry the codes of this room.
pub(super) fn tree(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Option<Node> {
    let (node, found) = spec::parse_within(source, Limits::DESCRIPTION);
    secrets::conceal(source, node.as_ref(), &SECRET);
    faults.extend(found.into_iter().map(|mut fault| {
        fault.code = match fault.code {
            "spec/too-large" => "service/too-large",
            "spec/empty" => "service/empty",
            _ => "service/syntax",
        };
        if fault.code == "service/empty" {
            fault.help = None;
        }
        fault
    }));
    node
}
