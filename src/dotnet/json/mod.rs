//! `Newtonsoft.Json`: tokens as objects of the heap, and text from and to them.
//!
//! `tree` is how tokens stand in one another, `leaf` what a `JValue` holds, `walk` the sequences of tokens; `reader` and `writer` are
//! text; `load` makes tokens of text, `serialize` and `deserialize` go from and to any .NET value; `path` is JSONPath; `members` are
//! the tables of what an expression can call.
//!
//! Source of everything here, where none is given: JamesNK/Newtonsoft.Json at 12.0.3, the file of the same name.

mod big;
mod convert;
mod date;
mod deserialize;
mod fault;
mod foreign;
mod leaf;
mod load;
mod members;
mod merge;
mod path;
mod position;
pub mod reader;
mod serialize;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
pub mod writer;

use std::num::NonZeroU32;

use indexmap::IndexMap;

pub use convert::convert;
pub use leaf::{Leaf, TokenType, compare, equal_values};
pub use load::{parse_as, parse_body};
pub use serialize::serialize;
pub use tree::place;
pub use walk::{children as cursor, dictionary, pair_sequence, pairs, sequence_of};

use super::{
    exception::{Raise, throw},
    heap::Ref,
    types::Class,
};
use crate::text::Text;

const JSON: &str = "Newtonsoft.Json";
const LINQ: &str = "Newtonsoft.Json.Linq";

crate::classes! {
    JTOKEN = class(LINQ, "JToken").bases(&["object", "IJEnumerable<JToken>"]).members(members::token::TOKEN);
    JVALUE = Class::new(LINQ, "JValue", Kind::Class).bases(&["JToken"]).members(members::value::VALUE);
    JRAW = Class::new(LINQ, "JRaw", Kind::Class).bases(&["JValue"]).members(members::value::RAW);
    JCONTAINER = Class::new(LINQ, "JContainer", Kind::Class).bases(&["JToken", "IList<JToken>"]).members(members::container::CONTAINER);
    JOBJECT = Class::new(LINQ, "JObject", Kind::Class).bases(&["JContainer", "IDictionary<string, JToken>"])
        .members(members::object::OBJECT);
    JARRAY = Class::new(LINQ, "JArray", Kind::Class).bases(&["JContainer"]).members(members::array::ARRAY);
    JCONSTRUCTOR = Class::new(LINQ, "JConstructor", Kind::Class).bases(&["JContainer"]).members(members::array::CONSTRUCTOR);
    JPROPERTY = Class::new(LINQ, "JProperty", Kind::Class).bases(&["JContainer"]).members(members::object::PROPERTY);
    IJENUMERABLE = interface(LINQ, "IJEnumerable").generic(&["T"]).variance(Variance::Out).bases(&["IEnumerable<T>"])
        .members(members::sequences::JENUMERABLE);
    JENUMERABLE = structure(LINQ, "JEnumerable").generic(&["T"]).bases(&["ValueType", "IJEnumerable<T>"])
        .members(members::sequences::STRUCTURE);
    JSON_EXTENSIONS = statics(LINQ, "Extensions").members(members::sequences::EXTENSIONS);
    JSON_CONVERT = statics(JSON, "JsonConvert").members(members::json_convert::JSON_CONVERT);
    JSON_MERGE_SETTINGS = class(LINQ, "JsonMergeSettings").members(merge::SETTINGS);
    MERGE_ARRAY_HANDLING = enumeration(LINQ, "MergeArrayHandling", &[("Concat", 0), ("Union", 1), ("Replace", 2), ("Merge", 3)]);
    MERGE_NULL_VALUE_HANDLING = enumeration(LINQ, "MergeNullValueHandling", &[("Ignore", 0), ("Merge", 1)]);
    BIG_INTEGER = structure("System.Numerics", "BigInteger");
    JSON_EXCEPTION = Class::new(JSON, "JsonException", Kind::Class).bases(&["Exception"]).members(fault::BASE);
    JSON_READER_EXCEPTION = Class::new(JSON, "JsonReaderException", Kind::Class).bases(&["JsonException"]).members(fault::READER);
    JSON_WRITER_EXCEPTION = Class::new(JSON, "JsonWriterException", Kind::Class).bases(&["JsonException"]).members(fault::WRITER);
    JSON_SERIALIZATION_EXCEPTION = Class::new(JSON, "JsonSerializationException", Kind::Class).bases(&["JsonException"]).members(fault::SERIALIZATION);
}

