//! Turns the crank of one request: does what the machine asks for, and tells it what came of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use hyper::body::Incoming;

use super::{
    BODY_LIMIT,
    answer::{RequestLog, Source, Watching},
    bodies::{self, Uncollected},
    events::RequestTrace,
    exchange::{self, Exchanged, Sender, exchange},
    failure,
    headers::Unwritable,
    pool::{BackendBody, RequestBody},
    world::World,
};
use crate::{
    environment::Environment,
    gateway::{
        Gateway, Machine,
        effect::{AnswerBody, Arrival, ClientGone, Effect, Event, FailureKind, OperationId, Outgoing, Send, Watch},
    },
    http::ResponseHead,
    text::Text,
};

/// How much of a body that no policy wanted is read before the answer, so that the client hears the answer and no reset.
const COURTESY: usize = 16 * 1024 * 1024;

/// How long that may take.
const COURTESY_TIME: Duration = Duration::from_secs(2);

/// Why a request ends without an answer of the machine.
#[derive(Debug)]
pub(super) enum Abandoned {
    /// The client's body is longer than [`BODY_LIMIT`].
    TooLarge,
    /// The policy made a message that cannot be sent.
    Unwritable(Unwritable),
    /// The machine waits for nothing and has not answered.
    Stuck,
}

/// A request on its way.
pub(super) struct Drive<'a> {
    /// The world that it runs in.
    pub(super) world: &'a Arc<World>,
    /// The short name of the gateway's region.
    pub(super) region: &'a Text,
    /// The gateway.
    pub(super) gateway: &'a Arc<Gateway>,
    /// The record of the request.
    pub(super) log: &'a mut RequestLog,
    /// The client's body.
    pub(super) client: ClientBody,
    /// Whether the client takes trailers.
    pub(super) takes_trailers: bool,
    /// Responses whose bodies wait: the operation, the attempt's place in the record, the body.
    pub(super) held: Vec<(OperationId, usize, BackendBody)>,
    /// The request's id, once it has one.
    pub(super) id: Option<[u8; 16]>,
}

/// The client's body, as far as it has come.
#[derive(Debug)]
pub(super) enum ClientBody {
    /// There was none.
    None,
    /// It waits.
    Waiting(Incoming),
    /// It has been read.
    Read(Bytes),
    /// It has been passed on, or is lost.
    Gone,
}

/// An effect that has been begun.
enum Work {
    Settled(Event),
    Send(Box<Send>, RequestBody),
    ReadRequest(OperationId, Incoming),
    ReadResponse(OperationId, usize, Text, BackendBody),
    Sleep(OperationId, Duration),
}

/// What came of it.
enum Done {
    Event(Event),
    Sent(OperationId, Box<Exchanged>),
    Read(OperationId, Bytes),
    Response(Event, usize),
    Abandoned(Abandoned),
}

