//! The live driver through real sockets: what a client of the simulated gateways gets, in every fault.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
};

use process::{Simulation, request};

const HELLO: &str = r#"{"messages":[{"role":"user","content":"hello"}]}"#;
const STREAM: &str = r#"{"messages":[{"role":"user","content":"hello"}],"stream":true}"#;

/// The two-region example with attempts that time out after a second.
fn impatient(directory: &Path) -> String {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml")).unwrap();
    let path = directory.join("spec.yaml");
    assert!(text.contains("attemptTimeout: 60s"));
    fs::write(&path, text.replace("attemptTimeout: 60s", "attemptTimeout: 1s")).unwrap();
    path.display().to_string()
}

#[test]
fn every_fault_of_the_primary_is_survived_and_cleared() {
    let directory = tempfile::tempdir().unwrap();
    let mut simulation = Simulation::start(&[&impatient(directory.path())]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
    simulation.event("request");
    for (fault, attempt) in [
        ("429", "429"),
        ("500", "500"),
        ("503", "503"),
        ("401", "401"),
        ("connection-refused", "connection-refused"),
        ("dns-failure", "dns-failure"),
        ("reset", "reset"),
        ("hang", "hang"),
    ] {
        simulation.fault(&["swc", fault]);
        for body in [HELLO, STREAM] {
            let answer = simulation.chat("swedencentral", body);
            assert_eq!(answer.story(), "200 frc 2", "{fault}");
            assert!(answer.whole && answer.text().contains("France"), "{fault}: {}", answer.text());
            let event = simulation.event("request");
            let first = &event["attempts"][0];
            let seen =
                first["status"].as_u64().map_or_else(|| first["error"].as_str().unwrap_or("-").to_owned(), |status| status.to_string());
            assert_eq!((first["backend"].as_str(), seen.as_str()), (Some("swc"), attempt), "{event}");
            assert_eq!(
                (event["attempts"][1]["status"].as_u64(), event["servedBy"].as_str(), event["status"].as_u64()),
                (Some(200), Some("frc"), Some(200))
            );
        }
        simulation.fault(&["swc", "clear"]);
        assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1", "after {fault}");
        simulation.event("request");
    }
    assert!(simulation.stop("-TERM").success());
}

#[test]
fn a_stream_reaches_the_client_as_events() {
    let simulation = Simulation::start(&[]);
    let answer = simulation.chat("francecentral", STREAM);
    assert_eq!(answer.story(), "200 frc 1");
    let text = answer.text();
    assert!(answer.header("content-type").starts_with("text/event-stream"), "{answer:?}");
    assert!(text.starts_with("data: {") && text.ends_with("data: [DONE]\n\n"), "{text}");
    assert!(text.contains("prompt_filter_results") && text.contains("\"finish_reason\":\"stop\""));
}

#[test]
fn when_all_regions_fail_the_client_learns_when_to_come_back() {
    let simulation = Simulation::start(&[]);
    simulation.fault(&["swc", "connection-refused"]);
    simulation.fault(&["frc", "dns-failure"]);
    let answer = simulation.chat("swedencentral", HELLO);
    assert_eq!(answer.story(), "503 none 2");
    assert!(answer.text().contains("ServiceUnavailable"));
    simulation.fault(&["swc", "429", "--retry-after", "300s"]);
    simulation.fault(&["frc", "429", "--retry-after", "70s"]);
    let answer = simulation.chat("swedencentral", HELLO);
    assert_eq!((answer.story().as_str(), answer.header("retry-after")), ("429 frc 2", "70"));
    assert!(answer.text().contains("\"code\":\"429\""), "{}", answer.text());
    // The gateway remembers: only the one that frees first is asked. The other gateway has memories of its own.
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "429 frc 1");
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "429 swc 2");
}

