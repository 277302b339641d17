//! A run: the loop over events, and what each of them does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use super::{
    agenda::Agenda,
    arrivals::Source,
    chance::Stream,
    edges::{Edge, Probed, edges},
    exchange::Site,
    journey::{Journey, Pending, Seen, Telling},
    network::Network,
    outcome::Cast,
    requests::Requests,
    tally::{Ended, Keep, Tally},
    world::World,
};
use crate::{
    azure::{
        front_door::{Client, OriginId},
        network::edge_round_trip,
    },
    environment::Moment,
    gateway::{
        Gateway, Instance,
        effect::{FailureKind, OperationId},
    },
    scenario::{Arrivals, Scenario, Via},
    text::Text,
};

/// When scenarios begin: 2026-01-01T00:00:00Z, a midnight.
pub(super) const BEGINNING: Moment = Moment(1_767_225_600_000_000_000);

/// Names a sending: where it sits, and its turn there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    pub seat: u32,
    pub turn: u32,
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A load's next request begins.
    Begin(usize),
    /// A user of a closed load asks again.
    Ask(usize),
    /// A request reaches the edge.
    Arrive(Ticket),
    /// An origin gave the edge no answer.
    Bounce(Ticket, FailureKind),
    /// An edge waits no longer for an origin's first byte.
    EdgeTimeout(Ticket),
    /// An edge probes its origins.
    Probe(usize),
    /// A probe has ended.
    Probed(usize, OriginId, Probed),
    /// A request reaches its gateway.
    Enter(Ticket),
    /// A call reaches its resource.
    Reach(Ticket, OperationId),
    /// What a machine waits for is there.
    Settle(Ticket, OperationId),
    /// The last of an answer has passed the gateway.
    Passed(Ticket),
    /// The client has all that it will get.
    Close(Ticket),
    /// The client waits no longer.
    GiveUp(Ticket),
    /// The client sends again.
    Again(Ticket),
    /// A fault begins or ends.
    Fault(usize, bool),
}

/// A world in motion.
pub(super) struct Simulation<'a> {
    pub scenario: &'a Scenario,
    pub world: &'a World,
    pub network: &'a Network,
    pub cast: &'a Cast,
    pub now: Moment,
    end: Moment,
    pub agenda: Agenda<Step>,
    /// The gateways of this run, with nothing cached, counted or left alone.
    pub gateways: Vec<Arc<Gateway>>,
    /// The same as probes meet them: what they run is no coverage.
    pub probed: Vec<Arc<Gateway>>,
    pub site: Site,
    /// The edge sites of Front Door, and by load the one that its clients meet.
    pub edges: Vec<Edge>,
    pub doors: Vec<Option<(usize, Client)>>,
    /// Chance of gateways and clients.
    pub machines: Stream,
    pub clients: Stream,
    sources: Vec<Source>,
    /// What comes next of each open load.
    coming: Vec<Option<crate::scenario::Recorded>>,
    kinds: Stream,
    requests: Vec<Requests>,
    pub seats: Vec<Option<Box<Journey>>>,
    free: Vec<u32>,
    turns: u32,
    begun: u64,
    pub tally: Tally,
    /// Requests whose stories are told, in order; empty for none.
    told: &'a [u64],
    pub stories: Vec<super::outcome::Story>,
}

