//! The room as a whole: example scenarios, every fault at once, what is left out, traces, the schema, hostile input.

use std::{path::Path, sync::Arc, time::Duration};

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use super::{
    metrics::{METRICS, metric},
    *,
};
use crate::{
    azure::faults::{CATALOGUE, Fault, FaultOptions},
    diagnostic::Severity,
};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn no_file(path: &str) -> Result<String, String> {
    Err(format!("`{path}` is not there"))
}

fn text(text: &str) -> Arc<Source> {
    Source::new("scenario.yaml", text)
}

/// A whole scenario around some lines of it.
fn around(lines: &str) -> Arc<Source> {
    text(&format!("spec: spec.yaml\nduration: 1h\n{lines}"))
}

const OFFICE: &str = "load: [{ name: office, from: swedencentral, model: gpt-4o, rate: 1/s }]\n";

/// The one load of a scenario with these keys beside `from`.
fn load(keys: &str) -> Load {
    let source = around(&format!("load: [{{ from: swedencentral, {keys} }}]"));
    match read(&source, "x", &no_file) {
        Ok((scenario, _)) => scenario.load.into_iter().next().unwrap(),
        Err(faults) => panic!("{keys}: {faults:?}"),
    }
}

/// Every fault as code, underlined text and message.
fn faults(source: &Arc<Source>) -> Vec<(&'static str, String, String)> {
    let faults = match read(source, "x", &no_file) {
        Ok((_, warnings)) => warnings,
        Err(faults) => faults,
    };
    let row = |fault: &Diagnostic| {
        let label = fault.primary().unwrap();
        (fault.code, label.source.slice(label.span).to_owned(), fault.message.clone())
    };
    faults.iter().map(row).collect()
}

fn expectation(text: &str) -> Expectation {
    Expectation::parse(text, Span::default()).unwrap_or_else(|fault| panic!("{text}: {fault}: {}", fault.help))
}

#[test]
fn a_scenario_is_read_as_written() {
    let source = text(
        "name: Outage\ndescription: a test\nspec: a.yaml\npolicy: p.xml\nbackendEntities: b.json\nnamedValues: { a: b }\nseed: 7\nduration: 1h\n\
         backends:\n  - { id: own, region: westeurope, endpoint: https://own.openai.azure.com, key: k, deployments: { gpt-4o: { tokensPerMinute: 1000 } } }\n\
         load:\n  - { from: swedencentral, model: gpt-4o, rate: 1/s, promptTokens: 300, maxTokens: 200, streaming: 30% }\n\
         faults:\n  - { at: 5m, for: 10m, backend: swc, fault: 429, retryAfter: 10s }\n  - { deployment: swc/gpt-4o, fault: quota-drop, tokensPerMinute: 10% }\n\
         expect:\n  - availability >= 99.95%\n",
    );
    let (scenario, warnings) = read(&source, "file", &no_file).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!((scenario.name.as_str(), scenario.description.as_deref(), scenario.seed), ("Outage", Some("a test"), 7));
    assert_eq!(scenario.world.spec.as_deref(), Some("a.yaml"));
    assert_eq!(scenario.world.policy.as_deref(), Some("p.xml"));
    assert_eq!(scenario.world.backend_entities.as_deref(), Some("b.json"));
    assert_eq!(scenario.world.named_values["a"], "b");
    let own = &scenario.world.backends[0];
    assert_eq!((own.id.as_str(), own.region.name, own.key.as_deref()), ("own", "westeurope", Some("k")));
    assert_eq!(own.deployments["gpt-4o"].tokens_per_minute, Some(1000));
    assert_eq!(scenario.load[0].streaming, 0.3);
    let fault = &scenario.faults[0];
    assert_eq!((fault.at, fault.lasts), (Duration::from_secs(300), Some(Duration::from_secs(600))));
    assert_eq!(fault.target.to_string(), "swc");
    let options = FaultOptions { retry_after: Some(Duration::from_secs(10)), ..FaultOptions::default() };
    assert_eq!(fault.fault, Fault::parse("429", options).unwrap());
    assert_eq!(scenario.faults[1].target.to_string(), "swc/gpt-4o");
    assert_eq!((scenario.faults[1].at, scenario.faults[1].lasts), (Duration::ZERO, None));
    assert_eq!(scenario.expect[0].value, 0.9995);
    assert_eq!(source.slice(scenario.expect[0].span), "availability >= 99.95%");
}

