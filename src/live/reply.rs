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
    port::Breaker,
};
use crate::azure::openai::{Chunk, ReplyBody};

/// A body that may end early on purpose.
#[derive(Debug)]
pub(super) struct ReplyStream {
    source: Source,
    /// What breaks the connection at the end.
    cut: Option<Breaker>,
    cutting: Option<Cut<BrokenOff>>,
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
    /// A body; with a breaker, about half of it before the connection breaks.
    pub(super) fn new(body: ReplyBody, cut: Option<Breaker>) -> Self {
        let source = match body {
            ReplyBody::Whole(bytes) => {
                let length = bytes.len();
                let sent = if cut.is_some() { length / 2 } else { length };
                Source::Whole { bytes: bytes.slice(..sent), length: length as u64 }
            }
            ReplyBody::Stream(mut pieces) => {
                if cut.is_some() {
                    pieces.truncate(pieces.len().div_ceil(2).min(pieces.len().saturating_sub(1)));
                }
                Source::Pieces { pieces: pieces.into_iter(), next: None, planned: Instant::now() }
            }
        };
        Self { source, cut, cutting: None }
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
        if self.cutting.is_none() {
            match self.next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Poll::Ready(None) => match self.cut.take() {
                    Some(breaker) => self.cutting = Some(Cut::new(outage::reset(&breaker))),
                    None => return Poll::Ready(None),
                },
            }
        }
        match &mut self.cutting {
            Some(cut) => cut.poll(cx).map(|error| error.map(Err)),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.cutting.is_none() && matches!(&self.source, Source::Whole { bytes, .. } if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole { length, .. } => SizeHint::with_exact(*length),
            Source::Pieces { .. } => SizeHint::default(),
        }
    }
}
