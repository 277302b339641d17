//! Who may call a resource: whoever has one of its keys, or a token for it.

use super::{ResourceConfig, errors::Refusal};
use crate::{
    azure::{
        faults::Told,
        identity::{COGNITIVE_SERVICES, Identity},
    },
    environment::Moment,
    http::RequestHead,
};

/// Checks the credential of a request. A key in `api-key` decides alone; without it `Authorization: Bearer` counts, with a token
/// or, as the stock OpenAI clients send it, a key.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/reference#authentication.
pub(super) fn check(
    request: &RequestHead,
    config: &ResourceConfig,
    identity: &Identity,
    told: Told<'_>,
    now: Moment,
) -> Result<(), Refusal> {
    let any = config.accepts_any_credential && told != Told::KeyRevoked;
    let is_key = |text: &str| told != Told::KeyRevoked && !text.is_empty() && config.keys.iter().any(|key| *key == text);
    if let Some(key) = request.headers.get("api-key") {
        let good = is_key(key) || (any && !key.is_empty());
        return if good { Ok(()) } else { Err(Refusal::wrong_key()) };
    }
    let Some(bearer) = request.headers.get("Authorization").and_then(|value| bearer(value)) else { return Err(Refusal::wrong_key()) };
    // Any key will do where nobody declared the resource, but what has the form of a token has to be a good one: a token for
    // the wrong audience is a fault of the policy that should show.
    let is_any_key = any && !bearer.is_empty() && bearer.split('.').count() != 3;
    if is_key(bearer) || is_any_key || identity.verify(bearer, COGNITIVE_SERVICES, now) { Ok(()) } else { Err(Refusal::wrong_token()) }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}
