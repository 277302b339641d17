//! What was measured, as a table and ratios.

use std::{thread, time::Duration};

use crate::load::{Load, Round, Target};

/// Somebody who is measured.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) target: Target,
    /// Requests a second, by round.
    rates: Vec<f64>,
    /// Of all rounds.
    latencies: Vec<Duration>,
}

impl Contender {
    pub(crate) fn new(name: &'static str, target: Target) -> Self {
        Self { name, target, rates: Vec::new(), latencies: Vec::new() }
    }

    pub(crate) fn record(&mut self, round: Round) {
        self.rates.push(round.latencies.len() as f64 / round.elapsed.as_secs_f64());
        self.latencies.extend(round.latencies);
    }

    fn median(&self) -> f64 {
        Spread::of(&self.rates).median
    }

    /// The rate in terms of the reference's, by round.
    fn ratios(&self, reference: &Self) -> Vec<f64> {
        self.rates.iter().zip(&reference.rates).map(|(rate, reference)| rate / reference).collect()
    }
}

/// The gateway and its reference on one path.
pub(crate) struct Path {
    pub(crate) name: &'static str,
    pub(crate) reference: Contender,
    pub(crate) gateways: [Contender; 2],
}

impl Path {
    /// Everybody on it, with its name.
    pub(crate) fn contenders(&mut self) -> impl Iterator<Item = (&'static str, &mut Contender)> {
        let name = self.name;
        std::iter::once(&mut self.reference).chain(&mut self.gateways).map(move |contender| (name, contender))
    }
}

/// The smallest, the middle and the largest.
struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 };
        Self { min: sorted[0], median, max: sorted[sorted.len() - 1] }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value that `part` of all do not exceed (nearest rank), in milliseconds.
fn percentile(sorted: &[Duration], part: f64) -> f64 {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    milliseconds(sorted[rank.clamp(1, sorted.len()) - 1])
}

/// Prints everything.
pub(crate) fn print(rounds: usize, load: &Load, paths: &[Path], startups: &[Duration], startup_limit: Duration) {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let Load { connections, requests, .. } = load;
    println!("{rounds} interleaved rounds of {requests} requests each over {connections} connections; all processes share {cores} cores");
    if cfg!(debug_assertions) {
        println!("A build without optimisation: these numbers say nothing.");
    }
    println!("\n{:36} {:>8} {:>8} {:>8}  {:>8} {:>8}", "", "min", "median", "max", "p50", "p99");
    println!("{:36} {:>8} {:>8} {:>8}  {:>8} {:>8}", "", "1/s", "1/s", "1/s", "ms", "ms");
    for path in paths {
        for contender in std::iter::once(&path.reference).chain(&path.gateways) {
            let Spread { min, median, max } = Spread::of(&contender.rates);
            let mut latencies = contender.latencies.clone();
            latencies.sort_unstable();
            let (half, most) = (percentile(&latencies, 0.5), percentile(&latencies, 0.99));
            let name = format!("{}: {}", path.name, contender.name);
            println!("{name:36} {min:>8.0} {median:>8.0} {max:>8.0}  {half:>8.2} {most:>8.2}");
        }
    }
    println!("\nRatio to the reverse proxy: of the medians, and the smallest and largest within one round");
    for path in paths {
        for gateway in &path.gateways {
            let ratio = gateway.median() / path.reference.median();
            let Spread { min, max, .. } = Spread::of(&gateway.ratios(&path.reference));
            println!("{:36} {ratio:>8.2} {min:>8.2} {max:>8.2}", format!("{}: {}", path.name, gateway.name));
        }
    }
    let Spread { min, median, max } = Spread::of(&startups.iter().copied().map(milliseconds).collect::<Vec<_>>());
    let limit = milliseconds(startup_limit);
    let verdict = if max < limit { "kept" } else { "exceeded" };
    println!(
        "\nStartup to listening, {} times: min {min:.1} ms, median {median:.1} ms, max {max:.1} ms; the limit of {limit:.0} ms is {verdict}",
        startups.len()
    );
}
