//! `ip-filter`: callers by their address.

use std::net::IpAddr;

use crate::{
    expression::Target,
    policy::{lowering::Lowering, program::Setting},
    xml::{Element, Value},
};

/// The policy's settings.
#[derive(Debug)]
pub struct IpFilter {
    /// Whether the addresses are those that may call, and not those that may not.
    pub allow: Setting<bool>,
    /// Ranges, both ends included; a single address is both ends.
    pub ranges: Vec<(Setting<IpAddr>, Setting<IpAddr>)>,
    /// Single addresses that an expression gives.
    pub addresses: Vec<Setting<IpAddr>>,
}

/// An address without the IPv6 form of one of IPv4.
///
/// # Errors
/// What was expected, for a diagnostic.
pub fn address(text: &str) -> Result<IpAddr, &'static str> {
    text.trim().parse::<IpAddr>().map(|address| address.to_canonical()).map_err(|_| "an IP address")
}

/// Lowers the element.
pub(super) fn lower(lowering: &mut Lowering<'_>, element: &Element, _path: &str) -> Option<IpFilter> {
    let action = element.attribute("action")?;
    let allow = lowering.setting(&action.value, Target::Text, |text| match text.trim() {
        "allow" => Ok(true),
        "forbid" => Ok(false),
        _ => Err("`allow` or `forbid`"),
    });
    let mut filter = IpFilter { allow: allow?, ranges: Vec::new(), addresses: Vec::new() };
    let read = |lowering: &mut Lowering<'_>, value: &Value| lowering.setting(value, Target::Text, address);
    for child in element.elements() {
        if child.name == "address" {
            filter.addresses.extend(child.text().and_then(|value| read(lowering, &value)));
        } else if child.name == "address-range" {
            let from = child.attribute("from").and_then(|from| read(lowering, &from.value));
            let to = child.attribute("to").and_then(|to| read(lowering, &to.value));
            filter.ranges.extend(from.zip(to));
        }
    }
    if !element.elements().any(|child| matches!(child.name.as_str(), "address" | "address-range")) {
        lowering.missing(element, "address` or `address-range");
    }
    Some(filter)
}
