//! What a Liquid template of `set-body` sees: `body`, `query` and `context`.
//! Source: learn.microsoft.com/azure/api-management/set-body-policy; `query` stands in the templates that an imported WSDL brings.

use super::{Stop, Turn, set_body};
use crate::{
    dotnet::{
        context::{Body, ResponseMessage},
        json::parse_body,
        liquid::Value,
        runtime::Runtime,
        xml::outline::outline,
    },
    gateway::{answers::PolicyError, transform::Format},
    http::{Headers, Url, percent_decode},
    policy::elements::set_body::Liquid,
    text::Text,
};

/// Renders the template.
pub(super) fn render(liquid: &Liquid, element: &Text, turn: &mut Turn<'_>) -> Result<Body, Stop> {
    let body = if liquid.sees_body { body(liquid, element, turn)? } else { Value::Nil };
    let globals = |runtime: &Runtime<'_>| {
        vec![("body".to_owned(), body), ("query".to_owned(), query(&runtime.context.request.url)), ("context".to_owned(), context(runtime))]
    };
    let rendered = turn.runtime(|runtime| {
        let globals = globals(runtime);
        liquid.template.render(runtime, globals)
    });
    let text = rendered.map_err(|raise| PolicyError::transformation(element, &raise))?;
    Ok(if text.is_empty() { Body::None } else { Body::Bytes(text.into()) })
}

/// The message's body as its `Content-Type` says; nothing where it says neither JSON nor XML, as the page warns.
fn body(liquid: &Liquid, element: &Text, turn: &mut Turn<'_>) -> Result<Value, Stop> {
    let Some(bytes) = set_body::current(turn)? else { return Ok(Value::Nil) };
    let headers = match &turn.state.context.response {
        Some(response) if turn.on_response() => &response.head.headers,
        _ => &turn.state.context.request.headers,
    };
    let (is_json, is_xml) = (Format::Json.is_content_of(headers), Format::Xml.is_content_of(headers));
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.trim().is_empty() || !(is_json || is_xml) {
        return Ok(Value::Nil);
    }
    let read = turn.runtime(|runtime| {
        if is_json {
            let root = parse_body(runtime, text, liquid.parses_dates)?;
            Ok(Value::of(runtime, &root))
        } else {
            outline(runtime, text, false).map(|document| Value::of_document(&document, liquid.nil_is_null))
        }
    });
    read.map_err(|raise| PolicyError::transformation(element, &raise).into())
}

fn text(name: &str, value: impl Into<Text>) -> (String, Value) {
    (name.to_owned(), Value::text(value))
}

fn context(runtime: &Runtime<'_>) -> Value {
    let context = &*runtime.context;
    let request = &context.request;
    let matched = request.matched().iter().map(|(name, value)| text(name, value.clone()));
    let request = Value::object([
        ("Url".to_owned(), url(&request.url)),
        text("Method", request.method.clone()),
        text("OriginalMethod", request.method.clone()),
        ("OriginalUrl".to_owned(), url(&request.original_url)),
        text("IpAddress", request.ip.clone()),
        ("MatchedParameters".to_owned(), Value::object(matched)),
        ("HasBody".to_owned(), Value::Bool(!matches!(request.body, Body::None))),
        ("ClientCertificates".to_owned(), Value::Array(Vec::new())),
        ("Headers".to_owned(), headers(&request.headers)),
    ]);
    let response = context.response.as_ref().map_or(Value::Nil, |response: &ResponseMessage| {
        Value::object([
            ("StatusCode".to_owned(), Value::Int(i64::from(response.head.status))),
            text("Method", context.request.method.clone()),
            ("Headers".to_owned(), headers(&response.head.headers)),
        ])
    });
    // The page's list has no variables; deployed templates read them.
    let variables = context.variables.iter().map(|(name, value)| (name.to_string(), Value::of(runtime, value)));
    Value::object([
        ("Request".to_owned(), request),
        ("Response".to_owned(), response),
        ("Variables".to_owned(), Value::object(variables.collect::<Vec<_>>())),
    ])
}

/// Values by name; several of one name are joined, as `GetValueOrDefault` joins them.
fn headers(headers: &Headers) -> Value {
    Value::object(headers.iter().map(|(name, _)| {
        let values: Vec<&str> = headers.values(name).map(Text::as_str).collect();
        text(name, values.join(","))
    }))
}

fn url(url: &Url) -> Value {
    let whole = url.to_string();
    Value::object([
        text("Scheme", url.scheme.clone()),
        text("Host", url.host.clone()),
        ("Port".to_owned(), Value::Int(i64::from(url.effective_port()))),
        text("Path", url.path.clone()),
        ("Query".to_owned(), query(url)),
        text("QueryString", url.query.clone()),
        text("ToUri", whole.clone()),
        text("ToString", whole),
    ])
}

fn query(url: &Url) -> Value {
    let pairs = url.query.trim_start_matches('?').split('&').filter(|pair| !pair.is_empty());
    Value::object(pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (percent_decode(name), Value::text(percent_decode(&value.replace('+', " "))))
    }))
}
