//! Real sockets on loopback: ports that refuse, faults that break connections, connections that are kept.
#![allow(clippy::unreachable, reason = "a test fails by panicking")]

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use bytes::Bytes;
use hyper::body::Body;
use serde_json::json;

use super::{
    ControlError, Drained, EventSink, ResourceSite, Simulation, StartError,
    answer::{AnswerStream, RequestLog, Source, Watching},
    delete_faults,
    events::{HealthReport, Listening, Outcome, SimulationEvent},
    exchange::{Exchanged, Sender, exchange},
    pool::RequestBody,
    post_fault,
    running::listening_first,
    site::Site,
    start,
    tracing::Tracing,
    world::World,
};
use crate::{
    azure::{faults::FaultCommand, openai::ResourceConfig},
    environment::Moment,
    gateway::{
        backends::Tls,
        effect::{FailureKind, OperationId, Outgoing, Purpose, Reception, Send},
    },
    http::{RequestHead, Url},
    policy::elements::forward_request::HttpVersion,
    text::Text,
};

const SWC: &str = "https://contoso-swc.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";

pub(super) fn loopback() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A site with one resource in `swedencentral` and what `mapped` names.
fn site(mapped: &[(&str, SocketAddr)]) -> Arc<Site> {
    let mapped =
        mapped.iter().map(|(host, address)| ((*host).to_owned(), Url::parse(&format!("http://{address}/base/")).unwrap())).collect();
    let world = World::new(Some(1), None, mapped, Vec::new(), Tracing::default());
    let site = Arc::new(Site::new(Arc::new(world), "X-Served-By".into()));
    let config =
        ResourceConfig { id: "swc".into(), ..ResourceConfig::undeclared("contoso-swc.openai.azure.com".into(), "Sweden Central".into()) };
    let resource = ResourceSite { region: "swedencentral".into(), listen: loopback(), config };
    site.place(Vec::new(), Some(vec![resource])).unwrap();
    site
}

async fn fault(site: &Arc<Site>, target: &str, fault: &str) {
    let command: FaultCommand = serde_json::from_value(json!({"target": target, "fault": fault})).unwrap();
    site.command(command).await.unwrap();
}

fn chat(url: &str, reception: Reception, timeout: Duration) -> Send {
    let body = json!({"messages": [{"role": "user", "content": "hello"}]}).to_string();
    let headers = [("api-key", "k"), ("Content-Type", "application/json")].into_iter().collect();
    Send {
        operation: OperationId(1),
        purpose: Purpose::Forward { tls: Tls::default(), version: HttpVersion::One },
        request: RequestHead { method: "POST".into(), url: Url::parse(url).unwrap(), headers },
        body: Outgoing::Bytes(body.into()),
        timeout,
        reception,
    }
}

async fn send_for(site: &Site, url: &str, reception: Reception, timeout: Duration) -> Exchanged {
    let (region, display): (Text, Text) = ("swedencentral".into(), "Sweden Central".into());
    let send = chat(url, reception, timeout);
    let Outgoing::Bytes(body) = send.body.clone() else { panic!() };
    exchange(&site.world, Sender { region: &region, display: &display, takes_trailers: false }, &send, RequestBody::Bytes(body))
        .await
        .unwrap()
}

async fn send(site: &Site, url: &str) -> Exchanged {
    send_for(site, url, Reception::Collect, Duration::from_secs(30)).await
}

async fn outcome(site: &Site, url: &str) -> Outcome {
    send(site, url).await.attempt.unwrap().outcome
}

