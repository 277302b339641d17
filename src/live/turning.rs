//! Faults as they come and go: set and cleared by somebody, or ended and turned by time.

use std::sync::{Arc, atomic::Ordering};

use super::{
    clock,
    events::SimulationEvent,
    port::{Host, Port},
    site::{Site, UnknownTarget, gateway_name, resource_name},
    world::Route,
};
use crate::{
    azure::faults::{ActiveFault, Connection, FaultBoard, FaultCommand, Target},
    environment::Moment,
};

impl Site {
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
    pub(super) async fn apply(&self, targets: Option<&[Target]>) {
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

    async fn listen<H: Host>(&self, port: &Port, refuses: bool, host: impl FnOnce() -> Arc<H>, what: impl FnOnce() -> String) {
        if refuses {
            port.refuse().await;
        } else if let Err(error) = port.listen(host()).await {
            self.world.report(format!("{} cannot listen on {} again: {error}", what(), port.address()), None);
        }
    }
}