impl Drive<'_> {
    /// Runs a request to its answer.
    pub(super) async fn run(
        &mut self,
        arrival: Arrival,
        environment: &mut (dyn Environment + std::marker::Send),
    ) -> Result<(ResponseHead, Source), Abandoned> {
        let mut machine = Machine::start(self.gateway.clone(), arrival, environment);
        self.id = Some(machine.request_id());
        self.log.identify(machine.request_id());
        let mut others = FuturesUnordered::new();
        let sender = Sender { region: self.region, display: self.gateway.region(), takes_trailers: self.takes_trailers };
        let world = self.world;
        loop {
            let mut single = None;
            while let Some(effect) = machine.next_effect() {
                if let Effect::Answer(answer) = effect {
                    self.trace(&machine);
                    let traced = machine.is_traced().then(|| (machine.request_id(), world.clone()));
                    machine.finish();
                    return Ok((answer.head, self.source(answer.body, answer.watch, traced).await));
                }
                let effect = match effect {
                    Effect::Tell(send) => {
                        self.tell(send);
                        continue;
                    }
                    effect => effect,
                };
                if let Some(work) = single.replace(self.begin(effect, environment)) {
                    others.push(perform(world, sender, work));
                }
            }
            // Nearly always one thing is under way: then it is done right here.
            let done = match single {
                Some(work) if others.is_empty() => perform(world, sender, work).await,
                single => {
                    others.extend(single.map(|work| perform(world, sender, work)));
                    others.next().await.unwrap_or(Done::Abandoned(Abandoned::Stuck))
                }
            };
            match self.settle(done) {
                Ok(event) => machine.handle(event, environment),
                // What has run so far is told all the same: people look for the reason there.
                Err(abandoned) => {
                    self.trace(&machine);
                    return Err(abandoned);
                }
            }
        }
    }

    /// Tells what the policies of a request that is traced have done.
    fn trace(&self, machine: &Machine) {
        // Nobody's policy runs for a probe: there is nothing to tell.
        if machine.is_traced() && !machine.trace().is_empty() {
            let records = machine.trace().to_vec();
            self.world.traced(RequestTrace { id: machine.request_id(), gateway: self.region.clone(), records });
        }
    }

    fn begin(&mut self, effect: Effect, environment: &mut (dyn Environment + std::marker::Send)) -> Work {
        match effect {
            Effect::Send(send) => match self.outgoing(&send.body) {
                Some(body) => Work::Send(send, body),
                None => {
                    let failure = failure::failure(
                        FailureKind::Reset,
                        "the client's body has been passed on already: `buffer-request-body` keeps it",
                    );
                    Work::Settled(Event::Response { operation: send.operation, outcome: Err(failure) })
                }
            },
            Effect::ReadRequestBody { operation } => match std::mem::replace(&mut self.client, ClientBody::Gone) {
                ClientBody::Waiting(body) => Work::ReadRequest(operation, body),
                ClientBody::None => {
                    self.client = ClientBody::None;
                    Work::Settled(Event::RequestBody { operation, outcome: Ok(Bytes::new()) })
                }
                ClientBody::Read(bytes) => {
                    self.client = ClientBody::Read(bytes.clone());
                    Work::Settled(Event::RequestBody { operation, outcome: Ok(bytes) })
                }
                ClientBody::Gone => Work::Settled(Event::RequestBody { operation, outcome: Err(ClientGone) }),
            },
            Effect::ReadResponseBody { operation, exchange } => match self.take_held(exchange) {
                Some((place, body)) => Work::ReadResponse(operation, place, self.gateway.region().clone(), body),
                None => {
                    let outcome = Err(failure::failure(FailureKind::Reset, "the response's body is gone"));
                    Work::Settled(Event::ResponseBody { operation, outcome })
                }
            },
            Effect::AcquireToken { operation, resource, client_id } => {
                let token = self.world.identity.issue(&resource, client_id.as_deref(), environment.now());
                Work::Settled(Event::Token { operation, outcome: Ok(token) })
            }
            Effect::Sleep { operation, duration } => Work::Sleep(operation, duration),
            // The loop has taken them.
            Effect::Answer(_) | Effect::Tell(_) => Work::Settled(Event::Woke { operation: OperationId(u32::MAX) }),
        }
    }

    /// Sends a request that nobody waits for: it goes on whatever becomes of the client's own. What comes of it is no part of the record,
    /// which ends with the answer.
    fn tell(&self, send: Box<Send>) {
        let body = match &send.body {
            Outgoing::Bytes(bytes) => RequestBody::Bytes(bytes.clone()),
            Outgoing::Empty | Outgoing::Client => RequestBody::Empty,
        };
        let (world, region, display) = (self.world.clone(), self.region.clone(), self.gateway.region().clone());
        tokio::spawn(async move {
            let told = exchange(&world, Sender { region: &region, display: &display, takes_trailers: false }, &send, body).await;
            let wrong = match told {
                Ok(Exchanged { outcome: Err(failure), .. }) => Some(failure.message.to_string()),
                Ok(_) => None,
                Err(_) => Some("the message cannot be written".to_owned()),
            };
            if let Some(wrong) = wrong {
                world.report(format!("a one-way request to {} was lost: {wrong}", send.request.url.host), None);
            }
        });
    }

    fn outgoing(&mut self, body: &Outgoing) -> Option<RequestBody> {
        Some(match body {
            Outgoing::Empty => RequestBody::Empty,
            Outgoing::Bytes(bytes) => RequestBody::Bytes(bytes.clone()),
            Outgoing::Client => match std::mem::replace(&mut self.client, ClientBody::Gone) {
                ClientBody::None => {
                    self.client = ClientBody::None;
                    RequestBody::Empty
                }
                ClientBody::Read(bytes) => {
                    self.client = ClientBody::Read(bytes.clone());
                    RequestBody::Bytes(bytes)
                }
                ClientBody::Waiting(body) => RequestBody::Client(body),
                ClientBody::Gone => return None,
            },
        })
    }

    fn take_held(&mut self, exchange: OperationId) -> Option<(usize, BackendBody)> {
        let index = self.held.iter().position(|(operation, ..)| *operation == exchange)?;
        let (_, place, body) = self.held.swap_remove(index);
        Some((place, body))
    }

    fn settle(&mut self, done: Done) -> Result<Event, Abandoned> {
        match done {
            Done::Event(event) => Ok(event),
            Done::Sent(operation, exchanged) => {
                let Exchanged { outcome, body, attempt } = *exchanged;
                let place = attempt.map_or(0, |attempt| self.log.attempt(attempt));
                self.held.extend(body.map(|body| (operation, place, body)));
                Ok(Event::Response { operation, outcome })
            }
            Done::Read(operation, bytes) => {
                self.client = ClientBody::Read(bytes.clone());
                Ok(Event::RequestBody { operation, outcome: Ok(bytes) })
            }
            Done::Response(event, place) => {
                if let Event::ResponseBody { outcome: Err(failure), .. } = &event {
                    self.log.attempt_failed(place, failure.kind.word());
                }
                Ok(event)
            }
            Done::Abandoned(abandoned) => Err(abandoned),
        }
    }

    async fn source(&mut self, body: AnswerBody, watch: Option<Box<Watch>>, traced: Option<([u8; 16], Arc<World>)>) -> Source {
        self.be_courteous().await;
        match body {
            AnswerBody::Empty => Source::Empty,
            AnswerBody::Bytes(bytes) => Source::Whole(bytes),
            AnswerBody::Stream { exchange, buffered } => match self.take_held(exchange) {
                Some(held) => Source::backend(held, buffered, Watching::new(watch, traced)),
                None => Source::Empty,
            },
            AnswerBody::Screened { exchange, screens } => match self.take_held(exchange) {
                Some(held) => Source::screened(held, screens, Watching::new(watch, traced)),
                None => Source::Empty,
            },
        }
    }

    /// Reads what the client still sends: a server that closes on a sending client makes it lose the answer.
    pub(super) async fn be_courteous(&mut self) {
        if let ClientBody::Waiting(body) = std::mem::replace(&mut self.client, ClientBody::Gone) {
            let _ = tokio::time::timeout(COURTESY_TIME, bodies::drain(body, COURTESY)).await;
        }
    }
}

async fn perform(world: &World, sender: Sender<'_>, work: Work) -> Done {
    match work {
        Work::Settled(event) => Done::Event(event),
        Work::Send(send, body) => match exchange(world, sender, &send, body).await {
            Ok(exchanged) => Done::Sent(send.operation, Box::new(exchanged)),
            Err(unwritable) => Done::Abandoned(Abandoned::Unwritable(unwritable)),
        },
        Work::ReadRequest(operation, body) => match bodies::collect(body, BODY_LIMIT).await {
            Ok(bytes) => Done::Read(operation, bytes),
            Err(Uncollected::TooLarge) => Done::Abandoned(Abandoned::TooLarge),
            Err(Uncollected::Broken(_)) => Done::Event(Event::RequestBody { operation, outcome: Err(ClientGone) }),
        },
        Work::ReadResponse(operation, place, host, body) => {
            let outcome = exchange::read(&host, body).await;
            Done::Response(Event::ResponseBody { operation, outcome }, place)
        }
        Work::Sleep(operation, duration) => {
            tokio::time::sleep(duration).await;
            Done::Event(Event::Woke { operation })
        }
    }
}
