//! Runs `authentication-managed-identity`.

use super::{Outcome, Stop, Turn, Waiting};
use crate::{
    dotnet::Value,
    gateway::{answers::PolicyError, effect::Effect},
    policy::elements::authentication_managed_identity::AuthenticationManagedIdentity,
    text::Text,
};

/// What to do with the token.
pub(in crate::gateway) struct Expected {
    output: Option<Text>,
    ignore_error: bool,
}

pub(super) fn execute(policy: &AuthenticationManagedIdentity, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let resource = turn.text(&policy.resource, element)?;
    let operation = turn.operation();
    let effect = Effect::AcquireToken { operation, resource, client_id: policy.client_id.clone() };
    let expected = Expected { output: policy.output.clone(), ignore_error: policy.ignore_error };
    Ok(Outcome::wait(effect, operation, Waiting::Token(expected)))
}

/// With an output variable the header is left alone: the documentation does not say, Microsoft's emulator does it so, and its samples set
/// the header themselves.
pub(super) fn received(expected: Expected, outcome: Result<Text, Text>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    match (outcome, expected.output) {
        (Ok(token), Some(variable)) => turn.state.context.variables.set(variable, Value::string(token)),
        (Ok(token), None) => turn.state.context.request.headers.set("Authorization", format!("Bearer {token}")),
        (Err(_), _) if expected.ignore_error => {}
        (Err(message), _) => return Err(PolicyError::token(&message)),
    }
    Ok(Outcome::Done)
}
