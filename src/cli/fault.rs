//! `fault`: injects a fault into a running simulation, or clears it.

use std::time::Duration;

use clap::Args;

use super::{Outcome, output::Printer};
use crate::{
    azure::faults::{CATALOGUE, Fault, FaultCommand, FaultOptions, Target},
    http::Url,
    live,
};

/// Where `simulate` listens for control unless told otherwise.
pub(super) const CONTROL: &str = "127.0.0.1:7710";

/// What `fault` takes.
#[derive(Args, Debug)]
#[command(after_help = words())]
pub(super) struct Arguments {
    /// A backend's id (or `backend:ID`), `region:NAME` (its gateway and its resources) or `gateway:NAME`
    target: String,
    /// A status (`429`), a word of the catalogue, or `clear`
    fault: String,
    /// How long the fault holds; until it is cleared without
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    lasting: Option<Duration>,
    /// The `Retry-After` that a status brings
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    retry_after: Option<Duration>,
    /// How long `slow` holds back the first byte
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    delay: Option<Duration>,
    /// The control endpoint of the simulation
    #[arg(long, value_name = "URL", env = "OPENAI_FAILOVER_CONTROL", default_value_t = format!("http://{CONTROL}"))]
    control: String,
}

fn words() -> String {
    let rows: Vec<String> = CATALOGUE.iter().map(|entry| format!("  {:<20} {}", entry.word, entry.seen)).collect();
    format!(
        "Faults, and what whoever calls the target sees:\n{}\n\nExamples:\n  openai-failover fault swc 429 --retry-after 10s\n  openai-failover fault region:swedencentral connection-refused --for 1m\n  openai-failover fault swc clear",
        rows.join("\n")
    )
}

/// `250ms`, `30s`, `5m`, `1h`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration: write 250ms, 30s, 5m or 1h");
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(at);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or_else(wrong)
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let target: Target = arguments.target.parse()?;
    let fault = match arguments.fault.as_str() {
        "clear" => {
            if arguments.lasting.is_some() || arguments.retry_after.is_some() || arguments.delay.is_some() {
                anyhow::bail!("`clear` takes no options");
            }
            None
        }
        word => Some(Fault::parse(
            word,
            FaultOptions { retry_after: arguments.retry_after, delay: arguments.delay, ..FaultOptions::default() },
        )?),
    };
    let command = FaultCommand { target, fault, lasting: arguments.lasting };
    let Some(control) = Url::parse(&arguments.control) else {
        anyhow::bail!("`{}` is not a URL: write http://HOST:PORT", arguments.control)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(live::post_fault(&control, &command))?;
    match &command.fault {
        None => printer.note(&format!("{} is healthy again", command.target)),
        Some(fault) => {
            let lasting = command.lasting.map_or(String::new(), |lasting| format!(" for {lasting:?}"));
            printer.note(&format!("{}: {}{lasting}", command.target, fault.word()));
        }
    }
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, expected) in [("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(expected)));
        }
        for text in ["", "5", "s", "5d", "-1s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
