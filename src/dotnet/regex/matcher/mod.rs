//! The backtracking matcher. It keeps a trail of what to undo and where else to go, on a stack of its own: no pattern and no text can
//! overflow the thread's, and what the trail takes is paid for.
//!
//! Its order of trials is .NET's, and so are its captures. Source: dotnet/runtime (release/6.0), RegexInterpreter.cs; learn.microsoft.com,
//! "Backtracking in regular expressions".

mod ahead;
mod attempt;

use super::{
    fault::{Fault, Fuel},
    node::First,
    program::{Lead, Program},
};
use attempt::Attempt;

/// A code unit of a text: a byte where the text is ASCII.
pub trait Unit: Copy {
    /// How many of them a step looks at: what is not ASCII is looked up.
    const A_STEP: usize;

    /// As UTF-16.
    fn wide(self) -> u16;
}

impl Unit for u8 {
    const A_STEP: usize = 32;

    #[inline]
    fn wide(self) -> u16 {
        u16::from(self)
    }
}

impl Unit for u16 {
    const A_STEP: usize = 4;

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
        fuel.burn(self.captures.len() / 16)?;
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
            let mut attempt = Attempt { program, text, scope, fuel, matcher: self };
            if let Some(end) = attempt.from(at)? {
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
