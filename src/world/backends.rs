//! The backend entities of a world: one for each resource, and those that are given as JSON.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

use super::ResourceSource;
use crate::{
    azure::identity::COGNITIVE_SERVICES,
    diagnostic::Diagnostic,
    gateway::backends::{Backend, Backends, ManagedIdentity, Properties, Target, faults, without_values},
    http::Url,
    source::{Source, Span},
    spec::{Auth, Endpoint, Region, Spec, secrets::conceal_all},
    text::Text,
};

/// A resource as the resource manager and the extractor tools write it.
#[derive(Deserialize)]
struct Resource {
    name: String,
    properties: Properties,
}

/// How the gateway proves to a backend who it is.
enum Credential {
    Key(String),
    ManagedIdentity,
    Nothing,
}

const CODE: &str = "world/bad-backend";

/// All of them. An entity of the file takes the place of another one with the same id.
pub(super) fn all(
    spec: Option<&Spec>,
    declared: &[ResourceSource],
    entities: Option<&Arc<Source>>,
    named_values: &BTreeMap<String, String>,
) -> Result<Backends, Vec<Diagnostic>> {
    let of_spec = spec.into_iter().flat_map(|spec| &spec.backends).filter_map(|backend| {
        let credential = match &backend.auth {
            Auth::ApiKey(name) => Credential::Key(named_values.get(name).cloned().unwrap_or_default()),
            Auth::ManagedIdentity => Credential::ManagedIdentity,
        };
        entity(&backend.id, &backend.endpoint, backend.region, credential)
    });
    let of_others = declared.iter().filter_map(|resource| {
        let credential = resource.key.clone().map_or(Credential::Nothing, Credential::Key);
        entity(&resource.id, &resource.endpoint, resource.region, credential)
    });
    let mut backends: Backends = of_spec.chain(of_others).map(|entity| (entity.key(), entity)).collect();
    if let Some(source) = entities {
        backends.extend(read(source, named_values)?);
    }
    let found = faults(&backends).into_iter().map(|(key, fault)| {
        let id = backends.get(&key).map_or(Text::EMPTY, |backend| backend.id.clone());
        Diagnostic::error(CODE, format!("the backend `{id}`: {fault}"))
    });
    let found: Vec<Diagnostic> =
        found.map(|fault| if let Some(source) = entities { fault.at(source, Span::at(0)) } else { fault }).collect();
    if found.is_empty() { Ok(backends) } else { Err(found) }
}

/// The inference API of a resource.
fn entity(id: &str, endpoint: &Endpoint, region: Region, credential: Credential) -> Option<Backend> {
    let mut entity = Backend::single(id.to_owned(), Url::parse(&format!("{}/openai", endpoint.url))?);
    entity.region = region.name.into();
    if let Target::Single(single) = &mut entity.target {
        match credential {
            Credential::Key(key) => single.credentials.headers.push(("api-key".into(), vec![key.into()])),
            Credential::ManagedIdentity => {
                single.credentials.managed_identity = Some(ManagedIdentity { resource: COGNITIVE_SERVICES.into(), client_id: None });
            }
            Credential::Nothing => {}
        }
    }
    Some(entity)
}

/// A resource, a list of them, or a list under `value` as the resource manager answers.
fn read(source: &Arc<Source>, named_values: &BTreeMap<String, String>) -> Result<Backends, Vec<Diagnostic>> {
    conceal_all(source);
    let unreadable = |error: serde_json::Error| {
        let message = format!("`{}` holds no backend resources: {}", source.name(), without_values(&error));
        vec![Diagnostic::error(CODE, message).at(source, place(source, &error))]
    };
    let mut json: serde_json::Value = serde_json::from_str(source.text()).map_err(unreadable)?;
    if let Some(list) = json.get_mut("value") {
        json = list.take();
    }
    if json.is_object() {
        json = vec![json].into();
    }
    let resources: Vec<Resource> = serde_json::from_value(json).map_err(unreadable)?;
    let mut backends = Backends::new();
    let mut found = Vec::new();
    for resource in resources {
        match Backend::read(&resource.name, &resource.properties, named_values) {
            Ok(backend) => {
                backends.insert(backend.key(), backend);
            }
            Err(faults) => found.extend(
                faults
                    .into_iter()
                    .map(|fault| Diagnostic::error(CODE, format!("the backend `{}`: {fault}", resource.name)).at(source, Span::at(0))),
            ),
        }
    }
    if found.is_empty() { Ok(backends) } else { Err(found) }
}

/// Where the text stops being JSON; its beginning where it is JSON of another kind.
fn place(source: &Source, error: &serde_json::Error) -> Span {
    let lines = source.text().split_inclusive('\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
    Span::at((before + error.column().saturating_sub(1)).min(source.text().len()))
}
