//! A scenario with its world: read from the disk, and run.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU32},
};

use super::super::{
    input,
    materials::{self, Unusable},
};
use crate::{
    diagnostic::{Diagnostic, any_error},
    policy::{Program, coverage::Point},
    scenario::{self, Scenario},
    service::Given,
    source::Source,
    spec::Spec,
    text::Text,
    virtual_time::{self, Keep, Run},
    world::{self, GENERATED, World},
};

/// The slowest requests and the failed ones that a report tells of, each so many.
const STORIES: usize = 5;

/// A scenario that can run, as often as one likes.
pub(in crate::cli) struct Staged {
    /// Its file, as the command was given it; `-` is standard input.
    pub path: PathBuf,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The world that it happens to.
    pub world: World,
    /// The spec of its world, where it has one.
    pub spec: Option<Spec>,
    /// What is odd about its files, and no error.
    pub warnings: Vec<Diagnostic>,
}

/// How it is run.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// Whether single requests are told of though everything holds.
    pub stories: bool,
    /// How far a run has come, in thousandths of its simulated time.
    pub progress: Arc<AtomicU32>,
}

/// Reads a scenario and all that its world is made of. The inner error is what is wrong with them.
pub(in crate::cli) fn read(path: &Path, source: &Arc<Source>) -> anyhow::Result<Result<Staged, Vec<Diagnostic>>> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy());
    let trace = |file: &str| input::read(&folder.join(file)).map(|source| source.text().to_owned()).map_err(|error| format!("{error:#}"));
    let (scenario, mut warnings) = match scenario::read(source, &name, &trace) {
        Ok(read) => read,
        Err(faults) => return Ok(Err(faults)),
    };
    let found = match materials::of_scenario(&scenario.world, folder, Given::default()) {
        Ok(found) => found,
        Err(Unusable::Diagnostics(faults)) => return Ok(Err(faults)),
        Err(Unusable::Other(error)) => return Err(error),
    };
    warnings.extend(found.warnings);
    let built = match world::build(found.materials, &world::invented(scenario.seed)) {
        Ok(built) => built,
        Err(faults) => return Ok(Err(faults)),
    };
    let named = scenario::check(&scenario, source, &built);
    if any_error(&named) {
        return Ok(Err(named));
    }
    warnings.extend(named);
    warnings.extend(built.warnings);
    Ok(Ok(Staged { path: path.to_owned(), scenario: Arc::new(scenario), world: built.world, spec: built.spec, warnings }))
}

impl Staged {
    /// From now on it is counted which policies run, under every seed.
    pub fn count(&self) {
        self.world.gateways.iter().flat_map(|(_, gateway)| gateway.programs()).for_each(|program| program.count());
    }

    /// What was counted. The policy that a spec generates is named after the spec: there is one for each.
    pub fn coverage(&self) -> Vec<Point> {
        // Gateways of several regions may share a program, which counts for all of them.
        let mut programs: Vec<&Arc<Program>> = Vec::new();
        for program in self.world.gateways.iter().flat_map(|(_, gateway)| gateway.programs()) {
            if !programs.iter().any(|known| Arc::ptr_eq(known, program)) {
                programs.push(program);
            }
        }
        let mut points: Vec<Point> = programs.into_iter().flat_map(|program| program.coverage()).collect();
        if let Some(spec) = &self.spec {
            let name = Text::from(format!("{} (generated)", spec.source().name()));
            points.iter_mut().filter(|point| point.document == GENERATED).for_each(|point| point.document = name.clone());
        }
        points
    }
}

/// Runs it once.
pub(super) fn run(staged: &Staged, seed: u64, options: &Options) -> anyhow::Result<Run> {
    let keep = if options.stories { Keep { slowest: STORIES, failed: STORIES } } else { Keep::default() };
    Ok(virtual_time::run(&staged.scenario, &staged.world, seed, keep, &options.progress))
}
