//! The cache of a gateway: values and responses under a key, each until its time is up.
//!
//! One cache serves `internal`, `external` and `prefer-external`: whether an external one is configured is no part of a policy, and a
//! policy that names it has one. What is stored can be found at once; in the service storing is asynchronous.
//! Source: learn.microsoft.com/azure/api-management/cache-store-value-policy; api-management-howto-cache ("shared by all units in the same
//! region": here a gateway is the region).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use crate::{environment::Moment, text::Text};

/// How large a cached value or response may be. Source: learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits,
/// "Maximum cached response size": 2 MiB; that it holds for values too is an assumption.
pub(super) const LARGEST: usize = 2 << 20;

/// How much one cache holds before what was stored longest ago goes. The service's own sizes go by tier, from 10 MB on
/// (azure.microsoft.com/pricing/details/api-management); what it drops when it is full is not documented.
const CAPACITY: usize = 64 << 20;

/// What an entry counts for beside its key and its content.
const OVERHEAD: usize = 128;

/// Things under keys, each with a time to go.
#[derive(Debug)]
pub struct Cache<T> {
    entries: HashMap<Text, Entry<T>>,
    /// The keys in the order of their storing.
    order: BTreeMap<u64, Text>,
    /// When they go, with their numbers in `order`.
    expiry: BTreeSet<(Moment, u64)>,
    /// The number of the next entry.
    next: u64,
    size: usize,
}

#[derive(Debug)]
struct Entry<T> {
    content: Arc<T>,
    expires: Moment,
    size: usize,
    number: u64,
}

impl<T> Default for Cache<T> {
    fn default() -> Self {
        Self { entries: HashMap::new(), order: BTreeMap::new(), expiry: BTreeSet::new(), next: 0, size: 0 }
    }
}

impl<T> Cache<T> {
    /// What is stored under `key`, and until when.
    pub(super) fn lookup(&self, key: &str, now: Moment) -> Option<(Arc<T>, Moment)> {
        self.entries.get(key).filter(|entry| entry.expires > now).map(|entry| (entry.content.clone(), entry.expires))
    }

    /// Stores something of `size` bytes for a while; what was there under the key goes.
    pub(super) fn store(&mut self, key: Text, content: T, size: usize, duration: Duration, now: Moment) {
        self.remove(&key);
        let size = size.saturating_add(key.len()).saturating_add(OVERHEAD);
        if duration.is_zero() || size > CAPACITY {
            return;
        }
        while let Some((_, number)) = self.expiry.first().copied().filter(|(expires, _)| *expires <= now) {
            self.drop_number(number);
        }
        while self.size + size > CAPACITY {
            let Some((number, _)) = self.order.first_key_value() else { break };
            self.drop_number(*number);
        }
        let (expires, number) = (now.after(duration), self.next);
        self.next += 1;
        self.size += size;
        self.order.insert(number, key.clone());
        self.expiry.insert((expires, number));
        self.entries.insert(key, Entry { content: Arc::new(content), expires, size, number });
    }

    /// Removes what is stored under `key`.
    pub(super) fn remove(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.number);
            self.expiry.remove(&(entry.expires, entry.number));
            self.size -= entry.size;
        }
    }

    fn drop_number(&mut self, number: u64) {
        if let Some(key) = self.order.get(&number).cloned() {
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(second: i64) -> Moment {
        Moment(second * 1_000_000_000)
    }

    #[test]
    fn an_entry_goes_when_its_time_is_up_and_gives_its_room_back() {
        let mut cache = Cache::default();
        cache.store("a".into(), 1, 10, SECOND * 5, at(0));
        assert!(cache.lookup("a", at(4)).is_some_and(|(content, expires)| *content == 1 && expires == at(5)));
        assert!(cache.lookup("a", at(5)).is_none());
        cache.store("b".into(), 2, 10, SECOND * 5, at(5));
        assert_eq!((cache.entries.len(), cache.order.len(), cache.expiry.len(), cache.size), (1, 1, 1, 10 + 1 + OVERHEAD));
        cache.remove("b");
        assert_eq!((cache.entries.len(), cache.order.len(), cache.expiry.len(), cache.size), (0, 0, 0, 0));
    }

    #[test]
    fn a_full_cache_drops_what_was_stored_longest_ago() {
        let mut cache = Cache::default();
        let half = CAPACITY / 2;
        for key in ["a", "b", "c"] {
            cache.store(key.into(), key, half - 2 * OVERHEAD, SECOND, at(0));
        }
        assert!(cache.lookup("a", at(0)).is_none() && cache.lookup("b", at(0)).is_some() && cache.lookup("c", at(0)).is_some());
        cache.store("b".into(), "again", 1, SECOND, at(0));
        assert!(cache.size <= CAPACITY && cache.lookup("c", at(0)).is_some());
    }
}
