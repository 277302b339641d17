//! How the body of an answer passes the gateway: piece by piece, collected or looked at, and whether a client could use it.

use std::time::Duration;

use super::{
    exchange::COLLECTED,
    journey::{Ending, Held},
};
use crate::{
    environment::Moment,
    gateway::{effect::Watch, safety::StreamScreen},
    traffic::complete::{ends_as_stream, is_complete},
};
use bytes::{Bytes, BytesMut};

/// A body that has passed.
#[derive(Debug)]
pub(super) struct Passed {
    /// When its first byte left the gateway.
    pub first: Option<Moment>,
    /// When its last byte did.
    pub end: Moment,
    /// The longest that the client has waited between two pieces.
    pub longest_pause: Duration,
    /// Whether what looked at it has ended it.
    pub is_over: bool,
    /// Whether somebody on the way has lost patience and cut it.
    pub is_cut: bool,
    /// Whether a client can use it: a stream ends as its kind does, JSON is whole.
    pub is_complete: bool,
}

/// How a body passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    /// The status before it.
    pub status: Option<u16>,
    /// Whether chunks are collected.
    pub buffered: bool,
    /// How long whoever stands before the client waits between two pieces.
    pub patience: Duration,
    /// Whether it is taken to be right up to its end, as resources write it; what a fault has touched is looked at whole.
    pub trusted: bool,
}

/// Passes a body on, from `now`.
pub(super) fn pass(held: &Held, mut screens: Vec<StreamScreen>, way: &Way, now: Moment, mut watch: Option<&mut Watch>) -> Passed {
    let Way { status, buffered, patience, trusted } = *way;
    let mut passed = Passed { first: None, end: now, longest_pause: Duration::ZERO, is_over: false, is_cut: false, is_complete: false };
    let mut collected = 0;
    let mut tail: Bytes = Bytes::new();
    let mut all = BytesMut::new();
    let mut sent = now;
    for (at, piece) in &held.chunks {
        let at = (*at).max(now);
        if at.since(sent) > patience {
            passed.is_cut = true;
            passed.end = sent.after(patience);
            return passed;
        }
        passed.end = at;
        if let Some(watch) = &mut watch {
            watch.pass(piece);
        }
        let out = screens.iter_mut().fold(piece.clone(), |piece, screen| screen.pass(&piece));
        passed.is_over = screens.iter().any(StreamScreen::is_over);
        collected += out.len();
        if !trusted {
            all.extend_from_slice(&out);
        }
        if !out.is_empty() {
            tail = out;
        }
        if collected > 0 && (!buffered || collected >= COLLECTED || passed.is_over) {
            passed.first.get_or_insert(at);
            passed.longest_pause = passed.longest_pause.max(at.since(sent));
            sent = at;
            collected = 0;
        }
        if passed.is_over {
            break;
        }
    }
    if !screens.is_empty() && !passed.is_over {
        let mut rest = Bytes::new();
        for screen in &mut screens {
            let mut out = BytesMut::from(screen.pass(&rest).as_ref());
            out.extend_from_slice(&screen.end());
            rest = out.freeze();
        }
        if !rest.is_empty() {
            all.extend_from_slice(&rest);
            tail = rest;
        }
    }
    if collected > 0 && held.end == Ending::Whole {
        passed.first.get_or_insert(passed.end);
        passed.longest_pause = passed.longest_pause.max(passed.end.since(sent));
    }
    if held.end == Ending::Stalled && !passed.is_over && patience < Duration::MAX {
        passed.is_cut = true;
        passed.end = sent.after(patience);
    }
    if let Ending::Cut(at) = held.end {
        passed.end = passed.end.max(at);
    }
    let is_stream = held.chunks.len() > 1;
    passed.is_complete = passed.is_over
        || match (trusted, is_stream) {
            (false, _) => is_complete(&all, status, false),
            (true, true) => ends_as_stream(&tail),
            (true, false) => is_complete(&tail, status, true),
        };
    passed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::openai::Chunk;

    fn whole(buffered: bool) -> Way {
        Way { status: Some(200), buffered, patience: Duration::MAX, trusted: true }
    }

    fn at(ms: i64) -> Moment {
        Moment(ms * 1_000_000)
    }

    fn chunk(after: u64, text: &'static str) -> Chunk {
        Chunk { after: Duration::from_millis(after), bytes: Bytes::from_static(text.as_bytes()) }
    }

    #[test]
    fn a_stream_passes_as_it_comes_or_when_it_is_collected() {
        let pieces = vec![chunk(10, "data: a\n\n"), chunk(500, "data: b\n\n"), chunk(10, "data: [DONE]\n\n")];
        let held = Held::new(0, pieces, at(100), |_| Ending::Whole);
        let passed = pass(&held, Vec::new(), &whole(false), at(100), None);
        assert_eq!((passed.first, passed.end, passed.is_complete), (Some(at(110)), at(620), true));
        assert_eq!(passed.longest_pause, Duration::from_millis(500));
        // Less than 8 KiB: all of it leaves with the end.
        let passed = pass(&held, Vec::new(), &whole(true), at(100), None);
        assert_eq!((passed.first, passed.end), (Some(at(620)), at(620)));
        // The gateway has come to its answer late: nothing leaves before.
        let passed = pass(&held, Vec::new(), &whole(false), at(700), None);
        assert_eq!((passed.first, passed.end), (Some(at(700)), at(700)));
    }

    #[test]
    fn a_stream_without_its_end_is_not_whole() {
        let held = Held::new(0, vec![chunk(1, "data: a\n\n"), chunk(1, "data: b\n\n")], at(0), |_| Ending::Whole);
        assert!(!pass(&held, Vec::new(), &whole(false), at(0), None).is_complete);
    }
}
