//! Runs `cors`: answers preflights, and leaves the headers of other answers to the machine, which sends them with whatever the client gets.
//!
//! Source: learn.microsoft.com/azure/api-management/cors-policy. That the headers stand on errors too, where `cors` ran before the policy
//! that failed, is what the page's "Policy order" and the test console of the developer portal go by; MicrosoftDocs/azure-docs issue 31889
//! (2019) saw them missing and does not say where `cors` stood.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::context::{Body, ResponseMessage},
    http::{Headers, ResponseHead, Url},
    policy::elements::cors::Cors,
    text::Text,
};

pub(super) fn execute(policy: &Cors, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(origin) = turn.state.context.request.headers.get("Origin").cloned() else { return Ok(Outcome::Done) };
    let origins = turn.texts(&policy.origins, element)?;
    let is_any = origins.iter().any(|known| *known == "*");
    let is_allowed = is_any || origins.iter().any(|known| same_origin(known, &origin));
    let mut headers = Headers::new();
    let allow_credentials = turn.truth(&policy.allow_credentials, element)?;
    // Browsers take no `*` with credentials: then it is the origin itself.
    let allowed_origin = if is_any && !allow_credentials { Text::Static("*") } else { origin };
    headers.set("Access-Control-Allow-Origin", allowed_origin);
    if allow_credentials {
        headers.set("Access-Control-Allow-Credentials", "true");
    }
    if turn.state.preflight {
        if is_allowed && preflight(policy, element, turn, &mut headers)? {
            return Ok(Outcome::Return(Box::new(empty(headers))));
        }
        let terminate = turn.truth(&policy.terminate_unmatched_request, element)?;
        return Ok(if terminate { Outcome::Return(Box::new(empty(Headers::new()))) } else { Outcome::Done });
    }
    // Generally only the first `cors` policy is applied.
    if turn.state.cors.is_some() {
        return Ok(Outcome::Done);
    }
    if !is_allowed {
        let is_simple = matches!(turn.state.context.request.method.as_str(), "GET" | "HEAD");
        let terminate = is_simple && turn.truth(&policy.terminate_unmatched_request, element)?;
        return Ok(if terminate { Outcome::Return(Box::new(empty(Headers::new()))) } else { Outcome::Done });
    }
    let exposed = turn.texts(&policy.exposed, element)?;
    if !exposed.is_empty() {
        headers.set("Access-Control-Expose-Headers", joined(&exposed));
    }
    turn.state.cors = Some(headers);
    Ok(Outcome::Done)
}

/// Whether the request that a page wants to send may be sent; adds what the page is told of it.
fn preflight(policy: &Cors, element: &Text, turn: &mut Turn<'_>, headers: &mut Headers) -> Result<bool, Stop> {
    let request = &turn.state.context.request.headers;
    let method = request.get("Access-Control-Request-Method").cloned().unwrap_or_default();
    let asked: Vec<String> = request
        .get("Access-Control-Request-Headers")
        .map(|names| names.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
        .unwrap_or_default();
    let methods = turn.texts(&policy.methods, element)?;
    let names = turn.texts(&policy.headers, element)?;
    let (any_method, any_header) = (methods.iter().any(|known| *known == "*"), names.iter().any(|known| *known == "*"));
    let method_matches = any_method || methods.contains(&method);
    let header_matches = |asked: &String| any_header || names.iter().any(|known| known.eq_ignore_ascii_case(asked));
    if !method_matches || !asked.iter().all(header_matches) {
        return Ok(false);
    }
    headers.set("Access-Control-Allow-Methods", if any_method { method } else { joined(&methods) });
    if any_header && !asked.is_empty() {
        headers.set("Access-Control-Allow-Headers", asked.join(","));
    } else if !any_header && !names.is_empty() {
        headers.set("Access-Control-Allow-Headers", joined(&names));
    }
    let max_age = turn.number(&policy.max_age, element)?;
    if max_age > 0 {
        headers.set("Access-Control-Max-Age", max_age.to_string());
    }
    Ok(true)
}

/// Scheme, host and port, where a port that is left out is the scheme's.
fn same_origin(known: &str, origin: &str) -> bool {
    match (Url::parse(known.trim()), Url::parse(origin.trim())) {
        (Some(known), Some(origin)) => {
            known.scheme.eq_ignore_ascii_case(&origin.scheme)
                && known.host.eq_ignore_ascii_case(&origin.host)
                && known.effective_port() == origin.effective_port()
        }
        _ => known.trim() == origin.trim(),
    }
}

fn joined(texts: &[Text]) -> Text {
    texts.iter().map(Text::as_str).collect::<Vec<_>>().join(",").into()
}

/// `200 OK` without a body: what a preflight gets, and a request that does not match.
pub(in crate::gateway) fn empty(headers: Headers) -> ResponseMessage {
    ResponseMessage { head: ResponseHead { status: 200, reason: "OK".into(), headers }, body: Body::None }
}
