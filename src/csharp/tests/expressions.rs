//! How expressions group, and that each form survives being printed.

use super::*;

/// How operators group, with every operand in parentheses.
#[track_caller]
fn groups(text: &str, grouped: &str) {
    assert_eq!(Printer::explicit().print_expression(&expression(text)), grouped, "{text}");
}

/// Printing gives this text, which parses to the same tree.
#[track_caller]
fn prints(text: &str, printed: &str) {
    let tree = expression(text);
    assert_eq!(print_expression(&tree), printed);
    assert_eq!(expression(printed), tree, "{printed}");
}

/// The text is already what the printer makes of it.
#[track_caller]
fn canonical(text: &str) {
    prints(text, text);
}

#[test]
fn operators_group_by_precedence() {
    groups("a + b * c", "a + (b * c)");
    groups("a * b + c", "(a * b) + c");
    groups("a - b - c", "(a - b) - c");
    groups("a / b % c", "(a / b) % c");
    groups("a << b + c", "a << (b + c)");
    groups("a < b << c", "a < (b << c)");
    groups("a == b < c", "a == (b < c)");
    groups("a & b == c", "a & (b == c)");
    groups("a ^ b & c", "a ^ (b & c)");
    groups("a | b ^ c", "a | (b ^ c)");
    groups("a && b | c", "a && (b | c)");
    groups("a || b && c", "a || (b && c)");
    groups("a && b || c && d", "(a && b) || (c && d)");
    groups("a ?? b || c", "a ?? (b || c)");
    groups("a ?? b ?? c", "a ?? (b ?? c)");
    groups("a ?? b ? c : d", "(a ?? b) ? c : d");
    groups("a ? b : c ? d : e", "a ? b : (c ? d : e)");
    groups("a ? b ? c : d : e", "a ? (b ? c : d) : e");
    groups("a = b = c", "a = (b = c)");
    groups("a += b ? c : d", "a += (b ? c : d)");
    groups("a = b ?? c", "a = (b ?? c)");
    groups("a == b != c", "(a == b) != c");
    groups("a < b == c > d", "(a < b) == (c > d)");
    groups("a is T == b", "(a is T) == b");
    groups("a as T ?? b", "(a as T) ?? b");
    groups("a is T && b", "(a is T) && b");
    groups("a + b is T", "(a + b) is T");
    groups("a is T is U", "(a is T) is U");
    groups("a >> b >> c", "(a >> b) >> c");
    groups("a >>= b", "a >>= b");
    groups("a > b >= c", "(a > b) >= c");
    groups("1 + 2 * 3 - 4 / 2", "(1 + (2 * 3)) - (4 / 2)");
    groups("5 > 3 && 2 >= 2 || !(1 == 1)", "((5 > 3) && (2 >= 2)) || (!(1 == 1))");
    groups(
        "a ?? b || c && d | e ^ f & g == h < i << j + k * -l",
        "a ?? (b || (c && (d | (e ^ (f & (g == (h < (i << (j + (k * (-l)))))))))))",
    );
    groups(
        "-l * k + j << i < h == g & f ^ e | d && c || b ?? a",
        "(((((((((((-l) * k) + j) << i) < h) == g) & f) ^ e) | d) && c) || b) ?? a",
    );
}

#[test]
fn prefix_and_postfix_operators_bind_tightest() {
    groups("-a * b", "(-a) * b");
    groups("!a && b", "(!a) && b");
    groups("-a.b", "-a.b");
    groups("!f(a)", "!f(a)");
    groups("~a[0]", "~a[0]");
    groups("- -a", "-(-a)");
    groups("+-a", "+(-a)");
    groups("!!a", "!(!a)");
    groups("++a + b--", "(++a) + b--");
    groups("a++ + ++b", "a++ + (++b)");
    groups("-a++", "-a++");
    groups("(int)a + b", "((int)a) + b");
    groups("(int)-a", "(int)(-a)");
    groups("-(int)a", "-((int)a)");
    groups("(long)(int)a", "(long)((int)a)");
    groups("(int)a.b", "(int)a.b");
    canonical("- -a");
    canonical("+ ++a");
    canonical("-+a");
    canonical("a - -b");
    canonical("a + +b");
    canonical("a++ + b");
}

