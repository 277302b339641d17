//! What `context` shows of one request: plain data that the gateway's machine keeps up to date.

use std::{
    collections::HashSet,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

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
#[derive(Debug)]
pub struct VariableName {
    hash: u32,
    /// Where it was found last: a policy sets its variables in the same order for nearly every request.
    place: AtomicU32,
    text: Text,
}

impl VariableName {
    /// A name that an expression has put together.
    pub fn new(text: Text) -> Self {
        Self { hash: hash(&text), place: AtomicU32::new(0), text }
    }

    /// A name that a policy writes out. The program keeps it for as long as it runs, once however many policies write it: every request
    /// copies these names, and nobody has to count who holds them. Names beyond what people write are texts like others.
    pub fn written(text: &str) -> Self {
        static WRITTEN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
        let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match written.get(text) {
            Some(kept) => Text::Static(kept),
            None if text.len() > LONGEST_WRITTEN || written.len() >= MOST_WRITTEN => Text::copied(text),
            None => {
                let kept: &'static str = Box::leak(text.into());
                written.insert(kept);
                Text::Static(kept)
            }
        };
        Self::new(kept)
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Clone for VariableName {
    fn clone(&self) -> Self {
        Self { hash: self.hash, place: AtomicU32::new(self.place.load(Ordering::Relaxed)), text: self.text.clone() }
    }
}

impl PartialEq for VariableName {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && (std::ptr::eq(self.as_str(), other.as_str()) || self.text == other.text)
    }
}

impl Eq for VariableName {}

/// FNV-1a. Source: datatracker.ietf.org/doc/html/draft-eastlake-fnv.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Names of variables that are kept for the life of the program: how long, and how many.
const LONGEST_WRITTEN: usize = 128;
const MOST_WRITTEN: usize = 16_384;

/// Room for variables that stays when they are forgotten.
const KEPT: usize = 64;

/// `context.Variables`: few, so a list. A hash says nearly always which is not meant.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    entries: Vec<(VariableName, Value)>,
}

impl Variables {
    /// Forgets all of them.
    fn clear(&mut self) {
        self.entries.clear();
        self.entries.shrink_to(KEPT);
    }

    /// The value under `name`. Names are compared exactly, as .NET's dictionaries do.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let hash = hash(name);
        self.entries.iter().find(|(known, _)| known.hash == hash && known.text == *name).map(|(_, value)| value)
    }

    /// The value under a name that is known.
    #[inline]
    pub fn named(&self, name: &VariableName) -> Option<&Value> {
        self.place(name).and_then(|place| self.entries.get(place)).map(|(_, value)| value)
    }

    fn place(&self, name: &VariableName) -> Option<usize> {
        let last = name.place.load(Ordering::Relaxed) as usize;
        if self.entries.get(last).is_some_and(|(known, _)| known == name) {
            return Some(last);
        }
        let place = self.entries.iter().position(|(known, _)| known == name)?;
        name.place.store(place as u32, Ordering::Relaxed);
        Some(place)
    }

    /// Sets a value.
    pub fn set(&mut self, name: Text, value: Value) {
        self.set_named(&VariableName::new(name), value);
    }

    /// Sets the value of a name that is known.
    pub fn set_named(&mut self, name: &VariableName, value: Value) {
        match self.place(name).and_then(|place| self.entries.get_mut(place)) {
            Some(entry) => entry.1 = value,
            None => {
                // What a policy of some length sets.
                if self.entries.capacity() == 0 {
                    self.entries.reserve(24);
                }
                self.entries.push((name.clone(), value));
            }
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

    /// Nothing of any request; the room of the lists stays.
    pub fn clear(&mut self) {
        let Self {
            service,
            request_id,
            timestamp,
            request,
            response,
            stored,
            variables,
            operation,
            product,
            subscription,
            user,
            workspace,
            backend,
            elapsed,
            last_error,
            tracing,
            traces,
        } = self;
        *service = NO_SERVICE.clone();
        (*request_id, *timestamp, *elapsed, *tracing) = ([0; 16], Moment::default(), None, false);
        request.clear();
        *response = None;
        stored.clear();
        variables.clear();
        (*operation, *product, *subscription, *user, *workspace) = (None, None, None, None, None);
        (*backend, *last_error) = (None, None);
        traces.clear();
    }
}

/// What a state shows of its service while it has no request.
static NO_SERVICE: LazyLock<Arc<Service>> = LazyLock::new(Arc::default);

impl RequestMessage {
    /// A request arrives: both URLs are the same.
    pub fn arrive(&mut self, head: RequestHead, body: Body, ip: Text) {
        self.method = head.method;
        self.original_url = head.url.clone();
        self.url = head.url;
        self.headers = head.headers;
        self.body = body;
        self.ip = ip;
    }

    fn clear(&mut self) {
        let Self { method, url, original_url, headers, body, ip, certificate, matched_parameters } = self;
        (*method, *ip) = (Text::EMPTY, Text::EMPTY);
        (*url, *original_url) = (Url::default(), Url::default());
        *headers = Headers::new();
        *body = Body::None;
        *certificate = None;
        matched_parameters.clear();
    }
}
