//! How runs of scenarios look in each format, from a made-up run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/made_up.rs"]
mod made_up;

use openai_failover::report::{Colour, scenario};

#[test]
fn text_tells_what_held_and_what_did_not() {
    let trials = made_up::trials();
    let texts: String = trials.iter().map(|trial| scenario::text(trial, Colour::Never)).collect();
    insta::assert_snapshot!(format!("{texts}{}", scenario::summary(&trials, Colour::Never)));
}

#[test]
fn colour_changes_nothing_but_colour() {
    for trial in made_up::trials() {
        let plain = scenario::text(&trial, Colour::Never);
        let coloured = scenario::text(&trial, Colour::Always);
        assert!(coloured.contains("\u{1b}[31m") || trial.holds());
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        assert_eq!(stripped + rest, plain);
    }
}

#[test]
fn json_has_everything() {
    insta::assert_json_snapshot!(scenario::json(&made_up::trials()));
}

#[test]
fn the_time_taken_is_in_the_text_alone() {
    let slow = || {
        let mut trials = made_up::trials();
        trials.iter_mut().for_each(|trial| trial.took *= 3);
        trials
    };
    assert_eq!(scenario::json(&made_up::trials()).to_string(), scenario::json(&slow()).to_string());
}
