//! The backtracking matcher. It keeps a trail of what to undo and where else to go, on a stack of its own: no pattern and no text can
//! overflow the thread's, and what the trail takes is paid for.
//!
//! Its order of trials is .NET's, and so are its captures. Source: dotnet/runtime (release/6.0), RegexInterpreter.cs; learn.microsoft.com,
//! "Backtracking in regular expressions".

use super::{
    fault::{Fault, Fuel},
    node::{Assertion, First, Single, UNLIMITED},
    program::{Lead, Program, Step},
    set,
};

/// A code unit of a text: a byte where the text is ASCII.
pub trait Unit: Copy {
    /// As UTF-16.
    fn wide(self) -> u16;
}

impl Unit for u8 {
    #[inline]
    fn wide(self) -> u16 {
        u16::from(self)
    }
}

impl Unit for u16 {
    #[inline]
    fn wide(self) -> u16 {
        self
    }
}

/// A part of a text: where it begins and how long it is.
pub type Span = (u32, u32);

/// What to undo, or where else to go.
#[derive(Clone, Copy, Debug)]
enum Trail {
    /// Go on from there.
    Branch { step: u32, at: u32 },
    /// Give the last unit of a run back.
    Shrink { step: u32, at: u32, left: u32, backward: bool },
    /// Let a run take another unit.
    Grow { step: u32, at: u32, left: u32 },
    /// Take a mark away.
    Unmark,
    /// Put a mark back.
    Mark(Mark),
    /// Put a mark back in the place of the last.
    Remark(Mark),
    /// Take a capture away.
    Uncapture(u32),
    /// Put a capture back.
    Capture { group: u32, span: Span },
    /// Take a guard away.
    Unguard,
}

/// Where a group or a turn of a loop began, and how many turns there were.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: u32,
    turns: u32,
}

#[derive(Clone, Copy, Debug)]
struct Guard {
    trail: usize,
    at: u32,
}

/// Where a search takes place.
#[derive(Clone, Copy, Debug)]
pub struct Scope {
    /// Where the text begins for it.
    pub begin: usize,
    /// Where the text ends for it.
    pub end: usize,
    /// Where the search starts: the place of `\G`.
    pub start: usize,
    /// Whether the last match was empty there, so that the search starts one unit on.
    pub after_empty: bool,
}

/// The matcher's working memory, which searches of one program hand on.
#[derive(Debug, Default)]
pub struct Matcher {
    trail: Vec<Trail>,
    marks: Vec<Mark>,
    guards: Vec<Guard>,
    captures: Vec<Vec<Span>>,
}

/// What an entry of the trail may take in all stacks.
const ENTRY: usize = size_of::<Trail>() + size_of::<Mark>() + size_of::<Guard>() + size_of::<Span>();

impl Matcher {
    /// Searches for the next match: its captures by slot, the whole as the first.
    ///
    /// # Errors
    /// Spent fuel.
    pub fn search<U: Unit>(
        &mut self,
        program: &Program,
        text: &[U],
        scope: Scope,
        fuel: &mut Fuel,
    ) -> Result<Option<Vec<Vec<Span>>>, Fault> {
        let backward = program.is_backward();
        let last = if backward { scope.begin } else { scope.end };
        let mut at = scope.start;
        if scope.after_empty {
            if at == last {
                return Ok(None);
            }
            at = if backward { at.saturating_sub(1) } else { at + 1 };
        }
        self.trail.clear();
        self.marks.clear();
        self.guards.clear();
        self.captures.iter_mut().for_each(Vec::clear);
        self.captures.resize_with(program.groups.count(), Vec::new);
        loop {
            match program.lead {
                Lead::Beginning if at > scope.begin => return Ok(None),
                Lead::Start if at > scope.start => return Ok(None),
                Lead::First(first) => match skip(text, at, scope.end, first, fuel)? {
                    Some(found) => at = found,
                    None => return Ok(None),
                },
                _ => {}
            }
            // An attempt that failed has undone all it did.
            let mut run = Run { program, text, scope, fuel, matcher: self };
            if let Some(end) = run.from(at)? {
                let whole = (at.min(end) as u32, at.abs_diff(end) as u32);
                let mut captures = std::mem::take(&mut self.captures);
                if let Some(first) = captures.first_mut() {
                    first.push(whole);
                }
                return Ok(Some(captures));
            }
            if at == last {
                return Ok(None);
            }
            at = if backward { at.saturating_sub(1) } else { at + 1 };
        }
    }
}