#[test]
fn what_is_left_out_has_a_meaning() {
    let (scenario, _) = read(&around("load: [{ from: swedencentral, model: gpt-4o, rate: 1/s }]"), "the-file", &no_file).unwrap();
    assert_eq!((scenario.name.as_str(), scenario.seed), ("the-file", 0));
    let office = &scenario.load[0];
    assert_eq!(office.name, "load 1");
    assert_eq!((office.via, office.streaming, office.client), (Via::Nearest, 0.0, Client::default()));
    assert_eq!((office.start, office.end), (Duration::ZERO, Duration::from_secs(3600)));
    let ask = Ask {
        operation: Operation::Chat,
        model: "gpt-4o".to_owned(),
        prompt_tokens: Amount::Fixed(300),
        max_tokens: None,
        prompt: None,
        headers: Vec::new(),
        query: None,
    };
    assert_eq!(office.mix, [(1.0, ask)]);
}

#[test]
fn requests_arrive_in_many_ways() {
    let seconds = Duration::from_secs;
    for (keys, arrivals) in [
        ("rate: 1/s", Arrivals::Poisson { rate: 1.0 }),
        ("rate: 30/m", Arrivals::Poisson { rate: 0.5 }),
        ("rate: 1800/h", Arrivals::Poisson { rate: 0.5 }),
        ("rate: 2.5/s, arrivals: constant", Arrivals::Constant { rate: 2.5 }),
        ("ramp: { from: 0/s, to: 20/s }", Arrivals::Ramp { from: 0.0, to: 20.0 }),
        ("daily: { low: 1/s, peak: 10/s }", Arrivals::Daily { low: 1.0, peak: 10.0, peak_at: seconds(14 * 3600) }),
        ("daily: { low: 1/s, peak: 10/s, peakAt: 9h }", Arrivals::Daily { low: 1.0, peak: 10.0, peak_at: seconds(9 * 3600) }),
        ("bursts: { size: 50, every: 1m }", Arrivals::Bursts { rate: 0.0, size: 50, every: seconds(60) }),
        ("bursts: { rate: 1/s, size: 50, every: 1m }", Arrivals::Bursts { rate: 1.0, size: 50, every: seconds(60) }),
        ("users: 20, think: 10s", Arrivals::Users { count: 20, think: seconds(10) }),
        ("users: 20", Arrivals::Users { count: 20, think: seconds(5) }),
    ] {
        assert_eq!(load(&format!("model: gpt-4o, {keys}")).arrivals, arrivals, "{keys}");
    }
}

