//! `authentication-managed-identity`: a token of the gateway's own identity for a backend.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct AuthenticationManagedIdentity {
    /// The application id URI that the token is for.
    pub resource: Setting<Text>,
    /// The client id of a user-assigned identity.
    pub client_id: Option<Text>,
    /// The variable that gets the token; without it the token goes into the `Authorization` header.
    pub output: Option<Text>,
    /// Whether the pipeline goes on without a token.
    pub ignore_error: bool,
}

/// Lowers the element where it stands by itself. Its page lists `inbound`; deployed samples have it in `outbound` too.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<AuthenticationManagedIdentity> {
    lower_nested(lowering, element)
}

/// Lowers the element as a child of `send-request`, where any section will do.
pub(super) fn lower_nested(lowering: &mut Lowering<'_>, element: &Element) -> Option<AuthenticationManagedIdentity> {
    let ignore_error = lowering.literal_bool_attribute(element, "ignore-error", false);
    let client_id = lowering.literal_attribute(element, "client-id");
    let output = lowering.literal_attribute(element, "output-token-variable-name");
    let Some(resource) = lowering.text_attribute(element, "resource") else {
        if element.attribute("resource").is_none() {
            lowering.missing(element, "resource");
        }
        return None;
    };
    Some(AuthenticationManagedIdentity { resource, client_id, output, ignore_error })
}
