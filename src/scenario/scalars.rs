//! The single values of a scenario that a spec does not have: rates, shares, paths, words of faults, expectations.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::metrics::METRICS;
use crate::{
    azure::faults::{self, CATALOGUE},
    source::Span,
    spec::{
        fields::{Read, Reader, shown},
        scalars::schema,
        tree::{Node, Value},
    },
};

/// Requests a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate(pub(super) f64);

/// More requests a second than this are no load, but a slip of the pen.
const MOST: f64 = 100_000.0;

impl Read for Rate {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        const FORM: &str = "a rate is a number and a unit: `1/s`, `30/m`, `200/h`";
        let text = reader.text(node, "a rate such as `1/s`")?;
        let rate = text.split_once('/').and_then(|(number, unit)| {
            let seconds = match unit.trim() {
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3_600.0,
                _ => return None,
            };
            number.trim().parse::<f64>().ok().map(|number| number / seconds)
        });
        match rate {
            Some(rate) if (0.0..=MOST).contains(&rate) => Some(Self(rate)),
            Some(_) => {
                let message = format!("`{}` is out of range", shown(text));
                reader.error("scenario/out-of-range", node.span, message, "give at most 100000 requests a second");
                None
            }
            None => {
                let help = match text.parse::<f64>() {
                    Ok(_) => format!("did you mean `{}/s`? {FORM}", shown(text)),
                    Err(_) => FORM.to_owned(),
                };
                reader.error("scenario/bad-rate", node.span, format!("`{}` is not a rate", shown(text)), help);
                None
            }
        }
    }
}
schema!([] Rate, "Rate", json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?/[smh]$" }));

/// A share, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share(pub(super) f64);

impl Read for Share {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "a share such as `30%`")?;
        let Some(number) = text.strip_suffix('%').and_then(|number| super::grammar::shifted(number.trim_end(), -2)) else {
            let help = match text.parse::<f64>() {
                Ok(number) if (0.0..=1.0).contains(&number) => format!("did you mean `{}%`?", super::grammar::plain(number, 2)),
                Ok(_) => format!("did you mean `{}%`?", shown(text)),
                Err(_) => "a share is a number and a percent sign: `30%`".to_owned(),
            };
            reader.error("scenario/bad-share", node.span, format!("`{}` is not a share", shown(text)), help);
            return None;
        };
        if (0.0..=1.0).contains(&number) {
            return Some(Self(number));
        }
        reader.error("scenario/out-of-range", node.span, format!("`{}` is out of range", shown(text)), "give 0% to 100%");
        None
    }
}
schema!([] Share, "Share", json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$" }));

/// A number that may vary, as [`super::Amount`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Amount(pub(super) super::Amount);

/// A text with a rule, and what a wrong one is told: without the text itself, where that may be a secret.
macro_rules! ruled {
    ($(#[$meta:meta])* $name:ident, $what:literal, $pattern:literal, $holds:expr, $rule:literal) => {
        ruled!($(#[$meta])* $name, $what, $pattern, $holds, $rule, false);
    };
    ($(#[$meta:meta])* $name:ident, $what:literal, $pattern:literal, $holds:expr, $rule:literal, $is_secret:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(super) struct $name(pub(super) String);

        impl Read for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $what)?;
                let holds: fn(&str) -> bool = $holds;
                if holds(text) {
                    return Some(Self(text.to_owned()));
                }
                let message = if $is_secret { format!("this is not {}", $what) } else { format!("`{}` is not {}", shown(text), $what) };
                reader.error("scenario/bad-text", node.head(reader.source.text()), message, $rule);
                None
            }
        }

        schema!([] $name, $what, json_schema!({ "type": "string", "pattern": $pattern }));
    };
}

ruled!(
    /// What a load is called. Expectations name it at their end, so that it may hold spaces.
    ClientName, "a name", "^[^\\s\\u0000-\\u001f]([^\\u0000-\\u001f]{0,62}[^\\s\\u0000-\\u001f])?$",
    |text| !text.is_empty() && text.trim() == text && text.chars().count() <= 64 && !text.chars().any(char::is_control),
    "use 1 to 64 characters without spaces at either end"
);
ruled!(
    /// A method: RFC 9110, section 9.1.
    Method, "a method", "^[A-Z]{1,20}$",
    |text| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase()),
    "write `GET`, `POST` or another, in capitals"
);
ruled!(
    /// Path and query of a request.
    RequestPath, "a path", "^/[!-~]*$",
    |text| text.starts_with('/') && text.len() <= 8_000 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'),
    "begin with `/`, and write what is no ASCII, or a space, as `%20`"
);
ruled!(
    /// The value of a header field: RFC 9110, section 5.5.
    HeaderValue, "the value of a header", "^[ -~]*$",
    |text| text.len() <= 8_000 && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && text.trim() == text,
    "use ASCII, on one line, without spaces at either end",
    true
);
ruled!(
    /// The pairs of a query.
    QueryText, "a query", "^[!-~]+$",
    |text| !text.is_empty() && text.len() <= 8_000 && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') && !text.starts_with('?'),
    "write `name=value&other=value`, without the question mark"
);

/// What goes wrong, as the file says it: what it means depends on its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FaultWord(pub(super) String);

impl Read for FaultWord {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(node, "a status such as `429`, or a word of the catalogue of faults").map(|text| Self(text.to_owned()))
    }
}

