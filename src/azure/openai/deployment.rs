//! One deployment: what it is asked, whether it has room, what it says and when.

use std::time::Duration;

use super::{
    Deployment, Latency, Pace, ResourceConfig, Usage,
    answer::{Answer, Call, Served, Speech},
    audio::{self, Recording},
    chat::Chat,
    completions::Completion,
    config::AnswerTokens,
    embeddings::Embedding,
    errors::{Refusal, Subject},
    headers::Spill,
    images::Image,
    limits::{Limits, Standing},
    memo::Memo,
    models::Model,
    outcome::Outcome,
    provisioned::{Bucket, Provisioned},
    quotas::Quota,
    responses::{Asked as AskedResponse, Store},
    route::Operation,
};
use crate::{
    environment::{Environment, Moment},
    http::ResponseHead,
    text::Text,
};

/// A deployment and what it remembers.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub name: Text,
    pub served: Served,
    capacity: Capacity,
    latency: Latency,
    answer_tokens: AnswerTokens,
    /// The deployment that takes what this one has no room for.
    pub spillover: Option<String>,
    chats: Memo<Chat>,
    responses: Memo<AskedResponse>,
}

#[derive(Clone, Debug)]
enum Capacity {
    Standard {
        limits: Limits,
        /// The quota that it shares.
        pool: Option<Quota>,
        /// How much of the limit is in use, window or no window: what latency feels.
        load: Option<Bucket>,
    },
    Provisioned(Provisioned),
}

/// A request on its way to a deployment.
pub(super) struct Arrived<'a> {
    pub operation: Operation,
    pub api_version: &'a str,
    pub content_type: &'a str,
    pub body: &'a [u8],
    pub now: Moment,
    /// The outcome that a header asks for.
    pub outcome: Option<Outcome>,
    /// The length of the answer that a header asks for, in tokens.
    pub length: Option<u64>,
    /// What the limits have fallen to.
    pub fallen: Option<crate::azure::faults::Quota>,
}

/// What is to be told about a request beside its answer.
#[derive(Default)]
pub(super) struct Told {
    pub standing: Option<Standing>,
    pub utilisation: Option<f64>,
    pub first_byte: Duration,
    pub usage: Option<Usage>,
    pub spill: Option<Spill>,
    /// Status, reason and fields of a recorded answer.
    pub recorded: Option<ResponseHead>,
}

