//! Runs `quota-by-key`.
//!
//! Where `increment-condition` or `increment-count` is an expression, the request counts at the end of the pipeline, and the 403 comes one
//! call later, as that of `rate-limit-by-key`. A request that does not count adds no bytes either.

use super::{Outcome, Stop, Turn, quota::Asked, rate_limit_by_key::amount};
use crate::{
    dotnet::context::Body,
    gateway::{
        afterwards::Passing,
        instance::locked,
        limits::{QuotaKey, Span},
    },
    policy::elements::quota_by_key::QuotaByKey,
    text::Text,
};

pub(super) fn execute(policy: &QuotaByKey, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.counter_key, element)?;
    let span = Span { seconds: turn.number(&policy.renewal_period, element)?, start: policy.first_period_start };
    let asked = Asked::new(key, span, &policy.amounts, element, turn)?;
    let deferred = policy.increment.is_deferred();
    let amount = if deferred { 0 } else { amount(&policy.increment, element, turn)? };
    let gateway = turn.gateway;
    let mut limits = locked(&gateway.instance.limits);
    asked.admit(&mut limits, amount, element, turn)?;
    if deferred {
        return Ok(Outcome::Afterwards(Box::new(asked.deferred(turn))));
    }
    if amount > 0
        && let Some(bytes) = asked.count(&mut limits, amount, turn)
    {
        turn.pass_bytes(bytes);
    }
    Ok(Outcome::Done)
}

/// The pipeline has ended: the request counts, if it does.
pub(super) fn concluded(
    policy: &QuotaByKey,
    calls: Option<&QuotaKey>,
    bytes: Option<QuotaKey>,
    element: &Text,
    turn: &mut Turn<'_>,
) -> Result<(), Stop> {
    let amount = amount(&policy.increment, element, turn)?;
    if amount == 0 {
        return Ok(());
    }
    if let Some(key) = calls {
        let now = turn.environment.now();
        let mut limits = locked(&turn.gateway.instance.limits);
        let used = limits.quota(key, now);
        *used = used.saturating_add(amount);
    }
    if let Some(key) = bytes {
        turn.pass_bytes(key);
    }
    Ok(())
}

impl Turn<'_> {
    /// Has the bytes of the request and its response counted when they have passed. A request that streams counts for what its
    /// `Content-Length` says.
    pub fn pass_bytes(&mut self, key: QuotaKey) {
        let request = &self.state.context.request;
        let bytes = match &request.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            _ => request.headers.get("Content-Length").and_then(|length| length.trim().parse().ok()).unwrap_or(0),
        };
        self.state.afterwards.passing.push(Passing::Bytes(key, bytes));
    }
}
