//! The driver with the example's policy in the example's world.

use std::{sync::Arc, time::Duration};

use super::*;
use crate::{
    azure::{
        faults::{Fault, FaultOptions},
        openai::{Deployments, Pace, ResourceConfig},
    },
    gateway::{Api, Gateway, Subscription},
    generate,
    policy::{self, Resources},
    scenario::*,
    source::{Source, Span},
    spec::{self, Region},
    text::Text,
    xml,
};

const SPEC: &str = include_str!("../../fixtures/specs/two-region.yaml");

pub(super) fn example(alter: impl Fn(String) -> String) -> World {
    let (spec, _) = spec::read(&Source::new("two-region.yaml", SPEC)).unwrap();
    let artefacts = generate::generate(&spec, &generate::Options::default()).unwrap();
    let text = artefacts.into_iter().find(|artefact| artefact.path == generate::POLICY).unwrap().contents;
    let document = xml::parse(&Source::new("policy.xml", alter(text))).unwrap();
    let named_values = spec.named_values.keys().map(|name| (name.clone(), format!("key of {name}"))).collect();
    let program = Arc::new(policy::compile(&document, &Resources { named_values, ..Resources::default() }).unwrap());
    let key: Text = "k".into();
    let gateways = spec.gateways.iter().map(|site| {
        let subscription = Subscription { id: "s".into(), primary_key: key.clone(), ..Subscription::default() };
        let gateway = Gateway::new("contoso".into(), site.region.display.into(), Api::default(), vec![subscription], program.clone());
        (site.region, Arc::new(gateway))
    });
    let resources = spec.backends.iter().map(|backend| {
        let spec::Auth::ApiKey(name) = &backend.auth else { panic!("the example has keys") };
        let config = ResourceConfig {
            id: backend.id.clone(),
            region_display: backend.region.display.into(),
            host: backend.endpoint.host.clone().into(),
            keys: [format!("key of {name}").into(), "other".into()],
            deployments: Deployments::of_backend(backend),
            pace: Pace::Realistic,
            ..ResourceConfig::default()
        };
        (backend.region, config)
    });
    World {
        gateways: gateways.collect(),
        resources: resources.collect(),
        key_header: "api-key".into(),
        subscription_key: Some(key),
        api_path: "openai".into(),
        served_by: "X-Served-By".into(),
        front_door: None,
        data_boundary: spec.data_boundary.clone(),
        objective: Some(spec.objective.availability),
    }
}

pub(super) fn scenario(rate: f64, minutes: u64, faults: Vec<TimedFault>) -> Arc<Scenario> {
    let sweden = Region::spelled("swedencentral").unwrap();
    let ask = Ask {
        operation: Operation::Chat,
        model: "gpt-4o".into(),
        prompt_tokens: Amount::Fixed(300),
        max_tokens: Some(Amount::Fixed(200)),
        prompt: None,
        headers: Vec::new(),
        query: None,
    };
    let duration = Duration::from_secs(minutes * 60);
    let load = Load {
        name: "load 1".into(),
        from: sweden,
        via: Via::Nearest,
        arrivals: Arrivals::Poisson { rate },
        start: Duration::ZERO,
        end: duration,
        mix: vec![(1.0, ask)],
        streaming: 0.3,
        client: Client::default(),
    };
    Arc::new(Scenario {
        name: "example".into(),
        description: None,
        world: WorldSource::default(),
        seed: 7,
        duration,
        load: vec![load],
        faults,
        expect: Vec::new(),
    })
}

pub(super) fn fault(at: u64, lasts: u64, target: &str, word: &str) -> TimedFault {
    TimedFault {
        at: Duration::from_secs(at),
        lasts: Some(Duration::from_secs(lasts)),
        target: target.parse().unwrap(),
        fault: Fault::parse(word, FaultOptions::default()).unwrap(),
        span: Span::at(0),
    }
}

