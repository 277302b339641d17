//! A made-up run of a scenario, small enough to read its reports: an hour, two regions, two faults, a failed expectation.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;
use openai_failover::{
    azure::faults::{Fault, FaultOptions},
    gateway::trace::{Entry, Record},
    policy::{Place, Section},
    report::scenario::{Sample, Trial},
    scenario::{
        Amount, Arrivals, Ask, Client, Expectation, Load, Metric, Operation, Operator, Scenario, Scope, Statistic, Status, TimedFault, Via,
        Window, WorldSource,
    },
    source::{Source, Span},
    spec::{self, Agreement, Region},
    virtual_time::{Bucket, Call, Cast, FaultStory, Judged, Run, Statistics, Story, Timeline, Try},
};

const MINUTE: Duration = Duration::from_secs(60);
const BUCKETS: u64 = 60;

fn fault(at: u32, lasts: Option<u32>, target: &str, word: &str) -> TimedFault {
    TimedFault {
        at: MINUTE * at,
        lasts: lasts.map(|minutes| MINUTE * minutes),
        target: target.parse().unwrap(),
        fault: Fault::parse(word, FaultOptions::default()).unwrap(),
        span: Span::default(),
    }
}

fn load(name: &'static str, from: &str, rate: f64) -> Load {
    let ask = Ask {
        operation: Operation::Chat,
        model: "gpt-4o".into(),
        prompt_tokens: Amount::Fixed(300),
        max_tokens: Some(Amount::Fixed(200)),
        prompt: None,
        headers: Vec::new(),
        query: None,
    };
    Load {
        name: name.into(),
        from: Region::named(from).unwrap(),
        via: Via::Nearest,
        arrivals: Arrivals::Poisson { rate },
        start: Duration::ZERO,
        end: MINUTE * 60,
        mix: vec![(1.0, ask)],
        streaming: 0.3,
        client: Client::default(),
    }
}

fn expectation(text: &str, metric: Metric, operator: Operator, value: f64, window: Window) -> Expectation {
    Expectation { text: text.into(), metric, operator, value, scope: Scope { window, client: None }, span: Span::default() }
}

/// The scenario; text that HTML and XML must escape is in its names.
pub fn scenario() -> Scenario {
    Scenario {
        name: "primary throttled & refused".into(),
        description: Some("Sweden is throttled for ten minutes, later <its> whole region is gone.".into()),
        world: WorldSource { spec: Some("two-region.yaml".into()), ..WorldSource::default() },
        seed: 7,
        duration: MINUTE * 60,
        load: vec![load("chat", "swedencentral", 0.7), load("batch", "francecentral", 0.3)],
        faults: vec![fault(5, Some(10), "swc", "429"), fault(30, Some(5), "region:swedencentral", "connection-refused")],
        expect: vec![
            expectation("availability >= 99.95%", Metric::Availability, Operator::AtLeast, 0.9995, Window::Whole),
            expectation("latency.p95 < 3s", Metric::Latency(Statistic::Quantile(950)), Operator::Below, 3.0, Window::Whole),
            expectation("responses[429] == 0", Metric::Responses(Some(Status::Exactly(429))), Operator::Equal, 0.0, Window::Whole),
            expectation("failoverTime < 5s during fault 2", Metric::FailoverTime, Operator::Below, 5.0, Window::During(2)),
            expectation("returnTime < 1m after fault 2", Metric::ReturnTime, Operator::Below, 60.0, Window::After(2)),
        ],
    }
}

fn statistics(sent: u64, good: u64) -> Statistics {
    let histogram = || Histogram::<u64>::new_with_bounds(1, 3_600_000_000, 3).unwrap();
    let mut statistics = Statistics {
        sent,
        good,
        unfinished: 2,
        statuses: [(200, good), (429, 1), (503, 1)].into(),
        errors: if sent > good + 2 { [("connection-refused", sent - good - 2)].into() } else { Default::default() },
        latency: histogram(),
        first_token: histogram(),
        attempts: histogram(),
        served_by: vec![good - good / 4, good / 4],
        calls: vec![sent, good / 4],
        throttled: vec![sent / 6, 0],
        tokens: vec![(good - good / 4) * 500, good / 4 * 500],
        gateways: vec![sent - sent / 3, sent / 3],
        failovers: good / 4,
        tokens_wasted: 1_200,
        client_retries: 9,
        throttled_with_capacity: 1,
        outside_boundary: 0,
        blocked: [("per-client".into(), 3)].into(),
    };
    for number in 0..sent {
        statistics.latency.record(900_000 + number % 97 * 31_000).unwrap();
        statistics.attempts.record(1 + u64::from(number % 4 == 0)).unwrap();
    }
    for number in 0..good {
        statistics.first_token.record(200_000 + number % 53 * 7_000).unwrap();
    }
    statistics
}

/// One bucket a minute.
fn timeline() -> Timeline {
    let bucket = |minute: u64| {
        let sent = 60 + minute * 7 % 11;
        let (throttled, gone) = ((5..15).contains(&minute), (30..35).contains(&minute));
        let bad = match minute {
            5 => 1,
            30 => 4,
            31 => 2,
            _ => 0,
        };
        let second = if gone {
            sent - bad
        } else if throttled {
            sent * 2 / 3
        } else {
            sent / 4
        };
        let p50 = if gone { 1_900_000 } else { 1_200_000 + minute * 37 % 13 * 10_000 };
        Bucket {
            sent,
            good: sent - bad,
            p50,
            p95: p50 * 2,
            p99: p50 * 5 / 2,
            served_by: vec![sent - bad - second, second],
            tokens: vec![(sent - bad - second) * 500, second * 500],
            throttled: vec![if throttled { sent } else { 0 }, 0],
        }
    };
    Timeline { width: MINUTE, buckets: (0..BUCKETS).map(bucket).collect() }
}

