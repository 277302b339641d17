//! Session affinity: cookies that name an origin.
//!
//! The cookie is kept to only where its origin is among those that a request could go to anyway, and is set only by an answer that no
//! proxy may keep for others: one with `Cache-Control: no-store`, or a 302.
//! Source: learn.microsoft.com/azure/frontdoor/routing-methods, "Session affinity"; the value is a hash of the origin.

use sha2::{Digest, Sha256};

use super::{Origin, OriginId, waf::cookies};
use crate::{
    http::{Headers, RequestHead, ResponseHead},
    text::Text,
};

/// The cookie, and its twin for requests from other sites.
const COOKIE: &str = "ASLBSA";
const CORS_COOKIE: &str = "ASLBSACORS";

/// The cookies' values, one for each origin; none where affinity is off.
#[derive(Clone, Debug)]
pub(super) struct Affinity(Vec<Text>);

impl Affinity {
    /// The cookies of these origins.
    pub(super) fn new(origins: &[Origin]) -> Self {
        Self(origins.iter().map(|origin| value(&origin.host).into()).collect())
    }

    /// Without affinity.
    pub(super) fn off() -> Self {
        Self(Vec::new())
    }

    /// The origin that the client's cookies name.
    pub(super) fn named(&self, request: &RequestHead) -> Option<OriginId> {
        if self.0.is_empty() || !request.headers.contains("Cookie") {
            return None;
        }
        let place = |cookie: &str| self.0.iter().position(|value| value == cookie);
        [COOKIE, CORS_COOKIE].into_iter().find_map(|name| cookies(request, name).find_map(place)).map(OriginId)
    }

    /// Sets the cookies of an origin on its answer, where that may be.
    pub(super) fn set(&self, origin: OriginId, answer: &mut ResponseHead) {
        let Some(value) = self.0.get(origin.0).filter(|_| answer.status == 302 || is_for_nobody_else(&answer.headers)) else { return };
        answer.headers.append("Set-Cookie", format!("{COOKIE}={value}; path=/; secure; HttpOnly"));
        answer.headers.append("Set-Cookie", format!("{CORS_COOKIE}={value}; path=/; secure; HttpOnly; SameSite=None"));
    }
}

fn is_for_nobody_else(headers: &Headers) -> bool {
    headers.values("Cache-Control").flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

/// As seen in the wild: `0003` and a SHA-256 in hexadecimal.
fn value(host: &str) -> String {
    let mut value = "0003".to_owned();
    for byte in Sha256::digest(host.as_bytes()) {
        for digit in [byte >> 4, byte & 0x0f] {
            value.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    value
}
