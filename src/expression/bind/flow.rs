//! Definite assignment and reachability: one state that says which variables have a value at a point of the code.
//!
//! A point that is never reached counts every variable as assigned, so that "unreachable" is the state that no branch can spoil.
//! Source: C# language specification, "Definite assignment".

use crate::{dotnet::value::Value, expression::program::Node};

/// Which variables are assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Assigned {
    everything: bool,
    bits: Vec<u64>,
}

impl Assigned {
    /// The state of a point that is never reached.
    pub fn unreachable() -> Self {
        Self { everything: true, bits: Vec::new() }
    }

    pub fn is_unreachable(&self) -> bool {
        self.everything
    }

    pub fn assign(&mut self, variable: usize) {
        let word = variable / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(word) {
            *bits |= 1 << (variable % 64);
        }
    }

    /// Counts the first `variables` variables as assigned.
    pub fn assign_all(&mut self, variables: usize) {
        (0..variables).for_each(|variable| self.assign(variable));
    }

    pub fn has(&self, variable: usize) -> bool {
        self.everything || self.bits.get(variable / 64).is_some_and(|bits| bits & (1 << (variable % 64)) != 0)
    }

    /// Where two branches meet: assigned is what both have assigned.
    pub fn meet(&mut self, other: &Self) {
        if other.everything {
            return;
        }
        if self.everything {
            self.clone_from(other);
            return;
        }
        self.bits.truncate(other.bits.len());
        self.bits.iter_mut().zip(&other.bits).for_each(|(bits, other)| *bits &= other);
    }

    /// What runs in any case: assigned is what either has assigned.
    pub fn join(&mut self, other: &Self) {
        self.everything |= other.everything;
        if self.bits.len() < other.bits.len() {
            self.bits.resize(other.bits.len(), 0);
        }
        self.bits.iter_mut().zip(&other.bits).for_each(|(bits, other)| *bits |= other);
    }
}

impl super::Binder<'_> {
    /// The states for a boolean just bound: when true, when false.
    pub(super) fn branches(&mut self) -> (Assigned, Assigned) {
        self.split.take().unwrap_or_else(|| (self.assigned.clone(), self.assigned.clone()))
    }

    /// The same, where a constant excludes one of them.
    pub(super) fn outcomes(&mut self, operand: Option<&super::Operand<'_>>) -> (Assigned, Assigned) {
        let (when_true, when_false) = self.branches();
        match operand {
            Some(super::Operand::Value(super::Bound { node: Node::Constant(Value::Bool(known)), .. })) => {
                if *known {
                    (when_true, Assigned::unreachable())
                } else {
                    (Assigned::unreachable(), when_false)
                }
            }
            _ => (when_true, when_false),
        }
    }

    /// Forgets the difference between true and false.
    pub(super) fn settle(&mut self) {
        if let Some((mut when_true, when_false)) = self.split.take() {
            when_true.meet(&when_false);
            self.assigned = when_true;
        }
    }

    /// Nothing is reached from here on.
    pub(super) fn stop(&mut self) {
        self.split = None;
        self.assigned = Assigned::unreachable();
    }
}
