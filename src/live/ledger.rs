//! What has happened since the start, in a bounded room: counts for the page and the metrics, and the newest requests.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::events::{EdgeRecord, EventSink, Outcome, RequestRecord, SimulationEvent};
use crate::text::Text;

/// Requests that are kept; the oldest goes first.
pub(super) const KEPT: usize = 200;

/// Series of one kind that are counted apart. A policy may write a new name into the served-by header of every answer: what is beyond the
/// limit is counted under [`OTHERS`].
const SERIES: usize = 1000;

/// The name of what is not counted apart.
pub(super) const OTHERS: &str = "other";

/// Upper bounds of the buckets of a histogram, in seconds.
pub(super) const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// The book that is kept.
#[derive(Default)]
pub(super) struct Ledger {
    pages: Mutex<Pages>,
}

/// What stands in it.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Answers to clients.
    pub(super) requests: Series<Answered>,
    /// Answers of gateways to Front Door, nobody's name beside them.
    pub(super) through: Series<Answered>,
    /// Answers of Front Door to clients; the gateway is empty where the answer is the edge's own.
    pub(super) edge: Series<Answered>,
    /// Calls to backends.
    pub(super) attempts: Series<Called>,
    /// How long requests took to the last byte, by gateway.
    pub(super) durations: BTreeMap<Text, Histogram>,
    /// How long calls took to the answer's head, by backend.
    pub(super) attempt_durations: BTreeMap<Text, Histogram>,
    /// The newest requests with their numbers, the oldest first.
    newest: VecDeque<(u64, Arc<RequestRecord>)>,
    /// Requests so far.
    count: u64,
}

/// What a count of answers is kept by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answered {
    /// The region of the gateway.
    pub(super) gateway: Text,
    /// What the client got.
    pub(super) status: u16,
    /// Whether the client got all of it.
    pub(super) whole: bool,
    /// Whose answer it is; empty for nobody's.
    pub(super) served_by: Text,
}

/// What a count of calls is kept by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Called {
    /// The region of the gateway.
    pub(super) gateway: Text,
    /// The backend's id, or its host.
    pub(super) backend: Text,
    /// How it went.
    pub(super) outcome: Outcome,
}

/// Counts by key, as many as there may be.
#[derive(Debug)]
pub(super) struct Series<K>(BTreeMap<K, u64>);

impl<K> Default for Series<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord> Series<K> {
    fn count(&mut self, key: K, beyond: impl FnOnce(K) -> K) {
        if let Some(count) = self.0.get_mut(&key) {
            *count += 1;
        } else {
            let key = if self.0.len() < SERIES { key } else { beyond(key) };
            *self.0.entry(key).or_default() += 1;
        }
    }

    /// All counts.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, u64)> {
        self.0.iter().map(|(key, count)| (key, *count))
    }
}

/// Durations by size.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Histogram {
    /// By bucket, each without those below it; the last one has no upper bound.
    pub(super) buckets: [u64; BOUNDS.len() + 1],
    /// Their sum.
    pub(super) sum: Duration,
}

impl Histogram {
    fn record(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let place = BOUNDS.partition_point(|bound| *bound < seconds);
        if let Some(bucket) = self.buckets.get_mut(place) {
            *bucket += 1;
        }
        self.sum = self.sum.saturating_add(duration);
    }
}

fn histogram(of: &mut BTreeMap<Text, Histogram>, name: &Text, duration: Duration) {
    let name = if of.len() < SERIES || of.contains_key(name) { name.clone() } else { Text::Static(OTHERS) };
    of.entry(name).or_default().record(duration);
}

impl Ledger {
    /// A sink that writes everything down and hands it on.
    pub(super) fn before(self: &Arc<Self>, next: Option<EventSink>) -> EventSink {
        let ledger = self.clone();
        Arc::new(move |event| {
            match &event {
                SimulationEvent::Request(record) => ledger.write_down(record),
                SimulationEvent::Edge(record) => ledger.write_down_edge(record),
                _ => {}
            }
            if let Some(next) = &next {
                next(event);
            }
        })
    }

