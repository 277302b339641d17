//! Tokens to JSON text, as `JsonTextWriter` writes them. Source: JsonWriter.cs, JsonTextWriter.cs, Utilities/JavaScriptUtils.cs.

use std::fmt::Write as _;

use super::{
    Kind, TokenType, big, date, foreign,
    leaf::{self, Leaf},
    tree,
};
use crate::dotnet::{
    display::{self, to_str},
    exception::{BudgetSpent, Raise},
    heap::{Object, Ref},
    runtime::Runtime,
    string::NEWLINE,
    value::Value,
};

/// `JToken.ToString()`: indented JSON, but for a `JValue`, which gives its value's own text.
///
/// # Errors
/// A spent budget: the text is too large.
pub fn to_string(runtime: &Runtime<'_>, token: Ref) -> Result<String, Raise> {
    match runtime.heap.get(token) {
        Object::Token(super::Token { kind: Kind::Value(leaf), .. }) => Ok(to_str(runtime, &leaf.value).to_string()),
        _ => to_json(runtime, token, true),
    }
}

/// `JToken.ToString(Formatting)`: always JSON.
///
/// # Errors
/// A spent budget: the text is too large.
pub fn to_json(runtime: &Runtime<'_>, token: Ref, indented: bool) -> Result<String, Raise> {
    let mut writer = Writer::new(indented);
    writer.token(runtime, token)?;
    Ok(writer.out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Property,
    ObjectStart,
    Object,
    ArrayStart,
    Array,
    ConstructorStart,
    Constructor,
}

/// What is begun.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Value,
    Name,
    Comment,
}

/// JSON text under way.
pub(super) struct Writer {
    /// The text.
    pub(super) out: String,
    is_indented: bool,
    state: State,
    open: Vec<State>,
}

impl Writer {
    /// An empty text.
    pub(super) fn new(is_indented: bool) -> Self {
        Self { out: String::new(), is_indented, state: State::Start, open: Vec::new() }
    }

    /// `AutoComplete`: what goes before a token.
    fn begin(&mut self, runtime: &Runtime<'_>, what: Written) -> Result<(), Raise> {
        if self.out.len() as u64 > runtime.budget.memory {
            return Err(Raise::Budget(BudgetSpent::Memory));
        }
        if matches!(self.state, State::Object | State::Array | State::Constructor) && what != Written::Comment {
            self.out.push(',');
        }
        if self.is_indented {
            if self.state == State::Property {
                self.out.push(' ');
            }
            let is_item = matches!(self.state, State::Array | State::ArrayStart | State::Constructor | State::ConstructorStart);
            if is_item || (what == Written::Name && self.state != State::Start) {
                self.indent(runtime)?;
            }
        }
        self.state = match (what, self.state) {
            (Written::Name, _) => State::Property,
            (Written::Comment, State::ConstructorStart) => State::Constructor,
            (Written::Comment, state) => state,
            (Written::Value, State::Property) => State::Object,
            (Written::Value, State::ArrayStart) => State::Array,
            (Written::Value, State::ConstructorStart) => State::Constructor,
            (Written::Value, state) => state,
        };
        Ok(())
    }

    fn indent(&mut self, runtime: &Runtime<'_>) -> Result<(), Raise> {
        let width = 2 * self.open.len();
        if (self.out.len() + width) as u64 > runtime.budget.memory {
            return Err(Raise::Budget(BudgetSpent::Memory));
        }
        self.out.push_str(NEWLINE);
        (0..width).for_each(|_| self.out.push(' '));
        Ok(())
    }

    fn open(&mut self, runtime: &Runtime<'_>, state: State) -> Result<(), Raise> {
        self.begin(runtime, Written::Value)?;
        self.open.push(self.state);
        self.state = state;
        Ok(())
    }

    /// `{`
    pub(super) fn start_object(&mut self, runtime: &Runtime<'_>) -> Result<(), Raise> {
        self.open(runtime, State::ObjectStart)?;
        self.out.push('{');
        Ok(())
    }

    /// `[`
    pub(super) fn start_array(&mut self, runtime: &Runtime<'_>) -> Result<(), Raise> {
        self.open(runtime, State::ArrayStart)?;
        self.out.push('[');
        Ok(())
    }

    /// `new Name(`
    pub(super) fn start_constructor(&mut self, runtime: &Runtime<'_>, name: &str) -> Result<(), Raise> {
        self.open(runtime, State::ConstructorStart)?;
        let _ = write!(self.out, "new {name}(");
        Ok(())
    }

    /// `"name":`
    pub(super) fn name(&mut self, runtime: &Runtime<'_>, name: &str) -> Result<(), Raise> {
        self.begin(runtime, Written::Name)?;
        quote(name, &mut self.out);
        self.out.push(':');
        Ok(())
    }

