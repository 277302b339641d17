//! `validate-headers`: the response's headers against the API's definition.

use super::{
    validate_content::{Action, action},
    validate_parameters::named,
};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct ValidateHeaders {
    /// About headers that the definition names.
    pub specified: Setting<Action>,
    /// About others.
    pub unspecified: Setting<Action>,
    /// The variable for the errors.
    pub variable: Option<Text>,
    /// About single ones.
    pub headers: Vec<(Text, Setting<Action>)>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<ValidateHeaders> {
    let specified = action(lowering, element, "specified-header-action");
    let unspecified = action(lowering, element, "unspecified-header-action");
    Some(ValidateHeaders {
        variable: lowering.literal_attribute(element, "errors-variable-name"),
        headers: named(lowering, element, "header"),
        specified: specified?,
        unspecified: unspecified?,
    })
}
