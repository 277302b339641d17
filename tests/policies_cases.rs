//! Every policy that is said to be simulated has a table of cases with a source, and says which test that is.
//!
//! A test claims a policy in its own comment, one line a policy: ``/// Cases of `NAME`: SOURCE``. What it claims is checked here: the policy is in
//! the catalogue, the source is a page or an issue, the test runs, compares, goes through several cases, and its file has the element.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, fs, path::Path};

use openai_failover::policy::catalogue::{self, Level};

/// Comparisons that are a table even without a loop.
const SEVERAL: usize = 3;

/// A claim of a test.
struct Claim {
    policy: String,
    source: String,
    /// `file::test`, for messages.
    test: String,
    is_test: bool,
    body: String,
    /// The code of its file: no comments.
    code: String,
}

/// The claims in a file of tests.
fn claims(file: &str, text: &str) -> Vec<Claim> {
    let lines: Vec<&str> = text.lines().collect();
    let code: String = lines.iter().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [*line, "\n"]).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((policy, source)) = line.strip_prefix("/// Cases of `").and_then(|rest| rest.split_once("`: ")) else { continue };
        let head: Vec<&str> = lines[at..].iter().take_while(|line| !line.contains("fn ")).copied().collect();
        let start = at + head.len();
        let name = lines.get(start).and_then(|line| line.split("fn ").nth(1)?.split('(').next()).unwrap_or("");
        let body: Vec<&str> = lines.iter().skip(start + 1).take_while(|line| **line != "}").copied().collect();
        found.push(Claim {
            policy: policy.to_owned(),
            source: source.to_owned(),
            test: format!("{file}::{name}"),
            is_test: head.iter().any(|line| *line == "#[test]" || line.starts_with("#[tokio::test")),
            body: body.join("\n"),
            code: code.clone(),
        });
    }
    found
}

/// What is wrong with a claim; nothing where it holds.
fn fault(claim: &Claim) -> Option<String> {
    let Claim { policy, source, body, .. } = claim;
    let has_element =
        [" ", "/", ">", "\n"].iter().any(|end| claim.code.contains(&format!("<{policy}{end}"))) || body.contains(&format!("\"{policy}\""));
    let compares = body.matches("assert").count();
    let is_source = source.contains("learn.microsoft.com/") || source.contains("github.com/") || source.contains(", issue ");
    let wrong = if !catalogue::entries().iter().any(|entry| entry.name == *policy) {
        "there is no such policy"
    } else if !is_source {
        "the source is no page, repository or issue"
    } else if !claim.is_test {
        "no test follows"
    } else if !has_element {
        "the file never has the element"
    } else if compares == 0 || !(body.contains("for ") || compares >= SEVERAL) {
        "the test is no table of cases"
    } else {
        return None;
    };
    Some(format!("{}, `{policy}`: {wrong}", claim.test))
}

#[test]
fn every_simulated_policy_has_a_table_of_cases_with_its_source() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rs") && name != "policies_cases" {
            all.extend(claims(&name, &fs::read_to_string(&path).unwrap()));
        }
    }
    let faults: Vec<String> = all.iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    let mut by_policy: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for claim in &all {
        by_policy.entry(&claim.policy).or_default().push(&claim.test);
    }
    let simulated = catalogue::entries().iter().filter(|entry| matches!(entry.level, Level::Simulated));
    let without: Vec<&str> = simulated.map(|entry| entry.name.as_str()).filter(|name| !by_policy.contains_key(name)).collect();
    assert!(without.is_empty(), "no test says `/// Cases of` for {without:?}");
}

/// What a claim must have, each thing by its absence.
#[test]
fn an_empty_claim_is_refused() {
    const PAGE: &str = "learn.microsoft.com/azure/api-management/choose-policy";
    let text = |policy: &str, source: &str, attribute: &str, body: &str| {
        format!("const TEXT: &str = \"<choose>\";\n/// Cases of `{policy}`: {source}\n{attribute}\nfn a_name() {{\n{body}\n}}\n")
    };
    let table = "    for case in CASES {\n        assert!(case);\n    }";
    for (text, expected) in [
        (text("choose", PAGE, "#[test]", table), None),
        (text("chose", PAGE, "#[test]", table), Some("there is no such policy")),
        (text("choose", "somebody said so", "#[test]", table), Some("the source is no page, repository or issue")),
        (text("choose", PAGE, "", table), Some("no test follows")),
        (text("wait", PAGE, "#[test]", table), Some("the file never has the element")),
        (text("choose", PAGE, "#[test]", "    assert!(true);"), Some("the test is no table of cases")),
        (text("choose", PAGE, "#[test]", "    for case in CASES {}"), Some("the test is no table of cases")),
        (text("choose", PAGE, "#[test]", "    assert!(a);\n    assert!(b);\n    assert!(c);"), None),
    ] {
        let claims = claims("file", &text);
        let found = fault(&claims[0]);
        assert_eq!(found, expected.map(|wrong| format!("file::a_name, `{}`: {wrong}", claims[0].policy)), "{text}");
    }
}
