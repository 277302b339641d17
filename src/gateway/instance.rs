//! What outlives a request in one gateway: the cache, counters, the health of backends.
//!
//! All of it is per gateway, as in the service: its regions share no counter, no breaker and, built in, no cache. Plain values only: a
//! request's objects live in its own heap. Each subject has a lock of its own, held for a moment and never across an effect.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    breakers::Breakers, cache::Cache, completions::Completions, concurrency::Slots, limits::Limits, machine::Rooms, pools::Pools,
    tokens::open_id::Configurations,
};
use crate::dotnet::{context::ResponseMessage, frozen::Frozen};

/// The state of one gateway. Requests come and go, policies are replaced, and it stays.
#[derive(Debug, Default)]
pub struct Instance {
    /// Which backends are left alone.
    pub(super) breakers: Mutex<Breakers>,
    /// Whose turn it is in load-balanced pools.
    pub(super) pools: Mutex<Pools>,
    /// Who holds the slots of `limit-concurrency`.
    pub(super) slots: Arc<Mutex<Slots>>,
    /// What `cache-store-value` stored.
    pub(super) values: Mutex<Cache<Frozen>>,
    /// What `cache-store` stored.
    pub(super) responses: Mutex<Cache<ResponseMessage>>,
    /// What `llm-semantic-cache-store` stored.
    pub(super) completions: Mutex<Completions>,
    /// What the limits and quotas have counted.
    pub(super) limits: Mutex<Limits>,
    /// What `validate-jwt` has fetched.
    pub(super) configurations: Configurations,
    /// What requests that have ended leave to the next.
    pub(super) rooms: Rooms,
}

/// The value behind a lock. A thread that panicked left plain values behind, which are as good as before.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
