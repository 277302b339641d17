//! What faults make of answers: bytes, pieces, and what a resource says that is told of one.

use std::time::Duration;

use bytes::Bytes;

use super::{super::*, NOW, TO_SWC, board, conduct, plain, with};
use crate::{
    azure::{
        identity::{COGNITIVE_SERVICES, Identity},
        openai::{Chunk, Deployment, Deployments, Reply, ReplyBody, Resource, ResourceConfig},
    },
    environment::Fixed,
    http::{RequestHead, ResponseHead, Url},
    text::Text,
};

const JSON: &str = r#"{"id":"x","usage":{"completion_tokens": 7}}"#;

fn whole(body: &'static str) -> Reply {
    let head = ResponseHead { status: 200, ..ResponseHead::default() };
    Reply { head, body: ReplyBody::Whole(Bytes::from_static(body.as_bytes())), first_byte: Duration::ZERO, usage: None }
}

fn stream() -> Reply {
    let chunk = |bytes: &'static str| Chunk { after: Duration::from_millis(10), bytes: Bytes::from_static(bytes.as_bytes()) };
    let chunks = ["data: {\"a\":1}\n\n", "data: {\"b\":2}\n\n", "data: {\"c\":3}\n\n", "data: {\"d\":4}\n\n", "data: [DONE]\n\n"];
    Reply { body: ReplyBody::Stream(chunks.map(chunk).to_vec()), ..whole("") }
}

fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.concat().to_vec()).unwrap()
}

