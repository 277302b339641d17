//! The body of a gateway's answer on its way to the client, and the record of the request that ends with it.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use hyper::body::{Body, Frame, SizeHint};

use super::{
    bodies::Cut,
    clock,
    events::{Attempt, EventSink, Outcome, RequestRecord, SimulationEvent},
    headers,
    outage::BrokenOff,
    pool::BackendBody,
    stop::{Cutting, Stop},
    world::World,
};
use crate::{
    environment::Moment,
    gateway::{effect::Watch, safety::StreamScreen},
    text::Text,
};

/// What `buffer-response` collects before it passes it on.
/// Source: learn.microsoft.com/azure/api-management/forward-request-policy.
const CHUNK: usize = 8 * 1024;

/// The status of a request whose client got no answer, as nginx counts them.
const NO_ANSWER: u16 = 499;

/// A request under way; tells its record when it is dropped, whatever the reason.
pub(super) struct RequestLog {
    record: Option<Box<RequestRecord>>,
    started: Instant,
    events: Option<EventSink>,
    in_flight: Arc<AtomicU64>,
}

impl RequestLog {
    /// A request that has just arrived.
    pub(super) fn new(gateway: Text, method: Text, path: Text, time: Moment, events: Option<EventSink>, in_flight: Arc<AtomicU64>) -> Self {
        in_flight.fetch_add(1, Ordering::Relaxed);
        // Without a listener nothing is recorded.
        let record = events.is_some().then(|| {
            Box::new(RequestRecord {
                time,
                id: [0; 16],
                gateway,
                method,
                path,
                front_door: None,
                status: NO_ANSWER,
                served_by: None,
                attempts: Vec::new(),
                ms: std::time::Duration::ZERO,
                error: Some("client-gone"),
                bytes: 0,
                number: None,
            })
        });
        Self { record, started: Instant::now(), events, in_flight }
    }

    /// It came through Front Door, with this tracking reference.
    pub(super) fn came_through_front_door(&mut self, reference: Text) {
        if let Some(record) = &mut self.record {
            record.front_door = Some(reference);
        }
    }

    /// The request's id.
    pub(super) fn identify(&mut self, id: [u8; 16]) {
        if let Some(record) = &mut self.record {
            record.id = id;
        }
    }

    /// The number that the client of a scenario's load gave it.
    pub(super) fn number(&mut self, number: u64) {
        if let Some(record) = &mut self.record {
            record.number = Some(number);
        }
    }

    /// The id, where one is known.
    pub(super) fn id(&self) -> Option<[u8; 16]> {
        self.record.as_ref().map(|record| record.id).filter(|id| *id != [0; 16])
    }

    /// A call to a backend has settled; returns its place.
    pub(super) fn attempt(&mut self, attempt: Attempt) -> usize {
        let Some(record) = &mut self.record else { return 0 };
        record.attempts.push(attempt);
        record.attempts.len() - 1
    }

    /// The response of a call broke off after all.
    pub(super) fn attempt_failed(&mut self, place: usize, word: &'static str) {
        if let Some(attempt) = self.record.as_mut().and_then(|record| record.attempts.get_mut(place)) {
            attempt.outcome = Outcome::Error(word);
        }
    }

    /// What the client is to get. Who has served it says the header, `served_by`; without one it is the backend whose answer passes, the attempt
    /// at `passing`, else the one that has answered last.
    pub(super) fn answered(&mut self, status: u16, served_by: Option<&Text>, passing: Option<usize>) {
        if let Some(record) = &mut self.record {
            record.status = status;
            let answered = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Status(_));
            let passing = || passing.and_then(|place| record.attempts.get(place)).filter(answered);
            let last = || record.attempts.iter().rfind(answered);
            record.served_by = served_by.cloned().or_else(|| passing().or_else(last).map(|attempt| attempt.backend.clone()));
        }
    }

    /// Why the answer is not whole, or nothing when it is.
    pub(super) fn ends(&mut self, error: Option<&'static str>) {
        if let Some(record) = &mut self.record {
            record.error = error;
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let (Some(mut record), Some(events)) = (self.record.take(), &self.events) {
            record.ms = self.started.elapsed();
            events(SimulationEvent::Request(record));
        }
    }
}

