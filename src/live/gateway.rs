//! The gateways as servers: an HTTP request comes in, a machine decides, an answer goes out.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::{body::Incoming, ext::ReasonPhrase, service::service_fn};
use tokio::net::TcpStream;

use super::{
    answer::{AnswerStream, RequestLog, Source},
    clock,
    drive::{Abandoned, ClientBody, Drive},
    front_door,
    headers::{self, Length, Unwritable},
    load,
    outage::{self, BrokenOff, Decided},
    port::{Breaker, Host, Life, Wire},
    stop::Stop,
    tracing::{self, Asked},
    world::World,
};
use crate::{
    azure::faults::{Answering, Conduct, Connection, Ending, FaultOptions, Visit},
    environment::{Environment, Moment, guid_text},
    gateway::{
        Gateway,
        effect::{Arrival, ArrivingBody, presented},
    },
    http::{ResponseHead, reason_phrase},
    text::Text,
};

/// A gateway behind a port.
pub(super) struct GatewayServer {
    region: Text,
    served_by: Text,
    gateway: RwLock<Arc<Gateway>>,
    world: Arc<World>,
    requests: AtomicU64,
    in_flight: Arc<AtomicU64>,
}

impl GatewayServer {
    /// A gateway in `region` (short name); `served_by` is the header that names the backend.
    pub(super) fn new(region: Text, gateway: Arc<Gateway>, served_by: Text, world: Arc<World>) -> Self {
        Self { region, served_by, gateway: RwLock::new(gateway), world, requests: AtomicU64::new(0), in_flight: Arc::default() }
    }

    /// Requests that arrive from now on meet another policy. The cache, the counters and the breakers stay, as they do in the service.
    pub(super) fn replace(&self, gateway: &Gateway) {
        let mut current = self.gateway.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(gateway.continuing(&current));
    }

    /// The region's short name.
    pub(super) fn region(&self) -> &Text {
        &self.region
    }

    /// The requests that have arrived.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The requests that are under way.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How often the circuits of a backend have opened in it, and how long they were open.
    pub(super) fn circuit(&self, backend: &str) -> (u64, Duration) {
        self.gateway.read().unwrap_or_else(PoisonError::into_inner).circuit(&Text::copied(backend), clock::now())
    }