#[test]
fn a_body_cut_in_the_middle_reaches_the_client_as_a_cut() {
    let simulation = Simulation::start(&[]);
    simulation.fault(&["swc", "cut-body"]);
    for body in [HELLO, STREAM] {
        let answer = simulation.chat("swedencentral", body);
        assert_eq!(answer.status, 200);
        assert!(!answer.whole, "{answer:?}");
    }
    // As a later attempt it is no answer: `send-request` collects it.
    simulation.fault(&["swc", "500"]);
    simulation.fault(&["frc", "cut-body"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "500 swc 2");
}

#[test]
fn a_region_fault_takes_its_gateway_and_its_resource() {
    let simulation = Simulation::start(&[]);
    simulation.fault(&["region:swedencentral", "connection-refused"]);
    assert!(std::net::TcpStream::connect(simulation.gateway("swedencentral")).is_err());
    assert!(std::net::TcpStream::connect(simulation.backend("swc")).is_err());
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "200 frc 1");
    simulation.fault(&["region:swedencentral", "clear"]);
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
}

#[test]
fn unknown_targets_and_words_are_refused_with_what_there_is() {
    let simulation = Simulation::start(&[]);
    for (arguments, expected) in [
        (&["sw", "429"][..], "swc"),
        (&["swc", "hangs"][..], "hang"),
        (&["swc", "429", "--for", "5"][..], "duration"),
        (&["region:mars", "500"][..], "swedencentral"),
    ] {
        let output = simulation.try_fault(arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn a_missing_key_calls_no_backend() {
    let mut simulation = Simulation::start(&[]);
    let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let answer = request(&simulation.gateway("swedencentral"), "POST", path, &[], HELLO.as_bytes()).unwrap();
    assert_eq!(answer.story(), "401 none 0");
    assert_eq!(simulation.event("request")["attempts"].as_array().map(Vec::len), Some(0));
}

#[test]
fn bad_requests_get_a_status_and_large_bodies_pass() {
    let simulation = Simulation::start(&[]);
    assert_eq!(simulation.chat("swedencentral", "{\"messages\": nonsense").story(), "400 swc 1");
    let long = format!(r#"{{"messages":[{{"role":"user","content":"{}"}}],"max_tokens":1}}"#, "x".repeat(10 << 20));
    let answer = simulation.chat("swedencentral", &long);
    assert!([400, 429, 200].contains(&answer.status), "{}", answer.story());
    let key = [("api-key", simulation.key())];
    let unknown = request(&simulation.gateway("swedencentral"), "GET", "/nothing", &key, b"").unwrap();
    assert_eq!((unknown.status, unknown.text().as_str()), (404, r#"{ "statusCode": 404, "message": "Resource not found" }"#));
}

#[test]
fn a_changed_spec_is_reloaded_and_a_broken_one_leaves_the_last_good() {
    let directory = tempfile::tempdir().unwrap();
    let path = impatient(directory.path());
    let mut simulation = Simulation::start(&[&path]);
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("servedBy: X-Served-By", "servedBy: X-Who").replace("strategy: send-request", "strategy: sendrequest"))
        .unwrap();
    let error = simulation.event("error");
    assert!(error["message"].as_str().unwrap().contains("sendrequest"), "{error}");
    assert_eq!(simulation.chat("swedencentral", HELLO).story(), "200 swc 1");
    // Edited in place while it runs: the order of attempts now is by priority alone.
    fs::write(&path, good.replace("order: nearest-first", "order: priority")).unwrap();
    simulation.event("reload");
    assert_eq!(simulation.chat("francecentral", HELLO).story(), "200 swc 1");
}

#[test]
fn somebody_elses_policy_runs_and_unknown_hosts_stay_inside() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/policies/round-trip.xml");
    let mut simulation = Simulation::start(&["--policy", path, "--named-value", "primary-key=k1"]);
    let answer = simulation.chat("swedencentral", HELLO);
    assert_eq!((answer.status, answer.header("x-backend")), (200, "https://team-a.openai.azure.com"), "{}", answer.text());
    let event = simulation.event("request");
    assert_eq!(event["attempts"][0]["backend"], "team-a", "{event}");
    simulation.fault(&["team-a", "429"]);
    let answer = simulation.chat("swedencentral", HELLO);
    assert_eq!((answer.status, answer.header("x-backend")), (200, "https://team-b.openai.azure.com"), "{}", answer.text());
    let event = simulation.event("error");
    assert!(event["message"].as_str().unwrap().contains("audit.contoso.example"), "{event}");
}

/// A server on loopback that answers every request with its name, in TLS with the certificate if one is given. It ends with the process.
/// Source of the headers: learn.microsoft.com/azure/api-management/api-management-howto-api-inspector.
#[test]
fn a_trace_says_what_each_policy_did_and_shows_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("p.xml");
    let text = r#"<policies><inbound><base />
        <set-variable name="n" value="@(context.Request.Body.As<JObject>(true)["messages"].Count())" />
        <set-backend-service base-url="https://team-a.openai.azure.com/openai" />
        <set-header name="X-Key" exists-action="override"><value>{{key}}</value></set-header>
    </inbound><outbound><set-status code="@(int.Parse("x"))" reason="r" /></outbound></policies>"#;
    fs::write(&policy, text).unwrap();
    let policy = policy.display().to_string();
    let arguments = ["--policy", &policy, "--named-value", "key=secret-value-1"];

    let mut simulation = Simulation::start(&arguments);
    let token = simulation.listening["debugToken"].as_str().unwrap().to_owned();
    let call = |simulation: &Simulation, fields: &[(&str, String)]| {
        request(
            &simulation.gateway("swedencentral"),
            "POST",
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            fields,
            HELLO.as_bytes(),
        )
        .unwrap()
    };
    let silent = call(&simulation, &[]);
    assert_eq!((silent.header("apim-trace-id"), silent.header("apim-debug-authorization-expired")), ("-", "-"));
    let wrong = call(&simulation, &[("Apim-Debug-Authorization", "nobody".to_owned())]);
    assert_eq!((wrong.header("apim-trace-id"), wrong.header("apim-debug-authorization-expired")), ("-", "true"));
    let traced = call(&simulation, &[("Apim-Debug-Authorization", token)]);
    assert_eq!(traced.status, 500);
    let event = simulation.event("trace");
    let id = traced.header("apim-trace-id");
    assert_eq!(event["id"], id);

    let control = simulation.control();
    let kept = request(control.trim_start_matches("http://"), "GET", &format!("/traces/{id}"), &[], b"").unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept.text()).unwrap();
    assert_eq!(kept["records"], event["records"]);
    let records = event["records"].as_array().unwrap();
    let told: Vec<String> = records
        .iter()
        .map(|record| {
            let text = |name: &str| record[name].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}:{}", text("section"), text("scope"), text("path"), record["line"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "inbound api set-variable:2",
            "inbound api set-backend-service:3",
            "inbound api set-header:4",
            "backend global forward-request:0",
            "outbound api set-status:5",
        ]
    );
    assert_eq!(records[0]["entries"][0]["value"], "1");
    assert_eq!(records[0]["entries"][1]["changed"], serde_json::json!({"what": "variable n", "before": null, "after": "1"}));
    assert_eq!(records[2]["entries"][0]["changed"]["after"], "***");
    assert_eq!(records[4]["entries"][0]["failed"]["reason"], "ExpressionValueEvaluationFailure");
    assert!(!event.to_string().contains("secret-value-1"));

    let mut all = Simulation::start(&[&arguments[..], &["--trace"]].concat());
    assert_ne!(call(&all, &[]).header("apim-trace-id"), "-");
    assert_eq!(all.event("trace")["gateway"], "swedencentral");
}

fn server(name: &'static str, certificate: Option<&rcgen::CertifiedKey<rcgen::KeyPair>>) -> u16 {
    use tokio_rustls::rustls::{ServerConfig, ServerConnection, Stream, crypto::ring, pki_types::PrivateKeyDer};
    let config = certificate.map(|certified| {
        let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
        let builder =
            ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).unwrap())
    });
    fn answer(name: &str, stream: &mut (impl Read + Write)) -> std::io::Result<()> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
            // A handshake is no request: break off, as web servers do.
            if head[0] == 0x16 {
                return Ok(());
            }
        }
        stream.read_exact(&mut [0; HELLO.len()])?;
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{name}", name.len())?;
        stream.flush()
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            // A client that breaks off is part of what is tested.
            let _ = match &config {
                None => answer(name, &mut stream),
                Some(config) => {
                    let mut connection = ServerConnection::new(config.clone()).unwrap();
                    let answered = answer(name, &mut Stream::new(&mut connection, &mut stream));
                    connection.send_close_notify();
                    answered.and_then(|()| connection.complete_io(&mut stream).map(|_| ()))
                }
            };
        }
    });
    port
}

