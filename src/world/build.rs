//! From materials to a world: the policy compiled, keys invented, gateways and resources made.

use std::{collections::BTreeMap, sync::Arc};

use super::{Built, HeldEntities, Materials, World, backends, resources};
use crate::{
    azure::front_door::FrontDoorConfig,
    diagnostic::Diagnostic,
    gateway::{Api, Gateway, Granted, Held, Holdings, Programs, Subscription},
    generate,
    policy::{self, Resources},
    service::{self, Given, Service, environment_name},
    source::Source,
    spec::{DataBoundary, FrontDoor, Region, Spec},
    text::Text,
    xml::{self, Document},
};

/// Makes a world. `invent` makes up the keys that nobody gives: the same name must give the same key for as long as the world lives.
///
/// # Errors
/// What is wrong with policies, fragments, Named Values and backend entities.
pub fn build(materials: Materials, invent: &dyn Fn(&str) -> String) -> Result<Built, Vec<Diagnostic>> {
    let mut materials = materials;
    if let Some(service) = materials.service.take() {
        return of_service(&service, &materials, invent);
    }
    of_policy(materials, invent)
}

/// A world with one API and one policy.
fn of_policy(materials: Materials, invent: &dyn Fn(&str) -> String) -> Result<Built, Vec<Diagnostic>> {
    let Materials { spec, policy, fragments, service: _, given, backend_entities, entities, gateways, resources: declared, api } =
        materials;
    unique(spec.as_ref(), &declared)?;
    let document = match (policy, &spec) {
        (Some(policy), _) => policy,
        (None, Some(spec)) => generated(spec)?,
        (None, None) => return Err(vec![Diagnostic::error("world/no-policy", "there is neither a spec nor a policy")]),
    };
    let mut named_values = named_values(&given, spec.as_ref(), invent);
    if spec.is_none() {
        from_environment(&given, std::iter::once(&document).chain(fragments.values().map(|document| &**document)), &mut named_values);
    }
    let backends = backends::all(spec.as_ref(), &declared, backend_entities.as_ref(), &named_values)?;
    let ids = backends.values().map(|backend| backend.id.to_string()).collect();
    let found = Resources { named_values: named_values.clone(), fragments, backends: Some(ids), ..Resources::default() };
    let program = Arc::new(policy::compile(&document, &found)?);
    let warnings = program.warnings.clone();
    let key: Text = invent("subscription").into();
    let subscription = Subscription {
        id: "simulated".into(),
        name: "simulated".into(),
        primary_key: key.clone(),
        secondary_key: invent("subscription-2").into(),
        ..Subscription::default()
    };
    let served = match &spec {
        Some(spec) => of_spec(spec),
        // A key is not asked for where nothing says that one is; a valid one is recognised all the same.
        None => {
            let path = api.map_or_else(|| Api::default().path, Text::from);
            Api { subscription_required: false, path, ..Api::default() }
        }
    };
    let (name, regions) = match &spec {
        Some(spec) => (spec.name.clone(), spec.gateways.iter().map(|gateway| gateway.region).collect()),
        None => ("simulated".to_owned(), with_one(gateways)),
    };
    let keys = declared.iter().filter_map(|resource| resource.key.clone());
    let hidden: Vec<Text> = named_values.values().cloned().chain(keys).map(Text::from).collect();
    let gateway = |region: Region| {
        let held = Held { api: served.clone(), products: Vec::new(), programs: Programs::new(program.clone()), any_key: spec.is_none() };
        let holdings =
            Holdings { apis: vec![held], subscriptions: vec![subscription.clone()], backends: backends.clone(), ..Holdings::default() };
        let gateway = Gateway::serving(name.clone().into(), region.display.into(), holdings).hiding(hidden.iter().cloned());
        (region, Arc::new(holding(gateway, entities.as_ref())))
    };
    let headers = spec.as_ref().map(|spec| spec.failover.headers.clone());
    let (served_by, attempts) =
        headers.map_or((SERVED_BY.to_owned(), ATTEMPTS.to_owned()), |headers| (headers.served_by, headers.attempts));
    let world = World {
        gateways: regions.into_iter().map(gateway).collect(),
        resources: resources::all(spec.as_ref(), &declared, &named_values, invent),
        key_header: served.key_header.clone(),
        subscription_key: Some(key),
        api_path: served.path.clone(),
        served_by: served_by.into(),
        data_boundary: spec.as_ref().map_or(DataBoundary::None, |spec| spec.data_boundary.clone()),
        front_door: spec.as_ref().and_then(FrontDoorConfig::of).map(|config| {
            // The one that the gateways are locked to, where somebody has given it.
            let id = named_values.get(FrontDoor::ID_NAME).map_or_else(|| config.id.clone(), |id| id.clone().into());
            FrontDoorConfig { id, ..config }
        }),
        objective: spec.as_ref().map(|spec| spec.objective.availability),
    };
    Ok(Built { world, attempts: attempts.into(), spec, warnings })
}

/// The gateway with what its service holds besides.
fn holding(gateway: Gateway, entities: Option<&HeldEntities>) -> Gateway {
    match entities {
        Some(held) => {
            let mut gateway = gateway.with_entities(held.entities.clone()).hiding(held.secrets.iter().cloned());
            gateway.safety = held.safety.clone();
            gateway
        }
        None => gateway,
    }
}

const SERVED_BY: &str = "X-Served-By";
const ATTEMPTS: &str = "X-Failover-Attempts";

