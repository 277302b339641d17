//! What a run came to: numbers by scope, a timeline, the requests worth telling of, and which expectations held.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hdrhistogram::Histogram;

use crate::{
    gateway::trace::Record,
    scenario::{Expectation, Scenario, Window},
    text::Text,
};

/// One run of a scenario.
#[derive(Debug)]
pub struct Run {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The seed that it ran with.
    pub seed: u64,
    /// The world's parts, by which statistics index.
    pub cast: Cast,
    /// The numbers of all requests.
    pub whole: Statistics,
    /// By client, in the order of the scenario's load.
    pub clients: Vec<(Text, Statistics)>,
    /// While each fault held, and after it, in the order of the scenario's faults.
    pub windows: Vec<(Window, Statistics)>,
    /// Each fault with what it did to the traffic, in the order of the scenario's.
    pub faults: Vec<FaultStory>,
    /// The numbers over time.
    pub timeline: Timeline,
    /// What became of the expectations, in their order.
    pub judged: Vec<Judged>,
    /// The slowest requests, the slowest first.
    pub slowest: Vec<Story>,
    /// Requests that got no good answer, the first ones.
    pub failed: Vec<Story>,
    /// The objective of the spec in percent, where there is a spec.
    pub objective: Option<f64>,
}

impl Run {
    /// Whether every expectation holds.
    pub fn holds(&self) -> bool {
        self.judged.iter().all(|judged| judged.holds)
    }
}

/// Who takes part.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Backends: id and region's short name.
    pub backends: Vec<(Text, Text)>,
    /// Gateways: region's short name.
    pub gateways: Vec<Text>,
}

/// Numbers of a set of requests.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// Requests that clients sent and that have ended; their own retries are not requests of their own.
    pub sent: u64,
    /// Those with a complete answer that counts as available.
    pub good: u64,
    /// Those that were under way at the end; not in `sent`.
    pub unfinished: u64,
    /// Final answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Requests that ended without a whole answer, by the word of the fault catalogue.
    pub errors: BTreeMap<&'static str, u64>,
    /// From the first sending to the last byte, in microseconds.
    pub latency: Histogram<u64>,
    /// From the first sending to the first byte of a good answer, in microseconds.
    pub first_token: Histogram<u64>,
    /// Calls to backends for one request at a gateway.
    pub attempts: Histogram<u64>,
    /// By backend: good answers that it gave.
    pub served_by: Vec<u64>,
    /// By backend: calls that went to it.
    pub calls: Vec<u64>,
    /// By backend: 429 that it gave.
    pub throttled: Vec<u64>,
    /// By backend: tokens that it spent on answers that reached a client.
    pub tokens: Vec<u64>,
    /// By gateway: requests that it took.
    pub gateways: Vec<u64>,
    /// Good answers that needed more than one call.
    pub failovers: u64,
    /// Tokens that a backend spent and no client got.
    pub tokens_wasted: u64,
    /// Requests that a client sent again.
    pub client_retries: u64,
    /// 429 that clients saw while some backend had room.
    pub throttled_with_capacity: u64,
    /// Calls to a backend outside the data boundary.
    pub outside_boundary: u64,
    /// Requests that the firewall blocked, by rule.
    pub blocked: BTreeMap<Text, u64>,
}

/// What a fault did.
#[derive(Clone, Debug, Default)]
pub struct FaultStory {
    /// From its beginning to the first good answer that came from elsewhere, of a request sent since.
    pub failover_time: Option<Duration>,
    /// From its end to the first good answer of its target.
    pub return_time: Option<Duration>,
}

/// The numbers over time, in buckets of equal width.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// How long a bucket is.
    pub width: Duration,
    /// The buckets, from the beginning.
    pub buckets: Vec<Bucket>,
}

/// The requests that were first sent within one bucket.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    /// Requests sent.
    pub sent: u64,
    /// Good answers.
    pub good: u64,
    /// Median latency in microseconds.
    pub p50: u64,
    /// 95 of 100 were at most so slow, in microseconds.
    pub p95: u64,
    /// 99 of 100.
    pub p99: u64,
    /// By backend: good answers.
    pub served_by: Vec<u64>,
    /// By backend: tokens spent.
    pub tokens: Vec<u64>,
    /// By backend: 429.
    pub throttled: Vec<u64>,
}

/// An expectation and what it met.
#[derive(Clone, Debug)]
pub struct Judged {
    /// It.
    pub expectation: Expectation,
    /// What was measured; nothing where there was nothing to measure, which holds for none.
    pub actual: Option<f64>,
    /// Whether it holds.
    pub holds: bool,
    /// How many numbers stand behind it: requests in scope.
    pub of: u64,
    /// The first request that speaks against it, traced.
    pub offender: Option<Box<Story>>,
}

/// One request, as its client saw it and as it went.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its number, from 0, in the order of arrival.
    pub number: u64,
    /// When it was first sent, from the beginning.
    pub at: Duration,
    /// The load that sent it.
    pub client: Text,
    /// The model that it asked for.
    pub model: Text,
    /// Whether it wanted a stream.
    pub streaming: bool,
    /// The final status; none where there was no answer.
    pub status: Option<u16>,
    /// Why the answer is not whole, or missing: a word of the fault catalogue.
    pub error: Option<&'static str>,
    /// Whether it counts as available.
    pub good: bool,
    /// The backend that answered.
    pub served_by: Option<Text>,
    /// From the first sending to the last byte.
    pub latency: Duration,
    /// From the first sending to the first byte.
    pub first_token: Option<Duration>,
    /// What the client did: one for each time that it sent.
    pub tries: Vec<Try>,
}

/// One sending by the client.
#[derive(Clone, Debug)]
pub struct Try {
    /// When, from the beginning.
    pub at: Duration,
    /// The gateway that took it: region's short name.
    pub gateway: Option<Text>,
    /// The status that came back.
    pub status: Option<u16>,
    /// Why it is not whole, or missing.
    pub error: Option<&'static str>,
    /// How long it took.
    pub took: Duration,
    /// Calls to backends.
    pub calls: Vec<Call>,
    /// The trace, one record a policy; empty unless this request was traced.
    pub trace: Vec<Record>,
}

/// One call to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The backend's id, or the host's name.
    pub backend: Text,
    /// The status, or
    pub status: Option<u16>,
    /// the word of the fault catalogue for what went wrong.
    pub error: Option<&'static str>,
    /// How long it took.
    pub took: Duration,
}
