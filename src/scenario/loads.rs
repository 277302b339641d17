//! The load: who asks for what, how often. Which keys go together, and what follows where they are left out.

use std::time::Duration;

use super::{
    model::{Arrivals, Ask, Client, Load, Operation, Recorded, Via},
    scalars::{HeaderValue, Method, QueryText, RequestPath},
    wire,
};
use crate::{
    source::Span,
    spec::{
        fields::{Field, Map, Reader, Spanned},
        scalars::{HeaderName, ModelName, Text},
    },
};

const CODE: &str = "scenario/bad-load";

/// A load's requests as a file recorded them, where it has such a file and the file can be read.
pub(super) type Trace = Option<Vec<Recorded>>;

/// The name of a load: its own, or `load N`.
pub(super) fn name(load: &wire::Load, index: usize) -> String {
    load.name.value().map_or_else(|| format!("load {}", index + 1), |name| name.0.clone())
}

/// One load; what contradicts itself is reported.
pub(super) fn load(
    item: &Spanned<wire::Load>,
    index: usize,
    duration: Option<Duration>,
    trace: Trace,
    reader: &mut Reader<'_>,
) -> Option<Load> {
    let load = &item.value;
    let times = times(item, duration, reader);
    let named = trace.as_ref().and_then(|trace| trace.iter().find_map(|recorded| recorded.model.clone()));
    let arrivals = arrivals(item, trace, times, reader);
    let mix = mix(item, named, reader);
    let (start, end) = times?;
    Some(Load {
        name: name(load, index).into(),
        from: *load.from.value()?,
        via: match &load.via {
            via if via.said => Via::Gateway(*via.value()?),
            _ => Via::Nearest,
        },
        arrivals: arrivals?,
        start,
        end,
        mix: mix?,
        streaming: load.streaming.value()?.0,
        client: Client { retries: load.retries.value()?.narrow()?, timeout: load.timeout.value()?.0 },
    })
}

/// When it begins and ends.
fn times(item: &Spanned<wire::Load>, duration: Option<Duration>, reader: &mut Reader<'_>) -> Option<(Duration, Duration)> {
    let load = &item.value;
    let start = load.start.value()?.0;
    if let (true, Some(span)) = (load.end.said, load.lasts.place()) {
        reader.error(CODE, span, "the load has an end and a length", "give `end` or `for`, not both");
        return None;
    }
    let duration = duration?;
    if start >= duration {
        let span = load.start.place().unwrap_or(item.span);
        reader.error(CODE, span, "the load begins when the scenario is over", "let it begin before `duration` has passed");
        return None;
    }
    let (wanted, span) = match (load.end.get(), load.lasts.get()) {
        (Some(end), _) => (end.value.0, end.span),
        (_, Some(lasts)) => (start.saturating_add(lasts.value.0), lasts.span),
        _ if load.end.said || load.lasts.said => return None,
        _ => (duration, item.span),
    };
    if wanted <= start {
        reader.error(CODE, span, "the load ends before it begins", "times count from the scenario's beginning; `for` counts from `start`");
        return None;
    }
    if wanted > duration {
        let help = "make `duration` longer, or leave the end out";
        reader.warning("scenario/beyond-the-end", span, "the load would last longer than the scenario: it ends with it", help);
    }
    Some((start, wanted.min(duration)))
}

