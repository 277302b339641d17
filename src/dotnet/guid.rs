//! `System.Guid`

use super::{
    exception::{argument_null, raise},
    member::{Member, member},
    registry,
    value::Value,
};
use crate::environment::guid_text;

crate::classes! {
    GUID = structure("System", "Guid").members(MEMBERS);
}

/// The members of `Guid`.
pub const MEMBERS: &[Member] = &[
    member("static Guid Empty { get; }", |_| Ok(Value::Guid([0; 16]))),
    member("static Guid NewGuid()", |call| Ok(Value::Guid(call.runtime.environment.guid()))),
    member("static Guid Parse(string input)", |call| match call.argument(0) {
        Value::String(text) => match parse(&text.as_str()) {
            Some(guid) => Ok(Value::Guid(guid)),
            None => raise(&registry::FORMAT_EXCEPTION, "Unrecognized Guid format."),
        },
        _ => Err(argument_null("input")),
    }),
    member("static bool TryParse(string input, out Guid result)", |call| {
        let parsed = match call.argument(0) {
            Value::String(text) => parse(&text.as_str()),
            _ => None,
        };
        call.out(1, Value::Guid(parsed.unwrap_or([0; 16])));
        Ok(Value::Bool(parsed.is_some()))
    }),
    member("string ToString(string format)", |call| {
        let (Value::Guid(guid), format) = (call.argument(0), call.argument(1)) else { return Ok(Value::Null) };
        let text = guid_text(*guid);
        let format = match format {
            Value::String(format) => format.as_str().to_ascii_uppercase(),
            _ => String::new(),
        };
        match format.as_str() {
            "" | "D" => Ok(Value::string(text)),
            "N" => Ok(Value::string(text.replace('-', ""))),
            "B" => Ok(Value::string(format!("{{{text}}}"))),
            "P" => Ok(Value::string(format!("({text})"))),
            _ => raise(
                &registry::FORMAT_EXCEPTION,
                "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".",
            ),
        }
    }),
];

/// The forms D, N, B and P.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|t| t.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|t| t.strip_suffix(')')))
        .unwrap_or(text);
    let hyphened = inner.len() == 36 && [8, 13, 18, 23].iter().all(|at| inner.as_bytes().get(*at) == Some(&b'-'));
    if !hyphened && (inner.len() != 32 || inner.len() != text.len()) {
        return None;
    }
    let digits: Vec<u8> =
        inner.bytes().filter(|byte| *byte != b'-').map(|byte| char::from(byte).to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    let mut guid = [0; 16];
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in guid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |value, digit| (value << 4) | digit);
    }
    Some(guid)
}
