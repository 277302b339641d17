//! A request as text: what its client saw, each time that it sent, each call to a backend, and the trace.

use std::fmt::Write as _;

use super::numbers::{duration, moment};
use crate::{
    report::{Colour, story::status, trace},
    virtual_time::{Call, Story, Try},
};

/// What came back: a status, a word of the fault catalogue, or both where an answer broke off.
pub(super) fn outcome(code: Option<u16>, error: Option<&str>, colour: Colour) -> String {
    let word = |error: &str| colour.paint(error, "\u{1b}[31m");
    match (code, error) {
        (Some(code), None) => status(code, colour),
        (Some(code), Some(error)) => format!("{} ({})", status(code, colour), word(error)),
        (None, Some(error)) => word(error),
        (None, None) => word("no answer"),
    }
}

/// `request 17 at 0:05:12.345, client chat, gpt-4o, streaming`
pub(super) fn head(story: &Story) -> String {
    let streaming = if story.streaming { ", streaming" } else { "" };
    format!("request {} at {}, client {}, {}{streaming}", story.number, moment(story.at), story.client, story.model)
}

/// `503 in 12.3 s`, `200 from frc in 1.2 s, first byte after 300 ms`
pub(super) fn ending(story: &Story, colour: Colour) -> String {
    let mut text = outcome(story.status, story.error, colour);
    // Writing to a string cannot fail.
    if let Some(backend) = &story.served_by {
        let _ = write!(text, " from {backend}");
    }
    let _ = write!(text, " in {}", duration(story.latency));
    if let Some(first) = story.first_token.filter(|first| *first != story.latency) {
        let _ = write!(text, ", first byte after {}", duration(first));
    }
    text
}

/// `try 1 at 0:05:12.345 by swedencentral: 429 in 12 ms`
pub(super) fn sending(number: usize, sent: &Try, colour: Colour) -> String {
    let gateway = sent.gateway.as_ref().map_or_else(|| " reached no gateway".to_owned(), |gateway| format!(" by {gateway}"));
    format!("try {number} at {}{gateway}: {} in {}", moment(sent.at), outcome(sent.status, sent.error, colour), duration(sent.took))
}

/// `swc 429 in 3 ms`
pub(super) fn call(call: &Call, colour: Colour) -> String {
    format!("{} {} in {}", call.backend, outcome(call.status, call.error, colour), duration(call.took))
}

/// The whole story, one line after another, each so far to the right; with a line break at its end.
pub(super) fn text(story: &Story, indent: usize, colour: Colour) -> String {
    let mut out = format!("{:indent$}{}: {}\n", "", head(story), ending(story, colour));
    for (number, sent) in story.tries.iter().enumerate() {
        let _ = writeln!(out, "{:indent$}  {}", "", sending(number + 1, sent, colour));
        if sent.calls.is_empty() && sent.gateway.is_some() {
            let _ = writeln!(out, "{:indent$}    no backend called", "");
        }
        for (number, backend) in sent.calls.iter().enumerate() {
            let _ = writeln!(out, "{:indent$}    call {}: {}", "", number + 1, call(backend, colour));
        }
        // A client that tries again as a rule meets the same policies: what they say anew is enough.
        let earlier = story.tries.iter().take(number).position(|earlier| trace::is_same_way(&earlier.trace, &sent.trace));
        let paragraphs = match earlier.and_then(|place| Some((place, story.tries.get(place)?))).filter(|_| !sent.trace.is_empty()) {
            Some((place, earlier)) => {
                let paragraphs = trace::differing(&sent.trace, &earlier.trace, colour);
                let but = if paragraphs.is_empty() { "" } else { ", but for" };
                let _ = writeln!(out, "{:indent$}    the policies of try {}{but}", "", place + 1);
                paragraphs
            }
            None => trace::records(&sent.trace, colour),
        };
        for line in paragraphs.lines().filter(|line| !line.is_empty()) {
            let _ = writeln!(out, "{:indent$}  {line}", "");
        }
    }
    out
}
