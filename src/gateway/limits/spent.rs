//! What is used up of a fixed window.

use super::counters::Counter;
use crate::environment::Moment;

/// The use of the window that ends at a moment.
#[derive(Debug, Default)]
pub(super) struct Spent {
    end: i64,
    amount: u64,
}

impl Spent {
    /// The use of the window that ends at the unix second `end`: nothing where the last use was in another one.
    pub fn of_window(&mut self, end: i64) -> &mut u64 {
        if self.end != end {
            *self = Self { end, amount: 0 };
        }
        &mut self.amount
    }
}

impl Counter for Spent {
    fn is_over(&mut self, now: Moment) -> bool {
        self.amount == 0 || self.end <= now.unix_seconds()
    }
}
