//! A scenario's load over real sockets in real time: its arrivals, its mix, its clients with their retries, its faults on the timeline.
//!
//! What clients send and how what they saw is judged is that of simulated time (`traffic`). What differs: the way between regions takes no
//! time here, and what is not seen from outside a gateway is not counted: tokens by request, and whether another backend had room. A load without a
//! gateway of its own enters by Front Door, where there is one, at the edge site of its clients' region.

mod client;
mod records;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{task::JoinSet, time::Instant};

pub(super) use client::NUMBER;
pub use records::Records;
use records::Written;

use super::{Attempt, Outcome, RequestRecord, Running, UnknownTarget, clock, gateway};
use crate::{
    azure::{faults::FaultCommand, network::round_trip, openai::build_tokenizers},
    environment::Moment,
    scenario::{Arrivals, Load, Metric, Recorded, Scenario, Via},
    text::Text,
    traffic::{
        Call, Cast, Keep, Run, Story, Try,
        arrivals::Source,
        chance::Stream,
        conclusion::Conclusion,
        judge::Circuits,
        requests::{Prepared, Requests, client_address},
        sdk,
        seen::Seen,
        tally::{Called, Ended, Tally},
    },
    world::World,
};
use client::{Entrance, Sending};

/// What is driven.
#[derive(Clone)]
pub struct Driven {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The world that the simulation was started with.
    pub world: World,
    /// Where everything random begins.
    pub seed: u64,
    /// The requests whose stories are kept.
    pub keep: Keep,
}

/// Whether a metric can be measured in real time.
pub fn is_measurable(metric: &Metric) -> bool {
    !matches!(metric, Metric::TokensUsed | Metric::TokensWasted | Metric::ThrottledWithCapacity)
}

/// Drives a scenario from its beginning to its end. `records` stands before the simulation's sink of events.
///
/// # Errors
/// A fault holds for something that is not simulated; nothing has been sent then.
pub async fn drive(running: &Running, records: &Arc<Records>, driven: &Driven) -> Result<Run, UnknownTarget> {
    let Driven { scenario, world, seed, keep } = driven;
    for fault in &scenario.faults {
        running.check_target(&fault.target)?;
    }
    let models: Vec<String> = world.resources.iter().flat_map(|(_, resource)| resource.deployments.models()).map(str::to_owned).collect();
    // On a slow machine it takes a second, in which nothing would be sent.
    let _ = tokio::task::spawn_blocking(move || build_tokenizers(models.iter().map(String::as_str))).await;
    let cast = Cast::of(world);
    let outside = world.resources.iter().map(|(region, _)| !world.data_boundary.contains(*region)).collect();
    let play = Arc::new(Play {
        scenario: scenario.clone(),
        entrances: entrances(running, scenario, world),
        world: world.clone(),
        records: records.clone(),
        cast,
        began: Instant::now(),
        began_at: clock::now(),
        seed: *seed,
        book: Mutex::new(Book {
            tally: Tally::new(scenario, &Cast::of(world), outside, *keep),
            under_way: HashMap::new(),
            requests: scenario.load.iter().map(|load| Requests::new(load, world)).collect(),
            kinds: Stream::new(*seed, "requests", 0),
            begun: 0,
            stories: HashMap::new(),
            faulty: 0,
        }),
    });
    let mut tasks = JoinSet::new();
    for place in 0..scenario.load.len() {
        tasks.spawn(play.clone().load(place));
    }
    let all = async {
        let faults = play.faults(running);
        tokio::join!(faults, tokio::time::sleep_until(play.began + scenario.duration));
    };
    all.await;
    tasks.shutdown().await;
    running.clear_faults().await;
    let mut book = play.book();
    let under_way: Vec<_> = book.under_way.drain().map(|(_, under_way)| under_way).collect();
    for (load, at) in under_way {
        book.tally.unfinished(load, at);
    }
    let circuits = circuits(running, &play.cast);
    let tally = std::mem::replace(&mut book.tally, Tally::new(scenario, &play.cast, Vec::new(), Keep::default()));
    let conclusion = Conclusion::new(scenario, tally, play.cast.clone(), &circuits);
    let stories: Vec<Story> = conclusion.worth_telling().iter().filter_map(|number| book.stories.remove(number)).collect();
    Ok(conclusion.told(scenario, *seed, world.objective, &stories))
}

/// Where the clients of each load send.
fn entrances(running: &Running, scenario: &Scenario, world: &World) -> Vec<Option<Entrance>> {
    let gateways: HashMap<Text, SocketAddr> = running.gateways().into_iter().collect();
    let front_door = running.front_door();
    let by_front_door = scenario.load.iter().filter(|load| load.via == Via::Nearest);
    running.expect_clients(by_front_door.map(|load| load.from));
    let entrance = |(place, load): (usize, &Load)| {
        let region = match (load.via, front_door) {
            (Via::Nearest, Some(address)) => return Some(Entrance::front_door(address, load.from, client_address(place))),
            (Via::Gateway(region), _) => Some(region),
            (Via::Nearest, None) => world.gateways.iter().map(|(region, _)| *region).min_by_key(|region| round_trip(load.from, *region)),
        };
        gateways.get(region?.name).map(|address| Entrance::gateway(*address))
    };
    scenario.load.iter().enumerate().map(entrance).collect()
}

