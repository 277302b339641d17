//! The members of `Uri` that make one and show its parts.

use super::{
    URI_FORMAT_EXCEPTION, URI_HOST_NAME_TYPE, Uri, Wanted,
    escape::{RESERVED, UNRESERVED, escape, escape_at, unescape},
    host::{HostKind, host_of},
    parse::{Absolute, Parts, default_port, is_scheme},
};
use crate::dotnet::{
    enums::EnumValue,
    exception::{Raise, argument_null, null_reference, raise, throw},
    member::{Call, Member, member},
    registry,
    string::{array_of, int, text, unit},
    types::Type,
    value::Value,
};

/// The `Uri` at `index`.
pub fn uri<'a>(call: &'a Call<'_, '_>, index: usize) -> Result<&'a Uri, Raise> {
    call.runtime.own(call.argument(index)).ok_or_else(null_reference)
}

/// What properties of a relative address raise.
pub fn not_absolute() -> Raise {
    throw(&registry::INVALID_OPERATION_EXCEPTION, "This operation is not supported for a relative URI.")
}

/// The parts of the receiver.
pub fn absolute<'a>(call: &'a Call<'_, '_>) -> Result<&'a Absolute, Raise> {
    uri(call, 0)?.absolute.as_deref().ok_or_else(not_absolute)
}

/// Reads an address and places it, paying for it.
pub fn make(call: &mut Call<'_, '_>, address: &str, wanted: Wanted) -> Result<Result<Value, &'static str>, Raise> {
    // Parts in several forms, each byte an escape at worst.
    call.runtime.allocate(address.len().saturating_mul(16))?;
    match Uri::parse(address, wanted) {
        Ok(uri) => call.runtime.instance(uri).map(Ok),
        Err(message) => Ok(Err(message)),
    }
}

/// The `UriKind` at `index`.
pub fn wanted(call: &Call<'_, '_>, index: usize) -> Result<Wanted, Raise> {
    match int(call, index) {
        0 => Ok(Wanted::Any),
        1 => Ok(Wanted::Absolute),
        2 => Ok(Wanted::Relative),
        other => raise(&registry::ARGUMENT_EXCEPTION, format!("The value '{other}' passed for the UriKind parameter is invalid.")),
    }
}

fn construct(call: &mut Call<'_, '_>, wanted: Wanted) -> Result<Value, Raise> {
    let Some(address) = text(call, 0) else { return Err(argument_null("uriString")) };
    let made = make(call, &address.as_str(), wanted)?;
    made.map_err(|message| throw(&URI_FORMAT_EXCEPTION, message))
}

/// A property of absolute addresses.
fn show(call: &mut Call<'_, '_>, of: fn(&Absolute) -> String) -> Result<Value, Raise> {
    let shown = of(absolute(call)?);
    call.runtime.allocate(shown.len())?;
    Ok(Value::string(shown))
}

fn segments(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let path = absolute(call)?.escaped().path;
    let count = path.split_inclusive('/').count();
    array_of(call.runtime, Type::STRING, count, path.split_inclusive('/').map(|segment| Value::string(segment.to_owned())))
}

fn left_part(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let address = absolute(call)?;
    let parts = address.escaped();
    Ok(Value::string(match int(call, 1) {
        0 => format!("{}:{}", address.scheme, if address.has_authority { "//" } else { "" }),
        1 if !address.has_authority || address.is_dos() => String::new(),
        1 => address.left(&parts),
        2 => format!("{}{}", address.left(&parts), parts.path),
        3 => format!("{}{}{}", address.left(&parts), parts.path, parts.query),
        other => {
            let message = format!("The subcomponent, {other}, of this uri is not valid. (Parameter 'part')");
            return raise(&registry::ARGUMENT_EXCEPTION, message);
        }
    }))
}

/// `GetComponents(components, format)`
fn components(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let address = absolute(call)?;
    let wanted = int(call, 1);
    let parts = match int(call, 2) {
        1 => address.escaped(),
        2 => address.unescaped(),
        3 => address.displayed(),
        _ => {
            let message = "Specified argument was out of the range of valid values. (Parameter 'format')";
            return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message);
        }
    };
    Ok(Value::string(selected(address, &parts, wanted)))
}

