//! Runs as one JSON document. Its fields are those of the page `docs/test.md`. Nothing in it depends on the machine or the hour; shares and
//! means are rounded to nine decimals, times are milliseconds to the microsecond.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Map, Value as Json, json};

use super::{Sample, Spread, Trial, availability, share, window};
use crate::{
    scenario::{TimedFault, Unit},
    text::Text,
    virtual_time::{Bucket, Call, Cast, FaultStory, Judged, Run, Statistics, Story, Timeline, Try},
};

/// The document.
pub fn json(trials: &[Trial]) -> Json {
    let failed = trials.iter().filter(|trial| !trial.holds()).count();
    json!({ "version": 1, "holds": failed == 0, "failed": failed, "scenarios": trials.iter().map(scenario).collect::<Vec<_>>() })
}

fn scenario(trial: &Trial) -> Json {
    let run = &trial.run;
    let cast = &run.cast;
    let mut object = Map::new();
    let mut field = |name: &str, value: Json| {
        object.insert(name.to_owned(), value);
    };
    field("file", json!(trial.file));
    field("name", json!(run.scenario.name));
    if let Some(description) = &run.scenario.description {
        field("description", json!(description));
    }
    field("holds", json!(trial.holds()));
    field("seed", json!(run.seed));
    field("durationMs", ms(run.scenario.duration));
    field("objective", run.objective.map_or(Json::Null, |percent| fraction(percent / 100.0)));
    if let Some(agreement) = &trial.agreement {
        let layers: Vec<Json> =
            agreement.layers.iter().map(|(name, share)| json!({ "name": name, "availability": fraction(*share) })).collect();
        field("agreement", json!({ "availability": fraction(agreement.composite), "layers": layers }));
    }
    field("backends", cast.backends.iter().map(|(id, region)| json!({ "id": id, "region": region })).collect());
    field("gateways", json!(cast.gateways));
    field("expectations", run.judged.iter().map(expectation).collect());
    field("faults", run.scenario.faults.iter().zip(&run.faults).map(fault).collect());
    field("statistics", Json::Object(statistics(&run.whole, cast)));
    field("clients", run.clients.iter().map(|(name, numbers)| named("client", name, numbers, cast)).collect());
    field("windows", run.windows.iter().map(|(span, numbers)| named("window", &window(*span).into(), numbers, cast)).collect());
    field("timeline", timeline(&run.timeline, cast));
    field("slowest", run.slowest.iter().map(story).collect());
    field("failed", run.failed.iter().map(story).collect());
    if !trial.others.is_empty() {
        field("seeds", seeds(trial));
    }
    Json::Object(object)
}

fn expectation(judged: &Judged) -> Json {
    let expectation = &judged.expectation;
    let unit = expectation.metric.unit();
    let value = |value: f64| match unit {
        Unit::Time => fraction(value * 1_000.0),
        Unit::Share | Unit::Count => fraction(value),
    };
    let mut object = json!({
        "text": expectation.text,
        "holds": judged.holds,
        "unit": match unit { Unit::Share => "share", Unit::Time => "ms", Unit::Count => "count" },
        "wanted": value(expectation.value),
        "actual": judged.actual.map_or(Json::Null, value),
        "of": judged.of,
    });
    if let (Some(object), Some(offender)) = (object.as_object_mut(), &judged.offender) {
        object.insert("offender".to_owned(), story(offender));
    }
    object
}

/// The fault's own fields stand beside when and where.
fn fault((timed, story): (&TimedFault, &FaultStory)) -> Json {
    let mut object = Map::new();
    object.insert("atMs".to_owned(), ms(timed.at));
    object.insert("forMs".to_owned(), timed.lasts.map_or(Json::Null, ms));
    object.insert("target".to_owned(), json!(timed.target));
    object.insert("fault".to_owned(), json!(timed.fault.to_string()));
    object.insert("failoverMs".to_owned(), story.failover_time.map_or(Json::Null, ms));
    object.insert("returnMs".to_owned(), story.return_time.map_or(Json::Null, ms));
    Json::Object(object)
}

fn named(key: &str, name: &Text, numbers: &Statistics, cast: &Cast) -> Json {
    let mut object = Map::new();
    object.insert(key.to_owned(), json!(name));
    object.extend(statistics(numbers, cast));
    Json::Object(object)
}

fn statistics(numbers: &Statistics, cast: &Cast) -> Map<String, Json> {
    let backends = |counts: &[u64]| by(cast.backends.iter().map(|(id, _)| id), counts);
    let mut object = Map::new();
    let mut field = |name: &str, value: Json| {
        object.insert(name.to_owned(), value);
    };
    field("availability", availability(numbers).map_or(Json::Null, fraction));
    field("sent", json!(numbers.sent));
    field("good", json!(numbers.good));
    field("unfinished", json!(numbers.unfinished));
    field("responses", numbers.statuses.iter().map(|(status, count)| (status.to_string(), json!(count))).collect::<Map<_, _>>().into());
    field("errors", numbers.errors.iter().map(|(word, count)| ((*word).to_owned(), json!(count))).collect::<Map<_, _>>().into());
    field("latencyMs", histogram(&numbers.latency, 1_000.0));
    field("firstTokenMs", histogram(&numbers.first_token, 1_000.0));
    field("attempts", histogram(&numbers.attempts, 1.0));
    field("servedBy", backends(&numbers.served_by));
    field("calls", backends(&numbers.calls));
    field("throttled", backends(&numbers.throttled));
    field("tokens", backends(&numbers.tokens));
    field("tokensWasted", json!(numbers.tokens_wasted));
    field("gateways", by(cast.gateways.iter(), &numbers.gateways));
    field("failovers", json!(numbers.failovers));
    field("clientRetries", json!(numbers.client_retries));
    field("throttledWithCapacity", json!(numbers.throttled_with_capacity));
    field("outsideBoundary", json!(numbers.outside_boundary));
    field("blocked", numbers.blocked.iter().map(|(rule, count)| (rule.to_string(), json!(count))).collect::<Map<_, _>>().into());
    object
}

