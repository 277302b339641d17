//! The load: connections that are kept, each of which asks again when it has read the answer, and checks what it has read.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use crate::backends::COMPLETION;

/// The body of every request.
pub(crate) const QUESTION: &str = concat!(
    r#"{"messages":[{"role":"system","content":"You answer questions about cloud architecture in two sentences."},"#,
    r#"{"role":"user","content":"What happens to my request when a region has no capacity left?"}],"max_tokens":200,"temperature":0.2}"#
);

/// Where every request goes below the root.
const PATH: &str = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

/// A request that is never answered must end the run, not hang it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Headers that an answer must have, with these values.
pub(crate) type Expected = &'static [(&'static str, &'static str)];

/// How much one round asks.
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// Requests before the measured ones, over the same connections: backends are connected, code is paged in.
    pub(crate) warm_up: usize,
    pub(crate) requests: usize,
}

/// Who is asked, and what the answers must say.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) expected: Expected,
}

impl Target {
    /// One that looks at no key. It gets one all the same: every request shall be equally long.
    pub(crate) fn without_key(address: SocketAddr, expected: Expected) -> Self {
        Self { address, key: "0".repeat(32), expected }
    }
}

/// What one round measured.
pub(crate) struct Round {
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// One by request.
    pub(crate) latencies: Vec<Duration>,
}

/// One connection and what it asks.
struct Asker {
    sender: SendRequest<Full<Bytes>>,
    request: Request<Full<Bytes>>,
    expected: Expected,
}

/// Connects anew, warms up and measures. Connections are not kept between rounds: a server may close one that rests.
pub(crate) async fn round(target: &Target, load: &Load) -> Result<Round> {
    let measured = async {
        let mut askers = Vec::with_capacity(load.connections);
        for _ in 0..load.connections {
            askers.push(Asker::connect(target).await?);
        }
        let (askers, _) = ask(askers, load.warm_up).await?;
        Ok(ask(askers, load.requests).await?.1)
    };
    timeout(PATIENCE, measured).await.context("an answer does not come")?
}

/// Asks `requests` times in all; whichever connection is free takes the next.
async fn ask(askers: Vec<Asker>, requests: usize) -> Result<(Vec<Asker>, Round)> {
    let left = Arc::new(AtomicUsize::new(requests));
    let mut tasks = JoinSet::new();
    let begun = Instant::now();
    for mut asker in askers {
        let left = left.clone();
        tasks.spawn(async move {
            let mut latencies = Vec::with_capacity(requests);
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                latencies.push(asker.ask().await?);
            }
            anyhow::Ok((asker, latencies))
        });
    }
    let mut askers = Vec::with_capacity(tasks.len());
    let mut round = Round { elapsed: Duration::ZERO, latencies: Vec::with_capacity(requests) };
    while let Some(finished) = tasks.join_next().await {
        let (asker, latencies) = finished??;
        askers.push(asker);
        round.latencies.extend(latencies);
    }
    round.elapsed = begun.elapsed();
    Ok((askers, round))
}

impl Asker {
    async fn connect(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(target.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its end is told to whoever waits for an answer.
        tokio::spawn(connection);
        let request = Request::post(PATH)
            .header(HOST, target.address.to_string())
            .header(CONTENT_TYPE, "application/json")
            .header("api-key", &target.key)
            .body(Full::from(QUESTION))?;
        Ok(Self { sender, request, expected: target.expected })
    }

    async fn ask(&mut self) -> Result<Duration> {
        self.sender.ready().await?;
        let begun = Instant::now();
        let response = self.sender.send_request(self.request.clone()).await?;
        self.check(response).await?;
        Ok(begun.elapsed())
    }

    async fn check(&self, response: Response<Incoming>) -> Result<()> {
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        ensure!(head.status == StatusCode::OK, "status {}: {}", head.status, String::from_utf8_lossy(&body));
        ensure!(body == COMPLETION, "the body is not the backend's: {}", String::from_utf8_lossy(&body));
        for (name, value) in self.expected {
            let found = head.headers.get(*name);
            ensure!(found.is_some_and(|found| found == value), "{name} is {found:?} and should be {value}");
        }
        Ok(())
    }
}
