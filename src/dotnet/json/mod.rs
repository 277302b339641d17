//! `Newtonsoft.Json.Linq`: tokens as objects of the heap, with parents, mutation and Newtonsoft's conversions.

pub mod reader;
pub mod writer;

use indexmap::IndexMap;

use super::{
    collection,
    display::{self, to_str},
    enums::token_type,
    exception::{Raise, argument_null, null_reference, raise, throw},
    heap::{Object, Ref},
    member::{Call, Member, member},
    number, object, registry,
    runtime::Runtime,
    types::{Class, Type},
    value::Value,
};
use crate::text::Text;

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

/// `JToken`
pub const TOKEN: &[Member] = &[
    member("static JToken Parse(string json)", |call| parse_member(call, None)),
    member("JTokenType Type { get; }", |call| {
        Ok(token_type(match &token(call, 0)?.kind {
            Kind::Object(_) => 1,
            Kind::Array(_) => 2,
            Kind::Property(..) => 4,
            Kind::Value(value) => value_type(value),
        }))
    }),
    member("JToken this[object key] { get; set; }", index),
    member("JContainer Parent { get; }", |call| Ok(token(call, 0)?.parent.map_or(Value::Null, Value::Object))),
    member("bool HasValues { get; }", |call| Ok(Value::Bool(token(call, 0)?.children().next().is_some()))),
    member("T Value<T>(object key)", |call| {
        let found = child(call)?.unwrap_or(Value::Null);
        let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
        convert(call.runtime, &found, &target)
    }),
    member("T ToObject<T>()", |call| {
        let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
        convert(call.runtime, &call.argument(0).clone(), &target)
    }),
    member("string ToString(Formatting formatting)", |call| {
        let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
        let indented = call.argument(1).as_integer() == Some(1);
        writer::to_json(call.runtime, reference, indented).map(Value::string)
    }),
    member("JToken DeepClone()", |call| {
        let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
        clone(call.runtime, reference).map(Value::Object)
    }),
    member("static implicit operator JToken(string value)", wrap),
    member("static implicit operator JToken(bool value)", wrap),
    member("static implicit operator JToken(int value)", wrap),
    member("static implicit operator JToken(long value)", wrap),
    member("static implicit operator JToken(double value)", wrap),
    member("static implicit operator JToken(decimal value)", wrap),
    member("static explicit operator string(JToken value)", |call| unwrap_to(call, &Type::STRING)),
    member("static explicit operator bool(JToken value)", |call| unwrap_to(call, &Type::BOOL)),
    member("static explicit operator int(JToken value)", |call| unwrap_to(call, &Type::INT32)),
    member("static explicit operator long(JToken value)", |call| unwrap_to(call, &Type::INT64)),
    member("static explicit operator double(JToken value)", |call| unwrap_to(call, &Type::DOUBLE)),
    member("static explicit operator decimal(JToken value)", |call| unwrap_to(call, &Type::DECIMAL)),
    member("static explicit operator bool?(JToken value)", |call| unwrap_to(call, &Type::nullable(Type::BOOL))),
    member("static explicit operator int?(JToken value)", |call| unwrap_to(call, &Type::nullable(Type::INT32))),
    member("static explicit operator long?(JToken value)", |call| unwrap_to(call, &Type::nullable(Type::INT64))),
    member("static explicit operator double?(JToken value)", |call| unwrap_to(call, &Type::nullable(Type::DOUBLE))),
];

/// `JValue`
pub const VALUE: &[Member] = &[
    member("JValue(object value)", |call| {
        let value = call.argument(0).clone();
        call.runtime.object(Object::Token(Token::new(Kind::Value(value))))
    }),
    member("object Value { get; }", |call| match &token(call, 0)?.kind {
        Kind::Value(value) => Ok(value.clone()),
        _ => Err(null_reference()),
    }),
];

/// `JContainer`
pub const CONTAINER: &[Member] = &[member("int Count { get; }", |call| Ok(Value::Int32(token(call, 0)?.children().count() as i32)))];

