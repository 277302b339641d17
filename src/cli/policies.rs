//! `policies`: the catalogue, every policy element and how far it is simulated.

use anyhow::bail;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Outcome, output::Printer};
use crate::{diagnostic::nearest, policy::catalogue, report};

/// What `policies` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// One policy, with its attributes and children; all without
    name: Option<String>,
    /// How the catalogue looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table, or a page
    Text,
    /// One JSON object
    Json,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let entries = catalogue::entries();
    let Some(name) = &arguments.name else {
        match arguments.format {
            Format::Text => printer.print(&report::catalogue::table(entries))?,
            Format::Json => printer.line(&json!({ "policies": entries }).to_string())?,
        }
        return Ok(Outcome::Fine);
    };
    let Some(entry) = catalogue::entry(name) else {
        let near = nearest(name, entries.iter().map(|entry| entry.name.as_str()));
        bail!("there is no policy `{name}`{}", near.map_or(String::new(), |near| format!("; did you mean `{near}`?")));
    };
    match arguments.format {
        Format::Text => printer.print(&report::catalogue::entry(entry))?,
        Format::Json => printer.line(&serde_json::to_string(entry)?)?,
    }
    Ok(Outcome::Fine)
}
