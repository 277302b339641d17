//! The header fields that the edge takes away and adds.
//! Source: learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol.

use super::{
    Client, Origin, Passage,
    client::{SIMULATED_COUNTRY, remote},
    config::FrontDoorConfig,
};
use crate::{
    gateway::effect::CLIENT_CERTIFICATE,
    http::{RequestHead, ResponseHead, Url},
    text::Text,
};

/// Fields that the edge says itself, whatever the client sent.
const OWN: [&str; 8] = [
    "X-Azure-ClientIP",
    "X-Azure-SocketIP",
    "X-Azure-Ref",
    "X-Azure-RequestChain",
    "X-Azure-FDID",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
];

/// Makes a client's request the edge's: without reserved fields, with those that the edge adds.
pub(super) fn to_origin(config: &FrontDoorConfig, passage: &Passage, client: &Client, request: &mut RequestHead) {
    let remote = remote(request).map_or_else(|| client.text.clone(), |(address, _)| address.to_string().into());
    let before = forwarded_for(request);
    let headers = &mut request.headers;
    headers.retain(|name, _| !is_taken_away(name));
    // An intermediary adds itself behind those before it (RFC 9110 section 7.6.3).
    headers.append("Via", client.via);
    headers.append("X-Azure-ClientIP", remote);
    headers.append("X-Azure-SocketIP", client.text.clone());
    headers.append("X-Azure-Ref", passage.reference.clone());
    headers.append("X-Azure-RequestChain", "hops=1");
    headers.append("X-Azure-FDID", config.id.clone());
    headers.append("X-Forwarded-For", before.map_or_else(|| client.text.clone(), |before| format!("{before}, {}", client.text).into()));
    headers.append("X-Forwarded-Host", host(&request.url));
    headers.append("X-Forwarded-Proto", request.url.scheme.clone());
}

fn is_taken_away(name: &str) -> bool {
    let starts = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
    starts
        && (OWN.iter().any(|own| own.eq_ignore_ascii_case(name))
            || name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("x-fd-"))
            || name.eq_ignore_ascii_case(SIMULATED_COUNTRY)
            // TLS with the client ends here, and its certificate with it.
            || name.eq_ignore_ascii_case(CLIENT_CERTIFICATE))
}

fn forwarded_for(request: &RequestHead) -> Option<String> {
    let mut values = request.headers.values("X-Forwarded-For").map(Text::as_str);
    let first = values.next()?.to_owned();
    Some(values.fold(first, |before, value| format!("{before}, {value}")))
}

fn host(url: &Url) -> Text {
    if url.port.is_none() { url.host.clone() } else { url.authority().into() }
}

/// Sends the edge's request to an origin: the URL and `Host` are the origin's, over TLS. A second call sends it elsewhere.
pub(super) fn address(origin: &Origin, request: &mut RequestHead) {
    request.url.scheme = "https".into();
    request.url.host = origin.host.clone();
    request.url.port = None;
    request.headers.set("Host", origin.host.clone());
}

/// A health probe. That it carries the profile's id is our choice: documentation does not say.
/// Source: learn.microsoft.com/azure/frontdoor/health-probes.
pub(super) fn probe(config: &FrontDoorConfig, origin: &Origin) -> RequestHead {
    let probe = &config.settings.probe;
    RequestHead {
        method: probe.method.text().into(),
        url: Url {
            scheme: probe.protocol.scheme().into(),
            host: origin.host.clone(),
            port: None,
            path: probe.path.clone().into(),
            query: Text::EMPTY,
        },
        headers: [
            ("Host", origin.host.clone()),
            ("User-Agent", "Edge Health Probe".into()),
            ("X-FD-HealthProbe", "1".into()),
            ("X-Azure-FDID", config.id.clone()),
        ]
        .into_iter()
        .collect(),
    }
}

/// What every answer carries, and what `X-Azure-DebugInfo: 1` asks for. `trouble` is what went wrong on the way to the origin.
pub(super) fn to_client(passage: &Passage, origin_status: Option<u16>, trouble: Option<&'static str>, answer: &mut ResponseHead) {
    answer.headers.set("X-Azure-Ref", passage.reference.clone());
    // The route caches nothing.
    answer.headers.set("X-Cache", "CONFIG_NOCACHE");
    if passage.debug {
        if let Some(status) = origin_status {
            answer.headers.set("X-Azure-OriginStatusCode", status.to_string());
        }
        answer.headers.set("X-Azure-InternalError", "");
        answer.headers.set("X-Azure-ExternalError", trouble.unwrap_or_default());
    }
}
