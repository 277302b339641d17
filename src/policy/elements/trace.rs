//! `trace`: a message for the trace; the client sees nothing of it.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Trace {
    /// Who says it.
    pub source: Text,
    /// `verbose`, `information` or `error`.
    pub severity: Text,
    /// What it says.
    pub message: Setting<Text>,
    /// Properties.
    pub metadata: Vec<(Setting<Text>, Setting<Text>)>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<Trace> {
    let source = lowering.literal_attribute(element, "source");
    let severity = lowering.literal_attribute(element, "severity").unwrap_or("verbose".into());
    if !["verbose", "information", "error"].contains(&severity.as_str()) {
        let span = element.attribute("severity").map_or(element.name_span, |attribute| attribute.value.span);
        lowering.fault("policy/bad-value", span, "this is not a severity", "write `verbose`, `information` or `error`");
    }
    let message = match element.element("message") {
        Some(message) => lowering.text(message, Target::Text),
        // The schema lets the element have a text of its own; deployed samples of Microsoft's have their message there.
        None if element.text().is_some_and(|text| !text.is_blank()) => lowering.text(element, Target::Text),
        None => {
            lowering.missing(element, "message");
            None
        }
    };
    let mut metadata = Vec::new();
    for child in element.elements().filter(|child| child.name == "metadata") {
        match (lowering.text_attribute(child, "name"), lowering.text_attribute(child, "value")) {
            (Some(name), Some(value)) => metadata.push((name, value)),
            _ => lowering.missing(child, "name and value"),
        }
    }
    Some(Trace { source: source?, severity, message: message?, metadata })
}
