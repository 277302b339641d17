//! `check`: what is wrong with policy documents, before they are deployed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Outcome, folder, input, output::Printer};
use crate::{
    check::{self, Checked},
    diagnostic::{Diagnostic, Severity},
    policy::Resources,
    report::diagnostics,
    service, spec,
};

/// What `check` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Policy documents, sections or fragments; folders are searched for `.xml` files, the folder of a service is read as such; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// The region spec that the documents belong to: it says which Named Values there are
    #[arg(long, value_name = "SPEC")]
    spec: Option<PathBuf>,
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

/// What a run has found so far.
#[derive(Default)]
struct Found {
    diagnostics: Vec<Diagnostic>,
    files: usize,
    expressions: usize,
    compiled: usize,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let resources = match resources(arguments)? {
        Ok(resources) => resources,
        Err(faults) => {
            printer.diagnostics(&faults);
            return Ok(Outcome::CannotRun);
        }
    };
    let mut found = Found::default();
    for path in &arguments.paths {
        if folder::is_service(path) {
            found.service(path)?;
            continue;
        }
        let mut paths = Vec::new();
        collect(path, &mut paths)?;
        // A check of nothing that succeeds would hide a mistyped folder from CI for good.
        if paths.is_empty() {
            bail!("there is no `.xml` file in `{}`", path.display());
        }
        for path in paths {
            let source = input::read(&path)?;
            found.files += 1;
            found.add(check::document(&source, &resources, None));
        }
    }
    let is_finding = found.diagnostics.iter().any(|diagnostic| diagnostic.severity > Severity::Note);
    found.print(arguments.format, printer)?;
    Ok(if is_finding { Outcome::Findings } else { Outcome::Fine })
}

/// What documents may refer to. Without a spec, what one names may well be in the service.
fn resources(arguments: &Arguments) -> anyhow::Result<Result<Resources, Vec<Diagnostic>>> {
    let Some(path) = &arguments.spec else {
        return Ok(Ok(Resources { open_values: true, open_fragments: true, ..Resources::default() }));
    };
    let read = spec::read(&input::read(path)?);
    Ok(read.map(|(spec, _)| Resources {
        unvalued: spec.named_values.keys().cloned().collect(),
        // A spec knows of none.
        open_fragments: true,
        ..Resources::default()
    }))
}

impl Found {
    fn add(&mut self, checked: Result<Checked, Vec<Diagnostic>>) {
        match checked {
            Ok(checked) => {
                self.expressions += checked.expressions;
                self.compiled += checked.compiled;
                self.diagnostics.extend(checked.diagnostics);
            }
            Err(diagnostics) => self.diagnostics.extend(diagnostics),
        }
    }

    /// The folder of a service: what its files say, and each document where it holds.
    fn service(&mut self, path: &Path) -> anyhow::Result<()> {
        let (files, _) = folder::files(&folder::artifacts(path))?;
        let (service, faults) = service::read(&files);
        self.files += files.len();
        let before = self.diagnostics.len();
        self.diagnostics.extend(faults);
        self.diagnostics.extend(service.faults_of_definitions());
        for part in service.parts() {
            self.add(check::document(part.source(), &service.references(part.workspace), part.scope));
        }
        let place =
            |diagnostic: &Diagnostic| diagnostic.primary().map(|label| (label.source.name().to_owned(), label.span.start, label.span.end));
        // What is wrong with a fragment is wrong wherever it is included.
        let mut own = self.diagnostics.split_off(before);
        let mut seen = std::collections::HashSet::new();
        own.retain(|diagnostic| seen.insert((diagnostic.code, place(diagnostic), diagnostic.message.clone())));
        own.sort_by_key(place);
        self.diagnostics.extend(own);
        Ok(())
    }

    fn print(&self, format: Format, printer: &Printer) -> anyhow::Result<()> {
        match format {
            Format::Text => {
                let (notes, findings): (Vec<Diagnostic>, Vec<Diagnostic>) =
                    self.diagnostics.iter().cloned().partition(|diagnostic| diagnostic.severity == Severity::Note);
                printer.print(&diagnostics::text(&findings, printer.colour))?;
                for note in &notes {
                    printer.line(&diagnostics::brief(note))?;
                }
                let plural = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
                let said = if self.diagnostics.is_empty() { "nothing to report".to_owned() } else { diagnostics::count(&self.diagnostics) };
                printer.line(&format!("{}, {}: {said}", plural(self.files, "file"), plural(self.expressions, "expression")))?;
            }
            Format::Json => {
                let list: Vec<_> = self.diagnostics.iter().map(diagnostics::json).collect();
                let object =
                    json!({ "files": self.files, "expressions": self.expressions, "compiled": self.compiled, "diagnostics": list });
                printer.line(&object.to_string())?;
            }
        }
        Ok(())
    }
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
