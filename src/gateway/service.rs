//! A service as its gateways hold it: APIs, products, subscriptions and users, and the program for each combination of scopes.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Api, Backends, Subscription, context,
    entities::Schema,
    template::{Path, Template},
};
use crate::{
    dotnet::context::{self as shown},
    policy::Program,
    text::Text,
};

/// What a service holds. A gateway is made of it for each region.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// The APIs, each with who may call it.
    pub apis: Vec<Held>,
    /// The products.
    pub products: Vec<shown::Product>,
    /// Whose keys are valid, and for what.
    pub subscriptions: Vec<Subscription>,
    /// Who owns subscriptions.
    pub users: Vec<shown::User>,
    /// The backend entities.
    pub backends: Backends,
    /// Schemas by id.
    pub schemas: BTreeMap<Text, Schema>,
}

/// An API of a service.
#[derive(Clone, Debug)]
pub struct Held {
    /// The API.
    pub api: Api,
    /// The products that it is in, by their places in [`Holdings::products`].
    pub products: Vec<usize>,
    /// What runs.
    pub programs: Programs,
    /// Whether a key that is none of the service's is as good as no key, where none is asked for. A service refuses it; where nobody has said
    /// what keys there are, there is nothing to refuse it for.
    pub any_key: bool,
}

/// The programs of an API: one for each combination of documents that a call can meet.
#[derive(Clone, Debug)]
pub struct Programs {
    rest: Arc<Program>,
    special: BTreeMap<(Option<usize>, Option<usize>), Arc<Program>>,
}

impl Programs {
    /// One program for all calls that no other is for.
    pub fn new(rest: Arc<Program>) -> Self {
        Self { rest, special: BTreeMap::new() }
    }

    /// The program for calls of an operation, with a subscription of a product. Either is `None` where it has no document.
    pub fn insert(&mut self, product: Option<usize>, operation: Option<usize>, program: Arc<Program>) {
        self.special.insert((product, operation), program);
    }

    /// The program for a call.
    pub fn find(&self, product: Option<usize>, operation: Option<usize>) -> &Arc<Program> {
        let keys = [(product, operation), (product, None), (None, operation)];
        keys.iter().find_map(|key| self.special.get(key)).unwrap_or(&self.rest)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Program>> {
        std::iter::once(&self.rest).chain(self.special.values())
    }
}

/// An API as a gateway serves it.
#[derive(Debug)]
pub struct Hosted {
    /// The API.
    pub api: Api,
    /// The products that it is in, by their places in the gateway's list.
    pub(super) products: Vec<usize>,
    /// What runs.
    pub(super) programs: Programs,
    /// See [`Held::any_key`].
    pub(super) any_key: bool,
    /// The workspace that it is in, as its requests show it.
    pub(super) workspace: Option<Arc<shown::Named>>,
    /// Where its requests go where no policy says.
    pub(super) base: Option<Arc<crate::http::Url>>,
    /// What all its requests show of the service.
    pub(super) service: Arc<shown::Service>,
    /// The operations, in the order of the API's list: how they are met, and what a request shows of them.
    operations: Vec<(Template, Arc<shown::Operation>)>,
}

impl Hosted {
    pub(super) fn new(held: Held, service: Text, region: Text) -> Self {
        let service = context::service(service, region, &held.api);
        let operations =
            held.api.operations.iter().map(|operation| (Template::new(&operation.url_template), Arc::new(operation.shown()))).collect();
        let workspace = held.api.workspace.clone().map(Arc::new);
        let base = held.api.service_url.clone().map(Arc::new);
        Self {
            api: held.api,
            products: held.products,
            programs: held.programs,
            any_key: held.any_key,
            workspace,
            base,
            service,
            operations,
        }
    }

    /// Whether the template of an operation names what is in a query.
    pub(super) fn matches_query(&self) -> bool {
        self.operations.iter().any(|(template, _)| template.names_query())
    }

    /// What a request shows of an operation, by its place in the API's list.
    pub(super) fn shown(&self, operation: usize) -> Option<&Arc<shown::Operation>> {
        self.operations.get(operation).map(|(_, shown)| shown)
    }

    /// The operation of a request by its method and the path below the API's own: the first that fits, by its place in the API's list.
    pub(super) fn operation(&self, method: &str, path: &Path<'_>) -> Option<(usize, &Template)> {
        let fits = |(template, operation): &&(Template, Arc<shown::Operation>)| {
            operation.method.eq_ignore_ascii_case(method) && template.matches(path)
        };
        let index = self.operations.iter().position(|known| fits(&known))?;
        self.operations.get(index).map(|(template, _)| (index, template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_and_path_mean_an_operation_or_none() {
        let held = Held { api: Api::default(), products: Vec::new(), programs: Programs::new(Arc::default()), any_key: true };
        let hosted = Hosted::new(held, "contoso".into(), "Sweden Central".into());
        for (method, suffix, expected) in [
            ("POST", "/deployments/gpt-4o/chat/completions", Some("ChatCompletions_Create")),
            ("post", "/Deployments/gpt%2D4o/chat/completions/", Some("ChatCompletions_Create")),
            ("POST", "/deployments/gpt-4o/embeddings", Some("embeddings_create")),
            ("GET", "/deployments/gpt-4o/chat/completions", None),
            ("POST", "/deployments//chat/completions", None),
            ("POST", "", None),
        ] {
            let found =
                hosted.operation(method, &Path::new(suffix)).and_then(|(index, _)| Some((index, hosted.shown(index)?.named.id.as_str())));
            assert_eq!(found.map(|(_, id)| id), expected, "{method} {suffix}");
            let listed = found.and_then(|(index, _)| hosted.api.operations.get(index)).map(|operation| operation.id.as_str());
            assert_eq!(listed, expected, "{method} {suffix}");
        }
    }
}
