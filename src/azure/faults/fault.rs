//! One fault: its word, its options, its JSON.

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::diagnostic::nearest;

/// How late [`Fault::Slow`] answers where nobody says otherwise.
pub const DEFAULT_DELAY: Duration = Duration::from_secs(5);

/// What is wrong with a resource or a gateway. In JSON: `{"fault":"429","retryAfterMs":10000}`, `{"fault":"slow","delayMs":5000}`,
/// `{"fault":"hang"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FaultJson", into = "FaultJson")]
pub enum Fault {
    /// Every request is answered at once with this status.
    Status {
        /// 200 to 599.
        status: u16,
        /// What `retry-after` (seconds, rounded up) and `retry-after-ms` say; neither field is there without it.
        retry_after: Option<Duration>,
    },
    /// Nobody listens.
    ConnectionRefused,
    /// The host name has no address.
    DnsFailure,
    /// The connection opens and no answer ever comes.
    Hang,
    /// The connection breaks before the answer.
    Reset,
    /// The right answer, late.
    Slow {
        /// From the request to the answer's first byte.
        delay: Duration,
    },
    /// The head of the right answer and half of its body, then the connection breaks.
    CutBody,
}

/// A line of the catalogue: a fault that goes by a word.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The word, in scenarios, on the command line and in reports.
    pub word: &'static str,
    /// What a client of the faulty party sees.
    pub seen: &'static str,
    /// The option that it takes, as spelt on the command line.
    pub option: Option<&'static str>,
    make: fn(FaultOptions) -> Fault,
}

/// Every fault that goes by a word; beside them stand the statuses 200 to 599, with the option `retry-after`.
pub const CATALOGUE: [Entry; 6] = [
    Entry { word: "connection-refused", seen: "nobody listens", option: None, make: |_| Fault::ConnectionRefused },
    Entry { word: "dns-failure", seen: "the host name has no address", option: None, make: |_| Fault::DnsFailure },
    Entry { word: "hang", seen: "the connection opens, no answer ever comes", option: None, make: |_| Fault::Hang },
    Entry { word: "reset", seen: "the connection breaks before the answer", option: None, make: |_| Fault::Reset },
    Entry {
        word: "slow",
        seen: "the right answer, its first byte late",
        option: Some("delay"),
        make: |options| Fault::Slow { delay: options.delay.unwrap_or(DEFAULT_DELAY) },
    },
    Entry { word: "cut-body", seen: "a right head and half of the body", option: None, make: |_| Fault::CutBody },
];

/// What may be said about a fault beside its word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FaultOptions {
    /// Only with a status.
    pub retry_after: Option<Duration>,
    /// Only with `slow`.
    pub delay: Option<Duration>,
}

/// Why something is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Neither a status nor a word of the catalogue.
    #[error("unknown fault `{word}`: a status from 200 to 599 or one of {words}{meant}", words = words(), meant = did_you_mean(*.nearest))]
    UnknownWord {
        /// What stands there.
        word: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A number that is no status of a final answer.
    #[error("`{word}` is no status of an answer: statuses go from 200 to 599")]
    NoStatus {
        /// What stands there.
        word: String,
    },
    /// An option that this fault does not have.
    #[error("the fault `{word}` takes no `{option}`: {owner} does")]
    StrangeOption {
        /// The fault.
        word: String,
        /// The option, as spelt on the command line.
        option: &'static str,
        /// Which fault has that option.
        owner: &'static str,
    },
}

fn words() -> String {
    CATALOGUE.map(|entry| format!("`{}`", entry.word)).join(", ")
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}

impl Fault {
    /// Reads a fault: a status (`429`) or a word of [`CATALOGUE`], with its options.
    pub fn parse(word: &str, options: FaultOptions) -> Result<Self, FaultError> {
        let strange = |option, owner| FaultError::StrangeOption { word: word.to_owned(), option, owner };
        let fault = if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            match word.parse() {
                Ok(status @ 200..=599) => Self::Status { status, retry_after: options.retry_after },
                _ => return Err(FaultError::NoStatus { word: word.to_owned() }),
            }
        } else {
            let Some(entry) = CATALOGUE.iter().find(|entry| entry.word == word) else {
                let nearest = nearest(word, CATALOGUE.iter().map(|entry| entry.word).chain(["clear"]));
                return Err(FaultError::UnknownWord { word: word.to_owned(), nearest });
            };
            (entry.make)(options)
        };
        if options.retry_after.is_some() && !matches!(fault, Self::Status { .. }) {
            return Err(strange("retry-after", "a status"));
        }
        if options.delay.is_some() && !matches!(fault, Self::Slow { .. }) {
            return Err(strange("delay", "`slow`"));
        }
        Ok(fault)
    }

    /// The word that [`Fault::parse`] reads: `429`, `hang`.
    pub fn word(&self) -> Cow<'static, str> {
        match self {
            Self::Status { status, .. } => Cow::Owned(status.to_string()),
            Self::ConnectionRefused => Cow::Borrowed("connection-refused"),
            Self::DnsFailure => Cow::Borrowed("dns-failure"),
            Self::Hang => Cow::Borrowed("hang"),
            Self::Reset => Cow::Borrowed("reset"),
            Self::Slow { .. } => Cow::Borrowed("slow"),
            Self::CutBody => Cow::Borrowed("cut-body"),
        }
    }
}

