//! The text of an expectation: `metric[key] op value [window] [client NAME]`, read and written.

use std::{fmt, ops::Range, time::Duration};

use super::{
    expectation::{Expectation, Metric, Operator, Scope, Unit, Window},
    metrics::{self, NoMetric, error_words, metric},
};
use crate::{
    diagnostic::nearest,
    source::Span,
    spec::{
        fields::shown,
        scalars::{in_words, milliseconds},
    },
};

/// What is wrong with the text of an expectation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpectationError {
    /// Stable: `scenario/bad-expectation`, `scenario/unknown-metric` or `scenario/wrong-unit`.
    pub code: &'static str,
    /// The piece of the text that is wrong, in bytes.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

const GRAMMAR: &str =
    "an expectation is `metric[key] op value`, then a window and `client NAME` where they are wanted: `latency.p95 < 10s during fault 1`";
const WINDOWS: &str = "a window is `during fault 1`, `after fault 1` or `from 5m to 10m`";
const OPERATORS: [(&str, Operator); 5] =
    [(">=", Operator::AtLeast), ("<=", Operator::AtMost), ("==", Operator::Equal), (">", Operator::Above), ("<", Operator::Below)];

impl Expectation {
    /// Reads one. `span` is where the whole text stands.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str, span: Span) -> Result<Self, ExpectationError> {
        let mut words = Words { text, at: 0 };
        let metric = words.metric()?;
        let operator = words.operator()?;
        let value = words.value(&metric)?;
        let scope = words.scope()?;
        Ok(Self { text: text.to_owned(), metric, operator, value, scope, span })
    }
}

/// The text, and how far it is read.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

