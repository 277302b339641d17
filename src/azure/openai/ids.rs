//! Identifiers as the service makes them.

use crate::{
    environment::{Environment, with_guid},
    text::Text,
};

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `prefix` and 29 random letters and digits: `chatcmpl-…`, `cmpl-…`.
pub(super) fn completion_id(prefix: &str, environment: &mut dyn Environment) -> String {
    let mut digits = [b'0'; 29];
    // 62^10 < 2^64: a random number is good for ten places.
    for places in digits.chunks_mut(10) {
        let mut bits = environment.random();
        for digit in places {
            *digit = ALPHANUMERIC.get((bits % 62) as usize).copied().unwrap_or(b'0');
            bits /= 62;
        }
    }
    let mut id = String::with_capacity(prefix.len() + digits.len());
    id.push_str(prefix);
    id.push_str(std::str::from_utf8(&digits).unwrap_or_default());
    id
}

/// A random GUID as text.
pub(super) fn guid(environment: &mut dyn Environment) -> Text {
    with_guid(environment.guid(), Text::copied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{Fixed, Moment, guid_text};

    #[test]
    fn a_guid_is_that_of_the_environment() {
        let mut environment = Fixed { now: Moment(0), state: 3 };
        let expected = guid_text(environment.clone().guid());
        assert_eq!(guid(&mut environment).as_str(), expected);
    }
}
