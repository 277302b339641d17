//! What a resource is: its name, its keys, its deployments, how fast and how much its models speak.

use std::fmt;

use indexmap::IndexMap;

use super::{Latency, Quotas, Recordings, latency::log_normal};
use crate::{environment::Environment, spec, text::Text};

/// What a resource is: fixed while it runs.
#[derive(Clone)]
pub struct ResourceConfig {
    /// The backend's id in the spec, or an undeclared host's first label. Answers name it.
    pub id: String,
    /// The region's display name, as in `x-ms-region`: `Sweden Central`.
    pub region_display: Text,
    /// The host name: `contoso-swc.openai.azure.com`.
    pub host: Text,
    /// Both keys. An empty one is never accepted.
    pub keys: [Text; 2],
    /// The deployments.
    pub deployments: Deployments,
    /// Any key is good. A token must still be the simulator's own, for the right audience and not expired.
    pub accepts_any_credential: bool,
    /// No key is good, only tokens (`disableLocalAuth` of the account).
    pub disable_local_auth: bool,
    /// Whether answers take their time.
    pub pace: Pace,
    /// How long the answers of all deployments are, where these do not say.
    pub answer_tokens: AnswerTokens,
    /// Whether `usage` counts tokens as the models do; else four characters are a token. Limits estimate either way.
    pub exact_tokens: bool,
    /// How many tokens a piece of a stream holds, at least 1; 3 unless changed. Large pieces make long streams cheap to simulate.
    pub burst: u64,
    /// What is answered from a recording.
    pub recordings: Recordings,
    /// The quotas of the world: those of its own without. Resources share a [`Deployment::pool`] where they hold clones of the same quotas.
    pub quotas: Quotas,
}

impl Default for ResourceConfig {
    fn default() -> Self {
        Self {
            id: String::new(),
            region_display: Text::EMPTY,
            host: Text::EMPTY,
            keys: [Text::EMPTY, Text::EMPTY],
            deployments: Deployments::Any,
            accepts_any_credential: false,
            disable_local_auth: false,
            pace: Pace::Immediate,
            answer_tokens: AnswerTokens::default(),
            exact_tokens: false,
            burst: super::answer::BURST,
            recordings: Recordings::default(),
            quotas: Quotas::default(),
        }
    }
}

impl ResourceConfig {
    /// A resource that nobody declared: its id is the host's first label, any key and any deployment are good.
    pub fn undeclared(host: Text, region_display: Text) -> Self {
        Self {
            id: host.split('.').next().unwrap_or_default().to_owned(),
            region_display,
            host,
            accepts_any_credential: true,
            ..Self::default()
        }
    }
}

/// Without the keys: they may be somebody's Named Values.
impl fmt::Debug for ResourceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceConfig")
            .field("id", &self.id)
            .field("region_display", &self.region_display)
            .field("host", &self.host)
            .field("deployments", &self.deployments)
            .field("accepts_any_credential", &self.accepts_any_credential)
            .field("disable_local_auth", &self.disable_local_auth)
            .field("pace", &self.pace)
            .field("answer_tokens", &self.answer_tokens)
            .finish_non_exhaustive()
    }
}

/// Whether answers take the time that a model takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// At once; streams in small steps, so that they are seen to be streams. Answers say who gives them and repeat what was said.
    #[default]
    Immediate,
    /// As long as [`Latency`] says, and answers as long as [`AnswerTokens`] says.
    Realistic,
}

/// The deployments of a resource.
#[derive(Clone, Debug)]
pub enum Deployments {
    /// These, by name.
    Declared(IndexMap<String, Deployment>),
    /// Any name is a deployment of the model of that name, without limits.
    Any,
}

