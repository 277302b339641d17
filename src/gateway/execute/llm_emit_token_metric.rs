//! Runs `llm-emit-token-metric` and `azure-openai-emit-token-metric`: the metrics are written to the trace once the tokens are known.
//!
//! "Where available, values in the usage section of the response are used"; a stream says them where the request asks for it
//! (`stream_options`), and is estimated otherwise. A call that has failed has no tokens, and sends nothing; the page is silent.

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::context::Body,
    gateway::{
        afterwards::{Metric, Passing, Work, is_event_stream},
        trace::{Entry, Record},
        usage::Usage,
    },
    policy::elements::llm_emit_token_metric::LlmEmitTokenMetric,
    text::Text,
};

pub(super) fn execute(policy: &LlmEmitTokenMetric, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let prompt = turn.prompt()?;
    let dimensions = turn.dimensions(&policy.dimensions, element)?;
    let metric = Metric { namespace: policy.namespace.clone(), numbers: policy.numbers, estimated: prompt.tokens, dimensions };
    Ok(Outcome::Afterwards(Box::new(Work::Metric(metric))))
}

/// The backend has answered.
pub(super) fn answered(mut metric: Metric, turn: &mut Turn<'_>) {
    for (name, value) in &mut metric.dimensions {
        // The backend is known only now.
        if value.is_none() {
            *value = Some(turn.known_dimension(name));
        }
    }
    let Some(response) = &turn.state.context.response else { return };
    if !(200..300).contains(&response.head.status) {
        return;
    }
    if is_event_stream(&response.head.headers) {
        let record = Record {
            section: turn.section,
            place: turn.place.clone(),
            started: turn.environment.now().since(turn.state.context.timestamp),
            duration: std::time::Duration::ZERO,
            entries: Vec::new(),
        };
        return turn.state.afterwards.passing.push(Passing::Metric(Box::new((record, metric))));
    }
    let Body::Bytes(body) = &response.body else { return };
    if let Some(usage) = Usage::of_response(body) {
        turn.entries.push(Entry::Recorded(metric.settings(usage)));
    }
}
