//! Running the statements: one file a policy, by the name that it has in `policy/elements/`.

mod authentication_basic;
mod authentication_certificate;
mod authentication_managed_identity;
mod cache_lookup;
mod cache_lookup_value;
mod cache_remove_value;
mod cache_store;
mod cache_store_value;
mod check_header;
mod choose;
mod cors;
mod emit_metric;
mod find_and_replace;
mod forward_request;
mod get_authorization_context;
mod ip_filter;
mod json_to_xml;
mod jsonp;
mod limit_concurrency;
mod liquid;
pub mod llm_content_safety;
mod llm_emit_token_metric;
mod llm_semantic_cache_lookup;
mod llm_semantic_cache_store;
mod llm_token_limit;
mod mock_response;
mod proxy;
mod quota;
mod quota_by_key;
mod rate_limit;
mod rate_limit_by_key;
mod recorded;
mod redirect_content_urls;
pub mod retry;
mod return_response;
mod rewrite_uri;
mod send_one_way_request;
mod send_request;
mod set_backend_service;
mod set_body;
mod set_header;
mod set_method;
mod set_query_parameter;
mod set_status;
pub mod set_variable;
mod trace;
mod validate_azure_ad_token;
mod validate_client_certificate;
mod validate_content;
mod validate_headers;
mod validate_jwt;
mod validate_parameters;
mod validate_status_code;
mod wait;
mod xml_to_json;

pub(super) use cache_lookup::Missed;
pub(super) use forward_request::{Expected, outgoing};
pub(super) use llm_semantic_cache_lookup::Unanswered;

pub(super) use set_query_parameter::encode;

use bytes::Bytes;

use super::{
    Gateway,
    afterwards::Work,
    answers::PolicyError,
    concurrency::Permit,
    context::State,
    definition::Definition,
    effect::{Effect, Event, OperationId, Send},
    machine::Notes,
    trace::{Entry, shown},
};
use crate::{
    dotnet::{
        Value,
        context::{Body, ResponseMessage},
        display::to_str,
        exception::{Raise, Unread},
        heap::Object,
        runtime::{Budget, Runtime},
        string::Str,
    },
    environment::Environment,
    expression,
    policy::{BlockId, Place, Policy, Scope, Section, Setting, Statement},
    text::Text,
};

/// How a statement went on. What is rare lies elsewhere: most statements are just done, which then fits into registers.
pub(super) enum Outcome {
    /// It is done.
    Done,
    /// A block comes next.
    Enter(BlockId),
    /// The block of a `retry` comes next.
    Retry(BlockId),
    /// It goes on with the event for an effect.
    Wait(Box<Awaited>),
    /// A block comes next, and the slot is given back when it ends.
    Hold(Box<(Permit, BlockId)>),
    /// It runs again from its start, with what it has learned since.
    Again,
    /// It is done, and the driver has something to do that settles with no event.
    Tell(Box<Send>),
    /// These blocks run side by side; the strand goes on once `needed` of them have ended, and the others are given up.
    Branches(Box<Branches>),
    /// It is done, and leaves something for later in the request.
    Afterwards(Box<Work>),
    /// The pipeline ends with this response.
    Return(Box<ResponseMessage>),
    /// This is the response, from a cache: outbound goes on behind the policy that would have stored it, the first that is one.
    Resume(Box<Resumed>),
}

impl Outcome {
    /// The statement goes on with the event for this effect.
    pub fn wait(effect: Effect, operation: OperationId, waiting: Waiting) -> Self {
        Self::Wait(Box::new(Awaited { effect, operation, waiting }))
    }
}

/// The branches of a `wait`.
pub(super) struct Branches {
    pub blocks: Vec<BlockId>,
    /// How many must end.
    pub needed: usize,
}

/// A response out of a cache, and what tells the policy that would have stored it.
pub(super) struct Resumed {
    pub response: ResponseMessage,
    pub stores: fn(&Policy) -> bool,
}

/// What a statement wants done, and how it goes on then.
pub(super) struct Awaited {
    pub effect: Effect,
    pub operation: OperationId,
    pub waiting: Waiting,
}

