//! What is wrong, where, and in whose words.

use super::*;

#[test]
fn expressions() {
    for (text, code, underlined, message) in [
        ("", "CS1525", "", "Invalid expression term ')'"),
        ("a +", "CS1525", "", "Invalid expression term ')'"),
        ("a + * b", "CS0214", "*", "Pointers and fixed size buffers may only be used in an unsafe context"),
        ("a ==", "CS1525", "", "Invalid expression term ')'"),
        ("+ / a", "CS1525", "/", "Invalid expression term '/'"),
        ("a b", "CS1026", "b", ") expected"),
        ("a;", "CS1026", ";", ") expected"),
        ("return a", "CS1525", "return", "Invalid expression term 'return'"),
        ("f(a", "CS1026", "", ") expected"),
        ("f(a b)", "CS1026", "b", ") expected"),
        ("f(a,)", "CS1525", ")", "Invalid expression term ')'"),
        ("a[0", "CS1003", "", "Syntax error, ']' expected"),
        ("a[]", "CS0443", "]", "Syntax error; value expected"),
        ("a ? b", "CS1003", "", "Syntax error, ':' expected"),
        ("a.", "CS1001", "", "Identifier expected"),
        ("a.1", "CS1026", ".1", ") expected"),
        ("a.if", "CS1041", "if", "Identifier expected; 'if' is a keyword"),
        ("int", "CS1525", "int", "Invalid expression term 'int'"),
        ("new", "CS1031", "", "Type expected"),
        ("new A", "CS1526", "", "A new expression requires (), [], or {} after type"),
        ("new int[]", "CS1586", "int[]", "Array creation must have array size or array initializer"),
        ("new int[2][3]", "CS0178", "[", "Invalid rank specifier: expected ',' or ']'"),
        (
            "new { 1 }",
            "CS0746",
            "1",
            "Invalid anonymous type member declarator. Anonymous type members must be declared with a member assignment, simple name or member access.",
        ),
        ("new A { b", "CS1513", "", "} expected"),
        ("typeof()", "CS1031", ")", "Type expected"),
        ("(int a)", "CS1525", "int", "Invalid expression term 'int'"),
        ("f((int a, int b))", "CS8185", "(int a, int b)", "A declaration is not allowed in this context."),
        ("throw a", "CS8115", "throw", "A throw expression is not allowed in this context."),
        ("a || throw b", "CS1525", "throw", "Invalid expression term 'throw'"),
        ("(int x, y) => x", "CS0748", "y", "Inconsistent lambda parameter usage; parameter types must be all explicit or all implicit"),
        ("from x in xs", "CS0742", "", "A query body must end with a select clause or a group clause"),
        ("from x in xs join y in ys on x select x", "CS1003", "select", "Syntax error, 'equals' expected"),
        (
            "a ? ref b : ref c",
            "csharp/ref-conditional",
            "ref",
            "a conditional expression by reference cannot be used in policy expressions",
        ),
        ("async x => x", "csharp/async", "async", "asynchronous functions cannot be used in policy expressions"),
        ("await a", "CS4033", "await", "The 'await' operator can only be used within an async method."),
        ("&a", "CS0214", "&", "Pointers and fixed size buffers may only be used in an unsafe context"),
        ("a->b", "CS0214", "->", "Pointers and fixed size buffers may only be used in an unsafe context"),
        ("stackalloc int[3]", "CS0214", "stackalloc", "Pointers and fixed size buffers may only be used in an unsafe context"),
        ("new A { { } }", "CS1920", "}", "Element initializer cannot be empty"),
        ("(a, b", "CS1026", "", ") expected"),
    ] {
        assert_eq!(fault(text), (code, underlined.into(), message.into()), "{text}");
    }
}

#[test]
fn literals() {
    for (text, code, underlined, message) in [
        ("\"abc", "CS1010", "\"abc", "Newline in constant"),
        ("f(\"abc)", "CS1010", "\"abc)", "Newline in constant"),
        ("@\"abc", "CS1039", "@\"", "Unterminated string literal"),
        ("\"a\\qb\"", "CS1009", "\\q", "Unrecognized escape sequence"),
        ("\"\\u00g\"", "CS1009", "\\u", "Unrecognized escape sequence"),
        ("\"\\U00110000\"", "CS1009", "\\U", "Unrecognized escape sequence"),
        ("''", "CS1011", "''", "Empty character literal"),
        ("'ab", "CS1012", "'ab", "Too many characters in character literal"),
        ("'", "CS1010", "'", "Newline in constant"),
        ("99999999999999999999", "CS1021", "99999999999999999999", "Integral constant is too large"),
        ("0x1FFFFFFFFFFFFFFFF", "CS1021", "0x1FFFFFFFFFFFFFFFF", "Integral constant is too large"),
        ("1e999", "CS0594", "1e999", "Floating-point constant is outside the range of type 'double'"),
        ("1e39f", "CS0594", "1e39f", "Floating-point constant is outside the range of type 'float'"),
        ("1_", "CS1013", "1_", "Invalid number"),
        ("0x", "CS1013", "0x", "Invalid number"),
        ("a + `", "CS1056", "`", "Unexpected character '`'"),
        ("$a", "CS1056", "$", "Unexpected character '$'"),
        ("f(“a”)", "CS1056", "“", "Unexpected character '“'"),
        ("@", "CS1646", "@", "Keyword, identifier, or string expected after verbatim specifier: @"),
        ("a /* b", "CS1035", "/*", "End-of-file found, '*/' expected"),
        ("#if a", "csharp/directive", "#if a", "preprocessor directives cannot be used in policy expressions"),
    ] {
        let faults = parse_expression(&super::code(text)).expect_err(text);
        assert_eq!((faults[0].code, summary(&faults)[0].1, faults[0].message.as_str()), (code, underlined, message), "{text}");
    }
}

