//! The operations of an API from its OpenAPI description: paths times methods.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-api-import-restrictions (how names are made).

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;

use super::properties::tree;
use crate::{
    diagnostic::Diagnostic,
    gateway::{Definition, Operation, definition::open_api},
    source::{Source, Span},
    spec::tree::{Node, Value},
    text::Text,
};

/// The methods that a path item may hold.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The operations that a description names, the most specific template first: that one is meant where several match.
///
/// With them comes what the description says of each, for the policies that validate.
pub(super) fn operations(source: &Arc<Source>, faults: &mut Vec<Diagnostic>) -> (Vec<Operation>, BTreeMap<Text, Definition>) {
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
            let id = text("operationId").map_or_else(|| format!("{method}-{}", normal(path)), str::to_owned);
            let name = text("summary").map_or_else(|| id.clone(), str::to_owned);
            found.push(Operation {
                id: id.trim_end_matches('-').to_owned().into(),
                name: name.into(),
                method: method.to_ascii_uppercase().into(),
                url_template: path.clone().into(),
            });
        }
    }
    sort(&mut found);
    (found, open_api(&json))
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

/// A name as the import writes it: lower case, a dash for everything else.
pub(super) fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
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
