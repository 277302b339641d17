//! What a person sees at the start: addresses, the key, and what to try.

use std::fmt::Write as _;

use super::setup::Setup;
use crate::{gateway::Granted, live::Running};

/// The last line before requests are told of.
pub(super) const LISTENING: &str = "Listening. Requests appear below; Ctrl-C stops.";

/// The first public model that a backend holds; undeclared resources take any.
fn model(setup: &Setup) -> String {
    setup.spec.as_ref().and_then(|spec| spec.models().first().map(|model| (*model).to_owned())).unwrap_or_else(|| "gpt-4o".to_owned())
}

/// The URL of a chat completion below a gateway's root.
pub(super) fn chat_path(setup: &Setup) -> String {
    let path = setup.spec.as_ref().map_or("openai", |spec| spec.api.path.as_str());
    let base = if path.is_empty() { String::new() } else { format!("/{path}") };
    format!("{base}/deployments/{}/chat/completions?api-version=2024-10-21", model(setup))
}

/// The header that carries the subscription key.
pub(super) fn key_header(setup: &Setup) -> String {
    setup.spec.as_ref().map_or("api-key".to_owned(), |spec| spec.api.subscription_key_header.clone())
}

pub(super) fn text(setup: &Setup, running: &Running) -> String {
    if setup.is_service {
        return service(setup, running);
    }
    let listening = running.listening();
    let name = setup.spec.as_ref().map_or(String::new(), |spec| format!("{}: ", spec.name));
    let mut out = format!("{name}{} is running, all on this machine.\n\n", setup.policy_name);
    if let Some(url) = &listening.front_door {
        let _ = writeln!(out, "  front door {:<20} {url}", "");
    }
    for (region, url) in &listening.gateways {
        let _ = writeln!(out, "  gateway    {region:<20} {url}");
    }
    for (id, url) in &listening.backends {
        let region = setup.spec.as_ref().and_then(|spec| spec.backend(id)).map_or("", |backend| backend.region.name);
        let _ = writeln!(out, "  resource   {:<20} {url}", format!("{id} {region}"));
    }
    if let Some(control) = &listening.control {
        let _ = writeln!(out, "  page       {:<20} {control}", "");
    }
    let key = listening.subscription_key.as_deref().unwrap_or("");
    if let Some(root) = listening.front_door.as_ref().or_else(|| listening.gateways.values().next()) {
        let _ = write!(
            out,
            "\nTry it:\n\n  curl -i '{root}{}' \\\n    -H '{}: {key}' -H 'Content-Type: application/json' \\\n    -d '{{\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'\n",
            chat_path(setup),
            key_header(setup)
        );
    }
    // Without a spec, resources come into being when the policy first names them.
    let Some(first) = listening.backends.keys().next() else { return out };
    let control = match &listening.control {
        Some(control) if *control != format!("http://{}", super::CONTROL) => format!("--control {control} "),
        _ => String::new(),
    };
    let _ =
        write!(out, "\n  openai-failover fault {control}{first} 429 --retry-after 10s\n  openai-failover fault {control}{first} clear\n");
    out
}

/// The same for a whole service: its APIs, and the keys for them.
fn service(setup: &Setup, running: &Running) -> String {
    let listening = running.listening();
    let mut out = format!("{} is running, all on this machine.\n\n", setup.policy_name);
    for (region, url) in &listening.gateways {
        let _ = writeln!(out, "  gateway    {region:<20} {url}");
    }
    if let Some(control) = &listening.control {
        let _ = writeln!(out, "  page       {:<20} {control}", "");
    }
    let Some(gateway) = setup.simulation.gateways.first().map(|site| &site.gateway) else { return out };
    out.push('\n');
    for hosted in &gateway.apis {
        let api = &hosted.api;
        let revision = if api.is_current { String::new() } else { format!(";rev={}", api.revision) };
        let _ = writeln!(
            out,
            "  api        {:<20} /{}{revision}, {} operations, key in `{}`",
            api.id,
            api.public_path(),
            api.operations.len(),
            api.key_header
        );
    }
    for subscription in &gateway.subscriptions {
        let granted = match &subscription.granted {
            Granted::AllApis => "all APIs".to_owned(),
            Granted::Api(id) => format!("API {id}"),
            Granted::Product(id) => format!("product {id}"),
        };
        let state = if subscription.is_active { "" } else { ", not active" };
        let _ = writeln!(out, "  key        {:<20} {}  ({granted}{state})", subscription.id, subscription.primary_key);
    }
    let first = gateway.apis.iter().find_map(|hosted| hosted.api.operations.first().map(|operation| (&hosted.api, operation)));
    if let (Some(root), Some((api, operation))) = (listening.gateways.values().next(), first) {
        let path = format!("/{}/{}", api.public_path(), operation.url_template.trim_start_matches('/'));
        let key = listening.subscription_key.as_deref().unwrap_or("");
        let _ = write!(
            out,
            "\nTry it:\n\n  curl -i -X {} '{}{}' -H '{}: {key}'\n",
            operation.method,
            root.trim_end_matches('/'),
            path.replace("//", "/"),
            api.key_header
        );
    }
    out
}
