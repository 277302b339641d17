//! The members of `Encoding`. Source of what is refused: dotnet/runtime, Encoding.cs.

use super::Encoding;
use crate::dotnet::{
    exception::{Raise, argument_null, out_of_range, raise},
    heap::Object,
    member::{Call, Member, member},
    registry,
    runtime::Runtime,
    string::{Str, array_of, at, int, text, units_of},
    types::Type,
    value::Value,
};

const NEGATIVE: &str = "Non-negative number required.";

fn encoding(call: &Call<'_, '_>) -> Encoding {
    call.runtime.own::<Encoding>(call.argument(0)).copied().unwrap_or(Encoding::Utf8)
}

fn null_array(parameter: &str) -> Raise {
    crate::dotnet::exception::throw(&registry::ARGUMENT_NULL_EXCEPTION, format!("Array cannot be null. (Parameter '{parameter}')"))
}

/// Two arguments that say where a part begins and how long it is.
fn part<'a, T>(call: &Call<'_, '_>, items: &'a [T], first: usize, names: [&str; 2], whole: (&str, &str)) -> Result<&'a [T], Raise> {
    let start = at(call, first).ok_or_else(|| out_of_range(NEGATIVE, names[0]))?;
    let count = at(call, first + 1).ok_or_else(|| out_of_range(NEGATIVE, names[1]))?;
    items.get(start..start.saturating_add(count)).ok_or_else(|| out_of_range(whole.1, whole.0))
}

const IN_BUFFER: &str = "Index and count must refer to a location within the buffer.";
const IN_STRING: &str = "Index and count must refer to a location within the string.";

/// The text at argument 1, a string or characters, or the part of it that the next arguments say.
fn source(call: &Call<'_, '_>, ranged: bool) -> Result<Str, Raise> {
    if let Some(units) = units_of(call, 1) {
        let names = if call.arguments.len() > 4 { ["charIndex", "charCount"] } else { ["index", "count"] };
        return Ok(Str::from_units(if ranged { part(call, &units, 2, names, ("chars", IN_BUFFER))? } else { &units }));
    }
    match text(call, 1) {
        Some(text) if ranged => {
            let (names, of) = if call.arguments.len() > 4 { (["charIndex", "charCount"], "s") } else { (["index", "count"], "index") };
            Ok(Str::from_units(part(call, &text.units(), 2, names, (of, IN_STRING))?))
        }
        Some(text) => Ok(text.clone()),
        None => Err(null_array("chars")),
    }
}

fn null_text() -> Raise {
    let message = "String reference not set to an instance of a String. (Parameter 's')";
    crate::dotnet::exception::throw(&registry::ARGUMENT_NULL_EXCEPTION, message)
}

/// The bytes of a text, paid for.
fn encoded(call: &mut Call<'_, '_>, text: &Str) -> Result<Vec<u8>, Raise> {
    let encoding = encoding(call);
    call.runtime.allocate(text.bytes().saturating_mul(4))?;
    Ok(encoding.encode(text))
}

fn get_bytes(call: &mut Call<'_, '_>, ranged: bool) -> Result<Value, Raise> {
    let text = source(call, ranged)?;
    let bytes = encoded(call, &text)?;
    Ok(call.runtime.heap.value(Object::Bytes(bytes)))
}

fn byte_count(call: &mut Call<'_, '_>, ranged: bool) -> Result<Value, Raise> {
    let text = source(call, ranged)?;
    Ok(Value::Int32(encoded(call, &text)?.len() as i32))
}

/// `GetBytes(…, bytes, byteIndex)`: into an array that is there.
fn bytes_into(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(1).is_null() || call.argument(4).is_null() {
        return Err(null_array(if call.argument(1).is_null() { "chars" } else { "bytes" }));
    }
    let text = source(call, true)?;
    let bytes = encoded(call, &text)?;
    let (place, name) = (at(call, 5), encoding(call).names().display);
    let array = Runtime::reference(call.argument(4)).and_then(|reference| call.runtime.heap.get_mut(reference));
    let Some(Object::Bytes(target)) = array else { return Err(null_array("bytes")) };
    let bad = "Index was out of range. Must be non-negative and less than the size of the collection.";
    let place = place.filter(|place| *place <= target.len()).ok_or_else(|| out_of_range(bad, "byteIndex"))?;
    let Some(slots) = target.get_mut(place..place.saturating_add(bytes.len())) else {
        let message = format!(
            "The output byte buffer is too small to contain the encoded data, encoding '{name}' fallback \
             'System.Text.EncoderReplacementFallback'. (Parameter 'bytes')"
        );
        return raise(&registry::ARGUMENT_EXCEPTION, message);
    };
    slots.copy_from_slice(&bytes);
    Ok(Value::Int32(bytes.len() as i32))
}

