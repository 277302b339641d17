//! Runs `rate-limit`.
//!
//! "This policy is only applied when an API is accessed using a subscription key": without one it does nothing.

use std::time::Duration;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::{Value, context::Named},
    gateway::{
        answers::PolicyError,
        instance::locked,
        limits::{Limits, QuotaKey},
    },
    policy::elements::rate_limit::{CallNames, RateLimit, Reference, Target},
    text::Text,
};

pub(super) fn execute(policy: &RateLimit, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    if turn.state.context.subscription.is_none() {
        return Ok(Outcome::Done);
    }
    let mut asked = Vec::with_capacity(1);
    for (index, limit) in policy.limits.iter().enumerate() {
        if !turn.is_target(&limit.target) {
            continue;
        }
        let (calls, window) = allowance(turn.number(&limit.calls, element)?, turn.number(&limit.renewal_period, element)?, element)?;
        asked.push((turn.subscription_key(index), calls, window, &limit.names));
    }
    let (gateway, now) = (turn.gateway, turn.environment.now());
    let mut limits = locked(&gateway.instance.limits);
    // All of them are asked before any counts: a refused call counts nowhere.
    for (key, calls, window, names) in &asked {
        admit(&mut limits, key, (*calls, *window), 1, names, element, turn)?;
    }
    for (key, calls, window, names) in asked {
        let counter = limits.calls(&key, now);
        counter.add(1, now);
        let remaining = calls.saturating_sub(counter.used(window, now));
        turn.tell_calls(names, calls, remaining);
    }
    Ok(Outcome::Done)
}

/// `calls` and `renewal-period`, where expressions give numbers that can be used.
pub(super) fn allowance(calls: i64, seconds: i64, element: &Text) -> Result<(u64, Duration), PolicyError> {
    match (u64::try_from(calls), u64::try_from(seconds)) {
        (Ok(calls), Ok(seconds @ 1..=300)) => Ok((calls, Duration::from_secs(seconds))),
        _ => {
            let message = format!("Expression value is invalid. calls is {calls}, renewal-period is {seconds}.");
            Err(PolicyError::value(element, message))
        }
    }
}

/// Refuses where `amount` more does not fit.
pub(super) fn admit(
    limits: &mut Limits,
    key: &Text,
    (calls, window): (u64, Duration),
    amount: u64,
    names: &CallNames,
    element: &Text,
    turn: &mut Turn<'_>,
) -> Result<(), PolicyError> {
    let now = turn.environment.now();
    let counter = limits.calls(key, now);
    if counter.used(window, now).saturating_add(amount) <= calls {
        return Ok(());
    }
    // Where a call alone is more than the limit, the whole window is the best that can be said.
    let wait = whole_seconds(counter.wait(window, calls, amount, now).unwrap_or(window));
    if let Some(variable) = &names.retry_after_variable {
        turn.set_int(variable, wait);
    }
    if let Some(variable) = &names.remaining_variable {
        turn.set_int(variable, 0);
    }
    let message = format!("Rate limit is exceeded. Try again in {wait} seconds.");
    let mut error =
        PolicyError::refused(element, "RateLimitExceeded", message, 429).with(names.retry_after_header.clone(), wait.to_string());
    if let Some(header) = &names.remaining_header {
        error = error.with(header.clone(), "0");
    }
    if let Some(header) = &names.total_header {
        error = error.with(header.clone(), calls.to_string());
    }
    Err(error)
}

/// A wait as `Retry-After` has it: a begun second counts whole.
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl Turn<'_> {
    /// Whether the request is one that a limit is for.
    pub fn is_target(&self, target: &Target) -> bool {
        let is = |reference: &Option<Reference>, named: Option<&Named>| match (reference, named) {
            (None, _) => true,
            (Some(Reference::Id(id)), Some(named)) => named.id == *id,
            (Some(Reference::Name(name)), Some(named)) => named.name == *name,
            (Some(_), None) => false,
        };
        let context = &self.state.context;
        is(&target.api, Some(&context.service.api.named))
            && is(&target.operation, context.operation.as_ref().map(|operation| &operation.named))
    }

    /// The key of a counter that is the subscription's in this policy: each limit of each document counts for itself.
    pub fn subscription_key(&self, index: usize) -> Text {
        use crate::policy::Scope;
        let context = &self.state.context;
        let subscription = context.subscription.as_ref().map_or("", |subscription| subscription.named.id.as_str());
        let entity = match self.place.scope {
            Scope::Product => context.product.as_ref().map(|product| &product.named.id),
            Scope::Api => Some(&context.service.api.named.id),
            Scope::Operation => context.operation.as_ref().map(|operation| &operation.named.id),
            Scope::Global | Scope::Workspace => None,
        };
        let entity = entity.map_or("", Text::as_str);
        // Operations of two APIs may have the same id.
        let api = if self.place.scope == Scope::Operation { context.service.api.named.id.as_str() } else { "" };
        format!("{subscription}\u{1f}{}\u{1f}{api}\u{1f}{entity}\u{1f}{}\u{1f}{index}", self.place.scope.name(), self.place.path).into()
    }

    /// Sets a variable to an `int`: users have found that type in them.
    pub fn set_int(&mut self, variable: &Text, value: u64) {
        self.state.context.variables.set(variable.clone(), Value::Int32(i32::try_from(value).unwrap_or(i32::MAX)));
    }

    /// Has the response carry a field.
    pub fn set_field(&mut self, name: &Text, value: u64) {
        self.state.afterwards.headers.push((name.clone(), value.to_string().into()));
    }

    /// Tells how a rate stands.
    pub fn tell_calls(&mut self, names: &CallNames, calls: u64, remaining: u64) {
        if let Some(variable) = &names.remaining_variable {
            self.set_int(variable, remaining);
        }
        if let Some(header) = &names.remaining_header {
            self.set_field(header, remaining);
        }
        if let Some(header) = &names.total_header {
            self.set_field(header, calls);
        }
    }

    /// Whether a quota's counter is new to this request. "If multiple policies would increment the same key value, it is incremented only
    /// once per request."
    pub fn counts_first(&mut self, key: &QuotaKey) -> bool {
        let first = !self.state.afterwards.quotas.contains(key);
        if first {
            self.state.afterwards.quotas.push(key.clone());
        }
        first
    }
}
