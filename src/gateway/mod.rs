//! The gateway of API Management as a machine without I/O: a request and events go in, effects come out.
//!
//! [`Gateway`] is what all requests share: APIs, compiled policies, the region it runs in. [`Machine`] is one request on its
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
pub mod definition;
pub mod effect;
pub mod egress;
pub mod entities;
pub mod instance;
pub mod secrets;
pub mod service;
pub mod mock;
pub mod safety;
pub mod trace;

mod admission;
mod afterwards;
mod answers;
mod breakers;
mod cache;
mod completions;
mod concurrency;
mod context;
mod embedding;
mod execute;
mod limits;
mod machine;
mod pools;
mod route;
mod routes;
mod template;
mod tokens;
mod transform;
mod usage;
mod validation;

use std::{sync::Arc, time::Duration};

use crate::{dotnet::context as shown, environment::Moment, policy::Program, text::Text};
use api::Key;
use routes::Routes;

pub use api::{Api, Granted, Operation, Subscription, Version, Versioning};
pub use backends::{Backend, Backends};
pub use definition::Definition;
pub use entities::Entities;
pub use instance::Instance;
pub use machine::Machine;
use machine::Passages;
pub use safety::Safety;
pub use secrets::Secrets;
pub use service::{Held, Holdings, Hosted, Programs};

/// One gateway of an API Management service: everything that does not change between requests.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// The APIs it serves.
    pub apis: Vec<Arc<Hosted>>,
    /// Which of them requests have meant.
    routes: Routes,
    /// The ways that they have gone, where these are remembered.
    passages: Passages,
    /// The products that give access to them.
    products: Vec<Arc<shown::Product>>,
    /// Whose keys are valid.
    pub subscriptions: Vec<Arc<Subscription>>,
    /// Their keys.
    keys: Vec<Key>,
    /// Who owns subscriptions.
    users: Vec<Arc<shown::User>>,
    /// The backend entities that `backend-id` may name.
    pub backends: Backends,
    /// What outlives a request. A gateway that replaces another takes it over.
    pub instance: Arc<Instance>,
    /// Whether what it runs counts as coverage, where that is counted.
    pub is_counted: bool,
    /// What no trace shows.
    pub secrets: Secrets,
    /// What a request shows of the service before its API is known.
    service: Arc<shown::Service>,
    /// What runs for a request that means no API: nothing.
    nothing: Arc<Program>,
    /// What policies name by id.
    pub entities: Entities,
    /// The stand-in that `llm-content-safety` asks.
    pub safety: Arc<Safety>,
    schemas: Arc<validation::schema::Schemas>,
    xml_schemas: Arc<validation::xml_schema::XmlSchemas>,
}

impl Gateway {
    /// A gateway of the service `service_name` in the region with the display name `region`, with one API and one policy for all calls.
    pub fn new(service_name: Text, region: Text, api: Api, subscriptions: Vec<Subscription>, program: Arc<Program>) -> Self {
        let held = Held { api, products: Vec::new(), programs: Programs::new(program), any_key: true };
        Self::serving(service_name, region, Holdings { apis: vec![held], subscriptions, ..Holdings::default() })
    }

