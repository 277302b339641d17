//! Answers that say no, in the service's own words.
//!
//! There are two families: what the service's front makes (`code` and `message`) and what the model's side makes (`message`,
//! `type`, `param`, `code`). Where a text was captured by a user of the service, the public issue stands beside it.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;

use super::{
    filters,
    json::Json,
    limits::{Exceeded, Throttled},
    models::Model,
    outcome::Category,
    route::Operation,
};
use crate::http::reason_phrase;

/// A request that is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The status.
    pub status: u16,
    /// The reason phrase.
    pub reason: &'static str,
    /// How long to wait.
    pub retry_after: Option<Duration>,
    words: Words,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// Made by the service's front.
    Front { code: Cow<'static, str>, message: Cow<'static, str> },
    /// Made by the model's side.
    Model { message: Cow<'static, str>, kind: &'static str, param: Option<Cow<'static, str>>, code: Option<&'static str> },
    /// A token that is not accepted has a form of its own.
    Token,
    /// A prompt that the content filter does not let through.
    Filtered(Category),
    /// A status that has no body.
    None,
}

impl Refusal {
    fn front(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        let words = Words::Front { code: code.into(), message: message.into() };
        Self { status, reason: reason_phrase(status), retry_after: None, words }
    }

    /// An `invalid_request_error`.
    pub fn invalid(message: impl Into<Cow<'static, str>>, param: Option<Cow<'static, str>>, code: Option<&'static str>) -> Self {
        let words = Words::Model { message: message.into(), kind: "invalid_request_error", param, code };
        Self { status: 400, reason: reason_phrase(400), retry_after: None, words }
    }