/// Why a statement did not go on.
pub(super) enum Stop {
    /// A body must be read first; the statement is then run again.
    Unread(Unread),
    /// It failed.
    Error(Box<PolicyError>),
}

impl From<PolicyError> for Stop {
    fn from(error: PolicyError) -> Self {
        Self::Error(Box::new(error))
    }
}

/// What the machine waits for.
pub(super) enum Waiting {
    /// A body that an expression needs.
    Body(Unread),
    /// The pause of a `retry`.
    Sleep,
    /// The client's body, to be sent by `forward-request`.
    ForwardBody(Box<forward_request::Forward>),
    /// The token of the backend that `forward-request` sends to.
    ForwardToken(Box<forward_request::Forward>),
    /// The response to `forward-request`.
    Forward(forward_request::Expected),
    /// The token for a `send-one-way-request`.
    OneWayToken(Box<send_one_way_request::Prepared>),
    /// The token for a `send-request`.
    SendToken(Box<send_request::Prepared>),
    /// The response to `send-request`.
    Send(send_request::Expected),
    /// A document with the keys that `validate-jwt` needs.
    SigningKeys(Box<validate_jwt::Fetching>),
    /// The token of `authentication-managed-identity`.
    Token(authentication_managed_identity::Expected),
}

/// What a statement works in.
pub(super) struct Turn<'a> {
    pub gateway: &'a Gateway,
    pub state: &'a mut State,
    pub environment: &'a mut dyn Environment,
    pub section: Section,
    pub place: &'a Place,
    /// The lines of the statement's record.
    pub entries: &'a mut Vec<Entry>,
    /// Whether the request is traced in detail.
    pub detailed: bool,
    pub operations: &'a mut u32,
    /// What is to be remembered of the run.
    pub notes: &'a mut Option<Box<Notes>>,
}

impl Turn<'_> {
    /// The workspace whose resources the statement may name. The service's own documents mean the service's, whoever's API they run for.
    pub(super) fn workspace(&self) -> Option<&str> {
        if self.place.scope == Scope::Global { None } else { self.state.context.workspace.as_ref().map(|workspace| workspace.id.as_str()) }
    }
}

/// `200 OK` without a body.
pub(super) fn empty_answer() -> ResponseMessage {
    cors::empty(crate::http::Headers::new())
}

