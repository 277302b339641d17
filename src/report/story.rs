//! A request to a simulated gateway as one line: what the client got, and each attempt on the way.

use std::time::Duration;

use super::Colour;
use crate::live::{Attempt, EdgeRecord, Outcome, RequestRecord};

/// `12:00:01.007 swedencentral POST /openai/… 200 from frc in 12 ms  [swc (swedencentral) 429 in 3 ms, then frc (francecentral) 200 in 8 ms]`
pub fn line(record: &RequestRecord, colour: Colour) -> String {
    let time = jiff::Timestamp::from_nanosecond(i128::from(record.time.0)).unwrap_or_default();
    let time = time.strftime("%H:%M:%S%.3f");
    let served = record.served_by.as_ref().filter(|id| **id != "none").map_or(String::new(), |id| format!(" from {id}"));
    let attempts: Vec<String> = record.attempts.iter().map(|attempt| attempted(attempt, colour)).collect();
    let attempts = if attempts.is_empty() { "no backend called".to_owned() } else { attempts.join(", then ") };
    let error = record.error.map_or(String::new(), |error| format!(" ({error})"));
    let through = if record.front_door.is_some() { " through Front Door" } else { "" };
    format!(
        "{time} {} {} {} {}{served}{error}{through} in {}  [{attempts}]",
        record.gateway,
        record.method,
        record.path,
        status(record.status, colour),
        duration(record.ms)
    )
}

/// What Front Door did with a request, where that is more than to pass it on: `12:00:01.007 Front Door POST /openai/… 403 (waf-block) in 1 ms
/// [rule only-europe: Block]`.
pub fn edge(record: &EdgeRecord, colour: Colour) -> Option<String> {
    if record.error.is_none() && record.waf.is_empty() && record.attempts.len() < 2 {
        return None;
    }
    let time = jiff::Timestamp::from_nanosecond(i128::from(record.time.0)).unwrap_or_default();
    let time = time.strftime("%H:%M:%S%.3f");
    let error = record.error.map_or(String::new(), |error| format!(" ({error})"));
    let rule = |met: &crate::azure::front_door::WafMatch| {
        format!("rule {}: {}{}", met.rule, met.action.word(), if met.acted { "" } else { ", only logged" })
    };
    let mut parts: Vec<String> = record.waf.iter().map(rule).collect();
    let attempts: Vec<String> = record.attempts.iter().map(|attempt| asked(attempt, colour)).collect();
    parts.extend((!attempts.is_empty()).then(|| attempts.join(", then ")));
    Some(format!(
        "{time} Front Door {} {} {}{error} in {}  [{}]",
        record.method,
        record.path,
        status(record.status, colour),
        duration(record.ms),
        parts.join("; ")
    ))
}

fn attempted(attempt: &Attempt, colour: Colour) -> String {
    let region = attempt.region.as_ref().map_or(String::new(), |region| format!(" ({region})"));
    format!("{}{region} {} in {}", attempt.backend, outcome(attempt, colour), duration(attempt.ms))
}

fn asked(attempt: &Attempt, colour: Colour) -> String {
    format!("{} {} in {}", attempt.backend, outcome(attempt, colour), duration(attempt.ms))
}

fn outcome(attempt: &Attempt, colour: Colour) -> String {
    match attempt.outcome {
        Outcome::Status(code) => status(code, colour),
        Outcome::Error(word) => colour.paint(word, "\u{1b}[31m"),
    }
}

pub(super) fn status(code: u16, colour: Colour) -> String {
    let style = match code {
        200..400 => "\u{1b}[32m",
        400..500 => "\u{1b}[33m",
        _ => "\u{1b}[31m",
    };
    colour.paint(&code.to_string(), style)
}

fn duration(duration: Duration) -> String {
    match duration.as_millis() {
        0 => "<1 ms".to_owned(),
        ms @ 1..10_000 => format!("{ms} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Moment;

    #[test]
    fn a_line_tells_the_whole_story() {
        let record = RequestRecord {
            time: Moment(1_763_690_060_007_999_999),
            id: [0; 16],
            gateway: "swedencentral".into(),
            method: "POST".into(),
            path: "/openai/deployments/gpt-4o/chat/completions".into(),
            front_door: None,
            status: 200,
            served_by: Some("frc".into()),
            attempts: vec![
                Attempt {
                    backend: "swc".into(),
                    region: Some("swedencentral".into()),
                    outcome: Outcome::Status(429),
                    ms: Duration::from_micros(2_600),
                },
                Attempt {
                    backend: "frc".into(),
                    region: Some("francecentral".into()),
                    outcome: Outcome::Status(200),
                    ms: Duration::from_millis(8),
                },
            ],
            ms: Duration::from_millis(12),
            error: None,
            bytes: 0,
            number: None,
        };
        assert_eq!(
            line(&record, Colour::Never),
            "01:54:20.007 swedencentral POST /openai/deployments/gpt-4o/chat/completions 200 from frc in 12 ms  \
             [swc (swedencentral) 429 in 2 ms, then frc (francecentral) 200 in 8 ms]"
        );
    }
}
