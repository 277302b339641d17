//! `rate-limit`: so many calls of a subscription in so many seconds.

use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings: its own limit first, then those for APIs and operations.
#[derive(Debug)]
pub struct RateLimit {
    /// The limits; each counts for itself.
    pub limits: Vec<CallLimit>,
}

/// One limit.
#[derive(Debug)]
pub struct CallLimit {
    /// Which calls it is for.
    pub target: Target,
    /// How many calls.
    pub calls: Setting<i64>,
    /// In how many seconds.
    pub renewal_period: Setting<i64>,
    /// What it tells.
    pub names: CallNames,
}

/// Which calls a limit is for: all, those of an API, those of an operation.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The API.
    pub api: Option<Reference>,
    /// The operation.
    pub operation: Option<Reference>,
}

/// An API or an operation by `id` or by `name`: "If both attributes are provided, `id` will be used and `name` will be ignored".
#[derive(Clone, Debug)]
pub enum Reference {
    /// By id.
    Id(Text),
    /// By display name.
    Name(Text),
}

/// The headers and variables in which a rate limit tells how it stands.
#[derive(Debug)]
pub struct CallNames {
    /// `retry-after-header-name`
    pub retry_after_header: Text,
    /// `retry-after-variable-name`
    pub retry_after_variable: Option<Text>,
    /// `remaining-calls-header-name`
    pub remaining_header: Option<Text>,
    /// `remaining-calls-variable-name`
    pub remaining_variable: Option<Text>,
    /// `total-calls-header-name`
    pub total_header: Option<Text>,
}

impl CallNames {
    pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element) -> Self {
        Self {
            retry_after_header: header_name(lowering, element, "retry-after-header-name").unwrap_or(Text::Static("Retry-After")),
            retry_after_variable: lowering.literal_attribute(element, "retry-after-variable-name"),
            remaining_header: header_name(lowering, element, "remaining-calls-header-name"),
            remaining_variable: lowering.literal_attribute(element, "remaining-calls-variable-name"),
            total_header: header_name(lowering, element, "total-calls-header-name"),
        }
    }
}

/// A header's name from an attribute; an empty one is none.
pub(super) fn header_name(lowering: &mut Lowering<'_>, element: &Element, name: &str) -> Option<Text> {
    let value = lowering.literal_attribute(element, name).filter(|value| !value.is_empty())?;
    if !crate::http::is_token(&value) {
        let span = element.attribute(name).map_or(element.name_span, |attribute| attribute.value.span);
        lowering.fault("policy/bad-value", span, "this is not a header name", "write letters, digits and hyphens");
        return None;
    }
    Some(value)
}

impl Target {
    /// The targets of the children `api` and `operation` of a limit, each with its element.
    pub(super) fn children<'e>(lowering: &mut Lowering<'_>, element: &'e Element) -> Vec<(Self, &'e Element)> {
        let mut found = Vec::new();
        for child in element.elements() {
            match child.name.as_str() {
                "api" => {
                    let api = Reference::lower(lowering, child);
                    found.push((Self { api: api.clone(), operation: None }, child));
                    for inner in child.elements().filter(|inner| inner.name == "operation") {
                        let operation = Reference::lower(lowering, inner);
                        found.push((Self { api: api.clone(), operation }, inner));
                    }
                }
                "operation" => found.push((Self { api: None, operation: Reference::lower(lowering, child) }, child)),
                _ => {}
            }
        }
        found
    }
}

impl Reference {
    fn lower(lowering: &mut Lowering<'_>, element: &Element) -> Option<Self> {
        let id = lowering.literal_attribute(element, "id").map(Self::Id);
        id.or_else(|| lowering.literal_attribute(element, "name").map(Self::Name))
    }
}

/// "Maximum allowed value: 300 seconds": more is refused on saving (github.com/MicrosoftDocs/azure-docs, issue 17231).
pub(super) const RENEWAL_PERIOD: std::ops::RangeInclusive<i64> = 1..=300;

/// How many calls there may be.
pub(super) const CALLS: std::ops::RangeInclusive<i64> = 0..=i32::MAX as i64;

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<RateLimit> {
    let mut places = vec![(Target::default(), element)];
    places.extend(Target::children(lowering, element));
    let mut limits = Vec::with_capacity(places.len());
    let mut sound = true;
    for (target, element) in places {
        let calls = lowering.int_attribute(element, "calls", CALLS);
        let renewal_period = lowering.int_attribute(element, "renewal-period", RENEWAL_PERIOD);
        let names = CallNames::lower(lowering, element);
        match (calls, renewal_period) {
            (Some(calls), Some(renewal_period)) => limits.push(CallLimit { target, calls, renewal_period, names }),
            _ => sound = false,
        }
    }
    sound.then_some(RateLimit { limits })
}
