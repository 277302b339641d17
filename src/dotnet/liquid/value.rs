//! The values that templates see.

use indexmap::IndexMap;
use rust_decimal::Decimal;

use crate::{
    dotnet::{
        datetime::DateTime,
        display::to_str,
        heap::{Object, Ref},
        json::Kind,
        runtime::Runtime,
        value::Value as Dotnet,
        xml::outline::{Element, Node, Outline},
    },
    text::Text,
};

/// A value.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// Nothing: it writes nothing.
    #[default]
    Nil,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Decimal(Decimal),
    /// A number beyond decimals.
    Double(f64),
    /// A text.
    Text(Text),
    /// A date.
    Date(DateTime),
    /// Several values.
    Array(Vec<Value>),
    /// Values by name. An element of XML is one thing to a loop, an object of JSON its pairs.
    Object(IndexMap<String, Value>, bool),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// An object.
    pub fn object(entries: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self::Object(entries.into_iter().collect(), false)
    }

    /// A value of an expression's world, with all that it holds.
    pub fn of(runtime: &Runtime<'_>, value: &Dotnet) -> Self {
        match value {
            Dotnet::Null => Self::Nil,
            Dotnet::Bool(truth) => Self::Bool(*truth),
            Dotnet::DateTime(date) => Self::Date(*date),
            Dotnet::Decimal(number) => Self::Decimal(*number),
            Dotnet::Double(number) => Self::number(*number),
            Dotnet::Single(number) => Self::number(f64::from(*number)),
            Dotnet::String(text) => Self::Text(text.to_text()),
            Dotnet::Object(reference) if matches!(runtime.heap.get(*reference), Object::Token(_)) => Self::of_token(runtime, *reference),
            other => match other.as_integer().and_then(|number| i64::try_from(number).ok()) {
                Some(number) => Self::Int(number),
                None => Self::Text(to_str(runtime, other).to_text()),
            },
        }
    }

    fn number(number: f64) -> Self {
        Decimal::try_from(number).map_or(Self::Double(number), Self::Decimal)
    }

    /// JSON.
    pub fn of_token(runtime: &Runtime<'_>, of: Ref) -> Self {
        let Object::Token(token) = runtime.heap.get(of) else { return Self::Nil };
        stacker::maybe_grow(64 << 10, 1 << 20, || match &token.kind {
            Kind::Value(leaf) => Self::of(runtime, &leaf.value),
            Kind::Property(_, value) => value.map_or(Self::Nil, |value| Self::of_token(runtime, value)),
            Kind::Array(items) | Kind::Constructor(_, items) => {
                Self::Array(items.items.iter().map(|item| Self::of_token(runtime, *item)).collect())
            }
            Kind::Object(properties) => {
                Self::object(properties.map.iter().map(|(name, value)| (name.to_string(), Self::of_token(runtime, *value))))
            }
        })
    }

    /// XML: elements by their names without prefixes, those of one name in an array, an element with text alone as its text. That is what
    /// the templates take for granted that API Management writes for an imported WSDL; attributes have no place in them, and none here.
    pub fn of_document(document: &Outline, nil_is_null: bool) -> Self {
        Self::of_nodes(&document.nodes, nil_is_null)
    }

    fn of_nodes(nodes: &[Node], nil_is_null: bool) -> Self {
        let mut found: IndexMap<String, Value> = IndexMap::new();
        for node in nodes {
            let Node::Element(element) = node else { continue };
            let name = element.name.rsplit(':').next().unwrap_or("").to_owned();
            let value = stacker::maybe_grow(64 << 10, 1 << 20, || Self::of_element(element, nil_is_null));
            match found.get_mut(&name) {
                Some(Self::Array(values)) => values.push(value),
                Some(first) => *first = Self::Array(vec![std::mem::take(first), value]),
                None => {
                    found.insert(name, value);
                }
            }
        }
        Self::Object(found, true)
    }

    fn of_element(element: &Element, nil_is_null: bool) -> Self {
        if element.is_nil {
            return if nil_is_null { Self::Nil } else { Self::text("") };
        }
        if element.nodes.iter().any(|node| matches!(node, Node::Element(_))) {
            return Self::of_nodes(&element.nodes, nil_is_null);
        }
        let text = element.nodes.iter().filter_map(|node| match node {
            Node::Text(text) | Node::CData(text) => Some(text.as_str()),
            _ => None,
        });
        Self::text(text.collect::<String>())
    }

    /// What a template writes. Source: dotliquid, `Variable.cs`.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Nil => {}
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Int(number) => out.push_str(&number.to_string()),
            Self::Decimal(number) => out.push_str(&number.to_string()),
            Self::Double(number) => out.push_str(&number.to_string()),
            Self::Text(text) => out.push_str(text),
            Self::Date(date) => out.push_str(&date.to_string()),
            Self::Array(values) => values.iter().for_each(|value| value.write(out)),
            // A hash is a sequence of pairs to .NET, each with a text of its own.
            Self::Object(entries, _) => {
                for (name, value) in entries {
                    out.push_str(&format!("[{name}, "));
                    value.write(out);
                    out.push(']');
                }
            }
        }
    }

    /// The value as text.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Nil => true,
            Self::Text(text) => text.is_empty(),
            Self::Array(values) => values.is_empty(),
            Self::Object(entries, _) => entries.is_empty(),
            _ => false,
        }
    }

    /// The number in a value; texts count where they are numbers.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(number) => Some(Decimal::from(*number)),
            Self::Decimal(number) => Some(*number),
            Self::Double(number) => Decimal::try_from(*number).ok(),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn integer(&self) -> Option<i64> {
        self.decimal().and_then(|number| i64::try_from(number.trunc()).ok())
    }

    /// The member of a name.
    pub(super) fn member(&self, name: &str) -> Value {
        self.at(&Self::text(name.to_owned()))
    }

    /// What stands under a name or a place, where it is held. Names are compared exactly, else without regard to case: the templates of an
    /// imported WSDL write them as they like.
    pub(super) fn held(&self, index: &Value) -> Option<&Value> {
        match (self, index) {
            (Self::Object(entries, _), Self::Text(name)) => entries
                .get(name.as_str())
                .or_else(|| entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)),
            (Self::Array(values), Self::Text(name)) => match name.as_str() {
                "first" | "First" => values.first(),
                "last" | "Last" => values.last(),
                _ => None,
            },
            (Self::Array(values), index) => {
                let index = index.integer()?;
                let at = if index < 0 { index + values.len() as i64 } else { index };
                values.get(usize::try_from(at).ok()?)
            }
            _ => None,
        }
    }

    /// What stands under a name or a place; the size of what has one.
    pub(super) fn at(&self, index: &Value) -> Value {
        if let Some(value) = self.held(index) {
            return value.clone();
        }
        let size = match self {
            Self::Object(entries, _) => entries.len(),
            Self::Array(values) => values.len(),
            Self::Text(text) => text.encode_utf16().count(),
            _ => return Self::Nil,
        };
        match index {
            Self::Text(name) if matches!(name.as_str(), "size" | "Size") => Self::Int(size as i64),
            _ => Self::Nil,
        }
    }
}

/// Equality of two values, texts and numbers among their own.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nil, Self::Nil) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a.ticks == b.ticks,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a, _), Self::Object(b, _)) => a == b,
            (Self::Int(_) | Self::Decimal(_) | Self::Double(_), Self::Int(_) | Self::Decimal(_) | Self::Double(_)) => {
                self.decimal() == other.decimal()
            }
            _ => false,
        }
    }
}
