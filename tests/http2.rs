//! HTTP/2 and trailers on real sockets: a client, the gateway, a backend of this test's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response, StatusCode, Version,
    body::{Body, Frame, Incoming},
    client::conn::http2::{self, SendRequest},
    header::HeaderValue,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

use process::Simulation;

/// Streams that must be under way at once, over one connection.
const MANY: usize = 40;

const X: &str = "/openai/deployments/x/chat/completions";
const HOLD: &str = "/openai/deployments/hold/chat/completions";
const TRAILERS: &str = "/openai/deployments/trailers/chat/completions";

type Answer = BoxBody<Bytes, std::convert::Infallible>;

/// To `a.test` in the version that the request asks for.
const POLICY: &str = r#"<policies><inbound><set-backend-service base-url="SCHEME://a.test" /></inbound><backend><choose>
    <when condition="@(context.Request.Headers.GetValueOrDefault("X-Version") == "2")"><forward-request http-version="2" buffer-response="false" /></when>
    <when condition="@(context.Request.Headers.GetValueOrDefault("X-Version") == "2or1")"><forward-request http-version="2or1" /></when>
    <when condition="@(context.Request.Headers.GetValueOrDefault("X-Version") == "read")"><forward-request buffer-request-body="true" /></when>
    <otherwise><forward-request /></otherwise></choose></backend>
    <outbound><choose><when condition="@(context.Request.Headers.ContainsKey("X-Replace"))"><set-body>replaced</set-body></when></choose>
    <set-header name="X-Host"><value>@(context.Request.Headers.GetValueOrDefault("Host", "-"))</value></set-header>
    <set-header name="X-Cookie"><value>@(context.Request.Headers.GetValueOrDefault("Cookie", "-"))</value></set-header></outbound></policies>"#;

/// A backend: `/trailers` streams with trailers, `/hold` waits until many are there, everything else says what has come.
async fn backend(request: Request<Incoming>, held: watch::Sender<usize>) -> Result<Response<Answer>, std::convert::Infallible> {
    let (parts, body) = request.into_parts();
    let collected = body.collect().await.unwrap();
    let text = |fields: &HeaderMap, name: &str| fields.get(name).map(|value| value.to_str().unwrap().to_owned());
    let sum = collected.trailers().and_then(|fields| text(fields, "x-sum"));
    if parts.uri.path().contains("/hold/") {
        let mut all_there = 0;
        held.send_modify(|there| {
            *there += 1;
            all_there = there.next_multiple_of(MANY);
        });
        held.subscribe().wait_for(|there| *there >= all_there).await.unwrap();
    }
    if parts.uri.path().contains("/trailers/") {
        let mut fields = HeaderMap::new();
        fields.insert("x-sum", HeaderValue::from_static("7"));
        fields.insert("grpc-status", HeaderValue::from_static("0"));
        let frames = [Frame::data(Bytes::from("one ")), Frame::data(Bytes::from("two")), Frame::trailers(fields)];
        let body = StreamBody::new(futures_util::stream::iter(frames.map(Ok)));
        return Ok(Response::builder().header("Trailer", "x-sum, grpc-status").body(BodyExt::boxed(body)).unwrap());
    }
    let seen = json!({
        "version": format!("{:?}", parts.version), "te": text(&parts.headers, "te"), "connection": text(&parts.headers, "connection"),
        "host": parts.uri.authority().map(ToString::to_string).or_else(|| text(&parts.headers, "host")),
        "hosts": parts.headers.get_all("host").iter().count(), "cookie": text(&parts.headers, "cookie"),
        "sum": sum, "body": String::from_utf8_lossy(&collected.to_bytes()),
    });
    Ok(Response::new(BodyExt::boxed(Full::new(Bytes::from(seen.to_string())))))
}

/// Serves [`backend`]; with a certificate in TLS, agreeing on one of `protocols`.
async fn serve(certificate: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>, protocols: &[&str]) -> SocketAddr {
    serve_counting(certificate, protocols, watch::Sender::new(0)).await
}

/// As [`serve`]; `held` counts the requests to `/hold`.
async fn serve_counting(
    certificate: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>,
    protocols: &[&str],
    held: watch::Sender<usize>,
) -> SocketAddr {
    let acceptor = certificate.map(|made| {
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let builder =
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        tokio_rustls::TlsAcceptor::from(Arc::new(config))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (acceptor, held) = (acceptor.clone(), held.clone());
            tokio::spawn(async move {
                let service = service_fn(move |request| backend(request, held.clone()));
                let server = auto::Builder::new(TokioExecutor::new());
                match acceptor {
                    None => drop(server.serve_connection(TokioIo::new(stream), service).await),
                    Some(acceptor) => {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            drop(server.serve_connection(TokioIo::new(stream), service).await);
                        }
                    }
                }
            });
        }
    });
    address
}