    /// The circuits that have ever opened in it.
    pub(super) fn circuits(&self, now: Moment) -> Vec<(Text, Option<Moment>, u64)> {
        self.gateway.read().unwrap_or_else(PoisonError::into_inner).circuits(now)
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        client: SocketAddr,
        life: &Life,
        breaker: &Breaker,
    ) -> Result<Response<AnswerStream>, BrokenOff> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut environment = self.world.chance.environment();
        let (mut parts, body) = request.into_parts();
        let decided = self.world.faults.redeem(&mut parts.headers);
        let asked = self.world.tracing.asked(&parts.headers);
        parts.headers.remove(tracing::DEBUG);
        let number = parts.headers.remove(load::NUMBER);
        parts.headers.remove(front_door::FROM);
        let head = headers::request_head(&parts, "http", || Text::Static("localhost"));
        let is_head = parts.method == Method::HEAD;
        let method = headers::method(&parts.method);
        let path = head.as_ref().map_or_else(|| parts.uri.path().to_owned().into(), |head| head.url.path.clone());
        // Probes would drown what is to be seen.
        let events = self.world.events.clone().filter(|_| !parts.headers.contains_key("x-fd-healthprobe"));
        let mut log = RequestLog::new(self.region.clone(), method, path, environment.now(), events, self.in_flight.clone());
        if let Some(reference) = parts.headers.get("x-azure-ref") {
            log.came_through_front_door(headers::latin1(reference.as_bytes()));
        }
        if let Some(number) = number.and_then(|number| number.to_str().ok()?.parse().ok()) {
            log.number(number);
        }
        let gateway = self.gateway.read().unwrap_or_else(PoisonError::into_inner).clone();
        let client_body = if hyper::body::Body::is_end_stream(&body) { ClientBody::None } else { ClientBody::Waiting(body) };
        let mut drive = Drive {
            world: &self.world,
            region: &self.region,
            gateway: &gateway,
            log: &mut log,
            client: client_body,
            takes_trailers: headers::takes_trailers(&parts.headers),
            held: Vec::new(),
            id: None,
        };
        let conduct = match decided {
            Some(Decided::Conduct(conduct)) => conduct,
            // Front Door decides itself about what it sends.
            _ => self.world.faults.visit(&Visit { region: &self.region, from_front_door: false }).unwrap_or_default(),
        };
        let stop = Stop::of(conduct.ending, life, breaker);
        if !conduct.is_right() {
            if let Some(word) = silence(&conduct) {
                drive.log.identify(environment.guid());
                drive.be_courteous().await;
                drop(drive);
                log.ends(Some(word));
                return Err(match word {
                    "hang" | "outage" => outage::hang(life, breaker).await,
                    _ => outage::reset(breaker),
                });
            }
            if !conduct.delay.is_zero() {
                tokio::time::sleep(conduct.delay).await;
            }
            if let Answering::Status(status, options) = &conduct.answer {
                let id = environment.guid();
                drive.log.identify(id);
                drive.be_courteous().await;
                return Ok(failing_answer(*status, options, id, is_head, log));
            }
        }
        let Some(mut head) = head else {
            let id = environment.guid();
            drive.log.identify(id);
            return Ok(own_answer(StatusCode::BAD_REQUEST, "The Host header is no host.", id, is_head, log));
        };
        let arriving = if matches!(drive.client, ClientBody::None) { ArrivingBody::None } else { ArrivingBody::Stream };
        let certificate = presented(&mut head.headers);
        let arrival = Arrival { head, body: arriving, client: plain_address(client.ip()), trace: asked == Asked::Trace, certificate };
        let outcome = drive.run(arrival, &mut environment).await;
        let id = drive.id;
        let abandoned = match outcome {
            Ok((head, source)) => match self.write(&head, source, is_head, log, stop) {
                Ok(mut response) => {
                    mark(response.headers_mut(), asked, id);
                    return Ok(response);
                }
                Err((unwritable, back)) => {
                    log = back;
                    Abandoned::Unwritable(unwritable)
                }
            },
            Err(abandoned) => abandoned,
        };
        let mut response = self.refuse(abandoned, environment.guid(), is_head, log);
        mark(response.headers_mut(), asked, id);
        Ok(response)
    }

    /// What HTTP cannot carry, or is too much, is answered as API Management answers its own errors.
    fn refuse(&self, abandoned: Abandoned, id: [u8; 16], is_head: bool, log: RequestLog) -> Response<AnswerStream> {
        let id = log.id().unwrap_or(id);
        let message = match abandoned {
            Abandoned::TooLarge => return own_answer(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.", id, is_head, log),
            Abandoned::Unwritable(unwritable) => unwritable.to_string(),
            Abandoned::Stuck => "the policy waits for nothing and has given no answer".to_owned(),
        };
        self.world.report(message, Some(id));
        own_answer(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error", id, is_head, log)
    }

    fn write(
        &self,
        head: &ResponseHead,
        source: Source,
        is_head: bool,
        mut log: RequestLog,
        stop: Option<Stop>,
    ) -> Result<Response<AnswerStream>, (Unwritable, RequestLog)> {
        let status = match StatusCode::from_u16(head.status) {
            Ok(status) if !status.is_informational() => status,
            _ => return Err((Unwritable::Status(head.status), log)),
        };
        let bodyless = is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
        let mut fields = HeaderMap::new();
        let length = if is_head { Length::Keep } else { Length::Count };
        if let Err(unwritable) = headers::write(&head.headers, length, source.streams(), &mut fields) {
            return Err((unwritable, log));
        }
        log.answered(head.status, head.headers.get(&self.served_by), source.attempt());
        let source = if bodyless { Source::Empty } else { source };
        let mut response = Response::new(AnswerStream::new(source, log, stop));
        *response.status_mut() = status;
        *response.headers_mut() = fields;
        if let Some(reason) = reason(&head.reason, status) {
            response.extensions_mut().insert(reason);
        }
        Ok(response)
    }
}

/// Names the trace in the answer.
fn mark(fields: &mut HeaderMap, asked: Asked, id: Option<[u8; 16]>) {
    match asked {
        Asked::Nothing => {}
        Asked::Trace => {
            if let Some(id) = id.and_then(|id| guid_text(id).parse().ok()) {
                fields.insert(tracing::TRACE_ID, id);
            }
        }
        Asked::Expired => {
            fields.insert(tracing::EXPIRED, HeaderValue::from_static("true"));
        }
    }
}

/// A fault that answers with a status, in the shape of the service unless it says otherwise.
fn failing_answer(status: u16, options: &FaultOptions, id: [u8; 16], is_head: bool, log: RequestLog) -> Response<AnswerStream> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match &options.body {
        None => own_answer(status, reason_phrase(status.as_u16()), id, is_head, log),
        Some(body) => answer_with(status, Bytes::copy_from_slice(body.as_bytes()), is_head, log),
    };
    let mut own = HeaderMap::new();
    // They have been looked at: they can be written.
    if headers::write(&options.fields(), Length::Count, false, &mut own).is_ok() {
        response.headers_mut().extend(own);
    }
    response
}

