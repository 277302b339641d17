//! Runs scenarios side by side, and gives them back in their order.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    progress::Progress,
    stage::{self, Options, Staged},
};
use crate::{
    report::scenario::{Sample, Trial},
    spec::Agreement,
    virtual_time::Run,
};

/// How they are run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orders {
    /// The first seed, in place of the scenario's own.
    pub seed: Option<u64>,
    /// Under how many seeds each is run: the first, and those that follow it.
    pub seeds: u64,
    /// How many run at a time.
    pub jobs: NonZeroUsize,
    /// Whether it is counted which policies run.
    pub coverage: bool,
    /// Whether single requests are told of though everything holds.
    pub stories: bool,
}

/// What has come of a scenario so far.
#[derive(Default)]
struct Gathered {
    first: Option<Run>,
    others: Vec<(u64, Sample)>,
    fault: Option<anyhow::Error>,
    took: Duration,
    left: u64,
}

/// One run of one scenario.
enum Ended {
    First(Box<Run>),
    Further(Sample),
}

/// Runs all of them; `done` gets each in its order, as soon as those before it are there.
pub(super) fn run(
    all: &[Staged],
    orders: &Orders,
    progress: &mut Progress,
    mut done: impl FnMut(anyhow::Result<Trial>, &mut Progress) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let runs = all.len().saturating_mul(usize::try_from(orders.seeds).unwrap_or(usize::MAX));
    let next = AtomicUsize::new(0);
    // What is under way, by worker.
    let workers: Vec<Arc<AtomicU32>> = (0..orders.jobs.get().min(runs)).map(|_| Arc::default()).collect();
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for share in &workers {
            let (sender, next, share) = (sender.clone(), &next, share.clone());
            scope.spawn(move || {
                let options = Options { coverage: orders.coverage, stories: orders.stories, progress: share };
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (index, nth) = (number / orders.seeds as usize, number as u64 % orders.seeds);
                    let Some(staged) = all.get(index) else { return };
                    let begun = Instant::now();
                    let seed = orders.seed.unwrap_or(staged.scenario.seed).wrapping_add(nth);
                    let ended = stage::run(staged, seed, &options)
                        .map(|run| if nth == 0 { Ended::First(Box::new(run)) } else { Ended::Further(Sample::of(run)) });
                    options.progress.store(0, Ordering::Relaxed);
                    // Nobody listens any more: the command is about to end with an error of its own.
                    if sender.send((index, nth, begun.elapsed(), ended)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut gathered: Vec<Gathered> = all.iter().map(|_| Gathered { left: orders.seeds, ..Gathered::default() }).collect();
        let (mut told, mut finished) = (0, 0_usize);
        loop {
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok((index, nth, took, ended)) => {
                    finished += 1;
                    if let Some(own) = gathered.get_mut(index) {
                        own.add(nth, took, ended);
                    }
                    while let Some(own) = gathered.get_mut(told).filter(|own| own.left == 0) {
                        if let Some(staged) = all.get(told) {
                            let outcome = std::mem::take(own).trial(staged);
                            let told = done(outcome, progress);
                            if told.is_err() {
                                // The workers take up nothing further.
                                next.store(runs, Ordering::Relaxed);
                                return told;
                            }
                        }
                        told += 1;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let under_way: u32 = workers.iter().map(|share| share.load(Ordering::Relaxed)).sum();
            progress.draw(finished, runs, under_way);
        }
    })
}

impl Gathered {
    fn add(&mut self, nth: u64, took: Duration, ended: anyhow::Result<Ended>) {
        self.took += took;
        self.left = self.left.saturating_sub(1);
        match ended {
            Ok(Ended::First(run)) => self.first = Some(*run),
            Ok(Ended::Further(sample)) => self.others.push((nth, sample)),
            Err(error) => self.fault = self.fault.take().or(Some(error)),
        }
    }

    fn trial(mut self, staged: &Staged) -> anyhow::Result<Trial> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let Some(run) = self.first else { anyhow::bail!("`{}` has not run", staged.path.display()) };
        self.others.sort_by_key(|(nth, _)| *nth);
        Ok(Trial {
            file: staged.path.display().to_string(),
            run,
            others: self.others.into_iter().map(|(_, sample)| sample).collect(),
            agreement: staged.spec.as_ref().map(Agreement::of),
            took: self.took,
        })
    }
}
