//! Runs `llm-semantic-cache-store` and its older name `azure-openai-semantic-cache-store`.

use super::{Outcome, Stop, Turn, cache_store::storable};
use crate::{
    dotnet::frozen::size_of_response, gateway::instance::locked, policy::elements::llm_semantic_cache_store::LlmSemanticCacheStore,
    text::Text,
};

/// Without a lookup that missed there is no prompt, and nothing is stored.
/// Source: learn.microsoft.com/azure/api-management/llm-semantic-cache-store-policy.
pub(super) fn execute(policy: &LlmSemanticCacheStore, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if turn.state.unanswered.is_none() {
        return Ok(Outcome::Done);
    }
    let Some((response, duration)) = storable(&policy.0, element, turn)? else { return Ok(Outcome::Done) };
    let Some(unanswered) = turn.state.unanswered.take() else { return Ok(Outcome::Done) };
    let (size, now) = (size_of_response(&response), turn.environment.now());
    turn.explain(|| format!("stored for {} s", duration.as_secs()));
    locked(&turn.gateway.instance.completions).store(*unanswered, response, size, duration, now);
    Ok(Outcome::Done)
}
