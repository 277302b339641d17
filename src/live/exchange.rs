//! The client side of a gateway: one request to a backend, its answer or the reason why there is none.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Uri, header, uri::PathAndQuery};
use hyper::ext::ReasonPhrase;

use super::{
    BODY_LIMIT,
    bodies::{self, Uncollected},
    events::{Attempt, Outcome},
    failure,
    headers::{self, Length, Unwritable},
    outage::{Asked, Decided},
    pool::{BackendBody, Opened, RequestBody, Unanswered},
    shared,
    world::{Destination, Route, World},
};
use crate::{
    gateway::{
        backends::Tls,
        effect::{CLIENT_CERTIFICATE, Failure, FailureKind, Purpose, Received, Reception, Send},
    },
    http::{RequestHead, ResponseHead, Url, reason_phrase},
    policy::elements::forward_request::HttpVersion,
    text::Text,
};

/// How long the body of a response that is collected may take: the longest that the service itself waits for a backend.
const BODY_PATIENCE: Duration = Duration::from_secs(300);

/// What came of a request.
#[derive(Debug)]
pub(super) struct Exchanged {
    /// For the machine.
    pub(super) outcome: Result<Received, Failure>,
    /// The response's body, where it is to stream.
    pub(super) body: Option<BackendBody>,
    /// For the record; none where nobody is served by it.
    pub(super) attempt: Option<Attempt>,
}

/// The gateway on whose behalf a request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender<'a> {
    /// The region's short name.
    pub(super) region: &'a Text,
    /// The region's display name.
    pub(super) display: &'a Text,
    /// Whether the client takes trailers.
    pub(super) takes_trailers: bool,
}

/// Sends a request, once.
pub(super) async fn exchange(world: &World, sender: Sender<'_>, send: &Send, body: RequestBody) -> Result<Exchanged, Unwritable> {
    let started = Instant::now();
    let url = &send.request.url;
    if send.reception == Reception::Collect
        && let Some((status, body)) = world.stand_in(&send.request, &body)
    {
        let headers = [("Content-Type", "application/json; charset=utf-8")].into_iter().collect();
        let received = Received { head: ResponseHead { status, reason: reason_phrase(status).into(), headers }, body: Some(body) };
        return Ok(Exchanged { outcome: Ok(received), body: None, attempt: None });
    }
    let destination = match world.resolve(url, sender.region, sender.display) {
        Ok(destination) => destination,
        Err(failure) => {
            let known = world.known(&url.host);
            let (backend, region) = known.map_or((url.host.clone(), None), |known| (known.label.clone(), known.region.clone()));
            let attempt = Attempt { backend, region, outcome: Outcome::Error(failure.kind.word()), ms: started.elapsed() };
            return Ok(Exchanged { outcome: Err(failure), body: None, attempt: Some(attempt) });
        }
    };
    let decided = destination.decided(world, sender.region, &send.request, &body);
    let mut request = write_request(&send.request, body, destination.prefix())?;
    if matches!(destination.route, Route::Named { tls: true, .. }) {
        // Real hosts know nothing of certificates in a header, and none is presented to them.
        request.headers_mut().remove(CLIENT_CERTIFICATE);
    }
    let lost = match &decided {
        Some(Decided::Conduct(conduct)) => conduct.connection.failure(&url.host),
        _ => None,
    };
    let _ticket = decided.map(|decided| world.faults.leave(decided, request.headers_mut()));
    let (tls, version) = match send.purpose {
        Purpose::Forward { tls, version } => (tls, version),
        _ => (Tls::default(), HttpVersion::One),
    };
    if sender.takes_trailers && matches!(send.purpose, Purpose::Forward { .. }) {
        // What the client takes, the gateway takes for it. Source: RFC 9110 section 10.1.4.
        request.headers_mut().insert(header::TE, HeaderValue::from_static("trailers"));
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("TE"));
    }
    let wire = Wire { tls, version: destination.version(version, url), scheme: &url.scheme };
    // A timeout is for status and headers, of `send-request` too; a body that never ends has a limit of its own.
    // Source: learn.microsoft.com/azure/api-management/api-management-error-handling-policies, `Timeout`.
    let answered = async {
        match lost {
            Some((wait, failure)) => {
                tokio::time::sleep(wait).await;
                Err(failure)
            }
            None => attempt(&destination, &url.host, wire, request).await,
        }
    };
    let begun = match tokio::time::timeout(send.timeout, answered).await {
        Ok(begun) => begun,
        Err(_) => Err(no_answer(&url.host, send.timeout)),
    };
    let mut was_cut = false;
    let outcome = match (begun, send.reception) {
        (Ok((head, body)), Reception::Stream) => Ok((Received { head, body: None }, Some(body))),
        (Ok((head, body)), Reception::Collect) => match tokio::time::timeout(BODY_PATIENCE, read(&url.host, body)).await {
            Ok(Ok(body)) => Ok((Received { head, body: Some(body) }, None)),
            Ok(Err(failure)) => {
                was_cut = true;
                Err(failure)
            }
            Err(_) => Err(no_answer(&url.host, BODY_PATIENCE)),
        },
        (Err(failure), _) => Err(failure),
    };
    let (outcome, body) = match outcome {
        Ok((received, body)) => (Ok(received), body),
        Err(failure) => (Err(failure), None),
    };
    let word = match &outcome {
        Ok(received) => Outcome::Status(received.head.status),
        Err(_) if was_cut => Outcome::Error("cut-body"),
        Err(failure) => Outcome::Error(failure.kind.word()),
    };
    let attempt = Attempt { backend: destination.label.clone(), region: destination.region.clone(), outcome: word, ms: started.elapsed() };
    Ok(Exchanged { outcome, body, attempt: (send.purpose != Purpose::SigningKeys).then_some(attempt) })
}

