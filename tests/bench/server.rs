//! What backends and proxies have in common: a port, HTTP/1 with kept connections, and an end when the parent has gone.

use std::{
    error::Error,
    io::{self, Read as _, Write as _},
    net::Ipv4Addr,
};

use anyhow::Result;
use hyper::{Request, Response, body::Body, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// A port that the system chooses, and its URL.
pub(crate) async fn bind() -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

/// Serves connections, each in a task of its own. A failure of `answer` closes the connection, which fails the measurement.
pub(crate) async fn serve<A, F, B>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>>> + Send,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    while let Ok((stream, _)) = listener.accept().await {
        // As the gateway does: small answers must not wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        let answer = answer.clone();
        tokio::spawn(async move {
            // Whoever waits for the answer tells of a broken connection.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

/// Tells the parent where we are, and returns once it has gone.
pub(crate) fn announce(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