#[test]
fn casts_are_told_from_parentheses() {
    let is_cast = |text: &str| matches!(expression(text).kind, ExpressionKind::Cast { .. });
    for text in [
        "(int)x",
        "(int)-x",
        "(int)(x)",
        "(string)context.Variables[\"a\"]",
        "(x)y",
        "(x)(y)",
        "(x)!y",
        "(x)~y",
        "(x)1",
        "(x)\"a\"",
        "(x)'a'",
        "(x)$\"a\"",
        "(x)null",
        "(x)this",
        "(x)new y()",
        "(x)typeof(y)",
        "(a.b.c)d",
        "(A<B>)c",
        "(A<B, C[]>)c",
        "(int?)-x",
        "(x?)-y",
        "(x[])-y",
        "(x[,])y",
        "(int[])y",
        "((int a, string b))x",
        "(a::b)c",
        "(dynamic)x",
        "(x)default",
        "(x)checked(y)",
        "(object)null",
        "(x)delegate { }",
    ] {
        assert!(is_cast(text), "{text}");
    }
    for text in [
        "(x)-y",
        "(x)+y",
        "(x)*y",
        "(x)&y",
        "(x) is y",
        "(x) as y",
        "(x)[0]",
        "(x).y",
        "(x)++",
        "(x) ? y : z",
        "(x, y)",
        "(x)",
        "(a < b)",
        "(a + b)",
        "(x) == y",
    ] {
        assert!(!is_cast(text), "{text}");
    }
    canonical("(x)(-y)");
    canonical("(int)-y");
}

#[test]
fn generic_names_are_told_from_comparisons() {
    canonical("a.As<string>()");
    canonical("F(G<A, B>(7))");
    canonical("F(G < A, B > 7)");
    canonical("context.Request.Body.As<JObject>(preserveContent: true)");
    canonical("new Dictionary<string, List<int>>()");
    canonical("a < b && c > d");
    canonical("a < b || c > d");
    canonical("i < n ? i : n");
    canonical("A<int>.B");
    canonical("List<List<List<int>>>.Empty");
    canonical("x is List<int>");
    canonical("x is List<int> && y");
    canonical("x as List<int>");
    groups("a < b > c", "(a < b) > c");
    canonical("A<B<C>>.D");
    canonical("F(a < b, c > d)");
    let arguments = |text: &str| match expression(text).kind {
        ExpressionKind::Invocation { arguments, .. } => arguments.len(),
        _ => 0,
    };
    assert_eq!([arguments("f(a<b, c>(d))"), arguments("f(a<b, c>d)"), arguments("f((a<b), c>(d))")], [1, 2, 2]);
}

#[test]
fn access_chains() {
    canonical("a.b.c().d[0]");
    canonical("a?.b.c()?.d[0]?[1].e");
    canonical("(a?.b).c");
    canonical("a?[\"x\"]?.ToString() ?? \"\"");
    canonical("f(x: 1, y: ref a, out b, out _, out var c, out int d, in e, out var _, out List<int> g)");
    canonical("a[b, c]");
    canonical("int.Parse(\"1\")");
    canonical("string.IsNullOrEmpty(a)");
    canonical("global::System.Math.Abs(-1)");
    canonical("1.ToString()");
    canonical("\"a\".Length");
    canonical("this.a + base.b");
    canonical("a.@class");
    canonical("@class.a");
    prints("a . b ( c , d ) [ e ]", "a.b(c, d)[e]");
    let ExpressionKind::ConditionalAccess { target, when_not_null } = expression("a?.b.c()?.d").kind else { panic!() };
    assert_eq!(print_expression(&target), "a");
    let ExpressionKind::ConditionalAccess { target, when_not_null } = when_not_null.kind else {
        panic!("the second `?.` lies in the rest of the first")
    };
    assert_eq!((print_expression(&target), print_expression(&when_not_null)), (".b.c()".into(), ".d".into()));
    prints("a?.5:b", "a ? 0.5 : b");
}

