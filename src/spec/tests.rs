//! The room as a whole: example specs, every fault at once, single faults by their underlined text, the schema, hostile input.

use std::{path::Path, sync::Arc, time::Duration};

use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use serde_json::json;

use super::{
    tree::{Node, Value},
    *,
};
use crate::diagnostic::Diagnostic;

const SPECS: [&str; 3] = ["two-region", "three-region", "minimal"];

fn fixture(name: &str) -> Arc<Source> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/specs").join(format!("{name}.yaml"));
    Source::new(format!("{name}.yaml"), std::fs::read_to_string(path).expect("a fixture"))
}

fn good(name: &str) -> (Spec, Vec<Diagnostic>) {
    read(&fixture(name)).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"))
}

/// Every fault as code, underlined text and line.
fn faults(source: &Arc<Source>) -> Vec<(&'static str, String, usize)> {
    let faults = match read(source) {
        Ok((_, warnings)) => warnings,
        Err(faults) => faults,
    };
    let row = |fault: &Diagnostic| {
        let label = fault.primary().expect("a place");
        (fault.code, label.source.slice(label.span).to_owned(), label.source.position(label.span.start).line)
    };
    faults.iter().map(row).collect()
}

/// The two-region example with one thing changed.
fn changed(from: &str, to: &str) -> Arc<Source> {
    let text = fixture("two-region").text().to_owned();
    assert_eq!(text.matches(from).count(), 1, "`{from}` must stand once in the example");
    Source::new("changed.yaml", text.replace(from, to))
}

#[test]
fn the_examples_are_good_and_warn_of_what_they_should() {
    assert_eq!(faults(&fixture("two-region")), []);
    assert_eq!(faults(&fixture("three-region")), []);
    assert_eq!(faults(&changed("strategy: send-request", "strategy: backend-pool")), []);
    assert_eq!(faults(&changed("[\"401\", \"403\", \"408\", \"429\", \"500-599\"]", "[429, 500-599]")), []);
    assert_eq!(faults(&fixture("minimal")), [("spec/single-backend-model", "gpt-4o".to_owned(), 10)]);
}

#[test]
fn the_two_region_example_is_read_as_written() {
    let (spec, _) = good("two-region");
    assert_eq!(spec.models(), ["gpt-4o", "text-embedding-3-large"]);
    assert_eq!(spec.gateways.iter().map(|gateway| gateway.region.display).collect::<Vec<_>>(), ["Sweden Central", "France Central"]);
    let front_door = spec.front_door.as_ref().expect("a front door");
    assert_eq!(front_door.origin_response_timeout, Duration::from_secs(150));
    assert_eq!((front_door.probe.sample_size, front_door.probe.successful_samples), (4, 2));
    let waf = front_door.waf.as_ref().expect("a firewall");
    assert_eq!(waf.rules[0].conditions[0].operator, WafOperator::GeoMatch);
    assert_eq!(waf.by_priority().iter().map(|rule| rule.azure_name()).collect::<Vec<_>>(), ["onlyeurope", "perclient"]);
    assert!(waf.rules[0].conditions[0].negate && waf.rules[0].rate_limit.is_none());
    let limit = WafRateLimit { threshold: 600, window: Duration::from_secs(60), group_by: WafGroupBy::SocketAddr };
    assert_eq!(waf.rules[1].rate_limit, Some(limit));
    let frc = spec.backend("frc").expect("a backend");
    assert_eq!(
        (frc.endpoint.url.as_str(), frc.endpoint.host.as_str()),
        ("https://contoso-frc.openai.azure.com", "contoso-frc.openai.azure.com")
    );
    assert_eq!(frc.auth, Auth::ApiKey("aoai-key-frc".to_owned()));
    let deployment = &frc.deployments["gpt-4o"];
    assert_eq!((deployment.name.as_str(), deployment.model.as_str(), deployment.tokens_per_minute), ("gpt-4o-fr", "gpt-4o", Some(80_000)));
    assert_eq!(spec.backends_holding("gpt-4o").map(|backend| backend.id.as_str()).collect::<Vec<_>>(), ["swc", "frc"]);
    assert_eq!(spec.data_boundary, DataBoundary::Eu);
    assert!(spec.failover.on.status(503) && spec.failover.on.status(429) && !spec.failover.on.status(404));
}

