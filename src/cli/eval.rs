//! `eval`: what a policy expression gives, without deploying it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value as Json, json};

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
    report::{diagnostics, evaluation::Answer},
    source::Source,
};

/// What `eval` takes.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The expression, `@(…)` or `@{…}`, in quotes of the shell; `-` reads it from standard input
    #[arg(required_unless_present = "cases", conflicts_with = "cases")]
    expression: Option<String>,
    /// A JSON file with what `context` holds: request, response, variables …; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "cases")]
    context: Option<PathBuf>,
    /// Evaluates each line of a JSON-lines file, and answers with a line each; `-` is standard input
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What `DateTime.UtcNow` gives, such as 2025-01-31T12:00:00Z; the present unless given
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<Moment>,
    /// Makes random numbers and new GUIDs the same in every run; chance unless given
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Steps of evaluation that an expression may take
    #[arg(long, value_name = "N", default_value_t = Budget::default().steps)]
    max_steps: u64,
    /// Memory that an expression may use, in MiB
    #[arg(long, value_name = "MIB", default_value_t = Budget::default().memory >> 20)]
    max_memory: u64,
    /// How deep an expression's functions may call each other, and its data may nest; 100000 at most
    #[arg(long, value_name = "N", default_value_t = Budget::default().depth, value_parser = clap::value_parser!(u32).range(..=DEEPEST))]
    max_depth: u32,
}

/// Every level costs stack, which is memory that `--max-memory` does not count.
const DEEPEST: i64 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The value, and below it its .NET type
    Text,
    /// One JSON object; `--cases` always answers so
    Json,
}

fn time(text: &str) -> Result<Moment, String> {
    let timestamp: jiff::Timestamp = text.parse().map_err(|_| "an RFC 3339 time such as 2025-01-31T12:00:00Z is expected".to_owned())?;
    i64::try_from(timestamp.as_nanosecond()).map(Moment).map_err(|_| "it is too far from the present".to_owned())
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    match &arguments.cases {
        Some(path) => cases(arguments, path, printer),
        None => single(arguments, printer),
    }
}

fn single(arguments: &Arguments, printer: &Printer) -> anyhow::Result<Outcome> {
    let given = arguments.expression.as_deref().unwrap_or("");
    if given == "-" && arguments.context.as_deref() == Some(Path::new("-")) {
        bail!("standard input holds the expression or the context, not both");
    }
    let source = if given == "-" { input::read(Path::new("-"))? } else { Source::new("expression", given) };
    if source.text().trim().is_empty() {
        bail!("there is no expression; one looks like `@(1 + 1)`, or `@{{ return 1 + 1; }}`");
    }
    let answered = match &arguments.context {
        None => arguments.answer(&source, &Json::Object(Map::new()))?,
        Some(path) => {
            let text = input::read(path)?;
            let context = serde_json::from_str(text.text()).with_context(|| format!("`{}` is no JSON", text.name()))?;
            arguments.answer(&source, &context).with_context(|| format!("`{}`", text.name()))?
        }
    };
    match (arguments.format, &answered) {
        (Format::Text, Err(diagnostics)) => {
            printer.diagnostics(diagnostics);
            return Ok(Outcome::Findings);
        }
        (Format::Text, Ok(answer)) => printer.print(&answer.text(printer.colour))?,
        (Format::Json, Err(found)) => {
            let mut object = Answer::refused(found).json(None);
            if let Some(object) = object.as_object_mut() {
                object.insert("diagnostics".to_owned(), found.iter().map(|fault| json!(diagnostics::json(fault))).collect());
            }
            printer.line(&object.to_string())?;
        }
        (Format::Json, Ok(answer)) => printer.line(&answer.json(None).to_string())?,
    }
    Ok(if answered.is_ok_and(|answer| answer.is_value()) { Outcome::Fine } else { Outcome::Findings })
}

/// Answers every line: one that cannot be read keeps none of the others from its answer.
fn cases(arguments: &Arguments, path: &Path, printer: &Printer) -> anyhow::Result<Outcome> {
    let text = input::read(path)?;
    let (mut out, mut unread) = (String::new(), 0_usize);
    for (index, line) in text.text().lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parsed: Result<Json, _> = serde_json::from_str(line);
        let id = parsed.as_ref().ok().and_then(|case| case.get("id"));
        let place = format!("{}:{}", text.name(), index + 1);
        let answered = match &parsed {
            Ok(case) => arguments.case(case, &place),
            Err(error) => Err(anyhow::anyhow!("no JSON: {error}")),
        };
        let object = answered.map(|answer| answer.json(id)).unwrap_or_else(|error| {
            printer.error(&format!("{place}: {error:#}"));
            unread += 1;
            let id = id.map(|id| ("id".to_owned(), id.clone()));
            id.into_iter().chain([("error".to_owned(), json!(format!("{error:#}")))]).collect()
        });
        out.push_str(&object.to_string());
        out.push('\n');
        if out.len() > 1 << 16 {
            printer.print(&out)?;
            out.clear();
        }
    }
    printer.print(&out)?;
    Ok(if unread == 0 { Outcome::Fine } else { Outcome::CannotRun })
}

/// What has no frame was taken for one C# expression as a whole; whoever meant something else is told.
fn unframed(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if let Some(first) = found.first_mut().filter(|first| first.help.is_none() && first.code.starts_with("CS1")) {
        first.help = Some("the whole text is one C# expression, unless it stands in `@(…)`, or statements in `@{…}`".to_owned());
    }
    found
}

/// Puts Named Values in, as text, before anything is parsed; `*` stands for every other name.
fn named_values(expression: &str, named: &Map<String, Json>) -> String {
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
    fn case(&self, case: &Json, place: &str) -> anyhow::Result<Answer> {
        let Some(expression) = case.get("expr").and_then(Json::as_str) else { bail!("a case is an object with the expression as `expr`") };
        let expression = match case.get("named") {
            None | Some(Json::Null) => expression.to_owned(),
            Some(Json::Object(named)) => named_values(expression, named),
            Some(_) => bail!("named: an object of names and texts is expected"),
        };
        let none = Json::Object(Map::new());
        let context = case.get("context").filter(|context| !context.is_null()).unwrap_or(&none);
        Ok(self.answer(&Source::new(place, expression), context)?.unwrap_or_else(|diagnostics| Answer::refused(&diagnostics)))
    }

    /// Compiles and evaluates; the inner error is what does not compile.
    fn answer(&self, source: &Arc<Source>, context: &Json) -> anyhow::Result<Result<Answer, Vec<Diagnostic>>> {
        let (code, is_block) = Code::framed(source);
        let form = if is_block { Form::Block } else { Form::Expression };
        let is_framed = code.text().len() < source.text().trim().len();
        let compiled = expression::compile(&code, form, Target::Any).map_err(|found| if is_framed { found } else { unframed(found) });
        let (mut shown, mut heap) = (RequestContext::default(), Heap::default());
        let mut wall = Chance::new(self.seed).environment();
        let mut fixed = Fixed { now: self.now.unwrap_or_else(|| wall.now()), state: self.seed.unwrap_or_else(|| wall.random()) };
        let budget = Budget { steps: self.max_steps, memory: self.max_memory.saturating_mul(1 << 20), depth: self.max_depth };
        let mut runtime = Runtime { context: &mut shown, heap: &mut heap, environment: &mut fixed, budget, locals: &mut Vec::new() };
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
