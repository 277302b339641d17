//! What stands where: the gateways and resources on their ports, and what a fault can be put on.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
    time::Duration,
};

use serde::Serialize;

use super::{
    FrontDoorSite, GatewaySite, ResourceSite, StartError, clock,
    events::{Listening, Reloaded, SimulationEvent},
    front_door::{EdgePort, EdgeServer, EdgeState, Edges},
    gateway::GatewayServer,
    port::{Bound, Port},
    resource::ResourceServer,
    world::{Hosted, World},
};
use crate::{
    azure::faults::{ActiveFault, FRONT_DOOR, Target},
    diagnostic::nearest,
    text::Text,
};

/// How long the requests of a gateway that is taken away may go on.
const FAREWELL: Duration = Duration::from_secs(60);

/// A fault was put on something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownTarget {
    /// Nothing has that name.
    #[error("there is no `{target}` in this simulation{}", known(.target, .targets))]
    Missing {
        /// What was named.
        target: String,
        /// What could have been.
        targets: Vec<String>,
    },
    /// Its host is mapped to a server of the user or let out, so that no fault of ours reaches it.
    #[error("`{target}` is served by somebody else: its host `{host}` is mapped by --backend or let out by --real")]
    Elsewhere {
        /// What was named.
        target: String,
        /// Its host.
        host: String,
    },
}

fn known(target: &str, targets: &[String]) -> String {
    if targets.is_empty() {
        return String::new();
    }
    let meant = nearest(target, targets.iter().map(String::as_str)).map(|target| format!("; did you mean `{target}`?")).unwrap_or_default();
    format!(": it has {}{meant}", targets.join(", "))
}

/// A gateway and its port.
pub(super) struct GatewayPort {
    /// It.
    pub(super) server: Arc<GatewayServer>,
    /// Its port.
    pub(super) port: Port,
}

/// Everything that stands somewhere.
pub(super) struct Site {
    /// What the gateways share.
    pub(super) world: Arc<World>,
    gateways: RwLock<Vec<Arc<GatewayPort>>>,
    edge: RwLock<Option<Arc<EdgePort>>>,
    served_by: Text,
    /// Faults and reloads come one at a time.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// How often the board has been changed: whoever waits for an earlier one to turn may go.
    pub(super) turns: AtomicU64,
}

/// What `GET /state` tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    #[serde(skip_serializing_if = "Option::is_none")]
    front_door: Option<EdgeState>,
    gateways: Vec<GatewayState>,
    backends: Vec<BackendState>,
    faults: Vec<ActiveFault>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GatewayState {
    region: Text,
    url: String,
    requests: u64,
    in_flight: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackendState {
    id: Text,
    region: Text,
    host: Text,
    url: String,
    declared: bool,
    requests: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

fn root(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// Takes a port for somebody.
pub(super) fn bind(what: impl FnOnce() -> String, address: SocketAddr) -> Result<Bound, StartError> {
    Bound::new(address).map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => StartError::PortInUse { what: what(), address },
        _ => StartError::Listen { what: what(), address, source },
    })
}

/// How messages name a gateway.
pub(super) fn gateway_name(region: &str) -> String {
    format!("the gateway in `{region}`")
}

/// How messages name a resource.
pub(super) fn resource_name(id: &str) -> String {
    format!("the resource `{id}`")
}

fn check_twice<'a>(what: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), StartError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(StartError::Twice { what, name: name.to_owned() });
        }
    }
    Ok(())
}

impl Site {
    /// A site with nothing on it.
    pub(super) fn new(world: Arc<World>, served_by: Text) -> Self {
        let (gateways, edge) = (RwLock::default(), RwLock::default());
        Self { world, gateways, edge, served_by, changing: tokio::sync::Mutex::new(()), turns: AtomicU64::new(0) }
    }

