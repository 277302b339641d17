//! Runs `authentication-basic`. Source: learn.microsoft.com/azure/api-management/authentication-basic-policy.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Outcome, Stop, Turn};
use crate::{policy::elements::authentication_basic::AuthenticationBasic, text::Text};

pub(super) fn execute(policy: &AuthenticationBasic, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let username = turn.text(&policy.username, element)?;
    let password = turn.secret(&policy.password, element)?;
    let credentials = STANDARD.encode(format!("{username}:{password}"));
    turn.state.context.request.headers.set("Authorization", format!("Basic {credentials}"));
    Ok(Outcome::Done)
}
