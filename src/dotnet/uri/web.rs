//! `System.Net.WebUtility`. Source: dotnet/runtime, WebUtility.cs.

use super::entities;
use crate::dotnet::{
    exception::{Raise, argument_null, throw},
    heap::Object,
    member::{Call, Member, member},
    registry,
    string::{Str, at},
    value::Value,
};

/// The members of `WebUtility`.
pub const MEMBERS: &[Member] = &[
    member("static string UrlEncode(string value)", |call| optional(call, |text| url_encode(&text.as_str()))),
    member("static string UrlDecode(string encodedValue)", |call| optional(call, |text| url_decode(&text.as_str()))),
    member("static byte[] UrlEncodeToBytes(byte[] value, int offset, int count)", |call| {
        bytes(call, |bytes| bytes.iter().flat_map(|byte| encoded(*byte)).collect())
    }),
    member("static byte[] UrlDecodeToBytes(byte[] encodedValue, int offset, int count)", |call| {
        bytes(call, |bytes| {
            let mut out = Vec::with_capacity(bytes.len());
            let mut rest = bytes;
            while let Some((first, after)) = rest.split_first() {
                let escape = escape_of(rest);
                out.push(escape.unwrap_or(if *first == b'+' { b' ' } else { *first }));
                rest = if escape.is_some() { rest.get(3..).unwrap_or(&[]) } else { after };
            }
            out
        })
    }),
    member("static string HtmlEncode(string value)", |call| optional(call, |text| html_encode(&text.as_str()))),
    member("static string HtmlDecode(string value)", |call| optional(call, |text| html_decode(&text.as_str()))),
    member("static void HtmlEncode(string value, TextWriter output)", |call| into(call, html_encode)),
    member("static void HtmlDecode(string value, TextWriter output)", |call| into(call, html_decode)),
];

fn optional(call: &mut Call<'_, '_>, map: impl Fn(&Str) -> String) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Ok(Value::Null) };
    // `&#128512;` for four bytes, `%XX` for one.
    call.runtime.allocate(text.bytes().saturating_mul(6))?;
    Ok(Value::string(map(text)))
}

/// The result goes to a `TextWriter`.
fn into(call: &mut Call<'_, '_>, map: fn(&str) -> String) -> Result<Value, Raise> {
    if call.argument(1).is_null() {
        return Err(argument_null("output"));
    }
    if let Value::String(text) = optional(call, |text| map(&text.as_str()))? {
        crate::dotnet::string_builder::write(call.runtime, call.argument(1), &text)?;
    }
    Ok(Value::Null)
}

fn bytes(call: &mut Call<'_, '_>, map: impl Fn(&[u8]) -> Vec<u8>) -> Result<Value, Raise> {
    let range_error = |parameter: &str| {
        let message = format!("Specified argument was out of the range of valid values. (Parameter '{parameter}')");
        throw(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message)
    };
    let (offset, count) = (at(call, 1), at(call, 2));
    let Some(length) = call.runtime.bytes(call.argument(0)).map(<[u8]>::len) else {
        return if count == Some(0) { Ok(Value::Null) } else { Err(argument_null("bytes")) };
    };
    let offset = offset.filter(|offset| *offset <= length).ok_or_else(|| range_error("offset"))?;
    let end = count.and_then(|count| offset.checked_add(count)).filter(|end| *end <= length).ok_or_else(|| range_error("count"))?;
    call.runtime.allocate((end - offset).saturating_mul(3))?;
    let mapped = map(call.runtime.bytes(call.argument(0)).and_then(|bytes| bytes.get(offset..end)).unwrap_or(&[]));
    Ok(call.runtime.heap.value(Object::Bytes(mapped)))
}

/// A byte in a form: as it is, `+` for a space, else an escape.
fn encoded(byte: u8) -> Vec<u8> {
    match byte {
        b' ' => vec![b'+'],
        byte if byte.is_ascii_alphanumeric() || b"-_.!*()".contains(&byte) => vec![byte],
        byte => format!("%{byte:02X}").into_bytes(),
    }
}

fn url_encode(text: &str) -> String {
    text.bytes().flat_map(encoded).map(char::from).collect()
}

/// The byte of an escape at the beginning.
fn escape_of(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [b'%', high, low, ..] => Some((char::from(*high).to_digit(16)? * 16 + char::from(*low).to_digit(16)?) as u8),
        _ => None,
    }
}

/// Bytes that are no UTF-8 become U+FFFD.
fn url_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escape = escape_of(rest);
        out.push(escape.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escape.is_some() { rest.get(3..).unwrap_or(&[]) } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn html_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '\u{A0}'..='\u{FF}' | '\u{10000}'.. => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn html_decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inner = from.get(1..).unwrap_or("");
        let entity = inner.find([';', '&']).filter(|end| inner.as_bytes().get(*end) == Some(&b';')).and_then(|end| inner.get(..end));
        let Some(entity) = entity else {
            out.push('&');
            rest = inner;
            continue;
        };
        let after = inner.get(entity.len() + 1..).unwrap_or("");
        match entity.strip_prefix('#').filter(|digits| !digits.is_empty()) {
            Some(digits) => match numbered(digits) {
                Some(c) => {
                    out.push(c);
                    rest = after;
                }
                None => {
                    out.push('&');
                    rest = inner;
                }
            },
            None => {
                match entities::lookup(entity) {
                    Some(c) => out.push(c),
                    None => out.push_str(&format!("&{entity};")),
                }
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// `NumberStyles.Integer` admits white space and a sign around decimal digits; the hexadecimal style admits neither.
fn numbered(digits: &str) -> Option<char> {
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hex) if hex.starts_with('+') => return None,
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => digits.trim_matches([' ', '\t', '\n', '\r', '\x0B', '\x0C']).parse().ok()?,
    };
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: dotnet/runtime, src/libraries/System.Runtime.Extensions/tests/System/Net/WebUtility.cs.
    #[test]
    fn html_there_and_back() {
        assert_eq!(html_encode("<a href=\"x\">'&é😀€"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#233;&#128512;€");
        for (text, expected) in [
            ("&lt;&gt;&quot;&apos;&#39;&amp;", "<>\"''&"),
            ("&eacute;&hearts;&thetasym;", "é♥ϑ"),
            ("&#229;&#xE5;&#XE5;", "ååå"),
            ("&#x1F600;", "😀"),
            ("&unknown;&", "&unknown;&"),
            ("&lt&lt;", "&lt<"),
            ("&#xD800;&#;&;", "&#xD800;&#;&;"),
        ] {
            assert_eq!(html_decode(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_there_and_back() {
        assert_eq!(url_encode("a b/ü~'!*()-_."), "a+b%2F%C3%BC%7E%27!*()-_.");
        assert_eq!(url_decode("a+b%26%c3%A9%zz%4"), "a b&é%zz%4");
        assert_eq!(url_decode("%FF"), "\u{FFFD}");
    }
}
