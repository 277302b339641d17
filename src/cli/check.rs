//! `check`: what is wrong with policy documents, before they are deployed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Outcome, input, output::Printer};
use crate::{check, diagnostic::Severity, policy::Resources, report::diagnostics};

/// What `check` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Policy documents, sections or fragments; folders are searched for `.xml` files; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How the result looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The findings with the lines that they stand in
    Text,
    /// One JSON object
    Json,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let mut paths = Vec::new();
    for path in &arguments.paths {
        let before = paths.len();
        collect(path, &mut paths)?;
        // A check of nothing that succeeds would hide a mistyped folder from CI for good.
        if paths.len() == before {
            bail!("there is no `.xml` file in `{}`", path.display());
        }
    }
    // Without a spec, what a document names may well be in the service.
    let resources = Resources { open: true, ..Resources::default() };
    let (mut found, mut expressions, mut compiled) = (Vec::new(), 0, 0);
    for path in &paths {
        match check::document(&input::read(path)?, &resources, None) {
            Ok(checked) => {
                expressions += checked.expressions;
                compiled += checked.compiled;
                found.extend(checked.diagnostics);
            }
            Err(diagnostics) => found.extend(diagnostics),
        }
    }
    match arguments.format {
        Format::Text => {
            printer.print(&diagnostics::text(&found, printer.colour))?;
            let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
            let findings = if found.is_empty() { "nothing to report".to_owned() } else { diagnostics::count(&found) };
            printer.line(&format!("{}, {}: {findings}", plural(paths.len(), "file"), plural(expressions, "expression")))?;
        }
        Format::Json => {
            let list: Vec<_> = found.iter().map(diagnostics::json).collect();
            let object = json!({ "files": paths.len(), "expressions": expressions, "compiled": compiled, "diagnostics": list });
            printer.line(&object.to_string())?;
        }
    }
    let is_finding = found.iter().any(|diagnostic| diagnostic.severity > Severity::Note);
    Ok(if is_finding { Outcome::Findings } else { Outcome::Fine })
}

/// A file as it is; of a folder all `.xml` files in it, in the order of their names.
fn collect(path: &Path, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        into.push(path.to_path_buf());
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    let mut children: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    children.sort();
    for child in children {
        // A link that leads back up would have no end.
        if child.is_symlink() {
            continue;
        }
        if child.is_dir() || child.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) {
            collect(&child, into)?;
        }
    }
    Ok(())
}
