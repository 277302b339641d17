//! `get-authorization-context`: the token that the service's credential manager holds.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct GetAuthorizationContext {
    /// The credential provider.
    pub provider: Setting<Text>,
    /// The connection.
    pub authorization: Setting<Text>,
    /// `managed` or `jwt`.
    pub identity_type: Option<Setting<Text>>,
    /// The token whose owner must have access to the connection.
    pub identity: Option<Setting<Text>>,
    /// The variable for the `Authorization`.
    pub variable: Setting<Text>,
    /// Whether the variable is null where there is none, and the request goes on.
    pub ignore_error: Setting<bool>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<GetAuthorizationContext> {
    let provider = lowering.text_attribute(element, "provider-id");
    let authorization = lowering.text_attribute(element, "authorization-id");
    let variable = lowering.text_attribute(element, "context-variable-name");
    Some(GetAuthorizationContext {
        provider: provider?,
        authorization: authorization?,
        identity_type: lowering.text_attribute(element, "identity-type"),
        identity: lowering.text_attribute(element, "identity"),
        variable: variable?,
        ignore_error: lowering.bool_attribute(element, "ignore-error").unwrap_or(Setting::Literal(false)),
    })
}
