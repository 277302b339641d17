//! What is counted while a scenario runs: each request once, when it ends, in every scope that it belongs to.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;

use super::{
    outcome::{Bucket, Cast, FaultStory, Statistics, Timeline},
    segments::Segments,
};
use crate::{
    azure::faults::Target,
    environment::Moment,
    scenario::{Expectation, Scenario, Scope, Window},
    text::Text,
    world::World,
};

/// Buckets of a timeline, about.
const BUCKETS: u32 = 120;

/// Requests whose stories are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keep {
    /// So many of the slowest.
    pub slowest: usize,
    /// So many of those that failed, the first ones.
    pub failed: usize,
}

/// A request that has ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ended {
    pub number: u64,
    pub load: usize,
    /// When it was first sent, from the beginning.
    pub at: Duration,
    /// When it ended, from the beginning.
    pub end: Duration,
    pub status: Option<u16>,
    pub error: Option<&'static str>,
    pub good: bool,
    pub served_by: Option<usize>,
    pub first_token: Option<Duration>,
    /// Calls to backends behind the last answer.
    pub attempts: u64,
    /// Calls of all its sendings: backend, whether it was a 429, tokens spent.
    pub calls: Vec<Called>,
    /// The gateways that took it.
    pub gateways: Vec<usize>,
    pub retries: u64,
    pub throttled_with_capacity: u64,
    pub blocked: Option<Text>,
}

/// A call to a backend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// Which; none for a host that is no resource.
    pub backend: Option<usize>,
    /// When the head of its answer reached the gateway, if it did.
    pub answered: Option<Moment>,
    /// Whether it said 429.
    pub throttled: bool,
    /// The tokens that it spent.
    pub tokens: u64,
}

impl Ended {
    pub fn latency(&self) -> Duration {
        self.end.saturating_sub(self.at)
    }

    /// The call whose answer the client got and could use: the last of the backend that served.
    fn served(&self) -> Option<&Called> {
        self.calls.iter().rfind(|call| self.good && call.backend.is_some() && call.backend == self.served_by)
    }

    /// Tokens of answers that were of no use to the client.
    pub fn wasted(&self) -> u64 {
        let spent: u64 = self.calls.iter().map(|call| call.tokens).sum();
        spent - self.served().map_or(0, |call| call.tokens)
    }
}

/// A scope that somebody asks for.
#[derive(Debug)]
struct Counted {
    scope: Scope,
    load: Option<usize>,
    /// From the first to (not including) the second.
    window: Option<(Duration, Duration)>,
    /// The numbers of one client; those of all are in the segments.
    own: Option<Statistics>,
}

