//! From what was counted to what a run came to.

use std::sync::Arc;

use super::{
    judge::{self, Circuits},
    outcome::{Cast, Judged, Run, Statistics, Story},
    tally::Tally,
};
use crate::{
    scenario::{Scenario, Scope, Window},
    world::World,
};

impl Cast {
    /// Who takes part in `world`.
    pub fn of(world: &World) -> Self {
        Self {
            backends: world.resources.iter().map(|(region, config)| (config.id.clone().into(), region.name.into())).collect(),
            gateways: world.gateways.iter().map(|(region, _)| region.name.into()).collect(),
        }
    }
}

/// A run that is over, the stories of its requests not yet told.
pub(crate) struct Conclusion {
    tally: Tally,
    cast: Cast,
    /// What became of the expectations, each with the first request that speaks against it where it fails.
    judged: Vec<(Judged, Option<u64>)>,
}

impl Conclusion {
    /// Judges what was counted.
    pub fn new(scenario: &Scenario, tally: Tally, cast: Cast, circuits: &Circuits) -> Self {
        let judged = scenario
            .expect
            .iter()
            .zip(&tally.offenders)
            .map(|(expectation, offender)| {
                let (actual, of) = judge::measure(expectation, &tally, &cast, circuits);
                let holds = actual.is_some_and(|actual| expectation.operator.holds(actual, expectation.value));
                (Judged { expectation: expectation.clone(), actual, holds, of, offender: None }, offender.filter(|_| !holds))
            })
            .collect();
        Self { tally, cast, judged }
    }

    /// The requests that are worth telling of, in order: those that speak against an expectation, the failed and the slowest that are kept.
    pub fn worth_telling(&self) -> Vec<u64> {
        let mut told: Vec<u64> = self.judged.iter().filter_map(|(_, offender)| *offender).collect();
        told.extend(self.tally.failed.iter().copied().chain(self.tally.slowest.iter().map(|(_, number)| *number)));
        told.sort_unstable();
        told.dedup();
        told
    }

    /// The run, with the stories that are there.
    pub fn told(self, scenario: &Arc<Scenario>, seed: u64, objective: Option<f64>, stories: &[Story]) -> Run {
        let Self { tally, cast, judged } = self;
        let story = |number: u64| -> Option<Story> { stories.iter().find(|story| story.number == number).cloned() };
        let judged =
            judged.into_iter().map(|(judged, offender)| Judged { offender: offender.and_then(story).map(Box::new), ..judged }).collect();
        let numbers = |window: Window, client: Option<String>| -> Statistics {
            let scope = Scope { window, client };
            tally.statistics(&scope).unwrap_or_else(|| Statistics::new(&cast))
        };
        let windows = (1..=scenario.faults.len()).flat_map(|number| [Window::During(number), Window::After(number)]);
        Run {
            seed,
            whole: numbers(Window::Whole, None),
            clients: scenario.load.iter().map(|load| (load.name.clone(), numbers(Window::Whole, Some(load.name.to_string())))).collect(),
            windows: windows.map(|window| (window, numbers(window, None))).collect(),
            timeline: tally.timeline(),
            judged,
            slowest: tally.slowest.iter().filter_map(|(_, number)| story(*number)).collect(),
            failed: tally.failed.iter().filter_map(|number| story(*number)).collect(),
            faults: tally.faults,
            objective,
            cast,
            scenario: scenario.clone(),
        }
    }
}
