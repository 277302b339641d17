//! A scenario in real time: its load and its faults, and at the end what `test` says of a run.

use std::{sync::Arc, time::Instant};

use super::{
    super::{Outcome, output::Printer, test::stage::Staged},
    Arguments, Format, Teller,
};
use crate::{
    live::{
        Running,
        load::{self, Driven, Records},
    },
    report::scenario::{self, Trial},
    spec::Agreement,
    traffic::Keep,
};

/// The slowest requests and the failed ones that are told of, each so many.
const STORIES: usize = 5;

/// Plays it to its end and says what came of it.
pub(super) async fn play(
    staged: Staged,
    arguments: &Arguments,
    running: &Running,
    records: &Arc<Records>,
    teller: &Teller,
    printer: Printer,
) -> anyhow::Result<Outcome> {
    let mut scenario = (*staged.scenario).clone();
    scenario.expect.retain(|expectation| {
        let is_measurable = load::is_measurable(&expectation.metric);
        if !is_measurable {
            printer.note(&format!("`{}` is not measured in real time; `test` does", expectation.text));
        }
        is_measurable
    });
    let began = Instant::now();
    let driven = Driven {
        seed: arguments.seed.unwrap_or(scenario.seed),
        scenario: Arc::new(scenario),
        world: staged.world,
        keep: Keep { slowest: STORIES, failed: STORIES },
    };
    let run = load::drive(running, records, &driven).await?;
    let agreement = staged.spec.as_ref().map(Agreement::of);
    let trial = Trial { file: staged.path.display().to_string(), run, others: Vec::new(), agreement, took: began.elapsed() };
    teller.text(match arguments.format {
        Format::Text => format!("\n{}", scenario::text(&trial, printer.colour).trim_end()),
        Format::Json => {
            let mut told = scenario::json(std::slice::from_ref(&trial));
            if let Some(told) = told.as_object_mut() {
                told.insert("event".to_owned(), "played".into());
            }
            told.to_string()
        }
    });
    Ok(if trial.holds() { Outcome::Fine } else { Outcome::Findings })
}
