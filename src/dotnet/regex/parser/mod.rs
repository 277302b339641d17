//! Patterns as .NET reads them, with .NET's own complaints at its own places.
//!
//! Two passes: the first finds the groups (`groups`), for a reference may stand before its group; the second builds the tree. The order of
//! the checks, and where each leaves the reader, follow dotnet/runtime (release/6.0), RegexParser.cs: messages tell the place.

mod brackets;
mod escapes;
mod groups;
mod opening;

use super::{
    fault::Fault,
    node::{Assertion, Id, Node, Single, Tree, UNLIMITED},
    options::{ECMA_SCRIPT, EXPLICIT_CAPTURE, IGNORE_CASE, IGNORE_PATTERN_WHITESPACE, MULTILINE, RIGHT_TO_LEFT, SINGLELINE},
    set::{self, Set},
};
use crate::dotnet::exception::BudgetSpent;

pub use groups::Groups;
use opening::Opened;

/// How deeply groups may nest: what compiles the tree calls itself as deeply.
const NESTING: usize = 1000;

/// How deeply subtractions may nest: each asks the next.
const SUBTRACTIONS: usize = 20;

/// A parsed pattern.
pub struct Parsed {
    /// The tree.
    pub tree: Tree,
    /// Its root.
    pub root: Id,
    /// The groups.
    pub groups: Groups,
}

/// Parses a pattern.
///
/// # Errors
/// A pattern that is none; one that nests too deeply.
pub fn parse(pattern: &[u16], options: i32) -> Result<Parsed, Fault> {
    let mut parser = Parser::new(pattern, options);
    parser.find_groups()?;
    parser.at = 0;
    parser.options = options;
    parser.saved.clear();
    parser.next_group = 1;
    parser.skips_next_group = false;
    let root = parser.whole()?;
    Ok(Parsed { tree: parser.tree, root, groups: parser.groups })
}

/// `Regex.Unescape`
///
/// # Errors
/// An escape that is none.
pub fn unescape(text: &[u16]) -> Result<Vec<u16>, Fault> {
    let mut parser = Parser::new(text, 0);
    let mut units = Vec::with_capacity(text.len());
    while let Some(unit) = parser.next() {
        if unit != u16::from(b'\\') {
            units.push(unit);
        } else if parser.peek(0).is_some() {
            units.push(parser.escaped_unit()?);
        }
    }
    Ok(units)
}

/// Whether the unit has a meaning of its own in a pattern, and which letter `Regex.Escape` writes for it.
pub fn escape_letter(unit: u16) -> Option<u8> {
    match u8::try_from(unit).ok()? {
        b'\n' => Some(b'n'),
        b'\r' => Some(b'r'),
        b'\t' => Some(b't'),
        b'\x0C' => Some(b'f'),
        byte => b" #$()*+.?[\\^{|".contains(&byte).then_some(byte),
    }
}

struct Parser<'a> {
    pattern: &'a [u16],
    at: usize,
    options: i32,
    /// The options outside of the groups that are open.
    saved: Vec<i32>,
    groups: Groups,
    next_group: i32,
    /// The next parenthesis is the test of a condition and captures nothing.
    skips_next_group: bool,
    depth: usize,
    tree: Tree,
    frames: Vec<Frame>,
}

/// A group under construction.
struct Frame {
    opened: Opened,
    backward: bool,
    /// The finished branches; of a condition its test and branches.
    branches: Vec<Id>,
    /// What stands in the branch at work.
    items: Vec<Id>,
}

/// A byte as a code unit.
const fn unit(byte: u8) -> u16 {
    byte as u16
}

/// Whether the unit ends a run of ordinary units.
fn is_special(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| b"$()*+.?[\\^{|".contains(&byte))
}

fn is_quantifier(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| b"*+?{".contains(&byte))
}

fn is_blank(unit: u16) -> bool {
    u8::try_from(unit).is_ok_and(|byte| b"\t\n\x0C\r ".contains(&byte))
}

fn limit(depth: usize, most: usize) -> Result<(), Fault> {
    if depth > most { Err(Fault::Spent(BudgetSpent::Depth)) } else { Ok(()) }
}

