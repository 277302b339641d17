//! Tokens to JSON text, as Newtonsoft's `JsonTextWriter` writes them.

use std::fmt::Write as _;

use super::{Kind, Token};
use crate::dotnet::{
    display::{self, to_str},
    exception::{BudgetSpent, Raise},
    heap::{Object, Ref},
    runtime::Runtime,
    value::Value,
};

/// The newline of indented JSON. The gateway's own is not documented.
const NEWLINE: &str = "\n";

/// `JToken.ToString()`: indented JSON, but for a `JValue`, which gives its value's own text.
///
/// # Errors
/// A spent budget: the tree is too deep or too large.
pub fn to_string(runtime: &Runtime<'_>, token: Ref) -> Result<String, Raise> {
    match runtime.heap.get(token) {
        Object::Token(Token { kind: Kind::Value(value), .. }) => Ok(to_str(runtime, value).to_string()),
        _ => to_json(runtime, token, true),
    }
}

/// `JToken.ToString(Formatting)`: always JSON.
///
/// # Errors
/// A spent budget: the tree is too deep or too large.
pub fn to_json(runtime: &Runtime<'_>, token: Ref, indented: bool) -> Result<String, Raise> {
    let mut out = String::new();
    write(runtime, token, indented, 0, &mut out)?;
    Ok(out)
}

fn write(runtime: &Runtime<'_>, token: Ref, indented: bool, level: u32, out: &mut String) -> Result<(), Raise> {
    if level >= runtime.budget.depth {
        return Err(Raise::Budget(BudgetSpent::Depth));
    }
    if out.len() as u64 > runtime.budget.memory {
        return Err(Raise::Budget(BudgetSpent::Memory));
    }
    let Object::Token(token) = runtime.heap.get(token) else { return Ok(()) };
    let (open, close) = match &token.kind {
        Kind::Object(_) => ('{', '}'),
        Kind::Array(_) => ('[', ']'),
        Kind::Property(name, value) => {
            quote(name, out);
            out.push_str(if indented { ": " } else { ":" });
            return write(runtime, *value, indented, level, out);
        }
        Kind::Value(value) => {
            write_value(runtime, value, out);
            return Ok(());
        }
    };
    let newline = |level: u32, out: &mut String| {
        if indented {
            out.push_str(NEWLINE);
            (0..level).for_each(|_| out.push_str("  "));
        }
    };
    out.push(open);
    let mut is_empty = true;
    for child in token.children() {
        if !std::mem::take(&mut is_empty) {
            out.push(',');
        }
        newline(level + 1, out);
        write(runtime, child, indented, level + 1, out)?;
    }
    if !is_empty {
        newline(level, out);
    }
    out.push(close);
    Ok(())
}

fn write_value(runtime: &Runtime<'_>, value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Double(value) if value.is_finite() => write_real(&display::double(*value), out),
        Value::Single(value) if value.is_finite() => write_real(&display::single(*value), out),
        Value::Decimal(value) => write_real(&value.to_string(), out),
        value if value.as_integer().is_some() && !matches!(value, Value::Char(_)) => out.push_str(&to_str(runtime, value).as_str()),
        value => quote(&to_str(runtime, value).as_str(), out),
    }
}

/// A real number keeps its point, so that it reads back as one.
fn write_real(text: &str, out: &mut String) {
    out.push_str(text);
    if !text.contains(['.', 'E']) {
        out.push_str(".0");
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
