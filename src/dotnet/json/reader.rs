//! JSON text to tokens, as lenient as Newtonsoft's `JsonTextReader`: comments, single quotes, unquoted names, trailing text is an error.

use indexmap::IndexMap;

use super::{Kind, place};
use crate::{
    dotnet::{
        exception::{Raise, raise},
        heap::Ref,
        number, registry,
        runtime::Runtime,
        string::Str,
        types::Type,
        value::Value,
    },
    text::Text,
};

/// `MaxDepth` of Newtonsoft.Json 13; 12 has none, and no honest body comes near it.
const MAX_DEPTH: usize = 128;

/// Reads one document.
///
/// # Errors
/// `JsonReaderException` with Newtonsoft's message for what it cannot read.
pub fn read(runtime: &mut Runtime<'_>, text: &str) -> Result<Ref, Raise> {
    runtime.allocate(text.len())?;
    let mut reader = Reader { text, at: 0, runtime, depth: 0 };
    reader.space()?;
    if reader.peek().is_none() {
        return raise(&registry::JSON_READER_EXCEPTION, "Error reading JToken from JsonReader. Path '', line 0, position 0.");
    }
    let root = reader.value()?;
    reader.space()?;
    match reader.peek() {
        None => Ok(root),
        Some(c) => reader.fail(&format!("Additional text encountered after finished reading JSON content: {c}.")),
    }
}

struct Reader<'a, 'b, 'c> {
    text: &'a str,
    at: usize,
    runtime: &'b mut Runtime<'c>,
    depth: usize,
}

impl Reader<'_, '_, '_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn fail<T>(&self, message: &str) -> Result<T, Raise> {
        let before = self.text.get(..self.at).unwrap_or("");
        let line = before.matches('\n').count() + 1;
        let position = before.rsplit('\n').next().unwrap_or("").chars().count();
        let message = message.strip_suffix('.').unwrap_or(message);
        raise(&registry::JSON_READER_EXCEPTION, format!("{message}. Path '', line {line}, position {position}."))
    }

    fn space(&mut self) -> Result<(), Raise> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if self.rest().starts_with("//") {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else if self.rest().starts_with("/*") {
                match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return self.fail("Unexpected end while parsing comment."),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self) -> Result<Ref, Raise> {
        self.runtime.step()?;
        match self.peek() {
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"' | '\'') => {
                let text = self.string()?;
                place(self.runtime, Kind::Value(Value::String(text)))
            }
            Some(c) if c == '-' || c.is_ascii_digit() => self.number(),
            Some(c) => self.word(c),
            None => self.fail("Unexpected end of content while loading JToken."),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Ref, Raise>) -> Result<Ref, Raise> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(&format!("The reader's MaxDepth of {MAX_DEPTH} has been exceeded."));
        }
        self.at += 1;
        let token = read(self);
        self.depth -= 1;
        token
    }

    fn object(&mut self) -> Result<Ref, Raise> {
        let mut properties: IndexMap<Text, Ref> = IndexMap::new();
        loop {
            self.space()?;
            if self.take('}') {
                return place(self.runtime, Kind::Object(properties));
            }
            let name = match self.peek() {
                Some('"' | '\'') => self.string()?.to_text(),
                Some(c) if c.is_alphanumeric() || c == '_' || c == '$' => {
                    let end = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(self.rest().len());
                    let name = self.rest().get(..end).unwrap_or("").to_owned();
                    self.at += end;
                    name.into()
                }
                Some(c) => return self.fail(&format!("Invalid property identifier character: {c}.")),
                None => return self.fail("Unexpected end when reading JSON."),
            };
            self.space()?;
            if !self.take(':') {
                let c = self.peek().unwrap_or('\0');
                return self.fail(&format!("Invalid character after parsing property name. Expected ':' but got: {c}."));
            }
            self.space()?;
            let value = self.value()?;
            // The last of two properties of one name wins, in the place of the first.
            let property = place(self.runtime, Kind::Property(name.clone(), value))?;
            properties.insert(name, property);
            self.space()?;
            if !self.take(',') && self.peek() != Some('}') {
                return self.separator();
            }
        }
    }

    fn array(&mut self) -> Result<Ref, Raise> {
        let mut items = Vec::new();
        loop {
            self.space()?;
            if self.take(']') {
                return place(self.runtime, Kind::Array(items));
            }
            items.push(self.value()?);
            self.space()?;
            if !self.take(',') && self.peek() != Some(']') {
                return self.separator();
            }
        }
    }

    fn separator<T>(&self) -> Result<T, Raise> {
        match self.peek() {
            Some(c) => self.fail(&format!("After parsing a value an unexpected character was encountered: {c}.")),
            None => self.fail("Unexpected end of content while loading JObject."),
        }
    }

    fn string(&mut self) -> Result<Str, Raise> {
        let quote = self.peek().unwrap_or('"');
        self.at += 1;
        let start = self.at;
        let plain = self.rest().find([quote, '\\']).unwrap_or(self.rest().len());
        if self.rest().get(plain..).is_some_and(|rest| rest.starts_with(quote)) {
            self.at += plain + 1;
            return Ok(self.text.get(start..start + plain).unwrap_or("").to_owned().into());
        }
        let mut units: Vec<u16> = Vec::new();
        loop {
            let Some(c) = self.peek() else { return self.fail(&format!("Unterminated string. Expected delimiter: {quote}.")) };
            self.at += c.len_utf8();
            if c == quote {
                return Ok(Str::from_units(&units));
            }
            if c != '\\' {
                units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
                continue;
            }
            let Some(escape) = self.peek() else { return self.fail(&format!("Unterminated string. Expected delimiter: {quote}.")) };
            self.at += escape.len_utf8();
            let unit = match escape {
                'b' => 8,
                't' => 9,
                'n' => 10,
                'f' => 12,
                'r' => 13,
                '"' | '\'' | '\\' | '/' => escape as u16,
                'u' => match self.rest().get(..4).and_then(|hex| u16::from_str_radix(hex, 16).ok()) {
                    Some(unit) => {
                        self.at += 4;
                        unit
                    }
                    None => return self.fail("Unexpected end while parsing Unicode escape sequence."),
                },
                other => return self.fail(&format!("Bad JSON escape sequence: \\{other}.")),
            };
            units.push(unit);
        }
    }

    fn number(&mut self) -> Result<Ref, Raise> {
        let end = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'))).unwrap_or(self.rest().len());
        let text = self.rest().get(..end).unwrap_or("").to_owned();
        let value = number::parse(&text, &Type::INT64).or_else(|| number::parse(&text, &Type::DOUBLE));
        let Some(value) = value else { return self.fail(&format!("Input string '{text}' is not a valid number.")) };
        self.at += end;
        place(self.runtime, Kind::Value(value))
    }

    fn word(&mut self, first: char) -> Result<Ref, Raise> {
        for (word, value) in [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
            ("undefined", Value::Null),
            ("NaN", Value::Double(f64::NAN)),
            ("Infinity", Value::Double(f64::INFINITY)),
        ] {
            if self.rest().starts_with(word)
                && !self.rest().get(word.len()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric()))
            {
                self.at += word.len();
                return place(self.runtime, Kind::Value(value));
            }
        }
        self.fail(&format!("Unexpected character encountered while parsing value: {first}."))
    }
}