#[test]
fn a_load_asks_for_what_it_says() {
    for (keys, operation) in [
        ("operation: completion", Operation::Completion),
        ("operation: embedding", Operation::Embedding),
        ("operation: chat-v1", Operation::ChatV1),
        ("operation: embedding-v1", Operation::EmbeddingV1),
        ("operation: responses", Operation::Responses),
        ("path: /status", Operation::Raw { method: "GET".into(), path: "/status".into(), body: String::new() }),
        ("path: /x, body: y", Operation::Raw { method: "POST".into(), path: "/x".into(), body: "y".into() }),
        ("path: /x, method: PUT, body: y", Operation::Raw { method: "PUT".into(), path: "/x".into(), body: "y".into() }),
    ] {
        assert_eq!(load(&format!("model: gpt-4o, rate: 1/s, {keys}")).mix[0].1.operation, operation, "{keys}");
    }
    for (keys, amount) in [
        ("promptTokens: 5", Amount::Fixed(5)),
        ("promptTokens: { from: 100, to: 900 }", Amount::Uniform(100, 900)),
        ("promptTokens: { median: 300, p95: 2000 }", Amount::LogNormal(300, 2000)),
    ] {
        assert_eq!(load(&format!("model: gpt-4o, rate: 1/s, {keys}")).mix[0].1.prompt_tokens, amount, "{keys}");
    }
    let mixed = load(
        "rate: 1/s, maxTokens: 200, headers: { X-A: b }, query: x=1, prompt: Hello, \
         mix: [{ model: gpt-4o, share: 70%, promptTokens: 10 }, { model: e, share: 30%, operation: embedding, maxTokens: 5 }]",
    );
    let shown: Vec<_> = mixed.mix.iter().map(|(share, ask)| (*share, ask.model.as_str(), ask.prompt_tokens, ask.max_tokens)).collect();
    assert_eq!(
        shown,
        [(0.7, "gpt-4o", Amount::Fixed(10), Some(Amount::Fixed(200))), (0.3, "e", Amount::Fixed(300), Some(Amount::Fixed(5)))]
    );
    assert_eq!(mixed.mix[1].1.operation, Operation::Embedding);
    assert_eq!(mixed.mix[0].1.headers, [("X-A".to_owned(), "b".to_owned())]);
    assert_eq!((mixed.mix[0].1.query.as_deref(), mixed.mix[0].1.prompt.as_deref()), (Some("x=1"), Some("Hello")));
    let equal = load("rate: 1/s, mix: [{ model: a }, { model: b }]");
    assert_eq!(equal.mix.iter().map(|(share, _)| *share).collect::<Vec<_>>(), [0.5, 0.5]);
    let probe = load("rate: 1/s, path: /status-0123456789abcdef");
    assert_eq!(probe.mix[0].1.model, "");
    let bots = load("model: m, rate: 1/s, via: francecentral, start: 5m, for: 10m, retries: 0, timeout: 30s");
    assert_eq!(bots.via, Via::Gateway(crate::spec::Region::named("francecentral").unwrap()));
    assert_eq!((bots.start.as_secs(), bots.end.as_secs()), (300, 900));
    assert_eq!(bots.client, Client { retries: 0, timeout: Duration::from_secs(30) });
}

#[test]
fn what_does_not_go_together_is_told_with_its_place() {
    let loads = |keys: &str| around(&format!("load: [{{ from: swedencentral, model: m, {keys} }}]"));
    let world = |lines: &str| text(&format!("duration: 1h\n{OFFICE}{lines}"));
    let fault = |keys: &str| around(&format!("{OFFICE}faults: [{{ backend: swc, {keys} }}]"));
    let expect = |text: &str| around(&format!("{OFFICE}faults: [{{ at: 1m, backend: swc, fault: hang }}]\nexpect: ['{text}']"));
    for (source, code, place, message) in [
        (world(""), "scenario/bad-world", "duration", "no world"),
        (world("service: a\npolicy: b"), "scenario/bad-world", "a", "a policy too"),
        (world("spec: a\napi: x"), "scenario/bad-world", "x", "without a spec"),
        (world("service: a\nbackendEntities: x"), "scenario/bad-world", "x", "own backend entities"),
        (loads("rate: 1/s, ramp: { from: 1/s, to: 2/s }"), "scenario/bad-load", "{ from: 1/s, to: 2/s }", "both say"),
        (loads("rate: 1/s, think: 5s"), "scenario/bad-load", "5s", "there are none"),
        (loads("users: 5, arrivals: constant"), "scenario/bad-load", "constant", "there is none"),
        (loads("rate: 1/s, start: 2h"), "scenario/bad-load", "2h", "when the scenario is over"),
        (loads("rate: 1/s, start: 5m, end: 1m"), "scenario/bad-load", "1m", "before it begins"),
        (loads("rate: 1/s, end: 2h"), "scenario/beyond-the-end", "2h", "ends with it"),
        (loads("rate: 1/s, for: 2h"), "scenario/beyond-the-end", "2h", "ends with it"),
        (loads("bursts: { size: 5, every: 2h }"), "scenario/beyond-the-end", "2h", "first burst"),
        (loads("daily: { low: 2/s, peak: 1/s }"), "scenario/out-of-range", "1/s", "below `low`"),
        (loads("rate: 1/s, body: x"), "scenario/bad-load", "x", "`path`"),
        (loads("rate: 1/s, mix: [{ model: a }]"), "scenario/bad-load", "[{ model: a }]", "a model and a mix"),
        (loads("rate: 1/w"), "scenario/bad-rate", "1/w", "not a rate"),
        (loads("rate: 1000000/s"), "scenario/out-of-range", "1000000/s", "out of range"),
        (fault("at: 2h, fault: hang"), "scenario/beyond-the-end", "2h", "when the scenario is over"),
        (fault("fault: 503, headers: { Content-Length: '1' }"), "scenario/bad-fault", "{ Content-Length: '1' }", "cannot be sent"),
        (fault("fault: 204, body: x"), "scenario/bad-fault", "x", "no body"),
        (fault("fault: 503, period: 1ms"), "scenario/bad-fault", "1ms", "period"),
        (expect("availability >= 99% after fault 1"), "scenario/dangling-reference", "", "never ends"),
        (expect("availability >= 99% from 2h to 3h"), "scenario/beyond-the-end", "", "when the scenario is over"),
        (
            around(&format!("{OFFICE}faults: [{{ at: 1m, backend: swc, fault: hang }}, {{ at: 5m, for: 1m, backend: swc, fault: 503 }}]")),
            "scenario/overlapping-faults",
            "",
            "takes its place",
        ),
    ] {
        let found = faults(&source);
        let [(found_code, found_place, found_message)] = found.as_slice() else { panic!("{message}: {found:#?}") };
        assert_eq!((*found_code, true), (code, found_message.contains(message)), "{found_message}");
        assert!(place.is_empty() || found_place == place, "{message}: {found_place}");
    }
}

