//! `System.Char`

use super::{
    exception::Raise,
    member::{Call, Member, member},
    value::Value,
};

crate::classes! {
    CHAR = structure("System", "Char").keyword("char").members(MEMBERS);
}

/// The members of `char`.
pub const MEMBERS: &[Member] = &[
    member("static bool IsDigit(char c)", |call| test(call, |c| c.is_ascii_digit())),
    member("static bool IsLetter(char c)", |call| test(call, char::is_alphabetic)),
    member("static bool IsLetterOrDigit(char c)", |call| test(call, char::is_alphanumeric)),
    member("static bool IsWhiteSpace(char c)", |call| test(call, char::is_whitespace)),
    member("static bool IsUpper(char c)", |call| test(call, char::is_uppercase)),
    member("static bool IsLower(char c)", |call| test(call, char::is_lowercase)),
    member("static char ToUpper(char c)", |call| map(call, |c| c.to_uppercase().next())),
    member("static char ToLower(char c)", |call| map(call, |c| c.to_lowercase().next())),
    member("static char ToUpperInvariant(char c)", |call| map(call, |c| c.to_uppercase().next())),
    member("static char ToLowerInvariant(char c)", |call| map(call, |c| c.to_lowercase().next())),
];

fn character(call: &Call<'_, '_>) -> Option<char> {
    match call.argument(0) {
        Value::Char(unit) => char::from_u32(u32::from(*unit)),
        _ => None,
    }
}

fn test(call: &mut Call<'_, '_>, holds: fn(char) -> bool) -> Result<Value, Raise> {
    Ok(Value::Bool(character(call).is_some_and(holds)))
}

fn map(call: &mut Call<'_, '_>, to: fn(char) -> Option<char>) -> Result<Value, Raise> {
    let mapped = character(call).and_then(to).and_then(|c| u16::try_from(u32::from(c)).ok());
    Ok(mapped.map_or_else(|| call.argument(0).clone(), Value::Char))
}
