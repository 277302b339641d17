//! The cache: values that cross requests, responses, and the semantic cache. The sources are the policies' pages at
//! learn.microsoft.com/azure/api-management; what they leave open is named at each test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{cell::Cell, rc::Rc, time::Duration};

use openai_failover::{
    gateway::{Api, api::Operation},
    policy::Resources,
};
use support::{Answered, World, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";
const SECOND: Duration = Duration::from_secs(1);

fn document(inbound: &str, outbound: &str) -> String {
    format!(
        "<policies><inbound>{inbound}</inbound><backend><forward-request /></backend><outbound>{outbound}</outbound><on-error /></policies>"
    )
}

/// A policy that does `store` for requests with the header `Store`, and else looks `k` up into `v` and answers with `shown` in `X`.
fn value_cache(store: &str, lookup: &str, shown: &str) -> World {
    World::policy(&document(
        &format!(
            r#"<choose><when condition="@(context.Request.Headers.ContainsKey("Store"))">{store}<return-response /></when></choose>{lookup}
            <return-response><set-header name="X"><value>@({shown})</value></set-header></return-response>"#
        ),
        "",
    ))
}

const LOOKUP: &str = r#"<cache-lookup-value key="k" variable-name="v" />"#;

fn store(world: &mut World) -> Answered {
    let answer = world.send(CHAT, &[("Store", "1")], None);
    assert_eq!(answer.head.status, 200, "{}", answer.text());
    answer
}

fn shown(world: &mut World) -> String {
    let answer = world.send(CHAT, &[], None);
    if answer.head.status == 200 { answer.header("X") } else { answer.text() }
}

/// "cache-lookup-value … returns a cached value": of the type that it was stored with, as deployed policies cast it
/// (Azure-Samples/openai-apim-lb, apim-policy.xml: `JArray`; others: `int`, `string`).
#[test]
fn a_value_comes_back_with_its_type() {
    for (value, read, expected) in [
        (r#""text""#, r#"(string)context.Variables["v"]"#, "text"),
        ("41", r#"(int)context.Variables["v"] + 1"#, "42"),
        ("41L", r#"(long)context.Variables["v"]"#, "41"),
        ("1.50m", r#"(decimal)context.Variables["v"]"#, "1.50"),
        ("0.5", r#"(double)context.Variables["v"]"#, "0.5"),
        ("true", r#"(bool)context.Variables["v"]"#, "True"),
        ("'c'", r#"(char)context.Variables["v"]"#, "c"),
        (
            "new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)",
            r#"((DateTime)context.Variables["v"]).ToString("o")"#,
            "2026-01-02T03:04:05.0000000Z",
        ),
        ("TimeSpan.FromSeconds(90)", r#"(TimeSpan)context.Variables["v"]"#, "00:01:30"),
        (
            r#"Guid.Parse("00112233-4455-6677-8899-aabbccddeeff")"#,
            r#"(Guid)context.Variables["v"]"#,
            "00112233-4455-6677-8899-aabbccddeeff",
        ),
        ("new byte[] { 1, 255 }", r#"((byte[])context.Variables["v"])[1]"#, "255"),
        (r#"new string[] { "a", "b" }"#, r#"string.Join("+", (string[])context.Variables["v"])"#, "a+b"),
        ("new List<int> { 1, 2, 3 }", r#"((List<int>)context.Variables["v"]).Sum()"#, "6"),
        (
            r#"new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { { "a", 1 }, { "b", 2 } }"#,
            r#"((Dictionary<string, int>)context.Variables["v"])["B"]"#,
            "2",
        ),
        (
            r#"new Dictionary<string, List<int>> { { "a", new List<int> { 7 } } }"#,
            r#"((Dictionary<string, List<int>>)context.Variables["v"])["a"][0]"#,
            "7",
        ),
        ("new HashSet<int> { 3, 4 }", r#"((HashSet<int>)context.Variables["v"]).Contains(4)"#, "True"),
        (r#"new Uri("https://a.example/b")"#, r#"((Uri)context.Variables["v"]).Host"#, "a.example"),
        (
            r#"new JObject(new JProperty("at", DateTime.MinValue), new JProperty("n", 1), new JProperty("on", false))"#,
            r#"((JObject)context.Variables["v"]).Value<DateTime>("at") == DateTime.MinValue && !((JObject)context.Variables["v"]).Value<bool>("on")"#,
            "True",
        ),
        (
            r#"JArray.Parse("[1, {\"a\": [null, 2.5]}]")"#,
            r#"((JArray)context.Variables["v"]).ToString(Formatting.None)"#,
            r#"[1,{"a":[null,2.5]}]"#,
        ),
        (
            r#"JObject.Parse("{\"a\": 123456789012345678901234567890}")"#,
            r#"((JObject)context.Variables["v"])["a"].ToString()"#,
            "123456789012345678901234567890",
        ),
        // What stood in a tree is the root of its own.
        (
            r#"JObject.Parse("{\"a\": [1, 2]}")["a"]"#,
            r#"((JArray)context.Variables["v"]).Parent == null && ((JArray)context.Variables["v"])[1].Parent != null"#,
            "True",
        ),
        (r#"("a", 2)"#, r#"(((string, int))context.Variables["v"]).Item2"#, "2"),
        ("DayOfWeek.Friday", r#"(DayOfWeek)context.Variables["v"]"#, "Friday"),
        ("new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)", r#"((DateTimeOffset)context.Variables["v"]).Hour"#, "3"),
        (r#"new Regex("a+")"#, r#"((Regex)context.Variables["v"]).Match("baac").Value"#, "aa"),
        (r#"new JValue("x")"#, r#"((JValue)context.Variables["v"]).Value"#, "x"),
    ] {
        let mut world = value_cache(&format!(r#"<cache-store-value key="k" value="@({value})" duration="60" />"#), LOOKUP, read);
        assert!(store(&mut world).messages().is_empty(), "{value}");
        assert_eq!(shown(&mut world), expected, "{value}");
    }
}

#[test]
fn a_literal_value_is_a_string() {
    let mut world =
        value_cache(r#"<cache-store-value key="k" value="5" duration="60" />"#, LOOKUP, r#"(string)context.Variables["v"] + 1"#);
    store(&mut world);
    assert_eq!(shown(&mut world), "51");
}

/// Objects live and die with their request: the cache holds a copy, and gives a copy.
#[test]
fn changing_a_value_does_not_change_what_is_stored() {
    let setup = r#"<set-variable name="list" value="@(new JArray(1))" /><cache-store-value key="k" value="@((JArray)context.Variables["list"])" duration="60" />
        <set-variable name="list" value="@{ var list = (JArray)context.Variables["list"]; list.Add(2); return list; }" />"#;
    let read = r#"((JArray)context.Variables["v"]).Count + "" + ((JArray)context.Variables["w"]).Count"#;
    let lookup = r#"<cache-lookup-value key="k" variable-name="v" /><set-variable name="v" value="@{ var list = (JArray)context.Variables["v"]; list.Add(3); list.Add(4); return list; }" />
        <cache-lookup-value key="k" variable-name="w" />"#;
    let mut world = value_cache(setup, lookup, read);
    store(&mut world);
    for _ in 0..2 {
        assert_eq!(shown(&mut world), "31");
    }
}

/// Two references to one object are still two references to one object.
#[test]
fn shared_objects_stay_shared() {
    let setup = r#"<cache-store-value key="k" value="@{ var inner = new List<int>(); return new List<List<int>> { inner, inner }; }" duration="60" />"#;
    let lookup = r#"<cache-lookup-value key="k" variable-name="v" /><set-variable name="done" value="@{ ((List<List<int>>)context.Variables["v"])[0].Add(1); return true; }" />"#;
    let mut world = value_cache(setup, lookup, r#"((List<List<int>>)context.Variables["v"])[1].Count"#);
    store(&mut world);
    assert_eq!(shown(&mut world), "1");
}

#[test]
fn a_deep_tree_is_stored_without_recursion() {
    let setup = r#"<cache-store-value key="k" value="@{ var a = new JArray(); for (int i = 0; i < 20000; i++) { var n = new JArray(); n.Add(a); a = n; } return a; }" duration="60" />"#;
    let mut world = value_cache(setup, LOOKUP, r#"((JArray)context.Variables["v"])[0].Count()"#);
    store(&mut world);
    assert_eq!(shown(&mut world), "1");
}

/// "Value will be cached for the provided duration value, specified in seconds."
#[test]
fn a_value_goes_when_its_duration_is_over() {
    let read = r#"context.Variables.ContainsKey("v")"#;
    for (duration, seconds) in [("5", 5), ("@(2 + 3)", 5), ("@(60)", 60)] {
        let mut world = value_cache(&format!(r#"<cache-store-value key="k" value="x" duration="{duration}" />"#), LOOKUP, read);
        store(&mut world);
        world.advance(SECOND * seconds - Duration::from_millis(1));
        assert_eq!(shown(&mut world), "True", "{duration}");
        world.advance(Duration::from_millis(1));
        assert_eq!(shown(&mut world), "False", "{duration}");
    }
    for duration in ["0", "@(0)", "@(-5)"] {
        let mut world = value_cache(&format!(r#"<cache-store-value key="k" value="x" duration="{duration}" />"#), LOOKUP, read);
        store(&mut world);
        assert_eq!(shown(&mut world), "False", "{duration}");
    }
}

/// Source: MicrosoftDocs/azure-docs, issue 75289 (the trace of a miss: "variable will not be set").
/// Cases of `cache-lookup-value`: learn.microsoft.com/azure/api-management/cache-lookup-value-policy
#[test]
fn a_miss_gives_the_default_or_leaves_the_variable() {
    for (lookup, read, expected) in [
        (LOOKUP, r#"context.Variables.ContainsKey("v")"#, "False"),
        (
            r#"<set-variable name="v" value="before" /><cache-lookup-value key="k" variable-name="v" />"#,
            r#"(string)context.Variables["v"]"#,
            "before",
        ),
        (r#"<cache-lookup-value key="k" variable-name="v" default-value="7" />"#, r#"(string)context.Variables["v"] + 1"#, "71"),
        (r#"<cache-lookup-value key="k" variable-name="v" default-value="@(7)" />"#, r#"(int)context.Variables["v"] + 1"#, "8"),
        (
            r#"<cache-lookup-value key="@("k" + 1)" variable-name="v" default-value="@((string)null)" />"#,
            r#"context.Variables.ContainsKey("v") && context.Variables["v"] == null"#,
            "True",
        ),
    ] {
        assert_eq!(shown(&mut value_cache("", lookup, read)), expected, "{lookup}");
    }
}

/// Cases of `cache-store-value`: learn.microsoft.com/azure/api-management/cache-store-value-policy
/// Cases of `cache-remove-value`: learn.microsoft.com/azure/api-management/cache-remove-value-policy
#[test]
fn a_value_is_replaced_and_removed() {
    let read = r#"context.Variables.GetValueOrDefault<string>("v", "none")"#;
    for (setup, expected) in [
        (r#"<cache-store-value key="k" value="a" duration="60" /><cache-store-value key="k" value="b" duration="60" />"#, "b"),
        (r#"<cache-store-value key="k" value="a" duration="60" /><cache-remove-value key="@("k")" />"#, "none"),
        (r#"<cache-remove-value key="k" fail-on-cache-removal-error="true" /><cache-store-value key="k" value="a" duration="60" />"#, "a"),
        (r#"<cache-store-value key="K" value="a" duration="60" />"#, "none"),
        // The three words mean one cache here.
        (r#"<cache-store-value key="k" value="a" duration="60" caching-type="external" />"#, "a"),
        (r#"<cache-store-value key="k" value="a" duration="60" caching-type="internal" />"#, "a"),
        // A null could not be told from a miss: it is not stored.
        (
            r#"<cache-store-value key="k" value="a" duration="60" /><cache-store-value key="k" value="@((string)null)" duration="60" />"#,
            "a",
        ),
    ] {
        let mut world = value_cache(setup, LOOKUP, read);
        store(&mut world);
        assert_eq!(shown(&mut world), expected, "{setup}");
    }
}

/// A cache that fails "doesn't raise an error"; the trace says what was not stored.
#[test]
fn what_cannot_be_stored_is_not_and_the_request_goes_on() {
    for (value, message) in [
        (
            "context.Request.Headers",
            "a value of type 'System.Collections.Generic.IReadOnlyDictionary`2[System.String,System.String[]]' cannot be stored in the cache",
        ),
        (r#"new StringBuilder("x")"#, "a value of type 'System.Text.StringBuilder' cannot be stored in the cache"),
        ("new List<object> { context.Request }", "a value of type 'Microsoft.Azure.ApiManagement.IRequest' cannot be stored in the cache"),
        ("new string('a', 2097153)", "the value under 'k' is larger than 2 MiB and not stored in the cache"),
        (
            "new List<byte[]> { new byte[2000000], new byte[200000] }",
            "the value under 'k' is larger than 2 MiB and not stored in the cache",
        ),
    ] {
        let setup = format!(r#"<cache-store-value key="k" value="@({value})" duration="60" />"#);
        let mut world = value_cache(&setup, LOOKUP, r#"context.Variables.ContainsKey("v")"#);
        assert_eq!(store(&mut world).messages(), [message], "{value}");
        assert_eq!(shown(&mut world), "False", "{value}");
    }
    let setup = r#"<cache-store-value key="k" value="@(new string('a', 2097152))" duration="60" />"#;
    let mut world = value_cache(setup, LOOKUP, r#"((string)context.Variables["v"]).Length"#);
    store(&mut world);
    assert_eq!(shown(&mut world), "2097152");
}

/// A response in a variable, stored whole and given back by `return-response`.
#[test]
fn a_response_is_stored_with_its_body() {
    let calls = Rc::new(Cell::new(0));
    let counted = calls.clone();
    let inbound = r#"<cache-lookup-value key="r" variable-name="r" />
        <choose><when condition="@(context.Variables.ContainsKey("r"))"><return-response response-variable-name="r" /></when></choose>
        <set-backend-service base-url="https://b.example" />"#;
    let outbound = r#"<cache-store-value key="r" value="@(context.Response)" duration="60" />"#;
    let mut world = World::policy(&document(inbound, outbound)).on("b.example", move |_| {
        counted.set(counted.get() + 1);
        respond(201, &[("X-B", "1")], "made")
    });
    for _ in 0..3 {
        let answer = world.send(CHAT, &[], None);
        assert_eq!((answer.head.status, answer.text().as_str(), answer.header("X-B").as_str()), (201, "made", "1"));
    }
    assert_eq!(calls.get(), 1);
}

/// The policies' pages: inbound, outbound, backend, on-error.
#[test]
fn values_are_cached_in_every_section() {
    let count = |at: &str| {
        format!(
            r#"<cache-lookup-value key="{at}" variable-name="{at}" default-value="@(0)" /><cache-store-value key="{at}" value="@((int)context.Variables["{at}"] + 1)" duration="60" />"#
        )
    };
    let text = format!(
        r#"<policies><inbound>{}<set-backend-service base-url="https://b.example" /></inbound><backend><retry condition="@(false)" count="1" interval="0">{}<forward-request /></retry></backend>
        <outbound>{}<set-variable name="fail" value="@(int.Parse("x"))" /></outbound>
        <on-error>{}<set-header name="X"><value>@($"{{context.Variables["a"]}} {{context.Variables["b"]}} {{context.Variables["c"]}} {{context.Variables["d"]}}")</value></set-header></on-error></policies>"#,
        count("a"),
        count("b"),
        count("c"),
        count("d")
    );
    let mut world = World::policy(&text).on("b.example", |_| respond(200, &[], ""));
    for expected in ["0 0 0 0", "1 1 1 1", "2 2 2 2"] {
        assert_eq!(world.send(CHAT, &[], None).header("X"), expected);
    }
}

/// The pattern of Azure-Samples/openai-apim-lb, apim-policy.xml: a list of backends as `JArray`, marked, stored again, freed in time.
#[test]
fn a_throttle_mark_crosses_requests() {
    let inbound = r#"<cache-lookup-value key="@("listBackends-" + context.Api.Id)" variable-name="listBackends" />
        <choose><when condition="@(context.Variables.ContainsKey("listBackends") == false)">
            <set-variable name="listBackends" value="@{
                JArray backends = new JArray();
                backends.Add(new JObject() { { "url", "https://b.example" }, { "isThrottling", false }, { "retryAfter", DateTime.MinValue } });
                return backends;
            }" />
            <cache-store-value key="@("listBackends-" + context.Api.Id)" value="@((JArray)context.Variables["listBackends"])" duration="60" />
        </when></choose>
        <set-variable name="mark" value="@{
            JArray backends = (JArray)context.Variables["listBackends"];
            JObject backend = (JObject)backends[0];
            var was = backend.Value<bool>("isThrottling");
            if (was && DateTime.Now >= backend.Value<DateTime>("retryAfter")) { was = false; }
            backend["isThrottling"] = true;
            backend["retryAfter"] = DateTime.Now.AddSeconds(10);
            return was;
        }" />
        <cache-store-value key="@("listBackends-" + context.Api.Id)" value="@((JArray)context.Variables["listBackends"])" duration="60" />
        <return-response><set-header name="X"><value>@(context.Variables["mark"])</value></set-header></return-response>"#;
    let mut world = World::policy(&document(inbound, ""));
    let mut throttled = |wait: u32| {
        world.advance(SECOND * wait);
        let answer = world.send(CHAT, &[], None);
        assert_eq!(answer.head.status, 200, "{}", answer.text());
        answer.header("X")
    };
    assert_eq!(throttled(0), "False");
    assert_eq!(throttled(9), "True");
    assert_eq!(throttled(10), "False", "the mark has run out");
}

/// A trace says what a lookup found: this is how people find out why.
#[test]
fn a_trace_says_what_was_found() {
    let mut world = value_cache(r#"<cache-store-value key="k" value="x" duration="60" />"#, LOOKUP, "1");
    world.traced = true;
    assert_eq!(world.send(CHAT, &[], None).messages(), ["nothing is stored under 'k'"]);
    assert_eq!(store(&mut world).messages(), ["stored under 'k' for 60 s"]);
    assert_eq!(world.send(CHAT, &[], None).messages(), ["found under 'k'"]);
}

// Responses.

/// A gateway with one operation for each method, `/things/{id}`, whose backend says how often it was called.
fn responses(lookup: &str, outbound: &str) -> World {
    let inbound = format!(r#"<set-backend-service base-url="https://b.example" />{lookup}"#);
    let operation = |method: &'static str| Operation {
        id: method.into(),
        name: method.into(),
        method: method.into(),
        url_template: "/things/{id}".into(),
    };
    let api = Api { path: "api".into(), operations: vec![operation("GET"), operation("POST")], ..Api::default() };
    let api = Api { subscription_required: false, ..api };
    let mut calls = 0;
    World::with(&document(&inbound, outbound), "Sweden Central", api, Resources::default())
        .on("b.example", move |sent| {
            calls += 1;
            let status = if sent.head.url.query.contains("missing") { 404 } else { 200 };
            respond(status, &[("Cache-Control", "max-age=1")], &calls.to_string())
        })
        .method("GET")
}

const PLAIN: &str = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />"#;
const STORE: &str = r#"<cache-store duration="10" />"#;

#[test]
fn a_stored_response_stands_for_the_backends() {
    let mut world = responses(PLAIN, STORE);
    let mut get = |path: &str, wait: u32| {
        world.advance(SECOND * wait);
        let answer = world.send(path, &[], None);
        (answer.text(), answer.sent.len())
    };
    assert_eq!(get("/api/things/1", 0), ("1".into(), 1));
    assert_eq!(get("/api/things/1", 9), ("1".into(), 0));
    assert_eq!(get("/api/things/2", 0), ("2".into(), 1), "another URL");
    assert_eq!(get("/api/things/1", 1), ("3".into(), 1), "its time is up");
}

/// "Processing will continue from the step in the response pipeline that is after the corresponding `cache-store`": the service's trace.
#[test]
fn after_a_hit_outbound_goes_on_behind_the_store() {
    let add = |value: &str| format!(r#"<set-header name="X" exists-action="append"><value>{value}</value></set-header>"#);
    for (outbound, first, then) in [
        (format!("{}{STORE}{}", add("before"), add("after")), "before,after", "before,after"),
        (format!("{STORE}{}", add("after")), "after", "after"),
        (
            format!(
                r#"<choose><when condition="@(context.Response.StatusCode == 200)">{STORE}{}</when></choose>{}"#,
                add("inner"),
                add("outer")
            ),
            "inner,outer",
            "inner,outer",
        ),
    ] {
        let mut world = responses(PLAIN, &outbound);
        assert_eq!(world.send("/api/things/1", &[], None).header("X"), first, "{outbound}");
        let hit = world.send("/api/things/1", &[], None);
        assert_eq!((hit.header("X").as_str(), hit.sent.len()), (then, 0), "{outbound}");
    }
    // What changes the response before the store is not done again: the count would go up.
    let outbound = format!(r#"<set-body>@(context.Response.Body.As<string>() + "!")</set-body>{STORE}"#);
    let mut world = responses(PLAIN, &outbound);
    assert_eq!(world.send("/api/things/1", &[], None).text(), "1!");
    assert_eq!(world.send("/api/things/1", &[], None).text(), "1!");
}

/// The page of `cache-lookup`; that the query counts for nothing unless it is named: MicrosoftDocs/azure-docs, issue 109840.
/// Cases of `cache-lookup`: learn.microsoft.com/azure/api-management/cache-lookup-policy
#[test]
fn requests_share_a_response_or_do_not() {
    let lookup = |attributes: &str, children: &str| {
        format!(r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" {attributes}>{children}</cache-lookup>"#)
    };
    type Ask = (&'static str, &'static [(&'static str, &'static str)]);
    let cases: [(String, Ask, Ask, bool); 11] = [
        (lookup("", ""), ("/api/things/1?a=1", &[]), ("/api/things/1?a=2", &[]), true),
        (lookup("", "<vary-by-query-parameter>a</vary-by-query-parameter>"), ("/api/things/1?a=1", &[]), ("/api/things/1?a=2", &[]), false),
        (
            lookup("", "<vary-by-query-parameter>a</vary-by-query-parameter>"),
            ("/api/things/1?a=1&b=1", &[]),
            ("/api/things/1?b=2&A=1", &[]),
            true,
        ),
        (
            lookup("", "<vary-by-query-parameter>a;b</vary-by-query-parameter>"),
            ("/api/things/1?a=1&b=1", &[]),
            ("/api/things/1?a=1&b=2", &[]),
            false,
        ),
        (
            lookup("", "<vary-by-query-parameter>b</vary-by-query-parameter><vary-by-query-parameter>a</vary-by-query-parameter>"),
            ("/api/things/1?a=1&b=1", &[]),
            ("/api/things/1?b=1&a=1", &[]),
            true,
        ),
        (lookup("", ""), ("/api/things/1", &[("Accept", "a")]), ("/api/things/1", &[("Accept", "b")]), true),
        (
            lookup("", "<vary-by-header>Accept</vary-by-header>"),
            ("/api/things/1", &[("Accept", "a")]),
            ("/api/things/1", &[("Accept", "b")]),
            false,
        ),
        (
            lookup("", "<vary-by-header>ACCEPT</vary-by-header>"),
            ("/api/things/1", &[("accept", "a")]),
            ("/api/things/1", &[("Accept", "a")]),
            true,
        ),
        (lookup("", ""), ("/api/things/1", &[("Authorization", "a")]), ("/api/things/1", &[("Authorization", "a")]), false),
        (
            lookup(r#"allow-private-response-caching="@(true)""#, ""),
            ("/api/things/1", &[("Authorization", "a")]),
            ("/api/things/1", &[("Authorization", "b")]),
            true,
        ),
        (
            lookup(r#"allow-private-response-caching="true""#, "<vary-by-header>Authorization</vary-by-header>"),
            ("/api/things/1", &[("Authorization", "a")]),
            ("/api/things/1", &[("Authorization", "b")]),
            false,
        ),
    ];
    for (lookup, first, second, shared) in cases {
        let mut world = responses(&lookup, STORE);
        world.send(first.0, first.1, None);
        assert_eq!(world.send(second.0, second.1, None).sent.is_empty(), shared, "{lookup} {first:?} {second:?}");
    }
}

/// A developer is who owns the subscription.
#[test]
fn developers_have_responses_of_their_own_where_the_policy_says_so() {
    for (by_developer, expected) in [("false", 0), ("@(true)", 1)] {
        let lookup = format!(r#"<cache-lookup vary-by-developer="{by_developer}" vary-by-developer-groups="false" />"#);
        let mut world = responses(&lookup, STORE);
        world.send("/api/things/1", &[("api-key", support::KEY)], None);
        assert_eq!(world.send("/api/things/1", &[], None).sent.len(), expected, "{by_developer}");
        assert_eq!(world.send("/api/things/1", &[("api-key", support::KEY)], None).sent.len(), 0);
    }
}

/// "API Management only performs cache lookup for HTTP GET requests"; `cache-response`: MicrosoftDocs/azure-docs, pull request 107793.
/// Cases of `cache-store`: learn.microsoft.com/azure/api-management/cache-store-policy
#[test]
fn only_what_may_be_stored_is() {
    for (method, path, store, cached) in [
        ("GET", "/api/things/1", r#"<cache-store duration="10" />"#, true),
        ("POST", "/api/things/1", r#"<cache-store duration="10" cache-response="true" />"#, false),
        ("GET", "/api/things/1?missing", r#"<cache-store duration="10" />"#, false),
        ("GET", "/api/things/1?missing", r#"<cache-store duration="10" cache-response="true" />"#, true),
        ("GET", "/api/things/1?missing", r#"<cache-store duration="10" cache-response="@(context.Response.StatusCode == 404)" />"#, true),
        ("GET", "/api/things/1", r#"<cache-store duration="10" cache-response="false" />"#, false),
        ("GET", "/api/things/1", r#"<cache-store duration="@(0)" />"#, false),
        ("GET", "/api/things/1", r#"<set-body>@(new string('a', 2097152))</set-body><cache-store duration="10" />"#, false),
    ] {
        let mut world = responses(PLAIN, store).method(method);
        let first = world.send(path, &[], None);
        let second = world.send(path, &[], None);
        assert_eq!(second.sent.is_empty(), cached, "{method} {path} {store}");
        assert_eq!(first.head.status, second.head.status);
    }
    assert_eq!(responses("", STORE).send("/api/things/1", &[], None).head.status, 200, "a store without a lookup does nothing");
}

/// Which directives the service writes is not documented; these are RFC 9111's for what the attribute's words say.
#[test]
fn the_client_is_told_what_it_may_keep() {
    for (attributes, stored, hit) in [
        ("", "no-store", "no-store"),
        (r#"downstream-caching-type="none""#, "no-store", "no-store"),
        (r#"downstream-caching-type="private""#, "private, max-age=10, must-revalidate", "private, max-age=6, must-revalidate"),
        (r#"downstream-caching-type="public" must-revalidate="false""#, "public, max-age=10", "public, max-age=6"),
        (
            r#"downstream-caching-type="@("public")" must-revalidate="@(true)""#,
            "public, max-age=10, must-revalidate",
            "public, max-age=6, must-revalidate",
        ),
    ] {
        let lookup = format!(r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" {attributes} />"#);
        let mut world = responses(&lookup, STORE);
        assert_eq!(world.send("/api/things/1", &[], None).header("Cache-Control"), stored, "{attributes}");
        world.advance(SECOND * 4);
        assert_eq!(world.send("/api/things/1", &[], None).header("Cache-Control"), hit, "{attributes}");
        assert_eq!(
            world.send("/api/things/9?missing", &[], None).header("Cache-Control"),
            "max-age=1",
            "what is not stored stays as it is"
        );
    }
    let lookup = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" downstream-caching-type="@("some")" />"#;
    let answer = responses(lookup, STORE).send("/api/things/1", &[], None);
    assert_eq!(answer.head.status, 500);
}

/// "Cache headers listed below were removed from the request to prompt the backend service to send back a complete response": the trace
/// of a miss. Source: MicrosoftDocs/azure-docs, issue 43964.
#[test]
fn a_miss_asks_for_the_whole_response() {
    let mut world = responses(PLAIN, STORE);
    let asked = world.send("/api/things/1", &[("Cache-Control", "no-cache"), ("If-None-Match", "\"a\""), ("Accept", "*/*")], None);
    let names: Vec<&str> = asked.sent[0].head.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"Accept") && !names.contains(&"Cache-Control") && !names.contains(&"If-None-Match"), "{names:?}");
    let hit = world.send("/api/things/1", &[("Cache-Control", "no-cache")], None);
    assert!(hit.sent.is_empty(), "the client's Cache-Control is for the policy to heed");
}

// Prompts.

fn completions(attributes: &str, vary_by: &str, outbound: &str) -> World {
    let inbound = format!(
        r#"<set-backend-service base-url="https://b.example" /><llm-semantic-cache-lookup embeddings-backend-id="embeddings" embeddings-backend-auth="system-assigned" {attributes}>{vary_by}</llm-semantic-cache-lookup>"#
    );
    let mut calls = 0;
    World::policy(&document(&inbound, outbound)).on("b.example", move |sent| {
        calls += 1;
        let status = if sent.head.headers.contains("Fail") { 429 } else { 200 };
        respond(status, &[], &calls.to_string())
    })
}

const STRICT: &str = r#"score-threshold="0.05""#;
const KEEP: &str = r#"<llm-semantic-cache-store duration="60" />"#;

fn chat(messages: &[(&str, &str)]) -> String {
    let messages: Vec<String> = messages.iter().map(|(role, text)| format!(r#"{{"role":"{role}","content":"{text}"}}"#)).collect();
    format!(r#"{{"messages":[{}]}}"#, messages.join(","))
}

/// The page: `score-threshold` is a distance, smaller is stricter; `vary-by` partitions; system messages and long dialogs. The embedding
/// is a stand-in, so the distances are its own.
/// Cases of `llm-semantic-cache-lookup`: learn.microsoft.com/azure/api-management/llm-semantic-cache-lookup-policy
/// Cases of `llm-semantic-cache-store`: learn.microsoft.com/azure/api-management/llm-semantic-cache-store-policy
#[test]
fn a_prompt_that_is_near_enough_gets_the_stored_answer() {
    let capital = chat(&[("user", "What is the capital of France?")]);
    let spelled = chat(&[("user", "what is the capital of france")]);
    let reworded = chat(&[("user", "What is the capital city of France?")]);
    let other = chat(&[("user", "Write a poem about rain.")]);
    let with_system = chat(&[("system", "You are a pirate."), ("user", "What is the capital of France?")]);
    let long = chat(&[("user", "What is the capital of France?"), ("assistant", "Paris."), ("user", "And of Italy?")]);
    let parts = r#"{"messages":[{"role":"user","content":[{"type":"text","text":"What is the capital of France?"}]}]}"#.to_owned();
    let stream = capital.replace("{\"messages\"", "{\"stream\":true,\"messages\"");
    for (attributes, first, second, hit) in [
        (STRICT, &capital, &capital, true),
        (STRICT, &capital, &spelled, true),
        (STRICT, &capital, &parts, true),
        (STRICT, &capital, &reworded, false),
        (r#"score-threshold="0.5""#, &capital, &reworded, true),
        (r#"score-threshold="0.5""#, &capital, &other, false),
        (STRICT, &capital, &with_system, false),
        (r#"score-threshold="0.05" ignore-system-messages="true""#, &capital, &with_system, true),
        (STRICT, &long, &long, true),
        (r#"score-threshold="0.05" max-message-count="2""#, &long, &long, false),
        (r#"score-threshold="0.05" max-message-count="3""#, &long, &long, true),
        (STRICT, &capital, &stream, false),
        (STRICT, &stream, &stream, false),
    ] {
        let mut world = completions(attributes, "", KEEP);
        assert_eq!(world.send(CHAT, &[], Some(first.as_bytes())).text(), "1");
        let second_answer = world.send(CHAT, &[], Some(second.as_bytes()));
        assert_eq!(second_answer.text(), if hit { "1" } else { "2" }, "{attributes} {first} {second}");
        assert_eq!(second_answer.sent.is_empty(), hit);
    }
}

#[test]
fn prompts_of_different_partitions_do_not_answer_each_other() {
    let prompt = chat(&[("user", "Hello")]);
    let vary = r#"<vary-by>@(context.Request.Headers.GetValueOrDefault("User", ""))</vary-by><vary-by>fixed</vary-by>"#;
    let mut world = completions(STRICT, vary, KEEP);
    let mut ask = |path: &str, user: &'static str| world.send(path, &[("User", user)], Some(prompt.as_bytes())).text();
    assert_eq!((ask(CHAT, "a"), ask(CHAT, "b"), ask(CHAT, "a"), ask(CHAT, "b")), ("1".into(), "2".into(), "1".into(), "2".into()));
    assert_eq!(ask("/openai/deployments/gpt-35/chat/completions?api-version=1", "a"), "3", "another deployment");
}

/// "If the cache lookup fails, the API call … doesn't raise an error."
#[test]
fn a_lookup_that_cannot_be_done_is_none() {
    let mut world = completions(STRICT, "", KEEP);
    for body in
        [None, Some(&b"no json"[..]), Some(b"{}"), Some(b"{\"messages\":[]}"), Some(b"[1]"), Some(b"{\"messages\":[{\"content\":5}]}")]
    {
        for _ in 0..2 {
            let answer = world.send(CHAT, &[], body);
            assert_eq!((answer.head.status, answer.sent.len()), (200, 1), "{body:?}");
        }
    }
}

#[test]
fn answers_go_in_time_and_failures_are_not_kept() {
    let prompt = chat(&[("user", "Hello")]);
    let mut world = completions(STRICT, "", KEEP);
    assert_eq!(world.send(CHAT, &[("Fail", "1")], Some(prompt.as_bytes())).head.status, 429);
    assert_eq!(world.send(CHAT, &[], Some(prompt.as_bytes())).text(), "2");
    world.advance(SECOND * 59);
    assert_eq!(world.send(CHAT, &[], Some(prompt.as_bytes())).text(), "2");
    world.advance(SECOND);
    assert_eq!(world.send(CHAT, &[], Some(prompt.as_bytes())).text(), "3");
    let mut world = completions(STRICT, "", r#"<llm-semantic-cache-store duration="@(60)" cache-response="true" />"#);
    world.send(CHAT, &[("Fail", "1")], Some(prompt.as_bytes()));
    assert_eq!(world.send(CHAT, &[], Some(prompt.as_bytes())).head.status, 429);
}

/// Cases of `azure-openai-semantic-cache-lookup`: learn.microsoft.com/azure/api-management/azure-openai-semantic-cache-lookup-policy
/// Cases of `azure-openai-semantic-cache-store`: learn.microsoft.com/azure/api-management/azure-openai-semantic-cache-store-policy
#[test]
fn the_older_names_do_the_same_and_outbound_goes_on_behind_the_store() {
    let inbound = r#"<set-backend-service base-url="https://b.example" /><azure-openai-semantic-cache-lookup score-threshold="0.05" embeddings-backend-id="e" embeddings-backend-auth="system-assigned" />"#;
    let outbound = r#"<set-header name="A" exists-action="append"><value>x</value></set-header><azure-openai-semantic-cache-store duration="60" /><set-header name="B" exists-action="append"><value>x</value></set-header>"#;
    let mut world = World::policy(&document(inbound, outbound)).on("b.example", |_| respond(200, &[], "once"));
    let prompt = chat(&[("user", "Hello")]);
    for calls in [1, 0, 0] {
        let answer = world.send(CHAT, &[], Some(prompt.as_bytes()));
        assert_eq!((answer.sent.len(), answer.header("A").as_str(), answer.header("B").as_str()), (calls, "x", "x"));
    }
}

/// What a document may say: the pages' types and ranges.
#[test]
fn wrong_settings_are_refused() {
    use openai_failover::{policy, source::Source, xml};
    let semantic = |attributes: &str| {
        format!(r#"<llm-semantic-cache-lookup embeddings-backend-id="e" embeddings-backend-auth="system-assigned" {attributes} />"#)
    };
    for (inbound, message) in [
        (r#"<cache-store-value key="k" value="v" duration="soon" />"#.to_owned(), "`soon` is not a whole number"),
        (r#"<cache-store-value key="k" value="v" duration="-1" />"#.to_owned(), "`duration` is -1, which is out of range"),
        (r#"<cache-lookup-value key="k" variable-name="@("v")" />"#.to_owned(), "`variable-name` takes no expression"),
        (r#"<cache-lookup-value key="k" variable-name="v" caching-type="some" />"#.to_owned(), "`some` is not one of its words"),
        (semantic(r#"score-threshold="2""#), "`2` is not a number from 0 to 1"),
        (semantic(r#"score-threshold="x""#), "`x` is not a number from 0 to 1"),
    ] {
        let parsed = xml::parse(&Source::new("p.xml", document(&inbound, ""))).unwrap();
        let found = policy::compile(&parsed, &Resources::default()).unwrap_err();
        assert!(found.iter().all(|found| found.message == message), "{inbound}: {found:?}");
    }
}
