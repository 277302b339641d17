//! Runs `set-body`.

use super::{Outcome, Stop, Turn};
use crate::{policy::elements::set_body::SetBody, text::Text};

pub(super) fn execute(policy: &SetBody, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let body = turn.body(&policy.value, element)?;
    if turn.on_response() {
        turn.state.streaming = None;
        if let Some(response) = &mut turn.state.context.response {
            response.body = body;
            response.head.headers.remove("Content-Length");
        }
    } else {
        turn.state.context.request.body = body;
        turn.state.client_body_waits = false;
    }
    Ok(Outcome::Done)
}