    /// What stands in it. The book is closed to others meanwhile: read and go.
    pub(super) fn read(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_down_edge(&self, record: &EdgeRecord) {
        // An answer of the edge's own has its reason, and is whole.
        let whole = !matches!(record.error, Some("client-gone" | "cut-body" | "origin-idle"));
        let gateway = record.gateway.clone().unwrap_or_default();
        let answered = Answered { gateway, status: record.status, whole, served_by: Text::EMPTY };
        self.read().edge.count(answered, |answered| Answered { status: 0, ..answered });
    }

    fn write_down(&self, record: &RequestRecord) {
        let pages = &mut *self.read();
        let served_by = record.served_by.clone().unwrap_or_default();
        let answered = Answered { gateway: record.gateway.clone(), status: record.status, whole: record.error.is_none(), served_by };
        if record.front_door.is_some() {
            let through = Answered { served_by: Text::EMPTY, ..answered.clone() };
            pages.through.count(through, |through| Answered { status: 0, ..through });
        }
        pages.requests.count(answered, |answered| Answered { served_by: Text::Static(OTHERS), ..answered });
        histogram(&mut pages.durations, &record.gateway, record.ms);
        for attempt in &record.attempts {
            let called = Called { gateway: record.gateway.clone(), backend: attempt.backend.clone(), outcome: attempt.outcome };
            pages.attempts.count(called, |called| Called { backend: Text::Static(OTHERS), ..called });
            histogram(&mut pages.attempt_durations, &attempt.backend, attempt.ms);
        }
        if pages.newest.len() >= KEPT {
            pages.newest.pop_front();
        }
        pages.count += 1;
        pages.newest.push_back((pages.count, Arc::new(record.clone())));
    }
}

impl Pages {
    /// The requests after the one with this number, the newest of them if there are more than `most`; the oldest first.
    pub(super) fn since(&self, number: u64, most: usize) -> Vec<(u64, Arc<RequestRecord>)> {
        let fresh = self.newest.iter().rev().take_while(|(other, _)| *other > number).take(most);
        let mut fresh: Vec<_> = fresh.cloned().collect();
        fresh.reverse();
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{environment::Moment, live::Attempt};

    fn record(served_by: &str) -> RequestRecord {
        RequestRecord {
            time: Moment(0),
            id: [1; 16],
            gateway: "swedencentral".into(),
            method: "POST".into(),
            path: "/x".into(),
            status: 200,
            served_by: Some(served_by.to_owned().into()),
            attempts: vec![Attempt { backend: "swc".into(), region: None, outcome: Outcome::Status(200), ms: Duration::from_millis(10) }],
            ms: Duration::from_millis(11),
            error: None,
            bytes: 0,
            number: None,
            front_door: None,
        }
    }

    #[test]
    fn the_room_is_bounded() {
        let ledger = Arc::new(Ledger::default());
        let sink = ledger.before(None);
        for number in 0..SERIES + 10 {
            sink(SimulationEvent::Request(Box::new(record(&number.to_string()))));
        }
        let pages = ledger.read();
        assert_eq!(pages.requests.iter().count(), SERIES + 1);
        assert_eq!(pages.requests.iter().find(|(key, _)| key.served_by == OTHERS).unwrap().1, 10);
        assert_eq!(pages.attempts.iter().map(|(_, count)| count).collect::<Vec<_>>(), [SERIES as u64 + 10]);
        assert_eq!(pages.since(0, usize::MAX).len(), KEPT);
        let last = SERIES as u64 + 10;
        assert_eq!(pages.since(last - 5, 3).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [last - 2, last - 1, last]);
        assert!(pages.since(last, 3).is_empty());
    }

    #[test]
    fn a_duration_falls_into_the_bucket_whose_bound_it_does_not_pass() {
        let mut histogram = Histogram::default();
        for (ms, place) in [(0, 0), (5, 0), (6, 1), (120_000, 13), (120_001, 14), (9_000_000, 14)] {
            let before = histogram.buckets[place];
            histogram.record(Duration::from_millis(ms));
            assert_eq!(histogram.buckets[place], before + 1, "{ms} ms");
        }
        assert_eq!(histogram.sum, Duration::from_millis(9_240_012));
    }
}
