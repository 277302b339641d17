//! Runs `forward-request`: body, backend, token, request, redirects, one after the other.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{Outcome, Stop, Turn, Waiting, set_backend_service::shown, set_query_parameter};
use crate::{
    dotnet::context::{Body, ResponseMessage},
    environment::Moment,
    gateway::{
        answers::PolicyError,
        backends::{self, Key, Single, Target, Tls},
        breakers::Attempt,
        effect::{ClientGone, Effect, Failure, OperationId, Outgoing, Purpose, Received, Reception, Send},
        egress::Egress,
        instance::locked,
        pools,
    },
    http::{Headers, Names, RequestHead},
    policy::elements::forward_request::{ForwardRequest, HttpVersion},
    text::Text,
};

/// How many redirects are followed: what a .NET client follows unless it is told otherwise.
/// Source: learn.microsoft.com/dotnet/api/system.net.http.httpclienthandler.maxautomaticredirections.
const REDIRECTS: u8 = 50;

/// A request that is not sent yet.
pub(in crate::gateway) struct Forward {
    expected: Expected,
    follows: bool,
    timeout: Duration,
}

/// What to do with the response.
#[derive(Clone)]
pub(in crate::gateway) struct Expected {
    element: Text,
    buffered: bool,
    fail_on_error_status_code: bool,
    /// The backend entity that it comes from; never a pool.
    backend: Option<Key>,
    /// The session cookie that the client is to keep.
    cookie: Option<Text>,
    /// How the backend's certificate is checked.
    tls: Tls,
    /// The version of HTTP that it is spoken to in.
    version: HttpVersion,
    /// What is sent again where the response is a redirect that is followed.
    redirect: Option<Box<Redirect>>,
    /// What it takes along on its way.
    egress: Option<Box<Egress>>,
}

impl Expected {
    /// Whether nothing but the status of the response has a part in what becomes of it.
    pub fn is_plain(&self) -> bool {
        self.backend.is_none() && self.cookie.is_none() && self.redirect.is_none() && self.egress.is_none()
    }
}

/// A request that may be redirected.
#[derive(Clone)]
struct Redirect {
    head: RequestHead,
    /// None: the client's body was passed on, and there is none left to send.
    body: Option<Outgoing>,
    left: u8,
    deadline: Moment,
}

pub(super) fn execute(policy: &ForwardRequest, element: &Text, turn: &mut Turn<'_>) -> Result<Outcome, Stop> {
    let timeout = turn.timeout(&policy.timeout_ms, policy.in_seconds, element)?;
    let follows = turn.truth(&policy.follow_redirects, element)?;
    if let Some(continue_timeout) = &policy.continue_timeout {
        // Nobody here makes a client wait for 100 Continue; a value that fails to be computed fails all the same.
        turn.number(continue_timeout, element)?;
    }
    let expected = Expected {
        element: element.clone(),
        buffered: policy.buffer_response,
        fail_on_error_status_code: policy.fail_on_error_status_code,
        backend: None,
        cookie: None,
        tls: Tls::default(),
        version: policy.http_version,
        redirect: None,
        egress: None,
    };
    let forward = Forward { expected, follows, timeout };
    if policy.buffer_request_body && matches!(turn.state.context.request.body, Body::Unread) {
        let operation = turn.operation();
        return Ok(Outcome::wait(Effect::ReadRequestBody { operation }, operation, Waiting::ForwardBody(Box::new(forward))));
    }
    Ok(choose(forward, turn)?)
}

pub(super) fn body_read(forward: Forward, outcome: Result<Bytes, ClientGone>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let bytes = outcome.map_err(|_| PolicyError::client_gone())?;
    turn.state.context.request.body = Body::Bytes(bytes);
    turn.state.client_body_waits = false;
    choose(forward, turn)
}

