//! Runs `limit-concurrency`: over the limit is a 429 at once, nobody queues.
//! Source: learn.microsoft.com/azure/api-management/limit-concurrency-policy.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{answers::PolicyError, concurrency::Permit},
    policy::elements::limit_concurrency::LimitConcurrency,
    text::Text,
};

pub(super) fn execute(policy: &LimitConcurrency, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.key, element)?;
    let limit = turn.number(&policy.max_count, element)?;
    match Permit::take(&turn.gateway.instance.slots, key, limit) {
        Some(permit) => Ok(Outcome::Hold(Box::new((permit, policy.block)))),
        // Neither reason nor message is documented; the status is.
        None => Err(PolicyError::refused(element, "ConcurrencyLimitExceeded", "Concurrency limit is exceeded.", 429).into()),
    }
}
