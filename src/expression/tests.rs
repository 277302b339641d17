//! Expressions by behaviour: what they give, and how wrong ones are refused.

use super::{Form, Target, compile, evaluate};
use crate::{
    csharp::Code,
    dotnet::{
        context::{Body, RequestContext},
        display::{full_name, to_str, type_of},
        exception::Raise,
        heap::Heap,
        runtime::{Budget, Runtime},
    },
    environment::{Fixed, Moment},
    http::Url,
    source::Source,
};

/// The outcome of an expression as one line: `value : type`, `! exception: message`, or `CSnnnn: text underlined`.
fn outcome(text: &str) -> String {
    let mut context = RequestContext::default();
    context.request.original_url =
        Url::parse("https://gw.example/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21").unwrap();
    context.request.headers.append("Accept", "a");
    context.request.headers.append("accept", "b");
    // As a policy has set it.
    context.request.headers.append("Policy", crate::text::Text::literal("standard"));
    context.request.body = Body::Bytes(bytes::Bytes::from_static(br#"{"stream": true, "n": 3, "x": {"y": [1, "z"]}}"#));
    context.variables.set("count".into(), crate::dotnet::Value::Int32(2));
    outcome_in(text, &mut context)
}

fn outcome_in(text: &str, context: &mut RequestContext) -> String {
    let source = Source::new("test", text);
    let (form, inner) = if text.starts_with("@{") { (Form::Block, 2..text.len() - 1) } else { (Form::Expression, 2..text.len() - 1) };
    let code = Code::verbatim(&source, crate::source::Span::new(inner.start, inner.end));
    let program = match compile(&code, form, Target::Any) {
        Ok(program) => program,
        Err(diagnostics) => {
            let lines: Vec<String> = diagnostics
                .iter()
                .map(|diagnostic| {
                    format!(
                        "{}: `{}` {}",
                        diagnostic.code,
                        diagnostic.primary().map_or("", |label| label.source.slice(label.span)),
                        diagnostic.message
                    )
                })
                .collect();
            return lines.join("\n");
        }
    };
    let mut heap = Heap::default();
    let mut environment = Fixed { now: Moment(0), state: 7 };
    let mut runtime =
        Runtime { context, heap: &mut heap, environment: &mut environment, budget: Budget::default(), locals: &mut Vec::new() };
    match evaluate(&program, &mut runtime) {
        Ok(value) => format!("{} : {}", to_str(&runtime, &value), full_name(&type_of(&runtime, &value))),
        Err(Raise::Exception(exception)) => format!("! {}: {}", exception.class.full_name(), exception.message),
        Err(other) => format!("! {other:?}"),
    }
}

#[test]
fn values() {
    for (text, expected) in [
        ("@(1 + 2 * 3)", "7 : System.Int32"),
        ("@(\"a\" + 1 + null + 'c' + true)", "a1cTrue : System.String"),
        ("@(1 < 2 && !(3 == 4))", "True : System.Boolean"),
        ("@(7 / 2 + 7 % 2)", "4 : System.Int32"),
        ("@(1 + 2L)", "3 : System.Int64"),
        ("@(0.1 + 0.2)", "0.30000000000000004 : System.Double"),
        ("@(\"Hi There\".Length)", "8 : System.Int32"),
        ("@(context.Request.OriginalUrl.Path.Substring(7))", "/deployments/gpt-4o/chat/completions : System.String"),
        ("@(context.Request.Headers.GetValueOrDefault(\"ACCEPT\", \"\"))", "a,b : System.String"),
        ("@(context.Request.Headers.GetValueOrDefault(\"none\", \"x\"))", "x : System.String"),
        ("@(context.Request.Headers[\"Accept\"][1])", "b : System.String"),
        ("@(context.Variables.GetValueOrDefault<int>(\"count\", 0) + 1)", "3 : System.Int32"),
        ("@(context.Variables.GetValueOrDefault<int>(\"none\"))", "0 : System.Int32"),
        ("@((int)context.Variables[\"count\"])", "2 : System.Int32"),
        ("@(context.Variables[\"none\"] == null)", "True : System.Boolean"),
        ("@(context.Variables.GetValueOrDefault(\"count\") ?? \"none\")", "2 : System.Int32"),
        ("@(context.Variables.GetValueOrDefault<string>(\"none\", \"a\") + (string)context.Variables[\"none\"])", "a : System.String"),
        ("@(context.Variables[\"count\"] == (object)2)", "False : System.Boolean"),
        ("@{ var i = 0; return context.Variables.GetValueOrDefault<int>(\"count\", ++i) + i; }", "3 : System.Int32"),
        ("@{ var i = 1; return i == (i = 2) ? 0 : i; }", "2 : System.Int32"),
        ("@{ var s = \"a\"; return s + (s = \"b\") + s; }", "abb : System.String"),
        ("@(\"é\" + \"\\ud83d\" + \"\\ude00\" + 1 + null)", "é😀1 : System.String"),
        // A string that was made is no literal of the same text, wherever it went meanwhile.
        ("@((object)context.Request.Headers.GetValueOrDefault(\"Policy\", \"\") == (object)\"standard\")", "False : System.Boolean"),
        ("@((object)\"standard\" == (object)\"standard\")", "True : System.Boolean"),
        ("@((object)\"a-b\".Replace(\"+\", \"\") == (object)\"a-b\".ToLower().Trim('/').TrimEnd(' '))", "True : System.Boolean"),
        (
            "@(\"a/B/c\".IndexOf('/', 2) + \"a/b\".LastIndexOf('/') + \"ab\".IndexOf('c') + \"Xay\".IndexOf(\"AY\", StringComparison.OrdinalIgnoreCase))",
            "4 : System.Int32",
        ),
        (
            "@(\"ayxAY\".LastIndexOf(\"aY\", StringComparison.OrdinalIgnoreCase) + \"abab\".IndexOf(\"b\", 2, StringComparison.Ordinal))",
            "6 : System.Int32",
        ),
        ("@(\"é/x\".IndexOf('/') + \"//é//\".Trim('/').Length + \"/a//\".Trim('/').Length)", "3 : System.Int32"),
        ("@(context.Request.Body.As<JObject>(preserveContent: true).Value<bool?>(\"stream\") ?? false)", "True : System.Boolean"),
        ("@((string)context.Request.Body.As<JObject>()[\"x\"][\"y\"][1])", "z : System.String"),
        ("@(context.Request.Body.As<JObject>()[\"x\"].ToString(Formatting.None))", "{\"y\":[1,\"z\"]} : System.String"),
        ("@(context.Response?.StatusCode ?? 7)", "7 : System.Int32"),
        ("@(context.Response == null || context.Response.StatusCode >= 500)", "True : System.Boolean"),
        ("@($\"{1 + 1,4}|{\"a\"}|{2.5:0.00}\")", "   2|a|2.50 : System.String"),
        ("@(string.Join(\",\", \"a b c\".Split(' ')))", "a,b,c : System.String"),
        ("@(string.Join(\"-\", new [] { 1, 2 }))", "1-2 : System.String"),
        ("@(new List<string> { \"a\", \"b\" }.Count)", "2 : System.Int32"),
        ("@(\"abc\"[1])", "b : System.Char"),
        ("@((int)'a')", "97 : System.Int32"),
        ("@{ var s = 0; for (var i = 0; i < 4; i++) { if (i == 2) { continue; } s += i; } return s; }", "4 : System.Int32"),
        ("@{ int total = 0; foreach (var part in new[] { 1, 2, 3 }) { total += part; } return total; }", "6 : System.Int32"),
        ("@{ switch (\"b\") { case \"a\": return 1; case \"b\": return 2; default: return 3; } }", "2 : System.Int32"),
        ("@{ int n; return int.TryParse(\"12\", out n) ? n : -1; }", "12 : System.Int32"),
        ("@(long.TryParse(\"x\", out var n) ? n : -1)", "-1 : System.Int64"),
        ("@{ try { return JObject.Parse(\"no\")[\"a\"].ToString(); } catch { return \"caught\"; } }", "caught : System.String"),
        ("@{ try { throw new Exception(\"boom\"); } catch (Exception e) { return e.Message; } finally { } }", "boom : System.String"),
        ("@{ object o = 5; if (o is int i && i > 4) { return i; } return 0; }", "5 : System.Int32"),
        ("@(Uri.EscapeDataString(\"a b\"))", "a%20b : System.String"),
        ("@(DateTimeOffset.UtcNow.ToUnixTimeSeconds())", "0 : System.Int64"),
        ("@(\"Sweden Central\".Replace(\" \", \"\").ToLowerInvariant())", "swedencentral : System.String"),
        ("@(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(\"a:b\")))", "YTpi : System.String"),
        (
            "@(new JObject(new JProperty(\"a\", 1), new JProperty(\"b\", new JArray(1, \"x\"))).ToString(Newtonsoft.Json.Formatting.None))",
            "{\"a\":1,\"b\":[1,\"x\"]} : System.String",
        ),
        ("@{ var a = new int[] { 1, 2, 3 }; int i = 0; a[i++] += 5; return \"\" + i + a[0] + a[1]; }", "162 : System.String"),
        ("@{ var l = new List<int> { 1, 2 }; var old = l[1]++; return \"\" + old + l[1]; }", "23 : System.String"),
        ("@{ var o = JObject.Parse(\"{'n': 1}\"); var i = 0; o[\"n\"] = ++i + 1; return \"\" + o[\"n\"] + i; }", "21 : System.String"),
        ("@((decimal)JObject.Parse(\"{'a': 12.5}\")[\"a\"])", "12.5 : System.Decimal"),
        ("@(Convert.ToInt32(JObject.Parse(\"{'a': 5}\")[\"a\"]))", "5 : System.Int32"),
        ("@(new JArray(1.5m, 2.0f).ToString(Newtonsoft.Json.Formatting.None))", "[1.5,2.0] : System.String"),
        ("@(\"West US\".Equals(\"west us\", StringComparison.OrdinalIgnoreCase))", "True : System.Boolean"),
    ] {
        assert_eq!(outcome(text), expected, "{text}");
    }
}

#[test]
fn exceptions_are_dotnets_own() {
    for (text, expected) in [
        (
            "@((string)context.Variables[\"count\"])",
            "! System.InvalidCastException: Unable to cast object of type 'System.Int32' to type 'System.String'.",
        ),
        (
            "@((long)context.Variables[\"count\"])",
            "! System.InvalidCastException: Unable to cast object of type 'System.Int32' to type 'System.Int64'.",
        ),
        (
            "@(context.Variables.GetValueOrDefault<long>(\"count\", 0L))",
            "! System.InvalidCastException: Unable to cast object of type 'System.Int32' to type 'System.Int64'.",
        ),
        ("@((int)context.Variables[\"none\"])", "! System.NullReferenceException: Object reference not set to an instance of an object."),
        ("@(context.Response.StatusCode)", "! System.NullReferenceException: Object reference not set to an instance of an object."),
        ("@(int.Parse(\"x\"))", "! System.FormatException: Input string was not in a correct format."),
        (
            "@(context.Request.Headers[\"none\"])",
            "! System.Collections.Generic.KeyNotFoundException: The given key 'none' was not present in the dictionary.",
        ),
        ("@(1 / int.Parse(\"0\"))", "! System.DivideByZeroException: Attempted to divide by zero."),
        ("@((int)JObject.Parse(\"{}\")[\"missing\"])", "! System.ArgumentNullException: Value cannot be null. (Parameter 'value')"),
        ("@{ while (true) { } }", "! Budget(Steps)"),
    ] {
        assert_eq!(outcome(text), expected, "{text}");
    }
}

#[test]
fn wrong_code_is_refused_in_the_compilers_words() {
    for (text, expected) in [
        ("@(contxt.Request)", "CS0103: `contxt` The name 'contxt' does not exist in the current context"),
        (
            "@(context.Requst)",
            "CS1061: `Requst` 'IProxyRequestContext' does not contain a definition for 'Requst' and no accessible extension method 'Requst' accepting a first argument of type 'IProxyRequestContext' could be found (are you missing a using directive or an assembly reference?)",
        ),
        ("@{ int x = \"a\"; return x; }", "CS0029: `\"a\"` Cannot implicitly convert type 'string' to 'int'"),
        (
            "@{ int x = 5L; return x; }",
            "CS0266: `5L` Cannot implicitly convert type 'long' to 'int'. An explicit conversion exists (are you missing a cast?)",
        ),
        (
            "@{ int x = 5; x += 2.5; return x; }",
            "CS0266: `x += 2.5` Cannot implicitly convert type 'double' to 'int'. An explicit conversion exists (are you missing a cast?)",
        ),
        ("@(1 + true)", "CS0019: `1 + true` Operator '+' cannot be applied to operands of type 'int' and 'bool'"),
        ("@{ if (true) { } }", "CS0161: `` not all code paths return a value"),
        ("@(string.IsNullOrEmpty(5))", "CS1503: `5` Argument 1: cannot convert from 'int' to 'string'"),
    ] {
        assert_eq!(outcome(text), expected, "{text}");
    }
}