/// Whether a record's word is that of a fault that leaves no answer.
pub(super) fn is_silence(word: &str) -> bool {
    matches!(word, "outage" | "connection-refused" | "tls-failure" | "hang" | "reset")
}

/// The word for a fault that leaves no answer.
fn silence(conduct: &Conduct) -> Option<&'static str> {
    Some(match (conduct.connection, conduct.ending) {
        (Connection::Lost, _) => "outage",
        // A port that refuses lets nobody in; who is in already is thrown out. Whoever calls a gateway by its address needs no name.
        (Connection::Refused | Connection::NoAddress, _) => "connection-refused",
        (Connection::NoTls, _) => "tls-failure",
        (Connection::Open, Ending::Never) => "hang",
        (Connection::Open, Ending::Reset) => "reset",
        (Connection::Open, _) => return None,
    })
}

/// A reason phrase, where it is not the one that hyper writes anyway; what cannot stand in a status line is left out.
fn reason(reason: &str, status: StatusCode) -> Option<ReasonPhrase> {
    match status.canonical_reason() {
        Some(usual) if reason.is_empty() || reason == usual => None,
        usual => {
            let bytes: Vec<u8> = reason.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')).collect();
            ReasonPhrase::try_from(bytes).ok().or_else(|| usual.is_none().then(|| ReasonPhrase::from_static(b"")))
        }
    }
}

/// An IPv4 client of an IPv6 socket is an IPv4 client.
fn plain_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// `{ "statusCode": 413, "message": "…" }`; a 500 names the request.
fn own_answer(status: StatusCode, message: &str, id: [u8; 16], is_head: bool, log: RequestLog) -> Response<AnswerStream> {
    let activity =
        if status == StatusCode::INTERNAL_SERVER_ERROR { format!(", \"activityId\": \"{}\"", guid_text(id)) } else { String::new() };
    let message = serde_json::Value::from(message);
    let body = Bytes::from(format!("{{ \"statusCode\": {}, \"message\": {message}{activity} }}", status.as_u16()));
    answer_with(status, body, is_head, log)
}

/// An answer of this body, which is JSON until somebody says otherwise.
fn answer_with(status: StatusCode, body: Bytes, is_head: bool, mut log: RequestLog) -> Response<AnswerStream> {
    log.answered(status.as_u16(), None, None);
    let bodyless = is_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let mut response = Response::new(AnswerStream::new(if bodyless { Source::Empty } else { Source::Whole(body) }, log, None));
    *response.status_mut() = status;
    if !bodyless {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

impl Host for GatewayServer {
    fn connected(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, life: Life) {
        let breaker = Breaker::default();
        let wire = Wire::new(stream, breaker.clone());
        let own = life.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (server, life, breaker) = (self.clone(), own.clone(), breaker.of(request.version()));
            async move { server.answer(request, peer, &life, &breaker).await }
        });
        tokio::spawn(life.serve(wire, service));
    }
}
