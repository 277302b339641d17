//! Patterns by behaviour. A match is written as its text and what each group has captured, `|` between the groups and `,` between the
//! captures of one; `/` stands between the matches, and `~` for a group without a capture.

mod errors;
mod limits;
mod patterns;

use super::{
    fault::{Fault, Fuel},
    matcher::{Matcher, Scope, Span},
    options,
    program::Program,
};

fn flags(letters: &str) -> i32 {
    letters.chars().fold(0, |flags, letter| {
        flags
            | match letter {
                'i' => options::IGNORE_CASE,
                'm' => options::MULTILINE,
                'n' => options::EXPLICIT_CAPTURE,
                's' => options::SINGLELINE,
                'x' => options::IGNORE_PATTERN_WHITESPACE,
                'r' => options::RIGHT_TO_LEFT,
                'e' => options::ECMA_SCRIPT,
                _ => 0,
            }
    })
}

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// All matches, up to a hundred.
fn matches(pattern: &str, letters: &str, text: &[u16], fuel: &mut Fuel) -> Result<Vec<Vec<Vec<Span>>>, Fault> {
    let program = Program::compile(&units(pattern), flags(letters))?;
    let mut matcher = Matcher::default();
    let backward = program.is_backward();
    let mut scope = Scope { begin: 0, end: text.len(), start: if backward { text.len() } else { 0 }, after_empty: false };
    let mut found = Vec::new();
    while let Some(captures) = matcher.search(&program, text, scope, fuel)? {
        let (start, length) = captures[0][0];
        let end = start + length;
        scope = Scope { start: if backward { start } else { end } as usize, after_empty: length == 0, ..scope };
        found.push(captures);
        if found.len() == 100 {
            break;
        }
    }
    Ok(found)
}

fn shown(pattern: &str, letters: &str, text: &str) -> String {
    let text = units(text);
    let mut fuel = Fuel { steps: 10_000_000, memory: 64 << 20 };
    let span = |(start, length): &Span| String::from_utf16_lossy(&text[*start as usize..(*start + *length) as usize]);
    let group = |spans: &Vec<Span>| {
        if spans.is_empty() { "~".to_owned() } else { spans.iter().map(span).collect::<Vec<_>>().join(",") }
    };
    match matches(pattern, letters, &text, &mut fuel) {
        Ok(found) if found.is_empty() => "none".to_owned(),
        Ok(found) => found.iter().map(|match_| match_.iter().map(group).collect::<Vec<_>>().join("|")).collect::<Vec<_>>().join("/"),
        Err(Fault::Syntax(message)) => message.strip_prefix(&format!("Invalid pattern '{pattern}' at offset ")).unwrap_or("?").to_owned(),
        Err(Fault::Spent(spent)) => format!("{spent:?}"),
    }
}

#[track_caller]
fn check(cases: &[(&str, &str, &str, &str)]) {
    let wrong: Vec<_> = cases
        .iter()
        .map(|(pattern, letters, text, expected)| (shown(pattern, letters, text), pattern, letters, text, expected))
        .filter(|(got, .., expected)| got != **expected)
        .map(|(got, pattern, letters, text, expected)| {
            format!("{pattern:?} {letters} on {text:?}\n  expected {expected:?}\n  got      {got:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
