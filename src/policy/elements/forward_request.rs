//! `forward-request`: the client's request goes to the backend.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct ForwardRequest {
    /// How long to wait for status and headers, in milliseconds.
    pub timeout_ms: Setting<i64>,
    /// Whether the attribute was in seconds: an expression's value then is, too.
    pub in_seconds: bool,
    /// Whether the body is read whole before it is sent, so that it can be sent again.
    pub buffer_request_body: bool,
    /// Whether the response is collected to chunks of 8 KiB; off for streams.
    pub buffer_response: bool,
    /// Whether 400 to 599 is an error.
    pub fail_on_error_status_code: bool,
    /// Whether redirects are followed.
    pub follow_redirects: Setting<bool>,
    /// How long to wait for `100 Continue`, in seconds.
    pub continue_timeout: Option<Setting<i64>>,
    /// The version of HTTP that the backend is spoken to in.
    pub http_version: HttpVersion,
}

/// A version of HTTP to speak to a backend. Source: learn.microsoft.com/azure/api-management/forward-request-policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    One,
    /// HTTP/2 where the backend speaks it, else HTTP/1.1.
    TwoOrOne,
    /// HTTP/2.
    Two,
}

/// What the global scope's section holds: 300 seconds, the response buffered.
impl Default for ForwardRequest {
    fn default() -> Self {
        Self {
            timeout_ms: Setting::Literal(300_000),
            in_seconds: true,
            buffer_request_body: false,
            buffer_response: true,
            fail_on_error_status_code: false,
            follow_redirects: Setting::Literal(false),
            continue_timeout: None,
            http_version: HttpVersion::One,
        }
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<ForwardRequest> {
    let default = ForwardRequest::default();
    let (timeout_ms, in_seconds) = timeout(lowering, element).unwrap_or((default.timeout_ms, true));
    Some(ForwardRequest {
        timeout_ms,
        in_seconds,
        buffer_request_body: lowering.literal_bool_attribute(element, "buffer-request-body", false),
        buffer_response: lowering.literal_bool_attribute(element, "buffer-response", true),
        fail_on_error_status_code: lowering.literal_bool_attribute(element, "fail-on-error-status-code", false),
        follow_redirects: lowering.bool_attribute(element, "follow-redirects").unwrap_or(Setting::Literal(false)),
        continue_timeout: lowering.int_attribute(element, "continue-timeout", 0..=i64::from(i32::MAX)),
        // The catalogue has refused every other word.
        http_version: match lowering.literal_attribute(element, "http-version").as_deref() {
            Some("2or1") => HttpVersion::TwoOrOne,
            Some("2") => HttpVersion::Two,
            _ => HttpVersion::One,
        },
    })
}

/// `timeout` in seconds or `timeout-ms`, one of them; literals in milliseconds.
pub(super) fn timeout(lowering: &mut Lowering<'_>, element: &Element) -> Option<(Setting<i64>, bool)> {
    if let (Some(_), Some(second)) = (element.attribute("timeout"), element.attribute("timeout-ms")) {
        lowering.fault("policy/exclusive", second.name_span, "`timeout` and `timeout-ms` exclude each other", "keep one");
    }
    if let Some(setting) = lowering.int_attribute(element, "timeout-ms", 0..=i64::from(i32::MAX)) {
        return Some((setting, false));
    }
    let setting = lowering.int_attribute(element, "timeout", 0..=i64::from(i32::MAX))?;
    Some(match setting {
        Setting::Literal(seconds) => (Setting::Literal(seconds.saturating_mul(1000)), true),
        expression => (expression, true),
    })
}