fn no_answer(host: &str, timeout: Duration) -> Failure {
    failure::failure(FailureKind::Timeout, format!("no answer from `{host}` within {timeout:?}"))
}

/// How to speak to a backend.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wire<'a> {
    /// What is checked of the certificate.
    pub(super) tls: Tls,
    /// The version to speak.
    pub(super) version: HttpVersion,
    /// `http` or `https`.
    pub(super) scheme: &'a str,
}

impl Wire<'_> {
    /// Towards a server of our own, over loopback.
    pub(super) fn plain() -> Self {
        Self { tls: Tls::default(), version: HttpVersion::One, scheme: "http" }
    }
}

/// Sends a request over a kept connection or a new one, and waits for the head of the answer.
pub(super) async fn attempt(
    destination: &Arc<Destination>,
    host: &str,
    wire: Wire<'_>,
    request: Request<RequestBody>,
) -> Result<(ResponseHead, BackendBody), Failure> {
    let response = send(destination, host, wire, request).await?;
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let reason = match parts.extensions.get::<ReasonPhrase>() {
        Some(reason) => headers::latin1(reason.as_bytes()),
        None => reason_phrase(status).into(),
    };
    let head = ResponseHead { status, reason, headers: headers::read(&parts.headers) };
    Ok((head, body))
}

/// Reads a response's whole body.
pub(super) async fn read(host: &str, body: BackendBody) -> Result<Bytes, Failure> {
    bodies::collect(body, BODY_LIMIT).await.map_err(|error| match error {
        Uncollected::Broken(error) => failure::of_exchange(host, &error),
        Uncollected::TooLarge => {
            failure::failure(FailureKind::Reset, format!("the response of `{host}` is longer than {BODY_LIMIT} bytes"))
        }
    })
}

async fn send(
    destination: &Destination,
    host: &str,
    wire: Wire<'_>,
    mut request: Request<RequestBody>,
) -> Result<Response<BackendBody>, Failure> {
    let pool = &destination.pool;
    let failed = |unanswered| match unanswered {
        Unanswered::Broken(error) => failure::of_exchange(host, &error),
        Unanswered::Unsent(_) | Unanswered::Ended => ended(host),
    };
    let mut opening = None;
    if wire.version != HttpVersion::One {
        shared::for_http2(&mut request, wire.scheme).ok_or_else(|| no_authority(host))?;
        let mut shared = pool.share();
        loop {
            let Some(open) = shared else {
                let turn = pool.opening.lock().await;
                // Who had to wait finds the connection that another one has opened meanwhile.
                shared = pool.share();
                if shared.is_none() {
                    opening = Some(turn);
                    break;
                }
                continue;
            };
            match open.send(request).await {
                Ok(response) => return Ok(response.map(BackendBody::shared)),
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
                Err(unanswered) => return Err(failed(unanswered)),
            }
            shared = pool.share();
        }
    }
    // A kept connection may turn out to be closed before a byte of the request is written. Then it is as if it had not been there.
    while wire.version != HttpVersion::Two
        && let Some(link) = pool.take()
    {
        opening = None;
        if wire.version != HttpVersion::One {
            shared::for_http1(&mut request).ok_or_else(|| no_authority(host))?;
        }
        match link.send(request).await {
            Ok((response, link)) => return Ok(response.map(|body| BackendBody::new(body, link, pool.clone()))),
            Err(Unanswered::Unsent(unsent)) => request = *unsent,
            Err(unanswered) => return Err(failed(unanswered)),
        }
    }
    let opened = connect(destination, host, wire).await?;
    drop(opening);
    match opened {
        Opened::Shared(shared) => {
            shared::for_http2(&mut request, wire.scheme);
            shared.send(request).await.map(|response| response.map(BackendBody::shared)).map_err(failed)
        }
        Opened::Link(link) => {
            if wire.version != HttpVersion::One {
                shared::for_http1(&mut request).ok_or_else(|| no_authority(host))?;
            }
            let (response, link) = link.send(request).await.map_err(failed)?;
            Ok(response.map(|body| BackendBody::new(body, link, pool.clone())))
        }
    }
}

