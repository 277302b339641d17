//! Runs as JUnit XML: a suite a scenario, a case an expectation. How long it took is left out, so that the same input gives the same bytes.
//!
//! Source of the shape: github.com/testmoapp/junitxml, `README.md`, which gathers what Jenkins, GitLab and Azure DevOps read.

use std::fmt::Write as _;

use super::{Failures, Trial, availability, numbers::share_or_none, text};
use crate::report::{Colour, markup::escaped};

/// The document.
pub fn junit(trials: &[Trial]) -> String {
    let (tests, failures) = trials.iter().map(counts).fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(out, "<testsuites name=\"openai-failover\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">");
    for trial in trials {
        suite(trial, &mut out);
    }
    out.push_str("</testsuites>\n");
    out
}

/// Cases and failed ones of a suite. A scenario that expects nothing is one case: it ran.
fn counts(trial: &Trial) -> (usize, usize) {
    let failures = trial.failures();
    (failures.len().max(1), failures.iter().filter(|failures| failures.count > 0).count())
}

fn suite(trial: &Trial, out: &mut String) {
    let (tests, failed) = counts(trial);
    let (name, file) = (escaped(&trial.run.scenario.name), escaped(&trial.file));
    let _ = writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" file=\"{file}\">\n    <properties>"
    );
    let whole = &trial.run.whole;
    let mut properties = vec![
        ("seed", trial.run.seed.to_string()),
        ("requests", whole.sent.to_string()),
        ("availability", share_or_none(availability(whole))),
    ];
    if !trial.others.is_empty() {
        properties.push(("seeds", (trial.others.len() + 1).to_string()));
    }
    for (name, value) in properties {
        let _ = writeln!(out, "      <property name=\"{name}\" value=\"{}\"/>", escaped(&value));
    }
    out.push_str("    </properties>\n");
    let cases = trial.failures();
    if cases.is_empty() {
        let _ = writeln!(out, "    <testcase name=\"runs\" classname=\"{name}\" file=\"{file}\"/>");
    }
    for failures in &cases {
        let text = escaped(&failures.judged.expectation.text);
        let _ = write!(out, "    <testcase name=\"{text}\" classname=\"{name}\" file=\"{file}\"");
        match failure(failures, trial) {
            None => out.push_str("/>\n"),
            Some((message, story)) => {
                let _ =
                    writeln!(out, ">\n      <failure type=\"expectation\" message=\"{}\">{}</failure>", escaped(&message), escaped(&story));
                out.push_str("    </testcase>\n");
            }
        }
    }
    out.push_str("  </testsuite>\n");
}

/// The number that was met, and all that the text says of it.
fn failure(failures: &Failures<'_>, trial: &Trial) -> Option<(String, String)> {
    let (seed, judged) = failures.first?;
    let seeds = trial.others.len() + 1;
    let often = if seeds > 1 { format!(" under seed {seed}; fails under {} of {seeds} seeds", failures.count) } else { String::new() };
    let story = format!("{}again: {}", text::explained(judged, Colour::Never), trial.again(seed));
    Some((format!("{}{often}", text::met(judged)), story))
}
