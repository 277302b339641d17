//! The page at the address of the control endpoint, and what feeds it: the state of everything, events as they come, the catalogue of faults.
//!
//! The page is one document without an outside resource: its style and script stand in it and are allowed by their hashes alone. What it is
//! sent holds no header values, queries or keys; traces are masked where they are made.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    clock,
    events::Outcome,
    ledger::{Answered, Called, Ledger, Pages, Series},
    metrics,
    site::Site,
};
use crate::{
    azure::faults::{CATALOGUE, Entry, FaultOption, STATUS},
    environment::Moment,
    http::reason_phrase,
    text::Text,
};

const DOCUMENT: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

/// How often a page hears what has changed.
const TICK: Duration = Duration::from_millis(250);

/// After so many ticks without news a comment is sent, so that both ends see that the other one is there.
const QUIET_TICKS: u32 = 40;

/// Requests that one tick tells of; under load the rest is in the counts.
const AT_A_TICK: usize = 40;

/// Pages that may be open at a time.
const SEATS: usize = 32;

/// A longer path is cut: it is the client's own choice.
const SHOWN_PATH: usize = 300;

/// Calls of one request that are shown.
const SHOWN_ATTEMPTS: usize = 50;

/// Statuses that have a button; all from 200 to 599 are faults.
const STATUSES: [u16; 7] = [429, 503, 500, 504, 408, 401, 404];

/// What the control endpoint serves.
pub(super) struct Page {
    /// What stands where.
    pub(super) site: Arc<Site>,
    ledger: Arc<Ledger>,
    /// Tells this run from the one before at the same address.
    run: u64,
    html: Bytes,
    policy: HeaderValue,
    seats: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Page {
    /// The page of a site.
    pub(super) fn new(site: Arc<Site>, ledger: Arc<Ledger>) -> Self {
        let run = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let html = DOCUMENT.replace("/*STYLE*/", STYLE).replace("/*SCRIPT*/", SCRIPT);
        Self {
            site,
            ledger,
            run: u64::try_from(run.as_millis()).unwrap_or_default(),
            html: html.into(),
            policy: security_policy(),
            seats: Arc::new(Semaphore::new(SEATS)),
            stopping: watch::Sender::new(false),
        }
    }

    /// Ends the streams of events: the endpoint stops.
    pub(super) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// What there is and how it fares: what the site knows, with what the ledger has counted.
    pub(super) fn state(&self) -> Value {
        let mut state = serde_json::to_value(self.site.state()).unwrap_or_default();
        let now = clock::now();
        let pages = self.ledger.read();
        for gateway in entries(&mut state, "gateways") {
            let region = text(gateway, "region");
            gateway.insert("answers".to_owned(), answers(&pages.requests, |answered| *answered.gateway == *region));
            gateway.insert("throughFrontDoor".to_owned(), answers(&pages.through, |answered| *answered.gateway == *region));
        }
        for backend in entries(&mut state, "backends") {
            let id = text(backend, "id");
            backend.insert("calls".to_owned(), calls(&pages, |called| *called.backend == *id));
        }
        if let Some(front_door) = state.get_mut("frontDoor").and_then(Value::as_object_mut) {
            front_door.insert("answers".to_owned(), answers(&pages.edge, |_| true));
        }
        let links = links(&pages);
        drop(pages);
        let targets = self.targets();
        if let Some(state) = state.as_object_mut() {
            state.insert("links".to_owned(), links);
            state.insert("circuits".to_owned(), self.circuits(now));
            state.insert("targets".to_owned(), targets.into());
            state.insert("tracesEverything".to_owned(), self.site.world.tracing.is_of_everything().into());
        }
        state
    }

    /// What a fault can be put on, with what lies between the regions.
    fn targets(&self) -> Vec<String> {
        let mut targets = self.site.targets();
        let hosted = self.site.world.hosted();
        for gateway in self.site.gateways() {
            let from = gateway.server.region();
            for to in hosted.iter().map(|hosted| hosted.server.region()).filter(|to| to != from) {
                let link = format!("link:{from}-{to}");
                // A link has two ends and no direction.
                if !targets.contains(&link) && !targets.contains(&format!("link:{to}-{from}")) {
                    targets.push(link);
                }
            }
        }
        targets
    }

    fn circuits(&self, now: Moment) -> Value {
        let gateways = self.site.gateways();
        let told = gateways.iter().flat_map(|gateway| {
            let region = gateway.server.region().clone();
            gateway.server.circuits(now).into_iter().map(move |(backend, until, opened)| {
                let until = until.map(|until| until.0.div_euclid(1_000_000));
                json!({"gateway": &*region, "backend": &*backend, "opened": opened, "openUntilMs": until})
            })
        });
        told.collect()
    }

    /// What a page needs once.
    fn hello(&self) -> Value {
        json!({"run": self.run, "version": env!("CARGO_PKG_VERSION"), "catalogue": catalogue()})
    }
}

/// The routes of the page.
pub(super) fn routes(page: Arc<Page>) -> Router {
    Router::new()
        .route("/", get(document))
        .route("/events", get(events))
        .route("/state", get(state))
        .route("/metrics", get(measured))
        .route("/tracing", put(trace_everything))
        .with_state(page)
}

async fn document(State(page): State<Arc<Page>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, page.policy.clone()),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, page.html.clone()).into_response()
}

