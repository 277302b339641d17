//! The tables of what an expression can call, and what they share.

pub mod array;
pub mod container;
pub mod json_convert;
pub mod object;
pub mod sequences;
pub mod token;
pub mod value;

use super::{Kind, Token, tree};
use crate::{
    dotnet::{
        display::to_str,
        enums,
        exception::{Raise, argument_null, null_reference, raise},
        heap::Ref,
        member::Call,
        registry,
        runtime::Runtime,
        types::{Class, Type},
        value::Value,
    },
    text::Text,
};

/// The token that a member is called on.
fn this(call: &Call<'_, '_>) -> Result<Ref, Raise> {
    tree::reference(call.runtime, call.argument(0)).ok_or_else(null_reference)
}

/// The token behind [`this`].
fn token<'a>(call: &'a Call<'_, '_>) -> Result<&'a Token, Raise> {
    tree::get(call.runtime, this(call)?)
}

/// A token among the arguments; none for null.
fn argument(call: &Call<'_, '_>, index: usize) -> Option<Ref> {
    tree::reference(call.runtime, call.argument(index))
}

fn optional(token: Option<Ref>) -> Value {
    token.map_or(Value::Null, Value::Object)
}

/// A string among the arguments; none for null.
fn text(call: &Call<'_, '_>, index: usize) -> Option<Text> {
    match call.argument(index) {
        Value::String(text) => Some(text.to_text()),
        _ => None,
    }
}

fn integer(call: &Call<'_, '_>, index: usize) -> i64 {
    call.argument(index).as_integer().and_then(|integer| i64::try_from(integer).ok()).unwrap_or(0)
}

/// A type argument.
fn type_argument(call: &Call<'_, '_>, index: usize) -> Type {
    call.types.get(index).cloned().unwrap_or(Type::OBJECT)
}

/// `Parse`
fn parse(call: &mut Call<'_, '_>, class: Option<&'static Class>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    super::parse_as(call.runtime, &text.as_str(), class)
}

/// `FromObject` of a class that takes tokens of one kind only.
fn from_object(call: &mut Call<'_, '_>, class: Option<&'static Class>) -> Result<Value, Raise> {
    let made = super::serialize::to_token(call.runtime, call.argument(0))?;
    let token = tree::get(call.runtime, made)?;
    match class {
        Some(class) if !std::ptr::eq(class, token.class()) => {
            let message = format!("Object serialized to {:?}. {} instance expected.", token.ty(), class.name);
            raise(&registry::ARGUMENT_EXCEPTION, message)
        }
        _ => Ok(Value::Object(made)),
    }
}

/// `new JObject(content)` and its like.
fn new_container(call: &mut Call<'_, '_>, kind: Kind, content: usize) -> Result<Value, Raise> {
    let made = tree::place(call.runtime, kind)?;
    tree::append(call.runtime, made, call.argument(content))?;
    Ok(Value::Object(made))
}

/// A copy of a token: the constructors that take one of their own class.
fn copy(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(other) = argument(call, 0) else { return Err(argument_null("other")) };
    tree::clone(call.runtime, other).map(Value::Object)
}

/// A key as messages quote it.
fn key_text(runtime: &Runtime<'_>, key: &Value) -> String {
    match key {
        Value::Null => "{null}".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        key => to_str(runtime, key).to_string(),
    }
}

/// `token[key]`: the child under a property's name or an index; none where there is none.
fn child(runtime: &Runtime<'_>, of: Ref, key: &Value) -> Result<Option<Ref>, Raise> {
    let token = tree::get(runtime, of)?;
    let refused = |what: &str| {
        let (class, key) = (token.class().name, key_text(runtime, key));
        raise(&registry::ARGUMENT_EXCEPTION, format!("Accessed {class} values with invalid key value: {key}. {what} expected."))
    };
    match (&token.kind, key) {
        (Kind::Object(_), Value::String(name)) => Ok(tree::property_value(runtime, of, &name.as_str())),
        (Kind::Array(items) | Kind::Constructor(_, items), Value::Int32(index)) => {
            let found = usize::try_from(*index).ok().and_then(|index| items.items.get(index));
            found.map(|found| Some(*found)).ok_or_else(tree::bad_index)
        }
        (Kind::Object(_) | Kind::Array(_) | Kind::Constructor(..), Value::Null) => Err(argument_null("key")),
        (Kind::Object(_), _) => refused("Object property name"),
        (Kind::Array(_), _) => refused("Int32 array index"),
        (Kind::Constructor(..), _) => refused("Argument position index"),
        _ => no_children(token),
    }
}

fn no_children<T>(token: &Token) -> Result<T, Raise> {
    raise(&registry::INVALID_OPERATION_EXCEPTION, format!("Cannot access child value on {}.", token.class().full_name()))
}

/// `token[key] = value`
fn set_child(runtime: &mut Runtime<'_>, of: Ref, key: &Value, value: &Value) -> Result<(), Raise> {
    let value = tree::reference(runtime, value);
    let token = tree::get(runtime, of)?;
    let refused = |what: &str| {
        let (class, key) = (token.class().name, key_text(runtime, key));
        raise(&registry::ARGUMENT_EXCEPTION, format!("Set {class} values with invalid key value: {key}. {what} expected."))
    };
    match (&token.kind, key) {
        (Kind::Object(_), Value::String(name)) => tree::set_property(runtime, of, Some(name.to_text()), value),
        (Kind::Array(_) | Kind::Constructor(..), Value::Int32(index)) => tree::set(runtime, of, i64::from(*index), value),
        (Kind::Object(_) | Kind::Array(_) | Kind::Constructor(..), Value::Null) => Err(argument_null("key")),
        (Kind::Object(_), _) => refused("Object property name"),
        (Kind::Array(_), _) => refused("Int32 array index"),
        (Kind::Constructor(..), _) => refused("Argument position index"),
        _ => raise(&registry::INVALID_OPERATION_EXCEPTION, format!("Cannot set child value on {}.", token.class().full_name())),
    }
}

/// The indexers by `object`, get and set.
fn index(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let of = this(call)?;
    if call.arguments.len() > 2 {
        set_child(call.runtime, of, call.argument(1), call.argument(2))?;
        return Ok(Value::Null);
    }
    child(call.runtime, of, call.argument(1)).map(optional)
}

/// Whether two names are equal under a `StringComparison`. Cultures are the invariant one, where names of JSON are compared by letters.
pub(super) fn name_is(candidate: &str, name: &str, comparison: i32) -> bool {
    candidate == name
        || (comparison % 2 == 1
            && (candidate.eq_ignore_ascii_case(name)
                || (!(candidate.is_ascii() && name.is_ascii()) && candidate.to_uppercase() == name.to_uppercase())))
}

/// A `StringComparison` among the arguments.
fn comparison(call: &Call<'_, '_>, index: usize) -> i32 {
    match enums::ignores_case(call.argument(index)) {
        Some(true) => 5,
        _ => 4,
    }
}
