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
    element.text().filter(|text| !text.decoded.is_empty())?;
    lowering.text(element, Target::Text).map(|method| SetMethod { method })
}
