//! The real-time driver: servers on loopback for every gateway and every Azure OpenAI resource, a client between them, faults
//! and control over HTTP.
//!
//! The room does what the machines of `gateway` and `azure` ask for, with real sockets and the real clock. Host names mean
//! what the simulated world says: nothing leaves the machine that was not let out by name. Nothing here prints: what happens
//! goes to the [`EventSink`] as a [`SimulationEvent`].
//!
//! ```text
//! client -> port -> front_door -> port -> gateway -> drive -> exchange -> world (which host is what) -> pool -> port -> resource
//!                              machine                                                     control -> site -> faults
//!                              events -> ledger -> page, metrics
//! ```

mod answer;
mod ask;
mod bodies;
mod client;
mod clock;
mod control;
mod drive;
mod events;
mod exchange;
mod failure;
mod front_door;
mod gateway;
mod headers;
mod ledger;
pub mod load;
mod metrics;
mod outage;
mod page;
mod pool;
mod port;
mod reply;
mod resource;
mod running;
mod shared;
mod site;
mod stop;
mod streams;
mod tls;
mod tracing;
mod turning;
mod world;

use std::{io, net::SocketAddr, sync::Arc};

pub use ask::ask;
pub use client::{ControlError, delete_faults, get_faults, post_fault};
pub use clock::{Chance, Wall};
pub use events::{
    Attempt, EdgeRecord, ErrorReport, EventSink, HealthReport, Listening, Outcome, Reloaded, RequestRecord, RequestTrace, SimulationEvent,
};
pub use running::{Drained, Running};
pub use site::UnknownTarget;

use crate::{
    azure::{
        front_door::{BadPattern, FrontDoorConfig},
        openai::ResourceConfig,
    },
    gateway::Gateway,
    http::Url,
    spec::Region,
    text::Text,
};

/// The largest body that is held in memory: 100 MiB. A longer request gets 413; a longer response counts as broken off.
/// API Management's own limit on a request is 1 GiB for what streams and 2 MiB to 500 MiB for what a policy reads, by tier
/// (learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits).
pub const BODY_LIMIT: usize = 100 * 1024 * 1024;

/// What to simulate.
#[derive(Clone)]
pub struct Simulation {
    /// Front Door before the gateways, where there is one.
    pub front_door: Option<FrontDoorSite>,
    /// The gateways.
    pub gateways: Vec<GatewaySite>,
    /// The declared Azure OpenAI resources.
    pub resources: Vec<ResourceSite>,
    /// Host names that stand for a server of the user: `--backend HOST=URL`. They go before declared resources.
    pub mapped: Vec<(String, Url)>,
    /// Host names that mean the real host: `--real HOST`. They go before everything else.
    pub real: Vec<String>,
    /// Where the control endpoint listens; none without it.
    pub control: Option<SocketAddr>,
    /// The header that names the backend whose answer it is; `X-Served-By` as a rule.
    pub served_by: Text,
    /// The key for a client of the gateways, to be told in [`Listening`].
    pub subscription_key: Option<Text>,
    /// Whether every request is traced.
    pub trace: bool,
    /// The token of the debug header, to be told in [`Listening`]; none switches that header off.
    pub debug_token: Option<Text>,
    /// Where random numbers start; drawn from the operating system without it.
    pub seed: Option<u64>,
    /// Who is told what happens.
    pub events: Option<EventSink>,
}

/// Front Door before the gateways.
#[derive(Clone, Debug)]
pub struct FrontDoorSite {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What it is. Its origins are the gateways of the same regions.
    pub config: FrontDoorConfig,
    /// Where the edge site is: its distance to the gateways counts in the latency of the probes, and a client that does not say where it is
    /// counts as being in its country.
    pub edge: Option<Region>,
}

/// A gateway of one region.
#[derive(Clone, Debug)]
pub struct GatewaySite {
    /// The region's short name.
    pub region: Text,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The gateway. Its `region` is the display name.
    pub gateway: Arc<Gateway>,
}

/// A declared Azure OpenAI resource.
#[derive(Clone, Debug)]
pub struct ResourceSite {
    /// The region's short name.
    pub region: Text,
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// What it is; `id` is the backend's id.
    pub config: ResourceConfig,
}

/// Why a simulation did not start, or a reload did not happen. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{what} cannot listen on {address}: the port is in use")]
    PortInUse {
        /// Who wanted to listen.
        what: String,
        /// Where.
        address: SocketAddr,
    },
    /// It cannot listen there for another reason.
    #[error("{what} cannot listen on {address}")]
    Listen {
        /// Who wanted to listen.
        what: String,
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The control endpoint takes no password and so is for this machine alone.
    #[error("the control endpoint listens on loopback addresses only, and {0} is none")]
    ControlNotLoopback(SocketAddr),
    /// Two gateways in one region, or two resources with one id or one host.
    #[error("{what} `{name}` is there twice")]
    Twice {
        /// What is there twice.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A firewall rule holds a pattern that is none.
    #[error(transparent)]
    BadPattern(#[from] BadPattern),
    /// The simulation has been shut down.
    #[error("the simulation has been shut down")]
    Stopped,
}

/// Binds all listeners and starts to serve. [`SimulationEvent::Listening`] is the first event.
pub async fn start(simulation: Simulation) -> Result<Running, StartError> {
    running::start(simulation)
}

#[cfg(test)]
mod tests;
