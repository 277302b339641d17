//! `simulate --load`: a scenario in real time, held against the same scenario in simulated time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{fs, path::Path};

use serde_json::Value;

/// Answers that may still be under way at the end: how long one takes is drawn anew in real time, and two of a thousand take longer than three
/// seconds.
const LATE: u64 = 2;

/// Four seconds of the two-region example, entered by its gateways; then three in which nearly all answers arrive.
const SCENARIO: &str = r"
spec: two-region.yaml
seed: 5
duration: 7s
load:
  - { name: steady, from: swedencentral, via: swedencentral, model: gpt-4o, arrivals: constant, rate: 20/s, promptTokens: 20, maxTokens: 10, streaming: 30%, end: 4s }
  - { name: users, from: francecentral, via: francecentral, model: gpt-4o, users: 3, think: 500ms, promptTokens: 20, maxTokens: 10, end: 4s }
faults:
  - { at: 1s, for: 2s, backend: swc, fault: 503 }
";

fn write(directory: &Path, name: &str, expect: &[&str]) -> String {
    let expect: String = expect.iter().map(|line| format!("  - {line}\n")).collect();
    write_scenario(directory, name, &format!("{SCENARIO}expect:\n{expect}"))
}

/// The spec has quotas that nothing here meets: in which ten seconds of theirs a request falls is another matter in real time.
fn write_scenario(directory: &Path, name: &str, text: &str) -> String {
    let spec = include_str!("../fixtures/specs/two-region.yaml");
    let spec =
        spec.replace("tokensPerMinute: 120000", "tokensPerMinute: 9000000").replace("tokensPerMinute: 80000", "tokensPerMinute: 9000000");
    fs::write(directory.join("two-region.yaml"), spec).unwrap();
    fs::write(directory.join(name), text).unwrap();
    name.to_owned()
}

/// Plays a scenario live: exit code, the event at the end, and the notes.
fn play(directory: &Path, name: &str) -> (Option<i32>, Value, String) {
    let output = process::run(&["simulate", "--load", name, "--format", "json", "--control-listen", "127.0.0.1:0"], directory);
    let notes = String::from_utf8(output.stderr).unwrap();
    let last = String::from_utf8(output.stdout).unwrap().lines().last().map(str::to_owned).unwrap_or_default();
    (output.status.code(), serde_json::from_str(&last).unwrap_or_else(|error| panic!("{error}: {last}\n{notes}")), notes)
}

#[test]
fn real_time_and_simulated_time_agree() {
    let directory = tempfile::tempdir().unwrap();
    let name = write(
        directory.path(),
        "agree.yaml",
        &[
            "availability == 100%",
            "servedBy[frc] > 30 during fault 1",
            "servedBy[swc] == 0 from 1200ms to 2800ms",
            "failoverTime < 1s during fault 1",
            "tokens.wasted == 0",
        ],
    );
    let (code, live, notes) = play(directory.path(), &name);
    assert_eq!((code, &live["event"], &live["holds"]), (Some(0), &"played".into(), &true.into()), "{live}\n{notes}");
    // Of the five expectations four can be measured.
    assert_eq!(live["scenarios"][0]["expectations"].as_array().unwrap().len(), 4);
    assert!(notes.contains("`tokens.wasted == 0` is not measured in real time"), "{notes}");

    let output = process::run(&["test", &name, "--format", "json"], directory.path());
    let simulated: Value = serde_json::from_slice(&output.stdout).unwrap();
    let steady = |run: &Value| {
        let clients = run["scenarios"][0]["clients"].as_array().unwrap();
        clients.iter().find(|client| client["client"] == "steady").unwrap().clone()
    };
    let (live, simulated) = (steady(&live), steady(&simulated));
    let number = |run: &Value, key: &str| run[key].as_u64().unwrap();
    let begun = |run: &Value| number(run, "sent") + number(run, "unfinished");
    assert_eq!(begun(&live), begun(&simulated), "{live}\n{simulated}");
    assert_eq!(number(&live, "good"), number(&live, "sent"), "{live}");
    assert!(number(&live, "unfinished") <= LATE, "{live}");
    for backend in ["swc", "frc"] {
        let share = |run: &Value| run["servedBy"][backend].as_f64().unwrap() / run["good"].as_f64().unwrap();
        // Of eighty requests, one or two may fall on the other side of the moment at which the fault begins or ends.
        assert!((share(&live) - share(&simulated)).abs() <= 0.03, "{backend}: {live}\n{simulated}");
    }
}

