//! A connection in HTTP/2 to a backend, which carries many requests at once.
//!
//! Other than those of HTTP/1.1 (see `pool.rs`) it has a task of its own: the requests on it come and go, and none of them can be left to drive
//! it for the others.

use std::time::Instant;

use http::{HeaderValue, Request, Response, Uri, header, uri::Authority};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{
    pool::{RequestBody, Unanswered},
    tls::Stream,
};

/// One connection. It closes when the last copy of this is gone and the last response on it is complete.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    sender: SendRequest<RequestBody>,
    /// When it was last taken for a request.
    pub(super) used: Instant,
}

impl Shared {
    /// Begins to speak HTTP/2 on `stream`.
    pub(super) async fn begin(stream: Stream) -> Result<Self, hyper::Error> {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        // How it ends is told by the requests on it.
        tokio::spawn(connection);
        Ok(Self { sender, used: Instant::now() })
    }

    /// Whether it takes requests still.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and waits for status and headers.
    pub(super) async fn send(mut self, request: Request<RequestBody>) -> Result<Response<Incoming>, Unanswered> {
        self.sender.try_send_request(request).await.map_err(|mut unsent| match unsent.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request)),
            None => Unanswered::Broken(unsent.into_error()),
        })
    }
}

/// Makes a request of HTTP/1.1 one of HTTP/2: the host moves into `:authority`. `None` where it is no host.
pub(super) fn for_http2(request: &mut Request<RequestBody>, scheme: &str) -> Option<()> {
    let host = request.headers_mut().remove(header::HOST)?;
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(scheme.parse().ok()?);
    parts.authority = Some(Authority::try_from(host.as_bytes()).ok()?);
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    request.headers_mut().remove(header::CONNECTION);
    Some(())
}

/// The way back, for a server that turns out to speak HTTP/1.1 alone.
pub(super) fn for_http1(request: &mut Request<RequestBody>) -> Option<()> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    if let Some(authority) = parts.authority.take() {
        parts.scheme = None;
        request.headers_mut().insert(header::HOST, HeaderValue::from_str(authority.as_str()).ok()?);
    }
    *request.uri_mut() = Uri::from_parts(parts).ok()?;
    if request.headers().contains_key(header::TE) {
        request.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("TE"));
    }
    Some(())
}
