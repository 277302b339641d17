//! The discrete-event driver: the same gateways, resources and Front Door as live, in simulated time. Time jumps from event to event, and
//! everything random comes from one seed, so that the same scenario gives the same bytes on every machine.
//!
//! ```text
//! scenario + world -> run -> simulation (agenda: what happens when) -> tally -> judge -> Run
//!                              begin -> enter (gateway: machine) -> exchange (resource) -> passing -> close
//! ```

mod agenda;
mod arrivals;
mod chance;
mod edges;
mod exchange;
mod journey;
mod judge;
mod network;
mod outcome;
mod passing;
mod requests;
mod run;
mod sdk;
mod simulation;
mod tally;
mod telling;
mod world;

#[cfg(test)]
mod tests;

pub use outcome::*;
pub use run::run;
pub use tally::Keep;
pub use world::World;
