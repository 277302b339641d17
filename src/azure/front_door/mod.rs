//! Azure Front Door as a state machine: the firewall, the choice of an origin, what is retried, the health probes.
//!
//! A driver carries a request through it like this, and does the waiting itself:
//!
//! ```text
//! admit ──answer──────────────────────────────────────────────▶ client
//!   │ pass
//! forward (once) ▶ select ▶ address ▶ send ──head──▶ decorate ▶ client
//!                    ▲                  │ failed
//!                    └──────retry───────┴──answer─────────────▶ client
//! ```
//!
//! No status of an origin ever moves traffic, a 429 and a 503 as little as a 200: health comes from the probes alone. It knows one edge site;
//! everything that a site remembers is in [`site`]. One route takes every host and path, caching and compression are off.
//! Source: learn.microsoft.com/azure/frontdoor/front-door-routing-architecture.

mod affinity;
mod answer;
mod client;
mod config;
mod headers;
mod health;
mod range;
mod reference;
mod site;
#[cfg(test)]
mod tests;
mod waf;

use std::time::Duration;

pub use answer::{EdgeAnswer, EdgeCause};
pub use client::{Client, SIMULATED_COUNTRY};
pub use config::{FrontDoorConfig, MOST_ORIGINS, Origin, made_up_id, probe_latency};
pub use range::{Countries, Country, Range};
pub use site::OriginState;
pub use waf::{BODY_INSPECTED, BadPattern, MatchAction, WafMatch};

use crate::{
    environment::{Environment, Moment},
    gateway::effect::FailureKind,
    http::{RequestHead, ResponseHead},
    spec::RetryCause,
    text::Text,
};
use affinity::Affinity;
use reference::References;
use site::Site;
use waf::{Firewall, Ruling};

/// The longest URL, in bytes, and the longest query in it.
/// Source: learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits, Azure Front Door.
const LONGEST_URL: usize = 8_192;
const LONGEST_QUERY: usize = 4_096;

/// A probe without an answer has failed when the next one is due, or after this time. Documentation does not say when: our choice.
const PROBE_PATIENCE: Duration = Duration::from_secs(30);

/// A Front Door.
#[derive(Clone, Debug)]
pub struct FrontDoor {
    config: FrontDoorConfig,
    site: Site,
    firewall: Option<Firewall>,
    affinity: Affinity,
    references: References,
}

/// An origin by its place in [`FrontDoorConfig::origins`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginId(pub usize);

/// Origins, at most [`MOST_ORIGINS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct OriginSet(u64);

impl OriginSet {
    fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(origin: OriginId) -> u64 {
        u32::try_from(origin.0).ok().and_then(|place| 1_u64.checked_shl(place)).unwrap_or(0)
    }

    fn contains(self, origin: OriginId) -> bool {
        self.0 & Self::bit(origin) != 0
    }

    fn insert(&mut self, origin: OriginId) {
        self.0 |= Self::bit(origin);
    }
}

/// A request as it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    /// The head, as the client sent it.
    pub request: &'a RequestHead,
    /// The first of the body, at least [`BODY_INSPECTED`] bytes where there are so many; may be empty where [`FrontDoor::reads_bodies`] says no.
    pub body: &'a [u8],
    /// Whether the request says where its body ends: a length, chunks, or HTTP/2.
    pub framed: bool,
    /// Who sent it.
    pub client: &'a Client,
}

/// A request on its way through the edge.
#[derive(Clone, Debug)]
pub struct Passage {
    reference: Text,
    debug: bool,
    preferred: Option<OriginId>,
    tried: OriginSet,
    chosen: Option<OriginId>,
}

impl Passage {
    /// The tracking reference, which `X-Azure-Ref` carries.
    pub fn reference(&self) -> &Text {
        &self.reference
    }

    /// The origin that was chosen last.
    pub fn origin(&self) -> Option<OriginId> {
        self.chosen
    }

    /// How many origins have been chosen.
    pub fn attempts(&self) -> u32 {
        self.tried.0.count_ones()
    }
}

/// What becomes of a request at the door.
#[derive(Clone, Debug)]
pub struct Admission {
    /// The request from here on.
    pub passage: Passage,
    /// The edge's own answer, where the request goes no further.
    pub answer: Option<EdgeAnswer>,
    /// The firewall's log: the rules that the request has met.
    pub log: Vec<WafMatch>,
}

/// What follows when an origin gave no answer.
#[derive(Clone, Debug)]
pub enum Recovery {
    /// The request goes to this one.
    Retry(OriginId),
    /// The client gets this.
    Answer(EdgeAnswer),
}

/// A probe has made an origin's health another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthChange {
    /// Which origin.
    pub origin: OriginId,
    /// Whether it gets traffic from now on.
    pub healthy: bool,
}

impl FrontDoor {
    /// A Front Door that has run for a while: every origin is in good health, and each is probed at `now`.
    pub fn new(config: FrontDoorConfig, now: Moment) -> Result<Self, BadPattern> {
        let firewall = config.settings.waf.as_ref().map(Firewall::new).transpose()?;
        let affinity = if config.settings.session_affinity { Affinity::new(&config.origins) } else { Affinity::off() };
        Ok(Self { site: Site::new(&config, now), firewall, affinity, references: References::default(), config })
    }

    /// What it is.
    pub fn config(&self) -> &FrontDoorConfig {
        &self.config
    }

    /// One of its origins.
    pub fn origin(&self, origin: OriginId) -> Option<&Origin> {
        self.config.origins.get(origin.0)
    }

    /// How long to wait for an origin's first byte.
    pub fn origin_response_timeout(&self) -> Duration {
        self.config.settings.origin_response_timeout
    }