#[test]
fn creations() {
    canonical("new T()");
    canonical("new T(a, b: 1)");
    canonical("new T { A = 1, B = { C = 2 }, D = { 1, 2 }, [\"k\"] = 3, E = new F { G = 1 } }");
    canonical("new T { }");
    canonical("new T(1) { a, b }");
    canonical("new Dictionary<string, int> { { \"a\", 1 }, { \"b\", 2 } }");
    canonical("new Dictionary<string, int> { [\"a\"] = 1 }");
    canonical("new { a, b = 1, x.y, x?.z }");
    canonical("new { }");
    canonical("new int[3]");
    canonical("new int[n, m]");
    canonical("new int[3][]");
    canonical("new int[3][,][]");
    canonical("new int[] { 1, 2 }");
    canonical("new int[,] { { 1, 2 }, { 3, 4 } }");
    canonical("new[] { 1, 2 }");
    canonical("new[,] { { 1 } }");
    canonical("new string[0].Length");
    canonical("new (int a, string b)[2]");
    canonical("new int?[2]");
    canonical("new A.B<C>.D()");
    canonical("new JObject(new JProperty(\"a\", 1)).ToString()");
    canonical("new int[] { 1 }[0]");
    prints("new T() { A = 1, }", "new T { A = 1 }");
    prints("new[]{1,2,}", "new[] { 1, 2 }");
    let ExpressionKind::ArrayCreation { ty, sizes, .. } = expression("new int[3][,]").kind else { panic!() };
    let TypeKind::Array { element, rank: 1 } = ty.kind else { panic!("the array created has one dimension") };
    assert!(matches!(element.kind, TypeKind::Array { rank: 2, .. }), "and its elements have two");
    assert_eq!(sizes.len(), 1);
}

#[test]
fn keywords_with_parentheses() {
    canonical("typeof(int)");
    canonical("typeof(void)");
    canonical("typeof(Dictionary<,>)");
    canonical("typeof(List<>)");
    canonical("sizeof(int)");
    canonical("default(int?)");
    canonical("default");
    canonical("checked(a + b)");
    canonical("unchecked((int)a)");
    canonical("nameof(a.b)");
    canonical("nameof(List<int>)");
    canonical("@nameof(a)");
    canonical("default(T).a");
}

#[test]
fn lambdas_and_anonymous_methods() {
    canonical("x => x + 1");
    canonical("() => 1");
    canonical("(x, y) => x + y");
    canonical("(int x, ref string y) => x");
    canonical("(out List<int> x) => throw e");
    canonical("x => y => x + y");
    canonical("x => (y, z) => w => x");
    canonical("a.Where(x => x.b).Select((x, i) => new { x, i }).ToArray()");
    groups("a ?? x => x", "a ?? (x => x)");
    canonical("x => x ? a : b");
    canonical("_ => 1");
    canonical("f(delegate {\n})");
    canonical("delegate (int x) {\n    return x;\n}");
    canonical("x => {\n    var y = x;\n    return y;\n}");
    canonical("x => ref y");
    canonical("x => x = 1");
    groups("x => x + 1", "x => (x + 1)");
    groups("a = x => x", "a = (x => x)");
}

#[test]
fn tuples_and_throws() {
    canonical("(a, b)");
    canonical("(a: 1, b: (c, d))");
    canonical("(a, b) == (c, d)");
    canonical("(a, b) = (b, a)");
    canonical("(int a, var b) = f()");
    canonical("(_, var b) = f()");
    canonical("((int a, var b), var (c, (d, _))) = f()");
    canonical("a ?? throw new Exception(\"x\")");
    canonical("a ? b : throw c");
    canonical("a ? throw b : c");
    canonical("a = b ?? throw c");
    canonical("(a, b).Item1");
}

#[test]
fn patterns_of_is() {
    let pattern = |text: &str| match expression(text).kind {
        ExpressionKind::Is { pattern, .. } => pattern.kind,
        other => panic!("{other:?}"),
    };
    assert!(matches!(pattern("a is int"), PatternKind::Type(_)));
    assert!(matches!(pattern("a is B.C"), PatternKind::Type(_)));
    assert!(matches!(pattern("a is int?"), PatternKind::Type(_)));
    assert!(matches!(pattern("a is null"), PatternKind::Constant(_)));
    assert!(matches!(pattern("a is -1"), PatternKind::Constant(_)));
    assert!(matches!(pattern("a is B.C + 1"), PatternKind::Constant(_)));
    assert!(matches!(pattern("a is int.MaxValue"), PatternKind::Constant(_)));
    assert!(matches!(pattern("a is \"x\""), PatternKind::Constant(_)));
    assert!(matches!(pattern("a is int x"), PatternKind::Declaration { designation: Designation::Variable(_), .. }));
    assert!(matches!(pattern("a is int _"), PatternKind::Declaration { designation: Designation::Discard(_), .. }));
    assert!(matches!(pattern("a is List<int>[] x"), PatternKind::Declaration { .. }));
    assert!(matches!(pattern("a is var x"), PatternKind::Var(Designation::Variable(_))));
    assert!(matches!(pattern("a is var _"), PatternKind::Var(Designation::Discard(_))));
    assert!(matches!(pattern("a is _"), PatternKind::Discard));
    canonical("a is int x && x > 1");
    canonical("a is int ? b : c");
    canonical("a is int ? -1 : 1");
    canonical("a as int? ?? 1");
    canonical("!(a is null)");
    canonical("a is string[] ? b : c");
    groups("a is int ? b : c", "(a is int) ? b : c");
    groups("a is X ? b : c", "(a is X) ? b : c");
    let Some(name) = (match pattern("a is B.C<D>.E") {
        PatternKind::Type(ty) => ty.to_expression(),
        _ => None,
    }) else {
        panic!()
    };
    assert_eq!(print_expression(&name), "B.C<D>.E");
}

