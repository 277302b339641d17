//! `fault`: injects faults into a running simulation, clears them, and lists those that hold.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use super::{Outcome, output::Printer};
use crate::{
    azure::faults::{CATALOGUE, Entry, Fault, FaultCommand, FaultOption, FaultOptions, Quota, STATUS, Share, Target},
    environment::Moment,
    http::Url,
    live,
    text::Text,
};

/// Where `simulate` listens for control unless told otherwise.
pub(super) const CONTROL: &str = "127.0.0.1:7710";

/// What `fault` takes.
#[derive(Args, Debug)]
#[command(after_help = words())]
pub(super) struct Arguments {
    /// A backend's id, `ID/DEPLOYMENT`, `region:NAME` (its gateway and its resources), `gateway:NAME`, `link:NAME-NAME`, or `clear` for all
    target: Option<String>,
    /// A status (`429`), a word of the catalogue, or `clear`
    fault: Option<String>,
    /// Lists the faults that hold, as `fault` alone does
    #[arg(long, conflicts_with_all = ["target", "fault"])]
    list: bool,
    /// How long the fault holds; until it is cleared without
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    lasting: Option<Duration>,
    #[command(flatten)]
    options: Options,
    /// The control endpoint of the simulation
    #[arg(long, value_name = "URL", env = "OPENAI_FAILOVER_CONTROL", default_value_t = format!("http://{CONTROL}"))]
    control: String,
}

/// What can be said about a fault beside its word.
#[derive(Args, Debug)]
struct Options {
    /// The share of requests that it holds for: `30%`
    #[arg(long, value_name = "SHARE", value_parser = |text: &str| text.parse::<Share>())]
    rate: Option<Share>,
    /// It comes and goes: it holds in the first half of each period
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    period: Option<Duration>,
    /// The `Retry-After` that a status brings
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    retry_after: Option<Duration>,
    /// A header that a status brings; may be given more than once
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(Text, Text)>,
    /// The body that a status brings
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// How long the first byte is held back; with `slow-tokens`, each piece of a stream
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    delay: Option<Duration>,
    /// How many pieces of a stream come before it ends; half of them without
    #[arg(long, value_name = "N")]
    pieces: Option<u32>,
    /// What the limit of each deployment falls to: a number, or a share of what it is
    #[arg(long, value_name = "N|SHARE", value_parser = |text: &str| text.parse::<Quota>())]
    tokens_per_minute: Option<Quota>,
}

impl Options {
    fn into_fault_options(self) -> FaultOptions {
        let Self { rate, period, retry_after, headers, body, delay, pieces, tokens_per_minute } = self;
        FaultOptions { rate, period, retry_after, headers, body: body.map(Text::from), delay, pieces, tokens_per_minute }
    }
}

fn words() -> String {
    let row = |entry: &Entry| {
        let options: Vec<&str> = entry.options.iter().map(|option| FaultOption::flag(*option)).collect();
        let options = if options.is_empty() { String::new() } else { format!(" (--{})", options.join(", --")) };
        format!("  {:<24} {}{options}", entry.word, entry.seen)
    };
    let rows: Vec<String> = [STATUS].iter().chain(&CATALOGUE).map(row).collect();
    format!(
        "Faults, and what whoever calls the target sees; all take --rate and --period:\n{}\n\nExamples:\n  openai-failover fault swc 429 \
         --retry-after 10s\n  openai-failover fault swc/gpt-4o 503 --rate 30%\n  openai-failover fault region:swedencentral outage --for 1m\n  \
         openai-failover fault link:swedencentral-francecentral partition\n  openai-failover fault swc clear",
        rows.join("\n")
    )
}

/// `Name: value`, as curl takes it.
fn header(text: &str) -> Result<(Text, Text), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| format!("`{text}` is no header: write NAME: VALUE"))?;
    Ok((Text::copied(name.trim()), Text::copied(value.trim())))
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

pub(super) fn run(arguments: Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let Some(control) = Url::parse(&arguments.control) else {
        anyhow::bail!("`{}` is not a URL: write http://HOST:PORT", arguments.control)
    };
    let options = arguments.options.into_fault_options();
    let is_plain = options == FaultOptions::default() && arguments.lasting.is_none();
    let without_options = |word: &str| {
        anyhow::ensure!(is_plain, "`{word}` takes no options");
        Ok(())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match (arguments.target.as_deref(), arguments.fault.as_deref()) {
        (None, _) => {
            without_options("fault --list")?;
            for (held, until) in runtime.block_on(live::get_faults(&control))? {
                let left = until.map_or(String::new(), |until| format!(", {}s left", until.since(now()).as_secs_f64().ceil()));
                let fault = held.fault.map_or(String::new(), |fault| fault.to_string());
                printer.line(&format!("{}: {fault}{left}", held.target))?;
            }
        }
        (Some("clear"), None) => {
            without_options("clear")?;
            runtime.block_on(live::delete_faults(&control))?;
            printer.note("all is healthy again");
        }
        (Some(target), None) => {
            anyhow::bail!(
                "what is wrong with `{target}`? Name a status (429), a word of the catalogue (`openai-failover fault --help`), or clear"
            )
        }
        (Some(target), Some("clear")) => {
            without_options("clear")?;
            let target: Target = target.parse()?;
            let command = FaultCommand { target, fault: None, lasting: None };
            runtime.block_on(live::post_fault(&control, &command))?;
            printer.note(&format!("{} is healthy again", command.target));
        }
        (Some(target), Some(word)) => {
            let target: Target = target.parse()?;
            let fault = Fault::parse(word, options)?;
            fault.fits(&target)?;
            let told = fault.to_string();
            let command = FaultCommand { target, fault: Some(fault), lasting: arguments.lasting };
            runtime.block_on(live::post_fault(&control, &command))?;
            let lasting = command.lasting.map_or(String::new(), |lasting| format!(" for {lasting:?}"));
            printer.note(&format!("{}: {told}{lasting}", command.target));
        }
    }
    Ok(Outcome::Fine)
}

fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment::default().after(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_written_as_for_curl() {
        for (text, name, value) in [("X-Own: 1", "X-Own", "1"), ("X-Own:", "X-Own", ""), ("X-Time: 10:30", "X-Time", "10:30")] {
            assert_eq!(header(text), Ok((name.into(), value.into())));
        }
        assert!(header("X-Own").is_err());
    }

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