impl Counted {
    fn concerns(&self, load: usize, at: Duration) -> bool {
        self.load.is_none_or(|own| own == load) && self.window.is_none_or(|(from, to)| (from..to).contains(&at))
    }
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Tally {
    counted: Vec<Counted>,
    segments: Segments,
    /// By expectation: its scope among those that are counted.
    expected: Vec<usize>,
    /// Whether one kind of client alone is all clients.
    alone: bool,
    cast: Cast,
    width: Duration,
    buckets: Vec<(Bucket, Histogram<u32>)>,
    outside: Vec<bool>,
    pub faults: Vec<FaultStory>,
    /// By expectation: the first request that speaks against it.
    pub offenders: Vec<Option<u64>>,
    pub failed: Vec<u64>,
    /// The slowest with their latency, the slowest first.
    pub slowest: Vec<(Duration, u64)>,
    keep: Keep,
}

impl Tally {
    /// Counts for `scenario`. `outside` says of each backend whether it lies outside the data boundary.
    pub fn new(scenario: &Scenario, cast: &Cast, outside: Vec<bool>, keep: Keep) -> Self {
        let alone = scenario.load.len() == 1;
        let mut scopes = vec![Scope::default()];
        let mut add = |scope: Scope| {
            let scope = if alone { Scope { client: None, ..scope } } else { scope };
            scopes.iter().position(|known| *known == scope).unwrap_or_else(|| {
                scopes.push(scope);
                scopes.len() - 1
            })
        };
        for number in 1..=scenario.faults.len() {
            add(Scope { window: Window::During(number), client: None });
            add(Scope { window: Window::After(number), client: None });
        }
        for load in &scenario.load {
            add(Scope { window: Window::Whole, client: Some(load.name.to_string()) });
        }
        let expected = scenario.expect.iter().map(|expectation| add(expectation.scope.clone())).collect();
        let counted: Vec<Counted> = scopes
            .into_iter()
            .map(|scope| Counted {
                load: scope.client.as_ref().and_then(|client| scenario.load.iter().position(|load| load.name == client.as_str())),
                window: between(scope.window, scenario),
                own: scope.client.is_some().then(|| Statistics::new(cast)),
                scope,
            })
            .collect();
        let width = scenario.duration.div_f64(f64::from(BUCKETS)).max(Duration::from_secs(1));
        let width = Duration::from_secs(width.as_secs_f64().ceil() as u64);
        let count = scenario.duration.as_nanos().div_ceil(width.as_nanos().max(1)).clamp(1, 4096);
        let bucket = || {
            let none = vec![0; cast.backends.len()];
            let bucket = Bucket { served_by: none.clone(), tokens: none.clone(), throttled: none, ..Bucket::default() };
            (bucket, histogram(2))
        };
        let segments = Segments::new(counted.iter().filter(|counted| counted.own.is_none()).filter_map(|counted| counted.window), cast);
        Self {
            counted,
            segments,
            expected,
            alone,
            cast: cast.clone(),
            width,
            buckets: (0..count).map(|_| bucket()).collect(),
            outside,
            faults: vec![FaultStory::default(); scenario.faults.len()],
            offenders: vec![None; scenario.expect.len()],
            failed: Vec::new(),
            slowest: Vec::new(),
            keep,
        }
    }

    /// Counts a request.
    pub fn ended(&mut self, ended: &Ended, expectations: &[Expectation]) {
        self.segments.add(ended, &self.outside);
        for counted in &mut self.counted {
            if counted.own.is_some()
                && counted.concerns(ended.load, ended.at)
                && let Some(own) = &mut counted.own
            {
                own.add(ended, &self.outside);
            }
        }
        let place = (ended.at.as_nanos() / self.width.as_nanos().max(1)) as usize;
        if let Some((bucket, latencies)) = self.buckets.get_mut(place) {
            bucket.sent += 1;
            if ended.good {
                bucket.good += 1;
                latencies.saturating_record(micros(ended.latency()) / 100);
                if let Some(served) = ended.served_by.and_then(|backend| bucket.served_by.get_mut(backend)) {
                    *served += 1;
                }
            }
            for call in &ended.calls {
                if let Some(tokens) = call.backend.and_then(|backend| bucket.tokens.get_mut(backend)) {
                    *tokens += call.tokens;
                }
                if let Some(throttled) = call.backend.and_then(|backend| bucket.throttled.get_mut(backend)) {
                    *throttled += u64::from(call.throttled);
                }
            }
        }
        for (place, expectation) in expectations.iter().enumerate() {
            let Some(offender) = self.offenders.get_mut(place).filter(|offender| offender.is_none()) else { continue };
            let scope = self.expected.get(place).and_then(|scope| self.counted.get(*scope));
            let concerned = scope.is_some_and(|counted| counted.concerns(ended.load, ended.at));
            if concerned && super::judge::speaks_against(expectation, ended, &self.outside) {
                *offender = Some(ended.number);
            }
        }
        if !ended.good && self.failed.len() < self.keep.failed {
            self.failed.push(ended.number);
        }
        if self.keep.slowest > 0 {
            let latency = ended.latency();
            let place = self.slowest.partition_point(|(other, _)| *other >= latency);
            if place < self.keep.slowest {
                self.slowest.insert(place, (latency, ended.number));
                self.slowest.truncate(self.keep.slowest);
            }
        }
    }

    /// Whether the story of a request that has just been counted may be told in the end.
    pub fn wants(&self, number: u64) -> bool {
        self.offenders.contains(&Some(number)) || self.failed.contains(&number) || self.slowest.iter().any(|(_, own)| *own == number)
    }

