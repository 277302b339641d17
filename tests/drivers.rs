//! Two drivers, one gateway: the same requests under the same faults get the same answers after the same attempts, over sockets in real time
//! and in simulated time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use openai_failover::{
    scenario,
    source::Source,
    spec,
    virtual_time::{self, Keep},
    world::{self, Materials},
    xml,
};
use process::Simulation;
use serde_json::{Value, json};

/// A stretch of time: the faults that hold in it, target and words of the command; and for each request in it whether it wants a stream.
type Step = (&'static [(&'static str, &'static [&'static str])], &'static [bool]);

/// The generated policy in all that can go wrong before, in and after an answer.
const STEPS: [Step; 26] = [
    (&[], &[false, true]),
    (&[("swc", &["429"])], &[false, true]),
    (&[("swc", &["503"])], &[false, true]),
    (&[("swc", &["500"]), ("frc", &["429"])], &[false, true]),
    (&[("swc", &["429", "--retry-after", "2s"]), ("frc", &["429", "--retry-after", "1s"])], &[false]),
    (&[("swc", &["connection-refused"])], &[false, true]),
    (&[("swc", &["dns-failure"])], &[false, true]),
    (&[("swc", &["tls-failure"])], &[false]),
    (&[("swc", &["reset"])], &[false, true]),
    (&[("swc", &["hang"])], &[false, true]),
    (&[("swc", &["key-revoked"])], &[false, true]),
    (&[("swc", &["deployment-deleted"])], &[false]),
    (&[("swc/gpt-4o", &["503"])], &[false]),
    (&[("link:swedencentral-swedencentral", &["reset"])], &[false]),
    (&[("link:swedencentral-francecentral", &["connection-refused"]), ("swc", &["503"])], &[false, true]),
    (&[("swc", &["connection-refused"]), ("frc", &["dns-failure"])], &[false]),
    (&[("swc", &["400"])], &[false]),
    (&[("swc", &["reset-after-headers"])], &[false, true]),
    (&[("swc", &["cut-body"])], &[false, true]),
    (&[("swc", &["cut-stream"])], &[true]),
    (&[("swc", &["truncated-body"])], &[false]),
    (&[("swc", &["malformed-json"])], &[false]),
    (&[("swc/gpt-4o", &["deployment-deleted"])], &[false, true]),
    (&[("gateway:swedencentral", &["503"])], &[false, true]),
    (&[("gateway:swedencentral", &["429"]), ("swc", &["503"])], &[false]),
    (&[("region:francecentral", &["connection-refused"]), ("swc", &["500"])], &[false]),
];

/// A policy that tells the second region something one way, asks the first for the answer, and both at once behind it.
const ASKING: &str = r#"<policies>
    <inbound>
        <base />
        <send-one-way-request mode="new" timeout="3">
            <set-url>https://contoso-frc.openai.azure.com/openai/deployments/gpt-4o-fr/chat/completions?api-version=2024-10-21</set-url>
            <set-method>POST</set-method>
            <set-header name="api-key" exists-action="override"><value>{{aoai-key-frc}}</value></set-header>
            <set-body>{"messages":[{"role":"user","content":"one way"}]}</set-body>
        </send-one-way-request>
        <set-header name="api-key" exists-action="override"><value>{{aoai-key-swc}}</value></set-header>
        <set-backend-service base-url="https://contoso-swc.openai.azure.com/openai" />
    </inbound>
    <backend>
        <forward-request timeout="3" />
    </backend>
    <outbound>
        <base />
        <wait for="all">
            <send-request mode="new" response-variable-name="first" timeout="3" ignore-error="true">
                <set-url>https://contoso-swc.openai.azure.com/openai/models?api-version=2024-10-21</set-url>
                <set-method>GET</set-method>
                <set-header name="api-key" exists-action="override"><value>{{aoai-key-swc}}</value></set-header>
            </send-request>
            <send-request mode="new" response-variable-name="second" timeout="2" ignore-error="true">
                <set-url>https://contoso-frc.openai.azure.com/openai/models?api-version=2024-10-21</set-url>
                <set-method>GET</set-method>
                <set-header name="api-key" exists-action="override"><value>{{aoai-key-frc}}</value></set-header>
            </send-request>
        </wait>
        <set-status code="@(context.Variables["second"] == null ? 299 : ((IResponse)context.Variables["second"]).StatusCode == 200 ? 200 : 298)" reason="asked" />
    </outbound>
</policies>"#;

