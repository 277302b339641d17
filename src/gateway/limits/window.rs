//! A sliding window: what was counted in the last so many seconds, to the nanosecond.

use std::{collections::VecDeque, time::Duration};

use super::counters::Counter;
use crate::environment::Moment;

/// What was counted, and when. Policies with one key and windows of different lengths look at the same record.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Window {
    entries: VecDeque<(Moment, u64)>,
    /// The longest window that anybody has asked for.
    kept: Duration,
    /// The sum of the entries.
    total: u64,
}

impl Window {
    /// What counts over the last `length`.
    pub fn used(&mut self, length: Duration, now: Moment) -> u64 {
        self.kept = self.kept.max(length);
        self.forget(now);
        if length == self.kept {
            return self.total;
        }
        let counts = |(at, _): &&(Moment, u64)| now.since(*at) < length;
        self.entries.iter().rev().take_while(counts).fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
    }

    /// Counts.
    pub fn add(&mut self, amount: u64, now: Moment) {
        if amount == 0 {
            return;
        }
        self.total = self.total.saturating_add(amount);
        match self.entries.back_mut() {
            // Clocks may go back a little; the record stays in order.
            Some((at, last)) if *at >= now => *last = last.saturating_add(amount),
            _ => self.entries.push_back((now, amount)),
        }
    }

    /// How long until `amount` more fits below `limit`; `None` where it never will.
    pub fn wait(&mut self, length: Duration, limit: u64, amount: u64, now: Moment) -> Option<Duration> {
        let mut over = self.used(length, now).saturating_add(amount).checked_sub(limit).filter(|over| *over > 0)?;
        for (at, entry) in self.entries.iter().filter(|(at, _)| now.since(*at) < length) {
            if *entry >= over {
                return Some(length.saturating_sub(now.since(*at)));
            }
            over -= entry;
        }
        None
    }

    fn forget(&mut self, now: Moment) {
        while let Some((at, amount)) = self.entries.front().copied()
            && now.since(at) >= self.kept
        {
            self.entries.pop_front();
            self.total = self.total.saturating_sub(amount);
        }
    }
}

impl Counter for Window {
    fn is_over(&mut self, now: Moment) -> bool {
        self.forget(now);
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Moment {
        Moment(1_763_690_000_000_000_000).after(Duration::from_secs(seconds))
    }

    /// The run of github.com/LazaUK/AOAI-APIM-AIGateway: 100 tokens a minute, 59 at 2 s, 55 at 18 s; refused at 33 s for 29 s.
    #[test]
    fn a_window_slides() {
        let mut window = Window::default();
        window.add(59, at(2));
        window.add(55, at(18));
        assert_eq!((window.used(MINUTE, at(33)), window.wait(MINUTE, 100, 0, at(33))), (114, Some(Duration::from_secs(29))));
        assert_eq!(window.wait(MINUTE, 100, 0, at(48)), Some(Duration::from_secs(14)));
        assert_eq!((window.used(MINUTE, at(62)), window.wait(MINUTE, 100, 0, at(62))), (55, None));
        assert_eq!(window.used(MINUTE, at(77)), 55);
        assert_eq!(window.used(MINUTE, at(78)), 0);
    }

    #[test]
    fn what_is_larger_than_the_limit_never_fits() {
        let mut window = Window::default();
        assert_eq!(window.wait(MINUTE, 10, 11, at(0)), None);
        window.add(10, at(0));
        assert_eq!(window.wait(MINUTE, 10, 11, at(1)), None);
        assert_eq!(window.wait(MINUTE, 10, 10, at(1)), Some(Duration::from_secs(59)));
    }

    #[test]
    fn a_shorter_window_sees_less_of_the_same_record() {
        let mut window = Window::default();
        for second in [0, 20, 40] {
            window.add(1, at(second));
        }
        assert_eq!((window.used(MINUTE, at(50)), window.used(Duration::from_secs(20), at(50))), (3, 1));
        assert_eq!(window.wait(Duration::from_secs(20), 1, 1, at(50)), Some(Duration::from_secs(10)));
        assert_eq!(window.used(MINUTE, at(70)), 2);
    }
}
