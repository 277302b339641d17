//! Typed reading of a tree: records with their known keys, lists, maps, words; every fault is collected, none stops the rest.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    secrets,
    tree::{Entry, Node, Value},
};
use crate::{
    diagnostic::{Diagnostic, nearest},
    source::{Quoting, Source, Span},
};

/// Collects what is wrong while values are read.
pub(crate) struct Reader<'a> {
    /// The text that the tree was read from.
    pub(crate) source: &'a Arc<Source>,
    /// What was found so far.
    pub(crate) faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reports an error that underlines `span`.
    pub(crate) fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let fault = Diagnostic::error(code, message).at(self.source, span);
        let help = help.into();
        self.faults.push(if help.is_empty() { fault } else { fault.help(help) });
    }

    /// Reports that something of another kind was wanted here.
    pub(crate) fn wrong_type(&mut self, node: &Node, wanted: &str) {
        let (message, help) = match node.value {
            Value::Null => (
                format!("nothing is given here, where {wanted} is wanted"),
                "give a value, or remove the key; what belongs below it is indented",
            ),
            _ => (format!("{wanted} is wanted here, not {}", node.kind()), ""),
        };
        self.error("spec/wrong-type", node.head(self.source.text()), message, help);
    }

    /// The text of a scalar, quoted or not.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n str> {
        match &node.value {
            Value::Scalar { text, .. } => Some(text),
            _ => {
                self.wrong_type(node, wanted);
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, words: &[(&'static str, T)]) -> Option<T> {
        let list = || words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let text = self.text(node, &format!("one of {}", list()))?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let help = match nearest(text, words.iter().map(|(word, _)| *word)) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("one of {}", list()),
        };
        self.error("spec/unknown-value", node.span, format!("`{}` is not known here", shown(text)), help);
        None
    }
}

/// A type that can be read from a node. A fault is reported to the reader and gives `None`.
pub(crate) trait Read: Sized {
    /// Reads the node.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spanned<T> {
    /// The value.
    pub(crate) value: T,
    /// Its place.
    pub(crate) span: Span,
}

impl<T: Read> Spanned<T> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let span = node.head(reader.source.text());
        T::read(node, reader).map(|value| Self { value, span })
    }
}

/// A key of a record: its value and place, or nothing where it is absent without a default, or faulty and reported.
#[derive(Clone, Debug)]
pub(crate) struct Field<T> {
    value: Option<Spanned<T>>,
    /// Whether the file has the key, be its value faulty or not.
    pub(crate) said: bool,
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self { value: None, said: false }
    }
}

impl<T> Field<T> {
    /// The value with its place.
    pub(crate) fn get(&self) -> Option<&Spanned<T>> {
        self.value.as_ref()
    }

    /// The value.
    pub(crate) fn value(&self) -> Option<&T> {
        self.value.as_ref().map(|spanned| &spanned.value)
    }

    /// Its place, where the file gives the value.
    pub(crate) fn place(&self) -> Option<Span> {
        self.value.as_ref().filter(|_| self.said).map(|spanned| spanned.span)
    }
}

/// The entries of one record while its fields are taken.
pub(crate) struct Fields<'n> {
    entries: &'n [Entry],
    head: Span,
}

impl<'n> Fields<'n> {
    /// Begins to read a record, and reports keys that it does not have.
    pub(crate) fn new(node: &'n Node, keys: &[&'static str], reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_type(node, &format!("a mapping with {}", quoted(keys)));
            return None;
        };
        for entry in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str())) {
            let meant = nearest(&entry.key, keys.iter().copied());
            let help = meant.map_or_else(|| format!("the keys here are {}", quoted(keys)), |key| format!("did you mean `{key}`?"));
            if meant.is_none_or(secrets::is_secret) {
                reader.source.quote(entry.node.span, Quoting::Nothing);
            }
            reader.error("spec/unknown-key", entry.span, format!("unknown key `{}`", shown(&entry.key)), help);
        }
        Some(Self { entries, head: node.key.unwrap_or_else(|| node.head(reader.source.text())) })
    }

    /// The value of a key that must be there.
    pub(crate) fn required<T: Read>(&self, key: &'static str, reader: &mut Reader<'_>) -> Field<T> {
        let field = self.optional(key, reader);
        if !field.said {
            reader.error("spec/missing-key", self.head, format!("the key `{key}` is missing"), format!("add `{key}:` here"));
        }
        field
    }

    /// The value of a key that may be absent.
    pub(crate) fn optional<T: Read>(&self, key: &'static str, reader: &mut Reader<'_>) -> Field<T> {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map_or_else(Field::default, |entry| Field { value: Spanned::read(&entry.node, reader), said: true })
    }

    /// The value of a key that may be absent, and what it is then: read by the same rules.
    pub(crate) fn optional_or<T: Read>(&self, key: &'static str, default: &serde_json::Value, reader: &mut Reader<'_>) -> Field<T> {
        let field = self.optional(key, reader);
        if field.said {
            return field;
        }
        Field { value: Spanned::read(&Node::from_json(default, self.head), reader), said: false }
    }
}