#[test]
fn hosts_that_are_let_out_speak_tls_and_are_believed_only_with_a_trusted_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let [trusted, stranger] = [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    let roots = directory.path().join("roots.pem");
    fs::write(&roots, trusted.cert.pem()).unwrap();
    let ports = [server("trusted", Some(&trusted)), server("stranger", Some(&stranger)), server("plain", None)];
    let policy = directory.path().join("policy.xml");
    let route = r#"<policies><inbound><set-backend-service base-url="@(context.Request.Headers.GetValueOrDefault("x-to", ""))" /></inbound></policies>"#;
    fs::write(&policy, route).unwrap();
    let mapping = format!("mapped.example=https://localhost:{}", ports[0]);
    let arguments = ["--policy", policy.to_str().unwrap(), "--real", "localhost", "--backend", &mapping];
    let mut simulation = Simulation::start_with(&arguments, &[("SSL_CERT_FILE", &roots)]);
    let gateway = simulation.listening["gateways"].as_object().unwrap().keys().next().unwrap().clone();
    for (to, expected) in [
        (format!("https://localhost:{}", ports[0]), Ok("trusted")),
        ("https://mapped.example".to_owned(), Ok("trusted")),
        (format!("http://localhost:{}", ports[2]), Ok("plain")),
        (format!("https://localhost:{}", ports[1]), Err("tls-failure")),
        (format!("https://localhost:{}", ports[2]), Err("tls-failure")),
    ] {
        let answer = request(
            &simulation.gateway(&gateway),
            "POST",
            "/openai/deployments/m/chat/completions",
            &[("x-to", to.clone())],
            HELLO.as_bytes(),
        )
        .unwrap();
        let attempt = simulation.event("request")["attempts"][0].clone();
        match expected {
            Ok(name) => assert_eq!((answer.status, answer.text().as_str()), (200, name), "{to}: {attempt}"),
            Err(error) => assert_eq!((answer.status, attempt["error"].as_str()), (500, Some(error)), "{to}: {attempt}"),
        }
    }
}

