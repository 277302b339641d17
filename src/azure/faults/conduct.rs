//! What becomes of one exchange: everything that faults do to it, in one value, from the connection to the last byte.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use super::{ActiveFault, Fault, FaultOptions, Quota, Target, fault::Kind};
use crate::gateway::effect::{Failure, FailureKind};

/// How long a connection is tried that nobody takes or refuses: the three attempts of the Windows machines that gateways run on.
/// Source: techcommunity.microsoft.com, "Self-Chained APIM request limitation in internal virtual network mode": "Unable to connect to the
/// remote server" after 21 seconds.
pub const CONNECT_PATIENCE: Duration = Duration::from_secs(21);

/// A request from a gateway, or from anybody else, to a resource.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The region (short or display name) of the gateway that sends it; without one there is no link.
    pub from: Option<&'a str>,
    /// The id of the backend.
    pub backend: &'a str,
    /// The backend's region, short or display name.
    pub region: &'a str,
    /// The deployment that is asked for, where the request names one. Ask for it only where
    /// [`FaultBoard::names_deployments`](super::FaultBoard::names_deployments).
    pub deployment: Option<&'a str>,
}

/// A request to a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The gateway's region, short or display name.
    pub region: &'a str,
    /// Whether it comes from Front Door, so that their link counts.
    pub from_front_door: bool,
}

/// What becomes of an exchange. The default is that nothing is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conduct {
    /// Whether a connection opens.
    pub connection: Connection,
    /// What passes before the first byte of the answer, beside the answer's own time.
    pub delay: Duration,
    /// What is answered.
    pub answer: Answering,
    /// What is wrong with the answer's body.
    pub body: BodyFault,
    /// What passes before each piece of a stream but the first, beside the stream's own time.
    pub pace: Duration,
    /// How the answer ends.
    pub ending: Ending,
    /// Whether it is that of the deployment alone, so that another one of the resource may take the request over.
    pub of_deployment: bool,
    /// What of `ending` is the link's, whichever deployment answers.
    pub(super) of_link: Ending,
}

/// Whether a connection opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// It does.
    #[default]
    Open,
    /// The host name has no address.
    NoAddress,
    /// Nobody listens.
    Refused,
    /// TLS cannot be agreed on.
    NoTls,
    /// Nobody takes or refuses it: given up after [`CONNECT_PATIENCE`].
    Lost,
}

/// What a resource or a gateway answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answering {
    /// What is right.
    #[default]
    Right,
    /// A status at once, before anything is looked at or counted, with what the options say of it.
    Status(u16, Arc<FaultOptions>),
    /// No key is good.
    KeyRevoked,
    /// There is no such deployment.
    DeploymentDeleted,
    /// The limits have fallen.
    Quota(Quota),
}

/// What [`Resource::handle`](crate::azure::openai::Resource::handle) is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told<'a> {
    /// Nothing: the right answer.
    #[default]
    Nothing,
    /// A status at once, before anything is looked at or counted.
    Status {
        /// 200 to 599.
        status: u16,
        /// Of these `retry_after`, `headers` and `body` count; [`FaultOptions::dress`] brings the latter two about.
        options: &'a FaultOptions,
        /// Whether the deployment alone answers so: what it would pass on to another it passes on.
        of_deployment: bool,
    },
    /// No key is good; tokens are.
    KeyRevoked,
    /// There is no such deployment.
    DeploymentDeleted,
    /// The limits have fallen.
    Quota {
        /// What they have fallen to.
        left: Quota,
        /// Whether those of the deployment alone.
        of_deployment: bool,
    },
}

/// What a resource is told of the deployment that is asked for, and of the one that takes over what that one cannot take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders<'a> {
    /// Of the deployment that is asked for.
    pub asked: Told<'a>,
    /// Of the one that requests spill over to: [`Conduct::told_as_second`].
    pub second: Told<'a>,
}

impl<'a> From<Told<'a>> for Orders<'a> {
    fn from(asked: Told<'a>) -> Self {
        Self { asked, second: Told::Nothing }
    }
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFault {
    /// Nothing.
    #[default]
    Right,
    /// It is complete, and no JSON.
    Malformed,
    /// It is the first half, and framed as if that were all.
    Truncated,
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// With its last byte.
    #[default]
    Whole,
    /// The connection breaks before it begins.
    Reset,
    /// It never begins.
    Never,
    /// The connection breaks after the head.
    ResetAfterHeaders,
    /// The connection breaks after half of the body, or so many pieces of a stream.
    Cut(Option<u32>),
    /// Nothing more comes after half of the body, or so many pieces of a stream.
    Stall(Option<u32>),
    /// A stream ends in order after half of its pieces or so many, without `[DONE]`. A body that is no stream is whole.
    WithoutDone(Option<u32>),
}

impl Conduct {
    /// Whether nothing is wrong.
    pub fn is_right(&self) -> bool {
        *self == Self::default()
    }

