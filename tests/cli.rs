//! The command line: what goes to which stream, what is written, and the exit codes 0, 1 and 2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/process.rs"]
mod process;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

fn fixture(name: &str) -> String {
    format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str], directory: &Path) -> (Option<i32>, String, String) {
    texts(process::run(arguments, directory))
}

fn texts(Output { status, stdout, stderr }: Output) -> (Option<i32>, String, String) {
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// `eval` without files.
fn eval(arguments: &[&str]) -> (Option<i32>, String, String) {
    run(&[&["eval"], arguments].concat(), Path::new("."))
}

/// A command that reads this from standard input.
fn fed(arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    texts(process::run_with_input(arguments, Path::new("."), input))
}

#[test]
fn gen_writes_both_files_and_check_sees_drift() {
    let directory = tempfile::tempdir().unwrap();
    let spec = fixture("specs/two-region.yaml");
    let out = directory.path().join("out");
    let (code, _, said) = run(&["gen", &spec, "-o", "out", "--check"], directory.path());
    assert_eq!(code, Some(1), "nothing is there yet: {said}");
    assert!(!out.exists(), "--check writes nothing");
    assert_eq!(run(&["gen", &spec, "-o", "out"], directory.path()).0, Some(0));
    let names: Vec<String> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(run(&["gen", &spec, "-o", "out", "--check"], directory.path()).0, Some(0));
    let policy = out.join("policy.xml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text.replacen("timeout=\"60\"", "timeout=\"61\"", 1)).unwrap();
    let (code, diff, _) = run(&["gen", &spec, "-o", "out", "--check"], directory.path());
    assert_eq!(code, Some(1));
    assert!(diff.contains("-") && diff.contains("timeout=\"61\"") && diff.contains("+") && !diff.contains("named-values"), "{diff}");
    assert_eq!(run(&["gen", &spec, "-o", "out", "--format", "xml"], directory.path()).0, Some(0));
    assert_eq!(
        run(&["diff", "out/policy.xml", &fixture("../policies/two-region/policy.xml")], directory.path()).0,
        Some(0),
        "both formats mean the same"
    );
}

#[test]
fn a_broken_spec_is_refused_with_every_fault_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let (code, out, said) = run(&["gen", &fixture("specs/broken.yaml"), "-o", "out"], directory.path());
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(!directory.path().join("out").exists());
    assert!(said.matches("error[spec/").count() >= 20, "{said}");
    assert!(said.contains("-->") && said.contains("^^^") && said.contains("= help:"), "{said}");
}

#[test]
fn what_cannot_be_read_or_written_exits_with_2() {
    let directory = tempfile::tempdir().unwrap();
    let blocked = directory.path().join("file");
    fs::write(&blocked, "x").unwrap();
    fs::create_dir(directory.path().join("empty")).unwrap();
    let spec = fixture("specs/minimal.yaml");
    for (arguments, expected) in [
        (&["gen", "absent.yaml", "-o", "out"][..], "absent.yaml"),
        (&["gen", &spec, "-o", "file/out"], "file/out"),
        (&["diff", "absent.xml", "file"], "absent.xml"),
        (&["diff", "file", "file"], "xml/"),
        (&["simulate", "absent.yaml"], "absent.yaml"),
        (&["simulate", "--policy", "file"], "xml/"),
        (&["simulate", "--region", "mars", "--policy", &fixture("policies/round-trip.xml")], "`mars` is not an Azure region"),
        (&["fault", "swc", "429", "--control", "http://127.0.0.1:1"], "no simulation listens"),
        (&["fault", "swc", "429", "--control", "nonsense"], "nonsense"),
        (&["check", "absent.xml"], "absent.xml"),
        (&["check", "empty"], "no `.xml` file in `empty`"),
        (&["check"], "PATHS"),
        (&["eval"], "EXPRESSION"),
        (&["eval", ""], "no expression"),
        (&["eval", "-"], "no expression"),
        (&["eval", "@(1)", "@(2)"], "@(2)"),
        (&["eval", "@(1)", "--cases", "file"], "--cases"),
        (&["eval", "--cases", "absent.jsonl"], "absent.jsonl"),
        (&["eval", "@(1)", "--context", "absent.json"], "absent.json"),
        (&["eval", "@(1)", "--context", "file"], "`file` is no JSON"),
        (&["eval", "-", "--context", "-"], "not both"),
        (&["eval", "@(1)", "--now", "noon"], "RFC 3339"),
        (&["eval", "@(1)", "--max-depth", "100001"], "100000"),
        (&["gen"], "--out"),
        (&["nonsense"], "nonsense"),
    ] {
        let (code, out, said) = run(arguments, directory.path());
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn diff_says_what_changed() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    write("old.xml", "<policies><inbound><base/><set-method>POST</set-method></inbound></policies>");
    write("same.xml", "<policies>\n<inbound><base />\n  <set-method>POST</set-method></inbound></policies>");
    write("new.xml", "<policies><inbound><base/><set-method>GET</set-method></inbound></policies>");
    assert_eq!(run(&["diff", "old.xml", "same.xml"], directory.path()), (Some(0), String::new(), String::new()));
    let (code, out, _) = run(&["diff", "old.xml", "new.xml"], directory.path());
    assert_eq!(code, Some(1));
    assert!(out.contains("-        <set-method>POST</set-method>\n+        <set-method>GET</set-method>"), "{out}");
    let (code, out, _) = run(&["diff", "old.xml", "new.xml", "--format", "json"], directory.path());
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &json["same"], &json["removed"], &json["added"]), (Some(1), &false.into(), &1.into(), &1.into()));
}

