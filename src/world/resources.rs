//! The Azure OpenAI resources of a world.

use std::collections::BTreeMap;

use super::ResourceSource;
use crate::{
    azure::openai::{Deployments, Quotas, ResourceConfig},
    spec::{Auth, Backend, Region, Spec},
};

/// Those of the spec, then those that are declared besides it. They share their quotas where the spec says so.
pub(super) fn all(
    spec: Option<&Spec>,
    declared: &[ResourceSource],
    named_values: &BTreeMap<String, String>,
    invent: &dyn Fn(&str) -> String,
) -> Vec<(Region, ResourceConfig)> {
    let quotas = Quotas::new();
    let config = |backend: &Backend, key: String| ResourceConfig {
        id: backend.id.clone(),
        region_display: backend.region.display.into(),
        host: backend.endpoint.host.clone().into(),
        keys: [key.into(), invent(&format!("resource {} 2", backend.id)).into()],
        deployments: Deployments::of_backend(backend),
        quotas: quotas.clone(),
        ..ResourceConfig::default()
    };
    let of_spec = spec.into_iter().flat_map(|spec| &spec.backends).map(|backend| {
        let key = match &backend.auth {
            Auth::ApiKey(name) => named_values.get(name).cloned().unwrap_or_default(),
            Auth::ManagedIdentity => invent(&format!("resource {}", backend.id)),
        };
        (backend.region, config(backend, key))
    });
    let of_others = declared.iter().map(|resource| {
        let key = resource.key.clone().unwrap_or_else(|| invent(&format!("resource {}", resource.id)));
        let config = ResourceConfig { accepts_any_credential: resource.key.is_none(), ..config(&as_backend(resource), key) };
        (resource.region, config)
    });
    of_spec.chain(of_others).collect()
}

/// The resource as a spec would say it.
fn as_backend(resource: &ResourceSource) -> Backend {
    Backend {
        id: resource.id.clone(),
        region: resource.region,
        endpoint: resource.endpoint.clone(),
        auth: Auth::ManagedIdentity,
        subscription: None,
        priority: 1,
        weight: 1,
        deployments: resource.deployments.clone(),
    }
}
