//! `simulate`: gateways and Azure OpenAI resources on loopback, real HTTP, live faults.

mod demonstration;
mod folder;
mod greeting;
mod named;
mod played;
mod setup;
mod watch;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use clap::{Args, ValueEnum};
use tokio::sync::watch as watch_channel;

use super::{
    Outcome,
    fault::CONTROL,
    output::Printer,
    values::{ValueArguments, pair},
};
use crate::{
    azure::openai::prepare_tokenizer,
    http::Url,
    live::{self, SimulationEvent, load::Records},
    report::{diagnostics, story, trace},
};
use setup::{Setup, Unusable};
use watch::Watched;

/// How long requests may take to finish when the simulation is stopped.
const DRAIN: Duration = Duration::from_secs(10);

/// Expressions nest on the stack of the thread that serves the request, as deep as their budget lets them.
const STACK: usize = 16 << 20;

/// How long the last lines may take to be printed.
const FAREWELL: Duration = Duration::from_secs(1);

/// What `simulate` takes.
#[derive(Args, Clone, Debug)]
pub(super) struct Arguments {
    /// The region spec, or the folder of an API Management service; the built-in two-region example without
    spec: Option<PathBuf>,
    /// Plays a scenario in real time: its world, its load through real connections, its faults; then says what came of it, as `test` does
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["spec", "policy", "region", "fragments", "backend_entities", "entities"])]
    load: Option<PathBuf>,
    /// A policy document in place of the generated one
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Where Front Door listens, or the first gateway where there is none; each further gateway on the next port. The system chooses ports without
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where the control endpoint listens: loopback only
    #[arg(long, value_name = "ADDR", default_value = CONTROL)]
    control_listen: SocketAddr,
    /// The region of the one gateway that there is without a spec; swedencentral unless given
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// Sends requests for HOST to the server at URL, instead of to a simulated resource
    #[arg(long = "backend", value_name = "HOST=URL", value_parser = mapping)]
    backends: Vec<(String, Url)>,
    /// Lets requests for HOST out to the real host
    #[arg(long, value_name = "HOST")]
    real: Vec<String>,
    #[command(flatten)]
    values: ValueArguments,
    /// A policy fragment; `fragments/ID.xml` beside the policy is found by itself
    #[arg(long = "fragment", value_name = "ID=FILE", value_parser = pair)]
    fragments: Vec<(String, String)>,
    /// Traces every request: what each policy did. Without it, the requests that send the debug header
    #[arg(long)]
    trace: bool,
    /// Backend entities as JSON: resources of the type Microsoft.ApiManagement/service/backends, one or a list
    #[arg(long, value_name = "FILE")]
    backend_entities: Option<PathBuf>,
    /// What else the service holds, as YAML: schemas, certificates, connections, rules for content safety
    #[arg(long, value_name = "FILE")]
    entities: Option<PathBuf>,
    /// Answers that the simulated resources give again, as JSON
    #[arg(long, value_name = "FILE")]
    recordings: Option<PathBuf>,
    /// How events are printed
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where random numbers start
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl Arguments {
    /// The region of the one gateway that there is without a spec.
    fn region(&self) -> &str {
        self.region.as_deref().unwrap_or("swedencentral")
    }
}

fn mapping(text: &str) -> Result<(String, Url), String> {
    let (host, url) = pair(text)?;
    Url::parse(&url).map(|parsed| (host, parsed)).ok_or_else(|| format!("`{url}` is not an http or https URL"))
}

pub(super) fn run(arguments: Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let setup = match Setup::read(&arguments) {
        Ok(setup) => setup,
        Err(Unusable::Diagnostics(found)) => {
            printer.diagnostics(&found);
            return Ok(Outcome::CannotRun);
        }
        Err(Unusable::Other(error)) => return Err(error),
    };
    printer.diagnostics(&setup.warnings);
    prepare_tokenizer();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()?;
    let outcome = runtime.block_on(simulate(arguments, setup, *printer));
    // Tasks that outlive the drain are not waited for.
    runtime.shutdown_background();
    outcome
}

/// A line for standard output, in the order in which things happened.
enum Told {
    Event(Box<SimulationEvent>),
    Text(String),
}

/// Everything that is printed while the simulation runs goes through here, so that lines never overtake one another.
#[derive(Clone)]
struct Teller {
    lines: mpsc::Sender<Told>,
    /// How many requests have been told of.
    requests: watch_channel::Sender<u64>,
}