/// Source: learn.microsoft.com/azure/templates/microsoft.apimanagement/service/backends (tls).
#[test]
fn a_backend_entity_says_what_of_its_certificate_is_checked() {
    let directory = tempfile::tempdir().unwrap();
    let certificate = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    // One is trusted and for another name, one for this name and not trusted, one neither.
    let [misnamed, stranger, neither] = ["other.example", "localhost", "other.example"].map(certificate);
    let roots = directory.path().join("roots.pem");
    fs::write(&roots, misnamed.cert.pem()).unwrap();
    let ports = [server("misnamed", Some(&misnamed)), server("stranger", Some(&stranger)), server("neither", Some(&neither))];
    let mut entities = Vec::new();
    for (name, port) in ["misnamed", "stranger", "neither"].iter().zip(ports) {
        for (chain, of_name) in [(true, true), (true, false), (false, true), (false, false)] {
            entities.push(serde_json::json!({ "name": format!("{name}-{chain}-{of_name}"), "properties": {
                "url": format!("https://localhost:{port}"), "tls": { "validateCertificateChain": chain, "validateCertificateName": of_name }
            } }));
        }
    }
    let (policy, list) = (directory.path().join("policy.xml"), directory.path().join("backends.json"));
    let route = r#"<policies><inbound><set-backend-service backend-id="@(context.Request.Headers.GetValueOrDefault("x-to", ""))" /></inbound></policies>"#;
    fs::write(&policy, route).unwrap();
    fs::write(&list, serde_json::to_string(&entities).unwrap()).unwrap();
    let arguments = ["--policy", policy.to_str().unwrap(), "--real", "localhost", "--backend-entities", list.to_str().unwrap()];
    let simulation = Simulation::start_with(&arguments, &[("SSL_CERT_FILE", &roots)]);
    let gateway = simulation.gateway("swedencentral");
    for (name, believed) in [
        ("misnamed", ["true-false", "false-false"]),
        ("stranger", ["false-true", "false-false"]),
        ("neither", ["false-false", "false-false"]),
    ] {
        for checks in ["true-true", "true-false", "false-true", "false-false", "true-true"] {
            let to = [("x-to", format!("{name}-{checks}"))];
            let answer = request(&gateway, "POST", "/openai/deployments/m/chat/completions", &to, HELLO.as_bytes()).unwrap();
            let expected = if believed.contains(&checks) { 200 } else { 500 };
            assert_eq!(answer.status, expected, "{name} {checks}: {}", answer.text());
        }
    }
}

