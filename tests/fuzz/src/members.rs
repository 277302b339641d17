//! Calls of every member of the table, with arguments of the right types and of no sense.

use std::sync::OnceLock;

use arbitrary::{Result, Unstructured};
use openai_failover::dotnet::{
    member::{MemberInfo, MemberKind},
    registry,
    types::Type,
};

use super::grammar::framed;

/// Values by the name of their type.
const VALUES: &[(&str, &[&str])] = &[
    ("Int32", &["0", "1", "-1", "2", "3", "7", "31", "64", "100", "9999", "65536", "1000000", "int.MaxValue", "int.MinValue"]),
    ("Int64", &["0L", "1L", "-1L", "86400L", "1000000000000L", "long.MaxValue", "long.MinValue"]),
    ("UInt32", &["0u", "1u", "uint.MaxValue"]),
    ("UInt64", &["0UL", "1UL", "ulong.MaxValue"]),
    ("Int16", &["(short)0", "(short)-1", "short.MinValue", "short.MaxValue"]),
    ("UInt16", &["(ushort)0", "ushort.MaxValue"]),
    ("Byte", &["(byte)0", "(byte)7", "byte.MaxValue"]),
    ("SByte", &["(sbyte)0", "sbyte.MinValue"]),
    (
        "Double",
        &[
            "0.0",
            "-0.0",
            "1.5",
            "-1.5",
            "1e308",
            "-1e308",
            "1e-320",
            "2.5",
            "1e16",
            "double.NaN",
            "double.PositiveInfinity",
            "double.NegativeInfinity",
            "double.MinValue",
        ],
    ),
    ("Single", &["0f", "1.5f", "float.NaN", "float.MaxValue", "float.Epsilon"]),
    ("Decimal", &["0m", "1.5m", "-0.5m", "decimal.MaxValue", "decimal.MinValue", "0.0000000000000000000000000001m"]),
    ("Boolean", &["true", "false"]),
    ("Char", &["'a'", "' '", "'\\0'", "'\\uD800'", "'\\uFFFF'", "'9'"]),
    (
        "String",
        &[
            "\"\"",
            "\"abc\"",
            "\"a,b,,c\"",
            "\" 12 \"",
            "\"-1.5e10\"",
            "\"\\uD83D\\uDE00x\"",
            "\"\\uD83D\"",
            "\"{0:N2}{1,9}\"",
            "\"{0,1000000000}\"",
            "\"{\"",
            "\"2024-02-29T23:59:60Z\"",
            "\"9999-12-31\"",
            "\"23:59:59.9999999\"",
            "\"{\\\"a\\\":[1,{}]}\"",
            "\"[1,2\"",
            "\"<a b='1'>x<c/></a>\"",
            "\"<a\"",
            "\"(a+)+$\"",
            "\"[a-\"",
            "\"\\\\1(?<n>x)\"",
            "\"http://u:p@h:99999/%zz?q#f\"",
            "\"/a/../b\"",
            "\"AAAA\"",
            "\"=\"",
            "\"yyyy-MM-ddTHH:mm:ss.fffffffK\"",
            "\"D1000000000\"",
            "\"E999999999\"",
            "\"%\"",
            "\"#,##0.00;(0);'z'\"",
            "\"$..a[?(@.b>1)]\"",
            "\"$[::0]\"",
            "\"Europe/Berlin\"",
            "\"SHA256\"",
            "\"\\u0130\\u0131\\u00DF\\u0345\"",
            "\"00000000-0000-0000-0000-000000000001\"",
            "\"a\" + new string('\\u0301', 50)",
            "new string('a', 300)",
            "null",
        ],
    ),
    (
        "Object",
        &[
            "null",
            "1",
            "\"x\"",
            "1.5",
            "DateTime.MaxValue",
            "new object()",
            "new int[3]",
            "new { a = 1 }",
            "new JArray(1)",
            "'c'",
            "long.MaxValue",
            "(1, 2)",
        ],
    ),
    (
        "DateTime",
        &[
            "DateTime.MinValue",
            "DateTime.MaxValue",
            "new DateTime(2024, 2, 29, 23, 59, 59, DateTimeKind.Utc)",
            "new DateTime(2024, 3, 31, 2, 30, 0, DateTimeKind.Local)",
            "default(DateTime)",
        ],
    ),
    (
        "DateTimeOffset",
        &["DateTimeOffset.MinValue", "DateTimeOffset.MaxValue", "new DateTimeOffset(2024, 2, 29, 0, 0, 0, TimeSpan.FromHours(14))"],
    ),
    (
        "TimeSpan",
        &[
            "TimeSpan.Zero",
            "TimeSpan.MaxValue",
            "TimeSpan.MinValue",
            "TimeSpan.FromHours(-14)",
            "TimeSpan.FromMinutes(1)",
            "new TimeSpan(1)",
        ],
    ),
    ("Guid", &["Guid.Empty", "Guid.NewGuid()"]),
    ("Uri", &["new Uri(\"http://a/b/c?d#e\")", "new Uri(\"../x\", UriKind.Relative)", "new Uri(\"urn:a:b\")", "new Uri(\"file:///c:/x\")"]),
    (
        "JToken",
        &[
            "JToken.Parse(\"[1,[2,{\\\"a\\\":null}]]\")",
            "new JValue(1.5)",
            "(JToken)null",
            "JValue.CreateNull()",
            "new JProperty(\"p\", 1)",
        ],
    ),
    ("JObject", &["JObject.Parse(\"{\\\"a\\\":{\\\"b\\\":[1]}}\")", "new JObject()"]),
    ("JArray", &["JArray.Parse(\"[3,1,2,[]]\")", "new JArray()"]),
    ("JValue", &["new JValue(1)", "new JValue(\"x\")", "JValue.CreateNull()", "new JValue(DateTime.MaxValue)"]),
    ("JProperty", &["new JProperty(\"a\", 1)", "new JProperty(\"b\", new JArray())"]),
    ("JContainer", &["JArray.Parse(\"[3,1]\")", "new JProperty(\"a\", 1)", "new JObject()"]),
    ("XElement", &["XElement.Parse(\"<a b='1'>x<c>y</c></a>\")", "new XElement(\"q\")"]),
    ("XDocument", &["XDocument.Parse(\"<?xml version='1.0'?><!--c--><a><b/></a>\")", "new XDocument()"]),
    ("XName", &["(XName)\"a\"", "XName.Get(\"{u}b\")"]),
    ("XNamespace", &["XNamespace.Xml", "XNamespace.None", "(XNamespace)\"u\""]),
    ("XNode", &["new XText(\"t\")", "new XComment(\"c\")", "XElement.Parse(\"<a><b/></a>\").FirstNode"]),
    ("XContainer", &["XElement.Parse(\"<a><b/><c/></a>\")", "new XDocument()"]),
    ("XObject", &["new XAttribute(\"a\", 1)", "new XElement(\"q\", 2)"]),
    ("XAttribute", &["new XAttribute(\"a\", 1)", "XElement.Parse(\"<a b='1'/>\").FirstAttribute"]),
    ("Regex", &["new Regex(\"(a+)+b\")", "new Regex(\"(?<x>.)|$\", RegexOptions.RightToLeft)", "new Regex(\"\")"]),
    ("Match", &["Regex.Match(\"aab\", \"(a)(b)?\")", "Match.Empty"]),
    ("Group", &["Regex.Match(\"aab\", \"(a)(b)?\").Groups[1]"]),
    ("Capture", &["Regex.Match(\"aab\", \"(a)+\").Groups[1].Captures[0]"]),
    ("StringBuilder", &["new StringBuilder()", "new StringBuilder(\"abc\\uD83D\\uDE00\")", "new StringBuilder(2, 5)"]),
    ("Encoding", &["Encoding.UTF8", "Encoding.Unicode", "Encoding.ASCII", "Encoding.UTF32", "Encoding.BigEndianUnicode"]),
    ("Random", &["new Random(1)", "new Random(int.MinValue)"]),
    ("TimeZoneInfo", &["TimeZoneInfo.Utc", "TimeZoneInfo.FindSystemTimeZoneById(\"Europe/Berlin\")", "TimeZoneInfo.Local"]),
    ("Exception", &["new Exception(\"m\")", "new ArgumentException(\"m\", \"p\")", "new Exception()"]),
    ("Type", &["typeof(int)", "typeof(List<>)", "typeof(string[])"]),
    ("Array", &["new int[3]", "new string[0]", "new int[2, 3]"]),
    ("IFormatProvider", &["null"]),
    ("X509Certificate2", &["context.Request.Certificate"]),
    ("SHA256", &["SHA256.Create()"]),
    ("HMACSHA256", &["new HMACSHA256(new byte[3])"]),
    ("Aes", &["Aes.Create()"]),
    ("RSA", &["RSA.Create()"]),
    ("IResponse", &["context.Response"]),
    ("IRequest", &["context.Request"]),
    ("IMessageBody", &["context.Request.Body"]),
    ("IUrl", &["context.Request.Url"]),
    ("String[]", &["new[] { \"a\", \"\" }", "new string[0]"]),
    ("IEnumerator", &["new List<int> { 1, 2 }.GetEnumerator()"]),
];

