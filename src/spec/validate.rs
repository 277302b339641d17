//! What relates values of a spec to one another: unique names, references, the data boundary, the time budget.
//!
//! It looks at the fields as they were read, so that one faulty value does not hide what is wrong elsewhere.

use std::collections::HashMap;

use super::{
    fields::{Field, Reader, Spanned},
    model::Reach,
    regions::Region,
    scalars::{ApiPath, HeaderName, ModelName},
    waf, wire,
};
use crate::{
    diagnostic::{Diagnostic, Severity, nearest},
    source::Span,
};

/// Checks everything that needs more than one value.
pub(super) fn validate(file: &wire::File, reader: &mut Reader<'_>) {
    gateways(file, reader);
    backends(file, reader);
    references(file, reader);
    models(file, reader);
    boundary(file, reader);
    headers(file, reader);
    budget(file, reader);
    if let Some(front_door) = file.front_door.value() {
        samples(front_door, reader);
        if let Some(waf) = front_door.waf.value() {
            waf::validate(waf, reader);
        }
    }
}

impl Reader<'_> {
    /// Reports a warning that underlines `span`.
    pub(crate) fn warning(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.faults.push(Diagnostic::warning(code, message).at(self.source, span).help(help));
    }

    /// Reports every value that repeats an earlier one, with both places.
    pub(crate) fn unique<'v>(&mut self, code: &'static str, what: &str, values: impl IntoIterator<Item = (String, &'v str, Span)>) {
        let mut first: HashMap<String, Span> = HashMap::new();
        for (canonical, shown, span) in values {
            if let Some(earlier) = first.get(&canonical) {
                let fault = Diagnostic::error(code, format!("{what} `{shown}` is given twice")).at(self.source, span);
                self.faults.push(fault.label(self.source, *earlier, "given here first").help("choose another"));
            } else {
                first.insert(canonical, span);
            }
        }
    }
}

fn backend_list(file: &wire::File) -> impl Iterator<Item = &wire::Backend> {
    file.backends.value().into_iter().flat_map(|backends| backends.0.iter().map(|backend| &backend.value))
}

fn gateways(file: &wire::File, reader: &mut Reader<'_>) {
    let regions = file.gateways.value().into_iter().flat_map(|gateways| &gateways.0).filter_map(|gateway| gateway.value.region.get());
    reader.unique(
        "spec/duplicate-id",
        "a gateway in",
        regions.map(|region| (region.value.name.to_owned(), region.value.name, region.span)),
    );
}

fn backends(file: &wire::File, reader: &mut Reader<'_>) {
    let ids = backend_list(file).filter_map(|backend| backend.id.get());
    reader.unique("spec/duplicate-id", "the backend id", ids.map(|id| (id.value.0.clone(), id.value.0.as_str(), id.span)));
    let mut hosts: HashMap<&str, Span> = HashMap::new();
    for backend in backend_list(file) {
        if let Some(endpoint) = backend.endpoint.get() {
            let Some(earlier) = hosts.insert(&endpoint.value.host, endpoint.span) else { continue };
            let message = format!("two backends share the host `{}`", endpoint.value.host);
            let fault = Diagnostic::warning("spec/shared-endpoint", message).at(reader.source, endpoint.span);
            let help = "one resource is one backend: what fails for one fails for the other";
            reader.faults.push(fault.label(reader.source, earlier, "and here").help(help));
        }
    }
    for backend in backend_list(file) {
        if let Some(deployments) = backend.deployments.value() {
            deployments.0.iter().for_each(|(_, deployment)| capacity(&deployment.value, reader));
        }
        if let Some(auth) = backend.auth.get() {
            match (auth.value.api_key.said, auth.value.managed_identity.said) {
                (true, true) => {
                    reader.error("spec/bad-auth", auth.span, "a backend has one way to authenticate, not two", "keep one of them")
                }
                (false, false) => {
                    let help = "give `apiKey: NAME`, a Named Value, or `managedIdentity: true`";
                    reader.error("spec/bad-auth", auth.span, "this says nothing of how to authenticate", help);
                }
                _ => {}
            }
        }
    }
}

