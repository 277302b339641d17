//! Which prefix stands for which namespace while a tree is written.
//!
//! Two things decide in .NET, one after the other: LINQ to XML looks for a prefix among the tree's own declarations (`NamespaceResolver`
//! in XLinq.cs), and the writer declares what is missing (`XmlWellFormedWriter`). The prefixes that come out (`p1`, `p2`, …) follow
//! from how long the writer's list is at that moment, so the list is kept as it keeps it.

use std::cmp::Ordering;

use super::{
    fault::xml_exception,
    names::{XML, XMLNS},
};
use crate::{dotnet::exception::Raise, text::Text};

/// The tree's declarations in scope, the nearest last.
#[derive(Default)]
pub(super) struct Declared {
    declarations: Vec<(Text, Text)>,
    scopes: Vec<usize>,
}

impl Declared {
    pub fn open(&mut self) {
        self.scopes.push(self.declarations.len());
    }

    pub fn close(&mut self) {
        self.declarations.truncate(self.scopes.pop().unwrap_or(0));
    }

    pub fn add(&mut self, prefix: Text, namespace: Text) {
        self.declarations.push((prefix, namespace));
    }

    /// Declarations of what the written node stands in, from the inside out.
    pub fn around(&mut self, mut outward: Vec<(Text, Text)>) {
        outward.reverse();
        self.declarations = outward;
    }

    /// The nearest prefix for a namespace that no nearer declaration takes for another. An attribute cannot do without a prefix.
    pub fn prefix_of(&self, namespace: &str, may_be_empty: bool, steps: &mut usize) -> Option<Text> {
        if namespace.is_empty() {
            return Some(Text::EMPTY);
        }
        for (index, (prefix, declared)) in self.declarations.iter().enumerate().rev() {
            *steps += 1;
            if declared != namespace || (prefix.is_empty() && !may_be_empty) {
                continue;
            }
            let nearer = self.declarations.get(index + 1..).unwrap_or(&[]);
            *steps += nearer.len();
            if nearer.iter().all(|(other, _)| other != prefix) {
                return Some(prefix.clone());
            }
        }
        match namespace {
            XML => Some("xml".into()),
            XMLNS => Some("xmlns".into()),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// `xml` and `xmlns`: never declared.
    Special,
    /// Declared further out in the same way.
    Implied,
    NeedToWrite,
    Written,
}

struct Entry {
    prefix: Text,
    namespace: Text,
    state: State,
}

/// The writer's own list.
pub(super) struct Written {
    entries: Vec<Entry>,
    scopes: Vec<usize>,
    pub steps: usize,
}

impl Written {
    pub fn new() -> Self {
        let entry =
            |prefix: &'static str, namespace: &'static str, state| Entry { prefix: prefix.into(), namespace: namespace.into(), state };
        let entries = vec![entry("xmlns", XMLNS, State::Special), entry("xml", XML, State::Special), entry("", "", State::Implied)];
        Self { entries, scopes: Vec::new(), steps: 0 }
    }

    pub fn open(&mut self) {
        self.scopes.push(self.entries.len());
    }

    pub fn close(&mut self) {
        self.entries.truncate(self.scopes.pop().unwrap_or(0));
    }

    /// Where the entries of the open element begin.
    fn own(&self) -> usize {
        self.scopes.last().copied().unwrap_or(self.entries.len())
    }

    fn find(&mut self, prefix: &str) -> Option<usize> {
        let found = self.entries.iter().rposition(|entry| entry.prefix == prefix);
        self.steps += self.entries.len() - found.unwrap_or(0);
        found
    }

    /// The nearest prefix for a namespace; none where a nearer entry takes that prefix for another.
    pub fn prefix_of(&mut self, namespace: &str) -> Option<Text> {
        let index = self.entries.iter().rposition(|entry| entry.namespace == namespace)?;
        self.steps += self.entries.len() - index;
        let prefix = self.entries.get(index)?.prefix.clone();
        let is_taken = self.entries.get(index + 1..)?.iter().any(|entry| entry.prefix == prefix);
        (!is_taken).then_some(prefix)
    }

    /// What the open element itself has the prefix for.
    pub fn own_namespace(&self, prefix: &str) -> Option<&Text> {
        self.entries.get(self.own()..)?.iter().rev().find(|entry| entry.prefix == prefix).map(|entry| &entry.namespace)
    }

    /// A prefix that is not taken.
    pub fn generate(&mut self) -> Text {
        let base = format!("p{}", self.entries.len().saturating_sub(3));
        let mut candidate = base.clone();
        let mut number = 0;
        while self.find(&candidate).is_some() {
            candidate = format!("{base}{number}");
            number += 1;
        }
        candidate.into()
    }

    /// A prefix is used: by the element's name or by an attribute's.
    pub fn imply(&mut self, prefix: Text, namespace: Text) -> Result<(), Raise> {
        let own = self.own();
        let state = match self.find(&prefix) {
            None => State::NeedToWrite,
            Some(index) => {
                let Some(entry) = self.entries.get(index) else { return Ok(()) };
                if index >= own {
                    return if entry.namespace == namespace { Ok(()) } else { Err(redefined(&prefix, &entry.namespace, &namespace)) };
                }
                if entry.namespace == namespace { State::Implied } else { State::NeedToWrite }
            }
        };
        self.entries.push(Entry { prefix, namespace, state });
        Ok(())
    }

    /// A prefix is declared by an attribute. Gives whether the declaration is to be written.
    pub fn declare(&mut self, prefix: Text, namespace: Text, omits_duplicates: bool) -> Result<bool, Raise> {
        let own = self.own();
        let mut is_written = true;
        if let Some(index) = self.find(&prefix)
            && let Some(entry) = self.entries.get_mut(index)
        {
            match index.cmp(&own) {
                Ordering::Less => is_written = !(omits_duplicates && entry.namespace == namespace),
                _ if entry.namespace != namespace => return Err(redefined(&prefix, &entry.namespace, &namespace)),
                _ if entry.state == State::Written => {
                    let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
                    return Err(xml_exception(format!("'{name}' is a duplicate attribute name.")));
                }
                _ => {
                    let is_written = !(omits_duplicates && entry.state != State::NeedToWrite);
                    entry.state = State::Written;
                    return Ok(is_written);
                }
            }
        }
        self.entries.push(Entry { prefix, namespace, state: State::Written });
        Ok(is_written)
    }

    /// What the open element uses and nothing has declared, the last first.
    pub fn missing(&self) -> Vec<(Text, Text)> {
        let own = self.entries.get(self.own()..).unwrap_or(&[]);
        let missing = own.iter().rev().filter(|entry| entry.state == State::NeedToWrite);
        missing.map(|entry| (entry.prefix.clone(), entry.namespace.clone())).collect()
    }
}

fn redefined(prefix: &str, from: &str, to: &str) -> Raise {
    xml_exception(format!("The prefix '{prefix}' cannot be redefined from '{from}' to '{to}' within the same start element tag."))
}
