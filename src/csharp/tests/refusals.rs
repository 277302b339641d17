//! What C# 8 and later brought is refused by name.

use super::*;

const EXPRESSIONS: &[(&str, &str, &str, &str)] = &[
    ("a ??= b", "coalescing assignment", "8.0", "??="),
    ("a[1..2]", "range operator", "8.0", ".."),
    ("a[..2]", "range operator", "8.0", ".."),
    ("a[^1]", "index operator", "8.0", "^"),
    ("a switch { 1 => 2 }", "recursive patterns", "8.0", "switch"),
    ("a is { }", "recursive patterns", "8.0", "{"),
    ("a is { Length: 1 }", "recursive patterns", "8.0", "{"),
    ("a is string { Length: 1 } s", "recursive patterns", "8.0", "{"),
    ("a is (int, string)", "recursive patterns", "8.0", "("),
    ("a is var (b, c)", "recursive patterns", "8.0", "var"),
    ("a!.b", "nullable reference types", "8.0", "!"),
    ("a is string? && b", "nullable reference types", "8.0", "string?"),
    ("@$\"{a}\"", "alternative interpolated verbatim strings", "8.0", "@$"),
    ("a is not null", "not pattern", "9.0", "not"),
    ("a is > 1", "relational pattern", "9.0", ">"),
    ("a is 1 or 2", "or pattern", "9.0", "or"),
    ("a is int and > 5", "and pattern", "9.0", "and"),
    ("new()", "target-typed object creation", "9.0", "new"),
    ("f(new(1))", "target-typed object creation", "9.0", "new"),
    ("a with { b = 1 }", "records", "9.0", "with"),
    ("static x => x", "static anonymous function", "9.0", "static"),
    ("(_, _) => 1", "lambda discard parameters", "9.0", "_"),
    ("default(nint)", "native-sized integers", "9.0", "nint"),
    ("(a, int b) = c", "Mixed declarations and expressions in deconstruction", "10.0", "(a, int b)"),
    ("\"\"\"a\"\"\"", "raw string literals", "11.0", "\"\"\"a\"\"\""),
    ("\"a\"u8", "UTF-8 string literals", "11.0", "u8"),
    ("a >>> b", "unsigned right shift", "11.0", ">>>"),
    ("a is [1, 2]", "list pattern", "11.0", "["),
    ("[1, 2]", "collection expressions", "12.0", "["),
    ("(x = 1) => x", "lambda optional parameters", "12.0", "="),
];

const STATEMENTS: &[(&str, &str, &str, &str)] = &[
    ("using var a = b;", "using declarations", "8.0", "using"),
    ("static int F() => 1;", "static local functions", "8.0", "static"),
    ("await foreach (var a in b) { }", "async streams", "8.0", "await"),
    ("await using (a) { }", "asynchronous using", "8.0", "await"),
    ("string? a = null;", "nullable reference types", "8.0", "string?"),
    ("int[]? a = null;", "nullable reference types", "8.0", "int[]?"),
    ("switch (a) { case { }: break; }", "recursive patterns", "8.0", "{"),
    ("switch (a) { case > 1: break; }", "relational pattern", "9.0", ">"),
    ("switch (a) { case 1 or 2: break; }", "or pattern", "9.0", "or"),
    ("switch (a) { case not null: break; }", "not pattern", "9.0", "not"),
    ("switch (a) { case int: break; }", "type pattern", "9.0", "int"),
    ("nint a = 1;", "native-sized integers", "9.0", "nint"),
    ("record A(int B);", "records", "9.0", "record"),
];

#[test]
fn later_features_are_named_with_their_version() {
    let parse = |text: &str| parse_expression(&code(text)).map(|_| ());
    let parse_body = |text: &str| parse_block(&code(text)).map(|_| ());
    let all = EXPRESSIONS.iter().map(|row| (row, parse(row.0))).chain(STATEMENTS.iter().map(|row| (row, parse_body(row.0))));
    for ((text, feature, version, underlined), parsed) in all {
        let faults = parsed.expect_err(text);
        let message = format!("Feature '{feature}' is not available in C# 7.3. Please use language version {version} or greater.");
        assert_eq!(summary(&faults), [("CS8370", *underlined)], "{text}");
        assert_eq!(faults[0].message, message, "{text}");
        assert!(faults[0].help.as_deref().is_some_and(|help| help.contains("C# 7") || help.contains("$@")), "{text}");
    }
}