#[test]
fn the_three_region_example_mixes_identities_names_and_kinds() {
    let (spec, _) = good("three-region");
    assert_eq!(spec.backends_holding("gpt-4o").count(), 2);
    assert_eq!(spec.backends_holding("text-embedding-3-large").count(), 3);
    let frc = spec.backend("frc").expect("a backend");
    assert_eq!(
        (&frc.auth, frc.deployments["gpt-4o"].sku, frc.deployments["gpt-4o"].units),
        (&Auth::ManagedIdentity, Sku::ProvisionedManaged, Some(100))
    );
    assert_eq!(spec.failover.attempt_timeout * spec.failover.max_attempts, Duration::from_secs(135));
    assert!(matches!(&spec.data_boundary, DataBoundary::Regions(regions) if regions.len() == 3));
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let text = format!("{}frontDoor: {{ waf: {{}} }}\n", fixture("minimal").text());
    let (spec, _) = read(&Source::new("defaults.yaml", text)).expect("a good spec");
    let api =
        Api { id: "azure-openai".into(), path: "openai".into(), subscription_required: true, subscription_key_header: "api-key".into() };
    assert_eq!(spec.api, api);
    let probe = Probe {
        path: "/status-0123456789abcdef".into(),
        method: ProbeMethod::Get,
        protocol: ProbeProtocol::Https,
        interval: Duration::from_secs(30),
        sample_size: 4,
        successful_samples: 3,
    };
    let waf = Waf {
        mode: WafMode::Prevention,
        rules: Vec::new(),
        managed_rules: Vec::new(),
        redirect_url: None,
        block_status: None,
        block_body: None,
    };
    let front_door = FrontDoor {
        id: None,
        lock_gateways: false,
        latency_sensitivity: Duration::ZERO,
        origin_response_timeout: Duration::from_secs(120),
        origin_idle_timeout: Duration::from_secs(30),
        session_affinity: false,
        when_all_unhealthy: WhenAllUnhealthy::Priority,
        retry_on: vec![RetryCause::ConnectFailure, RetryCause::EarlyClose],
        probe,
        waf: Some(waf),
    };
    assert_eq!(spec.front_door, Some(front_door));
    let sweden = Region::named("swedencentral").expect("a region");
    assert_eq!(spec.gateways, [GatewayRegion { region: sweden, priority: 1, weight: 500 }]);
    assert_eq!((spec.backends[0].priority, spec.backends[0].weight), (1, 1));
    let deployment = Deployment {
        name: "gpt-4o".into(),
        model: "gpt-4o".into(),
        version: None,
        sku: Sku::Standard,
        tokens_per_minute: None,
        requests_per_minute: None,
        units: None,
        spillover: None,
    };
    assert_eq!(spec.backends[0].deployments["gpt-4o"], deployment);
    let failover = Failover {
        strategy: Strategy::SendRequest,
        order: Order::NearestFirst,
        on: On {
            statuses: [(401, 401), (403, 403), (408, 408), (429, 429), (500, 599)]
                .map(|(first, last)| StatusRange { first, last })
                .to_vec(),
            connection_failure: true,
            timeout: true,
        },
        attempt_timeout: Duration::from_secs(60),
        max_attempts: 2,
        forward_headers: Vec::new(),
        throttle_memory: true,
        headers: Headers { served_by: "X-Served-By".into(), attempts: "X-Failover-Attempts".into() },
    };
    assert_eq!(spec.failover, failover);
    assert_eq!((spec.data_boundary, spec.objective), (DataBoundary::None, Objective { availability: 99.95 }));
}