/// Runs a statement.
pub(super) fn execute(statement: &Statement, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let element = &statement.place.element;
    match &statement.policy {
        Policy::AuthenticationBasic(policy) => authentication_basic::execute(policy, element, turn),
        Policy::AuthenticationCertificate(policy) => authentication_certificate::execute(policy, element, turn),
        Policy::AuthenticationManagedIdentity(policy) => authentication_managed_identity::execute(policy, element, turn),
        Policy::AzureOpenaiEmitTokenMetric(policy) => llm_emit_token_metric::execute(policy, element, turn),
        Policy::AzureOpenaiSemanticCacheLookup(policy) => llm_semantic_cache_lookup::execute(policy, element, turn),
        Policy::AzureOpenaiSemanticCacheStore(policy) => llm_semantic_cache_store::execute(policy, element, turn),
        Policy::AzureOpenaiTokenLimit(policy) => llm_token_limit::execute(policy, element, turn),
        Policy::CacheLookup(policy) => cache_lookup::execute(policy, element, turn),
        Policy::CacheLookupValue(policy) => cache_lookup_value::execute(policy, element, turn),
        Policy::CacheRemoveValue(policy) => cache_remove_value::execute(policy, element, turn),
        Policy::CacheStore(policy) => cache_store::execute(policy, element, turn),
        Policy::CacheStoreValue(policy) => cache_store_value::execute(policy, element, turn),
        Policy::CheckHeader(policy) => check_header::execute(policy, element, turn),
        Policy::Choose(policy) => choose::execute(policy, element, turn),
        Policy::Completions(policy) => llm_content_safety::completions(policy, element, turn),
        Policy::Cors(policy) => cors::execute(policy, element, turn),
        Policy::EmitMetric(policy) => emit_metric::execute(policy, element, turn),
        Policy::FindAndReplace(policy) => find_and_replace::execute(policy, element, turn),
        Policy::ForwardRequest(policy) => forward_request::execute(policy, element, turn),
        Policy::GetAuthorizationContext(policy) => get_authorization_context::execute(policy, element, turn),
        Policy::IpFilter(policy) => ip_filter::execute(policy, element, turn),
        Policy::JsonToXml(policy) => json_to_xml::execute(policy, element, turn),
        Policy::Jsonp(policy) => jsonp::execute(policy, element, turn),
        Policy::LimitConcurrency(policy) => limit_concurrency::execute(policy, element, turn),
        Policy::LlmContentSafety(policy) => llm_content_safety::execute(policy, element, turn),
        Policy::LlmEmitTokenMetric(policy) => llm_emit_token_metric::execute(policy, element, turn),
        Policy::LlmSemanticCacheLookup(policy) => llm_semantic_cache_lookup::execute(policy, element, turn),
        Policy::LlmSemanticCacheStore(policy) => llm_semantic_cache_store::execute(policy, element, turn),
        Policy::LlmTokenLimit(policy) => llm_token_limit::execute(policy, element, turn),
        Policy::MockResponse(policy) => mock_response::execute(policy, element, turn),
        Policy::Proxy(policy) => proxy::execute(policy, element, turn),
        Policy::Quota(policy) => quota::execute(policy, element, turn),
        Policy::QuotaByKey(policy) => quota_by_key::execute(policy, element, turn),
        Policy::RateLimit(policy) => rate_limit::execute(policy, element, turn),
        Policy::RateLimitByKey(policy) => rate_limit_by_key::execute(policy, element, turn),
        Policy::RedirectContentUrls(_) => redirect_content_urls::execute(element, turn),
        Policy::Retry(policy) => Ok(Outcome::Retry(policy.block)),
        Policy::ReturnResponse(policy) => return_response::execute(policy, element, turn),
        Policy::RewriteUri(policy) => rewrite_uri::execute(policy, element, turn),
        Policy::SendOneWayRequest(policy) => send_one_way_request::execute(policy, element, turn),
        Policy::SendRequest(policy) => send_request::execute(policy, element, turn),
        Policy::SetBackendService(policy) => set_backend_service::execute(policy, element, turn),
        Policy::SetBody(policy) => set_body::execute(policy, element, turn),
        Policy::SetHeader(policy) => set_header::execute(policy, element, turn),
        Policy::SetMethod(policy) => set_method::execute(policy, element, turn),
        Policy::SetQueryParameter(policy) => set_query_parameter::execute(policy, element, turn),
        Policy::SetStatus(policy) => set_status::execute(policy, element, turn),
        Policy::SetVariable(policy) => set_variable::execute(policy, element, turn),
        Policy::Trace(policy) => trace::execute(policy, element, turn),
        Policy::ValidateAzureAdToken(policy) => validate_azure_ad_token::execute(policy, element, turn),
        Policy::ValidateClientCertificate(policy) => validate_client_certificate::execute(policy, element, turn),
        Policy::ValidateContent(policy) => validate_content::execute(policy, element, turn),
        Policy::ValidateHeaders(policy) => validate_headers::execute(policy, element, turn),
        Policy::ValidateJwt(policy) => validate_jwt::execute(policy, element, turn),
        Policy::ValidateParameters(policy) => validate_parameters::execute(policy, element, turn),
        Policy::ValidateStatusCode(policy) => validate_status_code::execute(policy, element, turn),
        Policy::Wait(policy) => wait::execute(policy, element, turn),
        Policy::XmlToJson(policy) => xml_to_json::execute(policy, element, turn),
        Policy::Recorded(policy) => recorded::execute(policy, element, turn),
        Policy::NotSimulated => Err(PolicyError::not_simulated(element).into()),
    }
}