#[test]
fn the_schema_is_json_and_help_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    let (code, out, _) = run(&["schema", "spec"], directory.path());
    let schema: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, schema["$schema"].as_str()), (Some(0), Some("https://json-schema.org/draft/2020-12/schema")));
    assert_eq!(run(&["--help"], directory.path()).0, Some(0));
    assert_eq!(run(&["--version"], directory.path()).1, format!("openai-failover {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_secret_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let spec = fs::read_to_string(fixture("specs/two-region.yaml")).unwrap();
    let pasted = "0123456789abcdef0123456789abcdef";
    fs::write(directory.path().join("spec.yaml"), spec.replacen("apiKey: aoai-key-swc", &format!("apiKey: {pasted}"), 1)).unwrap();
    let (code, out, said) = run(&["gen", "spec.yaml", "-o", "out"], directory.path());
    assert_eq!(code, Some(2));
    assert!(said.contains("spec/secret-in-spec") && !said.contains(pasted) && !out.contains(pasted), "{said}");
}

#[test]
fn eval_prints_the_value_and_its_type() {
    for (expression, expected) in [
        ("@(1 + 1)", "2\nSystem.Int32\n"),
        (" @{ return \"a\\nb\"; } ", "a\nb\nSystem.String\n"),
        ("40 + 2", "42\nSystem.Int32\n"),
        ("@(context.User)", "null\n"),
        ("@(1 == 1)", "True\nSystem.Boolean\n"),
        ("@(new[] { 1, 2 })", "[1,2]\nSystem.Int32[]\n"),
        ("@(new[] { \"b\", \"a\" }.OrderBy(s => s).ToList())", "[\"a\",\"b\"]\nList<string>\n"),
        ("@(new { a = 1 })", "{\"a\":1}\n<anonymous type: int a>\n"),
        ("@(JObject.Parse(\"{'a':1}\"))", "{\n  \"a\": 1\n}\nNewtonsoft.Json.Linq.JObject\n"),
        ("@{ context.Trace(\"here\"); return 1; }", "trace: here\n1\nSystem.Int32\n"),
    ] {
        assert_eq!(eval(&[expression]), (Some(0), expected.to_owned(), String::new()), "{expression}");
    }
    assert_eq!(fed(&["eval", "-"], "@(\n  1 + 1\n)\n"), (Some(0), "2\nSystem.Int32\n".to_owned(), String::new()));
}

#[test]
fn eval_exits_with_1_where_there_is_no_value() {
    for (expression, expected) in [
        ("@(int.Parse(\"x\"))", "System.FormatException: Input string was not in a correct format.\n"),
        ("@(context.Response.StatusCode)", "System.NullReferenceException: Object reference not set to an instance of an object.\n"),
        (
            "@{ try { int.Parse(\"x\"); } finally { context.Trace(\"end\"); } return 1; }",
            "trace: end\nSystem.FormatException: Input string was not in a correct format.\n",
        ),
    ] {
        assert_eq!(eval(&[expression]), (Some(1), expected.to_owned(), String::new()), "{expression}");
    }
    for (expression, expected) in [
        ("@(1 +)", "error[CS1525]: Invalid expression term ')'\n --> expression:1:6\n"),
        ("@(context.Requst)", "= help: did you mean `Request`?"),
        ("@{\n  var a = missing;\n  return a; }", " --> expression:2:11\n"),
        ("@(1", "= help: the whole text is one C# expression, unless"),
        ("return 1;", "= help: the whole text is one C# expression, unless"),
        ("@(System.IO.File.Exists(\"x\"))", "error[expression/not-allowed]: Type 'System.IO.File' is not allowed"),
    ] {
        let (code, out, said) = eval(&[expression]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{expression}: {said}");
        assert!(said.contains(expected) && said.ends_with("1 error\n"), "{expression}: {said}");
    }
}

#[test]
fn a_spent_budget_ends_an_evaluation_and_nothing_catches_it() {
    for (arguments, what) in [
        (&["@{ while (true) { } }", "--max-steps", "1000"][..], "steps"),
        (&["@{ try { while (true) { } } catch (Exception) { return 1; } }", "--max-steps", "1000"], "steps"),
        (&["@(Regex.IsMatch(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\", \"^(a+)+$\"))", "--max-steps", "100000"], "steps"),
        (&["@(new string((char)65, int.MaxValue))"], "memory"),
        (&["@(new string((char)65, 1100000))", "--max-memory", "1"], "memory"),
        (&["@{ int F(int n) { return F(n + 1); } return F(0); }"], "depth of calls"),
        (&["@{ int F(int n) { return n == 0 ? 0 : F(n - 1); } return F(20); }", "--max-depth", "10"], "depth of calls"),
    ] {
        let expected = format!("ExpressionBudgetExceeded: The expression has spent its budget of {what}.\n");
        assert_eq!(eval(arguments), (Some(1), expected, String::new()), "{arguments:?}");
    }
    assert_eq!(eval(&["@{ int F(int n) { return n == 0 ? 0 : F(n - 1); } return F(5000); }", "--max-depth", "6000"]).0, Some(0));
}

#[test]
fn eval_answers_as_json() {
    let rows = [
        "@(1.5)",
        "@((string)null)",
        "@(new List<int> { 1 })",
        "@(new[] { 1, 0 }.Select(n => 1 / n))",
        "@(int.Parse(\"x\"))",
        "@{ context.Trace(\"a\"); return context.Request.Body.As<string>(); }",
        "@(missing)",
    ];
    let context = "{\"request\":{\"body\":\"hello\"}}";
    let answers: Vec<String> = rows
        .iter()
        .map(|expression| {
            let (code, out, said) = fed(&["eval", expression, "--context", "-", "--format", "json"], context);
            assert_eq!(said, "");
            format!("{}: {out}", code.unwrap())
        })
        .collect();
    insta::assert_snapshot!(answers.concat(), @r#"
    0: {"type":"System.Double","value":"1.5","exception":null}
    0: {"type":null,"value":null,"exception":null}
    0: {"type":"System.Collections.Generic.List`1[System.Int32]","value":"System.Collections.Generic.List`1[System.Int32]","exception":null,"json":"[1]"}
    0: {"type":"System.Collections.Generic.IEnumerable`1[System.Int32]","value":"System.Collections.Generic.IEnumerable`1[System.Int32]","exception":null,"json_exception":"System.DivideByZeroException"}
    1: {"type":null,"value":null,"exception":"System.FormatException","message":"Input string was not in a correct format."}
    0: {"type":"System.String","value":"hello","exception":null,"trace":["a"],"request_body_consumed":true}
    1: {"compile_error":"CS0103: The name 'missing' does not exist in the current context","diagnostics":[{"code":"CS0103","severity":"error","message":"The name 'missing' does not exist in the current context","file":"expression","start":{"line":1,"column":3},"end":{"line":1,"column":10}}]}
    "#);
}

#[test]
fn cases_are_answered_in_their_order() {
    let cases = r#"{"id":"b","expr":"@(context.Response.StatusCode)","context":{"response":{"status":429}}}

{"id":7,"expr":"@(\"{{host}}\" + {{n}})","named":{"host":"swc","*":"1"}}
{"expr":"@(int.Parse(\"x\"))","note":"another key"}
{"id":"a","expr":"@(x)"}
"#;
    let expected = r#"{"id":"b","type":"System.Int32","value":"429","exception":null}
{"id":7,"type":"System.String","value":"swc1","exception":null}
{"type":null,"value":null,"exception":"System.FormatException","message":"Input string was not in a correct format."}
{"id":"a","compile_error":"CS0103: The name 'x' does not exist in the current context"}
"#;
    assert_eq!(fed(&["eval", "--cases", "-"], cases), (Some(0), expected.to_owned(), String::new()));
    assert_eq!(fed(&["eval", "--cases", "-"], ""), (Some(0), String::new(), String::new()));
}

#[test]
fn a_case_that_cannot_be_read_leaves_the_others_their_answers() {
    let cases = "{\"id\":1,\"expr\":\"@(1)\"}\nzzz\n{\"id\":3}\n{\"id\":4,\"expr\":\"@(1)\",\"context\":{\"respons\":{}}}\n{\"id\":5,\"expr\":\"@(5)\"}\n";
    let (code, out, said) = fed(&["eval", "--cases", "-"], cases);
    let answers: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, answers.len()), (Some(2), 5), "{out}");
    assert_eq!((&answers[0]["value"], &answers[4]["value"]), (&"1".into(), &"5".into()));
    for (answer, expected) in answers[1..4].iter().zip(["no JSON", "`expr`", "did you mean `response`?"]) {
        assert!(answer["error"].as_str().unwrap().contains(expected), "{answer}");
    }
    assert_eq!(answers[3]["id"], 4);
    assert!(said.contains("<stdin>:2: no JSON") && said.contains("<stdin>:4: context: there is no `respons`"), "{said}");
}

#[test]
fn the_context_of_an_expression_is_what_the_file_says() {
    let context = r#"{
        "request": {
            "method": "POST", "url": "https://host/openai/x?api-version=1", "headers": { "A": ["1", "2"], "B": "3" },
            "body": { "stream": true }, "ip": "10.0.0.1", "matchedParameters": { "id": "x" }
        },
        "response": { "status": 503, "headers": { "Retry-After": "7" } },
        "variables": { "n": 2, "s": "x", "d": 1.5, "b": true, "none": null, "at": { "type": "datetime", "value": "2025-01-31T12:00:00Z" },
            "list": { "type": "jarray", "value": [1, 2] }, "answer": { "type": "response", "value": { "status": 404 } } },
        "deployment": { "region": "Sweden Central" }, "user": { "id": "u", "groups": ["g"] }, "elapsed": 1500
    }"#;
    for (expression, expected) in [
        ("@(context.Request.Method + context.Request.Url.Path)", "POST/openai/x"),
        ("@(context.Request.Headers.GetValueOrDefault(\"a\"))", "1,2"),
        ("@(context.Request.Url.Query.GetValueOrDefault(\"API-version\"))", "1"),
        ("@((bool)context.Request.Body.As<JObject>(preserveContent: true)[\"stream\"])", "True"),
        ("@(context.Request.MatchedParameters[\"id\"])", "x"),
        ("@(context.Response.StatusCode + context.Response.StatusReason)", "503Service Unavailable"),
        ("@((int)context.Variables[\"n\"] + (string)context.Variables[\"s\"])", "2x"),
        ("@((double)context.Variables[\"d\"])", "1.5"),
        ("@((bool)context.Variables[\"b\"] && context.Variables[\"none\"] == null)", "True"),
        ("@(((DateTime)context.Variables[\"at\"]).Hour)", "12"),
        ("@(((JArray)context.Variables[\"list\"]).Count)", "2"),
        ("@(((IResponse)context.Variables[\"answer\"]).StatusCode)", "404"),
        ("@(context.Deployment.Region + context.User.Groups.First().Name)", "Sweden Centralg"),
        ("@(context.Elapsed)", "00:00:01.5000000"),
        ("@(context.Request.Headers)", "{\"A\":[\"1\",\"2\"],\"B\":[\"3\"]}"),
        ("@(context.User.Groups)", "[{\"Id\":\"g\",\"Name\":\"g\"}]"),
    ] {
        let (code, out, said) = fed(&["eval", expression, "--context", "-"], context);
        assert_eq!((code, out.lines().next()), (Some(0), Some(expected)), "{expression}: {said}");
    }
    for (context, expected) in [
        ("{\"request\":{\"metod\":\"GET\"}}", "request: there is no `metod`; did you mean `method`?"),
        ("{\"request\":{\"url\":\"/x\"}}", "absolute URL"),
        ("{\"variables\":{\"a\":[1]}}", "variables.a: an object such as"),
        ("{\"variables\":{\"a\":{\"type\":\"number\",\"value\":1}}}", "known are string, int"),
        ("{\"variables\":{\"a\":{\"type\":\"int\",\"value\":\"x\"}}}", "variables.a: `x` is no int"),
        ("{\"timestamp\":\"noon\"}", "timestamp: `noon` is no date"),
        ("[]", "an object is expected"),
    ] {
        let (code, out, said) = fed(&["eval", "@(1)", "--context", "-"], context);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{context}: {said}");
        assert!(said.starts_with("error: `<stdin>`") && said.contains(expected), "{context}: {said}");
    }
}

