//! What lies ahead of a place, in either direction.

use super::{
    super::{
        node::{Assertion, Single, UNLIMITED},
        set,
    },
    Fault, Scope, Unit,
    attempt::Attempt,
};

impl<U: Unit> Attempt<'_, U> {
    /// The unit ahead.
    #[inline]
    pub(super) fn unit(&self, at: usize, backward: bool) -> Option<u16> {
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
    pub(super) fn piece(&self, at: usize, length: usize, backward: bool) -> Option<&[U]> {
        if backward {
            let start = at.checked_sub(length).filter(|start| *start >= self.scope.begin)?;
            self.text.get(start..at)
        } else {
            let end = at.checked_add(length).filter(|end| *end <= self.scope.end)?;
            self.text.get(at..end)
        }
    }

    #[inline]
    pub(super) fn fits(&self, what: Single, unit: u16) -> bool {
        match what {
            Single::One(one) => unit == one,
            Single::Folded(one) => unit == one || set::fold(unit) == one,
            Single::Not(other) => unit != other,
            Single::Any => true,
            Single::Set(set) => self.program.sets.get(set as usize).is_some_and(|set| set.contains(unit)),
        }
    }

    /// How many units ahead fit, up to `most`.
    pub(super) fn count(&mut self, what: Single, at: usize, most: u32, backward: bool) -> Result<u32, Fault> {
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
        self.fuel.burn(taken / U::A_STEP)?;
        Ok(taken as u32)
    }

    pub(super) fn holds(&self, assertion: Assertion, at: usize) -> bool {
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

/// Whether the units are those of a pattern.
pub(super) fn same<U: Unit>(piece: &[U], wanted: &[u16], folded: bool) -> bool {
    piece.iter().zip(wanted).all(|(unit, wanted)| unit.wide() == *wanted || folded && set::fold(unit.wide()) == *wanted)
}

/// Whether the units are those of another part of the text.
pub(super) fn same_units<U: Unit>(piece: &[U], wanted: &[U], folded: bool) -> bool {
    piece.iter().zip(wanted).all(|(unit, wanted)| {
        let (unit, wanted) = (unit.wide(), wanted.wide());
        unit == wanted || folded && set::fold(unit) == set::fold(wanted)
    })
}
