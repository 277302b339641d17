//! One file a policy: its attributes and children, and how they become a typed statement.
//!
//! Source of every attribute: the policy's own page at learn.microsoft.com/azure/api-management/NAME-policy.

pub mod authentication_managed_identity;
pub mod choose;
pub mod find_and_replace;
pub mod forward_request;
pub mod json_to_xml;
pub mod limit_concurrency;
pub mod llm_content_safety;
pub mod mock_response;
pub mod recorded;
pub mod redirect_content_urls;
pub mod retry;
pub mod return_response;
pub mod rewrite_uri;
pub mod send_one_way_request;
pub mod send_request;
pub mod set_backend_service;
pub mod set_body;
pub mod set_header;
pub mod set_method;
pub mod set_query_parameter;
pub mod set_status;
pub mod set_variable;
pub mod trace;
pub mod wait;
pub mod xml_to_json;

use super::{catalogue::Entry, lowering::Lowering};
use crate::xml::Element;

macro_rules! policies {
    ($($name:literal => $variant:ident($module:ident)),* $(,)?) => {
        /// A policy with its settings.
        #[derive(Debug)]
        pub enum Policy {
            $(#[doc = concat!("`", $name, "`")] $variant($module::$variant),)*
            /// The look at completions that `llm-content-safety` in `inbound` asks for.
            Completions(llm_content_safety::Completions),
            /// One whose effect outside is written to the trace.
            Recorded(recorded::Recorded),
            /// One that fails the request that reaches it.
            NotSimulated,
        }

        /// The elements that the gateway runs.
        pub const SIMULATED: &[&str] = &[$($name),*];

        /// Lowers an element; `None` after its faults are reported.
        pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, entry: &'static Entry, path: &str) -> Option<Policy> {
            match element.name.as_str() {
                $($name => $module::lower(lowering, element, path).map(Policy::$variant),)*
                _ => recorded::lower(lowering, element, entry),
            }
        }
    };
}

policies! {
    "authentication-managed-identity" => AuthenticationManagedIdentity(authentication_managed_identity),
    "choose" => Choose(choose),
    "find-and-replace" => FindAndReplace(find_and_replace),
    "forward-request" => ForwardRequest(forward_request),
    "json-to-xml" => JsonToXml(json_to_xml),
    "limit-concurrency" => LimitConcurrency(limit_concurrency),
    "llm-content-safety" => LlmContentSafety(llm_content_safety),
    "mock-response" => MockResponse(mock_response),
    "redirect-content-urls" => RedirectContentUrls(redirect_content_urls),
    "retry" => Retry(retry),
    "return-response" => ReturnResponse(return_response),
    "rewrite-uri" => RewriteUri(rewrite_uri),
    "send-one-way-request" => SendOneWayRequest(send_one_way_request),
    "send-request" => SendRequest(send_request),
    "set-backend-service" => SetBackendService(set_backend_service),
    "set-body" => SetBody(set_body),
    "set-header" => SetHeader(set_header),
    "set-method" => SetMethod(set_method),
    "set-query-parameter" => SetQueryParameter(set_query_parameter),
    "set-status" => SetStatus(set_status),
    "set-variable" => SetVariable(set_variable),
    "trace" => Trace(trace),
    "wait" => Wait(wait),
    "xml-to-json" => XmlToJson(xml_to_json),
}