/// Goes on with a statement that waited for an event.
pub(super) fn resume(waiting: Waiting, event: Event, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    match (waiting, event) {
        (Waiting::ForwardBody(forward), Event::RequestBody { outcome, .. }) => forward_request::body_read(*forward, outcome, turn),
        (Waiting::ForwardToken(forward), Event::Token { outcome, .. }) => forward_request::token(*forward, outcome, turn),
        (Waiting::Forward(expected), Event::Response { operation, outcome }) => {
            forward_request::received(expected, operation, outcome, turn)
        }
        (Waiting::OneWayToken(prepared), Event::Token { outcome, .. }) => send_one_way_request::token(*prepared, outcome, turn),
        (Waiting::SendToken(prepared), Event::Token { outcome, .. }) => send_request::token(*prepared, outcome, turn),
        (Waiting::Send(expected), Event::Response { outcome, .. }) => send_request::received(expected, outcome, turn),
        (Waiting::SigningKeys(fetching), Event::Response { outcome, .. }) => Ok(validate_jwt::received(*fetching, outcome, turn)),
        (Waiting::Token(expected), Event::Token { outcome, .. }) => authentication_managed_identity::received(expected, outcome, turn),
        // A driver that answers one effect with the event of another has a defect of its own: the statement is left as done.
        _ => Ok(Outcome::Done),
    }
}

/// Does what a statement has left for the response, before outbound sees it.
pub(super) fn answered(statement: &Statement, work: Work, turn: &mut Turn<'_>) -> Result<(), Stop> {
    match (&statement.policy, work) {
        (Policy::LlmTokenLimit(policy) | Policy::AzureOpenaiTokenLimit(policy), Work::Tokens(pending)) => {
            llm_token_limit::answered(policy, pending, turn);
        }
        (_, Work::Metric(metric)) => llm_emit_token_metric::answered(metric, turn),
        _ => {}
    }
    Ok(())
}

/// Does what a statement has left for the end of the pipeline.
pub(super) fn concluded(statement: &Statement, work: Work, turn: &mut Turn<'_>) -> Result<(), Stop> {
    let element = &statement.place.element;
    match (&statement.policy, work) {
        (Policy::RateLimitByKey(policy), Work::Calls { key }) => rate_limit_by_key::concluded(policy, &key, element, turn),
        (Policy::QuotaByKey(policy), Work::Quota { calls, bytes }) => quota_by_key::concluded(policy, calls.as_ref(), bytes, element, turn),
        _ => Ok(()),
    }
}

fn failed(raise: Raise, element: &Text) -> Stop {
    match raise {
        Raise::Unread(which) => Stop::Unread(which),
        other => PolicyError::expression(element, &other).into(),
    }
}

