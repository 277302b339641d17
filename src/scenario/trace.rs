//! Recorded requests: a CSV file with a line of names and a line for each request.
//!
//! Columns are `time` (seconds from the load's start, or a date and time, which count from the first line's), `model`, `prompt_tokens`,
//! `max_tokens` and `streaming`; all but the first may be missing, and others are passed over. The public traces of Azure's language
//! models (github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md and …2024.md) call theirs `TIMESTAMP`, `ContextTokens` and
//! `GeneratedTokens`. How much was generated is taken for the most that is asked for: it is all that such a trace says.

use std::{sync::Arc, time::Duration};

use super::model::Recorded;
use crate::{
    diagnostic::{Diagnostic, nearest},
    source::{Source, Span},
    spec::fields::shown,
};

/// How many faults of one file are told.
const TOLD: usize = 20;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Time,
    Model,
    PromptTokens,
    MaxTokens,
    Streaming,
}

/// Names of columns, letters alone and in lower case.
const NAMES: [(&str, Column); 11] = [
    ("time", Column::Time),
    ("timestamp", Column::Time),
    ("at", Column::Time),
    ("model", Column::Model),
    ("prompttokens", Column::PromptTokens),
    ("contexttokens", Column::PromptTokens),
    ("maxtokens", Column::MaxTokens),
    ("generatedtokens", Column::MaxTokens),
    ("completiontokens", Column::MaxTokens),
    ("streaming", Column::Streaming),
    ("stream", Column::Streaming),
];

/// When, before it is known when the first was.
#[derive(Clone, Copy, Debug)]
enum When {
    Seconds(Duration),
    Date(jiff::Timestamp),
}