#[test]
fn expectations_are_read() {
    for (text, metric, operator, value, window, client) in [
        ("availability >= 99.95%", Metric::Availability, Operator::AtLeast, 0.9995, Window::Whole, None),
        ("latency.p95 < 10s", Metric::Latency(Statistic::Quantile(950)), Operator::Below, 10.0, Window::Whole, None),
        ("latency.p99.9<250ms", Metric::Latency(Statistic::Quantile(999)), Operator::Below, 0.25, Window::Whole, None),
        ("latency.p5 < 1.5m", Metric::Latency(Statistic::Quantile(50)), Operator::Below, 90.0, Window::Whole, None),
        ("firstToken.mean <= 1h", Metric::FirstToken(Statistic::Mean), Operator::AtMost, 3600.0, Window::Whole, None),
        ("responses[429] == 0", Metric::Responses(Some(Status::Exactly(429))), Operator::Equal, 0.0, Window::Whole, None),
        ("responses[5xx] == 0", Metric::Responses(Some(Status::Class(5))), Operator::Equal, 0.0, Window::Whole, None),
        ("errors[hang] > 1", Metric::Errors(Some("hang".into())), Operator::Above, 1.0, Window::Whole, None),
        ("servedBy[frc] > 0 during fault 1", Metric::ServedBy("frc".into()), Operator::Above, 0.0, Window::During(1), None),
        ("servedBy.share[ frc ] > 5%", Metric::ServedByShare("frc".into()), Operator::Above, 0.05, Window::Whole, None),
        ("attempts.max <= 2 after fault 2", Metric::Attempts(Statistic::Max), Operator::AtMost, 2.0, Window::After(2), None),
        (
            "calls > 0 from 5m to 1h client load 1",
            Metric::Calls(None),
            Operator::Above,
            0.0,
            Window::Between(Duration::from_secs(300), Duration::from_secs(3600)),
            Some("load 1"),
        ),
        ("blocked[only-europe] == 30000", Metric::Blocked(Some("only-europe".into())), Operator::Equal, 30_000.0, Window::Whole, None),
        ("breaker.open[swc] < 30s", Metric::BreakerOpen("swc".into()), Operator::Below, 30.0, Window::Whole, None),
    ] {
        let read = expectation(text);
        assert_eq!((&read.metric, read.operator, read.value), (&metric, operator, value), "{text}");
        assert_eq!((read.scope.window, read.scope.client.as_deref()), (window, client), "{text}");
    }
}

