//! The backend entities of a simulation: one for each backend of the spec, and those of `--backend-entities`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Deserialize;

use super::{super::input, Arguments};
use crate::{
    azure::identity::COGNITIVE_SERVICES,
    gateway::backends::{Backend, Backends, ManagedIdentity, Properties, Target, faults},
    http::Url,
    spec::{Auth, Spec},
    text::Text,
};

/// A resource as the resource manager and the extractor tools write it.
#[derive(Deserialize)]
struct Resource {
    name: String,
    properties: Properties,
}

/// All of them. An entity of the file takes the place of a backend of the spec with the same id.
pub(super) fn all(
    arguments: &Arguments,
    spec: Option<&Spec>,
    named_values: &BTreeMap<String, String>,
    files: &mut Vec<PathBuf>,
) -> anyhow::Result<Backends> {
    let mut backends = spec.map_or_else(Backends::new, |spec| of_spec(spec, named_values));
    if let Some(path) = &arguments.backend_entities {
        files.push(path.clone());
        backends.extend(read(path, named_values)?);
    }
    let found: Vec<String> = faults(&backends)
        .into_iter()
        .map(|(key, fault)| {
            let id = backends.get(&key).map_or(Text::EMPTY, |backend| backend.id.clone());
            format!("the backend `{id}`: {fault}")
        })
        .collect();
    if found.is_empty() { Ok(backends) } else { anyhow::bail!("{}", found.join("\n")) }
}

/// The backends of a spec: the inference API of the resource, with the credential that the spec says.
fn of_spec(spec: &Spec, named_values: &BTreeMap<String, String>) -> Backends {
    let entity = |backend: &crate::spec::Backend| {
        let mut entity = Backend::single(backend.id.clone(), Url::parse(&format!("{}/openai", backend.endpoint.url))?);
        entity.region = backend.region.name.into();
        if let Target::Single(single) = &mut entity.target {
            match &backend.auth {
                Auth::ApiKey(name) => {
                    let key = named_values.get(name).cloned().unwrap_or_default();
                    single.credentials.headers.push(("api-key".into(), vec![key.into()]));
                }
                Auth::ManagedIdentity => {
                    single.credentials.managed_identity = Some(ManagedIdentity { resource: COGNITIVE_SERVICES.into(), client_id: None });
                }
            }
        }
        Some((entity.key(), entity))
    };
    spec.backends.iter().filter_map(entity).collect()
}

/// A resource, a list of them, or a list under `value` as the resource manager answers.
fn read(path: &Path, named_values: &BTreeMap<String, String>) -> anyhow::Result<Backends> {
    let source = input::read(path)?;
    let unreadable = || format!("`{}` holds no backend resources", source.name());
    let mut json: serde_json::Value = serde_json::from_str(source.text()).with_context(unreadable)?;
    if let Some(list) = json.get_mut("value") {
        json = list.take();
    }
    if json.is_object() {
        json = vec![json].into();
    }
    let resources: Vec<Resource> = serde_json::from_value(json).with_context(unreadable)?;
    let mut backends = Backends::new();
    let mut found = Vec::new();
    for resource in resources {
        match Backend::read(&resource.name, &resource.properties, named_values) {
            Ok(backend) => {
                backends.insert(backend.key(), backend);
            }
            Err(faults) => found.extend(faults.into_iter().map(|fault| format!("the backend `{}`: {fault}", resource.name))),
        }
    }
    if found.is_empty() { Ok(backends) } else { anyhow::bail!("`{}`: {}", source.name(), found.join("\n")) }
}
