//! `find-and-replace`: a text in the body, wherever it stands.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct FindAndReplace {
    /// What to look for.
    pub from: Setting<Text>,
    /// What to put in its place; nothing removes it.
    pub to: Setting<Text>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<FindAndReplace> {
    lowering.reads_body();
    let (from, to) = (lowering.text_attribute(element, "from"), lowering.text_attribute(element, "to"));
    Some(FindAndReplace { from: from?, to: to? })
}
