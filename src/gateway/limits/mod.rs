//! Counters of `rate-limit`, `quota`, their `-by-key` forms and the token limits.
//!
//! Source: learn.microsoft.com/azure/api-management/rate-limit-by-key-policy and its siblings. Rates are counted as the classic tiers do,
//! over a sliding window; the token bucket of the v2 tiers is not simulated. Quotas are counted over fixed windows. Each gateway counts
//! for itself, as in the service, and counts exactly, which the service does not promise.

mod counters;
mod span;
mod spent;
mod window;

pub(super) use span::{Span, clock, humanised, period_end, until};

use crate::{environment::Moment, policy::elements::llm_token_limit::TokenPeriod, text::Text};
use counters::Counters;
use spent::Spent;
use window::Window;

/// All counters of a gateway.
#[derive(Debug, Default)]
pub struct Limits {
    calls: Counters<Text, Window>,
    quotas: Counters<QuotaKey, Spent>,
    tokens: Counters<Text, Window>,
    token_quotas: Counters<(Text, TokenPeriod), Spent>,
}

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Measure {
    /// Calls.
    Calls,
    /// Bytes of requests and responses.
    Bytes,
}

/// Names the counter of a quota. Windows of another length, or another beginning, are another counter: how the service counts one key
/// over different windows is not documented.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct QuotaKey {
    /// The key of the policy.
    pub key: Text,
    /// Its windows.
    pub span: Span,
    /// What is counted.
    pub measure: Measure,
}

impl Limits {
    /// The counter of calls under `key`.
    pub(super) fn calls(&mut self, key: &Text, now: Moment) -> &mut Window {
        self.calls.get(key, now)
    }

    /// The counter of tokens under `key`.
    pub(super) fn tokens(&mut self, key: &Text, now: Moment) -> &mut Window {
        self.tokens.get(key, now)
    }

    /// What a quota has used up of its present window.
    pub(super) fn quota(&mut self, key: &QuotaKey, now: Moment) -> &mut u64 {
        self.quotas.get(key, now).of_window(key.span.end(now))
    }

    /// What a token quota has used up of its present window.
    pub(super) fn token_quota(&mut self, key: &Text, period: TokenPeriod, now: Moment) -> &mut u64 {
        self.token_quotas.get(&(key.clone(), period), now).of_window(period_end(period, now))
    }
}
