//! A run over time as charts: availability, latency, who served, tokens and 429 by region.

use serde_json::{Value as Json, json};

use super::numbers::{count, number, seconds, share};
use crate::{
    report::chart::{Axis, Band, Chart, Series, Shape, times},
    virtual_time::{Bucket, Run},
};

/// More stretches than this are no longer seen apart.
const MOST: usize = 240;
/// Colours that the style sheet has; the eleventh backend has that of the first.
const COLOURS: usize = 10;
/// The plots' heights in pixels.
const TALL: u32 = 170;
const LOW: u32 = 120;

/// The charts of a run; none where there is no timeline. Each has a title, a drawing and a legend.
pub(super) fn charts(run: &Run) -> Vec<Json> {
    let over = Over::of(run);
    if over.buckets.is_empty() {
        return Vec::new();
    }
    vec![over.availability(), over.latency(), over.served(), over.tokens(), over.throttled()]
}

/// The class of a backend's or a region's colour.
pub(super) fn colour(index: usize) -> String {
    format!("s{}", index % COLOURS)
}

/// The regions of the backends, each once, in their order.
fn regions(run: &Run) -> Vec<&str> {
    let mut regions: Vec<&str> = Vec::new();
    for (_, region) in &run.cast.backends {
        if !regions.contains(&region.as_str()) {
            regions.push(region);
        }
    }
    regions
}

/// A run with its timeline in so few stretches that they are seen.
struct Over<'a> {
    run: &'a Run,
    buckets: Vec<Bucket>,
    /// How long a stretch is, in seconds.
    width: f64,
}

impl<'a> Over<'a> {
    fn of(run: &'a Run) -> Self {
        let timeline = &run.timeline;
        let several = timeline.buckets.len().div_ceil(MOST).max(1);
        let buckets = timeline.buckets.chunks(several).map(together).collect();
        Self { run, buckets, width: timeline.width.as_secs_f64() * several as f64 }
    }

    fn length(&self) -> f64 {
        self.width * self.buckets.len() as f64
    }

    /// A number of a stretch as so many a minute.
    fn a_minute(&self, number: u64) -> f64 {
        number as f64 * 60.0 / self.width.max(f64::MIN_POSITIVE)
    }

    fn chart(&self, title: &str, shape: Shape, axis: Axis, series: Vec<Series>, tell: impl Fn(&Bucket) -> String) -> Chart {
        let faults = self.run.scenario.faults.iter().enumerate();
        let tips = self.buckets.iter().enumerate().map(|(at, bucket)| {
            let from = at as f64 * self.width;
            format!("{} to {}: {}", seconds(from), seconds(from + self.width), tell(bucket))
        });
        Chart {
            title: title.to_owned(),
            height: TALL,
            seconds: self.length(),
            times: times(self.length(), |at| if at == 0.0 { "0".to_owned() } else { seconds(at) }),
            axis,
            bands: faults
                .map(|(number, fault)| Band {
                    from: fault.at.as_secs_f64(),
                    to: fault.end().as_secs_f64().min(self.length()),
                    label: (number + 1).to_string(),
                })
                .filter(|band| band.from < self.length())
                .collect(),
            threshold: None,
            shape,
            series,
            tips: tips.collect(),
        }
    }

    fn availability(&self) -> Json {
        let values: Vec<Option<f64>> = self.buckets.iter().map(|bucket| super::share(bucket.good, bucket.sent)).collect();
        let objective = self.run.objective.map(|percent| percent / 100.0);
        let least = values.iter().flatten().copied().chain(objective).fold(1.0, f64::min);
        let low = [0.999, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5].into_iter().find(|low| *low <= least).unwrap_or(0.0);
        let axis = Axis::linear(low * 100.0, 100.0, |percent| share(percent / 100.0));
        let values = values.into_iter().map(|value| value.map(|value| value * 100.0)).collect();
        let tell = |bucket: &Bucket| format!("{} of {} good", count(bucket.good), count(bucket.sent));
        let mut chart = self.chart("Availability over time", Shape::Steps, axis, vec![series("good", values)], tell);
        chart.threshold = self.run.objective;
        let mut legend = vec![key("good", "good answers of requests sent", "")];
        if let Some(objective) = objective {
            legend.push(key("threshold", "objective", &share(objective)));
        }
        drawn("Availability", &chart, &legend)
    }

    fn latency(&self) -> Json {
        let of = |value: fn(&Bucket) -> u64| -> Vec<Option<f64>> {
            self.buckets.iter().map(|bucket| (bucket.sent > 0).then(|| value(bucket) as f64 / 1e6)).collect()
        };
        let lines = [("p50", of(|bucket| bucket.p50)), ("p95", of(|bucket| bucket.p95)), ("p99", of(|bucket| bucket.p99))];
        let all = || lines.iter().flat_map(|(_, values)| values.iter().flatten().copied()).filter(|value| *value > 0.0);
        let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
        // A timeout of minutes would press everything else to the ground.
        let axis = if most > least * 30.0 { Axis::logarithmic(least, most, seconds) } else { Axis::linear(0.0, most, seconds) };
        let legend: Vec<Json> = lines.iter().map(|(name, _)| key(name, name, "")).collect();
        let tell = |bucket: &Bucket| {
            let shown = |us: u64| seconds(us as f64 / 1e6);
            format!("p50 {}, p95 {}, p99 {}", shown(bucket.p50), shown(bucket.p95), shown(bucket.p99))
        };
        let lines = lines.into_iter().rev().map(|(name, values)| series(name, values)).collect();
        drawn("Latency", &self.chart("Latency over time", Shape::Lines, axis, lines, tell), &legend)
    }

