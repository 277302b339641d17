//! The limits of a standard deployment: tokens a minute and requests a minute, in fixed windows.
//!
//! Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/quota: tokens are estimated on arrival and summed up to a
//! counter that is reset each minute; requests are judged over small windows (1 or 10 seconds); refused requests count too.
//! Where a window begins is not documented: here with the first request after the last window's end.

use std::time::Duration;

use crate::{azure::faults::Quota, environment::Moment};

const MINUTE: Duration = Duration::from_secs(60);
const SMALL_WINDOW: Duration = Duration::from_secs(10);

/// A request that is larger than the whole limit can never pass; the service sends its caller away for a day.
/// Source: the 86400 seconds that users report, github.com/jasonacox/TinyLLM issue 17.
const NEVER: Duration = Duration::from_secs(86_400);

/// The limits of one deployment and what has been used of them.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    tokens: Option<u64>,
    requests: Option<u64>,
    /// A fault: the limits have fallen.
    fallen: Option<Quota>,
    minute: Window,
    used_tokens: u64,
    small: Window,
}

/// A stretch of time and the requests in it.
#[derive(Clone, Debug)]
struct Window {
    length: Duration,
    begun: Option<Moment>,
    requests: u64,
}

/// How a deployment stands after a request: what `x-ratelimit-*` tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Tokens: limit a minute, what remains of it, until the window ends.
    pub tokens: Option<Gauge>,
    /// Requests: limit a minute, what remains of it, until the (small) window ends.
    pub requests: Option<Gauge>,
}

impl Standing {
    /// The same with no tokens left until `reset`, or for a minute.
    pub fn used_up(self, reset: Option<Duration>) -> Self {
        Self { tokens: self.tokens.map(|gauge| Gauge { remaining: 0, reset: reset.unwrap_or(MINUTE), ..gauge }), ..self }
    }
}

/// One limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gauge {
    pub limit: u64,
    pub remaining: u64,
    pub reset: Duration,
}

/// The limit that a request has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exceeded {
    Tokens,
    Requests,
}

/// A request that has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Throttled {
    pub exceeded: Exceeded,
    pub retry_after: Duration,
}

impl Window {
    /// Lets a request in at `now`; says whether a new window begins with it.
    fn enter(&mut self, now: Moment) -> bool {
        let fresh = self.begun.is_none_or(|begun| now.since(begun) >= self.length);
        if fresh {
            self.begun = Some(now);
            self.requests = 0;
        }
        self.requests = self.requests.saturating_add(1);
        fresh
    }

    fn remaining(&self, now: Moment) -> Duration {
        self.length.saturating_sub(self.begun.map_or(Duration::ZERO, |begun| now.since(begun)))
    }
}

impl Limits {
    /// Limits of `tokens` and `requests` a minute.
    pub fn new(tokens: Option<u64>, requests: Option<u64>) -> Self {
        // Below six requests a minute less than one would go into ten seconds: the whole minute is the window then.
        let small = if requests.is_some_and(|requests| requests >= 6) { SMALL_WINDOW } else { MINUTE };
        let window = |length| Window { length, begun: None, requests: 0 };
        Self { tokens, requests, fallen: None, minute: window(MINUTE), used_tokens: 0, small: window(small) }
    }

    /// Lets in at least so much a minute; what has been counted stays.
    pub fn grow(&mut self, tokens: Option<u64>, requests: Option<u64>) {
        let larger = |one: Option<u64>, other: Option<u64>| one.zip(other).map(|(one, other)| one.max(other));
        self.tokens = larger(self.tokens, tokens);
        self.requests = larger(self.requests, requests);
    }

    /// Lets the limits fall, or stand where they stood. What has been used stays used.
    pub fn fall_to(&mut self, quota: Option<Quota>) {
        self.fallen = quota;
    }

    fn tokens(&self) -> Option<u64> {
        self.fallen.map_or(self.tokens, |quota| quota.tokens(self.tokens))
    }

    fn requests(&self) -> Option<u64> {
        self.fallen.map_or(self.requests, |quota| quota.requests(self.requests, self.tokens))
    }

    /// Counts a request that is estimated at `estimate` tokens; it passes where nothing throttles it. Of two limits met the one
    /// with the longer wait speaks.
    pub fn admit(&mut self, estimate: u64, now: Moment) -> (Standing, Option<Throttled>) {
        if self.minute.enter(now) {
            self.used_tokens = 0;
        }
        self.small.enter(now);
        // Refused requests count, says the documentation. Whether one that could never pass throttles others it does not say: here it does not.
        if self.tokens().is_none_or(|limit| estimate <= limit) {
            self.used_tokens = self.used_tokens.saturating_add(estimate);
        }

        let requests = self.requests().filter(|limit| self.small.requests > self.allowed(*limit)).map(|limit| Throttled {
            exceeded: Exceeded::Requests,
            retry_after: if limit == 0 { NEVER } else { self.small.remaining(now) },
        });
        let tokens = self.tokens().filter(|limit| self.used_tokens > *limit || estimate > *limit).map(|limit| Throttled {
            exceeded: Exceeded::Tokens,
            retry_after: if estimate > limit { NEVER } else { self.minute.remaining(now) },
        });
        (self.standing(now), [requests, tokens].into_iter().flatten().max_by_key(|throttled| throttled.retry_after))
    }

