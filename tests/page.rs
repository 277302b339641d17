//! The page at the control endpoint and what feeds it, through real sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use process::{Http, Simulation, request};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const HELLO: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;

/// `host:port` of the control endpoint.
fn control(simulation: &Simulation) -> String {
    simulation.control().strip_prefix("http://").unwrap().to_owned()
}

fn get(simulation: &Simulation, path: &str) -> Http {
    request(&control(simulation), "GET", path, &[], b"").unwrap()
}

fn state(simulation: &Simulation) -> Value {
    serde_json::from_slice(&get(simulation, "/state").body).unwrap()
}

#[test]
fn the_page_runs_nothing_but_its_own_script_and_asks_nobody_else() {
    let simulation = Simulation::start(&[]);
    let page = get(&simulation, "/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let html = page.text();
    for outside in ["https://", "//cdn", "@import", "url(", " src=", "<iframe", "javascript:"] {
        assert!(!html.contains(outside), "{outside}");
    }
    // The namespace of SVG is a name and no address.
    assert_eq!(html.matches("http://").count(), html.matches("http://www.w3.org/2000/svg").count());

    let between = |from: &str, to: &str| html.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    let policy = page.header("content-security-policy");
    for (directive, text) in [("script-src", between("<script>", "</script>")), ("style-src", between("<style>", "</style>"))] {
        let allowed = format!("{directive} 'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
        assert!(policy.split("; ").any(|part| part == allowed), "{allowed} in {policy}");
    }
    for part in ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
        assert!(policy.split("; ").any(|other| other == part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    for answer in [&page, &get(&simulation, "/state"), &get(&simulation, "/nowhere")] {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), "-");
    }
}

#[test]
fn no_key_is_on_the_page_or_in_what_feeds_it() {
    let mut simulation = Simulation::start(&["--trace", "--named-value", "aoai-key-swc=a-key-that-nobody-sees"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
    let id = simulation.event("request")["id"].as_str().unwrap().to_owned();
    let mut events = Events::open(&simulation);
    let told = format!("{}{}{}", events.next("hello", |_| true), events.next("state", |_| true), events.next("requests", |_| true));
    let trace = get(&simulation, &format!("/traces/{id}"));
    assert_eq!(trace.status, 200);
    let all = [get(&simulation, "/").text(), told, get(&simulation, "/metrics").text(), trace.text(), state(&simulation).to_string()];
    for secret in [simulation.key(), "a-key-that-nobody-sees".to_owned(), simulation.listening["debugToken"].as_str().unwrap().to_owned()] {
        assert!(secret.len() > 8);
        for text in &all {
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }
}

#[test]
fn another_page_changes_nothing_and_another_host_name_sees_nothing() {
    let simulation = Simulation::start(&[]);
    let host = control(&simulation);
    let command = json!({"target": "swc", "fault": "429"}).to_string();
    let post = |fields: &[(&str, &str)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let answer = request(&host, "POST", "/faults", &fields, command.as_bytes()).unwrap();
        let code = serde_json::from_slice::<Value>(&answer.body).unwrap()["error"]["code"].as_str().unwrap_or("-").to_owned();
        (answer.status, code)
    };
    let refused = |code: &str| (403, code.to_owned());
    for (fields, expected) in [
        (&[("Origin", "https://evil.example")][..], refused("not-local")),
        (&[("Origin", "null")], refused("not-local")),
        (&[("Origin", "http://127.0.0.1:1")], refused("cross-origin")),
        (&[("Origin", "http://localhost:3000")], refused("cross-origin")),
        (&[("Sec-Fetch-Site", "cross-site")], refused("cross-origin")),
        (&[("Sec-Fetch-Site", "same-site")], refused("cross-origin")),
    ] {
        assert_eq!(post(fields), expected, "{fields:?}");
    }
    for (method, path) in [("DELETE", "/faults"), ("DELETE", "/faults/swc"), ("PUT", "/tracing")] {
        let answer = request(&host, method, path, &[("Origin", "http://localhost:3000".to_owned())], b"").unwrap();
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    assert_eq!(state(&simulation)["faults"], json!([]));

    for (name, path) in [("evil.example", "/"), ("evil.example", "/state"), ("localhost.evil.example", "/events"), ("10.0.0.1", "/metrics")]
    {
        let mut stream = TcpStream::connect(&host).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("not-local"), "{name} {path}: {answer}");
    }

    assert_eq!(post(&[("Origin", &simulation.control()), ("Sec-Fetch-Site", "same-origin")]), (200, "-".to_owned()));
    assert_eq!(state(&simulation)["faults"][0]["fault"], "429");
    assert_eq!(post(&[]).0, 200);
}

/// An open stream of events.
struct Events(BufReader<TcpStream>);

impl Events {
    fn open(simulation: &Simulation) -> Self {
        let mut stream = TcpStream::connect(control(simulation)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", control(simulation)).unwrap();
        Self(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream has ended");
        line.trim_end().to_owned()
    }

    /// The data of the next event with this name for which something holds; others are skipped.
    fn next(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            if self.line() == format!("event: {name}") {
                let data = self.line();
                let data = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
                if holds(&data) {
                    return data;
                }
            }
        }
    }
}

#[test]
fn an_open_page_hears_of_requests_and_faults_as_they_come() {
    let simulation = Simulation::start(&[]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
    let mut events = Events::open(&simulation);
    let hello = events.next("hello", |_| true);
    let entry = |word: &str| hello["catalogue"].as_array().unwrap().iter().find(|entry| entry["fault"] == word).cloned().unwrap();
    assert_eq!(entry("429")["options"], json!(["retryAfterMs", "delayMs", "rate", "periodMs"]));
    assert_eq!(entry("partition")["places"], json!(["link"]));
    assert!(entry("hang")["seen"].as_str().unwrap().len() > 10);
    let first = events.next("requests", |_| true);
    assert_eq!((&first[0]["number"], &first[0]["servedBy"]), (&json!(1), &json!("swc")));

    simulation.fault(&["swc", "429", "--for", "10m"]);
    let state = events.next("state", |state| state["faults"] != json!([]));
    assert_eq!((&state["faults"][0]["target"], &state["backends"][0]["fault"]), (&json!("swc"), &json!("429")));
    assert!(state["targets"].as_array().unwrap().contains(&json!("link:swedencentral-francecentral")), "{}", state["targets"]);

    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 frc 2");
    // The counts and the requests of one tick come together.
    let state = events.next("state", |state| state["links"].as_array().unwrap().len() == 2);
    let calls = |good: u64, throttled: u64| json!({"good": good, "throttled": throttled, "refused": 0, "failed": 0});
    assert_eq!(
        state["links"],
        json!([
            {"gateway": "swedencentral", "backend": "frc", "calls": calls(1, 0)},
            {"gateway": "swedencentral", "backend": "swc", "calls": calls(1, 1)},
        ])
    );
    assert_eq!((&state["gateways"][0]["answers"], &state["backends"][0]["calls"]), (&calls(2, 0), &calls(1, 1)));
    let second = events.next("requests", |_| true);
    assert_eq!(second.as_array().unwrap().len(), 1);
    assert_eq!((&second[0]["number"], &second[0]["attempts"][0]["status"]), (&json!(2), &json!(429)));

    simulation.fault(&["swc", "clear"]);
    events.next("state", |state| state["faults"] == json!([]));
    assert!(simulation.stop("-TERM").success());
}

#[test]
fn every_button_of_the_catalogue_is_a_fault() {
    let simulation = Simulation::start(&[]);
    let hello = Events::open(&simulation).next("hello", |_| true);
    let targets = BTreeMap::from([
        ("backend", "swc"),
        ("deployment", "swc/gpt-4o"),
        ("region", "region:swedencentral"),
        ("gateway", "gateway:swedencentral"),
        ("link", "link:swedencentral-francecentral"),
    ]);
    let values = json!({"rate": "30%", "periodMs": 1000, "retryAfterMs": 2000, "delayMs": 10, "pieces": 2, "tokensPerMinute": "500"});
    let mut set = 0;
    for entry in hello["catalogue"].as_array().unwrap() {
        for place in entry["places"].as_array().unwrap() {
            let mut command = json!({"target": targets[place.as_str().unwrap()], "fault": entry["fault"], "forMs": 60000});
            for option in entry["options"].as_array().unwrap() {
                let name = option.as_str().unwrap();
                command[name] = values[name].clone();
            }
            let answer = request(&control(&simulation), "POST", "/faults", &[], command.to_string().as_bytes()).unwrap();
            assert_eq!(answer.status, 200, "{command}: {}", answer.text());
            set += 1;
        }
    }
    assert!(set > 50, "{set}");
}

#[test]
fn tracing_is_switched_while_it_runs() {
    let mut simulation = Simulation::start(&[]);
    let traced = |simulation: &mut Simulation| {
        assert_eq!(simulation.chat("swedencentral", HELLO).status, 200);
        let id = simulation.event("request")["id"].as_str().unwrap().to_owned();
        get(simulation, &format!("/traces/{id}")).status
    };
    assert_eq!(traced(&mut simulation), 404);
    assert_eq!(put(&simulation, r#"{"everything":true}"#), 200);
    assert_eq!((traced(&mut simulation), &state(&simulation)["tracesEverything"]), (200, &json!(true)));
    assert_eq!(put(&simulation, r#"{"everything":false}"#), 200);
    assert_eq!((traced(&mut simulation), &state(&simulation)["tracesEverything"]), (404, &json!(false)));
    assert_eq!(put(&simulation, r#"{"everything":1}"#), 400);
    assert_eq!(put(&simulation, ""), 400);
}

/// `PUT /tracing` with a body.
fn put(simulation: &Simulation, body: &str) -> u16 {
    let fields = [("Content-Length", body.len().to_string())];
    request(&control(simulation), "PUT", "/tracing", &fields, body.as_bytes()).map(|answer| answer.status).unwrap()
}

/// A sample of the exposition format: name, labels in order, value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads the text format strictly. Source: github.com/prometheus/docs, `docs/instrumenting/exposition_formats.md`.
fn exposition(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    let name = |name: &str| {
        !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let (mut kinds, mut family, mut samples) = (BTreeMap::new(), String::new(), Vec::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            family = help.split(' ').next().unwrap().to_owned();
            assert!(name(&family) && help.len() > family.len() + 5, "{line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (of, kind) = kind.split_once(' ').unwrap();
            assert_eq!(of, family, "{line}");
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert_eq!(kinds.insert(of.to_owned(), kind.to_owned()), None, "a family is there twice: {line}");
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let (of, labels) = series.split_once('{').map_or((series, ""), |(of, labels)| (of, labels.strip_suffix('}').unwrap()));
            let parts: &[&str] = if kinds[&family] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(name(of) && parts.iter().any(|part| format!("{family}{part}") == of), "{line} in {family}");
            let labels: Vec<(String, String)> = labels
                .split("\",")
                .filter(|label| !label.is_empty())
                .map(|label| label.strip_suffix('"').unwrap_or(label).split_once("=\"").unwrap())
                .map(|(label, text)| (label.to_owned(), text.to_owned()))
                .collect();
            assert!(labels.iter().all(|(label, _)| name(label)), "{line}");
            samples.push((of.to_owned(), labels, value.parse().unwrap()));
        }
    }
    let series: BTreeSet<_> = samples.iter().map(|(of, labels, _)| (of, labels)).collect();
    assert_eq!(series.len(), samples.len(), "a series is there twice");
    samples
}

#[test]
fn prometheus_reads_what_has_happened() {
    let mut simulation = Simulation::start(&[]);
    for fault in [&["swc", "429"][..], &["swc", "clear"], &["swc", "connection-refused", "--for", "10m"]] {
        simulation.fault(fault);
        assert_eq!(simulation.chat("swedencentral", HELLO).status, 200);
        simulation.event("request");
    }
    let answer = get(&simulation, "/metrics");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let samples = exposition(&answer.text());
    let value = |name: &str, labels: &[(&str, &str)]| {
        let labels: Vec<_> = labels.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect();
        samples.iter().find(|(of, own, _)| *of == format!("openai_failover_{name}") && *own == labels).map(|(.., value)| *value)
    };
    let swedish = ("gateway", "swedencentral");
    for (name, labels, expected) in [
        ("requests_total", &[swedish, ("status", "200"), ("whole", "true"), ("served_by", "swc")][..], 1.0),
        ("requests_total", &[swedish, ("status", "200"), ("whole", "true"), ("served_by", "frc")], 2.0),
        ("attempts_total", &[swedish, ("backend", "swc"), ("outcome", "429")], 1.0),
        ("attempts_total", &[swedish, ("backend", "swc"), ("outcome", "200")], 1.0),
        ("attempts_total", &[swedish, ("backend", "swc"), ("outcome", "connection-refused")], 1.0),
        ("attempts_total", &[swedish, ("backend", "frc"), ("outcome", "200")], 2.0),
        ("request_duration_seconds_count", &[swedish], 3.0),
        ("request_duration_seconds_bucket", &[swedish, ("le", "+Inf")], 3.0),
        ("attempt_duration_seconds_count", &[("backend", "swc")], 3.0),
        ("requests_in_flight", &[swedish], 0.0),
        ("fault", &[("target", "swc"), ("fault", "connection-refused")], 1.0),
    ] {
        assert_eq!(value(name, labels), Some(expected), "{name} {labels:?}\n{}", answer.text());
    }
    assert!(value("tokens_total", &[("backend", "frc"), ("kind", "prompt")]).unwrap() > 0.0);
    assert!(value("tokens_total", &[("backend", "frc"), ("kind", "completion")]).unwrap() > 0.0);
    let buckets: Vec<f64> = samples
        .iter()
        .filter(|(of, labels, _)| of.ends_with("request_duration_seconds_bucket") && labels[0].1 == "swedencentral")
        .map(|(.., value)| *value)
        .collect();
    assert!(buckets.len() > 10 && buckets.is_sorted(), "{buckets:?}");
}

/// Requests through Front Door are counted there and at the gateway; one that the edge answers itself only there.
#[test]
fn front_door_has_its_counts() {
    let mut simulation = Simulation::start(&[]);
    let host = simulation.listening["frontDoor"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    for (country, status) in [("SE", 200), ("BR", 403)] {
        let key = simulation.key();
        let fields = [("api-key", key), ("Content-Type", "application/json".to_owned()), ("X-Simulated-Country", country.to_owned())];
        assert_eq!(process::request(&host, "POST", path, &fields, HELLO.as_bytes()).unwrap().status, status);
        simulation.event("edge");
    }
    assert_eq!(simulation.chat("swedencentral", HELLO).status, 200);
    simulation.event("request");
    let state = state(&simulation);
    let fares = |good: u64, refused: u64| serde_json::json!({"good": good, "throttled": 0, "refused": refused, "failed": 0});
    assert_eq!(state["frontDoor"]["answers"], fares(1, 1), "{state}");
    let gateway = state["gateways"].as_array().unwrap().iter().find(|gateway| gateway["region"] == "swedencentral").unwrap();
    assert_eq!((&gateway["answers"], &gateway["throughFrontDoor"]), (&fares(2, 0), &fares(1, 0)), "{state}");
    let metrics = get(&simulation, "/metrics").text();
    for sample in [r#"{gateway="swedencentral",status="200",whole="true"} 1"#, r#"{gateway="",status="403",whole="true"} 1"#] {
        assert!(metrics.contains(&format!("openai_failover_front_door_requests_total{sample}")), "{metrics}");
    }
}
