//! Faults: what can go wrong with a resource, a deployment, a gateway, a region or a link, as words, JSON and data, and what becomes of an
//! exchange when it does. One catalogue for both drivers.
//!
//! A driver asks the [`FaultBoard`] for the [`Conduct`] of an exchange and does what it says, from the connection to the last byte:
//!
//! 1. [`Connection::failure`]: the connection does not open, and that is all;
//! 2. [`Ending::Reset`], [`Ending::Never`]: no answer comes;
//! 3. [`Conduct::told`]: what the resource is told to answer;
//! 4. [`Conduct::deliver`]: how the answer is altered, delayed and ended.
//!
//! A status below 200 is no final answer (RFC 9110 section 15.2), so it is no fault either.

mod board;
mod catalogue;
mod command;
mod conduct;
mod delivery;
mod error;
mod fault;
mod options;
mod share;
mod target;
#[cfg(test)]
mod tests;

pub use board::{ActiveFault, FaultBoard};
pub use catalogue::{CATALOGUE, Entry, FaultOption, Place, STATUS};
pub use command::FaultCommand;
pub use conduct::{Answering, BodyFault, CONNECT_PATIENCE, Conduct, Connection, Ending, Exchange, Orders, Told, Visit, broken_off};
pub use delivery::{Delivery, End};
pub use error::FaultError;
pub use fault::{DEFAULT_DELAY, DEFAULT_PACE, Fault};
pub use options::FaultOptions;
pub use share::{NoQuota, NoShare, Quota, Share};
pub use target::{FRONT_DOOR, Link, Target, TargetError};
