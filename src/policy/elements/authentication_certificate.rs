//! `authentication-certificate`: the certificate that the gateway presents to the backend.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct AuthenticationCertificate {
    /// Which certificate.
    pub certificate: Which,
}

/// The three ways to name a certificate, of which a policy has one.
#[derive(Debug)]
pub enum Which {
    /// One of the service's by its thumbprint.
    Thumbprint(Setting<Text>),
    /// One of the service's by its id.
    Id(Setting<Text>),
    /// One that the policy brings: DER, PEM or PKCS #12, as a `byte[]`.
    Body {
        /// Its bytes.
        bytes: Setting<Text>,
        /// What the file is protected by.
        password: Option<Setting<Text>>,
    },
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<AuthenticationCertificate> {
    let password = lowering.text_attribute(element, "password");
    let certificate = if let Some(thumbprint) = lowering.text_attribute(element, "thumbprint") {
        Which::Thumbprint(thumbprint)
    } else if let Some(id) = lowering.text_attribute(element, "certificate-id") {
        Which::Id(id)
    } else {
        let body = element.attribute("body")?;
        let bytes = lowering.setting(&body.value, Target::Any, |_| Err("an expression that gives a `byte[]`"))?;
        Which::Body { bytes, password }
    };
    Some(AuthenticationCertificate { certificate })
}
