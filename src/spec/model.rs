//! The region spec as the rest of the program sees it: typed, complete with defaults, checked.

use std::{sync::Arc, time::Duration};

use indexmap::IndexMap;

use super::{places::Places, regions::Region};
use crate::source::Source;

mod front_door;
mod waf;

pub use front_door::{FrontDoor, Probe, ProbeMethod, ProbeProtocol, RetryCause, WhenAllUnhealthy};
pub use waf::{
    ManagedGroup, Waf, WafAction, WafCondition, WafGroupBy, WafMode, WafOperator, WafRateLimit, WafRule, WafTransform, WafVariable,
};

/// A whole region spec: three layers, and how requests fail over between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Version of the format; 1.
    pub version: u32,
    /// Name of the whole gateway; letters, digits and `-`.
    pub name: String,
    /// The API as API Management publishes it.
    pub api: Api,
    /// Layer 1, where there is one.
    pub front_door: Option<FrontDoor>,
    /// Layer 2: the regions of the API Management service, in file order; at least one, no region twice.
    pub gateways: Vec<GatewayRegion>,
    /// Layer 3: Azure OpenAI resources, in file order; at least one, ids unique.
    pub backends: Vec<Backend>,
    /// Named Values by display name, in file order.
    pub named_values: IndexMap<String, NamedValue>,
    /// When and how a request goes to another backend.
    pub failover: Failover,
    /// Where data may be processed.
    pub data_boundary: DataBoundary,
    /// What the whole is meant to reach.
    pub objective: Objective,
    /// Where everything stands in the file; never part of a comparison.
    pub places: Places,
}

impl Spec {
    /// The text that the spec was read from.
    pub fn source(&self) -> &Arc<Source> {
        self.places.source()
    }

    /// The public model names that any backend offers, each once, in file order.
    pub fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = Vec::new();
        for model in self.backends.iter().flat_map(|backend| backend.deployments.keys()) {
            if !models.contains(&model.as_str()) {
                models.push(model);
            }
        }
        models
    }

    /// The backends that hold a public model name, in file order.
    pub fn backends_holding(&self, model: &str) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(move |backend| backend.deployments.contains_key(model))
    }

    /// The backend with this id.
    pub fn backend(&self, id: &str) -> Option<&Backend> {
        self.backends.iter().find(|backend| backend.id == id)
    }

    /// The gateway in this region.
    pub fn gateway(&self, region: Region) -> Option<&GatewayRegion> {
        self.gateways.iter().find(|gateway| gateway.region == region)
    }
}

/// The API as API Management publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Id of the API within the service; letters, digits and `-`.
    pub id: String,
    /// Public path below the gateway's host: one or more segments, no slash at either end.
    pub path: String,
    /// Whether callers must send a subscription key.
    pub subscription_required: bool,
    /// Request header that carries the subscription key.
    pub subscription_key_header: String,
}

/// Layer 2: one region of the API Management service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatewayRegion {
    /// The region.
    pub region: Region,
    /// Front Door's priority of this origin, lowest first; 1 to 5.
    pub priority: u32,
    /// Front Door's weight of this origin; 1 to 1000.
    pub weight: u32,
}

/// Layer 3: one Azure OpenAI resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Unique id: letters in lower case, digits and `-`.
    pub id: String,
    /// Where the resource is.
    pub region: Region,
    /// The subscription that the resource belongs to, where that matters: quotas belong to a subscription and a region.
    pub subscription: Option<String>,
    /// Its URL.
    pub endpoint: Endpoint,
    /// How the gateway proves who it is.
    pub auth: Auth,
    /// Lower is tried first; equal priorities share by weight.
    pub priority: u32,
    /// Share among backends of equal priority; 1 to 1000.
    pub weight: u32,
    /// What is deployed, by public model name, in file order; never empty.
    pub deployments: IndexMap<String, Deployment>,
}

/// An `https` URL that is scheme, host and, seldom, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL without a slash at its end: `https://contoso-swc.openai.azure.com`.
    pub url: String,
    /// The host alone, in lower case.
    pub host: String,
    /// The port where the URL gives one; 443 otherwise.
    pub port: Option<u16>,
}

/// How the gateway proves to a backend who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// An `api-key` header; the text is the display name of the Named Value that holds the key.
    ApiKey(String),
    /// A token of the gateway's managed identity.
    ManagedIdentity,
}

