//! The machine by behaviour: sections, errors, `retry`, and each policy's own rules. The sources are the policies' pages at
//! learn.microsoft.com/azure/api-management and the error-handling page there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use openai_failover::gateway::effect::FailureKind;
use support::{Answered, World, broken, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";

/// A document with these sections.
fn document(inbound: &str, backend: &str, outbound: &str, on_error: &str) -> String {
    format!(
        "<policies><inbound>{inbound}</inbound><backend>{backend}</backend><outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"
    )
}

/// What `return-response` in inbound makes of an expression, as a header.
fn evaluated(setup: &str, expression: &str) -> String {
    let text = document(
        &format!(r#"{setup}<return-response><set-header name="X"><value>@({expression})</value></set-header></return-response>"#),
        "",
        "",
        "<base />",
    );
    let answer = World::policy(&text).send(CHAT, &[("X-Two", "a"), ("X-Two", "b")], Some(b"{\"n\": 1}"));
    if answer.head.status == 200 { answer.header("X") } else { answer.text() }
}

fn ask(
    text: &str,
    backend: impl FnMut(&support::Sent) -> Result<openai_failover::gateway::effect::Received, openai_failover::gateway::effect::Failure>
    + 'static,
) -> Answered {
    World::policy(text).on("b.example", backend).send(CHAT, &[], Some(b"body"))
}

const TO_B: &str = r#"<set-backend-service base-url="https://b.example/base" />"#;

#[test]
fn sections_run_in_order_and_the_request_reaches_base_path_and_query() {
    let answer = ask(
        &document(
            TO_B,
            "<base />",
            r#"<set-header name="X-Out"><value>@(context.Response.StatusCode.ToString())</value></set-header>"#,
            "",
        ),
        |sent| respond(201, &[], sent.head.url.to_string().leak()),
    );
    assert_eq!((answer.head.status, answer.header("X-Out").as_str()), (201, "201"));
    assert_eq!(answer.text(), "https://b.example/base/deployments/gpt-4o/chat/completions?api-version=1");
    assert_eq!(answer.sent[0].head.headers.get("X-Forwarded-For").unwrap(), &"203.0.113.7");
    assert!(!answer.sent[0].head.headers.contains("Host"), "the driver sets it from the URL");
}

#[test]
fn an_omitted_section_is_as_if_it_held_base() {
    let answer = ask(&format!("<policies><inbound>{TO_B}</inbound></policies>"), |_| respond(200, &[], "ok"));
    assert_eq!(answer.text(), "ok");
    assert_eq!(answer.sent[0].timeout.as_secs(), 300, "the global scope's own forward-request");
}

#[test]
fn an_empty_backend_section_sends_nothing() {
    let answer = ask(&document(TO_B, "", "", ""), |_| respond(200, &[], "never"));
    assert_eq!((answer.head.status, answer.calls().as_str()), (200, ""));
}

#[test]
fn errors_jump_to_on_error_with_last_error_set() {
    let show = r#"<set-header name="X-Error"><value>@(string.Join("|", new [] { context.LastError.Source, context.LastError.Reason, context.LastError.Section, context.LastError.Path, context.LastError.PolicyId, context.Response.StatusCode.ToString() }))</value></set-header>"#;
    let failing = r#"<choose><when condition="@(true)"><set-variable name="a" value="1" /><set-variable id="mine" name="b" value="@(int.Parse("x"))" /></when></choose>"#;
    for (text, expected) in [
        (
            document(failing, "<base />", "", show),
            r"set-variable|ExpressionValueEvaluationFailure|inbound|choose\when\set-variable[2]|mine|500",
        ),
        (document(TO_B, "<forward-request />", "", show), "forward-request|BackendConnectionFailure|backend|forward-request||500"),
        (document("", "<forward-request />", "", show), "forward-request|BackendConnectionFailure|backend|forward-request||500"),
        (document(TO_B, r#"<forward-request id="f" timeout="3" />"#, "", show), "forward-request|Timeout|backend|forward-request|f|500"),
    ] {
        let kind = if expected.contains("Timeout") { FailureKind::Timeout } else { FailureKind::ConnectionRefused };
        let answer = ask(&text, move |_| broken(kind));
        assert_eq!(answer.header("X-Error"), expected);
        assert_eq!(answer.head.status, 500);
        assert!(
            answer.text().starts_with(r#"{ "statusCode": 500, "message": "Internal server error", "activityId": ""#),
            "{}",
            answer.text()
        );
    }
}

#[test]
fn an_error_in_on_error_ends_in_the_default_500() {
    let failing = r#"<set-variable name="b" value="@(int.Parse("x"))" />"#;
    let answer = ask(&document(failing, "<base />", "", &format!(r#"<set-status code="418" />{failing}"#)), |_| respond(200, &[], ""));
    assert_eq!(answer.head.status, 500);
}

#[test]
fn status_codes_are_answers_unless_the_policy_says_otherwise() {
    let strict = r#"<forward-request fail-on-error-status-code="true" />"#;
    let on_error = r#"<set-header name="X"><value>on-error</value></set-header>"#;
    assert_eq!(ask(&document(TO_B, strict, "", on_error), |_| respond(404, &[], "")).header("X"), "on-error");
    assert_eq!(ask(&document(TO_B, strict, "", on_error), |_| respond(302, &[], "")).head.status, 302);
    assert_eq!(ask(&document(TO_B, "<forward-request />", "", on_error), |_| respond(500, &[], "x")).text(), "x");
}

#[test]
fn retry_runs_once_and_again_while_its_condition_holds() {
    for (attributes, statuses, expected_calls, expected_status, pauses) in [
        (r#"count="3" interval="0""#, &[500, 500, 200][..], 3, 200, &[][..]),
        (r#"count="2" interval="5""#, &[500, 500, 500, 500], 3, 500, &[5, 5]),
        (r#"count="2" interval="5" first-fast-retry="true""#, &[500, 500, 500, 500], 3, 500, &[5]),
        (r#"count="3" interval="5" delta="2""#, &[500, 500, 500, 500], 4, 500, &[5, 7, 9]),
        (r#"count="3" interval="5""#, &[200], 1, 200, &[]),
    ] {
        let backend = format!(
            r#"<retry condition="@(context.Response.StatusCode >= 500)" {attributes}><forward-request buffer-request-body="true" /></retry>"#
        );
        let mut left = statuses.to_vec();
        let answer = ask(&document(TO_B, &backend, "", ""), move |_| respond(left.remove(0), &[], ""));
        assert_eq!((answer.sent.len(), answer.head.status), (expected_calls, expected_status), "{attributes}");
        assert_eq!(answer.slept.iter().map(std::time::Duration::as_secs).collect::<Vec<_>>(), pauses, "{attributes}");
        assert!(answer.sent.iter().all(|sent| sent.body == "body"), "a buffered body is sent again");
    }
}

#[test]
fn retry_survives_a_broken_connection_and_gives_up_with_the_error() {
    let backend = r#"<retry condition="@(context.Response == null || context.Response.StatusCode >= 500)" count="2" interval="0"><forward-request buffer-request-body="true" /></retry>"#;
    let mut first = true;
    let answer = ask(&document(TO_B, backend, "", ""), move |_| {
        if std::mem::take(&mut first) { broken(FailureKind::Timeout) } else { respond(200, &[], "ok") }
    });
    assert_eq!((answer.head.status, answer.sent.len()), (200, 2));
    let on_error = r#"<set-header name="X"><value>@(context.LastError.Reason)</value></set-header>"#;
    let answer = ask(&document(TO_B, backend, "", on_error), |_| broken(FailureKind::Reset));
    assert_eq!((answer.sent.len(), answer.header("X").as_str()), (3, "BackendConnectionFailure"));
}

#[test]
fn a_condition_that_throws_is_the_error() {
    let backend = r#"<retry condition="@((string)context.Variables["n"] == "x")" count="2" interval="0"><forward-request /></retry>"#;
    let on_error = r#"<set-header name="X"><value>@(context.LastError.Message)</value></set-header>"#;
    let text = document(&format!(r#"{TO_B}<set-variable name="n" value="@(1)" />"#), backend, "", on_error);
    let answer = ask(&text, |_| respond(500, &[], ""));
    assert_eq!(answer.sent.len(), 1);
    assert_eq!(answer.header("X"), "Expression evaluation failed. Unable to cast object of type 'System.Int32' to type 'System.String'.");
}

#[test]
fn return_response_ends_the_pipeline_at_once() {
    let inbound = r#"<return-response><set-status code="202" reason="Taken" /><set-header name="X"><value>1</value></set-header><set-body>done</set-body></return-response>"#;
    let answer = ask(&document(inbound, "<base />", r#"<set-header name="X"><value>outbound</value></set-header>"#, ""), |_| {
        respond(200, &[], "never")
    });
    assert_eq!((answer.head.status, answer.header("X").as_str(), answer.text().as_str(), answer.calls().as_str()), (202, "1", "done", ""));
    assert_eq!(answer.head.reason, "Taken");
}

#[test]
fn set_header_has_four_ways() {
    let header = |action: &str| {
        let values = if action == "delete" { "" } else { "<value>1</value><value>2</value>" };
        let text =
            document(&format!(r#"<set-header name="X-TWO" exists-action="{action}">{values}</set-header>{TO_B}"#), "<base />", "", "");
        let answer = World::policy(&text).on("b.example", |_| respond(200, &[], "")).send(CHAT, &[("X-Two", "a"), ("X-Two", "b")], None);
        answer.sent[0].head.headers.values("x-two").map(ToString::to_string).collect::<Vec<_>>().join(" & ")
    };
    assert_eq!(header("override"), "1,2");
    assert_eq!(header("append"), "a,b,1,2");
    assert_eq!(header("skip"), "a & b");
    assert_eq!(header("delete"), "");
}

#[test]
fn rewriting_keeps_what_it_should() {
    let url = |inbound: &str| {
        let answer = ask(&document(&format!("{TO_B}{inbound}"), "<base />", "", ""), |_| respond(200, &[], ""));
        answer.sent[0].head.url.to_string().replace("https://b.example/base", "")
    };
    assert_eq!(url(r#"<rewrite-uri template="/x/{deployment-id}" />"#), "/x/gpt-4o?api-version=1");
    assert_eq!(url(r#"<rewrite-uri template="/x?y=2" copy-unmatched-params="false" />"#), "/x?y=2");
    assert_eq!(url(r#"<rewrite-uri template="@("/x" + "?api-version=9")" />"#), "/x?api-version=9");
    assert_eq!(
        url(r#"<set-query-parameter name="a" exists-action="override"><value>b c</value></set-query-parameter>"#),
        "/deployments/gpt-4o/chat/completions?api-version=1&a=b%20c"
    );
    assert_eq!(url(r#"<set-query-parameter name="API-VERSION" exists-action="delete" />"#), "/deployments/gpt-4o/chat/completions");
}

#[test]
fn a_body_is_consumed_unless_it_is_preserved() {
    let sent = |expression: &str| {
        let text = document(&format!(r#"<set-variable name="b" value="@({expression})" />{TO_B}"#), "<base />", "", "");
        ask(&text, |_| respond(200, &[], "")).sent[0].body.len()
    };
    assert_eq!(sent("context.Request.Body.As<string>(preserveContent: true)"), 4);
    assert_eq!(sent("context.Request.Body.As<string>()"), 0);
    assert_eq!(sent("context.Request.Body != null"), 4);
}

#[test]
fn an_expression_that_meets_an_unread_body_does_nothing_twice() {
    let setup = r#"<set-variable name="list" value="@(new JArray())" />
        <set-variable name="b" value="@{ ((JArray)context.Variables["list"]).Add("x"); context.Trace("once"); return context.Request.Body.As<string>(); }" />"#;
    assert_eq!(evaluated(setup, r#"((JArray)context.Variables["list"]).Count"#), "1");
    let text = document(&format!("{setup}{TO_B}"), "<base />", "", "");
    let answer = ask(&text, |_| respond(200, &[], ""));
    assert_eq!(answer.messages(), ["once"]);
}

#[test]
fn a_response_body_is_read_when_a_policy_asks() {
    let outbound = r#"<set-body>@(context.Response.Body.As<JObject>()["a"].ToString() + "!")</set-body>"#;
    let answer = ask(&document(TO_B, "<base />", outbound, ""), |_| respond(200, &[], r#"{"a":"b"}"#));
    assert_eq!((answer.text().as_str(), answer.stream), ("b!", None));
    let answer = ask(&document(TO_B, r#"<forward-request buffer-response="false" />"#, "", ""), |_| respond(200, &[], "s"));
    assert_eq!((answer.text().as_str(), answer.stream), ("s", Some(false)));
}

#[test]
fn send_request_keeps_its_response_or_null() {
    let send = |ignore: bool| {
        format!(
            r#"<send-request mode="new" response-variable-name="r" timeout="5" ignore-error="{ignore}"><set-url>https://b.example/x?y</set-url><set-method>PUT</set-method><set-header name="A"><value>1</value></set-header><set-body>@(new byte[] {{ 1, 255 }})</set-body></send-request>"#
        )
    };
    let inbound = format!(
        r#"{}<return-response response-variable-name="r"><set-header name="X"><value>@(((IResponse)context.Variables["r"]).StatusCode)</value></set-header></return-response>"#,
        send(false)
    );
    let answer = ask(&document(&inbound, "", "", ""), |_| respond(418, &[], "tea"));
    assert_eq!((answer.head.status, answer.text().as_str(), answer.header("X").as_str()), (418, "tea", "418"));
    let sent = &answer.sent[0];
    assert_eq!((sent.head.method.as_str(), &sent.body[..], sent.timeout.as_secs(), sent.head.headers.len()), ("PUT", &[1, 255][..], 5, 1));
    let inbound = format!(
        r#"{}<return-response><set-header name="X"><value>@(context.Variables["r"] == null)</value></set-header></return-response>"#,
        send(true)
    );
    assert_eq!(ask(&document(&inbound, "", "", ""), |_| broken(FailureKind::Timeout)).header("X"), "True");
    let on_error = r#"<set-header name="X"><value>@(context.LastError.Source + " " + context.LastError.Reason)</value></set-header>"#;
    assert_eq!(ask(&document(&send(false), "", "", on_error), |_| broken(FailureKind::Timeout)).header("X"), "send-request Timeout");
}

#[test]
fn a_literal_variable_is_a_string() {
    let literal = r#"<set-variable name="n" value="5" />"#;
    assert_eq!(evaluated(literal, r#"(string)context.Variables["n"] + 1"#), "51");
    assert!(evaluated(literal, r#"(int)context.Variables["n"]"#).contains("\"statusCode\": 500"));
}

#[test]
fn an_empty_trace_metadata_fails_the_call() {
    let trace =
        |value: &str| format!(r#"<trace source="s" severity="error"><message>m</message><metadata name="k" value="{value}" /></trace>"#);
    let answer = ask(&document(&format!("{}{TO_B}", trace("v")), "<base />", "", ""), |_| respond(200, &[], ""));
    assert_eq!(answer.messages(), ["m k=v"]);
    assert_eq!(ask(&document(&format!("{}{TO_B}", trace("")), "<base />", "", ""), |_| respond(200, &[], "")).head.status, 500);
}

/// Law 7: a Named Value may hold a secret, so no message quotes what it holds.
#[test]
fn a_named_value_is_never_quoted() {
    use openai_failover::{policy, source::Source, xml};
    for (value, policy_text) in [
        ("s3cretvalue", r#"<set-variable name="a" value="@({{k}})" />"#),
        ("s3cretvalue", r#"<set-variable name="a" value="@("x".{{k}}())" />"#),
        ("s3cret value", r#"<set-variable name="a" value="@("x" + {{k}})" />"#),
        ("s3cret value", r#"<set-header name="{{k}}"><value>1</value></set-header>"#),
        ("987654321", r#"<retry condition="@(true)" interval="0" count="{{k}}"><base2 /></retry>"#),
        ("s3cret", r#"<trace source="a" severity="{{k}}"><message>m</message></trace>"#),
    ] {
        let document = xml::parse(&Source::new("p.xml", document(policy_text, "", "", ""))).unwrap();
        let named_values = [("k".to_owned(), value.to_owned())].into();
        let found = policy::compile(&document, &policy::Resources { named_values, ..policy::Resources::default() }).unwrap_err();
        let text: String =
            found.iter().map(|diagnostic| format!("{} {:?} {:?}\n", diagnostic.message, diagnostic.help, diagnostic.note)).collect();
        for part in value.split(' ') {
            assert!(!text.contains(part), "{policy_text}: {text}");
        }
    }
}

/// Whatever an expression does, the process goes on: each of these ends as an error of the expression.
#[test]
fn no_expression_brings_the_process_down() {
    let run = |code: &str| {
        let inbound =
            format!(r#"<set-variable name="x" value="@{{ {code} }}" /><return-response><set-status code="200" /></return-response>"#);
        ask(&document(&inbound, "", "", "<base />"), |_| respond(200, &[], "")).head.status
    };
    assert_eq!(run("var a = new JArray(); a.Add(a); return a.ToString();"), 200, "a copy of itself, as Newtonsoft has it");
    assert_eq!(run("var o = new JObject(); o[\"x\"] = o; return o.ToString();"), 200);
    let deep = "var a = new JArray(); for (int i = 0; i < 5000; i++) { var n = new JArray(); n.Add(a); a = n; } return a.ToString();";
    assert_eq!(run(deep), 200, "a deep tree is written without recursion, as long as its text fits the budget");
    assert_eq!(run(&deep.replace("5000", "50000")), 500);
    assert_eq!(run("while (true) { }"), 500);
    assert_eq!(run("var s = \"a\"; for (int i = 0; i < 40; i++) { s = string.Concat(s, s); } return s.Length;"), 500);
    assert_eq!(run("var s = \"a\".PadLeft(100000, 'a'); return s.Replace(\"a\", s).Length;"), 500);
    assert_eq!(run(&format!("return {}1{};", "(int)Math.Pow(".repeat(90), ",1)".repeat(90))), 200);
}

#[test]
fn a_retry_condition_that_reads_a_body_does_nothing_twice() {
    let setup = r#"<set-variable name="seen" value="@(new JArray())" />"#;
    let condition = r#"@{ var seen = (JArray)context.Variables["seen"]; seen.Add(1); return context.Request.Body.As<string>(true) != "" && seen.Count < 2; }"#;
    let backend = format!(
        r#"<retry condition="{condition}" count="2" interval="0"><send-request mode="new" response-variable-name="r"><set-url>https://b.example/</set-url></send-request></retry>"#
    );
    let outbound = r#"<return-response><set-header name="X"><value>@(((JArray)context.Variables["seen"]).Count)</value></set-header></return-response>"#;
    let broken_first = format!("{setup}{TO_B}");
    let mut left = 1;
    let answer = ask(&document(&broken_first, &backend, outbound, ""), move |_| {
        left -= 1;
        if left == 0 { broken(FailureKind::Reset) } else { respond(200, &[], "") }
    });
    assert_eq!((answer.head.status, answer.header("X").as_str()), (200, "2"), "{}", answer.text());
}

#[test]
fn what_is_wrong_with_a_document_is_said_all_at_once() {
    use openai_failover::{policy, source::Source, xml};
    let text = r#"<policies>
    <inbound>
        <set-varable name="a" value="b" />
        <set-header name="X Y"><value>1</value></set-header>
        <forward-request />
        <validate-odata-request />
        <set-variable name="a" value="@(contxt.Request)" />
        <set-variable name="a" value="Hello @(1)" />
        <set-header name="A"><value>{{nobody}}</value></set-header>
        <include-fragment fragment-id="none" />
        <choose><when condition="@("yes")"><base /></when></choose>
        stray
    </inbound>
    <backend><forward-request /><base /></backend>
    <outbond />
</policies>"#;
    let document = xml::parse(&Source::new("p.xml", text)).unwrap();
    let found = policy::compile(&document, &policy::Resources::default()).unwrap_err();
    let lines: Vec<String> = found
        .iter()
        .map(|diagnostic| {
            let label = diagnostic.primary().unwrap();
            format!(
                "{} {} `{}` {}",
                label.source.position(label.span.start).line,
                diagnostic.code,
                label.source.slice(label.span),
                diagnostic.message
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Source: the schema of the service has `base` once in a section.
#[test]
fn base_stands_once_in_a_section() {
    let source = openai_failover::source::Source::new("p.xml", document("<base /><base />", "<base />", "", ""));
    let parsed = openai_failover::xml::parse(&source).unwrap();
    let faults = openai_failover::policy::compile(&parsed, &openai_failover::policy::Resources::default()).unwrap_err();
    assert_eq!(faults.iter().map(|fault| fault.code).collect::<Vec<_>>(), ["policy/once"]);
}

#[test]
fn a_body_that_a_policy_replaces_is_no_longer_packed() {
    let outbound = "<set-body>plain</set-body>";
    let answer = ask(&document(TO_B, "<base />", outbound, ""), |_| respond(200, &[("Content-Encoding", "gzip")], "packed"));
    assert_eq!((answer.text().as_str(), answer.header("Content-Encoding").as_str()), ("plain", "-"));
}

#[test]
fn it_is_counted_what_runs_where_somebody_asks() {
    let inbound = "<set-backend-service base-url=\"https://b.example/base\" />\n<choose>\n<when condition=\"@(context.Request.Headers.ContainsKey(\"X-One\"))\">\n\
                   <set-variable name=\"a\" value=\"1\" />\n</when>\n<when condition=\"@(context.Request.Headers.ContainsKey(\"X-Two\"))\" />\n</choose>\n";
    let backend = "<retry condition=\"@(context.Response.StatusCode == 503)\" count=\"3\" interval=\"1\">\n<forward-request />\n</retry>\n";
    let text = document(inbound, backend, "", "<trace source=\"s\"><message>m</message></trace>");
    let parsed = openai_failover::xml::parse(&openai_failover::source::Source::new("p.xml", text.as_str())).unwrap();
    let program = std::sync::Arc::new(openai_failover::policy::compile(&parsed, &Default::default()).unwrap());
    let mut calls = 0;
    let mut world = World::policy(&text).with_program(program.clone()).on("b.example", move |_| {
        calls += 1;
        respond(if calls == 2 { 503 } else { 200 }, &[], "")
    });
    world.send(CHAT, &[], None);
    assert!(program.coverage().is_empty(), "nobody has asked yet");
    program.count();
    for headers in [&[][..], &[("X-Two", "")], &[("X-One", ""), ("X-Two", "")], &[]] {
        assert_eq!(world.send(CHAT, headers, None).head.status, 200);
    }
    let points = program.coverage().into_iter().map(|point| {
        let branch = point.branch.map_or(String::new(), |branch| format!(" {branch}"));
        format!("{} {}:{} {}{branch}", point.hits, point.section.name(), point.line, point.path)
    });
    assert_eq!(
        points.collect::<Vec<_>>(),
        [
            "4 inbound:1 set-backend-service",
            "4 inbound:2 choose",
            "1 inbound:2 choose when 1",
            "1 inbound:2 choose when 2",
            "2 inbound:2 choose no when",
            r"1 inbound:4 choose\when[1]\set-variable",
            "4 backend:8 retry",
            "1 backend:8 retry again",
            r"5 backend:9 retry\forward-request",
            "0 on-error:11 trace",
        ]
    );
}
