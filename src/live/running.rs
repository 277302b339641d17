//! A simulation from its start to its end.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    FrontDoorSite, GatewaySite, ResourceSite, Simulation, StartError, UnknownTarget, control,
    events::{EventSink, Listening, SimulationEvent},
    ledger::Ledger,
    page::Page,
    port::Bound,
    site::{self, Site},
    tracing::Tracing,
    world::World,
};
use crate::{
    azure::faults::{ActiveFault, FaultCommand, Target},
    spec::Region,
    text::Text,
};

/// How long the control endpoint may take to finish its last answer.
const CONTROL_FAREWELL: Duration = Duration::from_secs(1);

/// A simulation that runs. It goes on when this is dropped; [`shutdown`](Self::shutdown) ends it.
pub struct Running {
    site: Arc<Site>,
    control: Option<SocketAddr>,
    subscription_key: Option<Text>,
    debug_token: Option<Text>,
    serving_control: Mutex<Option<JoinHandle<()>>>,
    phase: watch::Sender<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Running,
    Stopping,
    Stopped,
}

/// How a simulation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Requests that were under way when the time was up, and that were cut off.
    pub cut: u64,
}

pub(super) fn start(simulation: Simulation) -> Result<Running, StartError> {
    let Simulation {
        front_door,
        gateways,
        resources,
        mapped,
        real,
        control,
        served_by,
        subscription_key,
        trace,
        debug_token,
        seed,
        events,
    } = simulation;
    let endpoint = match control {
        Some(address) if !address.ip().is_loopback() => return Err(StartError::ControlNotLoopback(address)),
        Some(address) => Some(site::bind(|| "the control endpoint".to_owned(), address)?),
        None => None,
    };
    let ledger = Arc::new(Ledger::default());
    // Without a control endpoint nobody reads it.
    let events = if endpoint.is_some() { Some(ledger.before(events)) } else { events }.map(listening_first);
    let world = Arc::new(World::new(seed, events, mapped, real, Tracing::new(trace, debug_token.clone())));
    let site = Arc::new(Site::new(world, served_by));
    site.begin(front_door, gateways, resources)?;
    let (phase, stopping) = watch::channel(Phase::Running);
    let control = endpoint.as_ref().map(Bound::address);
    let serving_control = endpoint.map(|bound| {
        let mut stopping = stopping;
        let ended = async move {
            // Without a sender it is over as well.
            let _ = stopping.wait_for(|phase| *phase != Phase::Running).await;
        };
        tokio::spawn(control::serve(Arc::new(Page::new(site.clone(), ledger)), bound.into_listener(), ended))
    });
    let running = Running { site, control, subscription_key, debug_token, serving_control: Mutex::new(serving_control), phase };
    running.site.world.tell(|| SimulationEvent::Listening(running.listening()));
    Ok(running)
}

/// Probes, and clients that know the ports, come as soon as a port is served. What is told of them waits until it has been told where everything
/// listens: that is always the first event.
pub(super) fn listening_first(events: EventSink) -> EventSink {
    let (announced, early) = (AtomicBool::new(false), Mutex::new(Some(Vec::new())));
    Arc::new(move |event| {
        if !announced.load(Ordering::Acquire) {
            let mut early = early.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = early.as_mut() {
                if !matches!(event, SimulationEvent::Listening(_)) {
                    kept.push(event);
                    return;
                }
                events(event);
                early.take().into_iter().flatten().for_each(&*events);
                announced.store(true, Ordering::Release);
                return;
            }
        }
        events(event);
    })
}

impl Running {
    /// Where everything listens.
    pub fn listening(&self) -> Listening {
        Listening {
            control: self.control.map(|address| format!("http://{address}")),
            subscription_key: self.subscription_key.clone(),
            debug_token: self.debug_token.clone(),
            ..self.site.listening()
        }
    }

    /// The gateways: region (short name) and address.
    pub fn gateways(&self) -> Vec<(Text, SocketAddr)> {
        self.site.gateways().iter().map(|gateway| (gateway.server.region().clone(), gateway.port.address())).collect()
    }

    /// The resources, declared ones first: id and address.
    pub fn backends(&self) -> Vec<(Text, SocketAddr)> {
        self.site.world.hosted().iter().map(|hosted| (hosted.server.id(), hosted.port.address())).collect()
    }