/// The parts that the flags of `UriComponents` name; a part alone goes without its mark unless that is kept.
pub fn selected(address: &Absolute, parts: &Parts, wanted: i64) -> String {
    const KEEP: i64 = 0x4000_0000;
    let has = |flag: i64| wanted & flag != 0;
    let is_alone = |flag: i64| wanted & 0x1FF == flag && wanted & KEEP == 0;
    let mut out = String::new();
    if has(1) {
        out.push_str(&address.scheme);
        if !is_alone(1) {
            out.push_str(if address.has_authority { "://" } else { ":" });
        }
    }
    if has(2) && !parts.user.is_empty() {
        out.push_str(&parts.user);
        out.push_str(if is_alone(2) { "" } else { "@" });
    }
    if has(4 | 256) {
        out.push_str(&if has(256) { address.idn_host() } else { address.host.clone() });
    }
    if has(8 | 128) && address.port >= 0 && (has(128) || !address.is_default_port()) {
        out.push_str(if is_alone(8) || is_alone(128) { "" } else { ":" });
        out.push_str(&address.port.to_string());
    }
    if has(16) {
        out.push_str(if is_alone(16) { parts.path.strip_prefix('/').unwrap_or(&parts.path) } else { &parts.path });
    }
    if has(32) {
        out.push_str(if is_alone(32) { parts.query.get(1..).unwrap_or("") } else { &parts.query });
    }
    if has(64) {
        out.push_str(if is_alone(64) { parts.fragment.get(1..).unwrap_or("") } else { &parts.fragment });
    }
    out
}

fn escaped(call: &mut Call<'_, '_>, parameter: &str, kept: &[&str], keep_escapes: bool) -> Result<Value, Raise> {
    let Some(text) = text(call, 0) else { return Err(argument_null(parameter)) };
    call.runtime.allocate(text.bytes().saturating_mul(3))?;
    Ok(Value::string(escape(&text.as_str(), kept, keep_escapes)))
}

fn host_kind(kind: HostKind) -> Value {
    Value::Enum(EnumValue::new(&URI_HOST_NAME_TYPE, kind as i32))
}

/// A hexadecimal escape at an index of a pattern.
fn hex_at(call: &Call<'_, '_>) -> Option<u8> {
    let units = text(call, 0)?.units();
    let at = usize::try_from(int(call, 1)).ok()?;
    let three: Vec<u8> = units.get(at..at.checked_add(3)?)?.iter().map(|unit| u8::try_from(*unit).unwrap_or(0)).collect();
    escape_at(&three, 0)
}

fn constant(value: &'static str) -> Result<Value, Raise> {
    Ok(Value::string(value))
}

