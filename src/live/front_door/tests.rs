//! Front Door on real sockets, before gateways that answer by a script.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
};

use serde_json::Value;

use super::{
    super::{
        events::EventSink,
        port::Bound,
        tests::{Script, loopback},
        tracing::Tracing,
    },
    *,
};
use crate::{azure::front_door::FrontDoorConfig, source::Source, spec};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const REGIONS: [&str; 3] = ["swedencentral", "francecentral", "westeurope"];

/// Front Door on a port, and what it tells.
struct Edge {
    address: SocketAddr,
    server: Arc<EdgeServer>,
    events: mpsc::Receiver<Value>,
    _port: Port,
}

/// Priorities in the order of the gateways, so that the first that is healthy is asked first.
fn edge(gateways: &[SocketAddr], change: impl FnOnce(&mut FrontDoorConfig)) -> Edge {
    let mut text = "version: 1\nname: contoso\nfrontDoor: { probe: { interval: 255s, sampleSize: 1, successfulSamples: 1 } }\nbackends:\n  \
                    - { id: swc, region: swedencentral, endpoint: \"https://contoso-swc.openai.azure.com\", auth: { managedIdentity: true }, \
                    deployments: { gpt-4o: {} } }\ngateways:\n"
        .to_owned();
    for (index, (region, _)) in REGIONS.iter().zip(gateways).enumerate() {
        text.push_str(&format!("  - {{ region: {region}, priority: {} }}\n", index + 1));
    }
    let (spec, _) = spec::read(&Source::new("spec.yaml", text)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut config = FrontDoorConfig::of(&spec).unwrap();
    change(&mut config);
    let (told, events) = mpsc::channel();
    let sink: EventSink = Arc::new(move |event| drop(told.send(serde_json::to_value(event).unwrap())));
    let world = Arc::new(World::new(Some(1), Some(sink), Vec::new(), Vec::new(), Tracing::default()));
    let gateways: Vec<(Text, SocketAddr)> = REGIONS.iter().zip(gateways).map(|(region, address)| ((*region).into(), *address)).collect();
    let edges = Edges::new(FrontDoorSite { listen: loopback(), config, edge: None }, gateways.to_vec()).unwrap();
    let server = Arc::new(EdgeServer::new(edges, world));
    let bound = Bound::new(loopback()).unwrap();
    Edge { address: bound.address(), server: server.clone(), events, _port: Port::serve(bound, server) }
}

impl Edge {
    /// Sends a request and reads to the end of the connection.
    async fn ask(&self, request: &'static str) -> String {
        let address = self.address;
        let ask = move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::task::spawn_blocking(ask).await.unwrap()
    }

    async fn chat(&self) -> String {
        self.ask("POST /openai/x?y HTTP/1.1\r\nHost: contoso.z01.azurefd.net\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello").await
    }

    /// The next event of a kind.
    fn event(&self, kind: &str) -> Value {
        loop {
            let event = self.events.recv_timeout(Duration::from_secs(20)).unwrap();
            if event["event"] == kind {
                return event;
            }
        }
    }
}

/// Probes get 200. A script serves one connection at a time, so each answer ends its own.
fn gateway(answer: impl Fn() -> Vec<&'static str> + Send + Sync + 'static) -> Script {
    Script::serve_by(move |request| if request.contains("x-fd-healthprobe: 1") { vec![OK, ""] } else { answer() })
}

fn traffic(script: &Script) -> usize {
    script.requests().iter().filter(|request| !request.contains("x-fd-healthprobe")).count()
}

/// An address where nobody listens.
fn nobody() -> SocketAddr {
    std::net::TcpListener::bind(loopback()).unwrap().local_addr().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_gateway_sees_the_client_and_the_client_sees_the_reference() {
    let first = gateway(|| vec!["HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno", ""]);
    let second = gateway(|| vec![OK, ""]);
    let edge = edge(&[first.address, second.address], |_| {});
    let answer = edge.chat().await;
    assert!(answer.starts_with("HTTP/1.1 429 ") && answer.ends_with("\r\n\r\nno"), "{answer}");
    for field in ["retry-after: 7", "x-cache: CONFIG_NOCACHE", "x-azure-ref: 20"] {
        assert!(answer.contains(field), "{field} in {answer}");
    }
    let requests = first.requests();
    let seen = requests.iter().find(|request| request.starts_with("POST")).unwrap();
    for field in [
        "POST /openai/x?y HTTP/1.1",
        "host: contoso-swedencentral-01.regional.azure-api.net",
        "x-forwarded-host: contoso.z01.azurefd.net",
        "x-forwarded-for: 127.0.0.1",
        "x-azure-socketip: 127.0.0.1",
        "via: 1.1 Azure",
        "content-length: 5",
    ] {
        assert!(seen.contains(field), "{field} in {seen}");
    }
    assert!(seen.ends_with("hello"));
    assert_eq!(traffic(&second), 0, "a status moves nothing");
    let event = edge.event("edge");
    assert_eq!((event["status"].as_u64(), event["gateway"].as_str(), event["error"].as_str()), (Some(429), Some("swedencentral"), None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_lost_connection_is_tried_elsewhere_and_a_silent_gateway_is_not() {
    let good = gateway(|| vec![OK, ""]);
    let closing = gateway(|| vec![""]);
    let silent = gateway(Vec::new);
    for (gateways, patience, status, attempts, error) in [
        (vec![nobody(), good.address], 20_000, 200, "connection-refused 200", None),
        (vec![closing.address, nobody(), good.address], 20_000, 200, "reset connection-refused 200", None),
        (vec![nobody(), closing.address], 20_000, 503, "connection-refused reset", Some("reset")),
        (vec![silent.address, good.address], 100, 504, "hang", Some("hang")),
    ] {
        // One bad probe is not enough: the edge believes that all are well.
        let edge = edge(&gateways, |config| {
            config.settings.origin_response_timeout = Duration::from_millis(patience);
            config.settings.probe.sample_size = 255;
        });
        let answer = edge.chat().await;
        let event = edge.event("edge");
        let seen: Vec<String> = event["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["error"].as_str().map_or_else(|| attempt["status"].to_string(), str::to_owned))
            .collect();
        assert_eq!(
            (event["status"].as_u64(), seen.join(" ").as_str(), event["error"].as_str()),
            (Some(status), attempts, error),
            "{answer}"
        );
        if status > 500 {
            assert!(answer.contains("content-type: text/html") && answer.contains(event["reference"].as_str().unwrap()), "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_stream_passes_as_it_comes_and_is_cut_when_it_falls_silent() {
    let begun = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n";
    let whole = gateway(move || vec![begun, "3\r\n: x\r\n", "0\r\n\r\n", ""]);
    let stalled = gateway(move || vec![begun]);
    for (gateway, silence, ending, error) in [(&whole, 20_000, "0\r\n\r\n", None), (&stalled, 100, "data\r\n", Some("origin-idle"))] {
        let edge = edge(&[gateway.address], |config| config.settings.origin_idle_timeout = Duration::from_millis(silence));
        let answer = edge.chat().await;
        assert!(answer.contains("data") && answer.ends_with(ending), "{answer}");
        let event = edge.event("edge");
        assert_eq!((event["status"].as_u64(), event["error"].as_str()), (Some(200), error));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn probes_take_a_gateway_out_and_bring_it_back() {
    let failing = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let fails = failing.clone();
    let first = Script::serve_by(move |request| match request.contains("x-fd-healthprobe: 1") && fails.load(Ordering::SeqCst) {
        true => vec!["HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", ""],
        false => vec![OK, ""],
    });
    let second = gateway(|| vec![OK, ""]);
    let edge = edge(&[first.address, second.address], |config| config.settings.probe.interval = Duration::from_millis(500));
    let event = edge.event("health");
    assert_eq!((event["gateway"].as_str(), event["healthy"].as_bool()), (Some("swedencentral"), Some(false)));
    edge.chat().await;
    assert_eq!(edge.event("edge")["gateway"], "francecentral");
    failing.store(false, Ordering::SeqCst);
    assert_eq!(edge.event("health")["healthy"], true);
    edge.chat().await;
    assert_eq!(edge.event("edge")["gateway"], "swedencentral");
    let probe = first.requests()[0].clone();
    assert!(probe.starts_with("GET /status-0123456789abcdef HTTP/1.1") && probe.contains("user-agent: Edge Health Probe"), "{probe}");
    let state = serde_json::to_value(edge.server.state("http://edge".to_owned())).unwrap();
    assert_eq!((state["requests"].as_u64(), state["origins"][0]["healthy"].as_bool()), (Some(2), Some(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_has_no_length_is_refused_at_the_edge() {
    let good = gateway(|| vec![OK, ""]);
    let edge = edge(&[good.address], |_| {});
    let answer = edge.ask("POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
    let answer = edge.ask("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let head = edge.ask("HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(traffic(&good), 2);
}