    /// The end of the container that is open.
    pub(super) fn end(&mut self, runtime: &Runtime<'_>) -> Result<(), Raise> {
        let close = match self.state {
            State::Object | State::ObjectStart => '}',
            State::Array | State::ArrayStart => ']',
            State::Constructor | State::ConstructorStart => ')',
            State::Property => {
                self.value(runtime, &Leaf::NULL)?;
                '}'
            }
            State::Start => return Ok(()),
        };
        let outer = self.open.pop().unwrap_or(State::Start);
        if self.is_indented && !matches!(self.state, State::ObjectStart | State::ArrayStart) {
            self.indent(runtime)?;
        }
        self.state = outer;
        self.out.push(close);
        Ok(())
    }

    /// A value.
    pub(super) fn value(&mut self, runtime: &Runtime<'_>, leaf: &Leaf) -> Result<(), Raise> {
        if leaf.ty == TokenType::Comment {
            self.begin(runtime, Written::Comment)?;
            let _ = write!(self.out, "/*{}*/", to_str(runtime, &leaf.value));
            return Ok(());
        }
        self.begin(runtime, Written::Value)?;
        let out = &mut self.out;
        match (leaf.ty, &leaf.value) {
            (TokenType::Undefined, _) => out.push_str("undefined"),
            (TokenType::Raw, value) => out.push_str(&to_str(runtime, value).as_str()),
            (TokenType::Null, _) | (_, Value::Null) => out.push_str("null"),
            (_, value) => write_value(runtime, value, out),
        }
        Ok(())
    }

    /// `WriteTo`: a token with everything in it.
    pub(super) fn token(&mut self, runtime: &Runtime<'_>, root: Ref) -> Result<(), Raise> {
        // The containers that are open, and how far each is written.
        let mut open: Vec<(Ref, usize)> = Vec::new();
        self.enter(runtime, root, &mut open)?;
        while let Some((container, at)) = open.last_mut() {
            let token = tree::get(runtime, *container)?;
            match token.child(*at) {
                Some(child) => {
                    *at += 1;
                    self.enter(runtime, child, &mut open)?;
                }
                None => {
                    match &token.kind {
                        Kind::Property(_, Some(_)) => {}
                        Kind::Property(_, None) => self.value(runtime, &Leaf::NULL)?,
                        _ => self.end(runtime)?,
                    }
                    open.pop();
                }
            }
        }
        Ok(())
    }

    fn enter(&mut self, runtime: &Runtime<'_>, of: Ref, open: &mut Vec<(Ref, usize)>) -> Result<(), Raise> {
        match &tree::get(runtime, of)?.kind {
            Kind::Value(leaf) => return self.value(runtime, leaf),
            Kind::Object(_) => self.start_object(runtime)?,
            Kind::Array(_) => self.start_array(runtime)?,
            Kind::Constructor(name, _) => self.start_constructor(runtime, name.as_deref().unwrap_or(""))?,
            Kind::Property(name, _) => self.name(runtime, name)?,
        }
        open.push((of, 0));
        Ok(())
    }
}

fn write_value(runtime: &Runtime<'_>, value: &Value, out: &mut String) {
    match value {
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Double(value) if value.is_finite() => write_real(&display::double(*value), out),
        Value::Single(value) if value.is_finite() => write_real(&display::single(*value), out),
        Value::Decimal(_) => write_real(&to_str(runtime, value).as_str(), out),
        Value::DateTime(value) => quoted(out, |out| date::write(*value, out)),
        Value::DateTimeOffset(value) => quoted(out, |out| date::write_offset(*value, out)),
        Value::Enum(value) => {
            let _ = write!(out, "{}", value.value);
        }
        Value::Char(_) => quote(&to_str(runtime, value).as_str(), out),
        value if value.as_integer().is_some() || runtime.own::<big::Big>(value).is_some() => out.push_str(&to_str(runtime, value).as_str()),
        value => match runtime.bytes(value) {
            Some(bytes) => quoted(out, |out| {
                base64::Engine::encode_string(&base64::engine::general_purpose::STANDARD, bytes, out);
            }),
            None if leaf::is_uri(runtime, value) => quote(&foreign::original_string(runtime, value).as_str(), out),
            None => quote(&to_str(runtime, value).as_str(), out),
        },
    }
}

fn quoted(out: &mut String, write: impl FnOnce(&mut String)) {
    out.push('"');
    write(out);
    out.push('"');
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
    escape(text, '"', out);
    out.push('"');
}

/// The inside of a JSON string between such quotes.
pub(super) fn escape(text: &str, delimiter: char, out: &mut String) {
    let mut rest = text;
    let is_escaped = |c: char| c < ' ' || c == '\\' || c == delimiter || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
        out.push_str(rest.get(..at).unwrap_or(""));
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '"' | '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
        rest = rest.get(at + c.len_utf8()..).unwrap_or("");
    }
    out.push_str(rest);
}