#[test]
fn an_hour_with_outages_keeps_its_promise_and_repeats() {
    let world = example(|policy| policy);
    let faults = vec![fault(300, 600, "swc", "429"), fault(1200, 300, "swc", "connection-refused"), fault(2400, 60, "swc", "hang")];
    let scenario = scenario(1.0, 60, faults);
    let keep = Keep { slowest: 3, failed: 3 };
    let run = run(&scenario, &world, 7, keep, &Default::default());
    assert!(run.whole.sent > 3300 && run.whole.sent < 3900, "{}", run.whole.sent);
    assert_eq!(run.whole.good, run.whole.sent);
    assert!(run.faults.iter().all(|story| story.failover_time.is_some() && story.return_time.is_some()), "{:?}", run.faults);
    let again = super::run(&scenario, &world, 7, keep, &Default::default());
    assert_eq!((again.whole.latency.mean(), again.whole.served_by), (run.whole.latency.mean(), run.whole.served_by));
}

#[test]
fn a_gateway_may_be_slow_or_break_off() {
    let world = example(|policy| policy);
    let under = |word: &str| {
        let scenario = scenario(0.5, 5, vec![fault(0, 600, "gateway:swedencentral", word)]);
        run(&scenario, &world, 7, Keep::default(), &Default::default()).whole
    };
    let slow = under("slow");
    assert_eq!(slow.good, slow.sent);
    assert!(slow.latency.min() >= 5_000_000 && slow.first_token.min() >= 5_000_000, "{}", slow.latency.min());
    let cut = under("cut-body");
    assert_eq!((cut.good, cut.errors.get("cut-body")), (0, Some(&cut.sent)));
}

#[test]
fn what_comes_after_a_client_has_given_up_concerns_nobody() {
    let world = example(|policy| policy);
    let late = Fault::parse("503", FaultOptions { delay: Some(Duration::from_millis(3200)), ..FaultOptions::default() }).unwrap();
    let mut held = fault(0, 600, "gateway:swedencentral", "503");
    held.fault = late;
    let mut impatient = Scenario::clone(&scenario(0.2, 5, vec![held]));
    impatient.load[0].client.timeout = Duration::from_secs(3);
    let whole = run(&Arc::new(impatient), &world, 7, Keep::default(), &Default::default()).whole;
    assert!(whole.sent > 30);
    assert_eq!((whole.good, whole.errors.get("timeout"), whole.client_retries), (0, Some(&whole.sent), 2 * whole.sent));
}

#[test]
fn users_begin_one_after_the_other_and_ask_again() {
    let world = example(|policy| policy);
    let mut closed = Scenario::clone(&scenario(1.0, 5, Vec::new()));
    closed.load[0].arrivals = Arrivals::Users { count: 20, think: Duration::from_secs(20) };
    let keep = Keep { slowest: 1000, failed: 0 };
    let run = run(&Arc::new(closed), &world, 7, keep, &Default::default());
    let mut stories = run.slowest;
    stories.sort_by_key(|story| story.number);
    assert!(stories.len() > 150 && stories.is_sorted_by_key(|story| story.at), "{}", stories.len());
}

/// A probe of another path than the status page meets the API's own rules: what is no operation, or lacks its key, makes every origin unhealthy, and
/// requests then go to all of them.
#[test]
fn a_probe_of_another_path_runs_the_policies() {
    let taken = |path: &str| {
        let probed = SPEC.replacen("path: /status-0123456789abcdef", &format!("path: {path}"), 1);
        let (spec, _) = spec::read(&Source::new("two-region.yaml", probed)).unwrap();
        let built =
            crate::world::build(crate::world::Materials { spec: Some(spec), ..Default::default() }, &crate::world::invented(1)).unwrap();
        let run = run(&scenario(0.5, 5, Vec::new()), &built.world, 7, Keep::default(), &Default::default()).whole;
        assert_eq!(run.good, run.sent, "{path}");
        run.gateways
    };
    assert!(matches!(taken("/status-0123456789abcdef")[..], [_, 0]));
    for path in ["/openai/nothing", "/elsewhere", "/openai/deployments/gpt-4o/chat/completions"] {
        assert!(taken(path).iter().all(|count| *count > 0), "{path}");
    }
}