/// Capacity is bought as a quota of tokens or as units: <https://learn.microsoft.com/azure/ai-foundry/openai/how-to/deployment-types>.
pub(crate) fn capacity(deployment: &wire::Deployment, reader: &mut Reader<'_>) {
    const CODE: &str = "spec/capacity-mismatch";
    let Some(sku) = deployment.sku.get() else { return };
    let units = deployment.units.get();
    let quotas = [("tokensPerMinute", deployment.tokens_per_minute.place()), ("requestsPerMinute", deployment.requests_per_minute.place())];
    if !sku.value.is_provisioned() {
        if let Some(units) = units {
            let help = "give `tokensPerMinute`, or choose `sku: ProvisionedManaged`";
            reader.error(CODE, units.span, "only a provisioned deployment has units", help);
        }
        return;
    }
    for (key, place) in quotas {
        if let Some(place) = place {
            reader.error(CODE, place, format!("a provisioned deployment has no `{key}`"), "its capacity is its `units`");
        }
    }
    if !deployment.units.said {
        reader.error(CODE, sku.span, "a provisioned deployment needs `units`", "add `units: 100`, or how many you bought");
    }
}

fn references(file: &wire::File, reader: &mut Reader<'_>) {
    let Some(values) = file.named_values.value() else { return };
    let names: Vec<&str> = values.0.iter().map(|(name, _)| name.value.0.as_str()).collect();
    let used: Vec<&Spanned<_>> = backend_list(file).filter_map(|backend| backend.auth.value()?.api_key.get()).collect();
    for name in used.iter().filter(|name| !names.contains(&name.value.0.as_str())) {
        let wanted = &name.value.0;
        if looks_like_a_key(wanted) {
            let help = "put the key into Key Vault, name it under `namedValues` and give that name here; then renew the key, since a file has seen it";
            reader.error("spec/secret-in-spec", name.span, "this looks like a key, not like the name of a Named Value", help);
            continue;
        }
        let help = match nearest(wanted, names.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("add `{wanted}: {{ keyVault: … }}` under `namedValues`"),
        };
        reader.error("spec/dangling-reference", name.span, format!("there is no Named Value `{wanted}`"), help);
    }
    for (name, _) in values.0.iter().filter(|(name, _)| !used.iter().any(|used| used.value.0 == name.value.0)) {
        let message = format!("no backend uses the Named Value `{}`", name.value.0);
        reader.warning("spec/unused-named-value", name.span, message, "remove it, or refer to it in a backend's `auth`");
    }
}

/// Keys of Azure OpenAI are 32 hexadecimal digits or 84 letters and digits; nobody names a value like that.
fn looks_like_a_key(text: &str) -> bool {
    text.len() >= 32 && text.chars().all(|c| c.is_ascii_alphanumeric()) && text.chars().any(|c| c.is_ascii_digit())
}

fn models(file: &wire::File, reader: &mut Reader<'_>) {
    struct Held<'a> {
        name: &'a Spanned<ModelName>,
        model: &'a Spanned<ModelName>,
        backends: usize,
    }
    let mut held: Vec<Held<'_>> = Vec::new();
    for backend in backend_list(file) {
        for (name, deployment) in backend.deployments.value().into_iter().flat_map(|deployments| &deployments.0) {
            let model = deployment.value.model.get().unwrap_or(name);
            let Some(first) = held.iter_mut().find(|held| held.name.value == name.value) else {
                held.push(Held { name, model, backends: 1 });
                continue;
            };
            first.backends += 1;
            if first.model.value != model.value {
                let message = format!("`{}` is another model here: `{}`", name.value.0, model.value.0);
                let fault = Diagnostic::warning("spec/different-models", message).at(reader.source, model.span);
                let fault = fault.label(reader.source, first.model.span, format!("here it is `{}`", first.model.value.0));
                reader.faults.push(fault.help("after a failover clients get answers of another model"));
            }
        }
    }
    for model in held.iter().filter(|held| held.backends == 1) {
        let message = format!("only one backend holds `{}`: nothing to fail over to", model.name.value.0);
        reader.warning("spec/single-backend-model", model.name.span, message, "deploy it to another backend too");
    }
}

