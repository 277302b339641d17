//! The clock on the wall and real chance, as an [`Environment`].

use std::{
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use rand_core::Rng;
use rand_pcg::Pcg64;

use crate::environment::{Environment, Moment};

/// Where the random numbers of a simulation come from. Every request and every resource gets a stream of its own, so that
/// nobody waits for a lock.
#[derive(Debug)]
pub struct Chance {
    seed: u64,
    streams: AtomicU64,
}

impl Chance {
    /// Streams that follow from `seed`, or from the operating system.
    pub fn new(seed: Option<u64>) -> Self {
        // The standard library keys its hash maps from the operating system: a random number without a dependency.
        Self { seed: seed.unwrap_or_else(|| RandomState::new().hash_one(0_u64)), streams: AtomicU64::new(0) }
    }

    /// The present and the next stream.
    pub fn environment(&self) -> Wall {
        let stream = self.streams.fetch_add(1, Ordering::Relaxed);
        // Neighbouring streams of one state begin alike, so the state is spread as well.
        let state = (u128::from(mix(self.seed ^ mix(stream))) << 64) | u128::from(mix(self.seed.wrapping_add(stream)));
        Wall { generator: Pcg64::new(state, u128::from(stream)) }
    }
}

/// SplitMix64's finaliser. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The clock on the wall and one stream of random numbers.
#[derive(Clone, Debug)]
pub struct Wall {
    generator: Pcg64,
}

/// The present.
pub(super) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

impl Environment for Wall {
    fn now(&self) -> Moment {
        now()
    }

    fn random(&mut self) -> u64 {
        self.generator.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_streams_differ() {
        let draw = |chance: &Chance| (0..3).map(|_| chance.environment().random()).collect::<Vec<_>>();
        let first = draw(&Chance::new(Some(7)));
        assert_eq!(first, draw(&Chance::new(Some(7))));
        assert_ne!(first[0], first[1]);
        assert_ne!(first, draw(&Chance::new(Some(8))));
        assert_ne!(Chance::new(None).environment().guid(), Chance::new(None).environment().guid());
    }
}
