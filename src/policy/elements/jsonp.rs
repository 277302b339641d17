//! `jsonp`: the response as the call of a function that the query names.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Jsonp {
    /// The query parameter with the function's name.
    pub parameter: Setting<Text>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<Jsonp> {
    lowering.reads_body();
    Some(Jsonp { parameter: lowering.text_attribute(element, "callback-parameter-name")? })
}
