//! Bytes as text: Base64 and hexadecimal.
//!
//! Source: dotnet/runtime, System.Private.CoreLib, Convert.cs and Convert.Base64.cs.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::dotnet::{
    collection,
    exception::{Raise, argument_null, out_of_range, raise, throw},
    heap::Object,
    member::Call,
    registry,
    value::Value,
};

/// A line of Base64 where lines are broken.
const LINE: usize = 76;

const BAD_CHARACTER: &str = "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding \
                             characters, or an illegal character among the padding characters.";
const INDEX: &str = "Index was out of range. Must be non-negative and less than the size of the collection.";
const POSITIVE: &str = "Value must be positive.";
const PART: &str = "Offset and length must refer to a position in the string.";

/// Whether lines are to be broken.
fn breaks(options: &Value) -> Result<bool, Raise> {
    match options.as_integer().unwrap_or(0) {
        0 => Ok(false),
        1 => Ok(true),
        other => raise(&registry::ARGUMENT_EXCEPTION, format!("Illegal enum value: {other}. (Parameter 'options')")),
    }
}

/// The range of `offset` and `length` in something of `total` items.
fn part(call: &Call<'_, '_>, at: usize, total: usize, offset_name: &str) -> Result<std::ops::Range<usize>, Raise> {
    let (offset, length) = (call.argument(at).as_integer().unwrap_or(0), call.argument(at + 1).as_integer().unwrap_or(0));
    let length = usize::try_from(length).map_err(|_| out_of_range(INDEX, "length"))?;
    let offset = usize::try_from(offset).map_err(|_| out_of_range(POSITIVE, offset_name))?;
    if length > total || offset > total - length {
        return Err(out_of_range(PART, offset_name));
    }
    Ok(offset..offset + length)
}

fn length(call: &Call<'_, '_>, parameter: &str) -> Result<usize, Raise> {
    call.runtime.bytes(call.argument(0)).map(<[u8]>::len).ok_or_else(|| argument_null(parameter))
}

fn encoded(call: &mut Call<'_, '_>, range: std::ops::Range<usize>, lines: bool) -> Result<String, Raise> {
    call.runtime.allocate(range.len().saturating_mul(2))?;
    call.runtime.work(range.len())?;
    let text = STANDARD.encode(call.runtime.bytes(call.argument(0)).and_then(|bytes| bytes.get(range)).unwrap_or(&[]));
    if !lines {
        return Ok(text);
    }
    let mut broken = String::with_capacity(text.len() + text.len() / LINE * 2);
    let mut rest = text.as_str();
    while let Some((line, after)) = rest.split_at_checked(LINE).filter(|(_, after)| !after.is_empty()) {
        broken.push_str(line);
        broken.push_str("\r\n");
        rest = after;
    }
    broken.push_str(rest);
    Ok(broken)
}

/// `ToBase64String(inArray[, options])`
pub(super) fn encode(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = length(call, "inArray")?;
    let lines = breaks(call.argument(1))?;
    encoded(call, 0..length, lines).map(Value::string)
}

/// `ToBase64String(inArray, offset, length[, options])`
pub(super) fn encode_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = length(call, "inArray")?;
    let range = part(call, 1, length, "offset")?;
    let lines = breaks(call.argument(3))?;
    encoded(call, range, lines).map(Value::string)
}

/// `ToBase64CharArray`: how many characters it has written.
pub(super) fn encode_into(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = length(call, "inArray")?;
    let Some(Object::Array(out)) = call.runtime.get(call.argument(3)) else { return Err(argument_null("outArray")) };
    let room = out.items.len();
    let range = part(call, 1, length, "offsetIn")?;
    let lines = breaks(call.argument(5))?;
    let text = encoded(call, range, lines)?;
    let start = call.argument(4).as_integer().and_then(|offset| usize::try_from(offset).ok());
    let Some(start) = start else { return Err(out_of_range(POSITIVE, "offsetOut")) };
    if start.saturating_add(text.len()) > room {
        return Err(out_of_range(
            "Either offset did not refer to a position in the string, or there is an insufficient length of destination \
                                 character array.",
            "offsetOut",
        ));
    }
    if let Value::Object(reference) = call.argument(3)
        && let Some(Object::Array(out)) = call.runtime.heap.get_mut(*reference)
    {
        out.items.iter_mut().skip(start).zip(text.bytes()).for_each(|(item, byte)| *item = Value::Char(u16::from(byte)));
    }
    Ok(Value::Int32(text.len() as i32))
}

/// `FromBase64String`
pub(super) fn decode(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    decoded(call, text.as_str().bytes())
}

/// `FromBase64CharArray`
pub(super) fn decode_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let items = collection::items(call.runtime, call.argument(0)).ok_or_else(|| argument_null("inArray"))?;
    let range = part(call, 1, items.len(), "offset")?;
    let units = items.get(range).unwrap_or(&[]).iter();
    // What is no byte is no Base64 either.
    decoded(call, units.map(|unit| unit.as_integer().and_then(|unit| u8::try_from(unit).ok()).unwrap_or(0)))
}

/// White space may stand anywhere; bits that the padding leaves over are not looked at.
fn decoded(call: &mut Call<'_, '_>, text: impl Iterator<Item = u8>) -> Result<Value, Raise> {
    let (_, most) = text.size_hint();
    call.runtime.allocate(most.unwrap_or(0))?;
    call.runtime.work(most.unwrap_or(0))?;
    let mut bytes = Vec::new();
    let (mut group, mut count, mut padding) = (0_u32, 0, 0);
    for byte in text.filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            // Padding ends a group, and with it the text.
            b'=' if count >= 2 => {
                padding += 1;
                0
            }
            _ => return raise(&registry::FORMAT_EXCEPTION, BAD_CHARACTER),
        };
        if padding > 0 && byte != b'=' || padding > 2 {
            return raise(&registry::FORMAT_EXCEPTION, BAD_CHARACTER);
        }
        group = (group << 6) | u32::from(sextet);
        count += 1;
        if count == 4 {
            let [_, a, b, c] = group.to_be_bytes();
            bytes.extend([a, b, c].into_iter().take(3 - padding));
            (group, count) = (0, 0);
        }
    }
    if count != 0 { raise(&registry::FORMAT_EXCEPTION, BAD_CHARACTER) } else { call.runtime.object(Object::Bytes(bytes)) }
}

/// `ToHexString(inArray[, offset, length])`
pub(super) fn to_hex(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let length = length(call, "inArray")?;
    let range = if call.arguments.len() > 1 { part(call, 1, length, "offset")? } else { 0..length };
    call.runtime.allocate(range.len().saturating_mul(2))?;
    call.runtime.work(range.len())?;
    let bytes = call.runtime.bytes(call.argument(0)).and_then(|bytes| bytes.get(range)).unwrap_or(&[]);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let text: String = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).map(|c| c.to_ascii_uppercase()).collect();
    Ok(Value::string(text))
}

/// `FromHexString`
pub(super) fn from_hex(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null("s")) };
    call.runtime.work(text.bytes())?;
    let format = |message: &str| throw(&registry::FORMAT_EXCEPTION, message);
    if !text.len().is_multiple_of(2) {
        return Err(format("The input is not a valid hex string as its length is not a multiple of 2."));
    }
    let digits: Option<Vec<u8>> = text.as_str().chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.ok_or_else(|| format("The input is not a valid hex string as it contains a non-hex character."))?;
    let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit)).collect();
    call.runtime.object(Object::Bytes(bytes))
}
