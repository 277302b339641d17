//! A service made ready to run: every document compiled in every combination of scopes that a call can meet.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use super::{Given, Level, Service, ServiceApi, ServiceProduct};
use crate::{
    diagnostic::{Diagnostic, Severity, any_error},
    dotnet::context::Named,
    gateway::{
        Held, Holdings, Programs, Subscription,
        backends::{self, Backend, without_values},
    },
    policy::{self, Program, Resources, Scope},
    source::{Source, Span},
    spec::secrets::conceal_all,
    text::Text,
    xml::{self, Document},
};

/// The id of the subscription that every service has, for all its APIs.
pub const BUILT_IN: &str = "master";

/// What a service amounts to.
#[derive(Debug, Default)]
pub struct Compiled {
    /// What gateways are made of.
    pub holdings: Holdings,
    /// What no trace may show: the values of secret Named Values.
    pub secrets: Vec<Text>,
    /// What does not stand in the way.
    pub warnings: Vec<Diagnostic>,
}

impl Service {
    /// Compiles everything. `invent` makes up secrets and keys that nobody gives: the same name gives the same value.
    ///
    /// # Errors
    /// Every fault of every document, those of fragments that nothing includes among them.
    pub fn compile(&self, given: &Given, invent: &dyn Fn(&str) -> String) -> Result<Compiled, Vec<Diagnostic>> {
        let mut building = Building { found: Vec::new(), holdings: Holdings::default(), secrets: Vec::new() };
        let first = xml::parse(&Source::new("the policy of a service without one", "<policies />")).map(Arc::new)?;
        let shared = self.resources(None, given, invent, &mut building);
        building.level(&self.shared, None, &shared, &[], &first, invent);
        for (id, workspace) in &self.workspaces {
            let own = self.resources(Some(id), given, invent, &mut building);
            let resources = Resources { shared: Some(Box::new(shared.clone())), ..own };
            let outer: Vec<(Scope, &Document)> = self.shared.policy.iter().map(|document| (Scope::Global, &**document)).collect();
            building.level(workspace, Some(id), &resources, &outer, &first, invent);
        }
        let all = &building.holdings.backends;
        let faults = backends::faults(all).into_iter().filter_map(|(key, fault)| {
            let backend = all.get(&key)?;
            let level = backend.workspace.as_ref().map_or(Some(&self.shared), |workspace| self.workspaces.get(workspace.as_str()));
            Some(bad_backend(&backend.id, &fault, level.and_then(|level| level.backends.get(backend.id.as_str()))))
        });
        building.found.extend(faults.collect::<Vec<_>>());
        if building.holdings.subscriptions.iter().all(|subscription| subscription.id != BUILT_IN) {
            building.holdings.subscriptions.push(Subscription {
                id: BUILT_IN.into(),
                name: "Built-in all-access subscription".into(),
                primary_key: invent("subscription").into(),
                secondary_key: invent("subscription-2").into(),
                ..Subscription::default()
            });
        }
        let found = once(building.found);
        if any_error(&found) {
            Err(found)
        } else {
            Ok(Compiled { holdings: building.holdings, secrets: building.secrets, warnings: found })
        }
    }

    fn resources(&self, workspace: Option<&str>, given: &Given, invent: &dyn Fn(&str) -> String, building: &mut Building) -> Resources {
        let values = self.values(workspace, given, &|name| invent(&format!("Named Value {name}")));
        building.found.extend(values.diagnostics);
        building.secrets.extend(values.secrets.into_iter().map(Text::from));
        let mut fragments: BTreeMap<String, Arc<Document>> = self.shared.fragments.clone();
        let own = workspace.and_then(|id| self.workspaces.get(id)).map(|level| level.fragments.clone());
        fragments.extend(own.unwrap_or_default());
        Resources { named_values: values.by_name, fragments, backends: Some(self.backend_ids(workspace)), ..Resources::default() }
    }

    /// The ids of the backend entities that documents of the service, or of a workspace, may name.
    pub(super) fn backend_ids(&self, workspace: Option<&str>) -> BTreeSet<String> {
        let own = workspace.and_then(|id| self.workspaces.get(id));
        std::iter::once(&self.shared).chain(own).flat_map(|level| level.backends.keys().cloned()).collect()
    }
}

/// What is wrong with a backend entity.
fn bad_backend(id: &str, fault: &str, file: Option<&Arc<Source>>) -> Diagnostic {
    let diagnostic = Diagnostic::error("service/bad-backend", format!("the backend `{id}`: {fault}"));
    match file {
        Some(source) => diagnostic.at(source, Span::at(0)),
        None => diagnostic,
    }
}

struct Building {
    found: Vec<Diagnostic>,
    holdings: Holdings,
    secrets: Vec<Text>,
}