/// A world with all that a service holds.
fn of_service(service: &Service, materials: &Materials, invent: &dyn Fn(&str) -> String) -> Result<Built, Vec<Diagnostic>> {
    let service::Compiled { holdings, secrets, warnings } = service.compile(&materials.given, invent)?;
    let keys = materials.resources.iter().filter_map(|resource| resource.key.clone()).map(Text::from);
    let hidden: Vec<Text> = secrets.into_iter().chain(keys).collect();
    let built_in = holdings.subscriptions.iter().find(|subscription| subscription.id == service::BUILT_IN);
    let all_apis = || holdings.subscriptions.iter().find(|subscription| subscription.is_active && subscription.granted == Granted::AllApis);
    let subscription_key = built_in.or_else(all_apis).map(|subscription| subscription.primary_key.clone());
    let called = called(&holdings, materials.api.as_deref())?;
    let (key_header, api_path) =
        called.map_or_else(|| (Api::default().key_header, Text::EMPTY), |api| (api.key_header.clone(), api.public_path().into()));
    let gateways = with_one(materials.gateways.clone()).into_iter().map(|region| {
        let gateway = Gateway::serving("simulated".into(), region.display.into(), holdings.clone()).hiding(hidden.iter().cloned());
        (region, Arc::new(holding(gateway, materials.entities.as_ref())))
    });
    let world = World {
        gateways: gateways.collect(),
        resources: resources::all(None, &materials.resources, &BTreeMap::new(), invent),
        key_header,
        subscription_key,
        api_path,
        served_by: SERVED_BY.into(),
        data_boundary: DataBoundary::None,
        front_door: None,
        objective: None,
    };
    Ok(Built { world, attempts: ATTEMPTS.into(), spec: None, warnings })
}

/// The API that clients call: the one at the path that is given, else the first that serves chat completions, else the first.
fn called<'a>(holdings: &'a Holdings, path: Option<&str>) -> Result<Option<&'a Api>, Vec<Diagnostic>> {
    let mut current = holdings.apis.iter().map(|held| &held.api).filter(|api| api.is_current);
    let Some(path) = path else {
        let chats = |api: &&Api| api.operations.iter().any(|operation| operation.url_template.contains("/chat/completions"));
        return Ok(current.clone().find(chats).or_else(|| current.next()));
    };
    match current.clone().find(|api| api.public_path() == path) {
        Some(api) => Ok(Some(api)),
        None => {
            let paths: Vec<String> = current.map(|api| format!("`{}`", api.public_path())).collect();
            let fault = Diagnostic::error("world/no-api", format!("the service has no API at the path `{path}`"));
            Err(vec![fault.help(format!("its APIs are at {}", paths.join(", ")))])
        }
    }
}

fn with_one(regions: Vec<Region>) -> Vec<Region> {
    if regions.is_empty() { Region::named("swedencentral").into_iter().collect() } else { regions }
}

/// Two resources cannot have one name, nor one host.
fn unique(spec: Option<&Spec>, declared: &[super::ResourceSource]) -> Result<(), Vec<Diagnostic>> {
    let of_spec = |resource: &super::ResourceSource| {
        let backends = spec.into_iter().flat_map(|spec| &spec.backends);
        backends.into_iter().any(|backend| backend.id == resource.id || backend.endpoint.host == resource.endpoint.host)
    };
    let found: Vec<Diagnostic> = declared
        .iter()
        .filter(|resource| of_spec(resource))
        .map(|resource| {
            let message = format!("the spec has the resource `{}`, or its host, too", resource.id);
            Diagnostic::error("world/duplicate-id", message).help("choose another id and another host")
        })
        .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Given ones, and for the spec's others keys that are made up.
fn named_values(given: &Given, spec: Option<&Spec>, invent: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let front_door_id = spec.and_then(FrontDoorConfig::of).map(|config| config.id.to_string());
    let invented = |name: &str| match &front_door_id {
        Some(id) if name == FrontDoor::ID_NAME => id.clone(),
        _ => invent(name),
    };
    for (name, named_value) in spec.into_iter().flat_map(|spec| &spec.named_values) {
        let value = given.secret(name, Some(&named_value.key_vault)).map_or_else(|| invented(name), str::to_owned);
        values.insert(name.clone(), value);
    }
    if let Some(id) = front_door_id {
        values.entry(FrontDoor::ID_NAME.to_owned()).or_insert(id);
    }
    values.extend(given.by_name.iter().map(|(name, value)| (name.clone(), value.clone())));
    values
}

/// Where nothing defines Named Values, those that the documents name may be in the environment.
fn from_environment<'a>(given: &Given, documents: impl Iterator<Item = &'a Document>, into: &mut BTreeMap<String, String>) {
    for document in documents {
        for (_, _, name) in policy::references(document.source.text()) {
            if let (false, Some(value)) = (into.contains_key(name), given.environment.get(&environment_name(name))) {
                into.insert(name.to_owned(), value.clone());
            }
        }
    }
}

/// What the policy that `gen` writes is called as a document: it is no file here.
pub const GENERATED: &str = "the generated policy";

/// The policy that `gen` writes.
fn generated(spec: &Spec) -> Result<Document, Vec<Diagnostic>> {
    let artefacts = generate::generate(spec, &generate::Options::default())?;
    let text =
        artefacts.into_iter().find(|artefact| artefact.path == generate::POLICY).map(|artefact| artefact.contents).unwrap_or_default();
    xml::parse(&Source::new(GENERATED, text))
}

fn of_spec(spec: &Spec) -> Api {
    Api {
        id: spec.api.id.clone().into(),
        name: spec.api.id.clone().into(),
        path: spec.api.path.clone().into(),
        subscription_required: spec.api.subscription_required,
        key_header: spec.api.subscription_key_header.clone().into(),
        ..Api::default()
    }
}
