//! From files and flags to a simulation: what there is to read, the world that it makes, where it listens.

use std::{
    hash::{BuildHasher, Hasher},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use super::{
    super::{
        input, materials,
        test::stage::{self, Staged},
    },
    Arguments, named,
};
use crate::{
    azure::openai::{Pace, Recordings},
    diagnostic::{Diagnostic, nearest},
    live::{FrontDoorSite, GatewaySite, ResourceSite, Simulation},
    source::Source,
    spec::{self, Region, Spec},
    world::{self, Materials, World},
    xml,
};

pub(super) use super::super::materials::Unusable;

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
    /// The scenario that is played, where one is.
    pub staged: Option<Staged>,
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
        if let Some(path) = &arguments.load {
            return Self::of_scenario(arguments, path);
        }
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
        let source = match &arguments.spec {
            Some(path) => {
                files.push(path.clone());
                Some(input::read(path)?)
            }
            None if arguments.policy.is_none() => Some(Source::new("the built-in example", EXAMPLE)),
            None => None,
        };
        let spec = match &source {
            Some(source) => {
                let (spec, found) = spec::read(source)?;
                warnings.extend(found);
                Some(spec)
            }
            None => None,
        };
        let policy = match &arguments.policy {
            Some(path) => {
                files.push(path.clone());
                Some(xml::parse(&input::read(path)?)?)
            }
            None => None,
        };
        let policy_name = arguments.policy.as_ref().map_or("the generated policy".to_owned(), |path| path.display().to_string());
        let fragments = materials::fragments(arguments.policy.as_deref(), &arguments.fragments, &mut files)?;
        let backend_entities = match &arguments.backend_entities {
            Some(path) => {
                files.push(path.clone());
                Some(input::read(path)?)
            }
            None => None,
        };
        let entities = arguments.entities.as_deref().map(|path| materials::entities(path, &mut files)).transpose()?;
        let gateways = if spec.is_some() { Vec::new() } else { vec![region(arguments.region())?] };
        let materials = Materials { spec, policy, fragments, given, backend_entities, entities, gateways, ..Materials::default() };
        // A spec says which resources there are.
        let hosts = materials.spec.is_none().then(|| named::hosts_of_texts(&materials));
        let built = world::build(materials, &|name| keys().key(name))?;
        warnings.extend(built.warnings.iter().cloned());
        let mut simulation = simulation(arguments, &built.world)?;
        if let Some(hosts) = hosts {
            named::add(hosts, &built.world, &mut simulation);
        }
        record(arguments, &mut simulation, &mut files)?;
        Ok(Self { simulation, spec: built.spec, is_service: false, policy_name, files, warnings, staged: None })
    }

    /// The world of a scenario, which is to be played in it.
    fn of_scenario(arguments: &Arguments, path: &Path) -> Result<Self, Unusable> {
        let mut staged = stage::read(path, &input::read(path)?)??;
        let mut simulation = simulation(arguments, &staged.world)?;
        // As in simulated time, so that the two can be held against one another.
        simulation.resources.iter_mut().for_each(|site| site.config.pace = Pace::Realistic);
        Ok(Self {
            simulation,
            spec: staged.spec.clone(),
            is_service: false,
            policy_name: staged.scenario.name.clone(),
            files: Vec::new(),
            warnings: std::mem::take(&mut staged.warnings),
            staged: Some(staged),
        })
    }
}

/// Gives the resources that are there from the start the answers that have been recorded.
pub(super) fn record(arguments: &Arguments, simulation: &mut Simulation, files: &mut Vec<PathBuf>) -> Result<(), Unusable> {
    if let Some(path) = &arguments.recordings {
        files.push(path.clone());
        let recordings = Recordings::read(&input::read(path)?)?;
        simulation.resources.iter_mut().for_each(|site| site.config.recordings = recordings.clone());
    }
    Ok(())
}

/// A world, where it listens and what may leave it.
pub(super) fn simulation(arguments: &Arguments, world: &World) -> Result<Simulation, Unusable> {
    // What people point their clients at comes first.
    let front_door = match &world.front_door {
        Some(config) => {
            let edge = world.gateways.first().map(|(region, _)| *region);
            Some(FrontDoorSite { listen: listen(arguments.listen, 0)?, config: config.clone(), edge })
        }
        None => None,
    };
    let ahead = usize::from(front_door.is_some());
    let mut gateways = Vec::new();
    for (index, (region, gateway)) in world.gateways.iter().enumerate() {
        let listen = listen(arguments.listen, ahead + index)?;
        gateways.push(GatewaySite { region: region.name.into(), listen, gateway: gateway.clone() });
    }
    let resources = world.resources.iter().map(|(region, config)| ResourceSite {
        region: region.name.into(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        config: config.clone(),
    });
    Ok(Simulation {
        front_door,
        gateways,
        resources: resources.collect(),
        mapped: arguments.backends.clone(),
        real: arguments.real.clone(),
        control: Some(arguments.control_listen),
        served_by: world.served_by.clone(),
        subscription_key: world.subscription_key.clone(),
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
fn listen(first: Option<SocketAddr>, index: usize) -> Result<SocketAddr, anyhow::Error> {
    let Some(first) = first else { return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))) };
    if first.port() == 0 {
        return Ok(first);
    }
    let port =
        u16::try_from(usize::from(first.port()) + index).map_err(|_| anyhow::anyhow!("there are not enough ports behind {first}"))?;
    Ok(SocketAddr::new(first.ip(), port))
}
