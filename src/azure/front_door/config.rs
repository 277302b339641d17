//! What a Front Door is: the settings of the spec, and the gateways as its origins.

use std::time::Duration;

use super::range::Countries;
use crate::{
    azure::{hash::keyed, network::round_trip},
    environment::guid_text,
    spec::{FrontDoor as Settings, Region, Spec},
    text::Text,
};

/// The most origins that a group has.
/// Source: learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits, Azure Front Door.
pub const MOST_ORIGINS: usize = 50;

/// A Front Door profile with one endpoint, one route for everything and one group of origins.
#[derive(Clone, Debug)]
pub struct FrontDoorConfig {
    /// What the spec says of it.
    pub settings: Settings,
    /// The profile's id: what `X-Azure-FDID` carries.
    pub id: Text,
    /// The endpoint's host name.
    pub host: Text,
    /// The origins; those beyond [`MOST_ORIGINS`] get no traffic.
    pub origins: Vec<Origin>,
    /// Which addresses lie in which country; a request may also say so itself ([`SIMULATED_COUNTRY`](super::SIMULATED_COUNTRY)).
    pub countries: Countries,
}

/// One origin: a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The gateway's region, short name.
    pub region: Text,
    /// The gateway's host name, which requests to it carry.
    pub host: Text,
    /// 1 to 5, the lowest first.
    pub priority: u32,
    /// 1 to 1000.
    pub weight: u32,
    /// Whether it gets traffic at all.
    pub enabled: bool,
    /// What the edge's probes have measured before the simulation begins; unknown without it.
    pub latency: Option<Duration>,
}

impl FrontDoorConfig {
    /// The Front Door of a spec, where it has one. Nothing is known of latencies yet.
    pub fn of(spec: &Spec) -> Option<Self> {
        let settings = spec.front_door.clone()?;
        let origin = |gateway: &crate::spec::GatewayRegion| Origin {
            region: gateway.region.name.into(),
            // As API Management names the regional endpoints of a service.
            // Source: learn.microsoft.com/azure/api-management/api-management-howto-deploy-multi-region.
            host: format!("{}-{}-01.regional.azure-api.net", spec.name.to_ascii_lowercase(), gateway.region.name).into(),
            priority: gateway.priority,
            weight: gateway.weight,
            enabled: true,
            latency: None,
        };
        Some(Self {
            id: settings.id.clone().unwrap_or_else(|| made_up_id(&spec.name)).into(),
            host: format!("{}.z01.azurefd.net", spec.name.to_ascii_lowercase()).into(),
            origins: spec.gateways.iter().map(origin).collect(),
            countries: Countries::default(),
            settings,
        })
    }

    /// The same with a latency for every origin, as an edge site in `edge` would have measured it before anything happened.
    #[must_use]
    pub fn seen_from(mut self, edge: Region) -> Self {
        for origin in &mut self.origins {
            origin.latency = Region::named(&origin.region).map(|region| probe_latency(edge, region));
        }
        self
    }
}

/// The id of a profile that is not deployed yet: the same for the same name, and no real one's.
pub fn made_up_id(name: &str) -> String {
    let mut bytes = [0; 16];
    let (high, low) = bytes.split_at_mut(8);
    high.copy_from_slice(&keyed(0xfd1d, name.as_bytes()).to_be_bytes());
    low.copy_from_slice(&keyed(0xfd1e, name.as_bytes()).to_be_bytes());
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    guid_text(bytes)
}

/// How long a probe takes over the distance between an edge site and a region: each goes over a new connection, so the way there and
/// back is travelled for TCP, for TLS and for the request itself, and the gateway needs a moment too.
/// Source of the connections: learn.microsoft.com/azure/frontdoor/health-probes.
pub fn probe_latency(edge: Region, origin: Region) -> Duration {
    3 * round_trip(edge, origin) + Duration::from_millis(1)
}
