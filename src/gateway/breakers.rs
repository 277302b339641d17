//! Circuit breakers: backends that failed too often are left alone for a while.
//!
//! Source: learn.microsoft.com/azure/api-management/backends (circuit breaker). "After the configured trip duration, the circuit resets and
//! traffic resumes": there is no half-open state. Each gateway counts for itself.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use super::backends::{Key, Rule, Threshold};
use crate::{environment::Moment, text::Text};

/// How many parts the time of a percentage is counted in: a whole day of requests needs no more room than a minute's.
const PARTS: u32 = 60;

/// The circuits of a gateway's backends.
#[derive(Debug, Default)]
pub struct Breakers {
    /// By backend; one for each of its rules.
    circuits: BTreeMap<Key, Vec<Circuit>>,
}

/// The circuit of one rule.
#[derive(Debug, Default)]
struct Circuit {
    /// When it closes again, while it is open.
    open_until: Option<Moment>,
    /// The failures within the interval, as many as the rule counts.
    failures: VecDeque<Moment>,
    /// All requests within the interval in parts: where each part begins, requests, failures.
    parts: VecDeque<(Moment, u32, u32)>,
    /// How often it has opened, and for how long altogether.
    history: (u64, Duration),
}

/// What came of a request to a backend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attempt<'a> {
    /// A response, with its `Retry-After`.
    Response(u16, Option<&'a str>),
    /// An error, by its reason.
    Error(&'a str),
}

/// A circuit that has just opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tripped {
    /// The rule.
    pub rule: Text,
    /// For how long.
    pub duration: Duration,
}

impl Breakers {
    /// When the open circuits of the backend will all be closed; none where none is open.
    pub(super) fn open_until(&self, backend: &Key, now: Moment) -> Option<Moment> {
        let circuits = self.circuits.get(backend).map_or(&[][..], Vec::as_slice);
        circuits.iter().filter_map(|circuit| circuit.open_until).filter(|until| now < *until).max()
    }

    /// How often the circuits of the backend have opened, and how long they were open until `now`.
    pub(super) fn history(&self, backend: &Key, now: Moment) -> (u64, Duration) {
        let circuits = self.circuits.get(backend).map_or(&[][..], Vec::as_slice);
        circuits.iter().fold((0, Duration::ZERO), |(trips, open), circuit| {
            let ahead = circuit.open_until.map_or(Duration::ZERO, |until| until.since(now));
            (trips + circuit.history.0, open + circuit.history.1.saturating_sub(ahead))
        })
    }

    /// The backends whose circuits have ever opened: when all are closed again (none where none is open), and how often one has opened.
    pub(super) fn all(&self, now: Moment) -> Vec<(Text, Option<Moment>, u64)> {
        let told =
            self.circuits.keys().map(|backend| (backend.text().clone(), self.open_until(backend, now), self.history(backend, now).0));
        told.filter(|(.., trips)| *trips > 0).collect()
    }

    /// Counts a request. A request that began before its circuit opened neither counts nor prolongs; the documentation does not say.
    pub(super) fn record(&mut self, backend: &Key, rules: &[Rule], attempt: Attempt<'_>, now: Moment) -> Option<Tripped> {
        if rules.is_empty() {
            return None;
        }
        let circuits = self.circuits.entry(backend.clone()).or_default();
        circuits.resize_with(rules.len(), Circuit::default);
        let mut tripped = None;
        for (rule, circuit) in rules.iter().zip(circuits) {
            if circuit.open_until.is_some_and(|until| now < until) {
                continue;
            }
            if circuit.open_until.is_some() {
                *circuit = Circuit { history: circuit.history, ..Circuit::default() };
            }
            if circuit.count(rule, is_failure(rule, attempt), now) {
                let duration = duration(rule, attempt, now);
                circuit.open_until = Some(now.after(duration));
                circuit.history = (circuit.history.0 + 1, circuit.history.1.saturating_add(duration));
                tripped = Some(Tripped { rule: rule.name.clone(), duration });
            }
        }
        tripped
    }
}

