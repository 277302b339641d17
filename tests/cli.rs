//! The command line: what goes to which stream, what is written, and the exit codes 0, 1 and 2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str], directory: &Path) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = process::run(arguments, directory);
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn gen_writes_both_files_and_check_sees_drift() {
    let directory = tempfile::tempdir().unwrap();
    let spec = fixture("specs/two-region.yaml");
    let out = directory.path().join("out");
    let (code, _, said) = run(&["gen", &spec, "-o", "out", "--check"], directory.path());
    assert_eq!(code, Some(1), "nothing is there yet: {said}");
    assert!(!out.exists(), "--check writes nothing");
    assert_eq!(run(&["gen", &spec, "-o", "out"], directory.path()).0, Some(0));
    let names: Vec<String> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(run(&["gen", &spec, "-o", "out", "--check"], directory.path()).0, Some(0));
    let policy = out.join("policy.xml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text.replacen("timeout=\"60\"", "timeout=\"61\"", 1)).unwrap();
    let (code, diff, _) = run(&["gen", &spec, "-o", "out", "--check"], directory.path());
    assert_eq!(code, Some(1));
    assert!(diff.contains("-") && diff.contains("timeout=\"61\"") && diff.contains("+") && !diff.contains("named-values"), "{diff}");
    assert_eq!(run(&["gen", &spec, "-o", "out", "--format", "xml"], directory.path()).0, Some(0));
    assert_eq!(
        run(&["diff", "out/policy.xml", &fixture("../policies/two-region/policy.xml")], directory.path()).0,
        Some(0),
        "both formats mean the same"
    );
}

#[test]
fn a_broken_spec_is_refused_with_every_fault_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (code, out, said) = run(&["gen", &fixture("specs/broken.yaml"), "-o", "out"], directory.path());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(!directory.path().join("out").exists());
    assert!(said.matches("error[spec/").count() >= 20, "{said}");
    assert!(said.contains("-->") && said.contains("^^^") && said.contains("= help:"), "{said}");
}

#[test]
fn what_cannot_be_read_or_written_exits_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let blocked = directory.path().join("file");
    fs::write(&blocked, "x").unwrap();
    let spec = fixture("specs/minimal.yaml");
    for (arguments, expected) in [
        (&["gen", "absent.yaml", "-o", "out"][..], "absent.yaml"),
        (&["gen", &spec, "-o", "file/out"], "file/out"),
        (&["diff", "absent.xml", "file"], "absent.xml"),
        (&["diff", "file", "file"], "xml/"),
        (&["simulate", "absent.yaml"], "absent.yaml"),
        (&["simulate", "--policy", "file"], "xml/"),
        (&["simulate", "--region", "mars", "--policy", &fixture("policies/round-trip.xml")], "Named Value"),
        (&["fault", "swc", "429", "--control", "http://127.0.0.1:1"], "no simulation listens"),
        (&["fault", "swc", "429", "--control", "nonsense"], "nonsense"),
        (&["gen"], "--out"),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, out, said) = run(arguments, directory.path());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn diff_says_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    write("old.xml", "<policies><inbound><base/><set-method>POST</set-method></inbound></policies>");
    write("same.xml", "<policies>\n<inbound><base />\n  <set-method>POST</set-method></inbound></policies>");
    write("new.xml", "<policies><inbound><base/><set-method>GET</set-method></inbound></policies>");
    assert_eq!(run(&["diff", "old.xml", "same.xml"], directory.path()), (Some(0), String::new(), String::new()));
    let (code, out, _) = run(&["diff", "old.xml", "new.xml"], directory.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("-        <set-method>POST</set-method>\n+        <set-method>GET</set-method>"), "{out}");
    let (code, out, _) = run(&["diff", "old.xml", "new.xml", "--format", "json"], directory.path());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["same"], &json["removed"], &json["added"]), (Some(1), &false.into(), &1.into(), &1.into()));
}

#[test]
fn the_schema_is_json_and_help_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let (code, out, _) = run(&["schema", "spec"], directory.path());
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, schema["$schema"].as_str()), (Some(0), Some("https://json-schema.org/draft/2020-12/schema")));
    assert_eq!(run(&["--help"], directory.path()).0, Some(0));
    assert_eq!(run(&["--version"], directory.path()).1, format!("openai-failover {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_secret_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let spec = fs::read_to_string(fixture("specs/two-region.yaml")).unwrap();
    let pasted = "0123456789abcdef0123456789abcdef";
    fs::write(directory.path().join("spec.yaml"), spec.replacen("apiKey: aoai-key-swc", &format!("apiKey: {pasted}"), 1)).unwrap();
    let (code, out, said) = run(&["gen", "spec.yaml", "-o", "out"], directory.path());
    assert_eq!(code, Some(2));
    assert!(said.contains("spec/secret-in-spec") && !said.contains(pasted) && !out.contains(pasted), "{said}");
}
