//! Chance, drawn from one seed: a stream for each purpose, so that one more fault does not move the arrivals.

use std::time::Duration;

use rand_core::Rng;
use rand_pcg::Pcg64;

use crate::{
    environment::{Environment, Moment, split_mix},
    scenario::Amount,
};

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub(crate) struct Stream(Pcg64);

impl Stream {
    /// The stream of `purpose`; `number` tells apart what has the same purpose.
    pub fn new(seed: u64, purpose: &str, number: usize) -> Self {
        let mut state = seed ^ (number as u64).rotate_left(32);
        for byte in purpose.bytes() {
            state = split_mix(&mut state) ^ u64::from(byte);
        }
        let (high, low, stream) = (split_mix(&mut state), split_mix(&mut state), split_mix(&mut state));
        Self(Pcg64::new((u128::from(high) << 64) | u128::from(low), u128::from(stream)))
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly from 0 to 1, 1 excluded: 53 bits, as a double has.
    pub fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The distance to the next event of a Poisson process with `rate` events a second.
    pub fn until_next(&mut self, rate: f64) -> Duration {
        // `libm`, since the logarithm of the system's library differs in its last bit from machine to machine.
        seconds(-libm::log(1.0 - self.fraction()) / rate)
    }

    /// A number as an amount says.
    pub fn amount(&mut self, amount: Amount) -> u64 {
        match amount {
            Amount::Fixed(number) => number,
            Amount::Uniform(from, to) => from + (self.fraction() * (to.saturating_sub(from) + 1) as f64) as u64,
            Amount::LogNormal(median, p95) => {
                // 95 % of a normal distribution lie below 1.645 standard deviations.
                let sigma = libm::log((p95.max(median).max(1)) as f64 / median.max(1) as f64) / 1.644_853_626_951_472_2;
                (median as f64 * libm::exp(sigma * self.normal())) as u64
            }
        }
    }

    /// The standard normal distribution, by Box and Muller.
    fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.fraction(), self.fraction());
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)
    }

    /// The same stream at a moment, as everything sans-IO wants it.
    pub fn at(&mut self, now: Moment) -> Present<'_> {
        Present { now, stream: self }
    }
}

/// Seconds as a duration; what is no time is the longest.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

/// A moment of simulated time and a stream of chance.
pub(crate) struct Present<'a> {
    now: Moment,
    stream: &'a mut Stream,
}

impl Environment for Present<'_> {
    fn now(&self) -> Moment {
        self.now
    }

    fn random(&mut self) -> u64 {
        self.stream.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let draw = |seed, purpose, number| Stream::new(seed, purpose, number).next();
        assert_eq!(draw(7, "arrivals", 0), draw(7, "arrivals", 0));
        let others = [draw(8, "arrivals", 0), draw(7, "latency", 0), draw(7, "arrivals", 1)];
        assert!(others.iter().all(|other| *other != draw(7, "arrivals", 0)));
    }

    #[test]
    fn amounts_lie_where_they_should() {
        let mut stream = Stream::new(1, "amounts", 0);
        let mut drawn = |amount| {
            let mut numbers: Vec<_> = (0..20_000).map(|_| stream.amount(amount)).collect();
            numbers.sort_unstable();
            numbers
        };
        let even = drawn(Amount::Uniform(10, 19));
        assert_eq!((even[0], even[19_999]), (10, 19));
        let spread = drawn(Amount::LogNormal(300, 2000));
        assert!((280..320).contains(&spread[10_000]), "{}", spread[10_000]);
        assert!((1800..2200).contains(&spread[19_000]), "{}", spread[19_000]);
        assert_eq!(drawn(Amount::Fixed(5))[0], 5);
    }

    #[test]
    fn a_poisson_process_has_its_mean() {
        let mut stream = Stream::new(1, "arrivals", 0);
        let sum: f64 = (0..20_000).map(|_| stream.until_next(4.0).as_secs_f64()).sum();
        assert!((sum / 20_000.0 - 0.25).abs() < 0.01, "{sum}");
    }
}
