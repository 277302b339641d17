//! The requests that clients send: heads and bodies as the OpenAI SDKs write them, made once for each kind and shared.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use bytes::Bytes;

use super::chance::Stream;
use crate::{
    http::{Headers, RequestHead, Url},
    scenario::{Ask, Load, Operation, Recorded},
    text::Text,
    world::World,
};

/// The version of the REST API that clients of classic paths name: the newest stable one.
const API_VERSION: &str = "2024-10-21";

/// Bodies that are kept: what is asked for again is not written again.
const KEPT: usize = 4096;

/// Common English words, each one token behind a space in the vocabularies of the models: prompts are made of them.
const WORDS: [&str; 32] = [
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not", "he", "this", "are",
    "or", "his", "from", "at", "which", "but", "have", "an", "had", "they", "you", "were",
];

/// What one kind of client sends.
#[derive(Debug)]
pub(crate) struct Requests {
    /// By the place in the mix: the head without a body, and the model.
    heads: Vec<(Arc<RequestHead>, Text)>,
    bodies: HashMap<Shape, Bytes>,
}

/// What tells one body from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Shape {
    ask: u16,
    model: Option<String>,
    prompt_tokens: u64,
    max_tokens: Option<u64>,
    streaming: bool,
}

/// A request that is ready to go.
pub(crate) struct Prepared {
    /// Method, URL, fields. The host is that of whoever is asked.
    pub head: Arc<RequestHead>,
    /// The body; empty for a request without one.
    pub body: Bytes,
    /// The public name of the model.
    pub model: Text,
    /// Whether it wants a stream.
    pub streaming: bool,
    /// What the limits of a resource estimate it at, in tokens.
    pub estimate: u64,
}

impl Requests {
    /// What the clients of `load` send in `world`.
    pub fn new(load: &Load, world: &World) -> Self {
        Self {
            heads: load.mix.iter().map(|(_, ask)| (Arc::new(head(ask, world)), Text::copied(&ask.model))).collect(),
            bodies: HashMap::new(),
        }
    }

    /// The next request: its kind, its lengths and whether it streams are drawn, where no record says them.
    pub fn prepare(&mut self, load: &Load, recorded: Option<&Recorded>, chance: &mut Stream) -> Option<Prepared> {
        let named = recorded.and_then(|recorded| recorded.model.as_deref());
        let place = match named.and_then(|model| load.mix.iter().position(|(_, ask)| ask.model == model)) {
            Some(place) => place,
            None => pick(load, chance),
        };
        let (_, ask) = load.mix.get(place)?;
        let (mut head, model) = self.heads.get(place)?.clone();
        let prompt_tokens = recorded.and_then(|recorded| recorded.prompt_tokens).unwrap_or_else(|| chance.amount(ask.prompt_tokens));
        let max_tokens =
            recorded.and_then(|recorded| recorded.max_tokens).or_else(|| ask.max_tokens.map(|amount| chance.amount(amount).max(1)));
        let streaming = can_stream(&ask.operation)
            && recorded
                .and_then(|recorded| recorded.streaming)
                .unwrap_or_else(|| load.streaming > 0.0 && chance.fraction() < load.streaming);
        // A recorded model that the mix does not name is asked for with the mix's own words.
        let strange = named.filter(|model| *model != ask.model);
        if let Some(model) = strange {
            let path = path(ask, model, head_prefix(&head.url.path)).into();
            Arc::make_mut(&mut head).url.path = path;
        }
        let shape =
            Shape { ask: u16::try_from(place).unwrap_or(0), model: strange.map(str::to_owned), prompt_tokens, max_tokens, streaming };
        let body = match self.bodies.get(&shape) {
            Some(body) => body.clone(),
            None => {
                let body = body(ask, strange.unwrap_or(&ask.model), &shape);
                if self.bodies.len() < KEPT {
                    self.bodies.insert(shape, body.clone());
                }
                body
            }
        };
        let estimate = prompt_tokens.saturating_add(max_tokens.unwrap_or(16));
        Some(Prepared { head, body, model: strange.map_or(model, Text::copied), streaming, estimate })
    }
}

fn pick(load: &Load, chance: &mut Stream) -> usize {
    if load.mix.len() < 2 {
        return 0;
    }
    let mut left = chance.fraction();
    for (place, (share, _)) in load.mix.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return place;
        }
    }
    load.mix.len() - 1
}

fn can_stream(operation: &Operation) -> bool {
    matches!(operation, Operation::Chat | Operation::Completion | Operation::ChatV1 | Operation::Responses)
}

