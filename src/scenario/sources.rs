//! Where a scenario's world comes from: which of the sources go together.

use indexmap::IndexMap;

use super::{
    model::{ResourceSource, WorldSource},
    wire,
};
use crate::{
    source::Span,
    spec::{build, fields::Reader, validate},
};

const CODE: &str = "scenario/bad-world";

/// The world's sources; what contradicts itself is reported.
pub(super) fn sources(file: &wire::File, head: Span, reader: &mut Reader<'_>) -> Option<WorldSource> {
    let (spec, policy, service) = (&file.spec, &file.policy, &file.service);
    let place = |said: bool, span: Option<Span>| said.then(|| span.unwrap_or(head));
    if !spec.said && !policy.said && !service.said {
        let help = "add `spec: SPEC.yaml`, `policy: POLICY.xml` or `service: FOLDER`";
        reader.error(CODE, head, "the scenario has no world", help);
    }
    for (is_there, what) in [(spec.said, "a spec"), (policy.said, "a policy")] {
        if let (true, Some(span)) = (is_there, place(service.said, service.place())) {
            reader.error(CODE, span, format!("a service has its own policies, and there is {what} too"), "remove one of the two");
        }
    }
    let with_spec = [
        (file.gateways.said, file.gateways.place(), "gateways", "the spec says where its gateways are"),
        (file.api.said, file.api.place(), "api", "the spec says where its API is"),
    ];
    for (said, span, key, why) in with_spec {
        if let (true, Some(span)) = (spec.said, place(said, span)) {
            reader.error(CODE, span, format!("`{key}` is for a world without a spec"), why);
        }
    }
    if let (true, Some(span)) = (service.said, place(file.backend_entities.said, file.backend_entities.place())) {
        reader.error(CODE, span, "a service has its own backend entities", "put the entity into the service's `backends` folder");
    }
    let resources = file.backends.value().into_iter().flat_map(|backends| &backends.0);
    let ids = resources.clone().filter_map(|resource| resource.value.id.get());
    reader.unique("scenario/duplicate-id", "the backend id", ids.map(|id| (id.value.0.clone(), id.value.0.as_str(), id.span)));
    let hosts = resources.clone().filter_map(|resource| resource.value.endpoint.get());
    let hosts = hosts.map(|endpoint| (endpoint.value.host.clone(), endpoint.value.host.as_str(), endpoint.span));
    reader.unique("scenario/duplicate-id", "the host", hosts);
    let regions = file.gateways.value().into_iter().flat_map(|gateways| &gateways.0);
    let regions = regions.map(|region| (region.value.name.to_owned(), region.value.name, region.span));
    reader.unique("scenario/duplicate-id", "a gateway in", regions);
    for (_, deployment) in resources.filter_map(|resource| resource.value.deployments.value()).flat_map(|deployments| &deployments.0) {
        validate::capacity(&deployment.value, reader);
    }
    Some(WorldSource {
        spec: spec.value().map(|path| path.0.clone()),
        policy: policy.value().map(|path| path.0.clone()),
        service: service.value().map(|path| path.0.clone()),
        backend_entities: file.backend_entities.value().map(|path| path.0.clone()),
        entities: file.entities.value().map(|path| path.0.clone()),
        gateways: file.gateways.value().map_or_else(Vec::new, |gateways| gateways.0.iter().map(|region| region.value).collect()),
        backends: match file.backends.value() {
            Some(backends) => backends.0.iter().map(|backend| resource(&backend.value)).collect::<Option<_>>()?,
            None => Vec::new(),
        },
        api: file.api.value().map(|path| path.0.clone()),
        named_values: file.named_values.value()?.0.iter().map(|(name, value)| (name.value.0.clone(), value.value.0.clone())).collect(),
    })
}

fn resource(resource: &wire::Resource) -> Option<ResourceSource> {
    let mut deployments = IndexMap::new();
    for (name, deployment) in &resource.deployments.value()?.0 {
        deployments.insert(name.value.0.clone(), build::deployment(&name.value.0, &deployment.value)?);
    }
    Some(ResourceSource {
        id: resource.id.value()?.0.clone(),
        region: *resource.region.value()?,
        endpoint: resource.endpoint.value()?.clone(),
        key: resource.key.value().map(|key| key.0.clone()),
        deployments,
    })
}
