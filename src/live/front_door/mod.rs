//! Front Door as a server: a client's request comes in, the state machine says which gateway is asked, the gateway's answer goes out.
//!
//! A request's body is held whole before it goes on, so that it can be sent to another gateway when the first closes the connection;
//! answers stream. The wire between the edge and a gateway is loopback: how far they would be apart counts in the probes alone.

mod answer;
mod edges;
mod probes;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use hyper::{body::Incoming, service::service_fn};
use serde::Serialize;
use tokio::net::TcpStream;

use super::{
    BODY_LIMIT, FrontDoorSite,
    bodies::{self, Uncollected},
    clock,
    events::Outcome,
    exchange,
    headers::{self, Length},
    load,
    outage::{BrokenOff, Decided, Ticket},
    pool::{BackendBody, RequestBody},
    port::{Breaker, Host, Life, Port, Wire},
    world::{Destination, World},
};
use crate::{
    azure::{
        faults::Visit,
        front_door::{Admission, Arriving, BadPattern, Client, Country, EdgeAnswer, FrontDoor, OriginId, Passage, Recovery, probe_latency},
    },
    environment::Environment,
    gateway::effect::FailureKind,
    http::{RequestHead, ResponseHead, reason_phrase},
    spec::Region,
    text::Text,
};
use answer::{EdgeLog, EdgeStream, Source};
use edges::From;
pub(super) use edges::{Edges, FROM};

/// Front Door and its port.
pub(super) struct EdgePort {
    /// It.
    pub(super) server: Arc<EdgeServer>,
    /// Its port.
    pub(super) port: Port,
}

/// Front Door behind a port.
pub(super) struct EdgeServer {
    world: Arc<World>,
    /// What a request that arrives now goes through; one that is under way keeps what it began with.
    edges: RwLock<Arc<Edges>>,
    requests: AtomicU64,
    in_flight: Arc<AtomicU64>,
}

/// The state machine, and where its origins are.
pub(in crate::live) struct Doorway {
    door: Mutex<FrontDoor>,
    /// In the order of the origins; none where there is no such gateway.
    origins: Vec<Option<Arc<Destination>>>,
    /// How long a probe would be on its way, in the same order.
    distances: Vec<Duration>,
    /// Where a client is that does not say.
    country: Country,
    /// Whether it is the site that reports speak of.
    is_own: bool,
}

impl Doorway {
    /// A Front Door before these gateways, given by region.
    pub(super) fn new(site: FrontDoorSite, gateways: &[(Text, SocketAddr)]) -> Result<Self, BadPattern> {
        let FrontDoorSite { config, edge, .. } = site;
        let config = match edge {
            Some(edge) => config.seen_from(edge),
            None => config,
        };
        let origins = config.origins.iter().map(|origin| {
            let (_, address) = gateways.iter().find(|(region, _)| *region == origin.region)?;
            Some(Destination::at(origin.region.clone(), *address))
        });
        let distance = |region: &str| edge.zip(Region::named(region)).map(|(edge, region)| probe_latency(edge, region));
        Ok(Self {
            origins: origins.collect(),
            distances: config.origins.iter().map(|origin| distance(&origin.region).unwrap_or_default()).collect(),
            country: edge.and_then(|edge| Country::new(edge.country)).unwrap_or_default(),
            is_own: true,
            door: Mutex::new(FrontDoor::new(config, clock::now())?),
        })
    }

    fn door(&self) -> MutexGuard<'_, FrontDoor> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn destination(&self, origin: OriginId) -> Option<&Arc<Destination>> {
        self.origins.get(origin.0)?.as_ref()
    }

    fn region(&self, origin: OriginId) -> Text {
        self.door().origin(origin).map(|origin| origin.region.clone()).unwrap_or_default()
    }
}

/// How Front Door fares: part of what `GET /state` tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EdgeState {
    url: String,
    requests: u64,
    in_flight: u64,
    origins: Vec<OriginState>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginState {
    gateway: Text,
    healthy: bool,
    in_pool: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
}

impl EdgeServer {
    /// A Front Door that begins to probe.
    pub(super) fn new(edges: Edges, world: Arc<World>) -> Self {
        edges.begin(&world);
        Self { world, edges: RwLock::new(Arc::new(edges)), requests: AtomicU64::new(0), in_flight: Arc::default() }
    }

