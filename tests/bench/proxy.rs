//! The references: reverse proxies with no more in them than hyper's server, hyper-util's pooled client and what HTTP asks of a proxy.
//!
//! They run on tokio's default multi-threaded runtime, as the gateway does.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode, Uri,
    body::Incoming,
    header::{CONNECTION, HOST, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE},
    http::{request::Parts, uri::Authority},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::runtime;

use crate::server;

/// What concerns one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] =
    [CONNECTION, HeaderName::from_static("keep-alive"), PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

type Upstream = Client<HttpConnector, Either<Incoming, Full<Bytes>>>;

fn upstream() -> Upstream {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

fn authority(url: &str) -> Result<Authority> {
    Ok(url.trim_start_matches("http://").parse()?)
}

/// Forwards to `upstream_url`, both bodies streaming.
pub(crate) fn run(upstream_url: &str) -> Result<()> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let (listener, url) = runtime.block_on(server::bind())?;
    let (client, to) = (upstream(), authority(upstream_url)?);
    runtime.spawn(server::serve(listener, move |request| forward(client.clone(), to.clone(), request)));
    server::announce(&url)
}

async fn forward(client: Upstream, to: Authority, request: Request<Incoming>) -> Result<Response<Incoming>> {
    let (mut head, body) = request.into_parts();
    strip(&mut head.headers);
    redirect(&mut head, to)?;
    Ok(outward(client.request(Request::from_parts(head, Either::Left(body))).await?))
}

/// Sends each request to the first URL and, where that does not answer 200, to the second one: failover written by hand.
pub(crate) fn run_with_failover(first: &str, second: &str) -> Result<()> {
    let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
    let (listener, url) = runtime.block_on(server::bind())?;
    let client = upstream();
    let (first, second) = (authority(first)?, authority(second)?);
    runtime.spawn(server::serve(listener, move |request| fail_over(client.clone(), first.clone(), second.clone(), request)));
    server::announce(&url)
}

async fn fail_over(client: Upstream, first: Authority, second: Authority, request: Request<Incoming>) -> Result<Response<Incoming>> {
    let (mut head, body) = request.into_parts();
    // Sent twice, it must be whole.
    let body = body.collect().await?.to_bytes();
    strip(&mut head.headers);
    let mut again = head.clone();
    redirect(&mut head, first)?;
    let refused = client.request(Request::from_parts(head, Either::Right(Full::new(body.clone())))).await?;
    if refused.status() == StatusCode::OK {
        return Ok(told(outward(refused), "swc", "1"));
    }
    // Read to its end, so that the connection can be used again.
    refused.into_body().collect().await?;
    redirect(&mut again, second)?;
    let answer = client.request(Request::from_parts(again, Either::Right(Full::new(body)))).await?;
    Ok(told(outward(answer), "frc", "2"))
}

fn strip(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Leads the request to another host, whose name the client then writes.
fn redirect(head: &mut Parts, to: Authority) -> Result<()> {
    head.headers.remove(HOST);
    let mut uri = std::mem::take(&mut head.uri).into_parts();
    uri.scheme = Some(hyper::http::uri::Scheme::HTTP);
    uri.authority = Some(to);
    head.uri = Uri::from_parts(uri)?;
    Ok(())
}

fn outward(mut answer: Response<Incoming>) -> Response<Incoming> {
    strip(answer.headers_mut());
    answer
}

/// The headers that the gateway writes, so that the same check holds for both.
fn told(mut answer: Response<Incoming>, served_by: &'static str, attempts: &'static str) -> Response<Incoming> {
    answer.headers_mut().insert("x-served-by", HeaderValue::from_static(served_by));
    answer.headers_mut().insert("x-failover-attempts", HeaderValue::from_static(attempts));
    answer
}
