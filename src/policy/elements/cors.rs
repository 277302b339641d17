//! `cors`: requests of other origins' pages.

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct Cors {
    /// Whether pages may send credentials.
    pub allow_credentials: Setting<bool>,
    /// Whether a request that does not match ends here.
    pub terminate_unmatched_request: Setting<bool>,
    /// Origins; `*` is any.
    pub origins: Vec<Setting<Text>>,
    /// Methods; `*` is any.
    pub methods: Vec<Setting<Text>>,
    /// How long a preflight's answer holds, in seconds.
    pub max_age: Setting<i64>,
    /// Headers of the request; `*` is any.
    pub headers: Vec<Setting<Text>>,
    /// Headers of the response that the page may read.
    pub exposed: Vec<Setting<Text>>,
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<Cors> {
    let mut list = |parent: &str, child: &str| -> Option<Vec<Setting<Text>>> {
        let parent = element.element(parent)?;
        Some(parent.elements().filter(|each| each.name == child).filter_map(|each| lowering.text(each, Target::Text)).collect())
    };
    let origins = list("allowed-origins", "origin").unwrap_or_default();
    let methods = list("allowed-methods", "method");
    let headers = list("allowed-headers", "header").unwrap_or_default();
    let exposed = list("expose-headers", "header").unwrap_or_default();
    let max_age = element
        .element("allowed-methods")
        .and_then(|methods| lowering.int_attribute(methods, "preflight-result-max-age", 0..=i64::from(i32::MAX)));
    let simple = || vec![Setting::Literal(Text::Static("GET")), Setting::Literal(Text::Static("POST"))];
    Some(Cors {
        allow_credentials: lowering.bool_attribute(element, "allow-credentials").unwrap_or(Setting::Literal(false)),
        // The page's table says `false`, its own section on an empty 200 says `true`, and users see the empty 200 with the attribute left
        // out. Source: MicrosoftDocs/azure-docs, issue 55313.
        terminate_unmatched_request: lowering.bool_attribute(element, "terminate-unmatched-request").unwrap_or(Setting::Literal(true)),
        origins,
        methods: methods.unwrap_or_else(simple),
        max_age: max_age.unwrap_or(Setting::Literal(0)),
        headers,
        exposed,
    })
}
