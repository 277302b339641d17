//! A .NET value: primitives inline, everything with identity behind a [`Ref`] into the request's [`Heap`](super::heap::Heap).

use rust_decimal::Decimal;

use super::{
    context::Part,
    datetime::{DateTime, DateTimeOffset, Kind, TimeSpan},
    enums::EnumValue,
    heap::Ref,
    string::Str,
    types::Type,
};

/// A value as C# sees it. Its variant is its runtime type: a value in `object` is boxed with it, and unboxes to no other.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, and a nullable value type without a value.
    Null,
    /// `bool`
    Bool(bool),
    /// `char`, a UTF-16 code unit
    Char(u16),
    /// `sbyte`
    SByte(i8),
    /// `byte`
    Byte(u8),
    /// `short`
    Int16(i16),
    /// `ushort`
    UInt16(u16),
    /// `int`
    Int32(i32),
    /// `uint`
    UInt32(u32),
    /// `long`
    Int64(i64),
    /// `ulong`
    UInt64(u64),
    /// `float`
    Single(f32),
    /// `double`
    Double(f64),
    /// `decimal`
    Decimal(Decimal),
    /// `string`
    String(Str),
    /// `System.Guid`, in the order of its text
    Guid([u8; 16]),
    /// `System.DateTime`
    DateTime(DateTime),
    /// `System.DateTimeOffset`
    DateTimeOffset(DateTimeOffset),
    /// `System.TimeSpan`
    TimeSpan(TimeSpan),
    /// A member of an enumeration
    Enum(EnumValue),
    /// A part of `context`: nothing is allocated to walk through it
    Context(Part),
    /// An object of this request's heap
    Object(Ref),
    /// The cell of a captured variable: only ever in a local variable of a running expression, never handed to a member.
    Cell(Ref),
}

impl Value {
    /// A string.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::String(text.into())
    }

    /// `default(T)`
    pub fn default_of(ty: &Type) -> Self {
        match ty.class().map(|class| class.name) {
            _ if ty.admits_null() => Value::Null,
            Some("Boolean") => Value::Bool(false),
            Some("Guid") => Value::Guid([0; 16]),
            Some("DateTime") => Value::DateTime(DateTime { ticks: 0, kind: Kind::Unspecified }),
            Some("DateTimeOffset") => Value::DateTimeOffset(DateTimeOffset { ticks: 0, offset_minutes: 0 }),
            Some("TimeSpan") => Value::TimeSpan(TimeSpan(0)),
            _ => super::number::convert(&Value::Int32(0), ty, false).unwrap_or(Value::Null),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integral types and `char` as one wide number; `None` for everything else.
    pub fn as_integer(&self) -> Option<i128> {
        Some(match self {
            Self::Char(v) => i128::from(*v),
            Self::SByte(v) => i128::from(*v),
            Self::Byte(v) => i128::from(*v),
            Self::Int16(v) => i128::from(*v),
            Self::UInt16(v) => i128::from(*v),
            Self::Int32(v) => i128::from(*v),
            Self::UInt32(v) => i128::from(*v),
            Self::Int64(v) => i128::from(*v),
            Self::UInt64(v) => i128::from(*v),
            Self::Enum(v) => i128::from(v.value),
            _ => return None,
        })
    }
}
