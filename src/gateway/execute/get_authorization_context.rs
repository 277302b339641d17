//! Runs `get-authorization-context` on the connections that the service's configuration holds.
//!
//! Source: learn.microsoft.com/azure/api-management/get-authorization-context-policy: a connection that cannot be had is a 500, or null in
//! the variable with `ignore-error`. Neither reason nor message is documented.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{Value, context::tokens},
    gateway::answers::PolicyError,
    policy::elements::get_authorization_context::GetAuthorizationContext,
    text::Text,
};

pub(super) fn execute(policy: &GetAuthorizationContext, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let provider = turn.text(&policy.provider, element)?;
    let id = turn.text(&policy.authorization, element)?;
    let variable = turn.text(&policy.variable, element)?;
    let identity_type = policy.identity_type.as_ref().map(|kind| turn.text(kind, element)).transpose()?;
    let identity = policy.identity.as_ref().map(|identity| turn.text(identity, element)).transpose()?;
    let lacks_identity = identity_type.is_some_and(|kind| kind == "jwt") && identity.is_none_or(|identity| identity.is_empty());
    let connections = &turn.gateway.entities.authorizations;
    let found = connections.iter().find(|connection| connection.provider == provider && connection.id == id);
    let value = match found.filter(|_| !lacks_identity) {
        Some(connection) => {
            let (token, claims) = (connection.access_token.clone(), connection.claims.clone());
            let claims = claims.into_iter().map(|(name, value)| (Value::string(name), Value::string(value))).collect();
            turn.in_world(|runtime| tokens::authorization(runtime, &token, claims))
                .map_err(|raise| PolicyError::expression(element, &raise))?
        }
        None if turn.truth(&policy.ignore_error, element)? => Value::Null,
        None => {
            let message = if lacks_identity {
                "An identity is required where the identity type is 'jwt'.".to_owned()
            } else {
                format!("The authorization '{id}' of the provider '{provider}' was not found.")
            };
            return Err(PolicyError::refused(element, "AuthorizationContextFailure", message, 500).into());
        }
    };
    turn.state.context.variables.set(variable, value);
    Ok(Outcome::Done)
}
