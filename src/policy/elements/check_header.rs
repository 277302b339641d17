//! `check-header`: a header must be there, with one of the values where any are named.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct CheckHeader {
    /// The header.
    pub name: Setting<Text>,
    /// The status of a refusal.
    pub status: Setting<i64>,
    /// The message of a refusal.
    pub message: Option<Setting<Text>>,
    /// Whether the values are compared without case.
    pub ignore_case: Setting<bool>,
    /// What the header may be.
    pub values: Vec<Setting<Text>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<CheckHeader> {
    Some(CheckHeader {
        name: lowering.text_attribute(element, "name")?,
        status: lowering.int_attribute(element, "failed-check-httpcode", 100..=999)?,
        message: lowering.text_attribute(element, "failed-check-error-message"),
        ignore_case: lowering.bool_attribute(element, "ignore-case").unwrap_or(Setting::Literal(false)),
        values: element.elements().filter(|child| child.name == "value").filter_map(|child| lowering.text(child, Target::Text)).collect(),
    })
}
