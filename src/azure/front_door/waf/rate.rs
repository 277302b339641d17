//! Counters of rate limit rules: fixed windows, one for each rule and key.
//!
//! What is above the threshold is refused until the window ends, however long ago the excess was. The service counts on each server and
//! lets some more through where thresholds are low; here there is one count, and it is exact.
//! Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit.

use std::{collections::HashMap, net::IpAddr};

use super::super::range::Country;
use crate::{environment::Moment, spec::WafRateLimit};

/// So many counters may stand before those whose window is over are looked for.
const CROWDED: usize = 4_096;

/// What shares one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// One TCP peer.
    Address(IpAddr),
    /// One country.
    Country(Country),
    /// Everybody.
    Everybody,
}

/// The counters of a firewall.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    counts: HashMap<(usize, Key), Count>,
    crowded: usize,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    until: Moment,
    requests: u32,
}

impl Counters {
    /// Counts a request; says whether it is within the threshold. A key's window begins with the first request after the last window.
    pub(super) fn within(&mut self, rule: usize, key: Key, limit: &WafRateLimit, now: Moment) -> bool {
        self.make_room(now);
        let fresh = Count { until: now.after(limit.window), requests: 0 };
        let count = self.counts.entry((rule, key)).or_insert(fresh);
        if count.until <= now {
            *count = fresh;
        }
        count.requests = count.requests.saturating_add(1);
        count.requests <= limit.threshold
    }

    /// Drops the windows that are over, seldom enough to cost nothing.
    fn make_room(&mut self, now: Moment) {
        if self.counts.len() >= self.crowded.max(CROWDED) {
            self.counts.retain(|_, count| count.until > now);
            self.crowded = self.counts.len() * 2;
        }
    }

    /// How many counters stand.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::spec::WafGroupBy;

    const MINUTE: Duration = Duration::from_secs(60);

    fn limit(threshold: u32) -> WafRateLimit {
        WafRateLimit { threshold, window: MINUTE, group_by: WafGroupBy::SocketAddr }
    }

    #[test]
    fn a_window_is_fixed_and_each_key_has_its_own() {
        let mut counters = Counters::default();
        let at = |seconds: u64| Moment(0).after(Duration::from_secs(seconds));
        let (a, b) = (Key::Address(IpAddr::from([192, 0, 2, 1])), Key::Address(IpAddr::from([192, 0, 2, 2])));
        for (key, seconds, within) in
            [(a, 0, true), (a, 10, true), (a, 30, false), (b, 31, true), (a, 59, false), (a, 60, true), (a, 61, true), (a, 62, false)]
        {
            assert_eq!(counters.within(0, key, &limit(2), at(seconds)), within, "{key:?} at {seconds}s");
        }
        assert!(counters.within(1, a, &limit(2), at(62)), "another rule counts for itself");
    }

    #[test]
    fn counters_that_are_over_do_not_stay() {
        let mut counters = Counters::default();
        for second in 0..1_000_u32 {
            for address in 0..100 {
                let key = Key::Address(IpAddr::from((second * 100 + address).to_be_bytes()));
                counters.within(0, key, &limit(1), Moment(0).after(Duration::from_secs(u64::from(second))));
            }
        }
        assert!(counters.len() < 20_000, "{}", counters.len());
    }
}
