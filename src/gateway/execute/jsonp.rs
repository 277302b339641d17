//! Runs `jsonp`: the response becomes `callback(…)`. Source: learn.microsoft.com/azure/api-management/jsonp-policy.

use bytes::Bytes;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{context::Body, exception::Unread},
    gateway::answers::PolicyError,
    http::percent_decode,
    policy::elements::jsonp::Jsonp,
    text::Text,
};

pub(super) fn execute(policy: &Jsonp, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let name = turn.text(&policy.parameter, element)?;
    let query = &turn.state.context.request.original_url.query;
    let mut pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
    // Without a callback in the query the response stays as it is.
    let Some((_, callback)) = pairs.find(|(known, _)| known.eq_ignore_ascii_case(&name)) else { return Ok(Outcome::Done) };
    let callback = percent_decode(callback);
    if !is_identifier(&callback) {
        let message = format!("Value of callback parameter {name} is not a valid JavaScript identifier.");
        // The page gives no status; the fault is the client's.
        return Err(PolicyError::refused(element, "CallbackParameterInvalid", message, 400).into());
    }
    let Some(response) = &mut turn.state.context.response else { return Ok(Outcome::Done) };
    let body = match &response.body {
        Body::Unread => return Err(Stop::Unread(Unread::Response)),
        Body::Bytes(bytes) => bytes.clone(),
        Body::None | Body::Consumed => Bytes::new(),
    };
    let called = [callback.as_bytes(), b"(", &body, b");"].concat();
    response.body = Body::Bytes(called.into());
    response.head.headers.set("Content-Type", "application/javascript");
    Ok(Outcome::Done)
}

/// Names with dots between them: `angular.callbacks._0` is one that libraries use.
fn is_identifier(text: &str) -> bool {
    text.split('.').all(|name| {
        let mut characters = name.chars();
        let is_start = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
        characters.next().is_some_and(is_start) && characters.all(|c| is_start(c) || c.is_numeric())
    })
}