#[test]
fn clock_and_chance_can_be_fixed() {
    let now = "2025-01-31T12:00:00Z";
    assert_eq!(eval(&["@(DateTime.UtcNow)", "--now", now]).1, "01/31/2025 12:00:00\nSystem.DateTime\n");
    let chance = "@(Guid.NewGuid() + \" \" + new Random().Next())";
    assert_eq!(eval(&[chance, "--seed", "7"]), eval(&[chance, "--seed", "7"]));
    assert_ne!(eval(&[chance, "--seed", "7"]).1, eval(&[chance, "--seed", "8"]).1);
    assert_ne!(eval(&[chance]).1, eval(&[chance]).1);
}

#[test]
fn check_compiles_every_expression_where_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    fs::create_dir_all(directory.path().join("policies/nested")).unwrap();
    write("policies/good.xml", "<policies><inbound><set-variable name=\"a\" value=\"@(context.Api.Name + {{x}})\" /></inbound></policies>");
    write("policies/nested/fragment.xml", "<fragment><trace source=\"t\">@(\"{{name}}\")</trace></fragment>");
    write("policies/readme.txt", "no policy");
    let fine = "note[policy/unknown-named-value]: policies/good.xml:1:50: the Named Value `x` is not known here\n\
                note[policy/unknown-named-value]: policies/nested/fragment.xml:1:29: the Named Value `name` is not known here\n\
                2 files, 2 expressions: 2 notes\n"
        .to_owned();
    assert_eq!(run(&["check", "policies"], directory.path()), (Some(0), fine, String::new()));
    write(
        "policies/wrong.xml",
        "<inbound>\n  <choose>\n    <when condition=\"@(1)\"><set-body>@(mising)</set-body></when>\n  </choose>\n</inbound>",
    );
    write("broken.xml", "<inbound>");
    let (code, out, said) = run(&["check", "policies", "broken.xml"], directory.path());
    assert_eq!((code, said.as_str()), (Some(1), ""), "{out}");
    for expected in [
        "error[CS0029]: Cannot implicitly convert type 'int' to 'bool'\n --> policies/wrong.xml:3:24\n",
        "error[CS0103]: The name 'mising' does not exist in the current context\n --> policies/wrong.xml:3:40\n",
        "error[xml/",
        "4 files, 4 expressions: 3 errors, 2 notes\n",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    let (code, out, _) = run(&["check", "policies/wrong.xml", "--format", "json"], directory.path());
    insta::assert_snapshot!(format!("{}: {}", code.unwrap(), out.trim_end()), @r#"1: {"files":1,"expressions":2,"compiled":0,"diagnostics":[{"code":"CS0029","severity":"error","message":"Cannot implicitly convert type 'int' to 'bool'","file":"policies/wrong.xml","start":{"line":3,"column":24},"end":{"line":3,"column":25}},{"code":"CS0103","severity":"error","message":"The name 'mising' does not exist in the current context","file":"policies/wrong.xml","start":{"line":3,"column":40},"end":{"line":3,"column":46}}]}"#);
    assert_eq!(fed(&["check", "-"], "<inbound><base /></inbound>").1, "1 file, 0 expressions: nothing to report\n");
}

/// The exit code and the codes of the findings, for any part of a policy as the root.
#[test]
fn check_takes_any_part_of_a_policy() {
    for (text, code, codes) in [
        ("<policies><inbound><base /></inbound></policies>", 0, ""),
        ("<backend><forward-request /></backend>", 0, ""),
        ("<backend><base /><forward-request /></backend>", 1, "policy/backend-one-child"),
        ("<outbound><rewrite-uri template=\"/\" /></outbound>", 1, "policy/wrong-section"),
        ("<fragment><set-variable name=\"a\" value=\"b\" /></fragment>", 0, ""),
        ("<fragment><base /></fragment>", 1, "policy/misplaced-base"),
        ("<fragment><include-fragment fragment-id=\"f\" /></fragment>", 1, "policy/nested-fragment"),
        ("<set-variable name=\"a\" value=\"b\" />", 0, ""),
        ("<set-variable name=\"a\" />", 1, "policy/missing"),
        ("<set-varable name=\"a\" value=\"b\" />", 1, "policy/root"),
        (
            "<choose><when condition=\"@({{flag}})\"><set-status code=\"{{code}}\" /></when></choose>",
            0,
            "policy/unknown-named-value policy/unknown-named-value",
        ),
        // Wrong with any value.
        ("<set-variable name=\"a\" value=\"@({{a}} + mising)\" />", 1, "policy/unknown-named-value CS0103"),
        (
            "<retry condition=\"@(true)\" count=\"{{n}}\" interval=\"x\"><set-variable name=\"a\" value=\"b\" /></retry>",
            1,
            "policy/unknown-named-value policy/bad-value",
        ),
        ("<inbound><include-fragment fragment-id=\"f\" /></inbound>", 0, "policy/unknown-fragment"),
        // What a key must look like cannot be said of one that is not known.
        (
            "<inbound><validate-jwt header-name=\"a\"><issuer-signing-keys><key>{{k}}</key></issuer-signing-keys></validate-jwt></inbound>",
            0,
            "policy/unknown-named-value",
        ),
        // What this gateway does not run, the service takes all the same.
        ("<inbound><block /></inbound>", 0, "policy/not-simulated"),
        ("<inbound><set-variable name=\"a\" value=\"b\" /", 1, "xml/unclosed-tag"),
        ("no policy", 1, "xml/text-outside-root"),
        ("", 1, "xml/empty"),
    ] {
        let (exit, out, said) = fed(&["check", "-", "--format", "json"], text);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{text}: {out}{said}"));
        let found: Vec<&str> = json["diagnostics"].as_array().unwrap().iter().map(|found| found["code"].as_str().unwrap()).collect();
        assert_eq!((exit, found.join(" ").as_str()), (Some(code), codes), "{text}");
    }
}

#[test]
fn check_knows_what_a_spec_or_a_service_holds() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let spec = fixture("specs/two-region.yaml");
    fs::write(home.join("p.xml"), "<inbound><set-variable name=\"a\" value=\"{{aoai-key-swc}} {{other}}\" /></inbound>").unwrap();
    let (code, out, _) = run(&["check", "p.xml", "--spec", &spec], home);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("there is no Named Value `other`") && !out.contains("aoai-key-swc` is not known"), "{out}");
    let (code, out, _) = run(&["check", &fixture("services/contoso")], home);
    assert_eq!((code, out.lines().last().unwrap()), (Some(0), "51 files, 2 expressions: nothing to report"), "{out}");
    let (code, out, _) = run(&["check", &fixture("services/broken")], home);
    assert_eq!(code, Some(1), "{out}");
    for expected in ["warning[service/unknown-scope]", "error[CS1525]", "error[policy/unknown-named-value]", "error[policy/misplaced-base]"]
    {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    let misplaced = home.join("service/apis/a");
    fs::create_dir_all(&misplaced).unwrap();
    fs::write(misplaced.join("apiInformation.json"), "{\"properties\":{\"path\":\"a\"}}").unwrap();
    fs::write(misplaced.join("policy.xml"), "<policies><inbound><quota calls=\"1\" renewal-period=\"300\" /></inbound></policies>")
        .unwrap();
    let out = run(&["check", "service"], home).1;
    assert!(out.contains("error[policy/wrong-scope]: `quota` is not allowed in the scope `api`"), "{out}");
}

