//! Runs `set-method`.

use super::{Outcome, Stop, Turn};
use crate::{policy::elements::set_method::SetMethod, text::Text};

pub(super) fn execute(policy: &SetMethod, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    turn.state.context.request.method = turn.text(&policy.method, element)?;
    Ok(Outcome::Done)
}
