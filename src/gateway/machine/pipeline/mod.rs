//! The pipeline: one request on its way through inbound, backend, outbound and, after an error, on-error.
//!
//! A stack of frames says where it is. A statement ends at once, enters a block, or waits for an event; bodies are read when an expression
//! asks for them. Nothing here knows a policy's meaning: that is in `execute/`, one file each.

mod afterwards;
mod remembered;
mod room;
mod strand;
mod unwind;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use super::passages::Notes;
use crate::gateway::{
    Gateway,
    afterwards::Later,
    answers::{PolicyError, STATUS_PATH, alive, default_response},
    context::State,
    effect::{Answer, AnswerBody, Arrival, Effect, Event, Failure, FailureKind, OperationId},
    execute::{self, Awaited, Branches, Outcome, Resumed, Stop, Turn, Waiting},
    safety::screened,
    trace::{Record, Trace},
};
use crate::{
    dotnet::{
        context::{Body, ResponseMessage},
        exception::Unread,
    },
    environment::{Environment, Moment},
    expression::Series,
    policy::{BlockId, Place, Policy, Program, Section, Statement},
};
use room::Room;
pub(in crate::gateway) use room::Rooms;
use strand::{Frame, Strand};

/// The request's own strand.
const MAIN: usize = 0;

/// Which request it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    /// `context.RequestId`
    pub request_id: [u8; 16],
    /// `context.Timestamp`
    pub timestamp: Moment,
}

/// One request on its way.
pub(super) struct Pipeline {
    gateway: Arc<Gateway>,
    program: Arc<Program>,
    state: Box<State>,
    section: Section,
    strands: Vec<Strand>,
    effects: VecDeque<Effect>,
    operations: u32,
    trace: Trace,
    /// Whether the pipeline is over, and only what was left for its end is still to be done.
    ending: bool,
    done: bool,
    /// Whether what runs is counted.
    is_counted: bool,
    /// What is to be remembered of the run, for as long as another one would be the same.
    notes: Option<Box<Notes>>,
}

impl Pipeline {
    /// Begins a request; its first effect is ready afterwards.
    pub fn start(
        gateway: Arc<Gateway>,
        arrival: Arrival,
        identity: Identity,
        notes: Option<Box<Notes>>,
        environment: &mut dyn Environment,
    ) -> Self {
        let program = gateway.nothing.clone();
        let trace = Trace { detailed: arrival.trace, ..Trace::default() };
        let Room { mut state, strands, effects } = gateway.instance.rooms.take();
        state.begin(&gateway, arrival);
        let mut pipeline = Self {
            state,
            program,
            gateway,
            section: Section::Inbound,
            strands,
            effects,
            operations: 0,
            trace,
            ending: false,
            done: false,
            is_counted: false,
            notes,
        };
        pipeline.identify(identity);
        pipeline.state.context.tracing = pipeline.trace.detailed;
        pipeline.admit(environment);
        pipeline
    }

    fn identify(&mut self, identity: Identity) {
        (self.state.context.request_id, self.state.context.timestamp) = (identity.request_id, identity.timestamp);
    }

    /// The next thing that the driver should do; `None` while events are awaited, and after the answer.
    pub fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Takes what an effect came to.
    pub fn handle(&mut self, event: Event, environment: &mut dyn Environment) {
        let operation = event.operation();
        // An event for anything else than what is awaited comes too late.
        let awaited = |strand: &Strand| strand.waiting.as_ref().is_some_and(|(awaited, _)| *awaited == operation);
        let Some(index) = self.strands.iter().position(awaited) else { return };
        let Some((_, waiting)) = self.strand(index).and_then(|strand| strand.waiting.take()) else { return };
        // Branches that need the same body wait for one reading of it.
        for other in self.strands.iter_mut().filter(|strand| awaited(strand)) {
            other.waiting = None;
        }
        let is_for_body = matches!(waiting, Waiting::Body(_));
        let program = self.program.clone();
        if let Err(error) = self.settle(&program, index, waiting, event, environment) {
            // A statement that wants a body has not begun; every other one has.
            let place = if is_for_body { self.upcoming(index) } else { self.current(index) };
            self.fail(index, error, place, environment);
        }
        self.go_on_with(&program, environment);
    }

