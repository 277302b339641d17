//! The discrete-event driver: the same gateways, resources and Front Door as live, in simulated time. Time jumps from event to event, and
//! everything random comes from one seed, so that the same scenario gives the same bytes on every machine.
//!
//! ```text
//! scenario + world -> run -> simulation (agenda: what happens when) -> traffic: tally -> judge -> Run
//!                              begin -> enter (gateway: machine) -> exchange (resource) -> passing -> close
//! ```

mod agenda;
mod edges;
mod exchange;
mod journey;
mod network;
mod passing;
mod run;
mod simulation;
mod telling;
mod world;

#[cfg(test)]
mod tests;

pub use run::run;
pub use world::World;

pub use crate::traffic::*;
// The parts say `super::` of what they share with the driver in real time.
use crate::traffic::{arrivals, chance, judge, outcome, requests, sdk, tally};
