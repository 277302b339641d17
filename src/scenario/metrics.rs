//! The metrics by their names: one table that reads, writes, lists and documents them.

use std::fmt;

use super::expectation::{Metric, Statistic, Status, Unit};
use crate::{azure::faults::CATALOGUE, diagnostic::nearest};

/// A line of the table.
pub(super) struct Row {
    /// The name in front of key and statistic.
    pub name: &'static str,
    /// What may or must follow it.
    pub form: Form,
    /// What it counts, for the reference and for editors.
    pub says: &'static str,
}

/// What follows a metric's name.
pub(super) enum Form {
    /// Nothing.
    Plain(fn() -> Metric),
    /// `.p95`
    Statistic(fn(Statistic) -> Metric),
    /// `[429]`, `[5xx]` or nothing.
    Status(fn(Option<Status>) -> Metric),
    /// `[hang]` or nothing: how a request can end without an answer.
    Error(fn(Option<String>) -> Metric),
    /// `[NAME]`
    Name(fn(String) -> Metric),
    /// `[NAME]` or nothing.
    NameOrAll(fn(Option<String>) -> Metric),
}

/// Every metric.
pub(super) const METRICS: &[Row] = &[
    Row { name: "availability", form: Form::Plain(|| Metric::Availability), says: "good answers, as a share of the requests sent" },
    Row { name: "requests", form: Form::Plain(|| Metric::Requests), says: "requests that clients sent, their retries not counted" },
    Row { name: "responses", form: Form::Status(Metric::Responses), says: "final answers, or those with that status or class" },
    Row { name: "errors", form: Form::Error(Metric::Errors), says: "requests that ended without a whole answer, or ended so" },
    Row {
        name: "latency",
        form: Form::Statistic(Metric::Latency),
        says: "from the first sending to the last byte, the client's retries included",
    },
    Row {
        name: "firstToken",
        form: Form::Statistic(Metric::FirstToken),
        says: "from the first sending to the first byte of the good answer's body",
    },
    Row { name: "servedBy", form: Form::Name(Metric::ServedBy), says: "good answers that this backend gave" },
    Row {
        name: "servedBy.share",
        form: Form::Name(Metric::ServedByShare),
        says: "good answers of this backend, as a share of all good ones",
    },
    Row { name: "gateway", form: Form::Name(Metric::Gateway), says: "requests that the gateway of this region took" },
    Row { name: "attempts", form: Form::Statistic(Metric::Attempts), says: "calls to backends for one request at a gateway" },
    Row { name: "calls", form: Form::NameOrAll(Metric::Calls), says: "calls to backends, or to this one" },
    Row { name: "failovers", form: Form::Plain(|| Metric::Failovers), says: "good answers that needed more than one call" },
    Row { name: "tokens.used", form: Form::Plain(|| Metric::TokensUsed), says: "tokens of answers that reached a client" },
    Row { name: "tokens.wasted", form: Form::Plain(|| Metric::TokensWasted), says: "tokens that a backend spent and no client got" },
    Row { name: "clientRetries", form: Form::Plain(|| Metric::ClientRetries), says: "how often clients sent a request again" },
    Row {
        name: "throttledWithCapacity",
        form: Form::Plain(|| Metric::ThrottledWithCapacity),
        says: "429 that clients saw while some backend within the data boundary had room",
    },
    Row {
        name: "failoverTime",
        form: Form::Plain(|| Metric::FailoverTime),
        says: "from the beginning of the window's fault to the first good answer from elsewhere",
    },
    Row {
        name: "returnTime",
        form: Form::Plain(|| Metric::ReturnTime),
        says: "from the end of the window's fault to the first good answer of its target",
    },
    Row { name: "outsideBoundary", form: Form::Plain(|| Metric::OutsideBoundary), says: "calls to a backend outside the data boundary" },
    Row { name: "breaker.trips", form: Form::NameOrAll(Metric::BreakerTrips), says: "how often circuits opened, or this backend's did" },
    Row {
        name: "breaker.open",
        form: Form::Name(Metric::BreakerOpen),
        says: "how long this backend's circuit was open, over all gateways",
    },
    Row { name: "blocked", form: Form::NameOrAll(Metric::Blocked), says: "requests that the firewall blocked, or this rule did" },
    Row { name: "unfinished", form: Form::Plain(|| Metric::Unfinished), says: "requests under way at the end" },
];