fn digit(unit: u16) -> Option<u32> {
    char::from_u32(u32::from(unit)).and_then(|char| char.to_digit(10))
}

impl<'a> Parser<'a> {
    fn new(pattern: &'a [u16], options: i32) -> Self {
        Self {
            pattern,
            at: 0,
            options,
            saved: Vec::new(),
            groups: Groups::default(),
            next_group: 1,
            skips_next_group: false,
            depth: 0,
            tree: Tree::default(),
            frames: Vec::new(),
        }
    }

    fn has(&self, option: i32) -> bool {
        self.options & option != 0
    }

    fn peek(&self, ahead: usize) -> Option<u16> {
        self.pattern.get(self.at.saturating_add(ahead)).copied()
    }

    fn sees(&self, ahead: usize, byte: u8) -> bool {
        self.peek(ahead) == Some(unit(byte))
    }

    fn next(&mut self) -> Option<u16> {
        let unit = self.peek(0)?;
        self.at += 1;
        Some(unit)
    }

    fn left(&self) -> usize {
        self.pattern.len().saturating_sub(self.at)
    }

    fn fail<T>(&self, message: &str) -> Result<T, Fault> {
        Err(Fault::syntax(self.pattern, self.at, message))
    }

    fn whole(&mut self) -> Result<Id, Fault> {
        self.open(Opened::Plain)?;
        let mut is_quantified = false;
        while self.left() > 0 {
            let was_quantified = std::mem::take(&mut is_quantified);
            self.blank()?;
            let start = self.at;
            let ignores_blanks = self.has(IGNORE_PATTERN_WHITESPACE);
            while let Some(next) = self.peek(0)
                && (!(is_special(next) || ignores_blanks && (is_blank(next) || next == unit(b'#')))
                    || next == unit(b'{') && !self.is_at_quantifier())
            {
                self.at += 1;
            }
            let end = self.at;
            self.blank()?;
            let special = self.peek(0).filter(|next| is_special(*next));
            if let Some(special) = special {
                is_quantified = is_quantifier(special);
                self.at += 1;
            }
            let mut atom = None;
            let mut after_quantifier = was_quantified;
            if start < end {
                after_quantifier = false;
                let plain = end - usize::from(is_quantified);
                self.literal(start, plain);
                if is_quantified {
                    atom = self.pattern.get(plain).copied().map(|unit| self.one(unit));
                }
            }
            let Some(special) = special else { continue };
            match u8::try_from(special).unwrap_or(0) {
                b'[' => {
                    let set = self.brackets()?;
                    atom = Some(self.set(set));
                }
                b'(' => {
                    self.saved.push(self.options);
                    match self.opening()? {
                        Some(opened) => self.open(opened)?,
                        None => {
                            self.saved.pop();
                        }
                    }
                    continue;
                }
                b'|' => {
                    self.branch();
                    continue;
                }
                b')' => {
                    if self.frames.len() <= 1 {
                        return self.fail("Too many )'s.");
                    }
                    atom = self.close()?;
                    self.options = self.saved.pop().unwrap_or(self.options);
                    if atom.is_none() {
                        continue;
                    }
                }
                b'\\' => {
                    if self.left() == 0 {
                        return self.fail(r"Illegal \\ at end of pattern.");
                    }
                    atom = self.backslash(false)?;
                }
                b'^' => {
                    let place = if self.has(MULTILINE) { Assertion::LineStart } else { Assertion::Beginning };
                    atom = Some(self.tree.add(Node::Assertion(place)));
                }
                b'$' => {
                    let place = if self.has(MULTILINE) { Assertion::LineEnd } else { Assertion::EndOrLastLine };
                    atom = Some(self.tree.add(Node::Assertion(place)));
                }
                b'.' => {
                    let what = if self.has(SINGLELINE) { Single::Any } else { Single::Not(unit(b'\n')) };
                    atom = Some(self.single(what));
                }
                quantifier => {
                    if atom.is_none() {
                        return if after_quantifier {
                            self.fail(&format!("Nested quantifier '{}'.", char::from(quantifier)))
                        } else {
                            self.fail("Quantifier {x,y} following nothing.")
                        };
                    }
                    self.at -= 1;
                }
            }
            self.blank()?;
            let Some(atom) = atom else { continue };
            is_quantified = self.left() > 0 && self.is_at_quantifier();
            let item = if is_quantified { self.quantified(atom)? } else { atom };
            self.push(item);
        }
        if self.frames.len() > 1 {
            return self.fail("Not enough )'s.");
        }
        Ok(self.close()?.unwrap_or(0))
    }