/// The text of the bytes at argument 1, or of the part of them that the next arguments say.
fn decoded(call: &mut Call<'_, '_>, ranged: bool) -> Result<String, Raise> {
    let Some(length) = call.runtime.bytes(call.argument(1)).map(<[u8]>::len) else { return Err(null_array("bytes")) };
    call.runtime.allocate(length.saturating_mul(3))?;
    let encoding = encoding(call);
    let bytes = call.runtime.bytes(call.argument(1)).unwrap_or(&[]);
    let names = if call.arguments.len() > 4 { ["byteIndex", "byteCount"] } else { ["index", "count"] };
    Ok(encoding.decode(if ranged { part(call, bytes, 2, names, ("bytes", IN_BUFFER))? } else { bytes }))
}

fn get_chars(call: &mut Call<'_, '_>, ranged: bool) -> Result<Value, Raise> {
    let units: Vec<u16> = decoded(call, ranged)?.encode_utf16().collect();
    array_of(call.runtime, Type::CHAR, units.len(), units.into_iter().map(Value::Char))
}

/// `GetChars(…, chars, charIndex)`: into an array that is there.
fn chars_into(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    if call.argument(1).is_null() || call.argument(4).is_null() {
        return Err(null_array(if call.argument(1).is_null() { "bytes" } else { "chars" }));
    }
    let units: Vec<u16> = decoded(call, true)?.encode_utf16().collect();
    let (place, name) = (at(call, 5), encoding(call).names().display);
    let array = Runtime::reference(call.argument(4)).and_then(|reference| call.runtime.heap.get_mut(reference));
    let Some(Object::Array(list)) = array else { return Err(null_array("chars")) };
    let bad = "Index was out of range. Must be non-negative and less than the size of the collection.";
    let place = place.filter(|place| *place <= list.items.len()).ok_or_else(|| out_of_range(bad, "charIndex"))?;
    let Some(slots) = list.items.get_mut(place..place.saturating_add(units.len())) else {
        let message = format!(
            "The output char buffer is too small to contain the decoded characters, encoding '{name}' fallback \
             'System.Text.DecoderReplacementFallback'. (Parameter 'chars')"
        );
        return raise(&registry::ARGUMENT_EXCEPTION, message);
    };
    for (slot, unit) in slots.iter_mut().zip(&units) {
        *slot = Value::Char(*unit);
    }
    Ok(Value::Int32(units.len() as i32))
}

fn convert(call: &mut Call<'_, '_>, ranged: bool) -> Result<Value, Raise> {
    let [from, to] = [0, 1].map(|index| call.runtime.own::<Encoding>(call.argument(index)).copied());
    let (Some(from), Some(to)) = (from, to) else {
        return Err(null_array(if from.is_none() { "srcEncoding" } else { "dstEncoding" }));
    };
    let Some(length) = call.runtime.bytes(call.argument(2)).map(<[u8]>::len) else { return Err(null_array("bytes")) };
    call.runtime.allocate(length.saturating_mul(12))?;
    let bytes = call.runtime.bytes(call.argument(2)).unwrap_or(&[]);
    let bytes = if ranged { part(call, bytes, 3, ["index", "count"], ("bytes", IN_BUFFER))? } else { bytes };
    let converted = to.encode(&from.decode(bytes).into());
    Ok(call.runtime.heap.value(Object::Bytes(converted)))
}

