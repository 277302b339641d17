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
pub mod backends;
pub mod effect;
pub mod instance;
pub mod secrets;
pub mod trace;

mod admission;
mod answers;
mod breakers;
mod cache;
mod completions;
mod concurrency;
mod context;
mod embedding;
mod execute;
mod machine;
mod pools;

use std::sync::Arc;

use crate::{dotnet::context::Service, policy::Program, text::Text};

pub use api::{Api, Operation, Subscription};
pub use backends::{Backend, Backends};
pub use instance::Instance;
pub use machine::Machine;
pub use secrets::Secrets;

/// One gateway of an API Management service: everything that does not change between requests.
#[derive(Debug)]
pub struct Gateway {
    /// The API it serves.
    pub api: Api,
    /// Whose keys are valid.
    pub subscriptions: Vec<Subscription>,
    /// The backend entities that `backend-id` may name.
    pub backends: Backends,
    /// The effective policy.
    pub program: Arc<Program>,
    /// What outlives a request. A gateway that replaces another takes it over.
    pub instance: Arc<Instance>,
    /// What no trace shows.
    pub secrets: Secrets,
    service: Arc<Service>,
}

impl Gateway {
    /// A gateway of the service `service_name` in the region with the display name `region`.
    pub fn new(service_name: Text, region: Text, api: Api, subscriptions: Vec<Subscription>, program: Arc<Program>) -> Self {
        let secrets =
            subscriptions.iter().flat_map(|subscription| [&subscription.primary_key, &subscription.secondary_key]).cloned().collect();
        let service = context::service(service_name, region, &api);
        Self { api, subscriptions, program, instance: Arc::default(), secrets, service }
    }

    /// The same, and no trace shows these texts: the values of Named Values, keys, tokens.
    #[must_use]
    pub fn hiding(mut self, secrets: impl IntoIterator<Item = Text>) -> Self {
        self.secrets.extend(secrets);
        Self { api, subscriptions, backends: Backends::new(), program, instance: Arc::default(), service }
    }

    /// The same gateway with these backend entities.
    #[must_use]
    pub fn with_backends(mut self, backends: Backends) -> Self {
        self.backends = backends;
        self
    }

    /// The display name of its region; `context.Deployment.Region`.
    pub fn region(&self) -> &Text {
        &self.service.region
    }
}
