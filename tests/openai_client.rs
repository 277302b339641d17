//! The real OpenAI SDK for Python against the simulated gateways. Runs where `import openai` works, and says so where it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{fs, process::Command};

use process::Simulation;

/// Whether the package is there; tests install nothing.
fn has_openai() -> bool {
    Command::new("python3").args(["-c", "import openai"]).output().is_ok_and(|output| output.status.success())
}

fn against(simulation: &Simulation, root: &str) {
    let output = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/openai_client.py"))
        .args([root, &simulation.key(), env!("CARGO_BIN_EXE_openai-failover"), &simulation.control()])
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("survived hang") && text.contains("NotFoundError"), "{text}");
}

#[test]
fn the_openai_sdk_survives_every_fault() {
    if !has_openai() {
        println!("SKIPPED: `import openai` does not work here; `pip install openai` makes this test run");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    let path = directory.path().join("spec.yaml");
    fs::write(&path, text.replace("attemptTimeout: 60s", "attemptTimeout: 1s")).unwrap();
    let spec = path.display().to_string();
    let simulation = Simulation::start(&[&spec]);
    against(&simulation, &format!("http://{}", simulation.gateway("swedencentral")));
    // The same through all three layers: no fault of a resource is the edge's affair.
    let simulation = Simulation::start(&[&spec]);
    against(&simulation, simulation.listening["frontDoor"].as_str().unwrap());
}
