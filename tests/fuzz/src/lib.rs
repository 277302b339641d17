//! What the fuzz targets do with an input. Nothing may panic, hang or eat memory, whatever the bytes are.
//!
//! The targets of cargo-fuzz and the ordinary test `tests/fuzz_corpus.rs` share it: the first look for new inputs, the second replays those
//! that were worth keeping.

pub mod grammar;
pub mod members;
pub mod mutate;
mod templates;

use std::sync::OnceLock;

use arbitrary::Unstructured;
use openai_failover::{
    csharp::{Code, parse_block, parse_expression, print_block, print_expression},
    dotnet::{
        context::RequestContext,
        heap::Heap,
        runtime::{Budget, Runtime},
    },
    environment::{Fixed, Moment},
    expression::{Form, Program, Target, compile, evaluate as run, sample},
    report::evaluation::{Answer, Ending},
    scenario::{self, Expectation},
    source::{Source, Span},
};
use serde_json::Value as Json;

/// What an input may spend: little, so that a runaway one ends in a moment.
pub const BUDGET: Budget = Budget { steps: 50_000, memory: 8 << 20, depth: 200 };

/// Parses the text both as an expression and as a block; what parses is printed, and that parses to what prints the same.
pub fn parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let code = |text: &str| Code::whole(&Source::new("fuzz", text));
    let given = code(&text);
    match parse_expression(&given) {
        Ok(tree) => {
            // The first time the printer may add parentheses.
            let once = print_expression(&tree);
            let twice = parse_expression(&code(&once)).unwrap_or_else(|faults| panic!("printed as {once:?}: {faults:?}"));
            assert_eq!(parse_expression(&code(&print_expression(&twice))).ok(), Some(twice), "{once}");
        }
        Err(faults) => assert!(!faults.is_empty()),
    }
    match parse_block(&given) {
        Ok(tree) => {
            let once = print_block(&tree);
            let twice = parse_block(&code(&once)).unwrap_or_else(|faults| panic!("printed as {once:?}: {faults:?}"));
            assert_eq!(parse_block(&code(&print_block(&twice))).ok(), Some(twice), "{once}");
        }
        Err(faults) => assert!(!faults.is_empty()),
    }
}

/// Reads the text as a scenario, each of its lines as an expectation, and all of it as a trace. An expectation that is read is written as
/// what reads the same.
pub fn scenario(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let source = Source::new("fuzz", &*text);
    // Whatever trace it names holds the scenario itself: no trace, or one with wrong lines.
    match scenario::read(&source, "fuzz", &|_| Ok(text.to_string())) {
        Ok((scenario, _)) => assert!(!scenario.load.is_empty()),
        Err(faults) => assert!(!faults.is_empty()),
    }
    for line in text.lines().take(50) {
        let line = line.trim_start_matches([' ', '-']);
        match Expectation::parse(line, Span::default()) {
            Ok(read) => {
                let written = read.to_string();
                let again = Expectation::parse(&written, Span::default()).unwrap_or_else(|fault| panic!("written as {written:?}: {fault}"));
                assert_eq!(
                    (&again.metric, again.operator, again.value, &again.scope),
                    (&read.metric, read.operator, read.value, &read.scope)
                );
            }
            Err(fault) => assert!(line.get(fault.at).is_some()),
        }
    }
}

/// Compiles the expression that the input stands for.
pub fn bind(data: &[u8]) {
    let text = text_of(data);
    for target in [Target::Any, Target::Text, Target::Bool] {
        if let Err(diagnostics) = compiled(&text, target) {
            assert!(!diagnostics.is_empty(), "refused without a word: {text}");
        }
    }
}

/// Evaluates what the input stands for: an expression, or texts for what reads texts.
pub fn evaluate(data: &[u8]) {
    match templates::chosen(data) {
        Some((program, text)) => {
            let (first, second) = text.split_once('\u{1}').unwrap_or((&text, ""));
            outcome(program, BUDGET, &[("a", first), ("b", second)]);
        }
        None => {
            if let Ok(program) = compiled(&text_of(data), Target::Any) {
                outcome(&program, BUDGET, &[]);
            }
        }
    }
}

/// The expression that an input stands for: text as it is, where it is framed as an expression; else what the grammar makes of the bytes.
pub fn text_of(data: &[u8]) -> String {
    match data {
        [b'@', ..] => String::from_utf8_lossy(data).into_owned(),
        [kind, rest @ ..] => {
            let mut bytes = Unstructured::new(rest);
            let made = match kind % 4 {
                0 => grammar::soup(&mut bytes),
                1 => grammar::expression(&mut bytes),
                2 => grammar::block(&mut bytes),
                _ => members::call(&mut bytes),
            };
            made.unwrap_or_default()
        }
        [] => String::new(),
    }
}

/// Compiles a framed expression.
pub fn compiled(text: &str, target: Target) -> Result<Program, Vec<openai_failover::diagnostic::Diagnostic>> {
    let source = Source::new("fuzz", text);
    let (code, is_block) = Code::framed(&source);
    compile(&code, if is_block { Form::Block } else { Form::Expression }, target)
}

/// Evaluates a program in a context that has something of everything, with more text variables.
pub fn outcome(program: &Program, budget: Budget, texts: &[(&'static str, &str)]) -> Ending {
    static CONTEXT: OnceLock<Json> = OnceLock::new();
    let shown = CONTEXT.get_or_init(|| serde_json::from_str(include_str!("context.json")).unwrap());
    let (mut context, mut heap) = (RequestContext::default(), Heap::default());
    let mut environment = Fixed { now: Moment(1_714_979_289_123_000_000), state: 7 };
    let mut runtime = Runtime {
        context: &mut context,
        heap: &mut heap,
        environment: &mut environment,
        budget: Budget::default(),
        locals: &mut Vec::new(),
    };
    sample::fill(&mut runtime, shown).unwrap_or_else(|fault| panic!("{}", fault.0));
    for (name, text) in texts {
        runtime.context.variables.set((*name).into(), openai_failover::dotnet::Value::string((*text).to_owned()));
    }
    runtime.budget = budget;
    let outcome = run(program, &mut runtime);
    Answer::of(&mut runtime, outcome).ending
}
