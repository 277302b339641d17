//! The header fields of an answer, as users of the service have captured them.
//! Source: github.com/EvolvingPrograms/oaib issue 11 (200), github.com/microsoft/copilot-camp issue 551 (429).

use std::time::Duration;

use super::{
    errors::seconds,
    json::digits,
    limits::{Gauge, Standing},
};
use crate::{http::Headers, text::Text};

/// What every answer carries, refusals too.
pub(super) struct Always {
    /// `apim-request-id`: the service stands behind an API Management of its own.
    pub request_id: Text,
    /// The client's `x-ms-client-request-id`, which comes back; the request id takes its place.
    pub client_request_id: Option<Text>,
    /// The region's display name.
    pub region: Text,
}

impl Always {
    /// The fields.
    pub fn fields(self, content_type: Option<&'static str>) -> Headers {
        let mut headers = Headers::with_capacity(20);
        if let Some(content_type) = content_type {
            headers.append("Content-Type", content_type);
        }
        headers.append("apim-request-id", self.request_id.clone());
        headers.append("strict-transport-security", "max-age=31536000; includeSubDomains; preload");
        headers.append("x-content-type-options", "nosniff");
        headers.append("x-ms-client-request-id", self.client_request_id.unwrap_or(self.request_id));
        headers.append("x-ms-region", self.region);
        headers
    }
}

/// What an answer of a model carries beside that.
pub(super) fn served(headers: &mut Headers, request_id: Text, model_session: Text) {
    headers.append("x-request-id", request_id);
    headers.append("azureml-model-session", model_session);
    headers.append("cache-control", "no-cache, must-revalidate");
    headers.append("access-control-allow-origin", "*");
    headers.append("x-accel-buffering", "no");
}

/// The limits, for the deployments that have some. `-requests` are numbers a minute, as documented; users have also seen numbers
/// for ten seconds. `-reset-` are seconds, as users read them: the unit is not documented.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/quota.
pub(super) fn standing(headers: &mut Headers, standing: &Standing) {
    let mut gauge = |names: [&'static str; 3], gauge: Option<Gauge>| {
        let Some(Gauge { limit, remaining, reset }) = gauge else { return };
        for (name, value) in names.into_iter().zip([limit, remaining, seconds(reset)]) {
            headers.append(name, number(value));
        }
    };
    gauge(["x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"], standing.requests);
    gauge(["x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"], standing.tokens);
}

/// When to come back: whole seconds and whole milliseconds, both rounded up.
pub(super) fn retry_after(headers: &mut Headers, wait: Duration) {
    headers.append("retry-after", number(seconds(wait)));
    let milliseconds = wait.as_nanos().div_ceil(1_000_000);
    headers.append("retry-after-ms", number(u64::try_from(milliseconds).unwrap_or(u64::MAX)));
}

fn number(number: u64) -> Text {
    match number {
        0 => Text::Static("0"),
        1 => Text::Static("1"),
        60 => Text::Static("60"),
        _ => {
            let (digits, start) = digits(number);
            Text::copied(digits.get(start..).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default())
        }
    }
}

/// How full a provisioned deployment is, as Microsoft's benchmark tool reads it: a percentage with its sign.
/// Source: github.com/Azure/azure-openai-benchmark, benchmark/oairequester.py.
pub(super) fn utilisation(headers: &mut Headers, utilisation: f64) {
    let tenths = (utilisation * 1000.0).round().clamp(0.0, 1e9) as u64;
    headers.append("azure-openai-deployment-utilization", format!("{}.{}%", tenths / 10, tenths % 10));
}

/// Which deployment served, where one that is full may pass requests on.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/spillover-traffic-management.
pub(super) fn spillover(headers: &mut Headers, spill: &Spill) {
    match spill {
        Spill::Kept { deployment } => headers.append("x-ms-deployment-name", deployment.clone()),
        Spill::Passed { from, to } => {
            headers.append("x-ms-spillover-from-deployment", from.clone());
            headers.append("x-ms-deployment-name", to.clone());
        }
        Spill::Failed { status } => headers.append("x-ms-spillover-error", number(u64::from(*status))),
    }
}

/// What has become of a request to a deployment that may pass it on.
pub(super) enum Spill {
    /// The deployment itself served it.
    Kept { deployment: Text },
    /// Another one did.
    Passed { from: Text, to: Text },
    /// Another one was tried and failed as well.
    Failed { status: u16 },
}
