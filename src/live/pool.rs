//! Connections to backends, kept alive between requests.
//!
//! A connection has no task of its own: whoever waits for its answer or reads its body drives it, so that a request crosses
//! no task on its way through the gateway. That is also why hyper-util's ready-made client is not used: it spawns a task per
//! connection, and it gives no way to close the connections to one host, which a fault needs.
//! Those of HTTP/2 are shared (see `shared.rs`). A request is sent once. Only one of which not a byte has been written goes on another connection.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::{
    body::{Body, Frame, Incoming, SizeHint},
    client::conn::http1::{self, Connection, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::coop::has_budget_remaining};

use super::{
    shared::Shared,
    tls::{self, Stream},
};
use crate::{gateway::backends::Tls, policy::elements::forward_request::HttpVersion};

/// How much of an answer that nobody wants is read to save its connection.
const WORTH_READING: usize = 64 * 1024;

/// The idle connections to one destination.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Idle>,
    /// One at a time opens a connection that all then share.
    pub(super) opening: tokio::sync::Mutex<()>,
    patience: Duration,
}

#[derive(Debug, Default)]
struct Idle {
    generation: u64,
    /// The one that was used last stands last, and is used next.
    links: Vec<(Link, Instant)>,
    /// The one in HTTP/2.
    shared: Option<Shared>,
}

/// A connection that has just been opened, as the server chose.
#[derive(Debug)]
pub(super) enum Opened {
    /// In HTTP/1.1.
    Link(Link),
    /// In HTTP/2.
    Shared(Shared),
}

impl Pool {
    /// No connections; an idle one is thrown away after `patience`.
    pub(super) fn new(patience: Duration) -> Self {
        Self { idle: Mutex::default(), opening: tokio::sync::Mutex::default(), patience }
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An idle connection that is still open.
    pub(super) fn take(&self) -> Option<Link> {
        loop {
            let (mut link, since) = self.idle().links.pop()?;
            if since.elapsed() < self.patience && link.is_usable() {
                return Some(link);
            }
        }
    }

    /// Opens a connection.
    pub(super) async fn open(&self, address: SocketAddr) -> io::Result<Link> {
        let generation = self.idle().generation;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Self::link(Stream::Plain(stream), generation).await
    }

    /// The open connection in HTTP/2.
    pub(super) fn share(&self) -> Option<Shared> {
        let mut idle = self.idle();
        let patience = self.patience;
        let shared = idle.shared.as_mut().filter(|shared| shared.is_open() && shared.used.elapsed() < patience)?;
        shared.used = Instant::now();
        Some(shared.clone())
    }

    /// Opens a connection in HTTP/2 to a server that is known to speak it.
    pub(super) async fn open_shared(&self, address: SocketAddr) -> io::Result<Shared> {
        let generation = self.idle().generation;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        self.begin(Stream::Plain(stream), generation).await
    }

    async fn begin(&self, stream: Stream, generation: u64) -> io::Result<Shared> {
        let shared = Shared::begin(stream).await.map_err(io::Error::other)?;
        let mut idle = self.idle();
        if generation == idle.generation {
            idle.shared = Some(shared.clone());
        }
        Ok(shared)
    }

    /// Opens a connection in TLS to the server called `host`, in the version that it prefers of those in `offered`. The inner error is that of
    /// TLS. One to a server that was believed without all checks carries this request alone: the next may want them.
    pub(super) async fn open_tls(
        &self,
        address: SocketAddr,
        host: &str,
        checks: Tls,
        offered: HttpVersion,
    ) -> io::Result<io::Result<Opened>> {
        let generation = if checks == Tls::default() { self.idle().generation } else { u64::MAX };
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let stream = match tls::handshake(stream, host, checks, offered).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        if stream.is_http2() {
            return self.begin(stream, generation).await.map(|shared| Ok(Opened::Shared(shared)));
        }
        if offered == HttpVersion::Two {
            return Ok(Err(io::Error::other("the server does not speak HTTP/2")));
        }
        Self::link(stream, generation).await.map(|link| Ok(Opened::Link(link)))
    }

    async fn link(stream: Stream, generation: u64) -> io::Result<Link> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Link { sender, connection: Some(Box::new(connection)), generation })
    }

    /// Keeps a connection for the next request, if it is fit for one.
    fn put(&self, mut link: Link) {
        if !link.is_usable() {
            return;
        }
        let now = Instant::now();
        let mut idle = self.idle();
        if link.generation == idle.generation {
            if idle.links.first().is_some_and(|(_, since)| now.duration_since(*since) > self.patience) {
                idle.links.remove(0);
            }
            idle.links.push((link, now));
        }
    }

    /// Closes the idle connections, and lets those in use carry no further request.
    pub(super) fn empty(&self) {
        let links = {
            let mut idle = self.idle();
            idle.generation += 1;
            (std::mem::take(&mut idle.links), idle.shared.take())
        };
        drop(links);
    }
}

