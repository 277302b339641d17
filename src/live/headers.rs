//! Header fields between the wire and the model.
//!
//! Bytes above 0x7F are the Latin-1 characters of the same number, both ways; a character beyond Latin-1 goes out as `?`, as
//! .NET's Latin-1 encoding writes it. The fields that belong to one connection are left behind both ways, and the length of
//! what goes out is the driver's to say.

use std::sync::Arc;

use http::{
    HeaderMap, HeaderName, HeaderValue, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, HOST, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
    },
    uri::Authority,
};

use crate::{
    http::{Headers, RequestHead, Url},
    text::Text,
};

/// A message that a policy made and that HTTP cannot carry. Values stay untold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unwritable {
    /// A field's name is no token, or its value has control characters in it.
    #[error("the header `{}` cannot be sent: its {part} holds characters that no header may have", .name.escape_debug())]
    Field {
        /// The name.
        name: Text,
        /// Which part is bad.
        part: &'static str,
    },
    /// The method is no token.
    #[error("`{}` is no HTTP method", .0.escape_debug())]
    Method(Text),
    /// The path is no path, or longer than 64 KiB.
    #[error("the URL of a request to `{0}` cannot be sent")]
    Target(Text),
    /// The status is none of a final answer.
    #[error("{0} is no status of an answer: statuses go from 200 to 999")]
    Status(u16),
}

/// Whether a field belongs to one connection (RFC 9110 section 7.6.1).
fn is_hop_by_hop(name: &HeaderName) -> bool {
    [CONNECTION, TE, TRANSFER_ENCODING, UPGRADE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION].contains(name)
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// The fields of a message, without those of its connection.
pub(super) fn read(fields: &HeaderMap) -> Headers {
    let named: Vec<&str> = fields
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(',').map(str::trim))
        .filter(|name| !name.eq_ignore_ascii_case("close") && !name.eq_ignore_ascii_case("keep-alive"))
        .collect();
    let mut headers = Headers::with_capacity(fields.len());
    for (name, value) in fields {
        if !is_hop_by_hop(name) && !named.iter().any(|named| named.eq_ignore_ascii_case(name.as_str())) {
            headers.append(field_name(name), latin1(value.as_bytes()));
        }
    }
    headers
}

/// A request's head with an absolute URL: the host from the request line, the `Host` field, or `fallback`. `None` where that is
/// no host.
pub(super) fn request_head(parts: &http::request::Parts, scheme: &'static str, fallback: impl FnOnce() -> Text) -> Option<RequestHead> {
    let written;
    let authority = match (parts.uri.authority(), parts.headers.get(HOST)) {
        (Some(authority), _) => Some(authority),
        (None, Some(host)) => {
            written = Authority::try_from(host.as_bytes()).ok()?;
            Some(&written)
        }
        (None, None) => None,
    };
    let (host, port) = match authority {
        Some(authority) if authority.host().is_empty() => return None,
        Some(authority) => (host_name(authority.host()), authority.port_u16()),
        None => (fallback(), None),
    };
    let path = match parts.uri.path() {
        path if path.starts_with('/') => Text::Shared(Arc::from(path)),
        path => format!("/{path}").into(),
    };
    let query = parts.uri.query().map_or(Text::EMPTY, |query| format!("?{query}").into());
    let mut headers = read(&parts.headers);
    if parts.version == Version::HTTP_2 {
        as_http1(&mut headers, authority);
    }
    let url = Url { scheme: scheme.into(), host, port, path, query };
    Some(RequestHead { method: method(&parts.method), url, headers })
}

/// What HTTP/2 says otherwise, said as policies know it: `:authority` is `Host` (as .NET's servers show it), and a `Cookie` in pieces is one
/// (RFC 9113 section 8.2.3).
fn as_http1(headers: &mut Headers, authority: Option<&Authority>) {
    if let Some(authority) = authority
        && !headers.contains("Host")
    {
        headers.append("Host", authority.as_str().to_owned());
    }
    if headers.values(COOKIE.as_str()).nth(1).is_some() {
        let whole = headers.values(COOKIE.as_str()).map(Text::as_str).collect::<Vec<_>>().join("; ");
        headers.set("Cookie", whole);
    }
}

