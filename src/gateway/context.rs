//! A request's state in the machine: what `context` shows, and where the request will go.

use std::net::IpAddr;
use std::sync::Arc;

use crate::{
    dotnet::{
        context::{self, Body, Named, RequestContext, ResponseMessage, Service},
        heap::Heap,
        value::Value,
    },
    http::{Headers, Url},
    policy::Scope,
    text::Text,
};

use super::{
    Gateway, Hosted,
    afterwards::Afterwards,
    effect::{Arrival, ArrivingBody, OperationId},
    execute::{Missed, Unanswered},
};

/// A backend entity that a policy has set.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// Its id.
    pub id: Text,
    /// The scope of the policy.
    pub scope: Scope,
}

/// The state of one request.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The API that the request means, once that is known.
    pub hosted: Option<Arc<Hosted>>,
    /// What `context` shows.
    pub context: RequestContext,
    /// The objects of its expressions.
    pub heap: Heap,
    /// The backend's base URL, once one is set.
    pub base: Option<Url>,
    /// The backend entity that is set.
    pub backend: Option<Chosen>,
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
    /// The `cache-lookup` that found nothing, until `cache-store`.
    pub missed: Option<Box<Missed>>,
    /// The semantic lookup that found nothing, until its store.
    pub unanswered: Option<Box<Unanswered>>,
    /// Whether the request is a preflight, for which `cors` alone runs.
    pub preflight: bool,
    /// What `cors` adds to the answer, whatever it will be.
    pub cors: Option<Headers>,
    /// Room for the local variables of expressions, used again by each.
    pub locals: Vec<Value>,
    /// What policies have left for later.
    pub afterwards: Afterwards,
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
        let (suffix, query) = (arrival.head.url.path.clone(), arrival.head.url.query.clone());
        let ip = arrival.client.to_string().into();
        let mut state = Self {
            hosted: None,
            context: RequestContext::arriving(gateway.service.clone(), arrival.head, body, ip),
            heap: Heap::default(),
            base: None,
            backend: None,
            suffix,
            query,
            host_set: false,
            streaming: None,
            client_body_waits,
            client: arrival.client,
            missed: None,
            unanswered: None,
            preflight: false,
            cors: None,
            locals: Vec::new(),
            afterwards: Afterwards::default(),
        };
        state.context.request.certificate = arrival.certificate;
        state
    }

    /// The request means this API; `suffix` is its path below the API's own.
    pub fn enter(&mut self, hosted: &Arc<Hosted>, suffix: Text) {
        self.context.service = hosted.service.clone();
        self.context.workspace = hosted.api.workspace.clone();
        self.suffix = if suffix.is_empty() { Text::Static("/") } else { suffix };
        self.base = hosted.api.service_url.clone();
        self.hosted = Some(hosted.clone());
        if self.base.is_some() {
            self.update_url();
        }
    }

    /// The API that the request means: no policy runs without one.
    #[allow(dead_code, reason = "policies that look at their API")]
    pub fn api(&self) -> Option<&super::Api> {
        self.hosted.as_deref().map(|hosted| &hosted.api)
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
            protocols: api.protocols.clone(),
            version: api.version.as_ref().map(|version| version.id.clone()),
            revision: api.revision.clone(),
            is_old_revision: !api.is_current,
        },
        key_names: (api.key_header.clone(), api.key_query.clone()),
        ..Service::default()
    })
}
