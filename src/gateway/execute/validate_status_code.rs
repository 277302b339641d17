//! Runs `validate-status-code`. Source: learn.microsoft.com/azure/api-management/validate-status-code-policy. Where the API has no
//! definition every status is unspecified: the table of errors has no other row for this policy.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::validation::{self, Finding, INTERNAL},
    policy::elements::{validate_content::Action, validate_status_code::ValidateStatusCode},
    text::Text,
};

pub(super) fn execute(policy: &ValidateStatusCode, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(status) = turn.state.context.response.as_ref().map(|response| response.head.status) else { return Ok(Outcome::Done) };
    if turn.definition().is_some_and(|definition| definition.response(status).is_some()) {
        return Ok(Outcome::Done);
    }
    let own = policy.codes.iter().find(|(code, _)| *code == i64::from(status)).map(|(_, action)| action);
    let action = validation::action(own.unwrap_or(&policy.unspecified), element, turn)?;
    if action == Action::Ignore {
        return Ok(Outcome::Done);
    }
    let details = format!("Response status code {status} is not allowed.");
    let finding =
        Finding { name: status.to_string(), kind: "StatusCode", rule: "Unspecified", details, public: Some(INTERNAL.to_owned()), action };
    validation::conclude(&[finding], policy.variable.as_ref(), element, turn)
}
