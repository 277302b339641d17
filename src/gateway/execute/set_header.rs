//! Runs `set-header`.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    http::{Headers, is_token},
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
    let change = change(policy, element, turn)?;
    if turn.on_response() {
        if let Some(response) = &mut turn.state.context.response {
            change.apply(&mut response.head.headers);
        }
    } else {
        turn.state.host_set |= change.name.eq_ignore_ascii_case("Host");
        change.apply(&mut turn.state.context.request.headers);
    }
    Ok(Outcome::Done)
}

/// What the policy comes to for this request: its expressions see the headers as they were.
pub(super) struct Change {
    name: Text,
    action: ExistsAction,
    values: Vec<Text>,
}

/// Evaluates the policy.
pub(super) fn change(policy: &SetHeader, element: &Text, turn: &mut Turn<'_>) -> Result<Change, Stop> {
    let name = turn.text(&policy.name, element)?;
    let action = action(&policy.exists_action, element, turn)?;
    let mut values = Vec::with_capacity(policy.values.len());
    for value in &policy.values {
        values.push(turn.text(value, element)?);
    }
    if !is_token(&name) {
        return Err(PolicyError::value(element, format!("Expression value is invalid. '{name}' is not a header name.")).into());
    }
    if values.iter().any(|value| value.contains(['\r', '\n', '\0'])) {
        return Err(PolicyError::value(
            element,
            format!("Expression value is invalid. The value of '{name}' has a line break or a NUL in it."),
        )
        .into());
    }
    Ok(Change { name, action, values })
}

impl Change {
    /// Makes the change.
    pub fn apply(self, headers: &mut Headers) {
        let Self { name, action, values } = self;
        if UNTOUCHABLE.iter().any(|untouchable| untouchable.eq_ignore_ascii_case(&name)) {
            return;
        }
        match action {
            // "Removal of `Server` header isn't supported", says the page.
            ExistsAction::Delete if name.eq_ignore_ascii_case("Server") => {}
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
    }
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