/// The circuits of all gateways.
fn circuits(running: &Running, cast: &Cast) -> Circuits {
    let mut circuits = Circuits::default();
    for (id, _) in &cast.backends {
        let (trips, open) = running.circuit(id);
        circuits.trips.push(trips);
        circuits.open.push(open);
    }
    circuits
}

/// A scenario that is being played.
struct Play {
    scenario: Arc<Scenario>,
    world: World,
    entrances: Vec<Option<Entrance>>,
    records: Arc<Records>,
    cast: Cast,
    began: Instant,
    began_at: Moment,
    seed: u64,
    book: Mutex<Book>,
}

/// What is counted meanwhile.
struct Book {
    tally: Tally,
    /// By number: the load and when the request was first sent.
    under_way: HashMap<u64, (usize, Duration)>,
    requests: Vec<Requests>,
    kinds: Stream,
    begun: u64,
    /// Stories that may be worth telling.
    stories: HashMap<u64, Story>,
    /// Faults that hold.
    faulty: usize,
}

/// A request on its way.
struct Journey {
    number: u64,
    load: usize,
    at: Duration,
    prepared: Prepared,
}

/// Stories that are kept before it is known which are wanted.
const STORIES: usize = 4096;

impl Play {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Sets the faults when their time comes; the simulation takes them away.
    async fn faults(&self, running: &Running) {
        let mut faults: Vec<_> = self.scenario.faults.iter().collect();
        faults.sort_by_key(|fault| fault.at);
        let mut ends = Vec::new();
        for fault in faults {
            tokio::time::sleep_until(self.began + fault.at).await;
            let now = self.now();
            ends.retain(|end| *end > now);
            ends.push(fault.end());
            self.book().faulty = ends.len();
            let command = FaultCommand { target: fault.target.clone(), fault: Some(fault.fault.clone()), lasting: fault.lasts };
            // That there is such a target was seen at the beginning.
            let _ = running.set_fault(command).await;
        }
    }

