//! Runs `authentication-certificate`. Source: learn.microsoft.com/azure/api-management/authentication-certificate-policy.

use bytes::Bytes;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::crypto::{self, certificate::Certificate},
    gateway::{Entities, answers::PolicyError},
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
    let (name, certificate) = match &policy.certificate {
        Which::Thumbprint(thumbprint) => {
            let thumbprint = turn.text(thumbprint, element)?;
            let found = held(&turn.gateway.entities, &thumbprint);
            (thumbprint, found)
        }
        Which::Id(id) => {
            let id = turn.text(id, element)?;
            let found = turn.gateway.entities.certificates.get(&id).and_then(|bytes| der(bytes));
            (id, found)
        }
        Which::Body { bytes, password } => {
            let password = password.as_ref().map(|password| turn.secret(password, element)).transpose()?;
            ("of the policy".into(), Some(brought(bytes, password.as_deref(), element, turn)?))
        }
    };
    if turn.detailed {
        turn.say(
            "information",
            match &certificate {
                Some(_) => format!("the certificate '{name}' is presented to hosts that speak TLS"),
                None => format!("no certificate '{name}' was told of, and none is presented"),
            },
        );
    }
    Ok(certificate)
}

/// A certificate of the service by its thumbprint, or by its id, alone or behind a path: what a backend's credentials may name it by.
pub(super) fn held(entities: &Entities, name: &str) -> Option<Bytes> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let by_id = entities.certificates.get(name).and_then(|bytes| der(bytes));
    by_id.or_else(|| {
        let certificates = entities.certificates.values().filter_map(|bytes| Certificate::read(bytes));
        certificates.into_iter().find(|known| known.thumbprint().eq_ignore_ascii_case(name)).map(|found| found.der.into())
    })
}

fn der(bytes: &[u8]) -> Option<Bytes> {
    Certificate::read(bytes).map(|certificate| certificate.der.into())
}

fn brought(bytes: &Setting<Text>, password: Option<&str>, element: &Text, turn: &mut Turn<'_>) -> Result<Bytes, Stop> {
    let Setting::Expression(program) = bytes else { return Err(not_bytes(element).into()) };
    let value = turn.evaluate(program, element)?;
    let read = turn.in_world(|runtime| {
        let bytes = runtime.bytes(&value)?.to_vec();
        Some(crypto::encoding(runtime, &bytes, password))
    });
    match read {
        Some(read) => Ok(read.map_err(|raise| PolicyError::expression(element, &raise))?.into()),
        None => Err(not_bytes(element).into()),
    }
}

fn not_bytes(element: &Text) -> PolicyError {
    PolicyError::value(element, "The body of a certificate is a byte[].".to_owned())
}
