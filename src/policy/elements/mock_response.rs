//! `mock-response`: the pipeline ends here with a sample of the operation's response.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings. The page lets no expression stand in any of them.
#[derive(Debug)]
pub struct MockResponse {
    /// Whether it acts at all. The attribute is in the schema and on no page.
    pub enabled: bool,
    /// The status of the response, which also chooses the sample.
    pub status: u16,
    /// The media type of the response, which also chooses the sample; the first one found without.
    pub content_type: Option<Text>,
    /// Which of several samples it is, from 0. The attribute is in the schema and on no page.
    pub index: usize,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<MockResponse> {
    let mut number = |name: &str, bounds, default: i64| match lowering.int_attribute(element, name, bounds) {
        Some(Setting::Literal(number)) => Some(number),
        None if element.attribute(name).is_some() => None,
        _ => Some(default),
    };
    let status = number("status-code", 100..=999, 200)?;
    let index = number("index", 0..=1_000, 0)?;
    Some(MockResponse {
        enabled: lowering.literal_bool_attribute(element, "enabled", true),
        status: u16::try_from(status).unwrap_or(200),
        content_type: lowering.literal_attribute(element, "content-type").filter(|text| !text.is_empty()),
        index: usize::try_from(index).unwrap_or(0),
    })
}
