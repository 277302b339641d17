//! The edge sites of one Front Door: a client meets the one of its region, which has probes and latencies of its own.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use http::HeaderMap;

use super::{
    super::{FrontDoorSite, world::World},
    Doorway, probes,
};
use crate::{azure::front_door::BadPattern, spec::Region, text::Text};

/// The header by which a client says which region it is in, and after a space its address; it is taken away before the firewall sees it.
pub(in crate::live) const FROM: &str = "x-simulated-from";

/// What a client says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct From {
    /// Its region.
    pub region: Option<Region>,
    /// Its address.
    pub address: Option<IpAddr>,
}

impl From {
    /// Takes the field away and reads it. What is no region or no address says nothing.
    pub fn take(headers: &mut HeaderMap) -> Self {
        let value = headers.remove(FROM);
        let mut words = value.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default().split_whitespace();
        Self { region: words.next().and_then(Region::named), address: words.next().and_then(|word| word.parse().ok()) }
    }
}

/// All edge sites, each made when the first client of its region comes.
pub(in crate::live) struct Edges {
    site: FrontDoorSite,
    gateways: Vec<(Text, SocketAddr)>,
    /// That of clients who do not say where they are.
    pub own: Arc<Doorway>,
    others: Mutex<HashMap<&'static str, Arc<Doorway>>>,
}

impl Edges {
    /// The edge sites before these gateways, given by region.
    pub fn new(site: FrontDoorSite, gateways: Vec<(Text, SocketAddr)>) -> Result<Self, BadPattern> {
        let own = Arc::new(Doorway::new(site.clone(), &gateways)?);
        Ok(Self { site, gateways, own, others: Mutex::default() })
    }

    /// The own site begins to probe.
    pub fn begin(&self, world: &Arc<World>) {
        probes::begin(&self.own, world);
    }

    /// The site that clients in a region meet.
    pub fn seen_from(&self, region: Region, world: &Arc<World>) -> Arc<Doorway> {
        if self.site.edge == Some(region) {
            return self.own.clone();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(region.name) {
            return known.clone();
        }
        let site = FrontDoorSite { edge: Some(region), ..self.site.clone() };
        // What the own site was made of is sound here, too.
        let Ok(doorway) = Doorway::new(site, &self.gateways) else { return self.own.clone() };
        let doorway = Arc::new(Doorway { is_own: false, ..doorway });
        probes::begin(&doorway, world);
        others.insert(region.name, doorway.clone());
        doorway
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_where_it_is_and_nobody_else_hears_it() {
        for (value, region, address) in [
            ("swedencentral", Some("swedencentral"), None),
            ("France Central", None, None),
            ("francecentral 203.0.113.7", Some("francecentral"), Some("203.0.113.7")),
            ("nowhere 203.0.113.7", None, Some("203.0.113.7")),
            ("swedencentral here", Some("swedencentral"), None),
            ("", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(FROM, value.parse().unwrap());
            let from = From::take(&mut headers);
            let told = (from.region.map(|region| region.name), from.address.map(|address| address.to_string()));
            assert_eq!((told.0, told.1.as_deref()), (region, address), "{value}");
            assert!(headers.is_empty());
        }
    }
}
