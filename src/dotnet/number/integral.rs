//! The members of the integral types.

use super::{compare_member, equals_member, hash_member, parse_member, try_parse_member, type_code_member};
use crate::dotnet::{
    format::to_string_member,
    member::{Member, member},
    types::Type,
    value::Value,
};

macro_rules! integral {
    ($($name:ident $keyword:literal $variant:ident $rust:ty;)*) => {$(
        #[doc = concat!("The members of `", $keyword, "`.")]
        pub const $name: &[Member] = &[
            member(concat!("static ", $keyword, " MaxValue { get; }"), |_| Ok(Value::$variant(<$rust>::MAX))),
            member(concat!("static ", $keyword, " MinValue { get; }"), |_| Ok(Value::$variant(<$rust>::MIN))),
            member(concat!("static ", $keyword, " Parse(string s)"), |call| parse_member(call, &Type::$name)),
            member(concat!("static ", $keyword, " Parse(string s, IFormatProvider provider)"), |call| parse_member(call, &Type::$name)),
            member(concat!("static bool TryParse(string s, out ", $keyword, " result)"), |call| try_parse_member(call, &Type::$name)),
            member("int CompareTo(object value)", compare_member),
            member(concat!("int CompareTo(", $keyword, " value)"), compare_member),
            member("bool Equals(object obj)", equals_member),
            member(concat!("bool Equals(", $keyword, " obj)"), equals_member),
            member("int GetHashCode()", hash_member),
            member("TypeCode GetTypeCode()", type_code_member),
            member("string ToString()", to_string_member),
            member("string ToString(string format)", to_string_member),
            // No expression can name an `IFormatProvider`, but give null for one: the culture is invariant all the same.
            member("string ToString(IFormatProvider provider)", |call| to_string_member(&mut call.first(1))),
            member("string ToString(string format, IFormatProvider provider)", to_string_member),
        ];
    )*};
}

integral! {
    SBYTE "sbyte" SByte i8;
    BYTE "byte" Byte u8;
    INT16 "short" Int16 i16;
    UINT16 "ushort" UInt16 u16;
    INT32 "int" Int32 i32;
    UINT32 "uint" UInt32 u32;
    INT64 "long" Int64 i64;
    UINT64 "ulong" UInt64 u64;
}
