//! `authentication-basic`: user and password for the backend.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct AuthenticationBasic {
    /// The user.
    pub username: Setting<Text>,
    /// The password.
    pub password: Setting<Text>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<AuthenticationBasic> {
    let username = lowering.text_attribute(element, "username");
    let password = lowering.text_attribute(element, "password");
    Some(AuthenticationBasic { username: username?, password: password? })
}
