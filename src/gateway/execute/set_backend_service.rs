//! Runs `set-backend-service`.

use super::{Outcome, Stop, Turn};
use crate::{gateway::answers::PolicyError, http::Url, policy::elements::set_backend_service::SetBackendService, text::Text};

pub(super) fn execute(policy: &SetBackendService, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let text = turn.text(&policy.base_url, element)?;
    let Some(base) = Url::parse(&text) else {
        return Err(PolicyError::value(element, format!("'{text}' is not an absolute URL.")).into());
    };
    turn.state.base = Some(base);
    turn.state.update_url();
    Ok(Outcome::Done)
}
