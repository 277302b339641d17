//! Runs `check-header`. Source of the errors: learn.microsoft.com/azure/api-management/api-management-error-handling-policies.

use super::{Outcome, Stop, Turn};
use crate::{gateway::answers::PolicyError, policy::elements::check_header::CheckHeader, text::Text};

pub(super) fn execute(policy: &CheckHeader, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let name = turn.text(&policy.name, element)?;
    let found: Vec<Text> = turn.state.context.request.headers.values(&name).cloned().collect();
    let (reason, message) = if found.is_empty() {
        ("HeaderNotFound", format!("Header {name} was not found in the request. Access denied."))
    } else {
        let ignore_case = turn.truth(&policy.ignore_case, element)?;
        let allowed = turn.texts(&policy.values, element)?;
        let is_allowed = |found: &Text| allowed.iter().any(|value| if ignore_case { same(value, found) } else { value == found });
        // Without values the header has only to be there.
        if allowed.is_empty() || found.iter().any(is_allowed) {
            return Ok(Outcome::Done);
        }
        let value = found.iter().map(Text::as_str).collect::<Vec<_>>().join(",");
        ("HeaderValueNotAllowed", format!("Header {name} value of {value} is not allowed. Access denied."))
    };
    let status = turn.number(&policy.status, element)?;
    let status = u16::try_from(status).ok().filter(|status| (100..1000).contains(status)).unwrap_or(403);
    let told = policy.message.as_ref().map(|told| turn.text(told, element)).transpose()?;
    let error = PolicyError::refused(element, reason, message, status);
    Err(match told {
        Some(told) => error.telling(told),
        None => error,
    }
    .into())
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}
