//! What real C# answered: `fixtures/dotnet/cases.jsonl`, expressions with a context, and what genuine C# on .NET (Newtonsoft.Json 12) made
//! of them, recorded in `expected.jsonl`. Each must give the same type, value, exception and message here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, process::Command};

use serde_json::Value as Json;

/// The cases that differ by design, with the reason.
const BY_DESIGN: &[(&str, &str)] = &[(
    "req-002",
    "the recording had a class of its own for `context.Request.Url`; here it is the interface that the documentation names, with the same text",
)];

fn lines(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether the type is one whose items are compared by their JSON alone: lazily evaluated LINQ, whose classes are .NET's own business.
fn is_lazy(expected: &Json) -> bool {
    let ty = expected["type"].as_str().unwrap_or("");
    expected.get("json").is_some() && (ty.contains("Enumerable") || ty.contains('<') || ty.contains("Iterator") || ty.contains("AnonType"))
}

fn differs(case: &Json, expected: &Json, got: &Json) -> Option<String> {
    if expected.get("compile_error").is_some() {
        return got.get("compile_error").is_none().then(|| "compiles, where C# refuses it".to_owned());
    }
    if let Some(error) = got.get("compile_error") {
        return Some(format!("does not compile: {error}"));
    }
    let nondeterministic = case["nondeterministic"] == Json::Bool(true);
    let mut fields = vec!["exception", "json", "message", "trace", "request_body_consumed"];
    if !nondeterministic && !is_lazy(expected) {
        fields.extend(["type", "value"]);
    }
    let wrong: Vec<String> = fields
        .into_iter()
        .filter(|field| expected.get(field) != got.get(field))
        .map(|field| format!("{field}: expected {}, got {}", expected[field], got[field]))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

#[test]
fn every_case_gives_what_real_csharp_gave() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/dotnet");
    let cases = lines(&std::fs::read_to_string(format!("{folder}/cases.jsonl")).unwrap());
    let expected = lines(&std::fs::read_to_string(format!("{folder}/expected.jsonl")).unwrap());
    let output =
        Command::new(env!("CARGO_BIN_EXE_openai-failover")).args(["eval", "--cases", &format!("{folder}/cases.jsonl")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let got = lines(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!((cases.len(), expected.len()), (got.len(), got.len()), "one answer a case, in order");
    let by_design: BTreeMap<_, _> = BY_DESIGN.iter().copied().collect();
    let mut wrong = Vec::new();
    for ((case, expected), got) in cases.iter().zip(&expected).zip(&got) {
        let id = case["id"].as_str().unwrap();
        assert_eq!(got["id"], case["id"]);
        match (differs(case, expected, got), by_design.get(id)) {
            (Some(how), None) => wrong.push(format!("{id}: {}\n  {how}", case["expr"])),
            (None, Some(_)) => wrong.push(format!("{id}: is no difference any more: take it off the list")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
