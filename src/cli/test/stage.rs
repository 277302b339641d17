//! A scenario with its world: read from the disk, and run.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU32},
};

use crate::{diagnostic::Diagnostic, scenario::Scenario, source::Source, spec::Spec, virtual_time::Run};

/// A scenario that can run, as often as one likes.
#[derive(Debug)]
pub(super) struct Staged {
    /// Its file, as the command was given it; `-` is standard input.
    pub path: PathBuf,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The spec of its world, where it has one.
    pub spec: Option<Spec>,
    /// What is odd about its files, and no error.
    pub warnings: Vec<Diagnostic>,
}

/// How it is run.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    /// Whether it is counted which policies run.
    pub coverage: bool,
    /// How far a run has come, in thousandths of its simulated time.
    pub progress: Arc<AtomicU32>,
}

/// Reads a scenario and all that its world is made of. The inner error is what is wrong with them.
pub(super) fn read(path: &Path, source: &Arc<Source>) -> anyhow::Result<Result<Staged, Vec<Diagnostic>>> {
    let _ = source;
    anyhow::bail!("`{}`: scenarios cannot be read yet: this part is not built", path.display())
}

/// Runs it once.
pub(super) fn run(staged: &Staged, seed: u64, options: &Options) -> anyhow::Result<Run> {
    let _ = (seed, options.coverage, &options.progress);
    anyhow::bail!("`{}`: scenarios cannot run yet: this part is not built", staged.path.display())
}
