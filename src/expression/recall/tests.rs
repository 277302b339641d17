//! What is remembered, and that it is right.

use super::{
    memory::{SET_BYTES, SETS},
    *,
};
use crate::{
    csharp::Code,
    dotnet::{
        context::{RequestContext, VariableName},
        display::to_str,
        heap::{Heap, Object},
        runtime::Budget,
    },
    environment::{Fixed, Moment},
    expression::{Form, Target, compile, evaluate},
    source::{Source, Span},
};

fn compiled(text: &str) -> Program {
    let source = Source::new("test", text);
    let form = if text.starts_with("@{") { Form::Block } else { Form::Expression };
    compile(&Code::verbatim(&source, Span::new(2, text.len() - 1)), form, Target::Any).unwrap()
}

/// Works in a world of its own, at a second since 1970.
fn in_world<T>(context: &mut RequestContext, heap: &mut Heap, second: i64, work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
    let mut environment = Fixed { now: Moment(second * 1_000_000_000), state: second as u64 };
    work(&mut Runtime { context, heap, environment: &mut environment, budget: Budget::default(), locals: &mut Vec::new() })
}

fn give(program: &Program, a: &Value, body: &[u8], second: i64) -> String {
    let mut context = RequestContext::default();
    let mut heap = Heap::default();
    context.variables.set("other".into(), Value::string("x"));
    context.variables.set("a".into(), a.clone());
    context.variables.set("body".into(), heap.value(Object::Bytes(body.to_vec())));
    in_world(&mut context, &mut heap, second, |runtime| match evaluate(program, runtime) {
        Ok(value) => format!("{value:?} {}", to_str(runtime, &value)),
        Err(raise) => format!("{raise:?}"),
    })
}

#[test]
fn what_only_computes_is_remembered() {
    for (text, remembered) in [
        ("@(((string)context.Variables[\"a\"]).Split('/')[1].ToUpper())", true),
        ("@{ var all = \"\"; foreach (var part in context.Request.OriginalUrl.Path.Split('/')) { all += part; } return all; }", true),
        ("@(context.Request.Headers.GetValueOrDefault(\"a\", \"\").Split(',').Where(x => x != \"\").Count())", true),
        ("@((string)JObject.Parse((string)context.Variables[\"a\"])[\"x\"] + \"y\")", true),
        // Too little to be looked up.
        ("@((string)context.Variables[\"a\"] == \"x\")", false),
        ("@(context.Variables[\"a\"])", false),
        // What else it reads is not known.
        ("@(context.Variables.GetValueOrDefault<string>(\"a\", string.Empty).Split('/')[0].ToLower())", false),
        ("@(context.Variables.GetValueOrDefault<JObject>(\"a\", new JObject()).ToString().Trim())", false),
        (
            "@(context.Variables.GetValueOrDefault(\"a\", context.Request.Headers.GetValueOrDefault(\"b\", \"\")).ToString().Trim().ToUpper())",
            false,
        ),
        // Chance, bodies, what is traced, what goes somewhere as a whole, what may change what a variable holds.
        (
            "@{ var bytes = (byte[])context.Variables[\"body\"]; var s = Encoding.UTF8.GetString(bytes); Encoding.UTF8.GetBytes(\"A\", 0, 1, bytes, 0); return s; }",
            false,
        ),
        ("@(((string)context.Variables[\"a\"]).Split('/')[0] + Guid.NewGuid().ToString().Trim())", false),
        ("@(((string)context.Variables[\"a\"]).Split('/')[new Random().Next(2)].Trim().ToUpper())", false),
        ("@(context.Request.Body.As<string>().Split('/')[0].Trim().ToUpper())", false),
        ("@{ context.Trace(\"a\".Trim().ToUpper()); return ((string)context.Variables[\"a\"]).Split('/')[0]; }", false),
        ("@(context.Variables[\"a\"] == (object)(\"x\".Trim() + \"y\".Trim()) ? \"1\" : \"2\".Trim().ToUpper())", false),
        ("@(object.ReferenceEquals(context.Variables[\"a\"], \"x\".Trim().ToUpper().Trim()))", false),
        ("@(JsonConvert.SerializeObject(context.Variables).Trim().ToUpper().Split('/')[0])", false),
        ("@{ var bytes = (byte[])context.Variables[\"body\"]; bytes[0] = 65; return Encoding.UTF8.GetString(bytes).Trim(); }", false),
        (
            "@{ var bytes = (byte[])context.Variables[\"body\"]; Array.Reverse(bytes); return Encoding.UTF8.GetString(bytes).Trim(); }",
            false,
        ),
        ("@(((string)context.Variables[\"a\"]).Split('/').GetHashCode().ToString().Trim())", false),
    ] {
        assert_eq!(compiled(text).recall.is_some(), remembered, "{text}");
    }
}