    /// The same with another status.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, reason: reason_phrase(status), ..self }
    }

    /// The body.
    pub fn body(&self) -> Bytes {
        let mut json = Json::with_capacity(320);
        match &self.words {
            Words::Front { code, message } => {
                json.raw(r#"{"error":{"code":"#).text(code).raw(r#","message":"#).text(message).raw("}}");
            }
            Words::Model { message, kind, param, code } => {
                json.raw(r#"{"error":{"message":"#).text(message).raw(r#","type":"#).text(kind).raw(r#","param":"#);
                optional(&mut json, param.as_deref());
                json.raw(r#","code":"#);
                optional(&mut json, *code);
                json.raw("}}");
            }
            // github.com/Azure-Samples/azure-search-openai-demo issue 458
            Words::Token => {
                json.raw(
                    r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com), or have expired."}"#,
                );
            }
            // github.com/microsoft/TinyTroupe issue 85
            Words::Filtered(found) => {
                json.raw(concat!(
                    r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "#,
                    r#"Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: "#,
                    r#"https://go.microsoft.com/fwlink/?linkid=2198766","type":null,"param":"prompt","code":"content_filter","status":400,"#,
                    r#""innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":"#
                ));
                json.raw(&filters::prompt(*found)).raw("}}}");
            }
            Words::None => {}
        }
        json.finish()
    }

    /// No such path, method or api-version. github.com/rusiaaman/chat.md issue 2.
    pub fn resource_not_found() -> Self {
        Self::front(404, "404", "Resource not found")
    }

    /// A key that is none of the resource's, or no credential at all. github.com/SciSharp/BotSharp issue 386.
    pub fn wrong_key() -> Self {
        let message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an \
                       active subscription and use a correct regional API endpoint for your resource.";
        Self { reason: "PermissionDenied", ..Self::front(401, "401", message) }
    }

    /// A prompt in which the content filter finds something.
    pub fn filtered(found: Category) -> Self {
        Self { status: 400, reason: reason_phrase(400), retry_after: None, words: Words::Filtered(found) }
    }

    /// A key, where the resource takes tokens alone. github.com/microsoft/sample-app-aoai-chatGPT issue 1000.
    pub fn keys_disabled() -> Self {
        Self::front(403, "AuthenticationTypeDisabled", "Key based authentication is disabled for this resource.")
    }

    /// More than ten custom header fields. learn.microsoft.com/azure/ai-foundry/openai/quotas-limits; its body is not documented.
    pub fn many_fields() -> Self {
        Self { status: 431, reason: reason_phrase(431), retry_after: None, words: Words::None }
    }

    /// No stored response of that id. The words are those of OpenAI's own service.
    pub fn no_response(id: &str) -> Self {
        Self::invalid(format!("Response with id '{id}' not found."), None, None).with_status(404)
    }

    /// A response that follows one that is not stored here. github.com/microsoft/agent-framework issue 6419.
    pub fn no_previous_response(id: &str) -> Self {
        let message = format!("Previous response with id '{id}' not found.");
        Self::invalid(message, Some("previous_response_id".into()), Some("previous_response_not_found"))
    }

    /// A model that the resource does not have.
    pub fn no_model(id: &str) -> Self {
        Self::front(404, "ResourceNotFound", format!("The model '{id}' was not found."))
    }

    /// What a full provisioned deployment answers; its words are not documented, and these are those of the service's front.
    pub fn full(wait: Duration) -> Self {
        let message = format!("Rate limit is exceeded. Try again in {} seconds.", seconds(wait));
        Self { retry_after: Some(wait), ..Self::front(429, "429", message) }
    }

    /// Whether a provisioned deployment that answers so passes the request on to another.
    /// Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management.
    pub fn spills(&self) -> bool {
        let is_long = matches!(&self.words, Words::Model { code: Some("context_length_exceeded"), .. });
        matches!(self.status, 429 | 500 | 503) || is_long
    }

    /// A token that is not for this service, not valid or expired.
    pub fn wrong_token() -> Self {
        Self { status: 401, reason: reason_phrase(401), retry_after: None, words: Words::Token }
    }

    /// github.com/chatboxai/chatbox issue 861.
    pub fn deployment_not_found() -> Self {
        let message = "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, \
                       please wait a moment and try again.";
        Self::front(404, "DeploymentNotFound", message)
    }

    /// A model that does something else. github.com/mlflow/mlflow issue 11402.
    pub fn operation_not_supported(operation: Operation, model: &str) -> Self {
        let message = format!(
            "The {} operation does not work with the specified model, {model}. Please choose different model and try again. You can \
             learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.",
            operation.name()
        );
        Self::front(400, "OperationNotSupported", message)
    }

    /// A body that is no JSON object.
    pub fn no_json() -> Self {
        let message = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library \
                       correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble \
                       figuring out how to fix this, please contact us through our help center at help.openai.com.)";
        Self::invalid(message, None, None)
    }

    /// A parameter that has to be there. github.com/langchain-ai/langgraphjs issue 506.
    pub fn missing(name: impl Into<Cow<'static, str>>) -> Self {
        let name = name.into();
        Self::invalid(format!("Missing required parameter: '{name}'."), Some(name), Some("missing_required_parameter"))
    }

    /// github.com/diffbot/code-gpt-docs issue 273.
    pub fn wrong_type(name: impl Into<Cow<'static, str>>, expected: &str, got: &str) -> Self {
        let name = name.into();
        let got = if got == "null" { "null".to_owned() } else { format!("{got} instead") };
        Self::invalid(format!("Invalid type for '{name}': expected {expected}, but got {got}."), Some(name), Some("invalid_type"))
    }

    /// A word that is none of the permitted ones.
    pub fn wrong_word(name: impl Into<Cow<'static, str>>, got: &str, words: &[&str]) -> Self {
        let mut list = String::new();
        for (index, word) in words.iter().enumerate() {
            let before = if index == 0 {
                ""
            } else if index + 1 == words.len() {
                ", and "
            } else {
                ", "
            };
            list.push_str(&format!("{before}'{word}'"));
        }
        let got = super::tokens::head(got, 64);
        Self::invalid(format!("Invalid value: '{got}'. Supported values are: {list}."), Some(name.into()), Some("invalid_value"))
    }

    /// github.com/thisisartium/continuous-alignment-testing issue 25.
    pub fn above(name: &'static str, most: u64, got: u64) -> Self {
        let message = format!("Invalid '{name}': integer above maximum value. Expected a value <= {most}, but got {got} instead.");
        Self::invalid(message, Some(name.into()), Some("integer_above_max_value"))
    }

    /// github.com/Skytliang/Multi-Agents-Debate issue 8.
    pub fn below(name: &'static str, least: u64, got: i128) -> Self {
        let message = format!("Invalid '{name}': integer below minimum value. Expected a value >= {least}, but got {got} instead.");
        Self::invalid(message, Some(name.into()), Some("integer_below_min_value"))
    }

    /// An array with nothing in it.
    pub fn empty_array(name: &'static str) -> Self {
        let message = format!("Invalid '{name}': empty array. Expected an array with minimum length 1, but got an empty array instead.");
        Self::invalid(message, Some(name.into()), Some("empty_array"))
    }

    /// An array with too much in it.
    pub fn long_array(name: &'static str, most: usize, got: usize) -> Self {
        let message = format!(
            "Invalid '{name}': array too long. Expected an array with maximum length {most}, but got an array with length {got} instead."
        );
        Self::invalid(message, Some(name.into()), Some("array_above_max_length"))
    }

    /// A text that is too long.
    pub fn long_text(name: &'static str, most: usize, got: usize) -> Self {
        let message = format!(
            "Invalid '{name}': string too long. Expected a string with maximum length {most}, but got a string with length {got} instead."
        );
        Self::invalid(message, Some(name.into()), Some("string_above_max_length"))
    }

    /// An `input` of embeddings that is none.
    pub fn wrong_input() -> Self {
        Self::invalid("'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.", None, None)
    }

    /// More answer than the model gives. github.com/charmbracelet/catwalk issue 41.
    pub fn long_answer(name: &'static str, model: &Model, got: u64) -> Self {
        let most = model.answer;
        let message =
            format!("{name} is too large: {got}. This model supports at most {most} completion tokens, whereas you provided {got}.");
        Self::invalid(message, Some(name.into()), Some("invalid_value"))
    }

    /// A reasoning model wants the other name. github.com/owndev/Open-WebUI-Functions issue 136.
    pub fn unsupported_max_tokens() -> Self {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        Self::invalid(message, Some("max_tokens".into()), Some("unsupported_parameter"))
    }

    /// A prompt, or a prompt and its answer, that the model cannot hold. github.com/Azure/azure-sdk-for-java issue 40681.
    pub fn long_context(model: &Model, param: &'static str, prompt: u64, answer: u64) -> Self {
        let most = model.context;
        let message = if prompt > most {
            format!(
                "This model's maximum context length is {most} tokens. However, your {param} resulted in {prompt} tokens. Please reduce the length of the {param}."
            )
        } else {
            let total = prompt.saturating_add(answer);
            format!(
                "This model's maximum context length is {most} tokens. However, you requested {total} tokens ({prompt} in the {param}, {answer} in the completion). Please reduce the length of the {param} or completion."
            )
        };
        Self::invalid(message, Some(param.into()), Some("context_length_exceeded"))
    }

    /// A request that a limit of the deployment refuses, in the words of the service since the end of 2025.
    /// github.com/icereed/paperless-gpt issue 814.
    pub fn throttled(throttled: Throttled, subject: &Subject) -> Self {
        Self {
            retry_after: Some(throttled.retry_after),
            ..Self::rate_limit(throttled.exceeded, Some(throttled.retry_after), Some(subject))
        }
    }

    fn rate_limit(exceeded: Exceeded, retry_after: Option<Duration>, subject: Option<&Subject>) -> Self {
        let what = match exceeded {
            Exceeded::Tokens => "token",
            Exceeded::Requests => "call",
        };
        let seconds = retry_after.map(seconds);
        let message = match subject {
            Some(Subject { model, region, deployment, operation, api_version }) => format!(
                "Your requests to {model} for {deployment} in {region} have exceeded the {what} rate limit for your current AIServices S0 pricing \
                 tier. This request was for {} under Azure OpenAI API version {api_version}.{} To increase your default rate limit, visit: \
                 https://aka.ms/oai/quotaincrease.",
                operation.id(),
                seconds.map(|seconds| format!(" Please retry after {seconds} seconds.")).unwrap_or_default(),
            ),
            None => {
                format!("Rate limit is exceeded.{}", seconds.map(|seconds| format!(" Try again in {seconds} seconds.")).unwrap_or_default())
            }
        };
        Self::front(429, "429", message)
    }

    /// What a faulty resource answers: `status` as the service would give it. `request_id` is the answer's own `apim-request-id`.
    pub fn fault(status: u16, retry_after: Option<Duration>, subject: Option<&Subject>, request_id: &str) -> Self {
        let refusal = match status {
            401 => Self::wrong_key(),
            // github.com/Azure-Samples/azure-sql-db-chatbot issue 3
            403 => Self::front(403, "403", "Access denied due to Virtual Network/Firewall rules."),
            404 => Self::deployment_not_found(),
            // github.com/langgenius/dify-official-plugins issue 2199
            408 => Self::front(408, "Timeout", "The operation was timeout."),
            429 => Self::rate_limit(Exceeded::Tokens, retry_after, subject),
            // github.com/Azure-Samples/azure-search-openai-demo issue 1390
            500 => {
                let message = format!(
                    "The server had an error while processing your request. Sorry about that! You can retry your request, or contact us \
                     through an Azure support request at: https://go.microsoft.com/fwlink/?linkid=2213926 if the error persists. (Please \
                     include the request ID {request_id} in your message.)"
                );
                let words = Words::Model { message: message.into(), kind: "server_error", param: None, code: None };
                Self { status, reason: reason_phrase(status), retry_after: None, words }
            }
            // No capture of a 503 is public; the words are ours.
            503 => Self::front(503, "ServiceUnavailable", "The service is temporarily unavailable. Please try again later."),
            // RFC 9110 sections 15.3.5 and 15.4.5: these have no body.
            204 | 205 | 304 => Self { status, reason: reason_phrase(status), retry_after: None, words: Words::None },
            _ => {
                let reason = reason_phrase(status);
                Self::front(status, status.to_string(), if reason.is_empty() { "Unknown" } else { reason })
            }
        };
        Self { retry_after, ..refusal }
    }
}

/// What a message about limits speaks of.
pub(super) struct Subject<'a> {
    pub model: &'a str,
    pub deployment: &'a str,
    pub region: &'a str,
    pub operation: Operation,
    pub api_version: &'a str,
}

/// Whole seconds, rounded up: a client that waits so long does not come too early.
pub(super) fn seconds(duration: Duration) -> u64 {
    duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0))
}

fn optional(json: &mut Json, text: Option<&str>) {
    match text {
        Some(text) => json.text(text),
        None => json.raw("null"),
    };
}
