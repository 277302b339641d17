//! `quota`: so many calls or kilobytes of a subscription, renewed or for good.

use super::rate_limit::{CALLS, Target};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    xml::Element,
};

/// The policy's settings: its own limit first, then those for APIs and operations.
#[derive(Debug)]
pub struct Quota {
    /// The limits; each counts for itself.
    pub limits: Vec<QuotaLimit>,
}

/// One limit.
#[derive(Debug)]
pub struct QuotaLimit {
    /// Which calls it is for.
    pub target: Target,
    /// What there is.
    pub amounts: Amounts,
    /// Seconds until there is as much again; 0 is never.
    pub renewal_period: Setting<i64>,
}

/// What a quota allows: `calls`, `bandwidth`, or both.
#[derive(Debug)]
pub struct Amounts {
    /// How many calls.
    pub calls: Option<Setting<i64>>,
    /// How many kilobytes of requests and responses.
    pub bandwidth: Option<Setting<i64>>,
}

impl Amounts {
    pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element) -> Self {
        Self { calls: lowering.int_attribute(element, "calls", CALLS), bandwidth: lowering.int_attribute(element, "bandwidth", CALLS) }
    }
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _: &str) -> Option<Quota> {
    let mut places = vec![(Target::default(), element)];
    places.extend(Target::children(lowering, element));
    let mut limits = Vec::with_capacity(places.len());
    let mut sound = true;
    for (target, element) in places {
        let amounts = Amounts::lower(lowering, element);
        match lowering.int_attribute(element, "renewal-period", CALLS) {
            Some(renewal_period) => limits.push(QuotaLimit { target, amounts, renewal_period }),
            None => sound = false,
        }
    }
    sound.then_some(Quota { limits })
}
