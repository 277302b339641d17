//! The simulated world, as state machines: Front Door, Azure OpenAI resources, managed identity, the catalogue of faults.
//!
//! Nothing here reads a clock, draws hidden random numbers or touches a socket: time is a [`Moment`] given as argument,
//! chance an [`Environment`], and a driver carries bytes in and out.
//!
//! [`Moment`]: crate::environment::Moment
//! [`Environment`]: crate::environment::Environment

pub mod entra;
pub mod faults;
pub mod front_door;
mod hash;
pub mod identity;
pub mod network;
pub mod openai;
