//! The machine: one request on its way through inbound, backend, outbound and, after an error, on-error.
//!
//! A stack of frames says where it is. A statement ends at once, enters a block, or waits for an event; bodies are read when an expression
//! asks for them. Nothing here knows a policy's meaning: that is in `execute/`, one file each.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::{
    Gateway,
    answers::{PolicyError, default_response},
    api::Match,
    context::State,
    effect::{Answer, AnswerBody, Arrival, Effect, Event, Failure, FailureKind, OperationId},
    execute::{self, Outcome, Stop, Turn, Waiting, retry::Again},
};
use crate::{
    dotnet::{
        context::{self as shown, Body, Named, ResponseMessage},
        exception::Unread,
    },
    environment::Environment,
    policy::{BlockId, Place, Program, Section, Statement},
    text::Text,
};

/// A message that a policy wrote to the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// Who wrote it: the `source` of a `trace` policy, `expression` for `context.Trace`.
    pub source: Text,
    /// The severity.
    pub severity: Text,
    /// The message.
    pub message: Text,
}

/// Where the machine is in a block.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// Statements of a block; the number is that of the next one.
    Block(BlockId, usize),
    /// A `retry`: the block and number of its statement, and how many retries were begun.
    Retry(BlockId, usize, u32),
}

/// One request under way.
pub struct Machine {
    gateway: Arc<Gateway>,
    program: Arc<Program>,
    state: State,
    section: Section,
    frames: Vec<Frame>,
    waiting: Option<(OperationId, Waiting)>,
    /// An error on its way out that waits for a body which a `retry`'s condition reads.
    unwinding: Option<(PolicyError, Option<Place>)>,
    effects: VecDeque<Effect>,
    operations: u32,
    traces: Vec<TraceRecord>,
    done: bool,
}

impl Machine {
    /// Begins a request; its first effect is ready afterwards.
    pub fn start(gateway: Arc<Gateway>, arrival: Arrival, environment: &mut dyn Environment) -> Self {
        let program = gateway.program.clone();
        let mut machine = Self {
            state: State::new(&gateway, arrival),
            program,
            gateway,
            section: Section::Inbound,
            frames: Vec::with_capacity(8),
            waiting: None,
            unwinding: None,
            effects: VecDeque::with_capacity(1),
            operations: 0,
            traces: Vec::new(),
            done: false,
        };
        machine.state.context.request_id = environment.guid();
        machine.state.context.timestamp = environment.now();
        machine.admit(environment);
        machine
    }

    /// The next thing that the driver should do; `None` while events are awaited, and after the answer.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Takes what an effect came to.
    pub fn handle(&mut self, event: Event, environment: &mut dyn Environment) {
        let operation = match &event {
            Event::Response { operation, .. }
            | Event::RequestBody { operation, .. }
            | Event::ResponseBody { operation, .. }
            | Event::Token { operation, .. }
            | Event::Woke { operation } => *operation,
        };
        // An event for anything else than what is awaited comes too late.
        let Some((_, waiting)) = self.waiting.take_if(|(awaited, _)| *awaited == operation) else { return };
        match self.settle(waiting, event, environment) {
            Ok(()) => self.run(environment),
            Err(error) => self.fail(error, environment),
        }
    }

    /// What policies wrote to the trace so far.
    pub fn traces(&self) -> &[TraceRecord] {
        &self.traces
    }

    /// The request's id: `context.RequestId`.
    pub fn request_id(&self) -> [u8; 16] {
        self.state.context.request_id
    }

    /// Matches the operation and checks the subscription key, then enters inbound.
    fn admit(&mut self, environment: &mut dyn Environment) {
        let gateway = self.gateway.clone();
        let request = &self.state.context.request;
        match gateway.api.find(&request.method, &request.original_url.path) {
            // No API, no policies: the service's own answer.
            Match::NoApi => {
                let response = default_response(404, "Resource not found", self.state.context.request_id);
                self.answer(response);
            }
            Match::NoOperation => self.fail(PolicyError::operation_not_found(), environment),
            Match::Operation(index, parameters) => {
                self.state.context.operation = gateway.api.operations.get(index).map(|operation| shown::Operation {
                    named: Named { id: operation.id.clone(), name: operation.name.clone() },
                    method: operation.method.clone(),
                    url_template: operation.url_template.clone(),
                });
                self.state.context.request.matched_parameters = parameters;
                match self.authorize(&gateway) {
                    Ok(()) => {
                        self.enter(Section::Inbound);
                        self.run(environment);
                    }
                    Err(error) => self.fail(error, environment),
                }
            }
        }
    }

