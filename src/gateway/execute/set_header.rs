//! Runs `set-header`.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    http::is_token,
    policy::{
        Setting,
        elements::set_header::{ExistsAction, HeaderChange, SetHeader, breaks_line},
    },
    text::Text,
};

pub(super) fn execute(policy: &SetHeader, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    match &policy.known {
        Some(known) => apply(known, turn),
        None => apply(&computed(policy, element, turn)?, turn),
    }
    Ok(Outcome::Done)
}

fn apply(change: &HeaderChange, turn: &mut Turn<'_>) {
    if let Some(notes) = turn.notes {
        let noted = if turn.section.is_on_response() { &mut notes.response } else { &mut notes.request };
        noted.push(change.clone());
    }
    if turn.on_response() {
        if let Some(response) = &mut turn.state.context.response {
            change.apply(&mut response.head.headers);
        }
    } else {
        turn.state.host_set |= change.name.as_str().eq_ignore_ascii_case("Host");
        change.apply(&mut turn.state.context.request.headers);
    }
}

/// What the policy comes to for this request: its expressions see the headers as they were.
pub(super) fn change<'p>(policy: &'p SetHeader, element: &Text, turn: &mut Turn<'_>) -> Result<Cow<'p, HeaderChange>, Stop> {
    match &policy.known {
        Some(known) => Ok(Cow::Borrowed(known)),
        None => computed(policy, element, turn).map(Cow::Owned),
    }
}

fn computed(policy: &SetHeader, element: &Text, turn: &mut Turn<'_>) -> Result<HeaderChange, Stop> {
    let name = turn.text(&policy.name, element)?;
    let action = action(&policy.exists_action, element, turn)?;
    let mut values: SmallVec<[Text; 1]> = SmallVec::with_capacity(policy.values.len());
    for value in &policy.values {
        values.push(turn.text(value, element)?);
    }
    // A literal was looked at when it was compiled.
    if matches!(policy.name, Setting::Expression(_)) && !is_token(&name) {
        return Err(PolicyError::value(element, format!("Expression value is invalid. '{name}' is not a header name.")).into());
    }
    if values.iter().any(|value| breaks_line(value)) {
        return Err(PolicyError::value(
            element,
            format!("Expression value is invalid. The value of '{name}' has a line break or a NUL in it."),
        )
        .into());
    }
    Ok(HeaderChange::new(name, action, values))
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
