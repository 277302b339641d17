//! Samples of an operation's responses: what `mock-response` answers with.

use serde_json::{Map, Value};

use crate::text::Text;

/// A response that an operation declares, in one media type.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The resource id of the operation.
    pub operation: Text,
    /// The status.
    pub status: u16,
    /// The media type.
    pub content_type: Text,
    /// An example of the body.
    pub example: Option<Text>,
    /// The body's schema, as OpenAPI and JSON Schema have it, with every reference resolved.
    pub schema: Option<Value>,
}

/// How deep a sample goes: a schema may hold itself.
const DEPTH: usize = 16;

/// Whether two media types are the same; parameters are left aside.
pub(super) fn same_media_type(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    bare(one) == bare(other)
}

/// The body of a sample: its example, else one made of its schema.
pub(super) fn content(sample: &Sample) -> Option<String> {
    match (&sample.example, &sample.schema) {
        (Some(example), _) => Some(example.to_string()),
        (None, Some(schema)) => serde_json::to_string_pretty(&of_schema(schema, DEPTH)).ok(),
        (None, None) => None,
    }
}

/// A value of a schema. The documentation says that samples are generated and not how: the schema's own example or default, the first of
/// an enumeration, else the plainest value of the type.
fn of_schema(schema: &Value, depth: usize) -> Value {
    let Some(left) = depth.checked_sub(1) else { return Value::Null };
    for word in ["example", "default", "const"] {
        if let Some(value) = schema.get(word) {
            return value.clone();
        }
    }
    for word in ["enum", "examples"] {
        if let Some(first) = schema.get(word).and_then(Value::as_array).and_then(|values| values.first()) {
            return first.clone();
        }
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(first) = schema.get(word).and_then(Value::as_array).and_then(|values| values.first()) {
            return of_schema(first, left);
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut whole = Map::new();
        for part in parts.iter().map(|part| of_schema(part, left)) {
            if let Value::Object(part) = part {
                whole.extend(part);
            }
        }
        return Value::Object(whole);
    }
    let ty = schema.get("type").and_then(|ty| ty.as_str().or_else(|| ty.get(0).and_then(Value::as_str)));
    match ty {
        Some("string") => string(schema.get("format").and_then(Value::as_str)),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(Value::from(0)),
        Some("number") => schema.get("minimum").cloned().unwrap_or(Value::from(0.0)),
        Some("boolean") => Value::Bool(true),
        Some("array") => Value::Array(schema.get("items").map(|items| of_schema(items, left)).into_iter().collect()),
        Some("null") => Value::Null,
        _ => {
            let properties = schema.get("properties").and_then(Value::as_object);
            Value::Object(properties.into_iter().flatten().map(|(name, schema)| (name.clone(), of_schema(schema, left))).collect())
        }
    }
}

fn string(format: Option<&str>) -> Value {
    Value::from(match format {
        Some("date") => "2000-01-23",
        Some("date-time") => "2000-01-23T04:56:07.000Z",
        Some("uuid") => "00000000-0000-0000-0000-000000000000",
        Some("uri") => "https://example.com/",
        Some("email") => "user@example.com",
        _ => "string",
    })
}
