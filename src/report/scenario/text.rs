//! Runs as text: a line a scenario, a line an expectation, and for those that fail what happened.

use std::fmt::Write as _;

use super::{
    Failures, Spread, Trial, availability,
    numbers::{count, counted, duration, measured, share, share_or_none},
    story,
};
use crate::{report::Colour, virtual_time::Judged};

const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";

/// One scenario.
///
/// ```text
/// ✗ primary throttled: 3,600 requests, 99.97 % available, 1 h in 12 ms
///     ✓ availability >= 99.95%    99.97 %
///     ✗ latency.p95 < 10s         12.3 s of 3,600 requests
/// ```
pub fn text(trial: &Trial, colour: Colour) -> String {
    let run = &trial.run;
    let whole = &run.whole;
    let mut out = format!(
        "{} {}: {}, {} available, {}{} in {}\n",
        mark(trial.holds(), colour),
        colour.paint(&run.scenario.name, BOLD),
        counted(whole.sent, "request"),
        share_or_none(availability(whole)),
        if trial.others.is_empty() { String::new() } else { format!("{} times ", trial.others.len() + 1) },
        duration(run.scenario.duration),
        duration(trial.took),
    );
    if whole.unfinished > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "    {} under way at the end, not counted", counted(whole.unfinished, "request"));
    }
    if run.judged.is_empty() {
        let _ = writeln!(out, "    {}", colour.paint("nothing is expected", DIM));
    }
    let failures = trial.failures();
    let width = failures.iter().map(|failures| failures.judged.expectation.text.chars().count()).max().unwrap_or(0);
    for failures in &failures {
        let text = &failures.judged.expectation.text;
        let shown = failures.first.map_or(failures.judged, |(_, judged)| judged);
        let met = met(shown);
        let met = if shown.holds { met } else { colour.paint(&met, RED) };
        let _ = writeln!(out, "    {} {text:<width$}  {met}{}", mark(failures.count == 0, colour), often(failures, trial));
    }
    for failures in failures.iter().filter(|failures| failures.count > 0) {
        let Some((seed, judged)) = failures.first else { continue };
        let _ = write!(out, "\n    {}", explained(judged, colour));
        let _ = writeln!(out, "      again: {}", trial.again(seed));
    }
    if !trial.others.is_empty() {
        out.push('\n');
        out.push_str(&spread(trial));
    }
    if !trial.holds() || !trial.others.is_empty() {
        out.push('\n');
    }
    out
}

/// The last line of all.
pub fn summary(trials: &[Trial], colour: Colour) -> String {
    let failed = trials.iter().filter(|trial| !trial.holds()).count();
    let expectations: usize = trials.iter().map(|trial| trial.run.judged.len()).sum();
    let broken: usize = trials.iter().flat_map(Trial::failures).filter(|failures| failures.count > 0).count();
    let scenarios = counted(trials.len() as u64, "scenario");
    let said = match failed {
        0 => colour.paint("all hold", GREEN),
        _ => colour.paint(&format!("{} failed", count(broken as u64)), RED),
    };
    let of = if failed == 0 { String::new() } else { format!(", {failed} of them failed") };
    format!("{scenarios}{of}; {}: {said}", counted(expectations as u64, "expectation"))
}

fn mark(holds: bool, colour: Colour) -> String {
    if holds { colour.paint("✓", GREEN) } else { colour.paint("✗", RED) }
}

/// The number that an expectation met.
pub(super) fn met(judged: &Judged) -> String {
    let expectation = &judged.expectation;
    judged.actual.map_or_else(|| "nothing to measure".to_owned(), |actual| measured(actual, expectation.metric.unit(), expectation.value))
}

/// Under how many seeds it fails, where there are several.
fn often(failures: &Failures<'_>, trial: &Trial) -> String {
    let seeds = trial.others.len() + 1;
    match failures.first {
        Some((seed, _)) if seeds > 1 => format!("  under seed {seed}; fails under {} of {seeds} seeds", failures.count),
        _ => String::new(),
    }
}

/// Why an expectation fails: the numbers, and the first request that speaks against it.
pub(super) fn explained(judged: &Judged, colour: Colour) -> String {
    let of = counted(judged.of, "request");
    let said = match judged.actual {
        None => format!("there was nothing to measure in {of}"),
        Some(_) => format!("{} in {of}", met(judged)),
    };
    let mut out = format!("{}: {said}\n", colour.paint(&judged.expectation.text, BOLD));
    if let Some(offender) = &judged.offender {
        out.push_str("      the first request that speaks against it:\n");
        out.push_str(&story::text(offender, 8, colour));
    }
    out
}

/// Availability over the seeds, beside what Azure's agreements come to and the objective.
fn spread(trial: &Trial) -> String {
    let values = trial.availabilities();
    let Some(spread) = Spread::of_shares(&values) else { return String::new() };
    let mut rows = vec![("mean", share(spread.mean))];
    if let Some((low, high)) = spread.interval {
        rows.push(("95 % confidence", format!("{} to {}", share(low), share(high))));
    }
    rows.push(("lowest, highest", format!("{}, {}", share(spread.min), share(spread.max))));
    if let Some(agreement) = &trial.agreement {
        let layers: Vec<String> = agreement.layers.iter().map(|(name, value)| format!("{name} {}", share(*value))).collect();
        rows.push(("by Azure's SLAs", format!("{}: {}", share(agreement.composite), layers.join(", "))));
    }
    if let Some(objective) = trial.run.objective {
        let kept = values.iter().filter(|value| **value >= objective / 100.0).count();
        rows.push(("objective", format!("{}, kept under {kept} of {} seeds", share(objective / 100.0), values.len())));
    }
    let last = trial.others.last().map_or(trial.run.seed, |sample| sample.seed);
    let mut out = format!("    availability under {} seeds, {} to {last}\n", values.len(), trial.run.seed);
    for (name, value) in rows {
        let _ = writeln!(out, "      {name:<16} {value}");
    }
    out
}
