//! The body of a mock resource's answer on its way out: all at once or piece by piece in time, whole or cut.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
    vec,
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    bodies::Cut,
    outage::{self, BrokenOff},
    port::{Breaker, Life},
};
use crate::azure::{
    faults::{Delivery, End},
    openai::{Chunk, ReplyBody},
};

/// A body that may end early on purpose.
pub(super) struct ReplyStream {
    source: Source,
    end: Ending,
}

/// What follows the last byte.
enum Ending {
    /// The end.
    Complete,
    /// The connection breaks.
    Reset(Breaker),
    /// Nothing, until the port is left.
    Silence(Pin<Box<dyn Future<Output = ()> + Send>>, Breaker),
    /// It breaks now.
    Cutting(Cut<BrokenOff>),
}

#[derive(Debug)]
enum Source {
    Whole {
        bytes: Bytes,
        /// What `Content-Length` says; more than there is where the body is cut.
        length: u64,
    },
    Pieces {
        pieces: vec::IntoIter<Chunk>,
        next: Option<(Bytes, Pin<Box<Sleep>>)>,
        /// When the last piece went out, by the plan: delays add up without drift.
        planned: Instant,
    },
}

impl ReplyStream {
    /// The body of an answer that is delivered over a connection which lasts for `life` and that `breaker` breaks.
    pub(super) fn new(delivery: Delivery, life: &Life, breaker: &Breaker) -> Self {
        let source = match delivery.reply.body {
            ReplyBody::Whole(bytes) => {
                let length = delivery.length.unwrap_or(bytes.len() as u64);
                Source::Whole { bytes, length }
            }
            ReplyBody::Stream(pieces) => Source::Pieces { pieces: pieces.into_iter(), next: None, planned: Instant::now() },
        };
        let end = match delivery.end {
            End::Complete => Ending::Complete,
            End::Reset => Ending::Reset(breaker.clone()),
            End::Silence => {
                let life = life.clone();
                Ending::Silence(Box::pin(async move { life.over().await }), breaker.clone())
            }
        };
        Self { source, end }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut self.source {
            Source::Whole { bytes, .. } => Poll::Ready((!bytes.is_empty()).then(|| std::mem::take(bytes))),
            Source::Pieces { pieces, next, planned } => {
                if next.is_none() {
                    let Some(piece) = pieces.next() else { return Poll::Ready(None) };
                    *planned += piece.after;
                    if piece.after == Duration::ZERO {
                        return Poll::Ready(Some(piece.bytes));
                    }
                    *next = Some((piece.bytes, Box::pin(sleep_until(*planned))));
                }
                if let Some((_, sleep)) = next
                    && sleep.as_mut().poll(cx).is_pending()
                {
                    return Poll::Pending;
                }
                Poll::Ready(next.take().map(|(bytes, _)| bytes))
            }
        }
    }
}

impl Body for ReplyStream {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            if !matches!(self.end, Ending::Cutting(_))
                && let Some(bytes) = std::task::ready!(self.next(cx))
            {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            let breaker = match &mut self.end {
                Ending::Complete => return Poll::Ready(None),
                Ending::Cutting(cut) => return cut.poll(cx).map(|error| error.map(Err)),
                Ending::Reset(breaker) => breaker,
                Ending::Silence(over, breaker) => {
                    std::task::ready!(over.as_mut().poll(cx));
                    breaker
                }
            };
            self.end = Ending::Cutting(Cut::new(outage::reset(breaker)));
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.end, Ending::Complete) && matches!(&self.source, Source::Whole { bytes, .. } if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole { length, .. } => SizeHint::with_exact(*length),
            Source::Pieces { .. } => SizeHint::default(),
        }
    }
}