    /// The control endpoint.
    pub fn control(&self) -> Option<SocketAddr> {
        self.control
    }

    /// Front Door.
    pub fn front_door(&self) -> Option<SocketAddr> {
        self.site.edge().map(|edge| edge.port.address())
    }

    /// From now on clients in these regions meet edge sites of Front Door that probe from there.
    pub(super) fn expect_clients(&self, regions: impl Iterator<Item = Region>) {
        if let Some(edge) = self.site.edge() {
            edge.server.expect(regions);
        }
    }

    /// The requests that are under way in Front Door and in the gateways; one that is in both counts twice.
    pub fn in_flight(&self) -> u64 {
        let edge = self.site.edge().map_or(0, |edge| edge.server.in_flight());
        edge + self.site.gateways().iter().map(|gateway| gateway.server.in_flight()).sum::<u64>()
    }

    /// Puts another Front Door, or none, and other gateways in place, and other resources where some are given (`None` leaves them as they are). A gateway of
    /// the same region and a resource of the same id keep their ports; requests under way finish under the policy that they
    /// began with; the limits of all resources that are given begin anew. On an error nothing has changed.
    pub async fn reload(
        &self,
        front_door: Option<FrontDoorSite>,
        gateways: Vec<GatewaySite>,
        resources: Option<Vec<ResourceSite>>,
    ) -> Result<(), StartError> {
        if *self.phase.borrow() != Phase::Running {
            return Err(StartError::Stopped);
        }
        self.site.reload(front_door, gateways, resources).await
    }

    /// Sets or clears a fault. It holds for the next request when this returns.
    pub async fn set_fault(&self, command: FaultCommand) -> Result<(), UnknownTarget> {
        self.site.command(command).await
    }

    /// Whether a fault can be put on this.
    ///
    /// # Errors
    /// Why not.
    pub fn check_target(&self, target: &Target) -> Result<(), UnknownTarget> {
        self.site.check(target)
    }

    /// How often the circuits of a backend have opened in the gateways, and how long they were open, over all of them.
    pub fn circuit(&self, backend: &str) -> (u64, Duration) {
        let gateways = self.site.gateways();
        let circuits = gateways.iter().map(|gateway| gateway.server.circuit(backend));
        circuits.fold((0, Duration::ZERO), |(trips, open), (more, longer)| (trips + more, open.saturating_add(longer)))
    }

    /// Clears all faults.
    pub async fn clear_faults(&self) {
        self.site.clear().await;
    }

    /// The faults that hold.
    pub fn faults(&self) -> Vec<ActiveFault> {
        self.site.faults()
    }

    /// Accepts nothing more, lets the requests under way finish until `deadline` has passed, and stops.
    pub async fn shutdown(&self, deadline: Duration) -> Drained {
        self.phase.send_if_modified(|phase| {
            *phase == Phase::Running && {
                *phase = Phase::Stopping;
                true
            }
        });
        let (edge, gateways) = (self.site.edge(), self.site.gateways());
        // The edge first: what is under way there is not done before the gateways have answered it.
        let all = async {
            if let Some(edge) = &edge {
                edge.port.drain().await;
            }
            join_all(gateways.iter().map(|gateway| gateway.port.drain())).await;
        };
        let drained = tokio::time::timeout(deadline, all).await.is_ok();
        let cut = if drained { 0 } else { self.in_flight() };
        if let Some(edge) = &edge {
            edge.port.close().await;
        }
        join_all(gateways.iter().map(|gateway| gateway.port.close())).await;
        let hosted = self.site.world.hosted();
        join_all(hosted.iter().map(|hosted| hosted.port.close())).await;
        let serving_control = self.serving_control.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut serving) = serving_control
            && tokio::time::timeout(CONTROL_FAREWELL, &mut serving).await.is_err()
        {
            serving.abort();
        }
        self.phase.send_replace(Phase::Stopped);
        Drained { cut }
    }

    /// Returns when [`shutdown`](Self::shutdown) has ended.
    pub async fn wait(&self) {
        // The sender lives as long as `self`.
        let _ = self.phase.subscribe().wait_for(|phase| *phase == Phase::Stopped).await;
    }
}
