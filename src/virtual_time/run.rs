//! From a scenario and a world to what the run came to.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use super::{judge::Circuits, network::Network, outcome::Cast, simulation::Simulation, tally::Keep, world::World};
use crate::{
    scenario::Scenario,
    traffic::{Run, conclusion::Conclusion},
};

/// Runs a scenario in a world: the same scenario, world and seed give the same run. Requests that are worth telling of (those that `keep` asks
/// for, and the first one that speaks against an expectation that fails) are told in full: for them it runs a second time, tracing.
/// `progress` says how far it has come, in thousandths.
pub fn run(scenario: &Arc<Scenario>, world: &World, seed: u64, keep: Keep, progress: &AtomicU32) -> Run {
    let network = Network::new(world, &scenario.load);
    let cast = Cast::of(world);
    let mut simulation = Simulation::new(scenario, world, &network, &cast, seed, keep, &[]);
    simulation.run(progress);
    let circuits = Circuits::of(&simulation);
    let conclusion = Conclusion::new(scenario, simulation.tally, cast.clone(), &circuits);
    let told = conclusion.worth_telling();
    let stories = if told.is_empty() {
        Vec::new()
    } else {
        let mut again = Simulation::new(scenario, world, &network, &cast, seed, Keep::default(), &told);
        again.run(&AtomicU32::new(0));
        again.stories
    };
    conclusion.told(scenario, seed, world.objective, &stories)
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
