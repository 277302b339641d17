//! `diff`: what changed between two policy documents.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Outcome, input, output::Printer};
use crate::{
    diff,
    report::{Colour, difference},
};

/// What `diff` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The old document; `-` is standard input
    old: PathBuf,
    /// The new document
    new: PathBuf,
    /// How the result looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A unified diff
    Text,
    /// One JSON object
    Json,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    if [&arguments.old, &arguments.new].into_iter().all(|path| path == Path::new("-")) {
        anyhow::bail!("only one of the documents can come from standard input");
    }
    let (old, new) = (input::read(&arguments.old)?, input::read(&arguments.new)?);
    let comparison = match diff::compare(&old, &new) {
        Ok(comparison) => comparison,
        Err(diagnostics) => {
            printer.diagnostics(&diagnostics);
            return Ok(Outcome::CannotRun);
        }
    };
    match arguments.format {
        Format::Text => printer.print(&difference::unified(&comparison.old, &comparison.new, old.name(), new.name(), printer.colour))?,
        Format::Json => {
            let (removed, added) = comparison.changed_lines();
            let unified = difference::unified(&comparison.old, &comparison.new, old.name(), new.name(), Colour::Never);
            let object = serde_json::json!({ "same": comparison.is_same(), "removed": removed, "added": added, "diff": unified });
            printer.line(&object.to_string())?;
        }
    }
    Ok(if comparison.is_same() { Outcome::Fine } else { Outcome::Findings })
}
