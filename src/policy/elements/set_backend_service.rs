//! `set-backend-service`: where the request will go.

use std::sync::Arc;

use crate::{
    http::Url,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub enum SetBackendService {
    /// The backend's base URL, path included.
    BaseUrl(Arc<Url>),
    /// A base URL that is computed, or that only the request finds to be none.
    BaseUrlOf(Setting<Text>),
    /// The id of a backend entity.
    BackendId(Setting<Text>),
}

/// Lowers the element. Where both are given the entity holds: it brings its own URL. What belongs to Service Fabric and Dapr is refused by
/// name.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<SetBackendService> {
    let special = |name: &str| name.starts_with("sf-") || name.starts_with("dapr-");
    let mut sound = true;
    for attribute in element.attributes.iter().filter(|attribute| special(&attribute.name)) {
        let message = format!("`{}` is not simulated", attribute.name);
        lowering.fault("policy/not-simulated", attribute.name_span, message, "use a backend with an `http` or `https` URL");
        sound = false;
    }
    if !sound {
        return None;
    }
    if element.attribute("backend-id").is_none() {
        let url = lowering.text_attribute(element, "base-url")?;
        let known = match &url {
            Setting::Literal(text) => Url::parse(text),
            Setting::Expression(_) => None,
        };
        return Some(
            known.map_or(SetBackendService::BaseUrlOf(url), |url| SetBackendService::BaseUrl(Arc::new(url.without_empty_segments()))),
        );
    }
    let id = lowering.text_attribute(element, "backend-id")?;
    if let Setting::Literal(id) = &id {
        lowering.known_backend(element, id);
    }
    Some(SetBackendService::BackendId(id))
}