/// Where an answer's bytes come from.
pub(super) enum Source {
    /// Nowhere.
    Empty,
    /// From the policy.
    Whole(Bytes),
    /// From a backend, as they come or in chunks.
    Backend {
        /// The stream.
        body: BackendBody,
        /// What has been collected; `None` where nothing is.
        collected: Option<BytesMut>,
        /// No more data comes.
        ended: bool,
        /// What comes after the data.
        trailers: Option<Box<HeaderMap>>,
        /// Who looks on.
        watching: Watching,
        /// The attempt that it is of, by its place in the record.
        attempt: usize,
    },
    /// From a backend, through what looks at its events.
    Screened {
        /// The stream.
        body: BackendBody,
        /// What looks at it.
        screens: Vec<StreamScreen>,
        /// Nothing more comes.
        ended: bool,
        /// Who looks on.
        watching: Watching,
        /// The attempt that it is of, by its place in the record.
        attempt: usize,
    },
}

/// A watch on a body; it ends with the body, however that ends.
pub(super) struct Watching {
    watch: Option<Box<Watch>>,
    /// Who is told what the end has shown of a request that is traced.
    traced: Option<([u8; 16], Arc<World>)>,
}

impl Watching {
    /// A watch, and who is told of a request that is traced.
    pub(super) fn new(watch: Option<Box<Watch>>, traced: Option<([u8; 16], Arc<World>)>) -> Self {
        Self { watch, traced }
    }

    fn pass(&mut self, bytes: &[u8]) {
        if let Some(watch) = &mut self.watch {
            watch.pass(bytes);
        }
    }

    fn end(&mut self) {
        if let Some(watch) = self.watch.take() {
            let records = watch.end(clock::now());
            if let (Some((id, world)), false) = (self.traced.take(), records.is_empty()) {
                world.traced_further(id, records);
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end();
    }
}

impl Source {
    /// A backend's stream.
    pub(super) fn backend((attempt, body): (usize, BackendBody), buffered: bool, watching: Watching) -> Self {
        Self::Backend { body, collected: buffered.then(BytesMut::new), ended: false, trailers: None, watching, attempt }
    }

    /// The attempt whose answer passes, by its place in the record.
    pub(super) fn attempt(&self) -> Option<usize> {
        match self {
            Self::Backend { attempt, .. } | Self::Screened { attempt, .. } => Some(*attempt),
            Self::Empty | Self::Whole(_) => None,
        }
    }

    /// Whether a backend's body passes as it is, trailers and all.
    pub(super) fn streams(&self) -> bool {
        matches!(self, Self::Backend { .. })
    }

    /// A backend's stream through what looks at its events.
    pub(super) fn screened((attempt, body): (usize, BackendBody), screens: Vec<StreamScreen>, watching: Watching) -> Self {
        Self::Screened { body, screens, ended: false, watching, attempt }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let (body, collected, ended, trailers, watching) = match self {
            Self::Empty => return Poll::Ready(None),
            Self::Whole(bytes) => return Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(std::mem::take(bytes))))),
            Self::Screened { body, screens, ended, watching, .. } => return poll_screened(body, screens, ended, watching, cx),
            Self::Backend { ended: true, trailers, .. } => {
                return Poll::Ready(trailers.take().map(|trailers| Ok(Frame::trailers(*trailers))));
            }
            Self::Backend { body, collected, ended, trailers, watching, .. } => (body, collected, ended, trailers, watching),
        };
        loop {
            let frame = match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => Some(frame),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => None,
            };
            let data = match frame.map(Frame::into_data) {
                Some(Ok(data)) => data,
                // The end, or the trailers, which are the end.
                end => {
                    *ended = true;
                    watching.end();
                    *trailers = end.and_then(|end| end.err()?.into_trailers().ok()).map(|fields| Box::new(headers::trailers(fields)));
                    let rest = collected.take().filter(|rest| !rest.is_empty()).map(|rest| Frame::data(rest.freeze()));
                    return Poll::Ready(rest.or_else(|| trailers.take().map(|trailers| Frame::trailers(*trailers))).map(Ok));
                }
            };
            *ended = body.is_end_stream();
            watching.pass(&data);
            if *ended {
                // The client may ask again as soon as it has the last byte: what it has used is counted before.
                watching.end();
            }
            let Some(collected) = collected else { return Poll::Ready(Some(Ok(Frame::data(data)))) };
            if collected.is_empty() && (*ended || data.len() >= CHUNK) {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            collected.extend_from_slice(&data);
            if *ended || collected.len() >= CHUNK {
                return Poll::Ready(Some(Ok(Frame::data(collected.split().freeze()))));
            }
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Screened { ended, .. } => *ended,
            Self::Backend { trailers: Some(_), .. } => false,
            Self::Backend { body, collected, ended, .. } => {
                *ended || (body.is_end_stream() && collected.as_ref().is_none_or(|collected| collected.is_empty()))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Backend { body, .. } => body.size_hint(),
            Self::Screened { .. } => SizeHint::default(),
        }
    }
}

