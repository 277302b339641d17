//! Rates, quotas and tokens: what is refused and how, what is counted and when. The sources are the policies' pages at
//! learn.microsoft.com/azure/api-management (`rate-limit-policy`, `llm-token-limit-policy` …) and the error-handling page there; messages
//! are those of public reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::{fs, time::Duration};

use bytes::Bytes;
use openai_failover::{
    gateway::{
        effect::{FailureKind, Received},
        trace::Entry,
    },
    http::ResponseHead,
    policy::{self, Scope},
    source::Source,
    xml,
};
use support::{Answered, KEY, World, broken, respond};

const CHAT: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=1";

/// 8 tokens by estimate: two of text, three for the message, three for the answer's opening.
const HELLO: &str = r#"{"messages":[{"role":"user","content":"12345678"}]}"#;

const STREAM: &str = r#"{"messages":[{"role":"user","content":"12345678"}],"stream":true}"#;

/// What happened, in headers: `context.LastError`, and variables of the policies here where they are set.
const ON_ERROR: &str = r#"<set-header name="X-Error"><value>@($"{context.LastError.Source}|{context.LastError.Reason}|{context.LastError.Scope}|{context.LastError.Section}|{context.LastError.Path}")</value></set-header>
    <set-header name="X-Message"><value>@(context.LastError.Message)</value></set-header>
    <set-header name="X-Again"><value>@(context.Variables.GetValueOrDefault<int>("again", -1).ToString())</value></set-header>
    <set-header name="X-Left"><value>@(context.Variables.GetValueOrDefault<int>("left", -1).ToString())</value></set-header>"#;

fn document(inbound: &str, outbound: &str) -> String {
    format!(
        r#"<policies><inbound><base /><set-backend-service base-url="https://b.example" />{inbound}</inbound><backend><base /></backend><outbound>{outbound}</outbound><on-error>{ON_ERROR}</on-error></policies>"#
    )
}

fn world(inbound: &str) -> World {
    World::policy(&document(inbound, "")).on("b.example", |_| respond(200, &[], "{}"))
}

/// A call without a subscription.
fn call(world: &mut World) -> Answered {
    world.send(CHAT, &[], Some(HELLO.as_bytes()))
}

/// A call with the key of a subscription.
fn subscribed(world: &mut World) -> Answered {
    world.send(CHAT, &[("api-key", KEY)], Some(HELLO.as_bytes()))
}

fn statuses(world: &mut World, count: usize) -> Vec<u16> {
    (0..count).map(|_| call(world).head.status).collect()
}

fn at(world: &mut World, seconds: u64) {
    world.now = openai_failover::environment::Moment(1_763_690_000_000_000_000).after(Duration::from_secs(seconds));
}

/// A response with `usage`.
fn used(prompt: u64, completion: u64) -> String {
    format!(
        r#"{{"choices":[],"usage":{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{}}}}}"#,
        prompt + completion
    )
}

/// A stream of events.
fn events(body: &'static str) -> Received {
    let headers = [("Content-Type", "text/event-stream; charset=utf-8")].into_iter().collect();
    Received { head: ResponseHead { status: 200, reason: "OK".into(), headers }, body: Some(Bytes::from_static(body.as_bytes())) }
}

/// 10 tokens of answer by estimate; the stream itself says 41.
const EVENTS: &str = concat!(
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"12345678901234567890\"}}]}\n\n",
    "data: {\"choices\":[{\"delta\":{\"content\":\"12345678901234567890\"}}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":41,\"total_tokens\":50}}\n\n",
    "data: [DONE]\n\n",
);