/// The word and its option: `429, retry-after 10s`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word())?;
        match self {
            Self::Status { retry_after: Some(duration), .. } => write!(f, ", retry-after {duration:?}"),
            Self::Slow { delay } => write!(f, ", delay {delay:?}"),
            _ => Ok(()),
        }
    }
}

/// A fault as JSON; durations are whole milliseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FaultJson {
    #[serde(deserialize_with = "word_or_number")]
    fault: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
}

impl TryFrom<FaultJson> for Fault {
    type Error = FaultError;
    fn try_from(json: FaultJson) -> Result<Self, FaultError> {
        let duration = |ms: Option<u64>| ms.map(Duration::from_millis);
        Self::parse(&json.fault, FaultOptions { retry_after: duration(json.retry_after_ms), delay: duration(json.delay_ms) })
    }
}

impl From<Fault> for FaultJson {
    fn from(fault: Fault) -> Self {
        let word = fault.word().into_owned();
        match fault {
            Fault::Status { retry_after, .. } => Self { fault: word, retry_after_ms: retry_after.map(milliseconds), delay_ms: None },
            Fault::Slow { delay } => Self { fault: word, retry_after_ms: None, delay_ms: Some(milliseconds(delay)) },
            _ => Self { fault: word, ..Self::default() },
        }
    }
}

/// Whole milliseconds; saturating.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A fault's word; `429` may also stand there as a number.
pub(super) fn word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Word;
    impl de::Visitor<'_> for Word {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a status or a word of the fault catalogue")
        }
        fn visit_str<E: de::Error>(self, word: &str) -> Result<String, E> {
            Ok(word.to_owned())
        }
        fn visit_u64<E: de::Error>(self, status: u64) -> Result<String, E> {
            Ok(status.to_string())
        }
    }
    deserializer.deserialize_any(Word)
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    #[test]
    fn words_and_faults_mean_each_other() {
        let plain = FaultOptions::default();
        for (word, options, fault) in [
            ("429", FaultOptions { retry_after: seconds(10), delay: None }, Fault::Status { status: 429, retry_after: seconds(10) }),
            ("200", plain, Fault::Status { status: 200, retry_after: None }),
            ("599", plain, Fault::Status { status: 599, retry_after: None }),
            ("connection-refused", plain, Fault::ConnectionRefused),
            ("dns-failure", plain, Fault::DnsFailure),
            ("hang", plain, Fault::Hang),
            ("reset", plain, Fault::Reset),
            ("slow", plain, Fault::Slow { delay: DEFAULT_DELAY }),
            ("slow", FaultOptions { retry_after: None, delay: seconds(1) }, Fault::Slow { delay: Duration::from_secs(1) }),
            ("cut-body", plain, Fault::CutBody),
        ] {
            assert_eq!(Fault::parse(word, options).as_ref(), Ok(&fault));
            assert_eq!(fault.word(), word);
            assert_eq!(from_value::<Fault>(to_value(&fault).unwrap()).unwrap(), fault);
        }
        for entry in CATALOGUE {
            assert_eq!(Fault::parse(entry.word, plain).unwrap().word(), entry.word);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_a_way_out() {
        let plain = FaultOptions::default();
        let list = "a status from 200 to 599 or one of `connection-refused`, `dns-failure`, `hang`, `reset`, `slow`, `cut-body`";
        for (word, options, message) in [
            ("hangs", plain, format!("unknown fault `hangs`: {list}; did you mean `hang`?")),
            ("conection-refused", plain, format!("unknown fault `conection-refused`: {list}; did you mean `connection-refused`?")),
            ("earthquake", plain, format!("unknown fault `earthquake`: {list}")),
            ("", plain, format!("unknown fault ``: {list}")),
            ("42 9", plain, format!("unknown fault `42 9`: {list}")),
            ("-429", plain, format!("unknown fault `-429`: {list}")),
            ("100", plain, "`100` is no status of an answer: statuses go from 200 to 599".to_owned()),
            ("600", plain, "`600` is no status of an answer: statuses go from 200 to 599".to_owned()),
            ("99999999999", plain, "`99999999999` is no status of an answer: statuses go from 200 to 599".to_owned()),
            (
                "hang",
                FaultOptions { retry_after: seconds(1), delay: None },
                "the fault `hang` takes no `retry-after`: a status does".to_owned(),
            ),
            ("429", FaultOptions { retry_after: None, delay: seconds(1) }, "the fault `429` takes no `delay`: `slow` does".to_owned()),
        ] {
            assert_eq!(Fault::parse(word, options).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn json_is_flat_and_takes_numbers() {
        assert_eq!(
            to_value(Fault::Status { status: 429, retry_after: seconds(10) }).unwrap(),
            json!({"fault": "429", "retryAfterMs": 10_000})
        );
        assert_eq!(to_value(Fault::Slow { delay: DEFAULT_DELAY }).unwrap(), json!({"fault": "slow", "delayMs": 5000}));
        assert_eq!(to_value(Fault::Hang).unwrap(), json!({"fault": "hang"}));
        assert_eq!(from_value::<Fault>(json!({"fault": 503})).unwrap(), Fault::Status { status: 503, retry_after: None });
        for wrong in [
            json!({}),
            json!({"fault": "hang", "x": 1}),
            json!({"fault": null}),
            json!({"fault": "hang", "delayMs": 1}),
            json!({"fault": 429, "retryAfterMs": -1}),
        ] {
            assert!(from_value::<Fault>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
