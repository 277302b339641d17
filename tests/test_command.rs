//! The command `test`: which scenarios it runs, what it says of them and where, and its exit codes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{fs, path::Path, process::Output};

use serde_json::Value;

const SPEC: &str = include_str!("../fixtures/specs/two-region.yaml");

/// Two minutes in which the primary is throttled, and everything holds.
const GOOD: &str = "spec: two-region.yaml
seed: 7
duration: 2m
load:
  - { name: office, from: swedencentral, model: gpt-4o, rate: 1/s, promptTokens: 50, maxTokens: 20 }
faults:
  - { at: 30s, for: 30s, backend: swc, fault: 429, retryAfter: 5s }
expect:
  - availability >= 99.95%
  - servedBy[frc] > 0 during fault 1
";

/// Two minutes in which both regions are ill, and one expectation of two holds.
const BAD: &str = "spec: two-region.yaml
seed: 7
duration: 2m
load:
  - { name: office, from: swedencentral, model: gpt-4o, rate: 1/s, promptTokens: 50, maxTokens: 20, retries: 0 }
faults:
  - { at: 30s, for: 30s, backend: swc, fault: 503 }
  - { at: 30s, for: 30s, backend: frc, fault: 503 }
expect:
  - availability >= 99.95%
  - attempts.max <= 2
";

/// What cannot run: three faults.
const FAULTY: &str = "spec: two-region.yaml
load:
  - { from: swedencentral, model: gpt-4o, rate: 1 }
expect:
  - availabilty > 99%
";

/// A directory with the spec, a good scenario, one in a folder `more`, and one in a folder `long`.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("set/two-region.yaml", SPEC);
    write("set/good.yaml", GOOD);
    write("set/more/bad.yml", &BAD.replace("two-region", "../two-region"));
    write("set/long/year.yaml", &GOOD.replace("two-region", "../two-region"));
    write("two-region.yaml", SPEC);
    write("faulty.yaml", FAULTY);
    write("empty/notes.md", "");
    home
}

