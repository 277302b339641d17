//! Azure OpenAI resources that a policy or a backend entity names, though nobody declares them: there from the start, so that a fault can meet
//! them before the first call does. A host that only an expression puts together comes to be when it is called.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
};

use crate::{
    azure::openai::ResourceConfig,
    gateway::backends::Target,
    live::{ResourceSite, Simulation},
    spec::Region,
    world::{Materials, World},
};

/// What a resource's host name ends with.
const AZURE_OPENAI: &str = ".openai.azure.com";

/// How many are there from the start: more are hardly meant.
const MOST: usize = 64;

/// The texts in which hosts may be named.
pub(super) fn hosts_of_texts(materials: &Materials) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut documents: Vec<&str> = materials.policy.iter().map(|document| document.source.text()).collect();
    documents.extend(materials.fragments.values().map(|document| document.source.text()));
    for level in materials.service.iter().flat_map(|service| std::iter::once(&service.shared).chain(service.workspaces.values())) {
        let policies = level.apis.iter().flat_map(|api| api.policy.iter().chain(api.operation_policies.values()));
        let products = level.products.values().filter_map(|product| product.policy.as_ref());
        let all = policies.chain(products).chain(&level.policy).chain(level.fragments.values());
        documents.extend(all.map(|document| document.source.text()));
        let plain = level.named_values.values().filter_map(|value| value.value.as_deref());
        plain.for_each(|value| collect(value, &mut found));
    }
    documents.into_iter().chain(materials.given.by_name.values().map(String::as_str)).for_each(|text| collect(text, &mut found));
    found
}

/// Puts the resources of these hosts, and of the backend entities, into a simulation that has none of their name.
pub(super) fn add(mut hosts: BTreeSet<String>, world: &World, simulation: &mut Simulation) {
    let Some((region, gateway)) = world.gateways.first() else { return };
    for backend in gateway.backends.values() {
        if let Target::Single(single) = &backend.target {
            collect(&single.url.host, &mut hosts);
        }
    }
    let elsewhere = |host: &String| {
        simulation.mapped.iter().map(|(mapped, _)| mapped).chain(&simulation.real).any(|other| other.eq_ignore_ascii_case(host))
    };
    hosts.retain(|host| !elsewhere(host));
    for host in hosts.into_iter().take(MOST) {
        let config = ResourceConfig { exact_tokens: true, ..ResourceConfig::undeclared(host.clone().into(), region.display.into()) };
        if simulation.resources.iter().all(|site| *site.config.host != *host && site.config.id != config.id) {
            simulation.resources.push(site(*region, config));
        }
    }
}

fn site(region: Region, config: ResourceConfig) -> ResourceSite {
    ResourceSite { region: region.name.into(), listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), config }
}

/// The hosts of resources that a text names in full: behind `//`, a quote, or the text's beginning. What `{{name}}` or an expression completes is
/// none.
fn collect(text: &str, into: &mut BTreeSet<String>) {
    for (at, _) in text.match_indices(AZURE_OPENAI) {
        let before = text.get(..at).unwrap_or("");
        let label = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or("");
        let ahead = before.strip_suffix(label).unwrap_or("");
        let begins = ahead.is_empty() || ahead.ends_with("//") || ahead.ends_with(['"', '\'']);
        let goes_on = text
            .get(at + AZURE_OPENAI.len()..)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || "-.".contains(c)));
        if (1..=63).contains(&label.len()) && begins && !goes_on {
            into.insert(format!("{}{AZURE_OPENAI}", label.to_ascii_lowercase()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_are_named_in_full_are_found() {
        let found = |text: &str| {
            let mut hosts = BTreeSet::new();
            collect(text, &mut hosts);
            hosts.into_iter().collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            (r#"{ "url", "https://Team-A.openai.azure.com/" }"#, "team-a.openai.azure.com"),
            ("a.openai.azure.com", "a.openai.azure.com"),
            (r#"base-url="https://a.openai.azure.com/openai" b="https://b.openai.azure.com""#, "a.openai.azure.com b.openai.azure.com"),
            (r#"@("https://" + name + ".openai.azure.com/openai")"#, ""),
            ("https://{{team}}-east.openai.azure.com/openai", ""),
            (r#"@($"https://{team}east.openai.azure.com")"#, ""),
            ("https://a.openai.azure.com.example", ""),
            ("https://.openai.azure.com", ""),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
