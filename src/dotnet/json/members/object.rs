//! `JObject` and `JProperty`. Source: Linq/JObject.cs, Linq/JProperty.cs.

use super::{
    super::{
        JOBJECT, Kind, Properties, merge, tree,
        walk::{self, JPROPERTY_TYPE, tokens},
    },
    argument, comparison, copy, from_object, index, new_container, optional, parse, text, this, token,
};
use crate::dotnet::{
    collection::enumerator,
    exception::{Raise, argument_null, null_reference},
    heap::Ref,
    member::{Call, Member, member},
    sequence::cursor,
    types::Type,
    value::Value,
};

/// `JObject`
pub const OBJECT: &[Member] = &[
    member("JObject()", |call| tree::place(call.runtime, Kind::Object(Properties::default())).map(Value::Object)),
    member("JObject(JObject other)", copy),
    member("JObject(params object[] content)", |call| new_container(call, Kind::Object(Properties::default()), 0)),
    member("JObject(object content)", |call| new_container(call, Kind::Object(Properties::default()), 0)),
    member("static JObject Parse(string json)", |call| parse(call, Some(&JOBJECT))),
    member("IEnumerator<KeyValuePair<string, JToken>> GetEnumerator()", |call| {
        let pairs = walk::pair_sequence(call)?;
        enumerator::start(&mut Call::new(call.runtime, &[pairs], &[walk::pair_type().clone()]))
    }),
    member("static JObject FromObject(object o)", |call| from_object(call, Some(&JOBJECT))),
    member("JToken this[object key] { get; set; }", index),
    member("JToken this[string propertyName] { get; set; }", |call| {
        let of = this(call)?;
        match call.arguments.get(2) {
            Some(value) => {
                let (name, value) = (text(call, 1), tree::reference(call.runtime, value));
                tree::set_property(call.runtime, of, name, value)?;
                Ok(Value::Null)
            }
            None => match call.argument(1) {
                Value::String(name) => Ok(optional(tree::property_value(call.runtime, of, &name.as_str()))),
                _ => Err(argument_null("propertyName")),
            },
        }
    }),
    member("IEnumerable<JProperty> Properties()", |call| {
        let of = this(call)?;
        call.runtime.lazy(JPROPERTY_TYPE, move |runtime| walk::children(runtime, of))
    }),
    member("JProperty Property(string name)", |call| property(call, false).map(optional)),
    member("JProperty Property(string name, StringComparison comparison)", |call| property(call, true).map(optional)),
    member("JEnumerable<JToken> PropertyValues()", |call| {
        let of = this(call)?;
        tokens(call.runtime, Type::JTOKEN, move |runtime| {
            let mut properties = walk::children(runtime, of)?;
            Ok(cursor(move |runtime| {
                let Some(property) = properties.next(runtime)? else { return Ok(None) };
                let property = tree::reference(runtime, &property).ok_or_else(null_reference)?;
                Ok(Some(optional(tree::get(runtime, property)?.child(0))))
            }))
        })
    }),
    member("JToken GetValue(string propertyName)", |call| value(call, false).map(optional)),
    member("JToken GetValue(string propertyName, StringComparison comparison)", |call| value(call, true).map(optional)),
    member("bool TryGetValue(string propertyName, out JToken value)", |call| {
        let found = value(call, false)?;
        call.out(2, optional(found));
        Ok(Value::Bool(found.is_some()))
    }),
    member("bool TryGetValue(string propertyName, StringComparison comparison, out JToken value)", |call| {
        let found = value(call, true)?;
        call.out(3, optional(found));
        Ok(Value::Bool(found.is_some()))
    }),
    member("bool ContainsKey(string propertyName)", |call| match call.argument(1) {
        Value::String(name) => Ok(Value::Bool(tree::property(call.runtime, this(call)?, &name.as_str()).is_some())),
        _ => Err(argument_null("propertyName")),
    }),
    member("void Add(string propertyName, JToken value)", |call| {
        let (of, name, value) = (this(call)?, text(call, 1), argument(call, 2));
        tree::add_property(call.runtime, of, name, value)?;
        Ok(Value::Null)
    }),
    member("bool Remove(string propertyName)", |call| {
        let of = this(call)?;
        let found = property(call, false)?;
        match found {
            Some(_) => tree::remove(call.runtime, of, found).map(Value::Bool),
            None => Ok(Value::Bool(false)),
        }
    }),
];

/// The property that the arguments name; with `is_compared` under a comparison.
fn property(call: &Call<'_, '_>, is_compared: bool) -> Result<Option<Ref>, Raise> {
    let of = this(call)?;
    let Value::String(name) = call.argument(1) else { return Ok(None) };
    let name = name.as_str();
    match tree::property(call.runtime, of, &name) {
        None if is_compared => merge::property_like(call.runtime, of, &name, comparison(call, 2)),
        found => Ok(found),
    }
}

fn value(call: &Call<'_, '_>, is_compared: bool) -> Result<Option<Ref>, Raise> {
    match property(call, is_compared)? {
        Some(property) => Ok(tree::get(call.runtime, property)?.child(0)),
        None => Ok(None),
    }
}

/// `JProperty`
pub const PROPERTY: &[Member] = &[
    member("JProperty(JProperty other)", copy),
    member("JProperty(string name, params object[] content)", new_property),
    member("JProperty(string name, object content)", new_property),
    member("string Name { get; }", |call| match &token(call)?.kind {
        Kind::Property(name, _) => Ok(Value::string(name.clone())),
        _ => Err(null_reference()),
    }),
    member("JToken Value { get; set; }", |call| {
        let of = this(call)?;
        if call.arguments.len() > 1 {
            let new = argument(call, 1);
            tree::set_value(call.runtime, of, new)?;
            return Ok(Value::Null);
        }
        Ok(optional(token(call)?.child(0)))
    }),
];

fn new_property(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let name = text(call, 0).ok_or_else(|| argument_null("name"))?;
    tree::new_property(call.runtime, name, call.argument(1)).map(Value::Object)
}
