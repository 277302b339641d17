//! What the simulated models say: who answers, from where, and what was asked, so that a person sees which region served.

use std::{fmt::Write as _, time::Duration};

use bytes::Bytes;

use super::{Chunk, ReplyBody, ResourceConfig, models::Model, tokens};

/// How much of a prompt an answer repeats, in characters.
const REPEATED: usize = 120;

/// The pause between two pieces of a stream.
pub(super) const PACE: Duration = Duration::from_millis(10);

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
    /// The model and its version, as chat completions name it.
    pub answered: String,
    /// `system_fingerprint`.
    pub fingerprint: String,
}

impl Served {
    /// A deployment of the model `name`.
    pub fn new(name: &str, version: Option<&str>, model: Model) -> Self {
        let answered = version.map_or_else(|| name.to_owned(), |version| format!("{name}-{version}"));
        let fingerprint = format!("fp_{:010x}", crate::azure::hash::keyed(0, answered.as_bytes()) & 0xff_ffff_ffff);
        Self { model, name: name.to_owned(), answered, fingerprint }
    }
}

/// What an answer is made with.
pub(super) struct Call<'a> {
    pub config: &'a ResourceConfig,
    pub served: &'a Served,
    /// Seconds since 1970.
    pub created: u64,
}

/// An answer with status 200.
pub(super) struct Answer {
    pub content_type: &'static str,
    pub body: ReplyBody,
}

impl Answer {
    /// JSON.
    pub fn json(body: Bytes) -> Self {
        Self { content_type: "application/json", body: ReplyBody::Whole(body) }
    }

    /// Server-sent events.
    pub fn events(chunks: Vec<Chunk>) -> Self {
        Self { content_type: "text/event-stream; charset=utf-8", body: ReplyBody::Stream(chunks) }
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

/// A text as far as a limit of tokens lets it, and whether it is all of it.
pub(super) struct Spoken {
    text: String,
    end: usize,
    /// How many tokens there are.
    pub tokens: u64,
    /// `stop`, or `length` where the limit cut it.
    pub finish: &'static str,
}

impl Spoken {
    /// As much of `text` as `limit` tokens hold.
    pub fn new(text: String, limit: Option<u64>) -> Self {
        let end = limit.map_or(text.len(), |limit| tokens::prefix(&text, limit).len());
        let finish = if end < text.len() { "length" } else { "stop" };
        let tokens = tokens::count(text.get(..end).unwrap_or_default());
        Self { text, end, tokens, finish }
    }

    /// What is said.
    pub fn text(&self) -> &str {
        self.text.get(..self.end).unwrap_or_default()
    }
}