/// How its requests arrive: exactly one of the forms.
fn arrivals(item: &Spanned<wire::Load>, trace: Trace, times: Option<(Duration, Duration)>, reader: &mut Reader<'_>) -> Option<Arrivals> {
    let load = &item.value;
    let forms = [
        ("rate", load.rate.said, load.rate.place()),
        ("ramp", load.ramp.said, load.ramp.place()),
        ("daily", load.daily.said, load.daily.place()),
        ("bursts", load.bursts.said, load.bursts.place()),
        ("trace", load.trace.said, load.trace.place()),
        ("users", load.users.said, load.users.place()),
    ];
    let said: Vec<_> = forms.iter().filter(|(_, said, _)| *said).collect();
    match said.as_slice() {
        [] => {
            let help = "add `rate: 1/s`, or one of `ramp`, `daily`, `bursts`, `trace`, `users`";
            reader.error(CODE, item.span, "nothing says how often requests arrive", help);
            return None;
        }
        [_] => {}
        [(first, ..), .., (last, _, span)] => {
            let message = format!("`{first}` and `{last}` both say how requests arrive");
            reader.error(CODE, span.unwrap_or(item.span), message, "give one of the two, or write two loads");
            return None;
        }
    }
    if let (false, Some(span)) = (load.rate.said, load.arrivals.place()) {
        reader.error(CODE, span, "`arrivals` says how the requests of a `rate` are spread, and there is none", "remove it");
    }
    if let (false, Some(span)) = (load.users.said, load.think.place()) {
        reader.error(CODE, span, "`think` is for `users`, and there are none", "remove it, or give `users`");
    }
    if let Some(rate) = load.rate.get() {
        return some_rate(rate.value.0, rate.span, reader).map(|rate| match load.arrivals.value() {
            Some(wire::Spread::Constant) => Arrivals::Constant { rate },
            _ => Arrivals::Poisson { rate },
        });
    }
    if let Some(ramp) = load.ramp.get() {
        let (from, to) = (ramp.value.from.value()?.0, ramp.value.to.value()?.0);
        some_rate(from.max(to), ramp.span, reader)?;
        return Some(Arrivals::Ramp { from, to });
    }
    if let Some(daily) = load.daily.get() {
        let (low, peak) = (daily.value.low.value()?.0, daily.value.peak.get()?);
        some_rate(peak.value.0, peak.span, reader)?;
        if peak.value.0 < low {
            reader.error("scenario/out-of-range", peak.span, "`peak` lies below `low`", "give the higher rate as `peak`");
            return None;
        }
        return Some(Arrivals::Daily { low, peak: peak.value.0, peak_at: daily.value.peak_at.value()?.0 });
    }
    if let Some(bursts) = load.bursts.value() {
        let (size, every) = (bursts.size.value()?.narrow()?, bursts.every.get()?);
        if let Some((start, end)) = times
            && every.value.0 >= end.saturating_sub(start)
        {
            reader.warning(
                "scenario/beyond-the-end",
                every.span,
                "the first burst would come when the load is over",
                "make `every` shorter",
            );
        }
        return Some(Arrivals::Bursts { rate: bursts.rate.value()?.0, size, every: every.value.0 });
    }
    if let Some(users) = load.users.value() {
        const PAUSE: Duration = Duration::from_secs(5);
        let think = if load.think.said { load.think.value()?.0 } else { PAUSE };
        return Some(Arrivals::Users { count: users.narrow()?, think });
    }
    let mut recorded = trace?;
    if let Some((start, end)) = times {
        let before = recorded.len();
        recorded.retain(|recorded| start.saturating_add(recorded.at) < end);
        let late = before - recorded.len();
        if let (1.., Some(span)) = (late, load.trace.place()) {
            let message = format!("{late} of {before} requests of the trace lie behind the load's end and are left out");
            reader.warning("scenario/beyond-the-end", span, message, "make `duration` longer to have them all");
        }
    }
    Some(Arrivals::Trace(recorded))
}

fn some_rate(rate: f64, span: Span, reader: &mut Reader<'_>) -> Option<f64> {
    if rate > 0.0 {
        return Some(rate);
    }
    reader.error("scenario/out-of-range", span, "at this rate no request ever comes", "give a rate above 0, or remove the load");
    None
}

/// What one kind of request says of itself: a load, or an item of its mix.
struct Said<'a> {
    model: &'a Field<ModelName>,
    operation: &'a Field<wire::Operation>,
    method: &'a Field<Method>,
    path: &'a Field<RequestPath>,
    body: &'a Field<Text>,
    prompt_tokens: &'a Field<super::scalars::Amount>,
    max_tokens: &'a Field<super::scalars::Amount>,
    prompt: &'a Field<Text>,
    headers: &'a Field<Map<HeaderName, HeaderValue>>,
    query: &'a Field<QueryText>,
}

macro_rules! said {
    ($record:expr) => {{
        let record = $record;
        Said {
            model: &record.model,
            operation: &record.operation,
            method: &record.method,
            path: &record.path,
            body: &record.body,
            prompt_tokens: &record.prompt_tokens,
            max_tokens: &record.max_tokens,
            prompt: &record.prompt,
            headers: &record.headers,
            query: &record.query,
        }
    }};
}