/// The policy before a server at `url`.
fn simulation(folder: &Path, scheme: &str, url: &str, environment: &[(&str, &Path)]) -> Simulation {
    let policy = folder.join(format!("{scheme}.xml"));
    fs::write(&policy, POLICY.replace("SCHEME", scheme)).unwrap();
    Simulation::start_with(&["--policy", &policy.display().to_string(), "--backend", &format!("a.test={url}")], environment)
}

/// What must not be waited for in vain: streams that wait for one another would do so forever.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), work).await.expect("a stream was lost, and the others wait for it")
}

/// A connection with prior knowledge.
async fn connect<B>(address: &str) -> SendRequest<B>
where
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin + 'static,
{
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn request(method: &str, path: &str, fields: &[(&str, &str)], body: &'static str) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(format!("http://gateway.test{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::from(body))).unwrap()
}

/// Status, fields, body, trailers.
async fn whole(response: Response<Incoming>) -> (StatusCode, HeaderMap, String, Option<HeaderMap>) {
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned();
    (parts.status, parts.headers, String::from_utf8(collected.to_bytes().to_vec()).unwrap(), trailers)
}

async fn seen(sender: &mut SendRequest<Full<Bytes>>, fields: &[(&str, &str)]) -> Value {
    let response = sender.send_request(request("POST", X, fields, "hello")).await.unwrap();
    let (status, _, body, _) = whole(response).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Source: RFC 9113 sections 8.2.2 (no fields of a connection), 8.2.3 (cookies in pieces), 8.3.1 (`:authority`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_speaks_http2_with_prior_knowledge() {
    let folder = tempfile::tempdir().unwrap();
    let simulation = simulation(folder.path(), "http", &format!("http://{}", serve(None, &[]).await), &[]);
    let mut sender = connect(&simulation.gateway("swedencentral")).await;
    let fields = [("cookie", "a=1"), ("cookie", "b=2")];
    let response = sender.send_request(request("POST", X, &fields, "")).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let (status, fields, body, trailers) = whole(response).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &fields["x-host"], &fields["x-cookie"]),
        (StatusCode::OK, &"gateway.test".parse().unwrap(), &"a=1; b=2".parse().unwrap())
    );
    assert!(trailers.is_none() && !fields.contains_key("connection"));
    assert_eq!(
        (&body["version"], &body["host"], &body["cookie"], &body["body"]),
        (&json!("HTTP/1.1"), &json!("a.test"), &json!("a=1; b=2"), &json!(""))
    );
    // The same port speaks HTTP/1.1 to whom begins with that.
    let plain = process::request(&simulation.gateway("swedencentral"), "POST", X, &[], b"hello").unwrap();
    assert!(plain.status == 200 && plain.text().contains("hello"), "{plain:?}");
    // The resources' own ports do so, too.
    let posted = seen(&mut sender, &[]).await;
    assert_eq!((&posted["body"], &posted["hosts"]), (&json!("hello"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_streams_share_a_connection_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let simulation = simulation(folder.path(), "http", &format!("http://{}", serve(None, &[]).await), &[]);
    let sender = connect(&simulation.gateway("swedencentral")).await;
    for version in ["1", "2"] {
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..MANY {
            let mut sender = sender.clone();
            let request = request("POST", HOLD, &[("x-version", version)], "hello");
            running.spawn(async move { whole(sender.send_request(request).await.unwrap()).await });
        }
        let answers = running.join_all().await;
        let expected = if version == "1" { "HTTP/1.1" } else { "HTTP/2.0" };
        assert!(answers.iter().all(|(status, _, body, _)| *status == 200 && body.contains(expected)), "{answers:?}");
    }
}

/// Source: learn.microsoft.com/azure/api-management/forward-request-policy (`http-version`), and for what it means without TLS
/// learn.microsoft.com/dotnet/api/system.net.http.httpversionpolicy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_chooses_the_version_that_a_backend_is_spoken_to_in() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = folder.path().join("roots.pem");
    fs::write(&roots, certificate.cert.pem()).unwrap();
    let plain = format!("http://{}", serve(None, &[]).await);
    let both = format!("https://localhost:{}", serve(Some(&certificate), &["h2", "http/1.1"]).await.port());
    let old = format!("https://localhost:{}", serve(Some(&certificate), &["http/1.1"]).await.port());
    for (url, asked, expected) in [
        (&plain, "1", "HTTP/1.1"),
        (&plain, "2or1", "HTTP/1.1"),
        (&plain, "2", "HTTP/2.0"),
        (&both, "1", "HTTP/1.1"),
        (&both, "2or1", "HTTP/2.0"),
        (&both, "2", "HTTP/2.0"),
        (&old, "1", "HTTP/1.1"),
        (&old, "2or1", "HTTP/1.1"),
    ] {
        let scheme = url.split(':').next().unwrap();
        let simulation = simulation(folder.path(), scheme, url, &[("SSL_CERT_FILE", &roots)]);
        let mut sender = connect(&simulation.gateway("swedencentral")).await;
        // The second goes over the connection of the first.
        for _ in 0..2 {
            let seen = seen(&mut sender, &[("x-version", asked), ("te", "trailers")]).await;
            assert_eq!(
                (&seen["version"], &seen["te"], &seen["host"]),
                (&json!(expected), &json!("trailers"), &json!("a.test")),
                "{url} {asked}"
            );
            assert_eq!(seen["connection"], if expected == "HTTP/1.1" { json!("TE") } else { json!(null) }, "{url} {asked}");
        }
    }
    let mut simulation = simulation(folder.path(), "https", &old, &[("SSL_CERT_FILE", &roots)]);
    let mut sender = connect(&simulation.gateway("swedencentral")).await;
    let response = sender.send_request(request("POST", X, &[("x-version", "2")], "hello")).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(simulation.event("request")["attempts"][0]["error"], "tls-failure", "it speaks HTTP/1.1 alone");
}

/// Source: RFC 9110 section 6.5: who forwards may drop trailers, or merge none of them into the fields.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trailers_pass_with_a_body_that_streams_and_go_with_one_that_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let simulation = simulation(folder.path(), "http", &format!("http://{}", serve(None, &[]).await), &[]);
    let address = simulation.gateway("swedencentral");
    let mut sender = connect(&address).await;
    // Of a response, from HTTP/1.1 and from HTTP/2, buffered and not.
    for (fields, body, passes) in [
        (&[("te", "trailers")][..], "one two", true),
        (&[("x-version", "2")], "one two", true),
        (&[("te", "trailers"), ("x-replace", "1")], "replaced", false),
    ] {
        let response = sender.send_request(request("POST", TRAILERS, fields, "")).await.unwrap();
        let (status, head, text, trailers) = whole(response).await;
        assert_eq!((status, text.as_str()), (StatusCode::OK, body), "{fields:?}");
        let sums = trailers.map(|trailers| (trailers["x-sum"].clone(), trailers["grpc-status"].clone()));
        let expected = (HeaderValue::from_static("7"), HeaderValue::from_static("0"));
        assert_eq!((sums, head.contains_key("trailer")), (passes.then_some(expected), passes), "{fields:?}");
    }
    // In HTTP/1.1 a client must have said that it takes them.
    for (fields, expected) in [(vec![("TE", "trailers".to_owned())], true), (vec![], false)] {
        let raw = raw(&address, TRAILERS, &fields);
        assert!(raw.contains("two") && raw.contains("x-sum: 7") == expected, "{raw}");
    }
    // Of a request.
    for (version, expected) in [("1", json!("9")), ("2", json!("9")), ("read", json!(null))] {
        let mut fields = HeaderMap::new();
        fields.insert("x-sum", HeaderValue::from_static("9"));
        let frames = [Ok::<_, std::io::Error>(Frame::data(Bytes::from("hello"))), Ok(Frame::trailers(fields))];
        let body = BodyExt::boxed(StreamBody::new(futures_util::stream::iter(frames)));
        let request = Request::builder().method("POST").uri(format!("http://gateway.test{X}")).header("trailer", "x-sum");
        let request = request.header("x-version", version).body(body).unwrap();
        let mut sender = connect(&address).await;
        let (_, _, text, _) = whole(sender.send_request(request).await.unwrap()).await;
        let seen: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&seen["sum"], &seen["body"]), (&expected, &json!("hello")), "{version}");
    }
}

