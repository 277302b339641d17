//! `redirect-content-urls`: links to the backend become links to the gateway, and the other way round.

use crate::{policy::lowering::Lowering, xml::Element};

/// The policy has no settings.
#[derive(Debug)]
pub struct RedirectContentUrls;

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, _: &Element, _: &str) -> Option<RedirectContentUrls> {
    lowering.reads_body();
    Some(RedirectContentUrls)
}
