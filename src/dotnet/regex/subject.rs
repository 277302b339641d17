//! The text that a search looks through.

use std::sync::Arc;

use super::{
    fault::{Fault, Fuel},
    matcher::{Matcher, Scope, Span},
    program::Program,
};
use crate::{
    dotnet::{exception::Raise, runtime::Runtime, string::Str},
    text::Text,
};

/// A text, ready to be searched: shared by all that is found in it.
#[derive(Clone, Debug)]
pub enum Subject {
    /// Text whose bytes are its units.
    Ascii(Text),
    /// Any other, as units beside the text itself.
    Units(Str, Arc<[u16]>),
}

impl Subject {
    /// Prepares a text.
    pub fn new(runtime: &mut Runtime<'_>, text: &Str) -> Result<Self, Raise> {
        runtime.work(text.bytes())?;
        match text {
            Str::Text(ascii) if ascii.is_ascii() => Ok(Self::Ascii(ascii.clone())),
            Str::Units(units) => Ok(Self::Units(text.clone(), units.clone())),
            Str::Text(_) => {
                runtime.allocate(text.bytes().saturating_mul(4))?;
                Ok(Self::Units(text.clone(), text.units().into()))
            }
        }
    }

    /// The text itself.
    pub fn text(&self) -> Str {
        match self {
            Self::Ascii(text) => Str::Text(text.clone()),
            Self::Units(text, _) => text.clone(),
        }
    }

    /// How many units it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Ascii(text) => text.len(),
            Self::Units(_, units) => units.len(),
        }
    }

    /// The units from `start` up to `end`.
    pub fn part(&self, start: usize, end: usize) -> Str {
        match self {
            Self::Ascii(text) if (start, end) == (0, text.len()) => Str::Text(text.clone()),
            Self::Ascii(text) => Text::copied(text.get(start..end).unwrap_or("")).into(),
            Self::Units(_, units) => Str::from_units(units.get(start..end).unwrap_or(&[])),
        }
    }

    /// Searches it.
    pub fn search(&self, matcher: &mut Matcher, program: &Program, scope: Scope, fuel: &mut Fuel) -> Result<Option<Vec<Vec<Span>>>, Fault> {
        match self {
            Self::Ascii(text) => matcher.search(program, text.as_bytes(), scope, fuel),
            Self::Units(_, units) => matcher.search(program, units, scope, fuel),
        }
    }
}