    /// The request is over for its driver: the next one at this gateway takes over the room that it has made.
    pub fn finish(self) {
        let Self { gateway, state, strands, effects, .. } = self;
        gateway.instance.rooms.give_back(Room { state, strands, effects });
    }

    /// What is to be said of the policies that have run so far.
    pub fn trace(&self) -> &[Record] {
        &self.trace.records
    }

    /// Whether the request is traced in detail.
    pub fn is_traced(&self) -> bool {
        self.trace.detailed
    }

    /// The request is admitted, or answered or failed by the service itself.
    fn admit(&mut self, environment: &mut dyn Environment) {
        if self.state.context.request.original_url.path == STATUS_PATH {
            self.answer(alive(), environment);
            return self.run(environment);
        }
        let gateway = self.gateway.clone();
        match gateway.admit(&mut self.state) {
            Ok(Some(program)) => {
                self.takes(program);
                self.enter(Section::Inbound);
            }
            // No API, no policies: the service's own answer.
            Ok(None) => {
                let response = default_response(404, "Resource not found", self.state.context.request_id);
                self.answer(response, environment);
            }
            Err(refused) => {
                self.takes(refused.program);
                self.trace.refused(&refused.error);
                self.raise(MAIN, refused.error, None, environment);
            }
        }
        self.run(environment);
    }

    /// This is the program that runs.
    fn takes(&mut self, program: Arc<Program>) {
        self.is_counted = self.gateway.is_counted && program.is_counting();
        self.program = program;
    }

    fn strand(&mut self, index: usize) -> Option<&mut Strand> {
        self.strands.get_mut(index)
    }

    fn push(&mut self, index: usize, frame: Frame) {
        if let Some(strand) = self.strands.get_mut(index) {
            strand.frames.push(frame);
        }
    }

    fn enter(&mut self, section: Section) {
        self.section = section;
        self.ending = false;
        let block = self.program.section(section);
        self.strands.truncate(1);
        if let Some(main) = self.strands.first_mut() {
            main.frames.clear();
            main.unwinding = None;
            main.frames.push(Frame::Block(block, 0));
            main.over = false;
        }
    }

    fn run(&mut self, environment: &mut dyn Environment) {
        let program = self.program.clone();
        self.go_on_with(&program, environment);
    }

    fn go_on_with(&mut self, program: &Program, environment: &mut dyn Environment) {
        while !self.done {
            let Some(index) = self.strands.iter().position(Strand::is_ready) else { return };
            self.step(program, index, environment);
        }
    }

    fn step(&mut self, program: &Program, index: usize, environment: &mut dyn Environment) {
        let Some(strand) = self.strands.get_mut(index) else { return };
        if let Some((error, place)) = strand.unwinding.take() {
            return self.unwind(index, error, place, environment);
        }
        match strand.frames.last() {
            None => self.end(index, environment),
            Some(Frame::Block(block, next)) => {
                let (block, next) = (*block, *next);
                self.go_through(program, index, block, next, environment);
            }
            Some(Frame::Retry(block, number, used)) => {
                let (block, number, used) = (*block, *number, *used);
                self.retry(program, index, block, number, used, environment);
            }
            Some(Frame::Slot(_) | Frame::Branches(_)) => self.pop(index),
        }
    }

    /// A strand has no more to do: the section is over, or a branch of a `wait` is.
    fn end(&mut self, index: usize, environment: &mut dyn Environment) {
        let Some(strand) = self.strands.get_mut(index) else { return };
        let Some(parent) = strand.parent else { return self.end_section(environment) };
        strand.over = true;
        let mut go_on = false;
        if let Some(Frame::Branches(left)) = self.strands.get_mut(parent).and_then(|parent| parent.frames.last_mut()) {
            *left = left.saturating_sub(1);
            go_on = *left == 0;
        }
        if go_on {
            self.abandon_branches(parent);
        }
    }

    /// Nobody waits for the branches of this strand any longer.
    fn abandon_branches(&mut self, parent: usize) {
        for index in 0..self.strands.len() {
            let Some(strand) = self.strands.get_mut(index) else { continue };
            if strand.parent == Some(parent) && !strand.over {
                *strand = Strand { parent: Some(parent), over: true, ..Strand::default() };
                self.abandon_branches(index);
            }
        }
        while self.strands.len() > 1 && self.strands.last().is_some_and(|strand| strand.over) {
            self.strands.pop();
        }
    }

