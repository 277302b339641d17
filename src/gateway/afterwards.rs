//! What a policy of inbound leaves to be done later in its request: when the backend has answered, when the pipeline has ended, when the
//! response's body has gone by.
//!
//! The machine keeps it with the request's state and carries it out (`machine/pipeline/afterwards.rs`). A body that streams is not held up for it:
//! a [`Watch`] goes to the driver with the answer, looks on while the bytes pass, and counts when they have.

use std::{sync::Arc, time::Duration};

use super::{
    Gateway,
    instance::locked,
    limits::QuotaKey,
    trace::{Entry, Record},
    usage::{Streamed, Usage},
};
use crate::{
    environment::Moment,
    http::Headers,
    policy::{
        BlockId,
        elements::{llm_emit_token_metric::Numbers, llm_token_limit::TokenPeriod},
    },
    text::Text,
};

/// What is left to be done of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Afterwards {
    /// Fields that the response gets: when outbound begins, or at the end where it never does.
    pub headers: Vec<(Text, Text)>,
    /// What policies have left, in their order.
    pub later: Vec<Later>,
    /// The quotas that this request counts in already: "incremented only once per request".
    pub quotas: Vec<QuotaKey>,
    /// What waits for the response's body.
    pub passing: Vec<Passing>,
}

impl Afterwards {
    /// Nothing is left to be done.
    pub fn clear(&mut self) {
        let Self { headers, later, quotas, passing } = self;
        headers.clear();
        later.clear();
        quotas.clear();
        passing.clear();
    }
}

/// What one policy has left.
#[derive(Clone, Debug)]
pub(super) struct Later {
    /// The block of its statement.
    pub block: BlockId,
    /// The statement's place in it.
    pub number: usize,
    /// What.
    pub work: Work,
}

/// Work for later.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// A rate's call is counted where the condition holds, once the pipeline has ended.
    Calls {
        /// The counter.
        key: Text,
    },
    /// A quota's call is counted where the condition holds, its bytes once the body has passed.
    Quota {
        /// The counter of calls, where they are counted only now.
        calls: Option<QuotaKey>,
        /// The counter of bytes.
        bytes: Option<QuotaKey>,
    },
    /// A token limit waits for the response.
    Tokens(Pending),
    /// A token metric waits for the response.
    Metric(Metric),
}

/// A token limit between request and response.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    /// The counter's key.
    pub key: Text,
    /// Tokens a minute.
    pub rate: Option<u64>,
    /// Tokens in a period.
    pub quota: Option<(u64, TokenPeriod)>,
    /// The prompt's tokens by estimate.
    pub estimated: u64,
    /// Whether the policy wants the estimate where the response says nothing.
    pub estimates: bool,
}

/// A token metric between request and response.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    /// The metrics' namespace.
    pub namespace: Text,
    /// Which numbers are sent.
    pub numbers: Numbers,
    /// The prompt's tokens by estimate.
    pub estimated: u64,
    /// Names and values of its dimensions; the value of one that the gateway fills in is not there yet.
    pub dimensions: Vec<(Text, Option<Text>)>,
}

impl Metric {
    /// What is written of it.
    pub fn settings(&self, usage: Usage) -> Vec<(Text, Text)> {
        let mut settings = vec![(Text::Static("namespace"), self.namespace.clone())];
        for (sent, name, number) in [
            (self.numbers.total, "Total Tokens", usage.total()),
            (self.numbers.prompt, "Prompt Tokens", usage.prompt),
            (self.numbers.completion, "Completion Tokens", usage.completion),
        ] {
            if sent {
                settings.push((Text::Static(name), number.to_string().into()));
            }
        }
        settings.extend(self.dimensions.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or(Text::EMPTY))));
        settings
    }
}

/// What counts a body when it has passed.
#[derive(Clone, Debug)]
pub(super) enum Passing {
    /// The answer's tokens, by estimate.
    Tokens(Pending),
    /// A metric, and its record without the numbers. Boxed: it is large and rare.
    Metric(Box<(Record, Metric)>),
    /// The bytes of a response, and those of its request.
    Bytes(QuotaKey, u64),
}

