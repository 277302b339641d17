//! `azure-openai-token-limit`: `llm-token-limit` under its first name.

pub use super::llm_token_limit::LlmTokenLimit as AzureOpenaiTokenLimit;
pub(super) use super::llm_token_limit::lower;
