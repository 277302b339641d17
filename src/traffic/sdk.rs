//! How the clients behave that people use: what the OpenAI SDKs send again, how long they wait, and when an answer is good.
//!
//! Source: github.com/openai/openai-python, `src/openai/_base_client.py`: `_should_retry`, `_calculate_retry_timeout`.

use std::time::Duration;

use super::{
    chance::{Stream, seconds},
    seen::Seen,
};
use crate::http::Headers;

const FIRST_PAUSE: f64 = 0.5;
const LONGEST_PAUSE: f64 = 8.0;
/// A server's wish is granted up to here.
const LONGEST_WISH: Duration = Duration::from_secs(60);

/// Whether a client sends its request again, retries left. A whole answer is read before its status is looked at: one that breaks off is sent
/// again, as if there had been none. A stream is the caller's by then, and so is the text of an answer that is no JSON.
pub(crate) fn tries_again(seen: &Seen, streaming: bool) -> bool {
    match (seen.status, seen.error) {
        _ if breaks_off(seen, streaming) => true,
        (Some(status), _) => seen.should_retry.unwrap_or(matches!(status, 408 | 409 | 429 | 500..)),
        (None, Some(_)) => true,
        (None, None) => false,
    }
}

fn breaks_off(seen: &Seen, streaming: bool) -> bool {
    !streaming && seen.status.is_some() && seen.error.is_some_and(|error| error != "incomplete")
}

/// How long it waits before it does. What an answer wishes that has broken off, nobody has read.
pub(crate) fn pause(seen: &Seen, streaming: bool, retries: u32, chance: &mut Stream) -> Duration {
    let wish = seen.retry_after.filter(|_| !breaks_off(seen, streaming));
    if let Some(wish) = wish.filter(|wish| !wish.is_zero() && *wish <= LONGEST_WISH) {
        return wish;
    }
    let pause = (FIRST_PAUSE * f64::from(1_u32 << retries.min(16))).min(LONGEST_PAUSE);
    seconds(pause * (1.0 - 0.25 * chance.fraction()))
}

/// What an answer says about trying again: `retry-after-ms`, then `retry-after` in seconds, and `x-should-retry`.
pub(crate) fn wishes(headers: &Headers) -> (Option<Duration>, Option<bool>) {
    let number = |name: &str| headers.get(name).and_then(|value| value.trim().parse::<f64>().ok()).filter(|number| *number >= 0.0);
    let wish = number("retry-after-ms").map(|ms| seconds(ms / 1000.0)).or_else(|| number("retry-after").map(seconds));
    let should = headers.get("x-should-retry").and_then(|value| value.parse().ok());
    (wish, should)
}

/// Whether an answer counts as available: complete, and with a status that is not 401, 403, 408, 429 or 5xx, or a 4xx that the client itself
/// has caused. `touched` says that a fault had a hand in it.
pub(crate) fn is_good(seen: &Seen, touched: bool) -> bool {
    match seen.status {
        _ if seen.error.is_some() => false,
        None => false,
        // What the firewall keeps out has earned it.
        Some(_) if seen.blocked.is_some() => true,
        Some(401 | 403 | 408 | 429 | 500..) => false,
        Some(400..500) => !touched,
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(status: u16) -> Seen {
        Seen { status: Some(status), ..Seen::default() }
    }

    #[test]
    fn what_is_sent_again() {
        for (status, again) in
            [(200, false), (400, false), (401, false), (404, false), (408, true), (409, true), (429, true), (500, true), (503, true)]
        {
            assert_eq!((tries_again(&seen(status), false), tries_again(&seen(status), true)), (again, again), "{status}");
        }
        for (sight, whole, streaming) in [
            (Seen { error: Some("reset"), ..Seen::default() }, true, true),
            (Seen { error: Some("cut-body"), ..seen(200) }, true, false),
            (Seen { error: Some("timeout"), ..seen(200) }, true, false),
            (Seen { error: Some("incomplete"), ..seen(200) }, false, false),
            (Seen { should_retry: Some(false), ..seen(429) }, false, false),
            (Seen { should_retry: Some(true), ..seen(400) }, true, true),
        ] {
            assert_eq!((tries_again(&sight, false), tries_again(&sight, true)), (whole, streaming), "{sight:?}");
        }
    }

    #[test]
    fn how_long_a_client_waits() {
        let mut chance = Stream::new(0, "clients", 0);
        let wishing = |text: &'static str, name: &'static str| wishes(&[(name, text)].into_iter().collect()).0;
        assert_eq!(wishing("1500", "retry-after-ms"), Some(Duration::from_millis(1500)));
        assert_eq!(wishing("7", "Retry-After"), Some(Duration::from_secs(7)));
        assert_eq!(wishing("Wed, 21 Oct 2026 07:28:00 GMT", "Retry-After"), None);
        let granted = Seen { retry_after: Some(Duration::from_secs(60)), ..seen(429) };
        assert_eq!(pause(&granted, false, 0, &mut chance), Duration::from_secs(60));
        for (retries, least, most) in [(0, 0.375, 0.5), (1, 0.75, 1.0), (2, 1.5, 2.0), (9, 6.0, 8.0)] {
            let too_long = Seen { retry_after: Some(Duration::from_secs(61)), ..seen(429) };
            let pause = pause(&too_long, false, retries, &mut chance).as_secs_f64();
            assert!((least..=most).contains(&pause), "{retries}: {pause}");
        }
    }

    /// Source: the definition of availability in `docs/scenario.md`.
    #[test]
    fn which_answers_are_good() {
        for (status, touched, good) in [
            (200, false, true),
            (200, true, true),
            (304, false, true),
            (400, false, true),
            (404, false, true),
            (404, true, false),
            (401, false, false),
            (403, false, false),
            (408, false, false),
            (429, false, false),
            (500, false, false),
            (504, false, false),
        ] {
            assert_eq!(is_good(&seen(status), touched), good, "{status} {touched}");
        }
        assert!(is_good(&Seen { blocked: Some("rule".into()), ..seen(403) }, false));
        assert!(!is_good(&Seen { error: Some("cut-body"), ..seen(200) }, false));
    }
}