fn boundary(file: &wire::File, reader: &mut Reader<'_>) {
    let Some(boundary) = file.data_boundary.get() else { return };
    let inside = |region: Region| match &boundary.value {
        wire::Boundary::None => true,
        wire::Boundary::Eu => region.eu,
        wire::Boundary::Regions(regions) => regions.0.iter().any(|allowed| allowed.value == region),
    };
    let said = match &boundary.value {
        wire::Boundary::None => return,
        wire::Boundary::Eu => "the European Union",
        wire::Boundary::Regions(_) => "the data boundary",
    };
    let fault = |severity, span, message: String, reader: &Reader<'_>| {
        let fault = Diagnostic { severity, ..Diagnostic::error("spec/outside-boundary", message) };
        fault.at(reader.source, span).label(reader.source, boundary.span, "the boundary is set here")
    };
    for backend in backend_list(file) {
        let Some(region) = backend.region.get() else { continue };
        if !inside(region.value) {
            let message = format!("a backend in `{}` is outside {said}", region.value);
            let help = match (&boundary.value, region.value.eu_data_boundary) {
                (wire::Boundary::Eu, true) => "`eu` means member states of the European Union; list the regions where EFTA is allowed too",
                _ => "move the backend, or widen `dataBoundary`",
            };
            reader.faults.push(fault(Severity::Error, region.span, message, reader).help(help));
        }
        for (_, deployment) in backend.deployments.value().into_iter().flat_map(|deployments| &deployments.0) {
            let Some(sku) = deployment.value.sku.get() else { continue };
            match (sku.value.reach(), &boundary.value) {
                (Reach::Region, _) => {}
                (Reach::Global, _) => {
                    let message = "a global deployment may process data in any Azure region".to_owned();
                    let help = "choose `Standard` or `ProvisionedManaged`, which stay in their region";
                    reader.faults.push(fault(Severity::Error, sku.span, message, reader).help(help).note(REACH));
                }
                (Reach::DataZone, wire::Boundary::Regions(_)) => {
                    let message = "a data zone deployment may process data in any region of its zone".to_owned();
                    let help = "choose `Standard` or `ProvisionedManaged`, which stay in their region";
                    reader.faults.push(fault(Severity::Error, sku.span, message, reader).help(help).note(REACH));
                }
                (Reach::DataZone, _) => {
                    let message = "the EU data zone may include regions in Norway and Switzerland".to_owned();
                    reader.faults.push(fault(Severity::Note, sku.span, message, reader).note(REACH));
                }
            }
        }
    }
    for gateway in file.gateways.value().into_iter().flat_map(|gateways| &gateways.0) {
        if let Some(region) = gateway.value.region.get().filter(|region| !inside(region.value)) {
            let message = format!("a gateway in `{}` is outside {said}: requests pass through it", region.value);
            reader.faults.push(fault(Severity::Warning, region.span, message, reader).help("move the gateway, or widen `dataBoundary`"));
        }
    }
}

const REACH: &str = "https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/deployment-types";

