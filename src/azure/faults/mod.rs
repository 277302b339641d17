//! The catalogue of faults: what can go wrong with a resource or a gateway, as words, JSON and data.
//!
//! | word | what a client of the faulty party sees | options |
//! |---|---|---|
//! | `200` … `599` | that status at once, in the shape of the service | `retry_after` |
//! | `connection-refused` | nobody listens | |
//! | `dns-failure` | the host name has no address | |
//! | `hang` | the connection opens, no answer ever comes | |
//! | `reset` | the connection breaks before the answer | |
//! | `slow` | the right answer, its first byte late | `delay` (5 s) |
//! | `cut-body` | a right head, and half of the body | |
//!
//! A status below 200 is no final answer (RFC 9110 section 15.2), so it is no fault either.

mod board;
mod command;
mod fault;
mod target;

pub use board::{ActiveFault, FaultBoard};
pub use command::FaultCommand;
pub use fault::{CATALOGUE, DEFAULT_DELAY, Entry, Fault, FaultError, FaultOptions};
pub use target::{Target, TargetError};