    fn end_section(&mut self, environment: &mut dyn Environment) {
        if self.state.preflight && !self.ending {
            // No `cors` policy has matched. Source: learn.microsoft.com/azure/api-management/cors-policy, `terminate-unmatched-request`.
            return self.answer(execute::empty_answer(), environment);
        }
        match self.section {
            _ if self.ending => self.conclude(environment),
            Section::Inbound => self.enter(Section::Backend),
            Section::Backend => self.begin_outbound(environment),
            Section::Outbound | Section::OnError => self.conclude(environment),
        }
    }

    /// Runs the statements of a block from one on, as long as each is simply done: most are.
    fn go_through(&mut self, program: &Program, index: usize, block: BlockId, from: usize, environment: &mut dyn Environment) {
        let statements = program.block(block);
        let mut number = from;
        let is_noted = self.notes.is_some();
        while let Some(statement) = statements.get(number) {
            // For a preflight nothing else is evaluated.
            if self.state.preflight && self.section == Section::Inbound && !matches!(statement.policy, Policy::Cors(_)) {
                number += 1;
                continue;
            }
            if is_noted && !statement.is_narrow {
                self.notes = None;
            }
            if let Some(series) = &statement.series
                && !is_noted
                && !self.trace.detailed
                && let Some(outcome) = self.assign(series, statements.get(number..).unwrap_or_default(), environment)
            {
                let ended = outcome.as_ref().map_or_else(|(failed, _)| failed + 1, |()| series.count());
                if self.is_counted {
                    (number..number + ended).for_each(|number| program.ran(block, number));
                }
                number += ended;
                let Err((_, stop)) = outcome else { continue };
                self.at(index, number);
                let Some(statement) = statements.get(number - 1) else { return };
                return self.executed(Err(stop), statement, index, block, number - 1, environment);
            }
            if !self.execute(program, (index, block, number), statement, environment) {
                return;
            }
            number += 1;
        }
        self.pop(index);
    }

    /// Sets the variables of assignments that are remembered together; `None` where they are to run one by one.
    fn assign(
        &mut self,
        series: &Series,
        statements: &[Statement],
        environment: &mut dyn Environment,
    ) -> Option<Result<(), (usize, Stop)>> {
        let mut turn = Turn {
            gateway: &self.gateway,
            state: &mut self.state,
            environment,
            section: self.section,
            place: &statements.first()?.place,
            entries: &mut self.trace.open.entries,
            detailed: false,
            operations: &mut self.operations,
            notes: &mut self.notes,
        };
        execute::set_variable::together(series, statements, &mut turn)
    }

    /// The statement that a strand runs next in the block that it is in.
    fn at(&mut self, index: usize, number: usize) {
        if let Some(Frame::Block(_, next)) = self.strand(index).and_then(|strand| strand.frames.last_mut()) {
            *next = number;
        }
    }

    /// Runs a statement; says whether it is simply done, and the next one comes.
    fn execute(
        &mut self,
        program: &Program,
        (index, block, number): (usize, BlockId, usize),
        statement: &Statement,
        environment: &mut dyn Environment,
    ) -> bool {
        // An expression that meets an unread body is evaluated again once it is read: whatever it did before that is undone.
        let before = (statement.reads_body && self.state.has_unread_body()).then(|| self.state.clone());
        self.trace.begin(&self.state, environment);
        let mut turn = Turn {
            gateway: &self.gateway,
            state: &mut self.state,
            environment,
            section: self.section,
            place: &statement.place,
            entries: &mut self.trace.open.entries,
            detailed: self.trace.detailed,
            operations: &mut self.operations,
            notes: &mut self.notes,
        };
        let outcome = execute::execute(statement, &mut turn);
        turn.take_messages();
        match (&outcome, before) {
            (Err(Stop::Unread(_)), Some(before)) => self.state = before,
            (Err(Stop::Unread(_)), None) => {}
            _ if self.is_counted => program.ran(block, number),
            _ => {}
        }
        if matches!(outcome, Ok(Outcome::Done)) && self.trace.is_silent() {
            return true;
        }
        self.at(index, number + 1);
        self.executed(outcome, statement, index, block, number, environment);
        false
    }

