//! The operations of an API from its OpenAPI description: paths times methods.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-api-import-restrictions (how names are made).

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;

use super::properties::tree;
use crate::{
    diagnostic::Diagnostic,
    gateway::{
        Definition, Operation,
        definition::{open_api, operation_id},
        mock::Sample,
    },
    source::{Source, Span},
    spec::tree::{Node, Value},
    text::Text,
};

/// The methods that a path item may hold.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The operations that a description names, the most specific template first: that one is meant where several match.
///
/// With them comes what the description says of each, for the policies that validate, and of its responses, for `mock-response`.
pub(super) fn operations(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Described {
    let Some(json) = description(source, faults) else { return Default::default() };
    let Some(paths) = json.get("paths").and_then(Json::as_object) else {
        let fault = Diagnostic::error("service/no-paths", "there is no `paths` in the API's description").at(source, Span::at(0));
        faults.push(fault.help("an API is described in OpenAPI 2 or 3"));
        return Default::default();
    };
    let mut found = Vec::new();
    for (path, item) in paths {
        let Some(item) = item.as_object() else { continue };
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let text = |key: &str| operation.get(key).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
            let id = operation_id(operation, method, path);
            let name = text("summary").map_or_else(|| id.clone(), str::to_owned);
            found.push(Operation {
                id: id.into(),
                name: name.into(),
                method: method.to_ascii_uppercase().into(),
                url_template: path.clone().into(),
            });
        }
    }
    sort(&mut found);
    let definitions = open_api(&json);
    let samples = samples(&json, &definitions);
    Described { operations: found, definitions, samples }
}

/// What a description says.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// The operations.
    pub operations: Vec<Operation>,
    /// Their definitions by id.
    pub definitions: BTreeMap<Text, Definition>,
    /// Examples and schemas of their responses.
    pub samples: Vec<Sample>,
}

/// The responses of each operation, with the first example of each media type.
fn samples(json: &Json, definitions: &BTreeMap<Text, Definition>) -> Vec<Sample> {
    let items = json.get("paths").and_then(Json::as_object).into_iter().flatten().filter_map(|(_, item)| item.as_object());
    let operations: Vec<&Json> = items.flat_map(|item| METHODS.iter().filter_map(|method| item.get(*method))).collect();
    let mut found = Vec::new();
    for (id, definition) in definitions {
        let written = operations.iter().find(|operation| operation.get("operationId").and_then(Json::as_str) == Some(id));
        for response in &definition.responses {
            let Some(status) = response.status else { continue };
            let response_of = || written?.get("responses")?.get(status.to_string());
            for body in &response.bodies {
                let in_3 = || {
                    let media = response_of()?.get("content")?.get(&*body.content_type)?;
                    let first = || media.get("examples")?.as_object()?.values().next()?.get("value");
                    media.get("example").or_else(first)
                };
                // OpenAPI 2 has an example for each media type beside the schema.
                let in_2 = || response_of()?.get("examples")?.get(&*body.content_type);
                let example = in_3().or_else(in_2);
                found.push(Sample {
                    operation: id.clone(),
                    status,
                    content_type: body.content_type.clone(),
                    example: example.map(|example| example.as_str().map_or_else(|| example.to_string(), str::to_owned).into()),
                    schema: Some(body.schema.clone()).filter(|schema| !schema.is_null()),
                });
            }
        }
    }
    found
}

/// Puts literal segments before parameters. The service keeps operations without an order, and its documentation does not say which of two
/// matching templates is meant; that the more specific one is, is what people rely on.
pub(super) fn sort(operations: &mut [Operation]) {
    let rank = |segment: &str| match segment {
        "*" => 2,
        _ if segment.contains('{') => 1,
        _ => 0,
    };
    operations.sort_by(|a, b| {
        let ranks = |operation: &Operation| operation.url_template.trim_matches('/').split('/').map(rank).collect::<Vec<u8>>();
        match ranks(a).cmp(&ranks(b)) {
            Ordering::Equal => a.url_template.cmp(&b.url_template),
            other => other,
        }
    });
}

/// The description as JSON. A JSON text is read as such: descriptions are large, and YAML's reader counts every value.
fn description(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> Option<Json> {
    let text = source.text().trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return match serde_json::from_str(text) {
            Ok(json) => Some(json),
            Err(error) => {
                let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
                let at = source.text().len() - text.len() + line + error.column().saturating_sub(1);
                let fault = Diagnostic::error("service/syntax", "this is no JSON").at(source, Span::at(at.min(source.text().len())));
                faults.push(fault.note(error.to_string()));
                None
            }
        };
    }
    tree(source, faults).map(|node| json(&node))
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        // What stands without quotes is what JSON would have it.
        Value::Scalar { text, plain: true } => match serde_json::from_str(text) {
            Ok(value @ (Json::Bool(_) | Json::Number(_))) => value,
            _ => Json::String(text.clone()),
        },
        Value::Scalar { text, .. } => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect()),
        Value::Map(entries) => Json::Object(entries.iter().map(|entry| (entry.key.clone(), json(&entry.node))).collect()),
    }
}