/// `JObject`
pub const OBJECT: &[Member] = &[
    member("JObject()", |call| call.runtime.object(Object::Token(Token::new(Kind::Object(IndexMap::new()))))),
    member("JObject(params object[] content)", |call| {
        let content = collection::items(call.runtime, call.argument(0)).ok_or_else(|| argument_null("content"))?;
        let made = call.runtime.object(Object::Token(Token::new(Kind::Object(IndexMap::new()))))?;
        let reference = Runtime::reference(&made).ok_or_else(null_reference)?;
        for property in content {
            add_property(call.runtime, reference, &property)?;
        }
        Ok(made)
    }),
    member("static JObject Parse(string json)", |call| parse_member(call, Some(&registry::JOBJECT))),
    member("JToken this[string propertyName] { get; set; }", index),
    member("bool ContainsKey(string propertyName)", |call| Ok(Value::Bool(child(call)?.is_some()))),
    member("bool TryGetValue(string propertyName, out JToken value)", |call| {
        let found = child(call)?;
        let is_found = found.is_some();
        call.out(2, found.unwrap_or(Value::Null));
        Ok(Value::Bool(is_found))
    }),
    member("JProperty Property(string name)", |call| {
        let Value::String(name) = call.argument(1) else { return Ok(Value::Null) };
        match &token(call, 0)?.kind {
            Kind::Object(properties) => Ok(properties.get(&*name.as_str()).map_or(Value::Null, |property| Value::Object(*property))),
            _ => Err(null_reference()),
        }
    }),
    member("void Add(string propertyName, JToken value)", |call| {
        if child(call)?.is_some() {
            let name = to_str(call.runtime, call.argument(1));
            let message = format!(
                "Can not add property {name} to Newtonsoft.Json.Linq.JObject. Property with the same name already exists on object."
            );
            return raise(&registry::ARGUMENT_EXCEPTION, message);
        }
        set_property(call)
    }),
    member("bool Remove(string propertyName)", |call| {
        let Value::String(name) = call.argument(1).clone() else { return Err(argument_null("propertyName")) };
        let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
        Ok(Value::Bool(match call.runtime.heap.get_mut(reference) {
            Some(Object::Token(Token { kind: Kind::Object(properties), .. })) => properties.shift_remove(&*name.as_str()).is_some(),
            _ => false,
        }))
    }),
];

/// `JArray`
pub const ARRAY: &[Member] = &[
    member("JArray()", |call| call.runtime.object(Object::Token(Token::new(Kind::Array(Vec::new()))))),
    member("JArray(params object[] content)", |call| {
        let content = collection::items(call.runtime, call.argument(0)).ok_or_else(|| argument_null("content"))?;
        let made = call.runtime.object(Object::Token(Token::new(Kind::Array(Vec::new()))))?;
        let reference = Runtime::reference(&made).ok_or_else(null_reference)?;
        for item in content {
            push(call.runtime, reference, &item)?;
        }
        Ok(made)
    }),
    member("static JArray Parse(string json)", |call| parse_member(call, Some(&registry::JARRAY))),
    member("JToken this[int index] { get; set; }", index),
    member("void Add(JToken item)", |call| {
        let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
        push(call.runtime, reference, &call.argument(1).clone())?;
        Ok(Value::Null)
    }),
];

/// `JProperty`
pub const PROPERTY: &[Member] = &[
    member("JProperty(string name, object content)", |call| {
        let Value::String(name) = call.argument(0) else { return Err(argument_null("name")) };
        let name = name.to_text();
        property(call.runtime, name, &call.argument(1).clone()).map(Value::Object)
    }),
    member("string Name { get; }", |call| match &token(call, 0)?.kind {
        Kind::Property(name, _) => Ok(Value::string(name.clone())),
        _ => Err(null_reference()),
    }),
    member("JToken Value { get; }", |call| match &token(call, 0)?.kind {
        Kind::Property(_, value) => Ok(Value::Object(*value)),
        _ => Err(null_reference()),
    }),
];

/// `Newtonsoft.Json.Linq.Extensions`
pub const EXTENSIONS: &[Member] = &[member("static U Value<U>(this IEnumerable<JToken> value)", |call| {
    let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
    if call.argument(0).is_null() {
        return Err(argument_null("value"));
    }
    convert(call.runtime, &call.argument(0).clone(), &target)
})];

