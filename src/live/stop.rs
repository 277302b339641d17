//! A fault of a gateway that lets its answer begin and not end: how much of it comes, and what follows.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    answer::AnswerBroken,
    bodies::Cut,
    outage,
    port::{Breaker, Life},
};
use crate::azure::faults::Ending;

/// A fault of the gateway that lets its answer begin and not end.
pub(super) struct Stop {
    left: Left,
    word: &'static str,
    silent: bool,
    life: Life,
    breaker: Breaker,
}

/// How much comes before the stop.
#[derive(Clone, Copy, Debug)]
enum Left {
    /// So many bytes.
    Bytes(usize),
    /// So many pieces.
    Pieces(u32),
    /// Half of the body; the first piece of one whose length is not known.
    Half,
}

impl Stop {
    /// What an ending of the catalogue means over a connection that lasts for `life` and that `breaker` breaks; nothing where the answer is
    /// whole, or never begins.
    pub(super) fn of(ending: Ending, life: &Life, breaker: &Breaker) -> Option<Self> {
        let (left, silent, word) = match ending {
            Ending::ResetAfterHeaders => (Left::Bytes(0), false, "reset-after-headers"),
            Ending::Cut(pieces) => (pieces.map_or(Left::Half, Left::Pieces), false, "cut-body"),
            Ending::Stall(pieces) => (pieces.map_or(Left::Half, Left::Pieces), true, "stall-body"),
            Ending::Whole | Ending::Reset | Ending::Never | Ending::WithoutDone(_) => return None,
        };
        Some(Self { left, word, silent, life: life.clone(), breaker: breaker.clone() })
    }

    /// Learns how long the body is, where that is known.
    pub(super) fn measure(&mut self, length: Option<u64>) {
        if let (Left::Half, Some(length)) = (self.left, length.and_then(|length| usize::try_from(length / 2).ok())) {
            self.left = Left::Bytes(length);
        }
    }

    /// The word of the catalogue.
    pub(super) fn word(&self) -> &'static str {
        self.word
    }

    /// Whether nothing more passes.
    pub(super) fn is_due(&self) -> bool {
        matches!(self.left, Left::Bytes(0) | Left::Pieces(0))
    }

    /// What passes of a piece.
    pub(super) fn pass(&mut self, mut data: Bytes) -> Bytes {
        match &mut self.left {
            Left::Bytes(left) => {
                data.truncate(*left);
                *left -= data.len();
            }
            Left::Pieces(left) => *left = left.saturating_sub(1),
            Left::Half => self.left = Left::Bytes(0),
        }
        data
    }

    /// The end.
    pub(super) fn into_cutting(self) -> Cutting {
        let Self { silent, life, breaker, .. } = self;
        match silent {
            true => Cutting::Silence(Box::pin(async move { life.over().await }), breaker),
            false => Cutting::Now(Cut::new(outage::reset(&breaker).into())),
        }
    }
}

/// An answer that ends early.
pub(super) enum Cutting {
    /// Now.
    Now(Cut<AnswerBroken>),
    /// When the port is left.
    Silence(Pin<Box<dyn Future<Output = ()> + Send>>, Breaker),
}

impl Cutting {
    /// The error that ends it, when it is time.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<AnswerBroken>> {
        if let Self::Silence(over, breaker) = self {
            std::task::ready!(over.as_mut().poll(cx));
            *self = Self::Now(Cut::new(outage::reset(breaker).into()));
        }
        match self {
            Self::Now(cut) => cut.poll(cx),
            Self::Silence(..) => Poll::Pending,
        }
    }
}