/// A text for a headline: not endless, and on one line.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}

fn quoted(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// Declares a record once: its keys, types and defaults make the struct, its reading and its JSON Schema.
///
/// A line is `required "key" field: Type;`, `default "key" field: Type = json;` or, for a key that may be absent and then is nothing,
/// `default "key" field: Type;`. The first word is the schemars attribute that says the same.
macro_rules! record {
    ($(#[$meta:meta])* $name:ident { $( $(#[$doc:meta])* $need:ident $key:literal $field:ident : $type:ty $(= $default:tt)?; )* }) => {
        #[derive(Clone, Debug, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        $(#[$meta])*
        pub(crate) struct $name {
            $(
                $(#[$doc])*
                #[schemars(rename = $key, $need $(, extend("default" = $default))?)]
                pub(crate) $field: Field<$type>,
            )*
        }

        impl Read for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let fields = Fields::new(node, &[$($key),*], reader)?;
                Some(Self { $( $field: record!(@ $need fields, reader, $key $(= $default)?) ),* })
            }
        }
    };
    (@ required $fields:ident, $reader:ident, $key:literal) => { $fields.required($key, $reader) };
    (@ default $fields:ident, $reader:ident, $key:literal) => { $fields.optional($key, $reader) };
    (@ default $fields:ident, $reader:ident, $key:literal = $default:tt) => {
        $fields.optional_or($key, &serde_json::json!($default), $reader)
    };
}
pub(crate) use record;

impl<T: JsonSchema> JsonSchema for Field<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A list of `MIN` to `MAX` items. Faulty items are reported and left out.
#[derive(Clone, Debug)]
pub(crate) struct List<T, const MIN: usize = 0, const MAX: usize = 1_000>(pub(crate) Vec<Spanned<T>>);

impl<T: Read, const MIN: usize, const MAX: usize> Read for List<T, MIN, MAX> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            reader.wrong_type(node, "a list");
            return None;
        };
        if !(MIN..=MAX).contains(&items.len()) {
            let help = if MAX == 1_000 { format!("give at least {MIN}") } else { format!("give {MIN} to {MAX}") };
            let span = if items.is_empty() { node.span } else { node.head(reader.source.text()) };
            let code = if items.is_empty() { "spec/empty" } else { "spec/out-of-range" };
            reader.error(code, span, format!("the list has {} items", items.len()), help);
        }
        Some(Self(items.iter().filter_map(|item| Spanned::read(item, reader)).collect()))
    }
}

impl<T: JsonSchema, const MIN: usize, const MAX: usize> JsonSchema for List<T, MIN, MAX> {
    fn schema_name() -> Cow<'static, str> {
        format!("ListOf{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<T>(), "minItems": MIN, "maxItems": MAX })
    }
}

/// A mapping with names of the user's choice, at least `MIN`. Faulty entries are reported and left out.
#[derive(Clone, Debug)]
pub(crate) struct Map<K, V, const MIN: usize = 0>(pub(crate) Vec<(Spanned<K>, Spanned<V>)>);

impl<K: Read, V: Read, const MIN: usize> Read for Map<K, V, MIN> {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            reader.wrong_type(node, "a mapping");
            return None;
        };
        if entries.len() < MIN {
            reader.error("spec/empty", node.span, "the mapping is empty", format!("give at least {MIN}"));
        }
        let read = |entry: &Entry, reader: &mut Reader<'_>| {
            let name = Node { span: entry.span, key: None, value: Value::Scalar { text: entry.key.clone(), plain: false } };
            let (name, value) = (Spanned::read(&name, reader), Spanned::read(&entry.node, reader));
            Some((name?, value?))
        };
        Some(Self(entries.iter().filter_map(|entry| read(entry, reader)).collect()))
    }
}

impl<K: JsonSchema, V: JsonSchema, const MIN: usize> JsonSchema for Map<K, V, MIN> {
    fn schema_name() -> Cow<'static, str> {
        format!("MapOf{}", V::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": generator.subschema_for::<V>(),
            "propertyNames": generator.subschema_for::<K>(),
            "minProperties": MIN,
        })
    }
}
