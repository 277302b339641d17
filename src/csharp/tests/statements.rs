//! Statements: each form survives being printed.

use super::*;

/// The text is already what the printer makes of it.
#[track_caller]
fn canonical(text: &str) {
    let tree = block(text);
    assert_eq!(print_block(&tree), text);
    assert_eq!(block(&Printer::default().flat().print_block(&tree)), tree, "on one line");
}

/// Printing gives this text, which parses to the same tree.
#[track_caller]
fn prints(text: &str, printed: &str) {
    assert_eq!(print_block(&block(text)), printed);
    assert_eq!(block(printed), block(text));
}

#[test]
fn declarations() {
    canonical("int a = 1, b;");
    canonical("var a = b;");
    canonical("const int a = 1;");
    canonical("string[] a = { \"x\", \"y\" };");
    canonical("int[,] a = { { 1 }, { 2 } };");
    canonical("Dictionary<string, List<int>> a = null;");
    canonical("System.Text.StringBuilder a;");
    canonical("int? a = null;");
    canonical("A.B? a = null;");
    canonical("(int x, string y) a = (1, \"b\");");
    canonical("dynamic a = 1;");
    canonical("ref int a = ref b;");
    canonical("ref readonly int a = ref b[0];");
    canonical("a = ref b;");
    canonical("var from = 1;");
    prints("from x = y;", "@from x = y;");
    prints("await x = y;", "@await x = y;");
    canonical("List<int>[] a;");
    canonical("int[][,] a;");
    canonical("global::System.Int32 a;");
}

#[test]
fn deconstructions() {
    canonical("var (a, b) = f();");
    canonical("var (a, (_, b)) = f();");
    canonical("(int a, var b) = f();");
    canonical("(a, b) = (b, a);");
    canonical("(a.b, c[0]) = f();");
    canonical("foreach (var (a, b) in c) {\n}");
    canonical("foreach ((int a, var b) in c) {\n}");
    canonical("foreach ((int, string) a in c) {\n}");
}

#[test]
fn control_flow() {
    canonical("if (a)\n    b();\nelse if (c) {\n    d();\n} else\n    e();");
    canonical("while (a) {\n    break;\n}");
    canonical("do {\n    continue;\n} while (a);");
    canonical("do\n    a();\nwhile (b);");
    canonical("for (int i = 0, j = 1; i < n; i++, j--) {\n}");
    canonical("for (i = 0, j = 1;;) {\n}");
    canonical("for (;;)\n    ;");
    canonical("for (var e = f(); e.MoveNext();) {\n}");
    canonical("foreach (var a in b) {\n    c(a);\n}");
    canonical("foreach (KeyValuePair<string, int> a in b)\n    c(a);");
    canonical("return;");
    canonical("return a;");
    canonical("return ref a;");
    canonical("throw new Exception(\"x\");");
    canonical("throw;");
    canonical("a:\nb();\ngoto a;");
    canonical("yield return a;\nyield break;");
    canonical("lock (a) {\n}");
    canonical("checked {\n    a = b + c;\n}\nunchecked {\n}");
    canonical("checked(a).b();");
    canonical("{\n    {\n    }\n}\n;");
}

#[test]
fn switches() {
    canonical(
        "switch (a) {\n    case 1:\n    case \"x\":\n        b();\n        break;\n    case int i when i > 1:\n        goto case 1;\n    case var x:\n        goto default;\n    default:\n        return;\n}",
    );
    canonical(
        "switch (a) {\n    case A.B:\n    case null:\n    case -1:\n    case 'c':\n    case C d:\n    case int _ when e:\n        break;\n}",
    );
    canonical("switch (a) {\n    case b ? 1 : 2 when c:\n        break;\n}");
    canonical("switch (a) {\n    case (X) when c:\n        break;\n}");
    canonical("switch (a) {\n}");
    canonical("switch (a) {\n    case @when:\n        break;\n}");
}

#[test]
fn exceptions_and_resources() {
    canonical(
        "try {\n    a();\n} catch (A.B e) when (c) {\n    d();\n} catch (Exception) {\n} catch {\n    throw;\n} finally {\n    f();\n}",
    );
    canonical("try {\n} finally {\n}");
    canonical("using (var a = b()) {\n}");
    canonical("using (a)\n    b();");
    canonical("using (A a = b(), c = d()) {\n}");
}

#[test]
fn local_functions() {
    canonical("int F(int a, string b = \"x\", params int[] c) => a;");
    canonical("void F() {\n    return;\n}");
    canonical("T F<T, U>(ref T a, out U b) where T : class, new() where U : struct, IEnumerable<int> {\n}");
    canonical("ref int F() => ref a;");
    canonical("(int, string) F() => (1, \"a\");");
    canonical("int F() => throw a;");
    prints("async F() => a;", "@async F() => a;");
}

#[test]
fn expressions_that_do_something() {
    canonical("a();");
    canonical("a.b?.c();");
    canonical("a = b;");
    canonical("a += b;");
    canonical("a++;\n--b;");
    canonical("new A();");
    canonical("a[\"b\"] = c;");
    prints("var(a);", "@var(a);");
    canonical("a = x => {\n    return x;\n};");
    canonical("f(() => {\n    g();\n});");
}

#[test]
fn a_whole_policy_body() {
    let text = r#"
        string[] value;
        if (context.Request.Headers.TryGetValue("Authorization", out value))
        {
            if (value != null && value.Length > 0)
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(value[0]));
            }
        }
        var remaining = backends.Where(b => (bool)b["up"] && !tried.Contains((string)b["id"])).OrderBy(b => (int)b["priority"]).ToList();
        // no backend left
        return remaining.Count == 0 ? null : $"https://{remaining[0]["host"]}/{path.TrimStart('/')}";
    "#;
    let tree = block(text);
    assert_eq!(tree.statements.len(), 4);
    assert_eq!(block(&print_block(&tree)), tree);
}
