//! The way from the gateway to a host: the proxy between the two, and the certificate that the gateway presents at its end.
//!
//! Simulated hosts speak no TLS and no simulated proxy is a host of its own. What proxies there are and which hosts ask for a certificate is told
//! beside the service; where nobody has told anything, every proxy lets everything through and no host asks.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::{
    Entities,
    backends::Single,
    effect::{CLIENT_CERTIFICATE, Failure, FailureKind, Received},
};
use crate::{
    dotnet::crypto::certificate::Certificate,
    http::{Headers, RequestHead, ResponseHead, Url, reason_phrase},
    text::Text,
};

/// What a request takes along on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Egress {
    /// The proxy that it goes by.
    pub proxy: Option<Proxy>,
    /// The certificate that is presented, in DER.
    pub certificate: Option<Bytes>,
}

/// A proxy: as a policy or a backend names it, and as it is. Source: learn.microsoft.com/azure/api-management/proxy-policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Its address: host and port count.
    pub url: Url,
    /// User and password: that are sent, or asked for.
    pub credentials: Option<(Text, Text)>,
}

/// A host that asks for a certificate in TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Its name.
    pub host: Text,
    /// The certificates that it takes, in DER.
    pub certificates: Vec<Bytes>,
}

/// The address of a proxy, `http://host:port`: "Only HTTP is supported between the gateway and the proxy." One with a user in it is none, since
/// nothing says that the service would take it for credentials.
/// Source: learn.microsoft.com/azure/api-management/proxy-policy.
pub fn proxy_url(text: &str) -> Option<Url> {
    let is_bare = |url: &Url| matches!(url.path.as_str(), "" | "/") && url.query.is_empty() && !text.contains('@');
    Url::parse(text.trim()).filter(|url| url.scheme == "http" && is_bare(url))
}

impl Egress {
    /// What the pipeline says of requests to backends, and the backend of itself, which comes first: nothing documents which of two certificates the
    /// service presents. None where nobody says anything.
    pub fn of(pipeline: Option<&Self>, backend: Option<&Single>, entities: &Entities) -> Option<Box<Self>> {
        let own = backend.map(|backend| Self {
            proxy: backend.proxy.clone(),
            certificate: backend.credentials.certificates.iter().find_map(|name| named(entities, name)),
        });
        let Self { proxy, certificate } = own.unwrap_or_default();
        let egress =
            Self { proxy: proxy.or_else(|| pipeline?.proxy.clone()), certificate: certificate.or_else(|| pipeline?.certificate.clone()) };
        (egress != Self::default()).then(|| Box::new(egress))
    }

    /// Lets a request begin its way, and marks it with the certificate that its host is shown. `Some` is where the way ends before the host:
    /// with an answer of the proxy, or without any.
    pub fn begin(way: Option<&Self>, request: &mut RequestHead, entities: &Entities) -> Option<Result<Received, Failure>> {
        if way.is_none() && entities.guarded.is_empty() {
            return None;
        }
        // A redirected request begins anew.
        request.headers.remove(CLIENT_CERTIFICATE);
        if let Some(proxy) = way.and_then(|way| way.proxy.as_ref())
            && let Some(ended) = proxy.refusal(&request.url, &entities.proxies)
        {
            return Some(ended);
        }
        // A certificate is presented in TLS, and asked for there.
        if request.url.scheme != "https" {
            return None;
        }
        let certificate = way.and_then(|way| way.certificate.as_ref());
        let guarded = entities.guarded.iter().find(|guarded| guarded.host.eq_ignore_ascii_case(&request.url.host));
        if guarded.is_some_and(|guarded| !certificate.is_some_and(|presented| guarded.certificates.contains(presented))) {
            // What .NET says of a handshake that the other side ends. Source: dotnet/runtime, System.Net.Http, `net_http_ssl_connection_failed`.
            let message = Text::Static("The SSL connection could not be established, see inner exception.");
            return Some(Err(Failure { kind: FailureKind::TlsFailure, message }));
        }
        if let Some(certificate) = certificate {
            request.headers.set(CLIENT_CERTIFICATE, STANDARD.encode(certificate));
        }
        None
    }
}

impl Proxy {
    /// Why a request does not get past the proxy that it names.
    fn refusal(&self, target: &Url, known: &[Self]) -> Option<Result<Received, Failure>> {
        if known.is_empty() {
            return None;
        }
        let here =
            |proxy: &&Self| proxy.url.host.eq_ignore_ascii_case(&self.url.host) && proxy.url.effective_port() == self.url.effective_port();
        let Some(proxy) = known.iter().find(here) else {
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

/// The DER of a certificate that is DER or PEM.
pub fn der(bytes: &[u8]) -> Option<Bytes> {
    Certificate::read(bytes).map(|certificate| certificate.der.into())
}

/// The service's certificate with this id.
pub(super) fn with_id(entities: &Entities, id: &str) -> Option<Bytes> {
    entities.certificates.get(id).and_then(|bytes| der(bytes))
}

/// The service's certificate with this thumbprint.
pub(super) fn with_thumbprint(entities: &Entities, thumbprint: &str) -> Option<Bytes> {
    let mut certificates = entities.certificates.values().filter_map(|bytes| Certificate::read(bytes));
    certificates.find(|known| known.thumbprint().eq_ignore_ascii_case(thumbprint)).map(|found| found.der.into())
}

/// The service's certificate as the credentials of a backend name it: by its id, behind the path of the resource or alone, or by its thumbprint.
fn named(entities: &Entities, name: &str) -> Option<Bytes> {
    let id = name.rsplit('/').next().unwrap_or(name);
    with_id(entities, id).or_else(|| with_thumbprint(entities, name))
}
