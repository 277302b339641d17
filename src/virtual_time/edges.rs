//! Front Door in simulated time: one edge site for each region that clients are in, its probes, and the way of a request through it.

use std::{net::Ipv4Addr, time::Duration};

use bytes::Bytes;

use super::{
    chance::Stream,
    journey::{Journey, Seen},
    simulation::{BEGINNING, Simulation, Step, Ticket},
    world::World,
};
use crate::{
    azure::{
        faults::{Answering, Ending, Visit},
        front_door::{Arriving, Client, Country, EdgeAnswer, FrontDoor, FrontDoorConfig, OriginId, Passage, Recovery, probe_latency},
        network::{edge_round_trip, round_trip},
    },
    environment::Moment,
    gateway::{
        Machine,
        effect::{Arrival, ArrivingBody, Effect, Event, FailureKind},
    },
    http::{RequestHead, Url},
    scenario::{Load, Via},
    spec::Region,
    traffic::requests::client_address,
};

/// An edge site.
pub(super) struct Edge {
    region: Region,
    door: FrontDoor,
    chance: Stream,
    /// What chance gives the gateways that are probed.
    probes: Stream,
    /// By origin: the gateway that it is, and the way there.
    gateways: Vec<(usize, Duration)>,
}

/// A request's way through an edge.
pub(super) struct Crossing {
    edge: usize,
    passage: Passage,
    /// The edge's own request, until the gateway takes it.
    pub head: RequestHead,
    /// When the edge waits no longer for the first byte.
    pub deadline: Moment,
    /// Whether that stands in the agenda.
    pub times_out: bool,
}

/// How a probe ended.
pub(super) type Probed = Result<(u16, Duration), FailureKind>;

/// The edges of a world and, for each load, its edge and what it looks like there.
pub(super) fn edges(world: &World, load: &[Load], seed: u64) -> (Vec<Edge>, Vec<Option<(usize, Client)>>) {
    let Some(config) = &world.front_door else { return (Vec::new(), load.iter().map(|_| None).collect()) };
    let mut edges: Vec<Edge> = Vec::new();
    let seats = load
        .iter()
        .enumerate()
        .map(|(place, load)| {
            if load.via != Via::Nearest {
                return None;
            }
            let known = edges.iter().position(|edge| edge.region == load.from);
            let edge = match known {
                Some(edge) => edge,
                None => {
                    edges.push(Edge::new(load.from, config, world, [0, 1].map(|place| Stream::new(seed, load.from.name, place)))?);
                    edges.len() - 1
                }
            };
            let country = Country::new(load.from.country).unwrap_or_default();
            Some((edge, Client::new(client_address(place), country)))
        })
        .collect();
    (edges, seats)
}

impl Edge {
    fn new(region: Region, config: &FrontDoorConfig, world: &World, [chance, probes]: [Stream; 2]) -> Option<Self> {
        let door = FrontDoor::new(config.clone().seen_from(region), BEGINNING).ok()?;
        let way = |name: &str| {
            let place = world.gateways.iter().position(|(own, _)| own.name == name)?;
            world.gateways.get(place).map(|(own, _)| (place, round_trip(region, *own) / 2))
        };
        let gateways = config.origins.iter().map(|origin| way(&origin.region).unwrap_or((usize::MAX, Duration::ZERO))).collect();
        Some(Self { region, door, chance, probes, gateways })
    }

    /// When its next probe is due.
    pub fn next_probe(&self) -> Option<Moment> {
        self.door.next_probe()
    }

    /// A client's request, as it is sent to this edge.
    fn asked(&self, head: &RequestHead) -> RequestHead {
        let url = Url { host: self.door.config().host.clone(), ..head.url.clone() };
        RequestHead { method: head.method.clone(), url, headers: head.headers.clone() }
    }

    fn gateway(&self, origin: OriginId) -> Option<(usize, Duration)> {
        self.gateways.get(origin.0).copied()
    }
}

