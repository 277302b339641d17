//! `validate-status-code`: the response's status against the API's definition.

use super::validate_content::{Action, action};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateStatusCode {
    /// About statuses that the definition does not name.
    pub unspecified: Setting<Action>,
    /// The variable for the errors.
    pub variable: Option<Text>,
    /// About single ones.
    pub codes: Vec<(i64, Setting<Action>)>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateStatusCode> {
    let unspecified = action(lowering, element, "unspecified-status-code-action");
    let mut codes = Vec::new();
    for child in element.elements().filter(|child| child.name == "status-code") {
        if let (Some(Setting::Literal(code)), Some(action)) =
            (lowering.int_attribute(child, "code", 0..=999), action(lowering, child, "action"))
        {
            codes.push((code, action));
        }
    }
    Some(ValidateStatusCode { variable: lowering.literal_attribute(element, "errors-variable-name"), codes, unspecified: unspecified? })
}