impl Circuit {
    /// Counts a request; whether the rule's threshold is reached with it.
    fn count(&mut self, rule: &Rule, failed: bool, now: Moment) -> bool {
        match rule.threshold {
            Threshold::Count(count) => {
                if !failed {
                    return false;
                }
                while self.failures.front().is_some_and(|first| now.since(*first) >= rule.interval) {
                    self.failures.pop_front();
                }
                self.failures.push_back(now);
                self.failures.len() >= count as usize
            }
            Threshold::Percentage(percentage) => {
                while self.parts.front().is_some_and(|(first, ..)| now.since(*first) >= rule.interval) {
                    self.parts.pop_front();
                }
                let part = rule.interval / PARTS;
                match self.parts.back_mut().filter(|(begun, ..)| now.since(*begun) < part) {
                    Some((_, requests, failures)) => {
                        *requests = requests.saturating_add(1);
                        *failures = failures.saturating_add(u32::from(failed));
                    }
                    None => self.parts.push_back((now, 1, u32::from(failed))),
                }
                let sum =
                    |(requests, failures), (_, more, bad): &(Moment, u32, u32)| (requests + u64::from(*more), failures + u64::from(*bad));
                let (requests, failures) = self.parts.iter().fold((0_u64, 0_u64), sum);
                // No least number of requests is documented: a first request that fails is 100 %.
                failed && failures * 100 >= requests * u64::from(percentage)
            }
        }
    }
}

fn is_failure(rule: &Rule, attempt: Attempt<'_>) -> bool {
    match attempt {
        Attempt::Response(status, _) => rule.statuses.iter().any(|(min, max)| (*min..=*max).contains(&status)),
        // A connection that fails is no status: rules without reasons do not see it.
        Attempt::Error(reason) => rule.reasons.iter().any(|known| known.eq_ignore_ascii_case(reason)),
    }
}

fn duration(rule: &Rule, attempt: Attempt<'_>, now: Moment) -> Duration {
    let given = match attempt {
        Attempt::Response(_, Some(text)) if rule.accept_retry_after => retry_after(text, now),
        _ => None,
    };
    given.unwrap_or(rule.trip_duration)
}

/// `Retry-After`: seconds or a date. Source: RFC 9110 section 10.2.3.
fn retry_after(text: &str, now: Moment) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let nanoseconds = i64::try_from(date.as_nanosecond()).ok()?;
    Some(Moment(nanoseconds).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(threshold: Threshold) -> Rule {
        Rule {
            name: "r".into(),
            threshold,
            interval: Duration::from_secs(60),
            statuses: vec![(429, 429), (500, 599)],
            reasons: vec!["Timeout".into()],
            trip_duration: Duration::from_secs(10),
            accept_retry_after: true,
        }
    }

    fn seconds(seconds: i64) -> Moment {
        Moment(1_763_690_000_000_000_000 + seconds * 1_000_000_000)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // 2025-11-21T01:53:20Z
        for (text, expected) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Fri, 21 Nov 2025 01:53:50 GMT", Some(30)),
            ("Fri, 21 Nov 2025 01:53:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, seconds(0)).map(|duration| duration.as_secs()), expected, "{text}");
        }
    }

    #[test]
    fn failures_outside_of_the_interval_do_not_count() {
        let (id, rules) = (Key::from(Text::from("a")), [rule(Threshold::Count(2))]);
        let mut breakers = Breakers::default();
        let mut fail = |at| breakers.record(&id, &rules, Attempt::Response(500, None), seconds(at)).is_some();
        assert_eq!([fail(0), fail(60), fail(119)], [false, false, true]);
    }

    #[test]
    fn a_percentage_is_of_the_requests_of_the_interval() {
        let (id, rules) = (Key::from(Text::from("a")), [rule(Threshold::Percentage(50))]);
        let mut breakers = Breakers::default();
        let mut send = |status, at| breakers.record(&id, &rules, Attempt::Response(status, None), seconds(at)).is_some();
        // Three good ones a minute before do not count any more.
        assert_eq!([send(200, 0), send(200, 0), send(200, 0)], [false; 3]);
        assert_eq!([send(500, 5), send(500, 20)], [false, false]);
        assert_eq!([send(200, 61), send(500, 62)], [false, true]);
    }
}
