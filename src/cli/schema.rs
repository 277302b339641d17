//! `schema`: the JSON Schema of a file format, for editors and for CI.

use clap::{Args, ValueEnum};

use super::{Outcome, output::Printer};
use crate::{scenario, spec, world};

/// What `schema` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The format
    #[arg(value_enum)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The region spec
    Spec,
    /// The scenario
    Scenario,
    /// What a service holds besides: schemas, certificates, connections, rules for content safety
    Entities,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let schema = match arguments.format {
        Format::Spec => spec::schema(),
        Format::Scenario => scenario::schema(),
        Format::Entities => world::entities::json_schema(),
    };
    printer.line(&serde_json::to_string_pretty(&schema)?)?;
    Ok(Outcome::Fine)
}