    /// How long an origin may be silent after its first byte. Then the connection to the client is cut.
    pub fn origin_idle_timeout(&self) -> Duration {
        self.config.settings.origin_idle_timeout
    }

    /// How long to wait for the answer to a probe.
    pub fn probe_timeout(&self) -> Duration {
        self.config.settings.probe.interval.min(PROBE_PATIENCE)
    }

    /// When the next probe is due.
    pub fn next_probe(&self) -> Option<Moment> {
        self.site.next_probe()
    }

    /// The origins to probe now, each once an interval.
    pub fn due_probes(&mut self, now: Moment) -> Vec<OriginId> {
        self.site.due_probes(self.config.settings.probe.interval, now)
    }

    /// A probe of an origin. It goes over a new connection, and its latency is from before that is opened to the last byte of the answer.
    pub fn probe_request(&self, origin: OriginId) -> RequestHead {
        self.origin(origin).map(|origin| headers::probe(&self.config, origin)).unwrap_or_default()
    }

    /// A probe has ended, with status and latency or with a failure. Status 200 alone is good.
    /// Source: learn.microsoft.com/azure/frontdoor/health-probes.
    pub fn probed(&mut self, origin: OriginId, outcome: Result<(u16, Duration), FailureKind>) -> Option<HealthChange> {
        let latency = outcome.ok().filter(|(status, _)| *status == 200).map(|(_, latency)| latency);
        self.site.probed(&self.config, origin, latency).map(|healthy| HealthChange { origin, healthy })
    }

    /// How the edge sees every origin.
    pub fn states(&self) -> impl Iterator<Item = OriginState> {
        self.site.states()
    }

    /// Whether the firewall wants to see bodies.
    pub fn reads_bodies(&self) -> bool {
        self.firewall.as_ref().is_some_and(Firewall::reads_bodies)
    }

    /// A request arrives: it gets its reference, and the firewall judges it.
    pub fn admit(&mut self, arriving: Arriving<'_>, now: Moment, environment: &mut dyn Environment) -> Admission {
        let Arriving { request, body, framed, client } = arriving;
        let passage = Passage {
            reference: self.references.next(now, environment),
            debug: request.headers.get("X-Azure-DebugInfo").is_some_and(|value| value == "1"),
            preferred: self.affinity.named(request),
            tried: OriginSet::default(),
            chosen: None,
        };
        let mut log = Vec::new();
        let url = &request.url;
        let refused = if url.path.len() + url.query.len() > LONGEST_URL || url.query.len() > LONGEST_QUERY {
            Some(EdgeCause::UrlTooLong)
        } else if !framed && request.method == "POST" {
            Some(EdgeCause::LengthRequired)
        } else {
            None
        };
        let answer = match (refused, &mut self.firewall, &self.config.settings.waf) {
            (Some(cause), ..) => Some(answer::answer(cause, &passage)),
            (None, Some(firewall), Some(waf)) => match firewall.judge(request, body, client, &self.config.countries, now, &mut log) {
                Ruling::Pass => None,
                ruling => answer::ruled(ruling, waf, &passage),
            },
            _ => None,
        };
        Admission { passage, answer, log }
    }

    /// Makes the client's request the edge's own. Call it once, before the first [`address`](Self::address).
    pub fn forward(&self, passage: &Passage, client: &Client, request: &mut RequestHead) {
        headers::to_origin(&self.config, passage, client, request);
    }

    /// The first origin of a request; none where no origin is enabled. Then [`unavailable`](Self::unavailable) is the answer.
    pub fn select(&mut self, passage: &mut Passage) -> Option<OriginId> {
        let chosen = self.site.select(&self.config, passage.tried, passage.preferred)?;
        passage.tried.insert(chosen);
        passage.chosen = Some(chosen);
        Some(chosen)
    }

    /// Sends the edge's request to an origin: URL and `Host`. Call it again to send it to another.
    pub fn address(&self, origin: OriginId, request: &mut RequestHead) {
        if let Some(origin) = self.origin(origin) {
            headers::address(origin, request);
        }
    }

    /// There is no origin to ask.
    pub fn unavailable(&self, passage: &Passage) -> EdgeAnswer {
        answer::answer(EdgeCause::NoOrigin, passage)
    }

    /// The origin that was chosen last gave no complete head of an answer.
    ///
    /// Where no connection could be made, or the origin closed it early, each other origin that could have been chosen is asked once,
    /// whatever the method; an origin that is silent is waited for, and that is all.
    /// Source: github.com/MicrosoftDocs/azure-docs, pull request 128720; that it is each other origin once is our choice.
    pub fn failed(&mut self, passage: &mut Passage, kind: FailureKind) -> Recovery {
        let cause = match kind {
            FailureKind::ConnectionRefused | FailureKind::DnsFailure => Some(RetryCause::ConnectFailure),
            FailureKind::Reset => Some(RetryCause::EarlyClose),
            FailureKind::TlsFailure | FailureKind::Timeout => None,
        };
        if cause.is_some_and(|cause| self.config.settings.retry_on.contains(&cause))
            && let Some(origin) = self.select(passage)
        {
            return Recovery::Retry(origin);
        }
        Recovery::Answer(answer::answer(EdgeCause::Origin(kind), passage))
    }

    /// Adds what the edge says to an origin's answer.
    pub fn decorate(&self, passage: &Passage, answer: &mut ResponseHead) {
        headers::to_client(passage, Some(answer.status), None, answer);
        if let Some(origin) = passage.chosen.filter(|origin| passage.preferred != Some(*origin)) {
            self.affinity.set(origin, answer);
        }
    }
}
