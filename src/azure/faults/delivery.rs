//! An answer as it goes over the wire when something is wrong with it. Pure: both drivers alter answers here.

use std::time::Duration;

use bytes::Bytes;

use super::{BodyFault, Conduct, Ending, FaultOptions};
use crate::azure::openai::{Chunk, Reply, ReplyBody};

/// The tokens of a piece of a stream: how many pieces an answer that is no stream would have had.
const PIECE: u64 = 3;

/// An answer on its way.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Head and body, as far as they are sent.
    pub reply: Reply,
    /// What the head says of the length of a body that is no stream: more than is sent where the end is not [`End::Complete`].
    pub length: Option<u64>,
    /// What passes before its first byte, beside its own time.
    pub delay: Duration,
    /// What follows the last byte.
    pub end: End,
}

/// What follows the last byte that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// The end of the answer, as its framing says.
    #[default]
    Complete,
    /// The connection breaks.
    Reset,
    /// Nothing, for as long as the client waits.
    Silence,
}

impl Conduct {
    /// Alters an answer. [`Ending::Reset`] and [`Ending::Never`] leave none: with them nobody comes here.
    pub fn deliver(&self, mut reply: Reply) -> Delivery {
        let mut delay = self.delay;
        if !self.pace.is_zero() {
            delay = delay.saturating_add(self.slow_down(&mut reply.body));
        }
        match self.body {
            BodyFault::Right => {}
            BodyFault::Malformed => malform(&mut reply.body),
            BodyFault::Truncated => truncate(&mut reply.body),
        }
        let length = match &reply.body {
            ReplyBody::Whole(bytes) => Some(bytes.len() as u64),
            ReplyBody::Stream(_) => None,
        };
        let end = match self.ending {
            Ending::Whole | Ending::Reset | Ending::Never => End::Complete,
            Ending::ResetAfterHeaders => {
                reply.body = match reply.body {
                    ReplyBody::Whole(_) => ReplyBody::Whole(Bytes::new()),
                    ReplyBody::Stream(_) => ReplyBody::Stream(Vec::new()),
                };
                End::Reset
            }
            Ending::Cut(pieces) => {
                halve(&mut reply.body, pieces);
                End::Reset
            }
            Ending::Stall(pieces) => {
                halve(&mut reply.body, pieces);
                End::Silence
            }
            Ending::WithoutDone(pieces) => {
                if let ReplyBody::Stream(chunks) = &mut reply.body {
                    shorten(chunks, pieces);
                }
                End::Complete
            }
        };
        Delivery { reply, length, delay, end }
    }

    /// Slows a stream down; what is no stream is told later at once, by what its tokens would have taken.
    fn slow_down(&self, body: &mut ReplyBody) -> Duration {
        match body {
            ReplyBody::Stream(chunks) => {
                for chunk in chunks.iter_mut().skip(1) {
                    chunk.after = chunk.after.saturating_add(self.pace);
                }
                Duration::ZERO
            }
            ReplyBody::Whole(bytes) => {
                let pieces = completion_tokens(bytes).div_ceil(PIECE);
                self.pace.saturating_mul(u32::try_from(pieces).unwrap_or(u32::MAX))
            }
        }
    }
}

/// What `usage` says of a completion's tokens; none where nothing is said.
fn completion_tokens(body: &[u8]) -> u64 {
    const NAME: &[u8] = b"\"completion_tokens\":";
    let Some(at) = body.windows(NAME.len()).rposition(|window| window == NAME) else { return 0 };
    let digits = body.iter().skip(at + NAME.len()).skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// Half of a body, or so many pieces of a stream; never all.
fn halve(body: &mut ReplyBody, pieces: Option<u32>) {
    match body {
        ReplyBody::Whole(bytes) => bytes.truncate(bytes.len() / 2),
        ReplyBody::Stream(chunks) => shorten(chunks, pieces),
    }
}

fn shorten(chunks: &mut Vec<Chunk>, pieces: Option<u32>) {
    let most = chunks.len().saturating_sub(1);
    let wanted = pieces.map_or(chunks.len().div_ceil(2), |pieces| usize::try_from(pieces).unwrap_or(usize::MAX));
    chunks.truncate(wanted.min(most));
}

/// Half of the bytes; of a stream half of its pieces and half of the next.
fn truncate(body: &mut ReplyBody) {
    match body {
        ReplyBody::Whole(bytes) => bytes.truncate(bytes.len() / 2),
        ReplyBody::Stream(chunks) => {
            chunks.truncate(chunks.len() / 2 + 1);
            if let Some(last) = chunks.last_mut() {
                last.bytes.truncate(last.bytes.len() / 2);
            }
        }
    }
}

/// Takes the first colon out of an object; of a stream out of the event in its middle. What is no object stays.
fn malform(body: &mut ReplyBody) {
    match body {
        ReplyBody::Whole(bytes) => {
            if let Some(broken) = without_colon(bytes, b"{") {
                *bytes = broken;
            }
        }
        ReplyBody::Stream(chunks) => {
            let middle = chunks.len() / 2;
            let found = chunks.iter_mut().skip(middle).find_map(|chunk| Some((without_colon(&chunk.bytes, b"data: {")?, chunk)));
            if let Some((broken, chunk)) = found {
                chunk.bytes = broken;
            }
        }
    }
}

fn without_colon(bytes: &Bytes, beginning: &[u8]) -> Option<Bytes> {
    let rest = bytes.strip_prefix(beginning)?;
    let at = beginning.len() + rest.iter().position(|byte| *byte == b':')?;
    let (before, after) = (bytes.get(..at)?, bytes.get(at + 1..)?);
    Some([before, after].concat().into())
}

impl FaultOptions {
    /// Gives an answer the headers and the body that are said of it.
    pub fn dress(&self, reply: &mut Reply) {
        for (name, value) in &self.headers {
            reply.head.headers.set(name.clone(), value.clone());
        }
        if let Some(body) = &self.body {
            reply.body = ReplyBody::Whole(Bytes::copy_from_slice(body.as_bytes()));
        }
    }
}
