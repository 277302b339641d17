//! The door: which API and operation a request means, whose key it carries, and so which program runs.

use std::sync::Arc;

use super::{Gateway, answers::PolicyError, api::Match, context::State};
use crate::{
    dotnet::context::{self as shown, Named},
    policy::Program,
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
        let refused = |error| Box::new(Refused { error, program: self.program.clone() });
        match self.api.find(&request.method, &request.original_url.path) {
            Match::NoApi => Ok(None),
            Match::NoOperation => Err(refused(PolicyError::operation_not_found())),
            Match::Operation(index, parameters) => {
                state.context.operation = self.api.operations.get(index).map(|operation| shown::Operation {
                    named: Named { id: operation.id.clone(), name: operation.name.clone() },
                    method: operation.method.clone(),
                    url_template: operation.url_template.clone(),
                });
                state.context.request.matched_parameters = parameters;
                let in_query = self.api.in_query(index, &state.context.request.original_url.query);
                state.context.request.matched_parameters.extend(in_query);
                self.authorize(state).map_err(refused)?;
                Ok(Some(self.program.clone()))
            }
        }
    }

    /// The key in its header, or in the query where the header is absent.
    /// Source: learn.microsoft.com/azure/api-management/api-management-subscriptions.
    fn authorize(&self, state: &mut State) -> Result<(), PolicyError> {
        let api = &self.api;
        let request = &state.context.request;
        let in_query = || {
            let query = request.original_url.query.trim_start_matches('?');
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(name, _)| name.eq_ignore_ascii_case(&api.key_query))
                .map(|(_, value)| crate::http::percent_decode(value))
        };
        let key = request.headers.get(&api.key_header).map(Text::to_string).or_else(in_query).filter(|key| !key.is_empty());
        let subscription = key.as_ref().and_then(|key| {
            self.subscriptions
                .iter()
                .find(|subscription| subscription.primary_key == *key.as_str() || subscription.secondary_key == *key.as_str())
        });
        if let (Some(subscription), Some(key)) = (subscription, &key) {
            let named = Named { id: subscription.id.clone(), name: subscription.name.clone() };
            state.context.subscription = Some(shown::Subscription {
                named,
                key: key.clone().into(),
                primary_key: subscription.primary_key.clone(),
                secondary_key: subscription.secondary_key.clone(),
                ..shown::Subscription::default()
            });
            return Ok(());
        }
        if !api.subscription_required {
            return Ok(());
        }
        let url = &state.context.request.original_url;
        let challenge = format!(
            "AzureApiManagementKey realm=\"{}://{}/{}\",name=\"{}\",type=\"header\"",
            url.scheme,
            url.authority(),
            api.path,
            api.key_header
        );
        Err(if key.is_some() { PolicyError::key_invalid(challenge) } else { PolicyError::key_not_found(challenge) })
    }
}
