//! The machine: one request, from its arrival to the answer.
//!
//! It goes through the [`pipeline`], policy by policy. Where a gateway remembers [`passages`], a request like one before takes over what that one
//! came to; nobody can tell from the outside, and where anything could differ it goes its own way.

mod passages;
mod pipeline;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{
    Gateway,
    effect::{Answer, Arrival, Effect, Event, Send},
    trace::Record,
};
use crate::{
    environment::{Environment, Watched},
    http::Headers,
};
use passages::{Look, Meeting, Passage};
pub(super) use passages::{Notes, Passages};
pub(super) use pipeline::Rooms;
use pipeline::{Identity, Pipeline};

/// One request under way.
pub struct Machine {
    identity: Identity,
    way: Way,
}

/// A request that has gone a passage, and waits at its end.
struct Passing {
    gateway: Arc<Gateway>,
    passage: Arc<Passage>,
    /// Its own header fields, as the policies left them.
    headers: Headers,
    /// What is to be sent, until the driver has it.
    send: Option<Box<Send>>,
}

/// How the request goes.
enum Way {
    /// Policy by policy.
    Pipeline(Pipeline),
    /// As another one went.
    Passage(Passing),
    /// As another one was answered; the answer, until the driver has it.
    Answered(Option<Box<Answer>>),
}

impl Machine {
    /// Begins a request; its first effect is ready afterwards.
    pub fn start(gateway: Arc<Gateway>, arrival: Arrival, environment: &mut dyn Environment) -> Self {
        let identity = Identity { request_id: environment.guid(), timestamp: environment.now() };
        let way = match gateway.passages.look(&gateway, &arrival, identity.timestamp) {
            Look::Known(passage) => {
                let (headers, send) = passage.enter(arrival);
                Way::Passage(Passing { gateway, passage, headers, send: Some(send) })
            }
            Look::Again(place) => {
                let mut watched = Watched::new(environment);
                let notes = Some(Notes::new(identity.timestamp));
                let mut pipeline = Pipeline::start(gateway.clone(), arrival.clone(), identity, notes, &mut watched);
                if let Some(passage) = pipeline.passage(&arrival, place.looked_at()).filter(|_| !watched.was_asked()) {
                    place.keep(passage);
                }
                Way::Pipeline(pipeline)
            }
            Look::Unknown => Way::Pipeline(Pipeline::start(gateway, arrival, identity, None, environment)),
        };
        Self { identity, way }
    }

    /// The next thing that the driver should do; `None` while events are awaited, and after the answer.
    pub fn next_effect(&mut self) -> Option<Effect> {
        match &mut self.way {
            Way::Pipeline(pipeline) => pipeline.next_effect(),
            Way::Passage(passing) => passing.send.take().map(Effect::Send),
            Way::Answered(answer) => answer.take().map(Effect::Answer),
        }
    }

    /// Takes what an effect came to.
    pub fn handle(&mut self, event: Event, environment: &mut dyn Environment) {
        match &mut self.way {
            Way::Pipeline(pipeline) => return pipeline.handle(event, environment),
            Way::Passage(passing) if event.operation() == passing.passage.stand.send.operation => {}
            // An event for anything else than what is awaited comes too late.
            Way::Passage(_) | Way::Answered(_) => return,
        }
        let Way::Passage(passing) = std::mem::replace(&mut self.way, Way::Answered(None)) else { return };
        let Passing { gateway, passage, headers, .. } = passing;
        let (event, status) = match passage.meet(event) {
            Meeting::Answered(answer) => {
                self.way = Way::Answered(Some(answer));
                return;
            }
            Meeting::Open(event, status) => (event, status),
        };
        let notes = status.map(|_| Notes::new(environment.now()));
        let mut watched = Watched::new(environment);
        let mut pipeline = Pipeline::join(gateway, &passage, headers, self.identity, notes);
        pipeline.handle(event, &mut watched);
        if let Some(status) = status {
            let onward = pipeline.onward(passage.stand.send.operation).filter(|_| !watched.was_asked());
            passage.keep(status, onward);
        }
        self.way = Way::Pipeline(pipeline);
    }

    /// The request is over for its driver: the next one at this gateway takes over the room that it has made.
    pub fn finish(self) {
        if let Way::Pipeline(pipeline) = self.way {
            pipeline.finish();
        }
    }

    /// What is to be said of the policies that have run so far.
    pub fn trace(&self) -> &[Record] {
        match &self.way {
            Way::Pipeline(pipeline) => pipeline.trace(),
            Way::Passage(_) | Way::Answered(_) => &[],
        }
    }

    /// Whether the request is traced in detail.
    pub fn is_traced(&self) -> bool {
        matches!(&self.way, Way::Pipeline(pipeline) if pipeline.is_traced())
    }

    /// The request's id: `context.RequestId`.
    pub fn request_id(&self) -> [u8; 16] {
        self.identity.request_id
    }
}
