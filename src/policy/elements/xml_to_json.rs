//! `xml-to-json`: a body of XML made into JSON.

use super::json_to_xml::word;
use crate::{
    policy::{lowering::Lowering, program::Setting},
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct XmlToJson {
    /// `javascript-friendly` rather than `direct`.
    pub is_friendly: Setting<bool>,
    /// `always` rather than `content-type-xml`.
    pub applies_always: Setting<bool>,
    /// Whether the request must ask for JSON.
    pub considers_accept: Setting<bool>,
    /// Whether a child by itself stands in an array too.
    pub is_always_array: Setting<bool>,
    /// Whether text of blanks alone is kept. The attribute is in the schema and on no page; so are the next two.
    pub keeps_blank_text: Setting<bool>,
    /// Whether an empty value is null.
    pub is_empty_null: Setting<bool>,
    /// Whether values lose the blanks around them.
    pub is_trimmed: Setting<bool>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<XmlToJson> {
    lowering.reads_body();
    let truth =
        |lowering: &mut Lowering<'_>, name: &str, default| lowering.bool_attribute(element, name).unwrap_or(Setting::Literal(default));
    let is_friendly = word(lowering, element, "kind", "javascript-friendly", "direct");
    let applies_always = word(lowering, element, "apply", "always", "content-type-xml");
    let is_empty_null = match element.attribute("empty-values") {
        None => Some(Setting::Literal(false)),
        Some(_) => word(lowering, element, "empty-values", "as-null", "preserve"),
    };
    if let (Some(Setting::Literal(true)), Some(kind)) = (&is_friendly, element.attribute("kind")) {
        lowering.warning(
            "policy/approximated",
            kind.value.span,
            "what `javascript-friendly` makes of a document is not documented",
            "here attributes lose their `@`, and text beside them is `$text`; of `direct` there are published results",
        );
    }
    Some(XmlToJson {
        considers_accept: truth(lowering, "consider-accept-header", true),
        is_always_array: truth(lowering, "always-array-child-elements", false),
        keeps_blank_text: truth(lowering, "preserve-whitespace-nodes", false),
        is_trimmed: truth(lowering, "trim-values", false),
        is_friendly: is_friendly?,
        applies_always: applies_always?,
        is_empty_null: is_empty_null?,
    })
}