    /// Requests that arrive from now on meet another one, whose counters and probes begin anew.
    pub(super) fn replace(&self, edges: Edges) {
        edges.begin(&self.world);
        *self.edges.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(edges);
    }

    /// The requests that are under way.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How it fares.
    pub(super) fn state(&self, url: String) -> EdgeState {
        let edges = self.edges();
        let door = edges.own.door();
        let origins = door.states().map(|state| OriginState {
            gateway: door.origin(state.origin).map(|origin| origin.region.clone()).unwrap_or_default(),
            healthy: state.healthy,
            in_pool: state.in_pool,
            latency_ms: state.latency.map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        });
        EdgeState { url, requests: self.requests.load(Ordering::Relaxed), in_flight: self.in_flight(), origins: origins.collect() }
    }

    fn edges(&self) -> Arc<Edges> {
        self.edges.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on clients in these regions have edge sites that probe.
    pub(super) fn expect(&self, regions: impl Iterator<Item = Region>) {
        let edges = self.edges();
        for region in regions {
            edges.seen_from(region, &self.world);
        }
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Result<Response<EdgeStream>, BrokenOff> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut environment = self.world.chance.environment();
        let (mut parts, body) = request.into_parts();
        // What a simulated client says of itself is for nobody but the edge.
        let number = parts.headers.remove(load::NUMBER);
        let from = From::take(&mut parts.headers);
        let edges = self.edges();
        let doorway = from.region.map_or_else(|| edges.own.clone(), |region| edges.seen_from(region, &self.world));
        let is_head = parts.method == Method::HEAD;
        let mut log = EdgeLog::new(&parts, environment.now(), self.world.events.clone(), self.in_flight.clone());
        log.numbered(number.as_ref().and_then(|number| number.to_str().ok()?.parse().ok()));
        let Some(mut head) = headers::request_head(&parts, "http", || Text::Static("localhost")) else {
            return Ok(plain(StatusCode::BAD_REQUEST, log));
        };
        let says_length = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].iter().any(|name| parts.headers.contains_key(name));
        let body = match bodies::collect(body, BODY_LIMIT).await {
            Ok(body) => body,
            Err(Uncollected::TooLarge) => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, log)),
            // The client is gone, and its record says so.
            Err(Uncollected::Broken(_)) => return Err(BrokenOff),
        };
        let is_http2 = parts.version == Version::HTTP_2;
        let client = Client::new(from.address.unwrap_or_else(|| peer.ip()), doorway.country);
        let client = if is_http2 { client.over_http2() } else { client };
        let arriving = Arriving { request: &head, body: &body, framed: says_length || is_http2, client: &client };
        let Admission { passage, answer, log: met } = doorway.door().admit(arriving, clock::now(), &mut environment);
        log.admitted(&passage, met);
        match answer {
            Some(answer) => Ok(own_answer(answer, is_head, log)),
            None => {
                doorway.door().forward(&passage, &client, &mut head);
                if let Some(number) = number.and_then(|number| number.to_str().map(str::to_owned).ok()) {
                    head.headers.set(load::NUMBER, number);
                }
                Ok(pass(&self.world, &doorway, passage, head, &body, is_head, log).await)
            }
        }
    }
}

/// Asks one gateway after the other, as the state machine says.
async fn pass(
    world: &World,
    doorway: &Arc<Doorway>,
    mut passage: Passage,
    mut head: RequestHead,
    body: &Bytes,
    is_head: bool,
    mut log: EdgeLog,
) -> Response<EdgeStream> {
    let chosen = doorway.door().select(&mut passage);
    let Some(mut origin) = chosen else {
        let answer = doorway.door().unavailable(&passage);
        return own_answer(answer, is_head, log);
    };
    let (patience, silence) = {
        let door = doorway.door();
        (door.origin_response_timeout(), door.origin_idle_timeout())
    };
    loop {
        doorway.door().address(origin, &mut head);
        let began = Instant::now();
        log.asks(doorway.region(origin));
        let asked = tokio::time::timeout(patience, ask(world, doorway, origin, &head, body)).await;
        let asked = asked.unwrap_or(Err(FailureKind::Timeout));
        let outcome = asked.as_ref().map_or_else(|kind| Outcome::Error(kind.word()), |(head, _)| Outcome::Status(head.status));
        log.settled(outcome, began.elapsed());
        match asked {
            Ok((mut answer, stream)) => {
                doorway.door().decorate(&passage, &mut answer);
                let source = Source::origin(stream, silence);
                return respond(&answer, source, is_head, log).unwrap_or_else(|log| plain(StatusCode::BAD_GATEWAY, log));
            }
            Err(kind) => {
                let recovery = doorway.door().failed(&mut passage, kind);
                match recovery {
                    Recovery::Retry(next) => origin = next,
                    Recovery::Answer(answer) => return own_answer(answer, is_head, log),
                }
            }
        }
    }
}

