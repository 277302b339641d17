//! Runs as one HTML page that needs nothing beside it. What it says is made here, how it lies is the business of `templates/report/`.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde};
use serde_json::{Value as Json, json};

use super::{
    Failures, Spread, Trial, availability,
    charts::{self, colour},
    numbers::{count, duration, moment, number, share, share_or_none},
    story, text,
};
use crate::{
    report::{Colour, trace},
    scenario::TimedFault,
    virtual_time::{FaultStory, Run, Statistics, Story, Try},
};

/// Why there is no page: a template of our own is wrong.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be printed: {0:#}")]
pub struct PageFault(#[from] minijinja::Error);

/// The page.
pub fn html(trials: &[Trial]) -> Result<String, PageFault> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("page", include_str!("../../../templates/report/page.html"))?;
    environment.add_template("scenario", include_str!("../../../templates/report/scenario.html"))?;
    environment.add_template("request", include_str!("../../../templates/report/request.html"))?;
    let page = Serde(json!({
        "summary": text::summary(trials, Colour::Never),
        "holds": trials.iter().all(Trial::holds),
        "scenarios": trials.iter().enumerate().map(|(number, trial)| scenario(number + 1, trial)).collect::<Vec<_>>(),
    }));
    Ok(environment.get_template("page")?.render(context! { page, style => include_str!("../../../templates/report/style.css") })?)
}

fn scenario(number: usize, trial: &Trial) -> Json {
    let run = &trial.run;
    let failures = trial.failures();
    json!({
        "number": number,
        "name": run.scenario.name,
        "description": run.scenario.description,
        "file": trial.file,
        "seed": run.seed,
        "duration": duration(run.scenario.duration),
        "holds": trial.holds(),
        "held": failures.iter().filter(|failures| failures.count == 0).count(),
        "expected": failures.len(),
        "requests": count(run.whole.sent),
        "availability": share_or_none(availability(&run.whole)),
        "kept": kept(run),
        "p95": quantile(&run.whole, 0.95),
        "again": trial.again(run.seed),
        "tiles": tiles(run),
        "expectations": failures.iter().map(|failures| expectation(failures, trial)).collect::<Vec<_>>(),
        "faults": run.scenario.faults.iter().zip(&run.faults).enumerate().map(|(at, (timed, story))| fault(at + 1, timed, story)).collect::<Vec<_>>(),
        "charts": charts::charts(run),
        "backends": backends(run),
        "scopes": scopes(run),
        "spread": spread(trial),
        "failed": run.failed.iter().map(|story| request(story, "")).collect::<Vec<_>>(),
        "slowest": run.slowest.iter().map(|story| request(story, "")).collect::<Vec<_>>(),
    })
}

/// Whether the availability reaches the objective; nothing where there is none of the two.
fn kept(run: &Run) -> Option<bool> {
    Some(availability(&run.whole)? >= run.objective? / 100.0)
}

fn quantile(numbers: &Statistics, quantile: f64) -> String {
    if numbers.latency.is_empty() { "none".to_owned() } else { micros(numbers.latency.value_at_quantile(quantile)) }
}

fn micros(micros: u64) -> String {
    super::numbers::seconds(micros as f64 / 1e6)
}

/// The numbers that stand above all others.
fn tiles(run: &Run) -> Vec<Json> {
    let whole = &run.whole;
    let tile = |name: &str, value: String, beside: String| json!({ "name": name, "value": value, "beside": beside });
    let objective = run.objective.map_or_else(String::new, |percent| format!("objective {}", share(percent / 100.0)));
    let unfinished = if whole.unfinished > 0 { format!("{} under way at the end", count(whole.unfinished)) } else { String::new() };
    let first = if whole.first_token.is_empty() {
        String::new()
    } else {
        format!("first byte p50 {}", micros(whole.first_token.value_at_quantile(0.5)))
    };
    let seen = whole.statuses.get(&429).copied().unwrap_or(0);
    let calls = if whole.attempts.is_empty() {
        String::new()
    } else {
        format!("{} calls a request", number((whole.attempts.mean() * 100.0).round() / 100.0))
    };
    vec![
        tile("available", share_or_none(availability(whole)), objective),
        tile("requests", count(whole.sent), unfinished),
        tile("latency p95", quantile(whole, 0.95), format!("p50 {}, p99 {}", quantile(whole, 0.5), quantile(whole, 0.99))),
        tile("failovers", count(whole.failovers), calls),
        tile("429 seen by clients", count(seen), format!("{} from backends", count(whole.throttled.iter().sum()))),
        tile("tokens used", count(whole.tokens.iter().sum()), format!("{} wasted", count(whole.tokens_wasted))),
        tile("retries of clients", count(whole.client_retries), first),
    ]
}

