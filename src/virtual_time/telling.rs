//! The stories of single requests: what each sending met, for those who want to know why.

use super::{
    journey::Journey,
    outcome::{Story, Try},
    simulation::{BEGINNING, Simulation},
    tally::Ended,
};
use crate::environment::Moment;

impl Simulation<'_> {
    /// What became of a call: kept where the request is to be told of.
    pub fn told_call(&self, journey: &mut Journey, call: usize, status: Option<u16>, error: Option<&'static str>, at: Moment) {
        let before = journey.calls_before;
        let Some(story) = &mut journey.story else { return };
        if let Some((sent, told)) = call.checked_sub(before).and_then(|place| story.calls.get_mut(place)) {
            (told.status, told.error) = (status.or(told.status), error);
            told.took = told.took.max(at.since(*sent));
        }
    }

    /// What the machine has noted.
    pub fn told_trace(&self, journey: &mut Journey) {
        if let (Some(story), Some(machine)) = (&mut journey.story, &journey.machine) {
            story.trace = machine.trace().to_vec();
        }
    }

    /// A sending is over.
    pub fn told_try(&self, journey: &mut Journey) {
        self.told_trace_of_unfinished(journey);
        let gateway = journey
            .gateways
            .get(journey.gateways_before..)
            .and_then(<[usize]>::last)
            .and_then(|place| self.cast.gateways.get(*place))
            .cloned();
        let Some(story) = &mut journey.story else { return };
        story.tries.push(Try {
            at: journey.sent.since(BEGINNING),
            gateway,
            status: journey.seen.status,
            error: journey.seen.error,
            took: self.now.since(journey.sent),
            calls: std::mem::take(&mut story.calls).into_iter().map(|(_, call)| call).collect(),
            trace: std::mem::take(&mut story.trace),
        });
    }

    /// A client that gave up leaves a machine at work.
    fn told_trace_of_unfinished(&self, journey: &mut Journey) {
        if journey.machine.is_some() {
            self.told_trace(journey);
        }
    }

    /// A request has come to its end.
    pub fn tell(&mut self, journey: &mut Journey, ended: &Ended) {
        let Some(story) = journey.story.take() else { return };
        self.stories.push(Story {
            number: ended.number,
            at: ended.at,
            client: self.scenario.load.get(ended.load).map(|load| load.name.clone()).unwrap_or_default(),
            model: journey.model.clone(),
            streaming: journey.streaming,
            status: ended.status,
            error: ended.error,
            good: ended.good,
            served_by: ended.served_by.map(|place| self.backend(place)),
            latency: ended.latency(),
            first_token: ended.first_token,
            tries: story.tries,
        });
    }
}
