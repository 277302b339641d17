//! The body of an answer on its way from the edge to the client, and the record of the request that ends with it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::super::{
    bodies::Cut,
    events::{Attempt, EdgeRecord, EventSink, Outcome, SimulationEvent},
    headers,
    pool::BackendBody,
};
use crate::{
    azure::front_door::{Passage, WafMatch},
    environment::Moment,
    text::Text,
};

/// The status of a request whose client got no answer, as nginx counts them.
const NO_ANSWER: u16 = 499;

/// A request under way; tells its record when it is dropped, whatever the reason.
pub(super) struct EdgeLog {
    record: Option<Box<EdgeRecord>>,
    started: Instant,
    events: Option<EventSink>,
    in_flight: Arc<AtomicU64>,
    /// The edge answers itself, so that the whole answer is no reason to forget why.
    own: bool,
}

impl EdgeLog {
    /// A request that has just arrived.
    pub(super) fn new(parts: &http::request::Parts, time: Moment, events: Option<EventSink>, in_flight: Arc<AtomicU64>) -> Self {
        in_flight.fetch_add(1, Ordering::Relaxed);
        let record = events.is_some().then(|| {
            Box::new(EdgeRecord {
                time,
                reference: Text::EMPTY,
                method: headers::method(&parts.method),
                path: parts.uri.path().to_owned().into(),
                status: NO_ANSWER,
                gateway: None,
                attempts: Vec::new(),
                waf: Vec::new(),
                ms: Duration::ZERO,
                error: Some("client-gone"),
                number: None,
                blocked: None,
            })
        });
        Self { record, started: Instant::now(), events, in_flight, own: false }
    }

    /// The request has its reference, and the firewall has seen it.
    pub(super) fn admitted(&mut self, passage: &Passage, met: Vec<WafMatch>) {
        if let Some(record) = &mut self.record {
            record.reference = passage.reference().clone();
            record.waf = met;
        }
    }

    /// The number that the client of a scenario's load gave the request.
    pub(super) fn numbered(&mut self, number: Option<u64>) {
        if let Some(record) = &mut self.record {
            record.number = number;
        }
    }

    /// The firewall's rule that kept the request from going on.
    pub(super) fn blocked(&mut self, rule: Option<Text>) {
        if let Some(record) = &mut self.record {
            record.blocked = rule;
        }
    }

    /// A gateway is asked: until it has answered or failed, what ends this is that the client hangs up.
    pub(super) fn asks(&mut self, region: Text) {
        if let Some(record) = &mut self.record {
            record.gateway = Some(region.clone());
            let outcome = Outcome::Error("client-gone");
            record.attempts.push(Attempt { backend: region.clone(), region: Some(region), outcome, ms: Duration::ZERO });
        }
    }

    /// The gateway that was asked last has answered or failed.
    pub(super) fn settled(&mut self, outcome: Outcome, ms: Duration) {
        if let Some(attempt) = self.record.as_mut().and_then(|record| record.attempts.last_mut()) {
            (attempt.outcome, attempt.ms) = (outcome, ms);
        }
    }

    /// What the client is to get.
    pub(super) fn answered(&mut self, status: u16) {
        if let Some(record) = &mut self.record {
            record.status = status;
        }
    }

    /// The answer is the edge's own.
    pub(super) fn is_own(&mut self) {
        self.own = true;
        if let Some(record) = &mut self.record {
            record.gateway = None;
        }
    }

    /// Why the answer is not a gateway's, or not whole; nothing when it is both.
    pub(super) fn ends(&mut self, error: Option<&'static str>) {
        if let Some(record) = &mut self.record {
            record.error = error;
        }
    }
}

impl Drop for EdgeLog {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let (Some(mut record), Some(events)) = (self.record.take(), &self.events) {
            record.ms = self.started.elapsed();
            events(SimulationEvent::Edge(record));
        }
    }
}

/// Where an answer's bytes come from.
pub(super) enum Source {
    /// Nowhere.
    Empty,
    /// From the edge.
    Whole(Bytes),
    /// From a gateway, as they come.
    Origin {
        /// The stream.
        body: BackendBody,
        /// How long it may be silent.
        silence: Duration,
        /// When it has been silent for too long.
        timer: Pin<Box<Sleep>>,
    },
}

impl Source {
    /// A gateway's stream, which may be silent for so long.
    pub(super) fn origin(body: BackendBody, silence: Duration) -> Self {
        Self::Origin { body, silence, timer: Box::pin(tokio::time::sleep(silence)) }
    }
}

/// Why an answer ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum EdgeBroken {
    /// The gateway's body did.
    #[error("the gateway's body broke off")]
    Origin(#[source] hyper::Error),
    /// The gateway was silent for too long.
    #[error("the gateway was silent for too long")]
    Silent,
}

/// The body of an answer.
pub(super) struct EdgeStream {
    source: Source,
    log: EdgeLog,
    cutting: Option<Cut<EdgeBroken>>,
    /// Nothing more comes, and nothing is missing.
    ended: bool,
}

impl EdgeStream {
    /// A body with the record of its request.
    pub(super) fn new(source: Source, log: EdgeLog) -> Self {
        Self { source, log, cutting: None, ended: false }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, EdgeBroken>>> {
        match &mut self.source {
            Source::Empty => Poll::Ready(None),
            Source::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Origin { body, silence, timer } => match Pin::new(body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(end) = tokio::time::Instant::now().checked_add(*silence) {
                        timer.as_mut().reset(end);
                    }
                    Poll::Ready(Some(Ok(frame)))
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(EdgeBroken::Origin(error)))),
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => timer.as_mut().poll(cx).map(|()| Some(Err(EdgeBroken::Silent))),
            },
        }
    }
}

impl Body for EdgeStream {
    type Data = Bytes;
    type Error = EdgeBroken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, EdgeBroken>>> {
        let this = &mut *self;
        if this.cutting.is_none() {
            match std::task::ready!(this.next(cx)) {
                Some(Err(broken)) => {
                    this.log.own = true;
                    this.log.ends(Some(if matches!(broken, EdgeBroken::Silent) { "origin-idle" } else { "cut-body" }));
                    // The gateway may stop working for a client that gets no more.
                    this.source = Source::Empty;
                    this.cutting = Some(Cut::new(broken));
                }
                other => {
                    this.ended = other.is_none();
                    return Poll::Ready(other);
                }
            }
        }
        let Some(cut) = &mut this.cutting else { return Poll::Ready(None) };
        cut.poll(cx).map(|error| error.map(Err))
    }

    fn is_end_stream(&self) -> bool {
        self.cutting.is_none()
            && match &self.source {
                Source::Empty => true,
                Source::Whole(bytes) => bytes.is_empty(),
                Source::Origin { body, .. } => body.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Origin { body, .. } => body.size_hint(),
        }
    }
}

impl Drop for EdgeStream {
    fn drop(&mut self) {
        if (self.ended || self.is_end_stream()) && !self.log.own {
            self.log.ends(None);
        }
    }
}