fn expectation(failures: &Failures<'_>, trial: &Trial) -> Json {
    let judged = failures.first.map_or(failures.judged, |(_, judged)| judged);
    let seeds = trial.others.len() + 1;
    let seed = failures.first.map(|(seed, _)| seed);
    json!({
        "text": judged.expectation.text,
        "holds": failures.count == 0,
        "met": text::met(judged),
        "of": count(judged.of),
        "often": seed.filter(|_| seeds > 1).map(|seed| format!("under seed {seed}; fails under {} of {seeds} seeds", failures.count)),
        "offender": judged.offender.as_ref().map(|story| request(story, "the first request that speaks against it: ")),
        "again": seed.map(|seed| trial.again(seed)),
    })
}

fn fault(number: usize, timed: &TimedFault, story: &FaultStory) -> Json {
    json!({
        "number": number,
        "at": duration(timed.at),
        "lasts": timed.lasts.map_or_else(|| "to the end".to_owned(), duration),
        "target": timed.target.to_string(),
        "fault": timed.fault.to_string(),
        "failover": story.failover_time.map_or_else(|| "–".to_owned(), duration),
        "return": story.return_time.map_or_else(|| "–".to_owned(), duration),
    })
}

fn backends(run: &Run) -> Vec<Json> {
    let whole = &run.whole;
    let of = |numbers: &[u64], index: usize| numbers.get(index).copied().unwrap_or(0);
    run.cast
        .backends
        .iter()
        .enumerate()
        .map(|(index, (id, region))| {
            let served = of(&whole.served_by, index);
            json!({
                "class": colour(index),
                "id": id,
                "region": region,
                "calls": count(of(&whole.calls, index)),
                "served": count(served),
                "share": share_or_none(super::share(served, whole.good)),
                "throttled": count(of(&whole.throttled, index)),
                "tokens": count(of(&whole.tokens, index)),
            })
        })
        .collect()
}

/// All requests, those of each client where there are several, and those of each window.
fn scopes(run: &Run) -> Vec<Json> {
    let several = if run.clients.len() > 1 { run.clients.as_slice() } else { &[] };
    let clients = several.iter().map(|(name, numbers)| (format!("client {name}"), numbers));
    let windows = run.windows.iter().map(|(window, numbers)| (super::window(*window), numbers));
    std::iter::once(("all".to_owned(), &run.whole))
        .chain(clients)
        .chain(windows)
        .map(|(name, numbers)| {
            json!({
                "name": name,
                "requests": count(numbers.sent),
                "availability": share_or_none(availability(numbers)),
                "p50": quantile(numbers, 0.5),
                "p95": quantile(numbers, 0.95),
                "p99": quantile(numbers, 0.99),
                "failovers": count(numbers.failovers),
                "endings": endings(numbers),
            })
        })
        .collect()
}

/// `200: 3,593, 429: 1, timeout: 2`
fn endings(numbers: &Statistics) -> String {
    let statuses = numbers.statuses.iter().map(|(status, number)| format!("{status}: {}", count(*number)));
    let errors = numbers.errors.iter().map(|(word, number)| format!("{word}: {}", count(*number)));
    statuses.chain(errors).collect::<Vec<_>>().join(", ")
}

/// Availability over the seeds, beside the agreements and the objective; the agreements alone where there is one seed.
fn spread(trial: &Trial) -> Json {
    let values = trial.availabilities();
    let spread = Spread::of_shares(&values).filter(|_| !trial.others.is_empty());
    if spread.is_none() && trial.agreement.is_none() {
        return Json::Null;
    }
    let objective = trial.run.objective.map(|percent| percent / 100.0);
    let layers = trial.agreement.iter().flat_map(|agreement| &agreement.layers);
    json!({
        "seeds": values.len(),
        "mean": spread.map(|spread| share(spread.mean)),
        "min": spread.map(|spread| share(spread.min)),
        "max": spread.map(|spread| share(spread.max)),
        "interval": spread.and_then(|spread| spread.interval).map(|(low, high)| format!("{} to {}", share(low), share(high))),
        "composite": trial.agreement.as_ref().map(|agreement| share(agreement.composite)),
        "layers": layers.map(|(name, value)| json!({ "name": name, "availability": share(*value) })).collect::<Vec<_>>(),
        "objective": objective.map(share),
        "kept": objective.map(|objective| values.iter().filter(|value| **value >= objective).count()),
    })
}

/// A request with its story; `before` stands in front of its line.
fn request(story: &Story, before: &str) -> Json {
    let sending = |(number, sent): (usize, &Try)| {
        let calls: Vec<String> = sent.calls.iter().map(|call| story::call(call, Colour::Never)).collect();
        let trace = trace::records(&sent.trace, Colour::Never);
        json!({ "line": story::sending(number + 1, sent, Colour::Never), "calls": calls, "trace": trace.trim_start_matches('\n') })
    };
    json!({
        "before": before,
        "good": story.good,
        "head": format!("request {} at {}", story.number, moment(story.at)),
        "who": format!("client {}, {}{}", story.client, story.model, if story.streaming { ", streaming" } else { "" }),
        "ending": story::ending(story, Colour::Never),
        "tries": story.tries.iter().enumerate().map(sending).collect::<Vec<_>>(),
    })
}