/// Statistics that "did you mean" offers.
const USUAL: [&str; 6] = ["min", "mean", "p50", "p95", "p99", "max"];

/// The names of all metrics, without keys and statistics.
pub fn metrics() -> Vec<&'static str> {
    METRICS.iter().map(|row| row.name).collect()
}

/// Why a name and a key are no metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NoMetric {
    /// No metric goes by that name. With the nearest.
    Unknown(Option<String>),
    /// The metric takes a statistic, and this is none, or there is none.
    Statistic(&'static str),
    /// The metric needs a key.
    Keyless,
    /// The metric takes no key.
    Keyed,
    /// The key is no status.
    Status,
    /// The key is no way for a request to end. With the nearest.
    Error(Option<&'static str>),
}

/// How a request can end without a whole answer: the words of the catalogue of faults, the client's own patience, and a
/// stream that ends in order without `[DONE]`.
pub(super) fn error_words() -> impl Iterator<Item = &'static str> {
    CATALOGUE.iter().map(|entry| entry.word).chain(["timeout", "incomplete"])
}

/// The metric with this name and this key.
pub(super) fn metric(name: &str, key: Option<&str>) -> Result<Metric, NoMetric> {
    let found = METRICS.iter().find(|row| row.name == name);
    let with_statistic = || {
        let (base, statistic) = name.split_once('.')?;
        METRICS.iter().find(|row| row.name == base && matches!(row.form, Form::Statistic(_))).map(|row| (row, Some(statistic)))
    };
    let Some((row, statistic)) = found.map(|row| (row, None)).or_else(with_statistic) else {
        return Err(NoMetric::Unknown(nearest(name, names().iter().map(String::as_str)).map(str::to_owned)));
    };
    let owned = |key: &str| key.to_owned();
    match (&row.form, key) {
        (Form::Plain(_) | Form::Statistic(_), Some(_)) => Err(NoMetric::Keyed),
        (Form::Plain(make), None) => Ok(make()),
        (Form::Statistic(make), None) => statistic.and_then(Statistic::read).map(make).ok_or(NoMetric::Statistic(row.name)),
        (Form::Status(make), None) => Ok(make(None)),
        (Form::Status(make), Some(key)) => Status::read(key).map(|status| make(Some(status))).ok_or(NoMetric::Status),
        (Form::Error(make), None) => Ok(make(None)),
        (Form::Error(make), Some(key)) if error_words().any(|word| word == key) => Ok(make(Some(owned(key)))),
        (Form::Error(_), Some(key)) => Err(NoMetric::Error(nearest(key, error_words()))),
        (Form::Name(_), None) => Err(NoMetric::Keyless),
        (Form::Name(make), Some(key)) => Ok(make(owned(key))),
        (Form::NameOrAll(make), key) => Ok(make(key.map(owned))),
    }
}

/// All names, with the usual statistics.
pub(super) fn names() -> Vec<String> {
    let names = METRICS.iter().flat_map(|row| match row.form {
        Form::Statistic(_) => USUAL.iter().map(|statistic| format!("{}.{statistic}", row.name)).collect(),
        _ => vec![row.name.to_owned()],
    });
    names.collect()
}

