//! Runs `quota`.
//!
//! "This policy is only applied when an API is accessed using a subscription key": without one it does nothing. Its windows begin with the
//! subscription.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::datetime::UNIX_EPOCH,
    gateway::{
        afterwards::Work,
        answers::PolicyError,
        instance::locked,
        limits::{Limits, Measure, QuotaKey, Span, clock, until},
    },
    policy::elements::{
        quota::{Amounts, Quota},
        quota_by_key::YEAR_ONE,
    },
    text::Text,
};

/// The ticks of a second.
const TICKS: i64 = 10_000_000;

pub(super) fn execute(policy: &Quota, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(subscription) = &turn.state.context.subscription else { return Ok(Outcome::Done) };
    // A subscription that has no start counts from year one, as `quota-by-key` does.
    let start = subscription.start.map_or(YEAR_ONE, |start| (start.ticks - UNIX_EPOCH).div_euclid(TICKS));
    let mut asked = Vec::with_capacity(1);
    for (index, limit) in policy.limits.iter().enumerate() {
        if !turn.is_target(&limit.target) {
            continue;
        }
        let period = limit.renewal_period.as_ref().unwrap_or(&policy.renewal_period);
        let span = Span { seconds: turn.number(period, element)?, start };
        asked.push(Asked::new(turn.subscription_key(index), span, &limit.amounts, element, turn)?);
    }
    let gateway = turn.gateway;
    let mut limits = locked(&gateway.instance.limits);
    for asked in &asked {
        asked.admit(&mut limits, 1, element, turn)?;
    }
    let mut bytes = Vec::new();
    for asked in asked {
        bytes.extend(asked.count(&mut limits, 1, turn));
    }
    for key in bytes {
        turn.pass_bytes(key);
    }
    Ok(Outcome::Done)
}

/// What a quota allows one request.
pub(super) struct Asked {
    calls: Option<(QuotaKey, u64)>,
    bytes: Option<(QuotaKey, u64)>,
}

impl Asked {
    pub fn new(key: Text, span: Span, amounts: &Amounts, element: &Text, turn: &mut Turn<'_>) -> Result<Self, Stop> {
        let counter = |measure| QuotaKey { key: key.clone(), span, measure };
        let mut amount = |setting: &Option<_>, measure, unit: u64| -> Result<_, Stop> {
            let Some(setting) = setting else { return Ok(None) };
            let amount = u64::try_from(turn.number(setting, element)?).unwrap_or(0);
            Ok(Some((counter(measure), amount.saturating_mul(unit))))
        };
        let calls = amount(&amounts.calls, Measure::Calls, 1)?;
        // A kilobyte is 1024 bytes here; the page does not say.
        Ok(Self { calls, bytes: amount(&amounts.bandwidth, Measure::Bytes, 1024)? })
    }

    /// Refuses where `amount` more calls, or any more bytes, are too much.
    pub fn admit(&self, limits: &mut Limits, amount: u64, element: &Text, turn: &Turn<'_>) -> Result<(), PolicyError> {
        let now = turn.environment.now();
        for (what, counter, more) in [("call volume", &self.calls, amount), ("bandwidth", &self.bytes, 0)] {
            let Some((key, limit)) = counter else { continue };
            // It is in the counter already where another policy has the same.
            let more = if turn.state.afterwards.quotas.contains(key) { 0 } else { more };
            if limits.quota(key, now).saturating_add(more) <= *limit {
                continue;
            }
            let Some(wait) = until(key.span.end(now), now) else {
                let message = format!("Out of {what} quota.");
                return Err(PolicyError::refused(element, "QuotaExceeded", message, 403));
            };
            let message = format!("Out of {what} quota. Quota will be replenished in {}.", clock(wait));
            return Err(PolicyError::refused(element, "QuotaExceeded", message, 403).with("Retry-After", wait.to_string()));
        }
        Ok(())
    }

    /// Counts calls; gives the counter of bytes, which count when the body has passed.
    pub fn count(self, limits: &mut Limits, amount: u64, turn: &mut Turn<'_>) -> Option<QuotaKey> {
        if let Some((key, _)) = self.calls
            && turn.counts_first(&key)
        {
            let used = limits.quota(&key, turn.environment.now());
            *used = used.saturating_add(amount);
        }
        self.bytes.map(|(key, _)| key).filter(|key| turn.counts_first(key))
    }

    /// The counters for later, where the condition is decided at the end.
    pub fn deferred(self, turn: &mut Turn<'_>) -> Work {
        let calls = self.calls.map(|(key, _)| key).filter(|key| turn.counts_first(key));
        let bytes = self.bytes.map(|(key, _)| key).filter(|key| turn.counts_first(key));
        Work::Quota { calls, bytes }
    }
}
