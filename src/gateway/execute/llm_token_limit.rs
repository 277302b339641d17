//! Runs `llm-token-limit` and `azure-openai-token-limit`: asked on arrival, counted when the response is there.
//!
//! What is in flight is not counted: "concurrent or near-concurrent requests can temporarily exceed the configured token limit".

use std::time::Duration;

use super::{Outcome, Stop, Turn, rate_limit::whole_seconds};
use crate::{
    dotnet::{Value, context::Body, exception::Unread},
    gateway::{
        afterwards::{MINUTE, Passing, Pending, Work, is_event_stream},
        answers::PolicyError,
        instance::locked,
        limits::{humanised, period_end, until},
        usage::{Prompt, Usage},
    },
    policy::{
        Setting,
        elements::llm_token_limit::{LlmTokenLimit, TokenNames, TokenPeriod},
    },
    text::Text,
};

pub(super) fn execute(policy: &LlmTokenLimit, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let prompt = turn.prompt()?;
    let key = turn.text(&policy.counter_key, element)?;
    let positive = |number: i64| u64::try_from(number).unwrap_or(0);
    let rate = policy.tokens_per_minute.as_ref().map(|limit| turn.number(limit, element)).transpose()?.map(positive);
    let quota = match &policy.quota {
        None => None,
        Some((limit, period)) => Some((positive(turn.number(limit, element)?), turn.token_period(period, element)?)),
    };
    let estimates = turn.truth(&policy.estimate_prompt_tokens, element)?;
    let estimated = if policy.ignore_prompt { 0 } else { prompt.tokens };
    let pending = Pending { key, rate, quota, estimated, estimates };
    // "Prompt tokens are always estimated" where the answer streams.
    let asked = if estimates || prompt.streams { estimated } else { 0 };
    admit(&pending, asked, &policy.names, element, turn)?;
    let now = turn.environment.now();
    let (rate, quota) = pending.remaining(turn.gateway, now);
    tell(&policy.names, (rate.map(|left| left.saturating_sub(asked)), quota.map(|left| left.saturating_sub(asked))), turn);
    if let Some(variable) = &policy.names.consumed_variable {
        turn.set_int(variable, asked);
    }
    Ok(Outcome::Afterwards(Box::new(Work::Tokens(pending))))
}

/// Refuses where the limit or the quota is overrun, with the prompt's own tokens where they are estimated. Exactly at the quota is not
/// over it, as users have measured; here the same holds for the limit. Of both the quota speaks, whose wait is the longer.
fn admit(pending: &Pending, asked: u64, names: &TokenNames, element: &Text, turn: &mut Turn<'_>) -> Result<(), PolicyError> {
    let now = turn.environment.now();
    let mut limits = locked(&turn.gateway.instance.limits);
    if let Some((limit, period)) = pending.quota
        && limits.token_quota(&pending.key, period, now).saturating_add(asked) > limit
    {
        let wait = until(period_end(period, now), now).unwrap_or(0);
        drop(limits);
        let message = format!("Token quota is exceeded. Try again in {}.", humanised(Duration::from_secs(wait)));
        let error = PolicyError::refused(element, "OpenAITokenQuotaExceeded", message, 403);
        return Err(turn.refuse_tokens(error, Some(wait), pending, names));
    }
    let Some(limit) = pending.rate else { return Ok(()) };
    let counter = limits.tokens(&pending.key, now);
    if counter.used(MINUTE, now).saturating_add(asked) <= limit {
        return Ok(());
    }
    let wait = counter.wait(MINUTE, limit, asked, now).map(whole_seconds);
    drop(limits);
    // A prompt that is larger than the whole limit never fits: users report the message without a time then.
    let again = wait.map_or(String::new(), |wait| format!(" Try again in {wait} seconds."));
    let error = PolicyError::refused(element, "OpenAITokenLimitExceeded", format!("Token limit is exceeded.{again}"), 429);
    Err(turn.refuse_tokens(error, wait, pending, names))
}

