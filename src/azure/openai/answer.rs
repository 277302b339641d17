//! What the simulated models say: who answers, from where, and what was asked, so that a person sees which region served; or, where answers
//! take their time, as many words as a model would say.

use std::{borrow::Cow, fmt::Write as _, time::Duration};

use bytes::Bytes;

use super::{
    Chunk, ReplyBody, ResourceConfig, filters,
    json::Json,
    latency::Timing,
    models::Model,
    outcome::Category,
    prose::{self, prose},
    tokenizer::Counter,
    tokens,
};

/// How much of a prompt an answer repeats, in characters.
pub(super) const REPEATED: usize = 120;

/// The pause between two pieces of a stream that takes no time.
const PACE: Duration = Duration::from_millis(10);

/// How many tokens a piece of a stream holds: the content filter lets text through in bursts.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/concepts/content-streaming.
pub(super) const BURST: u64 = 3;

/// A deployment as far as answers depend on it.
#[derive(Clone, Debug)]
pub(super) struct Served {
    /// What is known of the model.
    pub model: Model,
    /// The model's name, by which legacy completions and embeddings say that they are answered.
    pub name: String,
    /// The model and its version, as chat completions name it; as JSON.
    pub answered: String,
    /// `system_fingerprint`, as JSON.
    pub fingerprint: String,
    /// What stands in a chat completion between the moment of its making and its choices.
    pub opening: String,
    /// How its tokens are counted.
    pub counter: Counter,
}

impl Served {
    /// A deployment of the model `name`; its tokens are estimated or counted.
    pub fn new(name: &str, version: Option<&str>, model: Model, exact: bool) -> Self {
        let answered = version.map_or_else(|| name.to_owned(), |version| format!("{name}-{version}"));
        let fingerprint = format!("\"fp_{:010x}\"", crate::azure::hash::keyed(0, answered.as_bytes()) & 0xff_ffff_ffff);
        let answered = serde_json::Value::from(answered).to_string();
        let counter = if exact { Counter::of(name) } else { Counter::Estimate };
        let opening = format!(
            r#","model":{answered},"system_fingerprint":{fingerprint},"prompt_filter_results":[{{"prompt_index":0,"content_filter_results":{}}}],"choices":["#,
            filters::PROMPT
        );
        Self { model, name: name.to_owned(), answered, fingerprint, opening, counter }
    }
}

/// What an answer is made with.
pub(super) struct Call<'a> {
    pub config: &'a ResourceConfig,
    pub served: &'a Served,
    /// Seconds since 1970.
    pub created: u64,
    pub speech: Speech,
    /// How fast it is; at once without.
    pub timing: Option<Timing>,
    /// What the content filter finds in the answer.
    pub found: Option<Category>,
}

impl Call<'_> {
    /// The pause before a piece of a stream with so many tokens.
    pub fn pause(&self, tokens: u64) -> Duration {
        self.timing.map_or(PACE, |timing| timing.tokens(tokens))
    }
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// Who answers, and what was asked.
    Repeat,
    /// So many tokens, after so many thought ones.
    Prose {
        tokens: u64,
        /// Whether the limit ended it.
        cut: bool,
        reasoning: u64,
    },
}

impl Speech {
    /// The thought tokens.
    pub fn reasoning(self) -> u64 {
        if let Self::Prose { reasoning, .. } = self { reasoning } else { 0 }
    }
}

/// An answer with status 200.
pub(super) struct Answer {
    pub content_type: &'static str,
    pub body: ReplyBody,
    /// What `usage` says.
    pub prompt_tokens: u64,
    /// What `usage` says, thought tokens among them.
    pub completion_tokens: u64,
    /// The tokens of the longest text that had to be finished before the first byte could go.
    pub awaited: u64,
}

impl Answer {
    /// An answer without tokens.
    pub fn of(content_type: &'static str, body: Bytes) -> Self {
        Self { content_type, body: ReplyBody::Whole(body), prompt_tokens: 0, completion_tokens: 0, awaited: 0 }
    }

    /// JSON.
    pub fn json(body: Bytes, prompt_tokens: u64, completion_tokens: u64, awaited: u64) -> Self {
        Self { prompt_tokens, completion_tokens, awaited, ..Self::of("application/json", body) }
    }

