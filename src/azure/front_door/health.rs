//! What one edge site knows of one origin: its last probes.

use std::{collections::VecDeque, time::Duration};

/// One probe: its latency where it was good and somebody has measured it.
#[derive(Clone, Copy, Debug)]
struct Sample {
    good: bool,
    latency: Option<Duration>,
}

/// The last probes of an origin.
///
/// It begins full of good ones: a simulation begins in the middle of an edge site's life.
#[derive(Clone, Debug)]
pub(super) struct Window {
    size: usize,
    needed: usize,
    samples: VecDeque<Sample>,
}

impl Window {
    /// A window of `size` probes, `needed` of which must be good.
    pub(super) fn new(size: u8, needed: u8, latency: Option<Duration>) -> Self {
        let size = usize::from(size);
        Self { size, needed: usize::from(needed), samples: std::iter::repeat_n(Sample { good: true, latency }, size).collect() }
    }

    /// A probe has ended: with its latency where it was good.
    pub(super) fn record(&mut self, latency: Option<Duration>) {
        self.samples.push_back(Sample { good: latency.is_some(), latency });
        while self.samples.len() > self.size {
            self.samples.pop_front();
        }
    }

    /// How many of the last probes are judged.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The good ones.
    pub(super) fn good(&self) -> usize {
        self.samples.iter().filter(|sample| sample.good).count()
    }

    /// Whether enough of the last probes were good. Source: learn.microsoft.com/azure/frontdoor/health-probes.
    pub(super) fn is_healthy(&self) -> bool {
        self.good() >= self.needed
    }

    /// The mean latency of the good ones: documentation says that latency is measured by the probes, not how several make one number.
    pub(super) fn latency(&self) -> Option<Duration> {
        let (sum, count) = self
            .samples
            .iter()
            .filter_map(|sample| sample.latency)
            .fold((Duration::ZERO, 0_u32), |(sum, count), latency| (sum.saturating_add(latency), count + 1));
        sum.checked_div(count)
    }
}
