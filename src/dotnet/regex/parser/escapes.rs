//! What stands behind a backslash.

use super::{Assertion, Fault, IGNORE_CASE, Id, Node, Parser, RIGHT_TO_LEFT, Set, digit, set, unit};

impl Parser<'_> {
    /// Reads what stands behind a backslash outside of sets; nothing but its end where it is only looked over.
    pub(super) fn backslash(&mut self, looks_over: bool) -> Result<Option<Id>, Fault> {
        let letter = self.peek(0).map_or(0, |next| u8::try_from(next).unwrap_or(0));
        let node = match letter {
            b'b' if self.is_ecma() => Node::Assertion(Assertion::EcmaBoundary(true)),
            b'B' if self.is_ecma() => Node::Assertion(Assertion::EcmaBoundary(false)),
            b'b' => Node::Assertion(Assertion::Boundary(true)),
            b'B' => Node::Assertion(Assertion::Boundary(false)),
            b'A' => Node::Assertion(Assertion::Beginning),
            b'G' => Node::Assertion(Assertion::Start),
            b'Z' => Node::Assertion(Assertion::EndOrLastLine),
            b'z' => Node::Assertion(Assertion::End),
            b'w' | b'W' | b's' | b'S' | b'd' | b'D' | b'p' | b'P' => {
                self.at += 1;
                if looks_over {
                    return Ok(None);
                }
                let folded = self.has(IGNORE_CASE) && matches!(letter, b'p' | b'P');
                let mut set = Set::default();
                self.add_class(&mut set, letter, folded)?;
                return Ok(Some(self.set(set.finish(folded))));
            }
            _ => return self.reference_or_unit(looks_over),
        };
        self.at += 1;
        Ok((!looks_over).then(|| self.tree.add(node)))
    }

    fn reference_or_unit(&mut self, looks_over: bool) -> Result<Option<Id>, Fault> {
        let start = self.at;
        let mut close = None;
        if self.sees(0, b'k') {
            if self.left() > 1 {
                self.at += 1;
                close = self.next().and_then(closing);
            }
            if close.is_none() || self.left() == 0 {
                return self.fail(r"Malformed \\k<...> named back reference.");
            }
        } else if self.left() > 1
            && let Some(end) = self.peek(0).and_then(closing)
        {
            close = Some(end);
            self.at += 1;
        }
        let first = self.peek(0).unwrap_or(0);
        match (close, digit(first)) {
            (Some(close), Some(_)) => {
                let number = self.decimal()?;
                if self.next() == Some(close) {
                    if looks_over {
                        return Ok(None);
                    }
                    return match self.groups.slot(number as i32) {
                        Some(group) => Ok(Some(self.reference(group))),
                        None => self.fail(&format!("Reference to undefined group number {number}.")),
                    };
                }
            }
            (None, Some(1..)) if self.is_ecma() => {
                if let Some(group) = self.ecma_reference() {
                    return Ok((!looks_over).then(|| self.reference(group)));
                }
            }
            (None, Some(1..)) => {
                let number = self.decimal()?;
                if looks_over {
                    return Ok(None);
                }
                if let Some(group) = self.groups.slot(number as i32) {
                    return Ok(Some(self.reference(group)));
                }
                if number <= 9 {
                    return self.fail(&format!("Reference to undefined group number {number}."));
                }
            }
            (Some(close), None) if set::is_word(first) => {
                let name = self.name();
                if self.next() == Some(close) {
                    if looks_over {
                        return Ok(None);
                    }
                    return match self.groups.named(&name) {
                        Some(group) => Ok(Some(self.reference(group))),
                        None => self.fail(&format!("Reference to undefined group name '{name}'.")),
                    };
                }
            }
            _ => {}
        }
        self.at = start;
        let unit = self.escaped_unit()?;
        Ok((!looks_over).then(|| self.one(unit)))
    }

    fn reference(&mut self, group: u32) -> Id {
        self.tree.add(Node::Reference { group, folded: self.has(IGNORE_CASE), backward: self.has(RIGHT_TO_LEFT) })
    }

    /// ECMAScript takes as many digits as name a group that began before.
    fn ecma_reference(&mut self) -> Option<u32> {
        let start = self.at.saturating_sub(1);
        let mut found = None;
        let mut number = self.peek(0).and_then(digit)?;
        while number as i32 <= self.groups.top() {
            if self.groups.begins(number as i32).is_some_and(|at| at < start) {
                found = self.groups.slot(number as i32);
            }
            self.at += 1;
            let Some(digit) = self.peek(0).and_then(digit) else { break };
            number = number.saturating_mul(10).saturating_add(digit);
        }
        found
    }

    /// Reads a name: word characters.
    pub(super) fn name(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_some_and(set::is_word) {
            self.at += 1;
        }
        String::from_utf16_lossy(self.pattern.get(start..self.at).unwrap_or(&[]))
    }

    /// Reads the one unit that an escape stands for.
    pub(super) fn escaped_unit(&mut self) -> Result<u16, Fault> {
        let Some(next) = self.next() else { return self.fail(r"Illegal \\ at end of pattern.") };
        Ok(match u8::try_from(next).unwrap_or(0) {
            b'0'..=b'7' => {
                self.at -= 1;
                self.octal()
            }
            b'x' => self.hexadecimal(2)?,
            b'u' => self.hexadecimal(4)?,
            b'a' => 0x07,
            b'b' => 0x08,
            b'e' => 0x1B,
            b'f' => 0x0C,
            b'n' => 0x0A,
            b'r' => 0x0D,
            b't' => 0x09,
            b'v' => 0x0B,
            b'c' => self.control()?,
            _ if !self.is_ecma() && set::is_word(next) => {
                let letter = String::from_utf16_lossy(&[next]);
                return self.fail(&format!(r"Unrecognized escape sequence \\{letter}."));
            }
            _ => next,
        })
    }

    /// Up to three digits; of a larger number the low byte counts.
    fn octal(&mut self) -> u16 {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit) = self.peek(0).and_then(digit).filter(|digit| *digit < 8) else { break };
            self.at += 1;
            value = value * 8 + digit as u16;
            if self.is_ecma() && value >= 0x20 {
                break;
            }
        }
        value & 0xFF
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<u16, Fault> {
        let mut value = 0_u16;
        if self.left() < digits {
            return self.fail("Insufficient hexadecimal digits.");
        }
        for _ in 0..digits {
            let digit = self.next().and_then(|next| char::from_u32(u32::from(next))).and_then(|char| char.to_digit(16));
            match digit {
                Some(digit) => value = value << 4 | digit as u16,
                None => return self.fail("Insufficient hexadecimal digits."),
            }
        }
        Ok(value)
    }

    fn control(&mut self) -> Result<u16, Fault> {
        let Some(next) = self.next() else { return self.fail("Missing control character.") };
        let upper = if (unit(b'a')..=unit(b'z')).contains(&next) { next - 0x20 } else { next };
        match upper.wrapping_sub(unit(b'@')) {
            control @ 0..=0x1F => Ok(control),
            _ => self.fail("Unrecognized control character."),
        }
    }
}

/// What closes a name that begins with `<` or an apostrophe.
fn closing(open: u16) -> Option<u16> {
    match u8::try_from(open) {
        Ok(b'<') => Some(unit(b'>')),
        Ok(b'\'') => Some(open),
        _ => None,
    }
}
