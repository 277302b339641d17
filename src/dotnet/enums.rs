//! Enumerations: their members and values as .NET numbers them; `System.Enum`.
//!
//! Source: learn.microsoft.com/dotnet/api/system.enum; dotnet/runtime, System.Private.CoreLib, Enum.cs.

use super::{
    display::{full_name, to_str, type_of},
    exception::{Raise, argument_null, null_reference, raise, throw},
    heap::Instance,
    member::{Call, Member, member},
    number::{self, Failure},
    registry,
    runtime::Runtime,
    string::Str,
    types::{Class, ClassRef, Type},
    value::Value,
};

crate::classes! {
    ENUM = Class::new("System", "Enum", Kind::Class).bases(&["ValueType"]).members(MEMBERS);
    /// What `typeof` gives; an expression can do nothing with it but hand it to `Enum.Parse` and the like.
    TYPE = class("System", "Type").members(TYPE_MEMBERS);
    RUNTIME_TYPE = class("System", "RuntimeType").bases(&["Type"]);
    TYPE_CODE = enumeration("System", "TypeCode", &[
        ("Empty", 0), ("Object", 1), ("DBNull", 2), ("Boolean", 3), ("Char", 4), ("SByte", 5), ("Byte", 6), ("Int16", 7), ("UInt16", 8),
        ("Int32", 9), ("UInt32", 10), ("Int64", 11), ("UInt64", 12), ("Single", 13), ("Double", 14), ("Decimal", 15), ("DateTime", 16),
        ("String", 18),
    ]);
    STRING_COMPARISON = enumeration(
    "System",
    "StringComparison",
    &[
        ("CurrentCulture", 0),
        ("CurrentCultureIgnoreCase", 1),
        ("InvariantCulture", 2),
        ("InvariantCultureIgnoreCase", 3),
        ("Ordinal", 4),
        ("OrdinalIgnoreCase", 5),
    ],
);
    STRING_SPLIT_OPTIONS = enumeration("System", "StringSplitOptions", &[("None", 0), ("RemoveEmptyEntries", 1), ("TrimEntries", 2)]);
    FORMATTING = enumeration("Newtonsoft.Json", "Formatting", &[("None", 0), ("Indented", 1)]);
    JTOKEN_TYPE = enumeration(
    "Newtonsoft.Json.Linq",
    "JTokenType",
    &[
        ("None", 0),
        ("Object", 1),
        ("Array", 2),
        ("Constructor", 3),
        ("Property", 4),
        ("Comment", 5),
        ("Integer", 6),
        ("Float", 7),
        ("String", 8),
        ("Boolean", 9),
        ("Null", 10),
        ("Undefined", 11),
        ("Date", 12),
        ("Raw", 13),
        ("Bytes", 14),
        ("Guid", 15),
        ("Uri", 16),
        ("TimeSpan", 17),
    ],
);
    DAY_OF_WEEK = enumeration(
    "System",
    "DayOfWeek",
    &[("Sunday", 0), ("Monday", 1), ("Tuesday", 2), ("Wednesday", 3), ("Thursday", 4), ("Friday", 5), ("Saturday", 6)],
);
}

/// The enumerations with `[Flags]`.
const FLAGS: &[&str] = &[
    "Base64FormattingOptions",
    "StringSplitOptions",
    "RegexOptions",
    "LoadOptions",
    "SaveOptions",
    "ReaderOptions",
    "X509KeyStorageFlags",
    "X500DistinguishedNameFlags",
    "DefaultValueHandling",
    "PreserveReferencesHandling",
    "TypeNameHandling",
];

/// A member of an enumeration, or a combination of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumValue {
    /// The enumeration.
    pub class: ClassRef,
    /// The underlying value.
    pub value: i32,
}

impl EnumValue {
    /// The value of `class` with that number.
    pub fn new(class: &'static Class, value: i32) -> Self {
        Self { class: ClassRef(class), value }
    }

    fn members(&self) -> &'static [(&'static str, i32)] {
        Type::Named(self.class).enum_members().unwrap_or(&[])
    }

    /// What `ToString()` gives: the member's name, flags by commas, or the number where no member has it.
    pub fn name(&self) -> String {
        let named = self.members().iter().find(|(_, value)| *value == self.value).map(|(name, _)| (*name).to_owned());
        named.or_else(|| self.flags().filter(|_| FLAGS.contains(&self.class.name))).unwrap_or_else(|| self.value.to_string())
    }

    /// The names of the flags that make it up, the least first.
    fn flags(&self) -> Option<String> {
        let mut members: Vec<_> = self.members().iter().filter(|(_, value)| *value != 0).collect();
        members.sort_by_key(|(_, value)| value.cast_unsigned());
        let mut left = self.value;
        let mut names = Vec::new();
        for (name, value) in members.into_iter().rev() {
            if left & value == *value {
                left &= !value;
                names.push(*name);
            }
        }
        names.reverse();
        (left == 0 && !names.is_empty()).then(|| names.join(", "))
    }
}