#[test]
fn what_is_no_expectation_is_told_with_the_piece_that_is_wrong() {
    for (text, piece, code, help) in [
        ("availability >= 99", "99", "scenario/wrong-unit", "write `99%`"),
        ("latency.p95 < 10", "10", "scenario/wrong-unit", "write `10s`"),
        ("latency.p95 < 10%", "10%", "scenario/wrong-unit", "`250ms`"),
        ("requests > 5%", "5%", "scenario/wrong-unit", "write `5`"),
        ("availabilty >= 99%", "availabilty", "scenario/unknown-metric", "did you mean `availability`?"),
        ("latency.p59.5.5 < 1s", "latency.p59.5.5", "scenario/unknown-metric", "`latency.p95`"),
        ("latency.p100 < 1s", "latency.p100", "scenario/unknown-metric", "`latency.p95`"),
        ("latency.p0 < 1s", "latency.p0", "scenario/unknown-metric", "`latency.p95`"),
        ("latency < 1s", "latency", "scenario/unknown-metric", "`latency.p95`"),
        ("zebras > 1", "zebras", "scenario/unknown-metric", "the metrics are `availability`"),
        ("availability => 99%", "=>", "scenario/bad-expectation", "did you mean `>=`?"),
        ("availability != 99%", "!=", "scenario/bad-expectation", "the operators are"),
        ("availability 99%", "99%", "scenario/bad-expectation", "the operators are"),
        ("availability >= ", "", "scenario/bad-expectation", "`99.95%`"),
        ("availability >= 101%", "101%", "scenario/bad-expectation", "100%"),
        ("availability >= -1%", "-1%", "scenario/bad-expectation", "`99.95%`"),
        ("availability >= 1e2%", "1e2%", "scenario/wrong-unit", "`1%`"),
        ("servedBy > 1", "servedBy", "scenario/bad-expectation", "servedBy[NAME]"),
        ("failovers[swc] > 1", "[swc]", "scenario/bad-expectation", "write `failovers`"),
        ("responses[6xx] > 1", "[6xx]", "scenario/bad-expectation", "[5xx]"),
        ("responses[429 > 1", "[429 > 1", "scenario/bad-expectation", "metric[key]"),
        ("errors[timout] > 1", "[timout]", "scenario/bad-expectation", "did you mean `timeout`?"),
        ("requests > 1 during fault x", "during fault x", "scenario/bad-expectation", "from 1"),
        ("requests > 1 during fault 0", "during fault 0", "scenario/bad-expectation", "from 1"),
        ("requests > 1 from 5 to 10m", "from 5", "scenario/bad-expectation", "whole number with a unit"),
        ("requests > 1 from 5m until 10m", "from 5m until", "scenario/bad-expectation", "from 5m to 10m"),
        ("requests > 1 from 10m to 5m", "from 10m to 5m", "scenario/bad-expectation", "earlier"),
        ("requests > 1 during fault 1 after fault 1", "after", "scenario/bad-expectation", "give one"),
        ("requests > 1 durng fault 1", "durng", "scenario/bad-expectation", "did you mean `during`?"),
        ("requests > 1 client", "client", "scenario/bad-expectation", "`name` of a load"),
        ("", "", "scenario/bad-expectation", "metric[key]"),
    ] {
        let fault = Expectation::parse(text, Span::default()).unwrap_err();
        assert_eq!((&text[fault.at.clone()], fault.code), (piece, code), "{text}: {fault}");
        assert!(fault.help.contains(help), "{text}: {}", fault.help);
    }
}

#[test]
fn the_table_of_metrics_is_whole() {
    for row in METRICS {
        let examples = [None, Some("429"), Some("hang")];
        let name = [row.name.to_owned(), format!("{}.p95", row.name)];
        let made: Vec<Metric> = name.iter().flat_map(|name| examples.iter().filter_map(|key| metric(name, *key).ok())).collect();
        assert!(!made.is_empty(), "{}", row.name);
        for metric in made {
            assert!(metric.to_string().starts_with(row.name), "{metric}");
            assert!(row.says.ends_with(|c: char| c.is_alphanumeric()), "{}", row.name);
        }
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9][a-zA-Z0-9 ._-]{0,10}[a-zA-Z0-9]"
}