#[test]
fn a_remembered_value_is_that_of_its_own_inputs() {
    let values = [
        Value::string("x/1"),
        Value::string("y/2"),
        Value::Int32(1),
        Value::Int64(1),
        Value::Null,
        Value::string("null"),
        Value::string(""),
        Value::Bool(true),
        Value::string("x/1"),
    ];
    for text in [
        "@((context.Variables[\"a\"] ?? \"none\").ToString().Split('/').Last() + (string)context.Variables[\"other\"])",
        "@(((string)context.Variables[\"a\"]).Split('/')[1].ToUpper())",
        "@(context.Variables.GetValueOrDefault<string>(\"a\", \"-\").Split('/').Length.ToString() + \"!\".Trim())",
        "@(Encoding.UTF8.GetString((byte[])context.Variables[\"body\"]).Split('/')[0].Trim())",
    ] {
        let kept = compiled(text);
        assert!(kept.recall.is_some(), "{text}");
        // More rounds than sets and patience, so that what is kept is replaced and looking rests.
        for round in 0..60_i64 {
            for value in &values {
                let body = format!("{}/{value:?}", round % 11);
                let mut number = round;
                let mut ask = |program: &Program| {
                    number += 1;
                    give(program, value, body.as_bytes(), number)
                };
                let expected = ask(&compiled(text));
                assert_eq!((ask(&kept), ask(&kept)), (expected.clone(), expected), "{text} {value:?}");
            }
        }
    }
}
/// How many sets are kept of an expression, and how many in a row were not known.
fn kept(program: &Program) -> (usize, u32) {
    let late = program.recall.as_ref().unwrap().memory.late.lock().unwrap();
    (late.kept.len(), late.strange)
}

#[test]
fn a_known_set_is_found_and_a_new_one_is_kept() {
    let program = compiled("@(((string)context.Variables[\"a\"]).Split('/')[0].ToUpper())");
    for (text, expected) in [("x/1", (1, 1)), ("x/1", (1, 0)), ("y/2", (2, 1)), ("x/1", (2, 0))] {
        give(&program, &Value::string(text), b"", 0);
        assert_eq!(kept(&program), expected, "{text}");
    }
    for round in 0..20 {
        give(&program, &Value::string(format!("{round}/")), b"", 0);
    }
    assert_eq!(kept(&program).0, SETS);
    let long = compiled("@(((string)context.Variables[\"a\"]).Split('/')[0].ToUpper())");
    give(&long, &Value::string("x".repeat(SET_BYTES)), b"", 0);
    assert_eq!(kept(&long).0, 0);
}

/// An expression that gives what it reads gives the object itself, remembered or not.
#[test]
fn what_is_passed_on_stays_the_same_object() {
    let program = compiled("@{ var a = (string)context.Variables[\"a\"]; return a.Trim().ToUpper() == \"X\" ? a : a.Trim(); }");
    assert!(program.recall.is_some());
    for _ in 0..3 {
        let own = Value::string(String::from("x"));
        let mut context = RequestContext::default();
        context.variables.set("a".into(), own.clone());
        let given = in_world(&mut context, &mut Heap::default(), 0, |runtime| evaluate(&program, runtime)).unwrap();
        assert!(matches!((given, own), (Value::String(a), Value::String(b)) if a.is_same(&b)));
    }
}