/// The backend that the request goes to: the one that is set, or a member of the pool that is.
fn choose(mut forward: Forward, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let gateway = turn.gateway;
    let Some((key, id)) = turn.state.backend.as_ref().map(|chosen| (chosen.key.clone(), chosen.id.clone())) else {
        if turn.state.base.is_none() {
            return Err(PolicyError::no_backend());
        }
        return send(forward, None, None, turn);
    };
    let element = forward.expected.element.clone();
    let not_found = || PolicyError::backend_not_found(&element, &id);
    let mut backend = gateway.backends.get(&key).ok_or_else(not_found)?;
    let now = turn.environment.now();
    if let Target::Pool(pool) = &backend.target {
        let breakers = locked(&gateway.instance.breakers);
        let find = |id: &Text| backends::find(&gateway.backends, backend.workspace.as_deref(), id);
        let is_available = |id: &Text| find(id).is_some_and(|member| breakers.open_until(&member.key(), now).is_none());
        let cookies = turn.state.context.request.headers.values("Cookie").map(Text::as_str);
        // A session stays with its member while that is available, whatever its priority.
        let kept = pool.session_cookie.as_ref().and_then(|name| pools::kept(&backend.id, pool, name, cookies));
        let member = match kept.filter(|member| is_available(&member.backend)) {
            Some(member) => Some(member),
            None => {
                let next = locked(&gateway.instance.pools).next(&key, pool, is_available);
                if let (Some(name), Some(member)) = (&pool.session_cookie, next) {
                    let value = pools::session_value(&backend.id, &member.backend);
                    forward.expected.cookie = Some(format!("{name}={value}; path=/; httponly").into());
                }
                next
            }
        };
        let Some(member) = member else {
            let first = pool.members.iter().filter_map(|member| find(&member.backend));
            let first = first.filter_map(|member| breakers.open_until(&member.key(), now)).min();
            let error = PolicyError::pool_is_inactive(&element, &backend.id, pool.failure_status);
            return Err(match first {
                Some(until) => error.retry_after(until.since(now)),
                None => error,
            });
        };
        drop(breakers);
        let member = find(&member.backend).ok_or_else(not_found)?;
        if turn.detailed {
            turn.say("information", format!("the pool '{}' gives the request to '{}'", backend.id, member.id));
        }
        backend = member;
    } else if let Some(until) = locked(&gateway.instance.breakers).open_until(&key, now) {
        return Err(PolicyError::backend_is_inactive(&element, &backend.id).retry_after(until.since(now)));
    }
    let Target::Single(single) = &backend.target else { return Err(not_found()) };
    turn.state.context.backend = Some(shown(backend));
    turn.state.base = Some(Arc::new(single.url.clone()));
    turn.state.update_url();
    forward.expected.backend = Some(backend.key());
    forward.expected.tls = single.tls;
    match &single.credentials.managed_identity {
        None => send(forward, Some(single), None, turn),
        Some(identity) => {
            let operation = turn.operation();
            let (resource, client_id) = (identity.resource.clone(), identity.client_id.clone());
            let effect = Effect::AcquireToken { operation, resource, client_id };
            Ok(Outcome::wait(effect, operation, Waiting::ForwardToken(Box::new(forward))))
        }
    }
}

/// The token for the backend: without one the request is not sent.
pub(super) fn token(forward: Forward, outcome: Result<Text, Text>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let token = outcome.map_err(|message| PolicyError::backend_token(&forward.expected.element, &message))?;
    let gateway = turn.gateway;
    let backend = forward.expected.backend.as_ref().and_then(|key| gateway.backends.get(key));
    let single = match backend.map(|backend| &backend.target) {
        Some(Target::Single(single)) => Some(&**single),
        _ => None,
    };
    send(forward, single, Some(token), turn)
}

/// Fields that say how one message is framed: the driver frames the next one.
const FRAMING: Names = Names::of(&["Content-Length", "Expect"]);
const FRAMING_AND_HOST: Names = Names::of(&["Content-Length", "Expect", "Host"]);