    /// Reads the quantifier that stands here and applies it.
    fn quantified(&mut self, body: Id) -> Result<Id, Fault> {
        let (min, max) = match self.next().map(u8::try_from) {
            Some(Ok(b'*')) => (0, UNLIMITED),
            Some(Ok(b'+')) => (1, UNLIMITED),
            Some(Ok(b'?')) => (0, 1),
            _ => {
                let min = self.decimal()?;
                let mut max = min;
                if self.sees(0, b',') {
                    self.at += 1;
                    max = if self.sees(0, b'}') { UNLIMITED } else { self.decimal()? };
                }
                self.at += 1;
                (min, max)
            }
        };
        self.blank()?;
        let lazy = self.sees(0, b'?');
        if lazy {
            self.at += 1;
        }
        if min > max {
            return self.fail("Illegal {x,y} with x > y.");
        }
        Ok(match (min, max) {
            (0, 0) => self.tree.add(Node::Empty),
            (1, 1) => body,
            _ => self.tree.add(Node::Loop { body, min, max, lazy }),
        })
    }

    /// Whether a quantifier stands here: `{` alone begins none.
    fn is_at_quantifier(&self) -> bool {
        let Some(first) = self.peek(0) else { return false };
        if first != unit(b'{') {
            return is_quantifier(first);
        }
        let digits = |from: usize| (from..).take_while(|ahead| self.peek(*ahead).and_then(digit).is_some()).count();
        let whole = 1 + digits(1);
        if whole == 1 {
            return false;
        }
        if self.sees(whole, b',') {
            let end = whole + 1;
            return self.sees(end + digits(end), b'}');
        }
        self.sees(whole, b'}')
    }

    fn push(&mut self, item: Id) {
        if let Some(frame) = self.frames.last_mut() {
            frame.items.push(item);
        }
    }

    /// The units from `start` to `end` as they are.
    fn literal(&mut self, start: usize, end: usize) {
        let units = self.pattern.get(start..end).unwrap_or(&[]);
        let item = match units {
            [] => return,
            [only] => self.one(*only),
            _ => {
                let folded = self.has(IGNORE_CASE);
                let start = self.tree.text.len() as u32;
                self.tree.text.extend(units.iter().map(|unit| if folded { set::fold(*unit) } else { *unit }));
                self.tree.add(Node::Text { start, length: units.len() as u32, folded, backward: self.has(RIGHT_TO_LEFT) })
            }
        };
        self.push(item);
    }

    fn one(&mut self, unit: u16) -> Id {
        let what = if self.has(IGNORE_CASE) { Single::Folded(set::fold(unit)) } else { Single::One(unit) };
        self.single(what)
    }

    fn single(&mut self, what: Single) -> Id {
        self.tree.add(Node::Single { what, backward: self.has(RIGHT_TO_LEFT) })
    }

    fn set(&mut self, set: Set) -> Id {
        self.tree.sets.push(set);
        self.single(Single::Set((self.tree.sets.len() - 1) as u32))
    }

    fn open(&mut self, opened: Opened) -> Result<(), Fault> {
        limit(self.frames.len(), NESTING)?;
        self.frames.push(Frame { opened, backward: self.has(RIGHT_TO_LEFT), branches: Vec::new(), items: Vec::new() });
        Ok(())
    }

    /// Ends the branch at work.
    fn branch(&mut self) {
        let Some(frame) = self.frames.last_mut() else { return };
        let mut items = std::mem::take(&mut frame.items);
        if frame.backward {
            items.reverse();
        }
        let branch = self.tree.sequence(items);
        if let Some(frame) = self.frames.last_mut() {
            frame.branches.push(branch);
        }
    }

