//! Azure OpenAI resources as state machines: a request goes in, the service's answer comes out.

mod answer;
mod asked;
mod audio;
mod catalogue;
mod chat;
mod completions;
mod config;
mod credential;
mod deployment;
mod embeddings;
mod errors;
mod events;
mod filters;
mod headers;
mod ids;
mod images;
mod json;
mod latency;
mod limits;
mod memo;
mod models;
mod multipart;
mod outcome;
mod prose;
mod provisioned;
mod quotas;
mod recordings;
mod resource;
mod responses;
mod route;
mod shape;
#[cfg(test)]
mod tests;
mod tokenizer;
mod tokens;

use std::time::Duration;

use bytes::Bytes;

use crate::{http::ResponseHead, text::Text};

pub use asked::deployment;
pub use config::{AnswerTokens, Deployment, Deployments, Pace, ResourceConfig};
pub use latency::Latency;
pub use quotas::Quotas;
pub use recordings::Recordings;
pub use resource::Resource;
pub use tokenizer::{build as build_tokenizers, prepare as prepare_tokenizer};

/// An answer of the service.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status and fields. The driver frames the message.
    pub head: ResponseHead,
    /// The body.
    pub body: ReplyBody,
    /// From the request's arrival at the resource to the head of the answer leaving it; nothing where the pace is [`Pace::Immediate`]. A body
    /// that is [`ReplyBody::Whole`] leaves with the head.
    pub first_byte: Duration,
    /// What a model was paid for: of answers with status 200 alone.
    pub usage: Option<Usage>,
}

impl Reply {
    /// Whether another deployment has answered than the one that was asked for, which could not.
    pub fn is_taken_over(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| usage.spilled)
    }

    /// From the request's arrival to the last byte.
    pub fn duration(&self) -> Duration {
        self.body.duration(self.first_byte)
    }
}

/// What a model was paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The deployment that served, by its name in the resource.
    pub deployment: Text,
    /// The tokens of the prompt, as the answer's `usage` says.
    pub prompt_tokens: u64,
    /// The tokens of the answer, what was thought before it among them.
    pub completion_tokens: u64,
    /// Whether another deployment was asked first and had no room: see [`Deployment::spillover`].
    pub spilled: bool,
}

/// The body of a [`Reply`].
#[derive(Clone, Debug)]
pub enum ReplyBody {
    /// All at once; may be empty.
    Whole(Bytes),
    /// Piece by piece: server-sent events.
    Stream(Vec<Chunk>),
}

impl ReplyBody {
    fn duration(&self, first_byte: Duration) -> Duration {
        match self {
            Self::Whole(_) => first_byte,
            Self::Stream(chunks) => chunks.iter().fold(first_byte, |sum, chunk| sum.saturating_add(chunk.after)),
        }
    }

    /// All bytes of the body, pauses left out.
    pub fn concat(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone(),
            Self::Stream(chunks) => chunks.iter().flat_map(|chunk| chunk.bytes.iter().copied()).collect(),
        }
    }
}

/// A piece of a streamed body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// How long after the previous piece, or after the head.
    pub after: Duration,
    /// The bytes: one server-sent event, its blank line with it.
    pub bytes: Bytes,
}
