//! `System.Guid`: 16 bytes, kept in the order of their text.
//!
//! Source: learn.microsoft.com/dotnet/api/system.guid; dotnet/runtime, System.Private.CoreLib, Guid.cs.

use super::{
    exception::{Raise, argument_null, throw},
    format::to_string_member,
    heap::Object,
    member::{Call, Member, member},
    number::{compare_member, equals_member, hash_member},
    registry,
    types::Type,
    value::Value,
};
use crate::environment::guid_text;

crate::classes! {
    GUID = structure("System", "Guid").members(MEMBERS);
}

/// The members of `Guid`.
pub const MEMBERS: &[Member] = &[
    member("Guid(byte[] b)", |call| {
        let Some(bytes) = call.runtime.bytes(call.argument(0)) else { return Err(argument_null("b")) };
        match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ok(Value::Guid(to_bytes(&bytes))),
            Err(_) => Err(throw(&registry::ARGUMENT_EXCEPTION, "Byte array for GUID must be exactly 16 bytes long. (Parameter 'b')")),
        }
    }),
    member("Guid(string g)", |call| parse_member(call, "g", None)),
    member("Guid(int a, short b, short c, byte[] d)", |call| {
        let Some(tail) = call.runtime.bytes(call.argument(3)) else { return Err(argument_null("d")) };
        match <[u8; 8]>::try_from(tail) {
            Ok(tail) => Ok(from_parts(call, tail)),
            Err(_) => Err(throw(&registry::ARGUMENT_EXCEPTION, "Byte array for GUID must be exactly 8 bytes long. (Parameter 'd')")),
        }
    }),
    member("Guid(int a, short b, short c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)", from_members),
    member("Guid(uint a, ushort b, ushort c, byte d, byte e, byte f, byte g, byte h, byte i, byte j, byte k)", from_members),
    member("static Guid Empty { get; }", |_| Ok(Value::Guid([0; 16]))),
    member("static Guid NewGuid()", |call| Ok(Value::Guid(call.runtime.environment.guid()))),
    member("static Guid Parse(string input)", |call| parse_member(call, "input", None)),
    member("static Guid ParseExact(string input, string format)", |call| {
        let Value::String(format) = call.argument(1) else {
            return Err(argument_null(if call.argument(0).is_null() { "input" } else { "format" }));
        };
        parse_member(call, "input", Some(&format.as_str()))
    }),
    member("static bool TryParse(string input, out Guid result)", |call| Ok(try_parse(call, None, 1))),
    member("static bool TryParseExact(string input, string format, out Guid result)", |call| {
        let format = match call.argument(1) {
            Value::String(format) => format.as_str(),
            _ => "".into(),
        };
        Ok(try_parse(call, Some(&format), 2))
    }),
    member("byte[] ToByteArray()", |call| {
        let bytes = to_bytes(&this(call)).to_vec();
        call.runtime.object(Object::Bytes(bytes))
    }),
    member("string ToString()", to_string_member),
    member("string ToString(string format)", to_string_member),
    member("string ToString(string format, IFormatProvider provider)", to_string_member),
    member("int CompareTo(object value)", compare_member),
    member("int CompareTo(Guid value)", compare_member),
    member("bool Equals(object o)", equals_member),
    member("bool Equals(Guid g)", equals_member),
    member("int GetHashCode()", hash_member),
    member("static bool operator ==(Guid a, Guid b)", equals_member),
    member("static bool operator !=(Guid a, Guid b)", |call| {
        let equal = equals_member(call)?;
        Ok(Value::Bool(matches!(equal, Value::Bool(false))))
    }),
];

fn this(call: &Call<'_, '_>) -> [u8; 16] {
    match call.argument(0) {
        Value::Guid(guid) => *guid,
        _ => [0; 16],
    }
}

