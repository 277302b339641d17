//! `set-method`: the request's method.

use crate::{
    expression::Target,
    policy::{
        lowering::Lowering,
        program::{Section, Setting},
    },
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetMethod {
    /// The method.
    pub method: Setting<Text>,
}

impl SetMethod {
    /// Whether a setting may read a message's body.
    pub fn reads_body(&self) -> bool {
        self.method.reads_body()
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetMethod> {
    lowering.only_in(element, &[Section::Inbound, Section::OnError]);
    lowering.attributes(element, &[]);
    lowering.children(element, &[]);
    if element.text().is_none_or(|text| text.decoded.is_empty()) {
        lowering.missing(element, "a method as its text");
        return None;
    }
    lowering.text(element, Target::Text).map(|method| SetMethod { method })
}