fn texts(Output { status, stdout, stderr }: Output) -> (Option<i32>, String, String) {
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn test(arguments: &[&str], directory: &Path) -> (Option<i32>, String, String) {
    texts(process::run(&[&["test"], arguments].concat(), directory))
}

/// The names of the scenarios in a text, in its order, with whether they hold.
fn marks(text: &str) -> String {
    let lines = text.lines().filter(|line| line.starts_with('✓') || line.starts_with('✗'));
    lines.map(|line| line.split(':').next().unwrap()).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_holds_exits_with_0() {
    let home = home();
    let (code, out, said) = test(&["set/good.yaml"], home.path());
    assert_eq!((code, said.as_str()), (Some(0), ""), "{out}");
    assert!(out.starts_with("✓ good: ") && out.contains(" requests, 100 % available, 2 m in "), "{out}");
    assert!(out.contains("    ✓ availability >= 99.95%            100 %\n"), "{out}");
    assert!(out.ends_with("1 scenario; 2 expectations: all hold\n"), "{out}");
}

#[test]
fn a_failed_expectation_exits_with_1_and_is_told() {
    let home = home();
    let (code, out, said) = test(&["set/more/bad.yml"], home.path());
    assert_eq!((code, said.as_str()), (Some(1), ""), "{out}");
    for expected in [
        "✗ bad: ",
        "    ✗ availability >= 99.95%  ",
        "    ✓ attempts.max <= 2       2\n",
        "the first request that speaks against it:\n        request ",
        "client office, gpt-4o: 503 from frc in ",
        "          try 1 at 0:00:3",
        "            call 1: swc 503 in ",
        "            call 2: frc 503 in ",
        // The trace: the policies that ran, and what they gave.
        "set-variable[1]",
        "variable failover-method: POST",
        "      again: openai-failover test set/more/bad.yml --seed 7\n",
        "1 scenario, 1 of them failed; 2 expectations: 1 failed\n",
    ] {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    // What is offered as a command runs the same.
    let again = out.lines().find_map(|line| line.trim().strip_prefix("again: openai-failover test ")).unwrap();
    let (code, repeated, _) = test(&again.split(' ').collect::<Vec<_>>(), home.path());
    let numbers = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((code, numbers(&repeated)), (Some(1), numbers(&out)));
}

#[test]
fn what_cannot_run_exits_with_2_and_nothing_runs() {
    let home = home();
    for (arguments, expected) in [
        (&["absent.yaml"][..], &["`absent.yaml` cannot be read"][..]),
        (&["set/good.yaml", "absent.yaml"], &["`absent.yaml` cannot be read"]),
        (&["empty"], &["there is no scenario in `empty`"]),
        (&["*.json"], &["there is no scenario in `*.json`"]),
        (&["*region.yaml"], &["all that was found are specs"]),
        (&["set", "--filter", "zzz"], &["has `zzz` in its name or path"]),
        (&["set/good.yaml", "--seeds", "0"], &["--seeds"]),
        (&["set/good.yaml", "--format", "pdf"], &["pdf"]),
        (&[], &["SCENARIO"]),
        (
            &["set", "faulty.yaml"],
            &[
                "error[scenario/missing-key]",
                "error[scenario/bad-rate]",
                "error[scenario/unknown-metric]",
                "--> faulty.yaml:5:5",
                "^^^",
                "= help:",
            ],
        ),
    ] {
        let (code, out, said) = test(arguments, home.path());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {said}");
        for expected in expected {
            assert!(said.contains(expected), "{arguments:?}, {expected}: {said}");
        }
    }
    fs::write(home.path().join("worldless.yaml"), GOOD.replace("two-region", "nowhere")).unwrap();
    let (code, out, said) = test(&["worldless.yaml"], home.path());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(said.contains("nowhere.yaml"), "{said}");
}

#[test]
fn folders_patterns_and_filters_choose() {
    let home = home();
    for (arguments, code, wanted) in [
        (&["set"][..], 1, "✓ good, ✗ bad"),
        (&["set", "--long"], 1, "✓ good, ✓ year, ✗ bad"),
        (&["set/long"], 0, "✓ year"),
        (&["set/more", "set/good.yaml"], 1, "✗ bad, ✓ good"),
        (&["set/*.yaml"], 0, "✓ good"),
        (&["set/**/*.y*ml"], 1, "✓ good, ✗ bad"),
        (&["set", "--filter", "GOO"], 0, "✓ good"),
        (&["set", "--filter", "more"], 1, "✗ bad"),
        (&["set", "--jobs", "1"], 1, "✓ good, ✗ bad"),
    ] {
        let (found, out, said) = test(arguments, home.path());
        assert_eq!((found, marks(&out).as_str()), (Some(code), wanted), "{arguments:?}: {said}");
    }
}

#[test]
fn standard_input_is_a_scenario_too() {
    let home = home();
    for (text, code, mark) in [(GOOD, 0, "✓ -"), (BAD, 1, "✗ -"), (FAULTY, 2, "")] {
        let (found, out, said) = texts(process::run_with_input(&["test", "-"], home.path(), text));
        assert_eq!((found, marks(&out).as_str()), (Some(code), mark), "{said}");
        assert_eq!(said.contains("<stdin>:"), code == 2, "{said}");
    }
}

#[test]
fn several_seeds_are_one_result() {
    let home = home();
    let (code, out, _) = test(&["set/good.yaml", "--seeds", "3"], home.path());
    assert_eq!(code, Some(0), "{out}");
    for expected in
        [" 3 times 2 m in ", "availability under 3 seeds, 7 to 9\n", "95 % confidence", "by Azure's SLAs", "kept under 3 of 3 seeds"]
    {
        assert!(out.contains(expected), "{expected}: {out}");
    }
    let (code, out, _) = test(&["set/more/bad.yml", "--seeds", "3", "--seed", "20"], home.path());
    assert_eq!(code, Some(1), "{out}");
    for expected in
        ["under seed 20; fails under 3 of 3 seeds", "--seed 20\n", "availability under 3 seeds, 20 to 22\n", "kept under 0 of 3 seeds"]
    {
        assert!(out.contains(expected), "{expected}: {out}");
    }
}

#[test]
fn every_format_goes_to_the_screen_or_to_a_file() {
    let home = home();
    for (format, begins, holds) in [
        ("text", "✓ good: ", "4 expectations: 1 failed"),
        ("json", "{\"version\":1,", "\"holds\":false"),
        ("junit", "<?xml version=\"1.0\"", "<failure type=\"expectation\""),
        ("html", "<!doctype html>", "<svg"),
    ] {
        let (code, shown, _) = test(&["set", "--format", format], home.path());
        assert_eq!(code, Some(1), "{format}");
        assert!(shown.to_lowercase().starts_with(begins) && shown.contains(holds), "{format}: {shown}");
        let (code, text, said) = test(&["set", "--format", format, "--output", "result"], home.path());
        assert_eq!((code, marks(&text).as_str()), (Some(1), "✓ good, ✗ bad"), "{format}");
        assert!(said.contains("result"), "{format}: {said}");
        let written = fs::read_to_string(home.path().join("result")).unwrap();
        if format == "text" {
            assert_eq!(marks(&written), "✓ good, ✗ bad");
        } else {
            // The same bytes: nothing in them depends on the hour or the machine.
            assert!(written == shown, "{format}: the file differs from the screen");
        }
    }
    let json: Value = serde_json::from_str(&test(&["set", "--format", "json", "-o", "-"], home.path()).1).unwrap();
    assert_eq!((&json["failed"], &json["scenarios"][1]["name"]), (&1.into(), &"bad".into()));
    let (code, _, said) = test(&["set/good.yaml", "-o", "empty"], home.path());
    assert_eq!(code, Some(2), "a folder is no file: {said}");
}

#[test]
fn a_name_that_means_nothing_in_the_world_is_no_scenario() {
    let home = home();
    let text = fs::read_to_string(home.path().join("set/good.yaml")).unwrap();
    assert!(text.contains("backend: swc"), "{text}");
    fs::write(home.path().join("set/dangling.yaml"), text.replace("backend: swc", "backend: swx")).unwrap();
    let (code, out, said) = test(&["set/dangling.yaml"], home.path());
    assert_eq!((code, out.as_str()), (Some(2), ""), "{said}");
    assert!(said.contains("scenario/dangling-reference") && said.contains("swx"), "{said}");
}