    /// Goes on after a statement that is not simply done.
    fn executed(
        &mut self,
        outcome: Result<Outcome, Stop>,
        statement: &Statement,
        index: usize,
        block: BlockId,
        number: usize,
        environment: &mut dyn Environment,
    ) {
        match outcome {
            Ok(Outcome::Wait(awaited)) => {
                let open = self.trace.suspend();
                if let Some(strand) = self.strand(index) {
                    strand.open = open;
                }
                self.wait(index, *awaited);
            }
            Ok(outcome) => {
                self.close_record(statement, environment);
                self.go_on(index, outcome, block, number);
            }
            Err(Stop::Unread(which)) => {
                self.trace.forget();
                self.at(index, number);
                if let Err(error) = self.read(index, which) {
                    self.raise(index, error, Some(statement), environment);
                }
            }
            Err(Stop::Error(error)) => {
                self.trace.failed(&error);
                self.close_record(statement, environment);
                self.raise(index, *error, Some(statement), environment);
            }
        }
    }

    fn close_record(&mut self, statement: &Statement, environment: &dyn Environment) {
        self.trace.close(self.section, &statement.place, &mut self.state, environment, &self.gateway.secrets);
    }

    /// What comes after a statement that does not wait.
    fn go_on(&mut self, index: usize, outcome: Outcome, block: BlockId, number: usize) {
        match outcome {
            Outcome::Done => {}
            Outcome::Tell(send) => self.effects.push_back(Effect::Tell(send)),
            Outcome::Wait(awaited) => self.wait(index, *awaited),
            Outcome::Again => self.at(index, number),
            Outcome::Enter(inner) => {
                if self.is_counted {
                    self.program.taken(inner);
                }
                self.push(index, Frame::Block(inner, 0));
            }
            Outcome::Hold(held) => {
                let (permit, inner) = *held;
                self.push(index, Frame::Slot(permit));
                self.push(index, Frame::Block(inner, 0));
            }
            Outcome::Retry(inner) => {
                self.push(index, Frame::Retry(block, number, 0));
                self.push(index, Frame::Block(inner, 0));
            }
            Outcome::Branches(branches) => {
                let Branches { blocks, needed } = *branches;
                self.push(index, Frame::Branches(needed.min(blocks.len())));
                self.strands.extend(blocks.into_iter().map(|block| Strand::begin(block, Some(index))));
            }
            // "Processing will continue from the step in the response pipeline that is after the corresponding `cache-store`", says the
            // service's trace of a hit; people quote it in their articles on `cache-lookup`.
            Outcome::Resume(resumed) => {
                let Resumed { response, stores } = *resumed;
                self.state.context.response = Some(response);
                self.state.streaming = None;
                self.enter(Section::Outbound);
                if let (Some(way), Some(main)) = (self.program.find(Section::Outbound, stores), self.strands.first_mut()) {
                    main.frames = way.into_iter().map(|(block, number)| Frame::Block(block, number + 1)).collect();
                }
            }
            Outcome::Afterwards(work) => self.state.afterwards.later.push(Later { block, number, work: *work }),
            Outcome::Return(response) => self.close(*response),
        }
    }

    fn operation(&mut self) -> OperationId {
        self.operations += 1;
        OperationId(self.operations)
    }

    fn wait(&mut self, index: usize, awaited: Awaited) {
        let Awaited { effect, operation, waiting } = awaited;
        self.effects.push_back(effect);
        if let Some(strand) = self.strand(index) {
            strand.waiting = Some((operation, waiting));
        }
    }

    /// Has a body read.
    fn read(&mut self, index: usize, which: Unread) -> Result<(), PolicyError> {
        // Another branch may be at it already.
        let under_way = self.strands.iter().find_map(|strand| match &strand.waiting {
            Some((operation, Waiting::Body(body))) if *body == which => Some(*operation),
            _ => None,
        });
        let operation = under_way.unwrap_or_else(|| self.operation());
        let effect = match (which, self.state.streaming) {
            (Unread::Request, _) => Effect::ReadRequestBody { operation },
            (Unread::Response, Some((exchange, _))) => Effect::ReadResponseBody { operation, exchange },
            (Unread::Response, None) => {
                let failure = Failure { kind: FailureKind::Reset, message: "The response body is gone.".into() };
                return Err(PolicyError::backend(&"backend".into(), &failure));
            }
        };
        if under_way.is_none() {
            self.effects.push_back(effect);
        }
        if let Some(strand) = self.strand(index) {
            strand.waiting = Some((operation, Waiting::Body(which)));
        }
        Ok(())
    }

