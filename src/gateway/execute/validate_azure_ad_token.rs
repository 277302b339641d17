//! Runs `validate-azure-ad-token`: `validate-jwt` with what is known of Microsoft Entra ID.
//!
//! The error-handling page has no rows for it: its reasons and messages are those of `validate-jwt`.

use super::{Outcome, Stop, Turn, validate_jwt};
use crate::{
    gateway::tokens::{Fault, Requirement},
    policy::elements::validate_azure_ad_token::ValidateAzureAdToken,
    text::Text,
};

pub(super) fn execute(policy: &ValidateAzureAdToken, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let Some(token) = validate_jwt::find(&policy.source, policy.scheme.as_ref(), element, turn)? else {
        return validate_jwt::refuse(Fault::absent(), &policy.refusal, element, turn);
    };
    let endpoint = turn.text(&policy.endpoint, element)?;
    let tenant = turn.text(&policy.tenant, element)?;
    // The tenant may be given as a URL.
    let tenant = tenant.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_owned();
    let mut audiences = turn.texts(&policy.audiences, element)?;
    // A token is made out to an application by its id or by its default URI.
    for backend in turn.texts(&policy.backends, element)? {
        audiences.push(format!("api://{backend}").into());
        audiences.push(backend);
    }
    let requirement = Requirement {
        configurations: vec![format!("{}/{tenant}/v2.0/.well-known/openid-configuration", endpoint.trim_end_matches('/')).into()],
        is_entra: true,
        audiences,
        clients: turn.texts(&policy.clients, element)?,
        claims: validate_jwt::claims(&policy.claims, element, turn)?,
        require_expiration_time: true,
        require_signed_tokens: true,
        ..Requirement::default()
    };
    validate_jwt::demand(&requirement, &token, &policy.refusal, policy.output.as_ref(), element, turn)
}