fn timeline(timeline: &Timeline, cast: &Cast) -> Json {
    let bucket = |bucket: &Bucket| {
        let backends = |counts: &[u64]| by(cast.backends.iter().map(|(id, _)| id), counts);
        json!({
            "sent": bucket.sent,
            "good": bucket.good,
            "p50Ms": us(bucket.p50),
            "p95Ms": us(bucket.p95),
            "p99Ms": us(bucket.p99),
            "servedBy": backends(&bucket.served_by),
            "tokens": backends(&bucket.tokens),
            "throttled": backends(&bucket.throttled),
        })
    };
    json!({ "widthMs": ms(timeline.width), "buckets": timeline.buckets.iter().map(bucket).collect::<Vec<_>>() })
}

fn story(story: &Story) -> Json {
    json!({
        "number": story.number,
        "atMs": ms(story.at),
        "client": story.client,
        "model": story.model,
        "streaming": story.streaming,
        "status": story.status,
        "error": story.error,
        "good": story.good,
        "servedBy": story.served_by,
        "latencyMs": ms(story.latency),
        "firstTokenMs": story.first_token.map_or(Json::Null, ms),
        "tries": story.tries.iter().map(sending).collect::<Vec<_>>(),
    })
}

fn sending(sent: &Try) -> Json {
    let call = |call: &Call| json!({ "backend": call.backend, "status": call.status, "error": call.error, "ms": ms(call.took) });
    json!({
        "atMs": ms(sent.at),
        "gateway": sent.gateway,
        "status": sent.status,
        "error": sent.error,
        "ms": ms(sent.took),
        "calls": sent.calls.iter().map(call).collect::<Vec<_>>(),
        "trace": sent.trace,
    })
}

/// The runs under all seeds, the first one too.
fn seeds(trial: &Trial) -> Json {
    let Run { seed, whole, judged, .. } = &trial.run;
    let row = |seed: u64, sent: u64, good: u64, p95: Option<Duration>, judged: &[Judged]| {
        let failed: Vec<&str> = judged.iter().filter(|judged| !judged.holds).map(|judged| judged.expectation.text.as_str()).collect();
        json!({
            "seed": seed,
            "availability": share(good, sent).map_or(Json::Null, fraction),
            "sent": sent,
            "good": good,
            "p95Ms": p95.map_or(Json::Null, ms),
            "failed": failed,
        })
    };
    let p95 = (!whole.latency.is_empty()).then(|| Duration::from_micros(whole.latency.value_at_quantile(0.95)));
    let first = row(*seed, whole.sent, whole.good, p95, judged);
    let others = trial.others.iter().map(|sample| {
        let Sample { seed, sent, good, p95, judged } = sample;
        row(*seed, *sent, *good, *p95, judged)
    });
    let runs: Vec<Json> = std::iter::once(first).chain(others).collect();
    let spread = Spread::of_shares(&trial.availabilities()).map(|spread| {
        json!({
            "count": spread.count,
            "mean": fraction(spread.mean),
            "min": fraction(spread.min),
            "max": fraction(spread.max),
            "confidence95": spread.interval.map(|(low, high)| [fraction(low), fraction(high)]),
        })
    });
    json!({ "availability": spread, "runs": runs })
}

fn histogram(values: &Histogram<u64>, scale: f64) -> Json {
    if values.is_empty() {
        return Json::Null;
    }
    let at = |quantile: f64| fraction(values.value_at_quantile(quantile) as f64 / scale);
    json!({
        "count": values.len(),
        "min": fraction(values.min() as f64 / scale),
        "mean": fraction((values.mean() / scale * 1e3).round() / 1e3),
        "p50": at(0.5),
        "p90": at(0.9),
        "p95": at(0.95),
        "p99": at(0.99),
        "p999": at(0.999),
        "max": fraction(values.max() as f64 / scale),
    })
}

/// Numbers by name; what has none is left out.
fn by<'a>(names: impl Iterator<Item = &'a Text>, counts: &[u64]) -> Json {
    names.zip(counts).filter(|(_, count)| **count > 0).map(|(name, count)| (name.to_string(), json!(count))).collect::<Map<_, _>>().into()
}

/// Rounded to nine decimals; a whole number without a point.
fn fraction(value: f64) -> Json {
    let rounded = (value * 1e9).round() / 1e9;
    if rounded.fract() == 0.0 && rounded.abs() < 1e15 { json!(rounded as i64) } else { json!(rounded) }
}

fn ms(duration: Duration) -> Json {
    us(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

fn us(micros: u64) -> Json {
    fraction(micros as f64 / 1_000.0)
}
