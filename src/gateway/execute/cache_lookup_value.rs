//! Runs `cache-lookup-value`.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{Value, frozen},
    gateway::instance::locked,
    policy::{Setting, elements::cache_lookup_value::CacheLookupValue},
    text::Text,
};

/// On a miss without a default the variable is left as it is. The page says both "`null` is assigned" and "the variable will not be set";
/// the service's trace says the latter. Source: MicrosoftDocs/azure-docs, issue 75289.
pub(super) fn execute(policy: &CacheLookupValue, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.key, element)?;
    // The clock says only whether something is stored still; where nothing is, that is looked up anew for each request that goes the same way.
    let now = turn.notes.as_ref().map_or_else(|| turn.environment.now(), |notes| notes.now);
    let found = locked(&turn.gateway.instance.values).lookup(&key, now);
    turn.explain(|| format!("{} '{key}'", if found.is_some() { "found under" } else { "nothing is stored under" }));
    match &found {
        None => turn.notes.iter_mut().for_each(|notes| notes.absent.push(key.clone())),
        Some(_) => *turn.notes = None,
    }
    let value = match (found, &policy.default) {
        (Some((found, _)), _) => frozen::thaw(&found, &mut turn.state.context, &mut turn.state.heap),
        (None, None) => return Ok(Outcome::Done),
        (None, Some(Setting::Literal(text))) => Value::string(text.clone()),
        (None, Some(Setting::Expression(program))) => turn.evaluate(program, element)?,
    };
    turn.state.context.variables.set_named(&policy.variable, value);
    Ok(Outcome::Done)
}