fn a_metric() -> impl Strategy<Value = Metric> {
    let statistic =
        prop_oneof![Just(Statistic::Min), Just(Statistic::Mean), Just(Statistic::Max), (1_u16..1000).prop_map(Statistic::Quantile)];
    let status = prop_oneof![(100_u16..600).prop_map(Status::Exactly), (1_u16..=5).prop_map(Status::Class)];
    let word = (0..CATALOGUE.len()).prop_map(|index| CATALOGUE[index].word.to_owned());
    prop_oneof![
        Just(Metric::Availability),
        Just(Metric::TokensWasted),
        Just(Metric::Unfinished),
        proptest::option::of(status).prop_map(Metric::Responses),
        proptest::option::of(word).prop_map(Metric::Errors),
        statistic.clone().prop_map(Metric::Latency),
        statistic.clone().prop_map(Metric::FirstToken),
        statistic.prop_map(Metric::Attempts),
        name().prop_map(Metric::ServedBy),
        name().prop_map(Metric::ServedByShare),
        name().prop_map(Metric::Gateway),
        name().prop_map(Metric::BreakerOpen),
        proptest::option::of(name()).prop_map(Metric::Calls),
        proptest::option::of(name()).prop_map(Metric::BreakerTrips),
        proptest::option::of(name()).prop_map(Metric::Blocked),
    ]
}

fn a_scope() -> impl Strategy<Value = Scope> {
    let window = prop_oneof![
        Just(Window::Whole),
        (1_usize..1000).prop_map(Window::During),
        (1_usize..1000).prop_map(Window::After),
        (0_u64..100_000, 1_u64..100_000_000)
            .prop_map(|(from, lasts)| Window::Between(Duration::from_millis(from), Duration::from_millis(from + lasts))),
    ];
    (window, proptest::option::of(name())).prop_map(|(window, client)| Scope { window, client })
}

fn an_operator() -> impl Strategy<Value = Operator> {
    prop_oneof![Just(Operator::AtLeast), Just(Operator::AtMost), Just(Operator::Above), Just(Operator::Below), Just(Operator::Equal)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_as_the_same(metric in a_metric(), operator in an_operator(), digits in 0_u32..1_000_000, point in 0_u32..7, scope in a_scope()) {
        let value = f64::from(digits) / 10_f64.powi(i32::try_from(point).unwrap());
        let value = if metric.unit() == Unit::Share { value / 1e6 } else { value };
        let wanted = Expectation { text: String::new(), metric, operator, value, scope, span: Span::default() };
        let read = expectation(&wanted.to_string());
        prop_assert_eq!(&read.metric, &wanted.metric);
        prop_assert_eq!((read.operator, read.value, &read.scope), (wanted.operator, wanted.value, &wanted.scope), "{}", wanted);
        prop_assert_eq!(read.to_string(), wanted.to_string());
    }

    #[test]
    fn no_text_breaks_the_readers(text in ".{0,80}", start in any::<u16>()) {
        let span = Span::at(usize::from(start));
        if let Err(fault) = Expectation::parse(&text, span) {
            prop_assert_eq!(text.get(fault.at.clone()).is_some(), true, "{:?} {:?}", text, fault.at);
        }
        let _ = trace::read(&Source::new("t.csv", format!("time,model\n{text}")));
        let _ = read(&around(&format!("load: [{text}]")), "x", &no_file);
    }
}

/// The requests of a trace: milliseconds, model, prompt, answer, stream.
type Row = (u128, Option<String>, Option<u64>, Option<u64>, Option<bool>);

fn traced(csv: &str) -> Result<Vec<Row>, Vec<Diagnostic>> {
    let row = |request: Recorded| (request.at.as_millis(), request.model, request.prompt_tokens, request.max_tokens, request.streaming);
    trace::read(&Source::new("t.csv", csv)).map(|requests| requests.into_iter().map(row).collect())
}

#[test]
fn traces_are_read_in_several_forms() {
    let model = |name: &str| Some(name.to_owned());
    for (csv, rows) in [
        (
            "time,model,prompt_tokens,max_tokens,streaming\n1.5,gpt-4o,300,200,true\n0,\"a,\"\"b\"\"\",,,\n",
            vec![(0, model("a,\"b\""), None, None, None), (1500, model("gpt-4o"), Some(300), Some(200), Some(true))],
        ),
        // github.com/Azure/AzurePublicDataset: AzureLLMInferenceTrace_code.csv of 2023, and the form of 2024.
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,3180,8\r\n",
            vec![(0, None, Some(4808), Some(10), None), (52, None, Some(3180), Some(8), None)],
        ),
        (
            "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-10 00:00:01.009930+00:00,2162,5\n2024-05-10 00:00:00.009930+00:00,2399,6\n",
            vec![(0, None, Some(2399), Some(6), None), (1000, None, Some(2162), Some(5), None)],
        ),
        (
            "\u{feff}time,note\n2023-11-16T18:17:03Z,x\n\n2023-11-16T19:17:04+01:00,y",
            vec![(0, None, None, None, None), (1000, None, None, None, None)],
        ),
        ("Time,Prompt Tokens,Stream\n2,374.0,0\n", vec![(2000, None, Some(374), None, Some(false))]),
    ] {
        assert_eq!(traced(csv).unwrap(), rows, "{csv}");
    }
}

