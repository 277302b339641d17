//! Errors as they show: source, reason, message, section, path, scope, policy id, and what the client gets. Source of the tables:
//! learn.microsoft.com/azure/api-management/api-management-error-handling-policies; the bodies are those that public reports show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use openai_failover::{
    gateway::{Api, effect::FailureKind},
    policy::{self, Resources, Scope},
    source::Source,
    xml,
};
use support::{Answered, World, broken, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";
const TO_B: &str = r#"<set-backend-service base-url="https://b.example/base" />"#;
/// All of `context.LastError` in headers, and what `context.Response` was.
const SHOW: &str = r#"<set-header name="E"><value>@(context.LastError.Source + "|" + context.LastError.Reason + "|" + context.LastError.Section + "|" + context.LastError.Path + "|" + context.LastError.Scope + "|" + context.LastError.PolicyId)</value></set-header><set-header name="M"><value>@(context.LastError.Message)</value></set-header><set-header name="R"><value>@(context.Response.StatusCode + " " + context.Response.StatusReason)</value></set-header>"#;
const THROW: &str = r#"<set-variable name="x" value="@(int.Parse("x"))" />"#;
const PARSE: &str = "Expression evaluation failed. Input string was not in a correct format.";

fn document(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> String {
    format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )
}

fn run(text: &str) -> Answered {
    World::policy(text).on("b.example", |_| respond(200, &[], r#"{"a":1}"#)).send(CHAT, &[], Some(b"{\"n\":1}"))
}

fn shows(text: &str) -> (String, String) {
    let answer = run(text);
    (answer.header("E"), answer.header("M"))
}

/// The documented default: `{ "statusCode": 500, "message": "Internal server error", "activityId": "guid" }`.
fn is_default_500(answer: &Answered) -> bool {
    let text = answer.text();
    let rest = text.strip_prefix(r#"{ "statusCode": 500, "message": "Internal server error", "activityId": ""#);
    answer.head.status == 500
        && answer.header("Content-Type") == "application/json"
        && rest.is_some_and(|rest| rest.len() == 36 + 3 && rest.ends_with("\" }"))
}

/// The built-in steps of the page: no operation, no key, a wrong key. `on-error` runs for each, without a path.
#[test]
fn built_in_steps_have_their_rows() {
    const CHALLENGE: &str = r#"AzureApiManagementKey realm="https://gateway.example/openai",name="api-key",type="header""#;
    let text = document("", "", "", SHOW);
    for (path, key, status, last_error, message, challenge, body) in [
        (
            "/openai/nowhere",
            Some(support::KEY),
            404,
            "configuration|OperationNotFound|inbound|||",
            "Unable to match incoming request to an operation.",
            "-",
            r#"{ "statusCode": 404, "message": "Resource not found" }"#,
        ),
        (
            CHAT,
            None,
            401,
            "authorization|SubscriptionKeyNotFound|inbound|||",
            "Access denied due to missing subscription key. Make sure to include subscription key when making requests to this API.",
            CHALLENGE,
            r#"{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }"#,
        ),
        (
            CHAT,
            Some("wrong"),
            401,
            "authorization|SubscriptionKeyInvalid|inbound|||",
            "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.",
            CHALLENGE,
            r#"{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription." }"#,
        ),
    ] {
        let mut world = World::with(&text, "Sweden Central", Api::default(), Resources::default());
        let headers: Vec<(&str, &str)> = key.map(|key| ("api-key", key)).into_iter().collect();
        let answer = world.send(path, &headers, None);
        assert_eq!((answer.head.status, answer.header("E").as_str(), answer.header("M").as_str()), (status, last_error, message), "{path}");
        assert_eq!((answer.header("WWW-Authenticate").as_str(), answer.text().as_str()), (challenge, body), "{path}");
        assert_eq!(answer.header("Content-Type"), "application/json");
    }
    // No API has the path: no policy runs at all.
    let answer = World::with(&text, "Sweden Central", Api::default(), Resources::default()).send("/elsewhere", &[], None);
    assert_eq!((answer.head.status, answer.header("E").as_str()), (404, "-"));
    assert_eq!(answer.text(), r#"{ "statusCode": 404, "message": "Resource not found" }"#);
}

/// An expression that throws, in each section and in each kind of place.
#[test]
fn a_failing_expression_is_reported_where_it_stands() {
    let choose = |inner: &str| format!(r#"<choose><when condition="@(false)" /><when condition="@(true)">{inner}</when></choose>"#);
    let bad = "@(int.Parse(\"x\").ToString())";
    let bad_flag = "@(int.Parse(\"x\") > 0)";
    let cases: &[(String, &str, &str)] = &[
        (THROW.to_owned(), "set-variable", "set-variable"),
        (format!("{THROW}{THROW}"), "set-variable", "set-variable[1]"),
        (choose(THROW), "set-variable", r"choose\when[2]\set-variable"),
        (
            format!("<choose><when condition=\"@(true)\" /></choose>{}", choose(&choose(THROW))),
            "set-variable",
            r"choose[2]\when[2]\choose\when[2]\set-variable",
        ),
        (format!(r#"<choose><when condition='{bad_flag}' /></choose>"#), "choose", "choose"),
        (
            format!(r#"<choose><when condition="@(false)" /><otherwise>{THROW}</otherwise></choose>"#),
            "set-variable",
            r"choose\otherwise\set-variable",
        ),
        (format!(r#"<set-header name="A"><value>{bad}</value></set-header>"#), "set-header", "set-header"),
        (format!("<set-header name='{bad}'><value>1</value></set-header>"), "set-header", "set-header"),
        (format!("<set-body>{bad}</set-body>"), "set-body", "set-body"),
        (format!("<find-and-replace from='{bad}' to='a' />"), "find-and-replace", "find-and-replace"),
        (format!("<trace source='s'><message>{bad}</message></trace>"), "trace", "trace"),
        (
            "<return-response><set-status code='@(int.Parse(\"x\"))' reason='a' /></return-response>".to_owned(),
            "return-response",
            "return-response",
        ),
        (format!("<return-response><set-body>{bad}</set-body></return-response>"), "return-response", "return-response"),
        (format!("<send-request><set-url>{bad}</set-url><set-method>GET</set-method></send-request>"), "send-request", "send-request"),
        (
            format!("<send-one-way-request><set-url>{bad}</set-url><set-method>GET</set-method></send-one-way-request>"),
            "send-one-way-request",
            "send-one-way-request",
        ),
        (format!("<retry condition='{bad_flag}' count='1' interval='1'><set-variable name='a' value='b' /></retry>"), "retry", "retry"),
        (format!("<retry condition='@(true)' count='1' interval='1'>{THROW}</retry>"), "set-variable", r"retry\set-variable"),
        (
            format!("<limit-concurrency key='{bad}' max-count='1'><set-variable name='a' value='b' /></limit-concurrency>"),
            "limit-concurrency",
            "limit-concurrency",
        ),
        (
            format!("<wait><choose><when condition='@(true)'>{THROW}</when></choose></wait>"),
            "set-variable",
            r"wait\choose\when\set-variable",
        ),
    ];
    for (policies, source, path) in cases {
        // The backend section takes one policy: what stands there alone in the table stands in a branch here.
        let wrapped = choose(policies);
        let in_wrapped = format!(r"choose\when[2]\{path}");
        for (section, text, path) in [
            ("inbound", document(policies, "", "", SHOW), *path),
            ("backend", document(TO_B, &wrapped, "", SHOW), in_wrapped.as_str()),
            ("outbound", document(TO_B, "<forward-request />", policies, SHOW), *path),
        ] {
            let expected = format!("{source}|ExpressionValueEvaluationFailure|{section}|{path}|api|");
            assert_eq!(shows(&text), (expected, PARSE.to_owned()), "{policies}");
        }
        // A `wait` may not stand there.
        if *path == r"wait\choose\when\set-variable" {
            continue;
        }
        // In on-error it ends the request with the service's own answer: nothing more of on-error runs.
        let answer = run(&document(THROW, "", "", &format!("{SHOW}{policies}<set-header name='L'><value>late</value></set-header>")));
        assert!(is_default_500(&answer), "{policies}: {}", answer.text());
        assert_eq!((answer.header("L").as_str(), answer.header("E").as_str()), ("-", "-"), "{policies}");
    }
}

/// Policies that only inbound takes.
#[test]
fn a_failing_expression_in_what_changes_the_request() {
    let bad = "@(int.Parse(\"x\").ToString())";
    for (policy, source) in [
        (format!("<set-method>{bad}</set-method>"), "set-method"),
        (format!("<set-query-parameter name='a'><value>{bad}</value></set-query-parameter>"), "set-query-parameter"),
        (format!("<rewrite-uri template='{bad}' />"), "rewrite-uri"),
        (format!("<set-backend-service base-url='{bad}' />"), "set-backend-service"),
        (format!("<authentication-managed-identity resource='{bad}' />"), "authentication-managed-identity"),
        (format!("<llm-content-safety backend-id='{bad}' />"), "llm-content-safety"),
        (format!("<json-to-xml apply='always' consider-accept-header='false' attribute-block-name='{bad}' />"), "json-to-xml"),
    ] {
        let expected = format!("{source}|ExpressionValueEvaluationFailure|inbound|{source}|api|");
        assert_eq!(shows(&document(&policy, "", "", SHOW)), (expected, PARSE.to_owned()), "{policy}");
    }
}

/// `id` is `PolicyId`, and only the failing policy's own.
#[test]
fn the_policys_id_is_told() {
    let with_id = r#"<set-variable id="mine" name="x" value="@(int.Parse("x"))" />"#;
    assert_eq!(shows(&document(with_id, "", "", SHOW)).0, "set-variable|ExpressionValueEvaluationFailure|inbound|set-variable|api|mine");
    let outer = format!(r#"<choose id="outer"><when condition="@(true)">{THROW}</when></choose>"#);
    assert_eq!(
        shows(&document(&outer, "", "", SHOW)).0,
        r"set-variable|ExpressionValueEvaluationFailure|inbound|choose\when\set-variable|api|"
    );
}

/// A backend that does not answer: reason, status, and what `on-error` finds.
#[test]
fn a_backend_that_does_not_answer_is_an_error_in_backend() {
    for (kind, reason) in [
        (FailureKind::Timeout, "Timeout"),
        (FailureKind::DnsFailure, "BackendConnectionFailure"),
        (FailureKind::ConnectionRefused, "BackendConnectionFailure"),
        (FailureKind::TlsFailure, "BackendConnectionFailure"),
        (FailureKind::Reset, "BackendConnectionFailure"),
    ] {
        let text = document(TO_B, r#"<forward-request id="f" />"#, "", SHOW);
        let answer = World::policy(&text).on("b.example", move |_| broken(kind)).send(CHAT, &[], None);
        assert_eq!(answer.header("E"), format!("forward-request|{reason}|backend|forward-request|api|f"));
        assert_eq!(answer.header("R"), "500 Internal Server Error");
        assert!(is_default_500(&answer), "{}", answer.text());
    }
    // `send-request` fails in the section where it stands; a token that is not had fails like it.
    let request = r#"<send-request><set-url>https://nobody.example/</set-url><set-method>GET</set-method></send-request>"#;
    assert_eq!(shows(&document(request, "", "", SHOW)).0, "send-request|BackendConnectionFailure|inbound|send-request|api|");
    assert_eq!(
        shows(&document(TO_B, "<forward-request />", request, SHOW)).0,
        "send-request|BackendConnectionFailure|outbound|send-request|api|"
    );
    let identity = document(r#"<authentication-managed-identity resource="r" />"#, "", "", SHOW);
    let answer = World::policy(&identity).without_identity().send(CHAT, &[], None);
    assert_eq!(
        answer.header("E"),
        "authentication-managed-identity|ManagedIdentityTokenFailure|inbound|authentication-managed-identity|api|"
    );
    assert_eq!((answer.head.status, answer.header("M").as_str()), (500, "no identity"));
}

/// The page's rows for connections that break while a body is read: the client's, and the backend's.
#[test]
fn a_connection_that_breaks_while_a_body_is_read() {
    let reads = r#"<set-variable id="v" name="a" value="@(context.Request.Body.As<string>())" />"#;
    let mut world = World::policy(&document(reads, "", "", SHOW));
    world.client_leaves = true;
    let answer = world.send(CHAT, &[], Some(b"x"));
    assert_eq!(answer.header("E"), "request|ClientConnectionFailure|inbound|set-variable|api|v");
    // The second of two statements: the one that reads, not the one before it.
    let mut world = World::policy(&document(&format!(r#"<set-variable name="b" value="c" />{reads}"#), "", "", SHOW));
    world.client_leaves = true;
    assert_eq!(world.send(CHAT, &[], Some(b"x")).header("E"), "request|ClientConnectionFailure|inbound|set-variable[2]|api|v");
    // Nobody is left to retry for.
    let retry = format!(r#"<retry condition="@(true)" count="3" interval="1">{reads}</retry>"#);
    let mut world = World::policy(&document(&retry, "", "", SHOW));
    world.client_leaves = true;
    let answer = world.send(CHAT, &[], Some(b"x"));
    assert_eq!((answer.header("E").as_str(), answer.slept.len()), (r"request|ClientConnectionFailure|inbound|retry\set-variable|api|v", 0));
    let reads = r#"<set-variable name="a" value="@(context.Response.Body.As<string>())" />"#;
    let mut world = World::policy(&document(TO_B, "<forward-request />", reads, SHOW)).on("b.example", |_| respond(200, &[], "b"));
    world.bodies_break = true;
    let answer = world.send(CHAT, &[], None);
    assert_eq!(answer.header("E"), "forward-request|BackendConnectionFailure|outbound|set-variable|api|");
    assert!(is_default_500(&answer), "{}", answer.text());
}

/// `fail-on-error-status-code`: 400 to 599 is an error.
#[test]
fn an_error_status_is_an_error_where_that_is_asked_for() {
    for (status, fails) in [(200, false), (302, false), (399, false), (400, true), (429, true), (503, true), (599, true)] {
        let text = document(TO_B, r#"<forward-request fail-on-error-status-code="true" />"#, "", SHOW);
        let answer = World::policy(&text).on("b.example", move |_| respond(status, &[], "")).send(CHAT, &[], None);
        let expected = if fails { "forward-request|BackendErrorStatusCode|backend|forward-request|api|" } else { "-" };
        assert_eq!(answer.header("E"), expected, "{status}");
    }
}

/// No `on-error`, an empty one and one with `<base />` alone: the default answer.
#[test]
fn without_on_error_the_default_answer_goes_out() {
    for text in [
        document(THROW, "", "", ""),
        document(THROW, "", "", "<base />"),
        format!("<policies><inbound>{THROW}</inbound></policies>"),
        document("", &format!("<choose><when condition='@(true)'>{THROW}</when></choose>"), "", ""),
        document(TO_B, "<forward-request />", THROW, ""),
    ] {
        let answer = run(&text);
        assert!(is_default_500(&answer), "{text}: {}", answer.text());
    }
}

/// After an error nothing of the three sections runs; `on-error` may change everything, and then it goes out.
#[test]
fn on_error_decides_what_goes_out() {
    let late = r#"<set-header name="L"><value>late</value></set-header>"#;
    let mend = r#"<set-status code="503" reason="Busy" /><set-header name="Retry-After"><value>7</value></set-header><set-body>@("because " + context.LastError.Reason)</set-body>"#;
    for text in [
        document(&format!("{THROW}{late}"), "<forward-request />", late, mend),
        document(TO_B, "<forward-request />", &format!("{THROW}{late}"), mend),
    ] {
        let answer = run(&text);
        assert_eq!((answer.head.status, answer.head.reason.as_str(), answer.header("Retry-After").as_str()), (503, "Busy", "7"));
        assert_eq!((answer.text().as_str(), answer.header("L").as_str()), ("because ExpressionValueEvaluationFailure", "-"));
    }
    // The backend's response is gone when outbound fails.
    let text = document(
        TO_B,
        "<forward-request />",
        THROW,
        r#"<set-header name="B"><value>@(context.Response.Body.As<string>().Length > 20 ? "error" : "backend")</value></set-header>"#,
    );
    assert_eq!(run(&text).header("B"), "error");
}

/// Outbound without a response: nothing was sent, and nothing is there to change.
#[test]
fn outbound_may_have_no_response() {
    let outbound = r#"<set-header name="A"><value>@(context.Response == null ? "null" : "there")</value></set-header><set-status code="404" reason="x" /><set-body>b</set-body><find-and-replace from="a" to="b" />"#;
    let answer = run(&document("", "", outbound, SHOW));
    assert_eq!((answer.head.status, answer.header("A").as_str(), answer.text().as_str()), (200, "-", ""));
    let reads = r#"<set-variable name="s" value="@(context.Response.StatusCode)" />"#;
    let (last_error, message) = shows(&document("", "", reads, SHOW));
    assert_eq!(last_error, "set-variable|ExpressionValueEvaluationFailure|outbound|set-variable|api|");
    assert_eq!(message, "Expression evaluation failed. Object reference not set to an instance of an object.");
}

/// Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, `IMessageBody`; what a second read gives is decided.
#[test]
fn a_body_is_read_once_unless_it_is_preserved() {
    let read = |preserve: &str| {
        format!(
            r#"<set-variable name="a" value="@(context.Request.Body.As<string>({preserve}))" /><set-variable name="b" value="@(context.Request.Body.As<string>({preserve}))" /><return-response><set-body>@((string)context.Variables["a"] + "," + (string)context.Variables["b"])</set-body></return-response>"#
        )
    };
    assert_eq!(run(&document(&read("preserveContent: true"), "", "", SHOW)).text(), r#"{"n":1},{"n":1}"#);
    assert_eq!(run(&document(&read(""), "", "", SHOW)).text(), r#"{"n":1},"#);
    let parse = r#"<set-variable name="a" value="@(context.Request.Body.As<JObject>())" /><set-variable name="b" value="@((string)context.Request.Body.As<JObject>()["n"])" />"#;
    assert_eq!(shows(&document(parse, "", "", SHOW)).0, "set-variable|ExpressionValueEvaluationFailure|inbound|set-variable[2]|api|");
    let forwarded = format!(r#"{TO_B}<set-variable name="a" value="@(context.Request.Body.As<string>())" />"#);
    let answer = run(&document(&forwarded, "<forward-request />", "", SHOW));
    assert_eq!(answer.sent[0].body.as_ref(), b"", "what was read is not sent");
}

/// A body that is no JSON is told so with the gateway's own words before the reader's.
#[test]
fn a_body_that_is_no_json() {
    let text = document(r#"<set-variable name="a" value="@(context.Request.Body.As<JObject>())" />"#, "", "", SHOW);
    let answer = World::policy(&text).send(CHAT, &[], Some(b"<a/>"));
    let expected = "Expression evaluation failed. The message body is not a valid JSON. Unexpected character encountered while parsing value: <. Path '', line 0, position 0.";
    assert_eq!((answer.header("M").as_str(), answer.head.status), (expected, 500));
}

/// `retry` around a timeout: the condition sees a response with 500; when it gives up, the error is the timeout's.
/// Source: traces in Azure-Samples/openai-apim-lb, issue 25.
#[test]
fn retry_around_a_timeout() {
    let retry =
        |condition: &str| format!(r#"<retry condition="{condition}" count="2" interval="1"><forward-request timeout="5" /></retry>"#);
    for (condition, calls, expected) in [
        ("@(context.Response.StatusCode >= 500)", 3, r"forward-request|Timeout|backend|retry\forward-request|api|"),
        (
            "@(context.Response != null &amp;&amp; context.Response.StatusCode == 429)",
            1,
            r"forward-request|Timeout|backend|retry\forward-request|api|",
        ),
        ("@(int.Parse(context.Response.StatusReason) > 0)", 1, "retry|ExpressionValueEvaluationFailure|backend|retry|api|"),
    ] {
        let text = document(TO_B, &retry(condition), "", SHOW);
        let answer = World::policy(&text).on("b.example", |_| broken(FailureKind::Timeout)).send(CHAT, &[], Some(b"x"));
        assert_eq!(
            (answer.sent.len(), answer.header("E").as_str(), answer.header("R").as_str()),
            (calls, expected, "500 Internal Server Error"),
            "{condition}"
        );
    }
    // After the last retry of *responses* the last one goes on to outbound.
    let text = document(TO_B, &retry("@(context.Response.StatusCode == 503)"), "", SHOW);
    let answer = World::policy(&text).on("b.example", |_| respond(503, &[], "busy")).send(CHAT, &[], Some(b"x"));
    assert_eq!((answer.head.status, answer.text().as_str(), answer.sent.len(), answer.header("E").as_str()), (503, "busy", 3, "-"));
    // A timeout and then an answer: no error is left.
    let mut first = true;
    let text = document(
        TO_B,
        &retry("@(context.Response.StatusCode >= 500)"),
        r#"<set-header name="N"><value>@(context.LastError == null ? "none" : "there")</value></set-header>"#,
        SHOW,
    );
    let answer = World::policy(&text)
        .on("b.example", move |_| if std::mem::take(&mut first) { broken(FailureKind::Timeout) } else { respond(200, &[], "ok") })
        .send(CHAT, &[], None);
    assert_eq!((answer.head.status, answer.header("N").as_str(), answer.slept.len()), (200, "none", 1));
}

/// Values that an expression gives and a policy cannot use.
#[test]
fn a_value_that_cannot_be_used() {
    for (policy, source, message) in [
        (
            r#"<set-header name="@("a b")"><value>1</value></set-header>"#,
            "set-header",
            "Expression value is invalid. 'a b' is not a header name.",
        ),
        (
            r#"<set-header name="A"><value>@("1\n2")</value></set-header>"#,
            "set-header",
            "Expression value is invalid. The value of 'A' has a line break or a NUL in it.",
        ),
        (
            r#"<set-header name="A" exists-action="@("no")"><value>1</value></set-header>"#,
            "set-header",
            "Expression value is invalid. 'no' is not `override`, `skip`, `append` or `delete`.",
        ),
        (
            r#"<return-response><set-status code="@(42)" reason="a" /></return-response>"#,
            "return-response",
            "Expression value is invalid. 42 is not a status code.",
        ),
        (
            r#"<send-request><set-url>@("nowhere")</set-url><set-method>GET</set-method></send-request>"#,
            "send-request",
            "'nowhere' is not an absolute URL.",
        ),
        (
            r#"<wait for="@("some")"><choose><when condition="@(true)" /></choose></wait>"#,
            "wait",
            "Expression value is invalid. 'some' is not 'all' or 'any'.",
        ),
    ] {
        let (last_error, said) = shows(&document(policy, "", "", SHOW));
        assert_eq!(last_error, format!("{source}|ExpressionValueValidationFailure|inbound|{source}|api|"), "{policy}");
        assert_eq!(said, message, "{policy}");
    }
}

/// `limit-concurrency` over its limit: the status is documented, its words are not.
#[test]
fn too_many_at_once() {
    let text = document(
        r#"<limit-concurrency key="k" max-count="1"><limit-concurrency id="inner" key="k" max-count="1"><set-variable name="a" value="1" /></limit-concurrency></limit-concurrency>"#,
        "",
        "",
        SHOW,
    );
    let answer = run(&text);
    assert_eq!(answer.header("E"), r"limit-concurrency|ConcurrencyLimitExceeded|inbound|limit-concurrency\limit-concurrency|api|inner");
    assert_eq!((answer.head.status, answer.header("R").as_str()), (429, "429 Too Many Requests"));
}

/// Scopes: the failing policy's own is told, wherever `<base />` took it from; `on-error` of the narrowest runs, and the broader ones by base.
#[test]
fn the_scope_is_the_failing_policys_own() {
    let parse = |name: &str, text: &str| xml::parse(&Source::new(name, text)).unwrap();
    let base = document("<base />", "<base />", "<base />", "<base />");
    for failing in [Scope::Global, Scope::Product, Scope::Api, Scope::Operation] {
        let of = |scope: Scope| {
            let inbound = if scope == failing { THROW } else { "" };
            let on_error = if scope == Scope::Global { SHOW } else { "" };
            let place = if scope == Scope::Global { "" } else { "<base />" };
            document(
                &format!("{place}{inbound}"),
                if scope == Scope::Global { "<forward-request />" } else { "<base />" },
                place,
                &format!("{place}{on_error}"),
            )
        };
        let documents: Vec<(Scope, _)> = [Scope::Global, Scope::Product, Scope::Api, Scope::Operation]
            .into_iter()
            .map(|scope| (scope, parse(scope.name(), &of(scope))))
            .collect();
        let chain: Vec<(Scope, &_)> = documents.iter().map(|(scope, document)| (*scope, document)).collect();
        let program = policy::compile_chain(&chain, &Resources::default()).unwrap();
        let answer = World::policy(&base).with_program(Arc::new(program)).send(CHAT, &[], None);
        let expected = format!("set-variable|ExpressionValueEvaluationFailure|inbound|set-variable|{}|", failing.name());
        assert_eq!((answer.head.status, answer.header("E")), (500, expected));
    }
}

/// A scope whose `on-error` has no `<base />` keeps the broader ones from running.
#[test]
fn on_error_without_base_cuts_off_the_parents() {
    let parse = |name: &str, text: &str| xml::parse(&Source::new(name, text)).unwrap();
    let mark = |name: &str| format!(r#"<set-header name="{name}"><value>1</value></set-header>"#);
    for (own, expected) in [("<base />".to_owned() + &mark("Own"), "1 1"), (mark("Own") + "<base />", "1 1"), (mark("Own"), "- 1")] {
        let global = parse("global", &document("", "<forward-request />", "", &mark("Global")));
        let api = parse("api", &document(THROW, "<base />", "", &own));
        let program = policy::compile_chain(&[(Scope::Global, &global), (Scope::Api, &api)], &Resources::default()).unwrap();
        let answer = World::policy(&document("", "", "", "")).with_program(Arc::new(program)).send(CHAT, &[], None);
        assert_eq!(format!("{} {}", answer.header("Global"), answer.header("Own")), expected, "{own}");
    }
}

/// A fragment's policies stand where it is included: path and scope are those of the place.
#[test]
fn a_fragment_has_the_path_of_its_place() {
    let fragment = Arc::new(xml::parse(&Source::new("f.xml", format!("<fragment>{THROW}</fragment>"))).unwrap());
    let twice = Arc::new(
        xml::parse(&Source::new("t.xml", format!("<fragment><set-variable name=\"a\" value=\"b\" />{THROW}</fragment>"))).unwrap(),
    );
    for (inbound, path) in [
        (r#"<include-fragment fragment-id="f" />"#, "set-variable"),
        (r#"<choose><when condition="@(true)"><include-fragment fragment-id="f" /></when></choose>"#, r"choose\when\set-variable"),
        (r#"<include-fragment fragment-id="t" />"#, "set-variable[2]"),
    ] {
        let resources =
            Resources { fragments: [("f".to_owned(), fragment.clone()), ("t".to_owned(), twice.clone())].into(), ..Resources::default() };
        let api = Api { subscription_required: false, ..Api::default() };
        let answer = World::with(&document(inbound, "", "", SHOW), "Sweden Central", api, resources).send(CHAT, &[], None);
        assert_eq!(answer.header("E"), format!("set-variable|ExpressionValueEvaluationFailure|inbound|{path}|api|"), "{inbound}");
    }
}
