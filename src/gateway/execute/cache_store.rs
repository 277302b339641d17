//! Runs `cache-store`.

use std::time::Duration;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{
        context::{Body, ResponseMessage},
        exception::Unread,
        frozen::size_of_response,
    },
    gateway::{cache::LARGEST, instance::locked},
    policy::elements::cache_store::CacheStore,
    text::Text,
};

/// Without a `cache-lookup` that missed there is no key, and nothing is stored.
/// Source: learn.microsoft.com/azure/api-management/cache-store-policy.
pub(super) fn execute(policy: &CacheStore, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if turn.state.missed.is_none() {
        return Ok(Outcome::Done);
    }
    let Some((response, duration)) = storable(policy, element, turn)? else { return Ok(Outcome::Done) };
    let Some(missed) = turn.state.missed.take() else { return Ok(Outcome::Done) };
    let (size, now) = (size_of_response(&response), turn.environment.now());
    turn.explain(|| format!("stored for {} s", duration.as_secs()));
    locked(&turn.gateway.instance.responses).store(missed.key.clone(), response, size, duration, now);
    if let Some(response) = &mut turn.state.context.response {
        missed.declare(&mut response.head.headers, duration.as_secs());
    }
    Ok(Outcome::Done)
}

/// The response as it is to be stored, and for how long.
///
/// `cache-response` has three states: left out, a 200 is stored; `true`, whatever the status; `false`, nothing.
/// Source: MicrosoftDocs/azure-docs, pull request 107793. The service stores a response while it streams; here its body is read first.
pub(super) fn storable(policy: &CacheStore, element: &Text, turn: &mut Turn<'_>) -> Result<Option<(ResponseMessage, Duration)>, Stop> {
    let wanted = match &policy.cache_response {
        None => turn.state.context.response.as_ref().is_some_and(|response| response.head.status == 200),
        Some(setting) => turn.truth(setting, element)?,
    };
    if !wanted {
        return Ok(None);
    }
    match turn.state.context.response.as_ref().map(|response| &response.body) {
        Some(Body::Unread) => return Err(Stop::Unread(Unread::Response)),
        // What has been read away is not there for the client either.
        Some(Body::Consumed) | None => return Ok(None),
        Some(Body::None | Body::Bytes(_)) => {}
    }
    let duration = Duration::from_secs(u64::try_from(turn.number(&policy.duration, element)?).unwrap_or(0));
    let Some(response) = turn.state.context.response.clone().filter(|_| !duration.is_zero()) else { return Ok(None) };
    if size_of_response(&response) > LARGEST {
        turn.say("error", "the response is larger than 2 MiB and not stored in the cache");
        return Ok(None);
    }
    Ok(Some((response, duration)))
}
