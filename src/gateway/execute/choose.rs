//! Runs `choose`.

use super::{Outcome, Stop, Turn};
use crate::{policy::elements::choose::Choose, text::Text};

pub(super) fn execute(policy: &Choose, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    for (condition, block) in &policy.whens {
        if turn.truth(condition, element)? {
            return Ok(Outcome::Enter(*block));
        }
    }
    Ok(policy.otherwise.map_or(Outcome::Done, Outcome::Enter))
}
