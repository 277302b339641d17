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

/// Files, and what they held when they were read last.
pub(super) struct Watched {
    files: Vec<PathBuf>,
    seen: Contents,
}

impl Watched {
    /// To be made as soon as these files have been read: what changes afterwards is seen, however long it takes until somebody looks.
    pub fn new(files: Vec<PathBuf>) -> Self {
        Self { seen: contents(&files), files }
    }

    /// The files of a setup that has been read since they held `before`: what has changed meanwhile is still to be seen.
    fn reread(files: Vec<PathBuf>, before: &Contents) -> Self {
        let mut watched = Self::new(files);
        for (path, held) in &mut watched.seen {
            if let Some(before) = before.get(path) {
                held.clone_from(before);
            }
        }
        watched
    }
}

/// Watches for ever.
pub(super) async fn reload_on_change(arguments: &Arguments, mut watched: Watched, running: &Running, events: EventSink, printer: Printer) {
    let report = |message: String| events(SimulationEvent::Error(ErrorReport { message, request: None }));
    // Standard input has ended: what came from it cannot be read again.
    let from_stdin = watched.files.iter().any(|path| path == Path::new("-"));
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        ticks.tick().await;
        let now = contents(&watched.files);
        if from_stdin || now == watched.seen {
            continue;
        }
        watched.seen = now;
        match Setup::read(arguments) {
            Ok(setup) => {
                printer.diagnostics(&setup.warnings);
                let live::Simulation { front_door, gateways, resources, .. } = setup.simulation;
                if let Err(error) = running.reload(front_door, gateways, Some(resources)).await.map_err(anyhow::Error::from) {
                    report(format!("the change is not in place, the last good version stays: {error:#}"));
                }
                watched = Watched::reread(setup.files, &watched.seen);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_while_files_are_read_again_is_still_seen() {
        let directory = tempfile::tempdir().unwrap();
        let (old, new) = (directory.path().join("old"), directory.path().join("new"));
        fs::write(&old, "1").unwrap();
        let watched = Watched::new(vec![old.clone()]);
        fs::write(&old, "2").unwrap();
        fs::write(&new, "a").unwrap();
        let watched = Watched::reread(vec![old.clone(), new.clone()], &watched.seen);
        assert_ne!(watched.seen, contents(&watched.files));
        assert_eq!((watched.seen.get(&old), watched.seen.get(&new)), (Some(&Some(b"1".to_vec())), Some(&Some(b"a".to_vec()))));
    }
}