    /// Finishes what was waited for.
    fn settle(
        &mut self,
        program: &Program,
        index: usize,
        waiting: Waiting,
        event: Event,
        environment: &mut dyn Environment,
    ) -> Result<(), PolicyError> {
        match (waiting, event) {
            (Waiting::Body(_), Event::RequestBody { outcome, .. }) => {
                let bytes = outcome.map_err(|_| PolicyError::client_gone())?;
                self.state.client_body_waits = false;
                self.state.context.request.body = Body::Bytes(bytes);
                Ok(())
            }
            (Waiting::Body(_), Event::ResponseBody { outcome, .. }) => {
                let bytes = outcome.map_err(|failure| PolicyError::backend(&"forward-request".into(), &failure))?;
                self.state.streaming = None;
                let bytes = screened(std::mem::take(&mut self.state.stream_screens), bytes);
                if let Some(response) = &mut self.state.context.response {
                    response.body = Body::Bytes(bytes);
                }
                Ok(())
            }
            (Waiting::Sleep, _) => Ok(()),
            (waiting, event) => self.resume(program, index, waiting, event, environment),
        }
    }

    /// Hands an event to the statement that waited for it.
    fn resume(
        &mut self,
        program: &Program,
        index: usize,
        waiting: Waiting,
        event: Event,
        environment: &mut dyn Environment,
    ) -> Result<(), PolicyError> {
        let Some((block, number)) = self.current(index) else { return Ok(()) };
        let Some(statement) = program.block(block).get(number) else { return Ok(()) };
        match self.strand(index).and_then(|strand| strand.open.take()) {
            Some(open) => self.trace.open = open,
            None => self.trace.begin(&self.state, environment),
        }
        let mut turn = Turn {
            gateway: &self.gateway,
            state: &mut self.state,
            environment,
            section: self.section,
            place: &statement.place,
            entries: &mut self.trace.open.entries,
            detailed: self.trace.detailed,
            operations: &mut self.operations,
            notes: &mut self.notes,
        };
        let outcome = execute::resume(waiting, event, &mut turn);
        turn.take_messages();
        match outcome {
            Ok(outcome) => {
                self.executed(Ok(outcome), statement, index, block, number, environment);
                Ok(())
            }
            Err(error) => {
                self.trace.failed(&error);
                self.close_record(statement, environment);
                Err(error)
            }
        }
    }

    /// The statement that a strand runs next: the one that waits for a body, or the `retry` whose condition does.
    fn upcoming(&self, index: usize) -> Option<(BlockId, usize)> {
        match self.strands.get(index)?.frames.last()? {
            Frame::Block(block, next) => Some((*block, *next)),
            Frame::Retry(block, number, _) => Some((*block, *number)),
            _ => None,
        }
    }

    /// The statement that a strand is at.
    fn current(&self, index: usize) -> Option<(BlockId, usize)> {
        match self.strands.get(index)?.frames.last()? {
            Frame::Block(block, next) => Some((*block, next.checked_sub(1)?)),
            _ => None,
        }
    }

    fn answer(&mut self, mut response: ResponseMessage, environment: &dyn Environment) {
        self.done = true;
        for (name, value) in self.state.cors.iter().flat_map(|headers| headers.iter()) {
            response.head.headers.set(name.clone(), value.clone());
        }
        self.strands.clear();
        let body = match (response.body, self.state.streaming) {
            (Body::Bytes(bytes), _) => AnswerBody::Bytes(bytes),
            (Body::Unread, Some((exchange, buffered))) if self.state.stream_screens.is_empty() => AnswerBody::Stream { exchange, buffered },
            (Body::Unread, Some((exchange, _))) => {
                AnswerBody::Screened { exchange, screens: std::mem::take(&mut self.state.stream_screens) }
            }
            _ => AnswerBody::Empty,
        };
        let watch = self.watch(&body, environment);
        self.effects.push_back(Effect::Answer(Box::new(Answer { head: response.head, body, watch })));
    }
}
