//! `XmlException`, and how .NET words what is wrong with a text.

use crate::dotnet::{
    exception::{Exception, Raise, null_reference, throw},
    heap::Object,
    member::{Call, Member, member},
    runtime::{Runtime, exception},
    value::Value,
};

pub use super::classes::XML_EXCEPTION;

/// An `XmlException` without a place.
pub(super) fn xml_exception(message: impl Into<String>) -> Raise {
    throw(&XML_EXCEPTION, message)
}

/// An `XmlException` at a place of a text.
pub(super) fn at(text: &str, offset: usize, message: impl std::fmt::Display) -> Raise {
    let (line, position) = place(text, offset);
    xml_exception(format!("{message} Line {line}, position {position}."))
}

/// Line and position, both from 1, of an offset in bytes. A position counts UTF-16 code units.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let mut line = 1;
    let mut start = 0;
    let mut characters = before.char_indices().peekable();
    while let Some((index, c)) = characters.next() {
        if c == '\n' || (c == '\r' && characters.peek().is_none_or(|(_, next)| *next != '\n')) {
            line += 1;
            start = index + 1;
        }
    }
    let position = before.get(start..).unwrap_or("").encode_utf16().count() + 1;
    (line, position)
}

/// A character and its code as messages show them. Source: `XmlException.BuildCharExceptionArgs`.
fn shown(c: char) -> (String, String) {
    let character = if c == '\0' { '.' } else { c };
    (character.to_string(), format!("0x{:02X}", u32::from(c)))
}

pub(super) fn bad_start(c: char) -> String {
    let (character, code) = shown(c);
    format!("Name cannot begin with the '{character}' character, hexadecimal value {code}.")
}

pub(super) fn bad_in_name(c: char) -> String {
    let (character, code) = shown(c);
    format!("The '{character}' character, hexadecimal value {code}, cannot be included in a name.")
}

pub(super) fn invalid_character(c: char) -> String {
    let (character, code) = shown(c);
    format!("'{character}', hexadecimal value {code}, is an invalid character.")
}

/// Whether XML allows the character anywhere.
pub(super) fn is_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// XML's white space.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// The place at the end of a message. An exception keeps no more than its message: .NET puts the place there and nowhere else to be seen.
fn place_of(call: &Call<'_, '_>) -> Result<(i32, i32), Raise> {
    let message = &exception(call.runtime, call.argument(0)).ok_or_else(null_reference)?.message;
    let place = message.rsplit_once(" Line ").and_then(|(_, place)| place.strip_suffix('.')?.split_once(", position "));
    let number = |text: &str| text.parse().unwrap_or(0);
    Ok(place.map_or((0, 0), |(line, position)| (number(line), number(position))))
}

fn construct(runtime: &mut Runtime<'_>, message: &Value, inner: &Value, line: &Value, position: &Value) -> Result<Value, Raise> {
    let mut text = match message {
        Value::String(text) => text.to_string(),
        _ => "An XML error has occurred.".to_owned(),
    };
    if let (Some(line @ 1..), Some(position)) = (line.as_integer(), position.as_integer()) {
        text = format!("{text} Line {line}, position {position}.");
    }
    let mut made = Exception::new(&XML_EXCEPTION, text);
    made.inner = crate::dotnet::exception::cause(runtime, inner)?;
    runtime.object(Object::Exception(made))
}

/// `XmlException`
pub(super) const MEMBERS: &[Member] = &[
    member("XmlException()", |call| construct(call.runtime, &Value::Null, &Value::Null, &Value::Null, &Value::Null)),
    member("XmlException(string message)", |call| construct(call.runtime, call.argument(0), &Value::Null, &Value::Null, &Value::Null)),
    member("XmlException(string message, Exception innerException)", |call| {
        construct(call.runtime, call.argument(0), call.argument(1), &Value::Null, &Value::Null)
    }),
    member("XmlException(string message, Exception innerException, int lineNumber, int linePosition)", |call| {
        construct(call.runtime, call.argument(0), call.argument(1), call.argument(2), call.argument(3))
    }),
    member("int LineNumber { get; }", |call| Ok(Value::Int32(place_of(call)?.0))),
    member("int LinePosition { get; }", |call| Ok(Value::Int32(place_of(call)?.1))),
];
