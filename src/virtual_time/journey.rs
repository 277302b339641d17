//! One request of a client on its way: what it sends, the machine that works on it, what it has met so far.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

pub(super) use crate::traffic::seen::Seen;

use super::{
    edges::Crossing,
    outcome::{Call, Try},
    requests::Prepared,
    tally::Called,
};
use crate::{
    azure::{faults::Ending as Way, openai::Chunk},
    environment::Moment,
    gateway::{
        Machine,
        effect::{Event, OperationId, Send, Watch},
        trace::Record,
    },
    http::RequestHead,
    text::Text,
};

/// A request of a client, with all its sendings.
#[derive(Default)]
pub(super) struct Journey {
    /// Tells this sending of this request from what sat here before: what was meant for that comes too late.
    pub turn: u32,
    /// The request's number, in the order of arrival.
    pub number: u64,
    /// The load that it belongs to.
    pub load: usize,
    /// The user of a closed load who waits for it.
    pub user: bool,
    pub head: Arc<RequestHead>,
    pub body: Bytes,
    pub model: Text,
    pub streaming: bool,
    pub estimate: u64,
    /// When it was first sent.
    pub first: Moment,
    /// When it was sent this time.
    pub sent: Moment,
    /// When its client gives up on this sending.
    pub deadline: Moment,
    /// Whether that stands in the agenda.
    pub gives_up: bool,
    /// Sendings before this one.
    pub retries: u32,
    /// The gateway that has it.
    pub gateway: Option<usize>,
    /// Its way through Front Door.
    pub crossing: Option<Box<Crossing>>,
    pub machine: Option<Machine>,
    /// Operations under way.
    pub pending: Vec<(OperationId, Pending)>,
    /// Responses whose bodies wait.
    pub held: Vec<(OperationId, Held)>,
    /// What the client sees at the end of this sending.
    pub seen: Seen,
    /// Who looks on while the answer passes.
    pub watch: Option<Box<Watch>>,
    /// Calls of this sending and of those before.
    pub calls: Vec<Called>,
    /// Where the calls of this sending begin.
    pub calls_before: usize,
    /// Where the gateways of this sending begin.
    pub gateways_before: usize,
    /// The gateways that took it.
    pub gateways: Vec<usize>,
    pub throttled_with_capacity: u64,
    /// What a fault of the gateway, or of the way to it, does to its answer: how much later it comes, and how it ends.
    pub disturbed: (Duration, Way),
    /// Whether a fault has touched this sending.
    pub touched: bool,
    /// Kept for requests that are to be told of.
    pub story: Option<Box<Telling>>,
}

impl Journey {
    /// Another request begins its journey here; of the last one nothing is left but room.
    pub fn begin(&mut self, number: u64, load: usize, prepared: Prepared, now: Moment) {
        let mut last = std::mem::take(self);
        last.pending.clear();
        last.held.clear();
        last.calls.clear();
        last.gateways.clear();
        let Prepared { head, body, model, streaming, estimate } = prepared;
        *self = Self {
            number,
            load,
            head,
            body,
            model,
            streaming,
            estimate,
            first: now,
            sent: now,
            deadline: now,
            pending: last.pending,
            held: last.held,
            calls: last.calls,
            gateways: last.gateways,
            ..Self::default()
        };
    }

    /// The gateway is done with this sending.
    pub fn leave_gateway(&mut self) {
        if let Some(machine) = self.machine.take() {
            machine.finish();
        }
    }
}

/// What is kept of a request that is to be told of.
#[derive(Default)]
pub(super) struct Telling {
    pub tries: Vec<Try>,
    /// Calls of this sending with their moments.
    pub calls: Vec<(Moment, Call)>,
    pub trace: Vec<Record>,
}

/// An operation under way.
pub(super) enum Pending {
    /// A call on its way to the host that it names; the call's place among the calls, when it was sent.
    Call(Box<Send>, usize, Moment),
    /// What the machine will be told.
    Settled(Event),
}

/// The body of a response that the gateway has not taken yet.
pub(super) struct Held {
    /// The call's place among the calls.
    pub call: usize,
    /// The pieces: when each is there, and what it is.
    pub chunks: Vec<(Moment, Bytes)>,
    /// How it ends.
    pub end: Ending,
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Whole.
    Whole,
    /// The connection breaks at this moment.
    Cut(Moment),
    /// Nothing more ever comes.
    Stalled,
}

impl Held {
    /// A body whose first piece can be there at `start`.
    pub fn new(call: usize, pieces: Vec<Chunk>, start: Moment, end: impl FnOnce(Moment) -> Ending) -> Self {
        let mut at = start;
        let chunks: Vec<_> = pieces
            .into_iter()
            .map(|chunk| {
                at = at.after(chunk.after);
                (at, chunk.bytes)
            })
            .collect();
        Self { call, chunks, end: end(at) }
    }

    /// When the last piece is there.
    pub fn last(&self) -> Moment {
        self.chunks.last().map_or(Moment(i64::MIN), |(at, _)| *at)
    }

    /// All pieces together.
    pub fn concat(self) -> Bytes {
        match &self.chunks[..] {
            [] => Bytes::new(),
            [(_, only)] => only.clone(),
            chunks => chunks.iter().flat_map(|(_, bytes)| bytes.iter().copied()).collect(),
        }
    }
}
