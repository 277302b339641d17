//! Tokens to JSON text, as Newtonsoft's `JsonTextWriter` writes them.

use std::fmt::Write as _;

use super::{Kind, Token};
use crate::dotnet::{
    display::{self, to_str},
    heap::{Object, Ref},
    runtime::Runtime,
    value::Value,
};

/// The newline of indented JSON. The gateway's own is not documented.
const NEWLINE: &str = "\n";

/// `JToken.ToString()`: indented JSON, but for a `JValue`, which gives its value's own text.
pub fn to_string(runtime: &Runtime<'_>, token: Ref, indented: bool) -> String {
    match runtime.heap.get(token) {
        Object::Token(Token { kind: Kind::Value(value), .. }) => to_str(runtime, value).to_string(),
        _ => to_json(runtime, token, indented),
    }
}

/// `JToken.ToString(Formatting)`: always JSON.
pub fn to_json(runtime: &Runtime<'_>, token: Ref, indented: bool) -> String {
    let mut out = String::new();
    write(runtime, token, indented.then_some(0), &mut out);
    out
}

fn write(runtime: &Runtime<'_>, token: Ref, indent: Option<usize>, out: &mut String) {
    let Object::Token(token) = runtime.heap.get(token) else { return };
    match &token.kind {
        Kind::Object(properties) => write_all(runtime, '{', properties.values().copied(), '}', indent, out),
        Kind::Array(items) => write_all(runtime, '[', items.iter().copied(), ']', indent, out),
        Kind::Property(name, value) => {
            quote(name, out);
            out.push_str(if indent.is_some() { ": " } else { ":" });
            write(runtime, *value, indent, out);
        }
        Kind::Value(value) => write_value(runtime, value, out),
    }
}

fn write_all(runtime: &Runtime<'_>, open: char, children: impl Iterator<Item = Ref>, close: char, indent: Option<usize>, out: &mut String) {
    let newline = |level: usize, out: &mut String| {
        out.push_str(NEWLINE);
        out.push_str(&"  ".repeat(level));
    };
    out.push(open);
    let mut is_empty = true;
    for child in children {
        if !is_empty {
            out.push(',');
        }
        is_empty = false;
        if let Some(level) = indent {
            newline(level + 1, out);
        }
        write(runtime, child, indent.map(|level| level + 1), out);
    }
    if let (Some(level), false) = (indent, is_empty) {
        newline(level, out);
    }
    out.push(close);
}

fn write_value(runtime: &Runtime<'_>, value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Double(value) if value.is_finite() => {
            let text = display::double(*value);
            out.push_str(&text);
            // A float keeps its point, so that it reads back as one.
            if !text.contains(['.', 'E']) {
                out.push_str(".0");
            }
        }
        value if value.as_integer().is_some() && !matches!(value, Value::Char(_)) => out.push_str(&to_str(runtime, value).as_str()),
        value => quote(&to_str(runtime, value).as_str(), out),
    }
}

/// A JSON string with Newtonsoft's escapes: control characters, and U+0085, U+2028, U+2029.
pub fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
