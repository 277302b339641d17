//! Shares of requests and of limits, as faults have them: `30%`.

use std::{fmt, str::FromStr, time::Duration};

/// A part of a whole, in millionths: at least one of them, at most all. Written `30%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share(u32);

/// What a limit of tokens falls to: `tokensPerMinute: 1000`, `tokensPerMinute: 10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// So many tokens a minute; requests a minute fall in proportion.
    Tokens(u64),
    /// This share of what the limits are, tokens and requests alike.
    Share(Share),
}

/// Why something is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a share is a number above 0 and up to 100, with at most four decimals and a percent sign: 30%, 0.5%")]
pub struct NoShare;

/// Why something is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a limit is a whole number of tokens a minute, or a share of what it is: 1000, 10%")]
pub struct NoQuota;

const WHOLE: u32 = 1_000_000;

impl Share {
    /// All of it.
    pub const ALL: Self = Self(WHOLE);

    /// Whether 64 random bits fall into the share.
    pub fn holds(self, random: u64) -> bool {
        (u128::from(random) * u128::from(WHOLE)) >> 64 < u128::from(self.0)
    }

    /// The share of a number, rounded down.
    pub fn of(self, number: u64) -> u64 {
        u64::try_from(u128::from(number) * u128::from(self.0) / u128::from(WHOLE)).unwrap_or(number)
    }

    /// Millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }
}

impl FromStr for Share {
    type Err = NoShare;

    fn from_str(text: &str) -> Result<Self, NoShare> {
        let number = text.strip_suffix('%').ok_or(NoShare)?.trim_end();
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 4 || whole.len() > 3 {
            return Err(NoShare);
        }
        let whole: u32 = whole.parse().map_err(|_| NoShare)?;
        let decimals: u32 = format!("{decimals:0<4}").parse().map_err(|_| NoShare)?;
        match whole * 10_000 + decimals {
            share @ 1..=WHOLE => Ok(Self(share)),
            _ => Err(NoShare),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 10_000, self.0 % 10_000);
        match decimals {
            0 => write!(f, "{whole}%"),
            _ => write!(f, "{whole}.{}%", format!("{decimals:04}").trim_end_matches('0')),
        }
    }
}

impl Quota {
    /// A tenth of what it is.
    pub const TENTH: Self = Self::Share(Share(WHOLE / 10));

    /// What a limit of `tokens` a minute falls to. A limit never rises, and where there was none there is one now if it is a number.
    pub fn tokens(self, tokens: Option<u64>) -> Option<u64> {
        match self {
            Self::Tokens(left) => Some(tokens.map_or(left, |tokens| tokens.min(left))),
            Self::Share(share) => tokens.map(|tokens| share.of(tokens)),
        }
    }

    /// What a limit of `requests` a minute falls to, beside a limit of `tokens` a minute; rounded up, so that few are not none.
    pub fn requests(self, requests: Option<u64>, tokens: Option<u64>) -> Option<u64> {
        match self {
            Self::Tokens(left) => match tokens {
                Some(tokens) if tokens > left => requests.map(|requests| {
                    u64::try_from((u128::from(requests) * u128::from(left)).div_ceil(u128::from(tokens))).unwrap_or(requests)
                }),
                _ => requests,
            },
            Self::Share(share) => requests.map(|requests| requests - (Share(WHOLE - share.0)).of(requests)),
        }
    }
}

impl FromStr for Quota {
    type Err = NoQuota;

    fn from_str(text: &str) -> Result<Self, NoQuota> {
        if text.ends_with('%') {
            return text.parse().map(Self::Share).map_err(|_| NoQuota);
        }
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(Self::Tokens).ok_or(NoQuota)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(tokens) => write!(f, "{tokens}"),
            Self::Share(share) => write!(f, "{share}"),
        }
    }
}

/// A duration as it is written everywhere: `250ms`, `10s`, `5m`, `1h`.
pub(super) fn written(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    for (unit, length) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if milliseconds > 0 && milliseconds.is_multiple_of(length) {
            return format!("{}{unit}", milliseconds / length);
        }
    }
    format!("{milliseconds}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_and_written() {
        for (text, millionths) in [("30%", 300_000), ("0.5%", 5000), ("100%", 1_000_000), ("99.95%", 999_500), ("0.0001%", 1)] {
            let share: Share = text.parse().unwrap();
            assert_eq!((share.millionths(), share.to_string().as_str()), (millionths, text));
        }
        for text in ["", "%", "0%", "100.1%", "101%", "30", "0.3", "-1%", "1e1%", ".5%", "5.%", "1.00001%", "9999999999%"] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_holds_for_its_part_of_chance() {
        let share: Share = "25%".parse().unwrap();
        for (random, holds) in [(0, true), (u64::MAX / 4 - 1, true), (u64::MAX / 4 + 1, false), (u64::MAX, false)] {
            assert_eq!(share.holds(random), holds, "{random}");
        }
        assert!(Share::ALL.holds(u64::MAX));
        assert!(!"0.0001%".parse::<Share>().unwrap().holds(u64::MAX / 1_000_000 + 1));
    }

    #[test]
    fn a_limit_falls_and_never_rises() {
        for (quota, tokens, requests, expected) in [
            ("1000", Some(10_000), Some(60), (Some(1000), Some(6))),
            ("1000", Some(500), Some(60), (Some(500), Some(60))),
            ("1000", None, None, (Some(1000), None)),
            ("0", Some(10_000), Some(60), (Some(0), Some(0))),
            ("10%", Some(10_000), Some(60), (Some(1000), Some(6))),
            ("10%", None, Some(60), (None, Some(6))),
            ("10%", None, None, (None, None)),
        ] {
            let read: Quota = quota.parse().unwrap();
            assert_eq!((read.tokens(tokens), read.requests(requests, tokens)), expected, "{quota} of {tokens:?}");
            assert_eq!(read.to_string(), quota);
        }
        for text in ["", "-1", "1.5", "1k", "0%", "+1"] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_written_in_their_largest_whole_unit() {
        for (milliseconds, text) in
            [(0, "0ms"), (250, "250ms"), (1500, "1500ms"), (10_000, "10s"), (90_000, "90s"), (300_000, "5m"), (3_600_000, "1h")]
        {
            assert_eq!(written(Duration::from_millis(milliseconds)), text);
        }
    }
}
