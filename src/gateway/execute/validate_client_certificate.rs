//! Runs `validate-client-certificate` on the certificate that came with the request.
//!
//! Source: learn.microsoft.com/azure/api-management/validate-client-certificate-policy. The page names neither status nor messages: 403 is
//! what its companion on policy expressions answers (api-management-howto-mutual-certificates-for-clients). No roots and no revocation
//! lists are at hand: whoever signed a certificate is trusted, except the holder himself, as in `context.Request.Certificate.Verify()`.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{
        crypto::certificate::{Certificate, Party},
        datetime::DateTime,
    },
    gateway::answers::PolicyError,
    policy::elements::validate_client_certificate::{Identity, ValidateClientCertificate},
    text::Text,
};

pub(super) fn execute(policy: &ValidateClientCertificate, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    match judge(policy, turn) {
        None => Ok(Outcome::Done),
        Some(message) if policy.ignore_error => {
            turn.say("information", message);
            Ok(Outcome::Done)
        }
        Some(message) => {
            let error = PolicyError::refused(element, "ClientCertificateInvalid", message, 403);
            Err(error.telling("Invalid client certificate").into())
        }
    }
}

/// What is wrong with the certificate.
fn judge(policy: &ValidateClientCertificate, turn: &Turn<'_>) -> Option<&'static str> {
    let Some(bytes) = &turn.state.context.request.certificate else { return Some("Client certificate is missing.") };
    let Some(certificate) = Certificate::read(bytes) else { return Some("Client certificate cannot be read.") };
    let now = DateTime::from_moment(turn.environment.now()).ticks;
    if policy.validate_not_before && now < certificate.not_before().ticks {
        return Some("Client certificate is not yet valid.");
    }
    if policy.validate_not_after && now > certificate.not_after().ticks {
        return Some("Client certificate has expired.");
    }
    if policy.validate_trust && certificate.name(Party::Subject) == certificate.name(Party::Issuer) {
        return Some("Client certificate is not trusted.");
    }
    let is_one = |identity: &Identity| is(identity, &certificate, turn);
    let is_known = policy.identities.is_empty() || policy.identities.iter().any(is_one);
    (!is_known).then_some("Client certificate does not match any of the identities.")
}

/// Whether every claim of an identity holds.
fn is(identity: &Identity, certificate: &Certificate, turn: &Turn<'_>) -> bool {
    let holds =
        |claim: &Option<Text>, found: &dyn Fn() -> String| claim.as_ref().is_none_or(|claim| claim.trim().eq_ignore_ascii_case(&found()));
    // Spaces and colons are what tools put between the bytes.
    let same_bytes = |claim: &Option<Text>, found: &dyn Fn() -> String| {
        let bare = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
        claim.as_ref().is_none_or(|claim| bare(claim).eq_ignore_ascii_case(&found()))
    };
    // The issuer's certificate is known only where the service holds it.
    let issuer = || {
        let held = turn.gateway.entities.certificates.iter();
        let mut read = held.filter_map(|(id, bytes)| Some((id, Certificate::read(bytes)?)));
        read.find(|(_, held)| held.name(Party::Subject) == certificate.name(Party::Issuer))
    };
    same_bytes(&identity.thumbprint, &|| certificate.thumbprint())
        && same_bytes(&identity.serial_number, &|| certificate.serial_text())
        && holds(&identity.common_name, &|| certificate.common_name(Party::Subject))
        && holds(&identity.subject, &|| certificate.name_text(Party::Subject))
        && holds(&identity.dns_name, &|| certificate.name_info(4, Party::Subject))
        && holds(&identity.issuer_subject, &|| certificate.name_text(Party::Issuer))
        && same_bytes(&identity.issuer_thumbprint, &|| issuer().map(|(_, issuer)| issuer.thumbprint()).unwrap_or_default())
        && holds(&identity.issuer_certificate_id, &|| issuer().map(|(id, _)| id.to_string()).unwrap_or_default())
}