#[tokio::test]
async fn a_fault_holds_for_the_next_request_and_so_does_its_end() {
    let site = site(&[]);
    let address = site.world.hosted()[0].port.address();
    for (word, expected) in [
        ("429", Outcome::Status(429)),
        ("connection-refused", Outcome::Error("connection-refused")),
        ("dns-failure", Outcome::Error("dns-failure")),
        ("reset", Outcome::Error("reset")),
        ("cut-body", Outcome::Error("cut-body")),
        ("connection-refused", Outcome::Error("connection-refused")),
        ("503", Outcome::Status(503)),
    ] {
        for target in ["swc", "region:swedencentral"] {
            assert_eq!(outcome(&site, SWC).await, Outcome::Status(200), "before {word}");
            fault(&site, target, word).await;
            for _ in 0..2 {
                assert_eq!(outcome(&site, SWC).await, expected, "{target} {word}");
            }
            fault(&site, target, "clear").await;
        }
    }
    assert_eq!(outcome(&site, SWC).await, Outcome::Status(200));
    assert_eq!(site.world.hosted()[0].port.address(), address, "the port is kept");
}

#[tokio::test]
async fn a_resource_that_hangs_runs_into_the_timeout() {
    let site = site(&[]);
    fault(&site, "swc", "hang").await;
    let exchanged = send_for(&site, SWC, Reception::Stream, Duration::from_millis(20)).await;
    let failure = exchanged.outcome.unwrap_err();
    assert_eq!((failure.kind, exchanged.attempt.unwrap().outcome), (FailureKind::Timeout, Outcome::Error("hang")));
    assert_eq!(failure.message, "no answer from `contoso-swc.openai.azure.com` within 20ms");
}

#[tokio::test]
async fn a_refused_connection_really_is_refused_and_open_ones_are_closed() {
    let site = site(&[]);
    let address = site.world.hosted()[0].port.address();
    let mut open = TcpStream::connect(address).unwrap();
    fault(&site, "swc", "connection-refused").await;
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert!(matches!(open.read(&mut [0; 1]), Ok(0) | Err(_)));
    assert_eq!(TcpListener::bind(address).unwrap_err().kind(), io::ErrorKind::AddrInUse, "nobody else gets the port");
    fault(&site, "swc", "clear").await;
    TcpStream::connect(address).unwrap();
}

