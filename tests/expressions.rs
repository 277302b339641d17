//! Expressions by behaviour, as tables in `fixtures/expressions/`, one file a .NET family: what each gives, or how it fails.
//!
//! A case is an expression (it begins with `@` and may go on over lines) and below it the outcome: `= value : type`,
//! `! exception: message`, or `CSnnnn` for what does not compile. `#` begins a comment. `FAMILY=json` runs one file alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{fs, path::Path};

use openai_failover::{
    csharp::Code,
    dotnet::{
        context::RequestContext,
        display::{full_name, to_str, type_of},
        exception::Raise,
        heap::Heap,
        runtime::{Budget, Runtime},
    },
    environment::{Fixed, Moment},
    expression::{Form, Target, compile, evaluate},
    source::Source,
};

fn outcome(text: &str) -> String {
    let source = Source::new("expression", text);
    let (code, is_block) = Code::framed(&source);
    let form = if is_block { Form::Block } else { Form::Expression };
    let program = match compile(&code, form, Target::Any) {
        Ok(program) => program,
        Err(diagnostics) => return diagnostics.iter().map(|d| format!("{} {}", d.code, d.message)).collect::<Vec<_>>().join("; "),
    };
    let mut context = RequestContext::default();
    let mut heap = Heap::default();
    // 2024-05-06T07:08:09.123Z
    let mut environment = Fixed { now: Moment(1_714_979_289_123_000_000), state: 7 };
    let mut runtime = Runtime {
        context: &mut context,
        heap: &mut heap,
        environment: &mut environment,
        budget: Budget::default(),
        locals: &mut Vec::new(),
    };
    match evaluate(&program, &mut runtime) {
        Ok(value) => format!("= {} : {}", to_str(&runtime, &value), full_name(&type_of(&runtime, &value))).replace('\n', "\\n"),
        Err(Raise::Exception(exception)) => format!("! {}: {}", exception.class.full_name(), exception.message).replace('\n', "\\n"),
        Err(other) => format!("! {other:?}"),
    }
}

/// The cases of a file: line, expression, expected outcome.
fn cases(text: &str) -> Vec<(usize, String, String)> {
    let mut cases = Vec::new();
    let mut expression = String::new();
    for (index, line) in text.lines().enumerate() {
        let is_outcome = line.starts_with("= ") || line.starts_with("! ") || line.starts_with("CS") || line.starts_with("expression/");
        if is_outcome && !expression.is_empty() {
            cases.push((index + 1, std::mem::take(&mut expression), line.to_owned()));
        } else if line.starts_with('@') && expression.is_empty() {
            expression = line.to_owned();
        } else if !expression.is_empty() && !line.trim().is_empty() {
            expression.push('\n');
            expression.push_str(line);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            panic!("line {}: neither a case nor a comment: {line}", index + 1);
        }
    }
    assert!(expression.is_empty(), "a case without an outcome: {expression}");
    cases
}

#[test]
fn every_case_has_its_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/expressions");
    let wanted = std::env::var("FAMILY").ok();
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if wanted.as_ref().is_some_and(|wanted| *wanted != name) {
            continue;
        }
        for (line, expression, expected) in cases(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            let got = outcome(&expression);
            let is_code = expected.starts_with("CS") || expected.starts_with("expression/");
            let fits = got == expected || (is_code && got.starts_with(&expected));
            if !fits {
                wrong.push(format!("{name}.txt:{line}: {expression}\n  expected {expected}\n  got      {got}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 0, "no cases");
}