#[test]
fn the_catalogue_is_listed() {
    let list = |arguments: &[&str]| run(&[&["policies"], arguments].concat(), Path::new("."));
    let (code, table, said) = list(&[]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let json: serde_json::Value = serde_json::from_str(&list(&["--format", "json"]).1).unwrap();
    let entries = json["policies"].as_array().unwrap();
    assert!(entries.len() > 70 && table.contains(&format!("{} policies: ", entries.len())), "{table}");
    for entry in entries {
        let (name, level) = (entry["name"].as_str().unwrap(), entry["level"].as_str().unwrap().replace('-', " "));
        let row = table.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap_or_else(|| panic!("no row for {name}"));
        assert!(row.contains(&level), "{row}");
        let (code, page, _) = list(&[name]);
        assert!(code == Some(0) && page.starts_with(&format!("{name}: {level}")), "{page}");
    }
    let retry: serde_json::Value = serde_json::from_str(&list(&["retry", "--format", "json"]).1).unwrap();
    assert_eq!(retry, *entries.iter().find(|entry| entry["name"] == "retry").unwrap());
    let (code, _, said) = list(&["ratelimit"]);
    assert_eq!((code, said.as_str()), (Some(2), "error: there is no policy `ratelimit`; did you mean `rate-limit`?\n"));
}
