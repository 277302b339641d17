//! Errors of the pipeline, and the answers that the service gives by itself.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-error-handling-policies (sources, reasons, messages); the bodies are
//! those seen on the wire in public reports.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    dotnet::{
        context::{Body, LastError, ResponseMessage},
        exception::{Exception, Raise},
    },
    environment::guid_text,
    http::{Headers, ResponseHead, reason_phrase},
    text::Text,
};

use super::effect::{Failure, FailureKind};

/// What ends a section and starts `on-error`.
#[derive(Clone, Debug)]
pub(super) struct PolicyError {
    /// The element or built-in step.
    pub source: Text,
    /// `context.LastError.Reason`
    pub reason: &'static str,
    /// `context.LastError.Message`
    pub message: Text,
    /// The status of the default answer.
    pub status: u16,
    /// Headers of the default answer.
    pub headers: Vec<(Text, Text)>,
    /// The message of the default answer, where it is not that of `LastError`.
    pub told: Option<Text>,
}

impl PolicyError {
    fn new(source: impl Into<Text>, reason: &'static str, message: impl Into<Text>, status: u16) -> Self {
        Self { source: source.into(), reason, message: message.into(), status, headers: Vec::new(), told: None }
    }

    /// The same with a header in the default answer.
    #[must_use]
    pub fn with(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The same with another message in the default answer.
    #[must_use]
    pub fn telling(mut self, message: impl Into<Text>) -> Self {
        self.told = Some(message.into());
        self
    }

    /// The path lies in the API and means no operation.
    pub fn operation_not_found() -> Self {
        Self::new("configuration", "OperationNotFound", "Unable to match incoming request to an operation.", 404)
    }

    /// No key came with the request.
    pub fn key_not_found(challenge: String) -> Self {
        // The table of errors has "this API", the wire "an API".
        let message =
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to this API.";
        let on_the_wire =
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.";
        let error = Self::new("authorization", "SubscriptionKeyNotFound", message, 401);
        error.telling(on_the_wire).with("WWW-Authenticate", challenge)
    }

    /// The key is none of the service's.
    pub fn key_invalid(challenge: String) -> Self {
        let message = "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.";
        let error = Self::new("authorization", "SubscriptionKeyInvalid", message, 401);
        error.with("WWW-Authenticate", challenge)
    }

    /// The client hung up while its body was read.
    pub fn client_gone() -> Self {
        Self::new("request", "ClientConnectionFailure", "The client closed the connection.", 499)
    }

    /// A backend gave no response.
    pub fn backend(element: &Text, failure: &Failure) -> Self {
        let reason = if failure.kind == FailureKind::Timeout { "Timeout" } else { "BackendConnectionFailure" };
        Self::new(element.clone(), reason, failure.message.clone(), 500)
    }

    /// There is nothing to send the request to.
    pub fn no_backend() -> Self {
        Self::new("forward-request", "BackendConnectionFailure", "No backend service is set for this request.", 500)
    }

    /// `backend-id` names nothing. The service refuses literal ids on upload with this message; what it says of a computed one is not
    /// documented.
    pub fn backend_not_found(element: &Text, id: &str) -> Self {
        Self::new(element.clone(), "BackendNotFound", format!("Backend with id '{id}' could not be found."), 500)
    }

    /// The same with a `Retry-After` in whole seconds: what a caller gets while a circuit is open. Source: Azure-Samples/Apim-Samples,
    /// samples/load-balancing, whose test finds it in answers of a pool that is used up.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with("Retry-After", seconds.max(1).to_string())
    }

    /// All circuits of a pool are open. The reason was seen in a public report; the message is what the status line said until 2025.
    pub fn pool_is_inactive(element: &Text, id: &str, status: u16) -> Self {
        Self::new(element.clone(), "PoolIsInactive", format!("Backend pool '{id}' is temporarily unavailable."), status)
    }

    /// The circuit of a backend is open. The documentation knows the status alone; the reason is named after that of pools.
    pub fn backend_is_inactive(element: &Text, id: &str) -> Self {
        Self::new(element.clone(), "BackendIsInactive", format!("Backend '{id}' is temporarily unavailable."), 503)
    }

    /// The gateway's identity gave no token for a backend.
    pub fn backend_token(element: &Text, message: &Text) -> Self {
        Self::new(element.clone(), "ManagedIdentityTokenFailure", message.clone(), 500)
    }

    /// `fail-on-error-status-code` met one.
    pub fn error_status(element: &Text, status: u16) -> Self {
        Self::new(element.clone(), "BackendErrorStatusCode", format!("The backend answered with status {status}."), 500)
    }

    /// An expression threw, or spent its budget.
    pub fn expression(element: &Text, raise: &Raise) -> Self {
        let message = match raise {
            Raise::Exception(exception) => evaluation_failed(exception),
            Raise::Budget(limit) => format!("Expression evaluation failed. The expression's budget is spent ({limit:?})."),
            Raise::Unread(_) => "Expression evaluation failed. The body cannot be read here.".to_owned(),
        };
        Self::new(element.clone(), "ExpressionValueEvaluationFailure", message, 500)
    }

