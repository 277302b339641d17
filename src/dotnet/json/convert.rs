//! Newtonsoft's conversions of tokens to .NET types.

use super::{Kind, Token};
use crate::dotnet::{
    boolean,
    display::to_str,
    exception::{Raise, argument_null, bad_format, raise, throw},
    heap::Object,
    member::Call,
    number, registry,
    runtime::Runtime,
    types::{ClassRef, Type},
    value::Value,
};

pub(super) fn unwrap_to(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
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
            let class = Type::Named(ClassRef(token.class()));
            if class.is_reference_to(target) {
                return Ok(value.clone());
            }
            let (from, to) = (token.class().name.trim_start_matches('J').to_owned(), target.class().map_or("", |class| class.name));
            return raise(&registry::ARGUMENT_EXCEPTION, format!("Can not convert {from} to {to}."));
        }
        _ if value.is_null() && target.admits_null() => return Ok(Value::Null),
        _ if value.is_null() => return Ok(Value::default_of(target)),
        _ => value.clone(),
    };
    if Type::Named(ClassRef(&registry::JVALUE)).is_reference_to(target) {
        return Ok(value.clone());
    }
    let target = target.underlying().unwrap_or(target);
    let to = target.class().map_or("", |class| class.name);
    match (&inner, to) {
        (Value::Null, _) if target.is_value_type() => raise(&registry::ARGUMENT_EXCEPTION, format!("Can not convert Null to {to}.")),
        (Value::Null, _) => Ok(Value::Null),
        (_, "String") => Ok(Value::String(to_str(runtime, &inner))),
        (Value::String(text), "Boolean") => match boolean::parse(&text.as_str()) {
            Some(value) => Ok(Value::Bool(value)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean.")),
        },
        (Value::Bool(_), "Boolean") => Ok(inner),
        (_, "Boolean") => Ok(Value::Bool(number::as_double(&inner).is_some_and(|value| value != 0.0))),
        (Value::String(text), _)
            if number::convert(&Value::Int32(0), target, true)
                .is_ok_and(|zero| zero.as_integer().is_some() || number::as_double(&zero).is_some()) =>
        {
            number::parse(&text.as_str(), target).ok_or_else(|| bad_format(&text.as_str()))
        }
        (Value::Bool(value), _) => number::convert(&Value::Int32(i32::from(*value)), target, true),
        (Value::Double(value), _) if !matches!(to, "Double" | "Single" | "Decimal") => {
            number::convert(&Value::Double(value.round_ties_even()), target, true)
        }
        _ if number::as_double(&inner).is_some() => number::convert(&inner, target, true),
        _ => Err(throw(&registry::ARGUMENT_EXCEPTION, format!("Can not convert to {to}."))),
    }
}