#[test]
fn a_port_in_use_is_said_and_exits_with_2() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = process::run(&["simulate", "--control-listen", "127.0.0.1:0", "--listen", &address], Path::new("."));
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("in use") && text.contains(&address), "{text}");
}

/// From each of its gateways the three-region example tries its own region first, then the others by priority; France is a managed
/// identity with names of its own.
#[test]
fn three_regions_fail_over_in_the_right_order_from_each_gateway() {
    let mut simulation = Simulation::start(&[concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/three-region.yaml")]);
    let ask = |simulation: &mut Simulation, region: &str, model: &str, operation: &str, body: &str| {
        let path = format!("/ai/openai/deployments/{model}/{operation}?api-version=2024-10-21");
        let fields = [("api-key", simulation.key()), ("Content-Type", "application/json".to_owned())];
        let answer = request(&simulation.gateway(region), "POST", &path, &fields, body.as_bytes()).unwrap();
        let event = simulation.event("request");
        let order: Vec<String> =
            event["attempts"].as_array().unwrap().iter().map(|attempt| attempt["backend"].as_str().unwrap().to_owned()).collect();
        (answer.status, order.join(" "))
    };
    let embed = r#"{"input":"x"}"#;
    for (region, own) in [("swedencentral", "swc"), ("francecentral", "frc"), ("germanywestcentral", "gwc")] {
        assert_eq!(ask(&mut simulation, region, "text-embedding-3-large", "embeddings", embed), (200, own.to_owned()));
    }
    simulation.fault(&["frc", "connection-refused"]);
    assert_eq!(ask(&mut simulation, "francecentral", "text-embedding-3-large", "embeddings", embed), (200, "frc swc".to_owned()));
    simulation.fault(&["swc", "503"]);
    assert_eq!(ask(&mut simulation, "francecentral", "text-embedding-3-large", "embeddings", embed), (200, "frc swc gwc".to_owned()));
    assert_eq!(
        ask(&mut simulation, "francecentral", "gpt-4o", "chat/completions", HELLO),
        (503, "frc swc".to_owned()),
        "Germany holds no chat model"
    );
    simulation.fault(&["frc", "clear"]);
    assert_eq!(
        ask(&mut simulation, "swedencentral", "gpt-4o", "chat/completions", HELLO),
        (200, "swc frc".to_owned()),
        "by managed identity"
    );
    simulation.fault(&["gwc", "hang"]);
    simulation.fault(&["swc", "clear"]);
}

/// A one-way request is sent although the answer has gone out long before the target takes it.
#[test]
fn a_one_way_request_goes_on_after_the_answer() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", target.local_addr().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.xml");
    fs::write(
        &policy,
        r#"<policies><inbound><send-one-way-request mode="new"><set-url>https://hooks.example/x</set-url><set-method>POST</set-method><set-body>told</set-body></send-one-way-request><return-response><set-status code="202" reason="Accepted" /></return-response></inbound></policies>"#,
    )
    .unwrap();
    let simulation = Simulation::start(&["--policy", &policy.display().to_string(), "--backend", &format!("hooks.example={url}")]);
    assert_eq!(simulation.chat("swedencentral", HELLO).status, 202);
    // Only now does the target take the connection.
    let (mut stream, _) = target.accept().unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let mut seen = Vec::new();
    let mut piece = [0; 1024];
    while !seen.ends_with(b"told") {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..count]);
    }
    let text = String::from_utf8_lossy(&seen);
    assert!(text.starts_with("POST /x HTTP/1.1\r\n") && text.to_lowercase().contains("host: hooks.example"), "{text}");
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
}