/// What a fault may be, for editors.
pub(super) fn fault_schema() -> Schema {
    let words: Vec<&str> = CATALOGUE.iter().map(|entry| entry.word).collect();
    json_schema!({ "anyOf": [
        { "type": "integer", "minimum": 200, "maximum": 599 },
        { "type": "string", "pattern": "^[2-5][0-9][0-9]$" },
        { "enum": words },
    ]})
}

/// A value of a fault, as the catalogue of faults reads it.
macro_rules! of_fault {
    ($(#[$meta:meta])* $name:ident, $type:ty, $what:literal, $schema:expr) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $name(pub(super) $type);

        impl Read for $name {
            fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
                let text = reader.text(node, $what)?;
                match text.parse() {
                    Ok(value) => Some(Self(value)),
                    Err(wrong) => {
                        reader.error("scenario/bad-share", node.span, format!("`{}` is not {}", shown(text), $what), wrong.to_string());
                        None
                    }
                }
            }
        }

        schema!([] $name, $what, $schema);
    };
}

of_fault!(
    /// The share of requests that a fault holds for.
    FaultShare, faults::Share, "a share such as `30%`",
    json_schema!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$" })
);
of_fault!(
    /// What a limit falls to.
    FaultQuota, faults::Quota, "a number of tokens a minute, or a share such as `10%`",
    json_schema!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%?$" }] })
);

/// An expectation, read once it is known where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expectation(pub(super) super::Expectation);

impl Read for Expectation {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "an expectation such as `availability >= 99.95%`")?;
        let span = node.head(reader.source.text());
        match super::Expectation::parse(text, span) {
            Ok(expectation) => Some(Self(expectation)),
            Err(fault) => {
                let at = piece(node, reader, fault.at);
                reader.error(fault.code, at, fault.message, fault.help);
                None
            }
        }
    }
}

/// Where a piece of a scalar's text stands: all of the scalar where quoting or folding has changed its text.
pub(super) fn piece(node: &Node, reader: &Reader<'_>, piece: std::ops::Range<usize>) -> Span {
    let Value::Scalar { text, .. } = &node.value else { return node.head(reader.source.text()) };
    let written = reader.source.slice(node.span);
    let Some(begins) = written.find(text.as_str()) else { return node.head(reader.source.text()) };
    let start = node.span.start as usize + begins;
    Span::new(start + piece.start, start + piece.end.max(piece.start))
}

impl JsonSchema for Expectation {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<String> = METRICS.iter().map(|row| row.name.replace('.', "\\.")).collect();
        let metric = format!("({})(\\.(min|mean|max|p[0-9]{{1,2}}(\\.[0-9])?))?(\\[[^\\]]+\\])?", names.join("|"));
        let window = "(during fault [0-9]+|after fault [0-9]+|from [0-9]+(ms|s|m|h) to [0-9]+(ms|s|m|h))";
        let pattern = format!("^\\s*{metric}\\s*(>=|<=|>|<|==)\\s*[0-9.]+(%|ms|s|m|h)?(\\s+{window})?(\\s+client .+)?\\s*$");
        let says: Vec<String> = METRICS.iter().map(|row| format!("`{}`: {}", row.name, row.says)).collect();
        json_schema!({
            "description": format!("What must hold: `metric[key] op value [window] [client NAME]`. {}.", says.join("; ")),
            "type": "string",
            "pattern": pattern,
            "examples": ["availability >= 99.95%", "latency.p95 < 10s during fault 1", "responses[429] == 0"],
        })
    }
}
