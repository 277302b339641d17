//! No pattern and no text hangs, overflows or panics.

use proptest::prelude::*;

use super::{
    super::fault::{Fault, Fuel},
    matches, shown, units,
};
use crate::dotnet::exception::BudgetSpent;

#[test]
fn what_would_take_forever_ends_as_a_spent_budget() {
    let long = "a".repeat(40);
    let cases = [
        ("(a+)+$", format!("{long}!")),
        ("(a|a)*$", format!("{long}!")),
        ("(a*)*b", long.clone()),
        ("(?:a?){40}a{40}b", long.clone()),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", long.clone()),
        (r"(x+x+)+y", "x".repeat(60)),
        ("(?:(?:a?){2147483647}){2147483647}", String::new()),
    ];
    for (pattern, text) in cases {
        assert!(["Steps", "Memory"].contains(&shown(pattern, "", &text).as_str()), "{pattern}");
    }
    let mut fuel = Fuel { steps: u64::MAX, memory: 1 << 20 };
    let text = vec![97; 1_000_000];
    assert_eq!(matches("(a|b)*c", "", &text, &mut fuel).unwrap_err(), Fault::Spent(BudgetSpent::Memory));
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("(", ")"), ("(?:", ")"), ("(?=", ")"), ("[a-", "]")] {
        let deep = format!("{}a{}", open.repeat(100_000), close.repeat(100_000));
        assert_eq!(shown(&deep, "", "a"), "Depth");
    }
    assert_eq!(shown(&format!("{}a{}", "(?:".repeat(900), ")".repeat(900)), "", "a"), "a");
    let long = "a|".repeat(50_000);
    assert_eq!(shown(&long, "", "a"), "a/");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        pattern in r"[ab()|*+?{}\[\]^$.\\<>=!:#'\-,x01kbdwBGPpLi ]{0,24}",
        letters in "[imnsxr]{0,2}|e",
        text in "[ab1 \n😀İ]{0,20}",
    ) {
        let mut fuel = Fuel { steps: 20_000, memory: 1 << 20 };
        let _ = matches(&pattern, &letters, &units(&text), &mut fuel);
    }

    #[test]
    fn no_shape_panics(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "b", "(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?<n>", "(?<n-n>", "(?<-n>", "(?(n)", "(?(a)", ")", ")", ")", "|", "*", "+?", "{2,3}",
            "?", "[ab]", "[^a-z-[b]]", r"\1", r"\k<n>", r"\b", "^", "$", ".", r"\w", r"\p{L}",
        ]), 0..16),
        letters in "[imnsxr]{0,2}|e",
        text in "[ab1 \n😀]{0,20}",
    ) {
        let mut fuel = Fuel { steps: 20_000, memory: 1 << 20 };
        if let Ok(found) = matches(&parts.concat(), &letters, &units(&text), &mut fuel) {
            let length = text.encode_utf16().count();
            for span in found.iter().flatten().flatten() {
                prop_assert!((span.0 + span.1) as usize <= length);
            }
        }
    }
}
