//! Runs `ip-filter`. Source of the errors: learn.microsoft.com/azure/api-management/api-management-error-handling-policies.

use std::net::IpAddr;

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::answers::PolicyError,
    policy::{
        Setting,
        elements::ip_filter::{IpFilter, address},
    },
    text::Text,
};

/// What the client is told; the message stays in `LastError`. Source: the emulator of Azure/azure-api-management-policy-toolkit.
const TOLD: &str = "Forbidden";

pub(super) fn execute(policy: &IpFilter, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let caller = turn.state.context.request.ip.clone();
    let Ok(ip) = address(&caller) else {
        let message = "Failed to establish IP address for the caller. Access denied.";
        return Err(PolicyError::refused(element, "FailedToParseCallerIP", message, 403).telling(TOLD).into());
    };
    let mut is_listed = false;
    for single in &policy.addresses {
        is_listed |= resolved(single, element, turn)? == ip;
    }
    for (from, to) in &policy.ranges {
        let (from, to) = (resolved(from, element, turn)?, resolved(to, element, turn)?);
        // Addresses of the two families are never in one range.
        is_listed |= from.is_ipv4() == ip.is_ipv4() && to.is_ipv4() == ip.is_ipv4() && (from..=to).contains(&ip);
    }
    let allow = match &policy.allow {
        Setting::Literal(allow) => *allow,
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            match turn.as_text(&value).as_str() {
                "allow" => true,
                "forbid" => false,
                other => return Err(PolicyError::value(element, format!("'{other}' is neither 'allow' nor 'forbid'.")).into()),
            }
        }
    };
    let (reason, message) = match (allow, is_listed) {
        (true, false) => ("CallerIpNotAllowed", format!("Caller IP address {ip} is not allowed. Access denied.")),
        (false, true) => ("CallerIpBlocked", "Caller IP address is blocked. Access denied.".to_owned()),
        _ => return Ok(Outcome::Done),
    };
    Err(PolicyError::refused(element, reason, message, 403).telling(TOLD).into())
}

fn resolved(setting: &Setting<IpAddr>, element: &Text, turn: &mut Turn<'_>) -> Result<IpAddr, Stop> {
    match setting {
        Setting::Literal(address) => Ok(*address),
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            let text = turn.as_text(&value);
            address(&text).map_err(|_| PolicyError::value(element, format!("'{text}' is not an IP address.")).into())
        }
    }
}