impl Simulation<'_> {
    /// A request reaches the edge.
    pub fn arrive(&mut self, ticket: Ticket, journey: &mut Journey) {
        let Some((place, client)) = self.doors.get(journey.load).and_then(Option::as_ref) else { return };
        let Some(edge) = self.edges.get_mut(*place) else { return };
        let mut head = edge.asked(&journey.head);
        let arriving = Arriving { request: &head, body: &journey.body, framed: true, client };
        let admission = edge.door.admit(arriving, self.now, &mut edge.chance.at(self.now));
        let mut passage = admission.passage;
        if let Some(answer) = admission.answer {
            return self.edge_answers(ticket, journey, &answer);
        }
        edge.door.forward(&passage, client, &mut head);
        let Some(origin) = edge.door.select(&mut passage) else {
            let answer = edge.door.unavailable(&passage);
            return self.edge_answers(ticket, journey, &answer);
        };
        edge.door.address(origin, &mut head);
        journey.crossing = Some(Box::new(Crossing { edge: *place, passage, head, deadline: self.now, times_out: false }));
        self.ask_origin(ticket, journey, origin);
    }

    /// The edge sends the request to an origin.
    fn ask_origin(&mut self, ticket: Ticket, journey: &mut Journey, origin: OriginId) {
        let Some(crossing) = &mut journey.crossing else { return };
        let Some(edge) = self.edges.get(crossing.edge) else { return };
        crossing.deadline = self.now.after(edge.door.origin_response_timeout());
        crossing.times_out = false;
        let Some((gateway, way)) = edge.gateway(origin) else { return };
        journey.gateway = Some(gateway);
        self.later(ticket, journey, way, Step::Enter(ticket));
    }

    /// The origin gave no answer.
    pub fn bounce(&mut self, ticket: Ticket, journey: &mut Journey, kind: FailureKind) {
        // The gateway may still be at it; nobody hears of that any more.
        journey.leave_gateway();
        journey.pending.clear();
        journey.held.clear();
        let Some(crossing) = &mut journey.crossing else { return };
        let Some(edge) = self.edges.get_mut(crossing.edge) else { return };
        match edge.door.failed(&mut crossing.passage, kind) {
            Recovery::Retry(origin) => {
                // The first origin has had it.
                if let Some((_, client)) = self.doors.get(journey.load).and_then(Option::as_ref) {
                    let mut head = edge.asked(&journey.head);
                    edge.door.forward(&crossing.passage, client, &mut head);
                    edge.door.address(origin, &mut head);
                    crossing.head = head;
                }
                self.ask_origin(ticket, journey, origin);
            }
            Recovery::Answer(answer) => self.edge_answers(ticket, journey, &answer),
        }
    }

    /// The client gets the edge's own answer.
    fn edge_answers(&mut self, ticket: Ticket, journey: &mut Journey, answer: &EdgeAnswer) {
        journey.crossing = None;
        let blocked = answer.cause.rule().cloned();
        let (retry_after, should_retry) = super::sdk::wishes(&answer.head.headers);
        journey.seen = Seen { status: Some(answer.head.status), blocked, retry_after, should_retry, ..Seen::default() };
        self.later(ticket, journey, edge_round_trip() / 2, Step::Close(ticket));
    }

    /// From a gateway back through the edge to the client.
    pub fn way_through_edge(&self, crossing: &Crossing) -> Duration {
        let edge = self.edges.get(crossing.edge);
        let way = edge.and_then(|edge| edge.gateway(crossing.passage.origin()?)).map_or(Duration::ZERO, |(_, way)| way);
        way + edge_round_trip() / 2
    }

    /// How long an origin may be silent after its first byte.
    pub fn edge_patience(&self, crossing: &Crossing) -> Duration {
        self.edges.get(crossing.edge).map_or(Duration::MAX, |edge| edge.door.origin_idle_timeout())
    }

    /// The edge probes its origins.
    pub fn probe(&mut self, place: usize) {
        let Some(edge) = self.edges.get_mut(place) else { return };
        let (patience, due) = (edge.door.probe_timeout(), edge.door.due_probes(self.now));
        for origin in due {
            let Some(edge) = self.edges.get_mut(place) else { return };
            let Some((gateway, _)) = edge.gateway(origin) else { continue };
            let Some((region, _)) = self.world.gateways.get(gateway) else { continue };
            let visit = Visit { region: region.name, from_front_door: true };
            let conduct = self.site.board.gateway_conduct(&visit, self.now, &mut self.site.faults.at(self.now));
            let latency = probe_latency(edge.region, *region) + conduct.delay;
            let outcome: Probed = match (conduct.connection.failure(region.name), conduct.ending, &conduct.answer) {
                (Some((_, failure)), ..) => Err(failure.kind),
                (None, Ending::Reset | Ending::ResetAfterHeaders | Ending::Cut(_), _) => Err(FailureKind::Reset),
                (None, Ending::Never | Ending::Stall(_), _) => Err(FailureKind::Timeout),
                _ if latency > patience => Err(FailureKind::Timeout),
                (None, _, Answering::Status(status, _)) => Ok((*status, latency)),
                _ => Ok((self.probe_status(place, gateway, origin), latency)),
            };
            let known = if outcome == Err(FailureKind::Timeout) { patience } else { latency.min(patience) };
            self.agenda.add(self.now.after(known), Step::Probed(place, origin, outcome));
        }
        if let Some(next) = self.edges.get(place).and_then(Edge::next_probe) {
            self.agenda.add(next.max(self.now.after(Duration::from_millis(1))), Step::Probe(place));
        }
    }

    /// What a gateway answers to a probe. It answers its status page itself, whatever becomes of the backends; another path means what it means to
    /// any client, and policies run. One that asks a backend first counts as if that had answered with 200.
    fn probe_status(&mut self, place: usize, gateway: usize, origin: OriginId) -> u16 {
        let (Some(edge), Some(probed)) = (self.edges.get_mut(place), self.probed.get(gateway)) else { return 200 };
        let head = edge.door.probe_request(origin);
        let environment = &mut edge.probes.at(self.now);
        let client = Ipv4Addr::LOCALHOST.into();
        let arrival = Arrival { head, body: ArrivingBody::None, client, trace: false, certificate: None };
        let mut machine = Machine::start(probed.clone(), arrival, environment);
        let mut told = Vec::new();
        let status = loop {
            let event = match machine.next_effect() {
                Some(Effect::Answer(answer)) => break answer.head.status,
                Some(Effect::Tell(send)) => {
                    told.push(send);
                    continue;
                }
                Some(Effect::AcquireToken { operation, resource, client_id }) => {
                    let token = self.site.identity.issue(&resource, client_id.as_deref(), self.now);
                    Event::Token { operation, outcome: Ok(token) }
                }
                Some(Effect::Sleep { operation, .. }) => Event::Woke { operation },
                Some(Effect::ReadRequestBody { operation }) => Event::RequestBody { operation, outcome: Ok(Bytes::new()) },
                Some(Effect::Send(_) | Effect::ReadResponseBody { .. }) | None => break 200,
            };
            machine.handle(event, environment);
        };
        machine.finish();
        told.iter().for_each(|send| self.tell_resource(gateway, send));
        status
    }

    /// A probe has ended.
    pub fn probed(&mut self, place: usize, origin: OriginId, outcome: Probed) {
        if let Some(edge) = self.edges.get_mut(place) {
            edge.door.probed(origin, outcome);
        }
    }
}
