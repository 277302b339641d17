//! The members of `float` and `double`.

use super::{compare_member, equals_member, hash_member, parse_member, try_parse_member, type_code_member};
use crate::dotnet::{
    format::to_string_member,
    member::{Member, member},
    types::Type,
    value::Value,
};

macro_rules! real {
    ($($name:ident $keyword:literal $parameter:literal $variant:ident $rust:ident;)*) => {$(
        #[doc = concat!("The members of `", $keyword, "`.")]
        pub const $name: &[Member] = &[
            member(concat!("static ", $keyword, " MaxValue { get; }"), |_| Ok(Value::$variant($rust::MAX))),
            member(concat!("static ", $keyword, " MinValue { get; }"), |_| Ok(Value::$variant($rust::MIN))),
            member(concat!("static ", $keyword, " Epsilon { get; }"), |_| Ok(Value::$variant($rust::from_bits(1)))),
            member(concat!("static ", $keyword, " NaN { get; }"), |_| Ok(Value::$variant($rust::NAN))),
            member(concat!("static ", $keyword, " PositiveInfinity { get; }"), |_| Ok(Value::$variant($rust::INFINITY))),
            member(concat!("static ", $keyword, " NegativeInfinity { get; }"), |_| Ok(Value::$variant($rust::NEG_INFINITY))),
            real!(@test "IsFinite" $keyword $parameter $variant |v| v.is_finite()),
            real!(@test "IsInfinity" $keyword $parameter $variant |v| v.is_infinite()),
            real!(@test "IsNaN" $keyword $parameter $variant |v| v.is_nan()),
            real!(@test "IsNegative" $keyword $parameter $variant |v| v.is_sign_negative()),
            real!(@test "IsNegativeInfinity" $keyword $parameter $variant |v| v == $rust::NEG_INFINITY),
            real!(@test "IsNormal" $keyword $parameter $variant |v| v.is_normal()),
            real!(@test "IsPositiveInfinity" $keyword $parameter $variant |v| v == $rust::INFINITY),
            real!(@test "IsSubnormal" $keyword $parameter $variant |v| v.is_subnormal()),
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
    (@test $name:literal $keyword:literal $parameter:literal $variant:ident |$v:ident| $holds:expr) => {
        member(concat!("static bool ", $name, "(", $keyword, " ", $parameter, ")"), |call| {
            Ok(Value::Bool(matches!(*call.argument(0), Value::$variant($v) if $holds)))
        })
    };
}

real! {
    SINGLE "float" "f" Single f32;
    DOUBLE "double" "d" Double f64;
}