    /// Server-sent events.
    pub fn events(chunks: Vec<Chunk>, prompt_tokens: u64, completion_tokens: u64) -> Self {
        let body = ReplyBody::Stream(chunks);
        Self { content_type: "text/event-stream; charset=utf-8", body, prompt_tokens, completion_tokens, awaited: 0 }
    }
}

/// The text of choice number `index` of an answer.
pub(super) fn speech(config: &ResourceConfig, said: Option<&str>, index: u64) -> String {
    let mut text = String::with_capacity(REPEATED + 80);
    // Writing to a string cannot fail.
    let _ = write!(text, "Hello from {} in {}", config.id, config.region_display);
    if index > 0 {
        let _ = write!(text, " (choice {})", index + 1);
    }
    if let Some(said) = said {
        let repeated = tokens::head(said, REPEATED);
        let more = if repeated.len() < said.len() { "…" } else { "" };
        let _ = write!(text, ": you said \"{repeated}{more}\"");
    }
    text
}

/// A text as far as a limit of tokens lets it, and where its tokens end.
#[derive(Clone, Debug)]
pub(super) struct Spoken {
    text: Cow<'static, str>,
    /// Where each token ends; none for prose, whose tokens are known.
    ends: Option<Vec<usize>>,
    /// How many tokens there are.
    pub tokens: u64,
    /// `stop`, `length` where the limit cut it, or `content_filter`.
    pub finish: &'static str,
}

impl Spoken {
    /// Choice number `index`, in as many tokens as `limit` lets it.
    pub fn new(call: &Call, said: Option<&str>, index: u64, limit: Option<u64>) -> Self {
        let spoken = match call.speech {
            Speech::Repeat => Self::counted(speech(call.config, said, index), limit, call.served.counter),
            Speech::Prose { tokens, cut, .. } => {
                Self { text: prose(tokens), ends: None, tokens, finish: if cut { "length" } else { "stop" } }
            }
        };
        if call.found.is_some() { spoken.filtered() } else { spoken }
    }

    /// As much of `text` as `limit` tokens hold.
    fn counted(text: String, limit: Option<u64>, counter: Counter) -> Self {
        let ends = counter.ends(&text, limit.unwrap_or(u64::MAX));
        let end = ends.last().copied().unwrap_or(0);
        let finish = if end < text.len() { "length" } else { "stop" };
        Self { tokens: ends.len() as u64, ends: Some(ends), text: text.into(), finish }
    }

    /// The half of it that came out before the filter found something.
    fn filtered(self) -> Self {
        Self { tokens: self.tokens / 2, finish: "content_filter", ..self }
    }

    fn end(&self, tokens: u64) -> usize {
        match &self.ends {
            _ if tokens == 0 => 0,
            Some(ends) => usize::try_from(tokens - 1).ok().and_then(|place| ends.get(place)).copied().unwrap_or(self.text.len()),
            None => prose::end(tokens),
        }
    }

    /// What is said.
    pub fn text(&self) -> &str {
        self.text.get(..self.end(self.tokens)).unwrap_or_default()
    }

    /// It in pieces of `burst` tokens, the last one shorter; each with its tokens.
    pub fn pieces(&self, burst: u64) -> impl Iterator<Item = (&str, u64)> {
        let burst = burst.max(1);
        let mut told = 0;
        let mut start = 0;
        std::iter::from_fn(move || {
            let tokens = burst.min(self.tokens - told);
            if tokens == 0 {
                return None;
            }
            told += tokens;
            let end = self.end(told);
            let piece = self.text.get(start..end).unwrap_or_default();
            start = end;
            Some((piece, tokens))
        })
    }

    /// Writes a piece of it as JSON.
    pub fn write<'a>(&self, json: &'a mut Json, piece: &str) -> &'a mut Json {
        // There is nothing to escape in prose.
        if self.ends.is_none() { json.raw("\"").raw(piece).raw("\"") } else { json.text(piece) }
    }
}

/// The choices of an answer to one prompt.
pub(super) fn choices(call: &Call, said: Option<&str>, count: u64, limit: Option<u64>) -> Vec<Spoken> {
    (0..count).map(|index| Spoken::new(call, said, index, limit)).collect()
}

/// How much of a prompt is worth keeping: what an answer repeats of it, and whether there is more.
pub(super) fn keep(said: &str) -> String {
    tokens::head(said, REPEATED + 1).to_owned()
}
