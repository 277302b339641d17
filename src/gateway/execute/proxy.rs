//! Runs `proxy`. Source: learn.microsoft.com/azure/api-management/proxy-policy.

use super::{Outcome, Stop, Turn};
use crate::{
    gateway::{answers::PolicyError, egress::Via},
    http::Url,
    policy::elements::proxy::Proxy,
    text::Text,
};

pub(super) fn execute(policy: &Proxy, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let via = via(policy, element, turn)?;
    turn.state.egress.get_or_insert_default().proxy = Some(via);
    Ok(Outcome::Done)
}

/// The proxy that the element means; `send-request` has one of its own.
pub(super) fn via(policy: &Proxy, element: &Text, turn: &mut Turn<'_>) -> Result<Via, Stop> {
    let text = turn.text(&policy.url, element)?;
    let url = Url::parse(&text).filter(|url| url.scheme == "http");
    // "Only HTTP is supported between the gateway and the proxy."
    let url = url.ok_or_else(|| PolicyError::value(element, format!("'{text}' is not the address of a proxy: http://host:port.")))?;
    let username = policy.username.as_ref().map(|username| turn.text(username, element)).transpose()?;
    let password = policy.password.as_ref().map(|password| turn.secret(password, element)).transpose()?;
    let credentials = username.map(|username| (username, password.unwrap_or_default()));
    if turn.detailed {
        let known = turn.gateway.entities.proxies.is_empty();
        let how = if known { "no proxy is told of, so that every one lets everything through" } else { "of those that were told of" };
        turn.say("information", format!("requests go by the proxy '{url}' ({how})"));
    }
    Ok(Via { url, credentials })
}
