//! The JSON Schema of a scenario, for editors: made from the same declarations that read the file.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::wire::File;

/// The JSON Schema (draft 2020-12) of a scenario.
///
/// It knows keys, types, words, patterns and bounds. What relates values to one another (which keys go together, the numbers of faults, the
/// names of clients) is checked by [`read`](fn@super::read) alone.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "openai-failover scenario".into());
    schema.insert("examples".to_owned(), json!([example()]));
    schema.to_value()
}

/// A small scenario, as JSON.
fn example() -> Value {
    json!({
        "spec": "two-region.yaml",
        "duration": "1h",
        "load": [{ "from": "swedencentral", "model": "gpt-4o", "rate": "1/s" }],
        "faults": [{ "at": "5m", "for": "10m", "backend": "swc", "fault": 429, "retryAfter": "10s" }],
        "expect": ["availability >= 99.95%"],
    })
}
