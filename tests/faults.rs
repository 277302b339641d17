//! Every fault of the catalogue over real sockets: what a client of the resource sees, and what a client of the gateway with the generated
//! policy gets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    collections::BTreeSet,
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    path::Path,
    time::{Duration, Instant},
};

use openai_failover::azure::faults::CATALOGUE;
use process::{Simulation, request};
use serde_json::Value;

const HELLO: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
const STREAM: &str = r#"{"messages":[{"role":"user","content":"hello"}],"stream":true}"#;
const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

/// The two-region example with attempts that time out after a second, whose first resource takes the key `k1`.
fn simulation(directory: &Path) -> Simulation {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    let path = directory.join("spec.yaml");
    // Requests come as fast as the machine makes them: no quota is to be met.
    let text =
        text.replace("tokensPerMinute: 120000", "tokensPerMinute: 9000000").replace("tokensPerMinute: 80000", "tokensPerMinute: 9000000");
    fs::write(&path, text.replace("attemptTimeout: 60s", "attemptTimeout: 1s")).unwrap();
    Simulation::start(&[path.to_str().unwrap(), "--named-value", "aoai-key-swc=k1", "--seed", "7"])
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// Nobody listens.
    Refused,
    /// The connection ended before the head was complete.
    Broken,
    /// Nothing came.
    Silence,
    /// A complete answer.
    Whole(u16),
    /// Its body broke off.
    Cut(u16),
    /// Its body came to a halt.
    Stalled(u16),
}

/// One request on a connection of its own: what its client sees within `patience`, and the body as far as it came.
fn see(host: &str, key: &str, body: &str, patience: Duration) -> (Seen, String) {
    let Ok(mut stream) = TcpStream::connect(host) else { return (Seen::Refused, String::new()) };
    stream.set_read_timeout(Some(patience)).unwrap();
    let head = format!(
        "POST {CHAT} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\napi-key: {key}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let silent = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break false,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break true,
            Err(_) => break false,
        }
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        assert!(bytes.is_empty(), "{text}");
        return (if silent { Seen::Silence } else { Seen::Broken }, String::new());
    };
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(|length| length.parse().unwrap()));
    let complete = length.map_or_else(|| body.ends_with("0\r\n\r\n"), |length: usize| length == body.len());
    let seen = match (complete, silent) {
        (true, _) => Seen::Whole(status),
        (false, true) => Seen::Stalled(status),
        (false, false) => Seen::Cut(status),
    };
    (seen, body.to_owned())
}

/// Long where something is to come, short where nothing is.
fn patience(expected: Seen) -> Duration {
    if matches!(expected, Seen::Silence | Seen::Stalled(_)) { Duration::from_millis(300) } else { Duration::from_secs(60) }
}

