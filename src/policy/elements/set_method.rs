//! `set-method`: the request's method.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetMethod {
    /// The method.
    pub method: Setting<Text>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetMethod> {
    if element.text().is_none_or(|text| text.decoded.is_empty()) {
        lowering.missing(element, "a method as its text");
        return None;
    }
    lowering.text(element, Target::Text).map(|method| SetMethod { method })
}
