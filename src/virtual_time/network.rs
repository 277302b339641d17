//! How long messages travel, and which host is which: computed once before a run.

use std::time::Duration;

use super::world::World;
use crate::{azure::network::round_trip, scenario::Load, text::Text};

/// Distances and names of one world.
#[derive(Debug)]
pub(super) struct Network {
    /// One way from a gateway to a resource.
    to_resource: Vec<Vec<Duration>>,
    /// One way from a load's clients to a gateway.
    from_clients: Vec<Vec<Duration>>,
    /// Few: a list is searched faster than a name is hashed.
    hosts: Vec<Text>,
    gateways: Vec<Text>,
}

impl Network {
    /// The network of `world` and the clients of `load`.
    pub fn new(world: &World, load: &[Load]) -> Self {
        let one_way = |a, b| round_trip(a, b) / 2;
        let to_resource = world.gateways.iter().map(|(from, _)| world.resources.iter().map(|(to, _)| one_way(*from, *to)).collect());
        let from_clients = load.iter().map(|load| world.gateways.iter().map(|(to, _)| one_way(load.from, *to)).collect());
        let hosts = world.resources.iter().map(|(_, config)| config.host.to_ascii_lowercase().into());
        // As API Management names the regional endpoints of a service.
        // Source: learn.microsoft.com/azure/api-management/api-management-howto-deploy-multi-region.
        let gateways = world.gateways.iter().map(|(region, _)| format!("gateway-{}-01.regional.azure-api.net", region.name).into());
        Self {
            to_resource: to_resource.collect(),
            from_clients: from_clients.collect(),
            hosts: hosts.collect(),
            gateways: gateways.collect(),
        }
    }

    /// The resource behind a host name.
    pub fn resource(&self, host: &str) -> Option<usize> {
        self.hosts.iter().position(|own| *own == *host)
    }

    /// The host name of a gateway.
    pub fn gateway_host(&self, gateway: usize) -> Text {
        self.gateways.get(gateway).cloned().unwrap_or_default()
    }

    /// From a gateway to a resource, one way.
    pub fn to_resource(&self, gateway: usize, resource: usize) -> Duration {
        self.to_resource.get(gateway).and_then(|row| row.get(resource)).copied().unwrap_or_default()
    }

    /// From the clients of a load to a gateway, one way.
    pub fn to_gateway(&self, load: usize, gateway: usize) -> Duration {
        self.from_clients.get(load).and_then(|row| row.get(gateway)).copied().unwrap_or_default()
    }

    /// The gateway that lies nearest to the clients of a load.
    pub fn nearest(&self, load: usize) -> Option<usize> {
        let row = self.from_clients.get(load)?;
        (0..row.len()).min_by_key(|place| row.get(*place).copied())
    }
}
