//! `JArray` and `JConstructor`. Source: Linq/JArray.cs, Linq/JConstructor.cs.

use super::{
    super::{Items, JARRAY, Kind, tree},
    argument, container, copy, from_object, index, integer, new_container, parse, text, this, token,
};
use crate::dotnet::{
    collection::enumerator,
    exception::{Raise, argument_null, null_reference, raise},
    member::{Call, Member, member},
    registry,
    types::Type,
    value::Value,
};

/// `JArray`
pub const ARRAY: &[Member] = &[
    member("JArray()", |call| tree::place(call.runtime, Kind::Array(Items::default())).map(Value::Object)),
    member("JArray(JArray other)", copy),
    member("JArray(params object[] content)", |call| new_container(call, Kind::Array(Items::default()), 0)),
    member("JArray(object content)", |call| new_container(call, Kind::Array(Items::default()), 0)),
    member("static JArray Parse(string json)", |call| parse(call, Some(&JARRAY))),
    member("static JArray FromObject(object o)", |call| from_object(call, Some(&JARRAY))),
    member("IEnumerator<JToken> GetEnumerator()", |call| enumerator::start(&mut Call::new(call.runtime, call.arguments, &[Type::JTOKEN]))),
    member("JToken this[object key] { get; set; }", index),
    member("JToken this[int index] { get; set; }", index),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(false))),
    member("void Add(JToken item)", |call| {
        let of = this(call)?;
        tree::append(call.runtime, of, call.argument(1))?;
        Ok(Value::Null)
    }),
    member("void Insert(int index, JToken item)", |call| {
        let (of, at, item) = (this(call)?, integer(call, 1), argument(call, 2));
        tree::insert(call.runtime, of, at, item, false)?;
        Ok(Value::Null)
    }),
    member("void RemoveAt(int index)", |call| {
        let (of, at) = (this(call)?, integer(call, 1));
        tree::remove_at(call.runtime, of, at)?;
        Ok(Value::Null)
    }),
    member("bool Remove(JToken item)", |call| {
        let (of, item) = (this(call)?, argument(call, 1));
        tree::remove(call.runtime, of, item).map(Value::Bool)
    }),
    member("void Clear()", |call| {
        let of = this(call)?;
        tree::clear(call.runtime, of)?;
        Ok(Value::Null)
    }),
    member("int IndexOf(JToken item)", |call| place(call).map(|at| Value::Int32(at.map_or(-1, |at| at as i32)))),
    member("bool Contains(JToken item)", |call| place(call).map(|at| Value::Bool(at.is_some()))),
    member("void CopyTo(JToken[] array, int arrayIndex)", container::copy_to),
];

/// Where the token of the first argument stands: the same object, not an equal one.
fn place(call: &mut Call<'_, '_>) -> Result<Option<usize>, Raise> {
    let of = this(call)?;
    match argument(call, 1) {
        Some(item) => tree::index_of(call.runtime, of, item),
        None => Ok(None),
    }
}

/// `JConstructor`
pub const CONSTRUCTOR: &[Member] = &[
    member("JConstructor()", |call| tree::place(call.runtime, Kind::Constructor(None, Items::default())).map(Value::Object)),
    member("JConstructor(JConstructor other)", copy),
    member("JConstructor(string name)", |call| {
        let kind = named(call)?;
        tree::place(call.runtime, kind).map(Value::Object)
    }),
    member("JConstructor(string name, params object[] content)", |call| {
        let kind = named(call)?;
        new_container(call, kind, 1)
    }),
    member("JConstructor(string name, object content)", |call| {
        let kind = named(call)?;
        new_container(call, kind, 1)
    }),
    member("string Name { get; set; }", |call| {
        if call.arguments.len() > 1 {
            let (of, name) = (this(call)?, text(call, 1).unwrap_or_default());
            tree::rename(call.runtime, of, name)?;
            return Ok(Value::Null);
        }
        match &token(call)?.kind {
            Kind::Constructor(name, _) => Ok(name.clone().map_or(Value::Null, Value::string)),
            _ => Err(null_reference()),
        }
    }),
    member("JToken this[object key] { get; set; }", index),
];

fn named(call: &Call<'_, '_>) -> Result<Kind, Raise> {
    let name = text(call, 0).ok_or_else(|| argument_null("name"))?;
    if name.is_empty() {
        return raise(&registry::ARGUMENT_EXCEPTION, "Constructor name cannot be empty. (Parameter 'name')");
    }
    Ok(Kind::Constructor(Some(name), Items::default()))
}