/// Sends a request to a gateway, once.
async fn ask(
    world: &World,
    doorway: &Doorway,
    origin: OriginId,
    head: &RequestHead,
    body: &Bytes,
) -> Result<(ResponseHead, BackendBody), FailureKind> {
    let destination = doorway.destination(origin).ok_or(FailureKind::DnsFailure)?;
    let body = if body.is_empty() { RequestBody::Empty } else { RequestBody::Bytes(body.clone()) };
    // What arrived as HTTP can be sent as HTTP.
    let mut request = exchange::write_request(head, body, "").map_err(|_| FailureKind::Reset)?;
    let _ticket = agreed(world, &doorway.region(origin), &mut request).await?;
    exchange::attempt(destination, &head.url.host, exchange::Wire::plain(), request).await.map_err(|failure| failure.kind)
}

/// What faults make of a request to a gateway is decided here, where the link counts, and left for the gateway. Without a connection there is
/// nothing to leave.
async fn agreed<'a>(world: &'a World, region: &str, request: &mut Request<RequestBody>) -> Result<Option<Ticket<'a>>, FailureKind> {
    let Some(conduct) = world.faults.visit(&Visit { region, from_front_door: true }) else { return Ok(None) };
    if let Some((wait, failure)) = conduct.connection.failure(region) {
        tokio::time::sleep(wait).await;
        return Err(failure.kind);
    }
    Ok(Some(world.faults.leave(Decided::Conduct(conduct), request.headers_mut())))
}

/// An answer of the edge's own.
fn own_answer(answer: EdgeAnswer, is_head: bool, mut log: EdgeLog) -> Response<EdgeStream> {
    log.ends(Some(answer.cause.word()));
    log.blocked(answer.cause.rule().cloned());
    log.is_own();
    let source = if is_head { Source::Empty } else { Source::Whole(answer.body) };
    respond(&answer.head, source, is_head, log).unwrap_or_else(|log| plain(StatusCode::INTERNAL_SERVER_ERROR, log))
}

/// An answer without anything but a status, where the request never came as far as the state machine.
fn plain(status: StatusCode, mut log: EdgeLog) -> Response<EdgeStream> {
    log.answered(status.as_u16());
    log.is_own();
    let page = format!("<!DOCTYPE html><html><body><h2>{}</h2></body></html>", reason_phrase(status.as_u16()));
    let mut response = Response::new(EdgeStream::new(Source::Whole(page.into()), log));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    response
}

/// An answer as HTTP; the log is back where that cannot be.
fn respond(head: &ResponseHead, source: Source, is_head: bool, mut log: EdgeLog) -> Result<Response<EdgeStream>, EdgeLog> {
    let Ok(status) = StatusCode::from_u16(head.status) else { return Err(log) };
    let bodyless = is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let mut fields = HeaderMap::new();
    if headers::write(&head.headers, if bodyless { Length::Keep } else { Length::Count }, false, &mut fields).is_err() {
        return Err(log);
    }
    log.answered(head.status);
    let mut response = Response::new(EdgeStream::new(if bodyless { Source::Empty } else { source }, log));
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    Ok(response)
}

impl Host for EdgeServer {
    fn connected(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, life: Life) {
        let wire = Wire::new(stream, Breaker::default());
        let service = service_fn(move |request| {
            let server = self.clone();
            async move { server.answer(request, peer).await }
        });
        tokio::spawn(life.serve(wire, service));
    }
}
