//! `validate-azure-ad-token`: a token of Microsoft Entra ID, with everything about keys and issuers that is to be known of a tenant.

use super::validate_jwt::{Refusal, RequiredClaim, TokenSource, claims, refusal, source, texts, unsupported};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateAzureAdToken {
    /// The tenant: its id, or one of its domains.
    pub tenant: Setting<Text>,
    /// Where the tenant's configuration is to be had.
    pub endpoint: Setting<Text>,
    /// The token.
    pub source: TokenSource,
    /// The scheme that an `Authorization` header must begin with.
    pub scheme: Option<Setting<Text>>,
    /// The answer of a refusal.
    pub refusal: Refusal,
    /// The variable for the token.
    pub output: Option<Text>,
    /// Applications that the token may be for.
    pub backends: Vec<Setting<Text>>,
    /// Applications that may have asked for the token.
    pub clients: Vec<Setting<Text>>,
    /// Whom the token may be for.
    pub audiences: Vec<Setting<Text>>,
    /// What it must say.
    pub claims: Vec<RequiredClaim>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateAzureAdToken> {
    unsupported(lowering, element);
    let endpoint = lowering.text_attribute(element, "authentication-endpoint");
    Some(ValidateAzureAdToken {
        tenant: lowering.text_attribute(element, "tenant-id")?,
        // The page prints the default as `https://login-microsoftonline.com`, which is no host of the service.
        endpoint: endpoint.unwrap_or(Setting::Literal(Text::Static("https://login.microsoftonline.com"))),
        source: source(lowering, element).unwrap_or(TokenSource::Header(Setting::Literal(Text::Static("Authorization")))),
        scheme: lowering.text_attribute(element, "require-scheme"),
        refusal: refusal(lowering, element),
        output: lowering.literal_attribute(element, "output-token-variable-name"),
        backends: texts(lowering, element, "backend-application-ids", "application-id"),
        clients: texts(lowering, element, "client-application-ids", "application-id"),
        audiences: texts(lowering, element, "audiences", "audience"),
        claims: claims(lowering, element),
    })
}