/// A request that is in order.
enum Asked<'a> {
    Chat(&'a Chat),
    Response(&'a AskedResponse),
    Completion(Completion<'a>),
    Embedding(Embedding<'a>),
    Recording(Recording),
    Speech(audio::Speech),
    Image(Image<'a>),
}

impl Asked<'_> {
    /// What the limits count.
    fn estimate(&self) -> u64 {
        match self {
            Self::Chat(chat) => chat.estimate(),
            Self::Response(response) => response.estimate(),
            Self::Completion(completion) => completion.estimate(),
            Self::Embedding(embedding) => embedding.estimate(),
            // Audio and images are limited by requests, not by tokens.
            // Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
            Self::Recording(_) | Self::Speech(_) | Self::Image(_) => 0,
        }
    }

    /// The tokens of the prompt, the longest answer where the request limits it, and how many answers.
    fn measure(&self) -> (u64, Option<u64>, u64) {
        match self {
            Self::Chat(chat) => (chat.prompt.tokens, chat.limit, chat.choices),
            Self::Response(response) => (response.prompt.tokens, response.limit, 1),
            Self::Completion(completion) => (completion.tokens, Some(completion.limit), completion.worked_out),
            Self::Embedding(embedding) => (embedding.tokens, Some(0), 1),
            Self::Recording(_) | Self::Speech(_) | Self::Image(_) => (0, Some(0), 1),
        }
    }

    /// Whether the model can hold it.
    fn check(&self, served: &Served) -> Result<(), Refusal> {
        match self {
            Self::Chat(chat) => chat.check(&served.model),
            Self::Response(response) => response.check(&served.model),
            Self::Completion(completion) => completion.check(&served.model, served.counter),
            Self::Embedding(embedding) => embedding.check(&served.model, served.counter),
            Self::Recording(_) | Self::Speech(_) | Self::Image(_) => Ok(()),
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Chat(chat) => chat.prompt.outcome,
            Self::Response(response) => response.prompt.outcome,
            Self::Completion(completion) => completion.outcome(),
            _ => None,
        }
    }

    /// Whether the answer is made of tokens.
    fn speaks(&self) -> bool {
        matches!(self, Self::Chat(_) | Self::Response(_) | Self::Completion(_))
    }
}

impl State {
    /// A deployment of a resource.
    pub fn new(name: &str, deployment: &Deployment, config: &ResourceConfig) -> Self {
        let model = Model::named(&deployment.model);
        let tokens = deployment.tokens_per_minute;
        let requests = deployment.requests_per_minute.or_else(|| tokens.map(|tokens| model.requests_per_minute(tokens)));
        let capacity = match deployment.units {
            Some(units) => Capacity::Provisioned(Provisioned::new(&deployment.model, units)),
            None => Capacity::Standard {
                limits: Limits::new(tokens, requests),
                pool: deployment.pool.as_ref().map(|pool| config.quotas.join(pool, tokens, requests)),
                load: tokens.map(|tokens| Bucket::new(tokens as f64)),
            },
        };
        let served = Served::new(&deployment.model, deployment.version.as_deref(), model, config.exact_tokens);
        let usual = || Latency::usual(&deployment.model, &model, deployment.units.is_some());
        Self {
            name: Text::copied(name),
            served,
            capacity,
            latency: deployment.latency.unwrap_or_else(usual),
            answer_tokens: deployment.answer_tokens.unwrap_or(config.answer_tokens),
            spillover: deployment.spillover.clone(),
            chats: Memo::default(),
            responses: Memo::default(),
        }
    }

    /// A deployment that is taken for the model of its name, with everything open.
    pub fn undeclared(name: &str, config: &ResourceConfig) -> Self {
        let mut state = Self::new(name, &Deployment { model: name.to_owned(), ..Deployment::default() }, config);
        state.served.model = state.served.model.for_everything();
        state
    }

    /// Whether it is a provisioned one.
    pub fn is_provisioned(&self) -> bool {
        matches!(self.capacity, Capacity::Provisioned(_))
    }

    /// How its limits stand, nothing counted; a provisioned deployment has none.
    pub fn standing(&self, now: Moment) -> Option<Standing> {
        match &self.capacity {
            Capacity::Standard { limits, .. } => Some(limits.standing(now)),
            Capacity::Provisioned(_) => None,
        }
    }

    /// Whether a request that is estimated at so many tokens would be let in. Nothing is counted.
    pub fn has_room(&self, estimate: u64, now: Moment) -> bool {
        match &self.capacity {
            Capacity::Standard { limits, pool, .. } => {
                limits.clone().admit(estimate, now).1.is_none() && pool.as_ref().is_none_or(|pool| pool.has_room(estimate, now))
            }
            Capacity::Provisioned(provisioned) => provisioned.clone().admit(estimate, None, now).is_ok(),
        }
    }

    /// Operation, body, limits, model: whatever fails first speaks.
    pub fn serve(
        &mut self,
        arrived: &Arrived,
        config: &ResourceConfig,
        store: &mut Store,
        told: &mut Told,
        environment: &mut dyn Environment,
    ) -> Result<Answer, Refusal> {
        let Self { name, served, capacity, latency, answer_tokens, chats, responses, .. } = self;
        let (model, counter, body, now) = (served.model, served.counter, arrived.body, arrived.now);
        if !model.does(arrived.operation) {
            return Err(Refusal::operation_not_supported(arrived.operation, &served.name));
        }
        let asked = match arrived.operation {
            Operation::Chat => Asked::Chat(chats.get(body, |body| Chat::read(body, &model, counter))?),
            Operation::Response => Asked::Response(responses.get(body, |body| AskedResponse::read(body, &model, counter))?),
            Operation::Completion => Asked::Completion(Completion::read(body, &model, counter)?),
            Operation::Embedding => Asked::Embedding(Embedding::read(body, &model, counter)?),
            Operation::Transcription | Operation::Translation => {
                Asked::Recording(Recording::read(arrived.content_type, body, arrived.operation)?)
            }
            Operation::Speech => Asked::Speech(audio::Speech::read(body)?),
            Operation::Image => Asked::Image(Image::read(body, &served.name)?),
        };
        if let Asked::Response(response) = &asked {
            store.follows(response)?;
        }
        let (prompt, limit, answers) = asked.measure();
        let (load, cost) = match capacity {
            Capacity::Standard { limits, pool, load } => {
                let estimate = asked.estimate();
                limits.fall_to(arrived.fallen);
                let (mut standing, mut throttled) = limits.admit(estimate, now);
                if let Some(pool) = pool {
                    let (shared, also) = pool.admit(estimate, arrived.fallen, now);
                    standing = standing.within(shared);
                    throttled = throttled.into_iter().chain(also).max_by_key(|throttled| throttled.retry_after);
                }
                told.standing = Some(standing);
                if let Some(throttled) = throttled {
                    let subject = Subject {
                        model: &served.name,
                        deployment: name,
                        region: &config.region_display,
                        operation: arrived.operation,
                        api_version: arrived.api_version,
                    };
                    return Err(Refusal::throttled(throttled, &subject));
                }
                let fullness = load.as_mut().map_or(0.0, |load| {
                    load.add(estimate as f64, now);
                    load.fullness(now)
                });
                (fullness, None)
            }
            Capacity::Provisioned(provisioned) => {
                provisioned.fall_to(arrived.fallen, now);
                let admitted = provisioned.admit(prompt, limit.map(|limit| limit.saturating_mul(answers)), now);
                let utilisation = provisioned.utilisation(now);
                told.utilisation = Some(utilisation);
                (utilisation, Some(admitted.map_err(Refusal::full)?))
            }
        };
        let mut correct = |completion: u64, end: Moment| {
            if let (Capacity::Provisioned(provisioned), Some(cost)) = (&mut *capacity, cost) {
                provisioned.correct(cost, prompt, completion, end);
            }
        };
        let outcome = arrived.outcome.or_else(|| asked.outcome()).filter(|_| asked.speaks());
        let refusal = match outcome {
            Some(Outcome::Prompt(found)) => Some(Refusal::filtered(found)),
            Some(Outcome::Context) => Some(Refusal::long_context(&model, "messages", model.context.saturating_add(prompt), 0)),
            _ => asked.check(served).err(),
        };
        if let Some(refusal) = refusal {
            // The prompt has been read, and is paid for.
            correct(0, now);
            return Err(refusal);
        }
        let (speech, timing) = match config.pace {
            Pace::Immediate if arrived.length.is_none() => (Speech::Repeat, None),
            pace => {
                let most = limit.unwrap_or(model.answer).min(model.context.saturating_sub(prompt)).max(1);
                let speech = speech(&asked, arrived.length, answer_tokens, limit, most, model.reasoning, environment);
                (speech, (pace == Pace::Realistic).then(|| latency.draw(prompt, load, environment)))
            }
        };
        let found = if let Some(Outcome::Answer(found)) = outcome { Some(found) } else { None };
        let created = u64::try_from(now.unix_seconds()).unwrap_or(0);
        let call = Call { config, served, created, speech, timing, found };
        let answer = match &asked {
            Asked::Chat(chat) => chat.answer(&call, environment),
            Asked::Response(response) => response.answer(&call, store, environment),
            Asked::Completion(completion) => completion.answer(&call, environment),
            Asked::Embedding(embedding) => embedding.answer(&call),
            Asked::Recording(recording) => recording.answer(&call),
            Asked::Speech(speech) => speech.answer(),
            Asked::Image(image) => image.answer(&call, environment),
        };
        if let Some(timing) = timing {
            told.first_byte = timing.first.saturating_add(timing.tokens(speech.reasoning() + answer.awaited));
        }
        if cost.is_some() {
            correct(answer.completion_tokens, now.after(answer.body.duration(told.first_byte)));
        }
        told.usage = Some(Usage {
            deployment: name.clone(),
            prompt_tokens: answer.prompt_tokens,
            completion_tokens: answer.completion_tokens,
            spilled: false,
        });
        Ok(answer)
    }
}

/// What is said, and how much. Models that reason think about as long as they speak, in steps of 64 tokens, as users see them report it; how
/// much exactly is nowhere documented.
fn speech(
    asked: &Asked,
    length: Option<u64>,
    answer_tokens: &AnswerTokens,
    limit: Option<u64>,
    most: u64,
    reasons: bool,
    environment: &mut dyn Environment,
) -> Speech {
    if !asked.speaks() {
        return Speech::Repeat;
    }
    let (tokens, cut) = match length {
        Some(length) => (length.clamp(1, most), length > most),
        None => answer_tokens.draw(limit, most, environment),
    };
    let reasoning = if reasons { tokens / 2 / 64 * 64 } else { 0 };
    Speech::Prose { tokens: tokens - reasoning, cut, reasoning }
}

/// The name of the deployment that a body asks for: `model`.
pub(super) fn named_in(content_type: &str, body: &[u8]) -> Result<String, Refusal> {
    let is_form = content_type.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/"));
    if is_form {
        let parts = super::multipart::parts(content_type, body);
        let part = parts.as_ref().and_then(|parts| parts.iter().find(|part| part.name == "model"));
        return part.map(|part| String::from_utf8_lossy(part.value).into_owned()).ok_or_else(|| Refusal::missing("model"));
    }
    super::responses::model(body)
}