/// Whoever has asked the clock is asked again; a way through the same code that does not ask it is remembered.
#[test]
fn what_the_clock_says_is_not_remembered() {
    for (text, sets) in [
        ("@(((string)context.Variables[\"a\"]).Split('/')[0] + DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString().Trim())", 0),
        (
            "@{ var a = (string)context.Variables[\"a\"]; return a.Trim().ToUpper() == \"X\" ? a.Split('/')[0] : a + DateTime.UtcNow.ToString(); }",
            1,
        ),
        ("@(DateTime.Parse(((string)context.Variables[\"a\"]).Replace(\"X\", \"10:30\").Trim()).ToString(\"o\").Trim())", 0),
        ("@(Convert.ToDateTime(((string)context.Variables[\"a\"]).Replace(\"X\", \"10:30\").Trim()).ToString(\"o\").Trim())", 0),
    ] {
        let program = compiled(text);
        assert!(program.recall.is_some(), "{text}");
        for hour in 0..60 {
            for value in [Value::string("X"), Value::string("11:45")] {
                let now = hour * 3600;
                let expected = give(&compiled(text), &value, b"", now);
                for _ in 0..2 {
                    assert_eq!(give(&program, &value, b"", now), expected, "{text}");
                }
            }
        }
        assert_eq!(kept(&program).0, sets, "{text}");
    }
}

/// Assignments of a row, each `name = expression`, or a literal in quotes.
struct Row {
    names: Vec<VariableName>,
    programs: Vec<Result<Program, crate::text::Text>>,
}

impl Row {
    fn new(assignments: &[(&str, &str)]) -> Self {
        let program = |(_, text): &(&str, &str)| if text.starts_with('@') { Ok(compiled(text)) } else { Err(String::from(*text).into()) };
        Self {
            names: assignments.iter().map(|(name, _)| VariableName::written(name)).collect(),
            programs: assignments.iter().map(program).collect(),
        }
    }

    fn assigned(&self, number: usize) -> Option<Assigned<'_>> {
        Some(self.programs.get(number)?.as_ref().map_or_else(Assigned::Literal, Assigned::Expression))
    }

    fn series(&self) -> Option<Series> {
        let assigned = |number| Some((self.names.get(number)?, self.assigned(number)?));
        Series::of((0..self.names.len()).map_while(assigned))
    }

    /// The variables after all assignments, one by one or by the series, and the error that has ended them.
    fn run(&self, series: Option<&Series>, a: &Value, path: &str, second: i64) -> String {
        let mut context = RequestContext::default();
        context.request.original_url.path = String::from(path).into();
        context.variables.set("a".into(), a.clone());
        in_world(&mut context, &mut Heap::default(), second, |runtime| {
            let mut failed = series.and_then(|series| series.run(runtime, |number| self.assigned(number)));
            let done = if failed.is_some() { series.map_or(0, Series::count) } else { 0 };
            for number in done..self.names.len() {
                if matches!(failed, Some(Err(_))) {
                    break;
                }
                match self.assigned(number).unwrap() {
                    Assigned::Literal(text) => runtime.context.variables.set_named(&self.names[number], Value::string(text.clone())),
                    Assigned::Expression(program) => match evaluate(program, runtime) {
                        Ok(value) => runtime.context.variables.set_named(&self.names[number], value),
                        Err(raise) => failed = Some(Err((number, raise))),
                    },
                }
            }
            let values: Vec<String> = runtime.context.variables.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
            format!("{values:?} {:?}", failed.and_then(Result::err).map(|(number, raise)| (number, format!("{raise:?}"))))
        })
    }
}

#[test]
fn a_row_ends_where_it_can_no_longer_be_remembered() {
    const PATH: (&str, &str) = ("p", "@(context.Request.OriginalUrl.Path.Split('/').Last())");
    for (assignments, expected) in [
        (vec![PATH, ("q", "literal"), ("r", "@((string)context.Variables[\"p\"] + \"!\")")], Some(3)),
        (vec![PATH], None),
        // Nothing is computed.
        (vec![("p", "x"), ("q", "y")], None),
        // Chance, and what changes its own input.
        (vec![PATH, ("q", "x"), ("r", "@(Guid.NewGuid().ToString())")], Some(2)),
        (vec![("a", "@((string)context.Variables[\"a\"] + \"!\")"), PATH, ("q", "x")], None),
        (vec![PATH, ("q", "@((string)context.Variables[\"a\"])"), ("a", "x"), ("r", "y")], Some(2)),
        // Whether variables are there changes with each that is set.
        (vec![PATH, ("q", "@(context.Variables.ContainsKey(\"p\"))")], None),
        (vec![("p", "@(context.Variables.ContainsKey(\"q\"))"), ("q", "x")], None),
        (vec![("p", "x"), ("q", "@(context.Variables.Count)"), PATH], None),
        (vec![PATH, ("q", "@(context.Variables.Keys.Count())")], None),
    ] {
        assert_eq!(Row::new(&assignments).series().map(|series| series.count()), expected, "{assignments:?}");
    }
}

