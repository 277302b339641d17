//! A world for one gateway without sockets: backends are closures by host name, and every effect is settled at once.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{collections::BTreeMap, net::IpAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use openai_failover::{
    environment::Fixed,
    environment::Moment,
    gateway::{
        Api, Backends, Entities, Gateway, Machine, Subscription,
        effect::{AnswerBody, Arrival, ArrivingBody, ClientGone, Effect, Event, Failure, FailureKind, Outgoing, Received, Reception},
        trace::{Entry, Record},
    },
    generate, http,
    http::{Headers, RequestHead, ResponseHead, Url},
    policy::{self, Program, Resources},
    source::Source,
    spec::{self, Spec},
    xml,
};

/// The subscription key that the gateway takes.
pub const KEY: &str = "client-key";

/// What a backend does with a request.
pub type Responder = Box<dyn FnMut(&Sent) -> Result<Received, Failure>>;

/// A request as a backend saw it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The host it went to.
    pub host: String,
    /// Method, URL, fields.
    pub head: RequestHead,
    /// The body.
    pub body: Bytes,
    /// The timeout it was sent with.
    pub timeout: Duration,
    /// Whether the response was to be told before its body.
    pub streams: bool,
}

/// What the client got, and what happened on the way.
#[derive(Debug)]
pub struct Answered {
    /// Status and fields.
    pub head: ResponseHead,
    /// The body.
    pub body: Bytes,
    /// Whether the answer streams, and in chunks of 8 KiB.
    pub stream: Option<bool>,
    /// The calls of backends, in order.
    pub sent: Vec<Sent>,
    /// The requests that nobody waits for, in order.
    pub told: Vec<Sent>,
    /// Pauses that the policy made.
    pub slept: Vec<Duration>,
    /// What it wrote to the trace.
    pub trace: Vec<Record>,
}

impl Answered {
    /// A header of the answer; `-` where it is absent.
    pub fn header(&self, name: &str) -> String {
        self.head.headers.get(name).map_or_else(|| "-".to_owned(), ToString::to_string)
    }

