//! Slots of `limit-concurrency`: how many requests are inside of a block at once, by key.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::instance::locked;
use crate::text::Text;

/// The slots that are taken, by key.
#[derive(Debug, Default)]
pub struct Slots {
    taken: HashMap<Text, i64>,
}

/// One slot; given back when it is dropped, however its request ends.
#[derive(Debug)]
pub struct Permit {
    slots: Arc<Mutex<Slots>>,
    key: Text,
}

impl Permit {
    /// A slot under `key`, where fewer than `limit` are taken.
    pub(super) fn take(slots: &Arc<Mutex<Slots>>, key: Text, limit: i64) -> Option<Self> {
        if limit < 1 {
            return None;
        }
        let mut all = locked(slots);
        let taken = all.taken.entry(key.clone()).or_default();
        if *taken >= limit {
            return None;
        }
        *taken += 1;
        Some(Self { slots: slots.clone(), key })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut slots = locked(&self.slots);
        if let Some(taken) = slots.taken.get_mut(&self.key) {
            *taken -= 1;
            if *taken <= 0 {
                slots.taken.remove(&self.key);
            }
        }
    }
}