#[test]
fn every_fault_of_a_broken_spec_is_reported_at_once() {
    let expected = [
        ("spec/bad-id", "Contoso OpenAI", 3),
        ("spec/unknown-key", "regions", 4),
        ("spec/bad-path", "/openai/", 6),
        ("spec/wrong-type", "\"yes\"", 7),
        ("spec/unknown-key", "latencySensitivty", 9),
        ("spec/bad-duration", "30", 11),
        ("spec/out-of-range", "5", 11),
        ("spec/unknown-value", "prevent", 13),
        ("spec/bad-waf-value", "Sweden", 15),
        ("spec/bad-waf-rule", "per-client", 16),
        ("spec/duplicate-id", "10", 16),
        ("spec/out-of-range", "9", 18),
        ("spec/unknown-region", "Sweden Central", 19),
        ("spec/not-https", "http://contoso-swc.openai.azure.com", 23),
        ("spec/dangling-reference", "aoai-key-swe", 24),
        ("spec/unknown-key", "priorty", 25),
        ("spec/capacity-mismatch", "100", 27),
        ("spec/duplicate-id", "swc", 28),
        ("spec/outside-boundary", "uksouth", 29),
        ("spec/bad-endpoint", "https://contoso-uks.openai.azure.com/openai", 30),
        ("spec/bad-auth", "{}", 31),
        ("spec/outside-boundary", "GlobalStandard", 33),
        ("spec/wrong-type", "lots", 33),
        ("spec/duplicate-key", "weight", 39),
        ("spec/empty", "{}", 40),
        ("spec/unused-named-value", "aoai-key-swc", 42),
        ("spec/bad-vault-url", "\"contoso-kv\"", 42),
        ("spec/bad-status", "200", 44),
        ("spec/bad-status", "\"5xx\"", 44),
        ("spec/bad-status", "\"599-500\"", 44),
        ("spec/attempts-exceed-origin-timeout", "45s", 45),
        ("spec/reserved-header", "Authorization", 47),
        ("spec/bad-header-name", "\"X Trace\"", 47),
        ("spec/reserved-header", "x-forwarded-for", 47),
        ("spec/duplicate-id", "x-answered-by", 48),
        ("spec/out-of-range", "100", 50),
    ];
    assert_eq!(faults(&fixture("broken")), expected.map(|(code, text, line)| (code, text.to_owned(), line)));
}

/// One change to the two-region example, and the one fault that it makes. `shape`: whether the JSON Schema sees it too.
struct Single {
    from: &'static str,
    to: &'static str,
    code: &'static str,
    underlined: &'static str,
    shape: bool,
}

const fn shape(from: &'static str, to: &'static str, code: &'static str, underlined: &'static str) -> Single {
    Single { from, to, code, underlined, shape: true }
}

const fn meaning(from: &'static str, to: &'static str, code: &'static str, underlined: &'static str) -> Single {
    Single { from, to, code, underlined, shape: false }
}

const GEO: &str = "{ variable: RemoteAddr, operator: GeoMatch, values: [SE, FR, DE], negate: true }";
const LIMIT: &str = "{ threshold: 600, window: 1m }";
const SWC: &str = "{ model: gpt-4o, version: \"2024-11-20\", sku: Standard, tokensPerMinute: 120000 }";
const URL: &str = "https://contoso-swc.openai.azure.com";

