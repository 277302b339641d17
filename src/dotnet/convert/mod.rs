//! `System.Convert`: from every simple type to every other, checked; digits in other bases; Base64 and hexadecimal.
//!
//! Source: learn.microsoft.com/dotnet/api/system.convert; dotnet/runtime, System.Private.CoreLib, Convert.cs.

mod base64;
mod radix;

use super::{
    boolean, chars,
    display::{full_name, to_str, type_of},
    exception::{Raise, argument_null, invalid_cast, raise, throw},
    heap::Object,
    json,
    member::{Call, Member, member},
    number::{self, decimal_to_integer},
    registry,
    runtime::Runtime,
    types::Type,
    value::Value,
};

crate::classes! {
    CONVERT = statics("System", "Convert").members(MEMBERS);
    BASE64_FORMATTING_OPTIONS = enumeration("System", "Base64FormattingOptions", &[("None", 0), ("InsertLineBreaks", 1)]);
}

/// Each target from each simple type, then what is listed as it stands. A string is read by the target's own `Parse`.
macro_rules! members {
    ($($keyword:literal $name:literal $target:expr;)* + $($rest:expr,)*) => {
        /// The members of `Convert`.
        pub const MEMBERS: &[Member] = &[
            $(
                member(concat!("static ", $keyword, " To", $name, "(object value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(bool value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(char value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(sbyte value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(byte value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(short value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(ushort value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(int value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(uint value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(long value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(ulong value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(float value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(double value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(decimal value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(DateTime value)"), |call| to(call, &$target)),
                member(concat!("static ", $keyword, " To", $name, "(string value)"), |call| from_string(call, &$target)),
                // The provider can only be null, and says nothing of the invariant culture.
                member(concat!("static ", $keyword, " To", $name, "(object value, IFormatProvider provider)"), |call| to(&mut call.first(1), &$target)),
                member(concat!("static ", $keyword, " To", $name, "(string value, IFormatProvider provider)"), |call| {
                    from_string(&mut call.first(1), &$target)
                }),
            )*
            $($rest,)*
        ];
    };
}

members! {
    "bool" "Boolean" Type::BOOL;
    "char" "Char" Type::CHAR;
    "sbyte" "SByte" Type::SBYTE;
    "byte" "Byte" Type::BYTE;
    "short" "Int16" Type::INT16;
    "ushort" "UInt16" Type::UINT16;
    "int" "Int32" Type::INT32;
    "uint" "UInt32" Type::UINT32;
    "long" "Int64" Type::INT64;
    "ulong" "UInt64" Type::UINT64;
    "float" "Single" Type::SINGLE;
    "double" "Double" Type::DOUBLE;
    "decimal" "Decimal" Type::DECIMAL;
    "DateTime" "DateTime" Type::DATE_TIME;
    "string" "String" Type::STRING;
    +
    member("static sbyte ToSByte(string value, int fromBase)", |call| radix::parse(call, &Type::SBYTE)),
    member("static byte ToByte(string value, int fromBase)", |call| radix::parse(call, &Type::BYTE)),
    member("static short ToInt16(string value, int fromBase)", |call| radix::parse(call, &Type::INT16)),
    member("static ushort ToUInt16(string value, int fromBase)", |call| radix::parse(call, &Type::UINT16)),
    member("static int ToInt32(string value, int fromBase)", |call| radix::parse(call, &Type::INT32)),
    member("static uint ToUInt32(string value, int fromBase)", |call| radix::parse(call, &Type::UINT32)),
    member("static long ToInt64(string value, int fromBase)", |call| radix::parse(call, &Type::INT64)),
    member("static ulong ToUInt64(string value, int fromBase)", |call| radix::parse(call, &Type::UINT64)),
    member("static string ToString(byte value, int toBase)", |call| radix::text(call, 8)),
    member("static string ToString(short value, int toBase)", |call| radix::text(call, 16)),
    member("static string ToString(int value, int toBase)", |call| radix::text(call, 32)),
    member("static string ToString(long value, int toBase)", |call| radix::text(call, 64)),
    member("static string ToString(bool value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(char value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(sbyte value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(byte value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(short value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(ushort value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(int value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(uint value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(long value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(ulong value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(float value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(double value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(decimal value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToString(DateTime value, IFormatProvider provider)", |call| to(&mut call.first(1), &Type::STRING)),
    member("static string ToBase64String(byte[] inArray)", base64::encode),
    member("static string ToBase64String(byte[] inArray, Base64FormattingOptions options)", base64::encode),
    member("static string ToBase64String(byte[] inArray, int offset, int length)", base64::encode_part),
    member("static string ToBase64String(byte[] inArray, int offset, int length, Base64FormattingOptions options)", base64::encode_part),
    member("static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut)", base64::encode_into),
    member(
        "static int ToBase64CharArray(byte[] inArray, int offsetIn, int length, char[] outArray, int offsetOut, Base64FormattingOptions options)",
        base64::encode_into
    ),
    member("static byte[] FromBase64String(string s)", base64::decode),
    member("static byte[] FromBase64CharArray(char[] inArray, int offset, int length)", base64::decode_part),
    member("static string ToHexString(byte[] inArray)", base64::to_hex),
    member("static string ToHexString(byte[] inArray, int offset, int length)", base64::to_hex),
    member("static byte[] FromHexString(string s)", base64::from_hex),
    member("static TypeCode GetTypeCode(object value)", |call| {
        let value = json_value(call.runtime, call.argument(0)).unwrap_or_else(|| call.argument(0).clone());
        Ok(number::type_code(&value))
    }),
    member("static bool IsDBNull(object value)", |_| Ok(Value::Bool(false))),
    member("static object ChangeType(object value, TypeCode typeCode)", change_type),
    member("static object ChangeType(object value, TypeCode typeCode, IFormatProvider provider)", |call| change_type(&mut call.first(2))),
    member("static object ChangeType(object value, Type conversionType, IFormatProvider provider)", change_to),
    member("static object ChangeType(object value, Type conversionType)", change_to),
}

