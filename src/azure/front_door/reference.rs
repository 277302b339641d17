//! The tracking reference of a request, `X-Azure-Ref`: `20251121T104500Z-` and letters and digits that nobody else has.
//!
//! Source: learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol for what it is for; its form is what endpoints of 2025
//! answer, a little shorter.

use jiff::Timestamp;

use crate::{
    environment::{Environment, Moment},
    text::Text,
};

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TIME: usize = 17;
const LENGTH: usize = TIME + 26;

/// Makes references; the part that says the second is made once a second.
#[derive(Clone, Debug)]
pub(super) struct References {
    second: i64,
    bytes: [u8; LENGTH],
}

impl Default for References {
    fn default() -> Self {
        Self { second: i64::MIN, bytes: [b'0'; LENGTH] }
    }
}

impl References {
    /// A reference for a request that arrives now.
    pub(super) fn next(&mut self, now: Moment, environment: &mut dyn Environment) -> Text {
        let second = now.unix_seconds();
        if second != self.second {
            self.second = second;
            let time = Timestamp::from_second(second).unwrap_or_default().strftime("%Y%m%dT%H%M%SZ-").to_string();
            for (to, from) in self.bytes.iter_mut().zip(time.bytes()).take(TIME) {
                *to = from;
            }
        }
        let mut bits = (u128::from(environment.random()) << 64) | u128::from(environment.random());
        for byte in self.bytes.iter_mut().skip(TIME) {
            *byte = DIGITS.get((bits & 31) as usize).copied().unwrap_or(b'0');
            bits >>= 5;
        }
        Text::copied(std::str::from_utf8(&self.bytes).unwrap_or_default())
    }
}
