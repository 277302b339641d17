//! `rewrite-uri`: the path, and with it the query, that the backend sees.

use crate::{
    policy::{
        lowering::Lowering,
        program::{Section, Setting},
    },
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

impl RewriteUri {
    /// Whether a setting may read a message's body.
    pub fn reads_body(&self) -> bool {
        self.template.reads_body() || self.copy_unmatched_params.reads_body()
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<RewriteUri> {
    lowering.only_in(element, &[Section::Inbound]);
    lowering.attributes(element, &["template", "copy-unmatched-params"]);
    lowering.children(element, &[]);
    if element.attribute("template").is_none() {
        lowering.missing(element, "template");
    }
    let copy_unmatched_params = lowering.bool_attribute(element, "copy-unmatched-params").unwrap_or(Setting::Literal(true));
    Some(RewriteUri { template: lowering.text_attribute(element, "template")?, copy_unmatched_params })
}
