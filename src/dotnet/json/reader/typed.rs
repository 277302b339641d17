//! Tokens read as what is asked for: `ReadAsInt32` and its like. Source: JsonReader.cs, JsonTextReader.cs.

use super::{Event, Reader, State};
use crate::dotnet::{
    boolean,
    datetime::{DateTime, DateTimeOffset, Kind},
    display::to_str,
    exception::Raise,
    heap::Object,
    json::{big, convert, date},
    number,
    runtime::Runtime,
    types::Type,
    value::Value,
};

/// `ReadType`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dotnet::json) enum ReadType {
    Read,
    Int32,
    Int64,
    Bytes,
    String,
    Decimal,
    DateTime,
    DateTimeOffset,
    Double,
    Boolean,
}

impl ReadType {
    fn name(self) -> &'static str {
        match self {
            Self::Int32 | Self::Int64 => "integer",
            Self::Bytes => "bytes",
            Self::Decimal => "decimal",
            Self::DateTime | Self::DateTimeOffset => "date",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Read | Self::String => "string",
        }
    }
}

impl Reader<'_> {
    /// `ReadForType`: goes to the next token and reads it as what a type wants; false at the end.
    pub(in crate::dotnet::json) fn read_for(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<bool, Raise> {
        match kind {
            ReadType::Read => Ok(self.read(runtime)? && self.move_to_content(runtime)?),
            ReadType::Int64 => {
                let found = self.read(runtime)? && self.move_to_content(runtime)?;
                if self.event == Event::Undefined {
                    return Err(self.fault("An undefined token is not a valid System.Int64."));
                }
                Ok(found)
            }
            kind => {
                runtime.step()?;
                if self.tree.is_some() {
                    self.read_tree_as(runtime, kind)?
                } else {
                    self.read_text_as(runtime, kind)?
                }
                Ok(self.event != Event::None)
            }
        }
    }

    fn read_text_as(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<(), Raise> {
        if self.state == State::Finished {
            return self.finish(runtime);
        }
        if self.state == State::PostValue && self.parse_post_value(runtime, true)? {
            return Ok(());
        }
        let is_number = matches!(kind, ReadType::Int32 | ReadType::Decimal | ReadType::Double);
        let is_date = matches!(kind, ReadType::DateTime | ReadType::DateTimeOffset);
        let is_text = kind == ReadType::String;
        loop {
            self.text.skip_white_space();
            let Some(c) = self.text.char() else {
                return self.set(Event::None, Value::Null, false);
            };
            match c {
                '"' | '\'' => {
                    self.parse_string(runtime, c as u8, kind)?;
                    return self.convert_text(runtime, kind);
                }
                'n' => return self.read_null(),
                '/' => {
                    self.parse_comment(runtime, false)?;
                }
                ',' => {
                    self.text.at += 1;
                    if self.state != State::PostValue {
                        self.set(Event::Undefined, Value::Null, true)?;
                        return Err(self.unexpected(","));
                    }
                    self.resume();
                }
                ']' => {
                    let may_end = self.may_end_array();
                    self.text.at += 1;
                    return if may_end { self.set(Event::EndArray, Value::Null, true) } else { Err(self.unexpected("]")) };
                }
                '-' if self.text.byte(1) == Some(b'I') && (is_number || is_text) => {
                    return self.read_symbol("-Infinity", f64::NEG_INFINITY, kind);
                }
                'I' if is_number || is_text || is_date => return self.read_symbol("Infinity", f64::INFINITY, kind),
                'N' if is_number || is_text || is_date => return self.read_symbol("NaN", f64::NAN, kind),
                '-' | '.' | '0'..='9' if is_number || is_text => return self.parse_number(runtime, kind),
                '-' | '.' | '0'..='9' if kind == ReadType::Boolean => {
                    self.parse_number(runtime, ReadType::Read)?;
                    return self.convert_number(runtime, kind);
                }
                't' | 'f' if is_text || kind == ReadType::Boolean => {
                    let word = if c == 't' { "true" } else { "false" };
                    if !self.matches(word)? {
                        let c = self.text.named();
                        return Err(self.unexpected(&c));
                    }
                    return if is_text {
                        self.set(Event::String, Value::string(word), true)
                    } else {
                        self.set(Event::Boolean, Value::Bool(c == 't'), true)
                    };
                }
                '[' if kind == ReadType::Bytes => {
                    self.text.at += 1;
                    self.set(Event::StartArray, Value::Null, true)?;
                    return self.read_array_into_bytes(runtime);
                }
                '{' if kind == ReadType::Bytes => {
                    self.text.at += 1;
                    self.set(Event::StartObject, Value::Null, true)?;
                    self.read(runtime)?;
                    return Err(self.fault("Error reading bytes. Unexpected token: StartObject."));
                }
                c => {
                    self.text.at += c.len_utf8();
                    return Err(self.unexpected(&c.to_string()));
                }
            }
        }
    }

    /// `ReadFinished`
    fn finish(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        self.read(runtime)?;
        self.set(Event::None, Value::Null, true)
    }

    fn read_null(&mut self) -> Result<(), Raise> {
        let place = &mut self.text;
        if !place.has(1) {
            place.at = place.text.len();
            return Err(self.unexpected_end());
        }
        if place.byte(1) == Some(b'u') {
            return self.parse_word("null", Event::Null, Value::Null, "null");
        }
        place.at += 1;
        let c = place.named();
        place.at += c.len();
        Err(self.unexpected(&c))
    }

    fn read_symbol(&mut self, word: &'static str, value: f64, kind: ReadType) -> Result<(), Raise> {
        if !self.matches(word)? {
            return Err(self.fault(&format!("Error parsing {word} value.")));
        }
        match kind {
            ReadType::Double => self.set(Event::Float, Value::Double(value), true),
            ReadType::String => self.set(Event::String, Value::string(word), true),
            _ => Err(self.fault(&format!("Cannot read {word} value."))),
        }
    }

    /// What a quoted value becomes.
    fn convert_text(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<(), Raise> {
        if self.event != Event::String || kind == ReadType::String {
            return Ok(());
        }
        let text = self.text_of_value(runtime);
        if text.is_empty() {
            return self.set(Event::Null, Value::Null, false);
        }
        let fault = |reader: &Self, what: &str| Err(reader.fault(&format!("Could not convert string to {what}: {text}.")));
        let of = |ty: &Type| number::parse(&text, ty);
        match kind {
            ReadType::Int32 => match of(&Type::INT32) {
                Some(value) => self.set(Event::Integer, value, false),
                None => fault(self, "integer"),
            },
            ReadType::Double => match of(&Type::DOUBLE) {
                Some(value) => self.set(Event::Float, value, false),
                None => fault(self, "double"),
            },
            ReadType::Decimal => {
                let scientific = || rust_decimal::Decimal::from_scientific(&text).ok().map(Value::Decimal);
                match of(&Type::DECIMAL).or_else(scientific) {
                    Some(value) => self.set(Event::Float, value, false),
                    None => fault(self, "decimal"),
                }
            }
            ReadType::Boolean => match boolean::parse(&text) {
                Some(value) => self.set(Event::Boolean, Value::Bool(value), false),
                None => fault(self, "boolean"),
            },
            ReadType::DateTime => {
                let parsed = match date::parse(&text) {
                    Some(time) => Some(Value::DateTime(time)),
                    None => match convert::change_type(runtime, &self.value.clone(), &Type::DATE_TIME) {
                        Ok(time) => Some(time),
                        Err(Raise::Exception(_)) => None,
                        Err(other) => return Err(other),
                    },
                };
                match parsed {
                    Some(time) => self.set(Event::Date, time, false),
                    None => fault(self, "DateTime"),
                }
            }
            ReadType::DateTimeOffset => {
                let parsed = match date::parse_offset(&text) {
                    Some(time) => Some(Value::DateTimeOffset(time)),
                    None => match convert::date_time_offset(runtime, &self.value.clone()) {
                        Ok(time) => Some(time),
                        Err(Raise::Exception(_)) => None,
                        Err(other) => return Err(other),
                    },
                };
                match parsed {
                    Some(time) => self.set(Event::Date, time, false),
                    None => fault(self, "DateTimeOffset"),
                }
            }
            _ => Ok(()),
        }
    }

    /// What a number or a boolean becomes.
    fn convert_number(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<(), Raise> {
        let (target, event) = match kind {
            ReadType::Int32 => (Type::INT32, Event::Integer),
            ReadType::Double => (Type::DOUBLE, Event::Float),
            ReadType::Decimal => (Type::DECIMAL, Event::Float),
            _ => (Type::BOOL, Event::Boolean),
        };
        let value = self.value.clone();
        let converted = match big::of(runtime, &value) {
            Some(_) if kind == ReadType::Boolean => Ok(Value::Bool(true)),
            Some(_) => convert::convert_big(runtime, &value, &target),
            None => convert::change_type(runtime, &value, &target),
        };
        match converted {
            Ok(value) => self.set(event, value, false),
            Err(Raise::Exception(_)) if matches!(kind, ReadType::Int32 | ReadType::Decimal) && big::of(runtime, &value).is_none() => {
                let text = to_str(runtime, &value);
                Err(self.fault(&format!("Could not convert to {}: {text}.", kind.name())))
            }
            Err(other) => Err(other),
        }
    }

    fn read_tree_as(&mut self, runtime: &mut Runtime<'_>, kind: ReadType) -> Result<(), Raise> {
        loop {
            if !self.read(runtime)? {
                return self.set(Event::None, Value::Null, true);
            }
            if self.event != Event::Comment {
                break;
            }
        }
        let is_date = matches!(kind, ReadType::DateTime | ReadType::DateTimeOffset);
        match self.event {
            Event::None | Event::Null | Event::EndArray => Ok(()),
            Event::String if kind == ReadType::Bytes => {
                let text = self.value.clone();
                let bytes = convert::base64(runtime, &text)?;
                self.set(Event::Bytes, bytes, false)
            }
            Event::String => self.convert_text(runtime, kind),
            Event::Integer | Event::Float if matches!(kind, ReadType::Int32 | ReadType::Double | ReadType::Decimal | ReadType::Boolean) => {
                self.convert_number(runtime, kind)
            }
            Event::Boolean if kind == ReadType::Boolean => Ok(()),
            Event::Bytes if kind == ReadType::Bytes => Ok(()),
            Event::StartArray if kind == ReadType::Bytes => self.read_array_into_bytes(runtime),
            Event::Integer | Event::Float | Event::Boolean | Event::Date | Event::Bytes
                if kind == ReadType::String && !self.value.is_null() =>
            {
                let text = Value::String(to_str(runtime, &self.value));
                self.set(Event::String, text, false)
            }
            Event::Date if is_date => {
                let value = match (&self.value, kind) {
                    (Value::DateTimeOffset(time), ReadType::DateTime) => {
                        Value::DateTime(DateTime { ticks: time.ticks, kind: Kind::Unspecified })
                    }
                    (Value::DateTime(time), ReadType::DateTimeOffset) => {
                        Value::DateTimeOffset(DateTimeOffset { ticks: time.ticks, offset_minutes: 0 })
                    }
                    (value, _) => value.clone(),
                };
                self.set(Event::Date, value, false)
            }
            event => Err(self.fault(&format!("Error reading {}. Unexpected token: {event:?}.", kind.name()))),
        }
    }

    fn read_array_into_bytes(&mut self, runtime: &mut Runtime<'_>) -> Result<(), Raise> {
        let mut bytes = Vec::new();
        loop {
            if !self.read(runtime)? {
                self.set(Event::None, Value::Null, true)?;
            }
            match self.event {
                Event::None => return Err(self.fault("Unexpected end when reading bytes.")),
                Event::Integer => {
                    let value = self.value.clone();
                    runtime.allocate(1)?;
                    match convert::change_type(runtime, &value, &Type::BYTE)? {
                        Value::Byte(byte) => bytes.push(byte),
                        _ => bytes.push(0),
                    }
                }
                Event::EndArray => {
                    let bytes = runtime.object(Object::Bytes(bytes))?;
                    return self.set(Event::Bytes, bytes, false);
                }
                Event::Comment => {}
                event => return Err(self.fault(&format!("Unexpected token when reading bytes: {event:?}."))),
            }
        }
    }
}
