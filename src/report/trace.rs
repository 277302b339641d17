//! The trace of a request as text: one paragraph a policy, in the order in which they ended.

use std::{fmt::Write as _, time::Duration};

use super::Colour;
use crate::{
    environment::guid_text,
    gateway::trace::{Entry, Record},
    live::RequestTrace,
};

/// A longer value is cut: the JSON has all of it.
const WIDTH: usize = 200;

/// The whole trace, without a line break at its end.
///
/// ```text
/// trace f4de916a-745d-4e9f-998c-2b97cfc570b3 in swedencentral
///   inbound   policy.xml:12  choose\when\set-variable              at 0.2 ms, 12 us
///               gives 5
///               variable n: 5
/// ```
pub fn text(trace: &RequestTrace, colour: Colour) -> String {
    format!("trace {} in {}{}", guid_text(trace.id), trace.gateway, records(&trace.records, colour))
}

/// The paragraphs alone, each behind a line break.
pub fn records(records: &[Record], colour: Colour) -> String {
    let mut out = String::new();
    for record in records {
        paragraph(record, colour, &mut out);
    }
    out
}

/// Whether the same policies ran, one after another.
pub fn is_same_way(one: &[Record], other: &[Record]) -> bool {
    let same = |(one, other): (&Record, &Record)| one.section == other.section && one.place == other.place;
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// The paragraphs that say something else than those of an earlier run which [`is_same_way`].
pub fn differing(records: &[Record], earlier: &[Record], colour: Colour) -> String {
    let mut out = String::new();
    for (record, _) in records.iter().zip(earlier).filter(|(record, earlier)| record.entries != earlier.entries) {
        paragraph(record, colour, &mut out);
    }
    out
}

fn paragraph(record: &Record, colour: Colour, out: &mut String) {
    let place = &record.place;
    let at = if place.document.is_empty() { place.scope.name().to_owned() } else { format!("{}:{}", place.document, place.line) };
    let failed = record.entries.iter().any(|entry| matches!(entry, Entry::Failed { .. }));
    let (on, off) = match (colour, failed) {
        (Colour::Never, _) => ("", ""),
        (Colour::Always, true) => ("\u{1b}[31m", "\u{1b}[0m"),
        (Colour::Always, false) => ("\u{1b}[1m", "\u{1b}[0m"),
    };
    let id = if place.id.is_empty() { String::new() } else { format!(" ({})", place.id) };
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "\n  {:<9} {at:<24} {on}{}{off}{id}  at {}, {}",
        record.section.name(),
        place.path,
        shown(record.started),
        shown(record.duration)
    );
    for entry in &record.entries {
        let line = match entry {
            Entry::Message { source, severity, message } => format!("{source} says ({severity}): {}", one_line(message)),
            Entry::Recorded(settings) => {
                let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name} = {}", one_line(value))).collect();
                format!("recorded, not carried out: {}", settings.join(", "))
            }
            Entry::Value(value) => format!("gives {}", one_line(value)),
            Entry::Changed { what, before: None, after: Some(after) } => format!("{what}: {}", one_line(after)),
            Entry::Changed { what, before: Some(before), after: Some(after) } => {
                format!("{what}: {} -> {}", one_line(before), one_line(after))
            }
            Entry::Changed { what, after: None, .. } => format!("{what}: removed"),
            Entry::Failed { reason, message } => format!("fails with {reason}: {}", one_line(message)),
        };
        let _ = write!(out, "\n              {line}");
    }
}

fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(WIDTH).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(WIDTH).is_some() {
        line.push('…');
    }
    line
}

fn shown(duration: Duration) -> String {
    match duration.as_micros() {
        us @ 0..1_000 => format!("{us} us"),
        us => format!("{:.1} ms", us as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Place, Section};

    #[test]
    fn a_second_run_says_what_is_new() {
        let record = |line: u32, value: &str| Record {
            section: Section::Inbound,
            place: Place { path: "choose".into(), document: "p.xml".into(), line, ..Place::default() },
            started: Duration::ZERO,
            duration: Duration::ZERO,
            entries: vec![Entry::Value(value.to_owned().into())],
        };
        let first = [record(1, "a"), record(2, "b")];
        let again = [record(1, "a"), record(2, "c")];
        assert!(
            is_same_way(&first, &again) && !is_same_way(&first, &again[..1]) && !is_same_way(&first, &[record(1, "a"), record(3, "b")])
        );
        assert_eq!(differing(&again, &first, Colour::Never), records(&again[1..], Colour::Never));
        assert_eq!(differing(&first, &first, Colour::Never), "");
    }

    #[test]
    fn a_trace_says_where_what_and_how_long() {
        let place = Place {
            element: "set-variable".into(),
            path: r"choose\when\set-variable".into(),
            document: "policy.xml".into(),
            line: 12,
            ..Place::default()
        };
        let entries = vec![
            Entry::Value("5\nlines".into()),
            Entry::Changed { what: "variable n".into(), before: None, after: Some("5".into()) },
            Entry::Changed { what: "request header X".into(), before: Some("a".into()), after: None },
            Entry::Failed { reason: "R".into(), message: "m".into() },
        ];
        let record = Record {
            section: Section::Inbound,
            place,
            started: Duration::from_micros(1_260),
            duration: Duration::from_micros(12),
            entries,
        };
        let trace = RequestTrace { id: [0xab; 16], gateway: "swedencentral".into(), records: vec![record] };
        assert_eq!(
            text(&trace, Colour::Never),
            "trace abababab-abab-abab-abab-abababababab in swedencentral\n  inbound   policy.xml:12            choose\\when\\set-variable  at 1.3 ms, 12 us\n              gives 5 lines\n              variable n: 5\n              request header X: removed\n              fails with R: m"
        );
    }
}