/// What a plain socket gets.
fn raw(address: &str, path: &str, fields: &[(&str, String)]) -> String {
    use std::io::{Read as _, Write as _};

    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "POST {path} HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 0\r\nConnection: close\r\n{fields}\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Server-sent events go on piece by piece in HTTP/2, and what a fault leaves of them arrives before the stream is reset.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_stream_and_what_is_cut_arrives_as_far_as_it_was_sent() {
    let simulation = Simulation::start(&[concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")]);
    let mut sender = connect(&simulation.gateway("swedencentral")).await;
    let key = simulation.key();
    let body = r#"{"messages":[{"role":"user","content":"Tell me of the sea"}],"stream":true}"#;
    let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let ask = || request("POST", path, &[("api-key", &key), ("content-type", "application/json")], body);
    let mut streamed = async || {
        let response = sender.send_request(ask()).await.unwrap();
        assert_eq!((response.status(), response.version()), (StatusCode::OK, Version::HTTP_2));
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        let (mut body, mut pieces, mut text) = (response.into_body(), 0, String::new());
        loop {
            match body.frame().await {
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
                    pieces += usize::from(!data.is_empty());
                    text.push_str(std::str::from_utf8(&data).unwrap());
                }
                Some(Err(_)) => return (false, pieces, text),
                None => return (true, pieces, text),
            }
        }
    };
    let (is_whole, pieces, text) = streamed().await;
    assert!(is_whole && pieces > 2 && text.ends_with("data: [DONE]\n\n"), "{pieces} pieces of {text}");
    for target in ["swc", "gateway:swedencentral"] {
        simulation.fault(&[target, "cut-body"]);
        let (is_whole, _, text) = streamed().await;
        assert!(!is_whole && text.contains("data: {") && !text.contains("[DONE]"), "{target}: {text}");
        simulation.fault(&[target, "clear"]);
    }
}

/// A fault meets the streams of requests; the others, and the connection, go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_a_gateway_reset_streams() {
    let folder = tempfile::tempdir().unwrap();
    let mut simulation = simulation(folder.path(), "http", &format!("http://{}", serve(None, &[]).await), &[]);
    let mut sender = connect(&simulation.gateway("swedencentral")).await;
    let chat = || request("POST", X, &[], "hello");
    for word in ["reset", "cut-body"] {
        simulation.fault(&["gateway:swedencentral", word]);
        let broken = match sender.send_request(chat()).await {
            Ok(response) => response.into_body().collect().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert!(broken.is_err(), "{word}");
        assert_eq!(simulation.event("request")["error"], word);
        simulation.fault(&["gateway:swedencentral", "clear"]);
        assert_eq!(seen(&mut sender, &[]).await["body"], "hello", "the connection outlives {word}");
        simulation.event("request");
    }
    simulation.fault(&["gateway:swedencentral", "hang"]);
    let hung = tokio::time::timeout(Duration::from_millis(100), sender.send_request(chat())).await;
    assert!(hung.is_err(), "no answer comes");
    // The stream that nobody waits for is reset by the client, and the gateway sees that.
    assert_eq!(simulation.event("request")["error"], "hang");
    simulation.fault(&["gateway:swedencentral", "connection-refused"]);
    assert!(sender.send_request(chat()).await.is_err(), "the connection is closed");
}

/// A client that gets GOAWAY has its answers still.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_streams_finish() {
    let folder = tempfile::tempdir().unwrap();
    let held = watch::Sender::new(0);
    let backend = serve_counting(None, &[], held.clone()).await;
    let simulation = simulation(folder.path(), "http", &format!("http://{backend}"), &[]);
    let address = simulation.gateway("swedencentral");
    let sender = connect(&address).await;
    let hold = || request("POST", HOLD, &[("x-version", "2")], "hello");
    let mut running = tokio::task::JoinSet::new();
    for _ in 1..MANY {
        let mut sender = sender.clone();
        running.spawn(async move { whole(sender.send_request(hold()).await.unwrap()).await.0 });
    }
    // A stream that has not come when the gateway stops would be refused, and the others would wait for it.
    soon(held.subscribe().wait_for(|there| *there == MANY - 1)).await.unwrap();
    let stopping = tokio::task::spawn_blocking(move || simulation.stop("-TERM"));
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // Nobody is let in any more; the last one, for whom all others wait, goes to the backend itself.
    let mut last = connect(&backend.to_string()).await;
    assert_eq!(soon(last.send_request(hold())).await.unwrap().status(), 200);
    assert!(soon(running.join_all()).await.iter().all(|status| *status == 200));
    assert!(stopping.await.unwrap().success());
}