fn by_name(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Some(name) = text(call, 0) else { return Err(argument_null("name")) };
    let name = name.as_str();
    if ["utf-7", "csunicode11utf7", "unicode-1-1-utf-7", "unicode-2-0-utf-7", "x-unicode-1-1-utf-7", "x-unicode-2-0-utf-7"]
        .iter()
        .any(|utf7| name.eq_ignore_ascii_case(utf7))
    {
        return utf7();
    }
    let is_named = |encoding: &Encoding| {
        let names = encoding.names();
        name.eq_ignore_ascii_case(names.web) || names.aliases.iter().any(|alias| name.eq_ignore_ascii_case(alias))
    };
    match Encoding::ALL.into_iter().find(is_named) {
        Some(encoding) => call.runtime.instance(encoding),
        None => raise(
            &registry::ARGUMENT_EXCEPTION,
            format!(
                "'{name}' is not a supported encoding name. For information on defining a custom encoding, see the documentation for \
                 the Encoding.RegisterProvider method. (Parameter 'name')"
            ),
        ),
    }
}

fn utf7<T>() -> Result<T, Raise> {
    let message = "Support for UTF-7 is disabled. See https://aka.ms/dotnet-warnings/SYSLIB0001 for more information.";
    raise(&registry::NOT_SUPPORTED_EXCEPTION, message)
}

fn by_code_page(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let page = int(call, 0);
    match Encoding::ALL.into_iter().find(|encoding| i64::from(encoding.names().code_page) == page) {
        Some(encoding) => call.runtime.instance(encoding),
        None if page == 0 => call.runtime.instance(Encoding::Utf8Plain),
        None if page == 65000 => utf7(),
        None if !(0..=65535).contains(&page) => Err(out_of_range("Valid values are between 0 and 65535, inclusive.", "codepage")),
        None if matches!(page, 1..=3 | 42) => {
            raise(&registry::ARGUMENT_EXCEPTION, format!("{page} is not a supported code page. (Parameter 'codepage')"))
        }
        None => raise(
            &registry::NOT_SUPPORTED_EXCEPTION,
            format!(
                "No data is available for encoding {page}. For information on defining a custom encoding, see the documentation for \
                 the Encoding.RegisterProvider method."
            ),
        ),
    }
}

fn most(call: &Call<'_, '_>, parameter: &str, of: fn(Encoding, i64) -> i64, what: [&str; 2]) -> Result<Value, Raise> {
    let count = int(call, 1);
    if count < 0 {
        return Err(out_of_range(NEGATIVE, parameter));
    }
    i32::try_from(of(encoding(call), count)).map(Value::Int32).map_err(|_| {
        let [given, result] = what;
        out_of_range(
            &format!("Too many {given}. The resulting number of {result} is larger than what can be returned as an int."),
            parameter,
        )
    })
}

