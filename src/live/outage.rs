//! Faults that a server commits itself: what is set on it now, and the ways to give no answer.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::port::{Breaker, Life};
use crate::azure::faults::Fault;

/// The fault of one server. Where none is set, to ask costs next to nothing.
#[derive(Debug, Default)]
pub(super) struct FaultCell {
    any: AtomicBool,
    fault: Mutex<Option<Fault>>,
}

impl FaultCell {
    /// The fault that holds now.
    pub(super) fn get(&self) -> Option<Fault> {
        if self.any.load(Ordering::Acquire) { self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone() } else { None }
    }

    /// Sets or clears it; says whether that changes anything.
    pub(super) fn set(&self, fault: Option<Fault>) -> bool {
        let mut cell = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        self.any.store(fault.is_some(), Ordering::Release);
        let changed = *cell != fault;
        *cell = fault;
        changed
    }
}

/// A fault on purpose ends the connection here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken off on purpose")]
pub(super) struct BrokenOff;

/// Never answers: returns when the port is left.
pub(super) async fn hang(life: &Life, breaker: &Breaker) -> BrokenOff {
    life.over().await;
    reset(breaker)
}

/// Breaks the connection.
pub(super) fn reset(breaker: &Breaker) -> BrokenOff {
    breaker.trip();
    BrokenOff
}
