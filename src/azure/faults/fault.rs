//! One fault: its word and its options.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use super::{CATALOGUE, Entry, FaultError, FaultOption, FaultOptions, Place, Quota, STATUS, Target};
use crate::diagnostic::nearest;

/// How late `slow` answers where nobody says otherwise.
pub const DEFAULT_DELAY: Duration = Duration::from_secs(5);

/// How late each piece of a stream is with `slow-tokens` where nobody says otherwise.
pub const DEFAULT_PACE: Duration = Duration::from_secs(1);

/// What is wrong with a resource, a gateway or a link. It is made by [`Fault::parse`] and cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) options: Arc<FaultOptions>,
}

/// What kind of fault it is: a line of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Status(u16),
    ConnectionRefused,
    DnsFailure,
    TlsFailure,
    Outage,
    Partition,
    Hang,
    Reset,
    ResetAfterHeaders,
    CutBody,
    StallBody,
    CutStream,
    TruncatedBody,
    MalformedJson,
    Slow,
    SlowTokens,
    QuotaDrop,
    KeyRevoked,
    DeploymentDeleted,
}

impl Kind {
    fn entry(self) -> &'static Entry {
        const STATUS_ENTRY: &Entry = &STATUS;
        static WORDS: [Entry; CATALOGUE.len()] = CATALOGUE;
        WORDS.iter().find(|entry| entry.kind == self).unwrap_or(STATUS_ENTRY)
    }
}

impl Fault {
    /// Reads a fault: a status (`429`) or a word of [`CATALOGUE`], with its options. What an option is where nobody says so is filled in.
    ///
    /// # Errors
    /// What is unknown, or does not go together.
    pub fn parse(word: &str, mut options: FaultOptions) -> Result<Self, FaultError> {
        let kind = if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            match word.parse() {
                Ok(status @ 200..=599) => Kind::Status(status),
                _ => return Err(FaultError::NoStatus { word: word.to_owned() }),
            }
        } else {
            let Some(entry) = CATALOGUE.iter().find(|entry| entry.word == word) else {
                let nearest = nearest(word, CATALOGUE.iter().map(|entry| entry.word).chain(["clear"]));
                return Err(FaultError::UnknownWord { word: word.to_owned(), nearest });
            };
            entry.kind
        };
        let taken = |option| matches!(option, FaultOption::Rate | FaultOption::Period) || kind.entry().options.contains(&option);
        if let Some(option) = options.given().find(|option| !taken(*option)) {
            return Err(FaultError::StrangeOption { word: word.to_owned(), option });
        }
        options.check()?;
        match kind {
            // RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5.
            Kind::Status(status @ (204 | 205 | 304)) if options.body.is_some() => return Err(FaultError::NoBody { status }),
            Kind::Slow => options.delay = options.delay.or(Some(DEFAULT_DELAY)),
            Kind::SlowTokens => options.delay = options.delay.or(Some(DEFAULT_PACE)),
            Kind::QuotaDrop => options.tokens_per_minute = options.tokens_per_minute.or(Some(Quota::TENTH)),
            _ => {}
        }
        Ok(Self { kind, options: Arc::new(options) })
    }

    /// The word that [`Fault::parse`] reads: `429`, `hang`.
    pub fn word(&self) -> Cow<'static, str> {
        match self.kind {
            Kind::Status(status) => Cow::Owned(status.to_string()),
            kind => Cow::Borrowed(kind.entry().word),
        }
    }

    /// What has been said about it.
    pub fn options(&self) -> &FaultOptions {
        &self.options
    }

    /// Its line in the catalogue.
    pub fn entry(&self) -> &'static Entry {
        self.kind.entry()
    }

    /// Whether it can be put on `target`.
    ///
    /// # Errors
    /// What it can be put on instead.
    pub fn fits(&self, target: &Target) -> Result<(), FaultError> {
        let place = Place::of(target);
        let entry = self.kind.entry();
        if entry.places.contains(&place) {
            return Ok(());
        }
        Err(FaultError::WrongPlace { word: self.word().into_owned(), place, places: entry.places })
    }
}

