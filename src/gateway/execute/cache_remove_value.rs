//! Runs `cache-remove-value`.

use super::{Outcome, Stop, Turn};
use crate::{gateway::instance::locked, policy::elements::cache_remove_value::CacheRemoveValue, text::Text};

pub(super) fn execute(policy: &CacheRemoveValue, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.key, element)?;
    locked(&turn.gateway.instance.values).remove(&key);
    Ok(Outcome::Done)
}
