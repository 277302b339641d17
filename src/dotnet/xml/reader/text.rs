//! Text and attribute values: line breaks, characters by number, and what entities stand for.

use super::Reader;
use crate::dotnet::{
    exception::{BudgetSpent, Raise},
    string::Str,
    xml::{
        doctype::Entity,
        fault::{self, invalid_character, is_character, is_space, xml_exception},
        tag::Scan,
    },
};

/// What entities may become in all, in characters: LINQ to XML's own limit.
const MAX_FROM_ENTITIES: usize = 10_000_000;

/// A carriage return that a reference has put into text: no part of a line break, so it must not become one. No text has this character.
const KEPT_RETURN: char = '\u{FFFF}';

enum Reference {
    Character(char),
    /// A general entity by name, and where the name stands.
    Entity(String, usize),
}

impl Reader<'_, '_> {
    /// Text between tags, with what its references stand for.
    pub(super) fn characters(&mut self, text: &str, at: usize, end: usize) -> Result<(), Raise> {
        let mut scan = Scan { text, at };
        while scan.at < end {
            let rest = text.get(scan.at..end).unwrap_or("");
            let plain = rest.find('&').unwrap_or(rest.len());
            let part = rest.get(..plain).unwrap_or("");
            for (offset, c) in part.char_indices() {
                if !is_character(c) {
                    return Err(fault::at(text, scan.at + offset, invalid_character(c)));
                }
                if c == ']' && part.get(offset..).is_some_and(|rest| rest.starts_with("]]>")) {
                    return Err(fault::at(text, scan.at + offset, "']]>' is not allowed in character data."));
                }
                self.is_pending_text |= !is_space(c);
            }
            self.runtime.allocate(part.len())?;
            // A line break that is written counts as one character; one from a reference stays what it is.
            self.pending.push_str(&part.replace("\r\n", "\n").replace('\r', "\n"));
            scan.at += plain;
            if scan.at >= end {
                break;
            }
            match self.reference(&mut scan)? {
                Reference::Character(c) => {
                    self.is_pending_text |= !is_space(c);
                    self.pending.push(if c == '\r' { KEPT_RETURN } else { c });
                }
                Reference::Entity(name, at) => {
                    if let Some(replacement) = self.replacement(text, &name, at, false)? {
                        self.expand(name, |reader| reader.content(&replacement))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The value of an attribute up to its quote, or all of an entity's text in it.
    pub(super) fn value(&mut self, scan: &mut Scan<'_>, quote: Option<char>, value: &mut String) -> Result<(), Raise> {
        loop {
            let Some(c) = scan.peek() else {
                return if quote.is_some() { Err(scan.fault("There is an unclosed literal string.")) } else { Ok(()) };
            };
            self.runtime.work(c.len_utf8())?;
            match c {
                c if Some(c) == quote => {
                    scan.at += 1;
                    return Ok(());
                }
                '\n' | '\t' => value.push(' '),
                '\r' => {
                    value.push(' ');
                    if scan.rest().starts_with("\r\n") {
                        scan.at += 1;
                    }
                }
                '<' => return Err(scan.fault("'<', hexadecimal value 0x3C, is an invalid attribute character.")),
                '&' => {
                    match self.reference(scan)? {
                        Reference::Character(c) => value.push(c),
                        Reference::Entity(name, at) => {
                            if let Some(replacement) = self.replacement(scan.text, &name, at, true)? {
                                self.expand(name, |reader| reader.value(&mut Scan { text: &replacement, at: 0 }, None, value))?;
                            }
                        }
                    }
                    continue;
                }
                c if is_character(c) => value.push(c),
                c => return Err(scan.fault(invalid_character(c))),
            }
            scan.at += c.len_utf8();
        }
    }

    /// What `&` begins. Afterwards the scan stands behind the reference.
    fn reference(&mut self, scan: &mut Scan<'_>) -> Result<Reference, Raise> {
        let start = *scan;
        scan.at += 1;
        if scan.skip('#') {
            return numeric(scan, start.at).map(Reference::Character);
        }
        let at = scan.at;
        let name_fault = |_| fault::at(start.text, at, "An error occurred while parsing EntityName.");
        if start.is_near_end(1) {
            return Err(start.end_of_file());
        }
        let name = scan.name().map_err(name_fault)?;
        if !scan.skip(';') {
            return Err(scan.expected("';'"));
        }
        Ok(match name {
            "amp" => Reference::Character('&'),
            "lt" => Reference::Character('<'),
            "gt" => Reference::Character('>'),
            "quot" => Reference::Character('"'),
            "apos" => Reference::Character('\''),
            name => Reference::Entity(name.to_owned(), at),
        })
    }

    /// What an entity stands for; nothing for an external one.
    fn replacement(&mut self, text: &str, name: &str, at: usize, is_in_attribute: bool) -> Result<Option<String>, Raise> {
        let refused = |message: String| Err(fault::at(text, at, message));
        if self.expanding.iter().any(|other| other == name) {
            return refused(format!("General entity '{name}' references itself."));
        }
        match self.entities.get(name) {
            None => refused(format!("Reference to undeclared entity '{name}'.")),
            Some(Entity::Unparsed) => refused(format!("Reference to unparsed entity '{name}'.")),
            Some(Entity::External) if is_in_attribute => {
                refused(format!("External entity '{name}' reference cannot appear in the attribute value."))
            }
            Some(Entity::External) => Ok(None),
            Some(Entity::Internal(replacement)) => {
                let replacement = replacement.clone();
                self.expanded = self.expanded.saturating_add(replacement.len());
                if self.expanded > MAX_FROM_ENTITIES {
                    return Err(xml_exception("The input document has exceeded a limit set by MaxCharactersFromEntities."));
                }
                self.runtime.allocate(replacement.len())?;
                self.runtime.work(replacement.len())?;
                Ok(Some(replacement))
            }
        }
    }

    fn expand(&mut self, name: String, with: impl FnOnce(&mut Self) -> Result<(), Raise>) -> Result<(), Raise> {
        let depth = &mut self.runtime.budget.depth;
        *depth = depth.checked_sub(1).ok_or(Raise::Budget(BudgetSpent::Depth))?;
        self.expanding.push(name);
        let outcome = stacker::maybe_grow(128 << 10, 1 << 20, || with(self));
        self.expanding.pop();
        self.runtime.budget.depth += 1;
        outcome
    }
}

/// Text with its line breaks made one character each.
pub(super) fn lines(text: &str) -> Str {
    if text.contains(['\r', KEPT_RETURN]) {
        return text.replace("\r\n", "\n").replace('\r', "\n").replace(KEPT_RETURN, "\r").into();
    }
    text.to_owned().into()
}

/// `&#65;` or `&#x41;`. The scan stands behind `&#`, which begins at `start`.
fn numeric(scan: &mut Scan<'_>, start: usize) -> Result<char, Raise> {
    let is_hexadecimal = scan.skip('x');
    let radix = if is_hexadecimal { 16 } else { 10 };
    let from = scan.at;
    let mut code: u32 = 0;
    while let Some(digit) = scan.peek().and_then(|c| c.to_digit(radix)) {
        let next = code.checked_mul(radix).and_then(|code| code.checked_add(digit)).filter(|code| i32::try_from(*code).is_ok());
        code = next.ok_or_else(|| scan.fault("Invalid value of a character entity reference."))?;
        scan.at += 1;
    }
    if scan.peek() != Some(';') || scan.at == from {
        let kind = if is_hexadecimal { "hexadecimal" } else { "decimal" };
        return Err(scan.fault(format!("Invalid syntax for a {kind} numeric entity reference.")));
    }
    scan.at += 1;
    let at = if is_hexadecimal { start + 3 } else { start + 2 };
    match char::from_u32(code) {
        Some(c) if is_character(c) => Ok(c),
        Some(c) => Err(fault::at(scan.text, at, invalid_character(c))),
        None => Err(fault::at(scan.text, at, format!("'\u{FFFD}', hexadecimal value 0x{code:X}, is an invalid character."))),
    }
}
