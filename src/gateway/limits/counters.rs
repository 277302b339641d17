//! Counters by key; those that are over are cleared away.

use std::{collections::HashMap, hash::Hash};

use crate::environment::Moment;

/// Keys may come from clients (addresses, headers): the map is swept each time it has doubled.
const FIRST_SWEEP: usize = 1024;

/// Something that counts for a while.
pub(super) trait Counter: Default {
    /// Whether it has nothing left that counts.
    fn is_over(&mut self, now: Moment) -> bool;
}

/// Counters by key.
#[derive(Debug)]
pub(super) struct Counters<K, V> {
    by_key: HashMap<K, V>,
    sweep_at: usize,
}

impl<K, V> Default for Counters<K, V> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), sweep_at: FIRST_SWEEP }
    }
}

impl<K: Clone + Eq + Hash, V: Counter> Counters<K, V> {
    /// The counter under a key, which begins at nothing.
    pub fn get(&mut self, key: &K, now: Moment) -> &mut V {
        if self.by_key.len() >= self.sweep_at {
            self.by_key.retain(|_, counter| !counter.is_over(now));
            self.sweep_at = (self.by_key.len() * 2).max(FIRST_SWEEP);
        }
        self.by_key.entry(key.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Until(i64);

    impl Counter for Until {
        fn is_over(&mut self, now: Moment) -> bool {
            self.0 <= now.0
        }
    }

    #[test]
    fn what_is_over_is_cleared_away_and_nothing_else() {
        let mut counters = Counters::<usize, Until>::default();
        for key in 0..FIRST_SWEEP {
            counters.get(&key, Moment(0)).0 = if key % 2 == 0 { 5 } else { 50 };
        }
        counters.get(&FIRST_SWEEP, Moment(10)).0 = 50;
        assert_eq!(counters.by_key.len(), FIRST_SWEEP / 2 + 1);
        assert_eq!((counters.get(&1, Moment(10)).0, counters.get(&2, Moment(10)).0), (50, 0));
    }
}
