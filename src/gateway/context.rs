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
    backends::Key,
    effect::{Arrival, ArrivingBody, OperationId},
    egress::Egress,
    execute::{Missed, Unanswered},
    safety::{Screen, StreamScreen},
};

/// A backend entity that a policy has set.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// What tells it from all others.
    pub key: Key,
    /// Its id.
    pub id: Text,
    /// The scope of the policy.
    pub scope: Scope,
}

/// Room for local variables that stays when a request has ended.
const KEPT_LOCALS: usize = 256;

/// The state of one request. The default is that of none.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The API that the request means, once that is known.
    pub hosted: Option<Arc<Hosted>>,
    /// What `context` shows.
    pub context: RequestContext,
    /// The objects of its expressions.
    pub heap: Heap,
    /// The backend's base URL, once one is set.
    pub base: Option<Arc<Url>>,
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
    /// The `cache-lookup` that found nothing, until `cache-store`.
    pub missed: Option<Box<Missed>>,
    /// The semantic lookup that found nothing, until its store.
    pub unanswered: Option<Box<Unanswered>>,
    /// Whether the request is a preflight, for which `cors` alone runs.
    pub preflight: bool,
    /// What `cors` adds to the answer, whatever it will be.
    pub cors: Option<Headers>,
    /// What `llm-content-safety` looks for in the completion.
    pub screens: Vec<Screen>,
    /// What looks at the response while it streams to the client.
    pub stream_screens: Vec<StreamScreen>,
    /// Room for the local variables of expressions, used again by each.
    pub locals: Vec<Value>,
    /// What policies have left for later.
    pub afterwards: Afterwards,
    /// What requests to backends take along on their way, where a policy says so.
    pub egress: Option<Box<Egress>>,
}

impl State {
    /// A request arrives.
    pub fn begin(&mut self, gateway: &Gateway, arrival: Arrival) {
        self.client_body_waits = matches!(arrival.body, ArrivingBody::Stream);
        let body = match arrival.body {
            ArrivingBody::None => Body::None,
            ArrivingBody::Bytes(bytes) => Body::Bytes(bytes),
            ArrivingBody::Stream => Body::Unread,
        };
        self.suffix = arrival.head.url.path.clone();
        self.query = arrival.head.url.query.clone();
        self.context.service = gateway.service.clone();
        self.context.request.arrive(arrival.head, body, address_text(arrival.client));
        self.context.request.certificate = arrival.certificate;
    }

    /// Nothing of any request; the room of the lists stays.
    pub fn clear(&mut self) {
        let Self {
            hosted,
            context,
            heap,
            base,
            backend,
            suffix,
            query,
            host_set,
            streaming,
            client_body_waits,
            missed,
            unanswered,
            preflight,
            cors,
            screens,
            stream_screens,
            locals,
            afterwards,
            egress,
        } = self;
        context.clear();
        heap.clear();
        (*hosted, *base, *backend, *streaming) = (None, None, None, None);
        (*suffix, *query) = (Text::EMPTY, Text::EMPTY);
        (*host_set, *client_body_waits, *preflight) = (false, false, false);
        (*missed, *unanswered, *cors, *egress) = (None, None, None, None);
        screens.clear();
        stream_screens.clear();
        locals.clear();
        locals.shrink_to(KEPT_LOCALS);
        afterwards.clear();
    }

    /// The request means this API; `suffix` is its path below the API's own.
    pub fn enter(&mut self, hosted: &Arc<Hosted>, suffix: Text) {
        self.context.service = hosted.service.clone();
        self.context.workspace = hosted.workspace.clone();
        self.suffix = if suffix.is_empty() { Text::Static("/") } else { suffix };
        self.base = hosted.base.clone();
        self.hosted = Some(hosted.clone());
        if self.base.is_some() {
            self.update_url();
        }
    }

    /// The API that the request means: no policy runs without one.
    pub fn api(&self) -> Option<&super::Api> {
        self.hosted.as_deref().map(|hosted| &hosted.api)
    }

    /// `context.Request.Url` follows the base URL, the path and the query.
    pub fn update_url(&mut self) {
        let Some(base) = &self.base else {
            self.context.request.url.query = self.query.clone();
            return;
        };
        let above = base.path.trim_end_matches('/');
        let path = if above.is_empty() {
            self.suffix.clone()
        } else {
            let mut room = self.heap.take_room();
            room.push_str(above);
            room.push_str(&self.suffix);
            let path = Text::copied(&room);
            self.heap.give_room(room);
            path
        };
        let (scheme, host) = (base.scheme.clone(), base.host.clone());
        self.context.request.url = Url { scheme, host, port: base.port, path, query: self.query.clone() };
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

/// An address as text. An IPv4 one costs no formatting machinery: every request has one.
fn address_text(address: IpAddr) -> Text {
    let IpAddr::V4(address) = address else { return address.to_string().into() };
    let mut text = String::with_capacity(15);
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            text.push('.');
        }
        for (least, unit) in [(100, 100), (10, 10), (0, 1)] {
            if octet >= least {
                text.push(char::from(b'0' + octet / unit % 10));
            }
        }
    }
    text.into()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a request leaves to the next is room and nothing else.
    #[test]
    fn a_cleared_state_is_as_new() {
        use crate::{dotnet::heap::Object, http::RequestHead, policy::Program};

        let program = Arc::new(Program::default());
        let gateway = Gateway::new("contoso".into(), "Sweden Central".into(), crate::gateway::Api::default(), Vec::new(), program);
        let url = Url::parse("https://gw.example/openai/a?x=1").unwrap();
        let head = RequestHead { method: "POST".into(), url, headers: [("api-key", "a secret")].into_iter().collect() };
        let body = ArrivingBody::Bytes(bytes::Bytes::from_static(b"a body"));
        let mut state = State::default();
        state.begin(
            &gateway,
            Arrival { head, body, client: IpAddr::from([203, 0, 113, 7]), trace: true, certificate: Some(bytes::Bytes::from_static(b"c")) },
        );
        let value = state.heap.value(Object::Bytes(b"bytes".to_vec()));
        state.context.variables.set("a".into(), value.clone());
        state.context.response = Some(ResponseMessage::default());
        state.context.stored.push(ResponseMessage::default());
        state.context.traces.push("told".into());
        state.context.request.matched_parameters = Some([("a".into(), "b".into())].into());
        state.context.last_error = Some(Box::default());
        state.locals.push(value);
        state.afterwards.headers.push(("a".into(), "b".into()));
        state.cors = Some(Headers::new());
        (state.host_set, state.preflight, state.streaming) = (true, true, Some((OperationId(1), true)));
        assert_ne!(format!("{state:?}"), format!("{:?}", State::default()));
        state.clear();
        assert_eq!(format!("{state:?}"), format!("{:?}", State::default()));
    }

    #[test]
    fn addresses_are_written_as_the_standard_library_writes_them() {
        for text in ["0.0.0.0", "127.0.0.1", "10.9.99.100", "255.255.255.255", "203.0.113.7", "::1", "2001:db8::7"] {
            assert_eq!(address_text(text.parse().unwrap()).as_str(), text);
        }
    }
}
