//! Runs `llm-semantic-cache-lookup` and its older name `azure-openai-semantic-cache-lookup`.
//!
//! Source: learn.microsoft.com/azure/api-management/llm-semantic-cache-lookup-policy. A lookup that cannot be done is none, and the
//! request goes on: "if the cache lookup fails, the API call that uses the cache-related operation doesn't raise an error".

use serde_json::Value as Json;

use super::{Outcome, Resumed, Stop, Turn};
use crate::{
    dotnet::{context::Body, exception::Unread},
    gateway::{embedding::Embedding, instance::locked},
    policy::{Policy, elements::llm_semantic_cache_lookup::LlmSemanticCacheLookup},
    text::Text,
};

/// What the store needs to know of a lookup that found nothing.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Unanswered {
    /// Prompts of one partition answer each other.
    pub partition: Text,
    /// The prompt.
    pub embedding: Embedding,
}

pub(super) fn execute(policy: &LlmSemanticCacheLookup, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let body = match &turn.state.context.request.body {
        Body::Unread => return Err(Stop::Unread(Unread::Request)),
        Body::Bytes(bytes) => bytes.clone(),
        Body::None | Body::Consumed => return Ok(Outcome::Done),
    };
    let ignore_system = turn.truth(&policy.ignore_system_messages, element)?;
    let most = policy.max_message_count.as_ref().map(|count| turn.number(count, element)).transpose()?;
    let Some(prompt) = prompt(&body, ignore_system, most) else { return Ok(Outcome::Done) };
    let partition = partition(policy, element, turn)?;
    let embedding = Embedding::of(&prompt);
    let now = turn.environment.now();
    let found = locked(&turn.gateway.instance.completions).nearest(&partition, &embedding, policy.score_threshold, now);
    turn.explain(|| (if found.is_some() { "a stored prompt is near enough" } else { "no stored prompt is near enough" }).to_owned());
    match found {
        Some(response) => Ok(Outcome::Resume(Box::new(Resumed { response: (*response).clone(), stores: is_store }))),
        None => {
            turn.state.unanswered = Some(Box::new(Unanswered { partition, embedding }));
            Ok(Outcome::Done)
        }
    }
}

fn is_store(policy: &Policy) -> bool {
    matches!(policy, Policy::LlmSemanticCacheStore(_) | Policy::AzureOpenaiSemanticCacheStore(_))
}

/// Which answers may stand for each other: the documentation names `vary-by` alone, "concatenated to create a unique combination". An
/// answer of one deployment is none of another, so the path as the client asked for it counts as well.
fn partition(policy: &LlmSemanticCacheLookup, element: &Text, turn: &mut Turn<'_>) -> Result<Text, Stop> {
    let mut partition = format!("{}\n{}\n", policy.embeddings, turn.state.context.request.original_url.path);
    for setting in &policy.vary_by {
        partition.push_str(&turn.text(setting, element)?);
    }
    Ok(partition.into())
}

/// The text of a prompt, of a chat, a completion or an embedding; none where the cache has nothing to do with it. A client that wants a
/// stream gets none from the cache: what the service does there is not documented, and a stored answer would have to be cut into events.
fn prompt(body: &[u8], ignore_system: bool, most: Option<i64>) -> Option<String> {
    let request: Json = serde_json::from_slice(body).ok()?;
    if request.get("stream").and_then(Json::as_bool) == Some(true) {
        return None;
    }
    let mut text = String::new();
    if let Some(messages) = request.get("messages").and_then(Json::as_array) {
        let of_system = |message: &&Json| message.get("role").and_then(Json::as_str) == Some("system");
        let messages: Vec<&Json> = messages.iter().filter(|message| !(ignore_system && of_system(message))).collect();
        if most.is_some_and(|most| i64::try_from(messages.len()).unwrap_or(i64::MAX) > most) {
            return None;
        }
        for content in messages.iter().filter_map(|message| message.get("content")) {
            add(content, &mut text);
        }
    } else {
        add(request.get("prompt").or_else(|| request.get("input"))?, &mut text);
    }
    (!text.is_empty()).then_some(text)
}

/// A content is a text, or a list of parts with a text each.
fn add(content: &Json, text: &mut String) {
    match content {
        Json::String(part) => {
            text.push_str(part);
            text.push('\n');
        }
        Json::Array(parts) => parts.iter().for_each(|part| add(part.get("text").unwrap_or(part), text)),
        _ => {}
    }
}
