//! What comes next: steps in the order of their moments, those of one moment in the order in which they were written down.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use crate::environment::Moment;

/// Steps to come.
pub(super) struct Agenda<T> {
    steps: BinaryHeap<Reverse<Entry<T>>>,
    written: u64,
}

struct Entry<T> {
    at: Moment,
    order: u64,
    step: T,
}

impl<T> Agenda<T> {
    /// Nothing to come.
    pub fn new() -> Self {
        Self { steps: BinaryHeap::with_capacity(1024), written: 0 }
    }

    /// Writes down a step.
    pub fn add(&mut self, at: Moment, step: T) {
        self.written += 1;
        self.steps.push(Reverse(Entry { at, order: self.written, step }));
    }

    /// The next step with its moment.
    pub fn next(&mut self) -> Option<(Moment, T)> {
        self.steps.pop().map(|Reverse(entry)| (entry.at, entry.step))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_in_time_and_those_of_one_moment_as_written() {
        let mut agenda = Agenda::new();
        for (at, step) in [(3, 'd'), (1, 'a'), (2, 'b'), (2, 'c')] {
            agenda.add(Moment(at), step);
        }
        let order: String = std::iter::from_fn(|| agenda.next()).map(|(_, step)| step).collect();
        assert_eq!(order, "abcd");
    }
}
