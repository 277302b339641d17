//! `eval`: what a policy expression gives, without deploying it.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::Value as Json;

use super::{Outcome, input, output::Printer};
use crate::{
    csharp::Code,
    diagnostic::Diagnostic,
    dotnet::{
        context::RequestContext,
        heap::Heap,
        runtime::{Budget, Runtime},
    },
    environment::{Environment, Fixed, Moment},
    expression::{self, Form, Target, sample},
    live::Chance,
    report::evaluation::Answer,
    source::Source,
};

/// What `eval` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The expression, `@(…)` or `@{…}`; `-` reads it from standard input
    #[arg(required_unless_present = "cases", conflicts_with = "cases")]
    expression: Option<String>,
    /// A JSON file with the context: request, response, variables …
    #[arg(long, value_name = "FILE", conflicts_with = "cases")]
    context: Option<PathBuf>,
    /// Evaluates each line of a JSON-lines file, and answers with a line each; `-` is standard input
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The time that `DateTime.UtcNow` gives, as RFC 3339; the present unless given
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Moment>,
    /// Where random numbers and new GUIDs begin; chance unless given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Steps of evaluation that an expression may take
    #[arg(long, value_name = "N", default_value_t = Budget::default().steps)]
    max_steps: u64,
    /// Memory that an expression may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = Budget::default().memory >> 20)]
    max_memory: u64,
    /// How deep an expression's functions may call each other
    #[arg(long, value_name = "N", default_value_t = Budget::default().depth)]
    max_depth: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The value, and below it its .NET type
    Text,
    /// One JSON object
    Json,
}

fn time(text: &str) -> Result<Moment, String> {
    let timestamp: jiff::Timestamp = text.parse().map_err(|error| format!("`{text}` is no RFC 3339 time: {error}"))?;
    i64::try_from(timestamp.as_nanosecond()).map(Moment).map_err(|_| format!("`{text}` is too far away"))
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    match &arguments.cases {
        Some(path) => cases(arguments, path, printer),
        None => single(arguments, printer),
    }
}

fn single(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let given = arguments.expression.as_deref().unwrap_or("");
    let source = if given == "-" { input::read(std::path::Path::new("-"))? } else { Source::new("expression", given) };
    let context = match &arguments.context {
        None => Json::Object(serde_json::Map::new()),
        Some(path) => {
            let text = input::read(path)?;
            serde_json::from_str(text.text()).with_context(|| format!("`{}` is no JSON", path.display()))?
        }
    };
    let answered = arguments.answer(&source, &context)?;
    match (arguments.format, &answered) {
        (Format::Text, Err(diagnostics)) => {
            printer.diagnostics(diagnostics);
            return Ok(Outcome::Findings);
        }
        (Format::Text, Ok(answer)) => printer.print(&answer.text(printer.colour))?,
        (Format::Json, Err(diagnostics)) => printer.line(&Answer::refused(diagnostics).json(None).to_string())?,
        (Format::Json, Ok(answer)) => printer.line(&answer.json(None).to_string())?,
    }
    Ok(if answered.is_ok_and(|answer| answer.is_value()) { Outcome::Fine } else { Outcome::Findings })
}

fn cases(arguments: &Arguments, path: &std::path::Path, printer: &Printer) -> anyhow::Result<Outcome> {
    let text = input::read(path)?;
    let mut out = String::new();
    for (index, line) in text.text().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let place = || format!("{}:{}", text.name(), index + 1);
        let case: Json = serde_json::from_str(line).with_context(|| format!("{}: no JSON", place()))?;
        let Some(expression) = case.get("expr").and_then(Json::as_str) else { bail!("{}: a case has an `expr`", place()) };
        let expression = match case.get("named") {
            Some(Json::Object(named)) => named_values(expression, named),
            _ => expression.to_owned(),
        };
        let source = Source::new(place(), expression);
        let empty = Json::Object(serde_json::Map::new());
        let answered = arguments.answer(&source, case.get("context").unwrap_or(&empty)).with_context(place)?;
        let answer = answered.unwrap_or_else(|diagnostics| Answer::refused(&diagnostics));
        out.push_str(&answer.json(case.get("id")).to_string());
        out.push('\n');
        if out.len() > 1 << 16 {
            printer.print(&out)?;
            out.clear();
        }
    }
    printer.print(&out)?;
    Ok(Outcome::Fine)
}

/// Puts Named Values in, as text, before anything is parsed; `*` stands for every other name.
fn named_values(expression: &str, named: &serde_json::Map<String, Json>) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut rest = expression;
    while let Some((before, after)) = rest.split_once("{{") {
        let found = after.split_once("}}").and_then(|(name, tail)| {
            let value = named.get(name.trim()).or_else(|| named.get("*"))?;
            let simple = name.trim().chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
            (simple && !name.trim().is_empty()).then(|| (value.as_str().map_or_else(|| value.to_string(), str::to_owned), tail))
        });
        out.push_str(before);
        match found {
            Some((value, tail)) => {
                out.push_str(&value);
                rest = tail;
            }
            None => {
                out.push_str("{{");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

impl Arguments {
    /// Compiles and evaluates; the inner error is what does not compile.
    fn answer(&self, source: &std::sync::Arc<Source>, context: &Json) -> anyhow::Result<Result<Answer, Vec<Diagnostic>>> {
        let (code, is_block) = Code::framed(source);
        let form = if is_block { Form::Block } else { Form::Expression };
        let compiled = expression::compile(&code, form, Target::Any);
        let (mut shown, mut heap) = (RequestContext::default(), Heap::default());
        let mut wall = Chance::new(self.seed).environment();
        let mut fixed = Fixed { now: self.now.unwrap_or_else(|| wall.now()), state: self.seed.unwrap_or_else(|| wall.random()) };
        let budget = Budget { steps: self.max_steps, memory: self.max_memory.saturating_mul(1 << 20), depth: self.max_depth };
        let mut runtime = Runtime { context: &mut shown, heap: &mut heap, environment: &mut fixed, budget, locals: Vec::new() };
        if let Err(fault) = sample::fill(&mut runtime, context) {
            bail!("{}", fault.0);
        }
        Ok(match compiled {
            Err(diagnostics) => Err(diagnostics),
            Ok(program) => {
                let outcome = expression::evaluate(&program, &mut runtime);
                Ok(Answer::of(&mut runtime, outcome))
            }
        })
    }
}
