//! The mock Azure OpenAI resources as servers, with the faults that need a socket.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, service::service_fn};
use tokio::net::TcpStream;

use super::{
    BODY_LIMIT,
    bodies::{self, Uncollected},
    clock::{self, Wall},
    headers::{self, Length},
    outage::{self, Asked, BrokenOff, Decided, Faults},
    port::{Breaker, Host, Life, Wire},
    reply::ReplyStream,
};
use crate::{
    azure::{
        faults::{Conduct, Connection, Delivery, End, Ending, Orders},
        identity::Identity,
        openai::{Reply, ReplyBody, Resource, ResourceConfig},
    },
    http::{Headers, ResponseHead},
    text::Text,
};

/// A resource behind a port.
#[derive(Debug)]
pub(super) struct ResourceServer {
    state: Mutex<(Resource, Wall)>,
    card: RwLock<Card>,
    faults: Arc<Faults>,
    requests: AtomicU64,
    /// Tokens of prompts and of answers.
    tokens: [AtomicU64; 2],
}

/// What the world wants to know of a resource.
#[derive(Clone, Debug)]
struct Card {
    id: Text,
    region: Text,
    host: Text,
}

impl Card {
    fn new(config: &ResourceConfig, region: Text) -> Self {
        Self { id: config.id.clone().into(), region, host: config.host.to_ascii_lowercase().into() }
    }
}

impl ResourceServer {
    /// A resource in `region` (short name).
    pub(super) fn new(config: ResourceConfig, region: Text, identity: Identity, environment: Wall, faults: Arc<Faults>) -> Self {
        let card = RwLock::new(Card::new(&config, region));
        Self {
            state: Mutex::new((Resource::new(config, identity), environment)),
            card,
            faults,
            requests: AtomicU64::new(0),
            tokens: Default::default(),
        }
    }

    /// Becomes what `config` says; the windows of its limits begin anew.
    pub(super) fn become_other(&self, config: ResourceConfig, region: Text, identity: Identity) {
        *self.card.write().unwrap_or_else(PoisonError::into_inner) = Card::new(&config, region);
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0 = Resource::new(config, identity);
    }

    fn card<T>(&self, read: impl FnOnce(&Card) -> T) -> T {
        read(&self.card.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The backend's id.
    pub(super) fn id(&self) -> Text {
        self.card(|card| card.id.clone())
    }

    /// The region's short name.
    pub(super) fn region(&self) -> Text {
        self.card(|card| card.region.clone())
    }

    /// The host name, in lower case.
    pub(super) fn host(&self) -> Text {
        self.card(|card| card.host.clone())
    }

    /// The requests that have reached it.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The tokens of prompts and of answers that it has answered for.
    pub(super) fn tokens(&self) -> (u64, u64) {
        let [prompt, completion] = &self.tokens;
        (prompt.load(Ordering::Relaxed), completion.load(Ordering::Relaxed))
    }

    async fn answer(&self, request: Request<Incoming>, life: &Life, breaker: &Breaker) -> Result<Response<ReplyStream>, BrokenOff> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (mut parts, body) = request.into_parts();
        let decided = self.faults.redeem(&mut parts.headers);
        let body = match bodies::collect(body, BODY_LIMIT).await {
            Ok(body) => body,
            Err(Uncollected::TooLarge) => {
                return Ok(write(own(plain(StatusCode::PAYLOAD_TOO_LARGE, "The request body is too large.")), life, breaker));
            }
            Err(Uncollected::Broken(_)) => return Err(BrokenOff),
        };
        let Some(head) = headers::request_head(&parts, "https", || self.host()) else {
            return Ok(write(own(plain(StatusCode::BAD_REQUEST, "The Host header is no host.")), life, breaker));
        };
        let mut conduct = match decided {
            Some(Decided::Conduct(conduct)) => conduct,
            // Nobody has decided for a client that calls the port itself.
            other => {
                let from = match other {
                    Some(Decided::From(region)) => Some(region),
                    _ => None,
                };
                let (id, region) = self.card(|card| (card.id.clone(), card.region.clone()));
                let asked = Asked { from: from.as_deref(), backend: &id, region: &region, request: &head, body: Some(&body) };
                match self.faults.exchange(&asked) {
                    Some(Decided::Conduct(conduct)) => conduct,
                    _ => Conduct::default(),
                }
            }
        };
        match (conduct.connection, conduct.ending) {
            // Who has come so far has an address; there is no TLS on loopback, so that its failure is a connection that breaks.
            (Connection::Refused | Connection::NoTls, _) | (_, Ending::Reset) => return Err(outage::reset(breaker)),
            (Connection::Lost, _) | (_, Ending::Never) => return Err(outage::hang(life, breaker).await),
            (Connection::Open | Connection::NoAddress, _) => {}
        }
        let reply = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let (resource, environment) = &mut *state;
            let second = self.faults.second(|| {
                let name = resource.second_of(&head, &body)?;
                Some(self.card(|card| (card.id.clone(), card.region.clone(), name)))
            });
            let orders = Orders { asked: conduct.told(), second: second.told_as_second() };
            let reply = resource.handle(&head, &body, orders, clock::now(), environment);
            conduct = conduct.with_second(second, reply.is_taken_over());
            reply
        };
        if let Some(usage) = &reply.usage {
            let [prompt, completion] = &self.tokens;
            prompt.fetch_add(usage.prompt_tokens, Ordering::Relaxed);
            completion.fetch_add(usage.completion_tokens, Ordering::Relaxed);
        }
        let delivery = if conduct.is_right() { own(reply) } else { conduct.deliver(reply) };
        if !delivery.delay.is_zero() {
            tokio::time::sleep(delivery.delay).await;
        }
        if !delivery.reply.first_byte.is_zero() {
            tokio::time::sleep(delivery.reply.first_byte).await;
        }
        Ok(write(delivery, life, breaker))
    }
}

impl Host for ResourceServer {
    fn connected(self: Arc<Self>, stream: TcpStream, _peer: SocketAddr, life: Life) {
        let breaker = Breaker::default();
        let wire = Wire::new(stream, breaker.clone());
        let own = life.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (server, life, breaker) = (self.clone(), own.clone(), breaker.of(request.version()));
            async move { server.answer(request, &life, &breaker).await }
        });
        tokio::spawn(life.serve(wire, service));
    }
}

fn plain(status: StatusCode, message: &str) -> Reply {
    let body = serde_json::json!({"error": {"code": status.as_str(), "message": message}}).to_string();
    let headers: Headers = [("Content-Type", "application/json")].into_iter().collect();
    let head = ResponseHead { status: status.as_u16(), reason: Text::EMPTY, headers };
    Reply { head, body: ReplyBody::Whole(body.into()), first_byte: Duration::ZERO, usage: None }
}

/// An answer with which nothing is wrong.
fn own(reply: Reply) -> Delivery {
    Delivery { reply, length: None, delay: Duration::ZERO, end: End::Complete }
}

fn write(mut delivery: Delivery, life: &Life, breaker: &Breaker) -> Response<ReplyStream> {
    let head = std::mem::take(&mut delivery.reply.head);
    let mut response = Response::new(ReplyStream::new(delivery, life, breaker));
    *response.status_mut() = StatusCode::from_u16(head.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if headers::write(&head.headers, Length::Count, false, response.headers_mut()).is_err() {
        // A resource writes its own fields and echoes none that it did not receive, and those of a fault have been looked at: they can be written.
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    }
    response
}
