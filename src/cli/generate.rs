//! `gen`: the policy document and the Named Values manifest of a spec.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::{Outcome, input, output::Printer};
use crate::{
    generate::{self, Options},
    report::difference,
    spec, xml,
};

/// What `gen` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The region spec; `-` is standard input
    spec: PathBuf,
    /// The directory to write to; `-` prints the policy document alone
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; exit with 1 and show a diff where the files on disk differ
    #[arg(long)]
    check: bool,
    /// How the policy document is written: both mean the same
    #[arg(long, value_enum, default_value_t = Format::Rawxml)]
    format: Format,
    /// A directory with templates that take the place of the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As authors write it: quotes, `<` and `&&` stand raw inside expressions
    Rawxml,
    /// Well-formed XML, everything escaped
    Xml,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let source = input::read(&arguments.spec)?;
    let spec = match spec::read(&source) {
        Ok((spec, warnings)) => {
            printer.diagnostics(&warnings);
            spec
        }
        Err(diagnostics) => {
            printer.diagnostics(&diagnostics);
            return Ok(Outcome::CannotRun);
        }
    };
    let format = match arguments.format {
        Format::Rawxml => xml::Format::RawXml,
        Format::Xml => xml::Format::Xml,
    };
    let artefacts = match generate::generate(&spec, &Options { format, templates: arguments.templates.clone() }) {
        Ok(artefacts) => artefacts,
        Err(diagnostics) => {
            printer.diagnostics(&diagnostics);
            return Ok(Outcome::CannotRun);
        }
    };
    if arguments.out == Path::new("-") {
        anyhow::ensure!(!arguments.check, "--check compares with files, and `-` is none");
        let policy = artefacts.iter().find(|artefact| artefact.path == generate::POLICY);
        printer.print(policy.map_or("", |artefact| artefact.contents.as_str()))?;
        return Ok(Outcome::Fine);
    }
    if !arguments.check {
        generate::write(&arguments.out, &artefacts).with_context(|| format!("nothing was written to `{}`", arguments.out.display()))?;
        for artefact in &artefacts {
            printer.note(&format!("wrote {}", arguments.out.join(&artefact.path).display()));
        }
        return Ok(Outcome::Fine);
    }
    let differences = generate::differences(&arguments.out, &artefacts)?;
    for difference in &differences {
        let name = difference.path.display().to_string();
        let diff = match &difference.found {
            Some(found) => difference::unified(found, &difference.wanted, &name, &format!("{name} (generated)"), printer.colour),
            None => difference::unified("", &difference.wanted, "/dev/null", &format!("{name} (generated)"), printer.colour),
        };
        // Line ends alone make no hunk, and still are a difference.
        let diff = if diff.is_empty() { format!("{name} differs in its line ends\n") } else { diff };
        printer.print(&diff)?;
    }
    if differences.is_empty() {
        printer.note("up to date");
        return Ok(Outcome::Fine);
    }
    printer.note(&format!(
        "{} of {} files differ from what the spec gives; run without --check to write them",
        differences.len(),
        artefacts.len()
    ));
    Ok(Outcome::Findings)
}
