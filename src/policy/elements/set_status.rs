//! `set-status`: a response's status code and reason.

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
pub struct SetStatus {
    /// The status code.
    pub code: Setting<i64>,
    /// The reason phrase; the code's own where it is left out.
    pub reason: Option<Setting<Text>>,
}

impl SetStatus {
    /// Whether a setting may read a message's body.
    pub fn reads_body(&self) -> bool {
        self.code.reads_body() || self.reason.as_ref().is_some_and(Setting::reads_body)
    }
}

/// Lowers the element. In `inbound` it may stand only inside of `return-response`, whose own file lowers it.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<SetStatus> {
    if path.rsplit('\\').next().is_some_and(|last| last.starts_with("set-status")) {
        lowering.only_in(element, &[Section::Outbound, Section::OnError]);
    }
    lowering.attributes(element, &["code", "reason"]);
    lowering.children(element, &[]);
    if element.attribute("code").is_none() {
        lowering.missing(element, "code");
    }
    let reason = lowering.text_attribute(element, "reason");
    Some(SetStatus { code: lowering.int_attribute(element, "code", 100..=999)?, reason })
}
