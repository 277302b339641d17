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
use hyper::body::{Body, Frame, SizeHint};

use super::{
    bodies::Cut,
    clock,
    events::{Attempt, EventSink, Outcome, RequestRecord, SimulationEvent},
    outage::{self, BrokenOff},
    pool::BackendBody,
    port::{Breaker, Life},
    world::World,
};
use crate::{
    azure::faults::Ending,
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

    /// What the client is to get; `served_by` is what the header says.
    pub(super) fn answered(&mut self, status: u16, served_by: Option<&Text>) {
        if let Some(record) = &mut self.record {
            record.status = status;
            let answered = |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Status(_));
            record.served_by = served_by.cloned().or_else(|| record.attempts.iter().rfind(answered).map(|attempt| attempt.backend.clone()));
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
        /// Nothing more comes.
        ended: bool,
        /// Who looks on.
        watching: Watching,
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
    },
}

/// A watch on a body; it ends with the body, however that ends.
pub(super) struct Watching {
    watch: Option<Box<Watch>>,
    /// Who is told what the end has shown of a request that is traced.
    traced: Option<([u8; 16], Arc<World>)>,
}

impl Watching {
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
    pub(super) fn backend(body: BackendBody, buffered: bool, watch: Option<Box<Watch>>, traced: Option<([u8; 16], Arc<World>)>) -> Self {
        let watching = Watching { watch, traced };
        Self::Backend { body, collected: buffered.then(BytesMut::new), ended: false, watching }
    }

    /// A backend's stream through what looks at its events.
    pub(super) fn screened(
        body: BackendBody,
        screens: Vec<StreamScreen>,
        watch: Option<Box<Watch>>,
        traced: Option<([u8; 16], Arc<World>)>,
    ) -> Self {
        Self::Screened { body, screens, ended: false, watching: Watching { watch, traced } }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        let (body, collected, ended, watching) = match self {
            Self::Empty => return Poll::Ready(None),
            Self::Whole(bytes) => return Poll::Ready((!bytes.is_empty()).then(|| Ok(std::mem::take(bytes)))),
            Self::Screened { body, screens, ended, watching } => return poll_screened(body, screens, ended, watching, cx),
            Self::Backend { ended: true, .. } => return Poll::Ready(None),
            Self::Backend { body, collected, ended, watching } => (body, collected, ended, watching),
        };
        loop {
            let frame = match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => {
                    *ended = true;
                    watching.end();
                    let rest = collected.take().filter(|rest| !rest.is_empty());
                    return Poll::Ready(rest.map(|rest| Ok(rest.freeze())));
                }
            };
            // Trailers have no place in the model.
            let Ok(data) = frame.into_data() else { continue };
            *ended = body.is_end_stream();
            watching.pass(&data);
            if *ended {
                // The client may ask again as soon as it has the last byte: what it has used is counted before.
                watching.end();
            }
            let Some(collected) = collected else { return Poll::Ready(Some(Ok(data))) };
            if collected.is_empty() && (*ended || data.len() >= CHUNK) {
                return Poll::Ready(Some(Ok(data)));
            }
            collected.extend_from_slice(&data);
            if *ended || collected.len() >= CHUNK {
                return Poll::Ready(Some(Ok(collected.split().freeze())));
            }
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Screened { ended, .. } => *ended,
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
) -> Poll<Option<Result<Bytes, hyper::Error>>> {
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
            return Poll::Ready(Some(Ok(passed)));
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

/// A fault of the gateway that lets its answer begin and not end.
pub(super) struct Stop {
    left: Left,
    word: &'static str,
    silent: bool,
    life: Life,
    breaker: Breaker,
}

/// How much comes before the stop.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// So many bytes.
    Bytes(usize),
    /// So many pieces.
    Pieces(u32),
    /// Half of the body; the first piece of one whose length is not known.
    Half,
}

impl Stop {
    /// What an ending of the catalogue means over a connection that lasts for `life` and that `breaker` breaks; nothing where the answer is
    /// whole, or never begins.
    pub(super) fn of(ending: Ending, life: &Life, breaker: &Breaker) -> Option<Self> {
        let (left, silent, word) = match ending {
            Ending::ResetAfterHeaders => (Left::Bytes(0), false, "reset-after-headers"),
            Ending::Cut(pieces) => (pieces.map_or(Left::Half, Left::Pieces), false, "cut-body"),
            Ending::Stall(pieces) => (pieces.map_or(Left::Half, Left::Pieces), true, "stall-body"),
            Ending::Whole | Ending::Reset | Ending::Never | Ending::WithoutDone(_) => return None,
        };
        Some(Self { left, word, silent, life: life.clone(), breaker: breaker.clone() })
    }

    fn is_due(&self) -> bool {
        matches!(self.left, Left::Bytes(0) | Left::Pieces(0))
    }

    /// What passes of a piece.
    fn pass(&mut self, mut data: Bytes) -> Bytes {
        match &mut self.left {
            Left::Bytes(left) => {
                data.truncate(*left);
                *left -= data.len();
            }
            Left::Pieces(left) => *left = left.saturating_sub(1),
            Left::Half => self.left = Left::Bytes(0),
        }
        data
    }
}

/// An answer that ends early.
enum Cutting {
    /// Now.
    Now(Cut<AnswerBroken>),
    /// When the port is left.
    Silence(Pin<Box<dyn Future<Output = ()> + Send>>, Breaker),
}

impl Cutting {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<AnswerBroken>> {
        if let Self::Silence(over, breaker) = self {
            std::task::ready!(over.as_mut().poll(cx));
            *self = Self::Now(Cut::new(outage::reset(breaker).into()));
        }
        match self {
            Self::Now(cut) => cut.poll(cx),
            Self::Silence(..) => Poll::Pending,
        }
    }
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
        if let Some(stop) = &mut stop
            && matches!(stop.left, Left::Half)
            && let Some(length) = source.size_hint().exact().and_then(|length| usize::try_from(length / 2).ok())
        {
            stop.left = Left::Bytes(length);
        }
        Self { source, log, stop, cutting: None }
    }

    /// Ends early.
    fn cut(&mut self, stop: Stop) {
        let Stop { word, silent, life, breaker, .. } = stop;
        self.log.ends(Some(word));
        self.cutting = Some(match silent {
            true => Cutting::Silence(Box::pin(async move { life.over().await }), breaker),
            false => Cutting::Now(Cut::new(outage::reset(&breaker).into())),
        });
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
                Poll::Ready(Some(Ok(data))) => {
                    let data = if let Some(stop) = &mut this.stop { stop.pass(data) } else { data };
                    if let Some(record) = &mut this.log.record {
                        record.bytes += data.len() as u64;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Poll::Ready(Some(Err(error))) => {
                    this.log.ends(Some("cut-body"));
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