impl Pending {
    /// Counts tokens.
    pub fn count(&self, gateway: &Gateway, tokens: u64, now: Moment) {
        let mut limits = locked(&gateway.instance.limits);
        if self.rate.is_some() {
            limits.tokens(&self.key, now).add(tokens, now);
        }
        if let Some((_, period)) = self.quota {
            let used = limits.token_quota(&self.key, period, now);
            *used = used.saturating_add(tokens);
        }
    }

    /// What is left: tokens a minute and of the quota.
    pub fn remaining(&self, gateway: &Gateway, now: Moment) -> (Option<u64>, Option<u64>) {
        let mut limits = locked(&gateway.instance.limits);
        let rate = self.rate.map(|limit| limit.saturating_sub(limits.tokens(&self.key, now).used(MINUTE, now)));
        let quota = self.quota.map(|(limit, period)| limit.saturating_sub(*limits.token_quota(&self.key, period, now)));
        (rate, quota)
    }
}

/// The window of `tokens-per-minute`.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// Whether a response is a stream of events.
pub(super) fn is_event_stream(headers: &Headers) -> bool {
    content_type_has(headers, "text/event-stream")
}

/// Whether a response is JSON that can be read.
pub(super) fn is_json(headers: &Headers) -> bool {
    content_type_has(headers, "json") && !headers.contains("Content-Encoding")
}

fn content_type_has(headers: &Headers, word: &str) -> bool {
    headers.get("Content-Type").is_some_and(|value| value.to_ascii_lowercase().contains(word))
}

/// Looks on while the body of an answer passes, and counts when it has: tokens of a stream, bytes of a quota.
///
/// A driver hands it every piece that it passes on, unchanged and at once, and ends it when no more comes, for whatever reason.
#[derive(Debug)]
pub struct Watch {
    gateway: Arc<Gateway>,
    passing: Vec<Passing>,
    bytes: u64,
    /// Where somebody counts tokens.
    streamed: Option<Streamed>,
}

impl Watch {
    /// A watch, where there is anything to count.
    pub(super) fn new(gateway: &Arc<Gateway>, passing: Vec<Passing>) -> Option<Box<Self>> {
        if passing.is_empty() {
            return None;
        }
        let counts_tokens = passing.iter().any(|passing| !matches!(passing, Passing::Bytes(..)));
        Some(Box::new(Self { gateway: gateway.clone(), passing, bytes: 0, streamed: counts_tokens.then(Streamed::default) }))
    }

    /// The next piece of the body.
    pub fn pass(&mut self, bytes: &[u8]) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if let Some(streamed) = &mut self.streamed {
            streamed.pass(bytes);
        }
    }

    /// No more comes. Gives what is to be added to the request's trace.
    pub fn end(mut self, now: Moment) -> Vec<Record> {
        let mut records = Vec::new();
        let estimate = self.streamed.as_mut().map_or(0, Streamed::estimate);
        let reported = self.streamed.as_mut().and_then(Streamed::reported);
        for passing in std::mem::take(&mut self.passing) {
            match passing {
                // "Completion tokens are also estimated when responses are streamed", whatever the stream says of itself.
                Passing::Tokens(pending) => pending.count(&self.gateway, estimate, now),
                Passing::Bytes(key, of_request) => {
                    let mut limits = locked(&self.gateway.instance.limits);
                    let used = limits.quota(&key, now);
                    *used = used.saturating_add(of_request).saturating_add(self.bytes);
                }
                Passing::Metric(boxed) => {
                    let (mut record, metric) = *boxed;
                    let usage = reported.unwrap_or(Usage { prompt: metric.estimated, completion: estimate });
                    record.entries.push(Entry::Recorded(metric.settings(usage)));
                    records.push(record);
                }
            }
        }
        records
    }
}
