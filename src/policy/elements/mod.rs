//! One file a policy: its attributes and children, and how they become a typed statement.
//!
//! Source of every attribute: the policy's own page at learn.microsoft.com/azure/api-management/NAME-policy.

pub mod authentication_managed_identity;
pub mod choose;
pub mod forward_request;
pub mod retry;
pub mod return_response;
pub mod rewrite_uri;
pub mod send_request;
pub mod set_backend_service;
pub mod set_body;
pub mod set_header;
pub mod set_method;
pub mod set_query_parameter;
pub mod set_status;
pub mod set_variable;
pub mod trace;

use super::lowering::Lowering;
use crate::{diagnostic::nearest, xml::Element};

macro_rules! policies {
    ($($name:literal => $variant:ident($module:ident)),* $(,)?) => {
        /// A policy with its settings.
        #[derive(Debug)]
        pub enum Policy {
            $(#[doc = concat!("`", $name, "`")] $variant($module::$variant),)*
        }

        /// The elements that the gateway runs.
        pub const SIMULATED: &[&str] = &[$($name),*];

        impl Policy {
            /// Whether one of its own settings may read a message's body.
            pub fn reads_body(&self) -> bool {
                match self {
                    $(Self::$variant(policy) => policy.reads_body(),)*
                }
            }
        }

        /// Lowers an element; `None` after its faults are reported. What is not simulated is refused by name.
        pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<Policy> {
            match element.name.as_str() {
                $($name => $module::lower(lowering, element, path).map(Policy::$variant),)*
                other => {
                    let help = match nearest(other, SIMULATED.iter().copied().chain(["include-fragment", "base"])) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("this version runs {}, include-fragment and base", SIMULATED.join(", ")),
                    };
                    lowering.fault("policy/not-simulated", element.name_span, format!("the policy `{other}` is not simulated"), help);
                    None
                }
            }
        }
    };
}

policies! {
    "authentication-managed-identity" => AuthenticationManagedIdentity(authentication_managed_identity),
    "choose" => Choose(choose),
    "forward-request" => ForwardRequest(forward_request),
    "retry" => Retry(retry),
    "return-response" => ReturnResponse(return_response),
    "rewrite-uri" => RewriteUri(rewrite_uri),
    "send-request" => SendRequest(send_request),
    "set-backend-service" => SetBackendService(set_backend_service),
    "set-body" => SetBody(set_body),
    "set-header" => SetHeader(set_header),
    "set-method" => SetMethod(set_method),
    "set-query-parameter" => SetQueryParameter(set_query_parameter),
    "set-status" => SetStatus(set_status),
    "set-variable" => SetVariable(set_variable),
    "trace" => Trace(trace),
}
