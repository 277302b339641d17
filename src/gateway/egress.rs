//! The way from the gateway to a host: the proxy between the two, and the certificates that the gateway presents at its end.
//!
//! Simulated hosts speak no TLS and no simulated proxy is a host of its own. What proxies there are and which hosts ask for a certificate is told
//! beside the service; where nobody has told anything, every proxy lets everything through and no host asks.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    Entities,
    effect::{CLIENT_CERTIFICATE, Failure, FailureKind, Received},
};
use crate::{
    dotnet::crypto::certificate::Certificate,
    http::{Headers, RequestHead, ResponseHead, Url, reason_phrase},
    text::Text,
};

/// What requests take along on their way.
#[derive(Clone, Debug, Default)]
pub(super) struct Egress {
    /// The proxy that they go by.
    pub proxy: Option<Via>,
    /// The certificate that is presented, in DER.
    pub certificate: Option<Bytes>,
}

/// A proxy as a policy names it. Source: learn.microsoft.com/azure/api-management/proxy-policy.
#[derive(Clone, Debug)]
pub(super) struct Via {
    /// Its address: `http://host:port`.
    pub url: Url,
    /// User and password.
    pub credentials: Option<(Text, Text)>,
}

/// A proxy that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address: host and port count.
    pub url: Url,
    /// User and password that it asks for.
    pub credentials: Option<(Text, Text)>,
}

/// A host that asks for a certificate in TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Its name.
    pub host: Text,
    /// The certificates that it takes, DER or PEM.
    pub certificates: Vec<Bytes>,
}

impl Egress {
    /// Straight, and without a certificate.
    pub const NONE: Self = Self { proxy: None, certificate: None };

    /// Lets a request begin its way, and marks it with the certificate that its host is shown. `Some` is where the way ends before the host:
    /// with an answer of the proxy, or without any.
    pub fn begin(&self, request: &mut RequestHead, entities: &Entities) -> Option<Result<Received, Failure>> {
        if let Some(via) = &self.proxy
            && let Some(ended) = via.refusal(&request.url, &entities.proxies)
        {
            return Some(ended);
        }
        // A certificate is presented in TLS, and asked for there.
        if self.certificate.is_none() && entities.guarded.is_empty() || request.url.scheme != "https" {
            return None;
        }
        let guarded = entities.guarded.iter().find(|guarded| guarded.host.eq_ignore_ascii_case(&request.url.host));
        if guarded.is_some_and(|guarded| !guarded.takes(self.certificate.as_ref())) {
            // What .NET says of a handshake that the other side ends. Source: dotnet/runtime, System.Net.Http, `net_http_ssl_connection_failed`.
            let message = Text::Static("The SSL connection could not be established, see inner exception.");
            return Some(Err(Failure { kind: FailureKind::TlsFailure, message }));
        }
        if let Some(certificate) = &self.certificate {
            request.headers.set(CLIENT_CERTIFICATE, STANDARD.encode(certificate));
        }
        None
    }
}

impl Via {
    fn refusal(&self, target: &Url, proxies: &[Proxy]) -> Option<Result<Received, Failure>> {
        if proxies.is_empty() {
            return None;
        }
        let here =
            |proxy: &&Proxy| proxy.url.host.eq_ignore_ascii_case(&self.url.host) && proxy.url.effective_port() == self.url.effective_port();
        let Some(proxy) = proxies.iter().find(here) else {
            let message = format!("Name or service not known ({})", self.url.authority());
            return Some(Err(Failure { kind: FailureKind::DnsFailure, message: message.into() }));
        };
        if proxy.credentials.is_none() || proxy.credentials == self.credentials {
            return None;
        }
        if target.scheme == "https" {
            // .NET's words for a CONNECT that is refused. Source: dotnet/runtime, System.Net.Http, `net_http_proxy_tunnel_returned_failure_status_code`.
            let message = format!("The proxy tunnel request to proxy '{}' failed with status code '407'.", self.url);
            return Some(Err(Failure { kind: FailureKind::ConnectionRefused, message: message.into() }));
        }
        let headers: Headers = [("Proxy-Authenticate", "Basic realm=\"proxy\""), ("Content-Length", "0")].into_iter().collect();
        let head = ResponseHead { status: 407, reason: reason_phrase(407).into(), headers };
        Some(Ok(Received { head, body: Some(Bytes::new()) }))
    }
}

impl Guarded {
    fn takes(&self, presented: Option<&Bytes>) -> bool {
        presented.is_some_and(|presented| {
            let known = self.certificates.iter().filter_map(|known| Certificate::read(known));
            known.into_iter().any(|known| known.der == *presented)
        })
    }
}
