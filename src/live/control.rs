//! The control endpoint: faults over HTTP, for this machine alone.
//!
//! | request | does |
//! |---|---|
//! | `POST /faults` | sets or clears a fault; the body is a [`FaultCommand`] in JSON |
//! | `GET /faults` | the faults that hold |
//! | `DELETE /faults` | clears all |
//! | `DELETE /faults/{target}` | clears one |
//! | `GET /state` | what there is and how it fares |
//! | `GET /traces` | the ids of the requests whose traces are kept, the newest first |
//! | `GET /traces/{id}` | one of them: what each policy did |
//! | `GET`, `POST /entra/{path}` | what Microsoft Entra ID has at that path: an OpenID configuration, its keys, tokens |
//!
//! A web page must not get at it: the `Host` has to be a loopback one (DNS rebinding), and so has an `Origin`.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, Method, StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::site::{Site, UnknownTarget};
use crate::{
    azure::faults::{FaultCommand, Target},
    http::{Headers, RequestHead, Url},
};

/// What a wrong path is told.
const THERE_IS: &str = "there are GET /faults, POST /faults, DELETE /faults, DELETE /faults/{target}, GET /state, GET /traces, GET /traces/{id} and /entra/{path}";

/// A command is a few dozen bytes.
const COMMAND_LIMIT: usize = 64 * 1024;

/// Serves until `ended`.
pub(super) async fn serve(site: Arc<Site>, listener: TcpListener, ended: impl Future<Output = ()> + Send + 'static) {
    // Accepting goes on after errors, so there is no other end than the one asked for.
    let _ = axum::serve(listener, router(site)).with_graceful_shutdown(ended).await;
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/faults", get(list).post(set).delete(clear_all))
        .route("/faults/{target}", delete(clear))
        .route("/state", get(state))
        .route("/traces", get(traces))
        .route("/traces/{id}", get(trace))
        .route("/entra/{*path}", get(entra).post(entra))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "not-found", THERE_IS))
        .method_not_allowed_fallback(async || refuse(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this path has other methods"))
        .layer(DefaultBodyLimit::max(COMMAND_LIMIT))
        .layer(middleware::from_fn(local_only))
        .with_state(site)
}

async fn set(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    match serde_json::from_slice::<FaultCommand>(&body) {
        Ok(command) => obey(&site, command).await,
        Err(error) => refuse(StatusCode::BAD_REQUEST, "bad-fault", &error.to_string()),
    }
}

async fn list(State(site): State<Arc<Site>>) -> Response {
    faults(&site)
}

async fn clear(State(site): State<Arc<Site>>, Path(target): Path<String>) -> Response {
    match target.parse::<Target>() {
        Ok(target) => obey(&site, FaultCommand { target, fault: None, lasting: None }).await,
        Err(error) => refuse(StatusCode::BAD_REQUEST, "bad-target", &error.to_string()),
    }
}

async fn clear_all(State(site): State<Arc<Site>>) -> Response {
    site.clear().await;
    faults(&site)
}

async fn obey(site: &Arc<Site>, command: FaultCommand) -> Response {
    match site.command(command).await {
        Ok(()) => faults(site),
        Err(error @ UnknownTarget::Missing { .. }) => {
            let body = json!({"error": {"code": "unknown-target", "message": error.to_string(), "targets": site.targets()}});
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
        Err(error @ UnknownTarget::Elsewhere { .. }) => refuse(StatusCode::CONFLICT, "not-simulated", &error.to_string()),
    }
}

fn faults(site: &Site) -> Response {
    Json(json!({"faults": site.faults()})).into_response()
}

/// The same as a policy finds at `https://login.microsoftonline.com`, so that clients can have tokens that policies take.
async fn entra(State(site): State<Arc<Site>>, Path(path): Path<String>, method: Method, body: Bytes) -> Response {
    let url = Url::parse(&format!("https://login.microsoftonline.com/{path}"));
    let head = url.map(|url| RequestHead { method: method.as_str().to_owned().into(), url, headers: Headers::new() });
    match head.and_then(|head| site.world.entra(&head, &body)) {
        Some((status, answer)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
            (status, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], answer).into_response()
        }
        None => refuse(StatusCode::NOT_FOUND, "not-found", "there is no such path"),
    }
}

async fn state(State(site): State<Arc<Site>>) -> Response {
    Json(site.state()).into_response()
}

async fn traces(State(site): State<Arc<Site>>) -> Response {
    Json(json!({"traces": site.world.tracing.ids()})).into_response()
}

async fn trace(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Response {
    match site.world.tracing.find(&id) {
        Some(trace) => Json(&*trace).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown-trace", "no trace of this request is kept: the newest 256 are"),
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
}

async fn local_only(request: Request, next: Next) -> Response {
    if is_local(request.headers()) {
        next.run(request).await
    } else {
        refuse(StatusCode::FORBIDDEN, "not-local", "the control endpoint is for this machine alone: call it as 127.0.0.1 or localhost")
    }
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin =
        headers.get(header::ORIGIN).map(|origin| origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host));
    host.is_some_and(is_loopback) && origin.is_none_or(|origin| origin.is_some_and(is_loopback))
}

fn is_loopback(authority: &str) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else { return false };
    let host = authority.host().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_local() {
        for (host, origin, expected) in [
            (Some("127.0.0.1:7710"), None, true),
            (Some("localhost"), None, true),
            (Some("[::1]:7710"), None, true),
            (Some("127.0.0.1:7710"), Some("http://localhost:3000"), true),
            (Some("evil.example:7710"), None, false),
            (Some("localhost.evil.example"), None, false),
            (Some("127.0.0.1:7710"), Some("https://evil.example"), false),
            (Some("127.0.0.1:7710"), Some("null"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            assert_eq!(is_local(&headers), expected, "{host:?} {origin:?}");
        }
    }
}
