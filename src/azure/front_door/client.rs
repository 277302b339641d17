//! Who is at the other end of a connection to the edge, and on whose behalf it asks.

use std::net::IpAddr;

use super::range::{Countries, Country};
use crate::{http::RequestHead, text::Text};

/// Says in which country the client is; a stand-in for addresses that mean something. The gateways never see it.
pub const SIMULATED_COUNTRY: &str = "X-Simulated-Country";

/// A client of the edge. Make one for each connection or each simulated user, not one for each request.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) address: IpAddr,
    pub(super) text: Text,
    pub(super) country: Country,
    pub(super) via: &'static str,
}

impl Client {
    /// A client that speaks HTTP/1.1 from this address, which lies in this country.
    pub fn new(address: IpAddr, country: Country) -> Self {
        let address = address.to_canonical();
        Self { address, text: address.to_string().into(), country, via: "1.1 Azure" }
    }

    /// The same over HTTP/2.
    #[must_use]
    pub fn over_http2(mut self) -> Self {
        self.via = "2.0 Azure";
        self
    }

    /// Its address.
    pub fn address(&self) -> IpAddr {
        self.address
    }
}

/// The address on whose behalf a request is sent: the first that `X-Forwarded-For` names, else the peer's.
///
/// Source: learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol, `X-Azure-ClientIP`; that it is the first of several
/// is our choice.
pub(super) fn remote(request: &RequestHead) -> Option<(IpAddr, &str)> {
    let first = request.headers.get("X-Forwarded-For")?.split(',').next()?.trim();
    let address = first.parse::<IpAddr>().or_else(|_| without_port(first).parse()).ok()?;
    Some((address.to_canonical(), first))
}

/// `203.0.113.7:1234` and `[2001:db8::1]:1234` as some proxies write them.
fn without_port(text: &str) -> &str {
    match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => text.rsplit_once(':').map_or(text, |(address, _)| address),
    }
}

/// The country that a request says it comes from.
pub(super) fn stated_country(request: &RequestHead) -> Option<Country> {
    Country::new(request.headers.get(SIMULATED_COUNTRY)?.trim())
}

/// The country of the address on whose behalf a request is sent.
pub(super) fn remote_country(request: &RequestHead, client: &Client, countries: &Countries) -> Country {
    stated_country(request).unwrap_or_else(|| match remote(request) {
        Some((address, _)) if address != client.address => countries.of(address),
        _ => client.country,
    })
}
