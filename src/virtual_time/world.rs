//! The world that a scenario happens to, before anything has happened.

use std::sync::Arc;

use crate::{
    azure::{front_door::FrontDoorConfig, openai::ResourceConfig},
    gateway::Gateway,
    spec::{DataBoundary, Region},
    text::Text,
};

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