fn error(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> ExpectationError {
    ExpectationError { code: "scenario/bad-expectation", at, message: message.into(), help: help.into() }
}

impl<'a> Words<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// The longest piece of such characters, and where it stands.
    fn piece(&mut self, belongs: impl Fn(char) -> bool) -> (&'a str, Range<usize>) {
        self.skip_spaces();
        let rest = self.rest();
        let piece = rest.get(..rest.find(|c| !belongs(c)).unwrap_or(rest.len())).unwrap_or("");
        let start = self.at;
        self.at += piece.len();
        (piece, start..self.at)
    }

    fn word(&mut self) -> (&'a str, Range<usize>) {
        self.piece(|c| !c.is_whitespace())
    }

    fn metric(&mut self) -> Result<Metric, ExpectationError> {
        let (name, at) = self.piece(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if name.is_empty() {
            return Err(error(at.start..self.text.len(), "no metric stands at the beginning", GRAMMAR));
        }
        let mut key = None;
        let mut key_at = at.clone();
        if self.rest().starts_with('[') {
            let start = self.at;
            let Some(length) = self.rest().find(']') else {
                return Err(error(start..self.text.len(), "the bracket `[` is not closed", GRAMMAR));
            };
            self.at += length + 1;
            key_at = start..self.at;
            key = self.text.get(start + 1..start + length).map(str::trim);
        }
        metric(name, key).map_err(|wrong| no_metric(&wrong, name, key.unwrap_or(""), at, key_at))
    }

    fn operator(&mut self) -> Result<Operator, ExpectationError> {
        let (text, at) = self.piece(|c| matches!(c, '<' | '>' | '=' | '!' | '~' | '≥' | '≤' | '≠'));
        if let Some((_, operator)) = OPERATORS.iter().find(|(word, _)| *word == text) {
            return Ok(*operator);
        }
        let meant = match text {
            "=" | "===" => Some("=="),
            "=>" | "≥" => Some(">="),
            "=<" | "≤" => Some("<="),
            _ => None,
        };
        let list = "the operators are `>=`, `<=`, `>`, `<` and `==`".to_owned();
        let help = meant.map_or(list, |meant| format!("did you mean `{meant}`?"));
        if text.is_empty() {
            let end = self.word().1.end;
            return Err(error(at.start..end, "an operator is missing behind the metric", help));
        }
        Err(error(at, format!("`{text}` is no operator"), help))
    }

    fn value(&mut self, metric: &Metric) -> Result<f64, ExpectationError> {
        let (text, at) = self.word();
        let (what, how) = metric.unit().in_words();
        if text.is_empty() {
            return Err(error(at, "a value is missing behind the operator", format!("`{metric}` is {what}: write {how}")));
        }
        let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(unit_at).unwrap_or((text, ""));
        if !is_number(number) {
            return Err(error(at, format!("`{}` is no value", shown(text)), format!("`{metric}` is {what}: write {how}")));
        }
        let value = match (metric.unit(), unit) {
            (Unit::Share, "%") => shifted(number, -2),
            (Unit::Time, "ms") => shifted(number, -3),
            (Unit::Time, "s") => shifted(number, 0),
            (Unit::Time, "m") => shifted(number, 0).map(|minutes| minutes * 60.0),
            (Unit::Time, "h") => shifted(number, 0).map(|hours| hours * 3600.0),
            (Unit::Count, "") => shifted(number, 0),
            (wanted, _) => {
                let mend = match wanted {
                    Unit::Share => format!("write `{number}%`"),
                    Unit::Time if unit.is_empty() => format!("write `{number}s`, or another unit: `ms`, `m`"),
                    Unit::Time => format!("write {how}"),
                    Unit::Count => format!("write `{number}`"),
                };
                let message = format!("`{metric}` is {what}, and `{}` is none", shown(text));
                return Err(ExpectationError { code: "scenario/wrong-unit", ..error(at, message, mend) });
            }
        };
        // Beyond these nothing is meant, and what is written would not fit.
        match value.filter(|value| *value == 0.0 || (1e-9..1e15).contains(value)) {
            Some(value) if metric.unit() == Unit::Share && value > 1.0 => {
                Err(error(at, format!("`{}` is more than everything", shown(text)), "give 0% to 100%"))
            }
            Some(value) => Ok(value),
            None => Err(error(at, format!("`{}` is no value", shown(text)), format!("write {how}"))),
        }
    }

    fn scope(&mut self) -> Result<Scope, ExpectationError> {
        let mut scope = Scope::default();
        loop {
            let (word, at) = self.word();
            match word {
                "" => return Ok(scope),
                "client" => {
                    self.skip_spaces();
                    let name = self.rest().trim_end();
                    if name.is_empty() {
                        return Err(error(at, "`client` names nobody", "give the `name` of a load, or `load 1` for the first without one"));
                    }
                    scope.client = Some(name.to_owned());
                    return Ok(scope);
                }
                "during" | "after" | "from" if scope.window != Window::Whole => {
                    return Err(error(at, "a second window", "give one, or write an expectation for each"));
                }
                "during" => scope.window = Window::During(self.fault(at)?),
                "after" => scope.window = Window::After(self.fault(at)?),
                "from" => {
                    let from = self.time(&at)?;
                    let (to, to_at) = self.word();
                    if to != "to" {
                        return Err(error(at.start..to_at.end, "a window has an end", WINDOWS));
                    }
                    let until = self.time(&to_at)?;
                    if until <= from {
                        return Err(error(at.start..self.at, "this window ends before it begins", "give the earlier time first"));
                    }
                    scope.window = Window::Between(from, until);
                }
                _ => {
                    let help = match nearest(word, ["during", "after", "from", "client"]) {
                        Some(meant) => format!("did you mean `{meant}`? {WINDOWS}; then `client NAME` may follow"),
                        None => format!("{WINDOWS}; then `client NAME` may follow"),
                    };
                    return Err(error(at, format!("`{}` means nothing here", shown(word)), help));
                }
            }
        }
    }

    /// `fault N`, after the word that stands at `begun`.
    fn fault(&mut self, begun: Range<usize>) -> Result<usize, ExpectationError> {
        let (word, _) = self.word();
        let (number, at) = self.word();
        match number.parse::<usize>() {
            Ok(index) if word == "fault" && index > 0 && !number.starts_with('+') => Ok(index),
            _ => Err(error(begun.start..at.end, "this names no fault", "faults go by their number in the file, from 1: `during fault 1`")),
        }
    }

    fn time(&mut self, begun: &Range<usize>) -> Result<Duration, ExpectationError> {
        let (text, at) = self.word();
        milliseconds(text).map(Duration::from_millis).ok_or_else(|| {
            let message = format!("`{}` is no time", shown(text));
            error(begun.start..at.end, message, "a time is a whole number with a unit, from the scenario's beginning: `30s`, `5m`, `1h`")
        })
    }
}

fn no_metric(wrong: &NoMetric, name: &str, key: &str, at: Range<usize>, key_at: Range<usize>) -> ExpectationError {
    let name_shown = shown(name);
    match wrong {
        NoMetric::Unknown(meant) => {
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the metrics are {}", quoted(&metrics::names())),
            };
            ExpectationError { code: "scenario/unknown-metric", ..error(at, format!("unknown metric `{name_shown}`"), help) }
        }
        NoMetric::Statistic(base) => {
            let help = format!("write `{base}.p95` or another: `min`, `mean`, `max`, `p50`, `p99.9`");
            let message =
                if name == *base { format!("`{base}` is many numbers") } else { format!("`{name_shown}` is no number of `{base}`") };
            ExpectationError { code: "scenario/unknown-metric", ..error(at, message, help) }
        }
        NoMetric::Keyless => error(at, format!("`{name_shown}` needs a key"), format!("write `{name_shown}[NAME]`")),
        NoMetric::Keyed => error(key_at, format!("`{name_shown}` takes no key"), format!("write `{name_shown}`")),
        NoMetric::Status => error(key_at, format!("`{}` is no status", shown(key)), "write `[429]`, or `[5xx]` for a class"),
        NoMetric::Error(meant) => {
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("a request may end in {}", quoted(&error_words().collect::<Vec<_>>())),
            };
            error(key_at, format!("no request ends in `{}`", shown(key)), help)
        }
    }
}