fn token<'a>(call: &'a Call<'_, '_>, index: usize) -> Result<&'a Token, Raise> {
    match call.runtime.get(call.argument(index)) {
        Some(Object::Token(token)) => Ok(token),
        _ => Err(null_reference()),
    }
}

fn parse_member(call: &mut Call<'_, '_>, class: Option<&'static Class>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("json")) };
    parse_as(call.runtime, &text.as_str(), class)
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

fn value_type(value: &Value) -> i32 {
    match value {
        Value::Null => 10,
        Value::Bool(_) => 9,
        Value::String(_) | Value::Char(_) => 8,
        Value::Single(_) | Value::Double(_) | Value::Decimal(_) => 7,
        Value::DateTime(_) | Value::DateTimeOffset(_) => 12,
        Value::Guid(_) => 15,
        Value::TimeSpan(_) => 17,
        Value::Object(_) => 14,
        _ => 6,
    }
}

fn wrap(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let value = call.argument(0).clone();
    call.runtime.object(Object::Token(Token::new(Kind::Value(value))))
}

/// Any value as a token for `container`: a token as itself, everything else in a `JValue`; a null reference becomes JSON's null.
///
/// A token that stands somewhere already, and one that holds the container, is copied: trees have no cycles.
/// Source: JamesNK/Newtonsoft.Json, `JContainer.EnsureParentToken`.
fn to_token(runtime: &mut Runtime<'_>, value: &Value, container: Option<Ref>) -> Result<Ref, Raise> {
    if let Some(reference) = Runtime::reference(value)
        && let Object::Token(token) = runtime.heap.get(reference)
    {
        let is_copied = token.parent.is_some() || container.is_some_and(|container| root(runtime, container) == reference);
        return if is_copied { clone(runtime, reference) } else { Ok(reference) };
    }
    let made = runtime.object(Object::Token(Token::new(Kind::Value(value.clone()))))?;
    Runtime::reference(&made).ok_or_else(null_reference)
}

/// The outermost token that a token stands in.
fn root(runtime: &Runtime<'_>, token: Ref) -> Ref {
    let mut root = token;
    while let Object::Token(Token { parent: Some(parent), .. }) = runtime.heap.get(root) {
        root = *parent;
    }
    root
}

fn clone(runtime: &mut Runtime<'_>, reference: Ref) -> Result<Ref, Raise> {
    runtime.deeper(|runtime| clone_inside(runtime, reference))
}

fn clone_inside(runtime: &mut Runtime<'_>, reference: Ref) -> Result<Ref, Raise> {
    runtime.step()?;
    let Object::Token(token) = runtime.heap.get(reference).clone() else { return Ok(reference) };
    let kind = match token.kind {
        Kind::Object(properties) => {
            let mut copies = IndexMap::with_capacity(properties.len());
            for (name, property) in properties {
                copies.insert(name, clone(runtime, property)?);
            }
            Kind::Object(copies)
        }
        Kind::Array(items) => Kind::Array(items.into_iter().map(|item| clone(runtime, item)).collect::<Result<_, _>>()?),
        Kind::Property(name, value) => Kind::Property(name, clone(runtime, value)?),
        Kind::Value(value) => Kind::Value(value),
    };
    place(runtime, kind)
}

/// Places a token and makes it the parent of what it holds.
pub fn place(runtime: &mut Runtime<'_>, kind: Kind) -> Result<Ref, Raise> {
    let made = runtime.object(Object::Token(Token::new(kind)))?;
    let reference = Runtime::reference(&made).ok_or_else(null_reference)?;
    let children: Vec<Ref> = match runtime.heap.get(reference) {
        Object::Token(token) => token.children().collect(),
        _ => Vec::new(),
    };
    for child in children {
        adopt(runtime, child, reference);
    }
    Ok(reference)
}

fn adopt(runtime: &mut Runtime<'_>, child: Ref, parent: Ref) {
    if let Some(Object::Token(token)) = runtime.heap.get_mut(child) {
        token.parent = Some(parent);
    }
}

fn property(runtime: &mut Runtime<'_>, name: Text, content: &Value) -> Result<Ref, Raise> {
    let value = to_token(runtime, content, None)?;
    place(runtime, Kind::Property(name, value))
}

fn add_property(runtime: &mut Runtime<'_>, object: Ref, property: &Value) -> Result<(), Raise> {
    let reference = Runtime::reference(property).ok_or_else(null_reference)?;
    let Object::Token(Token { kind: Kind::Property(name, _), .. }) = runtime.heap.get(reference) else {
        let class = display::full_name(&display::type_of(runtime, property));
        return raise(&registry::ARGUMENT_EXCEPTION, format!("Can not add {class} to Newtonsoft.Json.Linq.JObject."));
    };
    let name = name.clone();
    adopt(runtime, reference, object);
    if let Some(Object::Token(Token { kind: Kind::Object(properties), .. })) = runtime.heap.get_mut(object)
        && properties.insert(name.clone(), reference).is_some()
    {
        let message =
            format!("Can not add property {name} to Newtonsoft.Json.Linq.JObject. Property with the same name already exists on object.");
        return raise(&registry::ARGUMENT_EXCEPTION, message);
    }
    Ok(())
}

fn push(runtime: &mut Runtime<'_>, array: Ref, item: &Value) -> Result<(), Raise> {
    let item = to_token(runtime, item, Some(array))?;
    adopt(runtime, item, array);
    match runtime.heap.get_mut(array) {
        Some(Object::Token(Token { kind: Kind::Array(items), .. })) => {
            items.push(item);
            Ok(())
        }
        _ => Err(null_reference()),
    }
}

/// The child under a property name or an index; `None` where there is none.
fn child(call: &mut Call<'_, '_>) -> Result<Option<Value>, Raise> {
    let token = token(call, 0)?;
    match (&token.kind, call.argument(1)) {
        (Kind::Object(properties), Value::String(name)) => {
            let property = properties.get(&*name.as_str()).map(|property| call.runtime.heap.get(*property));
            Ok(match property {
                Some(Object::Token(Token { kind: Kind::Property(_, value), .. })) => Some(Value::Object(*value)),
                _ => None,
            })
        }
        (Kind::Array(items), Value::Int32(index)) => match usize::try_from(*index).ok().and_then(|index| items.get(index)) {
            Some(item) => Ok(Some(Value::Object(*item))),
            None => Err(super::exception::out_of_range(
                "Index was out of range. Must be non-negative and less than the size of the collection.",
                "index",
            )),
        },
        (Kind::Object(_), Value::Null) => Err(argument_null("key")),
        (Kind::Object(_), key) => {
            let key = to_str(call.runtime, key);
            raise(
                &registry::ARGUMENT_EXCEPTION,
                format!("Accessed JObject values with invalid key value: {key}. Object property name expected."),
            )
        }
        (Kind::Array(_), key) => {
            let quoted = format!("\"{}\"", to_str(call.runtime, key));
            raise(
                &registry::ARGUMENT_EXCEPTION,
                format!("Accessed JArray values with invalid key value: {quoted}. Int32 array index expected."),
            )
        }
        _ => {
            let class = token.class().full_name();
            raise(&registry::INVALID_OPERATION_EXCEPTION, format!("Cannot access child value on {class}."))
        }
    }
}

/// `token[key]`, or `token[key] = value` where a third argument stands.
fn index(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.arguments.len() > 2 { set_property(call) } else { Ok(child(call)?.unwrap_or(Value::Null)) }
}

fn set_property(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let reference = Runtime::reference(call.argument(0)).ok_or_else(null_reference)?;
    let new = to_token(call.runtime, call.argument(2), Some(reference))?;
    match call.argument(1).clone() {
        Value::String(name) => {
            let property = place(call.runtime, Kind::Property(name.to_text(), new))?;
            adopt(call.runtime, property, reference);
            match call.runtime.heap.get_mut(reference) {
                Some(Object::Token(Token { kind: Kind::Object(properties), .. })) => {
                    properties.insert(name.to_text(), property);
                    Ok(Value::Null)
                }
                _ => Err(null_reference()),
            }
        }
        key => {
            adopt(call.runtime, new, reference);
            let index = key.as_integer().and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX);
            match call.runtime.heap.get_mut(reference) {
                Some(Object::Token(Token { kind: Kind::Array(items), .. })) => match items.get_mut(index) {
                    Some(item) => {
                        *item = new;
                        Ok(Value::Null)
                    }
                    None => Err(super::exception::out_of_range("Index was out of range.", "index")),
                },
                _ => Err(null_reference()),
            }
        }
    }
}

