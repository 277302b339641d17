//! The room that a request makes for itself, taken over by the next: a list that has grown once need not grow again, and what was used last is
//! still close to the processor.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

use super::Strand;
use crate::gateway::context::State;

/// State and lists of one request.
pub(super) struct Room {
    pub state: Box<State>,
    /// One at least: the request's own.
    pub strands: Vec<Strand>,
    pub effects: VecDeque<super::Effect>,
}

/// Rooms of requests that have ended, emptied.
#[derive(Default)]
pub(in crate::gateway) struct Rooms(Mutex<Vec<Room>>);

/// How many are kept: more requests than these seldom end before others begin.
const KEPT: usize = 64;

impl Rooms {
    /// An empty room.
    pub(super) fn take(&self) -> Room {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Room { state: Box::default(), strands: vec![Strand::default()], effects: VecDeque::with_capacity(1) })
    }

    /// Keeps a room for the next request. Nothing of this one stays in it.
    pub(super) fn give_back(&self, mut room: Room) {
        room.state.clear();
        room.effects.clear();
        room.strands.truncate(1);
        match room.strands.first_mut() {
            Some(main) => main.clear(),
            None => room.strands.push(Strand::default()),
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(room);
        }
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rooms")
    }
}
