//! Scenarios: a world, load on it, faults on a timeline, and what is expected.
//!
//! A file becomes a tree with places and then typed fields (`wire`, with the readers of `spec`); the fields become the [`Scenario`], each
//! part in a file of its own, and what contradicts itself is reported there. Every step reports what is wrong and goes on. Files that a
//! scenario names are read by whoever asks for the scenario: nothing here touches a disk.

mod check;
mod codes;
mod expectation;
mod expectations;
mod faults;
mod grammar;
mod loads;
mod metrics;
mod model;
mod scalars;
mod schema;
mod sources;
mod trace;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use check::check;
pub use expectation::{Statistic, Status};
pub use grammar::ExpectationError;
pub use metrics::metrics;
pub use model::*;
pub use schema::schema;

use crate::{
    diagnostic::{Diagnostic, any_error},
    source::{Source, Span},
    spec::{
        fields::{Read as _, Reader},
        parse, secrets,
    },
};

/// Reads a scenario and checks it. `name` is what it is called where it has no name of its own: its file's, without the extension. `file`
/// gives the text of a file that the scenario names as it names it, or says why it cannot.
///
/// Either way every fault comes back at once, in the order of the file: with a scenario those that are no errors.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(
    source: &Arc<Source>,
    name: &str,
    file: &dyn Fn(&str) -> Result<String, String>,
) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
    let (tree, faults) = parse(source);
    secrets::conceal(source, tree.as_ref(), &["namedValues", "headers", "key"]);
    let mut reader = Reader { source, faults };
    let scenario = tree.and_then(|tree| {
        let head = tree.head(source.text());
        let written = wire::File::read(&tree, &mut reader)?;
        build(&written, name, head, file, &mut reader)
    });
    let mut faults: Vec<Diagnostic> = reader.faults.into_iter().map(codes::own).collect();
    // What an alias repeats is reported once.
    let mut seen = std::collections::HashSet::new();
    let place = |fault: &Diagnostic| fault.primary().map(|label| (label.source.name().to_owned(), label.span));
    faults.retain(|fault| seen.insert((fault.code, place(fault), fault.message.clone())));
    // Those of other files come behind.
    faults.sort_by_key(|fault| fault.primary().map_or((false, 0), |label| (!Arc::ptr_eq(&label.source, source), label.span.start)));
    match scenario {
        Some(scenario) if !any_error(&faults) => Ok((scenario, faults)),
        _ => {
            if !any_error(&faults) {
                let fault = Diagnostic::error("scenario/unreadable", "the file cannot be read as a scenario");
                faults.push(fault.at(source, Span::at(0)));
            }
            Err(faults)
        }
    }
}

/// The model, or nothing where something is wrong, which then is reported.
fn build(
    written: &wire::File,
    name: &str,
    head: Span,
    file: &dyn Fn(&str) -> Result<String, String>,
    reader: &mut Reader<'_>,
) -> Option<Scenario> {
    let world = sources::sources(written, head, reader);
    let duration = written.duration.value().map(|duration| duration.0);
    let items = written.load.value().map_or(&[][..], |load| load.0.as_slice());
    let clients: Vec<String> = items.iter().enumerate().map(|(index, item)| loads::name(&item.value, index)).collect();
    let named = items.iter().zip(&clients).map(|(item, name)| (name.clone(), name.as_str(), item.value.name.place().unwrap_or(item.span)));
    reader.unique("scenario/duplicate-id", "the load", named);
    let load: Vec<Option<Load>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let trace = recorded(&item.value, file, reader);
            loads::load(item, index, duration, trace, reader)
        })
        .collect();
    let items = written.faults.value().map_or(&[][..], |faults| faults.0.as_slice());
    let faults: Vec<Option<TimedFault>> = items.iter().map(|item| faults::fault(item, duration, reader)).collect();
    faults::overlaps(&faults, reader);
    let expect: Vec<Expectation> = written.expect.value()?.0.iter().map(|item| item.value.0.clone()).collect();
    let known = expectations::Known { faults: &faults, clients: &clients, duration };
    for expectation in &expect {
        expectations::refers(expectation, &known, reader);
    }
    Some(Scenario {
        name: if written.name.said { written.name.value()?.0.clone() } else { name.to_owned() },
        description: written.description.value().map(|text| text.0.clone()),
        world: world?,
        seed: written.seed.value()?.0,
        duration: duration?,
        load: load.into_iter().collect::<Option<_>>()?,
        faults: faults.into_iter().collect::<Option<_>>()?,
        expect,
    })
}

/// The requests of a load's trace. What is wrong with it is reported, that the file cannot be read included.
fn recorded(load: &wire::Load, file: &dyn Fn(&str) -> Result<String, String>, reader: &mut Reader<'_>) -> loads::Trace {
    let path = load.trace.get()?;
    match file(&path.value.0) {
        Ok(text) => match trace::read(&Source::new(path.value.0.clone(), text)) {
            Ok(recorded) => Some(recorded),
            Err(faults) => {
                reader.faults.extend(faults);
                None
            }
        },
        Err(why) => {
            reader.error(
                "scenario/unreadable-file",
                path.span,
                format!("the trace cannot be read: {why}"),
                "paths are relative to the scenario",
            );
            None
        }
    }
}