/// The next piece of a stream that the screens let through.
fn poll_screened(
    body: &mut BackendBody,
    screens: &mut [StreamScreen],
    ended: &mut bool,
    watching: &mut Watching,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
    while !*ended {
        let frame = match Pin::new(&mut *body).poll_frame(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(frame) => frame.and_then(Result::ok),
        };
        let mut passed = Bytes::new();
        match frame {
            None => {
                *ended = true;
                for screen in screens.iter_mut() {
                    let mut out = BytesMut::from(screen.pass(&passed).as_ref());
                    out.extend_from_slice(&screen.end());
                    passed = out.freeze();
                }
            }
            Some(frame) => {
                let Ok(data) = frame.into_data() else { continue };
                // What the model has said has been used, whether or not the client gets it.
                watching.pass(&data);
                passed = screens.iter_mut().fold(data, |data, screen| screen.pass(&data));
                *ended = screens.iter().any(StreamScreen::is_over);
            }
        }
        if *ended {
            watching.end();
        }
        if !passed.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(passed))));
        }
    }
    Poll::Ready(None)
}

/// Why an answer ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerBroken {
    /// The backend's body did.
    #[error("the backend's body broke off")]
    Backend(#[source] hyper::Error),
    /// A fault of the gateway.
    #[error(transparent)]
    OnPurpose(#[from] BrokenOff),
}

/// The body of an answer.
pub(super) struct AnswerStream {
    source: Source,
    log: RequestLog,
    stop: Option<Stop>,
    cutting: Option<Cutting>,
}

impl AnswerStream {
    /// A body; with a stop, a part of it.
    pub(super) fn new(source: Source, log: RequestLog, mut stop: Option<Stop>) -> Self {
        if let Some(stop) = &mut stop {
            stop.measure(source.size_hint().exact());
        }
        Self { source, log, stop, cutting: None }
    }

    /// Ends early.
    fn cut(&mut self, stop: Stop) {
        self.log.ends(Some(stop.word()));
        self.cutting = Some(stop.into_cutting());
    }
}

impl Body for AnswerStream {
    type Data = Bytes;
    type Error = AnswerBroken;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerBroken>>> {
        let this = &mut *self;
        if let Some(stop) = this.stop.take_if(|stop| stop.is_due()) {
            this.cut(stop);
        }
        if this.cutting.is_none() {
            match this.source.poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => {
                    let data = match frame.into_data() {
                        Ok(data) => data,
                        // An answer that is cut gets that far never.
                        Err(trailers) if this.stop.is_none() => return Poll::Ready(Some(Ok(trailers))),
                        Err(_) => Bytes::new(),
                    };
                    let data = if let Some(stop) = &mut this.stop { stop.pass(data) } else { data };
                    if let Some(record) = &mut this.log.record {
                        record.bytes += data.len() as u64;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(error))) => {
                    this.log.ends(Some("cut-body"));
                    if let Some(place) = this.source.attempt() {
                        this.log.attempt_failed(place, "cut-body");
                    }
                    this.cutting = Some(Cutting::Now(Cut::new(AnswerBroken::Backend(error))));
                }
                Poll::Ready(None) => match this.stop.take() {
                    Some(stop) => this.cut(stop),
                    None => return Poll::Ready(None),
                },
            }
        }
        match &mut this.cutting {
            Some(cutting) => cutting.poll(cx).map(|error| error.map(Err)),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cutting.is_none() && self.stop.is_none() && self.source.is_done()
    }

    fn size_hint(&self) -> SizeHint {
        self.source.size_hint()
    }
}

impl Drop for AnswerStream {
    fn drop(&mut self) {
        if self.is_end_stream() {
            self.log.ends(None);
        }
    }
}
