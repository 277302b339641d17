//! What must hold of a run: `metric[key] op value [window] [client NAME]`.

use std::time::Duration;

use crate::source::Span;

/// One expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As the file says it.
    pub text: String,
    /// What is measured.
    pub metric: Metric,
    /// How it is compared.
    pub operator: Operator,
    /// With what: a share as 0 to 1, a time in seconds, else a plain number.
    pub value: f64,
    /// Which requests count.
    pub scope: Scope,
    /// Where it stands in the file.
    pub span: Span,
}

/// Which requests count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Those that were first sent in this window.
    pub window: Window,
    /// Those of this load alone.
    pub client: Option<String>,
}

/// A stretch of simulated time, from the scenario's beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// All of it.
    #[default]
    Whole,
    /// While fault number N of the file holds; the first is 1.
    During(usize),
    /// From the end of fault number N on.
    After(usize),
    /// From the first to (not including) the second.
    Between(Duration, Duration),
}

/// How an expectation compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `>=`
    AtLeast,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `<`
    Below,
    /// `==`
    Equal,
}

impl Operator {
    /// Whether `actual` stands so to `wanted`.
    pub fn holds(self, actual: f64, wanted: f64) -> bool {
        match self {
            Self::AtLeast => actual >= wanted,
            Self::AtMost => actual <= wanted,
            Self::Above => actual > wanted,
            Self::Below => actual < wanted,
            Self::Equal => (actual - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
        }
    }
}

/// What a metric's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A share, 0 to 1; written in `%`.
    Share,
    /// Seconds; written as a duration.
    Time,
    /// A plain number.
    Count,
}

/// What is measured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `availability`: good answers of requests sent.
    Availability,
    /// `requests`: requests sent, retries of the client not counted.
    Requests,
    /// `responses[429]`, `responses[5xx]`, `responses`: final answers with that status, or of that class.
    Responses(Option<Status>),
    /// `errors[timeout]`, `errors`: requests that ended without a whole answer, by the word of the fault catalogue.
    Errors(Option<String>),
    /// `latency.p95`: from the first sending to the last byte, retries of the client included.
    Latency(Statistic),
    /// `firstToken.p95`: from the first sending to the first byte of the good answer's body.
    FirstToken(Statistic),
    /// `servedBy[frc]`: good answers that this backend gave.
    ServedBy(String),
    /// `servedBy.share[frc]`: their share of all good answers.
    ServedByShare(String),
    /// `gateway[swedencentral]`: requests that this gateway took.
    Gateway(String),
    /// `attempts.max`, `attempts.mean`: calls to backends for one request of the gateway.
    Attempts(Statistic),
    /// `calls[frc]`, `calls`: calls to this backend, or to all.
    Calls(Option<String>),
    /// `failovers`: good answers that needed more than one call.
    Failovers,
    /// `tokens.used`: tokens of answers that reached a client.
    TokensUsed,
    /// `tokens.wasted`: tokens that a backend spent and no client got.
    TokensWasted,
    /// `clientRetries`: requests that a client sent again.
    ClientRetries,
    /// `throttledWithCapacity`: 429 that clients saw while some backend within the boundary had room.
    ThrottledWithCapacity,
    /// `failoverTime`: from the window's fault to the first good answer from elsewhere.
    FailoverTime,
    /// `returnTime`: from the end of the window's fault to the first good answer of its target.
    ReturnTime,
    /// `outsideBoundary`: calls to a backend outside the data boundary.
    OutsideBoundary,
    /// `breaker.trips[swc]`, `breaker.trips`: how often a circuit opened.
    BreakerTrips(Option<String>),
    /// `breaker.open[swc]`: how long it was open, over all gateways.
    BreakerOpen(String),
    /// `blocked[RULE]`, `blocked`: requests that the firewall blocked.
    Blocked(Option<String>),
    /// `unfinished`: requests under way at the end.
    Unfinished,
}

/// Statuses of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// This one.
    Exactly(u16),
    /// All whose first digit is this: `5xx`.
    Class(u16),
}

impl Status {
    /// Whether a status is meant.
    pub fn matches(self, status: u16) -> bool {
        match self {
            Self::Exactly(own) => own == status,
            Self::Class(digit) => status / 100 == digit,
        }
    }
}

/// What is taken of many numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// The smallest.
    Min,
    /// The arithmetic mean.
    Mean,
    /// The largest.
    Max,
    /// So many thousandths lie at or below: 500 is `p50`, 999 is `p99.9`.
    Quantile(u16),
}

impl Metric {
    /// What its numbers are.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Availability | Self::ServedByShare(_) => Unit::Share,
            Self::Latency(_) | Self::FirstToken(_) | Self::FailoverTime | Self::ReturnTime | Self::BreakerOpen(_) => Unit::Time,
            _ => Unit::Count,
        }
    }
}
