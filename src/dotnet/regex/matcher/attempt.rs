//! An attempt to match at one place: the instructions, one after the other, and the way back.

use super::{
    super::{
        node::UNLIMITED,
        program::{Program, Step},
    },
    ENTRY, Fault, Fuel, Guard, Mark, Matcher, Scope, Span, Trail, Unit,
    ahead::{same, same_units},
};

/// One attempt at one place.
pub(super) struct Attempt<'a, U> {
    pub(super) program: &'a Program,
    pub(super) text: &'a [U],
    pub(super) scope: Scope,
    pub(super) fuel: &'a mut Fuel,
    pub(super) matcher: &'a mut Matcher,
}

impl<U: Unit> Attempt<'_, U> {
    /// Where a match from there ends.
    pub(super) fn from(&mut self, start: usize) -> Result<Option<usize>, Fault> {
        let program = self.program;
        let (mut next, mut at) = (0, start);
        loop {
            self.fuel.burn(1)?;
            let step = next;
            let Some(instruction) = program.steps.get(step) else { return Ok(None) };
            next += 1;
            let goes_on = match *instruction {
                Step::Single { what, backward } => match self.unit(at, backward) {
                    Some(unit) if self.fits(what, unit) => {
                        at = if backward { at - 1 } else { at + 1 };
                        true
                    }
                    _ => false,
                },
                Step::Run { what, min, max, lazy, backward } => {
                    let most = if lazy { min } else { max };
                    let taken = self.count(what, at, most, backward)?;
                    at = if backward { at - taken as usize } else { at + taken as usize };
                    if lazy && taken == min && max > min {
                        self.push(Trail::Grow { step: step as u32, at: at as u32, left: max - min })?;
                    } else if !lazy && taken > min {
                        self.push(Trail::Shrink { step: next as u32, at: at as u32, left: taken - min, backward })?;
                    }
                    taken >= min
                }
                Step::Text { start, length, folded, backward } => {
                    let (start, length) = (start as usize, length as usize);
                    self.fuel.burn(length / U::A_STEP)?;
                    let wanted = program.text.get(start..start + length).unwrap_or(&[]);
                    match self.piece(at, length, backward) {
                        Some(piece) if same(piece, wanted, folded) => {
                            at = if backward { at - length } else { at + length };
                            true
                        }
                        _ => false,
                    }
                }
                Step::Reference { group, folded, backward } => match self.last(group) {
                    Some((start, length)) => {
                        let (start, length) = (start as usize, length as usize);
                        self.fuel.burn(length / U::A_STEP)?;
                        let wanted = self.text.get(start..start + length).unwrap_or(&[]);
                        match self.piece(at, length, backward) {
                            Some(piece) if same_units(piece, wanted, folded) => {
                                at = if backward { at - length } else { at + length };
                                true
                            }
                            _ => false,
                        }
                    }
                    // ECMAScript takes a group without a capture for an empty one.
                    None => program.is_ecma(),
                },
                Step::Assertion(assertion) => self.holds(assertion, at),
                Step::Jump(to) => {
                    next = to as usize;
                    true
                }
                Step::Fork(other) => {
                    self.push(Trail::Branch { step: other, at: at as u32 })?;
                    true
                }
                Step::Prefer(preferred) => {
                    self.push(Trail::Branch { step: next as u32, at: at as u32 })?;
                    next = preferred as usize;
                    true
                }
                Step::Count => {
                    self.matcher.marks.push(Mark { at: u32::MAX, turns: 0 });
                    self.push(Trail::Unmark)?;
                    true
                }
                Step::Turn { exit, min, max, lazy } => {
                    let mark = self.matcher.marks.last().copied().unwrap_or(Mark { at: u32::MAX, turns: 0 });
                    if mark.turns >= min {
                        // A turn that took nothing is the last: the loop would not end.
                        let may_turn = (max == UNLIMITED || mark.turns < max) && mark.at != at as u32;
                        if lazy && may_turn {
                            self.push(Trail::Branch { step: next as u32, at: at as u32 })?;
                        } else if may_turn {
                            self.push(Trail::Branch { step: exit, at: at as u32 })?;
                        }
                        if lazy || !may_turn {
                            next = exit as usize;
                        }
                    }
                    true
                }
                Step::Begin => {
                    if let Some(mark) = self.matcher.marks.last_mut() {
                        let old = *mark;
                        *mark = Mark { at: at as u32, turns: old.turns.saturating_add(1) };
                        self.push(Trail::Remark(old))?;
                    }
                    true
                }
                Step::Leave => {
                    if let Some(mark) = self.matcher.marks.pop() {
                        self.push(Trail::Mark(mark))?;
                    }
                    true
                }
                Step::Open => {
                    self.matcher.marks.push(Mark { at: at as u32, turns: 0 });
                    self.push(Trail::Unmark)?;
                    true
                }
                Step::Close { group, balanced } => self.close(group, balanced, at)?,
                Step::Guard => {
                    self.guard(at)?;
                    true
                }
                Step::Seal { back } => {
                    if let Some(guard) = self.matcher.guards.pop() {
                        self.seal(guard.trail)?;
                        if back {
                            at = guard.at as usize;
                        }
                    }
                    true
                }
                Step::Deny(after) | Step::Test(after) => {
                    let guard = Guard { trail: self.matcher.trail.len(), at: at as u32 };
                    self.push(Trail::Branch { step: after, at: at as u32 })?;
                    self.matcher.guards.push(guard);
                    self.push(Trail::Unguard)?;
                    true
                }
                Step::Denied => {
                    let trail = self.matcher.guards.last().map_or(0, |guard| guard.trail);
                    while self.matcher.trail.len() > trail {
                        self.fuel.burn(1)?;
                        if let Some(entry) = self.matcher.trail.pop() {
                            self.undo(entry);
                        }
                    }
                    false
                }
                Step::Captured { group, no } => {
                    if self.last(group).is_none() {
                        next = no as usize;
                    }
                    true
                }
                Step::Accept => return Ok(Some(at)),
            };
            if !goes_on {
                match self.backtrack()? {
                    Some((step, place)) => (next, at) = (step as usize, place as usize),
                    None => return Ok(None),
                }
            }
        }
    }

    /// Undoes what was done since the last choice, and gives where else to go.
    fn backtrack(&mut self) -> Result<Option<(u32, u32)>, Fault> {
        while let Some(entry) = self.matcher.trail.pop() {
            match entry {
                Trail::Branch { step, at } => return Ok(Some((step, at))),
                Trail::Shrink { step, at, left, backward } => {
                    let at = if backward { at + 1 } else { at.saturating_sub(1) };
                    if left > 1 {
                        self.push(Trail::Shrink { step, at, left: left - 1, backward })?;
                    }
                    return Ok(Some((step, at)));
                }
                Trail::Grow { step, at, left } => {
                    if let Some(Step::Run { what, max, backward, .. }) = self.program.steps.get(step as usize).copied()
                        && let Some(unit) = self.unit(at as usize, backward)
                        && self.fits(what, unit)
                    {
                        let at = if backward { at - 1 } else { at + 1 };
                        let left = if max == UNLIMITED { left } else { left - 1 };
                        if left > 0 {
                            self.push(Trail::Grow { step, at, left })?;
                        }
                        return Ok(Some((step + 1, at)));
                    }
                }
                undone => self.undo(undone),
            }
            self.fuel.burn(1)?;
        }
        Ok(None)
    }

    fn undo(&mut self, entry: Trail) {
        let Matcher { marks, guards, captures, .. } = &mut *self.matcher;
        match entry {
            Trail::Branch { .. } | Trail::Shrink { .. } | Trail::Grow { .. } => {}
            Trail::Unmark => {
                marks.pop();
            }
            Trail::Mark(mark) => marks.push(mark),
            Trail::Remark(old) => {
                if let Some(mark) = marks.last_mut() {
                    *mark = old;
                }
            }
            Trail::Uncapture(group) => {
                captures.get_mut(group as usize).and_then(Vec::pop);
            }
            Trail::Capture { group, span } => {
                if let Some(spans) = captures.get_mut(group as usize) {
                    spans.push(span);
                }
            }
            Trail::Unguard => {
                guards.pop();
            }
        }
    }

    /// Drops the choices made since then, and keeps what undoes the captures. The marks are as they were: whatever was opened is closed.
    fn seal(&mut self, from: usize) -> Result<(), Fault> {
        let trail = &mut self.matcher.trail;
        self.fuel.burn(trail.len().saturating_sub(from) / 8)?;
        let mut kept = from;
        for index in from..trail.len() {
            if let Some(entry @ (Trail::Uncapture(_) | Trail::Capture { .. })) = trail.get(index).copied() {
                if let Some(place) = trail.get_mut(kept) {
                    *place = entry;
                }
                kept += 1;
            }
        }
        trail.truncate(kept);
        Ok(())
    }

    fn guard(&mut self, at: usize) -> Result<(), Fault> {
        let guard = Guard { trail: self.matcher.trail.len(), at: at as u32 };
        self.matcher.guards.push(guard);
        self.push(Trail::Unguard)
    }

    #[inline]
    fn push(&mut self, entry: Trail) -> Result<(), Fault> {
        let trail = &mut self.matcher.trail;
        if trail.len() == trail.capacity() {
            let more = trail.capacity().max(64);
            self.fuel.allocate(more.saturating_mul(ENTRY))?;
            trail.reserve_exact(more);
        }
        trail.push(entry);
        Ok(())
    }

    /// Ends a group: it captures, takes the last capture of another away, or both.
    fn close(&mut self, group: Option<u32>, balanced: Option<u32>, at: usize) -> Result<bool, Fault> {
        let taken = match balanced {
            Some(other) => match self.last(other) {
                Some(span) => Some((other, span)),
                None => return Ok(false),
            },
            None => None,
        };
        let Some(mark) = self.matcher.marks.pop() else { return Ok(false) };
        self.push(Trail::Mark(mark))?;
        let at = at as u32;
        let (mut start, mut end) = (mark.at.min(at), mark.at.max(at));
        if let Some((other, span)) = taken {
            self.matcher.captures.get_mut(other as usize).and_then(Vec::pop);
            self.push(Trail::Capture { group: other, span })?;
            // The new capture is what lies between the two. Source: dotnet/runtime, RegexRunner.cs, `TransferCapture`.
            let (from, to) = (span.0, span.0 + span.1);
            if start >= to {
                (start, end) = (to, start);
            } else if end <= from {
                start = from;
            } else {
                (start, end) = (start.max(from), end.min(to));
            }
        }
        if let Some(group) = group {
            if let Some(spans) = self.matcher.captures.get_mut(group as usize) {
                // Where the other capture lies behind this one, .NET's length is negative; an empty capture stands for it.
                spans.push((start, end.saturating_sub(start)));
            }
            self.push(Trail::Uncapture(group))?;
        }
        Ok(true)
    }

    fn last(&self, group: u32) -> Option<Span> {
        self.matcher.captures.get(group as usize).and_then(|spans| spans.last()).copied()
    }
}
