//! Health probes on the clock on the wall: each over a new connection, in a task of its own.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::{
    super::{
        clock,
        events::{HealthReport, SimulationEvent},
        exchange,
        pool::RequestBody,
        world::{Destination, World},
    },
    Doorway, agreed,
};
use crate::{azure::front_door::OriginId, gateway::effect::FailureKind, http::RequestHead};

/// Probes for as long as the doorway is in use.
pub(super) fn begin(doorway: &Arc<Doorway>, world: &Arc<World>) {
    tokio::spawn(keep_probing(Arc::downgrade(doorway), world.clone()));
}

async fn keep_probing(doorway: Weak<Doorway>, world: Arc<World>) {
    loop {
        let next = doorway.upgrade().and_then(|doorway| doorway.door().next_probe());
        let Some(next) = next else { return };
        tokio::time::sleep(next.since(clock::now())).await;
        let Some(doorway) = doorway.upgrade() else { return };
        let due = doorway.door().due_probes(clock::now());
        for origin in due {
            tokio::spawn(probe(doorway.clone(), origin, world.clone()));
        }
    }
}

async fn probe(doorway: Arc<Doorway>, origin: OriginId, world: Arc<World>) {
    let (request, patience) = {
        let door = doorway.door();
        (door.probe_request(origin), door.probe_timeout())
    };
    let outcome = match doorway.destination(origin).and_then(|destination| destination.afresh()) {
        Some(destination) => tokio::time::timeout(patience, ask(&world, &doorway.region(origin), &destination, &request))
            .await
            .unwrap_or(Err(FailureKind::Timeout)),
        None => Err(FailureKind::DnsFailure),
    };
    let distance = doorway.distances.get(origin.0).copied().unwrap_or_default();
    let change = doorway.door().probed(origin, outcome.map(|(status, latency)| (status, latency.saturating_add(distance))));
    if let Some(change) = change.filter(|_| doorway.is_own) {
        let report = HealthReport { gateway: doorway.region(origin), healthy: change.healthy };
        world.tell(|| SimulationEvent::Health(report));
    }
}

/// Status, and the time from before the connection to the last byte.
async fn ask(world: &World, region: &str, destination: &Arc<Destination>, request: &RequestHead) -> Result<(u16, Duration), FailureKind> {
    let began = Instant::now();
    let mut written = exchange::write_request(request, RequestBody::Empty, "").map_err(|_| FailureKind::Reset)?;
    let _ticket = agreed(world, region, &mut written).await?;
    let host = &request.url.host;
    let (head, body) = exchange::attempt(destination, host, exchange::Wire::plain(), written).await.map_err(|failure| failure.kind)?;
    exchange::read(host, body).await.map_err(|failure| failure.kind)?;
    Ok((head.status, began.elapsed()))
}
