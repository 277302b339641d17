//! `quota`: so many calls or kilobytes of a subscription, renewed or for good.

use super::rate_limit::{CALLS, Target};
use crate::{
    policy::{lowering::Lowering, program::Setting},
    xml::Element,
};

/// The policy's settings: its own limit first, then those for APIs and operations.
#[derive(Debug)]
pub struct Quota {
    /// Seconds until there is as much again; 0 is never.
    pub renewal_period: Setting<i64>,
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
    /// Its own period, where it has one. The page has the attribute for APIs and operations, and its statement does without; users report
    /// that the service refuses it there (github.com/MicrosoftDocs/azure-docs, issues 15164 and 85769). Here both are taken.
    pub renewal_period: Option<Setting<i64>>,
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
    let renewal_period = lowering.int_attribute(element, "renewal-period", CALLS);
    let mut limits = vec![QuotaLimit { target: Target::default(), amounts: Amounts::lower(lowering, element), renewal_period: None }];
    for (target, element) in Target::children(lowering, element) {
        let amounts = Amounts::lower(lowering, element);
        limits.push(QuotaLimit { target, amounts, renewal_period: lowering.int_attribute(element, "renewal-period", CALLS) });
    }
    Some(Quota { renewal_period: renewal_period?, limits })
}
