//! What files amount to: a spec, a policy or a service becomes gateways and Azure OpenAI resources, live or in virtual time.
//!
//! Texts come in, read already; keys that nobody gives are invented by whoever asks: at random for a world that listens, from a seed for one
//! that must come out the same each time. Nothing here touches a disk, a clock or chance.

mod backends;
mod build;
pub mod entities;
mod resources;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use indexmap::IndexMap;

pub use build::{GENERATED, build};
pub use entities::HeldEntities;

use crate::{
    azure::{front_door::FrontDoorConfig, openai::ResourceConfig},
    diagnostic::Diagnostic,
    environment::split_mix,
    gateway::Gateway,
    service::{Given, Service},
    source::Source,
    spec::{DataBoundary, Deployment, Endpoint, Region, Spec},
    text::Text,
    xml::Document,
};

/// What a world is made of: a spec, a policy, both (the policy in the spec's world), or a service.
#[derive(Debug, Default)]
pub struct Materials {
    /// The region spec.
    pub spec: Option<Spec>,
    /// The API's policy, in place of what the spec generates.
    pub policy: Option<Document>,
    /// Policy fragments by id.
    pub fragments: BTreeMap<String, Arc<Document>>,
    /// An API Management service, in place of spec and policy.
    pub service: Option<Service>,
    /// What Named Values hold.
    pub given: Given,
    /// Backend entities as JSON. One takes the place of a backend of the spec with the same id.
    pub backend_entities: Option<Arc<Source>>,
    /// What else the service holds.
    pub entities: Option<HeldEntities>,
    /// The regions of the gateways, where there is no spec; Sweden Central where there are none.
    pub gateways: Vec<Region>,
    /// Azure OpenAI resources besides those of the spec. Each is a backend entity too.
    pub resources: Vec<ResourceSource>,
    /// The public path of the API that clients call, where there is no spec. Of a service, the API that serves chat completions without it.
    pub api: Option<String>,
}

/// An Azure OpenAI resource that is declared outside a spec.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceSource {
    /// Its name in reports and as the target of faults.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Its address.
    pub endpoint: Endpoint,
    /// Its key; without one, any key is good.
    pub key: Option<String>,
    /// Its deployments by name.
    pub deployments: IndexMap<String, Deployment>,
}

/// Gateways, resources and what clients know of them.
#[derive(Clone)]
pub struct World {
    /// The gateways with their regions.
    pub gateways: Vec<(Region, Arc<Gateway>)>,
    /// The Azure OpenAI resources with theirs.
    pub resources: Vec<(Region, ResourceConfig)>,
    /// The header that carries the subscription key.
    pub key_header: Text,
    /// The key that clients send; none where the API wants none.
    pub subscription_key: Option<Text>,
    /// The API's path below the gateway's host, without slashes at its ends.
    pub api_path: Text,
    /// The header that names the backend that answered.
    pub served_by: Text,
    /// Where data may be processed.
    pub data_boundary: DataBoundary,
    /// Front Door before the gateways, where there is one.
    pub front_door: Option<FrontDoorConfig>,
    /// Good answers of requests sent, in percent.
    pub objective: Option<f64>,
}

/// A world, and what is known of it besides.
#[derive(Clone)]
pub struct Built {
    /// The world.
    pub world: World,
    /// The header that says how many backends were tried.
    pub attempts: Text,
    /// The spec, where there is one.
    pub spec: Option<Spec>,
    /// Findings that do not stand in the way.
    pub warnings: Vec<Diagnostic>,
}

/// Keys that follow from a seed: the same name gives the same key, on every machine.
pub fn invented(seed: u64) -> impl Fn(&str) -> String {
    move |name| {
        let mut state = seed;
        for byte in name.bytes() {
            state = split_mix(&mut state) ^ u64::from(byte);
        }
        format!("{:016x}{:016x}", split_mix(&mut state), split_mix(&mut state))
    }
}