fn record(section: Section, line: u32, path: &'static str, entries: Vec<Entry>) -> Record {
    let place = Place { element: "x".into(), path: path.into(), document: "policy.xml".into(), line, ..Place::default() };
    Record { section, place, started: Duration::from_micros(1_260), duration: Duration::from_micros(12), entries }
}

fn story(number: u64, at: Duration, status: Option<u16>, error: Option<&'static str>, latency: Duration) -> Story {
    let good = status == Some(200);
    let call = |backend: &'static str, status: Option<u16>, error: Option<&'static str>, ms: u64| Call {
        backend: backend.into(),
        status,
        error,
        took: Duration::from_millis(ms),
    };
    let refused = Try {
        at,
        gateway: None,
        status: None,
        error: Some("connection-refused"),
        took: Duration::from_millis(12),
        calls: Vec::new(),
        trace: Vec::new(),
    };
    let last = Try {
        at: at + Duration::from_millis(700),
        gateway: Some("francecentral".into()),
        status,
        error,
        took: latency.saturating_sub(Duration::from_millis(700)),
        calls: vec![call("swc", None, Some("connection-refused"), 3), call("frc", status, error, 1_200)],
        trace: vec![
            record(
                Section::Inbound,
                12,
                r"choose\when\set-variable",
                vec![
                    Entry::Value("5\nlines".into()),
                    Entry::Changed { what: "variable <n>".into(), before: None, after: Some("5".into()) },
                ],
            ),
            record(
                Section::Backend,
                40,
                "forward-request",
                vec![Entry::Failed { reason: "BackendConnectionFailure".into(), message: "Nobody listens & waits".into() }],
            ),
        ],
    };
    Story {
        number,
        at,
        client: "chat".into(),
        model: "gpt-4o".into(),
        streaming: number.is_multiple_of(2),
        status,
        error,
        good,
        served_by: good.then(|| "frc".into()),
        latency,
        first_token: good.then(|| Duration::from_millis(312)),
        tries: vec![refused, last],
    }
}

fn judged(number: usize, actual: Option<f64>, holds: bool, offender: Option<Story>) -> Judged {
    Judged { expectation: scenario().expect.swap_remove(number), actual, holds, of: 3_600, offender: offender.map(Box::new) }
}

/// The run under a seed; under 7 an expectation fails.
pub fn run(seed: u64) -> Run {
    let bad = story(1_907, MINUTE * 30 + Duration::from_millis(12_345), Some(503), None, Duration::from_millis(2_900));
    let fails = seed == 7;
    Run {
        scenario: Arc::new(Scenario { seed, ..scenario() }),
        seed,
        cast: Cast {
            backends: vec![("swc".into(), "swedencentral".into()), ("frc".into(), "francecentral".into())],
            gateways: vec!["swedencentral".into(), "francecentral".into()],
        },
        whole: statistics(3_600, 3_593 + seed % 5),
        clients: vec![("chat".into(), statistics(2_520, 2_513)), ("batch".into(), statistics(1_080, 1_078))],
        windows: vec![
            (Window::During(1), statistics(600, 598)),
            (Window::During(2), statistics(300, 294)),
            (Window::After(2), statistics(1_500, 1_498)),
        ],
        faults: vec![
            FaultStory { failover_time: Some(Duration::from_millis(1_340)), return_time: Some(Duration::from_millis(9_500)) },
            FaultStory { failover_time: Some(Duration::from_millis(4_200)), return_time: None },
        ],
        timeline: timeline(),
        judged: vec![
            judged(0, Some(if fails { 0.999_499 } else { 0.9999 }), !fails, fails.then(|| bad.clone())),
            judged(1, Some(2.76), true, None),
            judged(2, Some(1.0), false, Some(story(333, MINUTE * 5, Some(429), None, Duration::from_millis(1_640)))),
            judged(3, Some(4.2), true, None),
            judged(4, None, false, None),
        ],
        slowest: vec![
            story(2_002, MINUTE * 33, Some(200), None, Duration::from_millis(14_870)),
            story(1_950, MINUTE * 32, Some(200), None, Duration::from_millis(9_000)),
        ],
        failed: vec![bad, story(1_911, MINUTE * 31, None, Some("timeout"), Duration::from_secs(600))],
        objective: Some(99.95),
    }
}

/// A run in which everything holds.
pub fn good() -> Run {
    let mut run = run(8);
    run.scenario = Arc::new(Scenario { name: "steady state".into(), description: None, faults: Vec::new(), ..scenario() });
    run.judged.retain(|judged| judged.holds);
    (run.faults, run.windows, run.failed) = (Vec::new(), Vec::new(), Vec::new());
    run.whole = Statistics { unfinished: 0, ..statistics(3_600, 3_600) };
    run
}

/// Both scenarios, the first under three seeds.
pub fn trials() -> Vec<Trial> {
    let source = Source::new("two-region.yaml", include_str!("../../fixtures/specs/two-region.yaml"));
    let spec = spec::read(&source).unwrap().0;
    let trial = |file: &str, run: Run, others: Vec<Sample>| Trial {
        file: file.into(),
        run,
        others,
        agreement: Some(Agreement::of(&spec)),
        took: Duration::from_millis(12),
    };
    vec![
        trial("scenarios/primary throttled.yaml", run(7), vec![Sample::of(run(8)), Sample::of(run(9))]),
        trial("scenarios/steady.yaml", good(), Vec::new()),
    ]
}