const SINGLES: &[Single] = &[
    shape("version: 1\n", "version: 2\n", "spec/unsupported-version", "2"),
    shape("version: 1\n", "", "spec/missing-key", "name"),
    shape("name: contoso-openai", "name:", "spec/wrong-type", "name"),
    shape("name: contoso-openai", "name: [a]", "spec/wrong-type", "[a]"),
    shape("name: contoso-openai", "name: -a", "spec/bad-id", "-a"),
    shape("path: openai", "path: open ai", "spec/bad-path", "open ai"),
    shape("path: openai", "path: a//b", "spec/bad-path", "a//b"),
    meaning("path: openai", "path: a/../b", "spec/bad-path", "a/../b"),
    shape("subscriptionRequired: true", "subscriptionRequired: 1", "spec/wrong-type", "1"),
    shape("subscriptionKeyHeader: api-key", "subscriptionKeyHeader: \"a:b\"", "spec/bad-header-name", "\"a:b\""),
    meaning("subscriptionKeyHeader: api-key", "subscriptionKeyHeader: Host", "spec/reserved-header", "Host"),
    shape("latencySensitivity: 0ms", "latencySensitivity: 0", "spec/bad-duration", "0"),
    meaning("latencySensitivity: 0ms", "latencySensitivity: 2s", "spec/out-of-range", "2s"),
    meaning("originResponseTimeout: 150s", "originResponseTimeout: 5m", "spec/out-of-range", "5m"),
    meaning("originResponseTimeout: 150s", "originResponseTimeout: 119s", "spec/attempts-exceed-origin-timeout", "60s"),
    shape("path: /status-0123456789abcdef", "path: status", "spec/bad-path", "status"),
    meaning("interval: 30s", "interval: 1500ms", "spec/out-of-range", "1500ms"),
    shape("sampleSize: 4", "sampleSize: 256", "spec/out-of-range", "256"),
    shape("sampleSize: 4", "sampleSize: 4.5", "spec/out-of-range", "4.5"),
    shape("sampleSize: 4", "sampleSize: \"4\"", "spec/wrong-type", "\"4\""),
    meaning("sampleSize: 4, successfulSamples: 2", "sampleSize: 4, successfulSamples: 5", "spec/out-of-range", "5"),
    shape("mode: prevention", "mode: prevention\n    blockStatus: 1000", "spec/out-of-range", "1000"),
    meaning("mode: prevention", "mode: prevention\n    blockStatus: 404", "spec/out-of-range", "404"),
    shape("name: only-europe", "name: 1europe", "spec/bad-name", "1europe"),
    meaning("name: only-europe", "name: Perclient", "spec/duplicate-id", "per-client"),
    shape("priority: 10, action: block", "priority: 10, action: deny", "spec/unknown-value", "deny"),
    meaning("operator: GeoMatch", "operator: IPMatch", "spec/bad-waf-value", "SE"),
    meaning("[SE, FR, DE]", "[se, FR, DE]", "spec/bad-waf-value", "se"),
    meaning(GEO, "{ variable: RemoteAddr, operator: IPMatch, values: [10.0.0.0/33] }", "spec/bad-waf-value", "10.0.0.0/33"),
    meaning(GEO, "{ variable: RequestUri, operator: GeoMatch, values: [SE] }", "spec/bad-waf-rule", "RequestUri"),
    meaning(GEO, "{ variable: RequestHeader, operator: Equal, values: [a] }", "spec/bad-waf-rule", "RequestHeader"),
    meaning(GEO, "{ variable: RequestUri, selector: a, operator: Equal, values: [a] }", "spec/bad-waf-rule", "a"),
    meaning(GEO, "{ variable: RequestUri, operator: GreaterThan, values: [a] }", "spec/bad-waf-value", "a"),
    meaning(GEO, "{ variable: RequestUri, operator: Equal }", "spec/missing-key", "Equal"),
    meaning(GEO, "{ variable: RequestUri, operator: Any, values: [a] }", "spec/bad-waf-rule", "[a]"),
    shape(GEO, "{ variable: RequestUri, operator: Equal, values: a }", "spec/wrong-type", "a"),
    shape(GEO, "{ variable: RequestUrl, operator: Any }", "spec/unknown-value", "RequestUrl"),
    meaning(GEO, "{ variable: RequestUri, operator: RegEx, values: ['(?=a)'] }", "spec/bad-waf-value", "'(?=a)'"),
    meaning("priority: 10, action: block", "priority: 10, action: redirect", "spec/bad-waf-rule", "redirect"),
    shape("mode: prevention", "mode: prevention\n    redirectUrl: http://contoso.com/", "spec/bad-url", "http://contoso.com/"),
    shape("mode: prevention", "mode: prevention\n    managedRules: [PHP]", "spec/unknown-value", "PHP"),
    shape("latencySensitivity: 0ms", "id: 4e6f\n  latencySensitivity: 0ms", "spec/bad-guid", "4e6f"),
    shape("latencySensitivity: 0ms", "retryOn: [status]\n  latencySensitivity: 0ms", "spec/unknown-value", "status"),
    shape("latencySensitivity: 0ms", "whenAllUnhealthy: none\n  latencySensitivity: 0ms", "spec/unknown-value", "none"),
    meaning("latencySensitivity: 0ms", "originIdleTimeout: 5m\n  latencySensitivity: 0ms", "spec/out-of-range", "5m"),
    shape("interval: 30s", "method: POST, interval: 30s", "spec/unknown-value", "POST"),
    shape(LIMIT, "{ threshold: 0 }", "spec/out-of-range", "0"),
    shape(LIMIT, "{ window: 1m }", "spec/missing-key", "rateLimit"),
    shape(LIMIT, "{ threshold: 600, window: 2m }", "spec/out-of-range", "2m"),
    shape("swedencentral, priority: 1, weight: 500", "swedencentral, priority: 0", "spec/out-of-range", "0"),
    shape("swedencentral, priority: 1, weight: 500", "swedencentral, weight: 1001", "spec/out-of-range", "1001"),
    meaning("{ region: francecentral, priority: 1, weight: 500 }", "{ region: swedencentral }", "spec/duplicate-id", "swedencentral"),
    meaning("{ region: francecentral, priority: 1, weight: 500 }", "{ region: norwayeast }", "spec/outside-boundary", "norwayeast"),
    shape("{ region: francecentral, priority: 1, weight: 500 }", "{ region: francecentrl }", "spec/unknown-region", "francecentrl"),
    meaning("id: frc", "id: swc", "spec/duplicate-id", "swc"),
    meaning("region: francecentral\n", "region: switzerlandnorth\n", "spec/outside-boundary", "switzerlandnorth"),
    shape(URL, "contoso-swc.openai.azure.com", "spec/not-https", "contoso-swc.openai.azure.com"),
    shape(URL, "https://user@contoso.com", "spec/bad-endpoint", "https://user@contoso.com"),
    shape(URL, "https://contoso.com?a=b", "spec/bad-endpoint", "https://contoso.com?a=b"),
    shape(URL, "https://contoso.com:port", "spec/bad-endpoint", "https://contoso.com:port"),
    shape(URL, "https:///", "spec/bad-endpoint", "https:///"),
    meaning(URL, "https://CONTOSO-frc.openai.azure.com/", "spec/shared-endpoint", "https://contoso-frc.openai.azure.com"),
    shape("{ apiKey: aoai-key-swc }", "{ managedIdentity: false }", "spec/unknown-value", "false"),
    shape("{ apiKey: aoai-key-swc }", "aoai-key-swc", "spec/wrong-type", "aoai-key-swc"),
    shape(
        "{ apiKey: aoai-key-swc }",
        "{ apiKey: aoai-key-swc, managedIdentity: true }",
        "spec/bad-auth",
        "{ apiKey: aoai-key-swc, managedIdentity: true }",
    ),
    shape("weight: 1\n", "weight: 0\n", "spec/out-of-range", "0"),
    shape("name: gpt-4o-fr", "name: gpt 4o", "spec/bad-name", "gpt 4o"),
    meaning("name: gpt-4o-fr", "model: gpt-4.1", "spec/different-models", "gpt-4.1"),
    shape(SWC, "{ sku: Standrd }", "spec/unknown-value", "Standrd"),
    shape(SWC, "{ sku: GlobalBatch }", "spec/unknown-value", "GlobalBatch"),
    meaning(SWC, "{ sku: ProvisionedManaged }", "spec/capacity-mismatch", "ProvisionedManaged"),
    meaning(SWC, "{ sku: ProvisionedManaged, units: 50, tokensPerMinute: 1000 }", "spec/capacity-mismatch", "1000"),
    meaning(SWC, "{ units: 50 }", "spec/capacity-mismatch", "50"),
    meaning(SWC, "{ sku: GlobalProvisionedManaged, units: 50 }", "spec/outside-boundary", "GlobalProvisionedManaged"),
    meaning(SWC, "{ sku: DataZoneStandard }", "spec/outside-boundary", "DataZoneStandard"),
    shape(SWC, "", "spec/wrong-type", "gpt-4o"),
    meaning("gpt-4o: { model", "gpt-5: { model", "spec/single-backend-model", "gpt-5"),
    shape(
        ".net/secrets/aoai-key-swc",
        ".net/keys/aoai-key-swc",
        "spec/bad-vault-url",
        "\"https://contoso-kv.vault.azure.net/keys/aoai-key-swc\"",
    ),
    shape("strategy: send-request", "strategy: send_request", "spec/unknown-value", "send_request"),
    shape("[\"401\", \"403\", \"408\", \"429\", \"500-599\"]", "[499-600]", "spec/bad-status", "499-600"),
    shape("attemptTimeout: 60s", "attemptTimeout: 1 minute", "spec/bad-duration", "1 minute"),
    meaning("attemptTimeout: 60s", "attemptTimeout: 241s", "spec/out-of-range", "241s"),
    shape("maxAttempts: 2", "maxAttempts: 11", "spec/out-of-range", "11"),
    shape("maxAttempts: 2", "maxattempts: 2", "spec/unknown-key", "maxattempts"),
    meaning("forwardHeaders: []", "forwardHeaders: [Transfer-Encoding]", "spec/reserved-header", "Transfer-Encoding"),
    meaning("forwardHeaders: []", "forwardHeaders: [API-Key]", "spec/reserved-header", "API-Key"),
    meaning("forwardHeaders: []", "forwardHeaders: [X-Azure-FDID]", "spec/reserved-header", "X-Azure-FDID"),
    meaning("forwardHeaders: []", "forwardHeaders: [X-Trace, x-trace]", "spec/duplicate-id", "x-trace"),
    shape("dataBoundary: eu", "dataBoundary: us", "spec/unknown-value", "us"),
    shape("dataBoundary: eu", "dataBoundary: swedencentral", "spec/wrong-type", "swedencentral"),
    shape("dataBoundary: eu", "dataBoundary: []", "spec/empty", "[]"),
    shape("availability: 99.95", "availability: 0", "spec/out-of-range", "0"),
    shape("availability: 99.95", "availability: high", "spec/wrong-type", "high"),
];