fn change_to(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(super::enums::Reflected(target)) = call.runtime.own(call.argument(1)) else { return Err(argument_null("conversionType")) };
    let target = target.clone();
    change(call, &target)
}

/// What a `JValue` holds.
fn json_value(runtime: &Runtime<'_>, value: &Value) -> Option<Value> {
    match runtime.get(value) {
        Some(Object::Token(json::Token { kind: json::Kind::Value(inner), .. })) => Some(inner.value.clone()),
        _ => None,
    }
}

fn name(ty: &Type) -> &'static str {
    ty.class().map_or("", |class| class.name)
}

fn refuse(from: &str, target: &Type) -> Raise {
    throw(&registry::INVALID_CAST_EXCEPTION, format!("Invalid cast from '{from}' to '{}'.", name(target)))
}

/// `ToX(value)`: null is the type's default, what is not `IConvertible` does not convert.
fn to(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let value = call.argument(0);
    match value {
        Value::Null if *target == Type::STRING => return Ok(Value::string("")),
        Value::Null => return Ok(Value::default_of(target)),
        value if *target == Type::STRING => return Ok(Value::String(to_str(call.runtime, value))),
        Value::String(_) => return from_string(call, target),
        _ => {}
    }
    if json_value(call.runtime, value).is_some() {
        return json::convert(call.runtime, value, target);
    }
    if *number::type_code(value).as_integer().get_or_insert(1) == 1 {
        return Err(invalid_cast(&full_name(&type_of(call.runtime, value)), "System.IConvertible"));
    }
    simple(value, target)
}

/// `ToX(string)`: null is the type's default, but for `char`.
fn from_string(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let value = call.argument(0);
    let Value::String(text) = value else {
        return match name(target) {
            "String" => Ok(Value::Null),
            "Char" => Err(argument_null("value")),
            _ => Ok(Value::default_of(target)),
        };
    };
    call.runtime.work(text.bytes())?;
    match name(target) {
        "String" => Ok(value.clone()),
        "Boolean" => boolean::parse(&text.as_str()).map(Value::Bool).ok_or_else(|| boolean::unrecognized(&text.as_str())),
        "Char" => chars::single(text).map(Value::Char),
        "DateTime" => {
            let infos = registry::DATE_TIME.infos();
            match infos.iter().find(|info| info.name == "Parse" && info.parameters.len() == 1) {
                Some(parse) => (parse.native)(call),
                None => Err(refuse("String", target)),
            }
        }
        _ => number::read(&text.as_str(), target).map_err(|failure| failure.raise(target)),
    }
}