    /// What a resource is told.
    pub fn told(&self) -> Told<'_> {
        match &self.answer {
            Answering::Right => Told::Nothing,
            Answering::Status(status, options) => Told::Status { status: *status, options, of_deployment: self.of_deployment },
            Answering::KeyRevoked => Told::KeyRevoked,
            Answering::DeploymentDeleted => Told::DeploymentDeleted,
            Answering::Quota(quota) => Told::Quota { left: *quota, of_deployment: self.of_deployment },
        }
    }

    /// Whether the party that is asked sees the request, so that it may answer: the connection opens, and neither breaks nor stays silent at once.
    pub fn reaches_the_party(&self) -> bool {
        self.connection == Connection::Open && !matches!(self.ending, Ending::Reset | Ending::Never)
    }

    /// The same for a deployment that requests spill over to, inside of the service: there no connection breaks or hangs that a client could
    /// see, so that the deployment fails.
    pub fn told_as_second(&self) -> Told<'_> {
        static NOTHING_SAID: LazyLock<FaultOptions> = LazyLock::new(FaultOptions::default);
        if !self.reaches_the_party() {
            return Told::Status { status: 503, options: &NOTHING_SAID, of_deployment: true };
        }
        self.told()
    }

    /// Of a fault that holds for a target.
    pub(super) fn of(active: &ActiveFault) -> Self {
        let of_deployment = matches!(active.target, Target::Deployment { .. });
        Self { of_deployment, ..Self::of_fault(&active.fault) }
    }

    /// Of a fault, whatever it holds for.
    pub(super) fn of_fault(fault: &Fault) -> Self {
        let options = &fault.options;
        let right = Self { delay: options.delay.unwrap_or_default(), ..Self::default() };
        let connection = |connection| Self { connection, ..Self::default() };
        let ending = |ending| Self { ending, ..Self::default() };
        let answer = |answer| Self { answer, ..Self::default() };
        match fault.kind {
            Kind::Status(status) => Self { answer: Answering::Status(status, options.clone()), ..right },
            Kind::ConnectionRefused => connection(Connection::Refused),
            Kind::DnsFailure => connection(Connection::NoAddress),
            Kind::TlsFailure => connection(Connection::NoTls),
            Kind::Outage | Kind::Partition => connection(Connection::Lost),
            Kind::Hang => ending(Ending::Never),
            Kind::Reset => ending(Ending::Reset),
            Kind::ResetAfterHeaders => ending(Ending::ResetAfterHeaders),
            Kind::CutBody => ending(Ending::Cut(options.pieces)),
            Kind::StallBody => ending(Ending::Stall(options.pieces)),
            Kind::CutStream => ending(Ending::WithoutDone(options.pieces)),
            Kind::TruncatedBody => Self { body: BodyFault::Truncated, ..Self::default() },
            Kind::MalformedJson => Self { body: BodyFault::Malformed, ..Self::default() },
            Kind::Slow => right,
            Kind::SlowTokens => Self { pace: right.delay, ..Self::default() },
            Kind::QuotaDrop => answer(Answering::Quota(options.tokens_per_minute.unwrap_or(Quota::TENTH))),
            Kind::KeyRevoked => answer(Answering::KeyRevoked),
            Kind::DeploymentDeleted => answer(Answering::DeploymentDeleted),
        }
    }

    /// What an answer is delivered by: where another deployment has taken the request over, it is that one's, behind what the first has cost.
    pub fn with_second(self, second: Self, is_taken_over: bool) -> Self {
        match (is_taken_over, self.of_deployment) {
            (false, _) => self,
            // The first has cost its delay, and the link is the same; what else was wrong was the first deployment's.
            (true, true) => Self { delay: self.delay, ending: self.of_link, ..Self::default() }.and_behind(|| second),
            (true, false) if second.is_right() => self,
            (true, false) => {
                let (body, pace) = (self.body, self.pace);
                let both = self.and_behind(|| second);
                let body = if both.body == BodyFault::Right { body } else { both.body };
                Self { body, pace: pace.saturating_add(both.pace), ..both }
            }
        }
    }

    /// The conduct of a link and, where it lets the request through, that of the party behind it.
    pub(super) fn and_behind(self, behind: impl FnOnce() -> Self) -> Self {
        if !self.reaches_the_party() {
            return self;
        }
        let behind = behind();
        let ending = if matches!(behind.ending, Ending::Reset | Ending::Never) || self.ending == Ending::Whole {
            behind.ending
        } else {
            self.ending
        };
        Self { delay: self.delay.saturating_add(behind.delay), ending, of_link: self.ending, ..behind }
    }
}

impl Connection {
    /// Why a request to `host` has no answer, and how long it takes to know; nothing where the connection opens. Both drivers say it in
    /// these words. Where the request's own timeout is shorter than the wait, the timeout speaks.
    pub fn failure(self, host: &str) -> Option<(Duration, Failure)> {
        let (wait, kind, message) = match self {
            Self::Open => return None,
            Self::NoAddress => (Duration::ZERO, FailureKind::DnsFailure, format!("no such host `{host}`: a fault is set on it")),
            Self::Refused => (
                Duration::ZERO,
                FailureKind::ConnectionRefused,
                format!("no connection to `{host}`: nobody listens, by a fault that is set"),
            ),
            Self::NoTls => (Duration::ZERO, FailureKind::TlsFailure, format!("no TLS with `{host}`: a fault is set on it")),
            // What nobody answers is no `Timeout` to the gateway but a connection that failed.
            Self::Lost => (
                CONNECT_PATIENCE,
                FailureKind::ConnectionRefused,
                format!("no connection to `{host}`: nobody has answered for {} seconds", CONNECT_PATIENCE.as_secs()),
            ),
        };
        Some((wait, Failure { kind, message: message.into() }))
    }
}

/// Why a request to `host` has no answer where the connection has broken.
pub fn broken_off(host: &str) -> Failure {
    Failure { kind: FailureKind::Reset, message: format!("the connection to `{host}` broke before the answer was complete").into() }
}
