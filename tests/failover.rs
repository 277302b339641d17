//! The generated policy by behaviour: what each failure of a region means to the client.
//!
//! The policy that runs is the one that `gen` writes; nothing here knows how it does it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{cell::Cell, rc::Rc, time::Duration};

use openai_failover::gateway::effect::FailureKind;
use support::{KEY, Responder, World, respond, spec, spec_text};

fn two(region: &str) -> World {
    World::of(&spec("two-region"), region)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_healthy_primary_answers_with_one_attempt() {
    let answer = two("Sweden Central").up("swc").up("frc").chat("gpt-4o");
    assert_eq!(answer.story(), "200 swc 1");
    assert_eq!(answer.text(), "swc");
    assert_eq!(answer.calls(), "swc");
    assert_eq!(
        answer.sent[0].head.url.to_string(),
        "https://contoso-swc.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    );
}

#[test]
fn the_nearest_backend_comes_first_whichever_way_the_region_is_spelled() {
    for (region, expected) in
        [("Sweden Central", "swc"), ("swedencentral", "swc"), ("France Central", "frc"), ("francecentral", "frc"), ("West US", "swc")]
    {
        assert_eq!(two(region).up("swc").up("frc").chat("gpt-4o").calls(), expected, "{region}");
    }
}

#[test]
fn every_listed_status_fails_over() {
    for status in [401, 403, 408, 429, 500, 502, 503, 504, 599] {
        let answer = two("Sweden Central").status("swc", status, &[]).up("frc").chat("gpt-4o");
        assert_eq!(answer.story(), "200 frc 2", "{status}");
        assert_eq!(answer.text(), "frc");
    }
}

#[test]
fn every_broken_connection_fails_over() {
    for kind in [FailureKind::ConnectionRefused, FailureKind::DnsFailure, FailureKind::TlsFailure, FailureKind::Reset, FailureKind::Timeout]
    {
        let answer = two("Sweden Central").down("swc", kind).up("frc").chat("gpt-4o");
        assert_eq!(answer.story(), "200 frc 2", "{kind:?}");
    }
}

#[test]
fn other_statuses_come_back_at_once_and_unchanged() {
    for status in [200, 201, 304, 400, 404, 422] {
        let answer = two("Sweden Central").status("swc", status, &[("x-kept", "yes")]).up("frc").chat("gpt-4o");
        assert_eq!(answer.story(), format!("{status} swc 1"));
        assert_eq!((answer.text().as_str(), answer.header("x-kept").as_str()), ("swc", "yes"));
    }
}

#[test]
fn later_attempts_have_their_own_deployment_and_credential_and_the_original_body() {
    let body = br#"{"messages":[],"user":"\u00e5"}"#;
    let answer = two("Sweden Central").status("swc", 429, &[]).up("frc").send(
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21&subscription-key=stolen&x=%2F",
        &[
            ("api-key", KEY),
            ("Content-Type", "application/json"),
            ("Accept", "text/plain"),
            ("traceparent", "00-a-b-01"),
            ("X-Forwarded-For", "1.2.3.4"),
            ("X-Azure-Ref", "r"),
            ("X-Own", "o"),
        ],
        Some(body),
    );
    assert_eq!(answer.story(), "200 frc 2");
    let second = &answer.sent[1];
    assert_eq!(
        second.head.url.to_string(),
        "https://contoso-frc.openai.azure.com/openai/deployments/gpt-4o-fr/chat/completions?api-version=2024-10-21&x=%2F"
    );
    assert_eq!(second.body, &body[..]);
    let mut names: Vec<String> = second.head.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    names.sort();
    assert_eq!(
        names,
        ["Accept: text/plain", "Content-Type: application/json", "api-key: key-of-aoai-key-frc-\"'<&", "traceparent: 00-a-b-01"]
    );
}

#[test]
fn no_credential_of_the_client_reaches_a_backend() {
    let path = "/openai/deployments/gpt-4o/chat/completions?Subscription%2DKey=client-key&api-version=1&SUBSCRIPTION-KEY=client-key";
    let answer = two("Sweden Central").status("swc", 500, &[]).up("frc").send(
        path,
        &[
            ("api-key", KEY),
            ("Ocp-Apim-Subscription-Key", KEY),
            ("Authorization", "Bearer client-key"),
            ("Content-Type", "application/json"),
        ],
        Some(b"{}"),
    );
    assert_eq!(answer.calls(), "swc frc");
    for sent in &answer.sent {
        assert!(!format!("{sent:?}").contains(KEY), "{sent:?}");
    }
    assert!(!format!("{:?}", answer.sent[0]).contains("aoai-key-frc") && !format!("{:?}", answer.sent[1]).contains("aoai-key-swc"));
}

#[test]
fn a_missing_or_wrong_key_reaches_no_backend() {
    for (headers, message) in [(&[][..], "missing"), (&[("api-key", "wrong")][..], "invalid")] {
        let answer = two("Sweden Central").up("swc").up("frc").send(
            "/openai/deployments/gpt-4o/chat/completions?api-version=1",
            headers,
            Some(b"{}"),
        );
        assert_eq!(answer.story(), "401 none 0");
        assert_eq!(answer.calls(), "");
        assert!(answer.text().contains(message) && answer.header("WWW-Authenticate").contains("name=\"api-key\""), "{}", answer.text());
    }
}

#[test]
fn an_unknown_operation_reaches_no_backend() {
    let answer = two("Sweden Central").up("swc").send("/openai/unknown", &[("api-key", KEY)], None);
    assert_eq!(answer.story(), "404 none 0");
    assert_eq!(answer.calls(), "");
}

#[test]
fn when_all_fail_the_last_real_answer_comes_with_the_smallest_hint() {
    let answer = two("Sweden Central")
        .status("swc", 429, &[("Retry-After", "7"), ("retry-after-ms", "6500")])
        .status("frc", 429, &[("Retry-After", "20")])
        .chat("gpt-4o");
    assert_eq!(answer.story(), "429 frc 2");
    assert_eq!(
        (answer.text().as_str(), answer.header("Retry-After").as_str(), answer.header("retry-after-ms").as_str()),
        ("frc", "7", "6500")
    );
}

#[test]
fn an_attempt_without_an_answer_does_not_hide_the_one_before() {
    let answer =
        two("Sweden Central").status("swc", 429, &[("Retry-After", "7")]).down("frc", FailureKind::ConnectionRefused).chat("gpt-4o");
    assert_eq!(answer.story(), "429 swc 2");
    assert_eq!((answer.text().as_str(), answer.header("Retry-After").as_str()), ("swc", "7"));
    let answer = two("Sweden Central").down("swc", FailureKind::Timeout).status("frc", 503, &[("Retry-After", "3")]).chat("gpt-4o");
    assert_eq!(answer.story(), "503 frc 2");
    assert_eq!((answer.text().as_str(), answer.header("Retry-After").as_str()), ("frc", "3"));
}

#[test]
fn a_date_as_retry_after_counts_in_seconds() {
    // The world's clock stands at 2025-11-21T01:53:20Z.
    let answer = two("Sweden Central")
        .status("swc", 429, &[("Retry-After", "Fri, 21 Nov 2025 01:53:25 GMT")])
        .status("frc", 429, &[("Retry-After", "20")])
        .chat("gpt-4o");
    assert_eq!((answer.story().as_str(), answer.header("Retry-After").as_str()), ("429 frc 2", "5"));
}

#[test]
fn without_any_real_answer_the_client_gets_our_503() {
    for kind in [FailureKind::ConnectionRefused, FailureKind::Timeout] {
        let answer = two("Sweden Central").down("swc", kind).down("frc", FailureKind::DnsFailure).chat("gpt-4o");
        assert_eq!(answer.story(), "503 none 2");
        assert!(answer.text().starts_with(r#"{"error":{"code":"ServiceUnavailable","message":"#), "{}", answer.text());
        assert_eq!(answer.header("Content-Type"), "application/json");
    }
}

#[test]
fn a_success_after_a_failure_carries_no_hint_of_the_failure() {
    let answer = two("Sweden Central").status("swc", 429, &[("Retry-After", "7")]).up("frc").chat("gpt-4o");
    assert_eq!((answer.story().as_str(), answer.header("Retry-After").as_str()), ("200 frc 2", "-"));
}

#[test]
fn a_model_that_nobody_holds_goes_unchanged_to_the_first() {
    let answer = two("France Central").status("frc", 404, &[]).up("swc").chat("gpt-9");
    assert_eq!(answer.story(), "404 frc 1");
    assert_eq!(answer.sent[0].head.url.path, "/openai/deployments/gpt-9/chat/completions");
    let answer = two("Sweden Central").status("swc", 500, &[]).up("frc").chat("gpt-9");
    assert_eq!(answer.story(), "500 swc 1", "and is not tried elsewhere");
}

#[test]
fn a_body_that_is_no_json_gets_the_backends_own_400() {
    let answer = two("Sweden Central").status("swc", 400, &[]).up("frc").send(
        "/openai/deployments/gpt-4o/chat/completions?api-version=1",
        &[("api-key", KEY), ("Content-Type", "application/json")],
        Some(b"{\"stream\": tru"),
    );
    assert_eq!((answer.story().as_str(), answer.text().as_str()), ("400 swc 1", "swc"));
}

#[test]
fn bodies_are_bytes_and_may_be_missing() {
    let audio: Vec<u8> = (0..=255).collect();
    let mut world = two("Sweden Central").status("swc", 503, &[]).up("frc");
    let answer = world.send(
        "/openai/deployments/gpt-4o/audio/transcriptions?api-version=1",
        &[("api-key", KEY), ("Content-Type", "multipart/form-data; boundary=x")],
        Some(&audio),
    );
    assert_eq!(answer.story(), "200 frc 2");
    assert!(answer.sent.iter().all(|sent| sent.body == audio), "not a byte is changed");
    let answer = world.send("/openai/deployments/gpt-4o/completions?api-version=1", &[("api-key", KEY)], None);
    assert_eq!(answer.story(), "200 frc 2");
    assert!(
        answer.sent[1].body.is_empty()
            && !answer.sent[1].head.headers.contains("Content-Type")
            && !answer.sent[1].head.headers.contains("Accept")
    );
}

#[test]
fn a_stream_is_not_buffered_and_still_fails_over() {
    let send = |world: &mut World, body: &[u8]| {
        world.send(
            "/openai/deployments/gpt-4o/chat/completions?api-version=1",
            &[("api-key", KEY), ("Content-Type", "application/json")],
            Some(body),
        )
    };
    let mut world = two("Sweden Central").up("swc").up("frc");
    for (body, buffered) in [
        (&br#"{"stream": true}"#[..], false),
        (br#"{"stream" : false}"#, true),
        (br#"{"stream": "true"}"#, true),
        (br#"{"messages":[{"content":"say \"stream\": true"}]}"#, true),
    ] {
        assert_eq!(send(&mut world, body).stream, Some(buffered), "{}", String::from_utf8_lossy(body));
    }
    let mut world = two("Sweden Central").status("swc", 429, &[]).up("frc");
    assert_eq!(send(&mut world, br#"{"stream": true}"#).story(), "200 frc 2");
}

#[test]
fn attempts_have_the_specs_timeout() {
    let answer = two("Sweden Central").status("swc", 500, &[]).up("frc").chat("gpt-4o");
    assert!(answer.sent.iter().all(|sent| sent.timeout.as_secs() == 60), "{:?}", answer.sent);
    assert_eq!(answer.slept, [], "failover does not wait");
}

/// Four backends, two of equal rank; the second by managed identity; one lacks a model.
const FOUR: &str = r#"
version: 1
name: four
api: { id: azure-openai, path: ai/public, subscriptionKeyHeader: X-Key }
gateways: [{ region: swedencentral }, { region: polandcentral }]
backends:
  - { id: a, region: swedencentral, endpoint: "https://contoso-a.openai.azure.com/", auth: { apiKey: k-a }, priority: 1, deployments: { m: { name: m-a }, only-a: {} } }
  - { id: b, region: francecentral, endpoint: "https://contoso-b.openai.azure.com", auth: { managedIdentity: true }, priority: 2, deployments: { m: { name: "m-b" } } }
  - { id: c, region: westeurope, endpoint: "https://contoso-c.openai.azure.com", auth: { apiKey: k-c }, priority: 3, weight: 3, deployments: { m: {}, n: {} } }
  - { id: d, region: polandcentral, endpoint: "https://contoso-d.openai.azure.com", auth: { apiKey: k-d }, priority: 3, weight: 1, deployments: { m: {}, n: {} } }
namedValues:
  k-a: { keyVault: "https://contoso-kv.vault.azure.net/secrets/a" }
  k-c: { keyVault: "https://contoso-kv.vault.azure.net/secrets/c" }
  k-d: { keyVault: "https://contoso-kv.vault.azure.net/secrets/d" }
failover: { maxAttempts: 4, attemptTimeout: 20s, forwardHeaders: [X-Tenant] }
"#;

fn four(region: &str) -> World {
    World::of(&spec_text(FOUR), region)
}

fn ask(world: &mut World, model: &str) -> support::Answered {
    world.send(
        &format!("/ai/public/deployments/{model}/chat/completions?api-version=1"),
        &[("X-Key", KEY), ("X-Tenant", "t"), ("Content-Type", "application/json")],
        Some(b"{}"),
    )
}

#[test]
fn a_failed_failover_attempt_goes_on_to_the_next_backend() {
    let mut world =
        four("Sweden Central").status("a", 500, &[]).down("b", FailureKind::Timeout).status("c", 429, &[]).status("d", 429, &[]);
    let answer = ask(&mut world, "m");
    assert_eq!(answer.header("X-Failover-Attempts"), "4");
    assert_eq!(answer.head.status, 429);
    assert!(answer.calls() == "a b c d" || answer.calls() == "a b d c", "{}", answer.calls());
    let mut world =
        four("Sweden Central").down("a", FailureKind::ConnectionRefused).down("b", FailureKind::Timeout).status("c", 500, &[]).up("d");
    assert_eq!(ask(&mut world, "m").story().split_once(' ').unwrap().1.split(' ').next(), Some("d"));
}

#[test]
fn the_public_path_and_key_header_are_the_specs_own() {
    let mut world = four("Sweden Central").up("a");
    let answer = ask(&mut world, "m");
    assert_eq!(answer.story(), "200 a 1");
    assert_eq!(
        answer.sent[0].head.url.to_string(),
        "https://contoso-a.openai.azure.com/openai/deployments/m-a/chat/completions?api-version=1"
    );
    assert!(!answer.sent[0].head.headers.contains("X-Key"));
}

#[test]
fn a_backend_that_lacks_the_model_is_skipped() {
    let mut world = four("Sweden Central").status("c", 500, &[]).status("d", 500, &[]).up("a").up("b");
    let answer = ask(&mut world, "n");
    assert_eq!(answer.header("X-Failover-Attempts"), "2", "as many attempts as backends hold the model");
    assert!(["c d", "d c"].contains(&answer.calls().as_str()));
    assert_eq!(ask(&mut four("Poland Central").status("a", 500, &[]), "only-a").story(), "500 a 1");
}

#[test]
fn equal_priorities_share_by_weight_and_the_own_region_comes_first() {
    let mut first = [0, 0];
    let mut world = four("Sweden Central").up("c").up("d");
    for seed in 0..400 {
        world.seed = seed;
        let answer = ask(&mut world, "n");
        first[usize::from(answer.calls() == "d")] += 1;
    }
    assert!((260..340).contains(&first[0]), "weight 3 to 1: {first:?}");
    assert_eq!(ask(&mut four("polandcentral").up("d"), "n").calls(), "d");
}

#[test]
fn managed_identity_is_a_token_for_that_backend_alone() {
    let mut world = four("Sweden Central").status("a", 500, &[]).up("b");
    let answer = ask(&mut world, "m");
    assert_eq!(answer.story(), "200 b 2");
    let headers = |index: usize| answer.sent[index].head.headers.clone();
    assert_eq!(headers(1).get("Authorization").unwrap(), &"Bearer token-for-https://cognitiveservices.azure.com");
    assert!(!headers(1).contains("api-key") && !headers(0).contains("Authorization"));
    assert_eq!(headers(1).get("X-Tenant").unwrap(), &"t");
}

#[test]
fn an_identity_that_gives_no_token_is_a_failed_attempt() {
    let mut world = four("Sweden Central").without_identity().status("a", 500, &[]).up("c").up("d");
    let answer = ask(&mut world, "m");
    assert_eq!((answer.head.status, answer.header("X-Failover-Attempts").as_str()), (200, "3"));
    assert!(!answer.calls().contains('b'));
    // As the first backend of its own region, too.
    let text = FOUR.replace("{ region: polandcentral }]", "{ region: francecentral }]");
    let mut world = World::of(&spec_text(&text), "France Central").without_identity().up("a");
    let answer = ask(&mut world, "m");
    assert_eq!((answer.story().as_str(), answer.calls().as_str()), ("200 a 2", "a"));
    let mut world = World::of(&spec_text(&text), "France Central").up("b");
    assert_eq!(ask(&mut world, "m").story(), "200 b 1");
}

#[test]
fn attempts_end_at_the_limit() {
    let text = FOUR.replace("maxAttempts: 4", "maxAttempts: 2");
    let mut world = World::of(&spec_text(&text), "Sweden Central").status("a", 500, &[]).status("b", 500, &[]).up("c").up("d");
    assert_eq!(ask(&mut world, "m").story(), "500 b 2");
    let text = FOUR.replace("maxAttempts: 4", "maxAttempts: 1");
    let mut world = World::of(&spec_text(&text), "Sweden Central").status("a", 500, &[]).up("b");
    assert_eq!(ask(&mut world, "m").story(), "500 a 1");
    let mut world = World::of(&spec_text(&text), "Sweden Central").down("a", FailureKind::Reset).up("b");
    assert_eq!(ask(&mut world, "m").story(), "503 none 1");
}

#[test]
fn what_the_spec_switches_off_does_not_fail_over() {
    let text = FOUR.replace("forwardHeaders: [X-Tenant]", "on: { statuses: [\"500-503\"], connectionFailure: false, timeout: true }");
    let world = || World::of(&spec_text(&text), "Sweden Central").up("b");
    assert_eq!(ask(&mut world().status("a", 429, &[]), "m").story(), "429 a 1");
    assert_eq!(ask(&mut world().status("a", 502, &[]), "m").story(), "200 b 2");
    assert_eq!(ask(&mut world().down("a", FailureKind::Timeout), "m").story(), "200 b 2");
    assert_eq!(ask(&mut world().down("a", FailureKind::ConnectionRefused), "m").story(), "503 none 1");
}

#[test]
fn an_error_of_another_kind_never_fails_over() {
    let document = support::generated(&spec("two-region"));
    // A parent's outbound that breaks: an expression error behind a good answer.
    let broken_outbound = document.replacen("<outbound>", "<outbound><set-variable name=\"x\" value=\"@(int.Parse(&quot;x&quot;))\" />", 1);
    let api = openai_failover::gateway::Api { subscription_required: false, ..Default::default() };
    let named = [("aoai-key-swc".to_owned(), "s".to_owned()), ("aoai-key-frc".to_owned(), "f".to_owned())].into();
    let resources = openai_failover::policy::Resources { named_values: named, ..Default::default() };
    let mut world =
        World::with(&broken_outbound, "Sweden Central", api, resources).up("swc").on("contoso-frc.openai.azure.com", |_| panic!("called"));
    let answer = world.chat("gpt-4o");
    assert_eq!(answer.story(), "500 none 1");
}

/// A backend that is throttled with these headers as long as the flag is up.
fn throttled(id: &'static str, flag: &Rc<Cell<bool>>, status: u16, headers: &'static [(&'static str, &'static str)]) -> Responder {
    let flag = flag.clone();
    Box::new(move |_| if flag.get() { respond(status, headers, id) } else { respond(200, &[], id) })
}

#[test]
fn a_throttled_backend_is_skipped_until_its_time_has_come() {
    // The world's clock stands at 2025-11-21T01:53:20Z.
    type Named = (u16, &'static [(&'static str, &'static str)], u64);
    let cases: [Named; 11] = [
        (429, &[("Retry-After", "7")], 7_000),
        (503, &[("Retry-After", "7")], 7_000),
        (429, &[("retry-after-ms", "2500")], 2_500),
        (429, &[("Retry-After", "3"), ("retry-after-ms", "2500")], 2_500),
        (429, &[("Retry-After", "Fri, 21 Nov 2025 01:53:25 GMT")], 5_000),
        (429, &[("Retry-After", "soon")], 0),
        (429, &[("Retry-After", "0")], 0),
        (429, &[("Retry-After", "300")], 300_000),
        // A request that is larger than the whole limit is told to come back in a day: others are welcome.
        (429, &[("Retry-After", "86400")], 0),
        (429, &[], 0),
        (500, &[("Retry-After", "7")], 0),
    ];
    for (status, headers, pause) in cases {
        let flag = Rc::new(Cell::new(true));
        let mut world = two("Sweden Central").on("contoso-swc.openai.azure.com", throttled("swc", &flag, status, headers)).up("frc");
        let mut ask = || {
            let answer = world.chat("gpt-4o");
            (answer.story(), answer.calls(), world.now)
        };
        let (story, calls, begun) = ask();
        assert_eq!((story.as_str(), calls.as_str()), ("200 frc 2", "swc frc"), "{status} {headers:?}");
        if pause > 0 {
            for ahead in [0, pause - 1] {
                world.now = begun.after(Duration::from_millis(ahead));
                let answer = world.chat("gpt-4o");
                assert_eq!(
                    (answer.story().as_str(), answer.calls().as_str()),
                    ("200 frc 1", "frc"),
                    "{status} {headers:?} after {ahead} ms"
                );
            }
        }
        flag.set(false);
        world.now = begun.after(Duration::from_millis(pause));
        assert_eq!(world.chat("gpt-4o").story(), "200 swc 1", "{status} {headers:?}");
    }
}

#[test]
fn a_later_attempt_is_remembered_too() {
    let named = &[("Retry-After", "7")];
    let mut world = two("Sweden Central").down("swc", FailureKind::ConnectionRefused).status("frc", 429, named);
    assert_eq!(world.chat("gpt-4o").calls(), "swc frc");
    let answer = world.chat("gpt-4o");
    assert_eq!((answer.story().as_str(), answer.calls().as_str()), ("503 none 1", "swc"), "frc is spared");
    world.advance(SECOND * 7);
    assert_eq!(world.chat("gpt-4o").calls(), "swc frc");
    // Both paths of failure mark: this one goes through outbound.
    let mut world = two("Sweden Central").status("swc", 500, &[]).status("frc", 429, named);
    assert_eq!((world.chat("gpt-4o").calls().as_str(), world.chat("gpt-4o").calls().as_str()), ("swc frc", "swc"));
}

#[test]
fn when_all_are_throttled_the_one_that_frees_first_is_tried() {
    let mut world = two("Sweden Central").status("swc", 429, &[("Retry-After", "20")]).status("frc", 429, &[("Retry-After", "7")]);
    let first = world.chat("gpt-4o");
    assert_eq!((first.story().as_str(), first.calls().as_str(), first.header("Retry-After").as_str()), ("429 frc 2", "swc frc", "7"));
    let second = world.chat("gpt-4o");
    assert_eq!((second.story().as_str(), second.calls().as_str(), second.header("Retry-After").as_str()), ("429 frc 1", "frc", "7"));
    // The refused call has prolonged the throttle of frc: it frees at 7 seconds from here, swc at 20 seconds from the start.
    world.advance(SECOND * 15);
    assert_eq!(world.chat("gpt-4o").calls(), "frc", "free again, and throttled anew until 22");
    world.advance(SECOND);
    assert_eq!(world.chat("gpt-4o").calls(), "swc", "swc frees at 20");
}

#[test]
fn whoever_is_free_moves_up() {
    let spec = spec_text(&FOUR.replace("maxAttempts: 4", "maxAttempts: 2"));
    let named = &[("Retry-After", "9")];
    let mut world = World::of(&spec, "Sweden Central").status("a", 429, named).status("b", 429, named).up("c").up("d");
    assert_eq!(ask(&mut world, "m").story(), "429 b 2");
    let answer = ask(&mut world, "m");
    assert!(["200 c 1", "200 d 1"].contains(&answer.story().as_str()), "{}", answer.story());
    // Only who holds the model counts, and each model is on its own: quotas are per deployment.
    assert_eq!(ask(&mut world, "only-a").calls(), "a");
    assert_eq!(ask(&mut world, "only-a").calls(), "a", "the only one is tried although it is throttled");
}

#[test]
fn a_credential_belongs_to_the_backend_that_moves_up() {
    let mut world =
        four("Sweden Central").status("a", 429, &[("Retry-After", "9")]).status("b", 429, &[("Retry-After", "9")]).up("c").up("d");
    assert_eq!(ask(&mut world, "m").header("X-Failover-Attempts"), "3");
    let answer = ask(&mut world, "m");
    let (sent, id) = (&answer.sent[0], answer.calls());
    assert_eq!(answer.header("X-Failover-Attempts"), "1");
    assert_eq!(sent.head.headers.get("api-key").unwrap().as_str(), format!("key-of-k-{id}-\"'<&"));
    assert_eq!(sent.head.url.path, "/openai/deployments/m/chat/completions");
}

#[test]
fn gateways_do_not_share_what_they_remember() {
    let busy = &[("Retry-After", "60")];
    let mut sweden = two("Sweden Central").status("swc", 429, busy).up("frc");
    sweden.chat("gpt-4o");
    assert_eq!(sweden.chat("gpt-4o").calls(), "frc");
    let mut elsewhere = two("West US").status("swc", 429, busy).up("frc");
    assert_eq!(elsewhere.chat("gpt-4o").calls(), "swc frc");
    // One cache for several regions, as an external one can be, changes nothing: the key names the region.
    assert!(
        support::generated(&spec("two-region"))
            .contains("context.Deployment.Region + \" \" + (string)context.Variables[\"failover-model\"]")
    );
}

#[test]
fn without_throttle_memory_every_request_begins_anew() {
    let off = spec_text(&FOUR.replace("maxAttempts: 4", "maxAttempts: 2, throttleMemory: false"));
    assert!(!support::generated(&off).contains("cache-"));
    let mut world = World::of(&off, "Sweden Central").status("a", 429, &[("Retry-After", "60")]).up("b");
    for _ in 0..3 {
        let answer = ask(&mut world, "m");
        assert_eq!((answer.story().as_str(), answer.calls().as_str()), ("200 b 2", "a b"));
    }
    // Nor where neither status fails over, or nothing can.
    for failover in ["on: { statuses: [\"500-502\"] }", "maxAttempts: 1"] {
        let spec = spec_text(&FOUR.replace("maxAttempts: 4, attemptTimeout: 20s, forwardHeaders: [X-Tenant]", failover));
        assert!(!support::generated(&spec).contains("cache-"), "{failover}");
    }
}
