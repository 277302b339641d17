//! What has happened and what holds as Prometheus reads it.
//!
//! Source: github.com/prometheus/docs, `docs/instrumenting/exposition_formats.md` (text format 0.0.4).

use std::{fmt::Write as _, time::Duration};

use super::{
    clock,
    events::Outcome,
    ledger::{BOUNDS, Histogram, Pages},
    site::Site,
};
use crate::text::Text;

/// The format and its version.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// All metrics.
pub(super) fn text(site: &Site, pages: &Pages) -> String {
    let mut sheet = Sheet::default();
    let gateways = site.gateways();
    let hosted = site.world.hosted();
    sheet.family("requests_total", "counter", "Requests that clients of the gateways have got an answer to, or given up.");
    for (answered, count) in pages.requests.iter() {
        let status = answered.status.to_string();
        let whole = if answered.whole { "true" } else { "false" };
        sheet.sample(
            "requests_total",
            &[("gateway", &answered.gateway), ("status", &status), ("whole", whole), ("served_by", &answered.served_by)],
            count,
        );
    }
    sheet.family(
        "front_door_requests_total",
        "counter",
        "Requests that clients of Front Door have got an answer to, or given up; without a gateway the answer is the edge's own.",
    );
    for (answered, count) in pages.edge.iter() {
        let status = answered.status.to_string();
        let whole = if answered.whole { "true" } else { "false" };
        sheet.sample("front_door_requests_total", &[("gateway", &answered.gateway), ("status", &status), ("whole", whole)], count);
    }
    sheet.family(
        "attempts_total",
        "counter",
        "Calls of the gateways to backends; the outcome is a status or a word of the catalogue of faults.",
    );
    for (called, count) in pages.attempts.iter() {
        let outcome = match called.outcome {
            Outcome::Status(status) => status.to_string(),
            Outcome::Error(word) => word.to_owned(),
        };
        sheet.sample("attempts_total", &[("gateway", &called.gateway), ("backend", &called.backend), ("outcome", &outcome)], count);
    }
    sheet.family("request_duration_seconds", "histogram", "From the head of a request to the last byte of its answer.");
    for (gateway, histogram) in &pages.durations {
        sheet.histogram("request_duration_seconds", "gateway", gateway, histogram);
    }
    sheet.family("attempt_duration_seconds", "histogram", "From a call to the head of the backend's answer.");
    for (backend, histogram) in &pages.attempt_durations {
        sheet.histogram("attempt_duration_seconds", "backend", backend, histogram);
    }
    sheet.family("tokens_total", "counter", "Tokens that the simulated resources have answered for.");
    for hosted in &hosted {
        let (prompt, completion) = hosted.server.tokens();
        for (kind, count) in [("prompt", prompt), ("completion", completion)] {
            sheet.sample("tokens_total", &[("backend", &hosted.server.id()), ("kind", kind)], count);
        }
    }
    sheet.family("backend_requests_total", "counter", "Requests that have reached the simulated resources, whoever sent them.");
    for hosted in &hosted {
        sheet.sample("backend_requests_total", &[("backend", &hosted.server.id())], hosted.server.requests());
    }
    sheet.family("requests_in_flight", "gauge", "Requests that are under way in the gateways.");
    for gateway in &gateways {
        sheet.sample("requests_in_flight", &[("gateway", gateway.server.region())], gateway.server.in_flight());
    }
    sheet.family("fault", "gauge", "Faults that hold, each with 1.");
    for active in site.faults() {
        sheet.sample("fault", &[("target", &active.target.to_string()), ("fault", &active.fault.word())], 1);
    }
    let now = clock::now();
    let circuits: Vec<_> = gateways
        .iter()
        .flat_map(|gateway| gateway.server.circuits(now).into_iter().map(|circuit| (gateway.server.region().clone(), circuit)))
        .collect();
    sheet.family("circuit_open", "gauge", "Whether the circuit of a backend entity is open in a gateway; there once it has been open.");
    for (gateway, (backend, until, _)) in &circuits {
        sheet.sample("circuit_open", &[("gateway", gateway), ("backend", backend)], u64::from(until.is_some()));
    }
    sheet.family("circuit_opened_total", "counter", "How often the circuit of a backend entity has opened in a gateway.");
    for (gateway, (backend, _, opened)) in &circuits {
        sheet.sample("circuit_opened_total", &[("gateway", gateway), ("backend", backend)], *opened);
    }
    sheet.0
}

/// The text as it grows.
#[derive(Default)]
struct Sheet(String);

/// Writing to a string cannot fail.
impl Sheet {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP openai_failover_{name} {help}\n# TYPE openai_failover_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.0, "openai_failover_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if index == 0 { '{' } else { ',' });
            for character in text.chars() {
                match character {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    other => self.0.push(other),
                }
            }
            self.0.push('"');
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    fn histogram(&mut self, name: &str, label: &str, of: &Text, histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        let mut count = 0;
        let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
        for (bound, in_bucket) in bounds.zip(histogram.buckets) {
            count += in_bucket;
            self.sample(&bucket, &[(label, of), ("le", &bound)], count);
        }
        self.sample(&format!("{name}_sum"), &[(label, of)], seconds(histogram.sum));
        self.sample(&format!("{name}_count"), &[(label, of)], count);
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut sheet = Sheet::default();
        sheet.sample("x", &[("a", "q\"\\\n"), ("b", "")], 1);
        sheet.sample("y", &[], 2.5);
        assert_eq!(sheet.0, "openai_failover_x{a=\"q\\\"\\\\\\n\",b=\"\"} 1\nopenai_failover_y 2.5\n");
    }
}