/// `ToString(format)`: `G`, `F`, `D` and `X`.
pub fn format(member: &EnumValue, format: &str) -> Result<String, Raise> {
    let exact = || member.members().iter().find(|(_, value)| *value == member.value).map(|(name, _)| (*name).to_owned());
    match format {
        "G" | "g" => Ok(member.name()),
        // As flags even where the enumeration has none.
        "F" | "f" => Ok(exact().or_else(|| member.flags()).unwrap_or_else(|| member.value.to_string())),
        "D" | "d" => Ok(member.value.to_string()),
        "X" | "x" => Ok(format!("{:08X}", member.value)),
        _ => {
            let message = "Format string can be only \"G\", \"g\", \"X\", \"x\", \"F\", \"f\", \"D\" or \"d\".";
            raise(&registry::FORMAT_EXCEPTION, message)
        }
    }
}

/// Whether a `StringComparison` ignores case; `None` for `null` or another type.
pub fn ignores_case(value: &Value) -> Option<bool> {
    match value {
        Value::Enum(value) if value.class == ClassRef(&STRING_COMPARISON) => Some(value.value % 2 == 1),
        _ => None,
    }
}

/// A `JTokenType` by its number.
pub fn token_type(value: i32) -> Value {
    Value::Enum(EnumValue::new(&registry::JTOKEN_TYPE, value))
}

/// A type as a value: what `typeof` gives.
#[derive(Clone, Debug)]
pub struct Reflected(pub Type);

impl Instance for Reflected {
    fn ty(&self) -> Type {
        Type::named(&RUNTIME_TYPE)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(full_name(&self.0).into())
    }

    fn equals(&self, _runtime: &Runtime<'_>, other: &dyn Instance) -> Option<bool> {
        Some(super::heap::downcast::<Self>(other).is_some_and(|other| other.0 == self.0))
    }
}

/// `System.Type`: no more than to compare two.
const TYPE_MEMBERS: &[Member] = &[
    member("static bool operator ==(Type left, Type right)", |call| Ok(Value::Bool(is_same_type(call)))),
    member("static bool operator !=(Type left, Type right)", |call| Ok(Value::Bool(!is_same_type(call)))),
];

fn is_same_type(call: &Call<'_, '_>) -> bool {
    let of = |index: usize| call.runtime.own::<Reflected>(call.argument(index)).map(|reflected| &reflected.0);
    of(0) == of(1)
}

/// `System.Enum`
pub const MEMBERS: &[Member] = &[
    member("static object Parse(Type enumType, string value)", |call| parse_of_type(call, false)),
    member("static object Parse(Type enumType, string value, bool ignoreCase)", |call| {
        let ignore = matches!(call.argument(2), Value::Bool(true));
        parse_of_type(call, ignore)
    }),
    member("static TEnum Parse<TEnum>(string value)", |call| parse_generic(call, false)),
    member("static TEnum Parse<TEnum>(string value, bool ignoreCase)", |call| {
        let ignore = matches!(call.argument(1), Value::Bool(true));
        parse_generic(call, ignore)
    }),
    member("static bool TryParse(Type enumType, string value, out object result)", |call| try_parse_of_type(call, false, 2)),
    member("static bool TryParse(Type enumType, string value, bool ignoreCase, out object result)", |call| {
        let ignore = matches!(call.argument(2), Value::Bool(true));
        try_parse_of_type(call, ignore, 3)
    }),
    member("static bool TryParse<TEnum>(string value, out TEnum result)", |call| try_parse(call, false, 1)),
    member("static bool TryParse<TEnum>(string value, bool ignoreCase, out TEnum result)", |call| {
        let ignore = matches!(call.argument(1), Value::Bool(true));
        try_parse(call, ignore, 2)
    }),
    member("string ToString()", |call| match call.argument(0) {
        Value::Null => Err(null_reference()),
        value => Ok(Value::String(to_str(call.runtime, value))),
    }),
    member("string ToString(string format)", |call| match (call.argument(0), call.argument(1)) {
        (Value::Enum(member), Value::String(text)) if !text.is_empty() => format(member, &text.as_str()).map(Value::string),
        (Value::Enum(member), _) => Ok(Value::string(member.name())),
        _ => Err(null_reference()),
    }),
    member("bool HasFlag(Enum flag)", |call| match (call.argument(0), call.argument(1)) {
        (Value::Null, _) => Err(null_reference()),
        (_, Value::Null) => Err(argument_null("flag")),
        (Value::Enum(this), Value::Enum(flag)) if this.class == flag.class => Ok(Value::Bool(this.value & flag.value == flag.value)),
        (this, flag) => {
            let name = |value: &Value| full_name(&type_of(call.runtime, value));
            let message = format!("The argument type, '{}', is not the same as the enum type '{}'.", name(flag), name(this));
            raise(&registry::ARGUMENT_EXCEPTION, message)
        }
    }),
    member("int CompareTo(object target)", number::compare_member),
];

