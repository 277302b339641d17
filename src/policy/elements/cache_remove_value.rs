//! `cache-remove-value`: a value out of the cache.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct CacheRemoveValue {
    /// What the value was stored under.
    pub key: Setting<Text>,
}

/// Lowers the element. `fail-on-cache-removal-error` has nothing to act on: removing never fails here.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<CacheRemoveValue> {
    let _ = lowering.bool_attribute(element, "fail-on-cache-removal-error");
    Some(CacheRemoveValue { key: lowering.text_attribute(element, "key")? })
}