/// A model deployed to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Name of the deployment at this backend: the URL's `/deployments/{name}/`.
    pub name: String,
    /// The model that it runs.
    pub model: String,
    /// The model's version (`2024-11-20`).
    pub version: Option<String>,
    /// Kind of deployment: where it may run and how it is paid.
    pub sku: Sku,
    /// Token quota a minute, of a deployment paid by tokens.
    pub tokens_per_minute: Option<u64>,
    /// Request quota a minute, where it differs from what follows of the token quota.
    pub requests_per_minute: Option<u64>,
    /// Provisioned throughput units, of a provisioned deployment.
    pub units: Option<u32>,
    /// Name of the standard deployment at the same backend that takes what this provisioned one has no room for.
    pub spillover: Option<String>,
}

/// Kind of deployment. Batch kinds and `DeveloperTier` cannot serve live traffic and are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sku {
    /// In the deployment's region, paid by token.
    #[default]
    Standard,
    /// In the deployment's region, paid by unit.
    ProvisionedManaged,
    /// Anywhere in the data zone, paid by token.
    DataZoneStandard,
    /// Anywhere in the data zone, paid by unit.
    DataZoneProvisionedManaged,
    /// In any Azure region, paid by token.
    GlobalStandard,
    /// In any Azure region, paid by unit.
    GlobalProvisionedManaged,
}

impl Sku {
    /// Whether capacity is bought as units rather than as a token quota.
    pub fn is_provisioned(self) -> bool {
        matches!(self, Self::ProvisionedManaged | Self::DataZoneProvisionedManaged | Self::GlobalProvisionedManaged)
    }

    /// How far from its own region such a deployment may process data.
    pub fn reach(self) -> Reach {
        match self {
            Self::Standard | Self::ProvisionedManaged => Reach::Region,
            Self::DataZoneStandard | Self::DataZoneProvisionedManaged => Reach::DataZone,
            Self::GlobalStandard | Self::GlobalProvisionedManaged => Reach::Global,
        }
    }
}

/// How far from its own region a deployment may process data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only in its region.
    Region,
    /// In any region of its data zone.
    DataZone,
    /// In any Azure region.
    Global,
}

/// A Named Value of API Management: a name in the policy, a secret in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedValue {
    /// URL of the secret: `https://VAULT.vault.azure.net/secrets/NAME`, with or without `/VERSION`.
    pub key_vault: String,
}

/// When and how a request goes to another backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failover {
    /// The mechanism of the generated policy.
    pub strategy: Strategy,
    /// Which backend comes first.
    pub order: Order,
    /// What makes an attempt a failure.
    pub on: On,
    /// How long one attempt may take; whole seconds, 1 to 240.
    pub attempt_timeout: Duration,
    /// How many backends are tried for one request; 1 to 10.
    pub max_attempts: u32,
    /// Names of further request headers that later attempts carry.
    pub forward_headers: Vec<String>,
    /// Whether a backend is skipped until the `Retry-After` that it gave has passed.
    pub throttle_memory: bool,
    /// Names of the answer's headers.
    pub headers: Headers,
}

/// The mechanism of the generated policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// `forward-request`, then `send-request mode="new"` for each further attempt.
    #[default]
    SendRequest,
    /// `retry` around `forward-request`.
    Retry,
    /// A load-balanced backend pool with circuit breakers.
    BackendPool,
}

/// Which backend comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The gateway's own region first, then by priority.
    #[default]
    NearestFirst,
    /// By priority alone.
    Priority,
}

/// What makes an attempt a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    /// Statuses, as ranges, each within 400 to 599.
    pub statuses: Vec<StatusRange>,
    /// Whether a connection that cannot be made, or breaks, is one.
    pub connection_failure: bool,
    /// Whether an attempt that takes too long is one.
    pub timeout: bool,
}

impl On {
    /// Whether an answer with this status is a failed attempt.
    pub fn status(&self, status: u16) -> bool {
        self.statuses.iter().any(|range| range.contains(status))
    }
}

/// A range of statuses, both ends in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatusRange {
    /// The first status.
    pub first: u16,
    /// The last status; the same as `first` for a single one.
    pub last: u16,
}

impl StatusRange {
    /// Whether the status lies in the range.
    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

impl std::fmt::Display for StatusRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// Names of the headers that every answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headers {
    /// Carries the id of the backend that answered.
    pub served_by: String,
    /// Carries the number of attempts.
    pub attempts: String,
}

/// Where data may be processed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DataBoundary {
    /// Anywhere.
    #[default]
    None,
    /// In the member states of the European Union: not Norway, not Switzerland, not the United Kingdom.
    Eu,
    /// In these regions.
    Regions(Vec<Region>),
}

impl DataBoundary {
    /// Whether the region lies inside.
    pub fn contains(&self, region: Region) -> bool {
        match self {
            Self::None => true,
            Self::Eu => region.eu,
            Self::Regions(regions) => regions.contains(&region),
        }
    }
}

/// What the whole is meant to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Good answers in percent of requests sent; above 0, below 100.
    pub availability: f64,
}
