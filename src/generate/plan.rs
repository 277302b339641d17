//! From the spec to plain data that the templates print: who is tried for what, in which order, with which credential.

use std::collections::BTreeSet;

use serde::Serialize;

use super::named_values;
use crate::spec::{Auth, Backend, DataBoundary, FrontDoor, Order, Region, Spec, StatusRange};

/// Everything that the templates know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Name of the spec.
    pub name: String,
    /// Public path of the API, for comments.
    pub api_path: String,
    /// Reference to the Named Value with the id of the Front Door profile that requests must come through, `{{name}}`; nothing where any will do.
    pub front_door: Option<String>,
    /// Query parameter that carries the subscription key.
    pub key_parameter: &'static str,
    /// Request headers that carry a credential of the client; they never reach a backend.
    pub client_credentials: Vec<String>,
    /// The backends in file order.
    pub backends: Vec<PlannedBackend>,
    /// The orders of backends.
    pub order: PlannedOrder,
    /// The public models in file order, each with its holders.
    pub models: Vec<PlannedModel>,
    /// How many backends one request tries at most.
    pub attempts: usize,
    /// Whether any request can have a second attempt.
    pub later: bool,
    /// Whether some model has more holders than a request has attempts.
    pub too_many: bool,
    /// `count` of the `retry` around the later attempts; 0 where there is one at most, which needs no `retry`.
    pub retries: usize,
    /// Seconds that an attempt may take.
    pub timeout: u64,
    /// C# condition over the local `status`: the attempt has failed; 0 stands for no answer.
    pub failed: String,
    /// The same in words, behind "An attempt has failed".
    pub failure: String,
    /// What makes a request without an answer go on.
    pub on: PlannedOn,
    /// C# condition: the failed attempt was refused by a backend that may have named a time to come back; empty where nothing is remembered.
    pub throttled: String,
    /// Request headers that later attempts carry.
    pub headers: Vec<PlannedHeader>,
    /// Whether a backend with managed identity can be the first of a request.
    pub identity_first: bool,
    /// What the gateway's identity asks a token for.
    pub token_resource: &'static str,
    /// Name of the answer's header with the backend's id.
    pub served_by: String,
    /// Name of the answer's header with the number of attempts.
    pub attempts_header: String,
    /// The data boundary in words.
    pub boundary: String,
}

/// One backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedBackend {
    /// Its id.
    pub id: String,
    /// Base URL of the inference API: the endpoint and `/openai`, whatever the API's public path is.
    pub url: String,
    /// Reference to the Named Value with the key, `{{name}}`; nothing for managed identity.
    pub key: Option<String>,
    /// Whether it can be the first attempt of a request.
    pub first: bool,
    /// Whether it can be a later attempt of a request.
    pub later: bool,
    /// One line for the head of the document.
    pub summary: String,
}

/// The orders in which backends are tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedOrder {
    /// The gateway regions whose order differs from `otherwise`, grouped by order.
    pub cases: Vec<RegionalOrder>,
    /// The order everywhere else: by priority.
    pub otherwise: String,
    /// Whether some backends share a rank, so that their order is drawn by weight.
    pub weighted: bool,
    /// The candidates written out, for each group of regions and last for everywhere else; empty where each request works them out,
    /// because their order is drawn, or because they are too many.
    pub tables: Vec<PlannedTable>,
    /// The orders in words.
    pub summary: Vec<String>,
}

/// Gateway regions that have the same order of backends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegionalOrder {
    /// Short names of the regions, in file order.
    pub regions: Vec<&'static str>,
    /// Backend ids with a space between ranks; `id:weight|id:weight` within a rank where the document draws by weight.
    pub ranks: String,
}

/// A public model and who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedModel {
    /// The public name.
    pub name: String,
    /// `backend=deployment` with a space between holders; the deployment is escaped as a path segment.
    pub deployments: String,
}

/// Who is tried for each model, as seen from some gateways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedTable {
    /// Short names of the gateways' regions; none for all others.
    pub regions: Vec<&'static str>,
    /// The models, each with its holders in the order of attempts.
    pub models: Vec<PlannedModel>,
    /// Who is asked for a model that nobody holds: the first of the order, for no deployment.
    pub nobody: String,
}

