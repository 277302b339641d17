//! The members of `JToken` and what derives from it.

use indexmap::IndexMap;

use super::{
    Kind, Token,
    convert::{convert, unwrap_to},
    parse_as,
    tree::{add_property, adopt, clone, place, property, push, to_token},
    writer,
};
use crate::dotnet::{
    collection,
    display::to_str,
    enums::token_type,
    exception::{Raise, argument_null, null_reference, out_of_range, raise},
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    types::{Class, Type},
    value::Value,
};

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
            None => Err(out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.", "index")),
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
                    None => Err(out_of_range("Index was out of range.", "index")),
                },
                _ => Err(null_reference()),
            }
        }
    }
}
