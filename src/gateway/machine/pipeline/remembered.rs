//! What a pipeline leaves to be remembered, and one that begins where another stood.

use super::*;
use crate::{
    gateway::{
        effect::Send,
        machine::passages::{Onward, Passage, Stand},
    },
    http::{FieldNames, Headers, RequestHead},
};

impl Pipeline {
    /// Goes on where another request stood that was the same as far as a passage, with what follows noted.
    pub fn join(gateway: Arc<Gateway>, passage: &Passage, headers: Headers, identity: Identity, notes: Option<Box<Notes>>) -> Self {
        let Stand { program, state: stood, section, frames, send, expected } = &passage.stand;
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
        let mut state = State::clone(&self.state);
        // Those are each request's own.
        state.context.request.headers = Headers::new();
        let Send { operation, purpose, request, body, timeout, reception } = &**send;
        let request = RequestHead { method: request.method.clone(), url: request.url.clone(), headers: Headers::new() };
        let send = Send { operation: *operation, purpose: *purpose, request, body: body.clone(), timeout: *timeout, reception: *reception };
        let stand = Stand { program: self.program.clone(), state, section: self.section, frames, send, expected: expected.clone() };
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