/// Headers that the gateway and the connection make themselves.
const TRANSPORT: &[&str] = &[
    "host",
    "content-length",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// Headers that say who the caller is; a backend must see the gateway's own.
const CREDENTIALS: &[&str] = &["api-key", "ocp-apim-subscription-key", "authorization", "cookie"];

fn headers(file: &wire::File, reader: &mut Reader<'_>) {
    const CODE: &str = "spec/reserved-header";
    let key_header = file.api.value().and_then(|api| api.subscription_key_header.get());
    let Some(failover) = file.failover.value() else { return };
    let forwarded: Vec<&Spanned<HeaderName>> = failover.forward_headers.value().into_iter().flat_map(|names| &names.0).collect();
    for name in &forwarded {
        let lower = name.value.0.to_ascii_lowercase();
        let is_key = key_header.is_some_and(|key| key.value.0.eq_ignore_ascii_case(&lower));
        let why = if is_key || CREDENTIALS.contains(&lower.as_str()) {
            "it is the caller's credential: a backend gets the gateway's own"
        } else if TRANSPORT.contains(&lower.as_str()) {
            "it belongs to one connection: every attempt makes its own"
        } else if lower.starts_with("x-forwarded-") || lower.starts_with("x-azure-") {
            "it belongs to Front Door and the gateway"
        } else {
            continue;
        };
        reader.error(CODE, name.span, format!("`{}` must not be forwarded", name.value.0), why);
    }
    let lower = |name: &Spanned<HeaderName>| name.value.0.to_ascii_lowercase();
    let twice = forwarded.iter().map(|name| (lower(name), name.value.0.as_str(), name.span));
    reader.unique("spec/duplicate-id", "the header", twice);
    let answers: Vec<&Spanned<HeaderName>> =
        failover.headers.value().into_iter().flat_map(|headers| [headers.served_by.get(), headers.attempts.get()]).flatten().collect();
    let twice = answers.iter().map(|name| (lower(name), name.value.0.as_str(), name.span));
    reader.unique("spec/duplicate-id", "the header", twice);
    for name in answers.into_iter().chain(key_header) {
        let lower = lower(name);
        if TRANSPORT.contains(&lower.as_str()) || lower.starts_with("x-azure-") || matches!(lower.as_str(), "content-type" | "retry-after")
        {
            reader.error(CODE, name.span, format!("`{}` has a meaning of its own", name.value.0), "choose another name");
        }
    }
    reserved_path(file.api.value().and_then(|api| api.path.get()), reader);
}

/// API Management keeps these paths for itself.
fn reserved_path(path: Option<&Spanned<ApiPath>>, reader: &mut Reader<'_>) {
    let Some(path) = path else { return };
    let first = path.value.0.split('/').next().unwrap_or("");
    if first.starts_with("status-0123456789abcdef") || path.value.0.split('/').any(|segment| matches!(segment, "." | "..")) {
        reader.error("spec/bad-path", path.span, format!("`{}` cannot be the path of an API", path.value.0), "choose another");
    }
}

/// With `send-request` the gateway's first byte leaves after the last attempt, so all attempts must fit the edge's patience:
/// <https://learn.microsoft.com/azure/frontdoor/troubleshoot-issues>.
fn budget(file: &wire::File, reader: &mut Reader<'_>) {
    let found = || {
        let failover = file.failover.value()?;
        let edge = &file.front_door.value()?.origin_response_timeout;
        Some((&failover.attempt_timeout, &failover.max_attempts, edge, backend_list(file).count()))
    };
    let Some((timeout, attempts, edge, backends)) = found() else { return };
    let (Some(timeout_is), Some(attempts_are), Some(edge_is)) = (timeout.value(), attempts.value(), edge.value()) else { return };
    let tried = attempts_are.0.min(u64::try_from(backends).unwrap_or(u64::MAX)).max(1);
    let (seconds, patience) = (timeout_is.0.as_secs(), edge_is.0.as_secs());
    let needed = seconds.saturating_mul(tried);
    if needed <= patience {
        return;
    }
    let span = timeout.place().or(attempts.place()).or(edge.place()).or(file.front_door.place()).unwrap_or_default();
    let message = format!("{tried} attempts of {seconds}s take {needed}s, and Front Door gives up after {patience}s");
    let mut fault = Diagnostic::error("spec/attempts-exceed-origin-timeout", message).at(reader.source, span);
    if let Some(place) = edge.place().filter(|place| *place != span) {
        fault = fault.label(reader.source, place, "Front Door's patience");
    }
    let help = if needed <= 240 {
        format!("set `originResponseTimeout` to {needed}s or more, or `attemptTimeout` to {}s or less", patience / tried)
    } else {
        format!("set `attemptTimeout` to {}s or less, or `maxAttempts` to {} or less", patience / tried, (patience / seconds.max(1)).max(1))
    };
    reader.faults.push(fault.help(help));
}

fn samples(front_door: &wire::FrontDoor, reader: &mut Reader<'_>) {
    let Some(probe) = front_door.probe.value() else { return };
    let number = |field: &Field<_>| field.get().map(|Spanned { value: super::scalars::Whole::<0, 255>(number), span }| (*number, *span));
    let (Some((size, size_at)), Some((good, good_at))) = (number(&probe.sample_size), number(&probe.successful_samples)) else { return };
    if good > size {
        let span = if probe.successful_samples.said { good_at } else { size_at };
        let message = format!("{good} good samples out of {size} cannot be");
        reader.error("spec/out-of-range", span, message, format!("give `successfulSamples` {size} or less"));
    }
}
