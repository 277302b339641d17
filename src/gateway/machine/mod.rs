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
    effect::{Arrival, Effect, Event},
    trace::Record,
};
use crate::environment::{Environment, Watched};
use passages::{Known, Look, Passing};
pub(super) use passages::{Notes, Passages};
pub(super) use pipeline::Rooms;
use pipeline::{Identity, Pipeline};

/// One request under way.
pub struct Machine {
    gateway: Arc<Gateway>,
    way: Way,
    /// The next effect of a request that goes a passage.
    effect: Option<Effect>,
}

/// How the request goes.
enum Way {
    /// Policy by policy.
    Pipeline(Box<Pipeline>),
    /// As another one went.
    Passing(Passing),
    /// It was answered as another one was.
    Answered(Identity),
}

impl Machine {
    /// Begins a request; its first effect is ready afterwards.
    pub fn start(gateway: Arc<Gateway>, arrival: Arrival, environment: &mut dyn Environment) -> Self {
        let identity = Identity { request_id: environment.guid(), timestamp: environment.now() };
        let (mut effect, own) = (None, gateway.clone());
        let look = gateway.passages.as_ref().map_or(Look::Unknown, |passages| passages.look(&gateway, &arrival, identity.timestamp));
        let way = match look {
            Look::Known(passage) => {
                let (headers, send) = passage.enter(arrival);
                effect = Some(send);
                Way::Passing(Passing { passage, headers, identity })
            }
            Look::Seen(mark) => {
                let mut watched = Watched::new(environment);
                let mut pipeline = Pipeline::start(own, arrival.clone(), identity, Some(Notes::new(identity.timestamp)), &mut watched);
                if let Some(passages) = &gateway.passages
                    && let Some(passage) = pipeline.passage(&arrival, passages.looked_at()).filter(|_| !watched.was_asked())
                {
                    passages.keep(mark, Arc::new(passage));
                }
                Way::Pipeline(Box::new(pipeline))
            }
            Look::Unknown => Way::Pipeline(Box::new(Pipeline::start(own, arrival, identity, None, environment))),
        };
        Self { gateway, way, effect }
    }

    /// The next thing that the driver should do; `None` while events are awaited, and after the answer.
    pub fn next_effect(&mut self) -> Option<Effect> {
        match &mut self.way {
            Way::Pipeline(pipeline) => pipeline.next_effect(),
            Way::Passing(_) | Way::Answered(_) => self.effect.take(),
        }
    }

    /// Takes what an effect came to.
    pub fn handle(&mut self, event: Event, environment: &mut dyn Environment) {
        let Passing { passage, headers, identity } = match &mut self.way {
            Way::Pipeline(pipeline) => return pipeline.handle(event, environment),
            // An event for anything else than what is awaited comes too late.
            Way::Passing(passing) if event.operation() == passing.passage.send.operation => {
                let identity = passing.identity;
                let Way::Passing(passing) = std::mem::replace(&mut self.way, Way::Answered(identity)) else { return };
                passing
            }
            Way::Passing(_) | Way::Answered(_) => return,
        };
        let (event, status) = match event {
            Event::Response { operation, outcome: Ok(received) } => {
                let status = received.head.status;
                let (received, status) = match passage.answer(received) {
                    Known::Answer(answer) => {
                        self.effect = Some(Effect::Answer(answer));
                        return;
                    }
                    Known::Nothing(received) => (received, None),
                    Known::NothingYet(received) => (received, Some(status)),
                };
                (Event::Response { operation, outcome: Ok(received) }, status)
            }
            event => (event, None),
        };
        let gateway = self.gateway.clone();
        let mut watched = Watched::new(environment);
        let notes = status.map(|_| Notes::new(identity.timestamp));
        let mut pipeline = Pipeline::join(gateway, &passage, headers, identity, notes);
        pipeline.handle(event, &mut watched);
        if let Some(status) = status {
            let onward = pipeline.passed_on(passage.send.operation).filter(|_| !watched.was_asked());
            passage.keep(status, onward);
        }
        self.way = Way::Pipeline(Box::new(pipeline));
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
            Way::Passing(_) | Way::Answered(_) => &[],
        }
    }

    /// Whether the request is traced in detail.
    pub fn is_traced(&self) -> bool {
        matches!(&self.way, Way::Pipeline(pipeline) if pipeline.is_traced())
    }

    /// The request's id: `context.RequestId`.
    pub fn request_id(&self) -> [u8; 16] {
        match &self.way {
            Way::Pipeline(pipeline) => pipeline.request_id(),
            Way::Passing(passing) => passing.identity.request_id,
            Way::Answered(identity) => identity.request_id,
        }
    }
}
