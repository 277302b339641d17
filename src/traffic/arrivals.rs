//! When the requests of a load begin.

use std::time::Duration;

use super::chance::{Stream, seconds};
use crate::scenario::{Arrivals, Load, Recorded};

/// The requests of one load that are still to begin.
#[derive(Debug)]
pub(crate) struct Source {
    chance: Stream,
    /// When the last one began, from the scenario's beginning.
    at: Duration,
    /// Requests of a burst that are still to begin at this moment.
    burst: u32,
    next_burst: Duration,
    recorded: usize,
    /// When the users of a closed load begin, the last one first.
    users: Vec<Duration>,
}

impl Source {
    /// A load that has not begun.
    pub fn new(load: &Load, chance: Stream) -> Self {
        let mut chance = chance;
        let mut users: Vec<Duration> = match &load.arrivals {
            Arrivals::Users { count, think } => (0..*count).map(|_| load.start + think.mul_f64(chance.fraction())).collect(),
            _ => Vec::new(),
        };
        users.sort_unstable_by(|a, b| b.cmp(a));
        let next_burst = match &load.arrivals {
            Arrivals::Bursts { every, .. } => load.start.saturating_add(*every),
            _ => load.start,
        };
        Self { chance, at: load.start, burst: 0, next_burst, recorded: 0, users }
    }

    /// When the next request begins, from the scenario's beginning, and what is recorded of it; none where no more do. Users of a closed
    /// load begin once here, spread over their first pause.
    pub fn next<'a>(&mut self, load: &'a Load) -> Option<(Duration, Option<&'a Recorded>)> {
        let at = match &load.arrivals {
            Arrivals::Poisson { rate } => self.at + self.until_next(*rate)?,
            Arrivals::Constant { rate } => self.at + positive(*rate).map(|rate| seconds(1.0 / rate))?,
            Arrivals::Ramp { from, to } => {
                let length = load.end.saturating_sub(load.start).as_secs_f64();
                let rate = |at: Duration| from + (to - from) * (at.saturating_sub(load.start).as_secs_f64() / length).clamp(0.0, 1.0);
                self.thinned(from.max(*to), load.end, rate)?
            }
            Arrivals::Daily { low, peak, peak_at } => {
                let day = 86_400.0;
                let rate = |at: Duration| {
                    let phase = (at.as_secs_f64() - peak_at.as_secs_f64()) / day * std::f64::consts::TAU;
                    low + (peak - low) * (1.0 + libm::cos(phase)) / 2.0
                };
                self.thinned(low.max(*peak), load.end, rate)?
            }
            Arrivals::Bursts { rate, size, every } => {
                if self.burst > 0 {
                    self.burst -= 1;
                    self.at
                } else {
                    let single = self.until_next(*rate).map_or(Duration::MAX, |wait| self.at.saturating_add(wait));
                    if *size > 0 && self.next_burst <= single {
                        let at = self.next_burst;
                        self.burst = size - 1;
                        self.next_burst = at.saturating_add((*every).max(Duration::from_millis(1)));
                        at
                    } else {
                        single
                    }
                }
            }
            Arrivals::Trace(requests) => {
                let recorded = requests.get(self.recorded)?;
                self.recorded += 1;
                let at = load.start.saturating_add(recorded.at);
                return (at < load.end).then_some((at, Some(recorded)));
            }
            Arrivals::Users { .. } => self.users.pop()?,
        };
        self.at = at;
        (at < load.end).then_some((at, None))
    }

    /// How long a user thinks.
    pub fn think(&mut self, mean: Duration) -> Duration {
        if mean.is_zero() { Duration::ZERO } else { self.chance.until_next(1.0 / mean.as_secs_f64()) }
    }

    fn until_next(&mut self, rate: f64) -> Option<Duration> {
        positive(rate).map(|rate| self.chance.until_next(rate))
    }

    /// A Poisson process whose rate changes: of one with the highest rate, events are kept by the share that the rate is of it.
    /// Source: Lewis, Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979.
    fn thinned(&mut self, highest: f64, end: Duration, rate: impl Fn(Duration) -> f64) -> Option<Duration> {
        let mut at = self.at;
        loop {
            at = at.saturating_add(self.until_next(highest)?);
            if at >= end || self.chance.fraction() * highest < rate(at) {
                return Some(at);
            }
        }
    }
}

fn positive(rate: f64) -> Option<f64> {
    (rate > 0.0).then_some(rate)
}
