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
fn junit_has_a_case_for_each_expectation() {
    insta::assert_snapshot!(scenario::junit(&made_up::trials()));
}

#[test]
fn a_scenario_that_expects_nothing_is_a_case_of_its_own() {
    let mut trials = made_up::trials();
    trials.remove(0);
    trials[0].run.judged.clear();
    let junit = scenario::junit(&trials);
    assert!(junit.contains("tests=\"1\" failures=\"0\"") && junit.contains("<testcase name=\"runs\""), "{junit}");
    assert!(scenario::text(&trials[0], Colour::Never).contains("nothing is expected"));
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_shows() {
    let page = scenario::html(&made_up::trials()).unwrap();
    for outside in ["http://", "https://", "src=", "@import", "url(", "<link"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("primary throttled &amp; refused") && page.contains("&lt;its&gt;") && page.contains("variable &lt;n&gt;"));
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 10);
    // The drawings are long, and those of one chart are like those of another: the rest of the page reads better without.
    insta::with_settings!({ filters => vec![(r"<rect class=.tip.[^\n]*?</svg></svg>", "[tips]"), (r"(?s)<style>.*</style>", "[style]")] }, {
        insta::assert_snapshot!(page);
    });
}

#[test]
fn the_time_taken_is_in_the_text_alone() {
    let slow = || {
        let mut trials = made_up::trials();
        trials.iter_mut().for_each(|trial| trial.took *= 3);
        trials
    };
    assert_eq!(scenario::json(&made_up::trials()).to_string(), scenario::json(&slow()).to_string());
    assert_eq!(scenario::junit(&made_up::trials()), scenario::junit(&slow()));
    assert_eq!(scenario::html(&made_up::trials()).unwrap(), scenario::html(&slow()).unwrap());
}