fn no_authority(host: &str) -> Failure {
    failure::failure(FailureKind::Reset, format!("the `Host` of the request to `{host}` is none that HTTP/2 can carry"))
}

fn ended(host: &str) -> Failure {
    failure::failure(FailureKind::Reset, format!("the connection to `{host}` ended before the answer"))
}

async fn connect(destination: &Destination, name: &str, wire: Wire<'_>) -> Result<Opened, Failure> {
    let pool = &destination.pool;
    let plain = async |address| match wire.version {
        HttpVersion::One => pool.open(address).await.map(Opened::Link),
        _ => pool.open_shared(address).await.map(Opened::Shared),
    };
    match &destination.route {
        Route::Resource(hosted) => plain(hosted.port.address()).await.map_err(|error| failure::of_connecting(name, &error)),
        Route::Named { host, port, tls, .. } => {
            let addresses: Vec<SocketAddr> = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(address) => vec![SocketAddr::new(address, *port)],
                Err(_) => match tokio::net::lookup_host((host.as_str(), *port)).await {
                    Ok(addresses) => addresses.collect(),
                    Err(error) => return Err(failure::failure(FailureKind::DnsFailure, format!("no address for `{host}`: {error}"))),
                },
            };
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for address in addresses {
                let opened = if *tls { pool.open_tls(address, host, wire.tls, wire.version).await } else { plain(address).await.map(Ok) };
                match opened {
                    Ok(Ok(opened)) => return Ok(opened),
                    Ok(Err(error)) => return Err(failure::failure(FailureKind::TlsFailure, format!("no TLS with `{name}`: {error}"))),
                    Err(error) => last = error,
                }
            }
            Err(failure::of_connecting(name, &last))
        }
    }
}

/// A request as it goes over the wire in HTTP/1.1. `Host` is the name in the URL unless a policy set another.
pub(super) fn write_request(head: &RequestHead, body: RequestBody, prefix: &str) -> Result<Request<RequestBody>, Unwritable> {
    let method = Method::from_bytes(head.method.as_bytes()).map_err(|_| Unwritable::Method(head.method.clone()))?;
    let streams = matches!(body, RequestBody::Client(_));
    let is_empty = match &body {
        RequestBody::Empty => true,
        RequestBody::Bytes(bytes) => bytes.is_empty(),
        RequestBody::Client(_) => false,
    };
    let wants_length = is_empty && matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target(&head.url, prefix).ok_or_else(|| Unwritable::Target(head.url.host.clone()))?;
    let fields = request.headers_mut();
    headers::write(&head.headers, Length::Count, streams, fields)?;
    if !fields.contains_key(header::HOST) {
        let host =
            if head.url.port.is_none() { HeaderValue::from_str(&head.url.host) } else { HeaderValue::from_str(&head.url.authority()) };
        fields.insert(header::HOST, host.map_err(|_| Unwritable::Target(head.url.host.clone()))?);
    }
    if wants_length {
        fields.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(request)
}

/// Path and query; what no URL may hold is percent-encoded as UTF-8, as .NET's `Uri` does it.
fn target(url: &Url, prefix: &str) -> Option<Uri> {
    let mut text = String::with_capacity(prefix.len() + url.path.len() + url.query.len() + 1);
    for part in [prefix, &url.path, &url.query] {
        if part.bytes().all(may_stand) {
            text.push_str(part);
        } else {
            for byte in part.bytes() {
                match byte {
                    byte if may_stand(byte) => text.push(char::from(byte)),
                    byte => text.extend(['%', hex(byte >> 4), hex(byte & 0x0f)]),
                }
            }
        }
    }
    if !text.starts_with('/') {
        text.insert(0, '/');
    }
    PathAndQuery::from_maybe_shared(Bytes::from(text)).ok().map(Uri::from)
}

fn may_stand(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b'#')
}