fn unwrap_to(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    if call.argument(0).is_null() && !target.admits_null() {
        return Err(argument_null("value"));
    }
    convert(call.runtime, &call.argument(0).clone(), target)
}

/// Newtonsoft's conversion of a token to a type, as the casts, `Value<T>` and `ToObject<T>` make it.
/// Source: JamesNK/Newtonsoft.Json, Src/Newtonsoft.Json/Linq/JToken.cs (explicit operators; `Convert.ToXxx` under the invariant culture).
pub fn convert(runtime: &mut Runtime<'_>, value: &Value, target: &Type) -> Result<Value, Raise> {
    let inner = match runtime.get(value) {
        Some(Object::Token(Token { kind: Kind::Value(inner), .. })) => inner.clone(),
        Some(Object::Token(token)) => {
            let class = Type::Named(super::types::ClassRef(token.class()));
            if class.is_reference_to(target) {
                return Ok(value.clone());
            }
            let (from, to) = (token.class().name.trim_start_matches('J').to_owned(), target.class().map_or("", |class| class.name));
            return raise(&registry::ARGUMENT_EXCEPTION, format!("Can not convert {from} to {to}."));
        }
        _ if value.is_null() && target.admits_null() => return Ok(Value::Null),
        _ if value.is_null() => return Ok(default_of(target)),
        _ => value.clone(),
    };
    if Type::Named(super::types::ClassRef(&registry::JVALUE)).is_reference_to(target) {
        return Ok(value.clone());
    }
    let target = target.underlying().unwrap_or(target);
    let to = target.class().map_or("", |class| class.name);
    match (&inner, to) {
        (Value::Null, _) if target.is_value_type() => raise(&registry::ARGUMENT_EXCEPTION, format!("Can not convert Null to {to}.")),
        (Value::Null, _) => Ok(Value::Null),
        (_, "String") => Ok(Value::String(to_str(runtime, &inner))),
        (Value::String(text), "Boolean") => match super::boolean::parse(&text.as_str()) {
            Some(value) => Ok(Value::Bool(value)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean.")),
        },
        (Value::Bool(_), "Boolean") => Ok(inner),
        (_, "Boolean") => Ok(Value::Bool(number::as_double(&inner).is_some_and(|value| value != 0.0))),
        (Value::String(text), _)
            if number::convert(&Value::Int32(0), target, true)
                .is_ok_and(|zero| zero.as_integer().is_some() || number::as_double(&zero).is_some()) =>
        {
            number::parse(&text.as_str(), target).ok_or_else(|| super::exception::bad_format(&text.as_str()))
        }
        (Value::Bool(value), _) => number::convert(&Value::Int32(i32::from(*value)), target, true),
        (Value::Double(value), _) if !matches!(to, "Double" | "Single" | "Decimal") => {
            number::convert(&Value::Double(value.round_ties_even()), target, true)
        }
        _ if number::as_double(&inner).is_some() => number::convert(&inner, target, true),
        _ => Err(throw(&registry::ARGUMENT_EXCEPTION, format!("Can not convert to {to}."))),
    }
}

/// `default(T)`
pub fn default_of(ty: &Type) -> Value {
    match ty.class().map(|class| class.name) {
        _ if ty.admits_null() => Value::Null,
        Some("Boolean") => Value::Bool(false),
        Some("Guid") => Value::Guid([0; 16]),
        Some("DateTime") => Value::DateTime(super::datetime::DateTime { ticks: 0, kind: super::datetime::Kind::Unspecified }),
        Some("DateTimeOffset") => Value::DateTimeOffset(super::datetime::DateTimeOffset { ticks: 0, offset_minutes: 0 }),
        Some("TimeSpan") => Value::TimeSpan(super::datetime::TimeSpan(0)),
        _ => number::convert(&Value::Int32(0), ty, false).unwrap_or(Value::Null),
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