/// A framed call of some member.
pub fn call(bytes: &mut Unstructured<'_>) -> Result<String> {
    // One in four is assigned to first, so that what it gives is used in other ways, too.
    let text = bare(bytes)?;
    Ok(match bytes.int_in_range(0u8..=7)? {
        0 => format!("@{{ var r = {text}; return JsonConvert.SerializeObject(r); }}"),
        1 => format!("@{{ var r = {text}; return r.ToString() + r.GetHashCode() + r.Equals({text}); }}"),
        2 => format!("@{{ {text}; return 1; }}"),
        3 => format!("@($\"{{{text}}}\")"),
        _ => framed(&text, false),
    })
}

/// A call of some member, as an expression.
pub fn bare(bytes: &mut Unstructured<'_>) -> Result<String> {
    let members = members();
    let info = members[bytes.int_in_range(0..=members.len() - 1)?];
    let types = ["int", "string", "object", "long", "double"];
    let chosen = *bytes.choose(&types)?;
    written(info, chosen, bytes, 0)
}

/// Every member that can be written as a call.
pub fn members() -> &'static [&'static MemberInfo] {
    static MEMBERS: OnceLock<Vec<&'static MemberInfo>> = OnceLock::new();
    MEMBERS.get_or_init(|| registry::classes().flat_map(|class| class.infos()).collect())
}

