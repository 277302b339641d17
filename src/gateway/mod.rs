//! The gateway of API Management as a machine without I/O: a request and events go in, effects come out.
//!
//! [`Gateway`] is what all requests share: an API, a compiled policy, the region it runs in. [`Machine`] is one request on its
//! way through the policy's sections. A driver owns sockets (or virtual time) and turns the crank:
//!
//! ```text
//! let mut machine = Machine::start(gateway, arrival, environment);
//! loop {
//!     while let Some(effect) = machine.next_effect() { /* begin it; `Effect::Answer` is the last one */ }
//!     machine.handle(event, environment);
//! }
//! ```

pub mod api;
pub mod definition;
pub mod effect;
pub mod entities;
pub mod instance;
pub mod trace;

mod admission;
mod answers;
mod concurrency;
mod context;
mod execute;
mod machine;
mod tokens;
mod validation;

use std::sync::Arc;

use crate::{dotnet::context::Service, policy::Program, text::Text};

pub use api::{Api, Operation, Subscription};
pub use entities::Entities;
pub use instance::Instance;
pub use machine::Machine;

/// One gateway of an API Management service: everything that does not change between requests.
#[derive(Debug)]
pub struct Gateway {
    /// The API it serves.
    pub api: Api,
    /// Whose keys are valid.
    pub subscriptions: Vec<Subscription>,
    /// The effective policy.
    pub program: Arc<Program>,
    /// What outlives a request. A gateway that replaces another takes it over.
    pub instance: Arc<Instance>,
    /// What policies name by id.
    pub entities: Entities,
    schemas: validation::schema::Schemas,
    service: Arc<Service>,
}

impl Gateway {
    /// A gateway of the service `service_name` in the region with the display name `region`.
    pub fn new(service_name: Text, region: Text, api: Api, subscriptions: Vec<Subscription>, program: Arc<Program>) -> Self {
        let service = context::service(service_name, region, &api);
        Self { api, subscriptions, program, instance: Arc::default(), entities: Entities::default(), schemas: Default::default(), service }
    }

    /// The same with entities that policies may name.
    #[must_use]
    pub fn with_entities(mut self, entities: Entities) -> Self {
        let certificates = entities.certificates.iter().map(|(id, bytes)| (id.clone(), bytes.clone())).collect();
        self.service = Arc::new(Service { certificates, ..Service::clone(&self.service) });
        self.entities = entities;
        self.schemas = Default::default();
        self
    }

    /// The display name of its region; `context.Deployment.Region`.
    pub fn region(&self) -> &Text {
        &self.service.region
    }
}
