//! Sorting with comparisons that may raise, and that need not make sense: a merge sort never trusts them with its own safety.
//!
//! .NET's `Sort` leaves the order of equal items open and LINQ's `OrderBy` keeps it; this keeps it for both.

use std::cmp::Ordering;

use super::{comparer, refusal};
use crate::dotnet::{exception::Raise, runtime::Runtime, value::Value};

/// The places of `count` items in their order.
///
/// # Errors
/// What a comparison raises, as .NET's sort wraps it; a spent budget.
pub fn order(
    runtime: &mut Runtime<'_>,
    count: usize,
    mut compare: impl FnMut(&mut Runtime<'_>, usize, usize) -> Result<Ordering, Raise>,
) -> Result<Vec<usize>, Raise> {
    runtime.allocate(count.saturating_mul(2 * size_of::<usize>()))?;
    let mut from: Vec<usize> = (0..count).collect();
    let mut width = 1;
    while width < count {
        let mut merged = Vec::with_capacity(count);
        for run in from.chunks(2 * width) {
            let (left, right) = run.split_at(width.min(run.len()));
            let (mut left, mut right) = (left.iter().copied().peekable(), right.iter().copied().peekable());
            loop {
                runtime.step()?;
                let next = match (left.peek(), right.peek()) {
                    (Some(a), Some(b)) => {
                        if compare(runtime, *a, *b).map_err(refusal::comparer_failed)?.is_gt() {
                            right.next()
                        } else {
                            left.next()
                        }
                    }
                    (Some(_), None) => left.next(),
                    _ => right.next(),
                };
                match next {
                    Some(index) => merged.push(index),
                    None => break,
                }
            }
        }
        from = merged;
        width *= 2;
    }
    Ok(from)
}

/// Sorts items by a comparer, or by a `Comparison`.
///
/// # Errors
/// As [`order`].
pub fn sorted(runtime: &mut Runtime<'_>, by: &Value, items: Vec<Value>) -> Result<Vec<Value>, Raise> {
    let item = |index: usize| items.get(index).unwrap_or(&Value::Null);
    let order = order(runtime, items.len(), |runtime, a, b| comparer::compare(runtime, by, item(a), item(b)))?;
    Ok(order.into_iter().map(|index| item(index).clone()).collect())
}