impl Metric {
    /// The line of the table that it stands in. Every metric has one; a test holds the table to it.
    fn name(&self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::Requests => "requests",
            Self::Responses(_) => "responses",
            Self::Errors(_) => "errors",
            Self::Latency(_) => "latency",
            Self::FirstToken(_) => "firstToken",
            Self::ServedBy(_) => "servedBy",
            Self::ServedByShare(_) => "servedBy.share",
            Self::Gateway(_) => "gateway",
            Self::Attempts(_) => "attempts",
            Self::Calls(_) => "calls",
            Self::Failovers => "failovers",
            Self::TokensUsed => "tokens.used",
            Self::TokensWasted => "tokens.wasted",
            Self::ClientRetries => "clientRetries",
            Self::ThrottledWithCapacity => "throttledWithCapacity",
            Self::FailoverTime => "failoverTime",
            Self::ReturnTime => "returnTime",
            Self::OutsideBoundary => "outsideBoundary",
            Self::BreakerTrips(_) => "breaker.trips",
            Self::BreakerOpen(_) => "breaker.open",
            Self::Blocked(_) => "blocked",
            Self::Unfinished => "unfinished",
        }
    }

    /// Whether its numbers belong to one fault, so that an expectation must name that fault's window.
    pub fn is_of_a_fault(&self) -> bool {
        matches!(self, Self::FailoverTime | Self::ReturnTime)
    }
}

/// `latency.p95`, `servedBy[frc]`
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Latency(statistic) | Self::FirstToken(statistic) | Self::Attempts(statistic) => write!(f, ".{statistic}"),
            Self::Responses(Some(status)) => write!(f, "[{status}]"),
            Self::ServedBy(key) | Self::ServedByShare(key) | Self::Gateway(key) | Self::BreakerOpen(key) => write!(f, "[{key}]"),
            Self::Errors(Some(key)) | Self::Calls(Some(key)) | Self::BreakerTrips(Some(key)) | Self::Blocked(Some(key)) => {
                write!(f, "[{key}]")
            }
            _ => Ok(()),
        }
    }
}

impl Status {
    /// `429`, `5xx`
    fn read(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            return class.parse().ok().filter(|digit| class.len() == 1 && (1..=5).contains(digit)).map(Self::Class);
        }
        let is_number = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|status| is_number && (100..=599).contains(status)).map(Self::Exactly)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(f, "{status}"),
            Self::Class(digit) => write!(f, "{digit}xx"),
        }
    }
}

impl Statistic {
    /// `min`, `mean`, `max`, `p50`, `p99.9`
    fn read(text: &str) -> Option<Self> {
        match text {
            "min" => return Some(Self::Min),
            "mean" => return Some(Self::Mean),
            "max" => return Some(Self::Max),
            _ => {}
        }
        let number = text.strip_prefix('p')?;
        let (whole, tenth) = number.split_once('.').map_or((number, None), |(whole, tenth)| (whole, Some(tenth)));
        let digits = |text: &str, most: usize| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole, 2) || !tenth.is_none_or(|tenth| digits(tenth, 1)) {
            return None;
        }
        let tenth: u16 = tenth.map_or(Some(0), |tenth| tenth.parse().ok())?;
        let thousandths = whole.parse::<u16>().ok()? * 10 + tenth;
        (thousandths > 0).then_some(Self::Quantile(thousandths))
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Min => f.write_str("min"),
            Self::Mean => f.write_str("mean"),
            Self::Max => f.write_str("max"),
            Self::Quantile(thousandths) if thousandths % 10 == 0 => write!(f, "p{}", thousandths / 10),
            Self::Quantile(thousandths) => write!(f, "p{}.{}", thousandths / 10, thousandths % 10),
        }
    }
}

impl Unit {
    /// What a value of it is, and how such a value is written.
    pub(super) fn in_words(self) -> (&'static str, &'static str) {
        match self {
            Self::Share => ("a share", "`99.95%`"),
            Self::Time => ("a time", "`250ms`, `10s`, `2m`"),
            Self::Count => ("a plain number", "`0`, `1.5`"),
        }
    }
}
