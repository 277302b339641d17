//! `validate-client-certificate`: the certificate that the caller presents in TLS.

use crate::{policy::lowering::Lowering, text::Text, xml::Element};

/// A caller that may come in: every claim that is there must hold.
#[derive(Debug, Default)]
pub struct Identity {
    /// `thumbprint`
    pub thumbprint: Option<Text>,
    /// `serial-number`
    pub serial_number: Option<Text>,
    /// `common-name`
    pub common_name: Option<Text>,
    /// `subject`
    pub subject: Option<Text>,
    /// `dns-name`
    pub dns_name: Option<Text>,
    /// `issuer-subject`
    pub issuer_subject: Option<Text>,
    /// `issuer-thumbprint`
    pub issuer_thumbprint: Option<Text>,
    /// `issuer-certificate-id`
    pub issuer_certificate_id: Option<Text>,
}

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateClientCertificate {
    /// Whether a trusted authority must have issued it.
    pub validate_trust: bool,
    /// Whether it must be in force already.
    pub validate_not_before: bool,
    /// Whether it must still be in force.
    pub validate_not_after: bool,
    /// Whether the request goes on all the same.
    pub ignore_error: bool,
    /// Who may come in; anyone without.
    pub identities: Vec<Identity>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateClientCertificate> {
    let identities = element.element("identities").map_or_else(Vec::new, |parent| {
        let children = parent.elements().filter(|child| child.name == "identity");
        children.map(|child| identity(lowering, child)).collect()
    });
    Some(ValidateClientCertificate {
        validate_trust: lowering.literal_bool_attribute(element, "validate-trust", true),
        validate_not_before: lowering.literal_bool_attribute(element, "validate-not-before", true),
        validate_not_after: lowering.literal_bool_attribute(element, "validate-not-after", true),
        ignore_error: lowering.literal_bool_attribute(element, "ignore-error", false),
        identities,
    })
}

fn identity(lowering: &mut Lowering<'_>, element: &Element) -> Identity {
    Identity {
        thumbprint: lowering.literal_attribute(element, "thumbprint"),
        serial_number: lowering.literal_attribute(element, "serial-number"),
        common_name: lowering.literal_attribute(element, "common-name"),
        subject: lowering.literal_attribute(element, "subject"),
        dns_name: lowering.literal_attribute(element, "dns-name"),
        issuer_subject: lowering.literal_attribute(element, "issuer-subject"),
        issuer_thumbprint: lowering.literal_attribute(element, "issuer-thumbprint"),
        issuer_certificate_id: lowering.literal_attribute(element, "issuer-certificate-id"),
    }
}