/// The body of a request to a backend.
#[derive(Debug)]
pub(super) enum RequestBody {
    /// None.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// The client's, as it arrives.
    Client(Incoming),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Bytes(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Client(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Client(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Client(body) => body.size_hint(),
        }
    }
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link {
    sender: SendRequest<RequestBody>,
    /// `None` once it has ended.
    connection: Option<Box<Connection<TokioIo<Stream>, RequestBody>>>,
    generation: u64,
}

/// Why there is no response.
#[derive(Debug)]
pub(super) enum Unanswered {
    /// The connection was closed before a byte of the request was written: here it is back.
    Unsent(Box<Request<RequestBody>>),
    /// The connection broke.
    Broken(hyper::Error),
    /// The connection ended in order, without a response.
    Ended,
}

impl Link {
    /// Moves bytes; says whether the connection is still there.
    fn drive(&mut self, cx: &mut Context<'_>) -> bool {
        if let Some(connection) = &mut self.connection
            && Pin::new(connection).poll(cx).is_ready()
        {
            // How it ended is told to whoever waits for the response or the body.
            self.connection = None;
        }
        self.connection.is_some()
    }

    /// Whether the connection is open and free.
    fn is_usable(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop())) && self.sender.is_ready()
    }

    /// Sends a request and waits for status and headers.
    pub(super) async fn send(mut self, request: Request<RequestBody>) -> Result<(Response<Incoming>, Self), Unanswered> {
        let mut response = pin!(self.sender.try_send_request(request));
        let outcome = poll_fn(|cx| {
            let open = self.drive(cx);
            // Only driving the connection brings the response, so nobody else need wake us for it.
            match response.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if open => {
                    // Unless the response waits there and tokio wants this task to let others go first.
                    if !has_budget_remaining() {
                        cx.waker().wake_by_ref();
                    }
                    Poll::Pending
                }
                Poll::Pending => Poll::Ready(None),
            }
        })
        .await;
        match outcome {
            Some(Ok(response)) => Ok((response, self)),
            Some(Err(mut unsent)) => Err(match unsent.take_message() {
                Some(request) => Unanswered::Unsent(Box::new(request)),
                None => Unanswered::Broken(unsent.into_error()),
            }),
            None => Err(Unanswered::Ended),
        }
    }
}

/// The body of a backend's response, with the connection that it comes over.
#[derive(Debug)]
pub(super) struct BackendBody {
    body: Incoming,
    /// What it comes over in HTTP/1.1, and where that goes then. A connection of HTTP/2 drives itself.
    link: Option<Link>,
    pool: Option<Arc<Pool>>,
}

impl BackendBody {
    /// The body of a response that came over `link`, which goes back to `pool` when the body is complete.
    pub(super) fn new(body: Incoming, link: Link, pool: Arc<Pool>) -> Self {
        let mut body = Self { body, link: Some(link), pool: Some(pool) };
        body.release_if_complete();
        body
    }

    /// The body of a response that came over a connection in HTTP/2.
    pub(super) fn shared(body: Incoming) -> Self {
        Self { body, link: None, pool: None }
    }

    fn release_if_complete(&mut self) {
        if self.body.is_end_stream() {
            self.release();
        }
    }

    fn release(&mut self) {
        if let (Some(link), Some(pool)) = (self.link.take(), &self.pool) {
            pool.put(link);
        }
    }
}

impl Body for BackendBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let this = &mut *self;
        if this.pool.is_none() {
            return Pin::new(&mut this.body).poll_frame(cx);
        }
        let mut idle = Context::from_waker(Waker::noop());
        let mut frame = Pin::new(&mut this.body).poll_frame(&mut idle);
        if frame.is_pending()
            && let Some(link) = &mut this.link
        {
            link.drive(cx);
            frame = Pin::new(&mut this.body).poll_frame(&mut idle);
        }
        match &frame {
            Poll::Ready(Some(Ok(_))) => this.release_if_complete(),
            Poll::Ready(None) => this.release(),
            Poll::Ready(Some(Err(_))) => this.link = None,
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for BackendBody {
    /// An answer that nobody wants (a 429 before the failover) has mostly arrived already: then its connection is saved.
    fn drop(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        let mut read = 0;
        while self.link.is_some() && read < WORTH_READING {
            match Pin::new(&mut *self).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => read += frame.data_ref().map_or(0, Bytes::len),
                _ => return,
            }
        }
    }
}