#[test]
fn answers_are_altered_by_bytes_and_by_pieces() {
    let pieces = |pieces: u32| move |options: &mut FaultOptions| options.pieces = Some(pieces);
    let half = &JSON[..JSON.len() / 2];
    let all = "data: {\"a\":1}\n\ndata: {\"b\":2}\n\ndata: {\"c\":3}\n\ndata: {\"d\":4}\n\ndata: [DONE]\n\n";
    let (one, three, four) = (&all[..15], &all[..45], &all[..60]);
    for (fault, of_whole, of_stream, end) in [
        (plain("slow"), JSON, all, End::Complete),
        (plain("reset-after-headers"), "", "", End::Reset),
        (plain("cut-body"), half, three, End::Reset),
        (with("cut-body", pieces(1)), half, one, End::Reset),
        (with("cut-body", pieces(9)), half, four, End::Reset),
        (plain("stall-body"), half, three, End::Silence),
        (with("stall-body", pieces(0)), half, "", End::Silence),
        (plain("cut-stream"), JSON, three, End::Complete),
        (with("cut-stream", pieces(9)), JSON, four, End::Complete),
        (plain("truncated-body"), half, &all[..37], End::Complete),
        (plain("malformed-json"), r#"{"id""x","usage":{"completion_tokens": 7}}"#, &all.replace("\"c\":3", "\"c\"3"), End::Complete),
    ] {
        let conduct = conduct(&board(&[("swc", fault.clone())]), TO_SWC);
        let (json, events) = (conduct.deliver(whole(JSON)), conduct.deliver(stream()));
        assert_eq!((text(&json.reply).as_str(), text(&events.reply).as_str()), (of_whole, of_stream), "{fault}");
        assert_eq!((json.end, events.end), (end, end), "{fault}");
        // Where an answer ends early its head has promised all of it.
        let promised = if end == End::Complete { of_whole.len() } else { JSON.len() } as u64;
        assert_eq!((json.length, events.length), (Some(promised), None), "{fault}");
    }
}

#[test]
fn bodies_that_have_nothing_to_lose_stay() {
    for word in ["malformed-json", "truncated-body", "cut-body", "cut-stream"] {
        let conduct = conduct(&board(&[("swc", plain(word))]), TO_SWC);
        assert_eq!(text(&conduct.deliver(whole("")).reply), "", "{word}");
    }
    let malformed = conduct(&board(&[("swc", plain("malformed-json"))]), TO_SWC);
    for body in ["ID3\u{4}: no JSON {", "{}", "[1]"] {
        let reply = Reply { body: ReplyBody::Whole(Bytes::from_static(body.as_bytes())), ..whole("") };
        assert_eq!(text(&malformed.deliver(reply).reply), body);
    }
}

#[test]
fn slow_tokens_slow_a_stream_down_and_what_is_none_by_its_tokens() {
    let conduct = conduct(&board(&[("swc", plain("slow-tokens"))]), TO_SWC);
    let delivery = conduct.deliver(stream());
    let ReplyBody::Stream(chunks) = delivery.reply.body else { panic!() };
    assert_eq!(chunks.iter().map(|chunk| chunk.after.as_millis()).collect::<Vec<_>>(), [10, 1010, 1010, 1010, 1010]);
    assert_eq!(delivery.delay, Duration::ZERO);
    // Seven tokens are three pieces.
    assert_eq!(conduct.deliver(whole(JSON)).delay, Duration::from_secs(3));
    assert_eq!(conduct.deliver(whole("{}")).delay, Duration::ZERO);
}

fn resource() -> Resource {
    let deployment = Deployment { model: "gpt-4o".into(), tokens_per_minute: Some(10_000), ..Deployment::default() };
    let config = ResourceConfig {
        id: "swc".into(),
        region_display: "Sweden Central".into(),
        host: "contoso-swc.openai.azure.com".into(),
        keys: ["key-one".into(), "key-two".into()],
        deployments: Deployments::Declared([("gpt-4o".to_owned(), deployment)].into_iter().collect()),
        ..ResourceConfig::default()
    };
    Resource::new(config, Identity::new(1))
}

fn ask(resource: &mut Resource, fault: Option<&Fault>, credential: (&'static str, String)) -> Reply {
    let url = "https://contoso-swc.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let headers = [("Content-Type", "application/json".to_owned()), credential].into_iter().collect();
    let request = RequestHead { method: "POST".into(), url: Url::parse(url).unwrap(), headers };
    let body = br#"{"messages":[{"role":"user","content":"hello"}],"max_tokens":700}"#;
    let conduct = fault.map_or_else(Conduct::default, |fault| conduct(&board(&[("swc", fault.clone())]), TO_SWC));
    resource.handle(&request, body, conduct.told(), NOW, &mut Fixed { now: NOW, state: 1 })
}

fn key() -> (&'static str, String) {
    ("api-key", "key-one".to_owned())
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.head.headers.get(name).map(Text::as_str)
}

#[test]
fn a_revoked_key_is_a_wrong_one_and_a_token_is_good_still() {
    let identity = Identity::new(1);
    let token = identity.issue(COGNITIVE_SERVICES, None, NOW);
    let revoked = plain("key-revoked");
    for (credential, fault, expected) in [
        (key(), None, 200),
        (key(), Some(&revoked), 401),
        (("Authorization", "Bearer key-two".to_owned()), Some(&revoked), 401),
        (("Authorization", format!("Bearer {token}")), Some(&revoked), 200),
    ] {
        let reply = ask(&mut resource(), fault, credential);
        assert_eq!(reply.head.status, expected, "{}", text(&reply));
    }
    assert!(text(&ask(&mut resource(), Some(&revoked), key())).contains("Access denied due to invalid subscription key"));
}

#[test]
fn a_deleted_deployment_is_not_found_by_those_who_may_ask() {
    let deleted = plain("deployment-deleted");
    let reply = ask(&mut resource(), Some(&deleted), key());
    assert_eq!((reply.head.status, text(&reply).contains("DeploymentNotFound")), (404, true));
    assert_eq!(ask(&mut resource(), Some(&deleted), ("api-key", "wrong".into())).head.status, 401);
}

#[test]
fn a_quota_that_drops_throttles_sooner_and_says_so() {
    let mut resource = resource();
    let drop = with("quota-drop", |options| options.tokens_per_minute = "1000".parse().ok());
    let first = ask(&mut resource, Some(&drop), key());
    assert_eq!((first.head.status, header(&first, "x-ratelimit-limit-tokens")), (200, Some("1000")));
    let second = ask(&mut resource, Some(&drop), key());
    assert_eq!((second.head.status, header(&second, "x-ratelimit-remaining-tokens")), (429, Some("0")));
    assert!(header(&second, "retry-after").is_some());
    // What was used stays used; the limit is what it was.
    let third = ask(&mut resource, None, key());
    assert_eq!((third.head.status, header(&third, "x-ratelimit-limit-tokens")), (200, Some("10000")));
    // A tenth, where nothing is said.
    let tenth = ask(&mut self::resource(), Some(&plain("quota-drop")), key());
    assert_eq!(header(&tenth, "x-ratelimit-limit-tokens"), Some("1000"));
}

#[test]
fn a_status_wears_the_headers_and_the_body_that_are_said_of_it() {
    let fault = with("503", |options| {
        options.retry_after = Some(Duration::from_millis(1500));
        options.headers = vec![("Content-Type".into(), "text/html".into()), ("X-Own".into(), "1".into())];
        options.body = Some("<h1>down</h1>".into());
    });
    let reply = ask(&mut resource(), Some(&fault), ("api-key", "wrong".into()));
    assert_eq!((reply.head.status, text(&reply).as_str()), (503, "<h1>down</h1>"));
    for (name, value) in [("retry-after", "2"), ("retry-after-ms", "1500"), ("Content-Type", "text/html"), ("X-Own", "1")] {
        assert_eq!(header(&reply, name), Some(value), "{name}");
    }
    assert_eq!(reply.head.headers.values("Content-Type").count(), 1);
}
