//! A port of the simulated world: it listens, or it refuses, and it keeps its number all the while.

use std::{
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{Either, select};
use http::{Request, Response, Version};
use hyper::{
    body::{Body, Incoming},
    rt::{Read, ReadBufCursor, Write},
    service::Service,
};
use hyper_util::{rt::TokioIo, server::conn::auto};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Mutex, watch},
    task::JoinHandle,
};

use super::streams::Streams;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long to wait where the system has no more descriptors for connections.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Streams of one HTTP/2 connection that may be under way at once, as in Kestrel, .NET's server.
/// Source: learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options, `MaxStreamsPerConnection`.
const STREAMS: u32 = 100;

/// What the header fields of an HTTP/2 request may come to, in bytes.
const FIELDS: u32 = 64 * 1024;

/// Somebody who serves connections.
pub(super) trait Host: Send + Sync + 'static {
    /// Serves `stream` in a task of its own for as long as `life` lasts.
    fn connected(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, life: Life);
}

/// A listening socket that nobody serves yet.
#[derive(Debug)]
pub(super) struct Bound {
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Takes a port.
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener: TcpListener::from_std(listener)?, address })
    }

    /// The port's address.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The listener, for somebody who serves it otherwise.
    pub(super) fn into_listener(self) -> TcpListener {
        self.listener
    }
}

/// A port that is ours until it is closed.
#[derive(Debug)]
pub(super) struct Port {
    address: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
enum State {
    Listening {
        accepting: JoinHandle<()>,
        phase: watch::Sender<Phase>,
        leaving: Leaving,
    },
    /// Bound and not listening: the system refuses connections, and gives the number to nobody else. What was under way goes on.
    Refusing {
        reserved: Option<TcpSocket>,
        leaving: Leaving,
    },
    Closed,
}

/// The connections of listeners that are gone, each with the rest of its generation: what was under way there goes on. A connection without its
/// sender would end at once.
type Leaving = Vec<watch::Sender<Phase>>;

/// How far the connections of a port have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// Idle connections close, busy ones after their answer, whenever that is.
    Leaving,
    /// Idle connections close, busy ones after their answer; what waits for ever is over.
    Draining,
    /// All connections close.
    Closed,
}

impl Port {
    /// Starts to serve.
    pub(super) fn serve(bound: Bound, host: Arc<dyn Host>) -> Self {
        let Bound { listener, address } = bound;
        Self { address, state: Mutex::new(listening(listener, host, Leaving::new())) }
    }

    /// Starts as a port that refuses.
    pub(super) fn refusing(bound: Bound) -> Self {
        let Bound { listener, address } = bound;
        drop(listener);
        Self { address, state: Mutex::new(State::Refusing { reserved: reserve(address).ok(), leaving: Leaving::new() }) }
    }

    /// Where it is.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener, and every connection once its request is answered, and keeps the number. Connections are refused when this returns.
    /// A fault meets the requests that begin under it, as in simulated time.
    pub(super) async fn refuse(&self) {
        let mut state = self.state.lock().await;
        if let State::Listening { accepting, phase, leaving } = &mut *state {
            stop(accepting).await;
            // Somebody may have taken the number in between; then there is nothing to keep, and `listen` tries again.
            let reserved = reserve(self.address).ok();
            phase.send_replace(Phase::Leaving);
            let mut leaving = std::mem::take(leaving);
            leaving.retain(|phase| !phase.is_closed());
            leaving.push(phase.clone());
            *state = State::Refusing { reserved, leaving };
        }
    }

    /// Listens again.
    pub(super) async fn listen(&self, host: Arc<dyn Host>) -> io::Result<()> {
        let mut state = self.state.lock().await;
        if let State::Refusing { reserved, leaving } = &mut *state {
            let socket = match reserved.take() {
                Some(socket) => socket,
                None => reserve(self.address)?,
            };
            socket.set_reuseaddr(true)?;
            let leaving = std::mem::take(leaving);
            *state = listening(socket.listen(BACKLOG)?, host, leaving);
        }
        Ok(())
    }

