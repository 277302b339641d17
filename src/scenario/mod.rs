//! Scenarios: a world, load on it, faults on a timeline, and what is expected.

mod expectation;
mod model;

pub use expectation::{Statistic, Status};
pub use model::*;
