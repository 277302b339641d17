//! One condition of a custom rule: the part of the request, what is done to it, and what it is held against.
//!
//! Text is compared as it stands, capitals and all: who wants it otherwise says `Lowercase`. What a request does not have matches nothing,
//! `Any` apart. Source: learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules; the service's pages say nothing
//! of either.

use std::{borrow::Cow, net::IpAddr};

use regex::RegexSet;

use super::{
    super::{
        Client,
        client::{remote, remote_country, stated_country},
        range::{Countries, Country, Range},
    },
    transform,
};
use crate::{
    http::RequestHead,
    spec::{WafCondition, WafOperator, WafTransform, WafVariable},
};

/// A request as the firewall looks at it.
pub(super) struct Subject<'a> {
    pub(super) request: &'a RequestHead,
    pub(super) body: &'a [u8],
    client: &'a Client,
    countries: &'a Countries,
}

impl<'a> Subject<'a> {
    /// A request with the first of its body.
    pub(super) fn new(request: &'a RequestHead, body: &'a [u8], client: &'a Client, countries: &'a Countries) -> Self {
        Self { request, body, client, countries }
    }

    /// The country of the TCP peer.
    pub(super) fn socket_country(&self) -> Country {
        stated_country(self.request).unwrap_or(self.client.country)
    }

    /// The query without its question mark.
    pub(super) fn query(&self) -> &'a str {
        let query = self.request.url.query.as_str();
        query.strip_prefix('?').unwrap_or(query)
    }

    /// The first of the body as text.
    pub(super) fn body_text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.body)
    }

    fn has_form(&self) -> bool {
        let of_form = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
        self.request.headers.get("Content-Type").is_some_and(|kind| of_form(kind))
    }
}

/// A condition, ready to be asked.
#[derive(Debug)]
pub(super) struct Condition {
    variable: WafVariable,
    selector: String,
    transforms: Vec<WafTransform>,
    test: Test,
    negate: bool,
}

#[derive(Debug)]
enum Test {
    Always,
    Addresses(Vec<Range>),
    Countries(Vec<Country>),
    Text(fn(&str, &str) -> bool, Vec<String>),
    Length(fn(&usize, &usize) -> bool, Vec<usize>),
    Patterns(RegexSet),
}

impl Condition {
    /// A condition of the spec.
    pub(super) fn new(condition: &WafCondition) -> Result<Self, regex::Error> {
        let texts = || condition.values.clone();
        let lengths = || condition.values.iter().filter_map(|value| value.parse().ok()).collect();
        let test = match condition.operator {
            WafOperator::Any => Test::Always,
            WafOperator::IpMatch => Test::Addresses(condition.values.iter().filter_map(|value| Range::parse(value)).collect()),
            WafOperator::GeoMatch => Test::Countries(condition.values.iter().filter_map(|value| Country::new(value)).collect()),
            WafOperator::Equal => Test::Text(|text, value| text == value, texts()),
            WafOperator::Contains => Test::Text(|text, value| text.contains(value), texts()),
            WafOperator::BeginsWith => Test::Text(|text, value| text.starts_with(value), texts()),
            WafOperator::EndsWith => Test::Text(|text, value| text.ends_with(value), texts()),
            WafOperator::LessThan => Test::Length(usize::lt, lengths()),
            WafOperator::GreaterThan => Test::Length(usize::gt, lengths()),
            WafOperator::LessThanOrEqual => Test::Length(usize::le, lengths()),
            WafOperator::GreaterThanOrEqual => Test::Length(usize::ge, lengths()),
            WafOperator::RegEx => Test::Patterns(RegexSet::new(&condition.values)?),
        };
        Ok(Self {
            variable: condition.variable,
            selector: condition.selector.clone().unwrap_or_default(),
            transforms: condition.transforms.clone(),
            test,
            negate: condition.negate,
        })
    }

    /// The part of the request that it looks at.
    pub(super) fn variable(&self) -> WafVariable {
        self.variable
    }

    /// Whether the request meets it.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        self.matches(subject) != self.negate
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        match &self.test {
            Test::Always => true,
            Test::Addresses(ranges) => {
                let address = self.address(subject);
                ranges.iter().any(|range| range.contains(address))
            }
            Test::Countries(countries) => countries.contains(&self.country(subject)),
            Test::Text(compare, values) => self.any(subject, |text| values.iter().any(|value| compare(text, value))),
            Test::Length(compare, values) => self.any(subject, |text| values.iter().any(|value| compare(&text.len(), value))),
            Test::Patterns(patterns) => self.any(subject, |text| patterns.is_match(text)),
        }
    }

    fn address(&self, subject: &Subject<'_>) -> IpAddr {
        let forwarded = if self.variable == WafVariable::RemoteAddr { remote(subject.request) } else { None };
        forwarded.map_or(subject.client.address, |(address, _)| address)
    }

    fn country(&self, subject: &Subject<'_>) -> Country {
        match self.variable {
            WafVariable::RemoteAddr => remote_country(subject.request, subject.client, subject.countries),
            _ => subject.socket_country(),
        }
    }

    /// Whether `test` holds for any text that the variable means.
    fn any(&self, subject: &Subject<'_>, test: impl Fn(&str) -> bool) -> bool {
        let test = |text: Cow<'_, str>| test(&transform::apply(text, &self.transforms));
        let plain = |text: &str| test(Cow::Borrowed(text));
        let request = subject.request;
        match self.variable {
            WafVariable::RemoteAddr | WafVariable::SocketAddr => test(self.address(subject).to_string().into()),
            WafVariable::RequestMethod => plain(&request.method),
            WafVariable::QueryString if self.selector.is_empty() => plain(subject.query()),
            WafVariable::QueryString => arguments(subject.query(), &self.selector).any(plain),
            // Path and query: rules in the wild begin with `/`, so no host stands before it.
            WafVariable::RequestUri if request.url.query.is_empty() => plain(&request.url.path),
            WafVariable::RequestUri => test(format!("{}{}", request.url.path, request.url.query).into()),
            WafVariable::RequestHeader => request.headers.values(&self.selector).any(|value| plain(value)),
            WafVariable::Cookies => cookies(request, &self.selector).any(plain),
            WafVariable::RequestBody => test(subject.body_text()),
            WafVariable::PostArgs if subject.has_form() => arguments(&subject.body_text(), &self.selector).any(plain),
            WafVariable::PostArgs => false,
        }
    }
}

/// The values of an argument in a query or a form, as they stand.
fn arguments<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    text.split('&').filter_map(move |pair| {
        let (known, value) = pair.split_once('=').unwrap_or((pair, ""));
        known.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The values of a cookie.
pub(in super::super) fn cookies<'r>(request: &'r RequestHead, name: &'r str) -> impl Iterator<Item = &'r str> {
    let pairs = request.headers.values("Cookie").flat_map(|value| value.split(';'));
    pairs.filter_map(move |pair| pair.trim().split_once('=')).filter_map(move |(known, value)| (known == name).then_some(value))
}
