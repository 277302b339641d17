//! The trace of a request: what each policy did, one record a policy, in the order in which they ended.
//!
//! Messages and effects that are only recorded are always kept. Everything else (values of expressions, what changed) is worked out where
//! the request is traced, by comparing the request's state before and after: no policy has to say what it did.

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use super::{answers::PolicyError, context::State, secrets::Secrets};
use crate::{
    dotnet::{
        context::{Body, ResponseMessage},
        display::to_str,
        runtime::{Budget, Runtime},
        value::Value,
    },
    environment::{Environment, Fixed, Moment},
    http::Headers,
    policy::{Place, Scope, Section},
    text::Text,
};

/// What one policy did. As JSON: where it stands, when, and the lines.
#[derive(Clone, Debug)]
pub struct Record {
    /// The section that ran.
    pub section: Section,
    /// Where the policy stands; for the built-in steps only the element is there.
    pub place: Place,
    /// When it began, counted from the request's arrival. Zero without details: the clock is not read for each policy then.
    pub started: Duration,
    /// How long it took, with what it waited for. Zero without details.
    pub duration: Duration,
    /// What is to be said of it.
    pub entries: Vec<Entry>,
}

/// A line of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry {
    /// A message that the policy wrote on purpose.
    Message {
        /// The `source` of a `trace` policy, `expression` for `context.Trace`, else the element.
        source: Text,
        /// The severity: `verbose`, `information` or `error`.
        severity: Text,
        /// The message.
        message: Text,
    },
    /// An effect outside of the gateway that is written here and not carried out.
    Recorded(#[serde(serialize_with = "as_map")] Vec<(Text, Text)>),
    /// What an expression gave, as text.
    Value(Text),
    /// What is different after the policy.
    Changed {
        /// What: `request header X`, `variable y`, `response status`.
        what: Text,
        /// As it was; none where it was not there.
        before: Option<Text>,
        /// As it is; none where it is gone.
        after: Option<Text>,
    },
    /// The error that it ended with.
    Failed {
        /// `context.LastError.Reason`
        reason: Text,
        /// `context.LastError.Message`
        message: Text,
    },
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let mut record = serializer.serialize_struct("Record", 10)?;
        record.serialize_field("section", self.section.name())?;
        record.serialize_field("scope", self.place.scope.name())?;
        record.serialize_field("element", &self.place.element)?;
        record.serialize_field("path", &self.place.path)?;
        match self.place.id.is_empty() {
            true => record.skip_field("id")?,
            false => record.serialize_field("id", &self.place.id)?,
        }
        record.serialize_field("document", &self.place.document)?;
        record.serialize_field("line", &self.place.line)?;
        record.serialize_field("atUs", &micros(self.started))?;
        record.serialize_field("us", &micros(self.duration))?;
        record.serialize_field("entries", &self.entries)?;
        record.end()
    }
}

fn as_map<S: Serializer>(settings: &[(Text, Text)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(settings.iter().map(|(name, value)| (name, value)))
}

/// The trace of one request under way.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Whether values and changes are wanted.
    pub detailed: bool,
    /// The records so far.
    pub records: Vec<Record>,
    /// That of the policy that runs now.
    pub open: Open,
}

/// A policy's record while the policy is under way.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// What has been said of it.
    pub entries: Vec<Entry>,
    /// When it began, and the request before it, where that is to be compared.
    before: Option<Box<(Moment, State)>>,
}

impl Trace {
    /// A built-in step before any policy has failed the request.
    pub fn refused(&mut self, error: &PolicyError) {
        if self.detailed {
            let place = Place { element: error.source.clone(), path: error.source.clone(), scope: Scope::Global, ..Place::default() };
            let entries = vec![Entry::Failed { reason: error.reason.into(), message: error.message.clone() }];
            self.records.push(Record { section: Section::Inbound, place, started: Duration::ZERO, duration: Duration::ZERO, entries });
        }
    }

    /// Whether nothing is to be said of the request so far.
    pub fn is_empty(&self) -> bool {
        !self.detailed && self.records.is_empty() && self.open.entries.is_empty()
    }

    /// Begins a policy's record.
    #[inline]
    pub fn begin(&mut self, state: &State, environment: &dyn Environment) {
        if self.detailed {
            self.open.before = Some(Box::new((environment.now(), state.clone())));
        }
    }

    /// Whether there is nothing to be said of the policy that runs.
    #[inline]
    pub fn is_silent(&self) -> bool {
        self.open.entries.is_empty() && self.open.before.is_none()
    }

    /// The policy that runs has failed.
    pub fn failed(&mut self, error: &PolicyError) {
        self.open.entries.push(Entry::Failed { reason: error.reason.into(), message: error.message.clone() });
    }

