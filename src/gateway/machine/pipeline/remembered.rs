//! What a pipeline leaves to be remembered, and one that begins where another stood.

use super::*;
use crate::{
    dotnet::{heap::Object, value::Value},
    gateway::{
        effect::Send,
        machine::passages::{Onward, Passage, Stand},
    },
    http::{FieldNames, Headers, RequestHead},
};

/// How many objects a state may have that is kept, and how many bytes the texts and arrays in its variables may come to.
const MOST_OBJECTS: usize = 64;
const MOST_BYTES: usize = 64 << 10;

fn is_light(state: &State) -> bool {
    let bytes = state.context.variables.iter().map(|(_, value)| match value {
        Value::String(text) => text.bytes(),
        Value::Object(reference) => match state.heap.get(*reference) {
            Object::Bytes(bytes) => bytes.len(),
            _ => 0,
        },
        _ => 0,
    });
    state.heap.len() <= MOST_OBJECTS && bytes.sum::<usize>() <= MOST_BYTES
}

impl Pipeline {
    /// Goes on where another request stood that was the same as far as a passage, with what follows noted.
    pub fn join(gateway: Arc<Gateway>, passage: &Passage, headers: Headers, identity: Identity, notes: Option<Box<Notes>>) -> Self {
        let Stand { program, state: stood, section, frames, send, expected, .. } = &passage.stand;
        let headers = match gateway.passages.looked_at() {
            Some(looked_at) => passage.own_fields(headers, looked_at),
            None => headers,
        };
        let Room { mut state, mut strands, effects } = gateway.instance.rooms.take();
        State::clone_from(&mut state, stood);
        if let Some(main) = strands.first_mut() {
            main.frames.extend(frames.iter().map(|(block, number)| Frame::Block(*block, *number)));
            main.waiting = Some((send.operation, Waiting::Forward(expected.clone())));
        }
        let mut pipeline = Self {
            program: program.clone(),
            section: *section,
            operations: send.operation.0,
            state,
            gateway,
            strands,
            effects,
            trace: Trace::default(),
            ending: false,
            done: false,
            is_counted: false,
            notes,
        };
        pipeline.identify(identity);
        pipeline.state.context.request.headers = headers;
        pipeline
    }

    /// The way so far, where it is the same for every request like `arrival`, and leads to a backend.
    pub fn passage(&mut self, arrival: &Arrival, looked_at: &FieldNames) -> Option<Passage> {
        let notes = self.notes.take().filter(|_| self.trace.is_empty() && !self.is_counted)?;
        let ([strand], 1, Some(Effect::Send(send))) = (self.strands.as_slice(), self.effects.len(), self.effects.front()) else {
            return None;
        };
        let Some((operation, Waiting::Forward(expected))) = &strand.waiting else { return None };
        let frames = strand.frames.iter().map(|frame| if let Frame::Block(block, next) = frame { Some((*block, *next)) } else { None });
        let frames = frames.collect::<Option<Vec<_>>>()?;
        if !expected.is_plain() || strand.open.is_some() || *operation != send.operation || operation.0 != self.operations {
            return None;
        }
        if !is_light(&self.state) {
            return None;
        }
        let mut state = State::clone(&self.state);
        state.locals = Vec::new();
        // Those are each request's own.
        let headers = std::mem::take(&mut state.context.request.headers);
        let fields = headers.among(looked_at).map(|(_, value)| value.clone()).collect();
        let Send { operation, purpose, request, body, timeout, reception } = &**send;
        let request = RequestHead { method: request.method.clone(), url: request.url.clone(), headers: Headers::new() };
        let send = Send { operation: *operation, purpose: *purpose, request, body: body.clone(), timeout: *timeout, reception: *reception };
        let stand = Stand { program: self.program.clone(), state, fields, section: self.section, frames, send, expected: expected.clone() };
        Some(Passage::new(arrival, looked_at, *notes, stand))
    }

    /// How the response became the answer, where that is the same for every response of the status.
    pub fn onward(&mut self, exchange: OperationId) -> Option<Onward> {
        let notes = self.notes.take().filter(|notes| self.done && notes.absent.is_empty() && self.trace.is_empty())?;
        match (self.effects.len(), self.effects.front()) {
            (1, Some(Effect::Answer(answer))) if answer.watch.is_none() => match answer.body {
                AnswerBody::Stream { exchange: own, buffered } if own == exchange => Some(Onward { changes: notes.response, buffered }),
                _ => None,
            },
            _ => None,
        }
    }
}