#[test]
fn a_client_of_the_resource_sees_what_the_catalogue_says() {
    use Seen::{Broken, Cut, Refused, Silence, Stalled, Whole};
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    let host = simulation.backend("swc");
    let half = |text: &str| !text.contains("[DONE]") && serde_json::from_str::<Value>(text).is_err();
    let right = |text: &str| text.contains("[DONE]") || serde_json::from_str::<Value>(text).is_ok();
    let mut tried = BTreeSet::new();
    // What is seen of an answer at once, and of a stream.
    for (fault, whole, stream) in [
        (&["connection-refused"][..], Refused, Refused),
        // Who calls the resource by its address needs no name.
        (&["dns-failure"], Whole(200), Whole(200)),
        // Nothing is agreed on over plain loopback: the connection breaks.
        (&["tls-failure"], Broken, Broken),
        (&["outage"], Silence, Silence),
        (&["hang"], Silence, Silence),
        (&["reset"], Broken, Broken),
        (&["reset-after-headers"], Cut(200), Cut(200)),
        (&["cut-body"], Cut(200), Cut(200)),
        (&["cut-body", "--pieces", "2"], Cut(200), Cut(200)),
        (&["stall-body"], Stalled(200), Stalled(200)),
        (&["cut-stream"], Whole(200), Whole(200)),
        (&["truncated-body"], Whole(200), Whole(200)),
        (&["malformed-json"], Whole(200), Whole(200)),
        (&["slow", "--delay", "100ms"], Whole(200), Whole(200)),
        (&["slow-tokens", "--delay", "5ms"], Whole(200), Whole(200)),
        (&["quota-drop", "--tokens-per-minute", "0"], Whole(429), Whole(429)),
        (&["key-revoked"], Whole(401), Whole(401)),
        (&["deployment-deleted"], Whole(404), Whole(404)),
        (&["503", "--body", "down", "--header", "X-Own: 1"], Whole(503), Whole(503)),
        (&["connection-refused", "--rate", "100%"], Broken, Broken),
    ] {
        simulation.fault(&[&["swc"], fault].concat());
        tried.insert(fault[0]);
        for (body, expected) in [(HELLO, whole), (STREAM, stream)] {
            let (seen, text) = see(&host, "k1", body, patience(expected));
            assert_eq!(seen, expected, "{fault:?} {body}: {text}");
            let is_stream = body == STREAM;
            match fault {
                ["truncated-body" | "malformed-json"] if !is_stream => assert!(half(&text), "{fault:?}: {text}"),
                ["truncated-body" | "cut-stream"] | ["cut-body" | "stall-body", ..] if is_stream => {
                    assert!(text.contains("data: {") && half(&text), "{fault:?}: {text}");
                }
                ["cut-body" | "stall-body", ..] => assert!(text.starts_with('{') && half(&text), "{fault:?}: {text}"),
                ["reset-after-headers"] => assert_eq!(text, "", "{fault:?}"),
                ["503", ..] => assert_eq!(text, "down"),
                ["cut-stream" | "slow" | "slow-tokens" | "dns-failure", ..] => assert!(right(&text), "{fault:?}: {text}"),
                _ => {}
            }
            if let ["cut-body", "--pieces", "2"] = fault
                && is_stream
            {
                assert_eq!(text.matches("data: ").count(), 2, "{text}");
            }
        }
        simulation.fault(&["swc", "clear"]);
        assert_eq!(see(&host, "k1", HELLO, patience(Whole(200))).0, Whole(200), "after {fault:?}");
    }
    let untried: Vec<_> = CATALOGUE.iter().map(|entry| entry.word).filter(|word| !tried.contains(word)).collect();
    assert_eq!(untried, ["partition"], "which is one of links");
}

#[test]
fn the_generated_policy_fails_over_where_it_can() {
    let directory = tempfile::tempdir().unwrap();
    let mut simulation = simulation(directory.path());
    // The story of an answer at once, and what the record says of the first attempt.
    for (target, fault, story, attempt) in [
        ("swc", &["tls-failure"][..], "200 frc 2", "tls-failure"),
        ("swc", &["dns-failure"], "200 frc 2", "dns-failure"),
        ("swc", &["connection-refused"], "200 frc 2", "connection-refused"),
        ("swc", &["connection-refused", "--rate", "100%"], "200 frc 2", "connection-refused"),
        ("swc", &["outage"], "200 frc 2", "hang"),
        ("link:swedencentral-swedencentral", &["partition"], "200 frc 2", "hang"),
        ("link:swedencentral-francecentral", &["partition"], "200 swc 1", "200"),
        ("link:swedencentral-swedencentral", &["reset"], "200 frc 2", "reset"),
        ("swc", &["hang"], "200 frc 2", "hang"),
        ("swc", &["reset"], "200 frc 2", "reset"),
        ("swc", &["slow", "--delay", "10ms"], "200 swc 1", "200"),
        ("swc", &["slow", "--delay", "1h"], "200 frc 2", "hang"),
        ("link:swedencentral-swedencentral", &["slow", "--delay", "1h"], "200 frc 2", "hang"),
        ("swc", &["slow-tokens", "--delay", "1h"], "200 frc 2", "hang"),
        ("swc", &["key-revoked"], "200 frc 2", "401"),
        // The spec's list has no 404: a deployment that is gone is the policy's fault, not an outage.
        ("swc", &["deployment-deleted"], "404 swc 1", "404"),
        ("swc/gpt-4o", &["503"], "200 frc 2", "503"),
        ("swc/gpt-4o", &["reset"], "200 frc 2", "reset"),
        ("swc/text-embedding-3-large", &["503"], "200 swc 1", "200"),
        ("swc", &["503", "--rate", "100%"], "200 frc 2", "503"),
        ("swc", &["503", "--period", "1h"], "200 frc 2", "503"),
        ("swc", &["truncated-body"], "200 swc 1", "200"),
        ("swc", &["malformed-json"], "200 swc 1", "200"),
        ("swc", &["cut-stream"], "200 swc 1", "200"),
        // The last, since the gateway remembers for how long the backend wants to be left alone.
        ("swc", &["quota-drop", "--tokens-per-minute", "0"], "200 frc 2", "429"),
    ] {
        simulation.fault(&[&[target], fault].concat());
        let answer = simulation.chat("swedencentral", HELLO);
        assert_eq!(answer.story(), story, "{target} {fault:?}: {}", answer.text());
        assert!(answer.whole, "{target} {fault:?}");
        let event = simulation.event("request");
        let first = &event["attempts"][0];
        let seen = first["status"].as_u64().map_or_else(|| first["error"].as_str().unwrap_or("-").to_owned(), |status| status.to_string());
        assert_eq!((first["backend"].as_str(), seen.as_str()), (Some("swc"), attempt), "{target} {fault:?}: {event}");
        simulation.fault(&[target, "clear"]);
    }
}