/// What makes a request without an answer go on to the next backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedOn {
    /// A connection that failed does.
    pub connection_failure: bool,
    /// A timeout does.
    pub timeout: bool,
    /// Any of them does.
    pub goes_on: bool,
    /// C# condition for on-error where one of the two does and the other does not; otherwise empty.
    pub reason: &'static str,
}

/// A request header that later attempts carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedHeader {
    /// Its name.
    pub name: String,
    /// The context variable that keeps its value.
    pub variable: String,
}

/// Headers that every later attempt carries where the client sent them.
const CARRIED: [&str; 4] = ["Content-Type", "Accept", "x-ms-client-request-id", "traceparent"];

/// How many bytes the candidates may take where they are written out. A document may have 256 KiB in all.
const WRITTEN_OUT: usize = 16 << 10;

/// Backends of equal rank: the same distance and the same priority.
type Rank<'a> = Vec<&'a Backend>;

impl Plan {
    /// Plans the policy of a spec.
    pub fn new(spec: &Spec) -> Self {
        let holders = spec.models().into_iter().map(|model| spec.backends_holding(model).count()).max();
        let wanted = usize::try_from(spec.failover.max_attempts).unwrap_or(usize::MAX);
        let attempts = wanted.min(holders.unwrap_or(1)).max(1);
        let order = PlannedOrder::new(spec);
        let orders = every_order(spec);
        let throttled = throttled(spec, attempts);
        let (first, later) = places(spec, &orders, attempts, !throttled.is_empty());
        let backends: Vec<PlannedBackend> = spec
            .backends
            .iter()
            .map(|backend| PlannedBackend::new(backend, first.contains(backend.id.as_str()), later.contains(backend.id.as_str())))
            .collect();
        Self {
            name: spec.name.clone(),
            api_path: spec.api.path.clone(),
            front_door: named_values::lock(spec).map(|_| format!("{{{{{}}}}}", FrontDoor::ID_NAME)),
            key_parameter: "subscription-key",
            client_credentials: without_repeats([
                "api-key",
                "Authorization",
                "Ocp-Apim-Subscription-Key",
                &spec.api.subscription_key_header,
            ]),
            identity_first: backends.iter().any(|backend| backend.first && backend.key.is_none()),
            backends,
            order,
            models: spec.models().into_iter().map(|model| PlannedModel::new(spec.backends.iter(), model)).collect(),
            attempts,
            later: attempts > 1,
            too_many: holders.is_some_and(|holders| holders > attempts),
            retries: attempts.saturating_sub(2).min(50),
            timeout: spec.failover.attempt_timeout.as_secs(),
            failed: condition(&spec.failover.on.statuses),
            failure: failure(spec),
            on: PlannedOn::new(spec.failover.on.connection_failure, spec.failover.on.timeout),
            throttled,
            headers: headers(&spec.failover.forward_headers),
            token_resource: "https://cognitiveservices.azure.com",
            served_by: spec.failover.headers.served_by.clone(),
            attempts_header: spec.failover.headers.attempts.clone(),
            boundary: boundary(&spec.data_boundary),
        }
    }
}

impl PlannedBackend {
    fn new(backend: &Backend, first: bool, later: bool) -> Self {
        let (key, credential) = match &backend.auth {
            Auth::ApiKey(name) => (Some(format!("{{{{{name}}}}}")), format!("key {name}")),
            Auth::ManagedIdentity => (None, "managed identity".to_owned()),
        };
        let models: Vec<&str> = backend.deployments.keys().map(String::as_str).collect();
        let summary = format!(
            "{} in {}, priority {}, weight {}, {}, {}: {}",
            backend.id,
            backend.region.display,
            backend.priority,
            backend.weight,
            backend.endpoint.host,
            credential,
            models.join(", ")
        );
        Self { id: backend.id.clone(), url: format!("{}/openai", backend.endpoint.url), key, first, later, summary }
    }
}

