//! Enumerations: their members and values as .NET numbers them.

use super::registry;
use super::types::{Class, ClassRef, Type};

crate::classes! {
    ENUM = Class::new("System", "Enum", Kind::Class).bases(&["ValueType"]).members(MEMBERS);
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

    /// The member's name; the number where no member has it, as `Enum.ToString` does.
    pub fn name(&self) -> String {
        let members = Type::Named(self.class).enum_members().unwrap_or(&[]);
        members.iter().find(|(_, value)| *value == self.value).map_or_else(|| self.value.to_string(), |(name, _)| (*name).to_owned())
    }
}

/// Whether a `StringComparison` ignores case; `None` for `null` or another type.
pub fn ignores_case(value: &super::value::Value) -> Option<bool> {
    match value {
        super::value::Value::Enum(value) if value.class == ClassRef(&STRING_COMPARISON) => Some(value.value % 2 == 1),
        _ => None,
    }
}

/// `System.Enum`
pub const MEMBERS: &[super::member::Member] = &[];

/// A `JTokenType` by its number.
pub fn token_type(value: i32) -> super::value::Value {
    super::value::Value::Enum(EnumValue::new(&registry::JTOKEN_TYPE, value))
}