/// Everything before `/deployments/`, `/v1/` or `/responses`: the API's path with its slash.
fn head_prefix(path: &str) -> &str {
    let end = path.find("/deployments/").or_else(|| path.find("/v1/")).or_else(|| path.rfind("/responses")).unwrap_or(path.len());
    path.get(..end).unwrap_or_default()
}

fn path(ask: &Ask, model: &str, prefix: &str) -> String {
    match &ask.operation {
        Operation::Chat => format!("{prefix}/deployments/{model}/chat/completions"),
        Operation::Completion => format!("{prefix}/deployments/{model}/completions"),
        Operation::Embedding => format!("{prefix}/deployments/{model}/embeddings"),
        Operation::ChatV1 => format!("{prefix}/v1/chat/completions"),
        Operation::EmbeddingV1 => format!("{prefix}/v1/embeddings"),
        Operation::Responses => format!("{prefix}/responses"),
        Operation::Raw { path, .. } => path.clone(),
    }
}

fn head(ask: &Ask, world: &World) -> RequestHead {
    let prefix = if world.api_path.is_empty() { String::new() } else { format!("/{}", world.api_path) };
    let mut headers = Headers::with_capacity(8 + ask.headers.len());
    headers.append("Accept", "application/json");
    headers.append("Content-Type", "application/json");
    headers.append("User-Agent", "AzureOpenAI/Python 2.8.1");
    if let Some(key) = &world.subscription_key {
        headers.append(world.key_header.clone(), key.clone());
    }
    for (name, value) in &ask.headers {
        headers.set(name.clone(), value.clone());
    }
    let version = match &ask.operation {
        Operation::ChatV1 | Operation::EmbeddingV1 | Operation::Raw { .. } => None,
        Operation::Responses => Some("2025-04-01-preview"),
        _ => Some(API_VERSION),
    };
    let query: Vec<String> = version.map(|version| format!("api-version={version}")).into_iter().chain(ask.query.clone()).collect();
    let method = if let Operation::Raw { method, .. } = &ask.operation { method.clone().into() } else { Text::Static("POST") };
    let whole = path(ask, &ask.model, &prefix);
    let (path, query) = match whole.split_once('?') {
        Some((path, own)) => (path.to_owned(), std::iter::once(own.to_owned()).chain(query).collect()),
        None => (whole, query),
    };
    let query = if query.is_empty() { Text::EMPTY } else { format!("?{}", query.join("&")).into() };
    RequestHead { method, url: Url { scheme: "https".into(), host: Text::EMPTY, port: None, path: path.into(), query }, headers }
}

/// The body as the SDKs write it.
fn body(ask: &Ask, model: &str, shape: &Shape) -> Bytes {
    if let Operation::Raw { body, .. } = &ask.operation {
        return Bytes::from(body.clone());
    }
    let mut prompt = ask.prompt.clone().unwrap_or_default();
    let mut state = shape.prompt_tokens;
    let said = prompt.split_whitespace().count() as u64;
    for _ in said..shape.prompt_tokens {
        let word = crate::environment::split_mix(&mut state) % WORDS.len() as u64;
        if !prompt.is_empty() {
            prompt.push(' ');
        }
        prompt.push_str(WORDS.get(word as usize).copied().unwrap_or("the"));
    }
    let mut fields = serde_json::Map::new();
    let chat = |prompt: String| serde_json::json!([{"role": "user", "content": prompt}]);
    match &ask.operation {
        Operation::Chat | Operation::ChatV1 => {
            fields.insert("messages".into(), chat(prompt));
            fields.insert("model".into(), model.into());
        }
        Operation::Completion => {
            fields.insert("model".into(), model.into());
            fields.insert("prompt".into(), prompt.into());
        }
        Operation::Responses => {
            fields.insert("model".into(), model.into());
            fields.insert("input".into(), prompt.into());
        }
        Operation::Embedding | Operation::EmbeddingV1 | Operation::Raw { .. } => {
            fields.insert("input".into(), prompt.into());
            fields.insert("model".into(), model.into());
        }
    }
    if let (Some(most), true) = (shape.max_tokens, can_stream(&ask.operation)) {
        let key = if matches!(ask.operation, Operation::Responses) { "max_output_tokens" } else { "max_tokens" };
        fields.insert(key.into(), most.into());
    }
    if shape.streaming {
        fields.insert("stream".into(), true.into());
    }
    Bytes::from(serde_json::Value::Object(fields).to_string())
}

/// The address that a load's clients come from: out of a block for documentation (RFC 5737).
pub(crate) fn client_address(load: usize) -> IpAddr {
    Ipv4Addr::new(203, 0, 113, (load % 254) as u8 + 1).into()
}