#[test]
fn a_single_fault_is_reported_once_and_underlined_exactly() {
    for single in SINGLES {
        let found = faults(&changed(single.from, single.to));
        let found: Vec<(&str, &str)> = found.iter().map(|(code, text, _)| (*code, text.as_str())).collect();
        let first = found.iter().find(|(code, _)| *code == single.code);
        assert_eq!(first, Some(&(single.code, single.underlined)), "`{}`: {found:?}", single.to);
        // What follows of it (a name that nobody uses any more, a value that is wrong for the new operator) may come too, but no other error.
        assert!(
            found.iter().all(|(code, _)| *code == single.code || code.contains("unused") || code.contains("single-backend")),
            "`{}`: {found:?}",
            single.to
        );
    }
}

#[test]
fn names_nearly_right_are_offered() {
    let help = |from, to| {
        let faults = read(&changed(from, to)).expect_err("a fault");
        faults.into_iter().find_map(|fault| fault.help).expect("help")
    };
    assert_eq!(help("maxAttempts: 2", "maxAttemps: 2"), "did you mean `maxAttempts`?");
    assert_eq!(help("strategy: send-request", "strategy: send-requests"), "did you mean `send-request`?");
    assert_eq!(help("region: francecentral\n", "region: France Central\n"), "did you mean `francecentral`?");
    assert_eq!(help("{ apiKey: aoai-key-swc }", "{ apiKey: aoai-key-swe }"), "did you mean `aoai-key-swc`?");
}

