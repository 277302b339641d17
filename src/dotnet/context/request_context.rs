//! What `context` shows of one request: plain data that the gateway's machine keeps up to date.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use bytes::Bytes;

use super::{
    UrlOf, Which,
    entities::{Api, Backend, Named, Operation, Product, Subscription, User},
    variables::Variables,
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

/// Parameters of an operation's template, by name.
pub type Parameters = Arc<[(Text, Text)]>;

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
    pub matched_parameters: Option<Parameters>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub struct ResponseMessage {
    /// Status and headers.
    pub head: ResponseHead,
    /// `Body`
    pub body: Body,
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
    pub product: Option<Arc<Product>>,
    /// `context.Subscription`
    pub subscription: Option<Arc<Subscription>>,
    /// `context.User`
    pub user: Option<Arc<User>>,
    /// `context.Workspace`
    pub workspace: Option<Arc<Named>>,
    /// `context.Backend`: chosen for the request.
    pub backend: Option<Arc<Backend>>,
    /// `context.Elapsed` where it does not come from the clock.
    pub elapsed: Option<Duration>,
    /// `context.LastError`
    pub last_error: Option<Box<LastError>>,
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
        self.request.matched().iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
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

    /// The parameters of the operation's template.
    pub fn matched(&self) -> &[(Text, Text)] {
        self.matched_parameters.as_deref().unwrap_or_default()
    }

    fn clear(&mut self) {
        let Self { method, url, original_url, headers, body, ip, certificate, matched_parameters } = self;
        (*method, *ip) = (Text::EMPTY, Text::EMPTY);
        (*url, *original_url) = (Url::default(), Url::default());
        *headers = Headers::new();
        *body = Body::None;
        *certificate = None;
        *matched_parameters = None;
    }
}
