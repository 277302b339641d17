//! Who may call a resource: whoever has one of its keys, or a token for it.

use std::ops::Range;

use super::{ResourceConfig, errors::Refusal};
use crate::{
    azure::identity::{COGNITIVE_SERVICES, Identity},
    environment::Moment,
    text::Text,
};

/// What newer samples ask a token for when they call `/openai/v1`.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/responses.
const FOUNDRY: &str = "https://ai.azure.com";

/// The token that was good last: a gateway sends the same one for an hour, and checking it anew takes longer than all the rest.
#[derive(Clone, Debug, Default)]
pub(super) struct LastGood {
    token: Text,
    is_v1: bool,
    /// Seconds since 1970.
    valid: Range<i64>,
}

/// What a request shows.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub api_key: Option<&'a Text>,
    pub authorization: Option<&'a Text>,
    /// Whether the path is one of `/openai/v1`.
    pub is_v1: bool,
}

/// Checks the credential of a request. A key in `api-key` decides alone; without it `Authorization: Bearer` counts, with a token
/// or, as the stock OpenAI clients send it, a key. Where the keys are `revoked`, none is good.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/reference#authentication.
pub(super) fn check(
    shown: Shown,
    config: &ResourceConfig,
    identity: &Identity,
    last: &mut LastGood,
    revoked: bool,
    now: Moment,
) -> Result<(), Refusal> {
    let any = config.accepts_any_credential && !revoked;
    let is_key = |text: &str| !revoked && !text.is_empty() && config.keys.iter().any(|key| *key == text);
    let by_key = || if config.disable_local_auth { Err(Refusal::keys_disabled()) } else { Ok(()) };
    if let Some(key) = shown.api_key {
        let good = is_key(key) || (any && !key.is_empty());
        return if good || config.disable_local_auth { by_key() } else { Err(Refusal::wrong_key()) };
    }
    let Some(bearer) = shown.authorization.and_then(|value| bearer(value)) else { return Err(Refusal::wrong_key()) };
    if is_key(bearer) {
        return by_key();
    }
    // Any key will do where nobody declared the resource, but what has the form of a token has to be a good one: a token for
    // the wrong audience is a fault of the policy that should show.
    if any && !bearer.is_empty() && bearer.split('.').count() != 3 {
        return by_key();
    }
    let second = now.unix_seconds();
    if last.is_v1 == shown.is_v1 && last.valid.contains(&second) && last.token == bearer {
        return Ok(());
    }
    let audiences: &[&str] = if shown.is_v1 { &[COGNITIVE_SERVICES, FOUNDRY] } else { &[COGNITIVE_SERVICES] };
    match audiences.iter().find_map(|audience| identity.validity(bearer, audience)).filter(|valid| valid.contains(&second)) {
        Some(valid) => {
            *last = LastGood { token: Text::copied(bearer), is_v1: shown.is_v1, valid };
            Ok(())
        }
        None => Err(Refusal::wrong_token()),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}