fn quoted<T: fmt::Display>(words: &[T]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Digits, and more behind one point.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, behind) = text.split_once('.').map_or((text, None), |(whole, behind)| (whole, Some(behind)));
    text.len() <= 30 && digits(whole) && behind.is_none_or(digits)
}

/// A number with its point moved: 99.95 by -2 is 0.9995, to the last bit.
pub(super) fn shifted(number: &str, places: i32) -> Option<f64> {
    format!("{number}e{places}").parse().ok().filter(|value: &f64| value.is_finite())
}

/// A number with its point moved to the right, as people write it.
pub(super) fn plain(value: f64, places: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1 + places;
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    if point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{digits}{}", zeros(point - length))
    } else {
        let (whole, behind) = digits.split_at_checked(usize::try_from(point).unwrap_or(0)).unwrap_or((&digits, ""));
        format!("{whole}.{behind}")
    }
}

impl Unit {
    /// A value as an expectation writes it: `99.95%`, `250ms`, `10s`, `3`.
    pub fn written(self, value: f64) -> String {
        match self {
            Self::Share => format!("{}%", plain(value, 2)),
            Self::Time if value > 0.0 && value < 1.0 => format!("{}ms", plain(value, 3)),
            Self::Time => format!("{}s", plain(value, 0)),
            Self::Count => plain(value, 0),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Above => ">",
            Self::Below => "<",
            Self::Equal => "==",
        })
    }
}

/// `during fault 1`, `from 5m to 10m`; nothing for the whole time.
impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = |time: &Duration| in_words(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        match self {
            Self::Whole => Ok(()),
            Self::During(fault) => write!(f, "during fault {fault}"),
            Self::After(fault) => write!(f, "after fault {fault}"),
            Self::Between(from, to) => write!(f, "from {} to {}", words(from), words(to)),
        }
    }
}

/// As the grammar has it: what is written reads as the same expectation.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.metric, self.operator, self.metric.unit().written(self.value))?;
        if self.scope.window != Window::Whole {
            write!(f, " {}", self.scope.window)?;
        }
        self.scope.client.as_ref().map_or(Ok(()), |client| write!(f, " client {client}"))
    }
}
