//! A table of cases for each policy of the pipeline itself. Source of every table, where none is given: the policy's page at
//! learn.microsoft.com/azure/api-management/NAME-policy.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use openai_failover::{
    gateway::{Api, Operation, effect::FailureKind, trace::Entry},
    policy::{self, Resources},
    source::Source,
    xml,
};
use support::{Answered, Sent, World, broken, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";
const TO_B: &str = r#"<set-backend-service base-url="https://b.example/base" />"#;

fn document(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> String {
    format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )
}

/// The request that a backend gets after these policies in inbound.
fn sent(policies: &str, path: &str, headers: &[(&'static str, &'static str)]) -> Sent {
    let text = document(&format!("{TO_B}{policies}"), "<forward-request />", "", "");
    let mut answer = World::policy(&text).on("b.example", |_| respond(200, &[], "")).send(path, headers, Some(b"body"));
    if answer.sent.is_empty() {
        panic!("{policies}: {}", answer.text());
    }
    answer.sent.remove(0)
}

/// What the client gets after these policies in inbound, with `r.example` answering 200 `r`.
fn answered(policies: &str) -> Answered {
    let show = r#"<set-header name="E"><value>@(context.LastError.Source + "|" + context.LastError.Reason + "|" + context.LastError.Path + "|" + context.LastError.Message)</value></set-header>"#;
    World::policy(&document(policies, "", "", show)).on("r.example", |_| respond(200, &[("A", "b")], "r")).send(
        CHAT,
        &[("H", "h")],
        Some(b"body"),
    )
}

/// The value of an expression after these policies.
fn value(policies: &str, expression: &str) -> String {
    let answer = answered(&format!(
        r#"{policies}<return-response><set-header name="X"><value>@({expression})</value></set-header></return-response>"#
    ));
    if answer.head.status == 200 { answer.header("X") } else { answer.header("E") }
}

/// The codes of what is wrong with a document whose inbound holds these policies.
fn faults(inbound: &str) -> Vec<&'static str> {
    let document = xml::parse(&Source::new("p.xml", document(inbound, "", "", ""))).unwrap();
    match policy::compile(&document, &Resources::default()) {
        Ok(program) => program.warnings.iter().map(|diagnostic| diagnostic.code).collect(),
        Err(found) => found.iter().map(|diagnostic| diagnostic.code).collect(),
    }
}

