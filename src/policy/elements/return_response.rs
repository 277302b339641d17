//! `return-response`: the pipeline ends here with this response.

use super::{
    set_body::{self, SetBody},
    set_header::{self, SetHeader},
    set_status::{self, SetStatus},
};
use crate::{policy::lowering::Lowering, text::Text, xml::Element};

/// The policy's settings.
#[derive(Debug)]
pub struct ReturnResponse {
    /// The variable with the response to start from; an empty 200 without.
    pub variable: Option<Text>,
    /// The status.
    pub status: Option<SetStatus>,
    /// The headers, in order.
    pub headers: Vec<SetHeader>,
    /// The body.
    pub body: Option<SetBody>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, path: &str) -> Option<ReturnResponse> {
    let mut response = ReturnResponse {
        variable: lowering.literal_attribute(element, "response-variable-name"),
        status: None,
        headers: Vec::new(),
        body: None,
    };
    for child in element.elements() {
        match child.name.as_str() {
            "set-status" => response.status = set_status::lower(lowering, child, path),
            "set-header" => response.headers.extend(set_header::lower(lowering, child, path)),
            "set-body" => response.body = set_body::lower_nested(lowering, child).map(SetBody::without_input),
            _ => {}
        }
    }
    Some(response)
}
