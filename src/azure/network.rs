//! The network between Azure regions, and between clients and the edge of Front Door, as round-trip times.

use std::time::Duration;

use crate::spec::Region;

/// Within a region: between zones, about.
const HERE: Duration = Duration::from_millis(1);

/// From a client to the nearest point of presence of Front Door: most people have one in their country or next to it. Ours; Microsoft gives no
/// number.
const EDGE: Duration = Duration::from_millis(15);

/// The regions of the table, in its order.
#[rustfmt::skip]
const NAMES: [&str; 25] = [
    "swedencentral", "norwayeast", "northeurope", "uksouth", "westeurope", "francecentral", "germanywestcentral", "switzerlandnorth", "italynorth", "spaincentral", "polandcentral", "eastus", "eastus2", "northcentralus", "centralus", "southcentralus", "westus", "westus2", "westus3", "canadacentral", "japaneast", "koreacentral", "southeastasia", "australiaeast", "centralindia"
];

/// Median round trips in milliseconds: row by row to the regions before it; where both directions are published, their mean.
/// Source: learn.microsoft.com/azure/networking/azure-network-latency, the 30 days until 30 July 2026.
#[rustfmt::skip]
const TABLE: [&[u16]; 25] = [
    &[],
    &[12],
    &[34, 28],
    &[31, 24, 13],
    &[27, 22, 17, 11],
    &[37, 30, 20, 11, 13],
    &[28, 23, 27, 17, 11, 12],
    &[32, 28, 31, 23, 17, 17, 10],
    &[38, 33, 37, 28, 23, 22, 14, 9],
    &[51, 45, 33, 25, 28, 20, 27, 28, 34],
    &[26, 28, 35, 29, 23, 31, 23, 27, 27, 47],
    &[100, 96, 72, 78, 84, 88, 94, 98, 98, 81, 101],
    &[106, 100, 77, 82, 89, 84, 93, 99, 101, 76, 108, 9],
    &[120, 112, 90, 97, 101, 105, 110, 114, 113, 96, 116, 20, 24],
    &[128, 121, 101, 109, 109, 116, 119, 124, 124, 105, 125, 29, 33, 14],
    &[136, 128, 104, 113, 118, 113, 123, 130, 134, 104, 135, 36, 31, 38, 26],
    &[161, 156, 133, 140, 146, 146, 152, 156, 160, 134, 161, 68, 66, 52, 39, 35],
    &[159, 153, 130, 139, 143, 149, 154, 156, 161, 142, 160, 71, 69, 51, 39, 52, 24],
    &[157, 149, 126, 131, 138, 131, 142, 149, 152, 126, 154, 58, 53, 57, 44, 23, 19, 40],
    &[108, 101, 77, 81, 90, 89, 97, 98, 101, 91, 108, 18, 22, 19, 29, 53, 69, 64, 70],
    &[253, 248, 226, 230, 234, 230, 236, 235, 238, 225, 250, 162, 163, 148, 136, 129, 108, 100, 112, 160],
    &[260, 256, 239, 240, 242, 237, 240, 228, 234, 237, 255, 185, 188, 170, 158, 154, 131, 124, 136, 182, 30],
    &[191, 185, 176, 167, 169, 162, 166, 161, 166, 165, 184, 224, 228, 210, 198, 201, 170, 162, 183, 222, 72, 68],
    &[286, 279, 263, 261, 265, 256, 267, 258, 261, 254, 278, 202, 196, 187, 176, 162, 140, 161, 146, 202, 104, 127, 95],
    &[161, 154, 147, 141, 140, 135, 140, 118, 133, 134, 150, 200, 204, 217, 222, 233, 218, 211, 231, 201, 122, 120, 53, 145],
];

/// The round trip between two regions: the published median where the table has both of them, else by distance.
///
/// What is not in the table takes 1.6 ms for each 100 km of the great circle, and 2 ms beside: light needs 1 ms for 100 km of fibre there and
/// back, and cables do not run straight. Fitted to the table; two regions less than 60 km apart are 3 ms away.
pub fn round_trip(one: Region, other: Region) -> Duration {
    if one == other {
        return HERE;
    }
    let place = |region: Region| NAMES.iter().position(|name| *name == region.name);
    let listed = place(one).zip(place(other)).and_then(|(a, b)| TABLE.get(a.max(b))?.get(a.min(b)));
    match listed {
        Some(milliseconds) => Duration::from_millis(u64::from(*milliseconds)),
        // Whole milliseconds: the last bits of trigonometry differ from machine to machine.
        None => Duration::from_millis((2.0 + 1.6 * one.distance_km(other) / 100.0).round().max(3.0) as u64),
    }
}

/// The round trip between a client and the nearest edge of Front Door.
pub fn edge_round_trip() -> Duration {
    EDGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(one: &str, other: &str) -> u64 {
        let region = |name| Region::named(name).unwrap();
        let there = round_trip(region(one), region(other));
        assert_eq!(there, round_trip(region(other), region(one)));
        u64::try_from(there.as_millis()).unwrap()
    }

    #[test]
    fn the_table_is_that_of_microsoft() {
        for (one, other, milliseconds) in [
            ("swedencentral", "swedencentral", 1),
            ("swedencentral", "francecentral", 37),
            ("germanywestcentral", "westeurope", 11),
            ("westeurope", "eastus", 84),
            ("westus2", "westus3", 40),
            ("japaneast", "southeastasia", 72),
        ] {
            assert_eq!(between(one, other), milliseconds, "{one} {other}");
        }
    }

    #[test]
    fn every_name_of_the_table_is_a_region_and_every_pair_has_a_time() {
        assert!(NAMES.iter().all(|name| Region::named(name).is_some()));
        assert!((0..).zip(TABLE).all(|(place, row): (usize, _)| row.len() == place));
        for one in Region::all() {
            for other in Region::all() {
                let there = round_trip(one, other);
                assert!((HERE..Duration::from_millis(400)).contains(&there), "{one} {other} {there:?}");
            }
        }
    }

    /// The pairs of the table, estimated.
    #[test]
    fn distance_is_a_fair_guess() {
        for (place, row) in TABLE.iter().enumerate() {
            for (name, milliseconds) in NAMES.iter().zip(*row) {
                let (one, other) = (Region::named(NAMES[place]).unwrap(), Region::named(name).unwrap());
                let guess = 2.0 + 1.6 * one.distance_km(other) / 100.0;
                let ratio = guess / f64::from(*milliseconds);
                assert!((0.35..2.2).contains(&ratio), "{one} {other}: {guess} for {milliseconds}");
            }
        }
    }
}