    /// The first good answers from elsewhere after a fault began, and of its target after it ended.
    pub fn turning_points(&mut self, ended: &Ended, scenario: &Scenario, world: &World) {
        if !ended.good {
            return;
        }
        for (place, fault) in scenario.faults.iter().enumerate() {
            let Some(story) = self.faults.get_mut(place) else { continue };
            if story.failover_time.is_some() && story.return_time.is_some() {
                continue;
            }
            let hit = came_from(world, &fault.target, ended.served_by, ended.gateways.last().copied());
            if story.failover_time.is_none() && ended.at >= fault.at && ended.at < fault.end() && !hit {
                story.failover_time = Some(ended.end.saturating_sub(fault.at));
            }
            if story.return_time.is_none() && ended.at >= fault.end() && hit {
                story.return_time = Some(ended.end.saturating_sub(fault.end()));
            }
        }
    }

    /// Counts a request that is under way at the end.
    pub fn unfinished(&mut self, load: usize, at: Duration) {
        self.segments.unfinished(at);
        for counted in self.counted.iter_mut().filter(|counted| counted.concerns(load, at)) {
            if let Some(own) = &mut counted.own {
                own.unfinished += 1;
            }
        }
    }

    /// The numbers of a scope.
    pub fn statistics(&self, scope: &Scope) -> Option<Statistics> {
        let is_it = |counted: &&Counted| counted.scope.window == scope.window && (self.alone || counted.scope.client == scope.client);
        let counted = self.counted.iter().find(is_it)?;
        Some(counted.own.clone().unwrap_or_else(|| self.segments.sum(counted.window, &self.cast)))
    }

    /// The numbers over time.
    pub fn timeline(&self) -> Timeline {
        let buckets = self.buckets.iter().map(|(bucket, latencies)| {
            let quantile = |quantile| if latencies.is_empty() { 0 } else { latencies.value_at_quantile(quantile) * 100 };
            Bucket { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), ..bucket.clone() }
        });
        Timeline { width: self.width, buckets: buckets.collect() }
    }
}

/// Whether an answer came from what a fault holds for.
fn came_from(world: &World, target: &Target, served_by: Option<usize>, gateway: Option<usize>) -> bool {
    let backend = served_by.and_then(|place| world.resources.get(place));
    let gateway = gateway.and_then(|place| world.gateways.get(place)).map(|(region, _)| region.name);
    let in_region = |name: &str| backend.is_some_and(|(region, _)| region.name == name) || gateway == Some(name);
    match target {
        Target::Backend(id) => backend.is_some_and(|(_, config)| config.id == *id),
        Target::Deployment { backend: id, .. } => backend.is_some_and(|(_, config)| config.id == *id),
        Target::Region(name) => in_region(name),
        Target::Gateway(name) => gateway == Some(name.as_str()),
        Target::Link { .. } => false,
    }
}

/// The stretch of time that a window means.
pub(crate) fn between(window: Window, scenario: &Scenario) -> Option<(Duration, Duration)> {
    let fault = |number: usize| number.checked_sub(1).and_then(|place| scenario.faults.get(place));
    match window {
        Window::Whole => None,
        Window::During(number) => Some(fault(number).map_or((Duration::MAX, Duration::MAX), |fault| (fault.at, fault.end()))),
        Window::After(number) => Some((fault(number).map_or(Duration::MAX, crate::scenario::TimedFault::end), Duration::MAX)),
        Window::Between(from, to) => Some((from, to)),
    }
}

impl Statistics {
    pub(crate) fn new(cast: &Cast) -> Self {
        let none = vec![0; cast.backends.len()];
        Self {
            sent: 0,
            good: 0,
            unfinished: 0,
            statuses: BTreeMap::new(),
            errors: BTreeMap::new(),
            latency: histogram(3),
            first_token: histogram(3),
            attempts: histogram(3),
            served_by: none.clone(),
            calls: none.clone(),
            throttled: none.clone(),
            tokens: none,
            gateways: vec![0; cast.gateways.len()],
            failovers: 0,
            tokens_wasted: 0,
            client_retries: 0,
            throttled_with_capacity: 0,
            outside_boundary: 0,
            blocked: BTreeMap::new(),
        }
    }

