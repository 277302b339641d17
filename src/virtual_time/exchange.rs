//! What gateways and resources do with one another in simulated time: requests enter, calls go out, answers come back.

use std::time::Duration;

use bytes::Bytes;

use super::{
    chance::Stream,
    journey::{Ending, Held, Journey, Pending},
    outcome::Call,
    sdk,
    simulation::{BEGINNING, Simulation, Step, Ticket},
    tally::Called,
    world::World,
};
use crate::{
    azure::{
        faults::{Answering, Conduct, Connection, Delivery, End, Ending as Way, Exchange, FaultBoard, Orders, Told, Visit},
        identity::Identity,
        openai::{Pace, Quotas, Reply, ReplyBody, Resource, ResourceConfig},
    },
    environment::Moment,
    gateway::{
        Machine,
        effect::{
            Answer, AnswerBody, Arrival, ArrivingBody, ClientGone, Effect, Event, Failure, FailureKind, OperationId, Outgoing, Purpose,
            Received, Reception, Send, presented,
        },
    },
    http::{Headers, RequestHead, ResponseHead, reason_phrase},
    scenario::TimedFault,
    traffic::requests::client_address,
};

/// What `buffer-response` collects before it passes it on. Source: learn.microsoft.com/azure/api-management/forward-request-policy.
const CHUNK: usize = 8 * 1024;

/// How long the body of a response that is collected may take: the longest that the service itself waits for a backend.
const BODY_PATIENCE: Duration = Duration::from_secs(300);

/// What every Azure OpenAI resource's host name ends with.
const AZURE_OPENAI: &str = ".openai.azure.com";

/// The resources of a run, with their windows and faults.
pub(super) struct Site {
    resources: Vec<(Resource, Stream)>,
    pub board: FaultBoard,
    pub identity: Identity,
    pub faults: Stream,
}

impl Site {
    /// The resources of `world`, untouched.
    pub fn new(world: &World, seed: u64) -> Self {
        let identity = Identity::new(Stream::new(seed, "identity", 0).next());
        let quotas = Quotas::new();
        let resource = |(place, (_, config)): (usize, &(_, ResourceConfig))| {
            let config = ResourceConfig { quotas: quotas.clone(), pace: Pace::Realistic, ..config.clone() };
            (Resource::new(config, identity.clone()), Stream::new(seed, "resource", place))
        };
        let resources = world.resources.iter().enumerate().map(resource).collect();
        Self { resources, board: FaultBoard::new(), identity, faults: Stream::new(seed, "faults", 0) }
    }

    /// A fault of the scenario begins or ends.
    pub fn fault(&mut self, fault: &TimedFault, begins: bool) {
        if begins {
            let until = fault.lasts.map(|_| BEGINNING.after(fault.end()));
            self.board.set(fault.target.clone(), fault.fault.clone(), BEGINNING.after(fault.at), until);
        } else {
            // Another fault on the same target may have taken its place.
            let now = BEGINNING.after(fault.end());
            self.board.expire(now);
        }
    }

    /// Whether a resource within the boundary could take a request for `model` that is estimated at so many tokens.
    pub fn has_room(&mut self, world: &World, model: &str, estimate: u64, now: Moment) -> bool {
        let mut present = self.faults.clone();
        let environment = &mut present.at(now);
        world.resources.iter().zip(&mut self.resources).any(|((region, config), (resource, _))| {
            let exchange = Exchange { from: None, backend: &config.id, region: region.name, deployment: Some(model) };
            world.data_boundary.contains(*region)
                && (self.board.is_empty() || self.board.conduct(&exchange, now, environment).is_right())
                && resource.has_room(model, estimate, now)
        })
    }
}