const ASKING_STEPS: [Step; 6] = [
    (&[], &[false, true]),
    (&[("frc", &["503"])], &[false]),
    (&[("frc", &["connection-refused"])], &[false]),
    (&[("frc", &["hang"])], &[false]),
    (&[("swc", &["429"])], &[false]),
    (&[("swc", &["hang"]), ("frc", &["reset"])], &[false]),
];

/// What makes a client lose patience: before the head of an answer, and in its middle.
const IMPATIENT_STEPS: [Step; 5] = [
    (&[], &[false, true]),
    (&[("swc", &["stall-body"])], &[false, true]),
    (&[("swc", &["503"]), ("frc", &["stall-body"])], &[false]),
    (&[("swc", &["stall-body"]), ("frc", &["503"])], &[true]),
    (&[("swc", &["hang"])], &[false]),
];

/// What became of one request: status, who served it, backend with status or error of each attempt, and whether a good answer came whole.
///
/// A client that hangs up before it has an answer is a gateway's 499, which the client itself never hears; what was under way then is told of in
/// simulated time alone, as that of the fault which holds.
fn told(play: Play, status: &Value, served_by: &Value, mut attempts: Vec<Value>, whole: bool) -> Value {
    let status = if *status == 499 { &Value::Null } else { status };
    if status.is_null() {
        attempts.retain(|attempt| attempt[1] != "hang");
    }
    let served_by = if served_by == "none" { &Value::Null } else { served_by };
    if play.asks_at_once {
        attempts.sort_by_key(Value::to_string);
    }
    json!({"status": status, "servedBy": served_by, "attempts": attempts, "whole": whole})
}

/// The policies that run, and what happens to them.
#[derive(Clone, Copy)]
struct Play {
    policy: Option<&'static str>,
    steps: &'static [Step],
    /// Whether it makes several calls at once, which end in any order; others are held to theirs.
    asks_at_once: bool,
    /// How long a client waits for anything, in seconds.
    patience: u64,
}

/// Patient clients of chat completions, and the generated policy.
const USUAL: Play = Play { policy: None, steps: &STEPS, asks_at_once: false, patience: 30 };

fn spec_text() -> String {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    // Real requests come as fast as the machine makes them: no quota is to be met.
    let text =
        text.replace("tokensPerMinute: 120000", "tokensPerMinute: 9000000").replace("tokensPerMinute: 80000", "tokensPerMinute: 9000000");
    text.replace("attemptTimeout: 60s", "attemptTimeout: 4s")
}

/// The key of a target in a scenario, and its name.
fn target(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some(kind_and_name) => kind_and_name,
        None if text.contains('/') => ("deployment", text),
        None => ("backend", text),
    }
}

/// What the requests of all steps come to in simulated time: each step has ten seconds.
fn simulated(play: Play) -> Vec<Value> {
    let mut faults = String::new();
    let mut trace = String::from("time,streaming\n");
    for (place, (held, requests)) in play.steps.iter().enumerate() {
        for (at, words) in *held {
            let (kind, name) = target(at);
            let wait = words.get(2).map_or(String::new(), |wait| format!(", retryAfter: {wait}"));
            faults.push_str(&format!("  - {{ at: {}s, for: 9s, {kind}: {name}, fault: {}{wait} }}\n", place * 10, words[0]));
        }
        for (number, streams) in requests.iter().enumerate() {
            trace.push_str(&format!("{},{streams}\n", place * 10 + 1 + number * 4));
        }
    }
    let load = "from: swedencentral, via: swedencentral, model: gpt-4o, trace: requests.csv, promptTokens: 5, maxTokens: 20, retries: 0";
    let load = format!("{{ {load}, timeout: {}s }}", play.patience);
    let text = format!("spec: two-region.yaml\nduration: {}s\nload:\n  - {load}\nfaults:\n{faults}", play.steps.len() * 10);
    let (scenario, _) =
        scenario::read(&Source::new("drivers.yaml", text), "drivers", &|_| Ok(trace.clone())).unwrap_or_else(|found| panic!("{found:#?}"));
    let (spec, _) = spec::read(&Source::new("two-region.yaml", spec_text())).unwrap();
    let policy = play.policy.map(|text| xml::parse(&Source::new("policy.xml", text)).unwrap());
    let built = world::build(Materials { spec: Some(spec), policy, ..Materials::default() }, &world::invented(1)).unwrap();
    // Every request is told of.
    let keep = Keep { slowest: 100, failed: 0 };
    let run = virtual_time::run(&Arc::new(scenario), &built.world, 1, keep, &AtomicU32::new(0));
    let mut stories = run.slowest;
    stories.sort_by_key(|story| story.number);
    let tell = |story: &virtual_time::Story| {
        let sending = story.tries.last().unwrap();
        let calls = sending.calls.iter().map(|call| match call.error {
            Some(error) => json!([call.backend, error]),
            None => json!([call.backend, call.status]),
        });
        let whole = story.status == Some(200) && story.good;
        told(play, &json!(story.status), &json!(story.served_by), calls.collect(), whole)
    };
    stories.iter().map(tell).collect()
}

