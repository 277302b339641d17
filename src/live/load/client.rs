//! One sending of a request by a client of the load, over a real connection, and what the client sees of it.

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, Request, header};
use hyper::body::Body as _;

use crate::{
    http::RequestHead,
    live::{
        clock, failure,
        front_door::FROM,
        headers::{self, Length},
        pool::{BackendBody, Pool, RequestBody, Unanswered},
    },
    spec::Region,
    text::Text,
    traffic::{complete::is_complete, sdk, seen::Seen},
};

/// The header by which Front Door and gateways know a request of the load again; it is taken away before firewall and policies see it.
pub(in crate::live) const NUMBER: &str = "x-simulated-request";

/// How much of an answer is kept to tell whether it is complete. A longer one is judged by whether it was framed well.
const KEPT: usize = 4 * 1024 * 1024;

/// Where clients send, with the connections that they keep.
#[derive(Debug)]
pub(super) struct Entrance {
    address: SocketAddr,
    /// Where the clients are and their address, which Front Door wants to know; none at a gateway.
    from: Option<HeaderValue>,
    pool: Arc<Pool>,
}

/// What a client sends.
pub(super) struct Sending<'a> {
    pub head: &'a RequestHead,
    pub body: &'a Bytes,
    /// Names this sending to the gateway.
    pub number: u64,
    /// How long the client waits for the answer, and then for each piece of it.
    pub timeout: Duration,
    /// The header that names the backend.
    pub served_by: &'a Text,
}

impl Entrance {
    /// The gateway that listens there.
    pub(super) fn gateway(address: SocketAddr) -> Self {
        Self { address, from: None, pool: Arc::new(Pool::new(Duration::from_secs(60))) }
    }

    /// Front Door, which listens there, for clients in this region, with this address.
    pub(super) fn front_door(address: SocketAddr, from: Region, client: IpAddr) -> Self {
        Self { from: HeaderValue::try_from(format!("{} {client}", from.name)).ok(), ..Self::gateway(address) }
    }

    /// Whether it is Front Door.
    pub(super) fn is_front_door(&self) -> bool {
        self.from.is_some()
    }

    /// Sends once and reads the answer to its end.
    pub(super) async fn send(&self, sending: &Sending<'_>) -> Seen {
        let mut seen = Seen::default();
        let Some(request) = self.request(sending) else {
            seen.error = Some("reset");
            return seen;
        };
        let body = match tokio::time::timeout(sending.timeout, self.exchange(request)).await {
            Err(_) => {
                seen.error = Some("timeout");
                return seen;
            }
            Ok(Err(word)) => {
                seen.error = Some(word);
                return seen;
            }
            Ok(Ok((parts, body))) => {
                let fields = headers::read(&parts.headers);
                let status = parts.status.as_u16();
                seen.status = Some(status);
                seen.served_by = fields.get(sending.served_by).cloned();
                if status >= 400 {
                    (seen.retry_after, seen.should_retry) = sdk::wishes(&fields);
                }
                body
            }
        };
        self.read(body, sending.timeout, &mut seen).await;
        seen
    }

    async fn read(&self, body: BackendBody, timeout: Duration, seen: &mut Seen) {
        let mut body = pin!(body);
        let mut kept = BytesMut::new();
        loop {
            let frame = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx));
            match tokio::time::timeout(timeout, frame).await {
                Err(_) => {
                    seen.error = Some("timeout");
                    return;
                }
                Ok(None) => break,
                Ok(Some(Err(_))) => {
                    seen.error = Some("cut-body");
                    return;
                }
                Ok(Some(Ok(frame))) => {
                    if let Some(data) = frame.data_ref().filter(|data| !data.is_empty()) {
                        seen.first_byte.get_or_insert_with(clock::now);
                        if kept.len() <= KEPT {
                            kept.extend_from_slice(data);
                        }
                    }
                }
            }
        }
        if kept.len() <= KEPT && !is_complete(&kept, seen.status, false) {
            seen.error = Some("incomplete");
        }
    }

    fn request(&self, sending: &Sending<'_>) -> Option<Request<RequestBody>> {
        let head = sending.head;
        let body = if sending.body.is_empty() { RequestBody::Empty } else { RequestBody::Bytes(sending.body.clone()) };
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(head.method.as_bytes()).ok()?;
        *request.uri_mut() = format!("{}{}", head.url.path, head.url.query).parse().ok()?;
        headers::write(&head.headers, Length::Count, false, request.headers_mut()).ok()?;
        request.headers_mut().insert(header::HOST, self.address.to_string().parse().ok()?);
        request.headers_mut().insert(NUMBER, sending.number.into());
        if let Some(from) = &self.from {
            request.headers_mut().insert(FROM, from.clone());
        }
        Some(request)
    }

    /// As far as the answer's head; the error is a word of the catalogue of faults.
    async fn exchange(&self, mut request: Request<RequestBody>) -> Result<(http::response::Parts, BackendBody), &'static str> {
        let link = loop {
            let link = match self.pool.take() {
                Some(link) => link,
                None => break self.pool.open(self.address).await,
            };
            match link.send(request).await {
                Ok((response, link)) => {
                    let (parts, body) = response.into_parts();
                    return Ok((parts, BackendBody::new(body, link, self.pool.clone())));
                }
                // It was closed while it was idle.
                Err(Unanswered::Unsent(unsent)) => request = *unsent,
                Err(Unanswered::Broken(_) | Unanswered::Ended) => return Err("reset"),
            }
        };
        let link = link.map_err(|error| failure::of_connecting("the gateway", &error).kind.word())?;
        let (response, link) = link.send(request).await.map_err(|_| "reset")?;
        let (parts, body) = response.into_parts();
        Ok((parts, BackendBody::new(body, link, self.pool.clone())))
    }
}
