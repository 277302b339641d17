//! What is said about a fault beside its word.

use std::{collections::HashSet, fmt, time::Duration};

use super::{FaultError, FaultOption, Quota, Share, share::written};
use crate::{
    http::{HOP_BY_HOP, Headers, is_token},
    text::Text,
};

/// What may be said about a fault beside its word. Which fault takes what stands in the [catalogue](super::CATALOGUE).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultOptions {
    /// The share of requests that it holds for; all without it.
    pub rate: Option<Share>,
    /// It comes and goes: it holds in the first half of each period, the first of which begins with the fault.
    pub period: Option<Duration>,
    /// What `retry-after` (seconds, rounded up) and `retry-after-ms` say; neither field is there without it.
    pub retry_after: Option<Duration>,
    /// Header fields of the answer, in place of the service's own of that name.
    pub headers: Vec<(Text, Text)>,
    /// The body of the answer, in place of the service's own.
    pub body: Option<Text>,
    /// How late the first byte is; with `slow-tokens`, each piece of a stream.
    pub delay: Option<Duration>,
    /// How many pieces of a stream come before it ends; half of them without.
    pub pieces: Option<u32>,
    /// What the limit of a deployment falls to.
    pub tokens_per_minute: Option<Quota>,
}

impl FaultOptions {
    /// Those that are there.
    pub fn given(&self) -> impl Iterator<Item = FaultOption> {
        let given = [
            (FaultOption::Rate, self.rate.is_some()),
            (FaultOption::Period, self.period.is_some()),
            (FaultOption::RetryAfter, self.retry_after.is_some()),
            (FaultOption::Header, !self.headers.is_empty()),
            (FaultOption::Body, self.body.is_some()),
            (FaultOption::Delay, self.delay.is_some()),
            (FaultOption::Pieces, self.pieces.is_some()),
            (FaultOption::TokensPerMinute, self.tokens_per_minute.is_some()),
        ];
        given.into_iter().filter_map(|(option, given)| given.then_some(option))
    }

    /// The header fields of a gateway's status: when to come back, and those that were asked for, which come last.
    pub fn fields(&self) -> Headers {
        let mut fields = Headers::new();
        if let Some(wait) = self.retry_after {
            fields.append("Retry-After", wait.as_millis().div_ceil(1000).to_string());
            fields.append("retry-after-ms", wait.as_millis().to_string());
        }
        for (name, value) in &self.headers {
            fields.set(name.clone(), value.clone());
        }
        fields
    }

    /// What is wrong with them, whichever fault they belong to.
    pub(super) fn check(&self) -> Result<(), FaultError> {
        if self.period.is_some_and(|period| period < SHORTEST_PERIOD) {
            return Err(FaultError::ShortPeriod);
        }
        let mut seen = HashSet::new();
        for (name, value) in &self.headers {
            let wrong = |reason| FaultError::WrongHeader { name: name.to_string(), reason };
            if !is_token(name) {
                return Err(wrong("this is no name of a header"));
            }
            if HOP_BY_HOP.has(name) || name.eq_ignore_ascii_case("Content-Length") {
                return Err(wrong("it belongs to the connection"));
            }
            if value.chars().any(|c| (c.is_control() && c != '\t') || u32::from(c) > 0xff) {
                return Err(wrong("its value holds what no header can carry"));
            }
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(wrong("it is there twice"));
            }
        }
        Ok(())
    }
}

/// A server that comes and goes faster than this is not seen to do so.
const SHORTEST_PERIOD: Duration = Duration::from_millis(2);

/// `, retry-after 10s, rate 30%`: what stands behind a word.
impl fmt::Display for FaultOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for option in self.given() {
            let value = match option {
                FaultOption::Rate => self.rate.map(|rate| rate.to_string()),
                FaultOption::Period => self.period.map(written),
                FaultOption::RetryAfter => self.retry_after.map(written),
                FaultOption::Delay => self.delay.map(written),
                FaultOption::Pieces => self.pieces.map(|pieces| pieces.to_string()),
                FaultOption::TokensPerMinute => self.tokens_per_minute.map(|quota| quota.to_string()),
                // Text of any length and of any kind.
                FaultOption::Header => Some(self.headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")),
                FaultOption::Body => None,
            };
            match value {
                Some(value) => write!(f, ", {} {value}", option.flag())?,
                None => write!(f, ", {}", option.flag())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_cannot_be_sent_are_refused() {
        let check = |name: &'static str, value: &'static str| {
            FaultOptions { headers: vec![("X-First".into(), "1".into()), (name.into(), value.into())], ..FaultOptions::default() }.check()
        };
        assert_eq!(check("X-Second", "å b\tc"), Ok(()));
        for (name, value, reason) in [
            ("", "1", "this is no name of a header"),
            ("X Y", "1", "this is no name of a header"),
            ("content-length", "1", "it belongs to the connection"),
            ("Transfer-Encoding", "chunked", "it belongs to the connection"),
            ("X-Second", "1\r\nX-Third: 1", "its value holds what no header can carry"),
            ("X-Second", "→", "its value holds what no header can carry"),
            ("x-first", "1", "it is there twice"),
        ] {
            assert_eq!(check(name, value).unwrap_err().to_string(), format!("the header `{name}` cannot be sent: {reason}"));
        }
    }

    #[test]
    fn options_are_told_in_one_order_without_the_body() {
        let options = FaultOptions {
            rate: "30%".parse().ok(),
            period: Some(Duration::from_secs(20)),
            retry_after: Some(Duration::from_millis(1500)),
            headers: vec![("X-A".into(), "1".into()), ("X-B".into(), "2".into())],
            body: Some("text".into()),
            delay: Some(Duration::from_secs(2)),
            pieces: Some(3),
            tokens_per_minute: Some(Quota::Tokens(1000)),
        };
        let told = ", rate 30%, period 20s, retry-after 1500ms, header X-A X-B, body, delay 2s, pieces 3, tokens-per-minute 1000";
        assert_eq!(options.to_string(), told);
        assert_eq!(FaultOptions::default().to_string(), "");
        let short = FaultOptions { period: Some(Duration::from_millis(1)), ..FaultOptions::default() };
        assert_eq!(short.check(), Err(FaultError::ShortPeriod));
    }
}
