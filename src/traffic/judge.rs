//! Whether expectations hold: what a metric comes to, and which request speaks against it.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::{
    outcome::{Cast, FaultStory, Statistics},
    tally::{Ended, Tally},
};
use crate::scenario::{Expectation, Metric, Statistic, Status, Window};

/// Circuits of the gateways over a whole run, by backend.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circuits {
    /// How often one opened.
    pub trips: Vec<u64>,
    /// How long one was open, over all gateways.
    pub open: Vec<Duration>,
}

/// What an expectation's metric comes to, and of how many requests; no number where there was nothing to measure.
pub(crate) fn measure(expectation: &Expectation, tally: &Tally, cast: &Cast, circuits: &Circuits) -> (Option<f64>, u64) {
    let Some(statistics) = tally.statistics(&expectation.scope) else { return (None, 0) };
    let fault = match expectation.scope.window {
        Window::During(number) | Window::After(number) => number.checked_sub(1).and_then(|place| tally.faults.get(place)),
        _ => tally.faults.first(),
    };
    (value(&expectation.metric, &statistics, fault, cast, circuits), statistics.sent)
}

fn value(metric: &Metric, numbers: &Statistics, fault: Option<&FaultStory>, cast: &Cast, circuits: &Circuits) -> Option<f64> {
    let backend = |id: &str| cast.backends.iter().position(|(own, _)| own == id);
    let of = |list: &[u64], id: &str| backend(id).and_then(|place| list.get(place)).copied();
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    let count = match metric {
        Metric::Availability => return share(numbers.good, numbers.sent),
        Metric::ServedByShare(id) => return share(of(&numbers.served_by, id)?, numbers.good),
        Metric::Latency(statistic) => return of_histogram(&numbers.latency, *statistic).map(|micros| micros / 1e6),
        Metric::FirstToken(statistic) => return of_histogram(&numbers.first_token, *statistic).map(|micros| micros / 1e6),
        Metric::Attempts(statistic) => return of_histogram(&numbers.attempts, *statistic),
        Metric::FailoverTime => return fault?.failover_time.map(|time| time.as_secs_f64()),
        Metric::ReturnTime => return fault?.return_time.map(|time| time.as_secs_f64()),
        Metric::BreakerOpen(id) => return backend(id).and_then(|place| circuits.open.get(place)).map(Duration::as_secs_f64),
        Metric::Requests => numbers.sent,
        Metric::Responses(None) => numbers.statuses.values().sum(),
        Metric::Responses(Some(status)) => numbers.statuses.iter().filter(|(own, _)| status.matches(**own)).map(|(_, count)| count).sum(),
        Metric::Errors(None) => numbers.errors.values().sum(),
        Metric::Errors(Some(word)) => numbers.errors.get(word.as_str()).copied().unwrap_or(0),
        Metric::ServedBy(id) => of(&numbers.served_by, id)?,
        Metric::Gateway(region) => {
            cast.gateways.iter().position(|own| own == region.as_str()).and_then(|place| numbers.gateways.get(place)).copied()?
        }
        Metric::Calls(None) => numbers.calls.iter().sum(),
        Metric::Calls(Some(id)) => of(&numbers.calls, id)?,
        Metric::Failovers => numbers.failovers,
        Metric::TokensUsed => numbers.tokens.iter().sum(),
        Metric::TokensWasted => numbers.tokens_wasted,
        Metric::ClientRetries => numbers.client_retries,
        Metric::ThrottledWithCapacity => numbers.throttled_with_capacity,
        Metric::OutsideBoundary => numbers.outside_boundary,
        Metric::BreakerTrips(None) => circuits.trips.iter().sum(),
        Metric::BreakerTrips(Some(id)) => of(&circuits.trips, id)?,
        Metric::Blocked(None) => numbers.blocked.values().sum(),
        Metric::Blocked(Some(rule)) => numbers.blocked.get(rule.as_str()).copied().unwrap_or(0),
        Metric::Unfinished => numbers.unfinished,
    };
    Some(count as f64)
}

fn of_histogram(numbers: &Histogram<u64>, statistic: Statistic) -> Option<f64> {
    if numbers.is_empty() {
        return None;
    }
    Some(match statistic {
        Statistic::Min => numbers.min() as f64,
        Statistic::Mean => numbers.mean(),
        Statistic::Max => numbers.max() as f64,
        Statistic::Quantile(thousandths) => numbers.value_at_quantile(f64::from(thousandths) / 1000.0) as f64,
    })
}

/// Whether a request in scope is one of those that an expectation does not want. Sums that are too small have nobody to show.
pub(crate) fn speaks_against(expectation: &Expectation, ended: &Ended, outside: &[bool]) -> bool {
    let is = |status: Option<Status>| ended.status.is_some_and(|own| status.is_none_or(|status| status.matches(own)));
    let beyond = |actual: f64| !expectation.operator.holds(actual, expectation.value);
    match &expectation.metric {
        Metric::Availability => !ended.good,
        Metric::Responses(status) => beyond(1.0) && is(*status),
        Metric::Errors(word) => beyond(1.0) && ended.error.is_some_and(|error| word.as_deref().is_none_or(|word| word == error)),
        Metric::Latency(_) => ended.good && beyond(ended.latency().as_secs_f64()),
        Metric::FirstToken(_) => ended.good && ended.first_token.is_some_and(|first| beyond(first.as_secs_f64())),
        Metric::Attempts(_) => beyond(ended.attempts as f64),
        Metric::Failovers => beyond(1.0) && ended.good && ended.attempts > 1,
        Metric::TokensWasted => beyond(1.0) && ended.wasted() > 0,
        Metric::ClientRetries => beyond(1.0) && ended.retries > 0,
        Metric::ThrottledWithCapacity => beyond(1.0) && ended.throttled_with_capacity > 0,
        Metric::OutsideBoundary => {
            beyond(1.0) && ended.calls.iter().filter_map(|call| call.backend).any(|backend| outside.get(backend).copied().unwrap_or(false))
        }
        Metric::Blocked(rule) => beyond(1.0) && ended.blocked.as_ref().is_some_and(|own| rule.as_deref().is_none_or(|rule| *own == rule)),
        _ => false,
    }
}
