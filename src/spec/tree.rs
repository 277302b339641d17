//! A YAML document as a tree of values with their places: what the typed readers walk.

use crate::source::Span;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The value's own text; a whole block or bracket for collections.
    pub(crate) span: Span,
    /// The key in front of it, if it is a mapping's value.
    pub(crate) key: Option<Span>,
    /// What it is.
    pub(crate) value: Value,
}

/// What a node is. Scalars stay text: the reader that wants a number decides what a number is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`, unquoted.
    Null,
    /// A scalar: its text, and whether it was written without quotes.
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in file order; no key twice.
    Map(Vec<Entry>),
}

/// One key of a mapping with its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) span: Span,
    /// The value.
    pub(crate) node: Node,
}

impl Node {
    /// What to underline when the node as a whole is meant: all of it on one line, the key or the beginning of a longer one.
    pub(crate) fn head(&self, text: &str) -> Span {
        match self.key {
            Some(key) if self.span.range().is_empty() => return key,
            _ if !text.get(self.span.range()).unwrap_or("").contains('\n') => return self.span,
            _ => {}
        }
        match (&self.value, self.key) {
            (_, Some(key)) => key,
            (Value::Map(entries), None) => entries.first().map_or(Span::at(self.span.start as usize), |entry| entry.span),
            (Value::List(items), None) => items.first().map_or(Span::at(self.span.start as usize), |item| item.head(text)),
            (_, None) => self.span,
        }
    }

    /// The kind in the user's words: what is there where something else was wanted.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Scalar { text, plain: true } if matches!(text.as_str(), "true" | "false") => "a truth value",
            Value::Scalar { text, plain: true } if text.parse::<f64>().is_ok() => "a number",
            Value::Scalar { .. } => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// A default, as if it stood at `span`.
    pub(crate) fn from_json(json: &serde_json::Value, span: Span) -> Self {
        let scalar = |text: String, plain| Value::Scalar { text, plain };
        let value = match json {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(value) => scalar(value.to_string(), true),
            serde_json::Value::Number(value) => scalar(value.to_string(), true),
            serde_json::Value::String(text) => scalar(text.clone(), false),
            serde_json::Value::Array(items) => Value::List(items.iter().map(|item| Self::from_json(item, span)).collect()),
            serde_json::Value::Object(entries) => Value::Map(
                entries.iter().map(|(key, value)| Entry { key: key.clone(), span, node: Self::from_json(value, span) }).collect(),
            ),
        };
        Self { span, key: Some(span), value }
    }
}
