//! `Newtonsoft.Json.Linq`: tokens as objects of the heap.
//!
//! `reader` and `writer` are twins; `tree` is how tokens stand in one another; `convert` is Newtonsoft's conversions; `members` are the
//! tables of what an expression can call.

mod convert;
mod members;
pub mod reader;
mod tree;
pub mod writer;

use indexmap::IndexMap;

pub use convert::convert;
pub use members::{ARRAY, CONTAINER, EXTENSIONS, OBJECT, PROPERTY, TOKEN, VALUE};
pub use tree::place;

use super::{
    exception::{Raise, null_reference, raise},
    heap::{Object, Ref},
    object, registry,
    runtime::Runtime,
    types::Class,
    value::Value,
};
use crate::text::Text;

const LINQ_JSON: &str = "Newtonsoft.Json.Linq";

crate::classes! {
    JTOKEN = class(LINQ_JSON, "JToken").bases(&["object", "IEnumerable<JToken>"]).members(TOKEN);
    JVALUE = Class::new(LINQ_JSON, "JValue", Kind::Class).bases(&["JToken"]).members(VALUE);
    JCONTAINER = Class::new(LINQ_JSON, "JContainer", Kind::Class).bases(&["JToken"]).members(CONTAINER);
    JOBJECT = Class::new(LINQ_JSON, "JObject", Kind::Class).bases(&["JContainer"]).members(OBJECT);
    JARRAY = Class::new(LINQ_JSON, "JArray", Kind::Class).bases(&["JContainer"]).members(ARRAY);
    JPROPERTY = Class::new(LINQ_JSON, "JProperty", Kind::Class).bases(&["JContainer"]).members(PROPERTY);
    JSON_EXTENSIONS = statics(LINQ_JSON, "Extensions").members(EXTENSIONS);
    JSON_READER_EXCEPTION = Class::new("Newtonsoft.Json", "JsonReaderException", Kind::Class).bases(&["Exception"]);
}

/// A `JToken`.
#[derive(Clone, Debug)]
pub struct Token {
    /// The container that it stands in.
    pub parent: Option<Ref>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of token.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `JObject`: its properties by name, in order.
    Object(IndexMap<Text, Ref>),
    /// `JArray`
    Array(Vec<Ref>),
    /// `JProperty`
    Property(Text, Ref),
    /// `JValue`: what it holds; null is JSON's null.
    Value(Value),
}

/// A walk through a token's children.
pub(super) fn cursor(runtime: &Runtime<'_>, of: Ref) -> Result<Box<dyn super::sequence::Cursor>, Raise> {
    let children: Vec<Value> = match runtime.heap.get(of) {
        Object::Token(token) => token.children().map(Value::Object).collect(),
        _ => Vec::new(),
    };
    Ok(super::sequence::items(children))
}

impl Token {
    /// A token that stands nowhere yet.
    pub fn new(kind: Kind) -> Self {
        Self { parent: None, kind }
    }

    /// Its class.
    pub fn class(&self) -> &'static Class {
        match self.kind {
            Kind::Object(_) => &registry::JOBJECT,
            Kind::Array(_) => &registry::JARRAY,
            Kind::Property(..) => &registry::JPROPERTY,
            Kind::Value(_) => &registry::JVALUE,
        }
    }

    /// The tokens in it.
    pub fn children(&self) -> Box<dyn Iterator<Item = Ref> + '_> {
        match &self.kind {
            Kind::Object(properties) => Box::new(properties.values().copied()),
            Kind::Array(items) => Box::new(items.iter().copied()),
            Kind::Property(_, value) => Box::new(std::iter::once(*value)),
            Kind::Value(_) => Box::new(std::iter::empty()),
        }
    }
}

/// Parses JSON into tokens; with a class, anything else at the root is an error in Newtonsoft's words.
pub fn parse_as(runtime: &mut Runtime<'_>, text: &str, class: Option<&'static Class>) -> Result<Value, Raise> {
    let root = reader::read(runtime, text)?;
    let found = match runtime.heap.get(root) {
        Object::Token(token) => token.class(),
        _ => return Err(null_reference()),
    };
    match class {
        Some(class) if !std::ptr::eq(found, class) && !std::ptr::eq(class, &registry::JTOKEN) => {
            let token = match found.name {
                "JObject" => "StartObject",
                "JArray" => "StartArray",
                _ => "String",
            };
            let message = format!(
                "Error reading {0} from JsonReader. Current JsonReader item is not an {1}: {token}. Path '', line 1, position 1.",
                class.name,
                if class.name == "JArray" { "array" } else { "object" }
            );
            raise(&registry::JSON_READER_EXCEPTION, message)
        }
        _ => Ok(Value::Object(root)),
    }
}

/// `JToken.Equals` is reference equality but for `JValue`, which compares what it holds.
pub fn equal_values(runtime: &Runtime<'_>, a: Ref, b: Ref) -> bool {
    match (runtime.heap.get(a), runtime.heap.get(b)) {
        (Object::Token(Token { kind: Kind::Value(a), .. }), Object::Token(Token { kind: Kind::Value(b), .. })) => {
            object::equal(runtime, a, b)
        }
        _ => false,
    }
}
