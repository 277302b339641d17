//! TLS towards hosts that the user let out by name: `--real HOST`, `--backend HOST=https://…`.
//!
//! Simulated hosts speak plain HTTP on loopback whatever the scheme. Certificates are checked against the system's trusted roots, or those
//! in the file that the environment's `SSL_CERT_FILE` names, unless the backend entity says that its own is not to be checked.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
        client::{
            WebPkiServerVerifier,
            danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
            verify_server_name,
        },
        crypto::{CryptoProvider, ring},
        pki_types::{CertificateDer, ServerName, UnixTime},
        server::ParsedCertificate,
    },
};

use crate::{gateway::backends::Tls, policy::elements::forward_request::HttpVersion};

/// HTTP/2 over TLS (RFC 9113 section 3.2).
const HTTP2: &[u8] = b"h2";

/// A connection to a backend.
#[derive(Debug)]
pub(super) enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// In TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Whether both sides have agreed on HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        matches!(self, Self::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(HTTP2))
    }
}

/// Agrees on TLS, and on one of the `offered` versions of HTTP, with the server called `host`.
///
/// # Errors
/// The name is none that a certificate can have, there are no trusted roots, or the handshake fails.
pub(super) async fn handshake(stream: TcpStream, host: &str, checks: Tls, offered: HttpVersion) -> io::Result<Stream> {
    let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    let mut config = config(checks)?;
    // What is offered, best first (RFC 7301). HTTP/1.1 by itself goes without saying.
    let protocols: &[&[u8]] = match offered {
        HttpVersion::One => &[],
        HttpVersion::TwoOrOne => &[HTTP2, b"http/1.1"],
        HttpVersion::Two => &[HTTP2],
    };
    if !protocols.is_empty() {
        let mut offering = ClientConfig::clone(&config);
        offering.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config = Arc::new(offering);
    }
    let connector = TlsConnector::from(config);
    connector.connect(name, stream).await.map(|stream| Stream::Tls(Box::new(stream)))
}

/// Read at first use: reading the system's roots takes longer than everything else at start.
fn config(checks: Tls) -> io::Result<Arc<ClientConfig>> {
    type Built = OnceLock<Result<Arc<ClientConfig>, String>>;
    static ALL: Built = OnceLock::new();
    static CHAIN: Built = OnceLock::new();
    static NAME: Built = OnceLock::new();
    static NEITHER: Built = OnceLock::new();
    let built = match (checks.validate_chain, checks.validate_name) {
        (true, true) => &ALL,
        (true, false) => &CHAIN,
        (false, true) => &NAME,
        (false, false) => &NEITHER,
    };
    built.get_or_init(|| build(checks)).clone().map_err(io::Error::other)
}

fn build(checks: Tls) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("the system has no trusted root certificates".to_owned());
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone());
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| error.to_string())?;
    if checks == Tls::default() {
        return Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()));
    }
    let verifier = Partial::new(roots, provider, checks)?;
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()))
}

/// Checks of a certificate that its backend entity has asked for in part: `validateCertificateChain` and `validateCertificateName`.
#[derive(Debug)]
struct Partial {
    all: Arc<WebPkiServerVerifier>,
    checks: Tls,
}

impl Partial {
    fn new(roots: RootCertStore, provider: Arc<CryptoProvider>, checks: Tls) -> Result<Self, String> {
        let all = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(|error| error.to_string())?;
        Ok(Self { all, checks })
    }
}

impl ServerCertVerifier for Partial {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        // The chain is checked first: an error of the name means that the chain is good.
        match self.all.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Err(Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }))
                if !self.checks.validate_name =>
            {
                Ok(ServerCertVerified::assertion())
            }
            Err(Error::InvalidCertificate(_)) if !self.checks.validate_chain => {
                if self.checks.validate_name {
                    verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.all.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.all.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.all.supported_verify_schemes()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
