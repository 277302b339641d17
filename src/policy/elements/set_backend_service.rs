//! `set-backend-service`: where the request will go.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct SetBackendService {
    /// The backend's base URL, path included.
    pub base_url: Setting<Text>,
}

/// Lowers the element. Backend entities are not simulated yet: they are refused by name.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetBackendService> {
    if let Some(backend_id) = element.attribute("backend-id") {
        lowering.fault("policy/not-simulated", backend_id.name_span, "`backend-id` is not simulated", "use `base-url`");
        return None;
    }
    Some(SetBackendService { base_url: lowering.text_attribute(element, "base-url")? })
}
