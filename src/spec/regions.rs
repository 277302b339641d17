//! The Azure regions: names, countries, what is in the European Union, and where they are on the map.
//!
//! Names and coordinates are those that `az account list-locations` reports, with two exceptions made on purpose: the sign of Spain
//! Central's longitude (published as east of Greenwich), and regions too new to be listed everywhere, which stand at their city.
//! Source: <https://learn.microsoft.com/azure/reliability/regions-list>; the EU Data Boundary (EU and EFTA):
//! <https://learn.microsoft.com/privacy/eudb/eu-data-boundary-learn>.

use std::{fmt, ops::Deref};

/// What is known of one region.
#[derive(Debug)]
pub struct Facts {
    /// The name in APIs and in specs: `swedencentral`.
    pub name: &'static str,
    /// The name that people read, and that `context.Deployment.Region` gives: `Sweden Central`.
    pub display: &'static str,
    /// Country, ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// Whether the country is a member state of the European Union.
    pub eu: bool,
    /// Whether the region lies in the EU Data Boundary: the European Union and EFTA.
    pub eu_data_boundary: bool,
    /// Degrees north of the equator.
    pub latitude: f64,
    /// Degrees east of Greenwich.
    pub longitude: f64,
}

/// One Azure region: a row of the table, so that two regions are equal when their names are.
#[derive(Clone, Copy)]
pub struct Region(&'static Facts);

impl Region {
    /// The region with this short name, spelled exactly.
    pub fn named(name: &str) -> Option<Self> {
        REGIONS.iter().find(|facts| facts.name == name).map(Self)
    }

    /// The region with this short or display name, in any case, with or without spaces: `Sweden Central`, `SwedenCentral`.
    pub fn spelled(name: &str) -> Option<Self> {
        let short: String = name.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
        Self::named(&short)
    }

    /// Every region, in the table's order.
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.iter().map(Self)
    }

    /// The great-circle distance to another region in kilometres.
    pub fn distance_km(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.latitude.to_radians(), other.latitude.to_radians());
        let half_lat = libm::sin((lat2 - lat1) / 2.0);
        let half_long = libm::sin((other.longitude - self.longitude).to_radians() / 2.0);
        let h = half_lat * half_lat + libm::cos(lat1) * libm::cos(lat2) * half_long * half_long;
        2.0 * 6_371.0 * libm::asin(h.sqrt().min(1.0))
    }
}

impl Deref for Region {
    type Target = Facts;
    fn deref(&self) -> &Facts {
        self.0
    }
}

