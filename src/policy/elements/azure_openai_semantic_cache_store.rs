//! `azure-openai-semantic-cache-store`: the older name of `llm-semantic-cache-store`.

pub use super::llm_semantic_cache_store::LlmSemanticCacheStore as AzureOpenaiSemanticCacheStore;
pub(super) use super::llm_semantic_cache_store::lower;
