//! One Azure OpenAI resource: what it checks, in the service's order, and who answers.

use std::time::Duration;

use indexmap::IndexMap;

use super::{
    Deployments, Pace, Reply, ReplyBody, ResourceConfig,
    answer::Answer,
    catalogue,
    credential::{self, LastGood, Shown},
    deployment::{Arrived, State, Told, named_in},
    errors::{Refusal, Subject},
    headers::{self, Always, Spill},
    ids::guid,
    latency,
    limits::Standing,
    memo::Memo,
    outcome::Outcome,
    responses::Store,
    route::{Route, Routes, What},
};
use crate::{
    azure::{
        faults::{self, Orders},
        hash::keyed,
        identity::Identity,
    },
    environment::{Environment, Moment},
    http::{Headers, RequestHead, ResponseHead},
    text::Text,
};

/// Undeclared deployments that are remembered.
const MOST_UNDECLARED: usize = 256;

/// Custom header fields that a request may have.
/// Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
const MOST_CUSTOM: usize = 10;

/// One Azure OpenAI resource: its configuration and the windows of its limits.
#[derive(Clone, Debug)]
pub struct Resource {
    config: ResourceConfig,
    identity: Identity,
    /// The deployments by name: the declared ones, or those that were asked for.
    states: IndexMap<String, State>,
    routes: Routes,
    /// Which deployment a body names.
    names: Memo<String>,
    store: Store,
    last_good: LastGood,
    model_session: Text,
}

/// The header fields that matter, found in one pass.
#[derive(Default)]
struct Fields<'a> {
    api_key: Option<&'a Text>,
    authorization: Option<&'a Text>,
    client_request_id: Option<&'a Text>,
    content_type: Option<&'a Text>,
    spillover: Option<&'a Text>,
    outcome: Option<Outcome>,
    length: Option<u64>,
    custom: usize,
}

impl<'a> Fields<'a> {
    fn of(headers: &'a Headers) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers.iter() {
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let place = if is("api-key") {
                &mut fields.api_key
            } else if is("Authorization") {
                &mut fields.authorization
            } else if is("Content-Type") {
                &mut fields.content_type
            } else if is("x-ms-client-request-id") {
                &mut fields.client_request_id
            } else if is("x-ms-spillover-deployment") {
                &mut fields.spillover
            } else {
                if is(super::outcome::HEADER) {
                    fields.outcome = Outcome::read(value);
                } else if is("x-simulated-answer-tokens") {
                    fields.length = value.parse().ok();
                } else if is_custom(name) {
                    fields.custom += 1;
                }
                continue;
            };
            place.get_or_insert(value);
        }
        fields
    }
}

/// Which fields count as custom is not documented. Here those that begin with `x-` and are neither a client library's nor of anything that
/// forwards requests.
fn is_custom(name: &str) -> bool {
    const KNOWN: [&str; 8] = ["x-ms-", "x-stainless-", "x-forwarded-", "x-azure-", "x-fd-", "x-original-", "x-request-", "x-real-"];
    let starts = |start: &str| name.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    starts("x-") && !KNOWN.iter().any(|known| starts(known))
}

impl Resource {
    /// A resource that takes the tokens that `identity` issues.
    pub fn new(config: ResourceConfig, identity: Identity) -> Self {
        let states = match &config.deployments {
            Deployments::Declared(deployments) => {
                deployments.iter().map(|(name, deployment)| (name.clone(), State::new(name, deployment, &config))).collect()
            }
            Deployments::Any => IndexMap::new(),
        };
        let bits = keyed(0, config.host.as_bytes());
        let model_session = format!("d{:03}-20251103{:02}{:02}{:02}", bits % 100, bits % 24, bits % 60, bits % 59).into();
        let (routes, names, store, last_good) = (Routes::default(), Memo::default(), Store::default(), LastGood::default());
        Self { config, identity, states, routes, names, store, last_good, model_session }
    }

    /// What the resource is.
    pub fn config(&self) -> &ResourceConfig {
        &self.config
    }

    /// The deployment that a request names, whether there is one of that name or not: in the path, or as `model` of the body. `None` where the
    /// request means no deployment.
    pub fn deployment_of(&mut self, request: &RequestHead, body: &[u8]) -> Option<Text> {
        let route = self.routes.find(request)?;
        let What::Operation(_, name) = &route.what else { return None };
        match name {
            Some(name) => Some(Text::copied(name)),
            None => {
                let content_type = request.headers.get("Content-Type").map(Text::as_str).unwrap_or_default();
                self.names.get(body, |body| named_in(content_type, body)).ok().map(|name| Text::copied(name))
            }
        }
    }

    /// The deployment that takes over what the one that a request asks for cannot take, where that one is provisioned and there is such a one.
    pub fn second_of(&mut self, request: &RequestHead, body: &[u8]) -> Option<Text> {
        let asked = self.deployment_of(request, body)?;
        let state = self.states.get(asked.as_str()).filter(|state| state.is_provisioned())?;
        match &state.spillover {
            Some(target) => Some(Text::copied(target)),
            None => Fields::of(&request.headers).spillover.cloned(),
        }
    }

