//! Values of JSON as the values that a type wants. Source: Serialization/JsonSerializerInternalReader.cs (`EnsureType`).

use crate::dotnet::{
    datetime::DateTimeOffset,
    display::{self, to_str},
    exception::{Raise, raise},
    json::{
        big,
        convert::{self, change_type, convert_big, is_convertible},
        date,
        reader::Reader,
    },
    registry,
    runtime::Runtime,
    types::{Class, Type},
    value::Value,
};

/// `EnsureType`: a value as the type, or an error that says where.
pub(super) fn ensure(runtime: &mut Runtime<'_>, reader: &Reader<'_>, value: Value, target: Option<&Type>) -> Result<Value, Raise> {
    let Some(target) = target.filter(|target| **target != Type::OBJECT) else { return Ok(value) };
    if display::type_of(runtime, &value) == *target || (value.is_null() && target.admits_null()) {
        return Ok(value);
    }
    match converted(runtime, &value, target.underlying().unwrap_or(target)) {
        Err(inner @ Raise::Exception(_)) => {
            let text = match &value {
                Value::Null => "{null}".to_owned(),
                Value::String(text) => format!("\"{text}\""),
                value => to_str(runtime, value).to_string(),
            };
            let class = display::full_name(target);
            Err(reader.misfit_for(&format!("Error converting value {text} to type '{class}'."), inner))
        }
        outcome => outcome,
    }
}

fn converted(runtime: &mut Runtime<'_>, value: &Value, plain: &Type) -> Result<Value, Raise> {
    if display::type_of(runtime, value) == *plain {
        return Ok(value.clone());
    }
    if let Some(class) = plain.class().filter(|_| plain.enum_members().is_some()) {
        let member = match value {
            Value::String(text) => parse_enum(class, &text.as_str()),
            value => value.as_integer().map(|number| convert::enumerated(class, number)),
        };
        return match member {
            Some(member) => Ok(member),
            None => raise(&registry::ARGUMENT_EXCEPTION, format!("Requested value '{}' was not found.", to_str(runtime, value))),
        };
    }
    if let (Value::String(text), true) = (value, *plain == Type::DATE_TIME)
        && let Some(time) = date::parse(&text.as_str())
    {
        return Ok(Value::DateTime(time));
    }
    if is_convertible(plain) {
        return if big::of(runtime, value).is_some() { convert_big(runtime, value, plain) } else { change_type(runtime, value, plain) };
    }
    let name = plain.class().map_or("", |class| class.name);
    match (value, name) {
        (Value::String(_), "Guid") => convert::guid(runtime, value),
        (Value::String(_), "TimeSpan") => convert::time_span(runtime, value),
        (Value::String(_), "Uri") => convert::uri(runtime, value),
        (Value::String(text), "DateTimeOffset") => match date::parse_offset(&text.as_str()) {
            Some(time) => Ok(Value::DateTimeOffset(time)),
            None => convert::date_time_offset(runtime, value),
        },
        (Value::DateTime(time), "DateTimeOffset") => Ok(Value::DateTimeOffset(DateTimeOffset { ticks: time.ticks, offset_minutes: 0 })),
        (Value::String(_), "") if *plain == Type::array(Type::BYTE) => convert::base64(runtime, value),
        (value, "BigInteger") if big::integer(runtime, value).is_some() => {
            let integer = big::integer(runtime, value).unwrap_or_default();
            big::place(runtime, integer)
        }
        (Value::Object(_), "Guid") if runtime.bytes(value).is_some() => {
            convert::guid_of_bytes(&runtime.bytes(value).map(<[u8]>::to_vec).unwrap_or_default())
        }
        (value, _) => {
            let (from, to) = (display::full_name(&display::type_of(runtime, value)), display::full_name(plain));
            let from = if value.is_null() { "{null}".to_owned() } else { from };
            raise(&registry::ARGUMENT_EXCEPTION, format!("Could not cast or convert from {from} to {to}."))
        }
    }
}

/// `EnumUtils.ParseEnum`: a number, or names parted by commas, in any letters. Source: Utilities/EnumUtils.cs.
pub(in crate::dotnet::json) fn parse_enum(class: &'static Class, text: &str) -> Option<Value> {
    let made = |value: i64| Some(convert::enumerated(class, value.into()));
    let trimmed = text.trim();
    if trimmed.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+')
        && let Ok(number) = trimmed.parse::<i32>()
    {
        return made(number.into());
    }
    let members = Type::named(class).enum_members()?;
    let mut value = 0_i64;
    for part in text.split(',').map(str::trim) {
        let exact = members.iter().find(|(name, _)| *name == part);
        let (_, member) = exact.or_else(|| members.iter().find(|(name, _)| name.eq_ignore_ascii_case(part)))?;
        value |= i64::from(*member);
    }
    made(value)
}
