//! `JsonConvert`. Source: JsonConvert.cs.

use super::{
    super::{convert::fit, deserialize, serialize},
    type_argument,
};
use crate::dotnet::{
    enums::Reflected,
    exception::{Raise, argument_null},
    member::{Call, Member, member},
    types::Type,
    value::Value,
};

/// `JsonConvert`
pub const JSON_CONVERT: &[Member] = &[
    member("static string SerializeObject(object value)", |call| write(call, false)),
    member("static string SerializeObject(object value, Formatting formatting)", |call| {
        let indented = call.argument(1).as_integer() == Some(1);
        write(call, indented)
    }),
    member("static object DeserializeObject(string value)", |call| read(call, None)),
    member("static object DeserializeObject(string value, Type type)", |call| {
        let target = call.runtime.own(call.argument(1)).map(|Reflected(target)| target.clone());
        read(call, target.as_ref())
    }),
    member("static T DeserializeObject<T>(string value)", |call| {
        let target = type_argument(call, 0);
        read(call, Some(&target))
    }),
    member("static T DeserializeAnonymousType<T>(string value, T anonymousTypeObject)", |call| {
        let target = type_argument(call, 0);
        read(call, Some(&target))
    }),
    member("static string ToString(object value)", |call| write(call, false)),
];

fn write(call: &mut Call<'_, '_>, indented: bool) -> Result<Value, Raise> {
    serialize(call.runtime, call.argument(0), indented).map(Value::string)
}

fn read(call: &mut Call<'_, '_>, target: Option<&Type>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("value")) };
    let made = deserialize::from_text(call.runtime, &text.as_str(), target)?;
    match target {
        Some(target) => fit(call.runtime, made, target),
        None => Ok(made),
    }
}
