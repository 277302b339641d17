//! `retry`: its policies once, and again while the condition holds.

use crate::{
    policy::{
        lowering::Lowering,
        program::{BlockId, Setting},
    },
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Retry {
    /// Whether to run again.
    pub condition: Setting<bool>,
    /// How often at the most, the first run not counted.
    pub count: Setting<i64>,
    /// Seconds to wait before a retry.
    pub interval: Setting<i64>,
    /// Seconds that are added (linear) or multiplied (with `max_interval`).
    pub delta: Option<Setting<i64>>,
    /// The longest wait, in seconds.
    pub max_interval: Option<Setting<i64>>,
    /// Whether the first retry does not wait.
    pub first_fast_retry: Setting<bool>,
    /// What runs.
    pub block: BlockId,
}

/// Lowers the element. An interval of 0 is in deployed Microsoft samples, though the page says positive.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<Retry> {
    let seconds = 0..=i64::from(i32::MAX);
    let condition = lowering.bool_attribute(element, "condition");
    let count = lowering.int_attribute(element, "count", 1..=50);
    let interval = lowering.int_attribute(element, "interval", seconds.clone());
    let delta = lowering.int_attribute(element, "delta", 1..=i64::from(i32::MAX));
    let max_interval = lowering.int_attribute(element, "max-interval", 1..=i64::from(i32::MAX));
    let first_fast_retry = lowering.bool_attribute(element, "first-fast-retry").unwrap_or(Setting::Literal(false));
    let block = lowering.block(element, path);
    Some(Retry { condition: condition?, count: count?, interval: interval?, delta, max_interval, first_fast_retry, block })
}
