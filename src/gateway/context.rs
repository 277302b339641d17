//! A request's state in the machine: what `context` shows, and where the request will go.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    dotnet::{
        context::{self, Body, Named, RequestContext, ResponseMessage, Service},
        heap::Heap,
        value::Value,
    },
    http::Url,
    text::Text,
};

use super::{
    Gateway,
    effect::{Arrival, ArrivingBody, OperationId},
    safety::{Screen, StreamScreen},
};

/// The state of one request.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// What `context` shows.
    pub context: RequestContext,
    /// The objects of its expressions.
    pub heap: Heap,
    /// The backend's base URL, once one is set.
    pub base: Option<Url>,
    /// Path below the base, with its slash.
    pub suffix: Text,
    /// Query with its question mark, or nothing.
    pub query: Text,
    /// Whether a policy has set `Host`: it then goes to the backend as it is.
    pub host_set: bool,
    /// The exchange whose response body streams, and whether it is buffered in chunks.
    pub streaming: Option<(OperationId, bool)>,
    /// Whether the client's body is still to be read from the driver.
    pub client_body_waits: bool,
    /// The client's address.
    pub client: IpAddr,
    /// What `llm-content-safety` looks for in the completion.
    pub screens: Vec<Screen>,
    /// What looks at the response while it streams to the client.
    pub stream_screens: Vec<StreamScreen>,
    /// Room for the local variables of expressions, used again by each.
    pub locals: Vec<Value>,
}

impl State {
    /// The state on arrival.
    pub fn new(gateway: &Gateway, arrival: Arrival) -> Self {
        let body = match &arrival.body {
            ArrivingBody::None => Body::None,
            ArrivingBody::Bytes(bytes) => Body::Bytes(bytes.clone()),
            ArrivingBody::Stream => Body::Unread,
        };
        let client_body_waits = matches!(arrival.body, ArrivingBody::Stream);
        let suffix = gateway.api.suffix(&arrival.head.url.path).unwrap_or(&arrival.head.url.path);
        let suffix = if suffix.is_empty() { Text::Static("/") } else { Text::from(suffix.to_owned()) };
        let query = arrival.head.url.query.clone();
        let ip = arrival.client.to_string().into();
        let mut state = Self {
            context: RequestContext::arriving(gateway.service.clone(), arrival.head, body, ip),
            heap: Heap::default(),
            base: gateway.api.service_url.clone(),
            suffix,
            query,
            host_set: false,
            streaming: None,
            client_body_waits,
            client: arrival.client,
            screens: Vec::new(),
            stream_screens: Vec::new(),
            locals: Vec::new(),
        };
        if state.base.is_some() {
            state.update_url();
        }
        state
    }

    /// `context.Request.Url` follows the base URL, the path and the query.
    pub fn update_url(&mut self) {
        let Some(base) = &self.base else {
            self.context.request.url.query = self.query.clone();
            return;
        };
        let path = format!("{}{}", base.path.trim_end_matches('/'), self.suffix);
        self.context.request.url = Url { path: path.into(), query: self.query.clone(), ..base.clone() };
    }

    /// Whether an expression could meet a body that has not been read.
    pub fn has_unread_body(&self) -> bool {
        let unread = |body: &Body| matches!(body, Body::Unread);
        unread(&self.context.request.body) || self.context.response.as_ref().is_some_and(|response| unread(&response.body))
    }

    /// A response in a variable.
    pub fn stored(&self, variable: &str) -> Option<&ResponseMessage> {
        match self.context.variables.get(variable) {
            Some(Value::Context(crate::dotnet::context::Part::Response(which))) => self.context.response(*which),
            _ => None,
        }
    }
}

/// What all requests of a gateway show of it.
pub(super) fn service(name: Text, region: Text, api: &super::Api) -> Arc<Service> {
    Arc::new(Service {
        name,
        region,
        api: context::Api {
            named: Named { id: api.id.clone(), name: api.name.clone() },
            path: api.path.clone(),
            service_url: api.service_url.clone(),
            protocols: vec!["https".into()],
            ..context::Api::default()
        },
        key_names: (api.key_header.clone(), api.key_query.clone()),
        ..Service::default()
    })
}
