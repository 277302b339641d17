//! What an hour of traffic costs in simulated time: the generated two-region policy in its world, clients, gateways, network, resources and
//! statistics with it; beside it a failover loop written by hand in Rust over the same resources.
//!
//! `cargo bench --bench virtual_time` prints medians of interleaved rounds; compare figures of one run with one another, never across machines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a benchmark fails by panicking")]

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::{Duration, Instant},
};

use bytes::Bytes;
use openai_failover::{
    azure::{
        faults::Told,
        identity::Identity,
        openai::{Pace, Quotas, Resource, ResourceConfig},
    },
    environment::{Fixed, Moment},
    http::{Headers, RequestHead, Url},
    scenario::{self, Scenario},
    source::Source,
    spec,
    virtual_time::{self, Keep},
    world::{self, Materials, World},
};

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SPEC: &str = include_str!("../../fixtures/specs/two-region.yaml");

/// 200 requests a second against quotas that hold them: one whole chat completion each, entered at a gateway.
const SCENARIO: &str = "
spec: two-region.yaml
seed: 1
duration: 10m
load:
  - { from: swedencentral, via: swedencentral, model: gpt-4o, arrivals: constant, rate: 200/s, promptTokens: 100, maxTokens: 50, retries: 0 }
";

const ROUNDS: usize = 7;

fn main() {
    let (scenario, world) = stage();
    let (mut machine, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let run = virtual_time::run(&scenario, &world, 1, Keep::default(), &AtomicU32::new(0));
        assert_eq!(run.whole.good, run.whole.sent);
        machine.push(begun.elapsed().as_secs_f64() / run.whole.sent as f64);
        by_hand.push(loop_by_hand(&world, run.whole.sent));
    }
    let (machine, by_hand) = (median(machine), median(by_hand));
    println!("virtual time, generated policy   {:>8.2} us a request   {:>9.0} requests/s", machine * 1e6, 1.0 / machine);
    println!("failover loop written by hand    {:>8.2} us a request   {:>9.0} requests/s", by_hand * 1e6, 1.0 / by_hand);
    println!("ratio                            {:>8.2}", machine / by_hand);
}

fn stage() -> (Arc<Scenario>, World) {
    // Quotas that are never met: what a refusal costs is another question.
    let text =
        SPEC.replace("tokensPerMinute: 120000", "tokensPerMinute: 9000000").replace("tokensPerMinute: 80000", "tokensPerMinute: 9000000");
    let (spec, _) = spec::read(&Source::new("two-region.yaml", text)).unwrap();
    let (scenario, _) = scenario::read(&Source::new("bench.yaml", SCENARIO), "bench", &|file| Err(file.to_owned())).unwrap();
    let built = world::build(Materials { spec: Some(spec), ..Materials::default() }, &world::invented(1)).unwrap();
    (Arc::new(scenario), built.world)
}

/// Seconds for one request: the request is made for the first resource, for the second where that fails, and answered.
fn loop_by_hand(world: &World, requests: u64) -> f64 {
    let identity = Identity::new(1);
    let quotas = Quotas::new();
    let mut resources: Vec<(Resource, &'static str)> = Vec::new();
    for ((_, config), deployment) in world.resources.iter().zip(["gpt-4o", "gpt-4o-fr"]) {
        let config = ResourceConfig { quotas: quotas.clone(), pace: Pace::Realistic, ..config.clone() };
        resources.push((Resource::new(config, identity.clone()), deployment));
    }
    let words = vec!["the"; 100].join(" ");
    let body = Bytes::from(format!(r#"{{"messages":[{{"role":"user","content":"{words}"}}],"model":"gpt-4o","max_tokens":50}}"#));
    let begun = Instant::now();
    let mut environment = Fixed { now: Moment(1_767_225_600_000_000_000), state: 1 };
    let mut good = 0;
    for _ in 0..requests {
        environment.now = environment.now.after(Duration::from_millis(5));
        let now = environment.now;
        for (resource, deployment) in &mut resources {
            let config = resource.config();
            let mut headers = Headers::with_capacity(4);
            headers.append("Content-Type", "application/json");
            headers.append("api-key", config.keys[0].clone());
            let path = format!("/openai/deployments/{deployment}/chat/completions");
            let url = Url {
                scheme: "https".into(),
                host: config.host.clone(),
                port: None,
                path: path.into(),
                query: "?api-version=2024-10-21".into(),
            };
            let head = RequestHead { method: "POST".into(), url, headers };
            let reply = resource.handle(&head, &body, Told::Nothing, now, &mut environment);
            if !matches!(reply.head.status, 401 | 403 | 408 | 429 | 500..) {
                good += u64::from(reply.head.status == 200);
                break;
            }
        }
    }
    assert_eq!(good, requests);
    begun.elapsed().as_secs_f64() / requests as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