/// The fields of a request as they go on to the backend.
pub(in crate::gateway) fn outgoing(headers: &Headers, host_set: bool, client: &Text) -> Headers {
    let mut headers = headers.passed_on(if host_set { &FRAMING } else { &FRAMING_AND_HOST });
    // The gateway appends the caller's address. Source: learn.microsoft.com/azure/api-management/set-header-policy (X-Forwarded-For).
    if headers.contains("X-Forwarded-For") {
        let forwarded: Vec<&str> = headers.values("X-Forwarded-For").chain([client]).map(Text::as_str).collect();
        let forwarded = forwarded.join(",");
        headers.set("X-Forwarded-For", forwarded);
    } else {
        headers.append("X-Forwarded-For", client.clone());
    }
    headers
}

fn send(mut forward: Forward, backend: Option<&Single>, token: Option<Text>, turn: &mut Turn<'_>) -> Result<Outcome, PolicyError> {
    let state = &mut *turn.state;
    let request = &state.context.request;
    let headers = outgoing(&request.headers, state.host_set, &request.ip);
    let mut head = RequestHead { method: request.method.clone(), url: request.url.clone(), headers };
    if let Some(backend) = backend {
        authorize(&mut head, backend, token);
    }
    let entities = &turn.gateway.entities;
    forward.expected.egress = Egress::of(state.egress.as_deref(), backend, entities);
    let ended = Egress::begin(forward.expected.egress.as_deref(), &mut head, entities);
    if let Some(backend) = backend {
        for certificate in &backend.credentials.certificates {
            turn.explain(|| format!("the backend's certificate is '{certificate}'"));
        }
    }
    if let Some(ended) = ended {
        // Nothing of the body has left.
        let operation = turn.operation();
        return received(forward.expected, operation, ended, turn);
    }
    let state = &mut *turn.state;
    let request = &state.context.request;
    let body = match &request.body {
        Body::Bytes(bytes) => Outgoing::Bytes(bytes.clone()),
        Body::Unread if state.client_body_waits => {
            // It can be passed on once only; a second forward finds nothing left of it.
            state.client_body_waits = false;
            state.context.request.body = Body::Consumed;
            Outgoing::Client
        }
        Body::None | Body::Unread | Body::Consumed => Outgoing::Empty,
    };
    if forward.follows {
        let again = (!matches!(body, Outgoing::Client)).then(|| body.clone());
        let redirect =
            Redirect { head: head.clone(), body: again, left: REDIRECTS, deadline: turn.environment.now().after(forward.timeout) };
        forward.expected.redirect = Some(Box::new(redirect));
    }
    Ok(dispatch(head, body, forward.timeout, forward.expected, turn))
}

/// What the backend entity adds takes the place of what the request has under the same name. The documentation does not say; a caller could
/// otherwise choose the credentials.
fn authorize(head: &mut RequestHead, backend: &Single, token: Option<Text>) {
    let credentials = &backend.credentials;
    for (name, values) in &credentials.headers {
        head.headers.remove(name);
        for value in values {
            head.headers.append(name.clone(), value.clone());
        }
    }
    for (name, values) in &credentials.query {
        head.url.query = set_query_parameter::replaced(&head.url.query, name, values);
    }
    if let Some((scheme, parameter)) = &credentials.authorization {
        head.headers.set("Authorization", format!("{scheme} {parameter}").trim().to_owned());
    }
    if let Some(token) = token {
        head.headers.set("Authorization", format!("Bearer {token}"));
    }
}

fn dispatch(request: RequestHead, body: Outgoing, timeout: Duration, expected: Expected, turn: &mut Turn<'_>) -> Outcome {
    turn.state.streaming = None;
    let operation = turn.operation();
    let send = Send {
        operation,
        purpose: Purpose::Forward { tls: expected.tls, version: expected.version },
        request,
        body,
        timeout,
        reception: Reception::Stream,
    };
    Outcome::wait(Effect::Send(Box::new(send)), operation, Waiting::Forward(expected))
}