/// A `JToken`.
#[derive(Clone, Debug)]
pub struct Token {
    /// The container that it stands in.
    pub parent: Option<Ref>,
    /// Where in its parent it was last seen: right unless something was put or taken in front of it.
    at: u32,
    /// What it is.
    pub kind: Kind,
    /// The line and the position of the text that it was loaded from, as its reader stood then; nothing for what was made otherwise.
    place: Option<(NonZeroU32, u32)>,
}

/// The kinds of token.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `JObject`
    Object(Properties),
    /// `JArray`
    Array(Items),
    /// `JConstructor` with its name
    Constructor(Option<Text>, Items),
    /// `JProperty`; it is without a value only while one is read, and where the value would be a comment.
    Property(Text, Option<Ref>),
    /// `JValue` and `JRaw`
    Value(Leaf),
}

/// The properties of a `JObject` by name, in order.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// The `JProperty` tokens.
    pub map: IndexMap<Text, Ref>,
    /// Counts the changes: a walk refuses to go on after one.
    version: u32,
}

/// The items of a `JArray` or a `JConstructor`.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// The items.
    pub items: Vec<Ref>,
    /// Counts the changes: a walk refuses to go on after one.
    version: u32,
}

impl Token {
    /// A token that stands nowhere yet.
    pub fn new(kind: Kind) -> Self {
        Self { parent: None, at: 0, kind, place: None }
    }

    /// Its class.
    pub fn class(&self) -> &'static Class {
        match &self.kind {
            Kind::Object(_) => &JOBJECT,
            Kind::Array(_) => &JARRAY,
            Kind::Constructor(..) => &JCONSTRUCTOR,
            Kind::Property(..) => &JPROPERTY,
            Kind::Value(leaf) if leaf.is_raw => &JRAW,
            Kind::Value(_) => &JVALUE,
        }
    }

    /// `Type`
    pub fn ty(&self) -> TokenType {
        match &self.kind {
            Kind::Object(_) => TokenType::Object,
            Kind::Array(_) => TokenType::Array,
            Kind::Constructor(..) => TokenType::Constructor,
            Kind::Property(..) => TokenType::Property,
            Kind::Value(leaf) => leaf.ty,
        }
    }

    /// Whether it is a `JContainer`.
    pub fn is_container(&self) -> bool {
        !matches!(self.kind, Kind::Value(_))
    }

    /// How many tokens are in it.
    pub fn count(&self) -> usize {
        match &self.kind {
            Kind::Object(properties) => properties.map.len(),
            Kind::Array(items) | Kind::Constructor(_, items) => items.items.len(),
            Kind::Property(_, value) => usize::from(value.is_some()),
            Kind::Value(_) => 0,
        }
    }

    /// The token at a place in it.
    pub fn child(&self, at: usize) -> Option<Ref> {
        match &self.kind {
            Kind::Object(properties) => properties.map.get_index(at).map(|(_, property)| *property),
            Kind::Array(items) | Kind::Constructor(_, items) => items.items.get(at).copied(),
            Kind::Property(_, value) => value.filter(|_| at == 0),
            Kind::Value(_) => None,
        }
    }

    /// The tokens in it.
    pub fn children(&self) -> impl DoubleEndedIterator<Item = Ref> + '_ {
        (0..self.count()).filter_map(|at| self.child(at))
    }

    fn version(&self) -> u32 {
        match &self.kind {
            Kind::Object(properties) => properties.version,
            Kind::Array(items) | Kind::Constructor(_, items) => items.version,
            Kind::Property(..) | Kind::Value(_) => 0,
        }
    }
}

/// `JsonException`
fn json_exception(message: impl Into<String>) -> Raise {
    throw(&JSON_EXCEPTION, message)
}
