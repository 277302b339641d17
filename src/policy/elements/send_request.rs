//! `send-request`: a request of the policy's own, its response in a variable.

use super::{
    authentication_certificate::{self, AuthenticationCertificate},
    authentication_managed_identity::{self, AuthenticationManagedIdentity},
    forward_request::timeout,
    proxy::{self, Proxy},
    set_body::{self, SetBody},
    set_header::{self, SetHeader},
};
use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SendRequest {
    /// `copy` starts from the current request, `new` from nothing.
    pub copy: Setting<bool>,
    /// The variable that gets the response.
    pub variable: Option<Setting<Text>>,
    /// How long the whole may take, in milliseconds; seconds where an expression gives `timeout`.
    pub timeout_ms: Setting<i64>,
    /// Whether the attribute was in seconds.
    pub in_seconds: bool,
    /// Whether the pipeline goes on without a response: the variable is then null.
    pub ignore_error: bool,
    /// Whether 400 to 599 counts as no response. The attribute is in the schema and on no page.
    pub fail_on_error_status_code: bool,
    /// The absolute URL.
    pub url: Option<Setting<Text>>,
    /// The method: text, by the documentation.
    pub method: Option<Setting<Text>>,
    /// The headers, in order.
    pub headers: Vec<SetHeader>,
    /// The body.
    pub body: Option<SetBody>,
    /// The gateway's identity as credential.
    pub identity: Option<AuthenticationManagedIdentity>,
    /// The certificate that is presented.
    pub certificate: Option<AuthenticationCertificate>,
    /// The proxy that the request goes by.
    pub proxy: Option<Proxy>,
}

/// Lowers the element. The documentation lets no expression stand in the nested `set-method`; deployed policies have it there and work,
/// so it is taken.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<SendRequest> {
    let copy = element.attribute("mode").and_then(|mode| {
        lowering.setting(&mode.value, Target::Text, |text| match text {
            "new" => Ok(false),
            "copy" => Ok(true),
            _ => Err("`new` or `copy`"),
        })
    });
    if !matches!(copy, None | Some(Setting::Literal(false))) {
        lowering.reads_body();
    }
    if let Some(attribute) = element.attribute("buffer-response").filter(|attribute| attribute.value.decoded.trim() != "true") {
        lowering.warning(
            "policy/not-simulated",
            attribute.span,
            "`buffer-response` is not simulated on `send-request`",
            "the response is always collected here",
        );
    }
    for (child, message, help) in [
        ("authentication-token", "`authentication-token` is not simulated", "the request goes without one here"),
        ("authentication-token-store", "`authentication-token-store` is not simulated", "the request goes without one here"),
    ] {
        if let Some(found) = element.element(child) {
            lowering.warning("policy/not-simulated", found.name_span, message, help);
        }
    }
    let (timeout_ms, in_seconds) = timeout(lowering, element).unwrap_or((Setting::Literal(60_000), true));
    let mut request = SendRequest {
        copy: copy.unwrap_or(Setting::Literal(false)),
        variable: lowering.text_attribute(element, "response-variable-name"),
        timeout_ms,
        in_seconds,
        ignore_error: lowering.literal_bool_attribute(element, "ignore-error", false),
        fail_on_error_status_code: lowering.literal_bool_attribute(element, "fail-on-error-status-code", false),
        url: None,
        method: None,
        headers: Vec::new(),
        body: None,
        identity: None,
        certificate: None,
        proxy: None,
    };
    for child in element.elements() {
        match child.name.as_str() {
            "set-url" => request.url = lowering.text(child, Target::Text),
            "set-method" => request.method = lowering.text(child, Target::Text),
            "set-header" => request.headers.extend(set_header::lower(lowering, child, path)),
            "set-body" => request.body = set_body::lower_nested(lowering, child),
            "authentication-managed-identity" => request.identity = authentication_managed_identity::lower_nested(lowering, child),
            "authentication-certificate" => request.certificate = authentication_certificate::lower(lowering, child, path),
            "proxy" => request.proxy = proxy::lower(lowering, child, path),
            _ => {}
        }
    }
    if element.element("set-url").is_none() && matches!(request.copy, Setting::Literal(false)) {
        lowering.missing(element, "set-url");
        return None;
    }
    Some(request)
}
