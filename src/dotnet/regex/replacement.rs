//! Replacement patterns: `$1`, `${name}`, `$&` and their like.
//!
//! Source: learn.microsoft.com, "Substitutions in regular expressions"; dotnet/runtime (release/6.0), RegexParser.cs, `ScanDollar`.

use super::{fault::Fault, found::Found, options::ECMA_SCRIPT, parser::Groups, set};
use crate::dotnet::string::Str;

/// A part of a replacement pattern.
#[derive(Clone, Debug)]
pub enum Part {
    /// Text as it is.
    Literal(Str),
    /// What the group of that slot has captured.
    Group(u32),
    /// `` $` ``: what lies before the match.
    Left,
    /// `$'`: what lies behind the match.
    Right,
    /// `$+`: the last group.
    Last,
    /// `$_`: the whole text.
    Whole,
}

impl Part {
    /// What the part stands for in a match.
    pub fn of(&self, found: &Found) -> Str {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Group(slot) => found.value(*slot, None),
            Self::Last => found.value(found.captures.len().saturating_sub(1) as u32, None),
            Self::Left => found.subject.part(0, found.start()),
            Self::Right => found.subject.part(found.end(), found.subject.len()),
            Self::Whole => found.subject.text(),
        }
    }
}

/// Reads a replacement pattern: what refers to no group is text.
///
/// # Errors
/// A number beyond `int`.
pub fn parse(pattern: &[u16], groups: &Groups, options: i32) -> Result<Vec<Part>, Fault> {
    let mut reader = Reader { pattern, at: 0, groups, options };
    let mut parts = Vec::new();
    let mut literal = Vec::new();
    while let Some(unit) = reader.peek(0) {
        reader.at += 1;
        if unit != u16::from(b'$') {
            literal.push(unit);
            continue;
        }
        match reader.dollar()? {
            Some(part) => {
                if !literal.is_empty() {
                    parts.push(Part::Literal(Str::from_units(&literal)));
                    literal.clear();
                }
                parts.push(part);
            }
            None => literal.push(unit),
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(Str::from_units(&literal)));
    }
    Ok(parts)
}

struct Reader<'a> {
    pattern: &'a [u16],
    at: usize,
    groups: &'a Groups,
    options: i32,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u16> {
        self.pattern.get(self.at.saturating_add(ahead)).copied()
    }

    fn digit(&self) -> Option<i32> {
        self.peek(0).and_then(|unit| char::from_u32(u32::from(unit))).and_then(|char| char.to_digit(10)).map(|digit| digit as i32)
    }

    /// Reads what stands behind a `$`; none where the `$` is text.
    fn dollar(&mut self) -> Result<Option<Part>, Fault> {
        let start = self.at;
        let Some(mut first) = self.peek(0) else { return Ok(None) };
        let braced = first == u16::from(b'{') && self.peek(1).is_some();
        if braced {
            self.at += 1;
            first = self.peek(0).unwrap_or(0);
        }
        if self.digit().is_some() {
            if !braced && self.options & ECMA_SCRIPT != 0 {
                return self.longest();
            }
            let number = self.number()?;
            if (!braced || self.closes())
                && let Some(slot) = self.groups.slot(number)
            {
                return Ok(Some(Part::Group(slot)));
            }
        } else if braced && set::is_word(first) {
            let from = self.at;
            while self.peek(0).is_some_and(set::is_word) {
                self.at += 1;
            }
            let name = String::from_utf16_lossy(self.pattern.get(from..self.at).unwrap_or(&[]));
            if self.closes()
                && let Some(slot) = self.groups.named(&name)
            {
                return Ok(Some(Part::Group(slot)));
            }
        } else if !braced {
            self.at += 1;
            match u8::try_from(first).unwrap_or(0) {
                b'$' => return Ok(Some(Part::Literal("$".into()))),
                b'&' => return Ok(Some(Part::Group(0))),
                b'`' => return Ok(Some(Part::Left)),
                b'\'' => return Ok(Some(Part::Right)),
                b'+' => return Ok(Some(Part::Last)),
                b'_' => return Ok(Some(Part::Whole)),
                _ => {}
            }
        }
        self.at = start;
        Ok(None)
    }

    fn closes(&mut self) -> bool {
        let closes = self.peek(0) == Some(u16::from(b'}'));
        self.at += usize::from(self.peek(0).is_some());
        closes
    }

    /// ECMAScript takes as many digits as name a group.
    fn longest(&mut self) -> Result<Option<Part>, Fault> {
        let start = self.at;
        let mut found = None;
        let mut number = 0;
        while let Some(digit) = self.digit() {
            number = self.then(number, digit)?;
            self.at += 1;
            if let Some(slot) = self.groups.slot(number) {
                found = Some((self.at, slot));
            }
        }
        let (at, part) = found.map_or((start, None), |(at, slot)| (at, Some(Part::Group(slot))));
        self.at = at;
        Ok(part)
    }

    fn number(&mut self) -> Result<i32, Fault> {
        let mut number = 0;
        while let Some(digit) = self.digit() {
            self.at += 1;
            number = self.then(number, digit)?;
        }
        Ok(number)
    }

    fn then(&self, number: i32, digit: i32) -> Result<i32, Fault> {
        number
            .checked_mul(10)
            .and_then(|number| number.checked_add(digit))
            .ok_or_else(|| Fault::syntax(self.pattern, self.at, "Capture group numbers must be less than or equal to Int32.MaxValue."))
    }
}