/// The same by Front Door: clients of three regions, one of them kept out, and a gateway that goes away.
const BY_FRONT_DOOR: &str = r"
spec: two-region.yaml
seed: 5
duration: 7s
load:
  - { name: north, from: swedencentral, model: gpt-4o, arrivals: constant, rate: 20/s, promptTokens: 20, maxTokens: 10, end: 4s }
  - { name: south, from: francecentral, model: gpt-4o, arrivals: constant, rate: 10/s, promptTokens: 20, maxTokens: 10, end: 4s }
  - { name: bots, from: brazilsouth, model: gpt-4o, arrivals: constant, rate: 20/s, promptTokens: 20, maxTokens: 10, retries: 0, end: 4s }
faults:
  - { at: 1s, for: 2s, gateway: swedencentral, fault: connection-refused }
expect:
  - availability == 100%
  - blocked[only-europe] >= 78
  - calls == 0 client bots
  - gateway[swedencentral] > 12 from 0s to 900ms
  - gateway[francecentral] > 50 during fault 1
";

#[test]
fn clients_without_a_gateway_of_their_own_enter_by_front_door() {
    let directory = tempfile::tempdir().unwrap();
    let name = write_scenario(directory.path(), "front-door.yaml", BY_FRONT_DOOR);
    let (code, live, notes) = play(directory.path(), &name);
    assert_eq!((code, &live["holds"]), (Some(0), &true.into()), "{live}\n{notes}");
    assert!(!notes.contains("is not measured"), "{notes}");
    let output = process::run(&["test", &name, "--format", "json"], directory.path());
    let simulated: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{simulated}");
    let client = |run: &Value, name: &str| {
        let clients = run["scenarios"][0]["clients"].as_array().unwrap();
        clients.iter().find(|client| client["client"] == name).unwrap().clone()
    };
    for name in ["north", "south", "bots"] {
        let (live, simulated) = (client(&live, name), client(&simulated, name));
        let number = |run: &Value, key: &str| run[key].as_u64().unwrap();
        let begun = |run: &Value| number(run, "sent") + number(run, "unfinished");
        assert_eq!(begun(&live), begun(&simulated), "{name}: {live}\n{simulated}");
        assert_eq!(live["good"], live["sent"], "{name}: {live}");
        assert!(number(&live, "unfinished") <= LATE, "{name}: {live}");
        for backend in ["swc", "frc"] {
            let share = |run: &Value| run["servedBy"][backend].as_f64().unwrap_or(0.0) / run["good"].as_f64().unwrap();
            // Of forty or eighty requests a few may fall on the other side of the moment at which the fault begins or ends.
            assert!((share(&live) - share(&simulated)).abs() <= 0.08, "{name} {backend}: {live}\n{simulated}");
        }
    }
}

#[test]
fn an_expectation_that_fails_is_an_exit_code_and_has_an_offender() {
    let directory = tempfile::tempdir().unwrap();
    let text = SCENARIO.replace("duration: 7s", "duration: 3s").replace("end: 4s", "end: 2s");
    let name = write_scenario(directory.path(), "fails.yaml", &format!("{text}expect: [attempts.max <= 1]\n"));
    let (code, live, notes) = play(directory.path(), &name);
    assert_eq!((code, &live["holds"]), (Some(1), &false.into()), "{live}\n{notes}");
    let offender = &live["scenarios"][0]["expectations"][0]["offender"];
    let calls = offender["tries"][0]["calls"].as_array().unwrap();
    assert_eq!((&calls[0]["backend"], &calls[0]["status"]), (&"swc".into(), &503.into()), "{offender}");
}

#[test]
fn what_cannot_be_played_is_said_before_anything_listens() {
    let directory = tempfile::tempdir().unwrap();
    let name = write(directory.path(), "wrong.yaml", &["availability >= often"]);
    for arguments in
        [&["simulate", "--load", &name][..], &["simulate", "--load", "missing.yaml"], &["simulate", "two-region.yaml", "--load", &name]]
    {
        let output = process::run(&[arguments, &["--control-listen", "127.0.0.1:0"]].concat(), directory.path());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