pub(super) fn received(
    mut expected: Expected,
    operation: OperationId,
    outcome: Result<Received, Failure>,
    turn: &mut Turn<'_>,
) -> Result<Outcome, PolicyError> {
    let mut received = match outcome {
        Ok(received) => received,
        Err(failure) => {
            let error = PolicyError::backend(&expected.element, &failure);
            count(&expected, Attempt::Error(error.reason), turn);
            return Err(error);
        }
    };
    let status = received.head.status;
    if let Some(redirect) = expected.redirect.take()
        && let Some((redirect, body, timeout)) = redirected(*redirect, &received, turn)
    {
        let mut head = redirect.head.clone();
        expected.redirect = Some(Box::new(redirect));
        if let Some(ended) = Egress::begin(expected.egress.as_deref(), &mut head, &turn.gateway.entities) {
            return self::received(expected, operation, ended, turn);
        }
        return Ok(dispatch(head, body, timeout, expected, turn));
    }
    count(&expected, Attempt::Response(status, received.head.headers.get("Retry-After").map(Text::as_str)), turn);
    if let Some(cookie) = expected.cookie {
        received.head.headers.append("Set-Cookie", cookie);
    }
    let body = match received.body {
        Some(bytes) => Body::Bytes(bytes),
        None => {
            turn.state.streaming = Some((operation, expected.buffered));
            Body::Unread
        }
    };
    turn.state.context.response = Some(ResponseMessage { head: received.head, body });
    if expected.fail_on_error_status_code && (400..600).contains(&status) {
        return Err(PolicyError::error_status(&expected.element, status));
    }
    Ok(Outcome::Done)
}

/// Tells the backend's breakers.
fn count(expected: &Expected, attempt: Attempt<'_>, turn: &mut Turn<'_>) {
    let gateway = turn.gateway;
    let Some(backend) = expected.backend.as_ref().and_then(|key| gateway.backends.get(key)) else { return };
    let Target::Single(single) = &backend.target else { return };
    if single.breaker.is_empty() {
        return;
    }
    let tripped = locked(&gateway.instance.breakers).record(&backend.key(), &single.breaker, attempt, turn.environment.now());
    if let Some(tripped) = tripped {
        let seconds = tripped.duration.as_secs_f64();
        turn.say("information", format!("the circuit of the backend '{}' is open for {seconds} s (rule '{}')", backend.id, tripped.rule));
    }
}

/// The next request where a response is a redirect that a .NET client follows: not from https to http; with the method changed to GET and
/// no body after 300 to 303; and without `Authorization`. Source: github.com/dotnet/runtime, System.Net.Http, RedirectHandler.
fn redirected(mut redirect: Redirect, received: &Received, turn: &mut Turn<'_>) -> Option<(Redirect, Outgoing, Duration)> {
    let status = received.head.status;
    if !matches!(status, 300..=303 | 307 | 308) {
        return None;
    }
    let location = received.head.headers.get("Location")?;
    let not_followed =
        |turn: &mut Turn<'_>, why: &str| turn.say("information", format!("the redirect to '{location}' is passed on: {why}"));
    let Some(url) = redirect.head.url.join(location) else {
        not_followed(turn, "it is no http or https URL");
        return None;
    };
    if redirect.left == 0 {
        not_followed(turn, "too many redirects");
        return None;
    }
    if redirect.head.url.scheme == "https" && url.scheme == "http" {
        not_followed(turn, "it leads from https to http");
        return None;
    }
    let method = redirect.head.method.as_str();
    let becomes_get = match status {
        303 => !matches!(method, "GET" | "HEAD"),
        300..=302 => method == "POST",
        _ => false,
    };
    if becomes_get {
        redirect.head.method = "GET".into();
        redirect.body = Some(Outgoing::Empty);
        // Fields of the body go with it.
        redirect.head.headers.retain(|name, _| !name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-")));
    }
    let Some(body) = redirect.body.clone() else {
        not_followed(turn, "the body has been passed on already; buffer-request-body keeps it");
        return None;
    };
    redirect.head.headers.remove("Authorization");
    redirect.head.url = url;
    redirect.left -= 1;
    let timeout = redirect.deadline.since(turn.environment.now());
    Some((redirect, body, timeout))
}