    /// How the deployment stands, nothing counted.
    pub fn standing(&self, now: Moment) -> Standing {
        let gauge =
            |limit: u64, used: u64, window: &Window| Gauge { limit, remaining: limit.saturating_sub(used), reset: window.remaining(now) };
        Standing {
            tokens: self.tokens().map(|limit| gauge(limit, self.used_tokens, &self.minute)),
            requests: self.requests().map(|limit| {
                let mut gauge = gauge(limit, self.minute.requests, &self.small);
                if self.small.requests >= self.allowed(limit) {
                    gauge.remaining = 0;
                }
                gauge
            }),
        }
    }

    /// How many requests the small window takes, rounded up.
    fn allowed(&self, limit: u64) -> u64 {
        if self.small.length == MINUTE { limit } else { limit.div_ceil(MINUTE.as_secs() / SMALL_WINDOW.as_secs()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Moment = Moment(1_763_690_000_000_000_000);

    fn at(milliseconds: u64) -> Moment {
        START.after(Duration::from_millis(milliseconds))
    }

    /// (moment, estimate, wait in ms and which limit, remaining tokens, remaining requests)
    type Step = (u64, u64, Option<(u64, Exceeded)>, Option<u64>, Option<u64>);

    fn play(mut limits: Limits, steps: &[Step]) {
        for (index, (moment, estimate, expected, tokens, requests)) in steps.iter().enumerate() {
            let (standing, throttled) = limits.admit(*estimate, at(*moment));
            let throttled = throttled.map(|throttled| (u64::try_from(throttled.retry_after.as_millis()).unwrap(), throttled.exceeded));
            assert_eq!(throttled, *expected, "step {index}");
            assert_eq!(standing.tokens.map(|gauge| gauge.remaining), *tokens, "step {index}");
            assert_eq!(standing.requests.map(|gauge| gauge.remaining), *requests, "step {index}");
        }
    }

    #[test]
    fn tokens_are_summed_and_reset_each_minute() {
        use Exceeded::Tokens;
        play(
            Limits::new(Some(1000), None),
            &[
                (0, 600, None, Some(400), None),
                (500, 400, None, Some(0), None),
                (6500, 1, Some((53_500, Tokens)), Some(0), None),
                (59_999, 1, Some((1, Tokens)), Some(0), None),
                (60_000, 900, None, Some(100), None),
                // The new minute begins with its first request, not with the clock's.
                (119_999, 101, Some((1, Tokens)), Some(0), None),
                (200_000, 1, None, Some(999), None),
                (259_999, 1, None, Some(998), None),
            ],
        );
    }

    #[test]
    fn refused_requests_count_too() {
        play(
            Limits::new(Some(1000), None),
            &[
                (0, 500, None, Some(500), None),
                (1, 501, Some((59_999, Exceeded::Tokens)), Some(0), None),
                (2, 100, Some((59_998, Exceeded::Tokens)), Some(0), None),
            ],
        );
    }

    #[test]
    fn a_request_larger_than_the_limit_never_passes_and_throttles_nobody_else() {
        play(
            Limits::new(Some(1000), None),
            &[
                (0, 1001, Some((86_400_000, Exceeded::Tokens)), Some(1000), None),
                (1, u64::MAX, Some((86_400_000, Exceeded::Tokens)), Some(1000), None),
                (2, 1000, None, Some(0), None),
            ],
        );
    }

    #[test]
    fn requests_are_judged_over_ten_seconds() {
        use Exceeded::Requests;
        // 12 a minute are 2 in 10 seconds.
        play(
            Limits::new(None, Some(12)),
            &[
                (0, 0, None, None, Some(11)),
                (1000, 0, None, None, Some(0)),
                (4000, 0, Some((6000, Requests)), None, Some(0)),
                (10_000, 0, None, None, Some(8)),
                (20_000, 0, None, None, Some(7)),
                (60_000, 0, None, None, Some(11)),
            ],
        );
    }

    #[test]
    fn few_requests_a_minute_are_judged_over_the_minute() {
        play(
            Limits::new(None, Some(2)),
            &[
                (0, 0, None, None, Some(1)),
                (1, 0, None, None, Some(0)),
                (30_001, 0, Some((29_999, Exceeded::Requests)), None, Some(0)),
                (60_000, 0, None, None, Some(1)),
            ],
        );
    }

    #[test]
    fn the_longer_wait_speaks_and_no_limit_never_does() {
        play(
            Limits::new(Some(10), Some(6)),
            &[(0, 10, None, Some(0), Some(0)), (1000, 1, Some((59_000, Exceeded::Tokens)), Some(0), Some(0))],
        );
        play(Limits::new(None, None), &[(0, u64::MAX, None, None, None), (0, u64::MAX, None, None, None)]);
        play(Limits::new(Some(0), Some(0)), &[(0, 1, Some((86_400_000, Exceeded::Tokens)), Some(0), Some(0))]);
    }
}