    /// The requests of one load.
    async fn load(self: Arc<Self>, place: usize) {
        let Some(load) = self.scenario.load.get(place) else { return };
        let mut source = Source::new(load, Stream::new(self.seed, "arrivals", place));
        let mut under_way = JoinSet::new();
        let mut user = 0;
        while let Some((at, recorded)) = source.next(load) {
            tokio::time::sleep_until(self.began + at).await;
            while under_way.try_join_next().is_some() {}
            if let Arrivals::Users { think, .. } = load.arrivals {
                under_way.spawn(self.clone().user(place, user, think));
                user += 1;
            } else if let Some(journey) = self.begin(place, recorded) {
                let play = self.clone();
                under_way.spawn(async move { play.travel(journey).await });
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// A user who waits for the answer, thinks, and asks again.
    async fn user(self: Arc<Self>, place: usize, user: usize, think: Duration) {
        let Some(load) = self.scenario.load.get(place) else { return };
        let mut pauses = Source::new(load, Stream::new(self.seed, "users", (place << 20) | user));
        while self.now() < load.end {
            let Some(journey) = self.begin(place, None) else { return };
            self.travel(journey).await;
            tokio::time::sleep(pauses.think(think)).await;
        }
    }

    fn begin(&self, place: usize, recorded: Option<&Recorded>) -> Option<Journey> {
        let load = self.scenario.load.get(place)?;
        let at = self.now();
        let book = &mut *self.book();
        let prepared = book.requests.get_mut(place)?.prepare(load, recorded, &mut book.kinds)?;
        let number = book.begun;
        book.begun += 1;
        book.under_way.insert(number, (place, at));
        Some(Journey { number, load: place, at, prepared })
    }

    /// A request with all its sendings.
    async fn travel(&self, journey: Journey) {
        let Some(load) = self.scenario.load.get(journey.load) else { return };
        let mut chance = Stream::new(self.seed, "clients", usize::try_from(journey.number).unwrap_or(0));
        let mut met = Met::default();
        let mut retries = 0;
        loop {
            let began = self.now();
            let faulty_before = self.book().faulty > 0;
            let (seen, written, over) = self.send(&journey, retries, load.client.timeout).await;
            met.touched = faulty_before || self.book().faulty > 0;
            met.add(&seen, &written, began, over, &self.cast);
            if sdk::tries_again(&seen, journey.prepared.streaming) && retries < load.client.retries {
                tokio::time::sleep(sdk::pause(&seen, journey.prepared.streaming, retries, &mut chance)).await;
                retries += 1;
                continue;
            }
            return self.end(journey, seen, met, over, u64::from(retries));
        }
    }

    /// Sends once: what the client has seen, what was written down of it, and when it was over for the client.
    async fn send(&self, journey: &Journey, retries: u32, timeout: Duration) -> (Seen, Written, Duration) {
        let Some(Some(entrance)) = self.entrances.get(journey.load) else {
            return (Seen { error: Some("dns-failure"), ..Seen::default() }, Written::default(), self.now());
        };
        // No client sends so often that numbers meet.
        let number = (journey.number << 8) | u64::from(retries & 0xff);
        let expected = self.records.expect(number);
        let Prepared { head, body, .. } = &journey.prepared;
        let sending = Sending { head, body, number, timeout, served_by: &self.world.served_by };
        let mut seen = entrance.send(&sending).await;
        let over = self.now();
        if seen.error == Some("connection-refused") {
            return (seen, Written::default(), over);
        }
        let written = expected.written(entrance.is_front_door()).await;
        seen.blocked = written.edge.as_ref().and_then(|edge| edge.blocked.clone());
        (seen, written, over)
    }

    fn end(&self, journey: Journey, mut seen: Seen, met: Met, end: Duration, retries: u64) {
        let good = sdk::is_good(&seen, met.touched);
        let named = seen.served_by.clone().or(met.answered);
        let served_by = named.as_ref().and_then(|id| self.cast.backends.iter().position(|(own, _)| own == id));
        let ended = Ended {
            number: journey.number,
            load: journey.load,
            at: journey.at,
            end,
            status: seen.status,
            error: seen.error,
            good,
            served_by,
            first_token: seen.first_byte.map(|at| at.since(self.began_at).saturating_sub(journey.at)),
            attempts: met.attempts,
            calls: met.calls,
            gateways: met.gateways,
            retries,
            throttled_with_capacity: 0,
            blocked: seen.blocked.take(),
        };
        let book = &mut *self.book();
        book.under_way.remove(&journey.number);
        book.tally.ended(&ended, &self.scenario.expect);
        book.tally.turning_points(&ended, &self.scenario, &self.world);
        let is_wanted = book.tally.wants(journey.number) && (book.stories.len() < STORIES);
        if is_wanted {
            let story = Story {
                number: ended.number,
                at: ended.at,
                client: self.scenario.load.get(ended.load).map(|load| load.name.clone()).unwrap_or_default(),
                model: journey.prepared.model.clone(),
                streaming: journey.prepared.streaming,
                status: ended.status,
                error: ended.error,
                good,
                served_by: named.filter(|_| served_by.is_some()),
                latency: ended.latency(),
                first_token: ended.first_token,
                tries: met.tries,
            };
            book.stories.insert(ended.number, story);
        }
    }
}

/// What the sendings of a request have met.
#[derive(Default)]
struct Met {
    calls: Vec<Called>,
    gateways: Vec<usize>,
    tries: Vec<Try>,
    /// Calls of the last sending.
    attempts: u64,
    /// Who has served, as its last gateway has it.
    answered: Option<Text>,
    touched: bool,
}

impl Met {
    fn add(&mut self, seen: &Seen, written: &Written, began: Duration, end: Duration, cast: &Cast) {
        let attempts: Vec<&Attempt> = written.gateways.iter().flat_map(|record| &record.attempts).collect();
        self.attempts = attempts.len() as u64;
        self.answered = written.gateways.last().and_then(|record| record.served_by.clone());
        self.calls.extend(attempts.iter().map(|attempt| Called {
            answered: None,
            backend: cast.backends.iter().position(|(id, _)| *id == attempt.backend),
            throttled: attempt.outcome == Outcome::Status(429),
            tokens: 0,
        }));
        // A gateway that a fault keeps silent has taken nothing, though it writes down that it was asked.
        let is_fault = |record: &RequestRecord| record.error.is_some_and(gateway::is_silence);
        let took = written.gateways.iter().filter(|record| !is_fault(record)).map(|record| &record.gateway);
        self.gateways.extend(took.filter_map(|gateway| cast.gateways.iter().position(|own| own == gateway)));
        let asked = written.edge.as_ref().and_then(|edge| edge.attempts.last()).map(|attempt| attempt.backend.clone());
        let gateway = asked.or_else(|| written.gateways.last().map(|record| record.gateway.clone()));
        let calls = attempts.into_iter().map(call).collect();
        let trace = Vec::new();
        self.tries.push(Try { at: began, gateway, status: seen.status, error: seen.error, took: end.saturating_sub(began), calls, trace });
    }
}

fn call(attempt: &Attempt) -> Call {
    let (status, error) = match attempt.outcome {
        Outcome::Status(status) => (Some(status), None),
        Outcome::Error(word) => (None, Some(word)),
    };
    Call { backend: attempt.backend.clone(), status, error, took: attempt.ms }
}
