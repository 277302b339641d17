//! The edge's own answers: pages of HTML, never JSON.

use bytes::Bytes;

use super::{Passage, headers, waf::Ruling};
use crate::{
    gateway::effect::FailureKind,
    http::{ResponseHead, reason_phrase},
    spec::Waf,
    text::Text,
};

/// An answer that no origin gave.
#[derive(Clone, Debug)]
pub struct EdgeAnswer {
    /// Status and fields, ready for the client. The driver frames the message.
    pub head: ResponseHead,
    /// The page.
    pub body: Bytes,
    /// Why the edge answers.
    pub cause: EdgeCause,
}

/// Why the edge answers itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EdgeCause {
    /// A rule of the firewall refuses the request.
    Blocked(Text),
    /// A rate limit of the firewall refuses the request.
    TooMany(Text),
    /// A rule of the firewall sends the client elsewhere.
    Redirected(Text),
    /// The URL is longer than the edge takes.
    UrlTooLong,
    /// A body of unknown length.
    LengthRequired,
    /// There is no origin that could be asked.
    NoOrigin,
    /// The last origin that was asked gave no answer.
    Origin(FailureKind),
}

impl EdgeCause {
    /// The word for it in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Blocked(_) => "waf-block",
            Self::TooMany(_) => "waf-rate-limit",
            Self::Redirected(_) => "waf-redirect",
            Self::UrlTooLong => "url-too-long",
            Self::LengthRequired => "length-required",
            Self::NoOrigin => "no-origin",
            Self::Origin(kind) => kind.word(),
        }
    }

    /// The firewall's rule that kept the request from going on.
    pub fn rule(&self) -> Option<&Text> {
        match self {
            Self::Blocked(rule) | Self::TooMany(rule) | Self::Redirected(rule) => Some(rule),
            _ => None,
        }
    }

    /// The status. That a TLS failure and a lost connection are 503 and a silent origin is 504:
    /// learn.microsoft.com/azure/frontdoor/troubleshoot-issues; 411 is from there too. That a URL beyond the limit is 414 is our choice.
    fn status(&self) -> u16 {
        match self {
            Self::Blocked(_) => 403,
            Self::TooMany(_) => 429,
            Self::Redirected(_) => 302,
            Self::UrlTooLong => 414,
            Self::LengthRequired => 411,
            Self::NoOrigin => 503,
            Self::Origin(FailureKind::Timeout) => 504,
            Self::Origin(_) => 503,
        }
    }

    /// What Azure's access log calls it (`ErrorInfo`).
    /// Source: learn.microsoft.com/azure/frontdoor/monitor-front-door-reference.
    pub fn error_info(&self) -> &'static str {
        match self {
            Self::Blocked(_) | Self::TooMany(_) | Self::Redirected(_) => "NoError",
            Self::UrlTooLong | Self::LengthRequired => "InvalidRequest",
            Self::NoOrigin => "OriginError",
            Self::Origin(FailureKind::Timeout) => "OriginTimeout",
            Self::Origin(FailureKind::ConnectionRefused) => "OriginConnectionRefused",
            Self::Origin(FailureKind::DnsFailure) => "DNSNameNotResolved",
            Self::Origin(FailureKind::TlsFailure) => "SSLHandshakeError",
            Self::Origin(FailureKind::Reset) => "OriginInvalidResponse",
        }
    }
}

/// The edge's answer to a request.
pub(super) fn answer(cause: EdgeCause, passage: &Passage) -> EdgeAnswer {
    let body = match &cause {
        EdgeCause::Blocked(_) | EdgeCause::TooMany(_) => page("The request is blocked.", "", &passage.reference),
        EdgeCause::Redirected(_) => String::new(),
        EdgeCause::UrlTooLong => page("The URL is too long.", "", &passage.reference),
        EdgeCause::LengthRequired => page("The request must say how long its body is.", "", &passage.reference),
        EdgeCause::NoOrigin | EdgeCause::Origin(_) => {
            let more = "We're working to restore all services as soon as possible. Please check back soon.";
            page("Our services aren't available right now", more, &passage.reference)
        }
    };
    let status = cause.status();
    finish(status, body, cause, passage)
}

/// The firewall's answer to a request that may not pass; nothing where it may.
pub(super) fn ruled(ruling: Ruling, waf: &Waf, passage: &Passage) -> Option<EdgeAnswer> {
    let cause = match ruling {
        Ruling::Pass => return None,
        Ruling::Redirect(rule) => {
            let mut answer = answer(EdgeCause::Redirected(rule), passage);
            answer.head.headers.set("Location", waf.redirect_url.clone().unwrap_or_default());
            return Some(answer);
        }
        Ruling::Block { rule, too_many: false } => EdgeCause::Blocked(rule),
        Ruling::Block { rule, too_many: true } => EdgeCause::TooMany(rule),
    };
    // Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-configure-custom-response-code.
    let status = waf.block_status.unwrap_or(cause.status());
    Some(match &waf.block_body {
        Some(body) => finish(status, body.replace("{{azure-ref}}", &passage.reference), cause, passage),
        None => {
            let mut answer = answer(cause, passage);
            (answer.head.status, answer.head.reason) = (status, reason_phrase(status).into());
            answer
        }
    })
}

fn finish(status: u16, body: String, cause: EdgeCause, passage: &Passage) -> EdgeAnswer {
    let mut head = ResponseHead { status, reason: reason_phrase(status).into(), headers: Default::default() };
    if !body.is_empty() {
        head.headers.append("Content-Type", "text/html");
    }
    let trouble = matches!(cause, EdgeCause::Origin(_) | EdgeCause::NoOrigin).then(|| cause.error_info());
    headers::to_client(passage, None, trouble, &mut head);
    EdgeAnswer { head, body: body.into(), cause }
}

fn page(heading: &str, more: &str, reference: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>{heading}</title></head><body><h2>{heading}</h2><p>{more}</p><p>{reference}</p></body></html>"
    )
}
