//! `rate-limit-by-key`: so many calls under a key in so many seconds.

use super::rate_limit::{CALLS, CallNames, RENEWAL_PERIOD};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    text::Text,
    xml::Element,
};

/// The policy's settings.
#[derive(Debug)]
pub struct RateLimitByKey {
    /// Calls with the same key are counted together.
    pub counter_key: Setting<Text>,
    /// How many calls.
    pub calls: Setting<i64>,
    /// In how many seconds.
    pub renewal_period: Setting<i64>,
    /// Which calls count, and for how much.
    pub increment: Increment,
    /// What it tells.
    pub names: CallNames,
}

/// `increment-condition` and `increment-count`.
#[derive(Debug)]
pub struct Increment {
    /// Whether a call counts.
    pub condition: Setting<bool>,
    /// For how much it counts.
    pub count: Setting<i64>,
}

impl Increment {
    /// Expressions are decided at the end of the pipeline, when there is a response.
    pub fn is_deferred(&self) -> bool {
        matches!(self.condition, Setting::Expression(_)) || matches!(self.count, Setting::Expression(_))
    }

    pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element) -> Self {
        Self {
            condition: lowering.bool_attribute(element, "increment-condition").unwrap_or(Setting::Literal(true)),
            count: lowering.int_attribute(element, "increment-count", CALLS).unwrap_or(Setting::Literal(1)),
        }
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<RateLimitByKey> {
    let counter_key = lowering.text_attribute(element, "counter-key");
    let calls = lowering.int_attribute(element, "calls", CALLS);
    let renewal_period = lowering.int_attribute(element, "renewal-period", RENEWAL_PERIOD);
    let increment = Increment::lower(lowering, element);
    let names = CallNames::lower(lowering, element);
    Some(RateLimitByKey { counter_key: counter_key?, calls: calls?, renewal_period: renewal_period?, increment, names })
}