    /// The gateways.
    pub(super) fn gateways(&self) -> Vec<Arc<GatewayPort>> {
        self.gateways.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Front Door.
    pub(super) fn edge(&self) -> Option<Arc<EdgePort>> {
        self.edge.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a port for a Front Door that is to come, where the one that is there stands elsewhere.
    fn bind_edge(&self, site: Option<&FrontDoorSite>) -> Result<Option<Bound>, StartError> {
        match (site, self.edge()) {
            (Some(site), Some(edge)) if stays(site.listen, &edge.port) => Ok(None),
            (Some(site), _) => bind(|| "Front Door".to_owned(), site.listen).map(Some),
            (None, _) => Ok(None),
        }
    }

    /// Puts a Front Door before the gateways that are in place. Returns the one that has to go.
    fn place_edge(&self, site: Option<FrontDoorSite>, bound: Option<Bound>) -> Result<Option<Arc<EdgePort>>, StartError> {
        let gateways: Vec<(Text, SocketAddr)> =
            self.gateways().iter().map(|gateway| (gateway.server.region().clone(), gateway.port.address())).collect();
        let edges = site.map(|site| Edges::new(site, gateways)).transpose()?;
        let mut edge = self.edge.write().unwrap_or_else(PoisonError::into_inner);
        let next = match (edges, bound, edge.as_ref()) {
            (Some(edges), None, Some(old)) => {
                old.server.replace(edges);
                return Ok(None);
            }
            (Some(edges), Some(bound), _) => {
                let server = Arc::new(EdgeServer::new(edges, self.world.clone()));
                Some(Arc::new(EdgePort { port: Port::serve(bound, server.clone()), server }))
            }
            _ => None,
        };
        Ok(std::mem::replace(&mut *edge, next))
    }

    /// Puts these in place for the first time.
    pub(super) fn begin(
        &self,
        front_door: Option<FrontDoorSite>,
        gateways: Vec<GatewaySite>,
        resources: Vec<ResourceSite>,
    ) -> Result<(), StartError> {
        let bound = self.bind_edge(front_door.as_ref())?;
        self.place(gateways, Some(resources))?;
        self.place_edge(front_door, bound).map(drop)
    }

    /// Puts these gateways and resources in place of those before: what stays keeps its port, what is new gets one, what is
    /// not named goes. On an error nothing has changed. Returns those that have to go.
    pub(super) fn place(&self, gateways: Vec<GatewaySite>, resources: Option<Vec<ResourceSite>>) -> Result<Gone, StartError> {
        check_twice("a gateway in region", gateways.iter().map(|site| &*site.region))?;
        check_twice("the backend id", resources.iter().flatten().map(|site| &*site.config.id))?;
        check_twice("the host", resources.iter().flatten().map(|site| &*site.config.host))?;
        let mut gone = Gone::default();
        let mut old_gateways = self.gateways();
        let mut old_resources: Vec<Arc<Hosted>> = self.world.hosted().into_iter().filter(|hosted| hosted.declared).collect();

        // First what can fail.
        let mut new_gateways = Vec::with_capacity(gateways.len());
        for site in gateways {
            let fits = |old: &Arc<GatewayPort>| *old.server.region() == site.region && stays(site.listen, &old.port);
            let port = match old_gateways.iter().position(fits) {
                Some(index) => Err(old_gateways.swap_remove(index)),
                None => Ok(bind(|| gateway_name(&site.region), site.listen)?),
            };
            new_gateways.push((site, port));
        }
        let mut new_resources = Vec::new();
        let replace_resources = resources.is_some();
        for site in resources.into_iter().flatten() {
            let fits = |old: &Arc<Hosted>| *old.server.id() == site.config.id && stays(site.listen, &old.port);
            let port = match old_resources.iter().position(fits) {
                Some(index) => Err(old_resources.swap_remove(index)),
                None => Ok(bind(|| resource_name(&site.config.id), site.listen)?),
            };
            new_resources.push((site, port));
        }
        let mut placed = Vec::with_capacity(new_gateways.len());
        for (site, port) in new_gateways {
            placed.push(match port {
                Err(old) => {
                    old.server.replace(&site.gateway);
                    old
                }
                Ok(bound) => {
                    let server = Arc::new(GatewayServer::new(site.region, site.gateway, self.served_by.clone(), self.world.clone()));
                    let port = Port::serve(bound, server.clone());
                    Arc::new(GatewayPort { server, port })
                }
            });
        }
        if replace_resources {
            let mut declared = Vec::with_capacity(new_resources.len());
            for (site, port) in new_resources {
                declared.push(match port {
                    Err(old) => {
                        old.server.become_other(site.config, site.region, self.world.identity.clone());
                        old
                    }
                    Ok(bound) => {
                        let (identity, environment) = (self.world.identity.clone(), self.world.chance.environment());
                        let faults = self.world.faults.clone();
                        let server = Arc::new(ResourceServer::new(site.config, site.region, identity, environment, faults));
                        let port = Port::serve(bound, server.clone());
                        Arc::new(Hosted { server, port, declared: true })
                    }
                });
            }
            self.world.place(declared);
            gone.resources = old_resources;
        }
        *self.gateways.write().unwrap_or_else(PoisonError::into_inner) = placed;
        gone.gateways = old_gateways;
        Ok(gone)
    }

    /// Puts others in place while requests go on. Requests under way finish under the policy that they began with.
    pub(super) async fn reload(
        &self,
        front_door: Option<FrontDoorSite>,
        gateways: Vec<GatewaySite>,
        resources: Option<Vec<ResourceSite>>,
    ) -> Result<(), StartError> {
        let _one_at_a_time = self.changing.lock().await;
        let bound = self.bind_edge(front_door.as_ref())?;
        let gone = self.place(gateways, resources)?;
        if let Some(edge) = self.place_edge(front_door, bound)? {
            tokio::spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, edge.port.drain()).await;
                edge.port.close().await;
            });
        }
        for gateway in gone.gateways {
            tokio::spawn(async move {
                let _ = tokio::time::timeout(FAREWELL, gateway.port.drain()).await;
                gateway.port.close().await;
            });
        }
        for hosted in gone.resources {
            hosted.port.close().await;
        }
        self.apply(None).await;
        let Listening { front_door, gateways, backends, .. } = self.listening();
        self.world.tell(|| SimulationEvent::Reload(Reloaded { front_door, gateways, backends }));
        Ok(())
    }

    /// Where everything listens.
    pub(super) fn listening(&self) -> Listening {
        Listening {
            front_door: self.edge().map(|edge| root(edge.port.address())),
            gateways: self.gateways().iter().map(|gateway| (gateway.server.region().clone(), root(gateway.port.address()))).collect(),
            backends: self.world.hosted().iter().map(|hosted| (hosted.server.id(), root(hosted.port.address()))).collect(),
            ..Listening::default()
        }
    }

    /// What there is and how it fares.
    pub(super) fn state(&self) -> State {
        let now = clock::now();
        let faults = &self.world.faults;
        let gateway = |gateway: &Arc<GatewayPort>| GatewayState {
            region: gateway.server.region().clone(),
            url: root(gateway.port.address()),
            requests: gateway.server.requests(),
            in_flight: gateway.server.in_flight(),
            fault: faults.read(|board| board.on_gateway(gateway.server.region(), now).map(|fault| fault.word().into_owned())),
        };
        let backend = |hosted: &Arc<Hosted>| BackendState {
            id: hosted.server.id(),
            region: hosted.server.region(),
            host: hosted.server.host(),
            url: root(hosted.port.address()),
            declared: hosted.declared,
            requests: hosted.server.requests(),
            fault: faults
                .read(|board| board.on_resource(&hosted.server.id(), &hosted.server.region(), now).map(|fault| fault.word().into_owned())),
        };
        State {
            front_door: self.edge().map(|edge| edge.server.state(root(edge.port.address()))),
            gateways: self.gateways().iter().map(gateway).collect(),
            backends: self.world.hosted().iter().map(backend).collect(),
            faults: self.faults(),
        }
    }

    /// The faults that hold.
    pub(super) fn faults(&self) -> Vec<ActiveFault> {
        self.world.faults.read(|board| board.active().to_vec())
    }

    /// What a fault can be put on.
    pub(super) fn targets(&self) -> Vec<String> {
        let hosted = self.world.hosted();
        let gateways = self.gateways();
        let mut regions: Vec<Text> = Vec::new();
        for region in
            gateways.iter().map(|gateway| gateway.server.region().clone()).chain(hosted.iter().map(|hosted| hosted.server.region()))
        {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        let backends = hosted.iter().map(|hosted| Target::Backend(hosted.server.id().to_string()));
        let regions = regions.iter().map(|region| Target::Region(region.to_string()));
        let gateways = gateways.iter().map(|gateway| Target::Gateway(gateway.server.region().to_string()));
        backends.chain(regions).chain(gateways).map(|target| target.to_string()).collect()
    }

    /// Whether a fault can be put on this.
    pub(super) fn check(&self, target: &Target) -> Result<(), UnknownTarget> {
        let hosted = self.world.hosted();
        let missing = || UnknownTarget::Missing { target: target.to_string(), targets: self.targets() };
        let in_region = |region: &str| self.gateways().iter().any(|gateway| gateway.server.region().eq_ignore_ascii_case(region));
        let in_use = |region: &str| in_region(region) || hosted.iter().any(|hosted| hosted.server.region().eq_ignore_ascii_case(region));
        match target {
            Target::Backend(id) | Target::Deployment { backend: id, .. } => {
                let backend = hosted.iter().find(|hosted| *hosted.server.id() == *id).ok_or_else(missing)?;
                let host = backend.server.host();
                if self.world.is_elsewhere(&host) {
                    return Err(UnknownTarget::Elsewhere { target: target.to_string(), host: host.to_string() });
                }
                Ok(())
            }
            Target::Gateway(region) => in_region(region).then_some(()).ok_or_else(missing),
            Target::Region(region) => in_use(region).then_some(()).ok_or_else(missing),
            Target::Link(link) => link.ends().into_iter().all(|end| end == FRONT_DOOR || in_use(end)).then_some(()).ok_or_else(missing),
        }
    }
}

/// What a reload has taken away; its ports are still open.
#[derive(Default)]
pub(super) struct Gone {
    gateways: Vec<Arc<GatewayPort>>,
    resources: Vec<Arc<Hosted>>,
}

/// Whether a port is where it should be.
fn stays(listen: SocketAddr, port: &Port) -> bool {
    let address = port.address();
    listen == address || (listen.port() == 0 && listen.ip() == address.ip())
}