#[test]
fn what_breaks_after_the_head_reaches_the_client() {
    use Seen::{Cut, Stalled, Whole};
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    let (host, key) = (simulation.gateway("swedencentral"), simulation.key());
    for target in ["swc", "link:swedencentral-swedencentral", "gateway:swedencentral"] {
        for (fault, expected) in [("reset-after-headers", Cut(200)), ("cut-body", Cut(200)), ("stall-body", Stalled(200))] {
            simulation.fault(&[target, fault]);
            let (seen, text) = see(&host, &key, STREAM, patience(expected));
            assert_eq!(seen, expected, "{target} {fault}: {text}");
            assert!(!text.contains("[DONE]"), "{target} {fault}");
        }
        simulation.fault(&[target, "clear"]);
    }
    simulation.fault(&["swc", "cut-stream"]);
    let (seen, text) = see(&host, &key, STREAM, patience(Whole(200)));
    assert!(seen == Whole(200) && text.contains("data: {") && !text.contains("[DONE]"), "{seen:?} {text}");
}

#[test]
fn a_client_of_a_gateway_sees_its_faults() {
    use Seen::{Broken, Cut, Refused, Silence, Stalled, Whole};
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    let (host, key) = (simulation.gateway("swedencentral"), simulation.key());
    for (fault, expected) in [
        (&["connection-refused"][..], Refused),
        (&["dns-failure"], Refused),
        (&["tls-failure"], Broken),
        (&["outage"], Silence),
        (&["hang"], Silence),
        (&["reset"], Broken),
        (&["reset-after-headers"], Cut(200)),
        (&["cut-body"], Cut(200)),
        (&["stall-body"], Stalled(200)),
        (&["slow", "--delay", "50ms"], Whole(200)),
        (&["503", "--body", "down", "--delay", "50ms"], Whole(503)),
        (&["reset", "--rate", "100%"], Broken),
    ] {
        simulation.fault(&[&["gateway:swedencentral"], fault].concat());
        let begun = Instant::now();
        let (seen, text) = see(&host, &key, HELLO, patience(expected));
        assert_eq!(seen, expected, "{fault:?}: {text}");
        if fault.contains(&"--delay") {
            assert!(begun.elapsed() >= Duration::from_millis(50), "{fault:?}");
        }
        if fault[0] == "503" {
            assert_eq!(text, "down");
        }
        // Its neighbour is not concerned.
        assert_eq!(simulation.chat("francecentral", HELLO).status, 200, "{fault:?}");
        simulation.fault(&["gateway:swedencentral", "clear"]);
    }
}

#[test]
fn a_status_brings_its_headers_and_its_body() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    let fields = ["--header", "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT", "--header", "X-Own:1", "--header", "content-type: text/plain"];
    for (target, host) in [("swc", simulation.backend("swc")), ("gateway:swedencentral", simulation.gateway("swedencentral"))] {
        simulation.fault(&[&[target, "503", "--body", "down"][..], &fields].concat());
        let answer = request(&host, "POST", CHAT, &[("api-key", "k1".to_owned())], HELLO.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.text().as_str(), answer.whole), (503, "down", true), "{target}");
        for (name, value) in [("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), ("x-own", "1"), ("content-type", "text/plain")] {
            assert_eq!(answer.header(name), value, "{target} {name}");
        }
    }
}

