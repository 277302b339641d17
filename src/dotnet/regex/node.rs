//! The tree that a pattern is parsed into. Nodes lie in one arena, children before their parents.

use super::set::Set;

/// The place of a node in its tree.
pub type Id = u32;

/// A quantifier's maximum that is none.
pub const UNLIMITED: u32 = i32::MAX as u32;

/// What matches one code unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Single {
    /// That unit.
    One(u16),
    /// That unit, without case; it is in lower case.
    Folded(u16),
    /// Any other unit.
    Not(u16),
    /// Any unit.
    Any,
    /// A member of a set.
    Set(u32),
}

/// What matches between two units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assertion {
    /// `^` with Multiline
    LineStart,
    /// `$` with Multiline
    LineEnd,
    /// `^`, `\A`
    Beginning,
    /// `\G`
    Start,
    /// `$`, `\Z`
    EndOrLastLine,
    /// `\z`
    End,
    /// `\b`, or `\B` where it is false.
    Boundary(bool),
    /// The same as ECMAScript has them.
    EcmaBoundary(bool),
}

/// A node of the tree. What is `backward` is matched from right to left.
#[derive(Clone, Debug)]
pub enum Node {
    /// Nothing, which is always there.
    Empty,
    /// One code unit.
    Single { what: Single, backward: bool },
    /// Units one after the other: a part of the tree's text.
    Text { start: u32, length: u32, folded: bool, backward: bool },
    /// What a group has captured last.
    Reference { group: u32, folded: bool, backward: bool },
    /// A place.
    Assertion(Assertion),
    /// One after the other, in the order of matching.
    Sequence(Vec<Id>),
    /// The first that leads to a match.
    Choice(Vec<Id>),
    /// A quantifier.
    Loop { body: Id, min: u32, max: u32, lazy: bool },
    /// A group that captures, takes the last capture of another away, or both.
    Capture { body: Id, group: Option<u32>, balanced: Option<u32> },
    /// `(?>…)`
    Atomic(Id),
    /// `(?=…)`, `(?<=…)` and their negations.
    Look { body: Id, negative: bool },
    /// `(?(expression)yes|no)`
    Condition { test: Id, yes: Id, no: Id },
    /// `(?(group)yes|no)`
    Captured { group: u32, yes: Id, no: Id },
}

/// With which units a match of a node may begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct First {
    /// The units among ASCII.
    pub ascii: u128,
    /// Whether any other may.
    pub other: bool,
}

impl First {
    const ANY: Self = Self { ascii: u128::MAX, other: true };

    fn or(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, other: self.other || other.other }
    }

    fn of(unit: u16, folded: bool) -> Self {
        if unit >= 128 {
            // An ASCII letter may be the lower case of another unit, but no ASCII letter lowers to what is none.
            return Self { ascii: 0, other: true };
        }
        let upper = u16::from((unit as u8).to_ascii_uppercase());
        Self { ascii: 1 << unit | if folded { 1 << upper } else { 0 }, other: folded }
    }
}

/// What is known of a node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// The least number of units that it takes.
    pub least: u32,
    /// With which units it may begin, where it takes any.
    pub first: First,
}

/// A parsed pattern.
#[derive(Debug, Default)]
pub struct Tree {
    nodes: Vec<(Node, Facts)>,
    /// The text of [`Node::Text`].
    pub text: Vec<u16>,
    /// The sets of [`Single::Set`].
    pub sets: Vec<Set>,
}

impl Tree {
    /// The node.
    pub fn node(&self, id: Id) -> &Node {
        self.nodes.get(id as usize).map_or(&Node::Empty, |(node, _)| node)
    }

    /// What is known of it.
    pub fn facts(&self, id: Id) -> Facts {
        self.nodes.get(id as usize).map_or_else(Facts::default, |(_, facts)| *facts)
    }

    /// Places a node.
    pub fn add(&mut self, node: Node) -> Id {
        let facts = self.find_facts(&node);
        self.nodes.push((node, facts));
        (self.nodes.len() - 1) as Id
    }

    /// Places nodes one after the other.
    pub fn sequence(&mut self, mut items: Vec<Id>) -> Id {
        match items.len() {
            0 => self.add(Node::Empty),
            1 => items.swap_remove(0),
            _ => self.add(Node::Sequence(items)),
        }
    }

    fn find_facts(&self, node: &Node) -> Facts {
        match node {
            Node::Empty | Node::Assertion(_) | Node::Look { .. } => Facts::default(),
            Node::Single { what, .. } => Facts {
                least: 1,
                first: match *what {
                    Single::One(unit) => First::of(unit, false),
                    Single::Folded(unit) => First::of(unit, true),
                    Single::Not(unit) => First { ascii: if unit < 128 { !(1 << unit) } else { u128::MAX }, other: true },
                    Single::Any => First::ANY,
                    Single::Set(set) => First { ascii: self.sets.get(set as usize).map_or(u128::MAX, Set::ascii), other: true },
                },
            },
            Node::Text { start, length, folded, .. } => {
                Facts { least: *length, first: self.text.get(*start as usize).map_or(First::ANY, |unit| First::of(*unit, *folded)) }
            }
            Node::Reference { .. } => Facts { least: 0, first: First::ANY },
            Node::Sequence(items) => items.iter().fold(Facts::default(), |before, item| {
                let facts = self.facts(*item);
                Facts {
                    least: before.least.saturating_add(facts.least),
                    first: if before.least > 0 { before.first } else { before.first.or(facts.first) },
                }
            }),
            Node::Choice(branches) => {
                let facts = || branches.iter().map(|branch| self.facts(*branch));
                Facts {
                    least: facts().map(|facts| facts.least).min().unwrap_or(0),
                    first: facts().fold(First::default(), |first, facts| first.or(facts.first)),
                }
            }
            Node::Loop { body, min, .. } => {
                let facts = self.facts(*body);
                Facts { least: facts.least.saturating_mul(*min), first: facts.first }
            }
            Node::Capture { body, .. } | Node::Atomic(body) => self.facts(*body),
            Node::Condition { yes, no, .. } | Node::Captured { yes, no, .. } => {
                let (yes, no) = (self.facts(*yes), self.facts(*no));
                Facts { least: yes.least.min(no.least), first: yes.first.or(no.first) }
            }
        }
    }
}