impl PlannedOrder {
    fn new(spec: &Spec) -> Self {
        let usual = ranks(spec, None);
        let by_region: Vec<(&'static str, &'static str, Vec<Rank<'_>>)> = match spec.failover.order {
            Order::Priority => Vec::new(),
            Order::NearestFirst => {
                let here = |region: Region| (region.name, region.display, ranks(spec, Some(region)));
                spec.gateways.iter().map(|gateway| here(gateway.region)).collect()
            }
        };
        let weighted = std::iter::once(&usual).chain(by_region.iter().map(|(_, _, order)| order)).flatten().any(|rank| rank.len() > 1);
        let otherwise = written(&usual, weighted);
        let mut cases: Vec<RegionalOrder> = Vec::new();
        let mut tables: Vec<PlannedTable> = Vec::new();
        let mut summary = Vec::new();
        for (region, display, order) in &by_region {
            summary.push(format!("gateway in {display}: {}", in_words(order)));
            let ranks = written(order, weighted);
            match cases.iter_mut().zip(&mut tables).find(|(case, _)| case.ranks == ranks) {
                Some((case, table)) => {
                    case.regions.push(region);
                    table.regions.push(region);
                }
                None if ranks == otherwise => {}
                None => {
                    cases.push(RegionalOrder { regions: vec![region], ranks });
                    tables.push(PlannedTable::new(spec, vec![region], order));
                }
            }
        }
        tables.push(PlannedTable::new(spec, Vec::new(), &usual));
        if weighted || tables.iter().flat_map(|table| &table.models).map(PlannedModel::size).sum::<usize>() > WRITTEN_OUT {
            tables.clear();
        }
        let where_else = if summary.is_empty() { "every gateway" } else { "any other gateway" };
        summary.push(format!("{where_else}: {}", in_words(&usual)));
        Self { cases, otherwise, weighted, tables, summary }
    }
}

impl PlannedModel {
    /// The model with those of the backends that hold it.
    fn new<'a>(backends: impl Iterator<Item = &'a Backend>, model: &str) -> Self {
        let holders = backends.filter_map(|backend| Some((&backend.id, backend.deployments.get(model)?)));
        let deployments: Vec<String> = holders.map(|(id, deployment)| format!("{id}={}", path_segment(&deployment.name))).collect();
        Self { name: model.to_owned(), deployments: deployments.join(" ") }
    }

    /// About what it takes of the document.
    fn size(&self) -> usize {
        self.name.len() + self.deployments.len() + 100
    }
}

impl PlannedTable {
    fn new(spec: &Spec, regions: Vec<&'static str>, order: &[Rank<'_>]) -> Self {
        let backends = || order.iter().flatten().copied();
        let models = spec.models().into_iter().map(|model| PlannedModel::new(backends(), model)).collect();
        Self { regions, models, nobody: backends().next().map_or_else(String::new, |first| format!("{}=", first.id)) }
    }
}

impl PlannedOn {
    fn new(connection_failure: bool, timeout: bool) -> Self {
        let reason = match (connection_failure, timeout) {
            (true, false) => "context.LastError.Reason == \"BackendConnectionFailure\"",
            (false, true) => "context.LastError.Reason == \"Timeout\"",
            _ => "",
        };
        Self { connection_failure, timeout, goes_on: connection_failure || timeout, reason }
    }
}

/// When a failed attempt is worth remembering: after a 429 or a 503, as far as they fail over. Where every request has one attempt alone
/// there is nowhere else to go, and nothing to remember.
fn throttled(spec: &Spec, attempts: usize) -> String {
    if !spec.failover.throttle_memory || attempts < 2 {
        return String::new();
    }
    let statuses = [429, 503].into_iter().filter(|status| spec.failover.on.statuses.iter().any(|range| range.contains(*status)));
    let conditions: Vec<String> = statuses.map(|status| format!("(int)context.Variables[\"failover-status\"] == {status}")).collect();
    conditions.join(" || ")
}

/// The backends as seen from a gateway region: its own region first, then by priority; backends of equal rank together.
/// With no region, by priority alone.
fn ranks(spec: &Spec, from: Option<Region>) -> Vec<Rank<'_>> {
    let rank = |backend: &Backend| (from.is_some_and(|region| backend.region != region), backend.priority);
    let mut backends: Vec<&Backend> = spec.backends.iter().collect();
    backends.sort_by_key(|backend| rank(backend));
    let mut ranks: Vec<Rank<'_>> = Vec::new();
    for backend in backends {
        match ranks.last_mut() {
            Some(last) if last.first().is_some_and(|other| rank(other) == rank(backend)) => last.push(backend),
            _ => ranks.push(vec![backend]),
        }
    }
    ranks
}