#[test]
fn what_is_wrong_with_a_trace_is_told_with_its_line() {
    for (csv, line, message) in [
        ("", 1, "says nothing"),
        ("model\ngpt-4o\n", 1, "no column `time`"),
        ("time,time\n1,2\n", 1, "there twice"),
        ("time\nyesterday\n", 2, "`yesterday` is not a time"),
        ("time\n-1\n", 2, "`-1` is not a time"),
        ("time\nNaN\n", 2, "`NaN` is not a time"),
        ("time,prompt_tokens\n1,many\n", 2, "not a number of tokens"),
        ("time,streaming\n1,maybe\n", 2, "not a truth value"),
        ("time,model\n1,a\n,b\n", 3, "no time"),
        ("time\n1\n2023-11-16T18:17:03Z\n", 1, "others are seconds"),
    ] {
        let found = traced(csv).unwrap_err();
        let label = found[0].primary().unwrap();
        assert_eq!((label.source.position(label.span.start).line, found[0].message.contains(message)), (line, true), "{csv}: {found:?}");
    }
}

#[test]
fn a_trace_drives_a_load() {
    let source = around("load:\n  - { from: swedencentral, trace: requests.csv, start: 10m, end: 20m }");
    let file = |path: &str| {
        assert_eq!(path, "requests.csv");
        Ok("time,model\n1,gpt-4o\n2,\n700,gpt-4o\n".to_owned())
    };
    let (scenario, warnings) = read(&source, "x", &file).unwrap();
    let Arrivals::Trace(recorded) = &scenario.load[0].arrivals else { panic!("{:?}", scenario.load[0]) };
    assert_eq!(recorded.iter().map(|request| request.at.as_secs()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(scenario.load[0].mix[0].1.model, "gpt-4o", "what a line does not say is as the first that says it");
    assert_eq!(
        warnings.iter().map(|found| (found.code, found.severity)).collect::<Vec<_>>(),
        [("scenario/beyond-the-end", Severity::Warning)]
    );
    assert!(warnings[0].message.starts_with("1 of 3 requests"), "{}", warnings[0].message);
    let bad = |_: &str| Ok("time\nx\n".to_owned());
    let found = read(&source, "x", &bad).unwrap_err();
    assert_eq!(found[0].primary().unwrap().source.name(), "requests.csv");
    assert!(!faults(&source).is_empty(), "a file that is not there is an error");
}

#[test]
fn the_shared_readers_speak_of_scenarios() {
    // Each code of the readers that this room uses, whichever of them a scenario can bring about.
    for path in ["src/spec/fields.rs", "src/spec/read.rs", "src/spec/scalars.rs"] {
        let code = std::fs::read_to_string(folder().join(path)).unwrap();
        for (at, _) in code.match_indices("\"spec/") {
            let found = code[at + 1..].split('"').next().unwrap();
            let only_of_specs = ["spec/bad-status", "spec/bad-vault-url"].contains(&found);
            let own = codes::own(Diagnostic { code: found.to_owned().leak(), ..Diagnostic::error("", "") });
            assert!(only_of_specs || own.code.starts_with("scenario/"), "{path}: {found}");
        }
    }
    assert!(faults(&text(""))[0].0 == "scenario/empty");
    let help = read(&text(""), "x", &no_file).unwrap_err()[0].help.clone().unwrap();
    assert!(help.contains("schema scenario"), "{help}");
}

#[test]
fn names_are_held_against_the_world() {
    let example = std::fs::read_to_string(folder().join("fixtures/specs/two-region.yaml")).unwrap();
    let (spec, _) = crate::spec::read(&Source::new("spec.yaml", example)).unwrap();
    let materials = crate::world::Materials { spec: Some(spec), ..Default::default() };
    let built = crate::world::build(materials, &crate::world::invented(0)).unwrap();
    let found = |lines: &str| {
        let source = around(lines);
        let (scenario, _) = read(&source, "x", &no_file).unwrap_or_else(|faults| panic!("{faults:?}"));
        let row = |fault: Diagnostic| {
            let label = fault.primary().unwrap();
            (fault.code, label.source.slice(label.span).to_owned(), fault.message, fault.help.unwrap_or_default())
        };
        check(&scenario, &source, &built).into_iter().map(row).collect::<Vec<_>>()
    };
    let fault = |target: &str, word: &str| format!("{OFFICE}faults: [{{ {target}, fault: {word} }}]");
    let expect = |text: &str| format!("{OFFICE}expect: ['{text}']");
    for good in [
        OFFICE.to_owned(),
        fault("backend: swc", "hang"),
        fault("deployment: frc/gpt-4o-fr", "503"),
        fault("region: francecentral", "outage"),
        fault("gateway: France Central", "hang"),
        fault("link: swedencentral-francecentral", "partition"),
        fault("link: front-door-swedencentral", "partition"),
        expect("servedBy[frc] > 0"),
        expect("blocked[only-europe] == 0"),
        expect("gateway[swedencentral] > 0"),
    ] {
        assert_eq!(found(&good), [], "{good}");
    }
    let dangling = "scenario/dangling-reference";
    for (lines, code, place, help) in [
        (fault("backend: swd", "hang"), dangling, "swd", "did you mean `swc`?"),
        (fault("deployment: swc/gpt-4", "503"), dangling, "swc/gpt-4", "did you mean `swc/gpt-4o`?"),
        (fault("deployment: nobody/gpt-4o", "503"), dangling, "nobody/gpt-4o", "there is `swc`, `frc`"),
        (fault("region: westeurope", "outage"), dangling, "westeurope", "`swedencentral`"),
        (fault("gateway: westeurope", "hang"), dangling, "westeurope", "`swedencentral`"),
        (fault("link: swedencentral-westeurope", "partition"), dangling, "swedencentral-westeurope", "`francecentral`"),
        (expect("servedBy[frx] == 0"), dangling, "'servedBy[frx] == 0'", "did you mean `frc`?"),
        (expect("calls[nobody] == 0"), dangling, "'calls[nobody] == 0'", "there is `swc`, `frc`"),
        (expect("blocked[only-europa] == 0"), dangling, "'blocked[only-europa] == 0'", "did you mean `only-europe`?"),
        (expect("gateway[westeurope] == 0"), dangling, "'gateway[westeurope] == 0'", "`francecentral`"),
        (OFFICE.replace("rate", "via: westeurope, rate"), dangling, "westeurope", "`francecentral`"),
        (OFFICE.replace("gpt-4o", "gpt-4p"), "scenario/unknown-model", "gpt-4p", "did you mean `gpt-4o`?"),
        (
            OFFICE.replace("model: gpt-4o", "mix: [{ model: gpt-4o }, { model: gpt-4p }]"),
            "scenario/unknown-model",
            "gpt-4p",
            "did you mean `gpt-4o`?",
        ),
    ] {
        let rows = found(&lines);
        let [(found_code, found_place, _, found_help)] = rows.as_slice() else { panic!("{lines}: {rows:?}") };
        assert_eq!((*found_code, found_place.as_str()), (code, place), "{lines}");
        assert!(found_help.contains(help), "{lines}: {found_help}");
    }
}
