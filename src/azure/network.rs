//! How long messages travel.
use std::time::Duration;

use crate::spec::Region;

/// There and back between two regions.
pub fn round_trip(a: Region, b: Region) -> Duration {
    if a == b { Duration::from_millis(1) } else { Duration::from_micros((a.distance_km(b) * 15.0) as u64 + 1000) }
}

/// There and back between a client and its edge.
pub fn edge_round_trip() -> Duration {
    Duration::from_millis(12)
}