/// Between the order of the text and that of `ToByteArray`, either way: the first three fields are little-endian there.
pub fn to_bytes(guid: &[u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, tail @ ..] = *guid;
    let mut bytes = [d, c, b, a, f, e, h, g, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.iter_mut().skip(8).zip(tail).for_each(|(byte, own)| *byte = own);
    bytes
}

fn from_parts(call: &Call<'_, '_>, tail: [u8; 8]) -> Value {
    let word = |index: usize| call.argument(index).as_integer().unwrap_or(0);
    let head = [(word(0) as u32).to_be_bytes(), ((word(1) as u16 as u32) << 16 | word(2) as u16 as u32).to_be_bytes()];
    let mut guid = [0; 16];
    guid.iter_mut().zip(head.into_iter().flatten().chain(tail)).for_each(|(byte, own)| *byte = own);
    Value::Guid(guid)
}

fn from_members(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let mut tail = [0; 8];
    for (index, byte) in tail.iter_mut().enumerate() {
        *byte = call.argument(3 + index).as_integer().unwrap_or(0) as u8;
    }
    Ok(from_parts(call, tail))
}

/// `ToString(format)`
pub fn format(guid: &[u8; 16], format: &str) -> Result<String, Raise> {
    let text = guid_text(*guid);
    match format {
        "D" | "d" => Ok(text),
        "N" | "n" => Ok(text.replace('-', "")),
        "B" | "b" => Ok(format!("{{{text}}}")),
        "P" | "p" => Ok(format!("({text})")),
        "X" | "x" => {
            let hex = text.replace('-', "");
            let part = |from: usize, to: usize| hex.get(from..to).unwrap_or("");
            let tail: Vec<String> = (16..32).step_by(2).map(|at| format!("0x{}", part(at, at + 2))).collect();
            Ok(format!("{{0x{},0x{},0x{},{{{}}}}}", part(0, 8), part(8, 12), part(12, 16), tail.join(",")))
        }
        _ => Err(bad_format()),
    }
}

fn bad_format() -> Raise {
    let message = "Format string can be only \"D\", \"d\", \"N\", \"n\", \"P\", \"p\", \"B\", \"b\", \"X\" or \"x\".";
    throw(&registry::FORMAT_EXCEPTION, message)
}

/// Why a text is no GUID.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Unrecognized,
    Length,
    Dashes,
    Character,
    Brace,
    HexPrefix,
    Comma,
    BraceAfterLast,
    EndBrace,
    Junk,
    Overflow,
    Byte,
    Specifier,
}

impl Failure {
    /// The exception; only a constructor makes an overflow of what does not fit.
    fn raise(self, is_constructor: bool) -> Raise {
        let message = match self {
            Self::Specifier => return bad_format(),
            Self::Overflow if is_constructor => {
                return throw(&registry::OVERFLOW_EXCEPTION, "Value was either too large or too small for a UInt32.");
            }
            Self::Unrecognized | Self::Overflow => "Unrecognized Guid format.",
            Self::Byte => "Value was either too large or too small for an unsigned byte.",
            Self::Length => "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
            Self::Dashes => "Dashes are in the wrong position for GUID parsing.",
            Self::Character => "Guid string should only contain hexadecimal characters.",
            Self::Brace => "Expected {0xdddddddd, etc}.",
            Self::HexPrefix => "Expected 0x prefix.",
            Self::Comma => "Could not find a comma, or the length between the previous token and the comma was zero (i.e., '0x,'etc.).",
            Self::BraceAfterLast => {
                "Could not find a brace, or the length between the previous token and the brace was zero (i.e., '0x,'etc.)."
            }
            Self::EndBrace => "Could not find the ending brace.",
            Self::Junk => "Additional non-parsable characters are at the end of the string.",
        };
        throw(&registry::FORMAT_EXCEPTION, message)
    }
}

fn parse_member(call: &mut Call<'_, '_>, parameter: &str, format: Option<&str>) -> Result<Value, Raise> {
    let Value::String(text) = call.argument(0) else { return Err(argument_null(parameter)) };
    call.runtime.work(text.bytes())?;
    read(&text.as_str(), format).map(Value::Guid).map_err(|failure| failure.raise(parameter == "g"))
}