fn tell(names: &TokenNames, (rate, quota): (Option<u64>, Option<u64>), turn: &mut Turn<'_>) {
    if let Some(left) = rate {
        if let Some(variable) = &names.remaining_variable {
            turn.set_int(variable, left);
        }
        if let Some(header) = &names.remaining_header {
            turn.set_field(header, left);
        }
    }
    if let Some(left) = quota {
        if let Some(variable) = &names.remaining_quota_variable {
            turn.set_long(variable, left);
        }
        if let Some(header) = &names.remaining_quota_header {
            turn.set_field(header, left);
        }
    }
}

/// The backend has answered.
pub(super) fn answered(policy: &LlmTokenLimit, pending: Pending, turn: &mut Turn<'_>) {
    let Some(response) = &turn.state.context.response else { return };
    let succeeded = (200..300).contains(&response.head.status);
    let streams = succeeded && is_event_stream(&response.head.headers);
    let reported = match &response.body {
        Body::Bytes(body) if !streams => Usage::of_response(body),
        _ => None,
    };
    let consumed = match reported {
        Some(usage) if policy.ignore_prompt => usage.completion,
        Some(usage) => usage.total(),
        // Of a stream the variable and the header tell the prompt alone, as users have measured; its answer counts when it has passed.
        None if streams => pending.estimated,
        None if succeeded && pending.estimates => pending.estimated,
        // A failed call has consumed nothing. The page is silent.
        None => 0,
    };
    let now = turn.environment.now();
    pending.count(turn.gateway, consumed, now);
    let remaining = pending.remaining(turn.gateway, now);
    tell(&policy.names, remaining, turn);
    if let Some(variable) = &policy.names.consumed_variable {
        turn.set_int(variable, consumed);
    }
    if let Some(header) = &policy.names.consumed_header {
        turn.set_field(header, consumed);
    }
    if streams {
        turn.state.afterwards.passing.push(Passing::Tokens(pending));
    }
}

impl Turn<'_> {
    /// What the request asks a model; its body is read for it.
    pub fn prompt(&self) -> Result<Prompt, Stop> {
        match &self.state.context.request.body {
            Body::Unread => Err(Stop::Unread(Unread::Request)),
            Body::Bytes(body) => Ok(Prompt::read(body)),
            Body::None | Body::Consumed => Ok(Prompt::default()),
        }
    }

    /// Sets a variable to a `long`, as `token-quota` is one. The page gives no type.
    fn set_long(&mut self, variable: &Text, value: u64) {
        self.state.context.variables.set(variable.clone(), Value::Int64(i64::try_from(value).unwrap_or(i64::MAX)));
    }

    fn token_period(&mut self, setting: &Setting<TokenPeriod>, element: &Text) -> Result<TokenPeriod, Stop> {
        match setting {
            Setting::Literal(period) => Ok(*period),
            Setting::Expression(program) => {
                let value = self.evaluate(program, element)?;
                let name = self.as_text(&value);
                TokenPeriod::named(&name).ok_or_else(|| {
                    let message =
                        format!("Expression value is invalid. '{name}' is not 'Hourly', 'Daily', 'Weekly', 'Monthly' or 'Yearly'.");
                    PolicyError::value(element, message).into()
                })
            }
        }
    }

    /// The refusal with its fields; the variables are set.
    fn refuse_tokens(&mut self, error: PolicyError, wait: Option<u64>, pending: &Pending, names: &TokenNames) -> PolicyError {
        let mut error = error;
        if let Some(wait) = wait {
            error = error.with(names.retry_after_header.clone(), wait.to_string());
            if let Some(variable) = &names.retry_after_variable {
                self.set_int(variable, wait);
            }
        }
        let (rate, quota) = pending.remaining(self.gateway, self.environment.now());
        for (left, header) in [(rate, &names.remaining_header), (quota, &names.remaining_quota_header)] {
            if let (Some(left), Some(header)) = (left, header) {
                error = error.with(header.clone(), left.to_string());
            }
        }
        if let (Some(left), Some(variable)) = (rate, &names.remaining_variable) {
            self.set_int(variable, left);
        }
        if let (Some(left), Some(variable)) = (quota, &names.remaining_quota_variable) {
            self.set_long(variable, left);
        }
        error
    }
}
