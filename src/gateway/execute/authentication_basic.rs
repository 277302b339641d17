//! Runs `authentication-basic`. Source: learn.microsoft.com/azure/api-management/authentication-basic-policy.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Outcome, Stop, Turn};
use crate::{policy::elements::authentication_basic::AuthenticationBasic, text::Text};

pub(super) fn execute(policy: &AuthenticationBasic, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let username = turn.text(&policy.username, element)?;
    // No trace shows what a password's expression gives.
    let detailed = std::mem::replace(&mut turn.detailed, false);
    let password = turn.text(&policy.password, element);
    turn.detailed = detailed;
    let password = password?;
    let credentials = STANDARD.encode(format!("{username}:{password}"));
    turn.state.context.request.headers.set("Authorization", format!("Basic {credentials}"));
    Ok(Outcome::Done)
}
