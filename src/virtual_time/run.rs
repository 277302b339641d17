//! From a scenario and a world to what the run came to.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use super::{
    judge::{self, Circuits},
    network::Network,
    outcome::{Cast, Judged, Run, Statistics, Story},
    simulation::Simulation,
    tally::Keep,
    world::World,
};
use crate::scenario::{Scenario, Scope, Window};

/// Runs a scenario in a world: the same scenario, world and seed give the same run. Requests that are worth telling of (those that `keep` asks
/// for, and the first one that speaks against an expectation that fails) are told in full: for them it runs a second time, tracing.
/// `progress` says how far it has come, in thousandths.
pub fn run(scenario: &Arc<Scenario>, world: &World, seed: u64, keep: Keep, progress: &AtomicU32) -> Run {
    let network = Network::new(world, &scenario.load);
    let cast = Cast {
        backends: world.resources.iter().map(|(region, config)| (config.id.clone().into(), region.name.into())).collect(),
        gateways: world.gateways.iter().map(|(region, _)| region.name.into()).collect(),
    };
    let mut simulation = Simulation::new(scenario, world, &network, &cast, seed, keep, &[]);
    simulation.run(progress);
    let circuits = Circuits::of(&simulation);
    let tally = simulation.tally;
    let mut judged: Vec<(Judged, Option<u64>)> = scenario
        .expect
        .iter()
        .zip(&tally.offenders)
        .map(|(expectation, offender)| {
            let (actual, of) = judge::measure(expectation, &tally, &cast, &circuits);
            let holds = actual.is_some_and(|actual| expectation.operator.holds(actual, expectation.value));
            (Judged { expectation: expectation.clone(), actual, holds, of, offender: None }, offender.filter(|_| !holds))
        })
        .collect();

    let mut told: Vec<u64> = judged.iter().filter_map(|(_, offender)| *offender).collect();
    told.extend(tally.failed.iter().copied().chain(tally.slowest.iter().map(|(_, number)| *number)));
    told.sort_unstable();
    told.dedup();
    let stories = if told.is_empty() {
        Vec::new()
    } else {
        let mut again = Simulation::new(scenario, world, &network, &cast, seed, Keep::default(), &told);
        again.run(&AtomicU32::new(0));
        again.stories
    };
    let story = |number: u64| -> Option<Story> { stories.iter().find(|story| story.number == number).cloned() };
    for (judged, offender) in &mut judged {
        judged.offender = offender.and_then(story).map(Box::new);
    }
    let numbers = |window: Window, client: Option<String>| -> Statistics {
        let scope = Scope { window, client };
        tally.statistics(&scope).cloned().unwrap_or_else(|| Statistics::new(&cast))
    };
    let windows = (1..=scenario.faults.len()).flat_map(|number| [Window::During(number), Window::After(number)]);
    Run {
        seed,
        whole: numbers(Window::Whole, None),
        clients: scenario.load.iter().map(|load| (load.name.clone(), numbers(Window::Whole, Some(load.name.to_string())))).collect(),
        windows: windows.map(|window| (window, numbers(window, None))).collect(),
        timeline: tally.timeline(),
        judged: judged.into_iter().map(|(judged, _)| judged).collect(),
        slowest: tally.slowest.iter().filter_map(|(_, number)| story(*number)).collect(),
        failed: tally.failed.iter().filter_map(|number| story(*number)).collect(),
        faults: tally.faults,
        objective: world.objective,
        cast,
        scenario: scenario.clone(),
    }
}

impl Circuits {
    /// The circuits of all gateways at the end of a run.
    fn of(simulation: &Simulation<'_>) -> Self {
        let mut circuits = Self::default();
        for (id, _) in &simulation.cast.backends {
            let stories = simulation.gateways.iter().map(|gateway| gateway.circuit(id, simulation.now));
            let (trips, open) = stories.fold((0, Duration::ZERO), |(trips, open), (more, longer)| (trips + more, open + longer));
            circuits.trips.push(trips);
            circuits.open.push(open);
        }
        circuits
    }
}