impl Teller {
    fn text(&self, text: impl Into<String>) {
        // The writer goes away only when nobody reads any more.
        let _ = self.lines.send(Told::Text(text.into()));
    }

    fn event(&self, event: SimulationEvent) {
        let is_request = matches!(event, SimulationEvent::Request(_));
        let _ = self.lines.send(Told::Event(Box::new(event)));
        if is_request {
            self.requests.send_modify(|count| *count += 1);
        }
    }
}

async fn simulate(arguments: Arguments, mut setup: Setup, printer: Printer) -> anyhow::Result<Outcome> {
    let watched = Watched::new(setup.files.clone());
    let (lines, received) = mpsc::channel::<Told>();
    let teller = Teller { lines, requests: watch_channel::Sender::new(0) };
    let is_example = arguments.spec.is_none() && arguments.policy.is_none() && arguments.load.is_none();
    let format = arguments.format;
    let writer = std::thread::spawn(move || write(received, format, printer));
    let sink: live::EventSink = {
        let teller = teller.clone();
        Arc::new(move |event| teller.event(event))
    };
    let mut simulation = setup.simulation.clone();
    let records = Arc::new(Records::default());
    simulation.events = Some(if setup.staged.is_some() { records.before(sink.clone()) } else { sink.clone() });
    // Before anything is announced: whoever has read that we listen may already want us to stop.
    let stopped = stop_signal()?;
    let running = live::start(simulation).await?;
    if format == Format::Text {
        teller.text(greeting::text(&setup, &running));
        if is_example {
            demonstration::play(&running, &setup, &teller).await?;
        }
        teller.text(greeting::LISTENING);
    }
    let outcome = match setup.staged.take() {
        Some(staged) => tokio::select! {
            played = played::play(staged, &arguments, &running, &records, &teller, printer) => played?,
            // What was not played to its end proves nothing.
            () = stopped => Outcome::CannotRun,
        },
        None => tokio::select! {
            () = watch::reload_on_change(&arguments, watched, &running, sink, printer) => Outcome::Fine,
            () = stopped => Outcome::Fine,
        },
    };
    printer.note("stopping: requests under way may finish");
    let again = stop_signal()?;
    tokio::select! {
        _ = running.shutdown(DRAIN) => {}
        () = again => {}
    }
    drop((running, teller));
    let _ = tokio::time::timeout(FAREWELL, tokio::task::spawn_blocking(move || writer.join())).await;
    Ok(outcome)
}

/// Prints what it is told until the simulation is gone. A reader that went away ends the printing, not the simulation.
fn write(lines: mpsc::Receiver<Told>, format: Format, printer: Printer) {
    for told in lines {
        let printed = match (format, told) {
            (_, Told::Text(text)) => printer.line(&text),
            (Format::Json, Told::Event(event)) => match serde_json::to_string(&event) {
                Ok(json) => printer.line(&json),
                Err(_) => Ok(()),
            },
            (Format::Text, Told::Event(event)) => match *event {
                SimulationEvent::Trace(trace) => printer.line(&trace::text(&trace, printer.colour)),
                SimulationEvent::Request(record) => printer.line(&story::line(&record, printer.colour)),
                SimulationEvent::Fault(command) => {
                    let fault = command.fault.as_ref().map_or("healthy again".into(), |fault| fault.word());
                    printer.line(&format!("             {} is {fault}", command.target))
                }
                SimulationEvent::Edge(record) => match story::edge(&record, printer.colour) {
                    Some(line) => printer.line(&line),
                    None => Ok(()),
                },
                SimulationEvent::Health(report) => {
                    let health = if report.healthy { "healthy again: it gets requests" } else { "unhealthy: it gets no requests" };
                    printer.line(&format!("             Front Door finds {} {health}", report.gateway))
                }
                SimulationEvent::Error(report) => {
                    printer.error(&report.message);
                    Ok(())
                }
                SimulationEvent::Reload(_) => printer.line("             reloaded"),
                SimulationEvent::Listening(_) => Ok(()),
            },
        };
        if printed.is_err() {
            return;
        }
    }
}

/// Resolves at SIGINT or SIGTERM.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// Diagnostics as the text of an error event: there is no other place for them once the simulation runs.
fn as_message(found: &[crate::diagnostic::Diagnostic]) -> String {
    diagnostics::text(found, crate::report::Colour::Never).trim_end().to_owned()
}