/// The member's call with type parameters bound to `chosen`.
pub fn written(info: &MemberInfo, chosen: &str, bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    let mut arguments = Vec::new();
    let receiver_is_argument = info.is_extension;
    for parameter in &info.parameters {
        if parameter.is_out {
            arguments.push("out var _".to_owned());
            continue;
        }
        arguments.push(value(&parameter.ty, chosen, bytes, depth)?);
    }
    let class = if info.class.parameters.is_empty() {
        info.class.name.to_owned()
    } else {
        format!("{}<{}>", info.class.name, vec![chosen; info.class.parameters.len()].join(", "))
    };
    let list = |arguments: &[String]| arguments.join(", ");
    Ok(match info.kind {
        MemberKind::Constructor => format!("new {class}({})", list(&arguments)),
        _ if receiver_is_argument => match arguments.split_first() {
            Some((receiver, rest)) => format!("({receiver}).{}({})", info.name, list(rest)),
            None => info.name.to_owned(),
        },
        MemberKind::Method => {
            let target = if info.is_static { class } else { format!("({})", instance(&class, chosen, bytes, depth)?) };
            format!("{target}.{}({})", info.name, list(&arguments))
        }
        MemberKind::Property | MemberKind::Indexer => {
            let target = if info.is_static { class } else { format!("({})", instance(&class, chosen, bytes, depth)?) };
            if arguments.is_empty() { format!("{target}.{}", info.name) } else { format!("{target}[{}]", list(&arguments)) }
        }
        MemberKind::Implicit | MemberKind::Explicit => format!("({})({})", info.result, list(&arguments)),
        MemberKind::Operator => match arguments.as_slice() {
            [one] => format!("{}({one})", info.name),
            [left, right] => format!("({left}) {} ({right})", info.name),
            _ => "0".to_owned(),
        },
    })
}

