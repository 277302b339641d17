//! The JSON Schema of the region spec, for editors: made from the same declarations that read the file.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::wire::File;

/// The JSON Schema (draft 2020-12) of a region spec.
///
/// It knows keys, types, words, patterns and bounds. What relates values to one another (references, the data boundary, the time budget) is
/// checked by [`read`](fn@super::read) alone.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "openai-failover region spec".into());
    schema.insert("examples".to_owned(), json!([example()]));
    schema.to_value()
}

/// The smallest spec, as JSON.
fn example() -> Value {
    json!({
        "version": 1,
        "name": "contoso-openai",
        "gateways": [{ "region": "swedencentral" }],
        "backends": [{
            "id": "swc",
            "region": "swedencentral",
            "endpoint": "https://contoso-swc.openai.azure.com",
            "auth": { "managedIdentity": true },
            "deployments": { "gpt-4o": { "tokensPerMinute": 120_000 } },
        }],
    })
}