/// Cases of `rate-limit-by-key`: learn.microsoft.com/azure/api-management/rate-limit-by-key-policy
#[test]
fn a_rate_counts_over_a_sliding_window() {
    let mut world = world(r#"<rate-limit-by-key calls="2" renewal-period="10" counter-key="k" remaining-calls-header-name="X-Left" />"#);
    for (second, status, left, retry_after) in [
        (0, 200, "1", "-"),
        (4, 200, "0", "-"),
        (5, 429, "0", "5"),
        (9, 429, "0", "1"),
        (10, 200, "0", "-"),
        (11, 429, "0", "3"),
        (14, 200, "0", "-"),
    ] {
        at(&mut world, second);
        let answer = call(&mut world);
        assert_eq!((answer.head.status, answer.header("Retry-After").as_str()), (status, retry_after), "at {second} s: {}", answer.text());
        if status == 200 {
            assert_eq!(answer.header("X-Left"), left, "at {second} s");
        }
    }
}

#[test]
fn a_refused_call_says_so_in_its_own_words() {
    for (policy, key) in [
        (r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="@(context.Request.IpAddress)" NAMES />"#, false),
        (r#"<rate-limit calls="1" renewal-period="60" NAMES />"#, true),
    ] {
        let element = &policy[1..policy.find(' ').unwrap()];
        for (names, header) in [
            ("", "Retry-After"),
            (
                r#"retry-after-header-name="X-Wait" retry-after-variable-name="again" remaining-calls-variable-name="left" total-calls-header-name="X-Total""#,
                "X-Wait",
            ),
        ] {
            let mut world = world(&policy.replace("NAMES", names));
            let send = |world: &mut World| if key { subscribed(world) } else { call(world) };
            assert_eq!(send(&mut world).head.status, 200, "{policy}");
            world.advance(Duration::from_millis(12_500));
            let answer = send(&mut world);
            assert_eq!(answer.head.status, 429);
            assert_eq!(answer.text(), r#"{ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 48 seconds." }"#);
            assert_eq!((answer.header(header).as_str(), answer.header("Content-Type").as_str()), ("48", "application/json"));
            assert_eq!(answer.header("X-Error"), format!("{element}|RateLimitExceeded|api|inbound|{element}"));
            assert!(answer.sent.is_empty(), "the backend is not called");
            let custom = !names.is_empty();
            assert_eq!(
                (answer.header("X-Again").as_str(), answer.header("X-Left").as_str()),
                if custom { ("48", "0") } else { ("-1", "-1") }
            );
            assert_eq!(answer.header("X-Total"), if custom { "1" } else { "-" });
        }
    }
}

#[test]
fn a_counter_is_the_keys_and_the_variable_is_an_int() {
    let outbound =
        r#"<set-header name="X-Variable"><value>@(context.Variables.GetValueOrDefault<int>("left").ToString())</value></set-header>"#;
    let inbound = r#"<rate-limit-by-key calls="@(1 + 2)" renewal-period="@(60)" counter-key="@(context.Request.Headers.GetValueOrDefault("X-Key", ""))"
        remaining-calls-variable-name="left" total-calls-header-name="X-Total" increment-count="2" />"#;
    let mut world = World::policy(&document(inbound, outbound)).on("b.example", |_| respond(200, &[], ""));
    let mut send = |key| world.send(CHAT, &[("X-Key", key)], None);
    let answer = send("a");
    assert_eq!((answer.header("X-Variable").as_str(), answer.header("X-Total").as_str()), ("1", "3"));
    assert_eq!((send("a").head.status, send("b").head.status), (429, 200));
}

#[test]
fn a_rate_of_one_key_counts_at_every_scope_that_has_it() {
    let limit = |calls| document(&format!(r#"<rate-limit-by-key calls="{calls}" renewal-period="60" counter-key="k" />"#), "");
    let (api, operation) = (limit(10), limit(4));
    let mut world = World::chain(&[(Scope::Api, &api), (Scope::Operation, &operation)]).on("b.example", |_| respond(200, &[], ""));
    assert_eq!(statuses(&mut world, 3), [200, 200, 429], "each call counts twice");
}

#[test]
fn what_an_expression_decides_counts_at_the_end_and_refuses_one_call_later() {
    for (attributes, response, expected) in [
        (r#"increment-condition="@(context.Response.StatusCode == 401)""#, 401, [401, 401, 429, 429]),
        (r#"increment-condition="@(context.Response.StatusCode == 401)""#, 200, [200, 200, 200, 200]),
        (r#"increment-count="@(context.Response.StatusCode == 200 ? 1 : 0)""#, 200, [200, 200, 429, 429]),
        (r#"increment-count="@(2)""#, 200, [200, 429, 429, 429]),
        (r#"increment-condition="@(context.Response.Body.As<string>(true).Contains("x"))""#, 200, [200, 200, 429, 429]),
        (r#"increment-condition="false""#, 200, [200, 200, 200, 200]),
        (r#"increment-condition="true""#, 200, [200, 429, 429, 429]),
    ] {
        let policy = format!(r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" {attributes} />"#);
        let mut world = World::policy(&document(&policy, "")).on("b.example", move |_| respond(response, &[], "x"));
        let answers: Vec<Answered> = (0..4).map(|_| call(&mut world)).collect();
        assert_eq!(answers.iter().map(|answer| answer.head.status).collect::<Vec<_>>(), expected, "{attributes} {response}");
        assert_eq!(answers[0].text(), "x", "the body reaches the client");
    }
}

#[test]
fn what_counts_at_the_end_counts_whichever_section_ends_the_request() {
    let limit = r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" increment-condition="@(context.Response.StatusCode >= 400)" remaining-calls-header-name="X-Remaining" />"#;
    let mut failing = World::policy(&document(limit, "")).on("b.example", |_| broken(FailureKind::Reset));
    assert_eq!(statuses(&mut failing, 3), [500, 500, 429]);
    let returning = format!(r#"{limit}<return-response><set-status code="403" /></return-response>"#);
    let mut world = world(&returning);
    let answer = call(&mut world);
    assert_eq!((answer.head.status, answer.header("X-Remaining").as_str()), (403, "1"), "its fields are on every answer");
    assert_eq!(statuses(&mut world, 2), [403, 429]);
}

#[test]
fn a_condition_that_throws_fails_the_call() {
    let limit = r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" increment-condition="@(bool.Parse("x"))" />"#;
    let answer = call(&mut world(limit));
    assert_eq!(answer.head.status, 500);
    assert_eq!(answer.header("X-Error"), "rate-limit-by-key|ExpressionValueEvaluationFailure|api|outbound|rate-limit-by-key");
}

#[test]
fn an_allowance_that_makes_no_sense_is_a_value_error() {
    for attributes in [r#"calls="@(-1)" renewal-period="60""#, r#"calls="1" renewal-period="@(0)""#, r#"calls="1" renewal-period="@(301)""#]
    {
        let answer = call(&mut world(&format!(r#"<rate-limit-by-key {attributes} counter-key="k" />"#)));
        assert_eq!(
            answer.header("X-Error"),
            "rate-limit-by-key|ExpressionValueValidationFailure|api|inbound|rate-limit-by-key",
            "{attributes}"
        );
    }
}

#[test]
fn a_rate_of_a_subscription_is_for_calls_with_a_key_only() {
    let mut world = world(r#"<rate-limit calls="1" renewal-period="60" remaining-calls-header-name="X-Remaining" />"#);
    assert_eq!(statuses(&mut world, 3), [200; 3]);
    assert_eq!(call(&mut world).header("X-Remaining"), "-");
    assert_eq!((subscribed(&mut world).head.status, subscribed(&mut world).head.status), (200, 429));
}

/// Cases of `rate-limit`: learn.microsoft.com/azure/api-management/rate-limit-policy
#[test]
fn limits_of_apis_and_operations_count_for_themselves() {
    for (inner, expected) in [
        (r#"<api id="azure-openai" calls="2" renewal-period="60" />"#, [200, 200, 429]),
        (r#"<api name="azure-openai" calls="2" renewal-period="60" />"#, [200, 200, 429]),
        (r#"<api id="other" name="azure-openai" calls="2" renewal-period="60" />"#, [200, 200, 200]),
        (
            r#"<api id="azure-openai" calls="9" renewal-period="60"><operation id="ChatCompletions_Create" calls="1" renewal-period="60" /></api>"#,
            [200, 429, 429],
        ),
        (
            r#"<api id="azure-openai" calls="9" renewal-period="60"><operation id="embeddings_create" calls="1" renewal-period="60" /></api>"#,
            [200, 200, 200],
        ),
        (r#"<operation name="Creates a completion for the chat message" calls="1" renewal-period="60" />"#, [200, 429, 429]),
    ] {
        let mut world = world(&format!(r#"<rate-limit calls="3" renewal-period="60">{inner}</rate-limit>"#));
        let seen: Vec<u16> = (0..3).map(|_| subscribed(&mut world).head.status).collect();
        assert_eq!(seen, expected, "{inner}");
    }
}

/// Cases of `quota-by-key`: learn.microsoft.com/azure/api-management/quota-by-key-policy
#[test]
fn a_quota_counts_over_fixed_windows() {
    // The clock stands at 2025-11-21T01:53:20Z.
    for (attributes, seconds, time) in [
        (r#"renewal-period="300""#, 100, "00:01:40"),
        (r#"renewal-period="300" first-period-start="2025-11-21T01:53:00Z""#, 280, "00:04:40"),
        (r#"renewal-period="604800" first-period-start="2025-11-20T00:00:00Z""#, 511_600, "5.22:06:40"),
    ] {
        let mut world = world(&format!(r#"<quota-by-key calls="2" counter-key="k" {attributes} />"#));
        assert_eq!(statuses(&mut world, 2), [200, 200]);
        let answer = call(&mut world);
        let message = format!("Out of call volume quota. Quota will be replenished in {time}.");
        assert_eq!(answer.text(), format!(r#"{{ "statusCode": 403, "message": "{message}" }}"#));
        assert_eq!((answer.head.status, answer.header("Retry-After")), (403, seconds.to_string()), "{attributes}");
        assert_eq!(answer.header("X-Error"), "quota-by-key|QuotaExceeded|api|inbound|quota-by-key");
        assert_eq!(answer.header("X-Message"), message);
        at(&mut world, seconds - 1);
        assert_eq!(call(&mut world).head.status, 403);
        at(&mut world, seconds);
        assert_eq!(statuses(&mut world, 3), [200, 200, 403]);
    }
}

#[test]
fn a_lifetime_quota_never_comes_back() {
    let mut world = world(r#"<quota-by-key calls="1" counter-key="k" renewal-period="0" />"#);
    assert_eq!(call(&mut world).head.status, 200);
    world.advance(Duration::from_secs(100_000_000));
    let answer = call(&mut world);
    assert_eq!((answer.head.status, answer.header("Retry-After").as_str()), (403, "-"));
    assert_eq!(answer.text(), r#"{ "statusCode": 403, "message": "Out of call volume quota." }"#);
}

#[test]
fn bandwidth_counts_requests_and_responses_streams_too() {
    for (streams, length) in [(true, 500), (false, 500)] {
        let response = if streams { "text/event-stream" } else { "text/plain" };
        let mut world = World::policy(&document(r#"<quota-by-key bandwidth="2" counter-key="k" renewal-period="300" />"#, "")).on(
            "b.example",
            move |_| {
                let headers = [("Content-Type", response)].into_iter().collect();
                let head = ResponseHead { status: 200, reason: "OK".into(), headers };
                Ok(Received { head, body: Some(Bytes::from(vec![b'x'; length])) })
            },
        );
        world.body_streams = streams;
        // 1000 bytes a call, where the request says its length or is here: 2048 are overrun with the third.
        let body = vec![b'y'; 500];
        let seen: Vec<Answered> = (0..4).map(|_| world.send(CHAT, &[("Content-Length", "500")], Some(&body))).collect();
        assert_eq!(seen.iter().map(|answer| answer.head.status).collect::<Vec<_>>(), [200, 200, 200, 403], "streams {streams}");
        assert_eq!(seen[3].header("X-Message"), "Out of bandwidth quota. Quota will be replenished in 00:01:40.");
        assert_eq!(seen[0].stream, Some(true), "counting holds no body up");
    }
}

/// "If multiple policies would increment the same key value, it is incremented only once per request."
#[test]
fn a_quota_counts_a_request_once_however_many_policies_share_its_key() {
    let policy = r#"<quota-by-key calls="2" counter-key="k" renewal-period="300" />"#;
    let mut twice = world(&policy.repeat(2));
    assert_eq!(statuses(&mut twice, 3), [200, 200, 403]);
    let deferred =
        r#"<quota-by-key calls="2" counter-key="k" renewal-period="300" increment-condition="@(context.Response.StatusCode == 200)" />"#;
    let mut twice = world(&deferred.repeat(2));
    assert_eq!(statuses(&mut twice, 4), [200, 200, 200, 403], "one call later");
}

#[test]
fn a_request_that_does_not_count_adds_no_bytes() {
    let policy = r#"<quota-by-key bandwidth="1" counter-key="k" renewal-period="300" increment-condition="@(context.Response.StatusCode == CODE)" />"#;
    for (code, expected) in [("200", [200, 403]), ("404", [200, 200])] {
        let mut world =
            World::policy(&document(&policy.replace("CODE", code), "")).on("b.example", |_| respond(200, &[], &"x".repeat(2000)));
        assert_eq!(statuses(&mut world, 2), expected, "{code}");
    }
}

/// Cases of `quota`: learn.microsoft.com/azure/api-management/quota-policy
#[test]
fn a_quota_of_a_subscription_stands_in_a_product() {
    let product = r#"<policies><inbound><base /><quota calls="2" renewal-period="3600"><api id="azure-openai" calls="1"><operation id="embeddings_create" calls="0" renewal-period="0" /></api></quota></inbound><on-error>E</on-error></policies>"#.replace('E', "<base />");
    let api = document("", "");
    let mut world = World::chain(&[(Scope::Product, &product), (Scope::Api, &api)]).on("b.example", |_| respond(200, &[], ""));
    assert_eq!(statuses(&mut world, 3), [200; 3], "no key, no quota");
    assert_eq!(subscribed(&mut world).head.status, 200);
    let answer = subscribed(&mut world);
    assert_eq!((answer.head.status, answer.header("Retry-After").as_str()), (403, "400"));
    assert_eq!(answer.header("X-Error"), "quota|QuotaExceeded|product|inbound|quota");
    assert_eq!(answer.header("X-Message"), "Out of call volume quota. Quota will be replenished in 00:06:40.");
    let embeddings = world.send("/openai/deployments/e/embeddings", &[("api-key", KEY)], None);
    assert_eq!(embeddings.head.status, 403);
}

/// The run in the README of github.com/LazaUK/AOAI-APIM-AIGateway: 100 tokens a minute, a call every 15 seconds.
/// Cases of `llm-token-limit`: learn.microsoft.com/azure/api-management/llm-token-limit-policy
/// Cases of `azure-openai-token-limit`: learn.microsoft.com/azure/api-management/azure-openai-token-limit-policy
#[test]
fn tokens_of_responses_are_counted_as_on_a_live_gateway() {
    for element in ["azure-openai-token-limit", "llm-token-limit"] {
        let policy = format!(
            r#"<{element} tokens-per-minute="100" counter-key="@(context.Subscription.Id)" estimate-prompt-tokens="false" tokens-consumed-header-name="consumed-tokens" remaining-tokens-header-name="remaining-tokens" />"#
        );
        let mut usages = [(30, 29), (30, 25), (30, 25)].into_iter();
        let mut world = World::policy(&document(&policy, "")).on("b.example", move |_| {
            let (prompt, completion) = usages.next().unwrap();
            respond(200, &[], &used(prompt, completion))
        });
        for (second, status, consumed, remaining, message) in [
            (2, 200, "59", "41", ""),
            (18, 200, "55", "0", ""),
            (33, 429, "-", "0", "Token limit is exceeded. Try again in 29 seconds."),
            (48, 429, "-", "0", "Token limit is exceeded. Try again in 14 seconds."),
            (63, 200, "55", "0", ""),
        ] {
            at(&mut world, second);
            let answer = subscribed(&mut world);
            let seen = (answer.head.status, answer.header("consumed-tokens"), answer.header("remaining-tokens"));
            assert_eq!(seen, (status, consumed.to_owned(), remaining.to_owned()), "at {second} s: {}", answer.text());
            if status == 429 {
                assert_eq!(answer.text(), format!(r#"{{ "statusCode": 429, "message": "{message}" }}"#));
                assert_eq!(answer.header("Retry-After"), message.split(' ').nth(7).unwrap());
                assert_eq!(answer.header("X-Error"), format!("{element}|OpenAITokenLimitExceeded|api|inbound|{element}"));
            }
        }
    }
}

/// Refused is what is above the quota, not what is equal to it; the words are those of public reports.
#[test]
fn a_token_quota_is_refused_with_403_until_its_period_ends() {
    for (period, wait, seconds) in [
        ("Hourly", "6 minutes and 40 seconds", 400),
        ("Daily", "22 hours, 6 minutes and 40 seconds", 79_600),
        (r#"@("Mon" + "thly")"#, "9 days, 22 hours, 6 minutes and 40 seconds", 857_200),
    ] {
        let quota = if period.starts_with('@') { "@(100L)" } else { "100" };
        let period = period.replace('"', "&quot;");
        let policy = format!(
            r#"<llm-token-limit token-quota="{quota}" token-quota-period="{period}" counter-key="k" estimate-prompt-tokens="false"
                remaining-quota-tokens-header-name="X-Quota" remaining-quota-tokens-variable-name="quota" retry-after-variable-name="again" />"#
        );
        let outbound =
            r#"<set-header name="X-Variable"><value>@(context.Variables.GetValueOrDefault<long>("quota").ToString())</value></set-header>"#;
        let mut world = World::policy(&document(&policy, outbound)).on("b.example", |_| respond(200, &[], &used(40, 10)));
        for left in ["50", "0", "0"] {
            let answer = call(&mut world);
            assert_eq!((answer.head.status, answer.header("X-Quota").as_str(), answer.header("X-Variable").as_str()), (200, left, left));
        }
        let answer = call(&mut world);
        assert_eq!(answer.head.status, 403);
        assert_eq!(answer.text(), format!(r#"{{ "statusCode": 403, "message": "Token quota is exceeded. Try again in {wait}." }}"#));
        assert_eq!((answer.header("Retry-After"), answer.header("X-Again")), (seconds.to_string(), seconds.to_string()));
        assert_eq!(answer.header("X-Error"), "llm-token-limit|OpenAITokenQuotaExceeded|api|inbound|llm-token-limit");
        world.advance(Duration::from_secs(seconds));
        assert_eq!(call(&mut world).head.status, 200, "{period}");
    }
}

#[test]
fn a_prompt_is_estimated_where_the_policy_says_so_or_the_answer_streams() {
    // (limit, estimate, request, status, consumed as the backend sees it)
    for (limit, estimate, body, status, initially) in [
        (7, "true", HELLO, 429, ""),
        (8, "true", HELLO, 200, "8"),
        (1, "false", HELLO, 200, "0"),
        (7, "false", STREAM, 429, ""),
        (8, "false", STREAM, 200, "8"),
    ] {
        let policy = format!(
            r#"<llm-token-limit tokens-per-minute="{limit}" counter-key="k" estimate-prompt-tokens="{estimate}" tokens-consumed-variable-name="used" />
            <set-header name="X-Used"><value>@(context.Variables.GetValueOrDefault<int>("used").ToString())</value></set-header>"#
        );
        let outbound =
            r#"<set-header name="X-Used"><value>@(context.Variables.GetValueOrDefault<int>("used").ToString())</value></set-header>"#;
        let mut world = World::policy(&document(&policy, outbound)).on("b.example", |_| respond(200, &[], &used(3, 4)));
        let answer = world.send(CHAT, &[], Some(body.as_bytes()));
        assert_eq!(answer.head.status, status, "{limit} {estimate} {body}");
        if status == 200 {
            assert_eq!(answer.sent[0].head.headers.get("X-Used").unwrap(), &initially, "before the backend");
            assert_eq!((answer.header("X-Used").as_str(), answer.text()), ("7", used(3, 4)), "as the response says");
            assert_eq!(answer.sent[0].body, body, "the client's body goes on as it came");
        } else {
            // It will never fit: users report the message without a time then.
            assert_eq!(answer.text(), r#"{ "statusCode": 429, "message": "Token limit is exceeded." }"#);
            assert_eq!((answer.header("Retry-After").as_str(), answer.sent.len()), ("-", 0));
        }
    }
}

#[test]
fn tokens_are_what_the_backend_has_really_used() {
    // (status, body, estimate, consumed)
    for (status, body, estimate, consumed) in [
        (200, used(9, 0), "true", "9"),
        (200, r#"{"usage":{"input_tokens":5,"output_tokens":6}}"#.to_owned(), "false", "11"),
        (200, "{}".to_owned(), "false", "0"),
        (200, "{}".to_owned(), "true", "8"),
        (429, "{}".to_owned(), "true", "0"),
        (500, "busy".to_owned(), "true", "0"),
    ] {
        let policy = format!(
            r#"<llm-token-limit tokens-per-minute="100" counter-key="k" estimate-prompt-tokens="{estimate}" tokens-consumed-header-name="X-Used" remaining-tokens-header-name="X-Left-Now" />"#
        );
        let reply = body.clone();
        let mut world = World::policy(&document(&policy, "")).on("b.example", move |_| respond(status, &[], &reply));
        let answer = call(&mut world);
        assert_eq!((answer.head.status, answer.header("X-Used").as_str(), answer.text()), (status, consumed, body.clone()), "{estimate}");
        assert_eq!(answer.header("X-Left-Now"), (100 - consumed.parse::<u64>().unwrap()).to_string(), "{body} {estimate}");
    }
    let policy = r#"<llm-token-limit tokens-per-minute="1" counter-key="k" estimate-prompt-tokens="false" />"#;
    let mut down = World::policy(&document(policy, "")).on("b.example", |_| broken(FailureKind::Timeout));
    assert_eq!(statuses(&mut down, 3), [500; 3], "without a response there are no tokens");
}

/// "Completion tokens are also estimated when responses are streamed"; the variable then holds the prompt alone, as users have measured.
#[test]
fn a_stream_is_counted_as_it_passes_and_not_held_up() {
    let policy = r#"<llm-token-limit tokens-per-minute="30" counter-key="k" estimate-prompt-tokens="false"
        tokens-consumed-header-name="X-Used" remaining-tokens-header-name="X-Left-Now" />"#;
    let mut world = World::policy(&document(policy, "")).on("b.example", |_| Ok(events(EVENTS)));
    let mut send = || world.send(CHAT, &[], Some(STREAM.as_bytes()));
    let first = send();
    assert_eq!((first.head.status, first.stream, first.text().as_str()), (200, Some(true), EVENTS));
    assert_eq!((first.header("X-Used").as_str(), first.header("X-Left-Now").as_str()), ("8", "22"));
    // 8 and 10 of the first stream, 8 of this prompt; its answer overruns the limit.
    let second = send();
    assert_eq!((second.head.status, second.header("X-Left-Now").as_str()), (200, "4"));
    assert_eq!(send().head.status, 429);
}

#[test]
fn two_limits_with_one_key_count_every_request_twice() {
    let limit = document(
        r#"<llm-token-limit tokens-per-minute="100" counter-key="k" estimate-prompt-tokens="false" remaining-tokens-header-name="X-Left-Now" />"#,
        "",
    );
    let mut world = World::chain(&[(Scope::Api, &limit), (Scope::Operation, &limit)]).on("b.example", |_| respond(200, &[], &used(10, 10)));
    assert_eq!(call(&mut world).header("X-Left-Now"), "60");
}

#[test]
fn the_quota_speaks_where_both_are_overrun() {
    let policy = r#"<llm-token-limit tokens-per-minute="10" token-quota="10" token-quota-period="Hourly" counter-key="k" estimate-prompt-tokens="false" />"#;
    let mut world = World::policy(&document(policy, "")).on("b.example", |_| respond(200, &[], &used(10, 10)));
    assert_eq!(statuses(&mut world, 2), [200, 403]);
}

fn recorded(answer: &Answered, element: &str) -> Vec<String> {
    let records = answer.trace.iter().filter(|record| record.place.element == *element);
    records
        .flat_map(|record| &record.entries)
        .filter_map(|entry| match entry {
            Entry::Recorded(settings) => {
                Some(settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn token_metrics_are_recorded_with_their_dimensions() {
    const DIMENSIONS: &str = r#"<dimension name="API ID" /><dimension name="Operation ID" /><dimension name="Subscription ID" /><dimension name="Location" />
        <dimension name="Gateway ID" /><dimension name="User ID" /><dimension name="Client IP" value="@(context.Request.IpAddress)" />"#;
    let shown = "API ID=azure-openai; Operation ID=ChatCompletions_Create; Subscription ID=s; Location=Sweden Central; Gateway ID=managed; User ID=; Client IP=203.0.113.7";
    let unreported: &'static str = EVENTS.replace("\"usage\"", "\"other\"").leak();
    for element in ["llm-emit-token-metric", "azure-openai-emit-token-metric"] {
        for (request, reply, expected) in [
            (HELLO, respond(200, &[], &used(9, 3)), Some("namespace=N; Total Tokens=12; Prompt Tokens=9; Completion Tokens=3")),
            (STREAM, Ok(events(EVENTS)), Some("namespace=N; Total Tokens=50; Prompt Tokens=9; Completion Tokens=41")),
            (STREAM, Ok(events(unreported)), Some("namespace=N; Total Tokens=18; Prompt Tokens=8; Completion Tokens=10")),
            (HELLO, respond(200, &[], "{}"), None),
            (HELLO, respond(429, &[], "{}"), None),
        ] {
            let policy = format!(r#"<{element} namespace="N">{DIMENSIONS}</{element}>"#);
            let mut world = World::policy(&document(&policy, "")).on("b.example", move |_| reply.clone());
            let answer = world.send(CHAT, &[("api-key", KEY)], Some(request.as_bytes()));
            let expected: Vec<String> = expected.iter().map(|numbers| format!("{numbers}; {shown}")).collect();
            assert_eq!(recorded(&answer, element), expected, "{element} {request}");
        }
    }
}

#[test]
fn metrics_are_recorded_where_they_stand() {
    for (policy, expected) in [
        (
            r#"<emit-metric name="Request"><dimension name="API ID" /></emit-metric>"#,
            "namespace=API Management; Request=1; API ID=azure-openai",
        ),
        (
            r#"<emit-metric name="Cost" value="@(1.5 * 2)" namespace="N"><dimension name="@("a" + "b")" value="@(context.Request.Method)" /></emit-metric>"#,
            "namespace=N; Cost=3; ab=POST",
        ),
    ] {
        assert_eq!(recorded(&call(&mut world(policy)), "emit-metric"), [expected], "{policy}");
    }
    for policy in [
        r#"<emit-metric name="Cost" value="@("dear")"><dimension name="API ID" /></emit-metric>"#,
        r#"<emit-metric name="Cost"><dimension name="@("Mine")" /></emit-metric>"#,
    ] {
        let answer = call(&mut world(policy));
        assert_eq!(answer.header("X-Error"), "emit-metric|ExpressionValueValidationFailure|api|inbound|emit-metric", "{policy}");
    }
}

#[test]
fn what_goes_out_of_the_gateway_is_recorded() {
    for (element, policy, expected) in [
        (
            "log-to-eventhub",
            r#"<log-to-eventhub logger-id="l" partition-key="@(context.Request.Method)">@(string.Concat("a", "b"))</log-to-eventhub>"#,
            "logger-id=l; partition-key=POST; text=ab",
        ),
        (
            "send-service-bus-message",
            r#"<send-service-bus-message queue-name="q" namespace="n"><message-properties><message-property name="p">@(1 + 1)</message-property></message-properties><payload>@(context.Request.Method)</payload></send-service-bus-message>"#,
            "queue-name=q; namespace=n; message-properties[1]/message-property[1]/name=p; message-properties[1]/message-property[1]=2; payload[1]=POST",
        ),
        ("publish-to-dapr", r#"<publish-to-dapr topic="t">@(context.Request.Method)</publish-to-dapr>"#, "topic=t; text=POST"),
        (
            "invoke-dapr-binding",
            r#"<invoke-dapr-binding name="b" operation="create"><data>x</data></invoke-dapr-binding>"#,
            "name=b; operation=create; data[1]=x",
        ),
        (
            "set-request-metric-dimension-value",
            r#"<set-request-metric-dimension-value name="d" value="@(context.Request.Method)" />"#,
            "name=d; value=POST",
        ),
    ] {
        let answer = call(&mut world(policy));
        assert_eq!((answer.head.status, recorded(&answer, element)), (200, vec![expected.to_owned()]), "{policy}");
    }
}

#[test]
fn what_the_service_would_not_take_is_refused() {
    for (policy, expected) in [
        (r#"<rate-limit-by-key calls="1" renewal-period="301" counter-key="k" />"#, "policy/out-of-range"),
        (r#"<rate-limit-by-key calls="x" renewal-period="60" counter-key="k" />"#, "policy/bad-value"),
        (r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" retry-after-header-name="a b" />"#, "policy/bad-value"),
        (r#"<rate-limit calls="@(1)" renewal-period="60" />"#, "policy/literal-only"),
        (r#"<rate-limit calls="1" renewal-period="60" /><rate-limit calls="1" renewal-period="60" />"#, "policy/once"),
        (r#"<quota calls="1" renewal-period="60" />"#, "policy/wrong-scope"),
        (r#"<quota-by-key calls="1" renewal-period="299" counter-key="k" />"#, "policy/out-of-range"),
        (r#"<quota-by-key renewal-period="300" counter-key="k" />"#, "policy/missing"),
        (r#"<quota-by-key calls="1" renewal-period="300" counter-key="k" first-period-start="monday" />"#, "policy/bad-value"),
        (r#"<llm-token-limit counter-key="k" estimate-prompt-tokens="true" />"#, "policy/missing"),
        (r#"<llm-token-limit counter-key="k" tokens-per-minute="@(1)" estimate-prompt-tokens="true" />"#, "policy/literal-only"),
        (r#"<llm-token-limit counter-key="k" token-quota="@("1")" token-quota-period="Daily" estimate-prompt-tokens="true" />"#, "CS0029"),
        (
            r#"<llm-token-limit counter-key="k" token-quota="1" token-quota-period="Fortnightly" estimate-prompt-tokens="true" />"#,
            "policy/bad-value",
        ),
        (r#"<emit-metric name="m"><dimension name="Mine" /></emit-metric>"#, "policy/missing"),
        (r#"<emit-metric name="m" value="many"><dimension name="API ID" /></emit-metric>"#, "policy/bad-value"),
        (r#"<llm-emit-token-metric />"#, "policy/missing"),
    ] {
        let document = xml::parse(&Source::new("p.xml", document(policy, ""))).unwrap();
        let found = policy::compile(&document, &policy::Resources::default()).expect_err(policy);
        assert!(found.iter().any(|diagnostic| diagnostic.code == expected), "{policy}: {found:#?}");
    }
}

#[test]
fn a_live_gateway_counts_a_stream_when_the_client_has_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.xml");
    // The prompt is 8 tokens, twice that would fit.
    let limit =
        r#"<llm-token-limit tokens-per-minute="20" counter-key="k" estimate-prompt-tokens="false" tokens-consumed-header-name="x-used" />"#;
    fs::write(&path, document(limit, "").replace("https://b.example", "https://team-a.openai.azure.com/openai")).unwrap();
    for cut in [false, true] {
        let simulation = process::Simulation::start(&["--policy", path.to_str().unwrap()]);
        let region = simulation.listening["gateways"].as_object().unwrap().keys().next().unwrap().clone();
        if cut {
            // The resource is there from its first call on; one that fails uses no tokens.
            assert_eq!(simulation.chat(&region, "{").status, 400);
            simulation.fault(&["team-a", "cut-body"]);
        }
        let first = simulation.chat(&region, STREAM);
        assert_eq!((first.status, first.header("x-used"), first.whole), (200, "8", !cut), "{}", first.text());
        assert_eq!(first.text().ends_with("data: [DONE]\n\n"), !cut, "{}", first.text());
        // What has passed of a stream that breaks off counts too.
        let second = simulation.chat(&region, STREAM);
        assert_eq!(second.status, 429, "cut {cut}: {}", second.text());
        assert!(second.text().contains("Token limit is exceeded. Try again in "), "{}", second.text());
    }
}