    /// A body is not what a policy can convert. Neither reason nor message is documented: the exception's own words, as an expression that
    /// read the body in the same way would show them.
    pub fn transformation(element: &Text, raise: &Raise) -> Self {
        let message = match raise {
            Raise::Exception(exception) => exception.message.to_string(),
            Raise::Budget(limit) => format!("The body is too much to convert ({limit:?})."),
            Raise::Unread(_) => "The body cannot be read here.".to_owned(),
        };
        Self::new(element.clone(), "TransformationFailure", message, 500)
    }

    /// An expression gave a value that the policy cannot use.
    pub fn value(element: &Text, message: impl Into<Text>) -> Self {
        Self::new(element.clone(), "ExpressionValueValidationFailure", message, 500)
    }

    /// A policy refuses the request; the client gets the message.
    pub fn refused(element: &Text, reason: &'static str, message: impl Into<Text>, status: u16) -> Self {
        Self::new(element.clone(), reason, message, status)
    }

    /// The gateway here does not carry the policy out.
    pub fn not_simulated(element: &Text) -> Self {
        Self::new(element.clone(), "NotSimulated", format!("The policy '{element}' is not simulated."), 500)
    }

    /// The identity gave no token.
    pub fn token(message: &Text) -> Self {
        Self::new("authentication-managed-identity", "ManagedIdentityTokenFailure", message.clone(), 500)
    }

    /// Whether a backend gave no response, or was not even asked.
    pub fn is_backend(&self) -> bool {
        matches!(self.reason, "Timeout" | "BackendConnectionFailure" | "PoolIsInactive" | "BackendIsInactive")
    }

    /// Whether a `retry` may try again after it: an attempt to reach a backend has failed. The documentation knows retries of requests alone
    /// (learn.microsoft.com/azure/api-management/retry-policy); after an expression that throws, a limit or a refusal, the block would do the
    /// same again, and its condition would judge by a response that has nothing to do with the error.
    pub fn is_retried(&self) -> bool {
        self.is_backend() || self.reason == "BackendErrorStatusCode"
    }

    /// As `context.LastError` shows it, without its place.
    pub fn last_error(&self) -> LastError {
        LastError { source: self.source.clone(), reason: self.reason.into(), message: self.message.clone(), ..LastError::default() }
    }

    /// The answer that `on-error` finds in `context.Response`, and that the client gets where nothing changes it.
    pub fn response(&self, request_id: [u8; 16]) -> ResponseMessage {
        let message: Text = match self.status {
            _ if self.told.is_some() => self.told.clone().unwrap_or_default(),
            404 => "Resource not found".into(),
            // The wording has changed over time, and policies that hide the pool's name count on the status alone.
            _ if matches!(self.reason, "PoolIsInactive" | "BackendIsInactive") => "Service Unavailable".into(),
            500.. => "Internal server error".into(),
            _ => self.message.clone(),
        };
        let mut response = default_response(self.status, &message, request_id);
        for (name, value) in &self.headers {
            response.head.headers.append(name.clone(), value.clone());
        }
        response
    }
}

fn evaluation_failed(exception: &Exception) -> String {
    // What a body says wrong of itself is reported with the gateway's own words before it.
    let prefix = if exception.class.name == "JsonReaderException" { "The message body is not a valid JSON. " } else { "" };
    format!("Expression evaluation failed. {prefix}{}", exception.message)
}

/// Where the gateway says that it is there, whatever its APIs, policies and backends are up to.
/// Source: learn.microsoft.com/azure/api-management/api-management-gateways-overview, "Gateway health monitoring".
pub(super) const STATUS_PATH: &str = "/status-0123456789abcdef";

/// The answer of the status path: no key is asked for and no policy runs. That it has no body is our choice.
pub(super) fn alive() -> ResponseMessage {
    ResponseMessage { head: ResponseHead { status: 200, reason: reason_phrase(200).into(), headers: Headers::new() }, body: Body::None }
}

/// `{ "statusCode": 404, "message": "…" }`; a 500 carries the request's id as `activityId`.
pub(super) fn default_response(status: u16, message: &str, request_id: [u8; 16]) -> ResponseMessage {
    let mut quoted = String::new();
    crate::dotnet::json::writer::quote(message, &mut quoted);
    let activity = if status == 500 { format!(", \"activityId\": \"{}\"", guid_text(request_id)) } else { String::new() };
    let body = format!("{{ \"statusCode\": {status}, \"message\": {quoted}{activity} }}");
    let headers: Headers = [("Content-Type", "application/json")].into_iter().collect();
    ResponseMessage { head: ResponseHead { status, reason: reason_phrase(status).into(), headers }, body: Body::Bytes(Bytes::from(body)) }
}
