//! What `context` shows of one request: plain data that the gateway's machine keeps up to date.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    UrlOf, Which,
    entities::{Api, Backend, Named, Operation, Product, Subscription, User},
};
use crate::{
    dotnet::value::Value,
    environment::Moment,
    http::{Headers, RequestHead, ResponseHead, Url},
    text::Text,
};

/// What all requests to one gateway share.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// `context.Deployment.ServiceName`
    pub name: Text,
    /// `context.Deployment.Region`: a display name.
    pub region: Text,
    /// `context.Deployment.GatewayId`; empty for a managed gateway, which shows as `managed`.
    pub gateway_id: Text,
    /// `context.Deployment.Certificates`: ids with the certificates, DER or PEM.
    pub certificates: Vec<(Text, Bytes)>,
    /// `context.Api`
    pub api: Api,
    /// The subscription key's header and query parameter.
    pub key_names: (Text, Text),
}

/// `context.LastError`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastError {
    /// The element or built-in step that failed.
    pub source: Text,
    /// A word for the kind of error.
    pub reason: Text,
    /// For people.
    pub message: Text,
    /// The scope of the failed policy: `global`, `product`, `api`, `operation`.
    pub scope: Text,
    /// `inbound`, `backend`, `outbound`, `on-error`
    pub section: Text,
    /// Where it stands: `choose[3]\when[2]`.
    pub path: Text,
    /// Its `id` attribute.
    pub policy_id: Text,
}

/// A message's body.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// The message has none: `Body` is null.
    #[default]
    None,
    /// It has not been read yet.
    Unread,
    /// All of it.
    Bytes(Bytes),
    /// It was read without `preserveContent`. What a second read gives is not documented; here it is as if the body were empty.
    Consumed,
}

/// `context.Request`
#[derive(Clone, Debug, Default)]
pub struct RequestMessage {
    /// `Method`
    pub method: Text,
    /// `Url`: follows `set-backend-service` and `rewrite-uri`.
    pub url: Url,
    /// `OriginalUrl`
    pub original_url: Url,
    /// `Headers`
    pub headers: Headers,
    /// `Body`
    pub body: Body,
    /// `IpAddress`
    pub ip: Text,
    /// `Certificate`: what the client presented, DER or PEM.
    pub certificate: Option<Bytes>,
    /// `MatchedParameters`
    pub matched_parameters: Vec<(Text, Text)>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct ResponseMessage {
    /// Status and headers.
    pub head: ResponseHead,
    /// `Body`
    pub body: Body,
}

/// The name of a variable, hashed: a policy writes the same ones for every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableName {
    hash: u32,
    text: Text,
}

impl VariableName {
    /// The name.
    pub fn new(text: Text) -> Self {
        Self { hash: hash(&text), text }
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// FNV-1a. Source: datatracker.ietf.org/doc/html/draft-eastlake-fnv.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// `context.Variables`: few, so a list. A hash says nearly always which is not meant.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    entries: Vec<(VariableName, Value)>,
}

impl Variables {
    /// None yet, with room for what a policy of some length sets.
    pub fn with_room() -> Self {
        Self { entries: Vec::with_capacity(24) }
    }

    /// The value under `name`. Names are compared exactly, as .NET's dictionaries do.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(hash(name), name)
    }

    /// The value under a name that is known.
    pub fn named(&self, name: &VariableName) -> Option<&Value> {
        self.find(name.hash, &name.text)
    }

    fn find(&self, hash: u32, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| known.hash == hash && known.text == *name).map(|(_, value)| value)
    }

    /// Sets a value.
    pub fn set(&mut self, name: Text, value: Value) {
        self.set_named(&VariableName::new(name), value);
    }

    /// Sets the value of a name that is known.
    pub fn set_named(&mut self, name: &VariableName, value: Value) {
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name.clone(), value)),
        }
    }

    /// All of them, in the order of their first setting.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.entries.iter().map(|(name, value)| (&name.text, value))
    }
}

/// What `context` shows of one request.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// What all requests share.
    pub service: Arc<Service>,
    /// `context.RequestId`
    pub request_id: [u8; 16],
    /// `context.Timestamp`
    pub timestamp: Moment,
    /// `context.Request`
    pub request: RequestMessage,
    /// `context.Response`; null before there is one.
    pub response: Option<ResponseMessage>,
    /// Responses that `send-request` put into variables.
    pub stored: Vec<ResponseMessage>,
    /// `context.Variables`
    pub variables: Variables,
    /// `context.Operation`
    pub operation: Option<Arc<Operation>>,
    /// `context.Product`
    pub product: Option<Product>,
    /// `context.Subscription`
    pub subscription: Option<Subscription>,
    /// `context.User`
    pub user: Option<User>,
    /// `context.Workspace`
    pub workspace: Option<Named>,
    /// `context.Backend`: chosen for the request.
    pub backend: Option<Backend>,
    /// `context.Elapsed` where it does not come from the clock.
    pub elapsed: Option<Duration>,
    /// `context.LastError`
    pub last_error: Option<LastError>,
    /// Whether tracing is on.
    pub tracing: bool,
    /// What `context.Trace` was told.
    pub traces: Vec<Text>,
}

impl RequestContext {
    /// A response.
    pub fn response(&self, which: Which) -> Option<&ResponseMessage> {
        match which {
            Which::Current => self.response.as_ref(),
            Which::Stored(index) => self.stored.get(index as usize),
        }
    }

    /// A response, to change it.
    pub fn response_mut(&mut self, which: Which) -> Option<&mut ResponseMessage> {
        match which {
            Which::Current => self.response.as_mut(),
            Which::Stored(index) => self.stored.get_mut(index as usize),
        }
    }

    /// A URL.
    pub fn url(&self, which: UrlOf) -> Option<&Url> {
        match which {
            UrlOf::Request => Some(&self.request.url),
            UrlOf::Original => Some(&self.request.original_url),
            UrlOf::Service => self.service.api.service_url.as_ref(),
        }
    }

    /// A parameter of the operation's template.
    pub fn matched_parameter(&self, name: &str) -> Option<&Text> {
        self.request.matched_parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Keeps a response for a variable; gives the value that the variable holds.
    pub fn store(&mut self, response: ResponseMessage) -> Value {
        self.stored.push(response);
        Value::Context(super::Part::Response(Which::Stored((self.stored.len() - 1) as u32)))
    }

    /// A request as it arrives: both URLs the same, nothing matched.
    pub fn arriving(service: Arc<Service>, head: RequestHead, body: Body, ip: Text) -> Self {
        let request = RequestMessage {
            method: head.method,
            original_url: head.url.clone(),
            url: head.url,
            headers: head.headers,
            body,
            ip,
            certificate: None,
            matched_parameters: Vec::new(),
        };
        Self { service, request, variables: Variables::with_room(), ..Self::default() }
    }
}