#[test]
fn a_key_in_the_file_is_not_repeated_in_any_message() {
    let key = "0123456789abcdef0123456789abcdef";
    let faults = read(&changed("{ apiKey: aoai-key-swc }", &format!("{{ apiKey: {key} }}"))).expect_err("a fault");
    assert!(faults.iter().any(|fault| fault.code == "spec/secret-in-spec"));
    for fault in faults {
        let said = [Some(fault.message), fault.help, fault.note].into_iter().flatten().collect::<String>();
        assert!(!said.contains(key), "{said}");
    }
}

#[test]
fn places_lead_later_rooms_back_to_the_file() {
    let (spec, _) = good("two-region");
    let source = spec.source().clone();
    let at = |path| spec.places.get(path).map(|place| source.slice(place.value).to_owned());
    assert_eq!(at("failover.strategy").as_deref(), Some("send-request"));
    assert_eq!(at("backends.1.deployments.gpt-4o.name").as_deref(), Some("gpt-4o-fr"));
    assert_eq!(at("backends.0.deployments.gpt-4o.units"), None);
    assert_eq!(source.slice(spec.places.nearest("backends.0.deployments.gpt-4o.units").key), "gpt-4o");
    assert_eq!(source.slice(spec.places.nearest("failover.on.timeout.nothing").key), "timeout");
}

fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => json!(null),
        Value::Scalar { text, plain: true } => {
            serde_json::from_str(text).ok().filter(|value: &serde_json::Value| !value.is_string()).unwrap_or(json!(text))
        }
        Value::Scalar { text, .. } => json!(text),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => serde_json::Value::Object(entries.iter().map(|entry| (entry.key.clone(), to_json(&entry.node))).collect()),
    }
}

#[test]
fn the_schema_accepts_what_is_good_and_sees_the_faults_of_shape() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let valid = |source: &Arc<Source>| validator.is_valid(&to_json(&parse(source).0.expect("a document")));
    for name in SPECS {
        assert!(valid(&fixture(name)), "{name}");
    }
    assert!(!valid(&fixture("broken")));
    for single in SINGLES {
        assert_eq!(valid(&changed(single.from, single.to)), !single.shape, "`{}`", single.to);
    }
    for example in schema["examples"].as_array().expect("examples") {
        assert!(validator.is_valid(example));
        read(&Source::new("example.json", example.to_string())).expect("a good example");
    }
}

#[test]
fn every_key_of_the_schema_is_described_and_every_default_is_accepted_by_it() {
    fn properties<'a>(schema: &'a serde_json::Value, found: &mut Vec<(String, &'a serde_json::Value)>) {
        let own = schema["properties"].as_object().into_iter().flatten();
        found.extend(own.map(|(key, value)| (key.clone(), value)));
        for definition in schema["$defs"].as_object().into_iter().flat_map(|defs| defs.values()) {
            properties(definition, found);
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    properties(&schema, &mut found);
    assert!(found.len() > 60, "{}", found.len());
    for (key, property) in found {
        assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}");
        if let Some(default) = property.get("default") {
            let mut alone = property.clone();
            alone["$defs"] = schema["$defs"].clone();
            assert!(jsonschema::draft202012::new(&alone).expect("a schema").is_valid(default), "{key}");
        }
    }
}

#[test]
fn json_anchors_aliases_merges_and_windows_lines_are_yaml_too() {
    let (spec, _) = good("two-region");
    let (tree, _) = parse(&fixture("two-region"));
    let as_json = to_json(&tree.expect("a document"));
    assert_eq!(read(&Source::new("spec.json", as_json.to_string())).expect("JSON").0, spec);
    assert_eq!(read(&Source::new("spec.json", serde_json::to_string_pretty(&as_json).unwrap_or_default())).expect("JSON").0, spec);
    assert_eq!(read(&Source::new("crlf.yaml", fixture("two-region").text().replace('\n', "\r\n"))).expect("CRLF").0, spec);
    assert_eq!(read(&Source::new("bom.yaml", format!("\u{feff}{}", fixture("two-region").text()))).expect("BOM").0, spec);
    let quota = "{ version: \"1\", tokensPerMinute: 350000 }";
    let text = fixture("two-region").text().replacen(quota, &format!("&embeddings {quota}"), 1).replacen(
        &format!(": {quota}"),
        ": *embeddings",
        1,
    );
    assert_eq!(read(&Source::new("alias.yaml", text.as_str())).expect("an alias").0, spec);
    let text = text.replace("*embeddings", "{ <<: *embeddings, tokensPerMinute: 1 }");
    let merged = read(&Source::new("merge.yaml", text)).expect("a merge").0;
    let deployment = &merged.backends[1].deployments["text-embedding-3-large"];
    assert_eq!((deployment.version.as_deref(), deployment.tokens_per_minute), (Some("1"), Some(1)));
}

#[test]
fn what_is_no_yaml_or_no_spec_is_told_with_its_place() {
    let one = |text: &str| faults(&Source::new("text.yaml", text)).into_iter().map(|(code, _, line)| (code, line)).next();
    assert_eq!(one(""), Some(("spec/empty", 1)));
    assert_eq!(one("# nothing\n"), Some(("spec/empty", 1)));
    assert_eq!(one("version: 1\n\tname: a\n"), Some(("spec/syntax", 2)));
    assert_eq!(one("version: 1\nname: [a\n"), Some(("spec/syntax", 2)));
    assert_eq!(one("version: 1\nname: \"a\n"), Some(("spec/syntax", 3)));
    assert_eq!(one("version: 1\n---\nversion: 1\n"), Some(("spec/syntax", 2)));
    assert_eq!(one("version: *nowhere\n"), Some(("spec/syntax", 1)));
    assert_eq!(one("a: &a [*a]\n"), Some(("spec/syntax", 1)));
    assert_eq!(one("- version: 1\n"), Some(("spec/wrong-type", 1)));
    let codes = |text: &str| faults(&Source::new("text.yaml", text)).into_iter().map(|(code, ..)| code).collect::<Vec<_>>();
    assert!(codes("name: !secret a\n").contains(&"spec/unknown-tag"));
    assert!(codes("? [a]\n: b\n").contains(&"spec/wrong-type"));
    assert!(codes("<<: 1\n").contains(&"spec/wrong-type"));
}

#[test]
fn hostile_input_ends_quickly_as_a_diagnostic() {
    let codes = |text: String| -> Vec<&str> { faults(&Source::new("hostile.yaml", text)).into_iter().map(|(code, ..)| code).collect() };
    assert_eq!(codes("a".repeat(50 << 20)), ["spec/too-large"]);
    assert_eq!(codes("[".repeat(500_000)), ["spec/syntax"]);
    assert_eq!(codes("- ".repeat(500_000)), ["spec/syntax"]);
    assert_eq!(codes("{a: ".repeat(200_000)), ["spec/syntax"]);
    assert_eq!(codes("- a\n".repeat(200_000)), ["spec/too-large"]);
    let level = |n: usize| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    let bomb = format!("a0: &a0 [x, x, x]\n{}", (1..20).map(level).collect::<String>());
    assert_eq!(codes(bomb), ["spec/too-large"]);
    let chain: String = (1..2_000).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    assert_eq!(codes(format!("a0: &a0 [x]\n{chain}")), ["spec/too-large"]);
    let keys: String = (0..40_000).map(|n| format!("k{n}: 1\n")).collect();
    assert!(!codes(keys).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = read(&Source::new("any.yaml", text));
    }

    #[test]
    fn no_yaml_like_text_panics(text in "[a-c:\\-\\[\\]{},&*!|>'\"#%@?~<=0-9 \n\t]{0,200}") {
        let _ = read(&Source::new("any.yaml", text));
    }

    #[test]
    fn no_damage_to_a_good_spec_panics(at in 0usize..2_500, cut in 0usize..40, put in "[-:\\[\\]{},&*!\"' \na-z0-9é]{0,6}") {
        let text: Vec<char> = fixture("two-region").text().chars().collect();
        let at = at.min(text.len());
        let rest = text.iter().skip(at + cut);
        let damaged: String = text.iter().take(at).copied().chain(put.chars()).chain(rest.copied()).collect();
        let source = Source::new("damaged.yaml", damaged);
        if let Err(faults) = read(&source) {
            prop_assert!(faults.iter().all(|fault| fault.primary().is_some_and(|label| label.span.end as usize <= source.text().len())));
        }
    }
}