    /// Accepts no more connections, lets those that are busy finish, and returns when the last one is closed.
    pub(super) async fn drain(&self) {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Listening { accepting, phase, leaving } => {
                stop(accepting).await;
                phase.send_replace(Phase::Draining);
                end(leaving, Phase::Draining).await;
                phase.closed().await;
            }
            State::Refusing { reserved, leaving } => {
                drop(reserved.take());
                end(leaving, Phase::Draining).await;
            }
            State::Closed => {}
        }
        *state = State::Closed;
    }

    /// Closes everything now. A [`drain`](Self::drain) must not be under way any more.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Listening { accepting, phase, leaving } => {
                stop(accepting).await;
                phase.send_replace(Phase::Closed);
                end(leaving, Phase::Closed).await;
                phase.closed().await;
            }
            State::Refusing { leaving, .. } => end(leaving, Phase::Closed).await,
            State::Closed => {}
        }
        *state = State::Closed;
    }
}

/// Ends the connections of listeners that are gone.
async fn end(leaving: &[watch::Sender<Phase>], how: Phase) {
    for phase in leaving {
        phase.send_replace(how);
    }
    for phase in leaving {
        phase.closed().await;
    }
}

/// Ends the accepting task and waits until its listener is gone.
async fn stop(accepting: &mut JoinHandle<()>) {
    accepting.abort();
    // A handle must not be awaited twice; one that has been is finished.
    if !accepting.is_finished() {
        let _ = accepting.await;
    }
}

fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // To share the number with connections that are about to go, and then with nobody: Linux would let others listen there.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.set_reuseaddr(false)?;
    Ok(socket)
}

fn listening(listener: TcpListener, host: Arc<dyn Host>, leaving: Leaving) -> State {
    let (phase, _) = watch::channel(Phase::Open);
    let sender = phase.clone();
    let accepting = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    host.clone().connected(stream, peer, Life(sender.subscribe()));
                }
                // The connection died while it waited: the next one may live.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
                    ) => {}
                Err(_) => tokio::time::sleep(EXHAUSTED).await,
            }
        }
    });
    State::Listening { accepting, phase, leaving }
}

/// How long a connection may live. The port knows that it lives for as long as this exists.
#[derive(Clone, Debug)]
pub(super) struct Life(watch::Receiver<Phase>);

impl Life {
    /// Serves HTTP/1.1, or HTTP/2 to a client that begins with its preface, on `wire` until the client goes or the port wants it to end.
    pub(super) async fn serve<S, B>(mut self, wire: Wire, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
    {
        let mut server = auto::Builder::new(Streams::default());
        server.http2().max_concurrent_streams(STREAMS).max_header_list_size(FIELDS);
        let mut connection = pin!(server.serve_connection(wire, service));
        loop {
            // How a connection ends is told by the requests on it.
            match select(connection.as_mut(), pin!(self.0.changed())).await {
                Either::Left(_) | Either::Right((Err(_), _)) => return,
                Either::Right((Ok(()), _)) => {}
            }
            match *self.0.borrow_and_update() {
                Phase::Open => {}
                Phase::Leaving | Phase::Draining => connection.as_mut().graceful_shutdown(),
                Phase::Closed => return,
            }
        }
    }

    /// Returns when the port is to be left: what waits forever waits for this.
    pub(super) async fn over(&self) {
        // Without a sender it is over as well.
        let _ = self.0.clone().wait_for(|phase| matches!(phase, Phase::Draining | Phase::Closed)).await;
    }
}

/// Makes a connection end with a reset (RST) instead of an orderly close.
#[derive(Clone, Debug, Default)]
pub(super) struct Breaker(Arc<AtomicBool>);

impl Breaker {
    /// What breaks a request of this version. A stream of HTTP/2 is reset by itself (`RST_STREAM`), and the others on its connection go on.
    pub(super) fn of(&self, version: Version) -> Self {
        if version == Version::HTTP_2 { Self::default() } else { self.clone() }
    }

    /// From now on the end of the connection is a reset.
    pub(super) fn trip(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A connection as hyper wants it, with a [`Breaker`].
#[derive(Debug)]
pub(super) struct Wire {
    stream: TokioIo<TcpStream>,
    breaker: Breaker,
}

impl Wire {
    /// A connection that `breaker` can break.
    pub(super) fn new(stream: TcpStream, breaker: Breaker) -> Self {
        Self { stream: TokioIo::new(stream), breaker }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.breaker.0.load(Ordering::Acquire) {
            // Where this fails the connection closes in order, and the client sees an early end all the same.
            let _ = self.stream.inner().set_zero_linger();
        }
    }
}

impl Read for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }
}
