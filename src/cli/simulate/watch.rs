//! Reloading: a changed file takes effect, a broken one is reported and the last good one stays.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Arguments, Printer, as_message,
    setup::{Setup, Unusable},
};
use crate::live::{self, ErrorReport, EventSink, Running, SimulationEvent};

/// How often the files are looked at. Reading a handful of small files costs less than a watcher that differs on every system.
const PERIOD: Duration = Duration::from_millis(300);

/// What the files hold; an absent one holds nothing.
type Contents = BTreeMap<PathBuf, Option<Vec<u8>>>;

fn contents(files: &[PathBuf]) -> Contents {
    files.iter().filter(|path| **path != Path::new("-")).map(|path| (path.clone(), fs::read(path).ok())).collect()
}

/// Watches for ever.
pub(super) async fn reload_on_change(arguments: &Arguments, setup: Setup, running: &Running, events: EventSink, printer: Printer) {
    let report = |message: String| events(SimulationEvent::Error(ErrorReport { message, request: None }));
    // Standard input has ended: what came from it cannot be read again.
    let from_stdin = setup.files.iter().any(|path| path == Path::new("-"));
    let mut files = setup.files;
    let mut seen = contents(&files);
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        let now = contents(&files);
        if from_stdin || now == seen {
            continue;
        }
        seen = now;
        match Setup::read(arguments) {
            Ok(setup) => {
                printer.diagnostics(&setup.warnings);
                let live::Simulation { front_door, gateways, resources, .. } = setup.simulation;
                if let Err(error) = running.reload(front_door, gateways, Some(resources)).await.map_err(anyhow::Error::from) {
                    report(format!("the change is not in place, the last good version stays: {error:#}"));
                }
                files = setup.files;
                seen = contents(&files);
            }
            Err(Unusable::Diagnostics(found)) => {
                report(format!("the change is refused, the last good version stays\n{}", as_message(&found)))
            }
            Err(Unusable::Other(error)) if is_missing(&error) => {}
            Err(Unusable::Other(error)) => report(format!("the change is refused, the last good version stays: {error:#}")),
        }
    }
}

/// Editors write by removing and renaming: a file that is gone will be back in a moment.
fn is_missing(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound))
}
