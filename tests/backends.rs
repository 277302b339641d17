//! Backend entities, load-balanced pools, circuit breakers, and `forward-request` as it sends to them. The sources are
//! learn.microsoft.com/azure/api-management/backends, the pages of `set-backend-service` and `forward-request` there, the schema of the
//! resource at learn.microsoft.com/azure/templates/microsoft.apimanagement/service/backends, and what a case names itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};

use openai_failover::{
    gateway::{
        Backend, Backends,
        backends::{self, Member, Properties, Rule, Target, Threshold},
        effect::FailureKind,
        trace::Entry,
    },
    http::Url,
    policy::{self, Resources, Scope},
    source::Source,
    text::Text,
    xml,
};
use serde_json::{Value, json};
use support::{Answered, World, broken, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";

/// What `on-error` can know, as one header.
const SHOW: &str = r#"<set-header name="X-Error"><value>@(string.Join("|", new [] { context.LastError.Source, context.LastError.Reason, context.LastError.Section, context.LastError.Path, context.LastError.Message, context.Response.StatusCode.ToString(), context.Response.StatusReason }))</value></set-header>"#;

fn document(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> String {
    format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )
}

fn read_with(id: &str, properties: &Value, named_values: &[(&str, &str)]) -> Result<Backend, Vec<String>> {
    let properties: Properties = serde_json::from_value(properties.clone()).unwrap();
    let named_values: BTreeMap<String, String> =
        named_values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Backend::read(id, &properties, &named_values)
}

fn entities(list: &[(&str, Value)]) -> Backends {
    list.iter().map(|(id, properties)| (Text::from((*id).to_owned()).into(), read_with(id, properties, &[]).unwrap())).collect()
}

/// Plain services at `contoso-ID`, with these breaker rules.
fn services(ids: &[&str], rules: &Value) -> Vec<(String, Value)> {
    let service = |id: &&str| {
        let url = format!("https://contoso-{id}.openai.azure.com/openai");
        ((*id).to_owned(), json!({ "url": url, "protocol": "http", "circuitBreaker": { "rules": rules } }))
    };
    ids.iter().map(service).collect()
}

/// A pool `openai-pool` of such services: id, priority, weight.
fn pool(members: &[(&str, u32, u32)], rules: &Value) -> Backends {
    let ids: Vec<&str> = members.iter().map(|(id, ..)| *id).collect();
    let mut list = services(&ids, rules);
    let members: Vec<Value> = members
        .iter()
        .map(|(id, priority, weight)| json!({ "id": format!("/backends/{id}"), "priority": priority, "weight": weight }))
        .collect();
    list.push(("openai-pool".to_owned(), json!({ "type": "Pool", "pool": { "services": members } })));
    let list: Vec<(&str, Value)> = list.iter().map(|(id, properties)| (id.as_str(), properties.clone())).collect();
    entities(&list)
}

/// The rule that the samples of AI gateways deploy. Source: Azure-Samples/AI-Gateway, modules/apim, inference-api.bicep.
fn sample_rule() -> Value {
    json!([{
        "failureCondition": {
            "count": 1, "errorReasons": ["Server errors"], "interval": "PT1M", "statusCodeRanges": [{ "min": 429, "max": 429 }]
        },
        "name": "InferenceBreakerRule", "tripDuration": "PT1M", "acceptRetryAfter": true
    }])
}

fn rule(condition: &Value) -> Value {
    json!([{ "name": "r", "failureCondition": condition, "tripDuration": "PT30S" }])
}

fn chat(world: &mut World) -> Answered {
    world.send(CHAT, &[], Some(b"body"))
}

const TO_POOL: &str = r#"<set-backend-service backend-id="openai-pool" />"#;

#[test]
fn an_entity_is_read_as_the_resource_manager_writes_it() {
    let properties = json!({
        "title": "East", "description": "d", "url": "https://{{host}}/openai", "protocol": "http", "resourceId": "https://management.azure.com/x",
        "azureRegion": "eastus",
        "credentials": {
            "header": { "api-key": ["{{key}}"], "x-two": ["a", "b"] }, "query": { "code": ["c"] },
            "authorization": { "scheme": "Basic", "parameter": "{{key}}==" },
            "managedIdentity": { "resource": "https://cognitiveservices.azure.com", "clientId": "me" },
            "certificateIds": ["/certificates/one"]
        },
        "tls": { "validateCertificateChain": false, "validateCertificateName": true },
        // The documentation's template has numbers as texts.
        "circuitBreaker": { "rules": [{
            "name": "myBreakerRule", "tripDuration": "PT1H",
            "failureCondition": { "count": "3", "errorReasons": ["Timeout"], "interval": "P1D", "statusCodeRanges": [{ "min": "500", "max": "599" }] }
        }] },
    });
    let backend = read_with("east", &properties, &[("host", "a.example"), ("key", "s3cret")]).unwrap();
    assert_eq!((backend.id.as_str(), backend.region.as_str(), backend.is_pool()), ("east", "eastus", false));
    let Target::Single(single) = backend.target else { panic!("it is no pool") };
    assert_eq!(single.url, Url::parse("https://a.example/openai").unwrap());
    assert_eq!(single.credentials.headers, [("api-key".into(), vec!["s3cret".into()]), ("x-two".into(), vec!["a".into(), "b".into()])]);
    assert_eq!(single.credentials.query, [("code".into(), vec!["c".into()])]);
    assert_eq!(single.credentials.authorization, Some(("Basic".into(), "s3cret==".into())));
    assert_eq!(single.credentials.managed_identity.unwrap().client_id, Some("me".into()));
    assert_eq!(single.credentials.certificates, ["/certificates/one"]);
    assert_eq!((single.tls.validate_chain, single.tls.validate_name), (false, true));
    let expected = Rule {
        name: "myBreakerRule".into(),
        threshold: Threshold::Count(3),
        interval: Duration::from_secs(86_400),
        statuses: vec![(500, 599)],
        reasons: vec!["Timeout".into()],
        trip_duration: Duration::from_secs(3600),
        accept_retry_after: false,
    };
    assert_eq!(single.breaker, [expected]);
}

#[test]
fn a_pool_is_read_with_its_members() {
    let id = |id: &str| format!("/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/a/backends/{id}");
    let properties = json!({ "type": "pool", "pool": {
        "services": [{ "id": id("a"), "priority": 1, "weight": 3 }, { "id": "/backends/b", "weight": null }],
        "sessionAffinity": { "sessionId": { "source": "Cookie", "name": "SessionId" } },
        "failureResponse": { "statusCode": 429 },
    } });
    let Target::Pool(pool) = read_with("p", &properties, &[]).unwrap().target else { panic!("it is a pool") };
    let member = |backend: &'static str, priority, weight| Member { backend: backend.into(), priority, weight };
    assert_eq!(pool.members, [member("a", 1, 3), member("b", 0, 1)]);
    assert_eq!((pool.session_cookie.unwrap().as_str(), pool.failure_status), ("SessionId", 429));
}

#[test]
fn what_is_wrong_with_an_entity_is_said_without_secrets() {
    let url = "https://a.example";
    let with_rule = |rule: Value| json!({ "url": url, "circuitBreaker": { "rules": [rule] } });
    let condition = json!({ "count": 1, "interval": "PT1M", "statusCodeRanges": [{ "min": 429, "max": 429 }] });
    let changed = |name: &str, value: Value| {
        let mut condition = condition.clone();
        condition[name] = value;
        with_rule(json!({ "name": "r", "tripDuration": "PT1M", "failureCondition": condition }))
    };
    for (properties, expected) in [
        (json!({}), "its URL `` is not an absolute `http` or `https` URL"),
        (json!({ "url": "{{k}}" }), "its URL `{{k}}` is not an absolute `http` or `https` URL"),
        (json!({ "url": "{{none}}" }), "there is no Named Value `none`"),
        (json!({ "url": url, "type": "Group" }), "its type `Group` is neither `Single` nor `Pool`"),
        (json!({ "url": url, "protocol": "soap" }), "its protocol is not `http`; `soap` is not simulated"),
        (
            json!({ "url": "fabric:/a", "properties": { "serviceFabricCluster": { "managementEndpoints": [] } } }),
            "it is a Service Fabric cluster, which is not simulated",
        ),
        (json!({ "type": "Pool" }), "a pool has 1 to 30 members; this one has 0"),
        (
            json!({ "type": "Pool", "pool": { "services": [{ "id": "a", "weight": 101 }] } }),
            "`weight` of its member `a` is 101, and may be 0 to 100",
        ),
        (with_rule(json!({ "name": "r", "tripDuration": "PT1M" })), "its breaker rule `r` has no `failureCondition`"),
        (with_rule(json!({ "name": "r", "failureCondition": condition })), "its breaker rule `r` has no `tripDuration`"),
        (changed("percentage", json!(5)), "its breaker rule `r` needs either `count` or `percentage`"),
        (changed("count", json!(0)), "`count` of its breaker rule `r` is 0, and may be 1 to 10000"),
        (
            changed("interval", json!("1 minute")),
            "`interval` of its breaker rule `r` is `1 minute`, which is not an ISO 8601 duration like `PT1M`",
        ),
        (changed("statusCodeRanges", json!([])), "its breaker rule `r` needs `statusCodeRanges` or `errorReasons`"),
        // A published module has its ends the wrong way round.
        (
            changed("statusCodeRanges", json!([{ "min": 503, "max": 500 }])),
            "a status range of its breaker rule `r` is not of the form min, max within 200 to 599",
        ),
    ] {
        let found = read_with("a", &properties, &[("k", "s3cret")]).unwrap_err();
        assert_eq!(found.first().map(String::as_str), Some(expected), "{properties}");
        assert!(found.iter().all(|fault| !fault.contains("s3cret")));
    }
}

/// Source: learn.microsoft.com/azure/api-management/backends: only single backends can be in a pool.
#[test]
fn pools_hold_single_backends_that_exist() {
    let services = |id: &str| json!({ "type": "Pool", "pool": { "services": [{ "id": format!("/backends/{id}") }] } });
    let all = entities(&[
        ("a", json!({ "url": "https://a.example" })),
        ("one", services("A")),
        ("two", services("one")),
        ("three", services("b")),
    ]);
    let found: Vec<String> = backends::faults(&all).into_iter().map(|(key, fault)| format!("{}: {fault}", all[&key].id)).collect();
    assert_eq!(found, ["three: its member `b` is no backend", "two: its member `one` is a pool itself; pools do not nest"]);
}

#[test]
fn a_backend_id_leads_to_its_entity() {
    let all = entities(&[
        ("east", json!({ "url": "https://contoso-east.openai.azure.com/openai/", "azureRegion": "eastus" })),
        ("west", json!({ "url": "https://contoso-west.openai.azure.com/other" })),
    ]);
    let show = r#"<set-header name="X"><value>@(context.Backend.Id + " " + context.Backend.Type + " " + context.Backend.AzureRegion + " " + context.Request.Url.Host)</value></set-header>"#;
    for (id, expected, url) in [
        (
            "east",
            "east Single eastus contoso-east.openai.azure.com",
            "https://contoso-east.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=1",
        ),
        (
            "EAST",
            "east Single eastus contoso-east.openai.azure.com",
            "https://contoso-east.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=1",
        ),
        (
            r#"@("we" + "st")"#,
            "west Single  contoso-west.openai.azure.com",
            "https://contoso-west.openai.azure.com/other/deployments/gpt-4o/chat/completions?api-version=1",
        ),
    ] {
        let text = document(&format!(r#"<set-backend-service backend-id="{}" />"#, id.replace('"', "&quot;")), "<base />", show, "");
        let mut world = World::policy(&text).backends(all.clone()).up("east").up("west");
        let answer = chat(&mut world);
        assert_eq!((answer.header("X").trim(), answer.sent[0].head.url.to_string().as_str()), (expected, url));
    }
    let null = r#"<return-response><set-header name="X"><value>@(context.Backend == null)</value></set-header></return-response>"#;
    assert_eq!(chat(&mut World::policy(&document(null, "", "", ""))).header("X"), "True");
}

/// Source of the message: MicrosoftDocs/azure-docs, issue 48421; what a computed id does is not documented.
#[test]
fn a_backend_id_that_names_nothing_is_an_error() {
    let compile = |element: &str, known: Option<&[&str]>| {
        let parsed = xml::parse(&Source::new("p.xml", document(element, "<base />", "", ""))).unwrap();
        let backends = known.map(|known| known.iter().map(|id| (*id).to_owned()).collect());
        let found = policy::compile(&parsed, &Resources { backends, ..Resources::default() }).err().unwrap_or_default();
        found.into_iter().map(|diagnostic| format!("{} {}", diagnostic.code, diagnostic.message)).collect::<Vec<_>>()
    };
    let literal = r#"<set-backend-service backend-id="est" />"#;
    assert_eq!(compile(literal, Some(&["east"])), ["policy/unknown-backend there is no backend with id `est`"]);
    assert_eq!(compile(r#"<set-backend-service backend-id="East" />"#, Some(&["east"])), [""; 0]);
    assert_eq!(compile(literal, None), [""; 0], "nothing is said where the backends are not known");
    for attribute in ["sf-partition-key=\"1\"", "sf-replica-type=\"primary\"", "dapr-app-id=\"a\" dapr-method=\"m\""] {
        let name = attribute.split('=').next().unwrap();
        let found = compile(&format!(r#"<set-backend-service backend-id="east" {attribute} />"#), Some(&["east"]));
        assert_eq!(found.first().unwrap(), &format!("policy/not-simulated `{name}` is not simulated"));
    }
    let text = document(r#"<set-backend-service backend-id="@("e" + "st")" />"#, "<base />", "", SHOW);
    let answer = chat(&mut World::policy(&text));
    let expected = "set-backend-service|BackendNotFound|inbound|set-backend-service|Backend with id 'est' could not be found.|500|Internal Server Error";
    assert_eq!(answer.header("X-Error"), expected);
    assert_eq!((answer.head.status, answer.calls().as_str()), (500, ""));
}

/// Source: learn.microsoft.com/azure/api-management/set-backend-service-policy, usage notes.
/// Cases of `set-backend-service`: learn.microsoft.com/azure/api-management/set-backend-service-policy
#[test]
fn an_inherited_backend_id_is_overridden_by_a_backend_id_only() {
    let all = pool(&[("a", 1, 1), ("b", 1, 1)], &json!([]));
    let reach = |outer: &str, inner: &str| {
        let parse = |inbound: &str| xml::parse(&Source::new("p.xml", document(inbound, "<base />", "", ""))).unwrap();
        let (outer, inner) = (parse(outer), parse(&format!("<base />{inner}")));
        let program = policy::compile_chain(&[(Scope::Product, &outer), (Scope::Api, &inner)], &Resources::default()).unwrap();
        let mut world = World::policy(&document("", "", "", "")).program(program).backends(all.clone()).up("a").up("b").up("c");
        chat(&mut world).calls()
    };
    let (id_a, id_b) = (r#"<set-backend-service backend-id="a" />"#, r#"<set-backend-service backend-id="b" />"#);
    let url_c = r#"<set-backend-service base-url="https://contoso-c.openai.azure.com" />"#;
    for (outer, inner, expected) in
        [(id_a, "", "a"), (id_a, id_b, "b"), (id_a, url_c, "a"), (url_c, id_a, "a"), ("", &format!("{id_a}{url_c}"), "c")]
    {
        assert_eq!(reach(outer, inner), expected, "{outer} {inner}");
    }
}

#[test]
fn credentials_go_with_the_request_and_stay_out_of_the_context() {
    let send = |credentials: Value, world: fn(World) -> World| {
        let all = entities(&[("a", json!({ "url": "https://contoso-a.openai.azure.com/", "credentials": credentials }))]);
        let show = r#"<set-header name="X"><value>@(context.Request.Headers.GetValueOrDefault("Authorization", "none") + context.Request.Url.QueryString)</value></set-header>"#;
        let text = document(r#"<set-backend-service backend-id="a" />"#, "<base />", show, SHOW);
        world(World::policy(&text).backends(all).up("a")).send(
            "/openai/deployments/d/completions?code=client&b=1",
            &[("Authorization", "Bearer client"), ("x-key", "client"), ("X-Key", "twice")],
            None,
        )
    };
    let field =
        |answer: &Answered, name: &str| answer.sent[0].head.headers.values(name).map(ToString::to_string).collect::<Vec<_>>().join(" & ");
    let same = |world: World| world;
    let none = send(json!({}), same);
    assert_eq!((field(&none, "authorization"), field(&none, "x-key")), ("Bearer client".into(), "client & twice".into()));
    let headers = send(json!({ "header": { "X-Key": ["one", "two"] }, "query": { "code": ["a b", "c"] } }), same);
    assert_eq!(field(&headers, "x-key"), "one & two");
    assert_eq!(headers.sent[0].head.url.query, "?b=1&code=a%20b&code=c");
    assert_eq!(headers.header("X"), "Bearer client?code=client&b=1");
    let basic = send(json!({ "authorization": { "scheme": "Basic", "parameter": "abc" } }), same);
    assert_eq!((field(&basic, "authorization"), basic.header("X")), ("Basic abc".into(), "Bearer client?code=client&b=1".into()));
    let identity = json!({ "managedIdentity": { "resource": "https://cognitiveservices.azure.com" } });
    assert_eq!(field(&send(identity.clone(), same), "authorization"), "Bearer token-for-https://cognitiveservices.azure.com");
    let failed = send(identity, World::without_identity);
    assert_eq!((failed.head.status, failed.sent.len()), (500, 0));
    assert_eq!(
        failed.header("X-Error"),
        "forward-request|ManagedIdentityTokenFailure|backend|forward-request|no identity|500|Internal Server Error"
    );
}

/// The calls of so many requests, in order.
fn spread(all: Backends, requests: usize) -> String {
    let mut world = ["a", "b", "c"].into_iter().fold(World::policy(&document(TO_POOL, "<base />", "", "")).backends(all), World::up);
    (0..requests).map(|_| chat(&mut world).calls()).collect::<Vec<_>>().join("")
}

#[test]
fn members_take_turns_by_weight_within_the_first_priority() {
    for (members, expected) in [
        (&[("a", 1, 1), ("b", 1, 1), ("c", 1, 1)][..], "abcabc"),
        (&[("a", 1, 3), ("b", 1, 1)], "aabaaaba"),
        (&[("a", 2, 1), ("b", 1, 1), ("c", 1, 1)], "bcbcbc"),
        (&[("a", 1, 0), ("b", 1, 1)], "bbbb"),
        (&[("a", 1, 0), ("b", 1, 0)], "abab"),
    ] {
        assert_eq!(spread(pool(members, &json!([])), expected.len()), expected, "{members:?}");
    }
}

#[test]
fn shares_are_those_of_the_weights() {
    let calls = spread(pool(&[("a", 1, 70), ("b", 1, 20), ("c", 1, 10)], &json!([])), 10_000);
    for (member, share) in [('a', 7_000), ('b', 2_000), ('c', 1_000)] {
        let found = i64::try_from(calls.matches(member).count()).unwrap();
        assert!((found - share).abs() <= share * 2 / 100, "{member}: {found}");
    }
}

#[test]
fn a_session_stays_with_its_member() {
    let mut all = pool(&[("a", 1, 1), ("b", 1, 1), ("c", 2, 1)], &sample_rule());
    let Some(Target::Pool(own)) = all.get_mut(&Text::from("openai-pool").into()).map(|backend| &mut backend.target) else {
        panic!("there is a pool")
    };
    own.session_cookie = Some("Session".into());
    let throttled = Rc::new(Cell::new(false));
    let seen = throttled.clone();
    let mut world = World::policy(&document(TO_POOL, "<base />", "", "")).backends(all).up("b").up("c");
    world = world.on("contoso-a.openai.azure.com", move |_| respond(if seen.get() { 429 } else { 200 }, &[], "a"));
    let mut ask = |cookie: Option<&str>| {
        let cookie: Option<&'static str> = cookie.map(|cookie| &*cookie.to_owned().leak());
        let headers: Vec<(&'static str, &'static str)> = cookie.map(|cookie| ("Cookie", cookie)).into_iter().collect();
        let answer = world.send(CHAT, &headers, Some(b"body"));
        (answer.calls(), answer.header("Set-Cookie"))
    };
    let (first, cookie) = ask(None);
    let (second, other) = ask(None);
    assert_eq!((first.as_str(), second.as_str()), ("a", "b"));
    assert!(cookie.starts_with("Session=") && cookie.ends_with("; path=/; httponly") && cookie != other, "{cookie} {other}");
    let held = format!("x=y; {}", cookie.split(';').next().unwrap());
    assert_eq!((0..3).map(|_| ask(Some(&held))).collect::<Vec<_>>(), vec![("a".to_owned(), "-".to_owned()); 3]);
    assert_eq!(ask(Some("Session=forged")).0, "a", "a cookie that names no member is as none");
    throttled.set(true);
    assert_eq!(ask(Some(&held)).0, "a");
    // Its circuit is open: another member takes the session over.
    assert_eq!(ask(Some(&held)), ("b".to_owned(), other));
}

#[test]
fn a_circuit_opens_and_resets() {
    let fifty = json!({ "percentage": 50, "interval": "PT1M", "statusCodeRanges": [{ "min": 500, "max": 599 }] });
    let three = json!({ "count": 3, "interval": "PT1M", "statusCodeRanges": [{ "min": 429, "max": 429 }, { "min": 500, "max": 503 }] });
    let reasons = json!({ "count": 2, "interval": "PT1M", "errorReasons": ["Timeout", "BackendConnectionFailure"] });
    // A response by its status; `t` is a timeout, `r` a reset, `+N` time in seconds. The answers' statuses; 503 without a call is `open`.
    for (condition, script, expected) in [
        (&three, "500 429 503 200 +29 200 +1 200 500 500", "500 429 503 open open 200 500 500"),
        (&three, "500 500 +60 500 200", "500 500 500 200"),
        (&three, "504 504 504 200", "504 504 504 200"),
        (&three, "t t t 200", "500 500 500 200"),
        (&reasons, "500 500 t 200 r 200 +30 200 t 200", "500 500 500 200 500 open 200 500 200"),
        (&fifty, "200 200 500 500 200 +30 200 500", "200 200 500 500 open 200 500"),
        (&fifty, "500 200", "500 open"),
    ] {
        let rules = rule(condition);
        let list = services(&["a"], &rules);
        let mut world = World::policy(&document(r#"<set-backend-service backend-id="a" />"#, "<base />", "", ""));
        world = world.backends(entities(&[("a", list[0].1.clone())]));
        let next = Rc::new(RefCell::new(String::new()));
        let told = next.clone();
        world = world.on("contoso-a.openai.azure.com", move |_| match told.borrow().as_str() {
            "t" => broken(FailureKind::Timeout),
            "r" => broken(FailureKind::Reset),
            status => respond(status.parse().unwrap(), &[], ""),
        });
        let mut story = Vec::new();
        for step in script.split(' ') {
            if let Some(seconds) = step.strip_prefix('+') {
                world.advance(Duration::from_secs(seconds.parse().unwrap()));
                continue;
            }
            step.clone_into(&mut next.borrow_mut());
            let answer = chat(&mut world);
            story.push(if answer.sent.is_empty() { "open".to_owned() } else { answer.head.status.to_string() });
        }
        assert_eq!(story.join(" "), expected, "{script}");
    }
}

#[test]
fn retry_after_is_taken_where_the_rule_says_so() {
    // 2025-11-21T01:53:20Z is when the world begins.
    for (accepts, header, open_for) in [(true, "7", 7), (true, "Fri, 21 Nov 2025 01:54:20 GMT", 60), (true, "soon", 30), (false, "7", 30)] {
        let mut rules = rule(&json!({ "count": 1, "interval": "PT1M", "statusCodeRanges": [{ "min": 429, "max": 429 }] }));
        rules[0]["acceptRetryAfter"] = json!(accepts);
        let list = services(&["a"], &rules);
        let mut world = World::policy(&document(r#"<set-backend-service backend-id="a" />"#, "<base />", "", ""));
        world = world.backends(entities(&[("a", list[0].1.clone())]));
        world = world.on("contoso-a.openai.azure.com", move |_| respond(429, &[("Retry-After", header)], ""));
        assert_eq!(chat(&mut world).head.status, 429);
        world.advance(Duration::from_millis(open_for * 1000 - 1));
        assert!(chat(&mut world).sent.is_empty(), "{header}");
        world.advance(Duration::from_millis(1));
        assert_eq!(chat(&mut world).sent.len(), 1, "{header}");
    }
}

/// The status is documented; that `Retry-After` comes along is what the test of Azure-Samples/Apim-Samples, samples/load-balancing, holds to.
#[test]
fn an_open_circuit_is_a_503() {
    for (inbound, error) in [
        (
            r#"<set-backend-service backend-id="a" />"#,
            "forward-request|BackendIsInactive|backend|forward-request|Backend 'a' is temporarily unavailable.|503|Service Unavailable",
        ),
        (
            TO_POOL,
            "forward-request|PoolIsInactive|backend|forward-request|Backend pool 'openai-pool' is temporarily unavailable.|503|Service Unavailable",
        ),
    ] {
        let world = |on_error: &str| {
            let world = World::policy(&document(inbound, "<base />", "", on_error)).backends(pool(&[("a", 1, 1)], &sample_rule()));
            world.status("a", 429, &[("Retry-After", "9")])
        };
        let mut shown = world(SHOW);
        assert_eq!(chat(&mut shown).head.status, 429);
        shown.advance(Duration::from_millis(500));
        assert_eq!(chat(&mut shown).header("X-Error"), error);
        let mut plain = world("");
        chat(&mut plain);
        let answer = chat(&mut plain);
        assert_eq!((answer.head.status, answer.header("Retry-After").as_str(), answer.sent.len()), (503, "9", 0));
        assert_eq!(answer.text(), r#"{ "statusCode": 503, "message": "Service Unavailable" }"#);
    }
    let mut all = pool(&[("a", 1, 1)], &sample_rule());
    let Some(Target::Pool(own)) = all.get_mut(&Text::from("openai-pool").into()).map(|backend| &mut backend.target) else {
        panic!("there is a pool")
    };
    own.failure_status = 429;
    let mut world = World::policy(&document(TO_POOL, "<base />", "", "")).backends(all).status("a", 429, &[]);
    assert_eq!((chat(&mut world).sent.len(), chat(&mut world).head.status), (1, 429));
}

#[test]
fn the_trace_says_that_a_circuit_has_opened_and_who_was_picked() {
    let mut world = World::policy(&document(TO_POOL, "<base />", "", "")).backends(pool(&[("a", 1, 1), ("b", 2, 1)], &sample_rule()));
    world = world.status("a", 429, &[("Retry-After", "9")]).up("b");
    world.traced = true;
    let opened = "the circuit of the backend 'a' is open for 9 s (rule 'InferenceBreakerRule')";
    assert_eq!(chat(&mut world).messages(), ["the pool 'openai-pool' gives the request to 'a'", opened]);
    assert_eq!(chat(&mut world).messages(), ["the pool 'openai-pool' gives the request to 'b'"]);
}

/// Circuits are one gateway's own. Source: "different instances of the gateway do not synchronize".
#[test]
fn gateways_do_not_share_circuits() {
    let world =
        || World::policy(&document(TO_POOL, "<base />", "", "")).backends(pool(&[("a", 1, 1)], &sample_rule())).status("a", 429, &[]);
    let (mut one, mut other) = (world(), world());
    assert_eq!((chat(&mut one).sent.len(), chat(&mut one).sent.len(), chat(&mut other).sent.len()), (1, 0, 1));
}

/// The backend-pool pattern: a `retry` around `forward-request` over a pool with breakers. Source: Azure-Samples/AI-Gateway,
/// labs/backend-pool-load-balancing; its README promises that 429s do not reach the caller while a member is left.
#[test]
fn a_retry_over_a_pool_fails_over_recovers_and_ends_in_503() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/backend-pool-retry.xml")).unwrap();
    let all = pool(&[("a", 1, 1), ("b", 2, 3), ("c", 2, 1)], &sample_rule());
    let throttled: Rc<RefCell<&str>> = Rc::default();
    let mut world = World::policy(&text).backends(all);
    for id in ["a", "b", "c"] {
        let throttled = throttled.clone();
        world = world.on(&format!("contoso-{id}.openai.azure.com"), move |sent| {
            assert_eq!(sent.body, "body", "every attempt carries the body");
            if throttled.borrow().contains(id) { respond(429, &[("Retry-After", "10")], id) } else { respond(200, &[], id) }
        });
    }
    let mut ask = |busy: &'static str, later: u64| {
        *throttled.borrow_mut() = busy;
        world.advance(Duration::from_secs(later));
        let answer = chat(&mut world);
        format!("{} {} [{}] {}", answer.head.status, answer.header("X-Backend"), answer.calls(), answer.header("Retry-After"))
    };
    assert_eq!(ask("", 0), "200 a [a] -", "the first priority");
    assert_eq!(ask("a", 0), "200 b [a b] -", "the same request goes on with the next member");
    assert_eq!(ask("a", 0), "200 b [b] -", "the circuit of the first is open");
    assert_eq!(ask("a", 0), "200 c [c] -", "weights hold among those of the second priority");
    assert_eq!(ask("", 9), "200 b [b] -");
    assert_eq!(ask("", 1), "200 a [a] -", "`Retry-After` has passed");
    assert_eq!(ask("abc", 0), "429 c [a b c] 10", "three attempts, three refusals: the last answer stands");
    assert_eq!(ask("abc", 4), "503 - [] 6", "all circuits are open");
    assert_eq!(ask("", 6), "200 a [a] -");
}

#[test]
fn a_pool_that_is_used_up_within_a_request_is_retried_and_ends_in_on_error() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/backend-pool-retry.xml")).unwrap();
    let mut world = World::policy(&text).backends(pool(&[("a", 1, 1)], &sample_rule())).status("a", 429, &[]);
    let answer = chat(&mut world);
    assert_eq!((answer.head.status, answer.calls().as_str(), answer.header("Retry-After").as_str()), (503, "a", "60"));
    assert_eq!(answer.header("X-Error"), "forward-request PoolIsInactive: Backend pool 'openai-pool' is temporarily unavailable.");
}

/// Source: github.com/dotnet/runtime, System.Net.Http, RedirectHandler.
/// Cases of `forward-request`: learn.microsoft.com/azure/api-management/forward-request-policy
#[test]
fn redirects_are_followed_as_a_dotnet_client_does() {
    let follow = |policy: &str, method: &str, first: &'static str, status: u16, location: &'static str| {
        let text = document(&format!(r#"<set-backend-service base-url="{first}" />"#), policy, "", "");
        let mut world = World::policy(&text).method(method);
        world = world.on("b.example", move |_| respond(status, &[("Location", location)], "moved"));
        world = world.on("c.example", |_| respond(200, &[("X-Served", "c")], "there"));
        let answer = world.send(CHAT, &[("Authorization", "Bearer x"), ("Content-Type", "text/plain")], Some(b"body"));
        let last = answer.sent.last().unwrap();
        let story = format!("{} {} {} {}", answer.head.status, last.head.method, last.head.url, String::from_utf8_lossy(&last.body));
        (story, last.head.headers.contains("Authorization"), last.head.headers.contains("Content-Type"), answer.messages())
    };
    let yes = r#"<forward-request follow-redirects="true" buffer-request-body="true" />"#;
    let (b, plain) = ("https://b.example/", "http://b.example/");
    for (method, status, location, expected) in [
        ("POST", 307, "https://c.example/x?y=1", "200 POST https://c.example/x?y=1 body"),
        ("POST", 308, "//c.example/x", "200 POST https://c.example/x body"),
        ("POST", 302, "https://c.example/x#part", "200 GET https://c.example/x "),
        ("POST", 301, "https://c.example/", "200 GET https://c.example/ "),
        ("POST", 300, "https://c.example/", "200 GET https://c.example/ "),
        ("PUT", 302, "https://c.example/", "200 PUT https://c.example/ body"),
        ("PUT", 303, "https://c.example/", "200 GET https://c.example/ "),
        ("POST", 304, "https://c.example/", "304 POST https://b.example/deployments/gpt-4o/chat/completions?api-version=1 body"),
    ] {
        let method_world = method;
        let found = if method == "PUT" {
            // The default API has POST operations only.
            let text = document(r#"<set-method>PUT</set-method><set-backend-service base-url="https://b.example/" />"#, yes, "", "");
            let mut world = World::policy(&text);
            world = world.on("b.example", move |_| respond(status, &[("Location", location)], "moved"));
            world = world.on("c.example", |_| respond(200, &[], "there"));
            let answer = chat(&mut world);
            let last = answer.sent.last().unwrap();
            format!("{} {} {} {}", answer.head.status, last.head.method, last.head.url, String::from_utf8_lossy(&last.body))
        } else {
            follow(yes, method_world, b, status, location).0
        };
        assert_eq!(found, expected, "{method} {status}");
    }
    let (_, authorization, content_type, _) = follow(yes, "POST", b, 307, "https://c.example/");
    assert_eq!((authorization, content_type), (false, true), "credentials do not follow, the body's type does");
    let (story, _, _, messages) = follow(yes, "POST", b, 307, "http://c.example/");
    assert!(story.starts_with("307 "), "{story}");
    assert_eq!(messages, ["the redirect to 'http://c.example/' is passed on: it leads from https to http"]);
    assert!(follow(yes, "POST", plain, 307, "http://c.example/").0.starts_with("200 "));
    assert!(follow("<forward-request />", "POST", b, 307, "https://c.example/").0.starts_with("307 "), "not by default");
    let streaming = r#"<forward-request follow-redirects="@(true)" />"#;
    let (story, _, _, messages) = follow(streaming, "POST", b, 307, "https://c.example/");
    assert!(story.starts_with("307 "), "{story}");
    assert_eq!(messages.len(), 1);
    assert_eq!(follow(streaming, "POST", b, 302, "https://c.example/").0, "200 GET https://c.example/ ");
    // Round and round: 50 redirects, then the 51st answer.
    let text = document(r#"<set-backend-service base-url="https://b.example/" />"#, yes, "", "");
    let mut world = World::policy(&text).on("b.example", |_| respond(307, &[("Location", "/again")], ""));
    let answer = chat(&mut world);
    assert_eq!((answer.sent.len(), answer.head.status), (51, 307));
}

#[test]
fn a_timeout_is_in_seconds_or_milliseconds() {
    for (attributes, expected) in [
        ("", 300_000),
        (r#"timeout="5""#, 5_000),
        (r#"timeout="@(2 + 3)""#, 5_000),
        (r#"timeout-ms="1500""#, 1_500),
        (r#"timeout-ms="@(700)""#, 700),
        (r#"timeout="10" continue-timeout="3" http-version="2or1""#, 10_000),
    ] {
        let text =
            document(r#"<set-backend-service base-url="https://b.example/" />"#, &format!("<forward-request {attributes} />"), "", "");
        let mut world = World::policy(&text).on("b.example", |_| respond(200, &[], ""));
        assert_eq!(chat(&mut world).sent[0].timeout, Duration::from_millis(expected), "{attributes}");
    }
}

/// The smart load balancer, and the same with its cast mended.
fn smart(mended: bool) -> String {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/smart-load-balancing.xml")).unwrap();
    let (cast, conversion) = (r#"int.Parse((string)context.Variables["remaining"])"#, r#"Convert.ToInt32(context.Variables["remaining"])"#);
    assert!(text.contains(cast));
    if mended { text.replace(cast, conversion) } else { text }
}

const REGIONS: [&str; 8] = ["swedencentral", "francecentral", "germanywest", "norwayeast", "uksouth", "westeurope", "eastus", "australia"];

/// What each region does: a status, `timeout`, or nothing for 200.
type Weather = Rc<RefCell<BTreeMap<&'static str, &'static str>>>;

fn smart_world(mended: bool) -> (World, Weather) {
    let weather: Weather = Rc::default();
    let mut world = World::policy(&smart(mended));
    for region in REGIONS {
        let weather = weather.clone();
        world = world.on(&format!("contoso-{region}.openai.azure.com"), move |sent| {
            assert_eq!(sent.body, "body", "every attempt carries the body");
            assert_eq!(sent.head.url.path, "/openai/deployments/gpt-4o/chat/completions", "one slash, where the policy has made two");
            match weather.borrow().get(region).copied() {
                None => respond(200, &[], region),
                Some("timeout") => broken(FailureKind::Timeout),
                Some(status) => respond(status.parse().unwrap(), &[("Retry-After", "20")], region),
            }
        });
    }
    (world, weather)
}

/// Source: Azure-Samples/openai-apim-lb, issues 27 and 29: the first refusal ends in 500 with this message, the second try goes elsewhere.
#[test]
fn the_smart_load_balancer_fails_on_the_first_refusal_and_the_next_request_goes_elsewhere() {
    for refusal in ["401", "429", "500", "503"] {
        let (mut world, weather) = smart_world(false);
        world.traced = true;
        assert_eq!(chat(&mut world).head.status, 200);
        weather.borrow_mut().extend(REGIONS[..3].iter().map(|region| (*region, refusal)));
        let mut tried = Vec::new();
        for _ in 0..3 {
            let answer = chat(&mut world);
            assert_eq!((answer.head.status, answer.sent.len()), (500, 1), "{refusal}");
            assert!(answer.text().starts_with(r#"{ "statusCode": 500, "message": "Internal server error", "activityId": ""#));
            let failed =
                answer.trace.iter().find(|record| record.entries.iter().any(|entry| matches!(entry, Entry::Failed { .. }))).unwrap();
            let message = "Expression evaluation failed. Unable to cast object of type 'System.Int32' to type 'System.String'.";
            let expected = Entry::Failed { reason: "ExpressionValueEvaluationFailure".into(), message: message.into() };
            assert_eq!((failed.place.path.as_str(), failed.entries.last()), ("retry", Some(&expected)));
            tried.push(answer.calls());
        }
        tried.sort();
        assert_eq!(tried, ["francecentral", "germanywest", "swedencentral"], "a region that has refused is not asked again");
        let answer = chat(&mut world);
        assert_eq!((answer.head.status, answer.calls().as_str()), (200, "norwayeast"), "the next priority");
        weather.borrow_mut().clear();
        world.advance(Duration::from_secs(21));
        assert!(REGIONS[..3].contains(&chat(&mut world).calls().as_str()), "the marks are over");
    }
}

#[test]
fn the_smart_load_balancer_retries_timeouts() {
    let (mut world, weather) = smart_world(false);
    weather.borrow_mut().extend(REGIONS[..2].iter().map(|region| (*region, "timeout")));
    let mut most = 0;
    for seed in 1..=20 {
        world.seed = seed;
        // Regions are drawn at random among those of the first priority; a timeout leaves no mark.
        let answer = chat(&mut world);
        let calls: Vec<String> = answer.calls().split(' ').map(str::to_owned).collect();
        let (last, before) = calls.split_last().unwrap();
        assert_eq!((answer.head.status, last.as_str()), (200, "germanywest"));
        assert!(before.iter().all(|region| REGIONS[..2].contains(&region.as_str())), "{calls:?}");
        most = most.max(before.len());
    }
    assert!(most > 1, "some request has met more than one timeout");
}

#[test]
fn the_mended_load_balancer_fails_over_within_one_request() {
    let (mut world, weather) = smart_world(true);
    weather.borrow_mut().extend(REGIONS[..5].iter().map(|region| (*region, "429")));
    weather.borrow_mut().insert(REGIONS[5], "500");
    let answer = chat(&mut world);
    let calls: Vec<String> = answer.calls().split(' ').map(str::to_owned).collect();
    let mut first: Vec<&str> = calls[..3].iter().map(String::as_str).collect();
    first.sort_unstable();
    assert_eq!(first, ["francecentral", "germanywest", "swedencentral"], "priority 1 in any order");
    assert_eq!((calls[3].as_str(), calls.last().map(String::as_str)), ("norwayeast", Some("eastus")));
    assert_eq!(
        (answer.head.status, answer.header("x-openai-backendurl").as_str()),
        (200, "https://contoso-eastus.openai.azure.com//openai")
    );
    world.advance(Duration::from_secs(19));
    assert_eq!(chat(&mut world).calls(), "eastus", "the marks hold");
    weather.borrow_mut().clear();
    world.advance(Duration::from_secs(1));
    assert!(REGIONS[..3].contains(&chat(&mut world).calls().as_str()), "`Retry-After` has passed");
    // All refuse: the last refusal is the answer, and nobody is asked twice.
    weather.borrow_mut().extend(REGIONS.iter().map(|region| (*region, "429")));
    let answer = chat(&mut world);
    let mut calls: Vec<String> = answer.calls().split(' ').map(str::to_owned).collect();
    calls.sort();
    calls.dedup();
    assert_eq!((answer.head.status, answer.sent.len(), calls.len()), (429, 8, 8));
}

/// Source: learn.microsoft.com/azure/api-management/forward-request-policy. What the client gets is not documented.
#[test]
fn an_error_status_that_fails_is_seen_by_retry_and_is_a_500_afterwards() {
    let backend = r#"<retry condition="@(context.Response.StatusCode == 429)" count="2" interval="0"><forward-request fail-on-error-status-code="true" buffer-request-body="true" /></retry>"#;
    let text = document(r#"<set-backend-service base-url="https://b.example/" />"#, backend, "", SHOW);
    let ask = |statuses: &'static [u16]| {
        let mut left = statuses.to_vec();
        let answer = chat(&mut World::policy(&text).on("b.example", move |_| respond(left.remove(0), &[], "own words")));
        (answer.head.status, answer.sent.len(), answer.header("X-Error"))
    };
    assert_eq!(ask(&[429, 429, 200]), (200, 3, "-".to_owned()));
    let error = "forward-request|BackendErrorStatusCode|backend|retry\\forward-request|The backend answered with status 404.|500|Internal Server Error";
    assert_eq!(ask(&[429, 404]), (500, 2, error.to_owned()));
}

fn hello(simulation: &process::Simulation) -> process::Http {
    simulation.chat("swedencentral", r#"{"messages":[{"role":"user","content":"hi"}]}"#)
}

#[test]
fn a_simulation_takes_backends_from_its_spec_and_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let spec = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml");
    // A backend of the spec brings its URL and its key.
    let policy = write("policy.xml", &document(r#"<set-backend-service backend-id="swc" />"#, "<base />", "", ""));
    let simulation = process::Simulation::start(&[spec, "--policy", &policy]);
    let answer = hello(&simulation);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let list: Vec<Value> = services(&["swc", "frc"], &sample_rule())
        .into_iter()
        .map(|(name, properties)| json!({ "name": name, "properties": properties }))
        .collect();
    let pool = json!({ "name": "openai-pool", "properties": { "type": "Pool", "pool": { "services": [
        { "id": "/backends/a", "priority": 1 }, { "id": "/backends/b", "priority": 2 }
    ] } } });
    let single = |id: &str| json!({ "name": id, "properties": { "url": format!("https://team-{id}.openai.azure.com/openai"), "circuitBreaker": { "rules": sample_rule() } } });
    let entities = write("backends.json", &json!({ "value": [single("a"), single("b"), pool] }).to_string());
    let retry = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/backend-pool-retry.xml");
    let mut simulation = process::Simulation::start(&["--policy", retry, "--backend-entities", &entities]);
    assert_eq!(hello(&simulation).header("x-backend"), "a");
    simulation.fault(&["team-a", "429", "--retry-after", "60s"]);
    assert_eq!((hello(&simulation).header("x-backend"), hello(&simulation).header("x-backend")), ("b", "b"));
    let attempts: Vec<Value> = (0..3).map(|_| simulation.event("request")["attempts"].take()).collect();
    assert_eq!(attempts.iter().map(|attempts| attempts.as_array().unwrap().len()).collect::<Vec<_>>(), [1, 2, 1]);
    // What is wrong stops it before it starts.
    for (text, expected) in [
        (json!([pool]).to_string(), "its member `a` is no backend"),
        (json!([list[0], { "name": "x", "properties": {} }]).to_string(), "the backend `x`: its URL `` is not an absolute"),
        ("{".to_owned(), "holds no backend resources"),
    ] {
        let path = write("broken.json", &text);
        let output = process::run(&["simulate", "--policy", &policy, "--backend-entities", &path], directory.path());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(expected), "{message}");
    }
    let output = process::run(&["simulate", "--policy", &policy], directory.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("policy/unknown-backend"));
}
