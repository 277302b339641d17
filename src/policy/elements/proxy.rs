//! `proxy`: the HTTP proxy by which requests leave.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Proxy {
    /// Its address: `http://host:port`.
    pub url: Setting<Text>,
    /// The user.
    pub username: Option<Setting<Text>>,
    /// The password.
    pub password: Option<Setting<Text>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<Proxy> {
    let url = lowering.text_attribute(element, "url");
    let username = lowering.text_attribute(element, "username");
    let password = lowering.text_attribute(element, "password");
    Some(Proxy { url: url?, username, password })
}
