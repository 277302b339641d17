//! What passes between the machine and its driver: effects out, events in.
//!
//! The machine never touches a socket or a clock (law 2). It says what it wants next; a driver does it, in real or in
//! virtual time, and tells the outcome. Every effect but the answer carries an [`OperationId`], and the event that
//! settles it carries the same one, so that several may be under way at once.

use std::{net::IpAddr, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{backends::Tls, safety::StreamScreen};
use crate::{
    http::{Headers, RequestHead, ResponseHead},
    policy::elements::forward_request::HttpVersion,
    text::Text,
};

pub use super::afterwards::Watch;

/// Names one piece of work that a driver does for one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u32);

/// A request as it reaches the gateway.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Method, absolute URL as the client asked for it, header fields.
    pub head: RequestHead,
    /// The body, as far as the driver has it.
    pub body: ArrivingBody,
    /// The client's address.
    pub client: IpAddr,
    /// Whether the request is traced in detail: `context.Tracing`.
    pub trace: bool,
    /// The certificate that the client presented in TLS, DER or PEM.
    pub certificate: Option<Bytes>,
}

/// The header by which a simulated client presents a certificate: Base64 of its DER, since simulated gateways speak no TLS.
pub const CLIENT_CERTIFICATE: &str = "x-simulated-client-certificate";

/// The certificate that a request presents by [`CLIENT_CERTIFICATE`]. Policies never see the header; a value that is no Base64 presents nothing.
pub fn presented(headers: &mut Headers) -> Option<Bytes> {
    let certificate = STANDARD.decode(headers.get(CLIENT_CERTIFICATE)?.trim()).ok().map(Bytes::from);
    headers.remove(CLIENT_CERTIFICATE);
    certificate
}

/// A client's body on arrival.
#[derive(Clone, Debug)]
pub enum ArrivingBody {
    /// The request carries no body: `context.Request.Body` is null.
    None,
    /// The whole body is here already.
    Bytes(Bytes),
    /// The driver holds it as a stream, to be read by [`Effect::ReadRequestBody`] or passed on by [`Outgoing::Client`].
    Stream,
}

/// What the machine asks its driver to do.
#[derive(Debug)]
pub enum Effect {
    /// Send a request; settled by [`Event::Response`].
    Send(Box<Send>),
    /// Read the client's whole body; settled by [`Event::RequestBody`].
    ReadRequestBody {
        /// This operation.
        operation: OperationId,
    },
    /// Read the whole body of a response that streams; settled by [`Event::ResponseBody`].
    ReadResponseBody {
        /// This operation.
        operation: OperationId,
        /// The [`Send`] whose response it is.
        exchange: OperationId,
    },
    /// Get a token for the gateway's managed identity; settled by [`Event::Token`].
    AcquireToken {
        /// This operation.
        operation: OperationId,
        /// The application id URI that the token is for.
        resource: Text,
        /// The client id of a user-assigned identity; the system-assigned one without.
        client_id: Option<Text>,
    },
    /// Wait; settled by [`Event::Woke`].
    Sleep {
        /// This operation.
        operation: OperationId,
        /// How long.
        duration: Duration,
    },
    /// Send a request and forget it: no event settles it, and it goes on after the answer (`send-one-way-request`).
    Tell(Box<Send>),
    /// Answer the client. The last effect of a machine.
    Answer(Box<Answer>),
}

/// A request to a backend.
#[derive(Debug)]
pub struct Send {
    /// This operation; a streaming response goes by the same name.
    pub operation: OperationId,
    /// The policy that sends it.
    pub purpose: Purpose,
    /// Method, absolute URL and fields. `Host` is there only where a policy set it; `Content-Length`, `Transfer-Encoding` and
    /// the other fields of a connection never are: the driver frames the message.
    pub request: RequestHead,
    /// The body.
    pub body: Outgoing,
    /// How long to wait for status and headers, or with [`Reception::Collect`] for the whole response.
    pub timeout: Duration,
    /// What to do with the response's body.
    pub reception: Reception,
}