impl PartialEq for Region {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Region {}

impl std::hash::Hash for Region {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl PartialOrd for Region {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Region {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(other.name)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Region({})", self.name)
    }
}

impl serde::Serialize for Region {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// Where a country stands towards the European Union.
#[derive(Clone, Copy, PartialEq)]
enum Union {
    /// A member state.
    Member,
    /// In EFTA, hence in the EU Data Boundary.
    Efta,
    /// Neither.
    Outside,
}
use Union::{Efta, Member, Outside};

const fn row(name: &'static str, display: &'static str, country: &'static str, union: Union, latitude: f64, longitude: f64) -> Facts {
    let eu = matches!(union, Member);
    Facts { name, display, country, eu, eu_data_boundary: eu || matches!(union, Efta), latitude, longitude }
}

static REGIONS: [Facts; 58] = [
    // Europe
    row("austriaeast", "Austria East", "AT", Member, 48.2201, 16.3797),
    row("belgiumcentral", "Belgium Central", "BE", Member, 50.8503, 4.3517),
    row("denmarkeast", "Denmark East", "DK", Member, 55.6761, 12.5683),
    row("francecentral", "France Central", "FR", Member, 46.3772, 2.3730),
    row("francesouth", "France South", "FR", Member, 43.8345, 2.1972),
    row("germanynorth", "Germany North", "DE", Member, 53.073635, 8.806422),
    row("germanywestcentral", "Germany West Central", "DE", Member, 50.110924, 8.682127),
    row("italynorth", "Italy North", "IT", Member, 45.46888, 9.18109),
    row("northeurope", "North Europe", "IE", Member, 53.3478, -6.2597),
    row("norwayeast", "Norway East", "NO", Efta, 59.913868, 10.752245),
    row("norwaywest", "Norway West", "NO", Efta, 58.969975, 5.733107),
    row("polandcentral", "Poland Central", "PL", Member, 52.23334, 21.01666),
    row("spaincentral", "Spain Central", "ES", Member, 40.4259, -3.4209),
    row("swedencentral", "Sweden Central", "SE", Member, 60.67488, 17.14127),
    row("switzerlandnorth", "Switzerland North", "CH", Efta, 47.451542, 8.564572),
    row("switzerlandwest", "Switzerland West", "CH", Efta, 46.204391, 6.143158),
    row("uksouth", "UK South", "GB", Outside, 50.941, -0.799),
    row("ukwest", "UK West", "GB", Outside, 53.427, -3.084),
    row("westeurope", "West Europe", "NL", Member, 52.3667, 4.9),
    // Americas
    row("brazilsouth", "Brazil South", "BR", Outside, -23.55, -46.633),
    row("brazilsoutheast", "Brazil Southeast", "BR", Outside, -22.90278, -43.2075),
    row("canadacentral", "Canada Central", "CA", Outside, 43.653, -79.383),
    row("canadaeast", "Canada East", "CA", Outside, 46.817, -71.217),
    row("centralus", "Central US", "US", Outside, 41.5908, -93.6208),
    row("chilecentral", "Chile Central", "CL", Outside, -33.447487, -70.673676),
    row("eastus", "East US", "US", Outside, 37.3719, -79.8164),
    row("eastus2", "East US 2", "US", Outside, 36.6681, -78.3889),
    row("mexicocentral", "Mexico Central", "MX", Outside, 20.588818, -100.389888),
    row("northcentralus", "North Central US", "US", Outside, 41.8819, -87.6278),
    row("southcentralus", "South Central US", "US", Outside, 29.4167, -98.5),
    row("westcentralus", "West Central US", "US", Outside, 40.89, -110.234),
    row("westus", "West US", "US", Outside, 37.783, -122.417),
    row("westus2", "West US 2", "US", Outside, 47.233, -119.852),
    row("westus3", "West US 3", "US", Outside, 33.448376, -112.074036),
    // Asia and the Pacific
    row("australiacentral", "Australia Central", "AU", Outside, -35.3075, 149.1244),
    row("australiacentral2", "Australia Central 2", "AU", Outside, -35.3075, 149.1244),
    row("australiaeast", "Australia East", "AU", Outside, -33.86, 151.2094),
    row("australiasoutheast", "Australia Southeast", "AU", Outside, -37.8136, 144.9631),
    row("centralindia", "Central India", "IN", Outside, 18.5822, 73.9197),
    row("eastasia", "East Asia", "HK", Outside, 22.267, 114.188),
    row("indonesiacentral", "Indonesia Central", "ID", Outside, -6.208763, 106.845599),
    row("japaneast", "Japan East", "JP", Outside, 35.68, 139.77),
    row("japanwest", "Japan West", "JP", Outside, 34.6939, 135.5022),
    row("jioindiacentral", "Jio India Central", "IN", Outside, 21.146633, 79.08886),
    row("jioindiawest", "Jio India West", "IN", Outside, 22.470701, 70.05773),
    row("koreacentral", "Korea Central", "KR", Outside, 37.5665, 126.978),
    row("koreasouth", "Korea South", "KR", Outside, 35.1796, 129.0756),
    row("malaysiawest", "Malaysia West", "MY", Outside, 3.140853, 101.693207),
    row("newzealandnorth", "New Zealand North", "NZ", Outside, -36.84853, 174.76349),
    row("southeastasia", "Southeast Asia", "SG", Outside, 1.283, 103.833),
    row("southindia", "South India", "IN", Outside, 12.9822, 80.1636),
    row("westindia", "West India", "IN", Outside, 19.088, 72.868),
    // Africa and the Middle East
    row("israelcentral", "Israel Central", "IL", Outside, 31.2655698, 33.4506633),
    row("qatarcentral", "Qatar Central", "QA", Outside, 25.551462, 51.439327),
    row("southafricanorth", "South Africa North", "ZA", Outside, -25.73134, 28.21837),
    row("southafricawest", "South Africa West", "ZA", Outside, -34.075691, 18.843266),
    row("uaecentral", "UAE Central", "AE", Outside, 24.466667, 54.366669),
    row("uaenorth", "UAE North", "AE", Outside, 25.266666, 55.316666),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_display_names_and_are_unique() {
        for (at, region) in Region::all().enumerate() {
            assert_eq!(Region::spelled(region.display), Some(region), "{region}");
            assert!(Region::all().skip(at + 1).all(|other| other != region), "{region} twice");
            assert!(region.latitude.abs() <= 90.0 && region.longitude.abs() <= 180.0, "{region}");
        }
    }

    #[test]
    fn norway_and_switzerland_are_in_the_data_boundary_but_not_in_the_union_and_britain_in_neither() {
        let of = |name| Region::named(name).map(|region| (region.eu, region.eu_data_boundary));
        assert_eq!(of("swedencentral"), Some((true, true)));
        assert_eq!(of("norwayeast"), Some((false, true)));
        assert_eq!(of("switzerlandnorth"), Some((false, true)));
        assert_eq!(of("uksouth"), Some((false, false)));
    }

    #[test]
    fn distances_are_those_of_the_globe() {
        let km = |a, b| Region::named(a).zip(Region::named(b)).map_or(f64::NAN, |(a, b)| a.distance_km(b));
        assert_eq!(km("swedencentral", "swedencentral"), 0.0);
        assert!((km("uksouth", "ukwest") - 315.0).abs() < 20.0, "{}", km("uksouth", "ukwest"));
        assert!((km("northeurope", "southeastasia") - 11_200.0).abs() < 150.0, "{}", km("northeurope", "southeastasia"));
    }
}
