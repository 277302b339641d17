//! Runs `rate-limit-by-key`.
//!
//! Where `increment-condition` or `increment-count` is an expression, the call counts at the end of the pipeline. Nothing is known of it
//! before, so the limit is over only once it is overrun: the 429 comes one call later.

use super::{
    Outcome, Stop, Turn,
    rate_limit::{admit, allowance},
};
use crate::{
    gateway::{afterwards::Work, instance::locked},
    policy::elements::rate_limit_by_key::{Increment, RateLimitByKey},
    text::Text,
};

pub(super) fn execute(policy: &RateLimitByKey, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.counter_key, element)?;
    let (calls, window) = allowance(turn.number(&policy.calls, element)?, turn.number(&policy.renewal_period, element)?, element)?;
    let deferred = policy.increment.is_deferred();
    let amount = if deferred { 0 } else { amount(&policy.increment, element, turn)? };
    let (gateway, now) = (turn.gateway, turn.environment.now());
    let mut limits = locked(&gateway.instance.limits);
    admit(&mut limits, &key, (calls, window), amount, &policy.names, element, turn)?;
    let counter = limits.calls(&key, now);
    counter.add(amount, now);
    let remaining = calls.saturating_sub(counter.used(window, now));
    turn.tell_calls(&policy.names, calls, remaining);
    Ok(if deferred { Outcome::Afterwards(Box::new(Work::Calls { key })) } else { Outcome::Done })
}

/// For how much a call counts: nothing where the condition does not hold.
pub(super) fn amount(increment: &Increment, element: &Text, turn: &mut Turn<'_>) -> Result<u64, Stop> {
    if !turn.truth(&increment.condition, element)? {
        return Ok(0);
    }
    Ok(u64::try_from(turn.number(&increment.count, element)?).unwrap_or(0))
}

/// The pipeline has ended: the call counts, if it does.
pub(super) fn concluded(policy: &RateLimitByKey, key: &Text, element: &Text, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let amount = amount(&policy.increment, element, turn)?;
    let now = turn.environment.now();
    locked(&turn.gateway.instance.limits).calls(key, now).add(amount, now);
    Ok(())
}
