//! One edge site: how it sees the origins, when it probes them, and which it chooses.
//!
//! Health, latency and whose turn it is belong to the site, so that several could stand beside one another.
//! Source: learn.microsoft.com/azure/frontdoor/routing-methods and learn.microsoft.com/azure/frontdoor/health-probes.

use std::time::Duration;

use super::{
    OriginId, OriginSet,
    config::{FrontDoorConfig, MOST_ORIGINS},
    health::Window,
};
use crate::{environment::Moment, spec::WhenAllUnhealthy};

/// What a site remembers.
#[derive(Clone, Debug)]
pub(super) struct Site {
    origins: Vec<Seen>,
    /// The origins among which a request that has tried none is shared, each with its weight; made anew when a probe ends.
    pool: Vec<(OriginId, i64)>,
}

/// One origin as the site sees it.
#[derive(Clone, Debug)]
struct Seen {
    window: Window,
    healthy: bool,
    latency: Option<Duration>,
    next_probe: Moment,
    /// Its place in the round robin.
    credit: i64,
}

/// An origin as an edge site sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginState {
    /// Which.
    pub origin: OriginId,
    /// Whether enough of the last probes were good.
    pub healthy: bool,
    /// Whether requests go there now.
    pub in_pool: bool,
    /// The mean of the last good probes.
    pub latency: Option<Duration>,
    /// Good probes among the last.
    pub good: usize,
    /// How many of the last probes are judged.
    pub sample_size: usize,
}

impl Site {
    /// A site that has found every origin in good health, and probes them all at `now`.
    pub(super) fn new(config: &FrontDoorConfig, now: Moment) -> Self {
        let probe = &config.settings.probe;
        let seen = |origin: &super::Origin| {
            let window = Window::new(probe.sample_size, probe.successful_samples, origin.latency);
            Seen { healthy: window.is_healthy(), latency: window.latency(), window, next_probe: now, credit: 0 }
        };
        let mut site = Self { origins: config.origins.iter().take(MOST_ORIGINS).map(seen).collect(), pool: Vec::new() };
        site.pool = site.choose_from(config, OriginSet::default());
        site
    }

    fn ids(&self) -> impl Iterator<Item = (OriginId, &Seen)> {
        self.origins.iter().enumerate().map(|(index, seen)| (OriginId(index), seen))
    }

    /// When the next probe is due.
    pub(super) fn next_probe(&self) -> Option<Moment> {
        self.origins.iter().map(|seen| seen.next_probe).min()
    }

    /// The origins whose probe is due; their next is one interval later.
    pub(super) fn due_probes(&mut self, interval: Duration, now: Moment) -> Vec<OriginId> {
        let mut due = Vec::new();
        for (index, seen) in self.origins.iter_mut().enumerate() {
            if seen.next_probe <= now {
                due.push(OriginId(index));
                // A driver that slept too long does not make up for what it missed.
                seen.next_probe = seen.next_probe.after(interval);
                if seen.next_probe <= now {
                    seen.next_probe = now.after(interval);
                }
            }
        }
        due
    }

    /// A probe has ended, with its latency where it was good; says whether the origin's health is another now.
    pub(super) fn probed(&mut self, config: &FrontDoorConfig, origin: OriginId, latency: Option<Duration>) -> Option<bool> {
        let seen = self.origins.get_mut(origin.0)?;
        seen.window.record(latency);
        seen.latency = seen.window.latency();
        let healthy = seen.window.is_healthy();
        let changed = healthy != seen.healthy;
        seen.healthy = healthy;
        self.pool = self.choose_from(config, OriginSet::default());
        changed.then_some(healthy)
    }

    /// The origin for a request that has tried some already: `preferred`, where affinity names one that could be chosen, else whose turn it is.
    pub(super) fn select(&mut self, config: &FrontDoorConfig, tried: OriginSet, preferred: Option<OriginId>) -> Option<OriginId> {
        let others;
        let pool = if tried.is_empty() {
            &self.pool
        } else {
            others = self.choose_from(config, tried);
            &others
        };
        if let Some(preferred) = preferred
            && pool.iter().any(|(origin, _)| *origin == preferred)
        {
            return Some(preferred);
        }
        // Smooth weighted round robin: whoever has waited longest for its share is next, and no origin gets two in a row that it
        // could have had apart.
        let mut chosen: Option<(OriginId, i64)> = None;
        let mut total = 0;
        for (origin, weight) in pool {
            let Some(seen) = self.origins.get_mut(origin.0) else { continue };
            seen.credit += weight;
            total += weight;
            if chosen.is_none_or(|(_, most)| seen.credit > most) {
                chosen = Some((*origin, seen.credit));
            }
        }
        let (origin, _) = chosen?;
        if let Some(seen) = self.origins.get_mut(origin.0) {
            seen.credit -= total;
        }
        Some(origin)
    }

    /// The documented order: what is healthy, then the lowest priority, then those within the latency window, then weights.
    fn choose_from(&self, config: &FrontDoorConfig, tried: OriginSet) -> Vec<(OriginId, i64)> {
        let enabled = |origin: &OriginId| config.origins.get(origin.0).is_some_and(|origin| origin.enabled);
        let any_healthy = self.ids().any(|(origin, seen)| seen.healthy && enabled(&origin));
        let available: Vec<(OriginId, &Seen)> =
            self.ids().filter(|(origin, seen)| (seen.healthy || !any_healthy) && enabled(origin) && !tried.contains(*origin)).collect();
        if !any_healthy && config.settings.when_all_unhealthy == WhenAllUnhealthy::RoundRobin {
            return available.into_iter().map(|(origin, _)| (origin, 1)).collect();
        }
        let priority = |origin: OriginId| config.origins.get(origin.0).map(|origin| origin.priority);
        let Some(lowest) = available.iter().filter_map(|(origin, _)| priority(*origin)).min() else { return Vec::new() };
        let best = || available.iter().filter(|(origin, _)| priority(*origin) == Some(lowest));
        let fastest = best().filter_map(|(_, seen)| seen.latency).min();
        // An origin that was never measured is not left out for it.
        let in_time = |latency: Option<Duration>| match (latency, fastest) {
            (Some(latency), Some(fastest)) => latency <= fastest.saturating_add(config.settings.latency_sensitivity),
            _ => true,
        };
        let weight = |origin: OriginId| config.origins.get(origin.0).map_or(1, |origin| i64::from(origin.weight.max(1)));
        best().filter(|(_, seen)| in_time(seen.latency)).map(|(origin, _)| (*origin, weight(*origin))).collect()
    }

    /// How the site sees every origin.
    pub(super) fn states(&self) -> impl Iterator<Item = OriginState> {
        self.ids().map(|(origin, seen)| OriginState {
            origin,
            healthy: seen.healthy,
            in_pool: self.pool.iter().any(|(known, _)| *known == origin),
            latency: seen.latency,
            good: seen.window.good(),
            sample_size: seen.window.size(),
        })
    }
}
