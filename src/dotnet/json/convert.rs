//! Newtonsoft's conversions of tokens: the casts, `Value<T>()`, and `System.Convert.ChangeType` below them.
//!
//! Source: Linq/JToken.cs (explicit operators), Linq/Extensions.cs (`Convert`), dotnet/runtime System/Convert.cs.

use num_traits::ToPrimitive as _;

use super::{BIG_INTEGER, JTOKEN, JVALUE, Kind, TokenType, big, deserialize, foreign, leaf::Leaf, tree};
use crate::dotnet::{
    boolean,
    display::{self, to_str},
    enums::EnumValue,
    exception::{Raise, argument_null, invalid_cast, raise, throw},
    heap::{Object, Ref},
    member::Call,
    number, registry,
    runtime::Runtime,
    types::{Class, ClassRef, Kind as ClassKind, Type},
    value::Value,
};

/// The name by which messages call a simple type.
fn short(target: &Type) -> &'static str {
    target.class().map_or("Object", |class| class.name)
}

fn overflow<T>(target: &Type) -> Result<T, Raise> {
    let what = match short(target) {
        "SByte" => "a signed byte".to_owned(),
        "Byte" => "an unsigned byte".to_owned(),
        "Char" => "a character".to_owned(),
        name @ ("Int16" | "Int32" | "Int64") => format!("an {name}"),
        name => format!("a {name}"),
    };
    raise(&registry::OVERFLOW_EXCEPTION, format!("Value was either too large or too small for {what}."))
}

fn is_numeric(target: &Type) -> bool {
    matches!(
        short(target),
        "SByte" | "Byte" | "Int16" | "UInt16" | "Int32" | "UInt32" | "Int64" | "UInt64" | "Single" | "Double" | "Decimal"
    )
}

/// Whether values of a type are `IConvertible`.
pub(super) fn is_convertible(target: &Type) -> bool {
    is_numeric(target) || matches!(short(target), "Boolean" | "Char" | "String" | "DateTime") || target.enum_members().is_some()
}

