//! The other end of the control endpoint: what `fault` says to a running simulation.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::{
    bodies,
    pool::{BackendBody, Pool, RequestBody, Unanswered},
};
use crate::{azure::faults::FaultCommand, environment::Moment, http::Url};

/// How long a simulation may take to bring a fault about.
const PATIENCE: Duration = Duration::from_secs(15);

/// More than any answer of the control endpoint.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;

/// Why a simulation did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens there.
    #[error("no simulation listens on {url}")]
    Unreachable {
        /// The control endpoint.
        url: String,
        /// Why not.
        source: io::Error,
    },
    /// The URL is no plain `http` one.
    #[error("`{url}` is no address of a control endpoint: it wants http://HOST:PORT")]
    BadUrl {
        /// What was given.
        url: String,
    },
    /// Somebody listens there and speaks otherwise.
    #[error("{url} is no control endpoint of a simulation: {message}")]
    NoSimulation {
        /// The control endpoint.
        url: String,
        /// What happened.
        message: String,
    },
    /// Nothing has that name.
    #[error("{message}")]
    UnknownTarget {
        /// What the simulation says.
        message: String,
        /// What a fault can be put on.
        targets: Vec<String>,
    },
    /// The simulation refuses.
    #[error("{message}")]
    Refused {
        /// What the simulation says.
        message: String,
    },
}

/// Sets or clears a fault in the simulation whose control endpoint is `control`; it holds for the next request when this
/// returns.
pub async fn post_fault(control: &Url, command: &FaultCommand) -> Result<(), ControlError> {
    let body = serde_json::to_vec(command).map_err(|error| no_simulation(control, error))?;
    call(control, Method::POST, Bytes::from(body)).await.map(|_| ())
}

/// Clears all faults.
pub async fn delete_faults(control: &Url) -> Result<(), ControlError> {
    call(control, Method::DELETE, Bytes::new()).await.map(|_| ())
}

/// The faults that hold in the simulation whose control endpoint is `control`, and when they end.
pub async fn get_faults(control: &Url) -> Result<Vec<(FaultCommand, Option<Moment>)>, ControlError> {
    let faults = call(control, Method::GET, Bytes::new()).await?;
    let held = faults.into_iter().map(|mut fault| {
        let until = fault.as_object_mut().and_then(|fault| fault.remove("untilMs")).and_then(|until| until.as_i64());
        let until = until.map(|until| Moment(until.saturating_mul(1_000_000)));
        serde_json::from_value(fault).map(|fault| (fault, until)).map_err(|error| no_simulation(control, error))
    });
    held.collect()
}

fn root(control: &Url) -> String {
    format!("{}://{}", control.scheme, control.authority())
}

fn no_simulation(control: &Url, error: impl ToString) -> ControlError {
    ControlError::NoSimulation { url: root(control), message: error.to_string() }
}

/// The faults that hold afterwards.
async fn call(control: &Url, method: Method, body: Bytes) -> Result<Vec<Value>, ControlError> {
    let answered = tokio::time::timeout(PATIENCE, exchange(control, method, body)).await;
    let (status, body) = answered.unwrap_or_else(|_| Err(no_simulation(control, format!("no answer within {PATIENCE:?}"))))?;
    let mut answer: Value = serde_json::from_slice(&body).map_err(|_| no_simulation(control, format!("it answers {status}")))?;
    if status.is_success()
        && let Value::Array(faults) = answer["faults"].take()
    {
        return Ok(faults);
    }
    let Some(message) = answer["error"]["message"].as_str() else { return Err(no_simulation(control, format!("it answers {status}"))) };
    let message = message.to_owned();
    Err(match answer["error"]["targets"].as_array() {
        Some(targets) => {
            ControlError::UnknownTarget { message, targets: targets.iter().filter_map(Value::as_str).map(str::to_owned).collect() }
        }
        None => ControlError::Refused { message },
    })
}

async fn exchange(control: &Url, method: Method, body: Bytes) -> Result<(StatusCode, Bytes), ControlError> {
    if control.scheme != "http" {
        return Err(ControlError::BadUrl { url: control.to_string() });
    }
    let unreachable = |source| ControlError::Unreachable { url: root(control), source };
    let host = control.host.trim_matches(['[', ']']).to_owned();
    let addresses: Vec<_> = tokio::net::lookup_host((host, control.effective_port())).await.map_err(unreachable)?.collect();
    let request = Request::builder()
        .method(method)
        .uri("/faults")
        .header(header::HOST, control.authority())
        .header(header::CONTENT_TYPE, "application/json")
        .body(if body.is_empty() { RequestBody::Empty } else { RequestBody::Bytes(body) })
        .map_err(|_| ControlError::BadUrl { url: control.to_string() })?;
    let pool = std::sync::Arc::new(Pool::new(Duration::ZERO));
    let mut opened = Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    for address in addresses {
        opened = pool.open(address).await;
        if opened.is_ok() {
            break;
        }
    }
    let link = opened.map_err(unreachable)?;
    let (response, link) = link.send(request).await.map_err(|unanswered| match unanswered {
        Unanswered::Broken(error) => no_simulation(control, error),
        Unanswered::Unsent(_) | Unanswered::Ended => no_simulation(control, "it closes the connection"),
    })?;
    let status = response.status();
    let body = bodies::collect(BackendBody::new(response.into_body(), link, pool), ANSWER_LIMIT).await;
    body.map(|body| (status, body)).map_err(|_| no_simulation(control, "its answer breaks off"))
}