fn instance(class: &str, chosen: &str, bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    let simple = class.split('<').next().unwrap_or(class);
    if let Some((_, values)) = VALUES.iter().find(|(name, _)| *name == simple) {
        return Ok((*bytes.choose(values)?).to_owned());
    }
    Ok(match simple {
        "List" | "IList" | "ICollection" | "IEnumerable" | "IReadOnlyList" | "IReadOnlyCollection" => sequence(chosen, bytes, depth)?,
        "Dictionary" | "IDictionary" | "IReadOnlyDictionary" => {
            format!("new Dictionary<{chosen}, {chosen}> {{ [{}] = default }}", scalar(chosen, bytes)?)
        }
        "HashSet" | "ISet" | "Stack" | "Queue" | "SortedSet" | "LinkedList" => {
            let name = simple.trim_start_matches('I');
            let name = if name == "Set" { "HashSet" } else { name };
            format!("new {name}<{chosen}>(new {chosen}[] {{ {}, {} }})", scalar(chosen, bytes)?, scalar(chosen, bytes)?)
        }
        "KeyValuePair" => format!("new KeyValuePair<{chosen}, {chosen}>({}, {})", scalar(chosen, bytes)?, scalar(chosen, bytes)?),
        "IGrouping" => format!("new {chosen}[] {{ {} }}.GroupBy(q => q).First()", scalar(chosen, bytes)?),
        "ILookup" | "Lookup" => format!("new {chosen}[] {{ {} }}.ToLookup(q => q)", scalar(chosen, bytes)?),
        "IOrderedEnumerable" => format!("({}).OrderBy(q => 1)", sequence(chosen, bytes, depth)?),
        "IEnumerator" => format!("({}).GetEnumerator()", sequence(chosen, bytes, depth)?),
        "Func" => "new Func<int, int>(q => q)".to_owned(),
        _ => made(class, chosen, bytes, depth)?,
    })
}

/// An instance by one of the class's own constructors, or by a static member that gives one.
fn made(class: &str, chosen: &str, bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    let simple = class.split('<').next().unwrap_or(class);
    let constructors: Vec<&&MemberInfo> =
        members().iter().filter(|info| info.class.name == simple && info.kind == MemberKind::Constructor).collect();
    if depth > 2 || constructors.is_empty() {
        return Ok(format!("default({class})"));
    }
    written(bytes.choose(&constructors)?, chosen, bytes, depth + 1)
}

fn scalar(chosen: &str, bytes: &mut Unstructured<'_>) -> Result<String> {
    let name = match chosen {
        "int" => "Int32",
        "string" => "String",
        "long" => "Int64",
        "double" => "Double",
        _ => "Object",
    };
    let values = VALUES.iter().find(|(other, _)| *other == name).map_or(&["null"][..], |(_, values)| values);
    Ok((*bytes.choose(values)?).to_owned())
}