impl Simulation<'_> {
    /// A request reaches its gateway.
    pub fn enter(&mut self, ticket: Ticket, journey: &mut Journey) {
        let Some(place) = journey.gateway else { return };
        let (Some((region, _)), Some(gateway)) = (self.world.gateways.get(place), self.gateways.get(place).cloned()) else { return };
        if !self.site.board.is_empty() {
            let visit = Visit { region: region.name, from_front_door: journey.crossing.is_some() };
            let conduct = self.site.board.gateway_conduct(&visit, self.now, &mut self.site.faults.at(self.now));
            if !conduct.is_right() {
                journey.touched = true;
                if let Some((wait, failure)) = conduct.connection.failure(region.name) {
                    return self.gateway_fails(ticket, journey, wait, failure.kind);
                }
                match conduct.ending {
                    Way::Reset => return self.gateway_fails(ticket, journey, Duration::ZERO, FailureKind::Reset),
                    Way::Never => return self.at(ticket, journey, Moment(i64::MAX), Step::Close(ticket)),
                    _ => {}
                }
                journey.disturbed = (conduct.delay, conduct.ending);
                if let Answering::Status(status, options) = &conduct.answer {
                    journey.gateways.push(place);
                    let head = ResponseHead { status: *status, reason: reason_phrase(*status).into(), headers: options.fields() };
                    return self.client_gets(ticket, journey, self.now.after(conduct.delay), &head);
                }
            }
        }
        journey.gateways.push(place);
        let mut head = match &mut journey.crossing {
            Some(crossing) => std::mem::take(&mut crossing.head),
            None => {
                let mut head = RequestHead::clone(&journey.head);
                head.url.host = self.network.gateway_host(place);
                head
            }
        };
        let body = if journey.body.is_empty() { ArrivingBody::None } else { ArrivingBody::Bytes(journey.body.clone()) };
        let certificate = presented(&mut head.headers);
        let arrival = Arrival { head, body, client: client_address(journey.load), trace: journey.story.is_some(), certificate };
        let machine = Machine::start(gateway, arrival, &mut self.machines.at(self.now));
        journey.machine = Some(machine);
        self.advance(ticket, journey);
    }

    /// Does what the machine asks for, until it waits or has answered.
    fn advance(&mut self, ticket: Ticket, journey: &mut Journey) {
        while let Some(effect) = journey.machine.as_mut().and_then(|machine| machine.next_effect()) {
            match effect {
                Effect::Send(send) => self.call(ticket, journey, send),
                Effect::Tell(send) => {
                    if let Some(gateway) = journey.gateway {
                        self.tell_resource(gateway, &send);
                    }
                }
                Effect::ReadRequestBody { operation } => {
                    let outcome: Result<Bytes, ClientGone> = Ok(journey.body.clone());
                    self.settle_at(ticket, journey, self.now, Event::RequestBody { operation, outcome });
                }
                Effect::ReadResponseBody { operation, exchange } => self.read(ticket, journey, operation, exchange),
                Effect::AcquireToken { operation, resource, client_id } => {
                    let token = self.site.identity.issue(&resource, client_id.as_deref(), self.now);
                    self.settle_at(ticket, journey, self.now, Event::Token { operation, outcome: Ok(token) });
                }
                Effect::Sleep { operation, duration } => {
                    self.settle_at(ticket, journey, self.now.after(duration), Event::Woke { operation });
                }
                Effect::Answer(answer) => {
                    self.answer(ticket, journey, *answer);
                    return;
                }
            }
        }
        if journey.pending.is_empty() && journey.machine.is_some() {
            // The machine waits for nothing and has not answered: what live is a 500 of the driver.
            let head = ResponseHead { status: 500, reason: reason_phrase(500).into(), headers: Headers::new() };
            self.client_gets(ticket, journey, self.now, &head);
        }
    }

    /// The machine is told what it waits for.
    pub fn settle(&mut self, ticket: Ticket, journey: &mut Journey, operation: OperationId) {
        let Some(place) = journey.pending.iter().position(|(own, pending)| *own == operation && matches!(pending, Pending::Settled(_)))
        else {
            return;
        };
        let (_, Pending::Settled(event)) = journey.pending.swap_remove(place) else { return };
        if let Some(machine) = &mut journey.machine {
            machine.handle(event, &mut self.machines.at(self.now));
        }
        self.advance(ticket, journey);
    }

    /// A call leaves the gateway.
    fn call(&mut self, ticket: Ticket, journey: &mut Journey, send: Box<Send>) {
        let Some(gateway) = journey.gateway else { return };
        let host = send.request.url.host.clone();
        if send.reception == Reception::Collect && self.ask_entra(ticket, journey, &send) {
            return;
        }
        let resource = self.network.resource(&host);
        // Fetching keys serves nobody: it is no call that is told of.
        let is_told = send.purpose != Purpose::SigningKeys;
        let call = if is_told { journey.calls.len() } else { usize::MAX };
        if is_told {
            journey.calls.push(Called { backend: resource, answered: None, throttled: false, tokens: 0 });
        }
        if let (true, Some(story)) = (is_told, &mut journey.story) {
            let backend = resource.map_or_else(|| host.clone(), |place| self.backend(place));
            story.calls.push((self.now, Call { backend, status: None, error: None, took: Duration::ZERO }));
        }
        let operation = send.operation;
        let Some(resource) = resource else {
            let failure =
                Failure { kind: FailureKind::DnsFailure, message: format!("no such host `{host}` in the simulated world").into() };
            return self.fails(ticket, journey, operation, call, self.now, failure);
        };
        let wait = self.network.to_resource(gateway, resource);
        journey.pending.push((operation, Pending::Call(send, call, self.now)));
        self.later(ticket, journey, wait, Step::Reach(ticket, operation));
    }

    /// A call reaches its resource.
    pub fn reach(&mut self, ticket: Ticket, journey: &mut Journey, operation: OperationId) {
        let Some(place) = journey.pending.iter().position(|(own, pending)| *own == operation && matches!(pending, Pending::Call(..)))
        else {
            return;
        };
        let (_, Pending::Call(send, call, sent)) = journey.pending.swap_remove(place) else { return };
        let Some(gateway) = journey.gateway else { return };
        let Some(resource) = self.network.resource(&send.request.url.host) else { return };
        let back = self.network.to_resource(gateway, resource);
        let timeout_at = sent.after(send.timeout);
        let host = &send.request.url.host;
        let body = match &send.body {
            Outgoing::Bytes(bytes) => bytes.clone(),
            Outgoing::Client => journey.body.clone(),
            Outgoing::Empty => Bytes::new(),
        };
        let no_answer = |timeout: Duration| Failure {
            kind: FailureKind::Timeout,
            message: format!("no answer from `{host}` within {timeout:?}").into(),
        };
        let Some((machine, environment)) = self.site.resources.get_mut(resource) else { return };
        let delivery = if self.site.board.is_empty() {
            let reply = machine.handle(&send.request, &body, Told::Nothing, self.now, &mut environment.at(self.now));
            Delivery { reply, length: None, delay: Duration::ZERO, end: End::Complete }
        } else {
            let (conduct, second) = self.conduct(gateway, resource, &send.request, &body);
            if !conduct.is_right() {
                journey.touched = true;
            }
            if let Some((wait, failure)) = conduct.connection.failure(host) {
                // A name without an address is known without travelling; a refusal comes back.
                let known = if conduct.connection == Connection::NoAddress { sent } else { self.now.after(back) }.after(wait);
                return match known <= timeout_at {
                    true => self.fails(ticket, journey, operation, call, known, failure),
                    false => self.fails(ticket, journey, operation, call, timeout_at, no_answer(send.timeout)),
                };
            }
            match conduct.ending {
                Way::Reset => {
                    let failure = crate::azure::faults::broken_off(host);
                    return self.fails(ticket, journey, operation, call, self.now.after(back), failure);
                }
                Way::Never => return self.fails(ticket, journey, operation, call, timeout_at, no_answer(send.timeout)),
                _ => {}
            }
            let Some((machine, environment)) = self.site.resources.get_mut(resource) else { return };
            let orders = Orders { asked: conduct.told(), second: second.told_as_second() };
            let reply = machine.handle(&send.request, &body, orders, self.now, &mut environment.at(self.now));
            if reply.is_taken_over() && !second.is_right() {
                journey.touched = true;
            }
            conduct.with_second(second, reply.is_taken_over()).deliver(reply)
        };
        let Delivery { reply, delay, end, .. } = delivery;
        let Reply { head, body, first_byte, usage } = reply;
        if let Some(called) = journey.calls.get_mut(call) {
            called.throttled = head.status == 429;
            called.tokens = usage.as_ref().map_or(0, |usage| usage.prompt_tokens + usage.completion_tokens);
        }
        let there = self.now.after(first_byte + delay + back);
        if there > timeout_at {
            return self.fails(ticket, journey, operation, call, timeout_at, no_answer(send.timeout));
        }
        self.told_call(journey, call, Some(head.status), None, there);
        let chunks = match body {
            ReplyBody::Whole(bytes) => vec![crate::azure::openai::Chunk { after: Duration::ZERO, bytes }],
            ReplyBody::Stream(chunks) => chunks,
        };
        let held = Held::new(call, chunks, there, |last| match end {
            End::Complete => Ending::Whole,
            End::Reset => Ending::Cut(last.max(there)),
            End::Silence => Ending::Stalled,
        });
        match send.reception {
            Reception::Stream => {
                answered(journey, call, Some(there));
                journey.held.push((operation, held));
                self.settle_at(ticket, journey, there, Event::Response { operation, outcome: Ok(Received { head, body: None }) });
            }
            Reception::Collect => {
                let end = there.after(BODY_PATIENCE);
                match held.end {
                    Ending::Whole if held.last() <= end => {
                        let at = held.last().max(there);
                        let outcome = Ok(Received { head, body: Some(held.concat()) });
                        answered(journey, call, Some(at));
                        self.settle_at(ticket, journey, at, Event::Response { operation, outcome });
                    }
                    Ending::Cut(at) if at <= end => {
                        let failure = crate::azure::faults::broken_off(host);
                        self.told_call(journey, call, None, Some("cut-body"), at);
                        self.settle_at(ticket, journey, at, Event::Response { operation, outcome: Err(failure) });
                    }
                    _ => self.fails(ticket, journey, operation, call, end, no_answer(BODY_PATIENCE)),
                }
            }
        }
    }

    /// A call has failed, and its gateway will know at a moment.
    fn fails(&mut self, ticket: Ticket, journey: &mut Journey, operation: OperationId, call: usize, at: Moment, failure: Failure) {
        self.told_call(journey, call, None, Some(failure.kind.word()), at);
        self.settle_at(ticket, journey, at, Event::Response { operation, outcome: Err(failure) });
    }

    /// A request that nobody waits for.
    pub fn tell_resource(&mut self, gateway: usize, send: &Send) {
        let Some(resource) = self.network.resource(&send.request.url.host) else { return };
        let body = if let Outgoing::Bytes(bytes) = &send.body { bytes.clone() } else { Bytes::new() };
        let Some((machine, environment)) = self.site.resources.get_mut(resource) else { return };
        // What comes of it is no part of the request's record, as live.
        if self.site.board.is_empty() {
            machine.handle(&send.request, &body, Told::Nothing, self.now, &mut environment.at(self.now));
            return;
        }
        let (conduct, second) = self.conduct(gateway, resource, &send.request, &body);
        let Some((machine, environment)) = self.site.resources.get_mut(resource).filter(|_| conduct.reaches_the_party()) else { return };
        let orders = Orders { asked: conduct.told(), second: second.told_as_second() };
        machine.handle(&send.request, &body, orders, self.now, &mut environment.at(self.now));
    }

    /// What becomes of a call, and of it with the deployment that it may spill over to, where it comes so far.
    fn conduct(&mut self, gateway: usize, resource: usize, request: &RequestHead, body: &[u8]) -> (Conduct, Conduct) {
        let found = (self.world.gateways.get(gateway), self.world.resources.get(resource), self.site.resources.get_mut(resource));
        let (Some((from, _)), Some((region, config)), Some((machine, _))) = found else { return Default::default() };
        let deployment = if self.site.board.names_deployments() { machine.deployment_of(request, body) } else { None };
        let exchange = Exchange { from: Some(from.name), backend: &config.id, region: region.name, deployment: deployment.as_deref() };
        let mut chance = self.site.faults.at(self.now);
        let conduct = self.site.board.conduct(&exchange, self.now, &mut chance);
        let second = deployment.as_ref().filter(|_| conduct.reaches_the_party()).and_then(|_| machine.second_of(request, body));
        let second = second.map_or_else(Conduct::default, |name| {
            self.site.board.conduct_of_second(&Exchange { deployment: Some(&name), ..exchange }, self.now, &mut chance)
        });
        (conduct, second)
    }

    /// Answers what goes to Microsoft Entra ID; says whether it did.
    fn ask_entra(&mut self, ticket: Ticket, journey: &mut Journey, send: &Send) -> bool {
        let host = &send.request.url.host;
        if self.network.resource(host).is_some() || host.ends_with(AZURE_OPENAI) {
            return false;
        }
        let form = match (&*send.request.method, &send.body) {
            ("POST", Outgoing::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
            ("POST", _) => Some(String::new()),
            _ => None,
        };
        let Some((status, answer)) = self.site.identity.answer(&send.request.url, form.as_deref(), self.now) else { return false };
        let headers = [("Content-Type", "application/json; charset=utf-8")].into_iter().collect();
        let head = ResponseHead { status, reason: reason_phrase(status).into(), headers };
        let outcome = Ok(Received { head, body: Some(Bytes::from(answer.to_string())) });
        self.settle_at(ticket, journey, self.now, Event::Response { operation: send.operation, outcome });
        true
    }

    /// The gateway reads a response's body to its end.
    fn read(&mut self, ticket: Ticket, journey: &mut Journey, operation: OperationId, exchange: OperationId) {
        let Some(held) = take_held(journey, exchange) else {
            let failure = Failure { kind: FailureKind::Reset, message: "the response's body is gone".into() };
            return self.settle_at(ticket, journey, self.now, Event::ResponseBody { operation, outcome: Err(failure) });
        };
        let region = journey.gateway.and_then(|place| self.world.gateways.get(place)).map_or("", |(region, _)| region.display);
        let (at, outcome) = match held.end {
            Ending::Whole => (held.last(), Ok(held.concat())),
            Ending::Cut(at) => {
                self.told_call(journey, held.call, None, Some("cut-body"), self.now);
                answered(journey, held.call, None);
                (at, Err(crate::azure::faults::broken_off(region)))
            }
            // Nothing ends this wait but the client.
            Ending::Stalled => {
                journey.gives_up = true;
                return self.agenda.add(journey.deadline.max(self.now), Step::GiveUp(ticket));
            }
        };
        self.settle_at(ticket, journey, at.max(self.now), Event::ResponseBody { operation, outcome });
    }

    /// The gateway answers its client.
    fn answer(&mut self, ticket: Ticket, journey: &mut Journey, answer: Answer) {
        let Answer { head, body, watch } = answer;
        self.told_trace(journey);
        journey.leave_gateway();
        journey.watch = watch;
        let way = self.way_to_client(journey) + journey.disturbed.0;
        let mut patience = Duration::MAX;
        if let Some(crossing) = &mut journey.crossing {
            // The head is the first that the edge hears.
            if self.now.after(way) > crossing.deadline {
                let deadline = crossing.deadline;
                return self.agenda.add(deadline.max(self.now), Step::EdgeTimeout(ticket));
            }
            crossing.deadline = Moment(i64::MAX);
            patience = journey.crossing.as_deref().map_or(Duration::MAX, |crossing| self.edge_patience(crossing));
        }
        let passing = match &body {
            AnswerBody::Stream { exchange, .. } | AnswerBody::Screened { exchange, .. } => Some(*exchange),
            AnswerBody::Empty | AnswerBody::Bytes(_) => None,
        };
        self.sees(journey, &head, passing);
        let (held, screens, buffered) = match body {
            AnswerBody::Empty => return self.whole(ticket, journey, Bytes::new(), way),
            AnswerBody::Bytes(bytes) => return self.whole(ticket, journey, bytes, way),
            AnswerBody::Stream { exchange, buffered } => (take_held(journey, exchange), Vec::new(), buffered),
            AnswerBody::Screened { exchange, screens } => (take_held(journey, exchange), screens, false),
        };
        let Some(held) = held else { return self.whole(ticket, journey, Bytes::new(), way) };
        // A client waits anew for each piece of a stream; whoever loses patience first ends it.
        let timeout = self.scenario.load.get(journey.load).map_or(Duration::MAX, |load| load.client.timeout);
        let clients = if journey.streaming { timeout } else { Duration::MAX };
        let word = if clients < patience { "timeout" } else { "cut-body" };
        let patience = patience.min(clients);
        let trusted = !journey.touched;
        let way_through = super::passing::Way { status: journey.seen.status, buffered, patience, trusted };
        let passed = super::passing::pass(&held, screens, &way_through, self.now, journey.watch.as_deref_mut());
        journey.seen.first_byte = passed.first.map(|at| at.after(way));
        if journey.streaming {
            journey.deadline = Moment(i64::MAX);
        }
        match held.end {
            _ if passed.is_cut => journey.seen.error = Some(word),
            Ending::Stalled if !passed.is_over => {
                journey.seen.error = Some("timeout");
                let end = journey.deadline.max(self.now);
                self.agenda.add(end, Step::Passed(ticket));
                self.agenda.add(end, Step::Close(ticket));
                return;
            }
            Ending::Cut(_) if !passed.is_over => {
                journey.seen.error = Some("cut-body");
                answered(journey, held.call, None);
                self.told_call(journey, held.call, None, Some("cut-body"), self.now);
            }
            _ if !passed.is_complete => journey.seen.error = Some("incomplete"),
            _ => {}
        }
        if journey.watch.is_some() {
            self.agenda.add(passed.end.max(self.now), Step::Passed(ticket));
        }
        let end = self.disturbed(journey, passed.end.max(self.now).after(way));
        self.at(ticket, journey, end, Step::Close(ticket));
    }

    /// An answer whose body is there.
    fn whole(&mut self, ticket: Ticket, journey: &mut Journey, body: Bytes, way: Duration) {
        // A policy may have made it: it is looked at whole, as live.
        if !crate::traffic::complete::is_complete(&body, journey.seen.status, false) {
            journey.seen.error = Some("incomplete");
        }
        if !body.is_empty() {
            journey.seen.first_byte = Some(self.now.after(way));
        }
        if let Some(watch) = journey.watch.take() {
            watch.end(self.now);
        }
        let end = self.disturbed(journey, self.now.after(way));
        self.at(ticket, journey, end, Step::Close(ticket));
    }

    /// When an answer is over that would be at `end`, as a fault of the gateway has it: cut off, or silent until somebody loses patience.
    fn disturbed(&self, journey: &mut Journey, end: Moment) -> Moment {
        match journey.disturbed.1 {
            Way::ResetAfterHeaders | Way::Cut(_) => {
                journey.seen.error = Some("cut-body");
                end
            }
            Way::Stall(_) => match &journey.crossing {
                Some(crossing) => {
                    journey.seen.error = Some("cut-body");
                    end.after(self.edge_patience(crossing))
                }
                None => {
                    journey.seen.error = Some("timeout");
                    let timeout = self.scenario.load.get(journey.load).map_or(Duration::MAX, |load| load.client.timeout);
                    if journey.streaming { end.after(timeout) } else { journey.deadline.max(end) }
                }
            },
            Way::WithoutDone(_) if journey.streaming => {
                journey.seen.error = Some("incomplete");
                end
            }
            _ => end,
        }
    }

    /// The last of a body has passed the gateway: what looked on counts.
    pub fn passed(&mut self, journey: &mut Journey) {
        if let Some(watch) = journey.watch.take() {
            let records = watch.end(self.now);
            if let Some(last) = journey.story.as_mut() {
                last.trace.extend(records);
            }
        }
    }

    /// The client gets a head. Who has served it says its header; without one it is the backend whose answer passes, else the one that has
    /// answered last.
    fn sees(&self, journey: &mut Journey, head: &ResponseHead, passing: Option<OperationId>) {
        journey.seen.status = Some(head.status);
        let passing = || {
            let (_, held) = journey.held.iter().find(|(operation, _)| Some(*operation) == passing)?;
            journey.calls.get(held.call)?.backend
        };
        let last = || {
            let calls = journey.calls.get(journey.calls_before..)?.iter().filter(|call| call.answered.is_some_and(|at| at <= self.now));
            calls.max_by_key(|call| call.answered)?.backend
        };
        let served = || passing().or_else(last).map(|place| self.backend(place));
        journey.seen.served_by = head.headers.get(&self.world.served_by).cloned().or_else(served);
        if head.status >= 400 {
            (journey.seen.retry_after, journey.seen.should_retry) = sdk::wishes(&head.headers);
        }
    }

    /// From the gateway back to the client, one way.
    fn way_to_client(&self, journey: &Journey) -> Duration {
        match (&journey.crossing, journey.gateway) {
            (Some(crossing), _) => self.way_through_edge(crossing),
            (None, Some(gateway)) => self.network.to_gateway(journey.load, gateway),
            (None, None) => Duration::ZERO,
        }
    }

    /// The client gets an answer without a body that counts.
    fn client_gets(&mut self, ticket: Ticket, journey: &mut Journey, at: Moment, head: &ResponseHead) {
        self.sees(journey, head, None);
        let at = at.after(self.way_to_client(journey));
        self.at(ticket, journey, at, Step::Close(ticket));
    }

    /// A gateway gives no answer: the edge hears of it, or the client itself.
    fn gateway_fails(&mut self, ticket: Ticket, journey: &mut Journey, wait: Duration, kind: FailureKind) {
        let at = self.now.after(wait + self.way_to_client(journey));
        if journey.crossing.is_some() {
            return self.at(ticket, journey, at, Step::Bounce(ticket, kind));
        }
        journey.seen.error = Some(kind.word());
        self.at(ticket, journey, at, Step::Close(ticket));
    }
}

fn take_held(journey: &mut Journey, exchange: OperationId) -> Option<Held> {
    let place = journey.held.iter().position(|(own, _)| *own == exchange)?;
    Some(journey.held.swap_remove(place).1)
}

/// Notes when a call has been answered, or that after all it has not.
fn answered(journey: &mut Journey, call: usize, at: Option<Moment>) {
    if let Some(called) = journey.calls.get_mut(call) {
        called.answered = at;
    }
}

/// Chunks of an answer that `buffer-response` collects.
pub(super) const COLLECTED: usize = CHUNK;