/// Between two simple types. Source: the methods' own bodies, which say what does not convert.
fn simple(value: &Value, target: &Type) -> Result<Value, Raise> {
    let is_real = matches!(value, Value::Single(_) | Value::Double(_) | Value::Decimal(_));
    let from = match value {
        Value::Bool(_) => "Boolean",
        Value::Char(_) => "Char",
        Value::DateTime(_) => "DateTime",
        Value::Single(_) => "Single",
        Value::Double(_) => "Double",
        Value::Decimal(_) => "Decimal",
        value => match number::type_code(value) {
            Value::Enum(code) => return whole(value, &code.name(), target),
            _ => "Object",
        },
    };
    match (value, name(target)) {
        (Value::DateTime(_), "DateTime") | (Value::Bool(_), "Boolean") | (Value::Char(_), "Char") => Ok(value.clone()),
        (Value::DateTime(_), _) | (_, "DateTime") | (Value::Bool(_), "Char") => Err(refuse(from, target)),
        (Value::Bool(value), _) => number::convert(&Value::Int32(i32::from(*value)), target, true),
        (Value::Char(_), "Boolean" | "Single" | "Double" | "Decimal") => Err(refuse(from, target)),
        (_, "Char") if is_real => Err(refuse(from, target)),
        (Value::Decimal(value), "Boolean") => Ok(Value::Bool(!value.is_zero())),
        (value, "Boolean") => Ok(Value::Bool(number::as_double(value).is_some_and(|value| value != 0.0))),
        (_, "Single" | "Double" | "Decimal") => number::convert(value, target, true),
        (Value::Decimal(value), _) => decimal_to_integer(value, target),
        (Value::Single(value), _) => real(f64::from(*value), target),
        (Value::Double(value), _) => real(*value, target),
        (value, _) => whole(value, from, target),
    }
}

fn whole(value: &Value, from: &str, target: &Type) -> Result<Value, Raise> {
    let number = value.as_integer().unwrap_or(0);
    match name(target) {
        "Boolean" => Ok(Value::Bool(number != 0)),
        "DateTime" => Err(refuse(from, target)),
        "Single" | "Double" | "Decimal" => number::convert(value, target, true),
        _ => number::integer(number, target).ok_or_else(|| number::overflow(target)),
    }
}

/// Halves go to the even neighbour. Types below `int` are reached through it, and the wide ones by a checked cast: each has its words.
fn real(value: f64, target: &Type) -> Result<Value, Raise> {
    let rounded = value.round_ties_even();
    let is_wide = matches!(name(target), "Int64" | "UInt64");
    let fitting = rounded.is_finite().then_some(rounded as i128);
    match fitting.and_then(|number| number::integer(number, target)) {
        Some(value) => Ok(value),
        None if is_wide => raise(&registry::OVERFLOW_EXCEPTION, "Arithmetic operation resulted in an overflow."),
        None if *target != Type::UINT32 && fitting.is_none_or(|number| i32::try_from(number).is_err()) => {
            Err(number::overflow(&Type::INT32))
        }
        None => Err(number::overflow(target)),
    }
}

fn change_type(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let targets = [
        (3, Type::BOOL),
        (4, Type::CHAR),
        (5, Type::SBYTE),
        (6, Type::BYTE),
        (7, Type::INT16),
        (8, Type::UINT16),
        (9, Type::INT32),
        (10, Type::UINT32),
        (11, Type::INT64),
        (12, Type::UINT64),
        (13, Type::SINGLE),
        (14, Type::DOUBLE),
        (15, Type::DECIMAL),
        (16, Type::DATE_TIME),
        (18, Type::STRING),
    ];
    let code = call.argument(1).as_integer().unwrap_or(0);
    if call.argument(0).is_null() && matches!(code, 0 | 1 | 18) {
        return Ok(Value::Null);
    }
    match code {
        0 => raise(&registry::INVALID_CAST_EXCEPTION, "Object cannot be cast to Empty."),
        1 => Ok(call.argument(0).clone()),
        2 => raise(&registry::INVALID_CAST_EXCEPTION, "Object cannot be cast to DBNull."),
        code => match targets.iter().find(|(number, _)| i128::from(*number) == code) {
            Some((_, target)) => change(call, target),
            None => raise(&registry::ARGUMENT_EXCEPTION, "Unknown TypeCode value."),
        },
    }
}

/// To one of the simple types; to another type only what is of it already.
fn change(call: &mut Call<'_, '_>, target: &Type) -> Result<Value, Raise> {
    let value = call.argument(0);
    if value.is_null() {
        return if target.is_value_type() {
            raise(&registry::INVALID_CAST_EXCEPTION, "Null object cannot be converted to a value type.")
        } else {
            Ok(Value::Null)
        };
    }
    let own = type_of(call.runtime, value);
    if own.is_reference_to(target) {
        return Ok(value.clone());
    }
    let is_simple = *target == Type::STRING || *target == Type::DATE_TIME || !Value::default_of(target).is_null();
    if !is_simple || target.enum_members().is_some() || *target == Type::GUID {
        let is_convertible = number::type_code(value).as_integer() != Some(1);
        return if is_convertible {
            raise(&registry::INVALID_CAST_EXCEPTION, format!("Invalid cast from '{}' to '{}'.", full_name(&own), full_name(target)))
        } else {
            raise(&registry::INVALID_CAST_EXCEPTION, "Object must implement IConvertible.")
        };
    }
    to(call, target)
}
