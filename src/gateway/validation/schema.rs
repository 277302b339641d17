//! JSON against a schema, in the words of Json.NET Schema, which the service's messages show.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value as Json;

use super::position;
use crate::{gateway::instance::locked, text::Text};

/// A schema as a policy wants it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// Its id; for an API's definition its own name.
    pub id: Text,
    /// A place in it: `#/components/schemas/address`.
    pub reference: Option<Text>,
    /// Whether other properties may be there, whatever it says.
    pub additional_properties: Option<bool>,
    /// Whether names are compared without case.
    pub ignore_case: bool,
}

/// Schemas of a gateway, each compiled when it is first needed.
#[derive(Debug, Default)]
pub struct Schemas {
    compiled: Mutex<HashMap<Wanted, Option<Arc<Validator>>>>,
}

impl Schemas {
    /// The validator for what is wanted of `source`; none where that is no schema.
    pub fn get(&self, wanted: &Wanted, source: &Json) -> Option<Arc<Validator>> {
        let mut compiled = locked(&self.compiled);
        compiled.entry(wanted.clone()).or_insert_with(|| compile(wanted, source).map(Arc::new)).clone()
    }
}

fn compile(wanted: &Wanted, source: &Json) -> Option<Validator> {
    let mut schema = source.clone();
    if let Some(reference) = &wanted.reference {
        source.pointer(reference.strip_prefix('#')?)?;
        if let Json::Object(map) = &mut schema {
            map.insert("$ref".into(), Json::String(reference.to_string()));
        }
    }
    adapt(&mut schema, wanted);
    jsonschema::validator_for(&schema).ok()
}

/// The type that a schema asks for, the one beside null where it takes that too.
pub fn type_of(schema: &Json) -> Option<&str> {
    match schema.get("type")? {
        Json::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null");
            kinds.next().filter(|_| kinds.next().is_none())
        }
        kind => kind.as_str(),
    }
}

/// Puts the policy's own wishes into every object of a schema.
fn adapt(schema: &mut Json, wanted: &Wanted) {
    let is_object = schema.get("properties").is_some() || type_of(schema) == Some("object");
    match schema {
        Json::Object(map) => {
            if let (Some(allowed), true) = (wanted.additional_properties, is_object) {
                map.insert("additionalProperties".into(), Json::Bool(allowed));
            }
            if wanted.ignore_case {
                if let Some(Json::Object(properties)) = map.get_mut("properties") {
                    *properties = std::mem::take(properties).into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
                }
                for name in map.get_mut("required").and_then(Json::as_array_mut).into_iter().flatten() {
                    if let Json::String(name) = name {
                        *name = name.to_lowercase();
                    }
                }
            }
            map.values_mut().for_each(|value| adapt(value, wanted));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| adapt(item, wanted)),
        _ => {}
    }
}

/// The same with all names in lower case.
pub fn lower_case(json: &Json) -> Json {
    match json {
        Json::Object(map) => Json::Object(map.iter().map(|(name, value)| (name.to_lowercase(), lower_case(value))).collect()),
        Json::Array(items) => items.iter().map(lower_case).collect(),
        other => other.clone(),
    }
}

/// What is wrong with a value, each with its line and position in `text`.
pub fn errors(validator: &Validator, value: &Json, text: &str) -> Vec<String> {
    // The properties that are missing from one object are one error in Json.NET.
    let mut missing: BTreeMap<String, (Vec<String>, Vec<String>)> = BTreeMap::new();
    let mut found = Vec::new();
    for error in validator.iter_errors(value) {
        let path = steps(&error);
        if let Kind::Required { property } = &error.kind {
            let entry = missing.entry(error.instance_path.to_string()).or_insert_with(|| (path, Vec::new()));
            entry.1.push(property.as_str().unwrap_or("").to_owned());
            continue;
        }
        let (message, path) = said(&error, path);
        found.push(placed(&message, text, &path));
    }
    let missing = missing
        .into_values()
        .map(|(path, names)| placed(&format!("Required properties are missing from object: {}.", names.join(", ")), text, &path));
    missing.chain(found).collect()
}

fn steps(error: &ValidationError<'_>) -> Vec<String> {
    let unescaped = |step: &str| step.replace("~1", "/").replace("~0", "~");
    error.instance_path.to_string().split('/').skip(1).map(unescaped).collect()
}

fn placed(message: &str, text: &str, path: &[String]) -> String {
    let (line, position) = position::of(text, path);
    format!("{message} Line: {line}, Position: {position}")
}

/// The message, and the path of the value that it is about.
fn said(error: &ValidationError<'_>, mut path: Vec<String>) -> (String, Vec<String>) {
    let instance = error.instance.as_ref();
    let plain = match instance {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let kind = kind_of(instance);
    let count = instance.as_array().map_or(0, Vec::len);
    let message = match &error.kind {
        Kind::Type { kind: expected } => {
            let expected = match expected {
                TypeKind::Single(one) => capital(&one.to_string()),
                TypeKind::Multiple(several) => several.iter().map(|one| capital(&one.to_string())).collect::<Vec<_>>().join(", "),
            };
            format!("Invalid type. Expected {expected} but got {kind}.")
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let name = unexpected.first().cloned().unwrap_or_default();
            path.push(name.clone());
            format!("Property '{name}' has not been defined and the schema does not allow additional properties.")
        }
        Kind::Enum { .. } => format!("Value {instance} is not defined in enum."),
        Kind::Constant { .. } => format!("Value {instance} does not match const."),
        Kind::Minimum { limit } => format!("{kind} {plain} is less than minimum value of {limit}."),
        Kind::Maximum { limit } => format!("{kind} {plain} exceeds maximum value of {limit}."),
        Kind::ExclusiveMinimum { limit } => format!("{kind} {plain} equals minimum value of {limit} and exclusive minimum is true."),
        Kind::ExclusiveMaximum { limit } => format!("{kind} {plain} equals maximum value of {limit} and exclusive maximum is true."),
        Kind::MultipleOf { multiple_of } => format!("{kind} {plain} is not a multiple of {multiple_of}."),
        Kind::MinLength { limit } => format!("String '{plain}' is less than minimum length of {limit}."),
        Kind::MaxLength { limit } => format!("String '{plain}' exceeds maximum length of {limit}."),
        Kind::Pattern { pattern } => format!("String '{plain}' does not match regex pattern '{pattern}'."),
        Kind::Format { format } => format!("String '{plain}' does not validate against format '{format}'."),
        Kind::MinItems { limit } => format!("Array item count {count} is less than minimum count of {limit}."),
        Kind::MaxItems { limit } => format!("Array item count {count} exceeds maximum count of {limit}."),
        Kind::UniqueItems => "Non-unique array item found.".to_owned(),
        Kind::AnyOf { .. } => "JSON does not match any schemas from 'anyOf'.".to_owned(),
        Kind::OneOfNotValid { .. } => "JSON is valid against no schemas from 'oneOf'.".to_owned(),
        Kind::OneOfMultipleValid { .. } => "JSON is valid against more than one schema from 'oneOf'.".to_owned(),
        Kind::Not { .. } => "JSON is valid against schema from 'not'.".to_owned(),
        // The rest is rare; the validator's own words say it.
        _ => error.to_string(),
    };
    (message, path)
}

fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "Null",
        Json::Bool(_) => "Boolean",
        Json::Number(number) if number.is_f64() => "Number",
        Json::Number(_) => "Integer",
        Json::String(_) => "String",
        Json::Array(_) => "Array",
        Json::Object(_) => "Object",
    }
}

fn capital(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}
