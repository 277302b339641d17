//! `context.Variables`: a list of few, by names that policies write out.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use crate::{
    dotnet::value::Value,
    text::{Kept, Text, kept},
};

/// The name of a variable. Entries are small: every request under way holds some twenty of them.
#[derive(Clone, Debug)]
enum Name {
    /// One that a policy writes out: there is one such place for each text.
    Kept(&'static Kept),
    /// One that an expression has put together, or beyond what is kept.
    Other(Arc<Text>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Kept(kept) => &kept.text,
            Self::Other(text) => text,
        }
    }
}

impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Kept(a), Self::Kept(b)) => std::ptr::eq(*a, *b),
            (a, b) => a.as_str() == b.as_str(),
        }
    }
}

/// The name of a variable, made ready: a policy names the same ones for every request.
#[derive(Debug)]
pub struct VariableName {
    name: Name,
    /// One bit of 64, by the text.
    mark: u64,
    /// Where it was found last: a policy sets its variables in the same order for nearly every request.
    place: AtomicU32,
}

impl VariableName {
    /// A name that an expression has put together.
    pub fn new(text: Text) -> Self {
        Self { mark: mark(&text), name: Name::Other(Arc::new(text)), place: AtomicU32::new(0) }
    }

    /// A name that a policy writes out.
    pub fn written(text: &str) -> Self {
        let name = kept(text).map_or_else(|| Name::Other(Arc::new(Text::copied(text))), Name::Kept);
        Self { name, mark: mark(text), place: AtomicU32::new(0) }
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        self.name.as_str()
    }
}

impl Clone for VariableName {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), mark: self.mark, place: AtomicU32::new(self.place.load(Ordering::Relaxed)) }
    }
}

impl PartialEq for VariableName {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for VariableName {}

/// FNV-1a. Source: datatracker.ietf.org/doc/html/draft-eastlake-fnv.
fn mark(text: &str) -> u64 {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    1 << (hash % 64)
}

/// Room for variables that stays when they are forgotten.
const KEPT: usize = 64;

/// `context.Variables`: few, so a list.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    entries: Vec<(Name, Value)>,
    /// The marks of all of them: what is not among them is not there.
    marks: u64,
}

impl Variables {
    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.marks = 0;
        self.entries.shrink_to(KEPT);
    }

    /// The value under `name`. Names are compared exactly, as .NET's dictionaries do.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// The value under a name that is known.
    #[inline]
    pub fn named(&self, name: &VariableName) -> Option<&Value> {
        self.place(name).and_then(|place| self.entries.get(place)).map(|(_, value)| value)
    }

    #[inline]
    fn place(&self, name: &VariableName) -> Option<usize> {
        let last = name.place.load(Ordering::Relaxed) as usize;
        if self.entries.get(last).is_some_and(|(known, _)| *known == name.name) { Some(last) } else { self.find(name) }
    }

    fn find(&self, name: &VariableName) -> Option<usize> {
        if self.marks & name.mark == 0 {
            return None;
        }
        let place = self.entries.iter().position(|(known, _)| *known == name.name)?;
        name.place.store(place as u32, Ordering::Relaxed);
        Some(place)
    }

    /// Sets a value.
    pub fn set(&mut self, name: Text, value: Value) {
        self.set_named(&VariableName::new(name), value);
    }

    /// Sets the value of a name that is known.
    pub fn set_named(&mut self, name: &VariableName, value: Value) {
        match self.place(name).and_then(|place| self.entries.get_mut(place)) {
            Some(entry) => entry.1 = value,
            None => {
                // What a policy of some length sets.
                if self.entries.capacity() == 0 {
                    self.entries.reserve(24);
                }
                name.place.store(self.entries.len() as u32, Ordering::Relaxed);
                self.marks |= name.mark;
                self.entries.push((name.name.clone(), value));
            }
        }
    }

    /// All of them, in the order of their first setting.
    pub fn iter(&self) -> impl Iterator<Item = (Text, &Value)> {
        self.entries.iter().map(|(name, value)| {
            let name = match name {
                Name::Kept(kept) => Text::Static(&kept.text),
                Name::Other(text) => Text::clone(text),
            };
            (name, value)
        })
    }
}
