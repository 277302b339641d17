//! `System.Boolean`

use super::{
    exception::{Raise, argument_null, throw},
    member::{Member, member},
    number::{compare_member, equals_member, hash_member, type_code_member},
    registry,
    value::Value,
};

crate::classes! {
    BOOLEAN = structure("System", "Boolean").keyword("bool").members(MEMBERS);
}

/// The members of `bool`.
pub const MEMBERS: &[Member] = &[
    member("static string TrueString { get; }", |_| Ok(Value::string("True"))),
    member("static string FalseString { get; }", |_| Ok(Value::string("False"))),
    member("static bool Parse(string value)", |call| match call.argument(0) {
        Value::String(text) => {
            call.runtime.work(text.bytes())?;
            parse(&text.as_str()).map(Value::Bool).ok_or_else(|| unrecognized(&text.as_str()))
        }
        _ => Err(argument_null("value")),
    }),
    member("static bool TryParse(string value, out bool result)", |call| {
        let parsed = match call.argument(0) {
            Value::String(text) => {
                call.runtime.work(text.bytes())?;
                parse(&text.as_str())
            }
            _ => None,
        };
        call.out(1, Value::Bool(parsed.unwrap_or(false)));
        Ok(Value::Bool(parsed.is_some()))
    }),
    member("string ToString(IFormatProvider provider)", |call| crate::dotnet::format::to_string_member(&mut call.first(1))),
    member("int CompareTo(object obj)", compare_member),
    member("int CompareTo(bool value)", compare_member),
    member("bool Equals(object obj)", equals_member),
    member("bool Equals(bool obj)", equals_member),
    member("int GetHashCode()", hash_member),
    member("TypeCode GetTypeCode()", type_code_member),
];

/// `Boolean.Parse`: the two words without regard to case, white space and NULs around them.
/// Source: learn.microsoft.com/dotnet/api/system.boolean.parse.
pub fn parse(text: &str) -> Option<bool> {
    let word = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    match () {
        () if word.eq_ignore_ascii_case("true") => Some(true),
        () if word.eq_ignore_ascii_case("false") => Some(false),
        () => None,
    }
}

/// `FormatException` for a text that is neither.
pub fn unrecognized(text: &str) -> Raise {
    throw(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean."))
}
