//! The world that a scenario happens to, before anything has happened.

pub use crate::world::World;