/// The word and its options: `429, retry-after 10s`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.word(), self.options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    fn plain() -> FaultOptions {
        FaultOptions::default()
    }

    #[test]
    fn words_and_faults_mean_each_other() {
        for entry in CATALOGUE {
            let fault = Fault::parse(entry.word, plain()).unwrap();
            assert_eq!((fault.word().as_ref(), fault.kind), (entry.word, entry.kind));
        }
        for (word, options, told) in [
            ("429", FaultOptions { retry_after: seconds(10), ..plain() }, "429, retry-after 10s"),
            ("200", plain(), "200"),
            ("599", FaultOptions { rate: "30%".parse().ok(), ..plain() }, "599, rate 30%"),
            ("slow", plain(), "slow, delay 5s"),
            ("slow", FaultOptions { delay: seconds(1), ..plain() }, "slow, delay 1s"),
            ("slow-tokens", plain(), "slow-tokens, delay 1s"),
            ("quota-drop", plain(), "quota-drop, tokens-per-minute 10%"),
            ("cut-body", FaultOptions { pieces: Some(2), period: seconds(20), ..plain() }, "cut-body, period 20s, pieces 2"),
        ] {
            assert_eq!(Fault::parse(word, options).unwrap().to_string(), told);
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_a_way_out() {
        let list = CATALOGUE.map(|entry| format!("`{}`", entry.word)).join(", ");
        let list = format!("a status from 200 to 599 or one of {list}");
        let delayed = FaultOptions { delay: seconds(1), ..plain() };
        for (word, options, message) in [
            ("hangs", plain(), format!("unknown fault `hangs`: {list}; did you mean `hang`?")),
            ("conection-refused", plain(), format!("unknown fault `conection-refused`: {list}; did you mean `connection-refused`?")),
            ("earthquake", plain(), format!("unknown fault `earthquake`: {list}")),
            ("", plain(), format!("unknown fault ``: {list}")),
            ("42 9", plain(), format!("unknown fault `42 9`: {list}")),
            ("-429", plain(), format!("unknown fault `-429`: {list}")),
            ("100", plain(), "`100` is no status of an answer: statuses go from 200 to 599".to_owned()),
            ("600", plain(), "`600` is no status of an answer: statuses go from 200 to 599".to_owned()),
            ("99999999999", plain(), "`99999999999` is no status of an answer: statuses go from 200 to 599".to_owned()),
            (
                "hang",
                FaultOptions { retry_after: seconds(1), ..plain() },
                "the fault `hang` takes no `retry-after`: a status does".to_owned(),
            ),
            ("hang", delayed, "the fault `hang` takes no `delay`: a status, `slow`, `slow-tokens` do".to_owned()),
            (
                "429",
                FaultOptions { tokens_per_minute: "1".parse().ok(), ..plain() },
                "the fault `429` takes no `tokens-per-minute`: `quota-drop` does".to_owned(),
            ),
            ("204", FaultOptions { body: Some("x".into()), ..plain() }, "an answer with status 204 has no body".to_owned()),
        ] {
            assert_eq!(Fault::parse(word, options).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_fault_is_put_only_where_it_can_be() {
        for (word, target, refused) in [
            ("429", "swc", None),
            ("429", "region:swedencentral", None),
            ("partition", "link:swedencentral-francecentral", None),
            ("outage", "region:swedencentral", None),
            ("partition", "swc", Some("the fault `partition` cannot be put on a backend: it is one of a link")),
            ("429", "link:a-b", Some("the fault `429` cannot be put on a link: it is one of a backend, deployment, region or gateway")),
            ("key-revoked", "swc/gpt-4o", Some("the fault `key-revoked` cannot be put on a deployment: it is one of a backend")),
            (
                "connection-refused",
                "swc/gpt-4o",
                Some("the fault `connection-refused` cannot be put on a deployment: it is one of a backend, region, gateway or link"),
            ),
        ] {
            let fits = Fault::parse(word, plain()).unwrap().fits(&target.parse().unwrap());
            assert_eq!(fits.err().map(|error| error.to_string()).as_deref(), refused, "{word} on {target}");
        }
    }
}