#[test]
fn a_row_that_is_remembered_gives_what_its_assignments_give() {
    let values = [Value::string("x/1"), Value::string("y"), Value::Int32(1), Value::Null, Value::Bool(true), Value::string("11:45")];
    for assignments in [
        vec![
            ("p", "@(context.Request.OriginalUrl.Path.Split('/').Last())"),
            ("q", "literal"),
            ("r", "@((string)context.Variables[\"p\"] + (context.Variables[\"a\"] ?? \"-\").ToString())"),
            ("p", "@(((string)context.Variables[\"r\"]).ToUpper())"),
        ],
        // The second fails for some, and what was set before stays.
        vec![
            ("p", "@(context.Request.OriginalUrl.Path.Split('/').Last())"),
            ("q", "@(((string)context.Variables[\"a\"]).Split('/')[1])"),
            ("r", "@((string)context.Variables[\"q\"])"),
        ],
        // The clock is asked for some.
        vec![
            ("p", "@(context.Request.OriginalUrl.Path.Split('/').Last())"),
            ("q", "@((string)context.Variables[\"p\"] == \"3\" ? DateTime.UtcNow.ToString(\"o\") : \"none\")"),
        ],
    ] {
        let row = Row::new(&assignments);
        let series = row.series().unwrap();
        for round in 0..60_i64 {
            for value in &values {
                let path = format!("/b/{}", round % 11);
                for _ in 0..2 {
                    let expected = row.run(None, value, &path, round);
                    assert_eq!(row.run(Some(&series), value, &path, round), expected, "{assignments:?}");
                }
            }
        }
        assert!(series.keeps() > 0, "{assignments:?}");
    }
}

/// `context.Variables["a"] == "x"` compares references (CS0252): what an expression gives must be a literal exactly where it was one without memory.
#[test]
fn a_literal_stays_one_and_what_a_client_sends_does_not_become_one() {
    let text = "@{ var a = context.Request.Headers.GetValueOrDefault(\"x-a\", \"basic\"); return a.Trim() == \"gold\" ? a : a.ToUpper() == \"BASIC\" ? \"basic\" : a; }";
    let program = compiled(text);
    assert!(program.recall.is_some());
    let give = |program: &Program, header: Option<&str>| {
        let mut context = RequestContext::default();
        if let Some(header) = header {
            context.request.headers.append("x-a", String::from(header));
        }
        let given = in_world(&mut context, &mut Heap::default(), 0, |runtime| evaluate(program, runtime)).unwrap();
        let Value::String(given) = given else { panic!("no string") };
        ["basic", "gold"].map(|word| given.is_same(&crate::dotnet::string::Str::Text(crate::text::Text::literal(word))))
    };
    for header in [None, Some("basic"), None, Some("gold"), Some("basic"), None, Some("gold"), Some("x"), Some("basic"), None] {
        assert_eq!(give(&program, header), give(&compiled(text), header), "{header:?}");
    }
}

/// Two variables that hold one object now may hold two of the same text another time.
#[test]
fn what_is_one_of_two_inputs_is_not_taken_for_the_other() {
    let text = "@{ var a = (string)context.Variables[\"a\"]; var b = (string)context.Variables[\"b\"]; return a.Trim().ToUpper() == \"X\" ? b : a.Trim(); }";
    let program = compiled(text);
    assert!(program.recall.is_some());
    for apart in [false, true, false, true] {
        let a = Value::string(String::from("x"));
        let b = if apart { Value::string(String::from("x")) } else { a.clone() };
        let mut context = RequestContext::default();
        context.variables.set("a".into(), a);
        context.variables.set("b".into(), b.clone());
        let given = in_world(&mut context, &mut Heap::default(), 0, |runtime| evaluate(&program, runtime)).unwrap();
        assert!(matches!((given, b), (Value::String(given), Value::String(b)) if given.is_same(&b)), "{apart}");
    }
}
