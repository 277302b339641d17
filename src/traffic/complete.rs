//! Whether an answer is complete: whether a client could use it.

use serde::de::IgnoredAny;

/// Whether a stream of events has its end: `[DONE]`, or the last event of the Responses API.
pub(crate) fn ends_as_stream(tail: &[u8]) -> bool {
    let tail = tail.trim_ascii_end();
    if tail.ends_with(b"[DONE]") {
        return true;
    }
    let start = tail.len().saturating_sub(16 * 1024);
    let last = tail.get(start..).unwrap_or_default();
    [&b"response.completed"[..], b"response.incomplete", b"response.failed"].iter().any(|end| contains(last, end))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Whether a client could use a whole body: nothing, or JSON to its end, or a stream of events that ends as its kind does, each of them JSON, or
/// neither at all. `trusting` looks at the end alone.
pub(crate) fn is_complete(body: &[u8], status: Option<u16>, trusting: bool) -> bool {
    if status.is_some_and(|status| status >= 400) {
        return true;
    }
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') if trusting => matches!(body.trim_ascii_end().last(), Some(b'}' | b']')),
        Some(b'{' | b'[') => serde_json::from_slice::<IgnoredAny>(body).is_ok(),
        Some(b'd' | b'e') if body.starts_with(b"data:") || body.starts_with(b"event:") => {
            ends_as_stream(body) && (trusting || events_are_json(body))
        }
        _ => true,
    }
}

/// Whether each event that begins as JSON is JSON: the SDKs raise an error at the first that is none.
fn events_are_json(body: &[u8]) -> bool {
    let events = body.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data:")).map(<[u8]>::trim_ascii);
    events.filter(|event| event.starts_with(b"{")).all(|event| serde_json::from_slice::<IgnoredAny>(event).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_can_use() {
        for (body, trusting, complete) in [
            ("", false, true),
            ("{\"a\":1}\n", true, true),
            ("{\"a\":1", true, false),
            ("{\"a\":1", false, false),
            ("{\"a\":}", true, true),
            ("{\"a\":}", false, false),
            ("plain", false, true),
            ("data: x\n\ndata: [DONE]\n\n", true, true),
            ("data: x\n\n", true, false),
            ("event: response.created\ndata: {}\n\nevent: response.completed\ndata: {}\n\n", false, true),
            ("event: response.created\ndata: {}\n\n", false, false),
            ("event: response.created\ndata: {}\n\n", true, false),
            ("data: {\"a\":1}\n\ndata: [DONE]\n\n", false, true),
            ("data: {\"a\"1}\n\ndata: [DONE]\n\n", false, false),
            ("data: {\"a\"1}\n\ndata: [DONE]\n\n", true, true),
        ] {
            assert_eq!(is_complete(body.as_bytes(), Some(200), trusting), complete, "{body} {trusting}");
        }
        assert!(is_complete(b"{", Some(502), false));
    }
}