    /// The key in its header, or in the query where the header is absent.
    /// Source: learn.microsoft.com/azure/api-management/api-management-subscriptions.
    fn authorize(&mut self, gateway: &Gateway) -> Result<(), PolicyError> {
        let api = &gateway.api;
        let request = &self.state.context.request;
        let in_query = || {
            let query = request.original_url.query.trim_start_matches('?');
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(name, _)| name.eq_ignore_ascii_case(&api.key_query))
                .map(|(_, value)| crate::http::percent_decode(value))
        };
        let key = request.headers.get(&api.key_header).map(Text::to_string).or_else(in_query).filter(|key| !key.is_empty());
        let subscription = key.as_ref().and_then(|key| {
            gateway
                .subscriptions
                .iter()
                .find(|subscription| subscription.primary_key == *key.as_str() || subscription.secondary_key == *key.as_str())
        });
        if let (Some(subscription), Some(key)) = (subscription, &key) {
            let named = Named { id: subscription.id.clone(), name: subscription.name.clone() };
            self.state.context.subscription = Some(shown::Subscription {
                named,
                key: key.clone().into(),
                primary_key: subscription.primary_key.clone(),
                secondary_key: subscription.secondary_key.clone(),
                ..shown::Subscription::default()
            });
            return Ok(());
        }
        if !api.subscription_required {
            return Ok(());
        }
        let url = &self.state.context.request.original_url;
        let challenge = format!(
            "AzureApiManagementKey realm=\"{}://{}/{}\",name=\"{}\",type=\"header\"",
            url.scheme,
            url.authority(),
            api.path,
            api.key_header
        );
        Err(if key.is_some() { PolicyError::key_invalid(challenge) } else { PolicyError::key_not_found(challenge) })
    }

    fn enter(&mut self, section: Section) {
        self.section = section;
        self.frames.clear();
        self.frames.push(Frame::Block(self.program.section(section), 0));
    }

    fn run(&mut self, environment: &mut dyn Environment) {
        let program = self.program.clone();
        while !self.done && self.waiting.is_none() {
            if let Some((error, place)) = self.unwinding.take() {
                self.unwind(error, place, environment);
                continue;
            }
            let Some(frame) = self.frames.last_mut() else {
                self.end_section();
                continue;
            };
            match *frame {
                Frame::Block(block, next) => match program.block(block).get(next) {
                    Some(statement) => {
                        *frame = Frame::Block(block, next + 1);
                        self.execute(statement, block, next, environment);
                    }
                    None => {
                        self.frames.pop();
                    }
                },
                Frame::Retry(block, number, used) => self.retry(&program, block, number, used, environment),
            }
        }
    }

    fn end_section(&mut self) {
        match self.section {
            Section::Inbound => self.enter(Section::Backend),
            Section::Backend => self.enter(Section::Outbound),
            Section::Outbound | Section::OnError => {
                // A pipeline that sent nothing and returned nothing has an empty 200; the documentation says nothing of it.
                let response = self.state.context.response.take().unwrap_or_else(|| ResponseMessage {
                    head: crate::http::ResponseHead { status: 200, reason: "OK".into(), ..Default::default() },
                    body: Body::None,
                });
                self.answer(response);
            }
        }
    }

    fn execute(&mut self, statement: &Statement, block: BlockId, number: usize, environment: &mut dyn Environment) {
        // An expression that meets an unread body is evaluated again once it is read: whatever it did before that is undone.
        let before = (statement.reads_body && self.state.has_unread_body()).then(|| self.snapshot());
        let mut turn =
            Turn { state: &mut self.state, environment, section: self.section, traces: &mut self.traces, operations: &mut self.operations };
        match execute::execute(statement, &mut turn) {
            Ok(Outcome::Done) => {}
            Ok(Outcome::Enter(inner)) => self.frames.push(Frame::Block(inner, 0)),
            Ok(Outcome::Retry(inner)) => {
                self.frames.push(Frame::Retry(block, number, 0));
                self.frames.push(Frame::Block(inner, 0));
            }
            Ok(Outcome::Wait(effect, operation, waiting)) => self.wait(effect, operation, waiting),
            Ok(Outcome::Return(response)) => self.answer(response),
            Err(Stop::Unread(which)) => {
                self.restore(before);
                if let Some(Frame::Block(_, next)) = self.frames.last_mut() {
                    *next = number;
                }
                if let Err(error) = self.read(which) {
                    self.raise(error, Some(statement), environment);
                }
            }
            Err(Stop::Error(error)) => self.raise(error, Some(statement), environment),
        }
        self.take_traces();
    }

    /// What expressions wrote by `context.Trace`.
    fn take_traces(&mut self) {
        let written = self.state.context.traces.drain(..);
        self.traces.extend(written.map(|message| TraceRecord { source: "expression".into(), severity: "verbose".into(), message }));
    }

    fn operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }

    fn wait(&mut self, effect: Effect, operation: OperationId, waiting: Waiting) {
        self.effects.push_back(effect);
        self.waiting = Some((operation, waiting));
    }

    /// What an expression may change before it meets an unread body.
    fn snapshot(&self) -> Box<(State, usize)> {
        Box::new((self.state.clone(), self.traces.len()))
    }

    fn restore(&mut self, before: Option<Box<(State, usize)>>) {
        if let Some(before) = before {
            let (state, traces) = *before;
            self.state = state;
            self.traces.truncate(traces);
        }
    }

    /// Has a body read.
    fn read(&mut self, which: Unread) -> Result<(), PolicyError> {
        let operation = self.operation();
        match (which, self.state.streaming) {
            (Unread::Request, _) => self.wait(Effect::ReadRequestBody { operation }, operation, Waiting::Body),
            (Unread::Response, Some((exchange, _))) => {
                self.wait(Effect::ReadResponseBody { operation, exchange }, operation, Waiting::Body)
            }
            (Unread::Response, None) => {
                let failure = Failure { kind: FailureKind::Reset, message: "The response body is gone.".into() };
                return Err(PolicyError::backend(&"backend".into(), &failure));
            }
        }
        Ok(())
    }

    /// Finishes what was waited for.
    fn settle(&mut self, waiting: Waiting, event: Event, environment: &mut dyn Environment) -> Result<(), PolicyError> {
        match (waiting, event) {
            (Waiting::Body, Event::RequestBody { outcome, .. }) => {
                let bytes = outcome.map_err(|_| PolicyError::client_gone())?;
                self.state.client_body_waits = false;
                self.state.context.request.body = Body::Bytes(bytes);
                Ok(())
            }
            (Waiting::Body, Event::ResponseBody { outcome, .. }) => {
                let bytes = outcome.map_err(|failure| PolicyError::backend(&"forward-request".into(), &failure))?;
                self.state.streaming = None;
                if let Some(response) = &mut self.state.context.response {
                    response.body = Body::Bytes(bytes);
                }
                Ok(())
            }
            (Waiting::Sleep, _) => Ok(()),
            (waiting, event) => {
                let mut turn = Turn {
                    state: &mut self.state,
                    environment,
                    section: self.section,
                    traces: &mut self.traces,
                    operations: &mut self.operations,
                };
                match execute::resume(waiting, event, &mut turn)? {
                    Outcome::Wait(effect, operation, waiting) => self.wait(effect, operation, waiting),
                    Outcome::Return(response) => self.answer(response),
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// An error out of an event: it belongs to the statement that waited.
    fn fail(&mut self, error: PolicyError, environment: &mut dyn Environment) {
        let program = self.program.clone();
        let statement = match self.frames.last() {
            Some(Frame::Block(block, next)) => next.checked_sub(1).and_then(|number| program.block(*block).get(number)),
            _ => None,
        };
        self.raise(error, statement, environment);
        self.run(environment);
    }

    /// Unwinds to the innermost `retry` that wants to go on, else to `on-error`.
    fn raise(&mut self, error: PolicyError, statement: Option<&Statement>, environment: &mut dyn Environment) {
        self.unwind(error, statement.map(|statement| statement.place.clone()), environment);
    }

    fn unwind(&mut self, mut error: PolicyError, mut place: Option<Place>, environment: &mut dyn Environment) {
        let program = self.program.clone();
        while let Some(frame) = self.frames.pop() {
            let Frame::Retry(block, number, used) = frame else { continue };
            // Nobody is left to retry for once the client is gone.
            let Some(statement) = program.block(block).get(number).filter(|_| !error.is_client_gone()) else { continue };
            if error.is_backend() && error.source == "forward-request" {
                // The condition sees a response with status 500, never null. Source: traces in Azure-Samples/openai-apim-lb, issue 25.
                self.state.context.response = Some(error.response(self.state.context.request_id));
                self.state.streaming = None;
            }
            match self.again(statement, used, environment) {
                Ok(Again::Yes { inner, wait }) => return self.run_again(block, number, used, inner, wait),
                Ok(Again::No) => {}
                // The condition wants the client's body: the unwinding goes on here once it is read.
                Err(Stop::Unread(which)) => match self.read(which) {
                    Ok(()) => {
                        self.frames.push(frame);
                        self.unwinding = Some((error, place));
                        return;
                    }
                    Err(failed) => error = failed,
                },
                Err(Stop::Error(failed)) => {
                    error = failed;
                    place = Some(statement.place.clone());
                }
            }
        }
        self.on_error(error, place);
    }

    fn on_error(&mut self, error: PolicyError, place: Option<Place>) {
        if self.done {
            return;
        }
        if self.section == Section::OnError {
            // An error in on-error is not documented: the service's own 500 then.
            let response = default_response(500, "Internal server error", self.state.context.request_id);
            return self.answer(response);
        }
        let mut last = error.last_error();
        last.section = self.section.name().into();
        if let Some(place) = place {
            last.scope = place.scope.into();
            last.path = place.path;
            last.policy_id = place.id;
        }
        self.state.context.response = Some(error.response(self.state.context.request_id));
        self.state.context.last_error = Some(last);
        self.state.streaming = None;
        self.enter(Section::OnError);
    }

    fn again(&mut self, statement: &Statement, used: u32, environment: &mut dyn Environment) -> Result<Again, Stop> {
        let before = (statement.reads_body && self.state.has_unread_body()).then(|| self.snapshot());
        let mut turn =
            Turn { state: &mut self.state, environment, section: self.section, traces: &mut self.traces, operations: &mut self.operations };
        let decided = execute::retry::again(statement, used, &mut turn);
        if let Err(Stop::Unread(_)) = decided {
            self.restore(before);
        }
        decided
    }

    /// The block of a `retry` has ended: does it run again?
    fn retry(&mut self, program: &Program, block: BlockId, number: usize, used: u32, environment: &mut dyn Environment) {
        let Some(statement) = program.block(block).get(number) else {
            self.frames.pop();
            return;
        };
        match self.again(statement, used, environment) {
            Ok(Again::Yes { inner, wait }) => {
                self.frames.pop();
                self.run_again(block, number, used, inner, wait);
            }
            Ok(Again::No) => {
                self.frames.pop();
            }
            Err(Stop::Unread(which)) => {
                if let Err(error) = self.read(which) {
                    self.frames.pop();
                    self.raise(error, Some(statement), environment);
                }
            }
            Err(Stop::Error(error)) => {
                self.frames.pop();
                self.raise(error, Some(statement), environment);
            }
        }
    }

    fn run_again(&mut self, block: BlockId, number: usize, used: u32, inner: BlockId, wait: Duration) {
        self.frames.push(Frame::Retry(block, number, used + 1));
        self.frames.push(Frame::Block(inner, 0));
        if !wait.is_zero() {
            let operation = self.operation();
            self.wait(Effect::Sleep { operation, duration: wait }, operation, Waiting::Sleep);
        }
    }

    fn answer(&mut self, response: ResponseMessage) {
        self.done = true;
        self.frames.clear();
        self.waiting = None;
        let body = match (response.body, self.state.streaming) {
            (Body::Bytes(bytes), _) => AnswerBody::Bytes(bytes),
            (Body::Unread, Some((exchange, buffered))) => AnswerBody::Stream { exchange, buffered },
            _ => AnswerBody::Empty,
        };
        self.effects.push_back(Effect::Answer(Box::new(Answer { head: response.head, body })));
    }
}