fn try_parse(call: &mut Call<'_, '_>, format: Option<&str>, out: usize) -> Value {
    let parsed = match call.argument(0) {
        Value::String(text) if format.is_none() => parse(&text.as_str()),
        Value::String(text) => read(&text.as_str(), format).ok(),
        _ => None,
    };
    call.out(out, parsed.map_or(Value::default_of(&Type::GUID), Value::Guid));
    Value::Bool(parsed.is_some())
}

/// Any of the forms D, N, B, P and X.
pub fn parse(text: &str) -> Option<[u8; 16]> {
    read(text, None).ok()
}

fn read(text: &str, format: Option<&str>) -> Result<[u8; 16], Failure> {
    let text = text.trim();
    let form = match format {
        Some(format) if format.len() == 1 => format.bytes().next().unwrap_or(0).to_ascii_uppercase(),
        Some(_) => return Err(Failure::Specifier),
        None if text.is_empty() => return Err(Failure::Unrecognized),
        // The first character and whether there is any dash decide (only .NET 8 looks for the dash in its place).
        None => match (text.as_bytes().first(), text.contains('-')) {
            (Some(b'('), _) => b'P',
            (Some(b'{'), true) => b'B',
            (Some(b'{'), false) => b'X',
            (_, true) => b'D',
            _ => b'N',
        },
    };
    match form {
        b'D' => dashed(text),
        b'N' if text.len() != 32 => Err(Failure::Length),
        b'N' => hex(text),
        b'B' | b'P' => {
            let (open, close) = if form == b'B' { ('{', '}') } else { ('(', ')') };
            let inner = text.strip_prefix(open).and_then(|text| text.strip_suffix(close)).filter(|inner| inner.len() == 36);
            dashed(inner.ok_or(Failure::Length)?)
        }
        b'X' => braced(text),
        _ => Err(Failure::Specifier),
    }
}

fn dashed(text: &str) -> Result<[u8; 16], Failure> {
    if text.len() != 36 {
        return Err(Failure::Length);
    }
    if ![8, 13, 18, 23].iter().all(|at| text.as_bytes().get(*at) == Some(&b'-')) {
        return Err(Failure::Dashes);
    }
    hex(&text.replacen('-', "", 4))
}

fn hex(text: &str) -> Result<[u8; 16], Failure> {
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len() == 32).ok_or(Failure::Character)?;
    let mut guid = [0; 16];
    for (byte, pair) in guid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |value, digit| (value << 4) | digit);
    }
    Ok(guid)
}

/// `{0xdddddddd,0xdddd,0xdddd,{0xdd,0xdd,0xdd,0xdd,0xdd,0xdd,0xdd,0xdd}}`, white space anywhere.
fn braced(text: &str) -> Result<[u8; 16], Failure> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = compact.strip_prefix('{').ok_or(Failure::Brace)?;
    let mut guid = Vec::with_capacity(16);
    for index in 0..11 {
        if index == 3 {
            rest = rest.strip_prefix('{').ok_or(Failure::Brace)?;
        }
        let digits = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X")).ok_or(Failure::HexPrefix)?;
        let (end, missing) = if index < 10 { (',', Failure::Comma) } else { ('}', Failure::BraceAfterLast) };
        let (number, after) = digits.split_once(end).filter(|(number, _)| !number.is_empty()).ok_or(missing)?;
        rest = after;
        if !number.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(Failure::Character);
        }
        let significant = number.trim_start_matches('0');
        let value = if significant.is_empty() { 0 } else { u32::from_str_radix(significant, 16).map_err(|_| Failure::Overflow)? };
        match index {
            0 => guid.extend(value.to_be_bytes()),
            1 | 2 => guid.extend((value as u16).to_be_bytes()),
            // Too large for a byte, but not for an `int`: the overflow's words, but no overflow.
            _ => guid.push(u8::try_from(value).map_err(|_| Failure::Byte)?),
        }
    }
    let rest = rest.strip_prefix('}').ok_or(Failure::EndBrace)?;
    if rest.is_empty() { <[u8; 16]>::try_from(guid).map_err(|_| Failure::Unrecognized) } else { Err(Failure::Junk) }
}
