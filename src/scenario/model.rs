//! A scenario as the rest of the program sees it: typed, complete with defaults, checked.

use std::time::Duration;

use indexmap::IndexMap;

use crate::{
    azure::faults::{Fault, Target},
    source::Span,
    spec::Region,
    text::Text,
};

pub use super::expectation::{Expectation, Metric, Operator, Scope, Unit, Window};
pub use crate::world::ResourceSource;

/// What happens to a world for a while, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called; without a `name` of its own, the file's without its extension.
    pub name: String,
    /// What it is about, for people.
    pub description: Option<String>,
    /// The world that it happens to.
    pub world: WorldSource,
    /// Where everything random begins.
    pub seed: u64,
    /// How long requests arrive, in simulated time.
    pub duration: Duration,
    /// Who asks for what, how often. At least one.
    pub load: Vec<Load>,
    /// What goes wrong when, in the order of the file: `fault 1` is the first.
    pub faults: Vec<TimedFault>,
    /// What must hold in the end.
    pub expect: Vec<Expectation>,
}

/// Where the world comes from. Paths are relative to the scenario's file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorldSource {
    /// A region spec.
    pub spec: Option<String>,
    /// A policy document in place of the generated one; without a spec, in a world of `gateways` and `backends`.
    pub policy: Option<String>,
    /// The folder of an API Management service.
    pub service: Option<String>,
    /// Backend entities as JSON, as `simulate --backend-entities` reads them.
    pub backend_entities: Option<String>,
    /// What else the service holds, as `simulate --entities` reads it.
    pub entities: Option<String>,
    /// The regions of the gateways, where there is no spec.
    pub gateways: Vec<Region>,
    /// Azure OpenAI resources, where there is no spec, or besides its own.
    pub backends: Vec<ResourceSource>,
    /// The public path of the API that the load calls, where there is no spec; `openai` without.
    pub api: Option<String>,
    /// Values of Named Values.
    pub named_values: IndexMap<String, String>,
}

/// Clients of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// What expectations and reports call them; `load N` where the file does not say.
    pub name: Text,
    /// Where they are.
    pub from: Region,
    /// How their requests enter.
    pub via: Via,
    /// When requests begin.
    pub arrivals: Arrivals,
    /// From when, counted from the scenario's beginning.
    pub start: Duration,
    /// Until when; the scenario's end at the latest.
    pub end: Duration,
    /// What they ask for, with the share of each; shares add up to 1.
    pub mix: Vec<(f64, Ask)>,
    /// The share of requests that want a stream, 0 to 1.
    pub streaming: f64,
    /// How they behave when they get no good answer.
    pub client: Client,
}

/// How requests enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through Front Door where the spec has one, else by the gateway that lies nearest.
    Nearest,
    /// By the gateway of this region.
    Gateway(Region),
}

/// When requests begin. Rates are requests a second.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrivals {
    /// Independently of one another: a Poisson process.
    Poisson {
        /// The mean.
        rate: f64,
    },
    /// At equal distances.
    Constant {
        /// The rate.
        rate: f64,
    },
    /// A Poisson process whose rate goes evenly from one to the other over the load's time.
    Ramp {
        /// The rate at its start.
        from: f64,
        /// The rate at its end.
        to: f64,
    },
    /// A Poisson process whose rate follows the day, as a cosine between night and noon.
    Daily {
        /// The lowest rate, at `peak_at` and 12 hours.
        low: f64,
        /// The highest rate.
        peak: f64,
        /// When the rate is highest, from midnight; the scenario begins at midnight.
        peak_at: Duration,
    },
    /// A Poisson process, and many requests at once now and then.
    Bursts {
        /// The mean between the bursts; may be 0.
        rate: f64,
        /// Requests of a burst.
        size: u32,
        /// From one burst to the next.
        every: Duration,
    },
    /// Requests that somebody recorded, in the order of time.
    Trace(Vec<Recorded>),
    /// So many users; each waits for the answer, thinks, and asks again.
    Users {
        /// How many.
        count: u32,
        /// The mean time between an answer and the next request, exponentially spread.
        think: Duration,
    },
}

/// A request of a recorded trace. What it does not say, the load's mix does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recorded {
    /// When, from the load's start.
    pub at: Duration,
    /// The model.
    pub model: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// The most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// Whether it wants a stream.
    pub streaming: Option<bool>,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// Operation and form.
    pub operation: Operation,
    /// The public model name: the deployment in the path, or `model` in the body.
    pub model: String,
    /// How long the prompt is, in tokens.
    pub prompt_tokens: Amount,
    /// The most tokens that the answer may have; the client does not say without it.
    pub max_tokens: Option<Amount>,
    /// What the prompt says at its beginning: triggers of a filter, an attack.
    pub prompt: Option<String>,
    /// Further header fields.
    pub headers: Vec<(String, String)>,
    /// A query besides `api-version`, without the question mark.
    pub query: Option<String>,
}

/// An operation in one of the forms in which Azure OpenAI offers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `/deployments/{model}/chat/completions`.
    Chat,
    /// `/deployments/{model}/completions`.
    Completion,
    /// `/deployments/{model}/embeddings`.
    Embedding,
    /// `/v1/chat/completions`.
    ChatV1,
    /// `/v1/embeddings`.
    EmbeddingV1,
    /// `/responses`.
    Responses,
    /// Something else: as it stands here.
    Raw {
        /// The method.
        method: String,
        /// The path below the gateway's host, with its slash.
        path: String,
        /// The body.
        body: String,
    },
}

/// A number that may vary from request to request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// Always this.
    Fixed(u64),
    /// Any from the first to the second, both included.
    Uniform(u64, u64),
    /// Log-normal: half lie below the first, 95 % below the second.
    LogNormal(u64, u64),
}

/// How a client behaves. The defaults are those of the OpenAI SDKs: two retries, ten minutes.
/// Source: github.com/openai/openai-python, `_constants.py`, `_base_client.py` (`_should_retry`, `_calculate_retry_timeout`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// How often it tries again after 408, 409, 429, a 5xx, a broken connection or a timeout.
    pub retries: u32,
    /// How long it waits: for the whole answer, or between two pieces of a stream.
    pub timeout: Duration,
}

impl Default for Client {
    fn default() -> Self {
        Self { retries: 2, timeout: Duration::from_secs(600) }
    }
}

/// A fault with its time.
#[derive(Clone, Debug, PartialEq)]
pub struct TimedFault {
    /// When it begins, from the scenario's beginning.
    pub at: Duration,
    /// How long it lasts; to the end without.
    pub lasts: Option<Duration>,
    /// What it holds for.
    pub target: Target,
    /// What is wrong.
    pub fault: Fault,
    /// Where it stands in the file.
    pub span: Span,
}

impl TimedFault {
    /// When it is over, from the scenario's beginning; the end of time without an end.
    pub fn end(&self) -> Duration {
        self.lasts.map_or(Duration::MAX, |lasts| self.at.saturating_add(lasts))
    }
}
