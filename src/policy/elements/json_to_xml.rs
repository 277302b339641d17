//! `json-to-xml`: a body of JSON made into XML.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct JsonToXml {
    /// `always` rather than `content-type-json`.
    pub applies_always: Setting<bool>,
    /// Whether the request must ask for XML.
    pub considers_accept: Setting<bool>,
    /// Whether texts that are dates become dates.
    pub parses_dates: bool,
    /// What divides a prefix from a name.
    pub separator: Option<Setting<Text>>,
    /// What properties that declare namespaces begin with.
    pub namespace_prefix: Option<Setting<Text>>,
    /// The object whose properties declare namespaces. The attribute is in the schema and on no page; so are the last four.
    pub namespace_block: Option<Setting<Text>>,
    /// The object whose properties are attributes.
    pub attribute_block: Option<Setting<Text>>,
    /// What properties that are attributes begin with.
    pub attribute_prefix: Option<Setting<Text>>,
    /// What stands for characters that no XML name has.
    pub replacement: Option<Setting<Text>>,
    /// Whether an empty value is null.
    pub is_empty_null: Setting<bool>,
    /// Whether values lose the blanks around them.
    pub is_trimmed: bool,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<JsonToXml> {
    lowering.reads_body();
    if let Some(attribute) = element.attribute("null-values") {
        let message = "what `null-values` does is documented nowhere: it has no effect here";
        lowering.warning("policy/not-simulated", attribute.span, message, "leave it out");
    }
    let is_empty_null = match element.attribute("empty-values") {
        None => Some(Setting::Literal(false)),
        Some(_) => word(lowering, element, "empty-values", "as-null", "preserve"),
    };
    let policy = JsonToXml {
        applies_always: word(lowering, element, "apply", "always", "content-type-json")?,
        considers_accept: lowering.bool_attribute(element, "consider-accept-header").unwrap_or(Setting::Literal(true)),
        parses_dates: lowering.literal_bool_attribute(element, "parse-date", true),
        separator: lowering.text_attribute(element, "namespace-separator"),
        namespace_prefix: lowering.text_attribute(element, "namespace-prefix"),
        namespace_block: lowering.text_attribute(element, "namespace-block-name"),
        attribute_block: lowering.text_attribute(element, "attribute-block-name"),
        attribute_prefix: lowering.text_attribute(element, "attribute-prefix"),
        replacement: lowering.text_attribute(element, "invalid-character-replacement"),
        is_empty_null: is_empty_null?,
        is_trimmed: lowering.literal_bool_attribute(element, "trim-values", false),
    };
    Some(policy)
}

/// An attribute of two words, by whether it is the first one. An expression gives true for the first: it is a text, and so compared when it
/// has run.
pub(super) fn word(
    lowering: &mut Lowering<'_>,
    element: &Element,
    name: &str,
    yes: &'static str,
    no: &'static str,
) -> Option<Setting<bool>> {
    let attribute = element.attribute(name)?;
    lowering.setting(&attribute.value, Target::Text, |text| match text.trim() {
        text if text == yes => Ok(true),
        text if text == no => Ok(false),
        _ => Err("one of its words"),
    })
}