impl<'a> Simulation<'a> {
    /// A run of `scenario` in `world` that has not begun. The requests `told` are traced.
    pub fn new(
        scenario: &'a Scenario,
        world: &'a World,
        network: &'a Network,
        cast: &'a Cast,
        seed: u64,
        keep: Keep,
        told: &'a [u64],
    ) -> Self {
        let gateways = world.gateways.iter().map(|(_, gateway)| {
            let mut fresh = Gateway::clone(gateway);
            fresh.instance = Arc::new(Instance::default());
            // What a report tells of runs a second time, and is counted once.
            fresh.is_counted = told.is_empty();
            fresh.remembering()
        });
        let gateways: Vec<Arc<Gateway>> = gateways.collect();
        let uncounted = |gateway: &Arc<Gateway>| {
            let mut uncounted = Gateway::clone(gateway);
            uncounted.is_counted = false;
            Arc::new(uncounted)
        };
        let probed = gateways.iter().map(uncounted).collect();
        let outside = world.resources.iter().map(|(region, _)| !world.data_boundary.contains(*region)).collect();
        let sources =
            scenario.load.iter().enumerate().map(|(place, load)| Source::new(load, Stream::new(seed, "arrivals", place))).collect();
        let (edges, doors) = edges(world, &scenario.load, seed);
        let mut simulation = Self {
            scenario,
            world,
            network,
            cast,
            now: BEGINNING,
            end: BEGINNING.after(scenario.duration),
            agenda: Agenda::new(),
            gateways,
            probed,
            site: Site::new(world, seed),
            edges,
            doors,
            machines: Stream::new(seed, "machines", 0),
            clients: Stream::new(seed, "clients", 0),
            sources,
            coming: vec![None; scenario.load.len()],
            kinds: Stream::new(seed, "requests", 0),
            requests: scenario.load.iter().map(|load| Requests::new(load, world)).collect(),
            seats: Vec::new(),
            free: Vec::new(),
            turns: 0,
            begun: 0,
            tally: Tally::new(scenario, cast, outside, keep),
            told,
            stories: Vec::new(),
        };
        for (place, fault) in scenario.faults.iter().enumerate() {
            simulation.agenda.add(BEGINNING.after(fault.at), Step::Fault(place, true));
            if fault.lasts.is_some() {
                simulation.agenda.add(BEGINNING.after(fault.end()), Step::Fault(place, false));
            }
        }
        for place in 0..simulation.edges.len() {
            if let Some(at) = simulation.edges.get(place).and_then(Edge::next_probe) {
                simulation.agenda.add(at, Step::Probe(place));
            }
        }
        for load in 0..scenario.load.len() {
            simulation.schedule(load);
        }
        simulation
    }

    /// Runs to the end, or until all that is to be told has been.
    pub fn run(&mut self, progress: &AtomicU32) {
        let thousandth = (self.scenario.duration / 1000).max(Duration::from_nanos(1));
        let mut told = BEGINNING;
        while let Some((at, step)) = self.agenda.next() {
            if at >= self.end {
                break;
            }
            if at.since(told) >= thousandth {
                told = at;
                progress.store((at.since(BEGINNING).as_nanos() / thousandth.as_nanos()) as u32, Ordering::Relaxed);
            }
            debug_assert!(at >= self.now, "time goes on");
            self.now = at;
            self.step(step);
            if !self.told.is_empty() && self.stories.len() == self.told.len() {
                return;
            }
        }
        self.now = self.end;
        for journey in self.seats.iter().flatten().filter(|journey| journey.turn != LEFT) {
            self.tally.unfinished(journey.load, journey.first.since(BEGINNING));
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Begin(load) => {
                let recorded = self.coming.get_mut(load).and_then(Option::take);
                self.begin(load, recorded.as_ref(), false);
                self.schedule(load);
            }
            Step::Ask(load) => self.begin(load, None, true),
            Step::Arrive(ticket) => self.with(ticket, |simulation, journey| simulation.arrive(ticket, journey)),
            Step::Bounce(ticket, kind) => self.with(ticket, |simulation, journey| simulation.bounce(ticket, journey, kind)),
            Step::EdgeTimeout(ticket) => self.with(ticket, |simulation, journey| {
                if journey.crossing.as_ref().is_some_and(|crossing| crossing.deadline <= simulation.now) {
                    simulation.bounce(ticket, journey, FailureKind::Timeout);
                }
            }),
            Step::Probe(edge) => self.probe(edge),
            Step::Probed(edge, origin, outcome) => self.probed(edge, origin, outcome),
            Step::Enter(ticket) => self.with(ticket, |simulation, journey| simulation.enter(ticket, journey)),
            Step::Reach(ticket, operation) => self.with(ticket, |simulation, journey| simulation.reach(ticket, journey, operation)),
            Step::Settle(ticket, operation) => self.with(ticket, |simulation, journey| simulation.settle(ticket, journey, operation)),
            Step::Passed(ticket) => self.with(ticket, |simulation, journey| simulation.passed(journey)),
            Step::GiveUp(ticket) => self.with(ticket, |simulation, journey| {
                if journey.deadline > simulation.now {
                    return;
                }
                journey.seen = Seen { error: Some("timeout"), ..Seen::default() };
                simulation.passed(journey);
                simulation.close(ticket, journey);
            }),
            Step::Close(ticket) => self.with(ticket, |simulation, journey| simulation.close(ticket, journey)),
            Step::Again(ticket) => self.with(ticket, |simulation, journey| simulation.send(ticket, journey)),
            Step::Fault(place, begins) => self.fault(place, begins),
        }
    }