/// Sends a request over a plain socket and reads to the end of the connection.
fn ask(address: SocketAddr) -> (Vec<u8>, Option<io::ErrorKind>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let body = json!({"messages": [{"role": "user", "content": "hello"}]}).to_string();
    let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    write!(stream, "POST {path} HTTP/1.1\r\nHost: a\r\napi-key: k\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = Vec::new();
    let error = stream.read_to_end(&mut answer).err().map(|error| error.kind());
    (answer, error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_breaks_off_is_reset_and_not_closed() {
    let site = site(&[]);
    let address = site.world.hosted()[0].port.address();
    fault(&site, "swc", "reset").await;
    let (answer, error) = tokio::task::spawn_blocking(move || ask(address)).await.unwrap();
    assert_eq!((answer, error), (Vec::new(), Some(io::ErrorKind::ConnectionReset)));
    fault(&site, "swc", "cut-body").await;
    let (answer, error) = tokio::task::spawn_blocking(move || ask(address)).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && body.len() == length / 2, "{answer}");
    assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_host_means_what_the_world_says() {
    let server = Script::serve(|_| vec!["HTTP/1.1 299 Mine\r\nContent-Length: 0\r\n\r\n"]);
    let site = site(&[("mapped.example", server.address)]);
    for (url, label, expected) in [
        ("https://contoso-swc.openai.azure.com/", "swc", Outcome::Status(404)),
        ("https://mapped.example/x", "mapped.example", Outcome::Status(299)),
        ("https://other.openai.azure.com/", "other", Outcome::Status(404)),
        ("https://openai.azure.com/", "openai.azure.com", Outcome::Error("dns-failure")),
        ("https://a.b.openai.azure.com/", "a.b.openai.azure.com", Outcome::Error("dns-failure")),
        ("http://127.0.0.1:1/", "127.0.0.1", Outcome::Error("dns-failure")),
        ("https://example.org/", "example.org", Outcome::Error("dns-failure")),
    ] {
        let exchanged = send(&site, url).await;
        let attempt = exchanged.attempt.unwrap();
        assert_eq!((attempt.backend.as_str(), attempt.outcome), (label, expected), "{url}");
    }
    let failure = send(&site, "https://example.org/").await.outcome.unwrap_err();
    assert_eq!(failure.message, "no such host `example.org` in the simulated world");
    assert!(server.requests()[0].starts_with("POST /base/x HTTP/1.1\r\n"), "{:?}", server.requests());
    assert!(server.requests()[0].contains("host: mapped.example\r\n"));
    assert_eq!(site.targets(), ["swc", "other", "region:swedencentral"]);
    fault(&site, "other", "500").await;
    assert_eq!(outcome(&site, "https://other.openai.azure.com/").await, Outcome::Status(500));
}

#[tokio::test]
async fn a_resource_that_comes_late_has_the_fault_of_its_region() {
    for (word, expected) in [("connection-refused", "connection-refused"), ("dns-failure", "dns-failure"), ("reset", "reset")] {
        let site = site(&[]);
        fault(&site, "region:swedencentral", word).await;
        assert_eq!(outcome(&site, "https://late.openai.azure.com/").await, Outcome::Error(expected));
        fault(&site, "region:swedencentral", "clear").await;
        assert_eq!(outcome(&site, "https://late.openai.azure.com/").await, Outcome::Status(404));
    }
}

/// A server that answers each request on a connection by a script, and closes the connection after the last piece where the
/// script says so.
pub(super) struct Script {
    pub(super) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicU64>,
    closed: Mutex<mpsc::Receiver<()>>,
}

impl Script {
    /// `answer` gets the number of the request and says what to send; an empty piece closes the connection.
    pub(super) fn serve(answer: impl Fn(usize) -> Vec<&'static str> + std::marker::Send + Sync + 'static) -> Self {
        Self::answering(move |number, _| answer(number))
    }

    /// `answer` gets the request.
    pub(super) fn serve_by(answer: impl Fn(&str) -> Vec<&'static str> + std::marker::Send + Sync + 'static) -> Self {
        Self::answering(move |_, request| answer(request))
    }

    fn answering(answer: impl Fn(usize, &str) -> Vec<&'static str> + std::marker::Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(loopback()).unwrap();
        let (close, closed) = mpsc::channel();
        let script = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            connections: Arc::default(),
            closed: Mutex::new(closed),
        };
        let (requests, connections) = (script.requests.clone(), script.connections.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                connections.fetch_add(1, Ordering::SeqCst);
                while let Some(request) = read_request(&mut stream) {
                    let number = requests.lock().unwrap().len();
                    let pieces = answer(number, &request);
                    requests.lock().unwrap().push(request);
                    let closes = pieces.contains(&"");
                    for piece in pieces {
                        let _ = stream.write_all(piece.as_bytes());
                    }
                    if closes {
                        break;
                    }
                }
                let _ = stream.shutdown(Shutdown::Both);
                drop(stream);
                let _ = close.send(());
            }
        });
        script
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

#[tokio::test]
async fn a_connection_is_kept_even_where_nobody_wants_the_body() {
    let server = Script::serve(|_| vec!["HTTP/1.1 429 Too Many Requests\r\nContent-Length: 5\r\nX-A: \u{e5}\r\n\r\nnever"]);
    let site = site(&[("mapped.example", server.address)]);
    for _ in 0..3 {
        let exchanged = send_for(&site, "https://mapped.example/", Reception::Stream, Duration::from_secs(30)).await;
        assert_eq!(exchanged.attempt.unwrap().outcome, Outcome::Status(429));
        let received = exchanged.outcome.unwrap();
        assert_eq!((received.head.reason.as_str(), received.body), ("Too Many Requests", None));
        // UTF-8 on the wire is two characters of Latin-1.
        assert_eq!(received.head.headers.get("x-a").unwrap(), "\u{c3}\u{a5}");
        drop(exchanged.body);
    }
    assert_eq!((server.connections.load(Ordering::SeqCst), server.requests().len()), (1, 3));
}

/// On one thread: who has heard of the end on another one may be ahead of the connection.
#[tokio::test]
async fn a_kept_connection_that_was_closed_is_no_fault() {
    let server = Arc::new(Script::serve(|_| vec!["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""]));
    let site = site(&[("mapped.example", server.address)]);
    for _ in 0..3 {
        assert_eq!(outcome(&site, "https://mapped.example/").await, Outcome::Status(200));
        let server = server.clone();
        tokio::task::spawn_blocking(move || server.closed.lock().unwrap().recv().unwrap()).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!((server.connections.load(Ordering::SeqCst), server.requests().len()), (3, 3));
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_a_reset_or_a_cut_and_nothing_is_sent_again() {
    let server = Script::serve(|_| vec![""]);
    let half = Script::serve(|_| vec!["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", ""]);
    let chunked = Script::serve(|_| vec!["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", ""]);
    let nonsense = Script::serve(|_| vec!["what?\r\n\r\n", ""]);
    for (server, expected) in [(server, "reset"), (half, "cut-body"), (chunked, "cut-body"), (nonsense, "reset")] {
        let site = site(&[("mapped.example", server.address)]);
        assert_eq!(outcome(&site, "https://mapped.example/").await, Outcome::Error(expected));
        assert_eq!(server.requests().len(), 1);
    }
}

fn simulation(control: Option<SocketAddr>, events: EventSink) -> Simulation {
    let config =
        ResourceConfig { id: "swc".into(), ..ResourceConfig::undeclared("contoso-swc.openai.azure.com".into(), "Sweden Central".into()) };
    Simulation {
        front_door: None,
        gateways: Vec::new(),
        resources: vec![ResourceSite { region: "swedencentral".into(), listen: loopback(), config }],
        mapped: Vec::new(),
        real: Vec::new(),
        control,
        served_by: "X-Served-By".into(),
        subscription_key: None,
        trace: false,
        debug_token: None,
        seed: Some(1),
        events: Some(events),
    }
}

#[tokio::test]
async fn the_control_endpoint_obeys_and_says_what_it_does_not_know() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink: EventSink = {
        let events = events.clone();
        Arc::new(move |event| events.lock().unwrap().push(serde_json::to_value(event).unwrap()))
    };
    let running = start(simulation(Some(loopback()), sink.clone())).await.unwrap();
    let address = running.control().unwrap();
    let control = Url::parse(&format!("http://{address}")).unwrap();
    let command = |target: &str, fault: &str| serde_json::from_value::<FaultCommand>(json!({"target": target, "fault": fault})).unwrap();
    post_fault(&control, &command("swc", "429")).await.unwrap();
    assert_eq!(running.faults().len(), 1);
    let error = post_fault(&control, &command("nobody", "429")).await.unwrap_err();
    assert!(matches!(&error, ControlError::UnknownTarget { targets, .. } if *targets == ["swc", "region:swedencentral"]), "{error:?}");
    delete_faults(&control).await.unwrap();
    assert!(running.faults().is_empty());

    let second = start(simulation(Some(address), sink.clone())).await.err().unwrap();
    assert_eq!(second.to_string(), format!("the control endpoint cannot listen on {address}: the port is in use"));
    let outside = start(simulation(Some("0.0.0.0:0".parse().unwrap()), sink)).await.err().unwrap();
    assert!(matches!(outside, StartError::ControlNotLoopback(_)));

    assert_eq!(running.shutdown(Duration::from_secs(10)).await, Drained { cut: 0 });
    running.wait().await;
    assert!(matches!(post_fault(&control, &command("swc", "429")).await.unwrap_err(), ControlError::Unreachable { .. }));
    assert!(matches!(running.reload(None, Vec::new(), None).await.unwrap_err(), StartError::Stopped));
    let told: Vec<_> = events.lock().unwrap().iter().map(|event| (event["event"].clone(), event["fault"].clone())).collect();
    assert_eq!(told, [(json!("listening"), json!(null)), (json!("fault"), json!("429")), (json!("fault"), json!("clear"))]);
}

#[test]
fn that_everything_listens_is_told_first() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let told = told.clone();
        Arc::new(move |event: SimulationEvent| told.lock().unwrap().push(serde_json::to_value(event).unwrap()["event"].clone()))
    };
    let tell = listening_first(sink);
    let health = || SimulationEvent::Health(HealthReport { gateway: "swedencentral".into(), healthy: false });
    tell(health());
    assert!(told.lock().unwrap().is_empty());
    tell(SimulationEvent::Listening(Listening::default()));
    tell(health());
    assert_eq!(*told.lock().unwrap(), ["listening", "health", "health"]);
}

/// Polls a body until it is over; every piece, and whether the end was an error.
async fn pieces(mut body: AnswerStream) -> (Vec<Bytes>, bool) {
    let mut pieces = Vec::new();
    loop {
        match std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            Some(Ok(frame)) => pieces.push(frame.into_data().unwrap()),
            Some(Err(_)) => return (pieces, true),
            None => return (pieces, false),
        }
        if body.is_end_stream() {
            return (pieces, false);
        }
    }
}

fn log(events: &Arc<Mutex<Vec<SimulationEvent>>>) -> RequestLog {
    let events = events.clone();
    let sink = Arc::new(move |event| events.lock().unwrap().push(event));
    let mut log = RequestLog::new("g".into(), "GET".into(), "/".into(), Moment(0), Some(sink), Arc::default());
    log.answered(200, None, None);
    log
}

#[tokio::test]
async fn a_stream_is_collected_to_8_kib_or_passed_on_as_it_comes_and_a_cut_stays_a_cut() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let kib: &'static str = format!("400\r\n{}\r\n", "x".repeat(1024)).leak();
    let whole = move || [vec![HEAD], vec![kib; 20], vec!["0\r\n\r\n"]].concat();
    let server = Script::serve(move |number| if number < 2 { whole() } else { vec![HEAD, kib, kib, ""] });
    let site = site(&[("mapped.example", server.address)]);
    let events = Arc::default();
    for (buffered, broken, error) in
        [(true, false, None), (false, false, None), (true, true, Some("cut-body")), (false, true, Some("cut-body"))]
    {
        let exchanged = send_for(&site, "https://mapped.example/", Reception::Stream, Duration::from_secs(30)).await;
        let body =
            AnswerStream::new(Source::backend((0, exchanged.body.unwrap()), buffered, Watching::new(None, None)), log(&events), None);
        let (pieces, cut) = pieces(body).await;
        assert_eq!(cut, broken);
        let total: usize = pieces.iter().map(Bytes::len).sum();
        match (buffered, broken) {
            (_, false) => assert_eq!(total, 20 * 1024),
            (true, true) => assert_eq!(total, 0, "less than 8 KiB never left"),
            (false, true) => assert_eq!(total, 2 * 1024),
        }
        if buffered && !broken {
            let (last, full) = pieces.split_last().unwrap();
            assert!(full.iter().all(|piece| piece.len() >= 8 * 1024) && !last.is_empty());
        }
        let Some(SimulationEvent::Request(record)) = events.lock().unwrap().pop() else { panic!() };
        assert_eq!((record.error, record.bytes), (error, total as u64));
    }
}

#[tokio::test]
async fn a_client_that_goes_leaves_a_record() {
    let server = Script::serve(|_| vec!["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"]);
    let site = site(&[("mapped.example", server.address)]);
    let exchanged = send_for(&site, "https://mapped.example/", Reception::Stream, Duration::from_secs(30)).await;
    let events = Arc::default();
    let mut body = AnswerStream::new(Source::backend((0, exchanged.body.unwrap()), false, Watching::new(None, None)), log(&events), None);
    std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.unwrap().unwrap();
    assert!(matches!(Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    drop(body);
    let Some(SimulationEvent::Request(record)) = events.lock().unwrap().pop() else { panic!() };
    assert_eq!((record.error, record.bytes), (Some("client-gone"), 4));
    // The backend hears of it: its connection is closed.
    tokio::task::spawn_blocking(move || server.closed.lock().unwrap().recv().unwrap()).await.unwrap();
}
