//! `llm-semantic-cache-lookup`: a stored response to a prompt that is near enough.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings. The backend of the embeddings is not asked: a stand-in makes them.
#[derive(Debug)]
pub struct LlmSemanticCacheLookup {
    /// The cosine distance up to which a stored prompt counts as the same.
    pub score_threshold: f64,
    /// The backend of the embeddings: another one has other vectors.
    pub embeddings: Text,
    /// Whether the system's messages are left out.
    pub ignore_system_messages: Setting<bool>,
    /// How many messages a dialog may have.
    pub max_message_count: Option<Setting<i64>>,
    /// What else tells responses apart.
    pub vary_by: Vec<Setting<Text>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<LlmSemanticCacheLookup> {
    let score_threshold = lowering.literal_attribute(element, "score-threshold").and_then(|text| {
        let number = text.trim().parse::<f64>().ok().filter(|number| (0.0..=1.0).contains(number));
        if let (None, Some(attribute)) = (number, element.attribute("score-threshold")) {
            let message = format!("`{}` is not a number from 0 to 1", attribute.value.decoded.trim());
            lowering.fault(
                "policy/bad-value",
                attribute.value.span,
                message,
                "write the distance up to which prompts count as the same: 0.05",
            );
        }
        number
    });
    let embeddings = lowering.literal_attribute(element, "embeddings-backend-id");
    let ignore_system_messages = match element.attribute("ignore-system-messages") {
        Some(_) => lowering.bool_attribute(element, "ignore-system-messages"),
        None => Some(Setting::Literal(false)),
    };
    let max_message_count = lowering.int_attribute(element, "max-message-count", 0..=i64::from(i32::MAX));
    let vary_by = element.elements().filter_map(|child| lowering.text(child, Target::Text)).collect();
    Some(LlmSemanticCacheLookup {
        score_threshold: score_threshold?,
        embeddings: embeddings?,
        ignore_system_messages: ignore_system_messages?,
        max_message_count,
        vary_by,
    })
}