/// The members of `Encoding`.
pub const MEMBERS: &[Member] = &[
    member("static Encoding UTF8 { get; }", |call| call.runtime.instance(Encoding::Utf8)),
    member("static Encoding ASCII { get; }", |call| call.runtime.instance(Encoding::Ascii)),
    member("static Encoding Latin1 { get; }", |call| call.runtime.instance(Encoding::Latin1)),
    member("static Encoding Unicode { get; }", |call| call.runtime.instance(Encoding::Unicode)),
    member("static Encoding BigEndianUnicode { get; }", |call| call.runtime.instance(Encoding::BigEndianUnicode)),
    member("static Encoding UTF32 { get; }", |call| call.runtime.instance(Encoding::Utf32)),
    member("static Encoding Default { get; }", |call| call.runtime.instance(Encoding::Utf8Plain)),
    member("static Encoding GetEncoding(string name)", by_name),
    member("static Encoding GetEncoding(int codepage)", by_code_page),
    member("static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes)", |call| convert(call, false)),
    member("static byte[] Convert(Encoding srcEncoding, Encoding dstEncoding, byte[] bytes, int index, int count)", |call| {
        convert(call, true)
    }),
    member("byte[] GetBytes(string s)", |call| if call.argument(1).is_null() { Err(null_text()) } else { get_bytes(call, false) }),
    member("byte[] GetBytes(string s, int index, int count)", |call| {
        if call.argument(1).is_null() { Err(null_text()) } else { get_bytes(call, true) }
    }),
    member("byte[] GetBytes(char[] chars)", |call| get_bytes(call, false)),
    member("byte[] GetBytes(char[] chars, int index, int count)", |call| get_bytes(call, true)),
    member("int GetBytes(string s, int charIndex, int charCount, byte[] bytes, int byteIndex)", bytes_into),
    member("int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)", bytes_into),
    member("int GetByteCount(string s)", |call| {
        let name = match encoding(call) {
            Encoding::Utf8 | Encoding::Utf8Plain | Encoding::Ascii => "chars",
            _ => "s",
        };
        if call.argument(1).is_null() { Err(argument_null(name)) } else { byte_count(call, false) }
    }),
    member("int GetByteCount(string s, int index, int count)", |call| {
        if call.argument(1).is_null() { Err(null_text()) } else { byte_count(call, true) }
    }),
    member("int GetByteCount(char[] chars)", |call| byte_count(call, false)),
    member("int GetByteCount(char[] chars, int index, int count)", |call| byte_count(call, true)),
    member("string GetString(byte[] bytes)", |call| Ok(Value::string(decoded(call, false)?))),
    member("string GetString(byte[] bytes, int index, int count)", |call| Ok(Value::string(decoded(call, true)?))),
    member("char[] GetChars(byte[] bytes)", |call| get_chars(call, false)),
    member("char[] GetChars(byte[] bytes, int index, int count)", |call| get_chars(call, true)),
    member("int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)", chars_into),
    member("int GetCharCount(byte[] bytes)", |call| Ok(Value::Int32(decoded(call, false)?.encode_utf16().count() as i32))),
    member("int GetCharCount(byte[] bytes, int index, int count)", |call| {
        Ok(Value::Int32(decoded(call, true)?.encode_utf16().count() as i32))
    }),
    member("int GetMaxByteCount(int charCount)", |call| most(call, "charCount", Encoding::most_bytes, ["characters", "bytes"])),
    member("int GetMaxCharCount(int byteCount)", |call| most(call, "byteCount", Encoding::most_chars, ["bytes", "chars"])),
    member("byte[] GetPreamble()", |call| {
        let preamble = encoding(call).preamble().to_vec();
        call.runtime.object(Object::Bytes(preamble))
    }),
    member("string WebName { get; }", |call| Ok(Value::string(encoding(call).names().web))),
    member("string BodyName { get; }", |call| Ok(Value::string(encoding(call).names().web))),
    member("string HeaderName { get; }", |call| Ok(Value::string(encoding(call).names().web))),
    member("string EncodingName { get; }", |call| Ok(Value::string(encoding(call).names().display))),
    member("int CodePage { get; }", |call| Ok(Value::Int32(encoding(call).names().code_page))),
    member("int WindowsCodePage { get; }", |call| {
        Ok(Value::Int32(if matches!(encoding(call), Encoding::Ascii | Encoding::Latin1) { 1252 } else { 1200 }))
    }),
    member("bool IsSingleByte { get; }", |call| Ok(Value::Bool(matches!(encoding(call), Encoding::Ascii | Encoding::Latin1)))),
    member("bool IsReadOnly { get; }", |_| Ok(Value::Bool(true))),
    member("bool IsAlwaysNormalized()", |_| Ok(Value::Bool(false))),
    // Source: dotnet/runtime, EncodingTable.cs: the flags of mail and browsers by code page.
    member("bool IsBrowserDisplay { get; }", |call| {
        Ok(Value::Bool(matches!(encoding(call), Encoding::Utf8 | Encoding::Utf8Plain | Encoding::Latin1)))
    }),
    member("bool IsBrowserSave { get; }", |call| {
        Ok(Value::Bool(matches!(encoding(call), Encoding::Utf8 | Encoding::Utf8Plain | Encoding::Latin1 | Encoding::Unicode)))
    }),
    member("bool IsMailNewsDisplay { get; }", |call| {
        Ok(Value::Bool(matches!(encoding(call), Encoding::Utf8 | Encoding::Utf8Plain | Encoding::Latin1 | Encoding::Ascii)))
    }),
    member("bool IsMailNewsSave { get; }", |call| {
        Ok(Value::Bool(matches!(encoding(call), Encoding::Utf8 | Encoding::Utf8Plain | Encoding::Latin1 | Encoding::Ascii)))
    }),
    member("object Clone()", |call| {
        let encoding = encoding(call);
        call.runtime.instance(encoding)
    }),
];