    fn served(&self) -> Json {
        let backends = &self.run.cast.backends;
        let of = |bucket: &Bucket, index: usize| bucket.served_by.get(index).copied().unwrap_or(0);
        let bad = |bucket: &Bucket| bucket.sent.saturating_sub(bucket.good);
        let total = |value: &dyn Fn(&Bucket) -> u64| self.buckets.iter().map(value).sum::<u64>();
        let mut stack: Vec<Series> = (0..backends.len()).map(|index| self.rates(&colour(index), &|bucket| of(bucket, index))).collect();
        stack.push(self.rates("bad", &bad));
        let mut legend: Vec<Json> = backends
            .iter()
            .enumerate()
            .map(|(index, (id, region))| key(&colour(index), &format!("{id}, {region}"), &count(total(&|bucket| of(bucket, index)))))
            .collect();
        legend.push(key("bad", "no good answer", &count(total(&bad))));
        let tell = |bucket: &Bucket| {
            let parts = backends.iter().enumerate().map(|(index, (id, _))| format!("{id} {}", count(of(bucket, index))));
            format!("{}, no good answer {}", parts.collect::<Vec<_>>().join(", "), count(bad(bucket)))
        };
        let chart = self.chart("Requests a minute, by the backend that answered", Shape::Stack, self.reaching(&stack), stack, tell);
        drawn("Who served, requests a minute", &chart, &legend)
    }

    fn tokens(&self) -> Json {
        self.by_region("Tokens a minute, by region", |bucket| &bucket.tokens)
    }

    fn throttled(&self) -> Json {
        self.by_region("429 from backends a minute, by region", |bucket| &bucket.throttled)
    }

    fn by_region(&self, title: &str, numbers: fn(&Bucket) -> &Vec<u64>) -> Json {
        let backends = &self.run.cast.backends;
        let of = |bucket: &Bucket, region: &str| -> u64 {
            backends.iter().zip(numbers(bucket)).filter(|((_, own), _)| own == region).map(|(_, number)| *number).sum()
        };
        let regions = regions(self.run);
        let stack: Vec<Series> =
            regions.iter().enumerate().map(|(index, region)| self.rates(&colour(index), &|bucket| of(bucket, region))).collect();
        let total = |region: &str| count(self.buckets.iter().map(|bucket| of(bucket, region)).sum());
        let legend: Vec<Json> = regions.iter().enumerate().map(|(index, region)| key(&colour(index), region, &total(region))).collect();
        let tell =
            |bucket: &Bucket| regions.iter().map(|region| format!("{region} {}", count(of(bucket, region)))).collect::<Vec<_>>().join(", ");
        let mut chart = self.chart(title, Shape::Stack, self.reaching(&stack), stack, tell);
        chart.height = LOW;
        drawn(title, &chart, &legend)
    }

    fn rates(&self, class: &str, value: &dyn Fn(&Bucket) -> u64) -> Series {
        series(class, self.buckets.iter().map(|bucket| Some(self.a_minute(value(bucket)))).collect())
    }

    /// An axis from nothing to the top of a stack.
    fn reaching(&self, stack: &[Series]) -> Axis {
        let sum = |at: usize| stack.iter().filter_map(|series| series.values.get(at).copied().flatten()).sum::<f64>();
        let most = (0..self.buckets.len()).map(sum).fold(0.0, f64::max);
        Axis::linear(0.0, if most > 0.0 { most } else { 1.0 }, short)
    }
}

/// Several stretches as one. The percentiles of all are not known any more; the largest is at least no promise too much.
fn together(buckets: &[Bucket]) -> Bucket {
    let mut all = Bucket::default();
    let add = |into: &mut Vec<u64>, from: &[u64]| {
        into.resize(into.len().max(from.len()), 0);
        into.iter_mut().zip(from).for_each(|(into, from)| *into += from);
    };
    for bucket in buckets {
        all.sent += bucket.sent;
        all.good += bucket.good;
        all.p50 = all.p50.max(bucket.p50);
        all.p95 = all.p95.max(bucket.p95);
        all.p99 = all.p99.max(bucket.p99);
        add(&mut all.served_by, &bucket.served_by);
        add(&mut all.tokens, &bucket.tokens);
        add(&mut all.throttled, &bucket.throttled);
    }
    all
}

/// `40k`, `1.2M`: a number that must fit beside an axis.
fn short(value: f64) -> String {
    match value {
        1e6.. => format!("{}M", number(value / 1e6)),
        1e4.. => format!("{}k", number(value / 1e3)),
        _ => number(value),
    }
}

fn series(class: &str, values: Vec<Option<f64>>) -> Series {
    Series { class: class.to_owned(), values }
}

fn key(class: &str, name: &str, value: &str) -> Json {
    json!({ "class": class, "name": name, "value": value })
}

fn drawn(title: &str, chart: &Chart, legend: &[Json]) -> Json {
    json!({ "title": title, "svg": chart.svg(), "legend": legend })
}
