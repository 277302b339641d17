//! The simulated world: which host name means what. Nothing leaves the machine that was not let out by name.

use std::{
    collections::{HashMap, HashSet},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;

use super::{
    clock::{self, Chance},
    events::{ErrorReport, EventSink, RequestTrace, SimulationEvent},
    failure,
    outage::Faults,
    pool::{Pool, RequestBody},
    port::{Bound, Port},
    resource::ResourceServer,
    tracing::Tracing,
};
use crate::{
    azure::{faults::Connection, identity::Identity, openai::ResourceConfig},
    gateway::{
        effect::{Failure, FailureKind},
        trace::Record,
    },
    http::{RequestHead, Url},
    text::Text,
};

/// What every Azure OpenAI resource's host name ends with.
const AZURE_OPENAI: &str = ".openai.azure.com";

/// Resources that a policy may conjure up by naming them.
const UNDECLARED_LIMIT: usize = 256;

/// Our own resources keep connections open for as long as they run.
const OWN_PATIENCE: Duration = Duration::from_secs(300);

/// Shorter than the keep-alive of common servers (Node.js and uvicorn: 5 s), so that a request does not meet a closing one.
const FOREIGN_PATIENCE: Duration = Duration::from_secs(4);

/// Unknown hosts that are reported, each once.
const REPORTED_LIMIT: usize = 256;

/// What all gateways share.
pub(super) struct World {
    /// Random numbers.
    pub(super) chance: Chance,
    /// The tenant.
    pub(super) identity: Identity,
    /// Who is told what happens.
    pub(super) events: Option<EventSink>,
    /// Traces of requests.
    pub(super) tracing: Tracing,
    /// The faults that hold.
    pub(super) faults: Arc<Faults>,
    mapped: HashMap<String, Url>,
    real: HashSet<String>,
    destinations: RwLock<HashMap<Text, Arc<Destination>>>,
    /// Declared resources first.
    hosted: RwLock<Vec<Arc<Hosted>>>,
    /// One at a time conjures up a resource.
    conjuring: Mutex<()>,
    unknown: Mutex<HashSet<String>>,
}

/// Where requests to one host go.
#[derive(Debug)]
pub(super) struct Destination {
    /// The backend's id; the host name where it has none.
    pub(super) label: Text,
    /// The backend's region, short name.
    pub(super) region: Option<Text>,
    /// What is there.
    pub(super) route: Route,
    /// Idle connections to it.
    pub(super) pool: Arc<Pool>,
}

/// What a host name means.
#[derive(Debug)]
pub(super) enum Route {
    /// One of our resources.
    Resource(Arc<Hosted>),
    /// A server that the user named, or a real host. The path goes before the request's own.
    Named {
        /// Its name or address.
        host: String,
        /// Its port.
        port: u16,
        /// Whether it speaks TLS.
        tls: bool,
        /// Without a slash at its end.
        path: String,
    },
}

/// A resource and the port that it is served on.
#[derive(Debug)]
pub(super) struct Hosted {
    /// It.
    pub(super) server: Arc<ResourceServer>,
    /// Its port.
    pub(super) port: Port,
    /// Whether the simulation was started with it.
    pub(super) declared: bool,
}

impl Destination {
    fn new(label: Text, region: Option<Text>, route: Route) -> Arc<Self> {
        let patience = if matches!(route, Route::Resource(_)) { OWN_PATIENCE } else { FOREIGN_PATIENCE };
        Arc::new(Self { label, region, route, pool: Arc::new(Pool::new(patience)) })
    }
}

impl World {
    /// A world without resources.
    pub(super) fn new(
        seed: Option<u64>,
        events: Option<EventSink>,
        mapped: Vec<(String, Url)>,
        real: Vec<String>,
        tracing: Tracing,
    ) -> Self {
        use crate::environment::Environment as _;

        let chance = Chance::new(seed);
        let identity = Identity::new(chance.environment().random());
        // A stream of its own: what else draws is not moved by faults.
        let faults = Arc::new(Faults::new(Chance::new(seed.map(|seed| !seed)).environment()));
        Self {
            chance,
            identity,
            events,
            tracing,
            faults,
            mapped: mapped.into_iter().map(|(host, url)| (host.to_ascii_lowercase(), url)).collect(),
            real: real.into_iter().map(|host| host.to_ascii_lowercase()).collect(),
            destinations: RwLock::default(),
            hosted: RwLock::default(),
            conjuring: Mutex::new(()),
            unknown: Mutex::default(),
        }
    }

    /// Tells what happened.
    pub(super) fn tell(&self, event: impl FnOnce() -> SimulationEvent) {
        if let Some(events) = &self.events {
            events(event());
        }
    }

    /// Keeps the trace of a request, and tells of it.
    pub(super) fn traced(&self, trace: RequestTrace) {
        let trace = Arc::new(trace);
        self.tracing.keep(trace.clone());
        self.tell(|| SimulationEvent::Trace(trace));
    }

    /// Adds what the end of a body has shown to the trace of its request, and tells of that alone.
    pub(super) fn traced_further(&self, id: [u8; 16], records: Vec<Record>) {
        if let Some(gateway) = self.tracing.extend(id, &records) {
            self.tell(|| SimulationEvent::Trace(Arc::new(RequestTrace { id, gateway, records })));
        }
    }

    /// Tells that something went wrong.
    pub(super) fn report(&self, message: impl Into<String>, request: Option<[u8; 16]>) {
        self.tell(|| SimulationEvent::Error(ErrorReport { message: message.into(), request }));
    }

    /// Whether requests to `host` go somewhere else than to our resource of that name.
    pub(super) fn is_elsewhere(&self, host: &str) -> bool {
        self.mapped.contains_key(host) || self.real.contains(host)
    }

    /// The resources, declared ones first.
    pub(super) fn hosted(&self) -> Vec<Arc<Hosted>> {
        self.hosted.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The destination behind a host name, once there is one.
    pub(super) fn known(&self, host: &str) -> Option<Arc<Destination>> {
        self.destinations.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    /// Puts declared resources in place of those before. What the user maps elsewhere keeps the resource's id, and the mock
    /// answers only who calls its port directly.
    pub(super) fn place(&self, declared: Vec<Arc<Hosted>>) {
        let mut destinations = self.destinations.write().unwrap_or_else(PoisonError::into_inner);
        let mut hosted = self.hosted.write().unwrap_or_else(PoisonError::into_inner);
        destinations.clear();
        hosted.retain(|hosted| !hosted.declared);
        hosted.splice(0..0, declared);
        // A host that is declared now goes before the undeclared resource that stood in for it.
        for hosted in hosted.iter().rev() {
            let (label, region, host) = (hosted.server.id(), hosted.server.region(), hosted.server.host());
            let route = self.elsewhere(&host).unwrap_or_else(|| Route::Resource(hosted.clone()));
            destinations.insert(host, Destination::new(label, Some(region), route));
        }
    }

    /// Where a request from the gateway of `region` (short name and display name) to `url` goes.
    pub(super) fn resolve(&self, url: &Url, region: &Text, display: &Text) -> Result<Arc<Destination>, Failure> {
        let host: &str = &url.host;
        if self.real.contains(host) {
            return Ok(self.real(url));
        }
        if let Some(destination) = self.known(host) {
            return Ok(destination);
        }
        if let Some(route) = self.elsewhere(host) {
            return Ok(self.remember(url.host.clone(), Destination::new(url.host.clone(), None, route)));
        }
        if host.strip_suffix(AZURE_OPENAI).is_some_and(is_label) {
            return self.conjure(&url.host, region, display);
        }
        self.report_unknown(host);
        Err(failure::failure(FailureKind::DnsFailure, format!("no such host `{host}` in the simulated world")))
    }

    /// What Microsoft Entra ID answers to a request, where it goes there and the user has not sent it elsewhere. No socket is needed for it.
    pub(super) fn stand_in(&self, request: &RequestHead, body: &RequestBody) -> Option<(u16, Bytes)> {
        if self.is_elsewhere(&request.url.host) {
            return None;
        }
        let body = if let RequestBody::Bytes(bytes) = body { bytes.clone() } else { Bytes::new() };
        self.entra(request, &body)
    }

    /// What Microsoft Entra ID answers to a request; nothing where it goes to another host.
    pub(super) fn entra(&self, request: &RequestHead, body: &Bytes) -> Option<(u16, Bytes)> {
        let form = (request.method == "POST").then(|| String::from_utf8_lossy(body));
        let (status, answer) = self.identity.answer(&request.url, form.as_deref(), clock::now())?;
        Some((status, Bytes::from(answer.to_string())))
    }

    fn remember(&self, key: Text, destination: Arc<Destination>) -> Arc<Destination> {
        self.destinations.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(destination).clone()
    }

    /// A host that has been let out. Its ports are different servers.
    fn real(&self, url: &Url) -> Arc<Destination> {
        let key = format!("{}:{} {}", url.host, url.effective_port(), url.scheme);
        if let Some(destination) = self.known(&key) {
            return destination;
        }
        let route =
            Route::Named { host: url.host.to_string(), port: url.effective_port(), tls: url.scheme == "https", path: String::new() };
        let declared = self.known(&url.host);
        let (label, region) = declared.map_or((url.host.clone(), None), |declared| (declared.label.clone(), declared.region.clone()));
        self.remember(key.into(), Destination::new(label, region, route))
    }

    fn elsewhere(&self, host: &str) -> Option<Route> {
        let url = self.mapped.get(host)?;
        let path = url.path.trim_end_matches('/').to_owned();
        Some(Route::Named { host: url.host.to_string(), port: url.effective_port(), tls: url.scheme == "https", path })
    }

    /// A resource that nobody declared comes to be when it is first called.
    fn conjure(&self, host_name: &Text, region: &Text, display: &Text) -> Result<Arc<Destination>, Failure> {
        let _one_at_a_time = self.conjuring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(destination) = self.known(host_name) {
            return Ok(destination);
        }
        let others = self.hosted();
        if others.iter().filter(|hosted| !hosted.declared).count() >= UNDECLARED_LIMIT {
            let message = format!("no such host `{host_name}`: more than {UNDECLARED_LIMIT} undeclared resources have been called");
            return Err(failure::failure(FailureKind::DnsFailure, message));
        }
        let mut config = ResourceConfig::undeclared(host_name.clone(), display.clone());
        if others.iter().any(|hosted| *hosted.server.id() == config.id) {
            config.id = host_name.to_string();
        }
        let environment = self.chance.environment();
        let server = Arc::new(ResourceServer::new(config, region.clone(), self.identity.clone(), environment, self.faults.clone()));
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let bound = Bound::new(address).map_err(|error| {
            self.report(format!("no port for the undeclared resource `{host_name}`: {error}"), None);
            failure::of_connecting(host_name, &error)
        })?;
        // The fault of its region holds for it from the start.
        let refuses = self.faults.read(|board| board.resource_connection(&server.id(), region, clock::now())) == Connection::Refused;
        let port = if refuses { Port::refusing(bound) } else { Port::serve(bound, server.clone()) };
        let hosted = Arc::new(Hosted { server, port, declared: false });
        self.hosted.write().unwrap_or_else(PoisonError::into_inner).push(hosted.clone());
        let destination = Destination::new(hosted.server.id(), Some(region.clone()), Route::Resource(hosted));
        Ok(self.remember(host_name.clone(), destination))
    }

    fn report_unknown(&self, host: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < REPORTED_LIMIT && unknown.insert(host.to_owned()) {
            drop(unknown);
            self.report(
                format!("no such host `{host}` in the simulated world; `--backend {host}=URL` maps it, `--real {host}` lets it out"),
                None,
            );
        }
    }
}

/// Whether this may be a resource's name (RFC 1123 section 2.1).
fn is_label(name: &str) -> bool {
    (1..=63).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