/// `Convert.ChangeType` under the invariant culture, to anything but a nullable type.
pub(super) fn change_type(runtime: &mut Runtime<'_>, value: &Value, target: &Type) -> Result<Value, Raise> {
    if value.is_null() {
        return if target.is_value_type() {
            raise(&registry::INVALID_CAST_EXCEPTION, "Null object cannot be converted to a value type.")
        } else {
            Ok(Value::Null)
        };
    }
    let from = display::type_of(runtime, value);
    if from == *target {
        return Ok(value.clone());
    }
    if !is_convertible(&from) {
        return raise(&registry::INVALID_CAST_EXCEPTION, "Object must implement IConvertible.");
    }
    let simple = |name: &str| format!("Invalid cast from '{name}' to '{}'.", short(target));
    let refused = || raise(&registry::INVALID_CAST_EXCEPTION, simple(short(&from)));
    match (value, short(target)) {
        (_, "Object") if *target == Type::OBJECT => Ok(value.clone()),
        (_, "String") => Ok(Value::String(to_str(runtime, value))),
        (Value::String(text), "Boolean") => match boolean::parse(&text.as_str()) {
            Some(value) => Ok(Value::Bool(value)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean.")),
        },
        (Value::String(text), "Char") => match (text.len(), text.unit(0)) {
            (1, Some(unit)) => Ok(Value::Char(unit)),
            _ => raise(&registry::FORMAT_EXCEPTION, "String must be exactly one character long."),
        },
        (Value::String(_), "DateTime") => parse_with(runtime, &registry::DATE_TIME, "Parse", value),
        (Value::String(_), _) if is_numeric(target) => parse_number(runtime, value, target),
        (Value::DateTime(_), _) if is_convertible(target) => refused(),
        (_, "DateTime") => refused(),
        (Value::Char(_), "Boolean" | "Single" | "Double" | "Decimal") => refused(),
        (Value::Bool(_), "Char") | (Value::Single(_) | Value::Double(_) | Value::Decimal(_), "Char") => refused(),
        (Value::Bool(value), _) if is_numeric(target) => convert_number(&Value::Int32(i32::from(*value)), target),
        (_, "Boolean") => Ok(Value::Bool(match value {
            Value::Decimal(value) => !value.is_zero(),
            value => number::as_double(value).is_some_and(|value| value != 0.0),
        })),
        _ if is_numeric(target) || short(target) == "Char" => convert_number(value, target),
        _ => Err(throw(
            &registry::INVALID_CAST_EXCEPTION,
            format!("Invalid cast from '{}' to '{}'.", display::full_name(&from), display::full_name(target)),
        )),
    }
}

/// `Convert.ToXxx` of a number: rounds half to even, and checks.
fn convert_number(value: &Value, target: &Type) -> Result<Value, Raise> {
    let name = short(target);
    if let Some(integer) = value.as_integer() {
        return match name {
            "Single" | "Double" | "Decimal" => number::convert(&plain(value, integer), target, true),
            _ => number::integer(integer, target).map_or_else(|| overflow(target), Ok),
        };
    }
    if matches!(name, "Single" | "Double" | "Decimal") {
        return number::convert(value, target, true);
    }
    let rounded = match value {
        Value::Decimal(value) => value.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointNearestEven).to_i128(),
        Value::Double(value) if value.is_finite() => Some(value.round_ties_even() as i128),
        Value::Single(value) if value.is_finite() => Some(f64::from(*value).round_ties_even() as i128),
        _ => None,
    };
    match rounded.and_then(|rounded| number::integer(rounded, target)) {
        Some(value) => Ok(value),
        // The smaller types go by way of `int`, the large ones are a checked cast.
        None if matches!(value, Value::Decimal(_)) => overflow(target),
        None => match name {
            "Int64" | "UInt64" => raise(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow."),
            "UInt32" | "Int32" => overflow(target),
            _ if rounded.is_some_and(|rounded| i32::try_from(rounded).is_ok()) => overflow(target),
            _ => overflow(&Type::INT32),
        },
    }
}

/// An enumeration's value as the number that it is.
fn plain(value: &Value, integer: i128) -> Value {
    match value {
        Value::Enum(_) | Value::Char(_) => number::integer(integer, &Type::INT64).unwrap_or(Value::Null),
        value => value.clone(),
    }
}

/// `Convert.ToInt32("…")` and its like: the numbers' own parsing, with its own words.
fn parse_number(runtime: &mut Runtime<'_>, text: &Value, target: &Type) -> Result<Value, Raise> {
    let name = format!("To{}", short(target));
    if let Some(parsed) = foreign::call(runtime, &super::super::convert::CONVERT, &name, &["Object"], std::slice::from_ref(text)) {
        return parsed;
    }
    match target.class() {
        Some(class) => parse_with(runtime, class, "Parse", text),
        None => Ok(Value::Null),
    }
}

/// `T.Parse(text)`
fn parse_with(runtime: &mut Runtime<'_>, class: &'static Class, name: &str, text: &Value) -> Result<Value, Raise> {
    foreign::call(runtime, class, name, &["String"], std::slice::from_ref(text))
        .unwrap_or_else(|| Err(crate::dotnet::exception::null_reference()))
}

/// `new Guid(text)`
pub(super) fn guid(runtime: &mut Runtime<'_>, text: &Value) -> Result<Value, Raise> {
    match foreign::call(runtime, &registry::GUID, "Guid", &["String"], std::slice::from_ref(text)) {
        Some(guid) => guid,
        None => parse_with(runtime, &registry::GUID, "Parse", text),
    }
}

/// `TimeSpan.Parse(text)`
pub(super) fn time_span(runtime: &mut Runtime<'_>, text: &Value) -> Result<Value, Raise> {
    parse_with(runtime, &registry::TIME_SPAN, "Parse", text)
}

/// `DateTimeOffset.Parse(text)`
pub(super) fn date_time_offset(runtime: &mut Runtime<'_>, text: &Value) -> Result<Value, Raise> {
    parse_with(runtime, &registry::DATE_TIME_OFFSET, "Parse", text)
}

/// `new Uri(text)`
pub(super) fn uri(runtime: &mut Runtime<'_>, text: &Value) -> Result<Value, Raise> {
    parse_with(runtime, &registry::URI, "Uri", text)
}

/// `Convert.FromBase64String(text)`
pub(super) fn base64(runtime: &mut Runtime<'_>, text: &Value) -> Result<Value, Raise> {
    parse_with(runtime, &super::super::convert::CONVERT, "FromBase64String", text)
}

/// `new Guid(bytes)`: the first three parts are little-endian.
pub(super) fn guid_of_bytes(bytes: &[u8]) -> Result<Value, Raise> {
    match <[u8; 16]>::try_from(bytes) {
        Ok([a, b, c, d, e, f, g, h, rest @ ..]) => {
            let mut guid = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
            guid.iter_mut().skip(8).zip(rest).for_each(|(to, from)| *to = from);
            Ok(Value::Guid(guid))
        }
        Err(_) => raise(&registry::ARGUMENT_EXCEPTION, "Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')"),
    }
}

/// `(T)bigInteger`
pub(super) fn convert_big(runtime: &Runtime<'_>, value: &Value, target: &Type) -> Result<Value, Raise> {
    let Some(big) = big::of(runtime, value) else { return Ok(value.clone()) };
    match short(target) {
        "Double" => Ok(Value::Double(big::double(&big))),
        "Single" => Ok(Value::Single(big::double(&big) as f32)),
        "Decimal" => match big.to_string().parse::<rust_decimal::Decimal>() {
            Ok(decimal) if decimal.scale() == 0 => Ok(Value::Decimal(decimal)),
            _ => overflow(target),
        },
        "Int64" | "UInt64" | "UInt32" | "Int32" => {
            big.to_i128().and_then(|integer| number::integer(integer, target)).map_or_else(|| overflow(target), Ok)
        }
        // By way of `int`, which holds no integer that is this big.
        _ => overflow(&Type::INT32),
    }
}

/// Which types of token a cast takes.
fn takes(name: &str, ty: TokenType) -> bool {
    use TokenType as T;
    match name {
        "String" => !matches!(ty, T::Null | T::Undefined | T::None | T::Object | T::Array | T::Constructor | T::Property),
        "Guid" => matches!(ty, T::String | T::Comment | T::Raw | T::Guid | T::Bytes),
        "TimeSpan" => matches!(ty, T::String | T::Comment | T::Raw | T::TimeSpan),
        "Uri" => matches!(ty, T::String | T::Comment | T::Raw | T::Uri),
        "Char" => matches!(ty, T::Integer | T::Float | T::String | T::Comment | T::Raw),
        "DateTime" | "DateTimeOffset" => matches!(ty, T::Date | T::String | T::Comment | T::Raw),
        "byte array" => matches!(ty, T::Bytes | T::String | T::Comment | T::Raw | T::Integer),
        _ => matches!(ty, T::Integer | T::Float | T::String | T::Comment | T::Raw | T::Boolean),
    }
}

/// What needs no look at the classes: most tokens are read as what they hold.
fn held(leaf: &Leaf, target: &Type) -> Option<Value> {
    match (leaf.ty, &leaf.value) {
        (TokenType::Integer, Value::Int64(value)) if *target == Type::INT32 => i32::try_from(*value).ok().map(Value::Int32),
        (TokenType::Boolean, Value::Bool(_)) if *target == Type::BOOL => Some(leaf.value.clone()),
        (TokenType::String, Value::String(_)) if *target == Type::STRING => Some(leaf.value.clone()),
        (TokenType::Date, Value::DateTime(_)) if *target == Type::DATE_TIME => Some(leaf.value.clone()),
        (TokenType::Float, Value::Double(_)) if *target == Type::DOUBLE => Some(leaf.value.clone()),
        _ => None,
    }
}

/// The value of a token that is held as what is wanted.
fn held_by(runtime: &Runtime<'_>, token: &Value, target: &Type) -> Option<Value> {
    match runtime.get(token)? {
        Object::Token(super::Token { kind: Kind::Value(leaf), .. }) => held(leaf, target),
        _ => None,
    }
}

/// An explicit conversion operator of `JToken`.
pub(super) fn cast(runtime: &mut Runtime<'_>, token: &Value, target: &Type) -> Result<Value, Raise> {
    if let Some(value) = held_by(runtime, token, target) {
        return Ok(value);
    }
    let (is_nullable, plain) = match target.underlying() {
        Some(underlying) => (true, underlying),
        None => (!target.is_value_type(), target),
    };
    let Some(of) = tree::reference(runtime, token) else {
        return if is_nullable { Ok(Value::Null) } else { Err(argument_null("value")) };
    };
    let is_bytes = matches!(plain, Type::Array(_));
    let name = if is_bytes { "byte array" } else { short(plain) };
    let mut token = tree::get(runtime, of)?;
    if let Kind::Property(_, Some(value)) = token.kind {
        token = tree::get(runtime, value)?;
    }
    let refused = |ty: TokenType| raise(&registry::ARGUMENT_EXCEPTION, format!("Can not convert {ty:?} to {name}."));
    let leaf = match &token.kind {
        Kind::Value(leaf) if takes(name, leaf.ty) => leaf,
        Kind::Value(leaf) if is_nullable && !is_bytes && matches!(leaf.ty, TokenType::Null | TokenType::Undefined) => {
            return Ok(Value::Null);
        }
        _ => return refused(token.ty()),
    };
    let (ty, value) = (leaf.ty, leaf.value.clone());
    if value.is_null() && is_nullable {
        return if is_bytes { refused(ty) } else { Ok(Value::Null) };
    }
    let is_big = runtime.own::<big::Big>(&value).is_some();
    match (name, &value) {
        (_, Value::Null) if matches!(name, "Guid" | "TimeSpan") => {
            let empty = Value::string("");
            if name == "Guid" { guid(runtime, &empty) } else { time_span(runtime, &empty) }
        }
        ("DateTime", Value::DateTimeOffset(offset)) => {
            Ok(Value::DateTime(crate::dotnet::datetime::DateTime { ticks: offset.ticks, kind: crate::dotnet::datetime::Kind::Unspecified }))
        }
        ("DateTimeOffset", Value::DateTimeOffset(_)) => Ok(value),
        ("DateTimeOffset", Value::String(_)) => date_time_offset(runtime, &value),
        ("DateTimeOffset", Value::DateTime(time)) => {
            Ok(Value::DateTimeOffset(crate::dotnet::datetime::DateTimeOffset { ticks: time.ticks, offset_minutes: 0 }))
        }
        (_, Value::Null) => Ok(Value::default_of(plain)),
        ("byte array", Value::String(_)) => base64(runtime, &value),
        ("byte array", _) if runtime.bytes(&value).is_some() => Ok(value),
        ("byte array", _) if is_big => {
            let bytes = big::of(runtime, &value).map(|big| big.to_signed_bytes_le()).unwrap_or_default();
            runtime.object(Object::Bytes(bytes))
        }
        ("byte array", _) => refused(ty),
        ("Guid", Value::Guid(_)) | ("TimeSpan", Value::TimeSpan(_)) => Ok(value),
        ("Guid", Value::Object(_)) => guid_of_bytes(runtime.bytes(&value).unwrap_or_default()),
        ("Guid", _) => guid(runtime, &Value::String(to_str(runtime, &value))),
        ("TimeSpan", _) => time_span(runtime, &Value::String(to_str(runtime, &value))),
        ("Uri", Value::String(_)) => uri(runtime, &value),
        ("Uri", _) => Ok(value),
        ("String", _) => match runtime.bytes(&value) {
            Some(bytes) => {
                use base64::Engine as _;
                Ok(Value::string(base64::engine::general_purpose::STANDARD.encode(bytes)))
            }
            None => Ok(Value::String(to_str(runtime, &value))),
        },
        ("Boolean", _) if is_big => overflow(&Type::INT32),
        _ if is_big => convert_big(runtime, &value, plain),
        _ => change_type(runtime, &value, plain),
    }
}

/// The cast of the first argument.
pub(super) fn cast_argument(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    cast(call.runtime, call.argument(0), target)
}

/// A token as a type, as the casts make it; what is no token, as itself.
///
/// # Errors
/// `ArgumentException` and what `System.Convert` raises.
pub fn convert(runtime: &mut Runtime<'_>, value: &Value, target: &Type) -> Result<Value, Raise> {
    let Some(of) = tree::reference(runtime, value) else {
        return if value.is_null() {
            Ok(Value::default_of(target))
        } else {
            change_type(runtime, value, target.underlying().unwrap_or(target))
        };
    };
    let class = Type::Named(ClassRef(tree::get(runtime, of)?.class()));
    if class.is_reference_to(target) { Ok(value.clone()) } else { cast(runtime, value, target) }
}

/// `Extensions.Convert<T, U>`: what `Value<U>()` and `Values<U>()` make of a token.
pub(super) fn value_as(runtime: &mut Runtime<'_>, token: &Value, target: &Type) -> Result<Value, Raise> {
    if let Some(value) = held_by(runtime, token, target) {
        return Ok(value);
    }
    let Some(of) = tree::reference(runtime, token) else { return Ok(Value::default_of(target)) };
    let token_kind = tree::get(runtime, of)?;
    if Type::Named(ClassRef(token_kind.class())).is_reference_to(target) {
        return Ok(token.clone());
    }
    let Kind::Value(leaf) = &token_kind.kind else {
        let message = format!("Cannot cast {} to {}.", token_kind.class().full_name(), JTOKEN.full_name());
        return raise(&registry::INVALID_CAST_EXCEPTION, message);
    };
    let value = leaf.value.clone();
    let plain = target.underlying().unwrap_or(target);
    let found = display::type_of(runtime, &value);
    if !value.is_null() && (found == *plain || found.is_reference_to(plain)) {
        return Ok(value);
    }
    if value.is_null() && target.underlying().is_some() {
        return Ok(Value::Null);
    }
    change_type(runtime, &value, plain)
}

/// `ToObject<T>()`
pub(super) fn to_object(runtime: &mut Runtime<'_>, of: Ref, target: &Type) -> Result<Value, Raise> {
    let plain = target.underlying().unwrap_or(target);
    let token = tree::get(runtime, of)?;
    if let Some(class) = plain.class().filter(|class| matches!(class.kind, ClassKind::Enum(_))) {
        match &token.kind {
            Kind::Value(Leaf { ty: TokenType::Integer, value, .. }) if value.as_integer().is_some() => {
                let number = value.as_integer().unwrap_or(0);
                return Ok(enumerated(class, number));
            }
            Kind::Value(Leaf { ty: TokenType::String, value: Value::String(text), .. }) => {
                let text = text.clone();
                return match deserialize::parse_enum(class, &text.as_str()) {
                    Some(value) => Ok(value),
                    None => raise(&registry::ARGUMENT_EXCEPTION, format!("Could not convert '{text}' to {}.", class.name)),
                };
            }
            _ => {}
        }
    }
    let is_cast = matches!(plain, Type::Named(class) if !std::ptr::eq(class.0, &BIG_INTEGER))
        && (matches!(short(plain), "Boolean" | "Char" | "DateTime" | "DateTimeOffset" | "String" | "Guid" | "Uri" | "TimeSpan")
            || is_numeric(plain));
    if is_cast {
        return cast(runtime, &Value::Object(of), target);
    }
    let made = deserialize::from_token(runtime, of, target)?;
    fit(runtime, made, target)
}

/// A member of an enumeration by its number.
pub(super) fn enumerated(class: &'static Class, number: i128) -> Value {
    Value::Enum(EnumValue::new(class, number as i32))
}

/// The unboxing cast `(T)object` behind the generic methods.
pub(super) fn fit(runtime: &Runtime<'_>, value: Value, target: &Type) -> Result<Value, Raise> {
    if value.is_null() {
        return if target.admits_null() { Ok(value) } else { Err(crate::dotnet::exception::null_reference()) };
    }
    let found = display::type_of(runtime, &value);
    let is_token = |ty: &Type| *ty == Type::JTOKEN || ty.as_class(&JTOKEN).is_some() || ty.as_class(&JVALUE).is_some();
    if is_token(target) && !found.is_reference_to(target) {
        return Err(invalid_cast(&display::full_name(&found), &display::full_name(target)));
    }
    Ok(value)
}
