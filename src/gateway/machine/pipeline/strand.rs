//! Where a request is in its policy: a strand of frames, and one more for each branch of a `wait`.

use crate::{
    gateway::{answers::PolicyError, concurrency::Permit, effect::OperationId, execute::Waiting, trace::Open},
    policy::{BlockId, Place},
};

/// Where a strand is in a block.
pub(super) enum Frame {
    /// Statements of a block; the number is that of the next one.
    Block(BlockId, usize),
    /// A `retry`: the block and number of its statement, and how many retries were begun.
    Retry(BlockId, usize, u32),
    /// A `limit-concurrency`: the slot is given back when the frame goes.
    Slot(#[expect(dead_code, reason = "held for its drop")] Permit),
    /// A `wait`: how many branches are to end before the strand goes on.
    Branches(usize),
}

/// One line of execution. The first is the request's own.
#[derive(Default)]
pub(super) struct Strand {
    /// From the outermost to the innermost.
    pub frames: Vec<Frame>,
    /// What it waits for.
    pub waiting: Option<(OperationId, Waiting)>,
    /// An error on its way out that waits for a body which a `retry`'s condition reads.
    pub unwinding: Option<(PolicyError, Option<Place>)>,
    /// The record of the policy that waits.
    pub open: Option<Open>,
    /// The strand whose `wait` this is a branch of.
    pub parent: Option<usize>,
    /// Whether it has come to its end, or nobody waits for it any longer.
    pub over: bool,
}

impl Strand {
    /// A strand that begins with a block.
    pub fn begin(block: BlockId, parent: Option<usize>) -> Self {
        let mut frames = Vec::with_capacity(8);
        frames.push(Frame::Block(block, 0));
        Self { frames, parent, ..Self::default() }
    }

    /// Nothing to do, with room for frames.
    pub fn clear(&mut self) {
        let mut frames = std::mem::take(&mut self.frames);
        frames.clear();
        *self = Self { frames, ..Self::default() };
    }

    /// Whether it can go on now.
    pub fn is_ready(&self) -> bool {
        !self.over && self.waiting.is_none() && !matches!(self.frames.last(), Some(Frame::Branches(1..)))
    }
}
