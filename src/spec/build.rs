//! Checked fields become the model; defaults that depend on other values are filled in here.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
    fields::{List, Spanned},
    model::{
        Api, Auth, Backend, DataBoundary, Deployment, Failover, FrontDoor, GatewayRegion, Headers, NamedValue, Objective, On, Probe, Spec,
        Waf, WafCondition, WafRateLimit, WafRule,
    },
    places::{Place, Places},
    tree::{Node, Value},
    wire,
};
use crate::source::Source;

/// The model, or nothing where a field is missing, which then is reported already.
pub(super) fn spec(file: &wire::File, places: Places) -> Option<Spec> {
    Some(Spec {
        version: file.version.value()?.0,
        name: file.name.value()?.0.clone(),
        api: api(file.api.value()?)?,
        front_door: match file.front_door.value() {
            Some(front_door) => Some(self::front_door(front_door)?),
            None => None,
        },
        gateways: each(file.gateways.value()?, gateway)?,
        backends: each(file.backends.value()?, backend)?,
        named_values: file
            .named_values
            .value()?
            .0
            .iter()
            .map(|(name, value)| Some((name.value.0.clone(), named_value(&value.value)?)))
            .collect::<Option<_>>()?,
        failover: failover(file.failover.value()?)?,
        data_boundary: match file.data_boundary.value()? {
            wire::Boundary::None => DataBoundary::None,
            wire::Boundary::Eu => DataBoundary::Eu,
            wire::Boundary::Regions(regions) => DataBoundary::Regions(regions.0.iter().map(|region| region.value).collect()),
        },
        objective: Objective { availability: file.objective.value()?.availability.value()?.0 },
        places,
    })
}

fn each<T, U, const MIN: usize, const MAX: usize>(list: &List<T, MIN, MAX>, build: fn(&T) -> Option<U>) -> Option<Vec<U>> {
    list.0.iter().map(|Spanned { value, .. }| build(value)).collect()
}

fn api(api: &wire::Api) -> Option<Api> {
    Some(Api {
        id: api.id.value()?.0.clone(),
        path: api.path.value()?.0.clone(),
        subscription_required: api.subscription_required.value()?.0,
        subscription_key_header: api.subscription_key_header.value()?.0.clone(),
    })
}

fn front_door(front_door: &wire::FrontDoor) -> Option<FrontDoor> {
    let probe = front_door.probe.value()?;
    Some(FrontDoor {
        id: front_door.id.value().map(|id| id.0.to_ascii_lowercase()),
        lock_gateways: front_door.lock_gateways.value()?.0,
        latency_sensitivity: front_door.latency_sensitivity.value()?.0,
        origin_response_timeout: front_door.origin_response_timeout.value()?.0,
        origin_idle_timeout: front_door.origin_idle_timeout.value()?.0,
        session_affinity: front_door.session_affinity.value()?.0,
        when_all_unhealthy: *front_door.when_all_unhealthy.value()?,
        retry_on: each(front_door.retry_on.value()?, |cause| Some(*cause))?,
        probe: Probe {
            path: probe.path.value()?.0.clone(),
            method: *probe.method.value()?,
            protocol: *probe.protocol.value()?,
            interval: probe.interval.value()?.0,
            sample_size: probe.sample_size.value()?.narrow()?,
            successful_samples: probe.successful_samples.value()?.narrow()?,
        },
        waf: match front_door.waf.value() {
            Some(waf) => Some(Waf {
                mode: *waf.mode.value()?,
                rules: each(waf.rules.value()?, rule)?,
                managed_rules: each(waf.managed_rules.value()?, |group| Some(*group))?,
                redirect_url: waf.redirect_url.value().map(|url| url.0.clone()),
                block_status: waf.block_status.value().and_then(|status| status.narrow()),
                block_body: waf.block_body.value().map(|body| body.0.clone()),
            }),
            None => None,
        },
    })
}

fn rule(rule: &wire::WafRule) -> Option<WafRule> {
    Some(WafRule {
        name: rule.name.value()?.0.clone(),
        priority: rule.priority.value()?.narrow()?,
        action: *rule.action.value()?,
        conditions: match rule.conditions.value() {
            Some(conditions) => each(conditions, condition)?,
            None => Vec::new(),
        },
        rate_limit: match rule.rate_limit.value() {
            Some(limit) => Some(WafRateLimit {
                threshold: limit.threshold.value()?.narrow()?,
                window: limit.window.value()?.0,
                group_by: *limit.group_by.value()?,
            }),
            None => None,
        },
    })
}