    /// Ends the group at work; none where it was the test of a condition.
    fn close(&mut self) -> Result<Option<Id>, Fault> {
        self.branch();
        let Some(Frame { opened, mut branches, .. }) = self.frames.pop() else { return Ok(None) };
        let most = match opened {
            Opened::Captured(_) => 2,
            Opened::Condition => 3,
            _ => usize::MAX,
        };
        if branches.len() > most {
            return self.fail("Too many | in (?()|).");
        }
        let node = match opened {
            Opened::Captured(group) => {
                let mut branches = branches.into_iter();
                let (yes, no) = (branches.next(), branches.next());
                let (yes, no) = (self.or_empty(yes), self.or_empty(no));
                Node::Captured { group, yes, no }
            }
            Opened::Condition => {
                let mut branches = branches.into_iter();
                let (test, yes, no) = (branches.next(), branches.next(), branches.next());
                let (test, yes, no) = (self.or_empty(test), self.or_empty(yes), self.or_empty(no));
                Node::Condition { test, yes, no }
            }
            _ => {
                let body = if branches.len() == 1 { branches.swap_remove(0) } else { self.tree.add(Node::Choice(branches)) };
                match opened {
                    Opened::Capture { group, balanced } => Node::Capture { body, group, balanced },
                    Opened::Atomic => Node::Atomic(body),
                    Opened::Look { negative } => Node::Look { body, negative },
                    _ => return Ok(self.unless_test(body)),
                }
            }
        };
        let id = self.tree.add(node);
        Ok(self.unless_test(id))
    }

    /// The first group within a condition is its test.
    fn unless_test(&mut self, id: Id) -> Option<Id> {
        match self.frames.last_mut() {
            Some(frame) if matches!(frame.opened, Opened::Condition) && frame.branches.is_empty() => {
                frame.branches.push(id);
                None
            }
            _ => Some(id),
        }
    }

    fn or_empty(&mut self, id: Option<Id>) -> Id {
        id.unwrap_or_else(|| self.tree.add(Node::Empty))
    }

    /// Passes over comments, and over blanks where they mean nothing.
    fn blank(&mut self) -> Result<(), Fault> {
        loop {
            let ignores_blanks = self.has(IGNORE_PATTERN_WHITESPACE);
            while ignores_blanks && self.peek(0).is_some_and(is_blank) {
                self.at += 1;
            }
            if ignores_blanks && self.sees(0, b'#') {
                while self.peek(0).is_some_and(|next| next != unit(b'\n')) {
                    self.at += 1;
                }
            } else if self.sees(0, b'(') && self.sees(1, b'?') && self.sees(2, b'#') {
                while self.peek(0).is_some_and(|next| next != unit(b')')) {
                    self.at += 1;
                }
                if self.left() == 0 {
                    return self.fail("Unterminated (?#...) comment.");
                }
                self.at += 1;
            } else {
                return Ok(());
            }
        }
    }

    /// Reads `imnsx-imnsx`, up to what is no option.
    fn inline_options(&mut self) {
        let mut on = true;
        while let Some(next) = self.peek(0) {
            let option = match u8::try_from(next).unwrap_or(0).to_ascii_lowercase() {
                b'-' => {
                    on = false;
                    0
                }
                b'+' => {
                    on = true;
                    0
                }
                b'i' => IGNORE_CASE,
                b'm' => MULTILINE,
                b'n' => EXPLICIT_CAPTURE,
                b's' => SINGLELINE,
                b'x' => IGNORE_PATTERN_WHITESPACE,
                _ => return,
            };
            self.options = if on { self.options | option } else { self.options & !option };
            self.at += 1;
        }
    }

    /// Reads a decimal number.
    fn decimal(&mut self) -> Result<u32, Fault> {
        let mut value = 0_u32;
        while let Some(digit) = self.peek(0).and_then(digit) {
            self.at += 1;
            value = match value.checked_mul(10).and_then(|value| value.checked_add(digit)).filter(|value| *value <= UNLIMITED) {
                Some(value) => value,
                None => return self.fail("Capture group numbers must be less than or equal to Int32.MaxValue."),
            };
        }
        Ok(value)
    }

    fn is_ecma(&self) -> bool {
        self.has(ECMA_SCRIPT)
    }
}