/// The next place before one of the units.
fn skip<U: Unit>(text: &[U], from: usize, end: usize, first: First, fuel: &mut Fuel) -> Result<Option<usize>, Fault> {
    let rest = text.get(from..end).unwrap_or(&[]);
    let found = rest.iter().position(|unit| {
        let unit = unit.wide();
        if unit < 128 { first.ascii >> unit & 1 == 1 } else { first.other }
    });
    fuel.burn(found.unwrap_or(rest.len()) / 32)?;
    Ok(found.map(|found| from + found))
}

/// One attempt at one place.
struct Run<'a, U> {
    program: &'a Program,
    text: &'a [U],
    scope: Scope,
    fuel: &'a mut Fuel,
    matcher: &'a mut Matcher,
}

impl<U: Unit> Run<'_, U> {
    /// Where a match from there ends.
    fn from(&mut self, start: usize) -> Result<Option<usize>, Fault> {
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
                        self.fuel.burn(length / 32)?;
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

    /// The unit ahead.
    #[inline]
    fn unit(&self, at: usize, backward: bool) -> Option<u16> {
        let place = if backward {
            if at <= self.scope.begin {
                return None;
            }
            at - 1
        } else {
            if at >= self.scope.end {
                return None;
            }
            at
        };
        self.text.get(place).map(|unit| unit.wide())
    }

    /// The units ahead.
    fn piece(&self, at: usize, length: usize, backward: bool) -> Option<&[U]> {
        if backward {
            let start = at.checked_sub(length).filter(|start| *start >= self.scope.begin)?;
            self.text.get(start..at)
        } else {
            let end = at.checked_add(length).filter(|end| *end <= self.scope.end)?;
            self.text.get(at..end)
        }
    }

    #[inline]
    fn fits(&self, what: Single, unit: u16) -> bool {
        match what {
            Single::One(one) => unit == one,
            Single::Folded(one) => unit == one || set::fold(unit) == one,
            Single::Not(other) => unit != other,
            Single::Any => true,
            Single::Set(set) => self.program.sets.get(set as usize).is_some_and(|set| set.contains(unit)),
        }
    }

    /// How many units ahead fit, up to `most`.
    fn count(&mut self, what: Single, at: usize, most: u32, backward: bool) -> Result<u32, Fault> {
        let most = if most == UNLIMITED { usize::MAX } else { most as usize };
        let taken = if backward {
            let units = self.text.get(self.scope.begin..at).unwrap_or(&[]);
            units.iter().rev().take(most).take_while(|unit| self.fits(what, unit.wide())).count()
        } else {
            let units = self.text.get(at..self.scope.end).unwrap_or(&[]);
            match what {
                Single::Any => units.len().min(most),
                Single::Set(set) => {
                    let Some(set) = self.program.sets.get(set as usize) else { return Ok(0) };
                    units.iter().take(most).take_while(|unit| set.contains(unit.wide())).count()
                }
                _ => units.iter().take(most).take_while(|unit| self.fits(what, unit.wide())).count(),
            }
        };
        self.fuel.burn(taken / 32)?;
        Ok(taken as u32)
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let Scope { begin, end, start, .. } = self.scope;
        let (before, after) = (self.unit(at, true), self.unit(at, false));
        let newline = Some(u16::from(b'\n'));
        match assertion {
            Assertion::LineStart => at <= begin || before == newline,
            Assertion::LineEnd => at >= end || after == newline,
            Assertion::Beginning => at <= begin,
            Assertion::Start => at == start,
            Assertion::EndOrLastLine => at >= end || at + 1 == end && after == newline,
            Assertion::End => at >= end,
            Assertion::Boundary(is_one) => (before.is_some_and(set::is_word) != after.is_some_and(set::is_word)) == is_one,
            Assertion::EcmaBoundary(is_one) => (before.is_some_and(set::is_ecma_word) != after.is_some_and(set::is_ecma_word)) == is_one,
        }
    }
}

fn same<U: Unit>(piece: &[U], wanted: &[u16], folded: bool) -> bool {
    piece.iter().zip(wanted).all(|(unit, wanted)| unit.wide() == *wanted || folded && set::fold(unit.wide()) == *wanted)
}

fn same_units<U: Unit>(piece: &[U], wanted: &[U], folded: bool) -> bool {
    piece.iter().zip(wanted).all(|(unit, wanted)| {
        let (unit, wanted) = (unit.wide(), wanted.wide());
        unit == wanted || folded && set::fold(unit) == set::fold(wanted)
    })
}
