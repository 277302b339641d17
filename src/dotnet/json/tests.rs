//! JSON without expressions: what is read, what is refused and in which words, and what paths find.

use super::*;
use crate::{
    dotnet::{
        context::RequestContext,
        heap::{Heap, Object},
        registry,
        runtime::{Budget, Runtime},
        types::Type,
        value::Value,
    },
    environment::{Fixed, Moment},
};

fn with<T>(work: impl FnOnce(&mut Runtime<'_>) -> T) -> T {
    let (mut context, mut heap) = (RequestContext::default(), Heap::default());
    let mut environment = Fixed { now: Moment(0), state: 1 };
    let budget = Budget::default();
    work(&mut Runtime { context: &mut context, heap: &mut heap, environment: &mut environment, budget, locals: &mut Vec::new() })
}

fn outcome(result: Result<String, Raise>) -> String {
    match result {
        Ok(text) => text,
        Err(Raise::Exception(exception)) => format!("{}: {}", exception.class.name, exception.message),
        Err(other) => format!("{other:?}"),
    }
}

fn read(text: &str, class: Option<&'static Class>) -> String {
    with(|runtime| {
        let read = parse_as(runtime, text, class).and_then(|token| match token {
            Value::Object(token) => writer::to_json(runtime, token, false),
            _ => Ok(String::new()),
        });
        outcome(read)
    })
}

/// Source: recorded answers of .NET; JsonTextReaderTests and the sources they test.
#[test]
fn texts_are_read_as_newtonsoft_reads_them() {
    for (text, expected) in [
        ("{'single': 'quotes', unquoted: 1, /* c */ \"t\": [1,2,],}", r#"{"single":"quotes","unquoted":1,"t":[1,2]}"#),
        ("{\"a\":1,\"b\":0,\"a\":2}", r#"{"a":2,"b":0}"#),
        ("[1,,2]", "[1,undefined,2]"),
        ("[undefined, NaN, Infinity, -Infinity]", r#"[undefined,"NaN","Infinity","-Infinity"]"#),
        ("[0x1F, 010, 1.0, 1e2, -0.0, 1.50]", "[31,8,1.0,100.0,-0.0,1.5]"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("[-9223372036854775808, 9223372036854775808]", "[-9223372036854775808,9223372036854775808]"),
        ("1e400", "\"Infinity\""),
        (r#""\ud83d\ude00\ud83d\u0041""#, "\"😀\u{FFFD}A\""),
        ("new Date(1, 'x')", r#"new Date(1,"x")"#),
        ("[new Foo ( ) , 1]", "[new Foo(),1]"),
        ("{a:null, b:true,c:false}", r#"{"a":null,"b":true,"c":false}"#),
        ("// one\n[1] // two", "/* one*/"),
        ("[1 /*x*/, 2]", "[1,2]"),
        ("\"2024-02-29T13:14:15.5Z\"", "\"2024-02-29T13:14:15.5Z\""),
        ("  7  ", "7"),
        ("\u{a0}[]", "[]"),
    ] {
        assert_eq!(read(text, None), expected, "{text}");
    }
}

/// Source: recorded answers of .NET; otherwise JsonTextReader.cs, JToken.cs and JContainer.cs, step by step.
#[test]
fn what_cannot_be_read_is_refused_in_newtonsofts_words() {
    let object = Some(&registry::JOBJECT as &'static Class);
    let array = Some(&registry::JARRAY as &'static Class);
    for (text, class, expected) in [
        ("", object, "Error reading JObject from JsonReader. Path '', line 0, position 0."),
        ("", None, "Error reading JToken from JsonReader. Path '', line 0, position 0."),
        (
            "[1]",
            object,
            "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray. Path '', line 1, position 1.",
        ),
        (
            "{}",
            array,
            "Error reading JArray from JsonReader. Current JsonReader item is not an array: StartObject. Path '', line 1, position 1.",
        ),
        (
            "\"x\"",
            object,
            "Error reading JObject from JsonReader. Current JsonReader item is not an object: String. Path '', line 1, position 3.",
        ),
        ("{\"a\":", object, "Unexpected end of content while loading JObject. Path 'a', line 1, position 5."),
        ("{", object, "Error reading JObject from JsonReader. Path '', line 1, position 1."),
        ("[1", array, "Unexpected end of content while loading JArray. Path '[0]', line 1, position 2."),
        ("x", None, "Unexpected character encountered while parsing value: x. Path '', line 0, position 0."),
        ("{\"a\":x}", object, "Unexpected character encountered while parsing value: x. Path 'a', line 1, position 5."),
        ("{\"a\" 1}", object, "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 1, position 5."),
        ("{\"a\":1 \"b\":2}", object, "After parsing a value an unexpected character was encountered: \". Path 'a', line 1, position 7."),
        ("{,}", object, "Invalid property identifier character: ,. Path '', line 1, position 1."),
        ("{\"a\":1}}", object, "Additional text encountered after finished reading JSON content: }. Path '', line 1, position 7."),
        ("[1] x", array, "Additional text encountered after finished reading JSON content: x. Path '', line 1, position 4."),
        ("\"abc", None, "Unterminated string. Expected delimiter: \". Path '', line 1, position 4."),
        ("\"\\x\"", None, "Bad JSON escape sequence: \\x. Path '', line 1, position 3."),
        ("[tru]", array, "Error parsing boolean value. Path '', line 1, position 4."),
        ("nul", None, "Unexpected end when reading JSON. Path '', line 1, position 3."),
        ("[1}", array, "JsonToken EndObject is not valid for closing JsonType Array. Path '', line 1, position 3."),
        ("{\"a\":[1,\n{\"b\":*}]}", object, "Unexpected character encountered while parsing value: *. Path 'a[1].b', line 2, position 5."),
        ("{\"a b\":{\"c\":?}}", object, "Unexpected character encountered while parsing value: ?. Path '['a b'].c', line 1, position 12."),
        ("1.2.3", None, "Input string '1.2.3' is not a valid number. Path '', line 1, position 5."),
        ("1z", None, "Unexpected character encountered while parsing number: z. Path '', line 1, position 1."),
    ] {
        assert_eq!(read(text, class), format!("JsonReaderException: {expected}"), "{text}");
    }
}

/// Source: recorded answers of .NET; JsonSerializerInternalReader.cs.
#[test]
fn values_are_made_of_json() {
    let list = Type::generic(&registry::LIST, [Type::INT32]);
    for (text, ty, expected) in [
        ("1", Type::INT32, "1"),
        ("\"5\"", Type::INT32, "5"),
        ("[1,2]", list.clone(), "[1,2]"),
        ("null", Type::nullable(Type::INT32), "null"),
        ("\"\"", Type::nullable(Type::INT32), "null"),
        ("[\"a\",null]", Type::array(Type::STRING), "[\"a\",null]"),
        ("\"AQI=\"", Type::array(Type::BYTE), "\"AQI=\""),
        ("{\"a\":{\"b\":[1]},\"a\":2}", Type::OBJECT, "{\"a\":2}"),
        ("1.5", Type::OBJECT, "1.5"),
        ("\"2024-02-29T13:14:15Z\"", Type::STRING, "\"2024-02-29T13:14:15Z\""),
        ("12345678901234567890", Type::OBJECT, "12345678901234567890"),
        ("true", Type::STRING, "\"true\""),
        ("1", Type::BOOL, "true"),
        ("1.5", Type::INT32, "JsonReaderException: Input string '1.5' is not a valid integer. Path '', line 1, position 3."),
        ("\"x\"", Type::INT32, "JsonReaderException: Could not convert string to integer: x. Path '', line 1, position 3."),
        ("[1,\"x\"]", list, "JsonReaderException: Could not convert string to integer: x. Path '[1]', line 1, position 6."),
        (
            "\"x\"",
            Type::INT64,
            "JsonSerializationException: Error converting value \"x\" to type 'System.Int64'. Path '', line 1, position 3.",
        ),
        (
            "null",
            Type::INT32,
            "JsonSerializationException: Error converting value {null} to type 'System.Int32'. Path '', line 1, position 4.",
        ),
        (
            "",
            Type::INT32,
            "JsonSerializationException: No JSON content found and type 'System.Int32' is not nullable. Path '', line 0, position 0.",
        ),
        ("{}", Type::INT32, "JsonReaderException: Unexpected character encountered while parsing value: {. Path '', line 1, position 1."),
        (
            "1 2",
            Type::INT32,
            "JsonReaderException: Additional text encountered after finished reading JSON content: 2. Path '', line 1, position 2.",
        ),
        (
            "[1",
            Type::array(Type::INT32),
            "JsonSerializationException: Unexpected end when deserializing array. Path '[0]', line 1, position 2.",
        ),
        ("[1", Type::JTOKEN, "JsonWriterException: Unexpected end when reading token. Path ''."),
    ] {
        let got = with(|runtime| {
            let made = deserialize::from_text(runtime, text, Some(&ty)).and_then(|value| serialize(runtime, &value, false));
            outcome(made)
        });
        assert_eq!(got, expected, "{text}");
    }
}

const STORE: &str = r#"{"items":[{"sku":"A1","qty":2,"cost":1.5},{"sku":"B2","qty":0,"cost":20},{"sku":"C3","qty":5,"cost":0.25}],
    "obj":{"x":1,"y":{"z":"deep","x":3}},"a b":7,"tags":["a","b","c","b"],"when":"2024-02-29T13:14:15Z","none":null}"#;

/// Source: recorded answers of .NET; otherwise JPath.cs and the filters, step by step.
#[test]
fn paths_find_what_newtonsofts_find() {
    for (path, expected) in [
        ("$.items[1].sku", r#"["B2"]"#),
        ("items[*].sku", r#"["A1","B2","C3"]"#),
        ("$.items[?(@.sku == 'C3')].qty", "[5]"),
        ("$.items[?(@.cost > 1)].sku", r#"["A1","B2"]"#),
        ("$.items[?(@.qty == 2.0)].sku", r#"["A1"]"#),
        ("$.items[?(@.qty > 0 && @.cost < 1 )].sku", r#"["C3"]"#),
        ("$.items[?(@.qty == 0 || @.sku == 'C3')].sku", r#"["B2","C3"]"#),
        ("$.items[?(@.nope)].sku", "[]"),
        ("$.items[?(@.sku != 'A1')].qty", "[0,5]"),
        ("$.items[?(@.qty <> 2 )].qty", "[0,5]"),
        ("$.items[?(@.qty >= $.obj.x)].sku", r#"["A1","C3"]"#),
        ("$..x", "[1,3]"),
        ("$..['x','z']", r#"[1,"deep",3]"#),
        ("$['a b']", "[7]"),
        ("$['a b','none']", "[7,null]"),
        ("tags[0,2]", r#"["a","c"]"#),
        ("tags[1:3]", r#"["b","c"]"#),
        ("tags[-1:]", r#"["b"]"#),
        ("tags[::-1]", r#"["b","c","b","a"]"#),
        ("tags[::2]", r#"["a","c"]"#),
        ("tags[9]", "[]"),
        ("obj.*", r#"[1,{"z":"deep","x":3}]"#),
        ("$..[?(@.z)]", r#"[{"z":"deep","x":3}]"#),
        ("[?(@ == '2024-02-29T13:14:15Z')]", "[]"),
        ("obj.y.*", r#"["deep",3]"#),
        ("", "[SELF]"),
        ("$", "[SELF]"),
        ("$.items[", "JsonException: Path ended with open indexer."),
        ("$.items[]", "JsonException: Array index expected."),
        ("$.items[x]", "JsonException: Unexpected character while parsing path indexer: x"),
        ("$.items[0]x", "JsonException: Unexpected character following indexer: x"),
        ("$.items.", "JsonException: Unexpected end while parsing path."),
        ("$.items[?(@.a = 1)]", "JsonException: Could not read query operator."),
        ("$.items[?@.a]", "JsonException: Unexpected character while parsing path indexer: @"),
        ("tags[::0]", "JsonException: Step cannot be zero."),
        ("a]b", "JsonException: Unexpected character while parsing path: ]"),
    ] {
        let got = with(|runtime| {
            let found = parse_as(runtime, STORE, None).and_then(|store| {
                let of = Runtime::reference(&store).ok_or_else(|| json_exception("no token"))?;
                let path = path::parse(runtime, path)?;
                let mut cursor = path::evaluate(runtime, &path, of, of, false)?;
                let mut all = Vec::new();
                while let Some(Value::Object(token)) = cursor.next(runtime)? {
                    all.push(if token == of { "SELF".to_owned() } else { writer::to_json(runtime, token, false)? });
                }
                Ok(format!("[{}]", all.join(",")))
            });
            outcome(found)
        });
        assert_eq!(got, expected, "{path}");
    }
}

#[test]
fn indented_text_has_newtonsofts_shape() {
    let got = with(|runtime| {
        let token = parse_as(runtime, "{a:{},b:[],c:[1,{d:null}],e:new X(1)}", None)?;
        let Value::Object(token) = token else { return Ok(String::new()) };
        writer::to_json(runtime, token, true)
    });
    let expected =
        "{\n  \"a\": {},\n  \"b\": [],\n  \"c\": [\n    1,\n    {\n      \"d\": null\n    }\n  ],\n  \"e\": new X(\n    1\n  )\n}";
    assert_eq!(outcome(got), expected);
}

/// Deep text takes no stack: only the budget ends it.
#[test]
fn deep_and_wide_documents_end_well() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(&deep, None), deep);
    let wide = format!("[{}]", vec!["{\"a\":1}"; 50_000].join(","));
    assert_eq!(read(&wide, None), wide);
    with(|runtime| {
        runtime.budget.memory = 1 << 20;
        assert!(matches!(parse_as(runtime, &wide, None), Err(Raise::Budget(_))));
        assert!(!matches!(runtime.heap.get(runtime.heap.clone().allocate(Object::Plain)), Object::Token(_)));
    });
}

#[test]
fn long_paths_end_well() {
    for path in [
        "a.".repeat(100_000) + "a",
        "[0]".repeat(100_000),
        format!("[?({}1 == 1)]", "1 == 1 && 1 == 1 || ".repeat(100_000)),
        "[?(@".repeat(100_000),
    ] {
        with(|runtime| {
            let of = place(runtime, Kind::Array(Items::default())).unwrap_or_else(|_| panic!("a token"));
            assert!(matches!(path::select(runtime, of, &path, false), Err(Raise::Budget(_))));
        });
    }
}
