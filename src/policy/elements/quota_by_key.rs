//! `quota-by-key`: so many calls or kilobytes under a key, renewed or for good.

use super::{quota::Amounts, rate_limit::CALLS, rate_limit_by_key::Increment};
use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct QuotaByKey {
    /// Calls with the same key are counted together.
    pub counter_key: Setting<Text>,
    /// What there is.
    pub amounts: Amounts,
    /// Seconds until there is as much again; 0 is never.
    pub renewal_period: Setting<i64>,
    /// The unix second at which one of the windows begins.
    pub first_period_start: i64,
    /// Which calls count, and for how much.
    pub increment: Increment,
}

/// 0001-01-01T00:00:00Z, the default of `first-period-start`.
pub const YEAR_ONE: i64 = -62_135_596_800;

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<QuotaByKey> {
    let counter_key = lowering.text_attribute(element, "counter-key");
    let amounts = Amounts::lower(lowering, element);
    let renewal_period = lowering.int_attribute(element, "renewal-period", CALLS);
    // Refused on saving: github.com/MicrosoftDocs/azure-docs, issue 119835.
    if let Some(Setting::Literal(1..300)) = renewal_period {
        let span = element.attribute("renewal-period").map_or(element.name_span, |attribute| attribute.value.span);
        lowering.fault(
            "policy/out-of-range",
            span,
            "the period is too short",
            "it is 300 seconds or more, or 0 for a quota that is never renewed",
        );
    }
    let start = match element.attribute("first-period-start") {
        None => Some(Setting::Literal(YEAR_ONE)),
        Some(attribute) => lowering.setting(&attribute.value, Target::Text, |text| {
            text.trim().parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second).map_err(|_| "a time such as `2025-01-31T00:00:00Z`")
        }),
    };
    let increment = Increment::lower(lowering, element);
    let Some(Setting::Literal(first_period_start)) = start else { return None };
    Some(QuotaByKey { counter_key: counter_key?, amounts, renewal_period: renewal_period?, first_period_start, increment })
}
