//! Three layers on real sockets: Front Door before the gateways, the gateways before the resources.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::fs;

use process::{Http, Simulation, request};

const HELLO: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
const STREAM: &str = r#"{"messages":[{"role":"user","content":"hello"}],"stream":true}"#;
const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

/// The two-region example, changed; probes once a second, and one of them decides.
fn simulation(changes: &[(&str, &str)]) -> Simulation {
    let mut text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    for (from, to) in
        [("interval: 30s, sampleSize: 4, successfulSamples: 2", "interval: 1s, sampleSize: 1, successfulSamples: 1")].iter().chain(changes)
    {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spec.yaml");
    fs::write(&path, text).unwrap();
    // Once it listens it has read the file; that the file then goes is no change that is reloaded.
    Simulation::start(&[&path.display().to_string()])
}

fn root(simulation: &Simulation) -> String {
    simulation.listening["frontDoor"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
}

fn chat(simulation: &Simulation, body: &str, more: &[(&str, &str)]) -> Http {
    let mut fields = vec![("api-key", simulation.key()), ("Content-Type", "application/json".to_owned())];
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    request(&root(simulation), "POST", CHAT, &fields, body.as_bytes()).unwrap()
}

#[test]
fn a_request_and_a_stream_pass_through_all_three_layers() {
    let mut simulation = simulation(&[]);
    for body in [HELLO, STREAM] {
        let answer = chat(&simulation, body, &[]);
        assert_eq!((answer.story().as_str(), answer.whole), ("200 swc 1", true), "{answer:?}");
        assert_eq!(answer.header("x-cache"), "CONFIG_NOCACHE");
        let [gateway, edge] = simulation.events(["request", "edge"]);
        assert_eq!(
            (gateway["frontDoor"].as_str(), gateway["gateway"].as_str()),
            (Some(answer.header("x-azure-ref")), Some("swedencentral"))
        );
        assert_eq!((edge["reference"].as_str(), edge["status"].as_u64()), (Some(answer.header("x-azure-ref")), Some(200)));
        assert_eq!(edge["attempts"][0]["gateway"], "swedencentral", "the edge stands in Sweden, and the sensitivity is 0 ms");
        if body == STREAM {
            assert!(answer.text().starts_with("data: {") && answer.text().ends_with("data: [DONE]\n\n"), "{}", answer.text());
        }
    }
    // The health path is the gateway's own, and wants no key.
    let status = request(&simulation.gateway("francecentral"), "GET", "/status-0123456789abcdef", &[], b"").unwrap();
    assert_eq!((status.status, status.body.len()), (200, 0));
    // A probe is nothing to tell of, a person who asks for the health path is.
    let event = simulation.event("request");
    assert_eq!((event["path"].as_str(), event["gateway"].as_str()), (Some("/status-0123456789abcdef"), Some("francecentral")));
}

#[test]
fn a_gateway_that_is_down_is_left_and_comes_back() {
    let mut simulation = simulation(&[]);
    for target in ["gateway:swedencentral", "region:swedencentral"] {
        simulation.fault(&[target, "connection-refused"]);
        let health = simulation.event("health");
        assert_eq!((health["gateway"].as_str(), health["healthy"].as_bool()), (Some("swedencentral"), Some(false)));
        let answer = chat(&simulation, HELLO, &[]);
        assert_eq!((answer.status, answer.header("x-served-by") != "none"), (200, true), "{answer:?}");
        let event = simulation.event("edge");
        assert_eq!((event["gateway"].as_str(), event["attempts"].as_array().unwrap().len()), (Some("francecentral"), 1), "{event}");
        simulation.fault(&[target, "clear"]);
        assert_eq!(simulation.event("health")["healthy"], true);
        chat(&simulation, HELLO, &[]);
        assert_eq!(simulation.event("edge")["gateway"], "swedencentral");
    }
}

#[test]
fn a_status_moves_nothing_unless_a_probe_gets_it() {
    let mut simulation = simulation(&[]);
    // A 429 from behind the gateway is the client's.
    simulation.fault(&["swc", "429", "--retry-after", "9s"]);
    simulation.fault(&["frc", "429", "--retry-after", "9s"]);
    for _ in 0..3 {
        let answer = chat(&simulation, HELLO, &[]);
        assert_eq!((answer.status, answer.header("retry-after") != "-"), (429, true), "{answer:?}");
        let event = simulation.event("edge");
        assert_eq!((event["gateway"].as_str(), event["attempts"].as_array().unwrap().len()), (Some("swedencentral"), 1));
    }
    // A gateway that answers 503 to everything answers it to the probes, too.
    simulation.fault(&["swc", "clear"]);
    simulation.fault(&["frc", "clear"]);
    simulation.fault(&["gateway:swedencentral", "503"]);
    assert_eq!(simulation.event("health")["healthy"], false, "and the 429s before it have moved nothing");
    let answer = chat(&simulation, HELLO, &[]);
    assert_eq!((answer.status, simulation.event("edge")["gateway"].as_str()), (200, Some("francecentral")));
}

#[test]
fn the_firewall_stands_before_the_gateways() {
    let limit = ("threshold: 600", "threshold: 3");
    let rule = "- { name: only-europe";
    let more = "- { name: no-curl, priority: 5, action: log, match: [{ variable: RequestHeader, selector: User-Agent, operator: BeginsWith, values: [curl] }] }\n      - { name: only-europe";
    let mut simulation = simulation(&[limit, (rule, more)]);
    let answer = chat(&simulation, HELLO, &[("X-Simulated-Country", "US"), ("User-Agent", "curl/8.5")]);
    assert_eq!((answer.status, answer.header("content-type")), (403, "text/html"));
    assert!(answer.text().contains("The request is blocked.") && answer.text().contains(answer.header("x-azure-ref")));
    let event = simulation.event("edge");
    assert_eq!(event["error"], "waf-block");
    assert_eq!(
        event["waf"].to_string(),
        r#"[{"rule":"no-curl","action":"Log","acted":true},{"rule":"only-europe","action":"Block","acted":true}]"#
    );
    assert!(event["attempts"].as_array().unwrap().is_empty() && event["gateway"].is_null());
    // A refused request does not count: the rule that refused it comes first.
    let seen: Vec<u16> = (0..5).map(|_| chat(&simulation, HELLO, &[]).status).collect();
    assert_eq!(seen, [200, 200, 200, 429, 429]);
}

#[test]
fn gateways_can_be_locked_to_their_front_door() {
    let simulation = simulation(&[("  latencySensitivity: 0ms", "  lockGateways: true\n  latencySensitivity: 0ms")]);
    assert_eq!(chat(&simulation, HELLO, &[]).story(), "200 swc 1");
    assert_eq!(simulation.chat("swedencentral", HELLO).status, 403, "nobody passes by the door");
    let fields = [("api-key", simulation.key()), ("X-Azure-FDID", "00000000-0000-4000-8000-000000000000".to_owned())];
    assert_eq!(request(&simulation.gateway("swedencentral"), "POST", CHAT, &fields, HELLO.as_bytes()).unwrap().status, 403);
    // A client cannot make the door say another id.
    assert_eq!(chat(&simulation, HELLO, &[("X-Azure-FDID", "forged")]).status, 200);
}
