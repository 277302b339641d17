//! Runs `trace`: the message goes to the machine's trace.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{answers::PolicyError, trace::Entry},
    policy::elements::trace::Trace,
    text::Text,
};

pub(super) fn execute(policy: &Trace, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let mut message = turn.text(&policy.message, element)?.to_string();
    for (name, value) in &policy.metadata {
        let (name, value) = (turn.text(name, element)?, turn.text(value, element)?);
        if value.is_empty() {
            // Measured on live gateways by several users: an empty value fails the whole call.
            return Err(PolicyError::value(element, "Expression value is invalid. The value field is required.").into());
        }
        message.push_str(&format!(" {name}={value}"));
    }
    turn.entries.push(Entry::Message { source: policy.source.clone(), severity: policy.severity.clone(), message: message.into() });
    Ok(Outcome::Done)
}
