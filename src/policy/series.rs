//! Assignments of a block that stand in a row: what they read of the request decides them all, and they are remembered together.

use super::{Policy, Setting, Statement};
use crate::expression::Series;

/// Marks the first statement of each such row.
pub(super) fn find(statements: &mut [Statement]) {
    let mut number = 0;
    while number < statements.len() {
        let row = statements.iter().skip(number).map_while(|statement| match &statement.policy {
            Policy::SetVariable(policy) => Some((&policy.name, policy.assigned())),
            _ => None,
        });
        let found = Series::of(row).map(Box::new);
        let literals = statements.iter().skip(number).take_while(
            |statement| matches!(&statement.policy, Policy::SetVariable(policy) if matches!(policy.value, Setting::Literal(_))),
        );
        let count = found.as_ref().map_or_else(|| literals.count().max(1), |series| series.count());
        if let Some(first) = statements.get_mut(number) {
            first.series = found;
        }
        number += count;
    }
}
