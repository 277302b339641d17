//! `set-backend-service`: where the request will go.

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
pub struct SetBackendService {
    /// The backend's base URL, path included.
    pub base_url: Setting<Text>,
}

impl SetBackendService {
    /// Whether a setting may read a message's body.
    pub fn reads_body(&self) -> bool {
        self.base_url.reads_body()
    }
}

/// Lowers the element. Backend entities are not simulated yet: they are refused by name.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetBackendService> {
    lowering.only_in(element, &[Section::Inbound, Section::Backend]);
    lowering.children(element, &[]);
    if let Some(backend_id) = element.attribute("backend-id") {
        lowering.fault("policy/not-simulated", backend_id.name_span, "`backend-id` is not simulated", "use `base-url`");
        return None;
    }
    lowering.attributes(element, &["base-url"]);
    if element.attribute("base-url").is_none() {
        lowering.missing(element, "base-url");
    }
    Some(SetBackendService { base_url: lowering.text_attribute(element, "base-url")? })
}
