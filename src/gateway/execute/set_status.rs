//! Runs `set-status`.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    http::{ResponseHead, reason_phrase},
    policy::elements::set_status::SetStatus,
    text::Text,
};

pub(super) fn execute(policy: &SetStatus, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let mut head = turn.state.context.response.as_ref().map(|response| response.head.clone()).unwrap_or_default();
    apply(policy, element, &mut head, turn)?;
    if let Some(response) = &mut turn.state.context.response {
        response.head = head;
    }
    Ok(Outcome::Done)
}

/// Applies the policy to a response's head.
pub(super) fn apply(policy: &SetStatus, element: &Text, head: &mut ResponseHead, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let code = turn.number(&policy.code, element)?;
    let Some(status) = u16::try_from(code).ok().filter(|status| (100..1000).contains(status)) else {
        return Err(PolicyError::value(element, format!("Expression value is invalid. {code} is not a status code.")).into());
    };
    head.status = status;
    head.reason = match &policy.reason {
        Some(reason) => turn.text(reason, element)?,
        None => reason_phrase(status).into(),
    };
    Ok(())
}
