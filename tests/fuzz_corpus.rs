//! The fuzz targets without a fuzzer: every input that was worth keeping, and some thousands of changes of them. Nothing may panic, hang or
//! eat memory.
//!
//! `MUTATIONS=100000 SEED=2 TARGET=bind cargo test --release --test fuzz_corpus` looks further; `cargo fuzz run --fuzz-dir tests/fuzz bind`
//! looks with coverage as its guide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "fuzz/src/lib.rs"]
mod fuzz;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::{Duration, Instant},
};

use openai_failover::environment::split_mix;

/// What one input may take, budgets being small: what runs away takes hours.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one input may have in memory at once: its budget twice, and the context.
const ROOM: u64 = 2 * fuzz::BUDGET.memory + (8 << 20);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut inputs: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
        })
        .collect();
    inputs.sort();
    assert!(inputs.len() > if target == "scenario" { 20 } else { 100 }, "the corpus of {target} is not there");
    inputs
}

/// Runs an input; what went wrong.
fn tried(run: fn(&[u8]), input: &[u8]) -> Option<String> {
    let begun = Instant::now();
    let mut panicked = false;
    let used = allocation_counter::measure(|| panicked = catch_unwind(AssertUnwindSafe(|| run(input))).is_err());
    let took = begun.elapsed();
    match () {
        () if panicked => Some("panicked".to_owned()),
        () if took > PATIENCE => Some(format!("took {took:?}")),
        () if used.bytes_max > ROOM => Some(format!("had {} MiB at once", used.bytes_max >> 20)),
        () => None,
    }
}

fn hold(target: &str, run: fn(&[u8]), mutations: u64) {
    if std::env::var("TARGET").is_ok_and(|wanted| wanted != target) {
        return;
    }
    let known = corpus(target);
    let mut wrong = Vec::new();
    // A stack overflow ends the process: the last line of the trace has the input then.
    let trace = std::env::var_os("TRACE");
    let mut attempt = |name: String, input: &[u8]| {
        if let Some(path) = &trace {
            fs::write(path, input).unwrap();
        }
        if let Some(what) = tried(run, input) {
            let text = String::from_utf8_lossy(input).into_owned();
            let text = if matches!(target, "parse" | "scenario") || text.starts_with(|c| ('A'..='`').contains(&c)) {
                text
            } else {
                fuzz::text_of(input)
            };
            wrong.push(format!("{name} {what}: {text:?}"));
        }
    };
    for (name, input) in &known {
        attempt(name.clone(), input);
    }
    let mut state = number("SEED", 1);
    let any = |state: &mut u64| &known[(split_mix(state) % known.len() as u64) as usize].1;
    for index in 0..number("MUTATIONS", mutations) {
        let input = match split_mix(&mut state) % 2 {
            0 if !matches!(target, "parse" | "scenario") => fuzz::mutate::bytes(&mut state),
            _ => {
                let (input, other) = (any(&mut state), any(&mut state));
                fuzz::mutate::mutated(input, other, &mut state)
            }
        };
        attempt(format!("mutation {index}"), &input);
    }
    assert!(wrong.is_empty(), "{} inputs of {target}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_text_breaks_the_parser() {
    hold("parse", fuzz::parse, 1_000);
}

#[test]
fn no_text_breaks_the_reader_of_scenarios() {
    hold("scenario", fuzz::scenario, 2_000);
}

#[test]
fn no_code_breaks_the_binder() {
    hold("bind", fuzz::bind, 1_000);
}

#[test]
fn no_expression_breaks_the_evaluator() {
    hold("evaluate", fuzz::evaluate, 500);
}