/// The answer to a request; none where the client had no patience for its head.
fn sent(simulation: &Simulation, play: Play, streams: bool) -> Option<process::Http> {
    let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let body = json!({"messages": [{"role": "user", "content": "the the the"}], "max_tokens": 20, "stream": streams});
    let fields = [("api-key", simulation.key()), ("Content-Type", "application/json".to_owned())];
    let patience = Duration::from_secs(play.patience);
    process::patient_request(&simulation.gateway("swedencentral"), "POST", path, &fields, body.to_string().as_bytes(), patience).ok()
}

/// What they come to over sockets.
fn live(play: Play) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("spec.yaml");
    fs::write(&path, spec_text()).unwrap();
    let mut arguments = vec![path.to_str().unwrap(), "--seed", "1"];
    let policy = directory.path().join("policy.xml");
    if let Some(text) = play.policy {
        fs::write(&policy, text).unwrap();
        arguments.extend(["--policy", policy.to_str().unwrap()]);
    }
    let mut simulation = Simulation::start(&arguments);
    let mut answers = Vec::new();
    for (held, requests) in play.steps {
        for (at, words) in *held {
            simulation.fault(&[&[*at][..], words].concat());
        }
        for streams in *requests {
            let answer = sent(&simulation, play, *streams);
            let event = simulation.event("request");
            let attempts = event["attempts"].as_array().unwrap().iter().map(|attempt| {
                let outcome = if attempt["error"].is_null() { &attempt["status"] } else { &attempt["error"] };
                json!([attempt["backend"], outcome])
            });
            let attempts = attempts.collect();
            let is_whole = answer.is_some_and(|answer| {
                let ends = match streams {
                    true => answer.text().ends_with("data: [DONE]\n\n"),
                    false => serde_json::from_slice::<Value>(&answer.body).is_ok(),
                };
                answer.status == 200 && answer.whole && ends
            });
            answers.push(told(play, &event["status"], &event["servedBy"], attempts, is_whole));
        }
        simulation.fault(&["clear"]);
        if held.iter().any(|(_, words)| words.contains(&"--retry-after")) {
            // The throttle that the policy remembers passes in real time, too: requests are made until the first region serves again.
            while simulation.chat("swedencentral", r#"{"messages":[{"role":"user","content":"x"}]}"#).story() != "200 swc 1" {
                simulation.event("request");
            }
            simulation.event("request");
        }
    }
    answers
}

/// The same in both, step by step. Gives what it was, without doubles.
fn compared(play: Play) -> std::collections::BTreeSet<String> {
    let (simulated, live) = (simulated(play), live(play));
    let requests: usize = play.steps.iter().map(|(_, requests)| requests.len()).sum();
    assert_eq!((simulated.len(), live.len()), (requests, requests));
    let steps = play.steps.iter().flat_map(|(held, requests)| requests.iter().map(move |streams| (held, streams)));
    let differing: Vec<_> = steps.zip(simulated.iter().zip(&live)).filter(|(_, (simulated, live))| simulated != live).collect();
    assert!(differing.is_empty(), "simulated, live: {differing:#?}");
    live.iter().map(Value::to_string).collect()
}

#[test]
fn the_same_requests_under_the_same_faults_have_the_same_answers_after_the_same_attempts() {
    // Not all of them are alike.
    let kinds = compared(USUAL);
    assert!(kinds.len() >= 15, "{kinds:#?}");
}

#[test]
fn a_policy_that_asks_beside_its_backend_has_the_same_answers_too() {
    let kinds = compared(Play { policy: Some(ASKING), steps: &ASKING_STEPS, asks_at_once: true, ..USUAL });
    assert!(kinds.len() >= 4, "{kinds:#?}");
}

#[test]
fn clients_without_patience_have_the_same_answers_too() {
    let kinds = compared(Play { steps: &IMPATIENT_STEPS, patience: 2, ..USUAL });
    assert!(kinds.len() >= 4, "{kinds:#?}");
}
