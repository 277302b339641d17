//! One file a policy: its attributes and children, and how they become a typed statement.
//!
//! Source of every attribute: the policy's own page at learn.microsoft.com/azure/api-management/NAME-policy.

pub mod authentication_basic;
pub mod authentication_certificate;
pub mod authentication_managed_identity;
pub mod azure_openai_emit_token_metric;
pub mod azure_openai_semantic_cache_lookup;
pub mod azure_openai_semantic_cache_store;
pub mod azure_openai_token_limit;
pub mod cache_lookup;
pub mod cache_lookup_value;
pub mod cache_remove_value;
pub mod cache_store;
pub mod cache_store_value;
pub mod check_header;
pub mod choose;
pub mod cors;
pub mod emit_metric;
pub mod find_and_replace;
pub mod forward_request;
pub mod get_authorization_context;
pub mod ip_filter;
pub mod json_to_xml;
pub mod jsonp;
pub mod limit_concurrency;
pub mod llm_content_safety;
pub mod llm_emit_token_metric;
pub mod llm_semantic_cache_lookup;
pub mod llm_semantic_cache_store;
pub mod llm_token_limit;
pub mod mock_response;
pub mod proxy;
pub mod quota;
pub mod quota_by_key;
pub mod rate_limit;
pub mod rate_limit_by_key;
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
pub mod validate_azure_ad_token;
pub mod validate_client_certificate;
pub mod validate_content;
pub mod validate_headers;
pub mod validate_jwt;
pub mod validate_parameters;
pub mod validate_status_code;
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
    "authentication-basic" => AuthenticationBasic(authentication_basic),
    "authentication-certificate" => AuthenticationCertificate(authentication_certificate),
    "authentication-managed-identity" => AuthenticationManagedIdentity(authentication_managed_identity),
    "azure-openai-emit-token-metric" => AzureOpenaiEmitTokenMetric(azure_openai_emit_token_metric),
    "azure-openai-semantic-cache-lookup" => AzureOpenaiSemanticCacheLookup(azure_openai_semantic_cache_lookup),
    "azure-openai-semantic-cache-store" => AzureOpenaiSemanticCacheStore(azure_openai_semantic_cache_store),
    "azure-openai-token-limit" => AzureOpenaiTokenLimit(azure_openai_token_limit),
    "cache-lookup" => CacheLookup(cache_lookup),
    "cache-lookup-value" => CacheLookupValue(cache_lookup_value),
    "cache-remove-value" => CacheRemoveValue(cache_remove_value),
    "cache-store" => CacheStore(cache_store),
    "cache-store-value" => CacheStoreValue(cache_store_value),
    "check-header" => CheckHeader(check_header),
    "choose" => Choose(choose),
    "cors" => Cors(cors),
    "emit-metric" => EmitMetric(emit_metric),
    "find-and-replace" => FindAndReplace(find_and_replace),
    "forward-request" => ForwardRequest(forward_request),
    "get-authorization-context" => GetAuthorizationContext(get_authorization_context),
    "ip-filter" => IpFilter(ip_filter),
    "json-to-xml" => JsonToXml(json_to_xml),
    "jsonp" => Jsonp(jsonp),
    "limit-concurrency" => LimitConcurrency(limit_concurrency),
    "llm-content-safety" => LlmContentSafety(llm_content_safety),
    "llm-emit-token-metric" => LlmEmitTokenMetric(llm_emit_token_metric),
    "llm-semantic-cache-lookup" => LlmSemanticCacheLookup(llm_semantic_cache_lookup),
    "llm-semantic-cache-store" => LlmSemanticCacheStore(llm_semantic_cache_store),
    "llm-token-limit" => LlmTokenLimit(llm_token_limit),
    "mock-response" => MockResponse(mock_response),
    "proxy" => Proxy(proxy),
    "quota" => Quota(quota),
    "quota-by-key" => QuotaByKey(quota_by_key),
    "rate-limit" => RateLimit(rate_limit),
    "rate-limit-by-key" => RateLimitByKey(rate_limit_by_key),
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
    "validate-azure-ad-token" => ValidateAzureAdToken(validate_azure_ad_token),
    "validate-client-certificate" => ValidateClientCertificate(validate_client_certificate),
    "validate-content" => ValidateContent(validate_content),
    "validate-headers" => ValidateHeaders(validate_headers),
    "validate-jwt" => ValidateJwt(validate_jwt),
    "validate-parameters" => ValidateParameters(validate_parameters),
    "validate-status-code" => ValidateStatusCode(validate_status_code),
    "wait" => Wait(wait),
    "xml-to-json" => XmlToJson(xml_to_json),
}

impl Policy {
    /// Whether it works on the request and its response alone, and asks nothing but its expressions and the gateway's definition; a cache is asked
    /// for what is not in it.
    pub(super) fn is_local(&self) -> bool {
        matches!(
            self,
            Self::CacheLookupValue(_)
                | Self::Choose(_)
                | Self::ForwardRequest(_)
                | Self::RewriteUri(_)
                | Self::SetBackendService(_)
                | Self::SetHeader(_)
                | Self::SetMethod(_)
                | Self::SetQueryParameter(_)
                | Self::SetVariable(_)
        )
    }
}
