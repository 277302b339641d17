//! Scenarios as files: the library, one in which everything is wrong, and the schema for editors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use openai_failover::{
    report::{Colour, diagnostics},
    scenario::{read, schema},
    source::Source,
};
use serde_json::Value;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn no_file(path: &str) -> Result<String, String> {
    Err(format!("`{path}` is not there"))
}

/// The scenarios of the library, those that are run on demand only among them.
fn library() -> Vec<Arc<Source>> {
    let folder = folder().join("fixtures/scenarios");
    let within = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let paths = within(folder.clone()).chain(within(folder.join("long")));
    let yaml = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| Source::new(path.display().to_string(), fs::read_to_string(&path).unwrap())).collect()
}

#[test]
fn the_library_reads_without_a_word() {
    let library = library();
    assert!(library.len() > 10, "{}", library.len());
    for source in library {
        match read(&source, "x", &no_file) {
            Ok((_, warnings)) if warnings.is_empty() => {}
            Ok((_, found)) | Err(found) => panic!("{}", diagnostics::text(&found, Colour::Never)),
        }
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let path = folder().join("fixtures/broken/scenarios/everything.yaml");
    let source = Source::new("everything.yaml", fs::read_to_string(path).unwrap());
    let found = read(&source, "x", &no_file).unwrap_err();
    assert!(found.iter().all(|fault| fault.code.starts_with("scenario/")), "{found:#?}");
    insta::assert_snapshot!(diagnostics::text(&found, Colour::Never));
}

#[test]
fn the_schema_is_one_takes_the_library_and_says_what_every_key_is_for() {
    let schema = schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for source in library() {
        let yaml: Value = serde_saphyr::from_str(source.text()).unwrap();
        let errors: Vec<String> = validator.iter_errors(&yaml).map(|error| format!("{}: {error}", error.instance_path)).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", source.name());
    }
    assert!(validator.is_valid(&schema["examples"][0]));
    let mut found = Vec::new();
    properties(&schema, &mut found);
    assert!(found.len() > 60, "{}", found.len());
    for (key, property) in found {
        assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{key}");
    }
}

fn properties<'a>(schema: &'a Value, into: &mut Vec<(&'a str, &'a Value)>) {
    match schema {
        Value::Object(map) => {
            if let Some(properties) = map.get("properties").and_then(Value::as_object) {
                into.extend(properties.iter().map(|(key, value)| (key.as_str(), value)));
            }
            map.values().for_each(|value| properties(value, into));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, into)),
        _ => {}
    }
}
