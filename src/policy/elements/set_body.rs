//! `set-body`: a message's body.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetBody {
    /// The new body: text, or what an expression gives; a `byte[]` as it is, null as no body.
    pub value: Setting<Text>,
}

/// Lowers the element where it stands by itself. Its page leaves out `on-error`, where it works all the same.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetBody> {
    lower_nested(lowering, element)
}

/// Lowers the element as a child of `send-request` or `return-response`.
pub(super) fn lower_nested(lowering: &mut Lowering<'_>, element: &Element) -> Option<SetBody> {
    if let Some(template) = element.attribute("template").filter(|template| template.value.decoded != "none") {
        lowering.fault("policy/not-simulated", template.value.span, "Liquid templates are not simulated", "use an expression");
        return None;
    }
    match element.elements().next() {
        None => match element.text() {
            Some(_) => lowering.text(element, Target::Any).map(|value| SetBody { value }),
            None => Some(SetBody { value: Setting::Literal(Text::EMPTY) }),
        },
        Some(child) => {
            lowering.fault("policy/not-simulated", child.name_span, "a body of raw XML is not simulated", "put it into `<![CDATA[ ]]>`");
            None
        }
    }
}
