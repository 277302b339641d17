//! The room's tests by subject, and what they share.

mod faults;
mod formatting;
mod properties;
mod reading;
mod writing;

use std::sync::Arc;

use super::{Document, Element, Value, parse};
use crate::source::Source;

fn source(text: &str) -> Arc<Source> {
    Source::new("policy.xml", text)
}

/// Parses what must parse.
fn read(text: &str) -> Document {
    let source = source(text);
    parse(&source).unwrap_or_else(|faults| {
        let said = faults.iter().map(|fault| format!("{}: {}", fault.code, fault.message)).collect::<Vec<_>>();
        panic!("{said:?} in\n{text}")
    })
}

/// The code of a value that is one expression.
fn code(value: &Value) -> &str {
    value.as_expression().map_or_else(|| panic!("no expression: {:?}", value.decoded), |expression| value.code(expression))
}

/// The code in attribute `a` of the root, or in its text.
fn root_code(text: &str) -> String {
    let root = read(text).root;
    match root.attribute("a") {
        Some(attribute) => code(&attribute.value).to_owned(),
        None => code(&root.text().unwrap_or_default()).to_owned(),
    }
}

fn first_text(element: &Element) -> Value {
    element.text().unwrap_or_default()
}

/// Whether an ordinary XML reader takes the text, attribute by attribute and reference by reference.
fn well_formed(text: &str) -> Result<(), String> {
    use quick_xml::{Reader, XmlVersion, events::Event};
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => return Ok(()),
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.map_err(|error| error.to_string())?;
                    if attribute.value.contains('<') {
                        return Err(format!("`<` in {:?}", attribute.value));
                    }
                    attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
                }
            }
            _ => {}
        }
    }
}