    /// Lends a journey out of its seat, where it still has its turn.
    fn with(&mut self, ticket: Ticket, act: impl FnOnce(&mut Self, &mut Journey)) {
        let Some(seat) = self.seats.get_mut(ticket.seat as usize) else { return };
        let Some(mut journey) = seat.take_if(|journey| journey.turn == ticket.turn) else { return };
        act(self, &mut journey);
        if let Some(seat) = self.seats.get_mut(ticket.seat as usize) {
            *seat = Some(journey);
        }
    }

    fn schedule(&mut self, load: usize) {
        let (Some(described), Some(source)) = (self.scenario.load.get(load), self.sources.get_mut(load)) else { return };
        if let Some((at, recorded)) = source.next(described) {
            if let Some(coming) = self.coming.get_mut(load) {
                *coming = recorded.cloned();
            }
            self.agenda.add(BEGINNING.after(at), Step::Begin(load));
        }
    }

    /// A request is sent for the first time.
    fn begin(&mut self, load: usize, recorded: Option<&crate::scenario::Recorded>, again: bool) {
        let Some(described) = self.scenario.load.get(load) else { return };
        let Some(prepared) = self.requests.get_mut(load).and_then(|requests| requests.prepare(described, recorded, &mut self.kinds)) else {
            return;
        };
        let number = self.begun;
        self.begun += 1;
        let seat = self.free.pop().unwrap_or_else(|| {
            self.seats.push(None);
            u32::try_from(self.seats.len() - 1).unwrap_or(u32::MAX)
        });
        // Who sat here before has left the room for lists.
        let mut journey = self.seats.get_mut(seat as usize).and_then(Option::take).unwrap_or_default();
        journey.begin(number, load, prepared, self.now);
        journey.user = again || matches!(described.arrivals, Arrivals::Users { .. });
        journey.story = self.told.binary_search(&number).is_ok().then(Box::<Telling>::default);
        let ticket = Ticket { seat, turn: 0 };
        self.send(ticket, &mut journey);
        if let Some(seat) = self.seats.get_mut(seat as usize) {
            *seat = Some(journey);
        }
    }

    /// A client sends its request, for the first time or again.
    fn send(&mut self, ticket: Ticket, journey: &mut Journey) {
        journey.turn = self.turn();
        let ticket = Ticket { turn: journey.turn, ..ticket };
        let Some(load) = self.scenario.load.get(journey.load) else { return };
        journey.sent = self.now;
        journey.deadline = self.now.after(load.client.timeout);
        journey.gives_up = false;
        journey.seen = Seen::default();
        journey.disturbed = Default::default();
        journey.touched = false;
        journey.calls_before = journey.calls.len();
        journey.gateways_before = journey.gateways.len();
        journey.crossing = None;
        journey.gateway = None;
        if self.doors.get(journey.load).is_some_and(Option::is_some) {
            return self.later(ticket, journey, edge_round_trip() / 2, Step::Arrive(ticket));
        }
        journey.gateway = match load.via {
            Via::Gateway(region) => self.world.gateways.iter().position(|(own, _)| *own == region),
            Via::Nearest => self.network.nearest(journey.load),
        };
        match journey.gateway {
            Some(gateway) => {
                let way = self.network.to_gateway(journey.load, gateway);
                self.later(ticket, journey, way, Step::Enter(ticket));
            }
            None => {
                journey.seen.error = Some("dns-failure");
                self.agenda.add(self.now, Step::Close(ticket));
            }
        }
    }

    /// A turn that nobody has had.
    fn turn(&mut self) -> u32 {
        self.turns = self.turns.wrapping_add(1) % LEFT;
        self.turns
    }

    /// Writes down what happens to a journey after a while, and before it that its client gives up, where that comes first.
    pub fn later(&mut self, ticket: Ticket, journey: &mut Journey, wait: Duration, step: Step) {
        self.at(ticket, journey, self.now.after(wait), step);
    }