fn parse_of_type(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Raise> {
    let ty = match call.runtime.own::<Reflected>(call.argument(0)) {
        Some(Reflected(ty)) => ty.clone(),
        None => return Err(argument_null("enumType")),
    };
    parse_text(call.argument(1), &ty, ignore_case, "enumType")
}

/// As `TryParse<TEnum>`, but what does not parse gives null.
fn try_parse_of_type(call: &mut Call<'_, '_>, ignore_case: bool, out: usize) -> Result<Value, Raise> {
    let ty = match call.runtime.own::<Reflected>(call.argument(0)) {
        Some(Reflected(ty)) => ty.clone(),
        None => return Err(argument_null("enumType")),
    };
    let Some(class) = ty.class().filter(|_| ty.enum_members().is_some()) else {
        return raise(&registry::ARGUMENT_EXCEPTION, "Type provided must be an Enum. (Parameter 'enumType')");
    };
    let parsed = match call.argument(1) {
        Value::String(text) => parse(class, &text.as_str(), ignore_case).ok(),
        _ => None,
    };
    call.out(out, parsed.map_or(Value::Null, Value::Enum));
    Ok(Value::Bool(parsed.is_some()))
}

fn parse_generic(call: &mut Call<'_, '_>, ignore_case: bool) -> Result<Value, Raise> {
    let ty = call.types.first().cloned().unwrap_or(Type::OBJECT);
    parse_text(call.argument(0), &ty, ignore_case, "TEnum")
}

fn parse_text(value: &Value, ty: &Type, ignore_case: bool, parameter: &str) -> Result<Value, Raise> {
    let Some(class) = ty.class().filter(|_| ty.enum_members().is_some()) else {
        return raise(&registry::ARGUMENT_EXCEPTION, format!("Type provided must be an Enum. (Parameter '{parameter}')"));
    };
    let Value::String(text) = value else { return Err(argument_null("value")) };
    let text = text.as_str();
    match parse(class, &text, ignore_case) {
        Ok(member) => Ok(Value::Enum(member)),
        Err(Failure::Overflow) => Err(number::overflow(&Type::INT32)),
        Err(Failure::Format) if text.trim().is_empty() => {
            let message = "Must specify valid information for parsing in the string. (Parameter 'value')";
            raise(&registry::ARGUMENT_EXCEPTION, message)
        }
        Err(Failure::Format) => Err(throw(&registry::ARGUMENT_EXCEPTION, format!("Requested value '{text}' was not found."))),
    }
}

fn try_parse(call: &mut Call<'_, '_>, ignore_case: bool, out: usize) -> Result<Value, Raise> {
    let ty = call.types.first().cloned().unwrap_or(Type::OBJECT);
    let Some(class) = ty.class().filter(|_| ty.enum_members().is_some()) else {
        return raise(&registry::ARGUMENT_EXCEPTION, "Type provided must be an Enum. (Parameter 'TEnum')");
    };
    let parsed = match call.argument(0) {
        Value::String(text) => parse(class, &text.as_str(), ignore_case).ok(),
        _ => None,
    };
    call.out(out, Value::Enum(parsed.unwrap_or(EnumValue::new(class, 0))));
    Ok(Value::Bool(parsed.is_some()))
}

/// A number, or names with commas between them.
fn parse(class: &'static Class, text: &str, ignore_case: bool) -> Result<EnumValue, Failure> {
    let text = text.trim();
    if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-')) {
        match number::read(text, &Type::INT32) {
            Ok(Value::Int32(value)) => return Ok(EnumValue::new(class, value)),
            Err(Failure::Overflow) => return Err(Failure::Overflow),
            _ => {}
        }
    }
    let members = Type::Named(ClassRef(class)).enum_members().unwrap_or(&[]);
    let mut value = 0;
    for name in text.split(',').map(str::trim) {
        let found = members.iter().find(|(member, _)| *member == name || (ignore_case && member.eq_ignore_ascii_case(name)));
        value |= found.ok_or(Failure::Format)?.1;
    }
    Ok(EnumValue::new(class, value))
}
