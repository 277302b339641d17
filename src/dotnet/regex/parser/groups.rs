//! The groups of a pattern, found before the pattern is read: their numbers and names.

use std::collections::{BTreeMap, HashMap};

use super::{EXPLICIT_CAPTURE, Fault, IGNORE_PATTERN_WHITESPACE, Parser, set, unit};

/// The groups of a pattern. Each has a number and a slot: its place among the numbers in use.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    /// Where in the pattern each number's group begins.
    begins: BTreeMap<i32, usize>,
    /// The numbers in order: a group's slot is its place here.
    numbers: Vec<i32>,
    /// The numbers of all names, those of unnamed groups among them; empty where no group is named and no number left out.
    by_name: HashMap<String, i32>,
    /// The names by slot; empty likewise.
    names: Vec<String>,
}

impl Groups {
    /// How many there are, the whole match among them.
    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    /// `GetGroupNumbers`
    pub fn numbers(&self) -> &[i32] {
        &self.numbers
    }

    /// `GetGroupNames`
    pub fn names(&self) -> Vec<String> {
        if self.names.is_empty() { self.numbers.iter().map(i32::to_string).collect() } else { self.names.clone() }
    }

    /// The slot of the group with that number.
    pub fn slot(&self, number: i32) -> Option<u32> {
        self.numbers.binary_search(&number).ok().map(|slot| slot as u32)
    }

    /// The slot of the group with that name.
    pub fn named(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).and_then(|number| self.slot(*number))
    }

    /// `GroupNumberFromName`: without names, decimal digits will do, and so does no digit at all.
    pub fn number_of(&self, name: &str) -> Option<i32> {
        if !self.by_name.is_empty() {
            return self.by_name.get(name).copied();
        }
        let number = name.bytes().try_fold(0_i32, |number, byte| {
            let digit = byte.is_ascii_digit().then(|| i32::from(byte - b'0'))?;
            number.checked_mul(10)?.checked_add(digit)
        })?;
        self.slot(number).map(|_| number)
    }

    /// `GroupNameFromNumber`
    pub fn name_of(&self, number: i32) -> Option<String> {
        let slot = self.slot(number)? as usize;
        Some(self.names.get(slot).cloned().unwrap_or_else(|| number.to_string()))
    }

    pub(super) fn begins(&self, number: i32) -> Option<usize> {
        self.begins.get(&number).copied()
    }

    /// One more than the highest number.
    pub(super) fn top(&self) -> i32 {
        self.begins.last_key_value().map_or(0, |(number, _)| number.saturating_add(1))
    }
}

impl Parser<'_> {
    /// Looks over the pattern for its groups. Unnamed ones are numbered from the left; then named ones take the numbers that are free.
    pub(super) fn find_groups(&mut self) -> Result<(), Fault> {
        let mut names: Vec<(String, usize)> = Vec::new();
        self.groups.begins.insert(0, 0);
        while let Some(next) = self.next() {
            let start = self.at - 1;
            match u8::try_from(next).unwrap_or(0) {
                b'\\' if self.left() > 0 => {
                    self.backslash(true)?;
                }
                b'#' if self.has(IGNORE_PATTERN_WHITESPACE) => {
                    self.at -= 1;
                    self.blank()?;
                }
                b'[' => self.skip_brackets()?,
                b')' => self.options = self.saved.pop().unwrap_or(self.options),
                b'(' if self.sees(0, b'?') && self.sees(1, b'#') => {
                    self.at -= 1;
                    self.blank()?;
                    self.skips_next_group = false;
                }
                b'(' => self.note(start, &mut names)?,
                _ => {}
            }
        }
        let mut number = self.next_group;
        for (name, begin) in &names {
            while self.groups.begins.contains_key(&number) {
                number = number.saturating_add(1);
            }
            self.groups.begins.insert(number, *begin);
            self.groups.by_name.insert(name.clone(), number);
        }
        self.name_all(names);
        Ok(())
    }

    /// Notes the group that begins here, if any does.
    fn note(&mut self, start: usize, names: &mut Vec<(String, usize)>) -> Result<(), Fault> {
        self.saved.push(self.options);
        if self.sees(0, b'?') {
            self.at += 1;
            if self.left() > 1 && (self.sees(0, b'<') || self.sees(0, b'\'')) {
                self.at += 1;
                let first = self.peek(0).unwrap_or(0);
                if first != unit(b'0') && set::is_word(first) {
                    if super::digit(first).is_some() {
                        let number = self.decimal()? as i32;
                        self.groups.begins.entry(number).or_insert(start);
                    } else {
                        let name = self.name();
                        if !self.groups.by_name.contains_key(&name) {
                            self.groups.by_name.insert(name.clone(), 0);
                            names.push((name, start));
                        }
                    }
                }
            } else {
                self.inline_options();
                if self.sees(0, b')') {
                    self.at += 1;
                    self.saved.pop();
                } else if self.sees(0, b'(') {
                    self.skips_next_group = true;
                    return Ok(());
                }
            }
        } else if !self.has(EXPLICIT_CAPTURE) && !self.skips_next_group {
            self.groups.begins.entry(self.next_group).or_insert(start);
            self.next_group = self.next_group.saturating_add(1);
        }
        self.skips_next_group = false;
        Ok(())
    }

    fn name_all(&mut self, named: Vec<(String, usize)>) {
        let groups = &mut self.groups;
        groups.numbers = groups.begins.keys().copied().collect();
        let is_dense = groups.numbers.iter().enumerate().all(|(slot, number)| slot as i32 == *number);
        if named.is_empty() && is_dense {
            return;
        }
        let mut next = named.into_iter().peekable();
        for number in &groups.numbers {
            let name = match next.next_if(|(name, _)| groups.by_name.get(name) == Some(number)) {
                Some((name, _)) => name,
                None => {
                    let name = number.to_string();
                    groups.by_name.insert(name.clone(), *number);
                    name
                }
            };
            groups.names.push(name);
        }
    }
}