    /// The same at a moment.
    pub fn at(&mut self, ticket: Ticket, journey: &mut Journey, at: Moment, step: Step) {
        // What a party could have known before this moment it knows now.
        let at = at.max(self.now);
        if at > journey.deadline && !journey.gives_up {
            journey.gives_up = true;
            self.agenda.add(journey.deadline.max(self.now), Step::GiveUp(ticket));
        }
        if let Some(crossing) = &mut journey.crossing
            && at > crossing.deadline
            && !crossing.times_out
        {
            crossing.times_out = true;
            self.agenda.add(crossing.deadline.max(self.now), Step::EdgeTimeout(ticket));
        }
        self.agenda.add(at, step);
    }

    /// Writes down when the machine of a journey will be told of an event.
    pub fn settle_at(&mut self, ticket: Ticket, journey: &mut Journey, at: Moment, event: crate::gateway::effect::Event) {
        let operation = event.operation();
        journey.pending.push((operation, Pending::Settled(event)));
        self.at(ticket, journey, at, Step::Settle(ticket, operation));
    }

    /// A sending is over for its client: it sends again, or has its answer.
    fn close(&mut self, ticket: Ticket, journey: &mut Journey) {
        let Some(load) = self.scenario.load.get(journey.load) else { return };
        self.told_try(journey);
        journey.leave_gateway();
        journey.pending.clear();
        journey.held.clear();
        journey.watch = None;
        if journey.seen.status == Some(429) && self.site.has_room(self.world, &journey.model, journey.estimate, self.now) {
            journey.throttled_with_capacity += 1;
        }
        if super::sdk::tries_again(&journey.seen, journey.streaming) && journey.retries < load.client.retries {
            let wait = super::sdk::pause(&journey.seen, journey.streaming, journey.retries, &mut self.clients);
            journey.retries += 1;
            // What still happens to the sending that is over concerns nobody any more.
            journey.turn = self.turn();
            journey.crossing = None;
            self.agenda.add(self.now.after(wait), Step::Again(Ticket { turn: journey.turn, ..ticket }));
            return;
        }
        self.end(ticket, journey);
    }

    /// A request has come to its end.
    fn end(&mut self, ticket: Ticket, journey: &mut Journey) {
        let served_by = journey.seen.served_by.as_ref().and_then(|id| self.cast.backends.iter().position(|(own, _)| own == id));
        let ended = Ended {
            number: journey.number,
            load: journey.load,
            at: journey.first.since(BEGINNING),
            end: self.now.since(BEGINNING),
            status: journey.seen.status,
            error: journey.seen.error,
            good: super::sdk::is_good(&journey.seen, journey.touched),
            served_by,
            first_token: journey.seen.first_byte.map(|at| at.since(journey.first)),
            attempts: (journey.calls.len() - journey.calls_before.min(journey.calls.len())) as u64,
            calls: std::mem::take(&mut journey.calls),
            gateways: std::mem::take(&mut journey.gateways),
            retries: u64::from(journey.retries),
            throttled_with_capacity: journey.throttled_with_capacity,
            blocked: journey.seen.blocked.take(),
        };
        self.tally.ended(&ended, &self.scenario.expect);
        self.tally.turning_points(&ended, self.scenario, self.world);
        self.tell(journey, &ended);
        (journey.calls, journey.gateways) = (ended.calls, ended.gateways);
        if let (true, Some(Arrivals::Users { think, .. })) = (journey.user, self.scenario.load.get(journey.load).map(|load| &load.arrivals))
            && let Some(source) = self.sources.get_mut(journey.load)
        {
            let wait = source.think(*think);
            let at = self.now.after(wait);
            if self.scenario.load.get(journey.load).is_some_and(|load| at < BEGINNING.after(load.end)) {
                self.agenda.add(at, Step::Ask(journey.load));
            }
        }
        journey.turn = LEFT;
        self.free.push(ticket.seat);
    }

    fn fault(&mut self, place: usize, begins: bool) {
        let Some(fault) = self.scenario.faults.get(place) else { return };
        self.site.fault(fault, begins);
    }

    /// The names of those who take part.
    pub fn backend(&self, place: usize) -> Text {
        self.cast.backends.get(place).map_or(Text::EMPTY, |(id, _)| id.clone())
    }
}

/// The turn of a journey that has left its seat.
const LEFT: u32 = u32::MAX;
