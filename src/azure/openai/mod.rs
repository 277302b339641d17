//! Azure OpenAI resources as state machines: a request goes in, the service's answer comes out.

mod answer;
mod asked;
mod audio;
mod chat;
mod completions;
mod credential;
mod embeddings;
mod errors;
mod events;
mod filters;
mod headers;
mod ids;
mod images;
mod json;
mod limits;
mod models;
mod multipart;
mod resource;
mod route;
mod shape;
#[cfg(test)]
mod tests;
mod tokens;

use std::{fmt, time::Duration};

use bytes::Bytes;
use indexmap::IndexMap;

use crate::{http::ResponseHead, text::Text};

pub use asked::deployment;
pub use resource::Resource;

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
}

impl ResourceConfig {
    /// A resource that nobody declared: its id is the host's first label, any key and any deployment are good.
    pub fn undeclared(host: Text, region_display: Text) -> Self {
        Self {
            id: host.split('.').next().unwrap_or_default().to_owned(),
            region_display,
            host,
            keys: [Text::EMPTY, Text::EMPTY],
            deployments: Deployments::Any,
            accepts_any_credential: true,
        }
    }
}

/// Without the keys: they may be somebody's Named Values.
impl fmt::Debug for ResourceConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, region_display, host, keys: _, deployments, accepts_any_credential } = self;
        f.debug_struct("ResourceConfig")
            .field("id", id)
            .field("region_display", region_display)
            .field("host", host)
            .field("deployments", deployments)
            .field("accepts_any_credential", accepts_any_credential)
            .finish_non_exhaustive()
    }
}

/// The deployments of a resource.
#[derive(Clone, Debug)]
pub enum Deployments {
    /// These, by name.
    Declared(IndexMap<String, Deployment>),
    /// Any name is a deployment of the model of that name, without limits.
    Any,
}

/// A model made available under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The model: `gpt-4o`.
    pub model: String,
    /// Its version: `2024-11-20`.
    pub version: Option<String>,
    /// The limit of tokens a minute; none without it.
    pub tokens_per_minute: Option<u64>,
    /// The limit of requests a minute; without it, what the service derives from the limit of tokens.
    pub requests_per_minute: Option<u64>,
}

/// An answer of the service.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status and fields. The driver frames the message.
    pub head: ResponseHead,
    /// The body.
    pub body: ReplyBody,
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