    /// Whether a deployment of this name, or of the model of this name, could take a request that is estimated at so many tokens. Nothing is
    /// counted.
    pub fn has_room(&self, model: &str, estimate: u64, now: Moment) -> bool {
        self.states.iter().any(|(name, state)| (name == model || state.served.name == model) && state.has_room(estimate, now))
    }

    /// Answers a request, as it is told: a status before anything is looked at or counted, or what is right when its keys are revoked, its
    /// deployments deleted or its limits fallen. What else may be wrong is the driver's work, which wants the right answer for it.
    pub fn handle<'o>(
        &mut self,
        request: &RequestHead,
        body: &[u8],
        orders: impl Into<Orders<'o>>,
        now: Moment,
        environment: &mut dyn Environment,
    ) -> Reply {
        let orders = orders.into();
        let request_id = guid(environment);
        let fields = Fields::of(&request.headers);
        let always = Always {
            request_id: request_id.clone(),
            client_request_id: fields.client_request_id.cloned(),
            region: self.config.region_display.clone(),
        };
        let route = self.routes.find(request);
        let mut told = Told::default();
        let outcome = match orders.asked {
            faults::Told::Status { status, options, of_deployment } => {
                let taken_over =
                    of_deployment.then(|| self.serve(request, route.as_deref(), &fields, body, orders, now, &mut told, environment));
                match taken_over {
                    Some(Ok(answer)) => Ok(answer),
                    _ => {
                        let (standing, refusal) = self.faulty(status, options.retry_after, route.as_deref(), body, &request_id, now);
                        told = Told { standing, spill: told.spill.take(), first_byte: told.first_byte, ..Told::default() };
                        Err(refusal)
                    }
                }
            }
            _ => self.serve(request, route.as_deref(), &fields, body, orders, now, &mut told, environment),
        };
        let is_refused = outcome.is_err();
        let mut reply = match outcome {
            Ok(Answer { body, .. }) if told.recorded.is_some() => {
                let ResponseHead { status, reason, headers: recorded } = told.recorded.take().unwrap_or_default();
                let mut headers = always.fields(None);
                for (name, value) in recorded.iter() {
                    headers.set(name.clone(), value.clone());
                }
                Reply { head: ResponseHead { status, reason, headers }, body, first_byte: told.first_byte, usage: None }
            }
            Ok(Answer { content_type, body, .. }) => {
                let mut headers = always.fields(Some(content_type));
                headers::served(&mut headers, guid(environment), self.model_session.clone());
                let head = ResponseHead { status: 200, reason: Text::Static("OK"), headers };
                Reply { head, body, first_byte: told.first_byte, usage: told.usage.take() }
            }
            Err(refusal) => {
                let body = refusal.body();
                let mut headers = always.fields((!body.is_empty()).then_some("application/json"));
                if let Some(wait) = refusal.retry_after {
                    headers::retry_after(&mut headers, wait);
                }
                let head = ResponseHead { status: refusal.status, reason: refusal.reason.into(), headers };
                let own = if self.config.pace == Pace::Realistic { latency::refusal(environment) } else { Duration::ZERO };
                Reply { head, body: ReplyBody::Whole(body), first_byte: told.first_byte.saturating_add(own), usage: None }
            }
        };
        if let Some(standing) = told.standing {
            headers::standing(&mut reply.head.headers, &standing);
        }
        if let Some(utilisation) = told.utilisation {
            headers::utilisation(&mut reply.head.headers, utilisation);
        }
        if let Some(spill) = told.spill {
            headers::spillover(&mut reply.head.headers, &spill);
        }
        if let faults::Told::Status { options, .. } = orders.asked
            && is_refused
        {
            options.dress(&mut reply);
        }
        reply
    }

    /// Path and method, credential, deployment, operation, body, limits, model: whatever fails first speaks.
    #[expect(clippy::too_many_arguments, reason = "everything that a request can meet")]
    fn serve(
        &mut self,
        request: &RequestHead,
        route: Option<&Route>,
        fields: &Fields,
        body: &[u8],
        orders: Orders<'_>,
        now: Moment,
        told: &mut Told,
        environment: &mut dyn Environment,
    ) -> Result<Answer, Refusal> {
        let route = route.ok_or_else(Refusal::resource_not_found)?;
        if fields.custom > MOST_CUSTOM {
            return Err(Refusal::many_fields());
        }
        let shown = Shown { api_key: fields.api_key, authorization: fields.authorization, is_v1: route.is_v1 };
        credential::check(shown, &self.config, &self.identity, &mut self.last_good, orders.asked == faults::Told::KeyRevoked, now)?;
        let (operation, name) = match &route.what {
            What::Operation(operation, name) => (*operation, name.as_deref()),
            What::Stored(id) => return self.store.get(id),
            What::Delete(id) => return self.store.delete(id),
            What::Models => return Ok(catalogue::list(&self.states)),
            What::Model(id) => return catalogue::get(&self.states, id),
        };
        let content_type = fields.content_type.map(Text::as_str).unwrap_or_default();
        let name = match name {
            Some(name) => name,
            None => self.names.get(body, |body| named_in(content_type, body))?,
        };
        if orders.asked == faults::Told::DeploymentDeleted {
            return Err(Refusal::deployment_not_found());
        }
        let fault = match orders.asked {
            faults::Told::Status { status, options, .. } => Some(Refusal::fault(status, options.retry_after, None, "")),
            _ => None,
        };
        if fault.is_none()
            && let Some(recording) = self.config.recordings.find(&request.url.path, Some(name), body)
        {
            told.first_byte = recording.after;
            told.recorded = Some(ResponseHead { status: recording.status, reason: recording.reason(), headers: recording.headers.clone() });
            return Ok(Answer { body: recording.body.clone(), ..Answer::of("", bytes::Bytes::new()) });
        }
        let first = match (self.states.get_index_of(name), &self.config.deployments) {
            (Some(place), _) => place,
            (None, Deployments::Declared(_)) => return Err(Refusal::deployment_not_found()),
            (None, Deployments::Any) => {
                if self.states.len() >= MOST_UNDECLARED {
                    self.states.clear();
                }
                self.states.insert_full(name.to_owned(), State::undeclared(name, &self.config)).0
            }
        };
        let (fallen, fallen_with_it) = match orders.asked {
            faults::Told::Quota { left, of_deployment } => (Some(left), (!of_deployment).then_some(left)),
            _ => (None, None),
        };
        let (outcome, length) = (fields.outcome, fields.length);
        let arrived = Arrived { operation, api_version: &route.api_version, content_type, body, now, outcome, length, fallen };
        let Some((_, state)) = self.states.get_index_mut(first) else { return Err(Refusal::deployment_not_found()) };
        let outcome = match fault {
            Some(refusal) => Err(refusal),
            None => state.serve(&arrived, &self.config, &mut self.store, told, environment),
        };
        if !state.is_provisioned() {
            return outcome;
        }
        let from = state.name.clone();
        // The deployment's property goes before the request's header.
        let target = state.spillover.clone().or_else(|| fields.spillover.map(ToString::to_string));
        let Some(second) = target.and_then(|target| self.states.get_index_of(&target)) else { return outcome };
        let refusal = match outcome {
            Err(refusal) if refusal.spills() => refusal,
            outcome => {
                told.spill = outcome.is_ok().then_some(Spill::Kept { deployment: from });
                return outcome;
            }
        };
        let Some((_, state)) = self.states.get_index_mut(second) else { return Err(refusal) };
        if state.is_provisioned() {
            return Err(refusal);
        }
        // The provisioned deployment is tried first each time, and its refusal costs time.
        let lost = if self.config.pace == Pace::Realistic { latency::refusal(environment) } else { Duration::ZERO };
        let mut also = Told::default();
        let taken_over = match orders.second {
            faults::Told::Status { status, options, .. } => Err(Refusal::fault(status, options.retry_after, None, "")),
            faults::Told::DeploymentDeleted => Err(Refusal::deployment_not_found()),
            told => {
                let fallen = if let faults::Told::Quota { left, .. } = told { Some(left) } else { fallen_with_it };
                state.serve(&Arrived { fallen, ..arrived }, &self.config, &mut self.store, &mut also, environment)
            }
        };
        match taken_over {
            Ok(answer) => {
                also.first_byte = also.first_byte.saturating_add(lost);
                also.spill = Some(Spill::Passed { from, to: state.name.clone() });
                if let Some(usage) = &mut also.usage {
                    usage.spilled = true;
                }
                *told = also;
                Ok(answer)
            }
            // The first refusal is the answer.
            Err(second) => {
                told.spill = Some(Spill::Failed { status: second.status });
                told.first_byte = told.first_byte.saturating_add(lost);
                Err(refusal)
            }
        }
    }

    /// The answer of a resource that is told to answer `status`. A 429 tells the limits of the deployment as used up.
    fn faulty(
        &mut self,
        status: u16,
        retry_after: Option<Duration>,
        route: Option<&Route>,
        body: &[u8],
        request_id: &str,
        now: Moment,
    ) -> (Option<Standing>, Refusal) {
        let Some(Route { what: What::Operation(operation, name), api_version, .. }) = route else {
            return (None, Refusal::fault(status, retry_after, None, request_id));
        };
        let Some(name) = name.as_deref().or_else(|| self.names.get(body, |body| named_in("", body)).ok().map(String::as_str)) else {
            return (None, Refusal::fault(status, retry_after, None, request_id));
        };
        let state = self.states.get(name);
        let subject = Subject {
            model: state.map_or(name, |state| &state.served.name),
            deployment: name,
            region: &self.config.region_display,
            operation: *operation,
            api_version,
        };
        let standing = state.filter(|_| status == 429).and_then(|state| state.standing(now)).map(|standing| standing.used_up(retry_after));
        (standing, Refusal::fault(status, retry_after, Some(&subject), request_id))
    }
}
