//! Nothing that code holds makes the parser overflow its stack or lose its way.

use super::*;

/// The code of the diagnostic, or none when the text parses; printing, copying and comparing come with it.
fn outcome(text: &str) -> Option<&'static str> {
    match parse_expression(&code(text)) {
        Ok(tree) => {
            let copy = tree.clone();
            assert!(copy == tree);
            assert_eq!(print_expression(&copy).is_empty(), text.is_empty());
            None
        }
        Err(faults) => {
            assert_eq!(faults.len(), 1);
            Some(faults[0].code)
        }
    }
}

fn body_outcome(text: &str) -> Option<&'static str> {
    match parse_block(&code(text)) {
        Ok(tree) => {
            assert!(tree.clone() == tree);
            assert!(!print_block(&tree).is_empty());
            None
        }
        Err(faults) => Some(faults[0].code),
    }
}

#[test]
fn long_chains_are_fine() {
    for link in ["+1", ".b", "()", "[0]", "++", "==1", "&&b", " is T", " as T", "<1"] {
        assert_eq!(outcome(&format!("a{}", link.repeat(4000))), None, "{link}");
        assert_eq!(outcome(&format!("a{}", link.repeat(5000))), Some("csharp/too-deep"), "{link}");
        assert_eq!(outcome(&format!("a{}", link.repeat(100_000))), Some("csharp/too-deep"), "{link}");
    }
    let arguments = vec!["a.b.c + d.e"; 5000].join(", ");
    assert_eq!(outcome(&format!("f({arguments})")), None, "what stands side by side is no chain");
    assert_eq!(body_outcome(&"a.b.c();".repeat(5000)), None);
}

#[test]
fn deep_nesting_is_a_diagnostic() {
    for (open, inside, close) in [
        ("(", "1", ")"),
        ("f(", "1", ")"),
        ("a[", "1", "]"),
        ("-", "-1", ""),
        ("! ", "a", ""),
        ("(int)", "1", ""),
        ("a ? b : ", "c", ""),
        ("a ?? ", "c", ""),
        ("a = ", "b", ""),
        ("a => ", "b", ""),
        ("a => { return ", "b", "; }"),
        ("a?.b(", "c", ")"),
        ("a?.", "b", ""),
        ("(1, ", "2", ")"),
        ("new A { B = ", "1", " }"),
        ("new A { B = { ", "C = 1", " } }"),
        ("new[] { ", "1", " }"),
        ("$\"{", "1", "}\""),
        ("from a in b select ", "c", ""),
        ("from a in b select a into ", "c select c", ""),
        ("a ?? 1 || 1 && 1 | 1 ^ 1 & 1 == 1 < 1 << 1 + 1 * -(", "1", ")"),
        ("a is T && (", "1", ")"),
        ("checked(", "1", ")"),
        ("typeof(A<", "int", ">)"),
    ] {
        for (times, deep) in [(10, false), (150, false), (1000, true), (20_000, true)] {
            let text = format!("{}{inside}{}", open.repeat(times), close.repeat(times));
            let found = outcome_or_syntax(&text);
            assert!(found != Some("csharp/too-deep") || deep || times == 150, "{open} {times}");
            assert!(found.is_some() || !deep, "{open} {times}");
        }
    }
    for (open, inside, close) in [
        ("{", "", "}"),
        ("if (a) ", ";", ""),
        ("if (a) ; else ", ";", ""),
        ("while (a) ", ";", ""),
        ("a: ", ";", ""),
        ("switch (a) { case 1: ", "break;", " }"),
        ("try { } catch { ", "", " }"),
        ("void F() { ", "", " }"),
        ("f(() => { ", "g();", " });"),
        ("int F() => G(x => { ", "return 1;", " });"),
    ] {
        assert_eq!(body_outcome(&format!("{}{inside}{}", open.repeat(20), close.repeat(20))), None, "{open}");
        assert_eq!(body_outcome(&format!("{}{inside}{}", open.repeat(5000), close.repeat(5000))), Some("csharp/too-deep"), "{open}");
    }
    assert_eq!(body_outcome(&format!("int{} a;", "[]".repeat(5000))), Some("csharp/too-deep"));
    assert!(body_outcome(&format!("{}int{} a;", "A<".repeat(5000), ">".repeat(5000))).is_some());
    assert_eq!(body_outcome(&format!("var {}b{} = c;", "(a, ".repeat(5000), ")".repeat(5000))), Some("csharp/too-deep"));
}

fn outcome_or_syntax(text: &str) -> Option<&'static str> {
    match parse_expression(&code(text)) {
        Ok(tree) => {
            assert!(tree.clone() == tree);
            assert!(!print_expression(&tree).is_empty());
            None
        }
        Err(faults) => Some(faults[0].code),
    }
}

#[test]
fn what_is_left_open_ends_too() {
    for open in
        ["(", "f(", "a[", "new A {", "$\"{", "x => {", "a<", "switch (a) { case ", "if (", "\"", "@\"", "'", "/*", "{", "from a in "]
    {
        assert!(outcome_or_syntax(&open.repeat(3000)).is_some(), "{open}");
        assert!(body_outcome(&open.repeat(3000)).is_some(), "{open}");
    }
}