/// What it asks for, with shares that add up to 1.
fn mix(item: &Spanned<wire::Load>, named: Option<String>, reader: &mut Reader<'_>) -> Option<Vec<(f64, Ask)>> {
    let load = &item.value;
    let own = said!(load);
    if !load.mix.said {
        return ask(&own, &own, item.span, named.as_deref(), reader).map(|ask| vec![(1.0, ask)]);
    }
    if let (true, Some(span)) = (load.model.said, load.mix.place()) {
        reader.error(CODE, span, "the load has a model and a mix", "put the model into the mix, with its share");
    }
    let kinds = &load.mix.value()?.0;
    let shared: Vec<&Spanned<wire::Kind>> = kinds.iter().filter(|kind| kind.value.share.said).collect();
    if let (1.., Some(without)) = (shared.len(), kinds.iter().find(|kind| !kind.value.share.said)) {
        reader.error(CODE, without.span, "this one has no share, and others have", "give each its `share`, or none");
    }
    let equal = 1.0 / f64::from(u32::try_from(kinds.len()).ok()?.max(1));
    let shares: Option<Vec<f64>> =
        kinds.iter().map(|kind| if shared.is_empty() { Some(equal) } else { kind.value.share.value().map(|share| share.0) }).collect();
    let sum: Option<f64> = shares.as_ref().map(|shares| shares.iter().sum());
    if let Some(sum) = sum.filter(|sum| (sum - 1.0).abs() > 1e-6) {
        let span = shared.last().and_then(|kind| kind.value.share.place()).unwrap_or(item.span);
        let sum = super::grammar::plain((sum * 1e8).round() / 1e8, 2);
        reader.error(CODE, span, format!("the shares add up to {sum}%"), "they must add up to 100%");
    }
    let asks: Vec<Option<Ask>> = kinds.iter().map(|kind| ask(&said!(&kind.value), &own, kind.span, named.as_deref(), reader)).collect();
    let asks: Vec<Ask> = asks.into_iter().collect::<Option<_>>()?;
    Some(shares?.into_iter().zip(asks).collect())
}

/// One kind of request: what it says, else what the load says.
fn ask(own: &Said<'_>, load: &Said<'_>, span: Span, named: Option<&str>, reader: &mut Reader<'_>) -> Option<Ask> {
    let operation = operation(own, load, reader);
    let model = or(own.model, load.model).map(|model| model.0.as_str()).or(named);
    let is_raw = own.path.said || load.path.said;
    if model.is_none() && !is_raw && !own.model.said && !load.model.said {
        reader.error("scenario/missing-key", span, "the key `model` is missing", "add `model:`, or a `mix` of models");
        return None;
    }
    let headers = own.headers.value().filter(|_| own.headers.said).or(load.headers.value());
    Some(Ask {
        operation: operation?,
        model: model.unwrap_or_default().to_owned(),
        prompt_tokens: or(own.prompt_tokens, load.prompt_tokens)?.0,
        max_tokens: or(own.max_tokens, load.max_tokens).map(|amount| amount.0),
        prompt: or(own.prompt, load.prompt).map(|prompt| prompt.0.clone()),
        headers: headers
            .map_or_else(Vec::new, |headers| headers.0.iter().map(|(name, value)| (name.value.0.clone(), value.value.0.clone())).collect()),
        query: or(own.query, load.query).map(|query| query.0.clone()),
    })
}

fn or<'a, T>(own: &'a Field<T>, load: &'a Field<T>) -> Option<&'a T> {
    own.value().or(load.value())
}

fn operation(own: &Said<'_>, load: &Said<'_>, reader: &mut Reader<'_>) -> Option<Operation> {
    // An item that names an operation of its own is not the request that its load writes out, and the other way round.
    let (path, method, body) = if own.operation.said || own.path.said {
        (own.path, own.method, own.body)
    } else {
        (load.path, if own.method.said { own.method } else { load.method }, if own.body.said { own.body } else { load.body })
    };
    if path.said {
        let both = if own.path.said { own.operation.place() } else { load.operation.place() };
        if let Some(both) = both {
            reader.error(CODE, both, "the request has an operation and a path", "give one of the two: an operation has its own path");
        }
        let method = method.value().map_or_else(|| if body.said { "POST" } else { "GET" }.to_owned(), |method| method.0.clone());
        return Some(Operation::Raw {
            method,
            path: path.value()?.0.clone(),
            body: body.value().map_or_else(String::new, |body| body.0.clone()),
        });
    }
    for (key, place) in [("method", method.place()), ("body", body.place())] {
        if let Some(place) = place {
            reader.error(CODE, place, format!("`{key}` is for a request with a `path`, and there is none"), "add `path`, or remove it");
        }
    }
    let named = if own.operation.said { own.operation } else { load.operation };
    if named.said && named.value().is_none() {
        return None;
    }
    Some(match named.value() {
        None | Some(wire::Operation::Chat) => Operation::Chat,
        Some(wire::Operation::Completion) => Operation::Completion,
        Some(wire::Operation::Embedding) => Operation::Embedding,
        Some(wire::Operation::ChatV1) => Operation::ChatV1,
        Some(wire::Operation::EmbeddingV1) => Operation::EmbeddingV1,
        Some(wire::Operation::Responses) => Operation::Responses,
    })
}