/// Making and showing.
pub const MEMBERS: &[Member] = &[
    member("static string UriSchemeFile { get; }", |_| constant("file")),
    member("static string UriSchemeFtp { get; }", |_| constant("ftp")),
    member("static string UriSchemeGopher { get; }", |_| constant("gopher")),
    member("static string UriSchemeHttp { get; }", |_| constant("http")),
    member("static string UriSchemeHttps { get; }", |_| constant("https")),
    member("static string UriSchemeMailto { get; }", |_| constant("mailto")),
    member("static string UriSchemeNetPipe { get; }", |_| constant("net.pipe")),
    member("static string UriSchemeNetTcp { get; }", |_| constant("net.tcp")),
    member("static string UriSchemeNews { get; }", |_| constant("news")),
    member("static string UriSchemeNntp { get; }", |_| constant("nntp")),
    member("static string UriSchemeSftp { get; }", |_| constant("sftp")),
    member("static string UriSchemeFtps { get; }", |_| constant("ftps")),
    member("static string UriSchemeSsh { get; }", |_| constant("ssh")),
    member("static string UriSchemeTelnet { get; }", |_| constant("telnet")),
    member("static string UriSchemeWs { get; }", |_| constant("ws")),
    member("static string UriSchemeWss { get; }", |_| constant("wss")),
    member("static string SchemeDelimiter { get; }", |_| constant("://")),
    member("Uri(string uriString)", |call| construct(call, Wanted::Absolute)),
    member("Uri(string uriString, UriKind uriKind)", |call| {
        if call.argument(0).is_null() {
            return Err(argument_null("uriString"));
        }
        let wanted = wanted(call, 1)?;
        construct(call, wanted)
    }),
    member("string AbsoluteUri { get; }", |call| show(call, Absolute::absolute_uri)),
    member("string AbsolutePath { get; }", |call| show(call, |address| address.escaped().path)),
    member("string PathAndQuery { get; }", |call| {
        show(call, |address| {
            let parts = address.escaped();
            parts.path + &parts.query
        })
    }),
    member("string Query { get; }", |call| show(call, |address| address.escaped().query)),
    member("string Fragment { get; }", |call| show(call, |address| address.escaped().fragment)),
    member("string UserInfo { get; }", |call| show(call, |address| address.escaped().user)),
    member("string Scheme { get; }", |call| show(call, |address| address.scheme.clone())),
    member("string Host { get; }", |call| show(call, |address| address.host.clone())),
    member("string DnsSafeHost { get; }", |call| {
        show(call, |address| match address.kind {
            HostKind::V6 => address.idn_host(),
            _ => address.host.clone(),
        })
    }),
    member("string IdnHost { get; }", |call| show(call, Absolute::idn_host)),
    member("string Authority { get; }", |call| show(call, Absolute::authority)),
    member("string LocalPath { get; }", |call| {
        show(call, |address| {
            let path = unescape(&address.path, false);
            match (address.is_unc, address.is_dos()) {
                (true, _) => format!("\\\\{}{}", address.host, path.replace('/', "\\")),
                (_, true) => path.get(1..).unwrap_or("").replace('/', "\\"),
                _ => path,
            }
        })
    }),
    member("int Port { get; }", |call| Ok(Value::Int32(absolute(call)?.port))),
    member("bool IsDefaultPort { get; }", |call| Ok(Value::Bool(absolute(call)?.port == default_port(&absolute(call)?.scheme)))),
    member("bool IsFile { get; }", |call| Ok(Value::Bool(absolute(call)?.scheme == "file"))),
    member("bool IsLoopback { get; }", |call| Ok(Value::Bool(absolute(call)?.is_loopback()))),
    member("bool IsUnc { get; }", |call| {
        let address = absolute(call)?;
        Ok(Value::Bool(address.is_unc || (address.scheme == "file" && !address.host.is_empty())))
    }),
    member("bool IsAbsoluteUri { get; }", |call| Ok(Value::Bool(uri(call, 0)?.absolute.is_some()))),
    member("bool UserEscaped { get; }", |_| Ok(Value::Bool(false))),
    member("string OriginalString { get; }", |call| Ok(Value::string(uri(call, 0)?.original.clone()))),
    member("string[] Segments { get; }", segments),
    member("UriHostNameType HostNameType { get; }", |call| Ok(host_kind(absolute(call)?.kind))),
    member("string GetLeftPart(UriPartial part)", left_part),
    member("string GetComponents(UriComponents components, UriFormat format)", components),
    member("string ToString()", |call| {
        let shown = uri(call, 0)?.text();
        call.runtime.allocate(shown.len())?;
        Ok(Value::string(shown))
    }),
    member("static string EscapeDataString(string stringToEscape)", |call| escaped(call, "stringToEscape", &[UNRESERVED], false)),
    member("static string EscapeUriString(string stringToEscape)", |call| escaped(call, "stringToEscape", &[UNRESERVED, RESERVED], false)),
    member("static string UnescapeDataString(string stringToUnescape)", |call| {
        let Some(text) = text(call, 0) else { return Err(argument_null("stringToUnescape")) };
        // Source: dotnet/runtime, UriExt.cs: without a `%` the string itself.
        if !text.as_str().contains('%') {
            return Ok(Value::String(text.clone()));
        }
        call.runtime.allocate(text.bytes())?;
        Ok(Value::string(unescape(&text.as_str(), false)))
    }),
    member("static UriHostNameType CheckHostName(string name)", |call| {
        let name = text(call, 0).map(|name| name.to_string()).unwrap_or_default();
        let bracketed = if name.contains(':') && !name.starts_with('[') { format!("[{name}]") } else { name };
        let host = host_of(&bracketed, false).filter(|_| !bracketed.is_empty() && bracketed.len() <= 0x7FFF);
        Ok(host_kind(host.map_or(HostKind::Unknown, |(kind, ..)| kind)))
    }),
    member("static bool CheckSchemeName(string schemeName)", |call| {
        Ok(Value::Bool(text(call, 0).is_some_and(|name| is_scheme(&name.as_str()))))
    }),
    member("static bool IsHexDigit(char character)", |call| {
        Ok(Value::Bool(unit(call, 0).and_then(|unit| u8::try_from(unit).ok()).is_some_and(|byte| byte.is_ascii_hexdigit())))
    }),
    member("static int FromHex(char digit)", |call| {
        match unit(call, 0).and_then(|unit| char::from_u32(u32::from(unit))).and_then(|digit| digit.to_digit(16)) {
            Some(value) => Ok(Value::Int32(value as i32)),
            None => raise(&registry::ARGUMENT_EXCEPTION, "Value does not fall within the expected range. (Parameter 'digit')"),
        }
    }),
    member("static string HexEscape(char character)", |call| match unit(call, 0).and_then(|unit| u8::try_from(unit).ok()) {
        Some(byte) => Ok(Value::string(format!("%{byte:02X}"))),
        None => {
            let message = "Specified argument was out of the range of valid values. (Parameter 'character')";
            raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message)
        }
    }),
    member("static char HexUnescape(string pattern, ref int index)", |call| {
        let (index, length) = (int(call, 1), text(call, 0).ok_or_else(null_reference)?.len());
        let Some(at) = usize::try_from(index).ok().filter(|at| *at < length) else {
            let message = "Specified argument was out of the range of valid values. (Parameter 'index')";
            return raise(&registry::ARGUMENT_OUT_OF_RANGE_EXCEPTION, message);
        };
        let (unit, step) = match hex_at(call) {
            Some(byte) => (u16::from(byte), 3),
            None => (text(call, 0).and_then(|text| text.unit(at)).unwrap_or(0), 1),
        };
        call.out(1, Value::Int32((index + step) as i32));
        Ok(Value::Char(unit))
    }),
    member("static bool IsHexEncoding(string pattern, int index)", |call| {
        if call.argument(0).is_null() {
            return Err(null_reference());
        }
        Ok(Value::Bool(hex_at(call).is_some()))
    }),
];