/// Every order that a request can meet.
fn every_order(spec: &Spec) -> Vec<Vec<Rank<'_>>> {
    let mut orders = vec![ranks(spec, None)];
    if spec.failover.order == Order::NearestFirst {
        orders.extend(spec.gateways.iter().map(|gateway| ranks(spec, Some(gateway.region))));
    }
    orders
}

/// Which backends can be a first attempt and which a later one, over all orders and models. Where throttled backends are `skipped`,
/// whoever comes behind them moves up.
fn places<'a>(spec: &'a Spec, orders: &[Vec<Rank<'a>>], attempts: usize, skipped: bool) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let (mut first, mut later) = (BTreeSet::new(), BTreeSet::new());
    for order in orders {
        // A request for a model that nobody holds goes to the first of all.
        first.extend(order.iter().take(1).flatten().map(|backend| backend.id.as_str()));
        for model in spec.models() {
            let mut before = 0;
            for rank in order {
                let holders: Vec<&str> =
                    rank.iter().filter(|backend| backend.deployments.contains_key(model)).map(|backend| backend.id.as_str()).collect();
                if before == 0 || skipped {
                    first.extend(holders.iter().copied());
                }
                if attempts > 1 && (before < attempts || skipped) && before + holders.len() > 1 {
                    later.extend(holders.iter().copied());
                }
                before += holders.len();
            }
        }
    }
    (first, later)
}

/// An order as the policy's expressions read it.
fn written(order: &[Rank<'_>], weighted: bool) -> String {
    let member = |backend: &&Backend| if weighted { format!("{}:{}", backend.id, backend.weight) } else { backend.id.clone() };
    let rank = |rank: &Rank<'_>| rank.iter().map(member).collect::<Vec<_>>().join("|");
    order.iter().map(rank).collect::<Vec<_>>().join(" ")
}

/// An order as people read it.
fn in_words(order: &[Rank<'_>]) -> String {
    let rank = |rank: &Rank<'_>| match rank.as_slice() {
        [one] => one.id.clone(),
        several => {
            let members: Vec<String> = several.iter().map(|backend| format!("{} ({})", backend.id, backend.weight)).collect();
            format!("{} by weight", members.join(" or "))
        }
    };
    order.iter().map(rank).collect::<Vec<_>>().join(", then ")
}

/// A C# condition over `status`.
fn condition(statuses: &[StatusRange]) -> String {
    let range = |range: &StatusRange| {
        if range.first == range.last {
            format!("status == {}", range.first)
        } else {
            format!("(status >= {} && status <= {})", range.first, range.last)
        }
    };
    std::iter::once("status == 0".to_owned()).chain(statuses.iter().map(range)).collect::<Vec<_>>().join(" || ")
}

/// What makes an attempt a failure, in words.
fn failure(spec: &Spec) -> String {
    let on = &spec.failover.on;
    let mut reasons = Vec::new();
    if !on.statuses.is_empty() {
        reasons.push(format!("with status {}", on.statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")));
    }
    if on.connection_failure {
        reasons.push("when the connection fails".to_owned());
    }
    if on.timeout {
        reasons.push(format!("when no answer begins within {} seconds", spec.failover.attempt_timeout.as_secs()));
    }
    if reasons.is_empty() { "never: the spec names no reason".to_owned() } else { reasons.join(", or ") }
}

/// The headers of later attempts, each once, with the variables that keep them.
fn headers(further: &[String]) -> Vec<PlannedHeader> {
    let names = without_repeats(CARRIED.into_iter().chain(further.iter().map(String::as_str)));
    names.into_iter().map(|name| PlannedHeader { variable: format!("failover-header-{}", name.to_ascii_lowercase()), name }).collect()
}

/// Header names in their order, each once; case does not tell them apart.
fn without_repeats<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            kept.push(name.to_owned());
        }
    }
    kept
}

fn boundary(boundary: &DataBoundary) -> String {
    match boundary {
        DataBoundary::None => "none".to_owned(),
        DataBoundary::Eu => "the European Union".to_owned(),
        DataBoundary::Regions(regions) => regions.iter().map(|region| region.display).collect::<Vec<_>>().join(", "),
    }
}

/// Text as one segment of a URL's path: everything but unreserved characters is percent-encoded (RFC 3986, section 2.3).
fn path_segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}

#[cfg(test)]
mod tests;
