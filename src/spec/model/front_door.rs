//! Front Door in a spec: how the edge finds out which gateways live, and how it chooses among them.

use std::time::Duration;

use super::Waf;

/// Layer 1: Azure Front Door in front of the gateways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrontDoor {
    /// The profile's id, a GUID in lower case: what `X-Azure-FDID` carries. Without it the simulator makes one up from the spec's name.
    pub id: Option<String>,
    /// Whether the generated policy refuses requests whose `X-Azure-FDID` is another.
    pub lock_gateways: bool,
    /// How much slower than the fastest an origin may be and still share its traffic; whole milliseconds, 0 to 1000.
    pub latency_sensitivity: Duration,
    /// How long the edge waits for an origin's first byte; whole seconds, 16 to 240.
    pub origin_response_timeout: Duration,
    /// How long an origin may be silent after its first byte; whole seconds, 1 to 240.
    pub origin_idle_timeout: Duration,
    /// Whether clients that keep cookies stay with their origin.
    pub session_affinity: bool,
    /// Where requests go while no origin is healthy.
    pub when_all_unhealthy: WhenAllUnhealthy,
    /// What makes the edge send a request to another origin.
    pub retry_on: Vec<RetryCause>,
    /// How the edge finds out which gateways live.
    pub probe: Probe,
    /// The web application firewall, where there is one.
    pub waf: Option<Waf>,
}

/// Health probe of an origin; only status 200 counts as alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Path that is asked for, with its leading slash.
    pub path: String,
    /// The method of the request.
    pub method: ProbeMethod,
    /// Whether it goes over TLS.
    pub protocol: ProbeProtocol,
    /// Time between two probes; whole seconds, 1 to 255.
    pub interval: Duration,
    /// How many of the last probes are judged; 0 to 255.
    pub sample_size: u8,
    /// How many of them must have been good; at most `sample_size`.
    pub successful_samples: u8,
}

/// The method of a health probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProbeMethod {
    /// `GET`, which Microsoft advises in front of API Management.
    #[default]
    Get,
    /// `HEAD`, the service's own default.
    Head,
}

impl ProbeMethod {
    /// The method's text.
    pub fn text(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// How a health probe travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProbeProtocol {
    /// Over TLS.
    #[default]
    Https,
    /// In the clear.
    Http,
}

impl ProbeProtocol {
    /// The scheme of the probe's URL.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// Where requests go while no origin is healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenAllUnhealthy {
    /// As if all were healthy: by priority, latency and weight.
    #[default]
    Priority,
    /// To each origin in turn.
    RoundRobin,
}

/// What makes the edge send a request to another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryCause {
    /// No connection could be made.
    ConnectFailure,
    /// The origin closed the connection before the head of its answer was complete.
    EarlyClose,
}
