//! `test`: scenarios in virtual time, held against what is expected of them.

mod crew;
mod files;
mod progress;
pub(super) mod stage;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
};

use anyhow::bail;
use clap::{Args, ValueEnum};

use self::{crew::Orders, progress::Progress, stage::Staged};
use super::{Outcome, input, output::Printer};
use crate::report::{
    Colour,
    coverage::Coverage,
    scenario::{self, Trial},
};

/// What `test` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Scenarios: files, patterns such as `'**/*.yaml'`, folders with all that is in them; `-` is standard input
    #[arg(required = true, value_name = "SCENARIO")]
    scenarios: Vec<PathBuf>,
    /// Runs only scenarios with this text in their name or path, in any case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How the result looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Writes the result to a file; the text goes to standard output all the same
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where everything random begins, in place of the scenario's own seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Runs each scenario under this many seeds, its own and those that follow it, and says how far availability spreads
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: u64,
    /// Searches folders that are called `long` too
    #[arg(long)]
    long: bool,
    /// How many runs at a time; as many as the machine has cores without
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Says which policies, branches and expressions no scenario has run; to FILE as lcov
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    coverage: Option<Option<PathBuf>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line a scenario and an expectation; for those that fail, what happened
    Text,
    /// One JSON document
    Json,
    /// JUnit XML, for CI
    Junit,
    /// One page that stands alone
    Html,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let Some(staged) = arguments.staged(printer)? else { return Ok(Outcome::CannotRun) };
    if arguments.coverage.is_some() {
        staged.iter().for_each(Staged::count);
    }
    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let orders =
        Orders { seed: arguments.seed, seeds: arguments.seeds, jobs, stories: matches!(arguments.format, Format::Json | Format::Html) };
    let output = arguments.output.as_deref().filter(|path| *path != Path::new("-"));
    let to_screen = output.is_some() || arguments.format == Format::Text;
    let (mut trials, mut broken) = (Vec::new(), 0_usize);
    let mut progress = Progress::new();
    crew::run(&staged, &orders, &mut progress, |outcome, progress| {
        progress.clear();
        match outcome {
            Ok(trial) => {
                if to_screen {
                    shown(printer.print(&scenario::text(&trial, printer.colour)), output)?;
                }
                trials.push(trial);
            }
            Err(error) => {
                printer.error(&format!("{error:#}"));
                broken += 1;
            }
        }
        Ok(())
    })?;
    progress.clear();
    if to_screen {
        shown(printer.line(&scenario::summary(&trials, printer.colour)), output)?;
    }
    let coverage = arguments.covered(&staged);
    if let (Some(coverage), true) = (&coverage, to_screen) {
        shown(printer.print(&format!("\n{}", coverage.text(printer.colour))), output)?;
    }
    if let (Some(coverage), Some(Some(path)), 0) = (&coverage, &arguments.coverage, broken) {
        printer.file(path, coverage.lcov())?;
    }
    match output {
        // A report that lacks a scenario would be taken for a whole one.
        _ if broken > 0 => {}
        Some(path) => printer.file(path, arguments.format.written(&trials, coverage.as_ref())?)?,
        None if arguments.format == Format::Text => {}
        None => printer.print(&arguments.format.written(&trials, coverage.as_ref())?)?,
    }
    Ok(match (broken, trials.iter().all(Trial::holds)) {
        (0, true) => Outcome::Fine,
        (0, false) => Outcome::Findings,
        _ => Outcome::CannotRun,
    })
}

/// A reader that has gone away does not keep a file from being written.
fn shown<E>(printed: Result<(), E>, output: Option<&Path>) -> Result<(), E> {
    if output.is_some() { Ok(()) } else { printed }
}

impl Arguments {
    /// Which policies have run, where that is asked for.
    fn covered(&self, staged: &[Staged]) -> Option<Coverage> {
        self.coverage.as_ref()?;
        let mut coverage = Coverage::default();
        staged.iter().for_each(|staged| coverage.add(staged.coverage()));
        Some(coverage)
    }

    /// The scenarios to run; nothing where one of them cannot, which has been said.
    fn staged(&self, printer: &Printer) -> anyhow::Result<Option<Vec<Staged>>> {
        let (mut staged, mut faults, mut unreadable) = (Vec::new(), Vec::new(), false);
        for found in files::collect(&self.scenarios, self.long)? {
            let read = input::read(&found.path).and_then(|source| match found.searched && files::is_spec(source.text()) {
                true => Ok(None),
                false => stage::read(&found.path, &source).map(Some),
            });
            match read {
                Ok(None) => {}
                Ok(Some(Ok(one))) => staged.push(one),
                Ok(Some(Err(found))) => faults.extend(found),
                Err(error) => {
                    printer.error(&format!("{error:#}"));
                    unreadable = true;
                }
            }
        }
        if unreadable || !faults.is_empty() {
            printer.diagnostics(&faults);
            return Ok(None);
        }
        if staged.is_empty() {
            bail!("there is no scenario: all that was found are specs");
        }
        if let Some(filter) = &self.filter {
            let (wanted, count) = (filter.to_lowercase(), staged.len());
            let holds = |text: &str| text.to_lowercase().contains(&wanted);
            staged.retain(|one| holds(&one.scenario.name) || holds(&one.path.to_string_lossy()));
            if staged.is_empty() {
                bail!("none of {count} scenarios has `{filter}` in its name or path");
            }
        }
        for one in &staged {
            printer.diagnostics(&one.warnings);
        }
        Ok(Some(staged))
    }
}

impl Format {
    /// The result in this format; the coverage is part of the text and of the JSON document.
    fn written(self, trials: &[Trial], coverage: Option<&Coverage>) -> anyhow::Result<String> {
        Ok(match self {
            Self::Text => {
                let texts: String = trials.iter().map(|trial| scenario::text(trial, Colour::Never)).collect();
                let covered = coverage.map_or(String::new(), |coverage| format!("\n{}", coverage.text(Colour::Never)));
                format!("{texts}{}\n{covered}", scenario::summary(trials, Colour::Never))
            }
            Self::Json => {
                let mut document = scenario::json(trials);
                if let (Some(document), Some(coverage)) = (document.as_object_mut(), coverage) {
                    document.insert("coverage".to_owned(), coverage.json());
                }
                format!("{document}\n")
            }
            Self::Junit => scenario::junit(trials),
            Self::Html => scenario::html(trials)?,
        })
    }
}