/// A server whose answers say what it was sent; its port.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                head.push(byte[0]);
            }
            let text = String::from_utf8_lossy(&head).to_lowercase();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    port
}

#[test]
fn the_folder_of_a_service_runs_with_its_keys_and_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/contoso");
    let backend = format!("contoso-swc.openai.azure.com=http://127.0.0.1:{}", echo());
    write("vault/openai-key", "from-the-vault\n");
    let vault_folder = directory.path().join("vault").display().to_string();
    let vault = write("vault.yaml", "https://contoso-kv.vault.azure.net/secrets/openai-key: from-the-map\n");
    let values = write("values.json", "{\"backend-key\": \"from-a-file\", \"tenant.salt\": \"peppered\"}");
    for (options, variable, key, salt) in [
        (vec!["--key-vault", &vault_folder], "APIM_NV_TENANT_SALT", "from-the-vault", "salted"),
        (vec!["--key-vault", &vault], "APIM_NV_TENANT_SALT", "from-the-map", "salted"),
        (vec!["--key-vault", &vault, "--named-values", &values], "APIM_NV_TENANT_SALT", "from-a-file", "peppered"),
        (vec!["--named-values", &values, "--named-value", "backend-key=by-option"], "APIM_NV_BACKEND_KEY", "by-option", "peppered"),
        (vec!["--named-value", "tenant.salt=s"], "APIM_NV_BACKEND_KEY", "salted", "s"),
    ] {
        let arguments: Vec<&str> = [&[folder, "--backend", &backend], options.as_slice()].concat();
        let simulation = Simulation::start_with(&arguments, &[(variable, Path::new("salted"))]);
        let gateway = simulation.gateway("swedencentral");
        let ask = |name: &str, key: &str| {
            let fields = [(name, key.to_owned())];
            request(&gateway, "POST", "/openai/deployments/gpt/chat/completions?api-version=1", &fields, b"{}").unwrap()
        };
        let answer = ask("api-key", "gold-key");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let seen = answer.text();
        for expected in [
            format!("api-key: {key}\r"),
            format!("x-salt: {salt}\r"),
            "post /openai/deployments/gpt/chat/completions?api-version=1".to_owned(),
        ] {
            assert!(seen.contains(&expected), "{expected}\n{seen}");
        }
        assert_eq!(ask("api-key", &simulation.key()).status, 200, "the built-in subscription");
        let refused = ask("api-key", "nobody's");
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").contains("/openai\",name=\"api-key\",type=\"header\""), "{refused:?}");
        assert_eq!(ask("Ocp-Apim-Subscription-Key", "gold-key").status, 401);
        assert_eq!(request(&gateway, "GET", "/nothing", &[], b"").unwrap().status, 404);
    }
}

#[test]
fn a_faulty_folder_does_not_start_and_says_all() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/services/broken");
    let directory = tempfile::tempdir().unwrap();
    let bad = directory.path().join("values.yaml");
    fs::write(&bad, "stage: ''\n'a b': c\n").unwrap();
    for (arguments, expected) in [
        (vec![folder], &["error[service/", "error[policy/unknown]", "error[CS1525]", "named values/a/namedValueInformation.json"][..]),
        (vec![folder, "--policy", "x.xml"], &["the folder of a service has its own policies"]),
        (vec![folder, "--named-values", bad.to_str().unwrap()], &["error[policy/named-value-empty]", "error[policy/named-value-name]"]),
        (vec![directory.path().to_str().unwrap()], &["error[service/no-apis]"]),
    ] {
        let output = process::run(&[&["simulate", "--control-listen", "127.0.0.1:0"], arguments.as_slice()].concat(), Path::new("."));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        for expected in expected {
            assert!(said.contains(expected), "{expected}\n{said}");
        }
    }
}