/// Whether a client takes trailers (RFC 9110 section 10.1.4).
pub(super) fn takes_trailers(fields: &HeaderMap) -> bool {
    let mut members = fields.get_all(TE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    members.any(|member| member.trim().eq_ignore_ascii_case("trailers"))
}

/// The trailers of a message that go on: what frames or routes one may not stand there (RFC 9110 section 6.5.1).
pub(super) fn trailers(fields: HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(fields.len());
    for (name, value) in &fields {
        if !is_hop_by_hop(name) && ![CONTENT_LENGTH, HOST, TRAILER].contains(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

fn host_name(host: &str) -> Text {
    match host {
        "127.0.0.1" => "127.0.0.1".into(),
        "localhost" => "localhost".into(),
        host if host.bytes().any(|byte| byte.is_ascii_uppercase()) => host.to_ascii_lowercase().into(),
        host => Text::Shared(Arc::from(host)),
    }
}

/// What to do with a `Content-Length` that stands among the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// The driver counts the body.
    Count,
    /// There is no body to count, and the field says how long it would be (HEAD, 304).
    Keep,
}

/// Writes the fields of a message, without those that frame it. `Trailer` stays only where the body `streams` through, with the trailers that
/// it announces.
pub(super) fn write(headers: &Headers, length: Length, streams: bool, fields: &mut HeaderMap) -> Result<(), Unwritable> {
    fields.reserve(headers.len() + 3);
    for (name, value) in headers.iter() {
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            return Err(Unwritable::Field { name: name.clone(), part: "name" });
        };
        let framing = is_hop_by_hop(&header)
            || (header == TRAILER && !streams)
            || header == EXPECT
            || (header == CONTENT_LENGTH && length == Length::Count);
        if !framing {
            let Some(value) = field_value(value) else { return Err(Unwritable::Field { name: name.clone(), part: "value" }) };
            fields.append(header, value);
        }
    }
    Ok(())
}

/// A value as bytes; `None` where it holds control characters.
pub(super) fn field_value(value: &str) -> Option<HeaderValue> {
    if value.is_ascii() {
        return HeaderValue::from_bytes(value.as_bytes()).ok();
    }
    let bytes: Vec<u8> = value.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect();
    HeaderValue::from_bytes(&bytes).ok()
}

/// Bytes as the Latin-1 characters of the same numbers.
pub(super) fn latin1(bytes: &[u8]) -> Text {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Text::Shared(Arc::from(text)),
        _ => bytes.iter().copied().map(char::from).collect::<String>().into(),
    }
}

/// A method's text.
pub(super) fn method(method: &http::Method) -> Text {
    match method.as_str() {
        "POST" => "POST".into(),
        "GET" => "GET".into(),
        "PUT" => "PUT".into(),
        "DELETE" => "DELETE".into(),
        "PATCH" => "PATCH".into(),
        "HEAD" => "HEAD".into(),
        "OPTIONS" => "OPTIONS".into(),
        other => other.to_owned().into(),
    }
}

/// A name in its usual spelling, where it has one: hyper hands names over in lower case.
fn field_name(name: &HeaderName) -> Text {
    Text::Static(match name.as_str() {
        "accept" => "Accept",
        "accept-encoding" => "Accept-Encoding",
        "accept-language" => "Accept-Language",
        "age" => "Age",
        "allow" => "Allow",
        "api-key" => "api-key",
        "apim-request-id" => "apim-request-id",
        "authorization" => "Authorization",
        "cache-control" => "Cache-Control",
        "content-disposition" => "Content-Disposition",
        "content-encoding" => "Content-Encoding",
        "content-language" => "Content-Language",
        "content-length" => "Content-Length",
        "content-type" => "Content-Type",
        "cookie" => "Cookie",
        "date" => "Date",
        "etag" => "ETag",
        "expect" => "Expect",
        "expires" => "Expires",
        "host" => "Host",
        "if-match" => "If-Match",
        "if-none-match" => "If-None-Match",
        "last-modified" => "Last-Modified",
        "location" => "Location",
        "ocp-apim-subscription-key" => "Ocp-Apim-Subscription-Key",
        "origin" => "Origin",
        "referer" => "Referer",
        "retry-after" => "Retry-After",
        "retry-after-ms" => "retry-after-ms",
        "server" => "Server",
        "set-cookie" => "Set-Cookie",
        "strict-transport-security" => "Strict-Transport-Security",
        "traceparent" => "traceparent",
        "tracestate" => "tracestate",
        "user-agent" => "User-Agent",
        "vary" => "Vary",
        "via" => "Via",
        "www-authenticate" => "WWW-Authenticate",
        "x-content-type-options" => "X-Content-Type-Options",
        "x-forwarded-for" => "X-Forwarded-For",
        "x-forwarded-host" => "X-Forwarded-Host",
        "x-forwarded-proto" => "X-Forwarded-Proto",
        "x-ms-client-request-id" => "x-ms-client-request-id",
        "x-ms-region" => "x-ms-region",
        "x-ratelimit-limit-requests" => "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens" => "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests" => "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-tokens" => "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-requests" => "x-ratelimit-reset-requests",
        "x-ratelimit-reset-tokens" => "x-ratelimit-reset-tokens",
        "x-request-id" => "x-request-id",
        other => return Text::Shared(Arc::from(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: &[(&str, &str)], length: Length) -> Result<Vec<(String, Vec<u8>)>, Unwritable> {
        let headers: Headers = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut map = HeaderMap::new();
        write(&headers, length, false, &mut map)?;
        Ok(map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
    }

    #[test]
    fn bytes_and_latin1_mean_each_other() {
        let bytes: Vec<u8> = (0x20..0x7f).chain(0x80..=0xff).collect();
        let text = latin1(&bytes);
        assert_eq!(text.chars().count(), bytes.len());
        assert_eq!(field_value(&text).unwrap().as_bytes(), bytes);
        assert_eq!(field_value("å – 日").unwrap().as_bytes(), b"\xe5 ? ?");
    }

    #[test]
    fn what_belongs_to_a_connection_stays_behind() {
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("connection", "Keep-Alive, x-hop"),
            ("keep-alive", "5"),
            ("x-hop", "1"),
            ("te", "trailers"),
            ("content-length", "3"),
            ("x-b", "2"),
            ("accept", "*/*"),
        ] {
            fields.append(name, HeaderValue::from_static(value));
        }
        let headers = read(&fields);
        assert_eq!(headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["Content-Length", "x-b", "Accept"]);
        let fields = [("Transfer-Encoding", "chunked"), ("Content-Length", "99"), ("Content-Encoding", "gzip"), ("Upgrade", "x")];
        assert_eq!(written(&fields, Length::Count).unwrap(), [("content-encoding".to_owned(), b"gzip".to_vec())]);
        assert_eq!(written(&fields, Length::Keep).unwrap().len(), 2);
    }

    #[test]
    fn a_field_with_control_bytes_is_refused_by_name() {
        for (name, value, part) in
            [("X-A", "a\r\nSet-Cookie: b", "value"), ("X-A", "\0", "value"), ("X\nA", "a", "name"), ("", "a", "name"), ("X A", "a", "name")]
        {
            let error = written(&[(name, value)], Length::Count).unwrap_err();
            assert!(!error.to_string().contains("Set-Cookie"));
            assert_eq!(error, Unwritable::Field { name: name.into(), part });
        }
    }
}
