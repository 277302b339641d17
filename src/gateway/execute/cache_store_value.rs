//! Runs `cache-store-value`.

use std::time::Duration;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{
        Value,
        exception::Unread,
        frozen::{self, Frozen, Refusal},
    },
    gateway::{cache::LARGEST, instance::locked},
    policy::{Setting, elements::cache_store_value::CacheStoreValue},
    text::Text,
};

/// A value that cannot be stored is not stored, and the request goes on: a cache that fails "doesn't raise an error", says the
/// documentation. Which values cannot it does not say: here those that hold on to their request, those beyond the size of a cached
/// response, and null, which a lookup could not tell from a miss. The trace says so.
/// Source: learn.microsoft.com/azure/api-management/cache-store-value-policy.
pub(super) fn execute(policy: &CacheStoreValue, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let key = turn.text(&policy.key, element)?;
    let value = match &policy.value {
        Setting::Literal(text) => Value::string(text.clone()),
        Setting::Expression(program) => turn.evaluate(program, element)?,
    };
    let duration = Duration::from_secs(u64::try_from(turn.number(&policy.duration, element)?).unwrap_or(0));
    let refused = match frozen::freeze(&turn.state.context, &turn.state.heap, &value, LARGEST) {
        Ok(_) if value.is_null() => "null is not stored in the cache".to_owned(),
        Ok(frozen) => {
            store(key, frozen, duration, turn);
            return Ok(Outcome::Done);
        }
        Err(Refusal::Unread) => return Err(Stop::Unread(Unread::Response)),
        Err(Refusal::TooLarge) => format!("the value under '{key}' is larger than 2 MiB and not stored in the cache"),
        Err(Refusal::Type(ty)) => format!("a value of type '{ty}' cannot be stored in the cache"),
    };
    turn.say("error", refused);
    Ok(Outcome::Done)
}

fn store(key: Text, frozen: Frozen, duration: Duration, turn: &mut Turn<'_>) {
    let (size, now) = (frozen.footprint(), turn.environment.now());
    turn.explain(|| format!("stored under '{key}' for {} s", duration.as_secs()));
    locked(&turn.gateway.instance.values).store(key, frozen, size, duration, now);
}
