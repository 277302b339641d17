//! One Azure OpenAI resource: what it checks, in the service's order, and who answers.

use std::time::Duration;

use super::{
    Deployments, Reply, ReplyBody, ResourceConfig,
    answer::{Answer, Call, Served},
    audio::{Recording, Speech},
    chat::Chat,
    completions::Completion,
    credential,
    embeddings::Embedding,
    errors::{Refusal, Subject},
    headers::{self, Always},
    images::Image,
    limits::{Limits, Standing},
    models::Model,
    route::{self, Operation, Route},
};
use crate::{
    azure::{faults::Told, hash::keyed, identity::Identity},
    environment::{Environment, Moment, guid_text},
    http::{RequestHead, ResponseHead},
    text::Text,
};

/// One Azure OpenAI resource: its configuration and the windows of its limits.
#[derive(Clone, Debug)]
pub struct Resource {
    config: ResourceConfig,
    identity: Identity,
    /// What belongs to each declared deployment, in their order.
    deployments: Vec<State>,
    model_session: Text,
}

/// What belongs to a deployment.
#[derive(Clone, Debug)]
struct State {
    served: Served,
    limits: Limits,
}

/// A request on its way to an answer.
struct Arrived<'a> {
    request: &'a RequestHead,
    body: &'a [u8],
    told: Told<'a>,
    now: Moment,
}

impl Resource {
    /// A resource that takes the tokens that `identity` issues.
    pub fn new(config: ResourceConfig, identity: Identity) -> Self {
        let deployments = match &config.deployments {
            Deployments::Declared(deployments) => deployments.values().map(State::new).collect(),
            Deployments::Any => Vec::new(),
        };
        let bits = keyed(0, config.host.as_bytes());
        let model_session = format!("d{:03}-20251103{:02}{:02}{:02}", bits % 100, bits % 24, bits % 60, bits % 59).into();
        Self { config, identity, deployments, model_session }
    }

    /// What the resource is.
    pub fn config(&self) -> &ResourceConfig {
        &self.config
    }

    /// The deployment that a request names, whether there is one of that name or not: in the path, or as `model` of the body. `None` where the
    /// request means no deployment.
    pub fn deployment_of(&mut self, request: &RequestHead, _body: &[u8]) -> Option<Text> {
        route::find(request).map(|route| route.deployment.into())
    }

    /// Whether a deployment of this name, or of the model of this name, could take a request that is estimated at so many tokens. Nothing is
    /// counted.
    pub fn has_room(&self, model: &str, estimate: u64, now: Moment) -> bool {
        let Deployments::Declared(deployments) = &self.config.deployments else { return true };
        let mut known = deployments.iter().zip(&self.deployments);
        known.any(|((name, deployment), state)| {
            (name.eq_ignore_ascii_case(model) || deployment.model == model) && state.limits.clone().admit(estimate, now).1.is_none()
        })
    }

    /// Answers a request, as it is told: a status before anything is looked at or counted, or what is right when its keys are revoked, its
    /// deployments deleted or its limits fallen. What else may be wrong is the driver's work, which wants the right answer for it.
    pub fn handle(&mut self, request: &RequestHead, body: &[u8], told: Told<'_>, now: Moment, environment: &mut dyn Environment) -> Reply {
        let request_id = Text::from(guid_text(environment.guid()));
        let always = Always {
            request_id: request_id.clone(),
            client_request_id: request.headers.get("x-ms-client-request-id").cloned(),
            region: self.config.region_display.clone(),
        };
        let (standing, outcome) = match told {
            Told::Status { status, options } => {
                let (standing, refusal) = self.faulty(status, options.retry_after, request, &request_id, now);
                (standing, Err(refusal))
            }
            _ => {
                let mut standing = None;
                let outcome = self.serve(&Arrived { request, body, told, now }, &mut standing, environment);
                (standing, outcome)
            }
        };
        let mut reply = match outcome {
            Ok(Answer { content_type, body }) => {
                let mut headers = always.fields(Some(content_type));
                headers::served(&mut headers, guid_text(environment.guid()).into(), self.model_session.clone());
                Reply { head: ResponseHead { status: 200, reason: "OK".into(), headers }, body, first_byte: Duration::ZERO, usage: None }
            }
            Err(refusal) => {
                let body = refusal.body();
                let mut headers = always.fields((!body.is_empty()).then_some("application/json"));
                if let Some(wait) = refusal.retry_after {
                    headers::retry_after(&mut headers, wait);
                }
                let head = ResponseHead { status: refusal.status, reason: refusal.reason.into(), headers };
                Reply { head, body: ReplyBody::Whole(body), first_byte: Duration::ZERO, usage: None }
            }
        };
        if let Some(standing) = standing {
            headers::standing(&mut reply.head.headers, &standing);
        }
        if let Told::Status { options, .. } = told {
            options.dress(&mut reply);
        }
        reply
    }