fn sequence(chosen: &str, bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    Ok(match bytes.int_in_range(0u8..=5)? {
        0 => format!("new {chosen}[0]"),
        1 | 2 => format!("new List<{chosen}> {{ {}, {}, {} }}", scalar(chosen, bytes)?, scalar(chosen, bytes)?, scalar(chosen, bytes)?),
        3 => format!("new {chosen}[] {{ {}, {} }}", scalar(chosen, bytes)?, scalar(chosen, bytes)?),
        4 => format!("Enumerable.Repeat<{chosen}>({}, {})", scalar(chosen, bytes)?, scalar("int", bytes)?),
        _ if depth < 3 => {
            format!("({}).Where(q => true).Concat({})", sequence(chosen, bytes, depth + 1)?, sequence(chosen, bytes, depth + 1)?)
        }
        _ => format!("new {chosen}[1]"),
    })
}

fn value(ty: &Type, chosen: &str, bytes: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    Ok(match ty {
        Type::Parameter(_) => scalar(chosen, bytes)?,
        Type::Nullable(inner) => {
            if bytes.int_in_range(0u8..=4)? == 0 {
                "null".to_owned()
            } else {
                value(inner, chosen, bytes, depth)?
            }
        }
        Type::Array(inner) => {
            let length = bytes.int_in_range(0usize..=5)?;
            let mut items = Vec::new();
            for _ in 0..length {
                items.push(value(inner, chosen, bytes, depth + 1)?);
            }
            let element = inner.to_string();
            let element = if matches!(**inner, Type::Parameter(_)) { chosen.to_owned() } else { element };
            match length {
                5 if element == "byte" => "Encoding.UTF8.GetBytes(\"hello world 1234\")".to_owned(),
                _ if items.is_empty() => format!("new {element}[0]"),
                _ => format!("new {element}[] {{ {} }}", items.join(", ")),
            }
        }
        Type::Generic(class, arguments) => match class.0.name {
            "Func" | "Action" | "Predicate" | "Comparison" | "Converter" => {
                let takes = match class.0.name {
                    "Func" => arguments.len() - 1,
                    "Comparison" => 2,
                    "Action" => arguments.len(),
                    _ => 1,
                };
                let names = ["p", "q", "r", "t", "u", "v"];
                let names = &names[..takes.min(names.len())];
                let body = match (class.0.name, arguments.last()) {
                    ("Func", Some(result @ Type::Parameter(_))) => match bytes.int_in_range(0u8..=3)? {
                        0 if takes > 0 => names[0].to_owned(),
                        1 if takes > 1 => names[1].to_owned(),
                        2 => "throw new Exception()".to_owned(),
                        _ => value(result, chosen, bytes, depth + 1)?,
                    },
                    ("Func", Some(result)) => value(result, chosen, bytes, depth + 1)?,
                    ("Predicate", _) => (*bytes.choose(&["true", "false", "p.Equals(null)"])?).to_owned(),
                    ("Comparison", _) => (*bytes.choose(&["0", "1", "-1", "p.GetHashCode() - q.GetHashCode()"])?).to_owned(),
                    _ => "p.ToString()".to_owned(),
                };
                format!("({}) => {body}", names.join(", "))
            }
            "IComparer" | "IEqualityComparer" => "null".to_owned(),
            "IEnumerable" if matches!(arguments.first(), Some(Type::Named(_))) => {
                let element = arguments[0].to_string();
                let item = value(&arguments[0], chosen, bytes, depth + 1)?;
                format!("new {element}[] {{ {item}, {item} }}")
            }
            "IEnumerable" if matches!(arguments.first(), Some(Type::Generic(..))) => {
                let item = value(&arguments[0], chosen, bytes, depth + 1)?;
                format!("new[] {{ {item} }}")
            }
            name => instance(name, chosen, bytes, depth)?,
        },
        Type::Named(class) => {
            let name = class.0.name;
            if let openai_failover::dotnet::types::Kind::Enum(items) = class.0.kind {
                return Ok(match bytes.int_in_range(0u8..=3)? {
                    0 => format!("({})({})", class.0.name, scalar("int", bytes)?),
                    _ => bytes.choose(items).map_or("0".to_owned(), |(item, _)| format!("{name}.{item}")),
                });
            }
            instance(name, chosen, bytes, depth)?
        }
        _ => "null".to_owned(),
    })
}