    /// Adds the numbers of another scope of the same world.
    pub(super) fn merge(&mut self, other: &Self) {
        let Self {
            sent,
            good,
            unfinished,
            statuses,
            errors,
            latency,
            first_token,
            attempts,
            served_by,
            calls,
            throttled,
            tokens,
            gateways,
            failovers,
            tokens_wasted,
            client_retries,
            throttled_with_capacity,
            outside_boundary,
            blocked,
        } = self;
        let sums = [
            (sent, other.sent),
            (good, other.good),
            (unfinished, other.unfinished),
            (failovers, other.failovers),
            (tokens_wasted, other.tokens_wasted),
            (client_retries, other.client_retries),
            (throttled_with_capacity, other.throttled_with_capacity),
            (outside_boundary, other.outside_boundary),
        ];
        sums.into_iter().for_each(|(own, other)| *own += other);
        let lists = [
            (served_by, &other.served_by),
            (calls, &other.calls),
            (throttled, &other.throttled),
            (tokens, &other.tokens),
            (gateways, &other.gateways),
        ];
        lists.into_iter().flat_map(|(own, other)| own.iter_mut().zip(other)).for_each(|(own, other)| *own += other);
        other.statuses.iter().for_each(|(status, count)| *statuses.entry(*status).or_default() += count);
        other.errors.iter().for_each(|(error, count)| *errors.entry(error).or_default() += count);
        other.blocked.iter().for_each(|(rule, count)| *blocked.entry(rule.clone()).or_default() += count);
        for (own, other) in [(latency, &other.latency), (first_token, &other.first_token), (attempts, &other.attempts)] {
            // Both have the same bounds, and the sum fits where each request was counted.
            let _ = own.add(other);
        }
    }

    pub(super) fn add(&mut self, ended: &Ended, outside: &[bool]) {
        self.sent += 1;
        if let Some(status) = ended.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(error) = ended.error {
            *self.errors.entry(error).or_default() += 1;
        }
        self.attempts.saturating_record(ended.attempts);
        for call in &ended.calls {
            let Some(backend) = call.backend else { continue };
            let add = |numbers: &mut Vec<u64>, number: u64| {
                if let Some(own) = numbers.get_mut(backend) {
                    *own += number;
                }
            };
            add(&mut self.calls, 1);
            add(&mut self.throttled, u64::from(call.throttled));
            self.outside_boundary += u64::from(outside.get(backend).copied().unwrap_or(false));
        }
        if ended.good {
            self.good += 1;
            self.latency.saturating_record(micros(ended.latency()));
            if let Some(first) = ended.first_token {
                self.first_token.saturating_record(micros(first));
            }
            self.failovers += u64::from(ended.attempts > 1);
            if let (Some(backend), Some(call)) = (ended.served_by, ended.served())
                && let Some(tokens) = self.tokens.get_mut(backend)
            {
                *tokens += call.tokens;
            }
            if let Some(served) = ended.served_by.and_then(|backend| self.served_by.get_mut(backend)) {
                *served += 1;
            }
        }
        self.tokens_wasted += ended.wasted();
        for gateway in &ended.gateways {
            if let Some(taken) = self.gateways.get_mut(*gateway) {
                *taken += 1;
            }
        }
        self.client_retries += ended.retries;
        self.throttled_with_capacity += ended.throttled_with_capacity;
        if let Some(rule) = &ended.blocked {
            *self.blocked.entry(rule.clone()).or_default() += 1;
        }
    }
}

/// Values up to an hour in microseconds, with so many significant digits.
fn histogram<C: hdrhistogram::Counter>(digits: u8) -> Histogram<C> {
    // The bounds are constants that the library takes.
    Histogram::new_with_bounds(1, 3_600_000_000, digits).unwrap_or_else(|_| unlimited(digits))
}

fn unlimited<C: hdrhistogram::Counter>(digits: u8) -> Histogram<C> {
    // The same without bounds: for digits up to 5 this cannot fail, and more are never asked for.
    match Histogram::new(digits.min(5)) {
        Ok(histogram) => histogram,
        Err(_) => unlimited(3),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
