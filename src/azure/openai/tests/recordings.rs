//! Recorded answers.

use super::*;
use crate::source::Source;

fn read(text: &str) -> Result<Recordings, Vec<String>> {
    let source = Source::new("recordings.json", text);
    Recordings::read(&source).map_err(|found| {
        let told = |diagnostic: &crate::diagnostic::Diagnostic| {
            let place = diagnostic.primary().map_or(0, |label| label.span.start);
            format!("{} {} {place}", diagnostic.code, diagnostic.message)
        };
        found.iter().map(told).collect()
    })
}

#[test]
fn the_first_that_fits_answers() {
    let recordings = read(
        r#"[
            {"path": "/embeddings", "status": 500, "body": "broken"},
            {"deployment": "small", "headers": {"x-ms-region": "Here", "retry-after": "7"}, "status": 429, "afterMs": 20, "body": {"a": [1, 2]}},
            {"bodyContains": "weather", "events": [{"data": {"n": 1}}, {"event": "x", "afterMs": 50, "data": "[DONE]"}]}
        ]"#,
    )
    .unwrap();
    let config = ResourceConfig { recordings, ..resource().config().clone() };
    let mut resource = Resource::new(config, Identity::new(IDENTITY));
    let mut get = |operation: &str, text: &str| {
        let reply = send(&mut resource, operation, ask(text).to_string());
        let body = String::from_utf8(reply.body.concat().to_vec()).unwrap();
        (reply.head.status, body, reply.duration().as_millis(), header(&reply, "Content-Type").map(str::to_owned), reply)
    };
    let (status, body, ..) = get("ada/embeddings", "a");
    assert_eq!((status, body.as_str()), (500, "broken"));
    let (status, body, time, kind, reply) = get("small/chat/completions", "weather");
    assert_eq!((status, body.as_str(), time, kind.as_deref()), (429, r#"{"a":[1,2]}"#, 20, Some("application/json")));
    assert_eq!((header(&reply, "x-ms-region"), header(&reply, "retry-after")), (Some("Here"), Some("7")));
    let (status, body, time, kind, _) = get("gpt-4o/chat/completions", "the weather");
    assert_eq!((status, body.as_str(), time), (200, "data: {\"n\":1}\n\nevent: x\ndata: [DONE]\n\n", 50));
    assert_eq!(kind.as_deref(), Some("text/event-stream; charset=utf-8"));
    assert!(get("gpt-4o/chat/completions", "the news").1.contains("Hello from swc"));
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    for (text, message, line) in [
        ("{}", "invalid type: map, expected a sequence", 0),
        ("[\n{\"statuss\": 1}]", "unknown field `statuss`, expected one of", 2),
        ("[\n\n{\"status\": 99}]", "`99` is no status of an answer: statuses go from 200 to 599", 3),
        ("[{\"body\": 1, \"events\": []}]", "an answer has a `body` or `events`, not both", 0),
        ("[{\"headers\": {\"a b\": \"c\"}}]", "`a b` is no name of a header", 0),
    ] {
        let found = read(text).unwrap_err();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert!(found.starts_with(&format!("recordings/unreadable {message}")), "{found}");
        let place: usize = found.rsplit_once(' ').unwrap().1.parse().unwrap();
        assert!(place >= line, "{found}");
    }
}
