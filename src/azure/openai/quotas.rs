//! Quotas that several deployments share.
//!
//! A quota belongs to a subscription, a region, a model and a kind of deployment; deployments carve their limits out of it, and two resources
//! of one region and subscription give no more throughput than one.
//! Source: learn.microsoft.com/azure/ai-foundry/openai/how-to/quota; learn.microsoft.com/azure/architecture/ai-ml/guide/azure-openai-gateway-multi-backend.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::limits::{Limits, Standing, Throttled};
use crate::{azure::faults::Quota as Fallen, environment::Moment};

/// The shared quotas of one world, by pool. A clone is the same quotas: every resource of the world holds one.
#[derive(Clone, Debug, Default)]
pub struct Quotas(Arc<Mutex<BTreeMap<String, Quota>>>);

/// One pool.
#[derive(Clone, Debug)]
pub(super) struct Quota(Arc<Mutex<Limits>>);

impl Quotas {
    /// No pools yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The pool of that name, which gives at least these limits a minute: how large a pool is nobody says but the deployments in it, and the
    /// largest of them fits.
    pub(super) fn join(&self, pool: &str, tokens: Option<u64>, requests: Option<u64>) -> Quota {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match pools.get(pool) {
            Some(quota) => {
                quota.limits(|limits| limits.grow(tokens, requests));
                quota.clone()
            }
            None => {
                let quota = Quota(Arc::new(Mutex::new(Limits::new(tokens, requests))));
                pools.insert(pool.to_owned(), quota.clone());
                quota
            }
        }
    }
}

impl Quota {
    /// Whether a request that is estimated at so many tokens would be let in. Nothing is counted.
    pub fn has_room(&self, estimate: u64, now: Moment) -> bool {
        self.limits(|limits| limits.clone().admit(estimate, now).1.is_none())
    }

    fn limits<T>(&self, act: impl FnOnce(&mut Limits) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a request of a deployment whose limits have fallen so far, if at all; see [`Limits::admit`]. What is left of the quota is so for
    /// this deployment: nobody else's has fallen.
    pub fn admit(&self, estimate: u64, fallen: Option<Fallen>, now: Moment) -> (Standing, Option<Throttled>) {
        self.limits(|limits| {
            limits.fall_to(fallen);
            let admitted = limits.admit(estimate, now);
            limits.fall_to(None);
            admitted
        })
    }
}
