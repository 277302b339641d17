//! Limits of tokens and requests a minute.

use super::*;

#[test]
fn tokens_a_minute_are_kept() {
    let mut resource = resource();
    let body = with(ask(&"a".repeat(400)), json!({"max_tokens": 500})).to_string();
    let mut at = |seconds: u64| {
        resource.handle(
            &request("small/chat/completions"),
            body.as_bytes(),
            Told::Nothing,
            NOW.after(Duration::from_secs(seconds)),
            &mut environment(),
        )
    };
    let reply = at(0);
    assert_eq!(
        (reply.head.status, header(&reply, "x-ratelimit-remaining-tokens"), header(&reply, "retry-after")),
        (200, Some("400"), None)
    );
    let reply = at(18);
    assert_eq!(
        error(&reply),
        (
            429,
            json!({"code": "429", "message": "Your requests to gpt-4o for small in Sweden Central have exceeded the token rate limit for your current AIServices S0 pricing tier. This request was for ChatCompletions_Create under Azure OpenAI API version 2024-10-21. Please retry after 42 seconds. To increase your default rate limit, visit: https://aka.ms/oai/quotaincrease."})
        )
    );
    for (name, value) in [
        ("retry-after", "42"),
        ("retry-after-ms", "42000"),
        ("x-ratelimit-limit-tokens", "1000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "42"),
        ("x-ratelimit-limit-requests", "6"),
        ("x-ratelimit-remaining-requests", "0"),
        ("Content-Type", "application/json"),
        ("x-ms-region", "Sweden Central"),
    ] {
        assert_eq!(header(&reply, name), Some(value), "{name}");
    }
    assert_eq!(at(60).head.status, 200);
}

#[test]
fn requests_a_minute_follow_from_tokens_and_are_judged_over_ten_seconds() {
    let mut resource = resource();
    // 1,000 tokens a minute are 6 requests a minute, one in ten seconds.
    let mut at = |ms: u64| {
        let body = ask("a").to_string();
        resource.handle(
            &request("small/chat/completions"),
            body.as_bytes(),
            Told::Nothing,
            NOW.after(Duration::from_millis(ms)),
            &mut environment(),
        )
    };
    assert_eq!(at(0).head.status, 200);
    let reply = at(500);
    assert_eq!((header(&reply, "retry-after"), header(&reply, "retry-after-ms")), (Some("10"), Some("9500")));
    assert!(error(&reply).1["message"].as_str().unwrap().contains("have exceeded the call rate limit"));
    assert_eq!(at(10_000).head.status, 200);
}

#[test]
fn a_request_beyond_the_whole_limit_is_sent_away_for_a_day() {
    for body in
        [with(ask("a"), json!({"max_tokens": 1000})), with(ask("a"), json!({"max_tokens": 500, "n": 128})), ask(&"a".repeat(10_000_000))]
    {
        let reply = post("small/chat/completions", &body);
        assert_eq!(
            (reply.head.status, header(&reply, "retry-after"), header(&reply, "retry-after-ms")),
            (429, Some("86400"), Some("86400000"))
        );
    }
}

#[test]
fn each_deployment_has_its_own_windows_and_wrong_bodies_do_not_count() {
    let mut resource = resource();
    assert_eq!(send(&mut resource, "small/chat/completions", "{").head.status, 400);
    assert_eq!(send(&mut resource, "small/chat/completions", ask("a").to_string()).head.status, 200);
    assert_eq!(send(&mut resource, "small/chat/completions", ask("a").to_string()).head.status, 429);
    assert_eq!(send(&mut resource, "gpt-4o/chat/completions", ask("a").to_string()).head.status, 200);
    let free = send(&mut resource, "open/chat/completions", ask("a").to_string());
    assert!(free.head.headers.iter().all(|(name, _)| !name.starts_with("x-ratelimit")));
}
