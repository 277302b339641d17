//! The `properties` of a backend resource as JSON, and what they mean.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Deserializer, de};

use super::{Backend, Credentials, ManagedIdentity, Member, Pool, Rule, Single, Target, Threshold, Tls};
use crate::{
    gateway::egress::{Proxy, proxy_url},
    http::Url,
    policy,
    text::Text,
};

/// The `properties` of a `Microsoft.ApiManagement/service/backends` resource. Members that the gateway has no use for are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Properties {
    url: Option<String>,
    protocol: Option<String>,
    resource_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    azure_region: Option<String>,
    credentials: Option<CredentialsProperties>,
    tls: Option<TlsProperties>,
    circuit_breaker: Option<BreakerProperties>,
    pool: Option<PoolProperties>,
    properties: Option<SpecialProperties>,
    proxy: Option<ProxyProperties>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ProxyProperties {
    url: String,
    username: Option<String>,
    password: Option<String>,
}

/// What is wrong with properties, without the values that the parser quotes: credentials stand among them.
pub fn without_values(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let mut shown = match (said.find('"'), said.rfind('"')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", said.get(..start).unwrap_or("").trim_end(), said.get(end + 1..).unwrap_or(""))
        }
        _ => said,
    };
    for kind in ["integer", "floating point", "boolean", "character"] {
        let quoted = shown.split_once(&format!("{kind} `")).and_then(|(before, behind)| Some((before, behind.split_once('`')?.1)));
        if let Some((before, behind)) = quoted {
            shown = format!("{before}{kind}{behind}");
        }
    }
    shown
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SpecialProperties {
    service_fabric_cluster: Option<de::IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CredentialsProperties {
    header: Option<BTreeMap<String, Vec<String>>>,
    query: Option<BTreeMap<String, Vec<String>>>,
    authorization: Option<AuthorizationProperties>,
    managed_identity: Option<IdentityProperties>,
    certificate_ids: Option<Vec<String>>,
    certificate: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct AuthorizationProperties {
    scheme: String,
    parameter: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct IdentityProperties {
    resource: String,
    client_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TlsProperties {
    validate_certificate_chain: Option<bool>,
    validate_certificate_name: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct BreakerProperties {
    rules: Option<Vec<RuleProperties>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RuleProperties {
    name: Option<String>,
    failure_condition: Option<ConditionProperties>,
    trip_duration: Option<String>,
    accept_retry_after: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConditionProperties {
    #[serde(deserialize_with = "number")]
    count: Option<i64>,
    #[serde(deserialize_with = "number")]
    percentage: Option<i64>,
    interval: Option<String>,
    status_code_ranges: Option<Vec<RangeProperties>>,
    error_reasons: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct RangeProperties {
    #[serde(deserialize_with = "number")]
    min: Option<i64>,
    #[serde(deserialize_with = "number")]
    max: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PoolProperties {
    services: Option<Vec<MemberProperties>>,
    session_affinity: Option<AffinityProperties>,
    failure_response: Option<FailureResponseProperties>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct MemberProperties {
    id: String,
    #[serde(deserialize_with = "number")]
    priority: Option<i64>,
    #[serde(deserialize_with = "number")]
    weight: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AffinityProperties {
    session_id: Option<SessionProperties>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct SessionProperties {
    source: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FailureResponseProperties {
    #[serde(deserialize_with = "number")]
    status_code: Option<i64>,
}

/// A number, or its text: the documentation's own templates write `"count": "3"`.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    struct Number;
    impl de::Visitor<'_> for Number {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
            Ok(Some(value))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
            Ok(Some(i64::try_from(value).unwrap_or(i64::MAX)))
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
            value.trim().parse().map(Some).map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Number)
}

/// What is read, and what is wrong with it.
struct Reading<'a> {
    named_values: &'a BTreeMap<String, String>,
    faults: Vec<String>,
}

/// See [`Backend::read`].
pub(super) fn backend(id: &str, properties: &Properties, named_values: &BTreeMap<String, String>) -> Result<Backend, Vec<String>> {
    let mut reading = Reading { named_values, faults: Vec::new() };
    let pool = match properties.kind.as_deref() {
        None => properties.pool.is_some(),
        Some(kind) if kind.eq_ignore_ascii_case("pool") => true,
        Some(kind) if kind.eq_ignore_ascii_case("single") => false,
        Some(kind) => {
            reading.fault(format!("its type `{kind}` is neither `Single` nor `Pool`"));
            false
        }
    };
    let target = if pool { Some(Target::Pool(reading.pool(properties))) } else { reading.single(properties).map(Target::Single) };
    match target {
        Some(target) if reading.faults.is_empty() => Ok(Backend {
            id: id.to_owned().into(),
            workspace: None,
            region: properties.azure_region.clone().unwrap_or_default().into(),
            resource_id: properties.resource_id.clone().map(Text::from),
            target,
        }),
        _ => Err(reading.faults),
    }
}

impl Reading<'_> {
    fn fault(&mut self, message: impl Into<String>) {
        self.faults.push(message.into());
    }

    /// A text with its Named Values put in.
    fn text(&mut self, text: &str) -> Text {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = 0;
        for (start, end, name) in policy::references(text) {
            replaced.push_str(text.get(rest..start).unwrap_or(""));
            match self.named_values.get(name) {
                Some(value) => replaced.push_str(value),
                None => self.fault(format!("there is no Named Value `{name}`")),
            }
            rest = end;
        }
        replaced.push_str(text.get(rest..).unwrap_or(""));
        replaced.into()
    }

    fn single(&mut self, properties: &Properties) -> Option<Box<Single>> {
        if properties.properties.as_ref().is_some_and(|special| special.service_fabric_cluster.is_some()) {
            self.fault("it is a Service Fabric cluster, which is not simulated");
            return None;
        }
        if properties.protocol.as_deref().is_some_and(|protocol| !protocol.eq_ignore_ascii_case("http")) {
            self.fault("its protocol is not `http`; `soap` is not simulated");
        }
        let credentials = properties.credentials.as_ref().map(|credentials| self.credentials(credentials)).unwrap_or_default();
        let tls = properties.tls.clone().unwrap_or_default();
        let tls = Tls {
            validate_chain: tls.validate_certificate_chain.unwrap_or(true),
            validate_name: tls.validate_certificate_name.unwrap_or(true),
        };
        let rules = properties.circuit_breaker.as_ref().and_then(|breaker| breaker.rules.as_deref()).unwrap_or_default();
        let breaker = rules.iter().filter_map(|rule| self.rule(rule)).collect();
        let text = properties.url.as_deref().unwrap_or_default();
        let url = self.text(text);
        let proxy = properties.proxy.as_ref().and_then(|proxy| self.proxy(proxy));
        match Url::parse(&url) {
            Some(url) => Some(Box::new(Single { url: url.without_empty_segments(), credentials, tls, proxy, breaker })),
            None => {
                // As the resource has it: a Named Value is not shown.
                self.fault(format!("its URL `{text}` is not an absolute `http` or `https` URL"));
                None
            }
        }
    }

    fn proxy(&mut self, properties: &ProxyProperties) -> Option<Proxy> {
        let url = proxy_url(&self.text(&properties.url));
        if url.is_none() {
            self.fault("the URL of its proxy is not `http://host:port`");
        }
        if properties.password.is_some() && properties.username.is_none() {
            self.fault("its proxy has a `password` and no `username`");
        }
        let password = properties.password.as_deref().map(|password| self.text(password)).unwrap_or_default();
        let credentials = properties.username.as_deref().map(|username| (self.text(username), password));
        Some(Proxy { url: url?, credentials })
    }

    fn credentials(&mut self, properties: &CredentialsProperties) -> Credentials {
        let mut fields = |fields: &Option<BTreeMap<String, Vec<String>>>| {
            fields
                .iter()
                .flatten()
                .map(|(name, values)| (Text::from(name.clone()), values.iter().map(|value| self.text(value)).collect()))
                .collect()
        };
        let (headers, query) = (fields(&properties.header), fields(&properties.query));
        let authorization = properties.authorization.as_ref();
        let authorization = authorization.map(|authorization| (self.text(&authorization.scheme), self.text(&authorization.parameter)));
        let managed_identity = properties.managed_identity.as_ref().filter(|identity| !identity.resource.is_empty());
        let managed_identity = managed_identity.map(|identity| ManagedIdentity {
            resource: self.text(&identity.resource),
            client_id: identity.client_id.clone().filter(|id| !id.is_empty()).map(Text::from),
        });
        let certificates = properties.certificate_ids.iter().chain(&properties.certificate).flatten().cloned().map(Text::from).collect();
        Credentials { headers, query, authorization, managed_identity, certificates }
    }

    fn rule(&mut self, rule: &RuleProperties) -> Option<Rule> {
        let name = rule.name.clone().unwrap_or_default();
        let Some(condition) = &rule.failure_condition else {
            self.fault(format!("its breaker rule `{name}` has no `failureCondition`"));
            return None;
        };
        let before = self.faults.len();
        let threshold = match (condition.count, condition.percentage) {
            (Some(count), None) => self.within(&name, "count", count, 1..=10_000).map(Threshold::Count),
            (None, Some(percentage)) => self.within(&name, "percentage", percentage, 1..=100).map(Threshold::Percentage),
            _ => {
                self.fault(format!("its breaker rule `{name}` needs either `count` or `percentage`"));
                None
            }
        };
        let interval = self.duration(&name, "interval", condition.interval.as_deref());
        let trip_duration = self.duration(&name, "tripDuration", rule.trip_duration.as_deref());
        let mut statuses = Vec::new();
        for range in condition.status_code_ranges.iter().flatten() {
            match (range.min.and_then(|min| u16::try_from(min).ok()), range.max.and_then(|max| u16::try_from(max).ok())) {
                (Some(min), Some(max)) if (200..=599).contains(&min) && min <= max && max <= 599 => statuses.push((min, max)),
                _ => self.fault(format!("a status range of its breaker rule `{name}` is not of the form min, max within 200 to 599")),
            }
        }
        let reasons: Vec<Text> = condition.error_reasons.iter().flatten().cloned().map(Text::from).collect();
        if statuses.is_empty() && reasons.is_empty() && self.faults.len() == before {
            self.fault(format!("its breaker rule `{name}` needs `statusCodeRanges` or `errorReasons`"));
        }
        Some(Rule {
            name: name.into(),
            threshold: threshold?,
            interval: interval?,
            statuses,
            reasons,
            trip_duration: trip_duration?,
            accept_retry_after: rule.accept_retry_after.unwrap_or(false),
        })
    }

    fn within(&mut self, rule: &str, what: &str, value: i64, bounds: std::ops::RangeInclusive<i64>) -> Option<u32> {
        if !bounds.contains(&value) {
            self.fault(format!("`{what}` of its breaker rule `{rule}` is {value}, and may be {} to {}", bounds.start(), bounds.end()));
        }
        u32::try_from(value).ok()
    }

    /// An ISO 8601 duration: `PT1M`, `P1D`.
    fn duration(&mut self, rule: &str, what: &str, text: Option<&str>) -> Option<Duration> {
        let Some(text) = text else {
            self.fault(format!("its breaker rule `{rule}` has no `{what}`"));
            return None;
        };
        let parsed = iso_8601(text);
        if parsed.is_none() {
            self.fault(format!("`{what}` of its breaker rule `{rule}` is `{text}`, which is not an ISO 8601 duration like `PT1M`"));
        }
        parsed
    }

    fn pool(&mut self, properties: &Properties) -> Pool {
        let empty = PoolProperties::default();
        let pool = properties.pool.as_ref().unwrap_or(&empty);
        let services = pool.services.as_deref().unwrap_or_default();
        if services.is_empty() || services.len() > 30 {
            self.fault(format!("a pool has 1 to 30 members; this one has {}", services.len()));
        }
        let mut members = Vec::with_capacity(services.len());
        for service in services {
            // `/subscriptions/…/backends/ID`, or short `/backends/ID`.
            let id = service.id.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
            let mut number = |what: &str, value: Option<i64>, default: u32| match value.unwrap_or(i64::from(default)) {
                value @ 0..=100 => u32::try_from(value).unwrap_or(default),
                value => {
                    self.fault(format!("`{what}` of its member `{id}` is {value}, and may be 0 to 100"));
                    default
                }
            };
            // Neither default is documented. A priority that is left out is an integer's 0, as in the service's own kind of code, and so
            // comes first; a weight that is left out is 1, so that a member is not silently without traffic.
            let (priority, weight) = (number("priority", service.priority, 0), number("weight", service.weight, 1));
            members.push(Member { backend: id.into(), priority, weight });
        }
        let session = pool.session_affinity.as_ref().and_then(|affinity| affinity.session_id.as_ref());
        let session_cookie = session.and_then(|session| {
            if session.source.as_deref().is_some_and(|source| !source.eq_ignore_ascii_case("cookie")) {
                self.fault("the session of its `sessionAffinity` comes from something else than `Cookie`");
            }
            session.name.clone().map(Text::from)
        });
        let status = pool.failure_response.as_ref().and_then(|response| response.status_code);
        let failure_status = match status.map(u16::try_from) {
            None => 503,
            Some(Ok(status @ 100..=599)) => status,
            Some(_) => {
                self.fault("`statusCode` of its `failureResponse` is not 100 to 599");
                503
            }
        };
        Pool { members, session_cookie, failure_status }
    }
}

/// Days, hours, minutes and seconds; years and months have no fixed length, and no breaker that long makes sense.
fn iso_8601(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix(['P', 'p'])?;
    let (days, time) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (rest, ""),
    };
    let units = |text: &str, units: &[(char, f64)]| -> Option<f64> {
        let (mut seconds, mut rest, mut next) = (0.0, text, 0);
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, tail) = rest.split_at(end);
            let unit = tail.chars().next()?.to_ascii_uppercase();
            let place = units.iter().skip(next).position(|(letter, _)| *letter == unit)? + next;
            let number = number.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)?;
            seconds += number * units.get(place)?.1;
            (rest, next) = (tail.get(1..)?, place + 1);
        }
        Some(seconds)
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let seconds = units(days, &[('W', 604_800.0), ('D', 86_400.0)])? + units(time, &[('H', 3600.0), ('M', 60.0), ('S', 1.0)])?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_iso_8601() {
        for (text, seconds) in [
            ("PT1M", Some(60.0)),
            ("P1D", Some(86_400.0)),
            ("PT1H30M", Some(5400.0)),
            ("P1DT0.5S", Some(86_400.5)),
            ("P1W", Some(604_800.0)),
            ("PT", None),
            ("P", None),
            ("", None),
            ("1M", None),
            ("PT1D", None),
            ("PT1M1H", None),
            ("P1Y", None),
            ("PT-1S", None),
            ("00:01:00", None),
        ] {
            assert_eq!(iso_8601(text).map(|duration| duration.as_secs_f64()), seconds, "{text}");
        }
    }
}
