//! Runs `find-and-replace`: every place where the text stands, compared exactly. Source: the policy's page says "substring", and no more.

use super::{Outcome, Stop, Turn, set_body};
use crate::{dotnet::context::Body, policy::elements::find_and_replace::FindAndReplace, text::Text};

pub(super) fn execute(policy: &FindAndReplace, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(body) = set_body::current(turn)? else { return Ok(Outcome::Done) };
    let from = turn.text(&policy.from, element)?;
    let to = turn.text(&policy.to, element)?;
    // .NET's `Replace` refuses the empty text; a policy that computes one finds nothing.
    if !from.is_empty() {
        // A body that is no UTF-8 text has no such text in it: its bytes stay as they are.
        let text = std::str::from_utf8(&body).ok().filter(|text| text.contains(from.as_str()));
        if let Some(text) = text {
            let replaced = text.replace(from.as_str(), &to);
            set_body::replace(turn, Body::Bytes(replaced.into()));
        }
    }
    Ok(Outcome::Done)
}
