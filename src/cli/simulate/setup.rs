//! From files and flags to a simulation: the spec's world, the policy compiled, keys invented.

use std::{
    collections::BTreeMap,
    fs,
    hash::{BuildHasher, Hasher},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    super::{input, values},
    Arguments, backends,
};
use crate::{
    azure::{
        front_door::FrontDoorConfig,
        openai::{Deployment, Deployments, ResourceConfig},
    },
    diagnostic::{Diagnostic, nearest},
    gateway::{Api, Backends, Gateway, Held, Holdings, Programs, Subscription},
    generate,
    live::{FrontDoorSite, GatewaySite, ResourceSite, Simulation},
    policy::{self, Program, Resources},
    service::{Given, environment_name},
    source::Source,
    spec::{self, Auth, FrontDoor, Region, Spec},
    text::Text,
    xml::{self, Document},
};

/// The example that runs where no spec is given.
const EXAMPLE: &str = include_str!("../../../fixtures/specs/two-region.yaml");

/// What the files and flags amount to.
pub(super) struct Setup {
    /// What to start.
    pub simulation: Simulation,
    /// The spec, where there is one.
    pub spec: Option<Spec>,
    /// Whether it is all that a service's folder holds.
    pub is_service: bool,
    /// The policy's name for people.
    pub policy_name: String,
    /// The files that it came from, to be watched.
    pub files: Vec<PathBuf>,
    /// Findings that do not stand in the way.
    pub warnings: Vec<Diagnostic>,
}

/// Why there is nothing to simulate.
pub(super) enum Unusable {
    /// Faults of the files.
    Diagnostics(Vec<Diagnostic>),
    /// Files that cannot be read, flags that do not fit.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Unusable {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Vec<Diagnostic>> for Unusable {
    fn from(found: Vec<Diagnostic>) -> Self {
        Self::Diagnostics(found)
    }
}

impl From<values::Unusable> for Unusable {
    fn from(unusable: values::Unusable) -> Self {
        match unusable {
            values::Unusable::Diagnostics(found) => Self::Diagnostics(found),
            values::Unusable::Other(error) => Self::Other(error),
        }
    }
}

/// Keys that this process invents: the same name gives the same key for as long as it runs, so that a reload changes none.
#[derive(Clone, Debug)]
pub(super) struct Keys(std::hash::RandomState);

impl Keys {
    pub fn key(&self, name: &str) -> String {
        let half = |salt: u8| {
            let mut hasher = self.0.build_hasher();
            hasher.write_u8(salt);
            hasher.write(name.as_bytes());
            hasher.finish()
        };
        format!("{:016x}{:016x}", half(0), half(1))
    }
}

/// One for the process: `Setup` is read again at each change of a file.
pub(super) fn keys() -> &'static Keys {
    static KEYS: std::sync::OnceLock<Keys> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| Keys(std::hash::RandomState::new()))
}

impl Setup {
    /// Reads everything anew.
    pub fn read(arguments: &Arguments) -> Result<Self, Unusable> {
        if let Some(folder) = arguments.spec.as_deref().filter(|path| path.is_dir()) {
            if arguments.policy.is_some() || !arguments.fragments.is_empty() {
                return Err(anyhow::anyhow!("the folder of a service has its own policies and fragments").into());
            }
            return super::folder::read(arguments, folder);
        }
        if arguments.region.is_some() && arguments.spec.is_some() {
            return Err(
                anyhow::anyhow!("a spec says where its gateways are: `--region` is for the one gateway that there is without").into()
            );
        }
        let mut files = Vec::new();
        let mut warnings = Vec::new();
        let given = arguments.values.read(&mut files, &mut warnings)?;
        let spec_source = match &arguments.spec {
            Some(path) => {
                files.push(path.clone());
                Some(input::read(path)?)
            }
            None if arguments.policy.is_none() => Some(Source::new("the built-in example", EXAMPLE)),
            None => None,
        };
        let spec = match &spec_source {
            Some(source) => {
                let (spec, found) = spec::read(source)?;
                warnings.extend(found);
                Some(spec)
            }
            None => None,
        };
        let (document, policy_name) = policy_document(arguments, spec.as_ref(), &mut files)?;
        let fragments = fragments(arguments, &mut files)?;
        let mut named_values = named_values(&given, spec.as_ref());
        if spec.is_none() {
            from_environment(&given, std::iter::once(&document).chain(fragments.values().map(|document| &**document)), &mut named_values);
        }
        let backends = backends::all(arguments, spec.as_ref(), &named_values, &mut files)?;
        let ids = backends.keys().map(ToString::to_string).collect();
        let resources = Resources { named_values: named_values.clone(), fragments, backends: Some(ids), ..Resources::default() };
        let program = Arc::new(policy::compile(&document, &resources)?);
        warnings.extend(program.warnings.iter().cloned());
        let simulation = simulation(arguments, spec.as_ref(), &named_values, &backends, &program)?;
        Ok(Self { simulation, spec, is_service: false, policy_name, files, warnings })
    }
}