fn hex(digit: u8) -> char {
    char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase()
}

impl Destination {
    /// What stands before the path of every request.
    fn prefix(&self) -> &str {
        match &self.route {
            Route::Named { path, .. } => path,
            Route::Resource(_) => "",
        }
    }

    /// What faults make of a request, where the resource is ours and any fault is set.
    fn decided(&self, world: &World, from: &str, request: &RequestHead, body: &RequestBody) -> Option<Decided> {
        let Route::Resource(_) = &self.route else { return None };
        let body = match body {
            RequestBody::Empty => Some(&[][..]),
            RequestBody::Bytes(bytes) => Some(&bytes[..]),
            RequestBody::Client(_) => None,
        };
        let region = self.region.as_deref().unwrap_or_default();
        world.faults.exchange(&Asked { from: Some(from), backend: &self.label, region, request, body })
    }

    /// The version to speak where a policy asks for `wanted`. Without TLS nothing is agreed on: HTTP/2 is then spoken to whom it must be, and
    /// `2or1` means HTTP/1.1, as in a .NET client (learn.microsoft.com/dotnet/api/system.net.http.httpversionpolicy). A simulated resource
    /// stands for one that TLS leads to, and speaks both.
    fn version(&self, wanted: HttpVersion, url: &Url) -> HttpVersion {
        let agrees = match &self.route {
            Route::Resource(_) => url.scheme == "https",
            Route::Named { tls, .. } => *tls,
        };
        match (wanted, &self.route) {
            (HttpVersion::TwoOrOne, _) if !agrees => HttpVersion::One,
            (HttpVersion::TwoOrOne, Route::Resource(_)) => HttpVersion::Two,
            _ => wanted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_target_keeps_what_is_a_url_and_escapes_the_rest() {
        for (address, prefix, expected) in [
            ("https://a.example/openai/x?api-version=2024-10-21&q=%20", "", "/openai/x?api-version=2024-10-21&q=%20"),
            ("https://a.example?x", "", "/?x"),
            ("https://a.example/x", "/base", "/base/x"),
            ("https://a.example/å/{id}/a b?\"<>\\^`|é", "", "/%C3%A5/%7Bid%7D/a%20b?%22%3C%3E%5C%5E%60%7C%C3%A9"),
            ("https://a.example/[x]/a:b@c;d=e,f", "", "/[x]/a:b@c;d=e,f"),
        ] {
            assert_eq!(target(&url(address), prefix).unwrap().to_string(), expected);
        }
        let mut strange = url("https://a.example/");
        strange.path = "x#y\r\n".into();
        assert_eq!(target(&strange, "").unwrap().to_string(), "/x%23y%0D%0A");
        strange.path = "/".repeat(70_000).into();
        assert!(target(&strange, "").is_none());
    }

    #[test]
    fn a_request_names_the_simulated_host_and_its_length() {
        let write = |method: &'static str, address: &str, fields: &[(&'static str, &'static str)]| {
            let head = RequestHead { method: method.into(), url: url(address), headers: fields.iter().copied().collect() };
            write_request(&head, RequestBody::Empty, "")
        };
        let request = write("POST", "https://contoso.openai.azure.com/x", &[("X-A", "1")]).unwrap();
        assert_eq!(
            (&request.headers()["host"], &request.headers()["content-length"]),
            (&HeaderValue::from_static("contoso.openai.azure.com"), &HeaderValue::from_static("0"))
        );
        let request = write("GET", "http://a.example:8080/x", &[]).unwrap();
        assert_eq!(request.headers()["host"], "a.example:8080");
        assert!(!request.headers().contains_key("content-length"));
        assert_eq!(write("GET", "http://a.example/x", &[("host", "b.example")]).unwrap().headers()["host"], "b.example");
        assert_eq!(write("G T", "http://a.example/x", &[]).unwrap_err(), Unwritable::Method("G T".into()));
        assert!(matches!(write("GET", "http://a.example/x", &[("X-A", "a\nb")]).unwrap_err(), Unwritable::Field { .. }));
    }
}