fn condition(condition: &wire::WafCondition) -> Option<WafCondition> {
    Some(WafCondition {
        variable: *condition.variable.value()?,
        selector: condition.selector.value().map(|selector| selector.0.clone()),
        operator: *condition.operator.value()?,
        values: each(condition.values.value()?, |text| Some(text.0.clone()))?,
        negate: condition.negate.value()?.0,
        transforms: each(condition.transforms.value()?, |transform| Some(*transform))?,
    })
}

fn gateway(gateway: &wire::Gateway) -> Option<GatewayRegion> {
    Some(GatewayRegion {
        region: *gateway.region.value()?,
        priority: gateway.priority.value()?.narrow()?,
        weight: gateway.weight.value()?.narrow()?,
    })
}

fn backend(backend: &wire::Backend) -> Option<Backend> {
    let auth = backend.auth.value()?;
    let mut deployments = IndexMap::new();
    for (model, deployment) in &backend.deployments.value()?.0 {
        deployments.insert(model.value.0.clone(), self::deployment(&model.value.0, &deployment.value)?);
    }
    Some(Backend {
        id: backend.id.value()?.0.clone(),
        region: *backend.region.value()?,
        subscription: backend.subscription.value().map(|name| name.0.clone()),
        endpoint: backend.endpoint.value()?.clone(),
        auth: match auth.api_key.value() {
            Some(name) => Auth::ApiKey(name.0.clone()),
            None => auth.managed_identity.value().map(|_| Auth::ManagedIdentity)?,
        },
        priority: backend.priority.value()?.narrow()?,
        weight: backend.weight.value()?.narrow()?,
        deployments,
    })
}

/// A deployment by its public model name.
pub(crate) fn deployment(public: &str, deployment: &wire::Deployment) -> Option<Deployment> {
    Some(Deployment {
        name: deployment.name.value().map_or_else(|| public.to_owned(), |name| name.0.clone()),
        model: deployment.model.value().map_or_else(|| public.to_owned(), |model| model.0.clone()),
        version: deployment.version.value().map(|version| version.0.clone()),
        sku: *deployment.sku.value()?,
        tokens_per_minute: deployment.tokens_per_minute.value().map(|quota| quota.0),
        requests_per_minute: deployment.requests_per_minute.value().map(|quota| quota.0),
        units: deployment.units.value().and_then(|units| units.narrow()),
        spillover: deployment.spillover.value().map(|name| name.0.clone()),
    })
}

fn named_value(value: &wire::NamedValue) -> Option<NamedValue> {
    Some(NamedValue { key_vault: value.key_vault.value()?.0.clone() })
}

fn failover(failover: &wire::Failover) -> Option<Failover> {
    let on = failover.on.value()?;
    let headers = failover.headers.value()?;
    Some(Failover {
        strategy: *failover.strategy.value()?,
        order: *failover.order.value()?,
        on: On {
            statuses: each(on.statuses.value()?, |range| Some(*range))?,
            connection_failure: on.connection_failure.value()?.0,
            timeout: on.timeout.value()?.0,
        },
        attempt_timeout: failover.attempt_timeout.value()?.0,
        max_attempts: failover.max_attempts.value()?.narrow()?,
        forward_headers: each(failover.forward_headers.value()?, |name| Some(name.0.clone()))?,
        throttle_memory: failover.throttle_memory.value()?.0,
        headers: Headers { served_by: headers.served_by.value()?.0.clone(), attempts: headers.attempts.value()?.0.clone() },
    })
}

/// The places of everything in the tree.
pub(crate) fn places(source: &Arc<Source>, tree: &Node) -> Places {
    let mut places = Places::new(source);
    visit(tree, String::new(), &mut places);
    places
}

fn visit(node: &Node, path: String, places: &mut Places) {
    let text = places.source().clone();
    let value = node.head(text.text());
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match &node.value {
        Value::List(items) => items.iter().enumerate().for_each(|(at, item)| visit(item, below(&at.to_string()), places)),
        Value::Map(entries) => entries.iter().for_each(|entry| visit(&entry.node, below(&entry.key), places)),
        Value::Null | Value::Scalar { .. } => {}
    }
    places.insert(path, Place { key: node.key.unwrap_or(value), value });
}
