//! `limit-concurrency`: its policies, for so many requests at once.

use crate::{
    policy::{
        lowering::Lowering,
        program::{BlockId, Setting},
    },
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct LimitConcurrency {
    /// Requests with the same key are counted together.
    pub key: Setting<Text>,
    /// How many may be inside at once.
    pub max_count: Setting<i64>,
    /// What runs.
    pub block: BlockId,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<LimitConcurrency> {
    let key = lowering.text_attribute(element, "key");
    let max_count = lowering.int_attribute(element, "max-count", 1..=i64::from(i32::MAX));
    let block = lowering.block(element, path);
    Some(LimitConcurrency { key: key?, max_count: max_count?, block })
}
