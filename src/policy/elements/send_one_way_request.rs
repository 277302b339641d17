//! `send-one-way-request`: a request of the policy's own that nobody waits for.

use super::send_request::{self, SendRequest};
use crate::{policy::lowering::Lowering, xml::Element};

/// The policy's settings: those of `send-request`, without a response to keep.
#[derive(Debug)]
pub struct SendOneWayRequest {
    /// The request.
    pub request: SendRequest,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<SendOneWayRequest> {
    send_request::lower(lowering, element, path).map(|request| SendOneWayRequest { request })
}
