//! `llm-semantic-cache-store`: the response under the prompt that the lookup before it did not find.

use super::cache_store::CacheStore;
use crate::{policy::lowering::Lowering, xml::Element};

/// The policy's settings.
#[derive(Debug)]
pub struct LlmSemanticCacheStore(pub CacheStore);

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<LlmSemanticCacheStore> {
    super::cache_store::lower(lowering, element, path).map(LlmSemanticCacheStore)
}