    /// The same, and no trace shows these texts: the values of Named Values, keys, tokens.
    #[must_use]
    pub fn hiding(mut self, secrets: impl IntoIterator<Item = Text>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// A gateway of the service `service_name` in the region with the display name `region`, with all that the service holds.
    pub fn serving(service_name: Text, region: Text, holdings: Holdings) -> Self {
        let host = |held| Arc::new(Hosted::new(held, service_name.clone(), region.clone()));
        let service = shown::Service { name: service_name.clone(), region: region.clone(), ..shown::Service::default() };
        let keys = holdings.subscriptions.iter().flat_map(|subscription| [&subscription.primary_key, &subscription.secondary_key]);
        let secrets = keys.cloned().collect();
        let apis: Vec<Arc<Hosted>> = holdings.apis.into_iter().map(host).collect();
        let subscriptions: Vec<Arc<Subscription>> = holdings.subscriptions.into_iter().map(Arc::new).collect();
        Self {
            is_counted: true,
            secrets,
            routes: Routes::of(&apis),
            passages: Passages::default(),
            apis,
            products: holdings.products.into_iter().map(Arc::new).collect(),
            keys: subscriptions.iter().flat_map(Key::both).collect(),
            subscriptions,
            users: holdings.users.into_iter().map(Arc::new).collect(),
            backends: holdings.backends,
            instance: Arc::default(),
            service: Arc::new(service),
            nothing: Arc::new(Program::default()),
            entities: Entities { schemas: holdings.schemas, ..Entities::default() },
            safety: Arc::default(),
            schemas: Arc::default(),
            xml_schemas: Arc::default(),
        }
    }

    /// The same gateway with these backend entities.
    #[must_use]
    pub fn with_backends(mut self, backends: Backends) -> Self {
        self.backends = backends;
        self
    }

    /// The same gateway with what another one has counted, cached and left alone: policies are replaced, and that stays.
    #[must_use]
    pub fn continuing(&self, other: &Self) -> Self {
        Self { instance: other.instance.clone(), ..self.clone() }
    }

    /// The same gateway, which from now on remembers the ways that its requests go: for drivers that send the same ones again and again.
    #[must_use]
    pub fn remembering(mut self) -> Arc<Self> {
        self.passages = Passages::of(&self);
        Arc::new(self)
    }

    /// From now on all calls of all its APIs run this program.
    pub fn set_program(&mut self, program: &Arc<Program>) {
        for hosted in self.apis.iter_mut().filter_map(Arc::get_mut) {
            hosted.programs = Programs::new(program.clone());
        }
    }

    /// The same with entities that policies may name.
    #[must_use]
    pub fn with_entities(mut self, entities: Entities) -> Self {
        let certificates: Vec<_> = entities.certificates.iter().map(|(id, bytes)| (id.clone(), bytes.clone())).collect();
        let shown = self.apis.iter_mut().filter_map(Arc::get_mut).map(|hosted| &mut hosted.service).chain([&mut self.service]);
        for service in shown {
            *service = Arc::new(shown::Service { certificates: certificates.clone(), ..shown::Service::clone(service) });
        }
        let of_service = std::mem::take(&mut self.entities.schemas);
        self.entities = entities;
        // One that is given comes before the service's own of that id.
        of_service.into_iter().for_each(|(id, schema)| {
            self.entities.schemas.entry(id).or_insert(schema);
        });
        self.schemas = Arc::default();
        self.xml_schemas = Arc::default();
        self
    }

    /// What is known of an operation: by its API's definition, else by the definitions that the gateway was given besides.
    fn definition<'a>(&'a self, hosted: Option<&'a Hosted>, operation: &str) -> Option<&'a Definition> {
        hosted.and_then(|hosted| hosted.api.definitions.get(operation)).or_else(|| self.entities.definitions.get(operation))
    }

    /// How often the circuits of a backend of the service itself have opened here, and how long they were open until `now`.
    pub fn circuit(&self, backend: &Text, now: Moment) -> (u64, Duration) {
        instance::locked(&self.instance.breakers).history(&backends::Key::from(backend.clone()), now)
    }

    /// The backends whose circuits have ever opened here: the id, when all are closed again (none where none is open at `now`), and how often
    /// one has opened.
    pub fn circuits(&self, now: Moment) -> Vec<(Text, Option<Moment>, u64)> {
        instance::locked(&self.instance.breakers).all(now)
    }

    /// Everything that its calls may run.
    pub fn programs(&self) -> impl Iterator<Item = &Arc<Program>> {
        self.apis.iter().flat_map(|hosted| hosted.programs.all())
    }

    /// The display name of its region; `context.Deployment.Region`.
    pub fn region(&self) -> &Text {
        &self.service.region
    }
}