#[test]
fn queries() {
    canonical("from x in xs select x");
    canonical("from int x in xs where x > 1 orderby x.a descending, x.b let y = x select new { x, y }");
    canonical("from x in xs join y in ys on x.a equals y.b select x");
    canonical("from x in xs join T y in ys on x.a equals y.b into g from z in g.DefaultIfEmpty() select z");
    canonical("from x in xs group x by x.a into g where g.Count() > 1 select g.Key");
    canonical("from x in xs group x.a by x.b");
    canonical("from x in xs from y in ys select (x, y)");
    canonical("(from x in xs select x).ToList()");
    canonical("from x in xs where (x) == 1 select (x)");
    canonical("from x in (xs) where x select x");
    canonical("from x in xs let f = y => y select f");
    canonical("from x in from y in ys select y where x select x");
    prints("from + a.from", "@from + a.from");
    prints("from x in xs orderby x ascending select x", "from x in xs orderby x select x");
}

#[test]
fn interpolated_strings() {
    canonical("$\"\"");
    canonical("$\"a{b}c\"");
    canonical("$\"{a,5}{b,-5:F2}{c:yyyy-MM-dd}\"");
    canonical("$\"{{{a}}}\"");
    canonical("$\"{(a ? b : c)}\"");
    canonical("$\"{a[\"x\"]}{$\"{b}\"}\"");
    canonical("$\"{new { a = 1 }}\"");
    canonical("$\"{(global::A.B)}\"");
    canonical("$\"{f(x => { return x; })}\"");
    prints("$@\"a\"\"b\\{c}\n\"", "$\"a\\\"b\\\\{c}\\n\"");
    prints("$\"{a:x}}y}\"", "$\"{a:x}}y}\"");
    let ExpressionKind::Interpolated(parts) = expression("$\"a{b,3:c}\"").kind else { panic!() };
    let [InterpolationPart::Text(text), InterpolationPart::Hole(hole)] = parts.as_slice() else { panic!() };
    assert_eq!(String::from_utf16_lossy(text), "a");
    assert_eq!(hole.format.as_deref().map(String::from_utf16_lossy).as_deref(), Some("c"));
    assert!(hole.alignment.is_some());
}

#[test]
fn comments_and_blanks_are_passed_over() {
    prints("a /* b */ + // c\n d", "a + d");
    prints("\u{A0}a\u{2003}+\tb", "a + b");
}

#[test]
fn literals_can_be_kept_as_written() {
    let text = "0xFF + @\"\\d\" + $@\"{a}\" + @if + 1_000L";
    let code = code(text);
    let tree = parse_expression(&code).unwrap();
    assert_eq!(Printer::default().as_written(&code).print_expression(&tree), text);
    assert_eq!(print_expression(&tree), "255 + \"\\\\d\" + $\"{a}\" + @if + 1000L");
}

#[test]
fn nodes_know_their_places() {
    let text = " a.b ( c+ 1 ) ";
    let code = code(text);
    let tree = parse_expression(&code).unwrap();
    assert_eq!(code.slice(tree.span), "a.b ( c+ 1 )");
    let ExpressionKind::Invocation { target, arguments } = tree.kind else { panic!() };
    assert_eq!((code.slice(target.span), code.slice(arguments[0].span)), ("a.b", "c+ 1"));
}

#[test]
fn equality_ignores_places() {
    assert_eq!(expression("a+b.c( )"), expression(" a + b . c()"));
    assert_ne!(expression("a + b"), expression("a - b"));
    assert_ne!(expression("a.b"), expression("a.c"));
    assert_ne!(expression("a"), expression("(a)"));
    assert_eq!(expression("a.b(c)[d]++ is T").clone(), expression("a.b(c)[d]++ is T"));
}
