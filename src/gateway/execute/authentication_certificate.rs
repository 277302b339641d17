//! Runs `authentication-certificate`. Source: learn.microsoft.com/azure/api-management/authentication-certificate-policy.

use bytes::Bytes;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::crypto,
    gateway::{answers::PolicyError, egress},
    policy::{
        Setting,
        elements::authentication_certificate::{AuthenticationCertificate, Which},
    },
    text::Text,
};

pub(super) fn execute(policy: &AuthenticationCertificate, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let certificate = chosen(policy, element, turn)?;
    turn.state.egress.get_or_insert_default().certificate = certificate;
    Ok(Outcome::Done)
}

/// The certificate that the element means, in DER; `send-request` has one of its own. One that the service holds and nobody has told of is
/// named in the trace, and none is presented.
pub(super) fn chosen(policy: &AuthenticationCertificate, element: &Text, turn: &mut Turn<'_>) -> Result<Option<Bytes>, Stop> {
    let (named, certificate) = match &policy.certificate {
        Which::Thumbprint(thumbprint) => {
            let thumbprint = turn.text(thumbprint, element)?;
            let found = egress::with_thumbprint(&turn.gateway.entities, &thumbprint);
            (format!("with the thumbprint '{thumbprint}'"), found)
        }
        Which::Id(id) => {
            let id = turn.text(id, element)?;
            let found = egress::with_id(&turn.gateway.entities, &id);
            (format!("'{id}'"), found)
        }
        Which::Body { bytes, password } => {
            let password = password.as_ref().map(|password| turn.secret(password, element)).transpose()?;
            ("in the policy".to_owned(), Some(brought(bytes, password.as_deref(), element, turn)?))
        }
    };
    let is_known = certificate.is_some();
    turn.explain(|| match is_known {
        true => format!("the certificate {named} is presented to hosts that speak TLS"),
        false => format!("nobody has told of a certificate {named}, and none is presented"),
    });
    Ok(certificate)
}

/// A file with a certificate may hold its key: no trace shows what the expression gives.
fn brought(bytes: &Setting<Text>, password: Option<&str>, element: &Text, turn: &mut Turn<'_>) -> Result<Bytes, Stop> {
    let not_bytes = || PolicyError::value(element, "The body of a certificate is a byte[].");
    let Setting::Expression(program) = bytes else { return Err(not_bytes().into()) };
    let value = turn.unseen(|turn| turn.evaluate(program, element))?;
    let read = turn.in_world(|runtime| {
        let bytes = runtime.bytes(&value)?.to_vec();
        Some(crypto::encoding(runtime, &bytes, password))
    });
    let encoding = read.ok_or_else(not_bytes)?.map_err(|raise| PolicyError::expression(element, &raise))?;
    Ok(encoding.into())
}