#[test]
fn tokens_of_the_simulated_entra_open_a_gateway_that_validates_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.xml");
    let policy = r#"<policies><inbound>
        <validate-azure-ad-token tenant-id="contoso.onmicrosoft.com"><client-application-ids><application-id>my-client</application-id></client-application-ids>
        <audiences><audience>api://gateway</audience></audiences></validate-azure-ad-token>
        <set-backend-service base-url="https://team-a.openai.azure.com/openai" />
        <authentication-managed-identity resource="https://cognitiveservices.azure.com" /><set-header name="api-key" exists-action="delete" />
        </inbound></policies>"#;
    fs::write(&path, policy).unwrap();
    let mut simulation = Simulation::start(&["--policy", path.to_str().unwrap()]);
    let form =
        |client: &str| format!("grant_type=client_credentials&client_id={client}&client_secret=x&scope=api%3A%2F%2Fgateway%2F.default");
    let token = |simulation: &Simulation, client: &str| {
        let fields = [("Content-Type", "application/x-www-form-urlencoded".to_owned())];
        let control = simulation.control();
        let host = control.trim_start_matches("http://").trim_end_matches('/');
        let answer = request(host, "POST", "/entra/contoso.onmicrosoft.com/oauth2/v2.0/token", &fields, form(client).as_bytes()).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_str::<serde_json::Value>(&answer.text()).unwrap()["access_token"].as_str().unwrap().to_owned()
    };
    let call = |simulation: &Simulation, authorization: String| {
        let fields = [("api-key", simulation.key()), ("Content-Type", "application/json".into()), ("Authorization", authorization)];
        let path = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
        request(&simulation.gateway("swedencentral"), "POST", path, &fields, HELLO.as_bytes()).unwrap()
    };
    let (good, other) = (token(&simulation, "my-client"), token(&simulation, "other"));
    let answer = call(&simulation, format!("Bearer {good}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    // The keys come from no server: the request is one attempt.
    let event = simulation.event("request");
    assert_eq!((event["attempts"].as_array().unwrap().len(), &event["servedBy"]), (1, &serde_json::json!("team-a")), "{event}");
    let answer = call(&simulation, format!("Bearer {other}"));
    let told = r#"{ "statusCode": 401, "message": "Claim azp value of other is not allowed. Access denied." }"#;
    assert_eq!((answer.status, answer.text().as_str()), (401, told));
    let answer = call(&simulation, "Bearer a.b.c".into());
    assert_eq!((answer.status, answer.text().as_str()), (401, r#"{ "statusCode": 401, "message": "Invalid JWT." }"#));
}

/// A stream that content safety looks at still streams: an event that has passed is there before the next one is sent, and what violates
/// never comes.
#[test]
fn a_screened_stream_goes_on_event_by_event() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", target.local_addr().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.xml");
    fs::write(
        &policy,
        r#"<policies><inbound><set-backend-service base-url="https://model.example" /></inbound><outbound><llm-content-safety backend-id="s" window-size="4"><categories output-type="EightSeverityLevels"><category name="Violence" threshold="4" /></categories></llm-content-safety></outbound></policies>"#,
    )
    .unwrap();
    let simulation = Simulation::start(&["--policy", &policy.display().to_string(), "--backend", &format!("model.example={url}")]);
    let event = |text: &str| {
        let data = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
        format!("{:x}\r\n{data}\r\n", data.len())
    };
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let (good, bad) = (event("good text"), event("build a bomb"));
    let backend = thread::spawn(move || {
        let (mut stream, _) = target.accept().unwrap();
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains("hello") {
            let mut piece = [0; 1024];
            let count = stream.read(&mut piece).unwrap();
            seen.extend_from_slice(&piece[..count]);
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}{good}").as_bytes()).unwrap();
        told.recv().unwrap();
        // The gateway may hang up once it has seen enough.
        let _ = stream.write_all(format!("{bad}0\r\n\r\n").as_bytes());
    });
    let gateway = simulation.listening["gateways"].as_object().unwrap().keys().next().unwrap().clone();
    let mut client = std::net::TcpStream::connect(simulation.gateway(&gateway)).unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let path = "/openai/deployments/m/chat/completions";
    write!(client, "POST {path} HTTP/1.1\r\nHost: g\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{HELLO}", HELLO.len()).unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("good text") {
        let mut piece = [0; 1024];
        let count = client.read(&mut piece).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&piece[..count]);
    }
    go_on.send(()).unwrap();
    client.read_to_end(&mut seen).unwrap();
    let text = String::from_utf8_lossy(&seen);
    assert!(text.starts_with("HTTP/1.1 200 ") && !text.contains("bomb") && text.ends_with("0\r\n\r\n"), "{text}");
    backend.join().unwrap();
}

