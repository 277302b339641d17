//! `System.Convert`

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};

use super::{
    boolean,
    display::to_str,
    exception::{Raise, argument_null, bad_format, raise},
    heap::Object,
    json,
    member::{Call, Member, member},
    number, registry,
    types::Type,
    value::Value,
};

crate::classes! {
    CONVERT = statics("System", "Convert").members(MEMBERS);
}

const DECODE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// The members of `Convert`.
pub const MEMBERS: &[Member] = &[
    member("static string ToString(object value)", |call| Ok(Value::String(to_str(call.runtime, call.argument(0))))),
    member("static int ToInt32(object value)", |call| to_number(call, &Type::INT32)),
    member("static long ToInt64(object value)", |call| to_number(call, &Type::INT64)),
    member("static double ToDouble(object value)", |call| to_number(call, &Type::DOUBLE)),
    member("static bool ToBoolean(object value)", |call| match call.argument(0) {
        Value::Null => Ok(Value::Bool(false)),
        value @ Value::Object(_) => json::convert(call.runtime, value, &Type::BOOL),
        Value::Bool(value) => Ok(Value::Bool(*value)),
        Value::String(text) => match boolean::parse(&text.as_str()) {
            Some(value) => Ok(Value::Bool(value)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean.")),
        },
        value => Ok(Value::Bool(value.as_integer().is_some_and(|value| value != 0))),
    }),
    member("static string ToBase64String(byte[] inArray)", |call| match call.runtime.bytes(call.argument(0)) {
        Some(bytes) => Ok(Value::string(STANDARD.encode(bytes))),
        None => Err(argument_null("inArray")),
    }),
    member("static byte[] FromBase64String(string s)", |call| {
        let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
        let text: String = text.as_str().chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
        match DECODE.decode(&text) {
            Ok(bytes) => call.runtime.object(Object::Bytes(bytes)),
            Err(_) => raise(
                &registry::FORMAT_EXCEPTION,
                "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.",
            ),
        }
    }),
];

/// Strings are parsed, numbers convert with a check of the range, `null` is zero.
/// Source: learn.microsoft.com/dotnet/api/system.convert (real numbers round half to even).
fn to_number(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    if let Some(Object::Token(_)) = call.runtime.get(call.argument(0)) {
        return json::convert(call.runtime, call.argument(0), target);
    }
    let value = match call.argument(0) {
        Value::Null => Value::Int32(0),
        Value::Bool(value) => Value::Int32(i32::from(*value)),
        Value::String(text) => return number::parse(&text.as_str(), target).ok_or_else(|| bad_format(&text.as_str())),
        Value::Double(value) if *target != Type::DOUBLE => Value::Double(value.round_ties_even()),
        value => value.clone(),
    };
    number::convert(&value, target, true)
}