    /// Path and method, credential, deployment, operation, body, limits, model: whatever fails first speaks.
    fn serve(&mut self, arrived: &Arrived, standing: &mut Option<Standing>, environment: &mut dyn Environment) -> Result<Answer, Refusal> {
        let route = route::find(arrived.request).ok_or_else(Refusal::resource_not_found)?;
        credential::check(arrived.request, &self.config, &self.identity, arrived.told, arrived.now)?;
        if arrived.told == Told::DeploymentDeleted {
            return Err(Refusal::deployment_not_found());
        }
        let mut undeclared;
        let state = match &self.config.deployments {
            Deployments::Declared(deployments) => {
                let index = deployments.get_index_of(&route.deployment);
                index.and_then(|index| self.deployments.get_mut(index)).ok_or_else(Refusal::deployment_not_found)?
            }
            Deployments::Any => {
                undeclared = State::undeclared(&route.deployment);
                &mut undeclared
            }
        };
        let State { served, limits } = state;
        let model = served.model;
        if !model.does(route.operation) {
            return Err(Refusal::operation_not_supported(route.operation, &served.name));
        }
        let quota = if let Told::Quota(quota) = arrived.told { Some(quota) } else { None };
        limits.fall_to(quota);
        let region = &self.config.region_display;
        let mut admit = |estimate| {
            let (now, throttled) = limits.admit(estimate, arrived.now);
            *standing = Some(now);
            let subject = Subject { model: &served.name, region, route: &route };
            throttled.map_or(Ok(()), |throttled| Err(Refusal::throttled(throttled, &subject)))
        };
        let created = u64::try_from(arrived.now.unix_seconds()).unwrap_or(0);
        let call = Call { config: &self.config, served, created };
        match route.operation {
            Operation::Chat => {
                let chat = Chat::read(arrived.body, &model)?;
                admit(chat.estimate())?;
                chat.check(&model)?;
                Ok(chat.answer(&call, environment))
            }
            Operation::Completion => {
                let completion = Completion::read(arrived.body, &model)?;
                admit(completion.estimate())?;
                completion.check(&model)?;
                Ok(completion.answer(&call, environment))
            }
            Operation::Embedding => {
                let embedding = Embedding::read(arrived.body, &model)?;
                admit(embedding.estimate())?;
                embedding.check(&model)?;
                Ok(embedding.answer(&call))
            }
            Operation::Transcription | Operation::Translation => {
                let content_type = arrived.request.headers.get("Content-Type").map(Text::as_str).unwrap_or_default();
                let recording = Recording::read(content_type, arrived.body, route.operation)?;
                // Audio and images are limited by requests, not by tokens.
                // Source: learn.microsoft.com/azure/ai-foundry/openai/quotas-limits.
                admit(0)?;
                Ok(recording.answer(&call))
            }
            Operation::Speech => {
                let speech = Speech::read(arrived.body)?;
                admit(0)?;
                Ok(speech.answer())
            }
            Operation::Image => {
                let image = Image::read(arrived.body, &served.name)?;
                admit(0)?;
                Ok(image.answer(&call, environment))
            }
        }
    }

    /// The answer of a resource that is told to answer `status`. A 429 tells the limits of the deployment as used up.
    fn faulty(
        &self,
        status: u16,
        retry_after: Option<std::time::Duration>,
        request: &RequestHead,
        request_id: &str,
        now: Moment,
    ) -> (Option<Standing>, Refusal) {
        let route = route::find(request);
        let state = route.as_ref().and_then(|route| self.state(route));
        let subject = route.as_ref().map(|route| Subject {
            model: state.map_or(route.deployment.as_str(), |state| &state.served.name),
            region: &self.config.region_display,
            route,
        });
        let standing = state.filter(|_| status == 429).map(|state| state.limits.standing(now).used_up(retry_after));
        (standing, Refusal::fault(status, retry_after, subject.as_ref(), request_id))
    }

    fn state(&self, route: &Route) -> Option<&State> {
        let Deployments::Declared(deployments) = &self.config.deployments else { return None };
        self.deployments.get(deployments.get_index_of(&route.deployment)?)
    }
}

impl State {
    fn new(deployment: &super::Deployment) -> Self {
        let model = Model::named(&deployment.model);
        let tokens = deployment.tokens_per_minute;
        let requests = deployment.requests_per_minute.or_else(|| tokens.map(|tokens| model.requests_per_minute(tokens)));
        Self { served: Served::new(&deployment.model, deployment.version.as_deref(), model), limits: Limits::new(tokens, requests) }
    }

    /// A deployment that is taken for the model of its name, with everything open.
    fn undeclared(name: &str) -> Self {
        Self { served: Served::new(name, None, Model::named(name).for_everything()), limits: Limits::new(None, None) }
    }
}
