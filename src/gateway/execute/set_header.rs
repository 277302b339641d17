//! Runs `set-header`.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    http::Headers,
    policy::{
        Setting,
        elements::set_header::{ExistsAction, SetHeader, UNTOUCHABLE},
    },
    text::Text,
};

/// Headers whose values may hold commas, so that each stays on a line of its own.
/// Source: learn.microsoft.com/azure/api-management/set-header-policy.
const LINES: [&str; 12] = [
    "User-Agent",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Cookie",
    "Set-Cookie",
    "Warning",
    "Date",
    "Expires",
    "If-Modified-Since",
    "If-Unmodified-Since",
    "Last-Modified",
    "Retry-After",
];

pub(super) fn execute(policy: &SetHeader, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let on_response = turn.on_response();
    // The expressions read the headers as they are, so they are evaluated on a copy of what is changed.
    let mut changed = if on_response {
        turn.state.context.response.as_ref().map(|response| response.head.headers.clone()).unwrap_or_default()
    } else {
        turn.state.context.request.headers.clone()
    };
    let name = apply(policy, element, &mut changed, turn)?;
    if on_response {
        if let Some(response) = &mut turn.state.context.response {
            response.head.headers = changed;
        }
    } else {
        turn.state.context.request.headers = changed;
        turn.state.host_set |= name.eq_ignore_ascii_case("Host");
    }
    Ok(Outcome::Done)
}

/// Applies the policy to a message's headers; gives the header's name.
pub(super) fn apply(policy: &SetHeader, element: &Text, headers: &mut Headers, turn: &mut Turn<'_>) -> Result<Text, Stop> {
    let name = turn.text(&policy.name, element)?;
    let action = action(&policy.exists_action, element, turn)?;
    let mut values = Vec::with_capacity(policy.values.len());
    for value in &policy.values {
        values.push(turn.text(value, element)?);
    }
    if UNTOUCHABLE.iter().any(|untouchable| untouchable.eq_ignore_ascii_case(&name)) {
        return Ok(name);
    }
    match action {
        ExistsAction::Delete => {
            headers.remove(&name);
        }
        ExistsAction::Skip if headers.contains(&name) => {}
        ExistsAction::Skip | ExistsAction::Override => {
            headers.remove(&name);
            add(headers, &name, values);
        }
        ExistsAction::Append => {
            let mut all: Vec<Text> = headers.values(&name).cloned().collect();
            all.extend(values);
            headers.remove(&name);
            add(headers, &name, all);
        }
    }
    Ok(name)
}

fn add(headers: &mut Headers, name: &Text, values: Vec<Text>) {
    if values.len() > 1 && !LINES.iter().any(|line| line.eq_ignore_ascii_case(name)) {
        let joined: Vec<&str> = values.iter().map(Text::as_str).collect();
        headers.append(name.clone(), joined.join(","));
        return;
    }
    for value in values {
        headers.append(name.clone(), value);
    }
}

/// The action; an expression may name it, and must name one that there is.
pub(super) fn action(setting: &Setting<ExistsAction>, element: &Text, turn: &mut Turn<'_>) -> Result<ExistsAction, Stop> {
    match setting {
        Setting::Literal(action) => Ok(*action),
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            let text = turn.as_text(&value);
            ExistsAction::parse(&text)
                .map_err(|wanted| PolicyError::value(element, format!("Expression value is invalid. '{text}' is not {wanted}.")).into())
        }
    }
}
