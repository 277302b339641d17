//! Identifiers as the service makes them.

use crate::environment::Environment;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `prefix` and 29 random letters and digits: `chatcmpl-…`, `cmpl-…`.
pub(super) fn completion_id(prefix: &str, environment: &mut dyn Environment) -> String {
    let mut id = String::with_capacity(prefix.len() + 29);
    id.push_str(prefix);
    let mut bits = 0;
    for place in 0..29 {
        // 62^10 < 2^64: a random number is good for ten places.
        if place % 10 == 0 {
            bits = environment.random();
        }
        let digit = ALPHANUMERIC.get((bits % 62) as usize).copied().unwrap_or(b'0');
        id.push(char::from(digit));
        bits /= 62;
    }
    id
}
