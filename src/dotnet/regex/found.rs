//! What a search has found, and the objects that show it: `Match`, `Group`, `Capture` and their collections.

use std::sync::Arc;

use super::{
    CAPTURE, CAPTURE_COLLECTION, GROUP, GROUP_COLLECTION, MATCH, MATCH_COLLECTION,
    matcher::{Scope, Span},
    program::Program,
    subject::Subject,
};
use crate::dotnet::{
    Type, Value,
    exception::{Raise, null_reference},
    heap::{Instance, Ref},
    runtime::Runtime,
    sequence::{self, Cursor},
    string::Str,
    types::Class,
};

/// A match, shared by the objects that show it.
#[derive(Debug)]
pub struct Found {
    /// The text.
    pub subject: Subject,
    /// The pattern; none for `Match.Empty`.
    pub program: Option<Arc<Program>>,
    /// Where it was searched for.
    pub scope: Scope,
    /// The captures of each group by slot, the whole match as the first.
    pub captures: Vec<Vec<Span>>,
}

impl Found {
    /// `Match.Empty`
    pub fn nothing() -> Self {
        let scope = Scope { begin: 0, end: 0, start: 0, after_empty: false };
        Self { subject: Subject::Ascii(crate::text::Text::EMPTY), program: None, scope, captures: vec![Vec::new()] }
    }

    /// A capture of a group by its place, or the last.
    pub fn span(&self, slot: u32, index: Option<u32>) -> Option<(usize, usize)> {
        let spans = self.captures.get(slot as usize)?;
        let (start, length) = match index {
            Some(index) => spans.get(index as usize)?,
            None => spans.last()?,
        };
        Some((*start as usize, *length as usize))
    }

    /// The text of a capture, empty where there is none.
    pub fn value(&self, slot: u32, index: Option<u32>) -> Str {
        self.span(slot, index).map_or(Str::EMPTY, |(start, length)| self.subject.part(start, start + length))
    }

    /// Where the match starts.
    pub fn start(&self) -> usize {
        self.span(0, None).map_or(0, |(start, _)| start)
    }

    /// Where the match ends.
    pub fn end(&self) -> usize {
        self.span(0, None).map_or(0, |(start, length)| start + length)
    }

    /// How often a group has captured.
    pub fn count(&self, slot: u32) -> usize {
        self.captures.get(slot as usize).map_or(0, Vec::len)
    }

    /// Where the search for the next match starts.
    pub fn next_scope(&self, backward: bool) -> Scope {
        let (start, end) = (self.start(), self.end());
        Scope { start: if backward { start } else { end }, after_empty: start == end, ..self.scope }
    }

    /// The slot behind `Groups[number]`.
    pub fn slot(&self, number: i32) -> Option<u32> {
        match &self.program {
            Some(program) => program.groups.slot(number),
            None => (number == 0).then_some(0),
        }
    }

    /// The slot behind `Groups[name]`.
    pub fn named(&self, name: &str) -> Option<u32> {
        let groups = &self.program.as_ref()?.groups;
        groups.slot(groups.number_of(name)?)
    }

    /// `Group.Name`. .NET takes the group's slot for its number here, so that a pattern that leaves numbers out has groups without a name.
    /// Source: dotnet/runtime (release/6.0), GroupCollection.cs, `GetGroupImpl`.
    pub fn name(&self, slot: u32) -> String {
        match &self.program {
            Some(program) if slot > 0 => program.groups.name_of(slot as i32).unwrap_or_default(),
            _ if slot == 0 => "0".to_owned(),
            _ => String::new(),
        }
    }
}

/// Which of the three classes an object is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `Match`
    Match,
    /// `Group`
    Group,
    /// `Capture`
    Capture,
}

/// A `Match`, a `Group` or a `Capture`.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Which of them.
    pub role: Role,
    /// The match that it belongs to.
    pub found: Arc<Found>,
    /// The group's slot; one beyond all is that of no group.
    pub slot: u32,
    /// Which capture of the group; none for the last.
    pub index: Option<u32>,
}

impl Piece {
    /// A match.
    pub fn whole(found: Arc<Found>) -> Self {
        Self { role: Role::Match, found, slot: 0, index: None }
    }

    /// A group: the first is the match itself, and where there is none .NET gives an empty one.
    pub fn group(found: &Arc<Found>, slot: Option<u32>) -> Self {
        match slot {
            Some(0) => Self::whole(found.clone()),
            Some(slot) => Self { role: Role::Group, found: found.clone(), slot, index: None },
            None => Self { role: Role::Group, found: Arc::new(Found::nothing()), slot: u32::MAX, index: None },
        }
    }

    /// Its text.
    pub fn value(&self) -> Str {
        self.found.value(self.slot, self.index)
    }
}

impl Instance for Piece {
    fn ty(&self) -> Type {
        Type::named(match self.role {
            Role::Match => &MATCH,
            Role::Group => &GROUP,
            Role::Capture => &CAPTURE,
        })
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn text(&self, _runtime: &Runtime<'_>) -> Option<Str> {
        Some(self.value())
    }
}

/// What a collection holds.
#[derive(Clone, Debug)]
pub enum Collection {
    /// `MatchCollection`: the matches are objects already.
    Matches(Arc<[Value]>),
    /// `GroupCollection`
    Groups(Arc<Found>),
    /// `CaptureCollection` of a group.
    Captures(Arc<Found>, u32),
}

impl Collection {
    /// How many items it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Matches(matches) => matches.len(),
            Self::Groups(found) => found.captures.len(),
            Self::Captures(found, slot) => found.count(*slot),
        }
    }

    /// The item at `index`.
    pub fn item(&self, runtime: &mut Runtime<'_>, index: usize) -> Result<Option<Value>, Raise> {
        if index >= self.len() {
            return Ok(None);
        }
        Ok(Some(match self {
            Self::Matches(matches) => matches.get(index).cloned().ok_or_else(null_reference)?,
            Self::Groups(found) => runtime.instance(Piece::group(found, Some(index as u32)))?,
            Self::Captures(found, slot) => {
                runtime.instance(Piece { role: Role::Capture, found: found.clone(), slot: *slot, index: Some(index as u32) })?
            }
        }))
    }

    /// A walk through the items.
    pub fn walk(&self) -> Box<dyn Cursor> {
        let (collection, mut next) = (self.clone(), 0);
        sequence::cursor(move |runtime| {
            next += 1;
            collection.item(runtime, next - 1)
        })
    }
}

impl Instance for Collection {
    fn ty(&self) -> Type {
        let class: &'static Class = match self {
            Self::Matches(_) => &MATCH_COLLECTION,
            Self::Groups(_) => &GROUP_COLLECTION,
            Self::Captures(..) => &CAPTURE_COLLECTION,
        };
        Type::named(class)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }

    fn cursor(&self, _this: Ref) -> Option<Box<dyn Cursor>> {
        Some(self.walk())
    }

    fn count(&self, _runtime: &Runtime<'_>) -> Option<usize> {
        Some(self.len())
    }
}
