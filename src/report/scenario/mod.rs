//! How runs of scenarios look: as text, JSON, JUnit and one HTML page.
//!
//! All of it but the text's time taken follows from the runs alone: the same scenario under the same seed gives the same bytes.

mod charts;
mod html;
mod json;
mod junit;
mod numbers;
mod spread;
mod story;
mod text;

use std::time::Duration;

pub use html::{PageFault, html};
pub use json::json;
pub use junit::junit;
pub use spread::Spread;
pub use text::{summary, text};

use crate::{
    scenario::Window,
    spec::Agreement,
    virtual_time::{Judged, Run, Statistics},
};

/// A scenario with its runs.
#[derive(Debug)]
pub struct Trial {
    /// The scenario's file, as the command was given it.
    pub file: String,
    /// The run that is told in full.
    pub run: Run,
    /// What came of the runs under further seeds, in their order.
    pub others: Vec<Sample>,
    /// What Azure's service level agreements come to, where the world has a spec.
    pub agreement: Option<Agreement>,
    /// How long all of it took, on the wall's clock; the text alone says it.
    pub took: Duration,
}

impl Trial {
    /// Whether every expectation holds under every seed.
    pub fn holds(&self) -> bool {
        self.run.holds() && self.others.iter().all(Sample::holds)
    }

    /// The availability under every seed, where there were requests.
    pub fn availabilities(&self) -> Vec<f64> {
        let others = self.others.iter().map(|sample| (sample.sent, sample.good));
        std::iter::once((self.run.whole.sent, self.run.whole.good)).chain(others).filter_map(|(sent, good)| share(good, sent)).collect()
    }

    /// The command that runs it again under this seed, as it is typed.
    fn again(&self, seed: u64) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        let file = match self.file.chars().all(plain) {
            true => self.file.clone(),
            false => format!("'{}'", self.file.replace('\'', r"'\''")),
        };
        format!("openai-failover test {file} --seed {seed}")
    }

    /// Of each expectation: under how many seeds it fails, and the first of them.
    fn failures(&self) -> Vec<Failures<'_>> {
        let mut failures: Vec<Failures<'_>> = Vec::new();
        for (number, judged) in self.run.judged.iter().enumerate() {
            let own = (!judged.holds).then_some((self.run.seed, judged));
            let others = self.others.iter().filter_map(|sample| {
                let judged = sample.judged.get(number).filter(|judged| !judged.holds)?;
                Some((sample.seed, judged))
            });
            let failing: Vec<(u64, &Judged)> = own.into_iter().chain(others).collect();
            failures.push(Failures { judged, count: failing.len(), first: failing.first().copied() });
        }
        failures
    }
}

/// How often an expectation fails.
struct Failures<'a> {
    /// The expectation in the run that is told in full.
    judged: &'a Judged,
    /// Under how many seeds it fails.
    count: usize,
    /// The first seed under which it fails, and what it met there.
    first: Option<(u64, &'a Judged)>,
}

/// What is kept of a run under a further seed.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The seed.
    pub seed: u64,
    /// Requests that clients sent and that have ended.
    pub sent: u64,
    /// Those with a good answer.
    pub good: u64,
    /// 95 of 100 requests took at most so long; nothing without requests.
    pub p95: Option<Duration>,
    /// What became of the expectations, in their order.
    pub judged: Vec<Judged>,
}

impl Sample {
    /// What is kept of this run.
    pub fn of(run: Run) -> Self {
        let latency = &run.whole.latency;
        let p95 = (!latency.is_empty()).then(|| Duration::from_micros(latency.value_at_quantile(0.95)));
        Self { seed: run.seed, sent: run.whole.sent, good: run.whole.good, p95, judged: run.judged }
    }

    fn holds(&self) -> bool {
        self.judged.iter().all(|judged| judged.holds)
    }
}

/// The part of a whole; nothing of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Good answers of requests sent.
fn availability(statistics: &Statistics) -> Option<f64> {
    share(statistics.good, statistics.sent)
}

/// A window as an expectation names it.
fn window(window: Window) -> String {
    match window {
        Window::Whole => "all".to_owned(),
        Window::During(number) => format!("during fault {number}"),
        Window::After(number) => format!("after fault {number}"),
        Window::Between(from, to) => format!("from {} to {}", numbers::duration(from), numbers::duration(to)),
    }
}
