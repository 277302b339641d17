//! Runs `set-method`.

use super::{Outcome, Stop, Turn};
use crate::{gateway::answers::PolicyError, http::is_token, policy::elements::set_method::SetMethod, text::Text};

pub(super) fn execute(policy: &SetMethod, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let method = turn.text(&policy.method, element)?;
    if !is_token(&method) {
        return Err(PolicyError::value(element, format!("Expression value is invalid. '{method}' is not a method.")).into());
    }
    turn.state.context.request.method = method;
    Ok(Outcome::Done)
}
