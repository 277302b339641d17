//! What clients send, how they behave, and what becomes of their requests: for whatever drives a scenario, in simulated time or in real time.
//!
//! Nothing here knows a clock, a socket or who is driving: a driver asks when the next request begins and what it says, tells what its client
//! saw, and gets a [`Run`] at the end.
//!
//! ```text
//! scenario -> arrivals, requests -> (a driver) -> seen -> sdk (again? good?) -> tally -> judge -> conclusion: Run
//! ```

pub(crate) mod arrivals;
pub(crate) mod chance;
pub(crate) mod complete;
pub(crate) mod conclusion;
pub(crate) mod judge;
pub(crate) mod outcome;
pub(crate) mod requests;
pub(crate) mod sdk;
pub(crate) mod seen;
mod segments;
pub(crate) mod tally;

pub use outcome::*;
pub use tally::Keep;
