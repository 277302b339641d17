//! Runs `proxy`. Source: learn.microsoft.com/azure/api-management/proxy-policy.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{
        answers::PolicyError,
        egress::{self, proxy_url},
    },
    policy::elements::proxy::Proxy,
    text::Text,
};

pub(super) fn execute(policy: &Proxy, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let proxy = named(policy, element, turn)?;
    turn.state.egress.get_or_insert_default().proxy = Some(proxy);
    Ok(Outcome::Done)
}

/// The proxy that the element means; `send-request` has one of its own. What is wrong with an address is not shown: people put passwords there.
pub(super) fn named(policy: &Proxy, element: &Text, turn: &mut Turn<'_>) -> Result<egress::Proxy, Stop> {
    let url = turn.secret(&policy.url, element)?;
    let wrong = || PolicyError::value(element, "The address of a proxy is http://host:port, without user and password.");
    let url = proxy_url(&url).ok_or_else(wrong)?;
    let username = policy.username.as_ref().map(|username| turn.text(username, element)).transpose()?;
    let password = policy.password.as_ref().map(|password| turn.secret(password, element)).transpose()?;
    let credentials = username.map(|username| (username, password.unwrap_or_default()));
    turn.explain(|| format!("requests go by the proxy '{url}'"));
    Ok(egress::Proxy { url, credentials })
}
