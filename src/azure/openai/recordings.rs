//! Answers that were recorded, and are given again: a JSON file of answers and of what they answer.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Chunk, ReplyBody, json::Json};
use crate::{
    diagnostic::Diagnostic,
    http::{Headers, is_token},
    source::{Source, Span},
    text::Text,
};

/// What is answered from a recording, in the order of the file: the first that fits.
#[derive(Clone, Debug, Default)]
pub struct Recordings(Arc<[Recording]>);

/// One recorded answer.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Written")]
pub(super) struct Recording {
    path: Option<String>,
    deployment: Option<String>,
    body_contains: Option<String>,
    /// The status.
    pub status: u16,
    /// Further fields, and `Content-Type` where it is not the usual one.
    pub headers: Headers,
    /// Until the first byte.
    pub after: Duration,
    /// Its body.
    pub body: ReplyBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    path: Option<String>,
    deployment: Option<String>,
    body_contains: Option<String>,
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    after_ms: u64,
    body: Option<Value>,
    events: Option<Vec<Event>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Event {
    #[serde(default)]
    after_ms: u64,
    event: Option<String>,
    data: Value,
}

fn ok() -> u16 {
    200
}

/// A text stands for itself, everything else for its JSON.
fn bytes(value: Value) -> Vec<u8> {
    match value {
        Value::String(text) => text.into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

impl Recordings {
    /// Reads a file: a list of answers, each with what it answers.
    pub fn read(source: &Arc<Source>) -> Result<Self, Vec<Diagnostic>> {
        let read = serde_json::from_str::<Vec<Recording>>(source.text());
        read.map(|recordings| Self(recordings.into())).map_err(|error| vec![unreadable(source, &error)])
    }

    /// The first that answers such a request.
    pub(super) fn find(&self, path: &str, deployment: Option<&str>, body: &[u8]) -> Option<&Recording> {
        if self.0.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(body);
        let holds = |wanted: &Option<String>, holds: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(holds);
        self.0.iter().find(|recording| {
            holds(&recording.path, &|wanted| path.ends_with(wanted))
                && holds(&recording.deployment, &|wanted| deployment == Some(wanted))
                && holds(&recording.body_contains, &|wanted| text.contains(wanted))
        })
    }
}

fn unreadable(source: &Arc<Source>, error: &serde_json::Error) -> Diagnostic {
    let line: usize = source.text().split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let place = (line + error.column().saturating_sub(1)).min(source.text().len());
    let message = error.to_string();
    // The place is drawn, not told.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let help = "a file of recordings is a list of answers: see the page of `simulate`";
    Diagnostic::error("recordings/unreadable", message).at(source, Span::at(place)).help(help)
}

impl TryFrom<Written> for Recording {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        if !(200..=599).contains(&written.status) {
            return Err(format!("`{}` is no status of an answer: statuses go from 200 to 599", written.status));
        }
        if let Some(name) = written.headers.keys().find(|name| !is_token(name)) {
            return Err(format!("`{name}` is no name of a header"));
        }
        if let Some((name, _)) = written.headers.iter().find(|(_, value)| value.chars().any(char::is_control)) {
            return Err(format!("the value of `{name}` has a control character"));
        }
        let body = match (written.body, written.events) {
            (Some(_), Some(_)) => return Err("an answer has a `body` or `events`, not both".to_owned()),
            (body, None) => ReplyBody::Whole(Bytes::from(body.map(bytes).unwrap_or_default())),
            (None, Some(events)) => ReplyBody::Stream(events.into_iter().map(chunk).collect()),
        };
        let mut headers = Headers::new();
        for (name, value) in written.headers {
            headers.append(name, value);
        }
        if !headers.contains("Content-Type") {
            let is_stream = matches!(body, ReplyBody::Stream(_));
            headers.append("Content-Type", if is_stream { "text/event-stream; charset=utf-8" } else { "application/json" });
        }
        Ok(Self {
            path: written.path,
            deployment: written.deployment,
            body_contains: written.body_contains,
            status: written.status,
            headers,
            after: Duration::from_millis(written.after_ms),
            body,
        })
    }
}

impl Recording {
    /// The standard phrase of its status.
    pub fn reason(&self) -> Text {
        crate::http::reason_phrase(self.status).into()
    }
}

fn chunk(event: Event) -> Chunk {
    let mut json = Json::with_capacity(128);
    if let Some(name) = &event.event {
        json.raw("event: ").raw(name).raw("\n");
    }
    json.raw("data: ").bytes(&bytes(event.data)).raw("\n\n");
    Chunk { after: Duration::from_millis(event.after_ms), bytes: json.finish() }
}
