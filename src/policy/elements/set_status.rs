//! `set-status`: a response's status code and reason.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetStatus {
    /// The status code.
    pub code: Setting<i64>,
    /// The reason phrase; the code's own where it is left out.
    pub reason: Option<Setting<Text>>,
}

/// Lowers the element. In `inbound` it may stand only inside of `return-response`, whose own file lowers it.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetStatus> {
    let reason = lowering.text_attribute(element, "reason");
    Some(SetStatus { code: lowering.int_attribute(element, "code", 100..=999)?, reason })
}
