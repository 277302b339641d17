//! `llm-content-safety`: prompts and completions shown to Azure AI Content Safety.

use super::json_to_xml::word;
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct LlmContentSafety {
    /// The backend that is the service. A stand-in answers here, whatever its name.
    pub backend: Setting<Text>,
    /// Whether the prompt is looked at for attacks.
    pub shields_prompt: Setting<bool>,
    /// Whether, in `inbound`, the completion is looked at too.
    pub on_completions: Setting<bool>,
    /// The characters of a response that are looked at together.
    pub window: Option<Setting<i64>>,
    /// The characters that two windows share.
    pub overlap: Option<Setting<i64>>,
    /// Severities from 0 to 7 rather than 0, 2, 4, 6.
    pub has_eight_levels: Setting<bool>,
    /// Categories, and from which severity on they block.
    pub categories: Vec<(Setting<Text>, Setting<i64>)>,
    /// Block lists by id.
    pub blocklists: Vec<Setting<Text>>,
    /// What ties the policy to its look at the completion.
    pub number: usize,
}

/// The look at the completion that a policy in `inbound` asks for: it stands before everything else in `outbound`.
#[derive(Debug)]
pub struct Completions {
    /// That of the policy.
    pub number: usize,
}

impl LlmContentSafety {
    /// Whether it may look at completions from `inbound`.
    pub fn may_check_completions(&self) -> bool {
        !matches!(self.on_completions, Setting::Literal(false))
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<LlmContentSafety> {
    lowering.reads_body();
    let no = Setting::Literal(false);
    let backend = lowering.text_attribute(element, "backend-id");
    let shields_prompt = lowering.bool_attribute(element, "shield-prompt").unwrap_or(no);
    let on_completions = lowering.bool_attribute(element, "enforce-on-completions").unwrap_or(Setting::Literal(false));
    let window = lowering.int_attribute(element, "window-size", 1..=10_000);
    let overlap = lowering.int_attribute(element, "window-overlap-size", 0..=10_000);
    let (mut has_eight_levels, mut categories, mut blocklists) = (Setting::Literal(false), Vec::new(), Vec::new());
    if let Some(list) = element.element("categories") {
        if list.attribute("output-type").is_some() {
            has_eight_levels = word(lowering, list, "output-type", "EightSeverityLevels", "FourSeverityLevels")?;
        }
        for category in list.elements().filter(|child| child.name == "category") {
            let name = lowering.text_attribute(category, "name");
            let threshold = lowering.int_attribute(category, "threshold", 0..=7);
            categories.extend(name.zip(threshold));
        }
    }
    for id in element.element("blocklists").into_iter().flat_map(Element::elements).filter(|child| child.name == "id") {
        blocklists.extend(lowering.text(id, crate::expression::Target::Text));
    }
    let number = lowering.delayed();
    Some(LlmContentSafety {
        backend: backend?,
        shields_prompt,
        on_completions,
        window,
        overlap,
        has_eight_levels,
        categories,
        blocklists,
        number,
    })
}