#[test]
fn interpolations() {
    for (text, code, underlined) in [
        ("$\"{a\"", "CS8076", "{"),
        ("$\"{a ? b : c}\"", "CS8361", "a ? b "),
        ("$\"{}\"", "CS1733", "}"),
        ("$\"a}\"", "CS8086", "}"),
        ("$\"{a:{}\"", "CS8086", "{"),
        ("$\"{a:}\"", "CS8089", ":"),
        ("$\"abc", "CS1010", "\"abc"),
        ("$@\"abc", "CS1039", "\"abc"),
        ("$\"{a b}\"", "CS1513", "b"),
        ("$\"{f(a}\"", "CS1026", "}"),
        ("$\"{a // b\n}\"", "CS8077", "// b"),
        ("$\"{a\n}\"", "CS8967", "{a"),
        ("$\"\\u007b\"", "CS8087", "\\u007b"),
    ] {
        let faults = parse_expression(&super::code(text)).expect_err(text);
        assert_eq!(summary(&faults)[0], (code, underlined.trim_end_matches(' ')), "{text}");
    }
}

#[test]
fn statements() {
    for (text, faults) in [
        ("int a = 1", vec![("CS1002", "")]),
        ("a + b;", vec![("CS0201", "a + b")]),
        ("a;", vec![("CS0201", "a")]),
        ("a == b;", vec![("CS0201", "a == b")]),
        ("(a());", vec![("CS0201", "(a())")]),
        ("a?.b;", vec![("CS0201", "a?.b")]),
        ("if (a { }", vec![("CS1026", "{")]),
        ("if a) b();", vec![("CS1003", "a")]),
        ("if (a) b(); else", vec![("CS1525", "")]),
        ("{ a();", vec![("CS1513", "")]),
        ("}", vec![("CS1022", "}")]),
        ("if (a) int b = 1;", vec![("CS1023", "int b = 1;")]),
        ("else a();", vec![("CS8641", "else")]),
        ("int a(5);", vec![("CS1528", "(")]),
        ("int a[3];", vec![("CS0650", "[")]),
        ("int F();", vec![("CS8112", "F")]),
        ("const int a;", vec![("CS0145", "a")]),
        ("int if = 1;", vec![("CS1041", "if")]),
        ("var x = ;", vec![("CS1525", ";")]),
        ("try { }", vec![("CS1524", "")]),
        ("catch { }", vec![("CS1003", "catch")]),
        ("foreach (a in b) { }", vec![("CS0230", "in")]),
        ("foreach (var a of b) { }", vec![("CS1515", "of")]),
        ("for (a; b; c()) { }", vec![("CS0201", "a")]),
        ("unsafe { }", vec![("CS0227", "unsafe")]),
        ("fixed (a) { }", vec![("CS0227", "fixed")]),
        ("int* a;", vec![("CS0214", "*")]),
        ("class A { }", vec![("CS1513", "class")]),
        ("case 1: break;", vec![("CS1513", "case")]),
        ("void a = 1;", vec![("CS1003", "=")]),
        ("goto;", vec![("CS1001", ";")]),
        ("return a b;", vec![("CS1002", "b")]),
        ("await f();", vec![("CS4033", "await")]),
        ("async Task F() { }", vec![("csharp/async", "async")]),
        ("switch (a) { b(); }", vec![("CS1513", "b")]),
    ] {
        let found = body_faults(text);
        let found: Vec<_> = found.iter().map(|(code, text)| (code.as_str(), text.as_str())).collect();
        assert_eq!(found, faults, "{text}");
    }
}

#[test]
fn each_wrong_statement_is_reported_once() {
    let text = r#"
        var a = ;
        var b = f(1, ;
        if (a b) { c d e; g(); }
        string s = "unterminated;
        var fine = 1;
        for (;;) { x + ; y; }
        return foo bar
    "#;
    assert_eq!(
        body_faults(text),
        [
            ("CS1525", ";"),
            ("CS1525", ";"),
            ("CS1026", "b"),
            ("CS1010", "\"unterminated;"),
            ("CS1525", ";"),
            ("CS0201", "y"),
            ("CS1002", "bar")
        ]
        .map(|(code, text)| (code.to_owned(), text.to_owned()))
    );
}

#[test]
fn a_semicolon_that_is_missing_at_the_end_of_a_line_hides_nothing() {
    assert_eq!(
        body_faults("var a = 1\nvar b = 2\nreturn a +;").iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(),
        ["CS1002", "CS1002", "CS1525"]
    );
    let faults = parse_block(&super::code("var a = 1\n  return a;")).unwrap_err();
    assert_eq!(faults[0].labels[0].span, crate::source::Span::at(9), "behind the last token of the line");
}

#[test]
fn errors_inside_of_lambdas_are_reported_too() {
    let text = "var f = g(x => { var y = ; return x + ; });\nh(;";
    assert_eq!(body_faults(text).iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), ["CS1525", "CS1525", "CS1525"]);
}

#[test]
fn faults_are_placed_in_the_document() {
    let source = Source::new("p.xml", "<set-header value=\"@(a &lt; {{n}} b)\" />");
    let code = Code::mapped(&source, "a < 123456 b", vec![(0, 21), (2, 23), (3, 27), (4, 28), (10, 33)]);
    let faults = parse_expression(&code).unwrap_err();
    assert_eq!(summary(&faults), [("CS1026", "b")]);
    let code = Code::mapped(&source, "a < 1234_6_ b", vec![(0, 21), (2, 23), (3, 27), (4, 28), (11, 33)]);
    assert_eq!(summary(&parse_expression(&code).unwrap_err())[0], ("CS1013", "{{n}}"));
}