/// The requests in the order of time.
pub(super) fn read(source: &Arc<Source>) -> Result<Vec<Recorded>, Vec<Diagnostic>> {
    let mut lines = Lines { text: source.text().trim_start_matches('\u{feff}'), at: source.text().len() };
    lines.at -= lines.text.len();
    let columns = match lines.next() {
        Some(names) => columns(source, &names)?,
        None => {
            let fault = Diagnostic::error("scenario/bad-trace", "the trace says nothing").at(source, Span::at(0));
            return Err(vec![fault.help("its first line names the columns: `time,model,prompt_tokens,max_tokens,streaming`")]);
        }
    };
    let mut faults = Vec::new();
    let mut recorded: Vec<(When, Recorded)> = Vec::new();
    for cells in lines {
        match request(source, &columns, &cells) {
            Ok(request) => recorded.push(request),
            Err(fault) => faults.push(fault),
        }
        if faults.len() == TOLD {
            break;
        }
    }
    let first = recorded.iter().filter_map(|(when, _)| if let When::Date(date) = when { Some(*date) } else { None }).min();
    let since = |when: &When| match (when, first) {
        (When::Date(date), Some(first)) => Duration::try_from(date.duration_since(first)).unwrap_or(Duration::ZERO),
        (When::Seconds(seconds), _) => *seconds,
        (When::Date(_), None) => Duration::ZERO,
    };
    let mixed = first.is_some() && recorded.iter().any(|(when, _)| matches!(when, When::Seconds(_)));
    if mixed {
        let fault =
            Diagnostic::error("scenario/bad-trace", "some times of the trace are dates, and others are seconds").at(source, Span::at(0));
        faults.push(fault.help("write all in one way"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut requests: Vec<Recorded> = recorded.into_iter().map(|(when, request)| Recorded { at: since(&when), ..request }).collect();
    requests.sort_by_key(|request| request.at);
    Ok(requests)
}

fn columns(source: &Arc<Source>, names: &[Cell<'_>]) -> Result<Vec<Option<Column>>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in names {
        let name: String = cell.text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, column)| *column);
        if found.is_some() && columns.contains(&found) {
            let message = format!("the column `{}` is there twice", shown(&cell.text));
            faults.push(Diagnostic::error("scenario/bad-trace", message).at(source, cell.span).help("remove one of the two"));
        }
        columns.push(found);
    }
    if !columns.contains(&Some(Column::Time)) {
        let meant = names.iter().find(|cell| nearest(&cell.text, ["time", "timestamp"]).is_some());
        let fault = Diagnostic::error("scenario/bad-trace", "the trace has no column `time`");
        let fault = fault.at(source, names.first().zip(names.last()).map_or(Span::at(0), |(first, last)| first.span.to(last.span)));
        faults.push(fault.help(match meant {
            Some(cell) => format!("rename `{}` to `time`", shown(&cell.text)),
            None => "its first line names the columns: `time,model,prompt_tokens,max_tokens,streaming`".to_owned(),
        }));
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

fn request(source: &Arc<Source>, columns: &[Option<Column>], cells: &[Cell<'_>]) -> Result<(When, Recorded), Diagnostic> {
    let mut request = Recorded::default();
    let mut when = None;
    for (column, cell) in columns.iter().zip(cells) {
        let (Some(column), text) = (column, cell.text.trim()) else { continue };
        if text.is_empty() {
            continue;
        }
        let wrong = |what: &str, help: &str| {
            let fault = Diagnostic::error("scenario/bad-trace", format!("`{}` is not {what}", shown(text)));
            fault.at(source, cell.span).help(help)
        };
        match column {
            Column::Time => {
                let help = "write seconds (`12.5`), or a date and time (`2023-11-16T18:17:03.9799600Z`)";
                when = Some(time(text).ok_or_else(|| wrong("a time", help))?);
            }
            Column::Model => request.model = Some(text.to_owned()),
            Column::PromptTokens => request.prompt_tokens = Some(number(text).ok_or_else(|| wrong("a number of tokens", ""))?),
            Column::MaxTokens => request.max_tokens = Some(number(text).ok_or_else(|| wrong("a number of tokens", ""))?),
            Column::Streaming => {
                let truth = match text.to_ascii_lowercase().as_str() {
                    "true" | "1" | "yes" => true,
                    "false" | "0" | "no" => false,
                    _ => return Err(wrong("a truth value", "write `true` or `false`")),
                };
                request.streaming = Some(truth);
            }
        }
    }
    let place = cells.first().zip(cells.last()).map_or(Span::at(0), |(first, last)| first.span.to(last.span));
    when.map(|when| (when, request)).ok_or_else(|| Diagnostic::error("scenario/bad-trace", "this line has no time").at(source, place))
}

/// A whole number; some tools write `374.0`.
fn number(text: &str) -> Option<u64> {
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok().filter(|number| *number <= 10_000_000 && !text.starts_with('+'))
}

fn time(text: &str) -> Option<When> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok().map(When::Seconds);
    }
    let date = text.parse::<jiff::Timestamp>().ok();
    // Without an offset it is UTC: only differences count.
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    date.or_else(civil).map(When::Date)
}

/// One value of a line.
struct Cell<'a> {
    text: std::borrow::Cow<'a, str>,
    span: Span,
}

/// The lines of a CSV text as RFC 4180 has them: quotes around values, doubled within them. Empty lines are passed over.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Vec<Cell<'a>>;

    fn next(&mut self) -> Option<Vec<Cell<'a>>> {
        loop {
            let rest = self.text.trim_start_matches(['\r', '\n']);
            self.at += self.text.len() - rest.len();
            self.text = rest;
            if rest.is_empty() {
                return None;
            }
            let mut cells = Vec::new();
            while let Some(last) = self.cell(&mut cells) {
                if last {
                    break;
                }
            }
            if cells.iter().any(|cell| !cell.text.trim().is_empty()) {
                return Some(cells);
            }
        }
    }
}

impl<'a> Lines<'a> {
    /// Takes one value; says whether it is the last of its line.
    fn cell(&mut self, into: &mut Vec<Cell<'a>>) -> Option<bool> {
        let start = self.at;
        let (text, length) = match self.text.strip_prefix('"') {
            Some(quoted) => {
                let inner = closing(quoted);
                let text = quoted.get(..inner).unwrap_or("");
                // Behind the closing quote only the next comma counts.
                let behind = quoted.get(inner..).unwrap_or("");
                let rest = behind.find([',', '\r', '\n']).unwrap_or(behind.len());
                let text = if text.contains('"') { text.replace("\"\"", "\"").into() } else { text.into() };
                (text, 1 + inner + rest)
            }
            None => {
                let length = self.text.find([',', '\r', '\n']).unwrap_or(self.text.len());
                (self.text.get(..length).unwrap_or("").into(), length)
            }
        };
        into.push(Cell { text, span: Span::new(start, start + length) });
        let rest = self.text.get(length..).unwrap_or("");
        let is_comma = rest.starts_with(',');
        let taken = length + usize::from(is_comma);
        self.text = self.text.get(taken..).unwrap_or("");
        self.at += taken;
        Some(!is_comma)
    }
}

/// Where the quote closes that has been opened: a quote that is not doubled.
fn closing(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find('"')) {
        let at = from + at;
        if text.get(at + 1..).is_none_or(|rest| !rest.starts_with('"')) {
            return at;
        }
        from = at + 2;
    }
    text.len()
}
