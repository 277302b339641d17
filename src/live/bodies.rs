//! Reading whole bodies, and ending a body early so that the peer sees it.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use hyper::body::Body;

/// Room that is made on the word of a `Content-Length` alone.
const TRUSTED: usize = 1024 * 1024;

/// Why there is no whole body.
#[derive(Debug)]
pub(super) enum Uncollected<E> {
    /// It is longer than the limit.
    TooLarge,
    /// It broke off.
    Broken(E),
}

/// Reads all of a body; trailers are dropped.
pub(super) async fn collect<B: Body<Data = Bytes> + Unpin>(mut body: B, limit: usize) -> Result<Bytes, Uncollected<B::Error>> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if expected > limit {
        return Err(Uncollected::TooLarge);
    }
    // Most bodies come in one piece, which is then the whole.
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while !body.is_end_stream() {
        let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { break };
        let Ok(data) = frame.map_err(Uncollected::Broken)?.into_data() else { continue };
        if first.len() + all.len() + data.len() > limit {
            return Err(Uncollected::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            if all.is_empty() {
                all.reserve(expected.min(TRUSTED).max(first.len() + data.len()));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// Reads a body that nobody wants, up to `limit`.
pub(super) async fn drain<B: Body<Data = Bytes> + Unpin>(mut body: B, limit: usize) {
    let mut read = 0;
    while !body.is_end_stream() && read < limit {
        match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
            _ => return,
        }
    }
}

/// How late a body breaks off.
const MOMENT: Duration = Duration::from_millis(5);

/// Lets a body end with an error, a moment late: what was handed over before is then on the wire already. In HTTP/2 another task has to put
/// it there, and a stream that is reset loses what still waits for that.
pub(super) struct Cut<E> {
    error: Option<E>,
    turn: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<E: std::fmt::Debug> std::fmt::Debug for Cut<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cut").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<E> Cut<E> {
    /// A cut that is due.
    pub(super) fn new(error: E) -> Self {
        Self { error: Some(error), turn: Box::pin(tokio::time::sleep(MOMENT)) }
    }

    /// The error, when it is time; nothing more after it.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<E>> {
        if self.error.is_some() {
            std::task::ready!(self.turn.as_mut().poll(cx));
        }
        Poll::Ready(self.error.take())
    }
}
