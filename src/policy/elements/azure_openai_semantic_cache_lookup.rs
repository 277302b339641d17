//! `azure-openai-semantic-cache-lookup`: the older name of `llm-semantic-cache-lookup`.

pub use super::llm_semantic_cache_lookup::LlmSemanticCacheLookup as AzureOpenaiSemanticCacheLookup;
pub(super) use super::llm_semantic_cache_lookup::lower;
