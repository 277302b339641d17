//! The numbers of all clients over time, cut where windows begin and end: each request is counted once, and a window is the sum of its segments.

use std::time::Duration;

use super::{
    outcome::{Cast, Statistics},
    tally::Ended,
};

/// The stretches of time between which the windows of a scenario begin and end.
#[derive(Debug)]
pub(super) struct Segments {
    /// When each begins; the first at zero.
    starts: Vec<Duration>,
    statistics: Vec<Statistics>,
}

impl Segments {
    /// For these windows, each from the first to (not including) the second.
    pub fn new(windows: impl Iterator<Item = (Duration, Duration)>, cast: &Cast) -> Self {
        let mut starts: Vec<Duration> = windows.flat_map(|(from, to)| [from, to]).filter(|at| *at < Duration::MAX).collect();
        starts.push(Duration::ZERO);
        starts.sort_unstable();
        starts.dedup();
        let statistics = starts.iter().map(|_| Statistics::new(cast)).collect();
        Self { starts, statistics }
    }

    /// Counts a request.
    pub fn add(&mut self, ended: &Ended, outside: &[bool]) {
        if let Some(statistics) = self.at(ended.at) {
            statistics.add(ended, outside);
        }
    }

    /// Counts a request that is under way at the end.
    pub fn unfinished(&mut self, at: Duration) {
        if let Some(statistics) = self.at(at) {
            statistics.unfinished += 1;
        }
    }

    fn at(&mut self, at: Duration) -> Option<&mut Statistics> {
        let place = self.starts.partition_point(|start| *start <= at).checked_sub(1)?;
        self.statistics.get_mut(place)
    }

    /// The numbers of a window, one of those that it was made for; of the whole without.
    pub fn sum(&self, window: Option<(Duration, Duration)>, cast: &Cast) -> Statistics {
        let mut sum = Statistics::new(cast);
        let is_in = |start: Duration| window.is_none_or(|(from, to)| (from..to).contains(&start));
        let parts = self.starts.iter().zip(&self.statistics).filter(|(start, _)| is_in(**start));
        parts.for_each(|(_, part)| sum.merge(part));
        sum
    }
}
