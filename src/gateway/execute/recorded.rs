//! Runs a policy whose effect lies outside of the gateway: it is written to the trace.

use super::{Outcome, Stop, Turn};
use crate::{gateway::trace::Entry, policy::elements::recorded::Recorded, text::Text};

pub(super) fn execute(policy: &Recorded, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let mut settings = Vec::with_capacity(policy.settings.len());
    for (name, setting) in &policy.settings {
        let value = turn.text(setting, element)?;
        // Secrets stay out of traces.
        let value = if name.ends_with("password") { "***".into() } else { value };
        settings.push((name.clone(), value));
    }
    turn.entries.push(Entry::Recorded(settings));
    Ok(Outcome::Done)
}
