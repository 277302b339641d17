//! What stands where: the gateways and resources on their ports, and the faults that are put on them.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;

use super::{
    GatewaySite, ResourceSite, StartError, clock,
    events::{Listening, Reloaded, SimulationEvent},
    gateway::GatewayServer,
    port::{Bound, Port},
    resource::ResourceServer,
    world::{Hosted, Route, World},
};
use crate::{
    azure::faults::{ActiveFault, Connection, FRONT_DOOR, FaultBoard, FaultCommand, Target},
    environment::Moment,
    text::Text,
};

/// How long the requests of a gateway that is taken away may go on.
const FAREWELL: Duration = Duration::from_secs(60);

/// A fault was put on something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownTarget {
    /// Nothing has that name.
    #[error("there is no `{target}` in this simulation{}", known(.targets))]
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

fn known(targets: &[String]) -> String {
    if targets.is_empty() { String::new() } else { format!(": it has {}", targets.join(", ")) }
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
    served_by: Text,
    /// Faults and reloads come one at a time.
    changing: tokio::sync::Mutex<()>,
    /// How often the board has been changed: whoever waits for an earlier one to turn may go.
    turns: AtomicU64,
}

/// What `GET /state` tells.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
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

fn gateway_name(region: &str) -> String {
    format!("the gateway in `{region}`")
}

fn resource_name(id: &str) -> String {
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
        Self { world, gateways: RwLock::default(), served_by, changing: tokio::sync::Mutex::new(()), turns: AtomicU64::new(0) }
    }

    /// The gateways.
    pub(super) fn gateways(&self) -> Vec<Arc<GatewayPort>> {
        self.gateways.read().unwrap_or_else(PoisonError::into_inner).clone()
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
    pub(super) async fn reload(&self, gateways: Vec<GatewaySite>, resources: Option<Vec<ResourceSite>>) -> Result<(), StartError> {
        let _one_at_a_time = self.changing.lock().await;
        let gone = self.place(gateways, resources)?;
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
        let Listening { gateways, backends, .. } = self.listening();
        self.world.tell(|| SimulationEvent::Reload(Reloaded { gateways, backends }));
        Ok(())
    }

    /// Where everything listens.
    pub(super) fn listening(&self) -> Listening {
        Listening {
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

    /// Sets or clears a fault. It holds for the next request when this returns.
    pub(super) async fn command(self: &Arc<Self>, command: FaultCommand) -> Result<(), UnknownTarget> {
        let _one_at_a_time = self.changing.lock().await;
        self.check(&command.target)?;
        let now = clock::now();
        let until = command.lasting.map(|lasting| now.after(lasting));
        self.world.faults.change(|board| match &command.fault {
            Some(fault) => board.set(command.target.clone(), fault.clone(), now, until),
            None => {
                board.clear(&command.target);
            }
        });
        self.apply(Some(std::slice::from_ref(&command.target))).await;
        self.keep_turning();
        self.world.tell(|| SimulationEvent::Fault(command));
        Ok(())
    }

    /// Waits for faults that end, begin again or pause by themselves, one after the other, until somebody else changes something.
    fn keep_turning(self: &Arc<Self>) {
        let turn = self.turns.fetch_add(1, Ordering::AcqRel) + 1;
        let site = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let Some(next) = site.upgrade().and_then(|site| site.next_turn(turn)) else { return };
                tokio::time::sleep(next.since(clock::now())).await;
                let Some(site) = site.upgrade() else { return };
                let _one_at_a_time = site.changing.lock().await;
                if site.turns.load(Ordering::Acquire) != turn {
                    return;
                }
                // The two clocks may differ by a little.
                let now = next.max(clock::now());
                let turning = |active: &&ActiveFault| active.fault.options().period.is_some();
                let targets: Vec<Target> =
                    site.world.faults.read(|board| board.active().iter().filter(turning).map(|active| active.target.clone()).collect());
                site.take_away(|board| board.expire(now)).await;
                if !targets.is_empty() {
                    site.apply(Some(&targets)).await;
                }
            }
        });
    }

    fn next_turn(&self, turn: u64) -> Option<Moment> {
        let is_mine = self.turns.load(Ordering::Acquire) == turn;
        is_mine.then(|| self.world.faults.read(|board| board.next_change(clock::now()))).flatten()
    }

    /// Clears all faults.
    pub(super) async fn clear(&self) {
        let _one_at_a_time = self.changing.lock().await;
        self.take_away(|board| {
            let all = board.active().to_vec();
            board.clear_all();
            all
        })
        .await;
    }

    async fn take_away(&self, take: impl FnOnce(&mut FaultBoard) -> Vec<ActiveFault>) {
        let gone = self.world.faults.change(take);
        if gone.is_empty() {
            return;
        }
        let targets: Vec<Target> = gone.into_iter().map(|active| active.target).collect();
        self.apply(Some(&targets)).await;
        for target in targets {
            self.world.tell(|| SimulationEvent::Fault(FaultCommand { target, fault: None, lasting: None }));
        }
    }

    /// Brings what is on the board about on the ports, and in the connections that are kept to these targets, or to all.
    async fn apply(&self, targets: Option<&[Target]>) {
        let now = clock::now();
        let faults = &self.world.faults;
        for gateway in self.gateways() {
            let connection = faults.read(|board| board.gateway_connection(gateway.server.region(), now));
            // Whoever calls a gateway by its address needs no name: that a name is gone shows as a gateway that is gone.
            let refuses = matches!(connection, Connection::Refused | Connection::NoAddress);
            self.listen(&gateway.port, refuses, || gateway.server.clone(), || gateway_name(gateway.server.region())).await;
        }
        for hosted in self.world.hosted() {
            let server = &hosted.server;
            let (id, region) = (server.id(), server.region());
            let refuses = faults.read(|board| board.resource_connection(&id, &region, now)) == Connection::Refused;
            self.listen(&hosted.port, refuses, || server.clone(), || resource_name(&id)).await;
            if let Some(destination) = self.world.known(&server.host())
                && targets.is_none_or(|targets| targets.iter().any(|target| target.touches(&id, &region)))
                && matches!(destination.route, Route::Resource(_))
            {
                destination.pool.empty();
            }
        }
    }

    async fn listen<H: super::port::Host>(&self, port: &Port, refuses: bool, host: impl FnOnce() -> Arc<H>, what: impl FnOnce() -> String) {
        if refuses {
            port.refuse().await;
        } else if let Err(error) = port.listen(host()).await {
            self.world.report(format!("{} cannot listen on {} again: {error}", what(), port.address()), None);
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
