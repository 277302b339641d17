//! The exceptions of Newtonsoft.Json. Like .NET's own they say where they happened in their message; the properties read it from there.

use super::{JSON_EXCEPTION, JSON_READER_EXCEPTION, JSON_SERIALIZATION_EXCEPTION, JSON_WRITER_EXCEPTION};
use crate::dotnet::{
    exception::{Raise, made, null_reference, plain},
    member::{Call, Member, member},
    runtime::exception,
    value::Value,
};

/// Path, line and position at the end of a message: `Path 'a[0]', line 1, position 5.`
fn place(call: &Call<'_, '_>) -> Result<(Option<String>, i32, i32), Raise> {
    let message = &exception(call.runtime, call.argument(0)).ok_or_else(null_reference)?.message;
    let Some((_, place)) = message.rsplit_once("Path '") else { return Ok((None, 0, 0)) };
    let place = place.strip_suffix('.').unwrap_or(place);
    let numbers = place.rsplit_once("', line ").and_then(|(path, numbers)| {
        let (line, position) = numbers.split_once(", position ")?;
        Some((Some(path.to_owned()), line.parse().ok()?, position.parse().ok()?))
    });
    Ok(numbers.unwrap_or_else(|| (Some(place.strip_suffix('\'').unwrap_or(place).to_owned()), 0, 0)))
}

fn path(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(place(call)?.0.map_or(Value::Null, Value::string))
}

fn line(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Int32(place(call)?.1))
}

fn position(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    Ok(Value::Int32(place(call)?.2))
}

/// `JsonException`
pub(super) const BASE: &[Member] = plain!(JSON_EXCEPTION, "JsonException", "");

/// `JsonReaderException`
pub(super) const READER: &[Member] = plain!(
    JSON_READER_EXCEPTION,
    "JsonReaderException",
    "",
    member("int LineNumber { get; }", line),
    member("int LinePosition { get; }", position),
    member("string Path { get; }", path)
);

/// `JsonSerializationException`
pub(super) const SERIALIZATION: &[Member] = plain!(
    JSON_SERIALIZATION_EXCEPTION,
    "JsonSerializationException",
    "",
    member("int LineNumber { get; }", line),
    member("int LinePosition { get; }", position),
    member("string Path { get; }", path)
);

/// `JsonWriterException`
pub(super) const WRITER: &[Member] = plain!(JSON_WRITER_EXCEPTION, "JsonWriterException", "", member("string Path { get; }", path));
