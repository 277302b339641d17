//! `llm-emit-token-metric`: the tokens of a call as metrics.

use super::emit_metric::{Dimension, dimensions};
use crate::{policy::lowering::Lowering, text::Text, xml::Element};

/// The policy's settings; `azure-openai-emit-token-metric` has the same.
#[derive(Debug)]
pub struct LlmEmitTokenMetric {
    /// The metrics' namespace.
    pub namespace: Text,
    /// Which numbers are sent.
    pub numbers: Numbers,
    /// The dimensions.
    pub dimensions: Vec<Dimension>,
}

/// Which numbers are sent. Only the schema knows a choice (`value-type`, `ignore-prompt`); the page says all.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// `Total Tokens`
    pub total: bool,
    /// `Prompt Tokens`
    pub prompt: bool,
    /// `Completion Tokens`
    pub completion: bool,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<LlmEmitTokenMetric> {
    // An answer that streams is counted by estimate, the prompt with it.
    lowering.reads_body();
    let namespace = lowering.literal_attribute(element, "namespace").unwrap_or(Text::Static("API Management"));
    let kind = lowering.literal_attribute(element, "value-type").unwrap_or(Text::Static("all"));
    let sends = |word: &str| kind == *"all" || kind == *word;
    let ignore_prompt = lowering.literal_bool_attribute(element, "ignore-prompt", false);
    let numbers =
        Numbers { total: sends("total-tokens"), prompt: sends("prompt-tokens") && !ignore_prompt, completion: sends("completion-tokens") };
    Some(LlmEmitTokenMetric { namespace, numbers, dimensions: dimensions(lowering, element)? })
}