    /// What its policies wrote to the trace on purpose.
    pub fn messages(&self) -> Vec<String> {
        let entries = self.trace.iter().flat_map(|record| &record.entries);
        entries
            .filter_map(|entry| match entry {
                Entry::Message { message, .. } => Some(message.to_string()),
                _ => None,
            })
            .collect()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status, who served, attempts: `200 swc 1`.
    pub fn story(&self) -> String {
        format!("{} {} {}", self.head.status, self.header("X-Served-By"), self.header("X-Failover-Attempts"))
    }

    /// The hosts called, in order, by their first label's last part: `swc frc`.
    pub fn calls(&self) -> String {
        let short = |sent: &Sent| sent.host.split('.').next().unwrap_or("").rsplit('-').next().unwrap_or("").to_owned();
        self.sent.iter().map(short).collect::<Vec<_>>().join(" ")
    }
}

/// Inbound, then 200; an error shows itself in headers.
pub fn guarded(inbound: &str) -> String {
    let last = |name: &str| {
        format!("<set-header name=\"X-{name}\"><value>@((context.LastError.{name} ?? \"\").Replace(\"\\n\", \"|\"))</value></set-header>")
    };
    let shown: String = ["Source", "Reason", "Message", "Section", "Path", "Scope", "PolicyId"].iter().map(|name| last(name)).collect();
    format!(
        "<policies><inbound>{inbound}<return-response><set-body>in</set-body></return-response></inbound><backend /><outbound />\
         <on-error>{shown}</on-error></policies>"
    )
}

/// `200`, or status, reason and the message that the client is told.
pub fn fate(answer: &Answered) -> String {
    if answer.head.status == 200 && answer.header("X-Reason") == "-" {
        return "200".into();
    }
    let told = serde_json::from_slice::<serde_json::Value>(&answer.body)
        .map_or_else(|_| answer.text(), |body| body["message"].as_str().unwrap_or("").into());
    format!("{} {} {told}", answer.head.status, answer.header("X-Reason"))
}

/// One gateway and its backends.
pub struct World {
    gateway: Arc<Gateway>,
    responders: BTreeMap<String, Responder>,
    identity: bool,
    /// The seed of everything random.
    pub seed: u64,
    method: String,
    /// Whether the client's body comes as a stream that must be read.
    pub body_streams: bool,
    /// Whether the client hangs up before its body is complete.
    pub client_leaves: bool,
    /// Whether bodies of backends break off.
    pub bodies_break: bool,
    /// Whether requests are traced in detail.
    pub traced: bool,
    /// The client's address.
    pub client: IpAddr,
    /// The certificate that the client presents.
    pub certificate: Option<Bytes>,
    /// The time: pauses and [`World::advance`] move it on.
    pub now: Moment,
}

/// A response with JSON.
pub fn respond(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Result<Received, Failure> {
    let mut fields: Headers = headers.iter().copied().collect();
    fields.append("Content-Type", "application/json");
    let head = ResponseHead { status, reason: http::reason_phrase(status).into(), headers: fields };
    Ok(Received { head, body: Some(Bytes::copy_from_slice(body.as_bytes())) })
}

/// A failure of the connection.
pub fn broken(kind: FailureKind) -> Result<Received, Failure> {
    Err(Failure { kind, message: kind.word().into() })
}

/// A spec from `fixtures/specs`.
pub fn spec(name: &str) -> Spec {
    let path = format!("{}/fixtures/specs/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    spec_text(&std::fs::read_to_string(&path).unwrap())
}

/// A spec from text.
pub fn spec_text(text: &str) -> Spec {
    match spec::read(&Source::new("spec.yaml", text)) {
        Ok((spec, _)) => spec,
        Err(diagnostics) => panic!("{diagnostics:#?}"),
    }
}

/// The policy that `gen` makes of a spec.
pub fn generated(spec: &Spec) -> String {
    let artefacts = generate::generate(spec, &generate::Options::default()).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
    artefacts.into_iter().find(|artefact| artefact.path == "policy.xml").unwrap().contents
}

impl World {
    /// The generated policy of a spec, in the gateway of a region (by its display name).
    pub fn of(spec: &Spec, region: &str) -> Self {
        let mut api = Api { id: spec.api.id.clone().into(), path: spec.api.path.clone().into(), ..Api::default() };
        api.subscription_required = spec.api.subscription_required;
        api.key_header = spec.api.subscription_key_header.clone().into();
        let named = spec.named_values.keys().map(|name| (name.clone(), format!("key-of-{name}-\"'<&"))).collect();
        Self::with(&generated(spec), region, api, Resources { named_values: named, ..Resources::default() })
    }

    /// Any policy.
    pub fn policy(text: &str) -> Self {
        Self::with(text, "Sweden Central", Api { subscription_required: false, ..Api::default() }, Resources::default())
    }

    /// Any policy, with everything around it.
    pub fn with(text: &str, region: &str, api: Api, resources: Resources) -> Self {
        Self::scopes(&[(policy::Scope::Api, text)], region, api, resources)
    }

    /// The documents of several scopes, the broadest first; no subscription is needed.
    pub fn chain(documents: &[(policy::Scope, &str)]) -> Self {
        Self::scopes(documents, "Sweden Central", Api { subscription_required: false, ..Api::default() }, Resources::default())
    }

    fn scopes(documents: &[(policy::Scope, &str)], region: &str, api: Api, resources: Resources) -> Self {
        let parsed: Vec<_> = documents
            .iter()
            .map(|(scope, text)| {
                let document = xml::parse(&Source::new("policy.xml", *text)).unwrap_or_else(|diagnostics| panic!("{diagnostics:#?}"));
                (*scope, document)
            })
            .collect();
        let chain: Vec<_> = parsed.iter().map(|(scope, document)| (*scope, document)).collect();
        let program = policy::compile_chain(&chain, &resources).unwrap_or_else(|diagnostics| {
            let lines: Vec<String> = diagnostics
                .iter()
                .map(|diagnostic| {
                    let label = diagnostic.primary();
                    let place = label.map(|label| label.source.position(label.span.start));
                    format!(
                        "{} {} {:?} `{}`",
                        diagnostic.code,
                        diagnostic.message,
                        place,
                        label.map_or("", |label| label.source.slice(label.span))
                    )
                })
                .collect();
            panic!("{}", lines.join("\n"))
        });
        let subscription = Subscription {
            id: "s".into(),
            name: "s".into(),
            primary_key: KEY.into(),
            secondary_key: "client-key-2".into(),
            ..Subscription::default()
        };
        Self::serving(Gateway::new("contoso".into(), region.to_owned().into(), api, vec![subscription], Arc::new(program)))
    }

    /// A gateway with whatever it holds.
    pub fn serving(gateway: Gateway) -> Self {
        Self {
            gateway: Arc::new(gateway),
            responders: BTreeMap::new(),
            identity: true,
            seed: 1,
            method: "POST".into(),
            body_streams: true,
            client_leaves: false,
            bodies_break: false,
            traced: false,
            client: IpAddr::from([203, 0, 113, 7]),
            certificate: None,
            now: Moment(1_763_690_000_000_000_000),
        }
    }

    /// The backend entities that policies may name.
    pub fn backends(mut self, backends: Backends) -> Self {
        Arc::get_mut(&mut self.gateway).expect("no request has been made").backends = backends;
        self
    }

    /// Another program in the same gateway.
    pub fn program(mut self, program: Program) -> Self {
        Arc::get_mut(&mut self.gateway).expect("no request has been made").set_program(&Arc::new(program));
        self
    }

    /// Entities of the service.
    pub fn entities(mut self, entities: Entities) -> Self {
        let gateway = Arc::into_inner(self.gateway).expect("nobody else holds it yet");
        self.gateway = Arc::new(gateway.with_entities(entities));
        self
    }

    /// Another program: one of several scopes.
    pub fn with_program(mut self, program: Arc<policy::Program>) -> Self {
        Arc::get_mut(&mut self.gateway).unwrap().set_program(&program);
        self
    }

    /// Another stand-in for the content safety service.
    pub fn with_safety(mut self, safety: openai_failover::gateway::Safety) -> Self {
        Arc::get_mut(&mut self.gateway).unwrap().safety = Arc::new(safety);
        self
    }

    /// What the backend at `host` does.
    pub fn on(mut self, host: &str, responder: impl FnMut(&Sent) -> Result<Received, Failure> + 'static) -> Self {
        self.responders.insert(host.to_owned(), Box::new(responder));
        self
    }

    /// The backend at `contoso-ID` answers 200 with its id.
    pub fn up(self, id: &'static str) -> Self {
        self.on(&format!("contoso-{id}.openai.azure.com"), move |_| respond(200, &[], id))
    }

    /// The backend at `contoso-ID` answers with a status, and its id as body.
    pub fn status(self, id: &'static str, status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.on(&format!("contoso-{id}.openai.azure.com"), move |_| respond(status, headers, id))
    }

    /// The backend at `contoso-ID` cannot be reached.
    pub fn down(self, id: &'static str, kind: FailureKind) -> Self {
        self.on(&format!("contoso-{id}.openai.azure.com"), move |_| broken(kind))
    }

    /// The gateway's identity gives no tokens.
    pub fn without_identity(mut self) -> Self {
        self.identity = false;
        self
    }

    /// Another method than POST.
    pub fn method(mut self, method: &str) -> Self {
        self.method = method.to_owned();
        self
    }

    /// A chat completion for `model` with the right key.
    pub fn chat(&mut self, model: &str) -> Answered {
        let body = br#"{"messages":[{"role":"user","content":"hi"}]}"#;
        self.send(
            &format!("/openai/deployments/{model}/chat/completions?api-version=2024-10-21"),
            &[("api-key", KEY), ("Content-Type", "application/json")],
            Some(body),
        )
    }

    /// Time passes.
    pub fn advance(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
    }

    /// Any request.
    pub fn send(&mut self, path: &str, headers: &[(&'static str, &'static str)], body: Option<&[u8]>) -> Answered {
        let mut environment = Fixed { now: self.now, state: self.seed };
        let mut fields: Headers = headers.iter().copied().collect();
        fields.append("Host", "gateway.example");
        let head = RequestHead {
            method: self.method.clone().into(),
            url: Url::parse(&format!("https://gateway.example{path}")).unwrap(),
            headers: fields,
        };
        let arriving = match body {
            None => ArrivingBody::None,
            Some(_) if self.body_streams => ArrivingBody::Stream,
            Some(bytes) => ArrivingBody::Bytes(Bytes::copy_from_slice(bytes)),
        };
        let client_body = Bytes::copy_from_slice(body.unwrap_or_default());
        let arrival = Arrival { head, body: arriving, client: self.client, trace: self.traced, certificate: self.certificate.clone() };
        let mut machine = Machine::start(self.gateway.clone(), arrival, &mut environment);
        let (mut sent, mut told, mut slept) = (Vec::new(), Vec::new(), Vec::new());
        let mut bodies: BTreeMap<u32, Bytes> = BTreeMap::new();
        for _ in 0..1_000 {
            let Some(effect) = machine.next_effect() else { panic!("the machine waits for nothing") };
            let event = match effect {
                Effect::Send(request) => {
                    let body = match &request.body {
                        Outgoing::Empty => Bytes::new(),
                        Outgoing::Bytes(bytes) => bytes.clone(),
                        Outgoing::Client => client_body.clone(),
                    };
                    let seen = Sent {
                        host: request.request.url.host.to_string(),
                        head: request.request.clone(),
                        body,
                        timeout: request.timeout,
                        streams: request.reception == Reception::Stream,
                    };
                    let outcome = match self.responders.get_mut(&seen.host) {
                        Some(responder) => responder(&seen),
                        None => broken(FailureKind::DnsFailure),
                    };
                    sent.push(seen);
                    let outcome = outcome.map(|mut received| {
                        if request.reception == Reception::Stream {
                            bodies.insert(request.operation.0, received.body.take().unwrap_or_default());
                        }
                        received
                    });
                    Event::Response { operation: request.operation, outcome }
                }
                Effect::Tell(request) => {
                    let body = if let Outgoing::Bytes(bytes) = &request.body { bytes.clone() } else { Bytes::new() };
                    told.push(Sent {
                        host: request.request.url.host.to_string(),
                        head: request.request,
                        body,
                        timeout: request.timeout,
                        streams: false,
                    });
                    continue;
                }
                Effect::ReadRequestBody { operation } => {
                    let outcome = if self.client_leaves { Err(ClientGone) } else { Ok(client_body.clone()) };
                    Event::RequestBody { operation, outcome }
                }
                Effect::ReadResponseBody { operation, exchange } => {
                    let body = bodies.remove(&exchange.0).unwrap_or_default();
                    let broken = Failure { kind: FailureKind::Reset, message: "reset".into() };
                    Event::ResponseBody { operation, outcome: if self.bodies_break { Err(broken) } else { Ok(body) } }
                }
                Effect::AcquireToken { operation, resource, .. } => {
                    let outcome = if self.identity { Ok(format!("token-for-{resource}").into()) } else { Err("no identity".into()) };
                    Event::Token { operation, outcome }
                }
                Effect::Sleep { operation, duration } => {
                    slept.push(duration);
                    environment.now = environment.now.after(duration);
                    Event::Woke { operation }
                }
                Effect::Answer(answer) => {
                    let (body, stream) = match answer.body {
                        AnswerBody::Empty => (Bytes::new(), None),
                        AnswerBody::Bytes(bytes) => (bytes, None),
                        AnswerBody::Screened { exchange, mut screens } => {
                            let whole = bodies.remove(&exchange.0).unwrap_or_default();
                            let mut passed = Vec::new();
                            // In pieces, as a socket gives them.
                            for piece in whole.chunks(7) {
                                let piece = Bytes::copy_from_slice(piece);
                                passed.extend_from_slice(&screens.iter_mut().fold(piece, |piece, screen| screen.pass(&piece)));
                            }
                            let mut rest = Bytes::new();
                            for screen in &mut screens {
                                let mut out = screen.pass(&rest).to_vec();
                                out.extend_from_slice(&screen.end());
                                rest = out.into();
                            }
                            passed.extend_from_slice(&rest);
                            (passed.into(), Some(false))
                        }
                        AnswerBody::Stream { exchange, buffered } => (bodies.remove(&exchange.0).unwrap_or_default(), Some(buffered)),
                    };
                    self.now = environment.now;
                    let mut trace = machine.trace().to_vec();
                    if let Some(mut watch) = answer.watch {
                        // In small pieces, as a slow stream comes.
                        body.chunks(7).for_each(|piece| watch.pass(piece));
                        trace.extend(watch.end(self.now));
                    }
                    return Answered { head: answer.head, body, stream, sent, told, slept, trace };
                }
            };
            machine.handle(event, &mut environment);
        }
        panic!("the machine never answers")
    }
}