    /// Lays the record aside while the policy waits; nothing where nothing is to be said.
    pub fn suspend(&mut self) -> Option<Open> {
        (!self.is_silent()).then(|| std::mem::take(&mut self.open))
    }

    /// The policy runs again, and says all of it anew.
    pub fn forget(&mut self) {
        self.open = Open::default();
    }

    /// Ends a policy's record; it is kept where something is to be said.
    pub fn close(&mut self, section: Section, place: &Place, state: &mut State, environment: &dyn Environment, secrets: &Secrets) {
        if self.is_silent() {
            return;
        }
        let Open { mut entries, before } = std::mem::take(&mut self.open);
        let (mut started, mut duration) = (Duration::ZERO, Duration::ZERO);
        if let Some(before) = before {
            let (begun, mut before) = *before;
            started = begun.since(state.context.timestamp);
            duration = environment.now().since(begun);
            changes(&mut before, state, &mut entries);
        }
        secrets.mask(&mut entries);
        self.records.push(Record { section, place: place.clone(), started, duration, entries });
    }
}

/// What differs between two states of a request.
fn changes(before: &mut State, after: &mut State, into: &mut Vec<Entry>) {
    let mut changed = |what: String, before: Option<Text>, after: Option<Text>| {
        if before != after {
            into.push(Entry::Changed { what: what.into(), before, after });
        }
    };
    let (old, new) = (&before.context.request, &after.context.request);
    changed("request method".into(), Some(old.method.clone()), Some(new.method.clone()));
    changed("request url".into(), Some(old.url.to_string().into()), Some(new.url.to_string().into()));
    headers("request", &old.headers, &new.headers, &mut changed);
    if !is_same(&old.body, &new.body) {
        changed("request body".into(), Some(body(&old.body)), Some(body(&new.body)));
    }
    let status = |response: &Option<ResponseMessage>| response.as_ref().map(|response| Text::from(response.head.status.to_string()));
    let (old, new) = (&before.context.response, &after.context.response);
    changed("response status".into(), status(old), status(new));
    let none = Headers::new();
    let fields =
        |response: &Option<ResponseMessage>| response.as_ref().map_or_else(|| none.clone(), |response| response.head.headers.clone());
    headers("response", &fields(old), &fields(new), &mut changed);
    let of = |response: &Option<ResponseMessage>| response.as_ref().map(|response| response.body.clone());
    let (old, new) = (of(old), of(new));
    let same = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| is_same(old, new));
    if !same {
        changed("response body".into(), old.as_ref().map(body), new.as_ref().map(body));
    }
    let variables: Vec<(Text, Value)> = after.context.variables.iter().map(|(name, value)| (name, value.clone())).collect();
    for (name, value) in variables {
        let old = before.context.variables.get(&name).cloned().map(|value| shown(before, &value));
        let new = shown(after, &value);
        if old.as_ref() != Some(&new) {
            into.push(Entry::Changed { what: format!("variable {name}").into(), before: old, after: Some(new) });
        }
    }
}

/// Whether two bodies are one: their bytes are not looked at where they are the same place in memory.
fn is_same(a: &Body, b: &Body) -> bool {
    match (a, b) {
        (Body::Bytes(a), Body::Bytes(b)) => (a.as_ptr() == b.as_ptr() && a.len() == b.len()) || a == b,
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

fn headers(message: &str, before: &Headers, after: &Headers, changed: &mut impl FnMut(String, Option<Text>, Option<Text>)) {
    let joined = |headers: &Headers, name: &str| {
        let values: Vec<&str> = headers.values(name).map(Text::as_str).collect();
        (!values.is_empty()).then(|| Text::from(values.join(", ")))
    };
    let mut seen: Vec<&Text> = Vec::new();
    for (name, _) in before.iter().chain(after.iter()) {
        if seen.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        seen.push(name);
        changed(format!("{message} header {name}"), joined(before, name), joined(after, name));
    }
}

/// A body as text.
fn body(body: &Body) -> Text {
    match body {
        Body::None => "none".into(),
        Body::Unread => "not read".into(),
        Body::Consumed => "consumed".into(),
        Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
    }
}

/// A value as text.
pub(super) fn shown(state: &mut State, value: &Value) -> Text {
    if value.is_null() {
        return "null".into();
    }
    let mut environment = Fixed { now: Moment(0), state: 0 };
    let runtime = Runtime {
        context: &mut state.context,
        heap: &mut state.heap,
        environment: &mut environment,
        budget: Budget::default(),
        locals: &mut Vec::new(),
    };
    to_str(&runtime, value).to_text()
}