async fn state(State(page): State<Arc<Page>>) -> Response {
    Json(page.state()).into_response()
}

async fn measured(State(page): State<Arc<Page>>) -> Response {
    let text = metrics::text(&page.site, &page.ledger.read());
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TracingCommand {
    everything: bool,
}

async fn trace_everything(State(page): State<Arc<Page>>, body: Bytes) -> Response {
    match serde_json::from_slice::<TracingCommand>(&body) {
        Ok(command) => {
            page.site.world.tracing.trace_everything(command.everything);
            Json(json!({"everything": command.everything})).into_response()
        }
        Err(error) => super::control::refuse(StatusCode::BAD_REQUEST, "bad-command", &error.to_string()),
    }
}

/// The headers of every answer of the endpoint: no other site may read, embed or keep any.
pub(super) fn guard(response: &mut Response) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What the page may do: run its own script, wear its own style, talk to where it came from. Source: w3.org/TR/CSP3.
fn security_policy() -> HeaderValue {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    // Base64 and words: it is a header value.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

async fn events(State(page): State<Arc<Page>>) -> Response {
    let Ok(seat) = page.seats.clone().try_acquire_owned() else {
        return super::control::refuse(StatusCode::SERVICE_UNAVAILABLE, "too-many-pages", "32 pages are open already");
    };
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let viewer =
        Viewer { stopping: page.stopping.subscribe(), page, greeted: false, state: String::new(), number: 0, quiet: 0, ticks, _seat: seat };
    let news = stream::unfold(viewer, |mut viewer| async move { viewer.news().await.map(|text| (Ok::<_, Infallible>(text), viewer)) });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(news)).into_response()
}

/// A page that is open somewhere.
struct Viewer {
    page: Arc<Page>,
    stopping: watch::Receiver<bool>,
    greeted: bool,
    /// The state that it knows.
    state: String,
    /// The newest request that it knows.
    number: u64,
    /// Ticks without news.
    quiet: u32,
    ticks: Interval,
    _seat: OwnedSemaphorePermit,
}

impl Viewer {
    /// What is new, when there is something; nothing at the end.
    async fn news(&mut self) -> Option<String> {
        loop {
            tokio::select! {
                _ = self.ticks.tick() => {}
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
            }
            let mut news = String::new();
            if !self.greeted {
                self.greeted = true;
                news += &event("hello", &self.page.hello());
            }
            let state = event("state", &self.page.state());
            if state != self.state {
                news += &state;
                self.state = state;
            }
            let most = if self.number == 0 { usize::MAX } else { AT_A_TICK };
            let fresh = self.page.ledger.read().since(self.number, most);
            if let Some((last, _)) = fresh.last() {
                self.number = *last;
                news += &event("requests", &fresh.iter().map(|(number, record)| told(*number, record)).collect());
            }
            self.quiet = if news.is_empty() { self.quiet + 1 } else { 0 };
            if self.quiet >= QUIET_TICKS {
                self.quiet = 0;
                news += ": still here\n\n";
            }
            if !news.is_empty() {
                return Some(news);
            }
        }
    }
}

/// An event of a stream. JSON has no line breaks of its own here. Source: html.spec.whatwg.org, server-sent events.
fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// A request with its number, cut to what fits a page.
fn told(number: u64, record: &super::RequestRecord) -> Value {
    let mut told = serde_json::to_value(record).unwrap_or_default();
    if let Some(told) = told.as_object_mut() {
        told.insert("number".to_owned(), number.into());
        if record.path.chars().count() > SHOWN_PATH {
            let path: String = record.path.chars().take(SHOWN_PATH).chain(['…']).collect();
            told.insert("path".to_owned(), path.into());
        }
        if let Some(attempts) = told.get_mut("attempts").and_then(Value::as_array_mut) {
            attempts.truncate(SHOWN_ATTEMPTS);
        }
    }
    told
}

fn entries<'a>(state: &'a mut Value, name: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    state.get_mut(name).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn text(entry: &Map<String, Value>, name: &str) -> String {
    entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// How answers fared: `good`, `throttled` (429), `failed` (5xx, not whole), `refused` (other 4xx).
fn answers(series: &Series<Answered>, which: impl Fn(&Answered) -> bool) -> Value {
    let mut fares = Fares::default();
    for (answered, count) in series.iter().filter(|(answered, _)| which(answered)) {
        fares.add(if answered.whole { Outcome::Status(answered.status) } else { Outcome::Error("") }, count);
    }
    fares.told()
}

/// How calls fared.
fn calls(pages: &Pages, which: impl Fn(&Called) -> bool) -> Value {
    let mut fares = Fares::default();
    pages.attempts.iter().filter(|(called, _)| which(called)).for_each(|(called, count)| fares.add(called.outcome, count));
    fares.told()
}

/// The calls from each gateway to each backend.
fn links(pages: &Pages) -> Value {
    let mut pairs: Vec<(Text, Text)> = pages.attempts.iter().map(|(called, _)| (called.gateway.clone(), called.backend.clone())).collect();
    // The counts are in the order of gateway and backend.
    pairs.dedup();
    let told = pairs.iter().map(|(gateway, backend)| {
        let calls = calls(pages, |called| called.gateway == *gateway && called.backend == *backend);
        json!({"gateway": &**gateway, "backend": &**backend, "calls": calls})
    });
    told.collect()
}

#[derive(Default)]
struct Fares {
    good: u64,
    throttled: u64,
    refused: u64,
    failed: u64,
}

impl Fares {
    fn add(&mut self, outcome: Outcome, count: u64) {
        *match outcome {
            Outcome::Status(429) => &mut self.throttled,
            Outcome::Status(400..500) => &mut self.refused,
            Outcome::Status(..400) => &mut self.good,
            Outcome::Status(_) | Outcome::Error(_) => &mut self.failed,
        } += count;
    }

    fn told(&self) -> Value {
        json!({"good": self.good, "throttled": self.throttled, "refused": self.refused, "failed": self.failed})
    }
}

/// The faults that have a button: the word, what a client sees, which options it takes, what it can be put on.
fn catalogue() -> Value {
    let told = |fault: String, seen: &str, entry: &Entry| {
        let every = [FaultOption::Rate, FaultOption::Period];
        let options: Vec<_> = entry.options.iter().chain(&every).filter_map(|option| wire(*option)).collect();
        let places: Vec<_> = entry.places.iter().map(|place| place.word()).collect();
        json!({"fault": fault, "seen": seen, "options": options, "places": places})
    };
    let statuses = STATUSES.iter().map(|status| told(status.to_string(), reason_phrase(*status), &STATUS));
    let words = CATALOGUE.iter().map(|entry| told(entry.word.to_owned(), entry.seen, entry));
    statuses.chain(words).collect()
}

/// An option in the JSON of a command; none for those that want more room than a page has.
fn wire(option: FaultOption) -> Option<&'static str> {
    match option {
        FaultOption::Rate => Some("rate"),
        FaultOption::Period => Some("periodMs"),
        FaultOption::RetryAfter => Some("retryAfterMs"),
        FaultOption::Delay => Some("delayMs"),
        FaultOption::Pieces => Some("pieces"),
        FaultOption::TokensPerMinute => Some("tokensPerMinute"),
        FaultOption::Header | FaultOption::Body => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_stands_alone() {
        for (name, text) in [("html", DOCUMENT), ("css", STYLE), ("js", SCRIPT)] {
            for outside in ["http://", "https://", "//cdn", "@import", "url(", "eval(", "innerHTML", "Function("] {
                let text = text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(outside), "{name}: {outside}");
            }
        }
        assert_eq!((DOCUMENT.matches("/*STYLE*/").count(), DOCUMENT.matches("/*SCRIPT*/").count()), (1, 1));
        // The hashes are those of the whole elements.
        assert!(DOCUMENT.contains("<style>/*STYLE*/</style>") && DOCUMENT.contains("<script>/*SCRIPT*/</script>"));
        assert!(!STYLE.contains("</style") && !SCRIPT.contains("</script") && !DOCUMENT.contains(" style="));
    }

    #[test]
    fn outcomes_are_of_four_kinds() {
        let mut fares = Fares::default();
        for outcome in [200, 304, 429, 400, 404, 499, 500, 503].map(Outcome::Status).into_iter().chain([Outcome::Error("hang")]) {
            fares.add(outcome, 1);
        }
        assert_eq!(fares.told(), json!({"good": 2, "throttled": 1, "refused": 3, "failed": 3}));
    }
}
