//! `cache-store`: the response into the cache, under the key of the `cache-lookup` before it.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct CacheStore {
    /// For how many seconds.
    pub duration: Setting<i64>,
    /// Whether to store it, whatever its status is; without the attribute a 200 is stored.
    pub cache_response: Option<Setting<bool>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<CacheStore> {
    let duration = lowering.int_attribute(element, "duration", 0..=i64::from(i32::MAX));
    let cache_response = lowering.bool_attribute(element, "cache-response");
    // The response is stored with its body.
    lowering.reads_body();
    Some(CacheStore { duration: duration?, cache_response })
}