/// Cases of `choose`: learn.microsoft.com/azure/api-management/choose-policy
#[test]
fn choose_takes_the_first_branch_that_holds() {
    let set = |value: &str| format!(r#"<set-variable name="v" value="{value}" />"#);
    for (branches, expected) in [
        (format!(r#"<when condition="@(false)">{}</when><when condition="@(true)">{}</when>"#, set("a"), set("b")), "b"),
        (format!(r#"<when condition="@(true)">{}</when><when condition="@(true)">{}</when>"#, set("a"), set("b")), "a"),
        (format!(r#"<when condition="@(false)">{}</when><otherwise>{}</otherwise>"#, set("a"), set("o")), "o"),
        (format!(r#"<when condition="@(false)">{}</when>"#, set("a")), "none"),
        (format!(r#"<when condition="true">{}</when>"#, set("literal")), "literal"),
        (format!(r#"<when condition="@(true)"><choose><when condition="@(true)">{}</when></choose></when>"#, set("nested")), "nested"),
        // Conditions behind the one that holds are never computed.
        (format!(r#"<when condition="@(true)">{}</when><when condition="@(int.Parse("x") > 0)" />"#, set("a")), "a"),
    ] {
        let chosen = value(&format!("<choose>{branches}</choose>"), r#"context.Variables.GetValueOrDefault("v", "none")"#);
        assert_eq!(chosen, expected, "{branches}");
    }
    assert_eq!(faults("<choose />"), ["policy/missing"]);
    assert_eq!(faults(r#"<choose><otherwise /><when condition="@(true)" /></choose>"#), ["policy/child-order"]);
}

/// `interval` alone is fixed, with `delta` linear, with `max-interval` exponential; the condition is computed after each run.
/// Cases of `retry`: learn.microsoft.com/azure/api-management/retry-policy
#[test]
fn retry_runs_again_while_its_condition_holds() {
    let always = r#"condition="@(true)""#;
    for (attributes, runs, pauses) in [
        (format!(r#"{always} count="3" interval="10""#), 4, vec![10, 10, 10]),
        (format!(r#"{always} count="3" interval="10" delta="5""#), 4, vec![10, 15, 20]),
        (format!(r#"{always} count="2" interval="10" first-fast-retry="true""#), 3, vec![10]),
        (format!(r#"{always} count="1" interval="0""#), 2, vec![]),
        (r#"condition="@(false)" count="3" interval="1""#.to_owned(), 1, vec![]),
        (r#"condition="@(2 > (int)context.Variables["n"])" count="9" interval="1""#.to_owned(), 2, vec![1]),
        (format!(r#"{always} count="@(1 + 1)" interval="@(3)""#), 3, vec![3, 3]),
    ] {
        let body = r#"<set-variable name="n" value="@(context.Variables.GetValueOrDefault<int>("n") + 1)" />"#;
        let answer = answered(&format!(
            r#"<retry {attributes}>{body}</retry><return-response><set-header name="N"><value>@(context.Variables["n"].ToString())</value></set-header></return-response>"#
        ));
        let slept: Vec<u64> = answer.slept.iter().map(Duration::as_secs).collect();
        assert_eq!((answer.header("N"), slept), (runs.to_string(), pauses), "{attributes} {}", answer.header("E"));
    }
    assert_eq!(
        faults(r#"<retry condition="@(true)" count="51" interval="1"><set-variable name="a" value="b" /></retry>"#),
        ["policy/out-of-range"]
    );
    // The page: a `wait` may not stand in it.
    assert!(
        faults(r#"<retry condition="@(true)" count="1" interval="1"><wait><choose><when condition="@(true)" /></choose></wait></retry>"#)
            .contains(&"policy/misplaced")
    );
}

/// Source besides: deployed samples read a count that expressions give.
#[test]
fn a_retry_count_out_of_range_fails_when_it_is_computed() {
    let policy = r#"<retry condition="@(true)" count="@(60)" interval="0"><set-variable name="a" value="b" /></retry>"#;
    let found = value(policy, "1.ToString()");
    assert_eq!(found, "retry|ExpressionValueValidationFailure|retry|Expression value is invalid. `count` is 60, and may be 1 to 50.");
}

/// Allowed types are on the page; a literal is a string.
/// Cases of `set-variable`: learn.microsoft.com/azure/api-management/set-variable-policy
#[test]
fn set_variable_keeps_the_type() {
    for (given, expression, expected) in [
        ("5", r#"((string)context.Variables["v"]).Length.ToString()"#, "1"),
        ("@(5)", r#"((int)context.Variables["v"] + 1).ToString()"#, "6"),
        ("@(DateTime.Parse(\"2020-01-02\"))", r#"((DateTime)context.Variables["v"]).Day.ToString()"#, "2"),
        ("@(new JObject(new JProperty(\"a\", 1)))", r#"(string)((JObject)context.Variables["v"])["a"]"#, "1"),
        ("@{ return context.Request.Method + \"!\"; }", r#"(string)context.Variables["v"]"#, "POST!"),
        ("@((string)null)", r#"(context.Variables["v"] == null).ToString()"#, "True"),
        ("", r#"((string)context.Variables["v"]).Length.ToString()"#, "0"),
    ] {
        assert_eq!(value(&format!("<set-variable name=\"v\" value='{given}' />"), expression), expected, "{given}");
    }
    let again = r#"<set-variable name="v" value="1" /><set-variable name="v" value="@((string)context.Variables["v"] + "2")" />"#;
    assert_eq!(value(again, r#"(string)context.Variables["v"]"#), "12");
    assert_eq!(faults(r#"<set-variable name="@("a")" value="b" />"#), ["policy/literal-only"]);
}

/// Source: learn.microsoft.com/azure/api-management/policy-fragments.
/// Cases of `include-fragment`: learn.microsoft.com/azure/api-management/include-fragment-policy
#[test]
fn include_fragment_stands_for_its_policies() {
    let fragment = |text: &str| Arc::new(xml::parse(&Source::new("f.xml", text)).unwrap());
    let resources = || {
        Resources {
        fragments: [
            ("two".to_owned(), fragment(r#"<fragment><set-variable name="a" value="1" /><set-variable name="b" value="@(context.Variables["a"] + "2")" /></fragment>"#)),
            ("nests".to_owned(), fragment(r#"<fragment><include-fragment fragment-id="two" /></fragment>"#)),
            ("base".to_owned(), fragment("<fragment><base /></fragment>")),
            ("ends".to_owned(), fragment(r#"<fragment><return-response><set-status code="299" /></return-response></fragment>"#)),
        ]
        .into(),
        ..Resources::default()
    }
    };
    let api = || Api { subscription_required: false, ..Api::default() };
    let run = |inbound: &str| {
        let text = document(inbound, "", r#"<set-header name="B"><value>@((string)context.Variables["b"])</value></set-header>"#, "");
        World::with(&text, "Sweden Central", api(), resources()).send(CHAT, &[], None)
    };
    let with_response = r#"<include-fragment fragment-id="two" /><return-response><set-header name="B"><value>@((string)context.Variables["b"])</value></set-header></return-response>"#;
    assert_eq!(run(with_response).header("B"), "12");
    let nested = format!(r#"<choose><when condition="@(true)">{with_response}</when></choose>"#);
    assert_eq!(run(&nested).header("B"), "12");
    assert_eq!(run(r#"<include-fragment fragment-id="ends" />"#).head.status, 299);
    for (id, code) in [("nests", "policy/nested-fragment"), ("base", "policy/misplaced-base"), ("none", "policy/unknown-fragment")] {
        let text = document(&format!(r#"<include-fragment fragment-id="{id}" />"#), "", "", "");
        let found = policy::compile(&xml::parse(&Source::new("p.xml", text)).unwrap(), &resources()).unwrap_err();
        assert_eq!(found.iter().map(|diagnostic| diagnostic.code).collect::<Vec<_>>(), [code], "{id}");
    }
}

/// Modes, what the variable holds, what fails.
/// Cases of `send-request`: learn.microsoft.com/azure/api-management/send-request-policy
#[test]
fn send_request_makes_a_request_of_its_own() {
    let to_r = "<set-url>https://r.example/x?y=1</set-url>";
    for (attributes, children, expected) in [
        (r#"mode="new""#, format!("{to_r}<set-method>GET</set-method>"), "GET /x?y=1 [] -"),
        (r#"mode="new""#, format!("{to_r}<set-method>POST</set-method><set-body>@(\"b\" + 1)</set-body>"), "POST /x?y=1 [b1] -"),
        (
            r#"mode="new""#,
            format!("{to_r}<set-method>GET</set-method><set-header name=\"H\"><value>new</value></set-header>"),
            "GET /x?y=1 [] new",
        ),
        (r#"mode="copy""#, to_r.to_owned(), "POST /x?y=1 [body] h"),
        (r#"mode="copy""#, format!("{to_r}<set-method>PUT</set-method><set-body>other</set-body>"), "PUT /x?y=1 [other] h"),
        (r#"mode="@("co" + "py")""#, to_r.to_owned(), "POST /x?y=1 [body] h"),
        (
            "",
            r#"<set-url>@("https://r.example/" + context.Request.Method)</set-url><set-method>GET</set-method>"#.to_owned(),
            "GET /POST [] -",
        ),
    ] {
        let answer =
            answered(&format!(r#"<send-request {attributes} response-variable-name="r">{children}</send-request><return-response />"#));
        let request = &answer.sent[0];
        let seen = format!(
            "{} {}{} [{}] {}",
            request.head.method,
            request.head.url.path,
            request.head.url.query,
            String::from_utf8_lossy(&request.body),
            request.head.headers.get("H").map_or("-", |value| value.as_str())
        );
        assert_eq!(seen, expected, "{attributes} {children}");
        assert_eq!((request.timeout.as_secs(), request.streams), (60, false));
    }
    let kept = r#"<send-request response-variable-name="r" timeout="7"><set-url>https://r.example/</set-url><set-method>GET</set-method></send-request>"#;
    for (expression, expected) in [
        (r#"((IResponse)context.Variables["r"]).StatusCode.ToString()"#, "200"),
        (r#"((IResponse)context.Variables["r"]).StatusReason"#, "OK"),
        (r#"((IResponse)context.Variables["r"]).Headers.GetValueOrDefault("A", "")"#, "b"),
        (r#"((IResponse)context.Variables["r"]).Body.As<string>()"#, "r"),
    ] {
        assert_eq!(value(kept, expression), expected, "{expression}");
    }
    let lost = |extra: &str| {
        value(
            &format!(
                r#"<send-request response-variable-name="r" {extra}><set-url>https://nobody.example/</set-url><set-method>GET</set-method></send-request>"#
            ),
            r#"(context.Variables["r"] == null).ToString()"#,
        )
    };
    assert_eq!(lost(r#"ignore-error="true""#), "True");
    assert_eq!(lost(""), "send-request|BackendConnectionFailure|send-request|dns-failure");
    assert_eq!(faults("<send-request><set-method>GET</set-method></send-request>"), ["policy/missing"]);
}

/// `for="all"` waits for every policy, `any` for the first.
/// Cases of `wait`: learn.microsoft.com/azure/api-management/wait-policy
#[test]
fn wait_goes_on_when_all_or_one_have_ended() {
    let send = |name: &str| {
        format!(
            r#"<send-request response-variable-name="{name}" ignore-error="true"><set-url>https://r.example/{name}</set-url><set-method>GET</set-method></send-request>"#
        )
    };
    for (attributes, expected) in
        [(r#"for="all""#, "True,True"), ("", "True,True"), (r#"for="@("all")""#, "True,True"), (r#"for="any""#, "True,False")]
    {
        let found = value(
            &format!("<wait {attributes}>{}{}</wait>", send("a"), send("b")),
            r#"context.Variables.ContainsKey("a") + "," + context.Variables.ContainsKey("b")"#,
        );
        assert_eq!(found, expected, "{attributes}");
    }
    assert_eq!(faults(r#"<wait><set-variable name="a" value="b" /></wait>"#), ["policy/misplaced"]);
    assert_eq!(faults(r#"<wait for="some"><choose><when condition="@(true)" /></choose></wait>"#).first(), Some(&"policy/bad-value"));
}

/// What leaves a `retry` at once, and what it tries again. Source of the second: learn.microsoft.com/azure/api-management/retry-policy.
#[test]
fn retry_gives_up_on_what_is_no_failed_attempt() {
    for (child, runs, error) in [
        (r#"<set-variable name="a" value="@(int.Parse("x"))" />"#, 1, "set-variable|ExpressionValueEvaluationFailure"),
        (r#"<set-header name="@("a b")"><value>1</value></set-header>"#, 1, "set-header|ExpressionValueValidationFailure"),
        (r#"<forward-request timeout="@(int.Parse("x"))" />"#, 1, "forward-request|ExpressionValueEvaluationFailure"),
        ("<forward-request />", 3, "forward-request|BackendConnectionFailure"),
        (
            r#"<send-request mode="new" timeout="1" response-variable-name="r"><set-url>https://b.example/</set-url></send-request>"#,
            3,
            "send-request|BackendConnectionFailure",
        ),
    ] {
        let count = r#"<set-variable name="n" value="@(context.Variables.GetValueOrDefault<int>("n", 0) + 1)" />"#;
        let retry = format!(r#"<retry condition="@(true)" count="2" interval="0">{count}{child}</retry>"#);
        let show = r#"<set-header name="E"><value>@(context.Variables["n"] + "|" + context.LastError.Source + "|" + context.LastError.Reason)</value></set-header>"#;
        let answer = World::policy(&document(TO_B, &retry, "", show)).on("b.example", |_| broken(FailureKind::Reset)).send(CHAT, &[], None);
        assert_eq!(answer.header("E"), format!("{runs}|{error}"), "{child}");
    }
}

/// Over the limit is 429 at once.
/// Cases of `limit-concurrency`: learn.microsoft.com/azure/api-management/limit-concurrency-policy
#[test]
fn limit_concurrency_gives_its_slots_back() {
    let text = document(
        r#"<limit-concurrency key="@(context.Request.Headers.GetValueOrDefault("K", "k"))" max-count="1"><set-variable name="a" value="1" /></limit-concurrency><return-response />"#,
        "",
        "",
        "",
    );
    let mut world = World::policy(&text);
    for _ in 0..3 {
        assert_eq!(world.send(CHAT, &[], None).head.status, 200);
    }
    let nested = document(
        r#"<limit-concurrency key="k" max-count="1"><limit-concurrency key="k" max-count="1"><set-variable name="a" value="1" /></limit-concurrency></limit-concurrency>"#,
        "",
        "",
        "",
    );
    assert_eq!(World::policy(&nested).send(CHAT, &[], None).head.status, 429);
}

/// Without anything: 200 and no body. With a variable and children, the children change the variable's response.
/// Cases of `return-response`: learn.microsoft.com/azure/api-management/return-response-policy
#[test]
fn return_response_answers_at_once() {
    let r = r#"<send-request response-variable-name="r"><set-url>https://r.example/</set-url><set-method>GET</set-method></send-request>"#;
    for (attributes, children, expected) in [
        ("", "", "200 OK - []"),
        ("", r#"<set-status code="418" reason="Teapot" />"#, "418 Teapot - []"),
        (
            "",
            r#"<set-status code="404" reason="Not Found" /><set-header name="A"><value>1</value></set-header><set-body>x</set-body>"#,
            "404 Not Found 1 [x]",
        ),
        (r#"response-variable-name="r""#, "", "200 OK b [r]"),
        (r#"response-variable-name="r""#, r#"<set-status code="503" reason="No" />"#, "503 No b [r]"),
        (
            r#"response-variable-name="r""#,
            r#"<set-header name="A" exists-action="append"><value>c</value></set-header><set-body>y</set-body>"#,
            "200 OK b,c [y]",
        ),
        (
            "",
            r#"<set-body>@{ return new JObject(new JProperty("a", 1)).ToString(Newtonsoft.Json.Formatting.None); }</set-body>"#,
            r#"200 OK - [{"a":1}]"#,
        ),
        ("", r#"<set-body>@((string)null)</set-body>"#, "200 OK - []"),
    ] {
        let answer = answered(&format!("{r}<return-response {attributes}>{children}</return-response>"));
        let seen = format!("{} {} {} [{}]", answer.head.status, answer.head.reason, answer.header("A"), answer.text());
        assert_eq!(seen, expected, "{attributes} {children}");
    }
    assert_eq!(
        faults(r#"<return-response><set-body>x</set-body><set-status code="200" reason="OK" /></return-response>"#),
        ["policy/child-order"]
    );
    let nothing = answered(r#"<return-response response-variable-name="none" />"#);
    assert_eq!(
        nothing.header("E"),
        "return-response|ExpressionValueValidationFailure|return-response|The variable 'none' holds no response."
    );
}

/// `return-response` in each section: nothing after it runs, outbound and on-error neither.
/// Source besides: three policies of Azure-Samples/Apim-Samples say that outbound is left out.
#[test]
fn return_response_ends_the_pipeline_in_every_section() {
    let end = r#"<return-response><set-status code="299" reason="" /></return-response>"#;
    let mark = r#"<set-header name="M"><value>late</value></set-header>"#;
    let throw = r#"<set-variable name="x" value="@(int.Parse("x"))" />"#;
    for (text, calls) in [
        (document(&format!("{TO_B}{end}"), "<forward-request />", mark, mark), 0),
        (document(TO_B, &format!(r#"<choose><when condition="@(true)">{end}<forward-request /></when></choose>"#), mark, mark), 0),
        (document(TO_B, "<forward-request />", &format!("{end}{mark}"), mark), 1),
        (document(throw, "<forward-request />", mark, &format!("{end}{mark}")), 0),
    ] {
        let answer = World::policy(&text).on("b.example", |_| respond(200, &[], "b")).send(CHAT, &[], None);
        assert_eq!((answer.head.status, answer.header("M").as_str(), answer.sent.len()), (299, "-", calls), "{text}");
    }
}

/// Names that commas may not join are on the page; so are those that cannot be touched.
/// Cases of `set-header`: learn.microsoft.com/azure/api-management/set-header-policy
#[test]
fn set_header_joins_what_may_be_joined() {
    let one = |action: &str, values: &[&str], name: &str| {
        let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
        format!(r#"<set-header name="{name}" {action}>{values}</set-header>"#)
    };
    for (policies, name, expected) in [
        (one("", &["n"], "H"), "H", "n"),
        (one(r#"exists-action="override""#, &["1", "2"], "H"), "H", "1,2"),
        (one(r#"exists-action="append""#, &["n"], "H"), "H", "a,b,n"),
        (one(r#"exists-action="append""#, &["n"], "New"), "New", "n"),
        (one(r#"exists-action="skip""#, &["n"], "h"), "H", "a;b"),
        (one(r#"exists-action="skip""#, &["n"], "New"), "New", "n"),
        (one(r#"exists-action="delete""#, &[], "H"), "H", ""),
        (one(r#"exists-action="@("delete")""#, &[], "H"), "H", ""),
        (one("", &["1", "2"], "Cookie"), "Cookie", "1;2"),
        (one("", &["1", "2"], "Warning"), "Warning", "1;2"),
        (one(r#"exists-action="append""#, &["x"], "User-Agent"), "User-Agent", "me;x"),
        (one("", &["@(context.Request.Method)"], "@(\"H\" + 2)"), "H2", "POST"),
        (one("", &["@((string)null)"], "H"), "H", ""),
        (one("", &[], "H"), "H", ""),
        (one("", &["9"], "Content-Length"), "Content-Length", ""),
        (one("", &["close"], "Connection"), "Connection", ""),
    ] {
        let seen = sent(&policies, CHAT, &[("H", "a"), ("H", "b"), ("User-Agent", "me")]);
        let values: Vec<&str> = seen.head.headers.values(name).map(|value| value.as_str()).collect();
        assert_eq!(values.join(";"), expected, "{policies}");
    }
    assert_eq!(faults(r#"<set-header name="A" />"#), ["policy/no-value"]);
    assert_eq!(faults(r#"<set-header name="A" exists-action="replace"><value>1</value></set-header>"#).first(), Some(&"policy/bad-value"));
    assert!(faults(r#"<set-header name="A">text</set-header>"#).contains(&"policy/text"));
}

/// Cases of `set-query-parameter`: learn.microsoft.com/azure/api-management/set-query-parameter-policy
#[test]
fn set_query_parameter_has_four_ways() {
    let one =
        |action: &str, name: &str, values: &str| format!(r#"<set-query-parameter name="{name}" {action}>{values}</set-query-parameter>"#);
    for (policy, expected) in [
        (one("", "n", "<value>1</value>"), "?a=1&b=2&a=3&n=1"),
        (one("", "a", "<value>9</value>"), "?b=2&a=9"),
        (one(r#"exists-action="override""#, "a", "<value>8</value><value>9</value>"), "?b=2&a=8&a=9"),
        (one(r#"exists-action="append""#, "a", "<value>9</value>"), "?a=1&b=2&a=3&a=9"),
        (one(r#"exists-action="skip""#, "a", "<value>9</value>"), "?a=1&b=2&a=3"),
        (one(r#"exists-action="skip""#, "n", "<value>9</value>"), "?a=1&b=2&a=3&n=9"),
        (one(r#"exists-action="delete""#, "a", ""), "?b=2"),
        (one("", "q", "<value>@(\"x &amp; y/ä\")</value>"), "?a=1&b=2&a=3&q=x%20%26%20y/%C3%A4"),
        (one("", "@(\"n\")", "<value>@(context.Request.Method)</value>"), "?a=1&b=2&a=3&n=POST"),
    ] {
        let seen = sent(&policy, "/openai/deployments/d/chat/completions?a=1&b=2&a=3", &[]);
        assert_eq!(seen.head.url.query, expected, "{policy}");
    }
    let seen = sent(&one(r#"exists-action="delete""#, "a", ""), "/openai/deployments/d/chat/completions?a=1", &[]);
    assert_eq!(seen.head.url.query, "", "no question mark stays behind");
}

/// The page: `Server` cannot be removed from a response; it can be replaced.
#[test]
fn set_header_leaves_server_where_it_is() {
    for (policy, name, expected) in [
        (r#"<set-header name="Server" exists-action="delete" />"#, "Server", "backend"),
        (r#"<set-header name="Server"><value>mine</value></set-header>"#, "Server", "mine"),
        (r#"<set-header name="X-Powered-By" exists-action="delete" />"#, "X-Powered-By", "-"),
    ] {
        let text = document(TO_B, "<forward-request />", policy, "");
        let answer = World::policy(&text).on("b.example", |_| respond(200, &[("Server", "backend"), ("X-Powered-By", "x")], "")).send(
            CHAT,
            &[],
            None,
        );
        assert_eq!(answer.header(name), expected, "{policy}");
    }
}

/// The page's example: operation `/get?a={b}`, request `/get?a=b&c=d`.
/// Cases of `rewrite-uri`: learn.microsoft.com/azure/api-management/rewrite-uri-policy
#[test]
fn rewrite_uri_fills_templates_and_copies_what_they_do_not_name() {
    let operation =
        |template: &'static str| Operation { id: "o".into(), name: "o".into(), method: "POST".into(), url_template: template.into() };
    let rewritten = |operation_template: &'static str, path: &str, policy: &str| {
        let api = Api { subscription_required: false, path: "".into(), operations: vec![operation(operation_template)], ..Api::default() };
        let text = document(&format!("{TO_B}{policy}"), "<forward-request />", "", "");
        let mut world = World::with(&text, "Sweden Central", api, Resources::default()).on("b.example", |_| respond(200, &[], ""));
        let answer = world.send(path, &[], None);
        assert_eq!(answer.sent.len(), 1, "{policy}: {}", answer.text());
        let url = &answer.sent[0].head.url;
        format!("{}{}", url.path, url.query)
    };
    for (template, path, policy, expected) in [
        ("/get?a={b}", "/get?a=b&c=d", r#"<rewrite-uri template="/put" />"#, "/base/put?c=d"),
        ("/get?a={b}", "/get?a=b&c=d", r#"<rewrite-uri template="/put" copy-unmatched-params="false" />"#, "/base/put"),
        ("/get?a={b}", "/get?a=x&c=d", r#"<rewrite-uri template="/put/{b}" />"#, "/base/put/x?c=d"),
        ("/{store}/{order}", "/s1/o2", r#"<rewrite-uri template="/v2/hardware/{store}?order={order}" />"#, "/base/v2/hardware/s1?order=o2"),
        (
            "/{store}/{order}",
            "/s1/o2",
            r#"<rewrite-uri template="/v2/US/hardware/{store}&amp;{order}?City=city&amp;State=state" />"#,
            "/base/v2/US/hardware/s1&o2?City=city&State=state",
        ),
        ("/{store}/{order}", "/s1/o2?x=1", r#"<rewrite-uri template="/p?x=2" />"#, "/base/p?x=2"),
        (
            "/{store}/{order}",
            "/s1/o2?x=1",
            r#"<rewrite-uri template="@("/e/" + context.Request.MatchedParameters["store"])" />"#,
            "/base/e/s1?x=1",
        ),
        ("/{store}/{order}", "/s1/o2?x=1", r#"<rewrite-uri template="/p" copy-unmatched-params="@(false)" />"#, "/base/p"),
        ("/{store}/{order}", "/s1/o2", r#"<rewrite-uri template="no-slash" />"#, "/base/no-slash"),
        ("/{store}/{order}", "/s1/o2", r#"<rewrite-uri template="/" />"#, "/base/"),
        ("/{store}/{order}", "/s%201/o2", r#"<rewrite-uri template="/{store}" />"#, "/base/s%201"),
    ] {
        assert_eq!(rewritten(template, path, policy), expected, "{template} {path} {policy}");
    }
}

/// Cases of `set-method`: learn.microsoft.com/azure/api-management/set-method-policy
/// Cases of `set-status`: learn.microsoft.com/azure/api-management/set-status-policy
#[test]
fn set_method_and_set_status() {
    for (policy, expected) in [
        ("<set-method>PATCH</set-method>", "PATCH"),
        ("<set-method>@(\"P\" + \"UT\")</set-method>", "PUT"),
        ("<set-method> GET </set-method>", "GET"),
    ] {
        assert_eq!(sent(policy, CHAT, &[]).head.method, expected, "{policy}");
    }
    assert_eq!(faults("<set-method />"), ["policy/missing"]);
    assert_eq!(
        value(r#"<set-method>@("not one")</set-method>"#, "1.ToString()").split('|').nth(1),
        Some("ExpressionValueValidationFailure")
    );
    for (policy, status, reason) in [
        (r#"<set-status code="401" reason="Unauthorized" />"#, 401, "Unauthorized"),
        (r#"<set-status code="@(200 + 2)" reason="@("because")" />"#, 202, "because"),
    ] {
        for text in [
            document(TO_B, "<forward-request />", policy, ""),
            document(r#"<set-variable name="x" value="@(int.Parse("x"))" />"#, "", "", policy),
        ] {
            let answer = World::policy(&text).on("b.example", |_| respond(200, &[], "")).send(CHAT, &[], None);
            assert_eq!((answer.head.status, answer.head.reason.as_str()), (status, reason), "{policy}");
        }
    }
    // In inbound there is no response yet: nothing to change.
    let nothing = World::policy(&document(r#"<set-status code="418" reason="x" />"#, "", "", "")).send(CHAT, &[], None);
    assert_eq!(nothing.head.status, 200);
}

/// The token's header or variable; what happens without a token.
/// Cases of `authentication-managed-identity`: learn.microsoft.com/azure/api-management/authentication-managed-identity-policy
#[test]
fn authentication_managed_identity_gets_a_token() {
    let policy = |extra: &str| format!(r#"<authentication-managed-identity resource="https://cognitiveservices.azure.com" {extra} />"#);
    let header = |policies: &str| sent(policies, CHAT, &[]).head.headers.get("Authorization").map_or("-".to_owned(), ToString::to_string);
    assert_eq!(header(&policy("")), "Bearer token-for-https://cognitiveservices.azure.com");
    assert_eq!(
        header(&policy(r#"client-id="11111111-1111-1111-1111-111111111111""#)),
        "Bearer token-for-https://cognitiveservices.azure.com"
    );
    assert_eq!(header(r#"<authentication-managed-identity resource="@("https://" + "x")" />"#), "Bearer token-for-https://x");
    assert_eq!(header(&policy(r#"output-token-variable-name="t""#)), "-", "with a variable the header is left alone");
    let read = value(&policy(r#"output-token-variable-name="t""#), r#"(string)context.Variables["t"]"#);
    assert_eq!(read, "token-for-https://cognitiveservices.azure.com");
    let without = |extra: &str| {
        let text = document(&format!("{TO_B}{}", policy(extra)), "<forward-request />", "", "");
        World::policy(&text).without_identity().on("b.example", |_| respond(200, &[], "")).send(CHAT, &[], None)
    };
    assert_eq!(without("").head.status, 500);
    let ignored = without(r#"ignore-error="true" output-token-variable-name="t""#);
    assert_eq!((ignored.head.status, ignored.sent[0].head.headers.contains("Authorization")), (200, false));
}

/// Severities, `metadata`; an empty value fails the call (measured by users on live gateways).
/// Cases of `trace`: learn.microsoft.com/azure/api-management/trace-policy
#[test]
fn trace_writes_its_message() {
    for (policy, expected) in [
        (r#"<trace source="s"><message>m</message></trace>"#, "s verbose m"),
        (r#"<trace source="s" severity="error">@("own " + "text")</trace>"#, "s error own text"),
        (r#"<trace source="s" severity="error"><message>@(context.Request.Method)</message></trace>"#, "s error POST"),
        (
            r#"<trace source="s" severity="information"><message>m</message><metadata name="a" value="1" /><metadata name="@("b")" value="@("2")" /></trace>"#,
            "s information m a=1 b=2",
        ),
    ] {
        let answer = answered(&format!("{policy}<return-response />"));
        let found: Vec<String> = answer
            .trace
            .iter()
            .flat_map(|record| &record.entries)
            .filter_map(|entry| match entry {
                Entry::Message { source, severity, message } => Some(format!("{source} {severity} {message}")),
                _ => None,
            })
            .collect();
        assert_eq!((answer.head.status, found), (200, vec![expected.to_owned()]), "{policy} {}", answer.header("E"));
    }
    assert_eq!(faults(r#"<trace source="s" />"#), ["policy/missing"]);
    let empty = answered(r#"<trace source="s"><message>m</message><metadata name="a" value="@("")" /></trace>"#);
    assert_eq!(empty.header("E"), "trace|ExpressionValueValidationFailure|trace|Expression value is invalid. The value field is required.");
    assert_eq!(faults(r#"<trace source="s" severity="warning"><message>m</message></trace>"#).first(), Some(&"policy/bad-value"));
}

/// A path where a request stops for a broken backend: `forward-request` and `send-request` alike.
#[test]
fn a_broken_backend_is_the_sending_policys_error() {
    for (kind, reason) in [
        (FailureKind::Timeout, "Timeout"),
        (FailureKind::Reset, "BackendConnectionFailure"),
        (FailureKind::TlsFailure, "BackendConnectionFailure"),
    ] {
        let show = r#"<set-header name="E"><value>@(context.LastError.Source + "|" + context.LastError.Reason)</value></set-header>"#;
        let text = document(TO_B, "<forward-request />", "", show);
        let answer = World::policy(&text).on("b.example", move |_| broken(kind)).send(CHAT, &[], None);
        assert_eq!(answer.header("E"), format!("forward-request|{reason}"));
    }
}
