//! What stands behind an opening parenthesis.

use super::{EXPLICIT_CAPTURE, Fault, Parser, RIGHT_TO_LEFT, digit, set, unit};

/// What kind of group begins.
pub(super) enum Opened {
    /// `(?:…)`
    Plain,
    /// `(…)`, `(?<name>…)`, `(?<name-other>…)`
    Capture { group: Option<u32>, balanced: Option<u32> },
    /// `(?>…)`
    Atomic,
    /// `(?=…)`, `(?<!…)` and their like
    Look { negative: bool },
    /// `(?(expression)…)`
    Condition,
    /// `(?(group)…)`
    Captured(u32),
}

const BAD_NAME: &str = "Invalid group name: Group names must begin with a word character.";
const UNRECOGNIZED: &str = "Unrecognized grouping construct.";

impl Parser<'_> {
    /// Reads how a group begins; none for options that hold from here on.
    pub(super) fn opening(&mut self) -> Result<Option<Opened>, Fault> {
        if !self.sees(0, b'?') || self.sees(1, b')') {
            if self.has(EXPLICIT_CAPTURE) || self.skips_next_group {
                self.skips_next_group = false;
                return Ok(Some(Opened::Plain));
            }
            let number = self.next_group;
            self.next_group = self.next_group.saturating_add(1);
            return Ok(Some(Opened::Capture { group: self.groups.slot(number), balanced: None }));
        }
        self.at += 1;
        let Some(next) = self.next() else { return self.fail(UNRECOGNIZED) };
        Ok(Some(match u8::try_from(next).unwrap_or(0) {
            b':' => Opened::Plain,
            b'>' => Opened::Atomic,
            b'=' | b'!' => {
                self.options &= !RIGHT_TO_LEFT;
                Opened::Look { negative: next == unit(b'!') }
            }
            b'<' if self.sees(0, b'=') || self.sees(0, b'!') => {
                self.options |= RIGHT_TO_LEFT;
                Opened::Look { negative: self.next() == Some(unit(b'!')) }
            }
            b'<' => self.named(unit(b'>'))?,
            b'\'' if self.sees(0, b'=') || self.sees(0, b'!') => {
                self.at += 1;
                return self.fail(UNRECOGNIZED);
            }
            b'\'' => self.named(next)?,
            b'(' => self.condition()?,
            _ => {
                self.at -= 1;
                if !self.frames.last().is_some_and(|frame| matches!(frame.opened, Opened::Condition)) {
                    self.inline_options();
                }
                match self.next() {
                    Some(end) if end == unit(b')') => return Ok(None),
                    Some(end) if end == unit(b':') => Opened::Plain,
                    _ => return self.fail(UNRECOGNIZED),
                }
            }
        }))
    }

    /// Reads the name of a group from behind its `<`: `name>`, `name-other>`, `-other>`.
    fn named(&mut self, close: u16) -> Result<Opened, Fault> {
        let Some(first) = self.peek(0) else { return self.fail(UNRECOGNIZED) };
        let dash = unit(b'-');
        let (mut group, mut balanced) = (None, None);
        if digit(first).is_some() {
            let number = self.decimal()?;
            group = self.groups.slot(number as i32);
            if self.peek(0).is_some_and(|next| next != close && next != dash) {
                return self.fail(BAD_NAME);
            }
            if number == 0 {
                return self.fail("Capture number cannot be zero.");
            }
        } else if set::is_word(first) {
            let name = self.name();
            group = self.groups.named(&name);
            if self.peek(0).is_some_and(|next| next != close && next != dash) {
                return self.fail(BAD_NAME);
            }
        } else if first != dash {
            return self.fail(BAD_NAME);
        }
        if (group.is_some() || first == dash) && self.left() > 1 && self.peek(0) == Some(dash) {
            self.at += 1;
            let first = self.peek(0).unwrap_or(0);
            if digit(first).is_some() {
                let number = self.decimal()?;
                balanced = self.groups.slot(number as i32);
                if balanced.is_none() {
                    return self.fail(&format!("Reference to undefined group number {number}."));
                }
            } else if set::is_word(first) {
                let name = self.name();
                balanced = self.groups.named(&name);
                if balanced.is_none() {
                    return self.fail(&format!("Reference to undefined group name '{name}'."));
                }
            } else {
                return self.fail(BAD_NAME);
            }
            if self.peek(0).is_some_and(|next| next != close) {
                return self.fail(BAD_NAME);
            }
        }
        if (group.is_some() || balanced.is_some()) && self.next() == Some(close) {
            return Ok(Opened::Capture { group, balanced });
        }
        self.fail(UNRECOGNIZED)
    }

    /// Reads what stands behind `(?(`: a group's number or name; else the test is left to be read.
    fn condition(&mut self) -> Result<Opened, Fault> {
        let start = self.at;
        if let Some(first) = self.peek(0) {
            if digit(first).is_some() {
                let number = self.decimal()?;
                if self.next() != Some(unit(b')')) {
                    return self.fail(&format!("(?({number}) ) malformed."));
                }
                return match self.groups.slot(number as i32) {
                    Some(group) => Ok(Opened::Captured(group)),
                    None => self.fail(&format!("(?({number}) ) reference to undefined group.")),
                };
            }
            if set::is_word(first) {
                let name = self.name();
                if let Some(group) = self.groups.named(&name)
                    && self.next() == Some(unit(b')'))
                {
                    return Ok(Opened::Captured(group));
                }
            }
        }
        self.at = start - 1;
        self.skips_next_group = true;
        if self.sees(1, b'?') {
            if self.sees(2, b'#') {
                return self.fail("Alternation conditions cannot be comments.");
            }
            let is_named = self.sees(2, b'<') && self.peek(3).is_some_and(|next| next != unit(b'!') && next != unit(b'='));
            if self.sees(2, b'\'') || is_named {
                return self.fail("Alternation conditions do not capture and cannot be named.");
            }
        }
        Ok(Opened::Condition)
    }
}
