//! `azure-openai-emit-token-metric`: `llm-emit-token-metric` under its first name.

pub use super::llm_emit_token_metric::LlmEmitTokenMetric as AzureOpenaiEmitTokenMetric;
pub(super) use super::llm_emit_token_metric::lower;