/// A body that is too long ends a request before its policies do; the trace has what ran until then.
#[test]
fn a_request_that_is_given_up_has_a_trace() {
    use std::{io::Read as _, io::Write as _, net::TcpStream};

    let directory = tempfile::tempdir().unwrap();
    let policy = directory.path().join("policy.xml");
    let inbound = r#"<set-variable name="n" value="1" /><set-variable name="b" value="@(context.Request.Body.As<string>())" />"#;
    fs::write(&policy, format!("<policies><inbound>{inbound}</inbound></policies>")).unwrap();
    let mut simulation = Simulation::start(&["--policy", policy.to_str().unwrap(), "--trace"]);
    let mut stream = TcpStream::connect(simulation.gateway("swedencentral")).unwrap();
    // One byte more than the limit, by its own word.
    let length = 100 * 1024 * 1024 + 1;
    write!(stream, "POST /openai/deployments/m/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").unwrap();
    let mut answer = vec![0; 1024];
    let read = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).to_lowercase();
    let trace = simulation.event("trace");
    assert!(
        answer.starts_with("http/1.1 413 ") && answer.contains(&format!("apim-trace-id: {}", trace["id"].as_str().unwrap())),
        "{answer}"
    );
    let records = trace["records"].as_array().unwrap();
    assert_eq!(records.iter().map(|record| record["path"].as_str().unwrap()).collect::<Vec<_>>(), ["set-variable[1]"]);
    assert_eq!(simulation.event("request")["status"], 413);
}

/// A resource that the policy names can be broken before anybody has called it.
#[test]
fn what_a_policy_names_is_there_from_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("policy.xml");
    let policy = r#"<policies>
    <inbound>
        <base />
        <set-backend-service base-url="@((string)(context.Request.Headers.ContainsKey("b") ? "https://team-b.openai.azure.com/openai" : "https://{{team}}.openai.azure.com/openai"))" />
    </inbound>
</policies>"#;
    std::fs::write(&path, policy).unwrap();
    let arguments =
        ["--policy", path.to_str().unwrap(), "--named-value", "team=team-a", "--backend", "team-c.openai.azure.com=http://127.0.0.1:9"];
    let simulation = process::Simulation::start(&arguments);
    assert!(!simulation.backend("team-b").is_empty());
    simulation.fault(&["team-b", "429"]);
    let unknown = simulation.try_fault(&["team-a", "429"]);
    assert!(
        String::from_utf8_lossy(&unknown.stderr).contains("it has team-b"),
        "what a Named Value completes comes to be when it is called: {unknown:?}"
    );
    let fields = [("Content-Type", "application/json".to_owned()), ("b", "1".to_owned())];
    let body = br#"{"messages":[{"role":"user","content":"Hello"}]}"#;
    let chat = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21";
    let answer = process::request(&simulation.gateway("swedencentral"), "POST", chat, &fields, body).unwrap();
    assert_eq!(answer.status, 429);
}
