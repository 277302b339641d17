//! The catalogue: every fault by its word, with what a client sees of it, what it can hold for and which options it takes. What reads,
//! explains or lists faults reads this table.

use super::{Target, fault::Kind};

/// A line of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The word, in scenarios, on the command line and in reports.
    pub word: &'static str,
    /// What a client of the faulty party sees.
    pub seen: &'static str,
    /// The options that it takes beside [`FaultOption::Rate`] and [`FaultOption::Period`], which all take.
    pub options: &'static [FaultOption],
    /// What it can be put on.
    pub places: &'static [Place],
    pub(super) kind: Kind,
}

/// What kind of thing a fault holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One resource.
    Backend,
    /// One deployment of a resource.
    Deployment,
    /// A region: its gateway, where the fault is one of gateways too, and its resources.
    Region,
    /// The gateway of a region.
    Gateway,
    /// What lies between two regions, or between Front Door and a region.
    Link,
}

/// What can be said about a fault beside its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultOption {
    /// It holds for a share of the requests.
    Rate,
    /// It comes and goes.
    Period,
    /// What `Retry-After` says.
    RetryAfter,
    /// Headers of the answer.
    Header,
    /// The body of the answer.
    Body,
    /// How late something is.
    Delay,
    /// How many pieces of a stream come.
    Pieces,
    /// What the limit falls to.
    TokensPerMinute,
}

impl FaultOption {
    /// As the command line spells it, without the hyphens before it.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Period => "period",
            Self::RetryAfter => "retry-after",
            Self::Header => "header",
            Self::Body => "body",
            Self::Delay => "delay",
            Self::Pieces => "pieces",
            Self::TokensPerMinute => "tokens-per-minute",
        }
    }

    /// As a scenario spells it.
    pub fn key(self) -> &'static str {
        match self {
            Self::RetryAfter => "retryAfter",
            Self::Header => "headers",
            Self::TokensPerMinute => "tokensPerMinute",
            Self::Rate | Self::Period | Self::Body | Self::Delay | Self::Pieces => self.flag(),
        }
    }

    /// The faults that take it, in words: for who has given it to another.
    pub(super) fn owners(self) -> String {
        let words: Vec<String> =
            CATALOGUE.iter().filter(|entry| entry.options.contains(&self)).map(|entry| format!("`{}`", entry.word)).collect();
        let status = STATUS.options.contains(&self).then(|| "a status".to_owned());
        let owners: Vec<String> = status.into_iter().chain(words).collect();
        match owners.as_slice() {
            [one] => format!("{one} does"),
            many => format!("{} do", many.join(", ")),
        }
    }
}

impl Place {
    /// As a scenario spells it, and the command line before the colon.
    pub fn word(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Deployment => "deployment",
            Self::Region => "region",
            Self::Gateway => "gateway",
            Self::Link => "link",
        }
    }

    /// The place of a target.
    pub fn of(target: &Target) -> Self {
        match target {
            Target::Backend(_) => Self::Backend,
            Target::Deployment { .. } => Self::Deployment,
            Target::Region(_) => Self::Region,
            Target::Gateway(_) => Self::Gateway,
            Target::Link(_) => Self::Link,
        }
    }
}

const ANSWERING: &[Place] = &[Place::Backend, Place::Deployment, Place::Region];
const SERVING: &[Place] = &[Place::Backend, Place::Deployment, Place::Region, Place::Gateway];
const CONNECTING: &[Place] = &[Place::Backend, Place::Region, Place::Gateway, Place::Link];
const EVERYWHERE: &[Place] = &[Place::Backend, Place::Deployment, Place::Region, Place::Gateway, Place::Link];

/// A status from 200 to 599, which goes by its number.
pub const STATUS: Entry = Entry {
    word: "a status from 200 to 599",
    seen: "that status at once, in the service's own words unless headers and body are given",
    options: &[FaultOption::RetryAfter, FaultOption::Header, FaultOption::Body, FaultOption::Delay],
    places: SERVING,
    kind: Kind::Status(503),
};

const fn entry(word: &'static str, kind: Kind, places: &'static [Place], options: &'static [FaultOption], seen: &'static str) -> Entry {
    Entry { word, seen, options, places, kind }
}

/// Every fault that goes by a word; beside them stands [`STATUS`]. First what keeps a connection from opening, then what becomes of an
/// answer in the order of its parts, then what is wrong with a resource.
pub const CATALOGUE: [Entry; 18] = [
    entry("connection-refused", Kind::ConnectionRefused, CONNECTING, &[], "nobody listens"),
    entry("dns-failure", Kind::DnsFailure, CONNECTING, &[], "the host name has no address"),
    entry("tls-failure", Kind::TlsFailure, CONNECTING, &[], "TLS cannot be agreed on"),
    entry(
        "outage",
        Kind::Outage,
        &[Place::Backend, Place::Region, Place::Gateway],
        &[],
        "everything is gone: connections are neither taken nor refused, and given up after 21 seconds",
    ),
    entry("partition", Kind::Partition, &[Place::Link], &[], "as with `outage`, between the two ends of the link"),
    entry("hang", Kind::Hang, EVERYWHERE, &[], "the connection opens, no answer ever comes"),
    entry("reset", Kind::Reset, EVERYWHERE, &[], "the connection breaks before the answer"),
    entry("reset-after-headers", Kind::ResetAfterHeaders, EVERYWHERE, &[], "a right head, then the connection breaks"),
    entry("cut-body", Kind::CutBody, EVERYWHERE, &[FaultOption::Pieces], "a right head and half of the body, then the connection breaks"),
    entry("stall-body", Kind::StallBody, EVERYWHERE, &[FaultOption::Pieces], "a right head and half of the body, then nothing more"),
    entry("cut-stream", Kind::CutStream, ANSWERING, &[FaultOption::Pieces], "a stream that ends in order half way, without `[DONE]`"),
    entry("truncated-body", Kind::TruncatedBody, ANSWERING, &[], "the right status and a well-framed body that is half of the right one"),
    entry("malformed-json", Kind::MalformedJson, ANSWERING, &[], "the right status and a whole body that is no JSON"),
    entry("slow", Kind::Slow, EVERYWHERE, &[FaultOption::Delay], "the right answer, its first byte late"),
    entry("slow-tokens", Kind::SlowTokens, ANSWERING, &[FaultOption::Delay], "the right answer, token after token late"),
    entry(
        "quota-drop",
        Kind::QuotaDrop,
        ANSWERING,
        &[FaultOption::TokensPerMinute],
        "429s sooner: the limits have fallen, and the headers say so",
    ),
    entry("key-revoked", Kind::KeyRevoked, &[Place::Backend], &[], "401 for every key; tokens are good still"),
    entry("deployment-deleted", Kind::DeploymentDeleted, &[Place::Backend, Place::Deployment], &[], "404 `DeploymentNotFound`"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_there_once() {
        for (index, entry) in CATALOGUE.iter().enumerate() {
            assert!(entry.word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", entry.word);
            assert!(CATALOGUE.iter().skip(index + 1).all(|other| other.word != entry.word && other.kind != entry.kind), "{}", entry.word);
            assert!(!entry.places.is_empty() && !entry.seen.is_empty());
        }
    }
}
