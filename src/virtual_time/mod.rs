//! The discrete-event driver: the same gateways, resources and Front Door as live, in simulated time. Time jumps from event to event, and
//! everything random comes from one seed, so that the same scenario gives the same bytes on every machine.

mod outcome;

pub use outcome::*;
