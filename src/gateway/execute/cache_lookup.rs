//! Runs `cache-lookup`.
//!
//! Source: learn.microsoft.com/azure/api-management/cache-lookup-policy, and where the page is silent the service's own traces as people
//! have published them, each named below.

use std::fmt::Write;

use super::{Outcome, Resumed, Stop, Turn};
use crate::{
    gateway::{answers::PolicyError, instance::locked},
    http::{Headers, percent_decode},
    policy::{
        Policy, Setting,
        elements::cache_lookup::{CacheLookup, Downstream},
    },
    text::Text,
};

/// What `cache-store` needs to know of a lookup that found nothing.
#[derive(Clone, Debug)]
pub(in crate::gateway) struct Missed {
    /// What the response will be found under.
    pub key: Text,
    downstream: Downstream,
    must_revalidate: bool,
}

/// Fields by which a request asks for less than the whole response. On a miss they go, "to prompt the backend service to send back a
/// complete response", says the service's trace; which ones it names as seen. Only `Cache-Control` has been seen there; the conditional
/// fields are those that the words are about. Source: MicrosoftDocs/azure-docs, issue 43964.
const REMOVED: [&str; 7] = ["Cache-Control", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Range"];

pub(super) fn execute(policy: &CacheLookup, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let by_developer = turn.truth(&policy.by_developer, element)?;
    let by_groups = turn.truth(&policy.by_groups, element)?;
    let must_revalidate = turn.truth(&policy.must_revalidate, element)?;
    let allow_private = turn.truth(&policy.allow_private, element)?;
    let downstream = downstream(&policy.downstream, element, turn)?;
    let request = &turn.state.context.request;
    // The first lookup of a request holds. Source: the emulator in Azure/azure-api-management-policy-toolkit, CacheLookupHandler.cs.
    let is_private = request.headers.contains("Authorization") && !allow_private;
    if !request.method.eq_ignore_ascii_case("GET") || is_private || turn.state.missed.is_some() {
        return Ok(Outcome::Done);
    }
    let key = key(policy, (by_developer, by_groups), element, turn)?;
    let now = turn.environment.now();
    let found = locked(&turn.gateway.instance.responses).lookup(&key, now);
    turn.explain(|| format!("{} '{}'", if found.is_some() { "found under" } else { "nothing is stored under" }, key.replace('\n', " ")));
    let missed = Missed { key, downstream, must_revalidate };
    match found {
        Some((found, expires)) => {
            let mut response = (*found).clone();
            missed.declare(&mut response.head.headers, expires.since(now).as_secs());
            Ok(Outcome::Resume(Box::new(Resumed { response, stores: is_store })))
        }
        None => {
            for name in REMOVED {
                turn.state.context.request.headers.remove(name);
            }
            turn.state.missed = Some(Box::new(missed));
            Ok(Outcome::Done)
        }
    }
}

fn is_store(policy: &Policy) -> bool {
    matches!(policy, Policy::CacheStore(_))
}

impl Missed {
    /// Tells the client, and caches before it, what they may keep. That this is done in `Cache-Control`, and where, is documented for
    /// `must-revalidate` alone; the directives are those of RFC 9111 for what the words of `downstream-caching-type` say.
    pub fn declare(&self, headers: &mut Headers, seconds: u64) {
        let revalidate = if self.must_revalidate { ", must-revalidate" } else { "" };
        let value = match self.downstream {
            Downstream::None => "no-store".to_owned(),
            Downstream::Private => format!("private, max-age={seconds}{revalidate}"),
            Downstream::Public => format!("public, max-age={seconds}{revalidate}"),
        };
        headers.set("Cache-Control", value);
    }
}

fn downstream(setting: &Setting<Downstream>, element: &Text, turn: &mut Turn<'_>) -> Result<Downstream, Stop> {
    match setting {
        Setting::Literal(downstream) => Ok(*downstream),
        Setting::Expression(program) => {
            let value = turn.evaluate(program, element)?;
            let text = turn.as_text(&value);
            Downstream::parse(&text)
                .map_err(|wanted| PolicyError::value(element, format!("Expression value is invalid. '{text}' is not {wanted}.")).into())
        }
    }
}

/// API, operation, and the URL that the request would go to without its query; then what the policy names. The query counts for nothing
/// unless its parameters are named. Source: a cache key in a trace, MicrosoftDocs/azure-docs issue 109840 and
/// Azure/api-management-self-hosted-gateway issue 211.
fn key(policy: &CacheLookup, (by_developer, by_groups): (bool, bool), element: &Text, turn: &mut Turn<'_>) -> Result<Text, Stop> {
    let names = |settings: &[Setting<Text>], turn: &mut Turn<'_>| {
        settings.iter().map(|setting| turn.text(setting, element)).collect::<Result<Vec<Text>, Stop>>()
    };
    let (headers, parameters) = (names(&policy.headers, turn)?, names(&policy.parameters, turn)?);
    let context = &turn.state.context;
    let (request, url) = (&context.request, &context.request.url);
    let operation = context.operation.as_ref().map_or("", |operation| operation.named.id.as_str());
    // Neither ids nor URLs nor fields hold a line break.
    let mut key =
        format!("{}\n{operation}\n{}\n{}\n{}\n{}", context.service.api.named.id, url.scheme, url.host, url.effective_port(), url.path);
    let pairs: Vec<(String, &str)> = url
        .query
        .trim_start_matches('?')
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (percent_decode(name), value))
        .collect();
    let mut parameters: Vec<String> =
        parameters.iter().flat_map(|names| names.split(';')).map(|name| name.trim().to_ascii_lowercase()).collect();
    parameters.sort_unstable();
    parameters.dedup();
    for name in &parameters {
        for (_, value) in pairs.iter().filter(|(parameter, _)| parameter.eq_ignore_ascii_case(name)) {
            let _ = write!(key, "\n?{name}={value}");
        }
    }
    let mut headers: Vec<String> = headers.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    headers.sort_unstable();
    headers.dedup();
    for name in &headers {
        for value in request.headers.values(name) {
            let _ = write!(key, "\n{name}: {value}");
        }
    }
    if by_developer {
        // The developer is the owner of the subscription; where users are not known, the subscription stands for its owner.
        let developer = match (&context.user, &context.subscription) {
            (Some(user), _) => user.id.as_str(),
            (None, Some(subscription)) => subscription.named.id.as_str(),
            (None, None) => "",
        };
        let _ = write!(key, "\ndeveloper {developer}");
    }
    if by_groups && let Some(user) = &context.user {
        let mut groups: Vec<&str> = user.groups.iter().map(|group| group.id.as_str()).collect();
        groups.sort_unstable();
        let _ = write!(key, "\ngroups {}", groups.join(" "));
    }
    Ok(key.into())
}
