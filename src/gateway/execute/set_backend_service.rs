//! Runs `set-backend-service`.

use std::sync::Arc;

use super::{Outcome, Stop, Turn};
use crate::{
    dotnet::context,
    gateway::{
        answers::PolicyError,
        backends::{self, Backend, Target},
        context::Chosen,
    },
    http::Url,
    policy::{Setting, elements::set_backend_service::SetBackendService},
    text::Text,
};

pub(super) fn execute(policy: &SetBackendService, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    match policy {
        SetBackendService::BaseUrl(url) => Ok(base_url(url.clone(), turn)),
        SetBackendService::BaseUrlOf(text) => {
            let text = turn.text(text, element)?;
            let not_one = || PolicyError::value(element, format!("'{text}' is not an absolute URL."));
            Ok(base_url(Arc::new(Url::parse(&text).ok_or_else(not_one)?.without_empty_segments()), turn))
        }
        SetBackendService::BackendId(id) => backend_id(id, element, turn),
    }
}

fn base_url(base: Arc<Url>, turn: &mut Turn<'_>) -> Outcome {
    // An inherited `backend-id` is overridden by another `backend-id` only. Source:
    // learn.microsoft.com/azure/api-management/set-backend-service-policy (usage notes). Within one document the last one holds.
    if let Some(chosen) = turn.state.backend.as_ref().filter(|chosen| chosen.scope < turn.place.scope) {
        let message = format!("base-url has no effect: the backend '{}' is inherited, and only another backend-id overrides it", chosen.id);
        turn.say("information", message);
        return Outcome::Done;
    }
    turn.state.backend = None;
    turn.state.context.backend = None;
    turn.state.base = Some(base);
    turn.state.update_url();
    Outcome::Done
}

fn backend_id(id: &Setting<Text>, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let id = turn.text(id, element)?;
    let gateway = turn.gateway;
    let Some(backend) = backends::find(&gateway.backends, turn.workspace(), &id) else {
        return Err(PolicyError::backend_not_found(element, &id).into());
    };
    turn.state.backend = Some(Chosen { key: backend.key(), id: backend.id.clone(), scope: turn.place.scope });
    turn.state.context.backend = Some(shown(backend));
    // A pool has no URL: the request's is that of a member once `forward-request` has picked one.
    if let Target::Single(single) = &backend.target {
        turn.state.base = Some(Arc::new(single.url.clone()));
        turn.state.update_url();
    }
    Ok(Outcome::Done)
}

/// `context.Backend`
pub(super) fn shown(backend: &Backend) -> Arc<context::Backend> {
    Arc::new(context::Backend { id: backend.id.clone(), region: backend.region.clone(), is_pool: backend.is_pool() })
}
