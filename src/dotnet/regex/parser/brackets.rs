//! `[…]`

use super::{Fault, IGNORE_CASE, Parser, SUBTRACTIONS, Set, limit, set, unit};

impl Parser<'_> {
    /// Reads a set from behind its `[`.
    pub(super) fn brackets(&mut self) -> Result<Set, Fault> {
        let folded = self.has(IGNORE_CASE);
        self.depth += 1;
        limit(self.depth, SUBTRACTIONS)?;
        let mut set = Set::default();
        let mut is_first = true;
        if self.sees(0, b'^') {
            self.at += 1;
            set.negate();
            // `[]…]` begins with a bracket; `[^]` of ECMAScript takes anything.
            is_first = !(self.is_ecma() && self.sees(0, b']'));
        }
        let mut from = None;
        loop {
            let Some(mut next) = self.next() else { return self.fail("Unterminated [] set.") };
            let was_first = std::mem::take(&mut is_first);
            let mut is_escaped = false;
            if next == unit(b']') && !was_first {
                break;
            }
            if next == unit(b'\\')
                && let Some(letter) = self.peek(0)
            {
                if self.shorthand(&mut set, letter, from.is_some(), folded)? {
                    continue;
                }
                if letter == unit(b'-') {
                    self.at += 1;
                    match from.take() {
                        Some(first) => self.range(&mut set, first, letter)?,
                        None => set.add(letter, letter),
                    }
                    continue;
                }
                next = self.escaped_unit()?;
                is_escaped = true;
            } else if next == unit(b'[') && from.is_none() && self.sees(0, b':') && self.sees(1, b':') && self.sees(2, b']') {
                // The beginning of what POSIX writes for a class: .NET passes over it.
                self.at += 3;
            }
            if let Some(first) = from.take() {
                if next == unit(b'[') && !is_escaped && !was_first {
                    set.add(first, first);
                    self.subtraction(&mut set)?;
                } else {
                    self.range(&mut set, first, next)?;
                }
            } else if self.sees(0, b'-') && self.peek(1).is_some_and(|after| after != unit(b']')) {
                from = Some(next);
                self.at += 1;
            } else if next == unit(b'-') && !is_escaped && !was_first && self.sees(0, b'[') {
                self.at += 1;
                self.subtraction(&mut set)?;
            } else {
                set.add(next, next);
            }
        }
        self.depth -= 1;
        Ok(set.finish(folded))
    }

    fn range(&self, set: &mut Set, first: u16, last: u16) -> Result<(), Fault> {
        if first > last {
            return self.fail("[x-y] range in reverse order.");
        }
        set.add(first, last);
        Ok(())
    }

    fn subtraction(&mut self, set: &mut Set) -> Result<(), Fault> {
        set.subtract(self.brackets()?);
        if self.peek(0).is_some_and(|next| next != unit(b']')) {
            return self.fail("A subtraction must be the last element in a character class.");
        }
        Ok(())
    }

    /// Reads `\w` and its like, where one stands behind a backslash.
    fn shorthand(&mut self, set: &mut Set, letter: u16, is_in_range: bool, folded: bool) -> Result<bool, Fault> {
        let letter = match u8::try_from(letter) {
            Ok(letter) if b"dDsSwWpP".contains(&letter) => letter,
            _ => return Ok(false),
        };
        self.at += 1;
        if is_in_range {
            return self.fail(&format!(r"Cannot include class \\{} in character range.", char::from(letter)));
        }
        self.add_class(set, letter, folded)?;
        Ok(true)
    }

    /// Adds what `\d`, `\p{…}` and their like stand for.
    pub(super) fn add_class(&mut self, set: &mut Set, letter: u8, folded: bool) -> Result<(), Fault> {
        let is_other = letter.is_ascii_uppercase();
        let (mask, ecma) = match letter.to_ascii_lowercase() {
            b'd' => (set::DIGIT, set::ECMA_DIGIT),
            b's' => (set::SPACE, set::ECMA_SPACE),
            b'w' => (set::WORD, set::ECMA_WORD),
            _ => {
                let name = self.property()?;
                return match set.add_property(&name, is_other, folded) {
                    Some(()) => Ok(()),
                    None => self.fail(&format!("Unknown property '{name}'.")),
                };
            }
        };
        if self.is_ecma() {
            set.add_ranges(ecma, is_other);
        } else {
            set.add_categories(mask, is_other);
        }
        Ok(())
    }

    /// Reads `{name}` behind `\p`.
    fn property(&mut self) -> Result<String, Fault> {
        if self.left() < 3 {
            return self.fail(r"Incomplete \\p{X} character escape.");
        }
        if self.next() != Some(unit(b'{')) {
            return self.fail(r"Malformed \\p{X} character escape.");
        }
        let start = self.at;
        while self.peek(0).is_some_and(|next| set::is_word(next) || next == unit(b'-')) {
            self.at += 1;
        }
        let name = String::from_utf16_lossy(self.pattern.get(start..self.at).unwrap_or(&[]));
        if self.next() != Some(unit(b'}')) {
            return self.fail(r"Incomplete \\p{X} character escape.");
        }
        Ok(name)
    }

    /// Passes over a set from behind its `[`, looking for no more than its end.
    pub(super) fn skip_brackets(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        limit(self.depth, SUBTRACTIONS)?;
        let mut is_first = true;
        if self.sees(0, b'^') {
            self.at += 1;
            is_first = !(self.is_ecma() && self.sees(0, b']'));
        }
        let mut is_in_range = false;
        loop {
            let Some(mut next) = self.next() else { return self.fail("Unterminated [] set.") };
            let was_first = std::mem::take(&mut is_first);
            let mut is_escaped = false;
            if next == unit(b']') && !was_first {
                break;
            }
            if next == unit(b'\\')
                && let Some(letter) = self.peek(0)
            {
                match u8::try_from(letter) {
                    Ok(b'p' | b'P') => {
                        self.at += 1;
                        self.property()?;
                        continue;
                    }
                    Ok(letter) if b"dDsSwW-".contains(&letter) => {
                        self.at += 1;
                        continue;
                    }
                    _ => {
                        next = self.escaped_unit()?;
                        is_escaped = true;
                    }
                }
            } else if next == unit(b'[') && !is_in_range && self.sees(0, b':') && self.sees(1, b':') && self.sees(2, b']') {
                self.at += 3;
            }
            if is_in_range {
                is_in_range = false;
            } else if self.sees(0, b'-') && self.peek(1).is_some_and(|after| after != unit(b']')) {
                is_in_range = true;
                self.at += 1;
            } else if next == unit(b'-') && !is_escaped && !was_first && self.sees(0, b'[') {
                self.at += 1;
                self.skip_brackets()?;
            }
        }
        self.depth -= 1;
        Ok(())
    }
}