impl Turn<'_> {
    /// Writes a message to the statement's record.
    pub fn say(&mut self, severity: &'static str, message: impl Into<Text>) {
        self.entries.push(Entry::Message { source: self.place.element.clone(), severity: severity.into(), message: message.into() });
    }

    /// Writes what the policy found out to the statement's record, where the request is traced in detail.
    pub fn explain(&mut self, message: impl FnOnce() -> String) {
        if self.detailed {
            self.say("verbose", message());
        }
    }

    /// Takes what expressions wrote by `context.Trace`.
    #[inline]
    pub fn take_messages(&mut self) {
        if !self.state.context.traces.is_empty() {
            self.take_written();
        }
    }

    fn take_written(&mut self) {
        let written = self.state.context.traces.drain(..);
        self.entries.extend(written.map(|message| Entry::Message { source: "expression".into(), severity: "verbose".into(), message }));
    }

    /// A name for a new operation.
    pub fn operation(&mut self) -> OperationId {
        *self.operations += 1;
        OperationId(*self.operations)
    }

    /// Evaluates an expression.
    pub fn evaluate(&mut self, program: &expression::Program, element: &Text) -> Result<Value, Stop> {
        let outcome = self.in_world(|runtime| expression::evaluate(program, runtime));
        if let (true, Ok(value)) = (self.detailed, &outcome) {
            self.entries.push(Entry::Value(shown(self.state, value)));
        }
        outcome.map_err(|raise| failed(raise, element))
    }

    /// Works in the request's .NET world.
    pub(in crate::gateway) fn in_world<T>(&mut self, work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
        work(&mut Runtime {
            context: &mut self.state.context,
            heap: &mut self.state.heap,
            environment: self.environment,
            budget: Budget::default(),
            locals: &mut self.state.locals,
        })
    }

    /// A text setting whose value no trace shows.
    pub fn secret(&mut self, setting: &Setting<Text>, element: &Text) -> Result<Text, Stop> {
        self.unseen(|turn| turn.text(setting, element))
    }

    /// Works without writing values to the trace.
    fn unseen<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let detailed = std::mem::replace(&mut self.detailed, false);
        let worked = work(self);
        self.detailed = detailed;
        worked
    }

    /// A text setting; null is the empty text.
    pub fn text(&mut self, setting: &Setting<Text>, element: &Text) -> Result<Text, Stop> {
        match setting {
            Setting::Literal(text) => Ok(text.clone()),
            Setting::Expression(program) => match self.evaluate(program, element)? {
                Value::String(Str::Text(text)) => Ok(text),
                value => Ok(self.as_text(&value)),
            },
        }
    }

    /// Text settings.
    pub fn texts(&mut self, settings: &[Setting<Text>], element: &Text) -> Result<Vec<Text>, Stop> {
        settings.iter().map(|setting| self.text(setting, element)).collect()
    }

    /// Works in the .NET world without an expression.
    pub fn runtime<T>(&mut self, work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
        self.in_world(work)
    }

    /// What `ToString` makes of a value.
    pub fn as_text(&mut self, value: &Value) -> Text {
        if let Value::String(text) = value {
            return text.to_text();
        }
        self.in_world(|runtime| to_str(runtime, value).to_text())
    }

    /// A boolean setting.
    pub fn truth(&mut self, setting: &Setting<bool>, element: &Text) -> Result<bool, Stop> {
        match setting {
            Setting::Literal(truth) => Ok(*truth),
            Setting::Expression(program) if self.detailed => Ok(matches!(self.evaluate(program, element)?, Value::Bool(true))),
            Setting::Expression(program) => {
                self.in_world(|runtime| expression::holds(program, runtime)).map_err(|raise| failed(raise, element))
            }
        }
    }

    /// A whole number.
    pub fn number(&mut self, setting: &Setting<i64>, element: &Text) -> Result<i64, Stop> {
        match setting {
            Setting::Literal(number) => Ok(*number),
            Setting::Expression(program) => {
                Ok(self.evaluate(program, element)?.as_integer().and_then(|number| i64::try_from(number).ok()).unwrap_or(0))
            }
        }
    }

    /// A timeout: literals are milliseconds already.
    pub fn timeout(&mut self, setting: &Setting<i64>, in_seconds: bool, element: &Text) -> Result<std::time::Duration, Stop> {
        let number = self.number(setting, element)?;
        let factor = if in_seconds && matches!(setting, Setting::Expression(_)) { 1000 } else { 1 };
        Ok(std::time::Duration::from_millis(u64::try_from(number.saturating_mul(factor)).unwrap_or(0)))
    }

    /// A body setting: text, bytes as they are, or none for null.
    pub fn body(&mut self, setting: &Setting<Text>, element: &Text) -> Result<Body, Stop> {
        let program = match setting {
            Setting::Literal(text) if text.is_empty() => return Ok(Body::None),
            Setting::Literal(text) => return Ok(Body::Bytes(Bytes::copy_from_slice(text.as_bytes()))),
            Setting::Expression(program) => program,
        };
        let value = self.evaluate(program, element)?;
        if value.is_null() {
            return Ok(Body::None);
        }
        if let Value::Object(reference) = &value
            && let Object::Bytes(bytes) = self.state.heap.get(*reference)
        {
            return Ok(Body::Bytes(Bytes::copy_from_slice(bytes)));
        }
        let text = self.as_text(&value);
        Ok(Body::Bytes(Bytes::copy_from_slice(text.as_bytes())))
    }

    /// The operation's id.
    pub fn operation_id(&self) -> Option<Text> {
        self.state.context.operation.as_ref().map(|operation| operation.named.id.clone())
    }

    /// What the API's definition says of the operation.
    pub fn definition(&self) -> Option<&Definition> {
        self.gateway.definition(self.state.hosted.as_deref(), &self.operation_id()?)
    }

    /// Whether the section works on the response.
    pub fn on_response(&self) -> bool {
        self.section.is_on_response()
    }
}
