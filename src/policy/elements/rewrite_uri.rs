//! `rewrite-uri`: the path, and with it the query, that the backend sees.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct RewriteUri {
    /// The new path and query, with `{parameters}` of the operation's template.
    pub template: Setting<Text>,
    /// Whether query parameters that the templates do not name come along.
    pub copy_unmatched_params: Setting<bool>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<RewriteUri> {
    let copy_unmatched_params = lowering.bool_attribute(element, "copy-unmatched-params").unwrap_or(Setting::Literal(true));
    Some(RewriteUri { template: lowering.text_attribute(element, "template")?, copy_unmatched_params })
}
