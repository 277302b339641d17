//! The templates: built in, each of them replaceable by a file of the same name, printed with minijinja.

use std::{fmt::Write, path::Path, sync::Arc};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};

use super::plan::Plan;
use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// The templates that the program brings along: file name and text.
pub const BUILT_IN: [(&str, &str); 7] = [
    ("policy.xml.jinja", include_str!("../../templates/policy.xml.jinja")),
    ("context.xml.jinja", include_str!("../../templates/context.xml.jinja")),
    ("order.xml.jinja", include_str!("../../templates/order.xml.jinja")),
    ("attempt.xml.jinja", include_str!("../../templates/attempt.xml.jinja")),
    ("failover.xml.jinja", include_str!("../../templates/failover.xml.jinja")),
    ("throttle.xml.jinja", include_str!("../../templates/throttle.xml.jinja")),
    ("answer.xml.jinja", include_str!("../../templates/answer.xml.jinja")),
];

/// The template of the policy document.
const POLICY: &str = "policy.xml.jinja";

/// How the name of a template ends.
const SUFFIX: &str = ".jinja";

/// Prints the policy document of a plan as raw XML. A file in `directory` takes the place of the built-in template with its name, and
/// may include further files of the directory; only names ending in `.jinja` count.
pub(super) fn render(plan: &Plan, directory: Option<&Path>) -> Result<String, Vec<Diagnostic>> {
    let mut sources: Vec<Arc<Source>> = BUILT_IN.iter().map(|(name, text)| Source::new(*name, *text)).collect();
    let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    if let Some(directory) = directory {
        for (name, source) in read(directory)? {
            match names.iter().zip(&mut sources).find(|(other, _)| **other == name) {
                Some((_, built_in)) => *built_in = source,
                None => {
                    names.push(name);
                    sources.push(source);
                }
            }
        }
    }
    let mut environment = environment().map_err(|error| vec![fault(&error, &names, &sources)])?;
    let mut faults = Vec::new();
    for (name, source) in names.iter().zip(&sources) {
        if let Err(error) = environment.add_template_owned(name.clone(), source.text().to_owned()) {
            faults.push(fault(&error, &names, &sources));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let printed = environment.get_template(POLICY).and_then(|template| template.render(minijinja::context! { plan => Serde(plan) }));
    printed.map_err(|error| vec![fault(&error, &names, &sources)])
}

/// The templates of a directory, by name.
fn read(directory: &Path) -> Result<Vec<(String, Arc<Source>)>, Vec<Diagnostic>> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        let message = format!("the templates in `{}` cannot be read: {error}", path.display());
        vec![Diagnostic::error("gen/unreadable-template", message).help("give a directory with `.jinja` files in UTF-8")]
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| unreadable(directory, &error))? {
        paths.push(entry.map_err(|error| unreadable(directory, &error))?.path());
    }
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(SUFFIX)) else { continue };
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
        found.push((name.to_owned(), Source::new(path.display().to_string(), text)));
    }
    Ok(found)
}

fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_filter("csharp", |text: String| csharp(&text));
    environment.add_filter("text", |text: String| escaped(&text, false));
    environment.add_filter("attribute", |text: String| escaped(&text, true));
    environment.add_filter("comment", |text: String| comment(&text));
    Ok(environment)
}

/// A regular C# string literal. What XML 1.0 cannot hold, and what is not ASCII, is escaped, so that both formats carry it.
fn csharp(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            ' '..='~' => literal.push(c),
            _ => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string does not fail.
                    let _ = write!(literal, "\\u{unit:04x}");
                }
            }
        }
    }
    literal.push('"');
    literal
}

/// Text or an attribute's value outside expressions.
fn escaped(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' if attribute => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Text within a comment: without the two hyphens that XML forbids there, on one line.
fn comment(text: &str) -> String {
    let mut comment = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '-' && comment.ends_with('-') {
            comment.push(' ');
        }
        comment.push(if c.is_control() { ' ' } else { c });
    }
    comment
}

/// A template's fault, at its place.
fn fault(error: &minijinja::Error, names: &[String], sources: &[Arc<Source>]) -> Diagnostic {
    let mut message = format!("the template cannot be printed: {}", error.kind());
    if let Some(detail) = error.detail() {
        message.push_str(": ");
        message.push_str(detail);
    }
    let mut fault = Diagnostic::error("gen/template", message);
    // An error in an include carries the place inside it as its cause.
    let mut innermost = error;
    while let Some(cause) = std::error::Error::source(innermost).and_then(|cause| cause.downcast_ref::<minijinja::Error>()) {
        innermost = cause;
        fault.message = format!("the template cannot be printed: {innermost}");
    }
    let place = names.iter().zip(sources).find(|(name, _)| Some(name.as_str()) == innermost.name());
    if let (Some((_, source)), Some(range)) = (place, innermost.range()) {
        fault = fault.at(source, Span::new(range.start, range.end));
    }
    fault.help("the templates that the program brings along are in `templates/` of its source")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_survive_quotes_and_what_xml_cannot_hold() {
        for (text, literal) in [("a", r#""a""#), ("a\"b\\", r#""a\"b\\""#), ("å😀\u{1}", r#""\u00e5\ud83d\ude00\u0001""#)] {
            assert_eq!(csharp(text), literal);
        }
        assert_eq!(escaped("a<b>&\"c\"", true), "a&lt;b&gt;&amp;&quot;c&quot;");
        assert_eq!(escaped("\"", false), "\"");
        assert_eq!(comment("a--b---\nc"), "a- -b- - - c");
    }
}