#[test]
fn a_partition_divides_two_regions_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    simulation.fault(&["link:francecentral-swedencentral", "partition"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "200 frc 1");
    // Each gateway is alone with its own resource now.
    simulation.fault(&["swc", "500"]);
    simulation.fault(&["frc", "500"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "500 swc 2");
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "500 frc 2");
    simulation.fault(&["frc", "clear"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "500 swc 2");
    simulation.fault(&["link:swedencentral-francecentral", "clear"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 frc 2");
}

#[test]
fn a_rate_strikes_a_share_of_the_requests() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    for word in ["503", "dns-failure", "connection-refused", "reset"] {
        simulation.fault(&["swc", word, "--rate", "50%"]);
        let stories: Vec<String> = (0..20).map(|_| simulation.chat("swedencentral", HELLO).story()).collect();
        let struck = stories.iter().filter(|story| *story == "200 frc 2").count();
        let spared = stories.iter().filter(|story| *story == "200 swc 1").count();
        assert_eq!(struck + spared, 20, "{word}: {stories:?}");
        // The seed is given and the requests come one after the other: every run is alike.
        assert!((5..=15).contains(&struck), "{word}: {struck}");
    }
}

#[test]
fn a_fault_with_a_period_comes_and_goes() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    for word in ["503", "connection-refused"] {
        simulation.fault(&["swc", word, "--period", "400ms"]);
        let (begun, mut turns, mut last) = (Instant::now(), 0, String::new());
        while turns < 4 {
            let story = simulation.chat("swedencentral", HELLO).story();
            assert!(["200 frc 2", "200 swc 1"].contains(&story.as_str()), "{word}: {story}");
            turns += u32::from(story != last);
            last = story;
            assert!(begun.elapsed() < Duration::from_secs(60), "{word}: {turns} turns");
        }
    }
    // The port itself comes and goes for who calls it directly.
    let (host, begun) = (simulation.backend("swc"), Instant::now());
    for expected in [true, false, true] {
        while TcpStream::connect(&host).is_ok() != expected {
            assert!(begun.elapsed() < Duration::from_secs(60), "{expected}");
        }
    }
}

#[test]
fn an_outage_of_a_region_takes_its_gateway_and_its_resource() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    simulation.fault(&["region:swedencentral", "outage"]);
    let (gateway, resource) = (simulation.gateway("swedencentral"), simulation.backend("swc"));
    for host in [gateway, resource] {
        assert_eq!(see(&host, "k1", HELLO, patience(Seen::Silence)).0, Seen::Silence, "{host}");
    }
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "200 frc 1");
    simulation.fault(&["region:swedencentral", "clear"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
}

#[test]
fn faults_are_listed_and_cleared_together() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    let list = |arguments: &[&str]| {
        let output = simulation.try_fault(arguments);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(list(&[]), "");
    simulation.fault(&["region:swedencentral", "slow", "--delay", "1ms"]);
    simulation.fault(&["swc", "429", "--retry-after", "10s", "--rate", "30%"]);
    simulation.fault(&["swc", "503"]);
    simulation.fault(&["swc/gpt-4o", "quota-drop", "--for", "1h"]);
    for arguments in [&[][..], &["--list"]] {
        let listed = list(arguments);
        let lines: Vec<&str> = listed.lines().collect();
        assert_eq!(lines[..2], ["region:swedencentral: slow, delay 1ms", "swc: 503"]);
        assert!(lines[2].starts_with("swc/gpt-4o: quota-drop, tokens-per-minute 10%, 3") && lines[2].ends_with("s left"), "{listed}");
    }
    simulation.fault(&["clear"]);
    assert_eq!(list(&[]), "");
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
}

#[test]
fn wrong_input_is_refused_with_a_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let simulation = simulation(directory.path());
    for (arguments, expected) in [
        (&["swd", "429"][..], "did you mean `swc`?"),
        (&["swc/gpt-4o", "partition"], "cannot be put on a deployment: it is one of a link"),
        (&["region:mars", "500"], "it has swc, frc, region:swedencentral"),
        (&["link:swedencentral-mars", "partition"], "there is no `link:swedencentral-mars`"),
        (&["link:swedencentral", "partition"], "is no link: write two regions"),
        (&["swc", "stall-bdy"], "did you mean `stall-body`?"),
        (&["swc", "hang", "--delay", "1s"], "the fault `hang` takes no `delay`: a status, `slow`, `slow-tokens` do"),
        (&["swc", "503", "--rate", "0.3"], "with at most four decimals and a percent sign"),
        (&["swc", "503", "--rate", "130%"], "above 0 and up to 100"),
        (&["swc", "503", "--header", "X-Own"], "write NAME: VALUE"),
        (&["swc", "503", "--header", "Content-Length: 3"], "it belongs to the connection"),
        (&["swc", "204", "--body", "x"], "an answer with status 204 has no body"),
        (&["swc", "clear", "--rate", "30%"], "`clear` takes no options"),
        (&["clear", "--rate", "30%"], "`clear` takes no options"),
        (&["swc"], "what is wrong with `swc`?"),
        (&["swc", "429", "--list"], "cannot be used with"),
    ] {
        let output = simulation.try_fault(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}
