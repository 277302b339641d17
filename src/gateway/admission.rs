//! The door: which API and operation a request means, whose key it carries, and so which program runs.

use std::sync::Arc;

use super::{
    Gateway, Hosted,
    answers::PolicyError,
    api::{Granted, Key, Subscription},
    context::State,
    route,
    routes::Route,
    template::Path,
};
use crate::{
    dotnet::context as shown,
    http::Url,
    policy::{Policy, Program, Section},
    text::Text,
};

/// A request that goes no further than the door: `on-error` runs with this error.
pub(super) struct Refused {
    /// The error.
    pub error: PolicyError,
    /// Whose `on-error` runs.
    pub program: Arc<Program>,
}

impl Gateway {
    /// The program for a request; none where no API has its path.
    pub(super) fn admit(&self, state: &mut State) -> Result<Option<Arc<Program>>, Box<Refused>> {
        let request = &state.context.request;
        let Some(route) = self.routes.get(&request.method, &request.original_url, || self.route(request)) else { return Ok(None) };
        let Some(hosted) = self.apis.get(route.api).cloned() else { return Ok(None) };
        let preflight = if route.operation.is_none() { preflight(&hosted, request, &route.suffix) } else { None };
        state.enter(&hosted, route.suffix);
        if let Some(program) = preflight {
            state.preflight = true;
            return Ok(Some(program));
        }
        let Some((index, parameters)) = route.operation else {
            let program = hosted.programs.find(None, None).clone();
            return Err(Box::new(Refused { error: PolicyError::operation_not_found(), program }));
        };
        state.context.operation = hosted.shown(index).cloned();
        state.context.request.matched_parameters = Some(parameters);
        match self.authorize(&hosted, state) {
            Ok(product) => {
                state.context.product = product.and_then(|product| self.products.get(product)).cloned();
                Ok(Some(hosted.programs.find(product, Some(index)).clone()))
            }
            Err(error) => Err(Box::new(Refused { error, program: hosted.programs.find(None, Some(index)).clone() })),
        }
    }

    /// The API and the operation that a request means. Where several APIs claim a path, the one that claims most of it is meant.
    fn route(&self, request: &shown::RequestMessage) -> Option<Route> {
        let claims = self.apis.iter().enumerate().filter_map(|(place, hosted)| {
            let suffix = route::suffix(&hosted.api, &request.original_url, &request.headers)?;
            Some((route::claim(&hosted.api), place, hosted, suffix))
        });
        let best = claims.reduce(|best, claim| if best.0 >= claim.0 { best } else { claim });
        let (_, api, hosted, suffix) = best?;
        let path = Path::new(suffix);
        let found = hosted.operation(&request.method, &path);
        let operation = found.map(|(index, template)| (index, template.parameters(&path, &request.original_url.query)));
        Some(Route { api, suffix: Text::copied(suffix), operation })
    }

    /// The product that a request is made in, if any.
    ///
    /// A key that is no active subscription's for the API is refused even where none is asked for. Without a key, an open product comes
    /// first, and with it its policies; then the API's own word.
    /// Source: learn.microsoft.com/azure/api-management/api-management-subscriptions, "How API Management handles requests with or without
    /// subscription keys".
    fn authorize(&self, hosted: &Hosted, state: &mut State) -> Result<Option<usize>, PolicyError> {
        let api = &hosted.api;
        let request = &state.context.request;
        let in_query = || query_value(&request.original_url, &api.key_query).map(Text::from);
        let key = request.headers.get(&api.key_header).cloned().or_else(in_query).filter(|key| !key.is_empty());
        let is_keyed = key.is_some();
        if let Some(key) = key
            && let Some(Key { subscription, shown, .. }) = self.keys.iter().find(|known| known.key == key)
            && subscription.is_active
            && let Some(product) = self.grants(subscription, hosted)
        {
            state.context.user = self.owner(subscription);
            state.context.subscription = Some(shown.clone());
            return Ok(product);
        }
        if !is_keyed || hosted.any_key {
            let is_open = |product: &&usize| self.products.get(**product).is_some_and(|product| !product.subscription_required);
            if let Some(open) = hosted.products.iter().find(is_open) {
                return Ok(Some(*open));
            }
            if !api.subscription_required {
                return Ok(None);
            }
        }
        let url = &state.context.request.original_url;
        let challenge = format!(
            "AzureApiManagementKey realm=\"{}://{}/{}\",name=\"{}\",type=\"header\"",
            url.scheme,
            url.authority(),
            api.public_path(),
            api.key_header
        );
        Err(if is_keyed { PolicyError::key_invalid(challenge) } else { PolicyError::key_not_found(challenge) })
    }

    /// Whether a subscription is for an API, and the product that it is for. Ids are those of one workspace, or of the service itself: another
    /// one has others by the same ids. The service's own subscriptions for all APIs are for those of workspaces as well.
    fn grants(&self, subscription: &Subscription, hosted: &Hosted) -> Option<Option<usize>> {
        let workspace = hosted.api.workspace.as_ref().map(|workspace| &workspace.id);
        let for_all = subscription.workspace.is_none() && subscription.granted == Granted::AllApis;
        if !for_all && subscription.workspace.as_ref() != workspace {
            return None;
        }
        match &subscription.granted {
            Granted::AllApis => Some(None),
            Granted::Api(id) => (*id == hosted.api.id).then_some(None),
            Granted::Product(id) => {
                let is_it = |product: &&usize| self.products.get(**product).is_some_and(|product| product.named.id == *id);
                hosted.products.iter().find(is_it).map(|product| Some(*product))
            }
        }
    }

    fn owner(&self, subscription: &Subscription) -> Option<Arc<shown::User>> {
        let id = subscription.owner.as_ref()?;
        let known = self.users.iter().find(|user| user.id == *id).cloned();
        // Somebody owns it, whether or not anything else is known of them.
        known.or_else(|| Some(Arc::new(shown::User { id: id.clone(), ..shown::User::default() })))
    }
}

/// The program that answers where a page asks for leave to send a request that has an operation, and a `cors` policy stands directly in
/// inbound to answer. Such a question carries no key, and needs none. Source: learn.microsoft.com/azure/api-management/cors-policy; an API's
/// own `OPTIONS` operation comes before this.
fn preflight(hosted: &Hosted, request: &shown::RequestMessage, suffix: &str) -> Option<Arc<Program>> {
    if !request.method.eq_ignore_ascii_case("OPTIONS") || !request.headers.contains("Origin") {
        return None;
    }
    let asked = request.headers.get("Access-Control-Request-Method")?;
    let (index, ..) = hosted.operation(asked, &Path::new(suffix))?;
    let program = hosted.programs.find(None, Some(index));
    let inbound = program.block(program.section(Section::Inbound));
    inbound.iter().any(|statement| matches!(statement.policy, Policy::Cors(_))).then(|| program.clone())
}

/// The first value of a query parameter, percent-decoded.
pub(super) fn query_value(url: &Url, name: &str) -> Option<String> {
    let query = url.query.trim_start_matches('?');
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| crate::http::percent_decode(value))
}
