//! `azure-openai-semantic-cache-lookup`: the older name of `llm-semantic-cache-lookup`.

pub(super) use super::llm_semantic_cache_lookup::lower;
pub use super::llm_semantic_cache_lookup::LlmSemanticCacheLookup as AzureOpenaiSemanticCacheLookup;
