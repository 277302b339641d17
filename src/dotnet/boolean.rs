//! `System.Boolean`

use super::{
    exception::{argument_null, raise},
    member::{Member, member},
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
        Value::String(text) => match parse(&text.as_str()) {
            Some(value) => Ok(Value::Bool(value)),
            None => raise(&registry::FORMAT_EXCEPTION, format!("String '{text}' was not recognized as a valid Boolean.")),
        },
        _ => Err(argument_null("value")),
    }),
    member("static bool TryParse(string value, out bool result)", |call| {
        let parsed = match call.argument(0) {
            Value::String(text) => parse(&text.as_str()),
            _ => None,
        };
        call.out(1, Value::Bool(parsed.unwrap_or(false)));
        Ok(Value::Bool(parsed.is_some()))
    }),
];

/// `Boolean.Parse`: the two words without regard to case, white space and NULs around them.
/// Source: learn.microsoft.com/dotnet/api/system.boolean.parse.
pub fn parse(text: &str) -> Option<bool> {
    match text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}