/// Why a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `forward-request`: the client's own request.
    Forward {
        /// How the backend's certificate is checked.
        tls: Tls,
        /// The version of HTTP that the backend is spoken to in.
        version: HttpVersion,
    },
    /// `send-request`: a request that the policy makes.
    SendRequest,
    /// `validate-jwt`: an OpenID configuration, or its keys.
    SigningKeys,
    /// `send-one-way-request`: a request that the policy makes and whose response nobody hears of.
    OneWay,
}

/// The body of a request to a backend.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// No body, no `Content-Length` unless the method wants one.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// The client's body, passed on as it arrives.
    Client,
}

/// What to do with the body of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// Read all of it before telling the machine (`send-request`).
    Collect,
    /// Tell status and headers at once, keep the body as a stream (`forward-request`).
    Stream,
}

/// What a driver tells the machine.
#[derive(Debug)]
pub enum Event {
    /// [`Effect::Send`] has settled.
    Response {
        /// The operation of the [`Send`].
        operation: OperationId,
        /// The response, or why there is none.
        outcome: Result<Received, Failure>,
    },
    /// [`Effect::ReadRequestBody`] has settled.
    RequestBody {
        /// The operation.
        operation: OperationId,
        /// The bytes, or that the client hung up before the end.
        outcome: Result<Bytes, ClientGone>,
    },
    /// [`Effect::ReadResponseBody`] has settled.
    ResponseBody {
        /// The operation.
        operation: OperationId,
        /// The bytes, or why the body broke off.
        outcome: Result<Bytes, Failure>,
    },
    /// [`Effect::AcquireToken`] has settled.
    Token {
        /// The operation.
        operation: OperationId,
        /// The token, or the identity endpoint's message.
        outcome: Result<Text, Text>,
    },
    /// [`Effect::Sleep`] is over.
    Woke {
        /// The operation.
        operation: OperationId,
    },
}

impl Event {
    /// The operation that it settles.
    pub fn operation(&self) -> OperationId {
        match self {
            Self::Response { operation, .. }
            | Self::RequestBody { operation, .. }
            | Self::ResponseBody { operation, .. }
            | Self::Token { operation, .. }
            | Self::Woke { operation } => *operation,
        }
    }
}

/// A response as the driver received it.
#[derive(Clone, Debug)]
pub struct Received {
    /// Status and fields; those of the connection are already gone.
    pub head: ResponseHead,
    /// The body: all of it with [`Reception::Collect`]; `None` while the driver holds it as a stream.
    pub body: Option<Bytes>,
}

/// The client hung up before its body was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientGone;

/// Why a backend gave no (complete) response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind: decides `context.LastError.Reason`.
    pub kind: FailureKind,
    /// The driver's words for people; `LastError.Message` varies in the service, too.
    pub message: Text,
}

/// The kinds of failure, named as in the catalogue of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The host name has no address.
    DnsFailure,
    /// Nobody listens there.
    ConnectionRefused,
    /// TLS could not be agreed on.
    TlsFailure,
    /// The connection broke before the response was complete.
    Reset,
    /// Nothing came within the timeout.
    Timeout,
}

impl FailureKind {
    /// The word for it in reports: that of the fault which brings it about.
    pub fn word(self) -> &'static str {
        match self {
            Self::DnsFailure => "dns-failure",
            Self::ConnectionRefused => "connection-refused",
            Self::TlsFailure => "tls-failure",
            Self::Reset => "reset",
            Self::Timeout => "hang",
        }
    }
}

/// What the client gets.
#[derive(Debug)]
pub struct Answer {
    /// Status and fields. The driver frames the message.
    pub head: ResponseHead,
    /// The body.
    pub body: AnswerBody,
    /// Who looks on while a body that streams passes; ended when no more comes.
    pub watch: Option<Box<Watch>>,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub enum AnswerBody {
    /// None.
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// A stream of events that is looked at on its way: every piece goes through the screens, one after the other.
    Screened {
        /// The [`Send`] whose response it is.
        exchange: OperationId,
        /// What looks at it. Once one is over, the answer ends.
        screens: Vec<StreamScreen>,
    },
    /// The body of a response that the driver holds as a stream.
    Stream {
        /// The [`Send`] whose response it is.
        exchange: OperationId,
        /// `buffer-response`: bytes are collected to chunks of 8 KiB; without it each goes on as it comes.
        /// Source: learn.microsoft.com/azure/api-management/forward-request-policy.
        buffered: bool,
    },
}
