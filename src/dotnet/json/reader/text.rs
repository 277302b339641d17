//! Text: white space, structure, words, comments, names. Source: JsonTextReader.cs.

use super::{Container, Event, ReadType, Reader, State};
use crate::dotnet::{exception::Raise, runtime::Runtime, value::Value};

/// A place in a text.
pub(super) struct Place<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    line: usize,
    line_start: usize,
    /// How far the line's code units are counted, and how many they are: a long line is counted once.
    counted: (usize, usize),
    /// Whether the reader has looked behind the end: only then does it know that the text has one.
    is_end_seen: bool,
}

impl<'t> Place<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, line: 1, line_start: 0, counted: (0, 0), is_end_seen: false }
    }

    /// The line, and the UTF-16 code units before the place in it.
    pub(super) fn position(&self) -> (usize, usize) {
        let (from, units) = if self.counted.0 >= self.line_start { self.counted } else { (self.line_start, 0) };
        let before = self.text.get(from..self.at).unwrap_or("");
        (self.line, units + if before.is_ascii() { before.len() } else { before.encode_utf16().count() })
    }

    /// The position of a token, from which the next is counted.
    pub(super) fn mark(&mut self) -> (usize, usize) {
        let (line, position) = self.position();
        self.counted = (self.at, position);
        (line, position)
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn char(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// The character at the place, to be named in a message.
    pub(super) fn named(&self) -> String {
        self.char().unwrap_or('\0').to_string()
    }

    /// `EnsureChars`
    pub(super) fn has(&mut self, ahead: usize) -> bool {
        let has = self.at + ahead < self.text.len();
        self.is_end_seen |= !has;
        has
    }

    pub(super) fn line_feed(&mut self) {
        self.at += 1;
        self.line += 1;
        self.line_start = self.at;
    }

    pub(super) fn carriage_return(&mut self) {
        self.at += 1;
        // The reader looks one character too far: a line feed that ends the text counts as a line of its own.
        if self.has(1) && self.byte(0) == Some(b'\n') {
            self.at += 1;
        }
        self.line += 1;
        self.line_start = self.at;
    }

    /// Goes past a character that stands between tokens; false where there is none.
    pub(super) fn white_space(&mut self) -> bool {
        match self.byte(0) {
            Some(b'\r') => self.carriage_return(),
            Some(b'\n') => self.line_feed(),
            Some(b' ' | b'\t' | 0) => self.at += 1,
            Some(_) => match self.char() {
                Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                _ => return false,
            },
            None => {
                self.is_end_seen = true;
                return false;
            }
        }
        true
    }

    pub(super) fn skip_white_space(&mut self) {
        while self.white_space() {}
    }
}

impl<'t> Reader<'t> {
    pub(super) fn unexpected(&self, c: &str) -> Raise {
        self.fault(&format!("Unexpected character encountered while parsing value: {c}."))
    }

    pub(super) fn unexpected_end(&self) -> Raise {
        self.fault("Unexpected end when reading JSON.")
    }

    pub(super) fn read_text(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        loop {
            match self.state {
                State::Start | State::Property | State::Array | State::ArrayStart | State::Constructor | State::ConstructorStart => {
                    return self.parse_value(runtime);
                }
                State::Object | State::ObjectStart => return self.parse_object(runtime),
                State::PostValue => {
                    if self.parse_post_value(runtime, false)? {
                        return Ok(true);
                    }
                }
                State::Finished => return self.parse_rest(runtime),
            }
        }
    }

    /// What stands behind the document: nothing but comments.
    fn parse_rest(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        let place = &mut self.text;
        if place.has(0) {
            place.skip_white_space();
            if !place.is_end_seen {
                if place.byte(0) == Some(b'/') {
                    return self.parse_comment(runtime, true);
                }
                let c = place.named();
                return Err(self.fault(&format!("Additional text encountered after finished reading JSON content: {c}.")));
            }
        }
        self.set(Event::None, Value::Null, true)?;
        Ok(false)
    }

    fn parse_value(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        self.text.skip_white_space();
        let place = &mut self.text;
        let Some(byte) = place.byte(0) else { return Ok(false) };
        match byte {
            b'"' | b'\'' => self.parse_string(runtime, byte, ReadType::Read)?,
            b't' => self.parse_word("true", Event::Boolean, Value::Bool(true), "boolean")?,
            b'f' => self.parse_word("false", Event::Boolean, Value::Bool(false), "boolean")?,
            b'n' if place.has(1) => match place.byte(1) {
                Some(b'u') => self.parse_word("null", Event::Null, Value::Null, "null")?,
                Some(b'e') => self.parse_constructor()?,
                _ => return Err(self.unexpected("n")),
            },
            b'n' => {
                place.at += 1;
                return Err(self.unexpected_end());
            }
            b'N' => self.parse_word("NaN", Event::Float, Value::Double(f64::NAN), "NaN")?,
            b'I' => self.parse_word("Infinity", Event::Float, Value::Double(f64::INFINITY), "Infinity")?,
            b'-' if place.byte(1) == Some(b'I') => {
                self.parse_word("-Infinity", Event::Float, Value::Double(f64::NEG_INFINITY), "-Infinity")?;
            }
            b'-' => self.parse_number(runtime, ReadType::Read)?,
            b'/' => return self.parse_comment(runtime, true),
            b'u' => self.parse_word("undefined", Event::Undefined, Value::Null, "undefined")?,
            b'{' => return self.structure(Event::StartObject),
            b'[' => return self.structure(Event::StartArray),
            b']' => return self.structure(Event::EndArray),
            b')' => return self.structure(Event::EndConstructor),
            // An item that is left out; the comma is read again by what follows.
            b',' => return self.token(Event::Undefined),
            _ => match place.char() {
                Some(c) if c == '.' || c.is_numeric() => self.parse_number(runtime, ReadType::Read)?,
                c => return Err(self.unexpected(&c.unwrap_or('\0').to_string())),
            },
        }
        Ok(true)
    }

    fn structure(&mut self, event: Event) -> Result<bool, Raise> {
        self.text.at += 1;
        self.token(event)
    }

    fn parse_object(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        self.text.skip_white_space();
        match self.text.byte(0) {
            None => Ok(false),
            Some(b'}') => {
                self.set(Event::EndObject, Value::Null, true)?;
                self.text.at += 1;
                Ok(true)
            }
            Some(b'/') => self.parse_comment(runtime, true),
            Some(_) => self.parse_property(runtime),
        }
    }

    fn parse_property(&mut self, runtime: &mut Runtime<'_>) -> Result<bool, Raise> {
        let name = match self.text.char() {
            Some(quote @ ('"' | '\'')) => self.read_string(runtime, quote as u8)?,
            Some(c) if is_identifier(c) => self.read_unquoted_name()?,
            c => return Err(self.fault(&format!("Invalid property identifier character: {}.", c.unwrap_or('\0')))),
        };
        self.text.skip_white_space();
        if self.text.byte(0) != Some(b':') {
            let c = self.text.named();
            return Err(self.fault(&format!("Invalid character after parsing property name. Expected ':' but got: {c}.")));
        }
        self.text.at += 1;
        let name = name.into_value(runtime)?;
        self.set(Event::PropertyName, name, true)?;
        Ok(true)
    }

    fn read_unquoted_name(&mut self) -> Result<super::string::Read<'t>, Raise> {
        let place = &mut self.text;
        let start = place.at;
        loop {
            match place.char() {
                None => return Err(self.fault("Unexpected end while parsing unquoted property name.")),
                Some(c) if is_identifier(c) => place.at += c.len_utf8(),
                Some(c) if c.is_whitespace() || c == ':' || c == '\0' => {
                    return Ok(super::string::Read::borrowed(place.text.get(start..place.at).unwrap_or("")));
                }
                Some(c) => return Err(self.fault(&format!("Invalid JavaScript property identifier character: {c}."))),
            }
        }
    }

    /// What stands behind a value: true where a token ends there.
    pub(super) fn parse_post_value(&mut self, runtime: &mut Runtime<'_>, is_comment_skipped: bool) -> Result<bool, Raise> {
        loop {
            self.text.skip_white_space();
            match self.text.byte(0) {
                None => {
                    self.state = State::Finished;
                    return Ok(false);
                }
                Some(b'}') => return self.structure(Event::EndObject),
                Some(b']') => return self.structure(Event::EndArray),
                Some(b')') => return self.structure(Event::EndConstructor),
                Some(b'/') => {
                    self.parse_comment(runtime, !is_comment_skipped)?;
                    if !is_comment_skipped {
                        return Ok(true);
                    }
                }
                Some(b',') => {
                    self.text.at += 1;
                    self.resume();
                    return Ok(false);
                }
                Some(_) => {
                    let c = self.text.named();
                    return Err(self.fault(&format!("After parsing a value an unexpected character was encountered: {c}.")));
                }
            }
        }
    }

    /// `MatchValueWithTrailingSeparator`
    pub(super) fn matches(&mut self, word: &str) -> Result<bool, Raise> {
        let is_constructor = matches!(self.state, State::Constructor | State::ConstructorStart);
        let place = &mut self.text;
        if !place.has(word.len() - 1) {
            place.at = place.text.len();
            return Err(self.unexpected_end());
        }
        let same = place.text.as_bytes().iter().skip(place.at).zip(word.as_bytes()).take_while(|(a, b)| a == b).count();
        place.at += same;
        // A place inside a character would be no place.
        while !place.text.is_char_boundary(place.at) {
            place.at -= 1;
        }
        if same < word.len() {
            return Ok(false);
        }
        if !place.has(0) {
            return Ok(true);
        }
        Ok(match place.byte(0) {
            Some(b'}' | b']' | b',' | 0) => true,
            Some(b'/') => place.has(1) && matches!(place.byte(1), Some(b'*' | b'/')),
            Some(b')') => is_constructor,
            _ => place.char().is_some_and(char::is_whitespace),
        })
    }

    /// A word that is a value.
    pub(super) fn parse_word(&mut self, word: &str, event: Event, value: Value, what: &str) -> Result<(), Raise> {
        if self.matches(word)? { self.set(event, value, true) } else { Err(self.fault(&format!("Error parsing {what} value."))) }
    }

    /// `new Date(`
    fn parse_constructor(&mut self) -> Result<(), Raise> {
        if !self.matches("new")? {
            return Err(self.fault("Unexpected content while parsing JSON."));
        }
        let place = &mut self.text;
        place.skip_white_space();
        let start = place.at;
        let end = loop {
            match place.char() {
                None => return Err(self.fault("Unexpected end while parsing constructor.")),
                Some(c) if c.is_alphanumeric() => place.at += c.len_utf8(),
                Some('(') => break place.at,
                Some(c) if c.is_whitespace() || c == '\0' => {
                    let end = place.at;
                    place.white_space();
                    break end;
                }
                Some(c) => return Err(self.fault(&format!("Unexpected character while parsing constructor: {c}."))),
            }
        };
        let name = place.text.get(start..end).unwrap_or("").to_owned();
        place.skip_white_space();
        if place.byte(0) != Some(b'(') {
            let c = place.named();
            return Err(self.fault(&format!("Unexpected character while parsing constructor: {c}.")));
        }
        place.at += 1;
        self.set(Event::StartConstructor, Value::string(name), true)
    }

    pub(super) fn parse_comment(&mut self, runtime: &mut Runtime<'_>, is_token: bool) -> Result<bool, Raise> {
        let place = &mut self.text;
        place.at += 1;
        if !place.has(1) {
            return Err(self.fault("Unexpected end while parsing comment."));
        }
        let is_line = match place.byte(0) {
            Some(b'*') => false,
            Some(b'/') => true,
            _ => {
                let c = place.named();
                return Err(self.fault(&format!("Error parsing comment. Expected: *, got {c}.")));
            }
        };
        place.at += 1;
        let start = place.at;
        let end = loop {
            match place.byte(0) {
                None if is_line => {
                    place.is_end_seen = true;
                    break place.at;
                }
                None => return Err(self.fault("Unexpected end while parsing comment.")),
                Some(b'\r' | b'\n') if is_line => break place.at,
                Some(b'\r') => place.carriage_return(),
                Some(b'\n') => place.line_feed(),
                Some(b'*') if !is_line && place.byte(1) == Some(b'/') => {
                    place.at += 2;
                    break place.at - 2;
                }
                Some(_) => place.at += place.char().map_or(1, char::len_utf8),
            }
        };
        let comment = place.text.get(start..end).unwrap_or("");
        runtime.work(comment.len())?;
        if is_token {
            runtime.allocate(comment.len())?;
            let comment = Value::string(comment.to_owned());
            self.set(Event::Comment, comment, true)?;
        }
        Ok(true)
    }

    /// Whether the reader stands in an array, or behind a value.
    pub(super) fn may_end_array(&self) -> bool {
        matches!(self.state, State::Array | State::ArrayStart | State::PostValue) && self.scope.container != Container::None
    }
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