impl Deployments {
    /// The models that are known to be there.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        let declared = match self {
            Self::Declared(deployments) => Some(deployments),
            Self::Any => None,
        };
        declared.into_iter().flatten().map(|(_, deployment)| deployment.model.as_str())
    }

    /// What a backend of a region spec holds. Deployments of one subscription share their quota where the spec names subscriptions.
    pub fn of_backend(backend: &spec::Backend) -> Self {
        let deployment = |deployment: &spec::Deployment| {
            let pool = |subscription: &String| {
                Text::from(format!("{subscription}/{}/{}/{:?}", backend.region.name, deployment.model, deployment.sku))
            };
            let simulated = Deployment {
                model: deployment.model.clone(),
                version: deployment.version.clone(),
                tokens_per_minute: deployment.tokens_per_minute,
                requests_per_minute: deployment.requests_per_minute,
                units: deployment.units,
                spillover: deployment.spillover.clone(),
                pool: backend.subscription.as_ref().filter(|_| !deployment.sku.is_provisioned()).map(pool),
                ..Deployment::default()
            };
            (deployment.name.clone(), simulated)
        };
        Self::Declared(backend.deployments.values().map(deployment).collect())
    }
}

/// A model made available under a name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    /// The model: `gpt-4o`.
    pub model: String,
    /// Its version: `2024-11-20`.
    pub version: Option<String>,
    /// The limit of tokens a minute; none without it.
    pub tokens_per_minute: Option<u64>,
    /// The limit of requests a minute; without it, what the service derives from the limit of tokens.
    pub requests_per_minute: Option<u64>,
    /// Provisioned throughput units: the deployment is a provisioned one then, and has no other limit.
    pub units: Option<u32>,
    /// The standard deployment of the same resource that takes what this provisioned one cannot.
    pub spillover: Option<String>,
    /// The quota that it shares with every other deployment of the same pool in the same [`Quotas`](super::Quotas).
    pub pool: Option<Text>,
    /// How fast it answers; what is usual for the model without.
    pub latency: Option<Latency>,
    /// How long its answers are; what the resource says without.
    pub answer_tokens: Option<AnswerTokens>,
}

/// How long an answer is, in tokens, where [`Pace::Realistic`] holds; never longer than the request allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnswerTokens {
    /// Always so many.
    Fixed(u64),
    /// Log-normal around so many. `spread` is the standard deviation of the logarithm: at 0.5, one answer in twenty is longer than 2.3
    /// times the median.
    Around {
        /// The median.
        median: u64,
        /// The standard deviation of the natural logarithm.
        spread: f64,
    },
    /// Log-normal around a share of `max_tokens` (0.6 is 60 %), or around 250 tokens where the request has no limit.
    Share {
        /// The median as a share of the limit.
        of_limit: f64,
        /// The standard deviation of the natural logarithm.
        spread: f64,
    },
}

/// Which share of `max_tokens` models use is not documented, and differs with the task: 60 %, with one answer in ten cut at the limit.
impl Default for AnswerTokens {
    fn default() -> Self {
        Self::Share { of_limit: 0.6, spread: 0.4 }
    }
}

/// What stands for the limit of a request that has none, where [`AnswerTokens::Share`] holds.
const UNLIMITED: u64 = 250;

impl AnswerTokens {
    /// The length of one answer, at least one token, and whether the limit cuts it. `asked` is the limit that the request sets, `most` what it
    /// and the model allow.
    pub(super) fn draw(&self, asked: Option<u64>, most: u64, environment: &mut dyn Environment) -> (u64, bool) {
        let around = |median: f64, spread, environment: &mut dyn Environment| (median * log_normal(spread, environment)).round() as u64;
        let length = match *self {
            Self::Fixed(length) => length,
            Self::Around { median, spread } => around(median as f64, spread, environment),
            Self::Share { of_limit, spread } => match asked {
                Some(asked) => around(asked as f64 * of_limit, spread, environment),
                None => around(UNLIMITED as f64, spread, environment),
            },
        };
        (length.clamp(1, most.max(1)), length > most)
    }
}