/// Given ones, and for the spec's others keys that the simulator invents.
fn named_values(given: &Given, spec: Option<&Spec>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let front_door_id = spec.and_then(FrontDoorConfig::of).map(|config| config.id.to_string());
    let invented = |name: &str| match &front_door_id {
        Some(id) if name == FrontDoor::ID_NAME => id.clone(),
        _ => keys().key(name),
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

fn policy_document(arguments: &Arguments, spec: Option<&Spec>, files: &mut Vec<PathBuf>) -> Result<(Document, String), Unusable> {
    if let Some(path) = &arguments.policy {
        files.push(path.clone());
        let source = input::read(path)?;
        return Ok((xml::parse(&source)?, path.display().to_string()));
    }
    let Some(spec) = spec else { return Err(anyhow::anyhow!("there is neither a spec nor a policy").into()) };
    let artefacts = generate::generate(spec, &generate::Options::default())?;
    let text =
        artefacts.into_iter().find(|artefact| artefact.path == generate::POLICY).map(|artefact| artefact.contents).unwrap_or_default();
    Ok((xml::parse(&Source::new("the generated policy", text))?, "the generated policy".to_owned()))
}

/// Fragments by flag, and those in `fragments/` beside the policy.
fn fragments(arguments: &Arguments, files: &mut Vec<PathBuf>) -> Result<BTreeMap<String, Arc<Document>>, Unusable> {
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    if let Some(folder) = arguments.policy.as_deref().filter(|path| *path != Path::new("-")).and_then(Path::parent) {
        for entry in fs::read_dir(folder.join("fragments")).into_iter().flatten().flatten() {
            let path = entry.path();
            if let (Some(id), Some("xml")) =
                (path.file_stem().and_then(|stem| stem.to_str()), path.extension().and_then(|extension| extension.to_str()))
            {
                paths.insert(id.to_owned(), path.clone());
            }
        }
    }
    paths.extend(arguments.fragments.iter().map(|(id, path)| (id.clone(), PathBuf::from(path))));
    let mut fragments = BTreeMap::new();
    let mut faults = Vec::new();
    for (id, path) in paths {
        let source = input::read(&path)?;
        files.push(path);
        match xml::parse(&source) {
            Ok(document) => {
                fragments.insert(id, Arc::new(document));
            }
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(fragments) } else { Err(faults.into()) }
}

fn simulation(
    arguments: &Arguments,
    spec: Option<&Spec>,
    named_values: &BTreeMap<String, String>,
    backends: &Backends,
    program: &Arc<Program>,
) -> Result<Simulation, Unusable> {
    let key: Text = keys().key("subscription").into();
    let subscription = Subscription {
        id: "simulated".into(),
        name: "simulated".into(),
        primary_key: key.clone(),
        secondary_key: keys().key("subscription-2").into(),
        ..Subscription::default()
    };
    let (api, service, regions) = match spec {
        Some(spec) => (api(spec), spec.name.clone(), spec.gateways.iter().map(|gateway| gateway.region).collect()),
        // A key is not asked for where nothing says that one is; a valid one is recognised all the same.
        None => (Api { subscription_required: false, ..Api::default() }, "simulated".to_owned(), vec![region(arguments.region())?]),
    };
    // What people point their clients at comes first.
    let front_door = match spec.and_then(FrontDoorConfig::of) {
        Some(config) => {
            // The one that the gateways are locked to, where somebody has given it.
            let id = named_values.get(FrontDoor::ID_NAME).map_or_else(|| config.id.clone(), |id| id.clone().into());
            let config = FrontDoorConfig { id, ..config };
            let edge = spec.and_then(|spec| spec.gateways.first()).map(|gateway| gateway.region);
            Some(FrontDoorSite { listen: listen(arguments.listen, 0)?, config, edge })
        }
        None => None,
    };
    let ahead = usize::from(front_door.is_some());
    let mut gateways = Vec::new();
    for (index, region) in regions.into_iter().enumerate() {
        let held = Held { api: api.clone(), products: Vec::new(), programs: Programs::new(program.clone()), any_key: spec.is_none() };
        let holdings =
            Holdings { apis: vec![held], subscriptions: vec![subscription.clone()], backends: backends.clone(), ..Holdings::default() };
        let gateway = Gateway::serving(service.clone().into(), region.display.into(), holdings)
            .hiding(named_values.values().map(|value| Text::from(value.clone())));
        gateways.push(GatewaySite {
            region: region.name.into(),
            listen: listen(arguments.listen, ahead + index)?,
            gateway: Arc::new(gateway),
        });
    }
    let resources = spec.map_or_else(Vec::new, |spec| resources(spec, named_values));
    let served_by = spec.map_or("X-Served-By".to_owned(), |spec| spec.failover.headers.served_by.clone());
    Ok(Simulation {
        front_door,
        gateways,
        resources,
        mapped: arguments.backends.clone(),
        real: arguments.real.clone(),
        control: Some(arguments.control_listen),
        served_by: served_by.into(),
        subscription_key: Some(key),
        trace: arguments.trace,
        debug_token: Some(keys().key("debug").into()),
        seed: arguments.seed,
        events: None,
    })
}

pub(super) fn region(name: &str) -> Result<Region, anyhow::Error> {
    Region::spelled(name).ok_or_else(|| {
        let near = nearest(name, Region::all().map(|region| region.name)).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        anyhow::anyhow!("`{name}` is not an Azure region{near}")
    })
}

/// The first listener at the address, each further one on the next port.
pub(super) fn listen(first: Option<SocketAddr>, index: usize) -> Result<SocketAddr, anyhow::Error> {
    let Some(first) = first else { return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) };
    if first.port() == 0 {
        return Ok(first);
    }
    let port =
        u16::try_from(usize::from(first.port()) + index).map_err(|_| anyhow::anyhow!("there are not enough ports behind {first}"))?;
    Ok(SocketAddr::new(first.ip(), port))
}

fn api(spec: &Spec) -> Api {
    Api {
        id: spec.api.id.clone().into(),
        name: spec.api.id.clone().into(),
        path: spec.api.path.clone().into(),
        subscription_required: spec.api.subscription_required,
        key_header: spec.api.subscription_key_header.clone().into(),
        ..Api::default()
    }
}

fn resources(spec: &Spec, named_values: &BTreeMap<String, String>) -> Vec<ResourceSite> {
    spec.backends
        .iter()
        .map(|backend| {
            let first = match &backend.auth {
                Auth::ApiKey(name) => named_values.get(name).cloned().unwrap_or_default(),
                Auth::ManagedIdentity => keys().key(&format!("resource {}", backend.id)),
            };
            let deployments = backend.deployments.values().map(|deployment| {
                let simulated = Deployment {
                    model: deployment.model.clone(),
                    version: deployment.version.clone(),
                    tokens_per_minute: deployment.tokens_per_minute,
                    requests_per_minute: deployment.requests_per_minute,
                };
                (deployment.name.clone(), simulated)
            });
            let config = ResourceConfig {
                id: backend.id.clone(),
                region_display: backend.region.display.into(),
                host: backend.endpoint.host.clone().into(),
                keys: [first.into(), keys().key(&format!("resource {} 2", backend.id)).into()],
                deployments: Deployments::Declared(deployments.collect()),
                accepts_any_credential: false,
            };
            ResourceSite { region: backend.region.name.into(), listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), config }
        })
        .collect()
}
