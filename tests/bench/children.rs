//! Other processes: ready when their first line has come, and gone when their guard goes.

use std::{
    io::{self, BufRead, BufReader},
    net::SocketAddr,
    process::{ChildStdout, Command, Stdio},
    thread,
};

use anyhow::{Context as _, Result, ensure};

/// The region whose gateway is asked: the first backend of the spec is its nearest.
const REGION: &str = "swedencentral";

/// A process that is killed when this is dropped: at the end, on an error, on a panic.
pub(crate) struct Child(std::process::Child);

impl Drop for Child {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What becomes of a gateway's output behind its first line.
#[derive(Clone, Copy)]
pub(crate) enum Output {
    /// A thread reads it and throws it away.
    Drained,
    /// Nobody reads it: the pipe is closed, and the gateway stops printing at its next event.
    Dropped,
}

/// Where a gateway listens, and the key that it takes.
pub(crate) struct Listening {
    pub(crate) gateway: SocketAddr,
    pub(crate) subscription_key: String,
}

fn start(command: &mut Command) -> Result<(Child, String, BufReader<ChildStdout>)> {
    // Our end of its standard input closes even if we are killed, which is how our own roles know that they are alone.
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = Child(spawned.with_context(|| format!("{command:?} does not start"))?);
    let mut reader = BufReader::with_capacity(64 * 1024, child.0.stdout.take().context("no standard output")?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    ensure!(line.ends_with('\n'), "{command:?} ended before its first line");
    line.truncate(line.trim_end().len());
    Ok((child, line, reader))
}

/// Starts this binary again as something else, and returns the first line that it prints.
pub(crate) fn start_role(role: &[&str]) -> Result<(Child, String)> {
    let (child, line, _) = start(Command::new(std::env::current_exe()?).arg("--role").args(role))?;
    Ok((child, line))
}

/// Starts `simulate` on the two-region example, its two backends mapped to these URLs.
pub(crate) fn start_gateway(first: &str, second: &str, output: Output) -> Result<(Child, Listening)> {
    let (child, line, mut reader) = start(
        Command::new(env!("CARGO_BIN_EXE_openai-failover"))
            .arg("simulate")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/specs/two-region.yaml"))
            .args(["--format", "json", "--control-listen", "127.0.0.1:0"])
            .args(["--backend", &format!("contoso-swc.openai.azure.com={first}")])
            .args(["--backend", &format!("contoso-frc.openai.azure.com={second}")]),
    )?;
    match output {
        // The thread ends with the process whose output it reads.
        Output::Drained => drop(thread::spawn(move || io::copy(&mut reader, &mut io::sink()))),
        Output::Dropped => drop(reader),
    }
    let listening = listening(&line).with_context(|| format!("no `listening` event: {line}"))?;
    Ok((child, listening))
}

fn listening(line: &str) -> Option<Listening> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    let text = |pointer: &str| event.pointer(pointer).and_then(serde_json::Value::as_str);
    if text("/event")? != "listening" {
        return None;
    }
    let gateway = text(&format!("/gateways/{REGION}"))?.strip_prefix("http://")?.parse().ok()?;
    Some(Listening { gateway, subscription_key: text("/subscriptionKey")?.to_owned() })
}
