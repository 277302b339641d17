//! Diagnostics for people, with the underlined source, and as JSON.

use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use serde::Serialize;

use super::Colour;
use crate::{
    diagnostic::{Diagnostic, Label, Severity},
    source::{Position, Source},
};

/// The most of a line that is shown on each side of a label, in bytes.
const WIDEST: usize = 2_000;

/// Codes whose own source line would show a secret that somebody pasted: the place is named, the line is not.
const HIDDEN_SOURCE: [&str; 2] = ["spec/secret-in-spec", "policy/bad-key"];

/// A diagnostic in one line, without its source.
pub fn brief(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.primary().map_or(String::new(), |label| {
        let at = label.source.position(label.span.start);
        format!("{}:{}:{}: ", label.source.name(), at.line, at.column)
    });
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    format!("{severity}[{}]: {place}{}", diagnostic.code, diagnostic.message)
}

/// All diagnostics as text, one below the other, with a line that counts them.
pub fn text(diagnostics: &[Diagnostic], colour: Colour) -> String {
    let renderer = match colour {
        Colour::Always => Renderer::styled(),
        Colour::Never => Renderer::plain(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&renderer.render(&[group(diagnostic)]));
        out.push_str("\n\n");
    }
    out
}

/// `2 errors, 1 warning`; empty without any.
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity: Severity, name: &str| {
        let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        (count > 0).then(|| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
    };
    let parts: Vec<String> =
        [of(Severity::Error, "error"), of(Severity::Warning, "warning"), of(Severity::Note, "note")].into_iter().flatten().collect();
    parts.join(", ")
}

fn group(diagnostic: &Diagnostic) -> Group<'_> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code));
    let hidden = HIDDEN_SOURCE.contains(&diagnostic.code);
    let mut shown: Vec<&Arc<Source>> = Vec::new();
    for label in &diagnostic.labels {
        if shown.iter().any(|source| Arc::ptr_eq(source, &label.source)) {
            continue;
        }
        shown.push(&label.source);
        if hidden {
            let at = label.source.position(label.span.start);
            group = group.element(annotate_snippets::Origin::path(label.source.name()).line(at.line).char_column(at.column));
            continue;
        }
        group = group.element(snippet(diagnostic, &label.source));
    }
    if let Some(note) = &diagnostic.note {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// The lines of one source that the labels lie in. Only those lines are handed over: a spec may have a megabyte.
fn snippet<'a>(diagnostic: &'a Diagnostic, source: &'a Arc<Source>) -> Snippet<'a, Annotation<'a>> {
    let labels: Vec<&Label> = diagnostic.labels.iter().filter(|label| Arc::ptr_eq(&label.source, source)).collect();
    let text = source.text();
    let start = labels.iter().map(|label| label.span.start as usize).min().unwrap_or(0).min(text.len());
    let end = labels.iter().map(|label| label.span.end as usize).max().unwrap_or(0).clamp(start, text.len());
    let from = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let to = text.get(end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| end + at);
    // A line without end is shown around the labels only.
    let near =
        |at: usize, wanted: usize| (wanted..=at.max(wanted)).chain(at..=wanted.max(at)).find(|at| text.is_char_boundary(*at)).unwrap_or(at);
    let from = if start - from > WIDEST { near(start, start - WIDEST) } else { from };
    let to = if to - from > WIDEST + (end - start).min(WIDEST) { near(start, from + 2 * WIDEST).min(to) } else { to };
    let lines = source.quoted(from..to);
    let first = source.position(crate::source::Span::at(from).start).line;
    let length = lines.len();
    let annotations = labels.iter().enumerate().map(|(index, label)| {
        let kind = if index == 0 && std::ptr::eq(*label, diagnostic.labels.first().unwrap_or(label)) {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let span = (label.span.start as usize).saturating_sub(from).min(length)..(label.span.end as usize).saturating_sub(from).min(length);
        let annotation = kind.span(span);
        if label.message.is_empty() { annotation } else { annotation.label(label.message.as_str()) }
    });
    Snippet::source(lines).line_start(first).path(source.name()).annotations(annotations)
}

/// One diagnostic as JSON. The fields are stable.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiagnosticJson<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Position>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

/// A diagnostic as JSON.
pub fn json(diagnostic: &Diagnostic) -> DiagnosticJson<'_> {
    let label = diagnostic.primary();
    DiagnosticJson {
        code: diagnostic.code,
        severity: diagnostic.severity,
        message: &diagnostic.message,
        file: label.map(|label| label.source.name()),
        start: label.map(|label| label.source.position(label.span.start)),
        end: label.map(|label| label.source.position(label.span.end)),
        help: diagnostic.help.as_deref(),
        note: diagnostic.note.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn example() -> Vec<Diagnostic> {
        let source = Source::new("spec.yaml", "version: 1\nnmae: x\nversion: 2\n");
        vec![
            Diagnostic::error("spec/unknown-key", "`nmae` is not a key here").at(&source, Span::new(11, 15)).help("did you mean `name`?"),
            Diagnostic::warning("spec/duplicate-key", "`version` is here twice").at(&source, Span::new(19, 26)).label(
                &source,
                Span::new(0, 7),
                "first here",
            ),
            Diagnostic::error("spec/secret-in-spec", "a key stands here").at(&source, Span::new(17, 18)),
        ]
    }

    #[test]
    fn people_see_the_line_with_what_is_wrong_underlined() {
        insta::assert_snapshot!(text(&example(), Colour::Never));
        assert_eq!(count(&example()), "2 errors, 1 warning");
    }

    #[test]
    fn machines_see_stable_fields() {
        insta::assert_json_snapshot!(example().iter().map(json).collect::<Vec<_>>());
    }
}
