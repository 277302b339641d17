//! The built binary as a process: a running simulation, and plain HTTP to it.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;

/// Runs a command to its end.
pub fn run(arguments: &[&str], directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_openai-failover"))
        .args(arguments)
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs a command that reads this from standard input.
pub fn run_with_input(arguments: &[&str], directory: &Path, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_openai-failover"))
        .args(arguments)
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing has closed its end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A running `simulate --format json`; it is killed when this is dropped.
pub struct Simulation {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// The first line.
    pub listening: Value,
}

impl Simulation {
    /// Starts it with these arguments on ports of the system's choice.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// Starts it with these environment variables too.
    pub fn start_with(arguments: &[&str], environment: &[(&str, &Path)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_openai-failover"))
            .arg("simulate")
            .args(arguments)
            .envs(environment.iter().copied())
            .args(["--format", "json", "--control-listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let listening = line(&mut lines);
        assert_eq!(listening["event"], "listening", "{listening}");
        Self { child, lines, listening }
    }

    /// The next event of each kind, in whatever order they come; others are skipped.
    pub fn events<const N: usize>(&mut self, kinds: [&str; N]) -> [Value; N] {
        let mut found = [const { Value::Null }; N];
        while found.iter().any(Value::is_null) {
            let event = line(&mut self.lines);
            if let Some(place) = kinds.iter().position(|kind| event["event"] == *kind)
                && found[place].is_null()
            {
                found[place] = event;
            }
        }
        found
    }

    /// The next event of a kind; others are skipped.
    pub fn event(&mut self, kind: &str) -> Value {
        loop {
            let event = line(&mut self.lines);
            if event["event"] == kind {
                return event;
            }
        }
    }

    /// The control endpoint's URL.
    pub fn control(&self) -> String {
        self.listening["control"].as_str().unwrap().to_owned()
    }

    /// The subscription key.
    pub fn key(&self) -> String {
        self.listening["subscriptionKey"].as_str().unwrap().to_owned()
    }

    /// `host:port` of the gateway in a region.
    pub fn gateway(&self, region: &str) -> String {
        root(&self.listening["gateways"][region])
    }

    /// `host:port` of a resource.
    pub fn backend(&self, id: &str) -> String {
        root(&self.listening["backends"][id])
    }

    /// `fault TARGET WORD…`, which must succeed.
    pub fn fault(&self, arguments: &[&str]) {
        let output = self.try_fault(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// `fault`, whatever comes of it.
    pub fn try_fault(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_openai-failover"))
            .arg("fault")
            .args(arguments)
            .env("OPENAI_FAILOVER_CONTROL", self.control())
            .output()
            .unwrap()
    }

    /// A chat completion through a gateway.
    pub fn chat(&self, region: &str, body: &str) -> Http {
        let fields = [("api-key", self.key()), ("Content-Type", "application/json".to_owned())];
        request(
            &self.gateway(region),
            "POST",
            "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            &fields,
            body.as_bytes(),
        )
        .unwrap()
    }

    /// Sends a signal and waits for the end.
    pub fn stop(mut self, signal: &str) -> std::process::ExitStatus {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn line(lines: &mut impl BufRead) -> Value {
    let mut text = String::new();
    lines.read_line(&mut text).unwrap();
    assert!(!text.is_empty(), "the simulation has ended");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn root(url: &Value) -> String {
    url.as_str().unwrap().strip_prefix("http://").unwrap().to_owned()
}

/// An answer.
#[derive(Debug)]
pub struct Http {
    /// The status.
    pub status: u16,
    /// Fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// Whether the body came whole.
    pub whole: bool,
}

impl Http {
    /// A header; `-` where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map_or("-", |(_, value)| value)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status, who served, attempts.
    pub fn story(&self) -> String {
        format!("{} {} {}", self.status, self.header("x-served-by"), self.header("x-failover-attempts"))
    }
}

/// One request on a connection of its own.
///
/// # Errors
/// The connection's.
pub fn request(host: &str, method: &str, path: &str, fields: &[(&str, String)], body: &[u8]) -> std::io::Result<Http> {
    patient_request(host, method, path, fields, body, Duration::from_secs(30))
}

/// The same by a client that waits so long for anything to come.
///
/// # Errors
/// The connection's; a head that does not come in time.
pub fn patient_request(
    host: &str,
    method: &str,
    path: &str,
    fields: &[(&str, String)],
    body: &[u8],
    patience: Duration,
) -> std::io::Result<Http> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(patience))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    read_response(stream)
}

fn read_response(mut stream: TcpStream) -> std::io::Result<Http> {
    let mut bytes = Vec::new();
    let cut = stream.read_to_end(&mut bytes).is_err();
    let _ = stream.shutdown(Shutdown::Both);
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).unwrap_or(0);
    let fields: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    let rest = &bytes[end + 4..];
    let (body, whole) = match field("transfer-encoding") {
        Some(coding) if coding == "chunked" => unchunk(rest),
        _ => {
            let length = field("content-length").and_then(|length| length.parse::<usize>().ok());
            (rest.to_vec(), length.is_none_or(|length| length == rest.len()))
        }
    };
    Ok(Http { status, fields, body, whole: whole && !cut })
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|window| window == b"\r\n") else { return (body, false) };
        let Ok(size) = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16) else { return (body, false) };
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, true);
        }
        if rest.len() < size + 2 {
            body.extend_from_slice(&rest[..rest.len().min(size)]);
            return (body, false);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}