impl Building {
    fn level(
        &mut self,
        level: &Level,
        workspace: Option<&str>,
        resources: &Resources,
        outer: &[(Scope, &Document)],
        first: &Arc<Document>,
        invent: &dyn Fn(&str) -> String,
    ) {
        let own_scope = if workspace.is_some() { Scope::Workspace } else { Scope::Global };
        let mut outer = outer.to_vec();
        outer.extend(level.policy.iter().map(|document| (own_scope, &**document)));
        for document in level.fragments.values() {
            let found = policy::examine(document, resources, None);
            self.found.extend(found.into_iter().filter(|found| found.severity == Severity::Error));
        }
        for (id, file) in &level.backends {
            match backend(id, file, &resources.named_values) {
                Ok(mut backend) => {
                    backend.workspace = workspace.map(Text::copied);
                    self.holdings.backends.insert(backend.key(), backend);
                }
                Err(faults) => self.found.extend(faults.into_iter().map(|fault| bad_backend(id, &fault, Some(file)))),
            }
        }
        self.holdings.schemas.extend(level.schemas.clone());
        let start = self.holdings.products.len();
        let products: Vec<&ServiceProduct> = level.products.values().collect();
        self.holdings.products.extend(products.iter().map(|product| product.product.clone()));
        for service_api in &level.apis {
            let mut api = service_api.api.clone();
            api.workspace = workspace.map(|id| Named { id: Text::copied(id), name: Text::copied(id) });
            let holders: Vec<usize> = (0..products.len())
                .filter(|at| products.get(*at).is_some_and(|product| product.apis.iter().any(|id| *api.id == **id)))
                .collect();
            let programs = self.programs(service_api, &products, &holders, start, resources, &outer, first);
            let products = holders.into_iter().map(|at| at + start).collect();
            self.holdings.apis.push(Held { api, products, programs, any_key: false });
        }
        for subscription in &level.subscriptions {
            let [primary, secondary] = subscription.keys.clone();
            let key = |given: Option<Text>, suffix: &str| {
                given.unwrap_or_else(|| invent(&format!("subscription {}{suffix}", subscription.id)).into())
            };
            self.holdings.subscriptions.push(Subscription {
                id: subscription.id.clone(),
                name: subscription.name.clone(),
                primary_key: key(primary, ""),
                secondary_key: key(secondary, " 2"),
                workspace: workspace.map(Text::copied),
                granted: subscription.granted.clone(),
                is_active: subscription.is_active,
                owner: subscription.owner.clone(),
                ..Subscription::default()
            });
        }
        self.holdings.users.extend(level.users.iter().cloned());
    }

    /// A program for each combination of a product's document, or none, and an operation's, or none.
    #[expect(clippy::too_many_arguments, reason = "everything that a call can meet")]
    fn programs(
        &mut self,
        api: &ServiceApi,
        products: &[&ServiceProduct],
        holders: &[usize],
        start: usize,
        resources: &Resources,
        outer: &[(Scope, &Document)],
        first: &Arc<Document>,
    ) -> Programs {
        let mut compile = |product: Option<&Document>, operation: Option<&Document>| {
            let mut chain = outer.to_vec();
            chain.extend(product.map(|document| (Scope::Product, document)));
            chain.extend(api.policy.iter().map(|document| (Scope::Api, &**document)));
            chain.extend(operation.map(|document| (Scope::Operation, document)));
            if chain.is_empty() {
                chain.push((Scope::Api, first));
            }
            match policy::compile_chain(&chain, resources) {
                Ok(program) => {
                    self.found.extend(program.warnings.iter().cloned());
                    program
                }
                Err(found) => {
                    self.found.extend(found);
                    Program::default()
                }
            }
        };
        let mut programs = Programs::new(Arc::new(compile(None, None)));
        let with_document =
            |at: &usize| products.get(*at).and_then(|product| product.policy.as_deref().map(|document| (*at + start, document)));
        let products: Vec<Option<(usize, &Document)>> =
            std::iter::once(None).chain(holders.iter().filter_map(with_document).map(Some)).collect();
        let operations: Vec<Option<(usize, &Document)>> =
            std::iter::once(None).chain(api.operation_policies.iter().map(|(at, document)| Some((*at, &**document)))).collect();
        for product in &products {
            for operation in &operations {
                if product.is_some() || operation.is_some() {
                    let program = compile(product.map(|(_, document)| document), operation.map(|(_, document)| document));
                    programs.insert(product.map(|(at, _)| at), operation.map(|(at, _)| at), Arc::new(program));
                }
            }
        }
        programs
    }
}

/// A backend entity from the file with its properties.
fn backend(id: &str, file: &Source, named_values: &BTreeMap<String, String>) -> Result<Backend, Vec<String>> {
    conceal_all(file);
    let unreadable = |error: serde_json::Error| vec![format!("its properties cannot be read: {}", without_values(&error))];
    let mut json: serde_json::Value = serde_json::from_str(file.text().trim_start_matches('\u{feff}')).map_err(unreadable)?;
    let properties = json.get_mut("properties").map(serde_json::Value::take).unwrap_or(json);
    Backend::read(id, &serde_json::from_value(properties).map_err(unreadable)?, named_values)
}

/// Each finding once: a document stands in many combinations. In the order of the files.
fn once(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut seen = HashSet::new();
    let mut kept: Vec<Diagnostic> = found
        .into_iter()
        .filter(|diagnostic| {
            let place = diagnostic.primary().map(|label| (label.source.name().to_owned(), label.span));
            seen.insert((diagnostic.code, place, diagnostic.message.clone()))
        })
        .collect();
    kept.sort_by_key(|diagnostic| diagnostic.primary().map(|label| (label.source.name().to_owned(), label.span.start)));
    kept
}
