//! `System.Uri` (its escaping) and `System.Net.WebUtility`.

use super::{
    exception::{Raise, argument_null},
    member::{Call, Member, member},
    string::Str,
    value::Value,
};

crate::classes! {
    URI = class("System", "Uri").members(URI_MEMBERS);
    WEB_UTILITY = statics("System.Net", "WebUtility").members(WEB_UTILITY_MEMBERS);
}

/// The members of `Uri`.
pub const URI_MEMBERS: &[Member] = &[
    member("static string EscapeDataString(string stringToEscape)", |call| {
        with_text(call, "stringToEscape", |text| Ok(escape(text, b"-_.~")))
    }),
    member("static string UnescapeDataString(string stringToUnescape)", |call| {
        with_text(call, "stringToUnescape", |text| Ok(unescape(text, false)))
    }),
];

/// The members of `WebUtility`.
pub const WEB_UTILITY_MEMBERS: &[Member] = &[
    member("static string UrlEncode(string value)", |call| optional(call, |text| escape(text, b"-_.!*()").replace("%20", "+"))),
    member("static string UrlDecode(string encodedValue)", |call| optional(call, |text| unescape(text, true))),
];

fn with_text(call: &Call<'_, '_>, parameter: &str, map: impl Fn(&str) -> Result<String, Raise>) -> Result<Value, Raise> {
    match call.argument(0) {
        Value::String(text) => map(&text.as_str()).map(Value::string),
        _ => Err(argument_null(parameter)),
    }
}

fn optional(call: &Call<'_, '_>, map: impl Fn(&str) -> String) -> Result<Value, Raise> {
    Ok(match call.argument(0) {
        Value::String(text) => Value::String(Str::from(map(&text.as_str()))),
        _ => Value::Null,
    })
}

/// Percent-encodes everything but letters, digits and `unreserved`. Source: RFC 3986 section 2.3.
fn escape(text: &str, unreserved: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || unreserved.contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            for digit in [byte >> 4, byte & 15] {
                escaped.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    escaped
}

/// Resolves percent escapes as `Uri.UnescapeDataString` does: what makes no UTF-8 stays as it is written.
pub fn unescape(text: &str, plus_is_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let run: Vec<u8> = rest
            .as_bytes()
            .chunks(3)
            .map_while(|chunk| match chunk {
                [b'%', high, low] => Some((char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?) as u8),
                _ => None,
            })
            .collect();
        if run.is_empty() {
            out.push(if c == '+' && plus_is_space { ' ' } else { c });
            rest = rest.get(c.len_utf8()..).unwrap_or("");
            continue;
        }
        let mut bytes = run.as_slice();
        while let Some((first, after)) = bytes.split_first() {
            match std::str::from_utf8(bytes) {
                Ok(valid) => {
                    out.push_str(valid);
                    break;
                }
                Err(error) if error.valid_up_to() > 0 => {
                    let (valid, remaining) = bytes.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(valid));
                    bytes = remaining;
                }
                Err(_) => {
                    out.push_str(&format!("%{first:02X}"));
                    bytes = after;
                }
            }
        }
        rest = rest.get(run.len() * 3..).unwrap_or("");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_go_there_and_back() {
        assert_eq!(escape("a b/ü~", b"-_.~"), "a%20b%2F%C3%BC~");
        assert_eq!(unescape("a%20b%2F%C3%BC~+", false), "a b/ü~+");
        assert_eq!(unescape("a+%ff%41%", true), "a %FFA%");
    }
}
