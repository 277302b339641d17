//! The control endpoint: faults over HTTP, for this machine alone.
//!
//! | request | does |
//! |---|---|
//! | `POST /faults` | sets or clears a fault; the body is a [`FaultCommand`] in JSON |
//! | `GET /faults` | the faults that hold |
//! | `DELETE /faults` | clears all |
//! | `DELETE /faults/{target}` | clears one |
//! | `GET /` | the page: see [`super::page`] |
//! | `GET /events` | what the page hears, as server-sent events |
//! | `GET /state` | what there is and how it fares |
//! | `GET /metrics` | the same as counts, for Prometheus |
//! | `PUT /tracing` | whether every request is traced: `{"everything":true}` |
//! | `GET /traces` | the ids of the requests whose traces are kept, the newest first |
//! | `GET /traces/{id}` | one of them: what each policy did |
//! | `GET`, `POST /entra/{path}` | what Microsoft Entra ID has at that path: an OpenID configuration, its keys, tokens |
//!
//! No web page but its own may get at it: the `Host` has to be a loopback one (DNS rebinding), and so has an `Origin`; what changes something
//! has to come from the page itself, where a browser sends it at all.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header, uri::Authority},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use serde_json::json;
use tokio::net::TcpListener;

use super::{
    page::{self, Page},
    site::{Site, UnknownTarget},
};
use crate::{
    azure::faults::{FaultCommand, Target},
    http::{Headers, RequestHead, Url},
};

/// What a wrong path is told.
const THERE_IS: &str = "there are GET /, GET /state, GET /events, GET /metrics, GET /faults, POST /faults, DELETE /faults, DELETE /faults/{target}, \
    PUT /tracing, GET /traces, GET /traces/{id} and /entra/{path}";

/// A command is a few dozen bytes.
const COMMAND_LIMIT: usize = 64 * 1024;

/// Serves until `ended`.
pub(super) async fn serve(page: Arc<Page>, listener: TcpListener, ended: impl Future<Output = ()> + Send + 'static) {
    let router = router(page.clone());
    let ended = async move {
        ended.await;
        page.stop();
    };
    // Accepting goes on after errors, so there is no other end than the one asked for.
    let _ = axum::serve(listener, router).with_graceful_shutdown(ended).await;
}

fn router(page: Arc<Page>) -> Router {
    let site = page.site.clone();
    Router::new()
        .route("/faults", get(list).post(set).delete(clear_all))
        .route("/faults/{target}", delete(clear))
        .route("/traces", get(traces))
        .route("/traces/{id}", get(trace))
        .route("/entra/{*path}", get(entra).post(entra))
        .with_state(site)
        .merge(page::routes(page))
        .fallback(async || refuse(StatusCode::NOT_FOUND, "not-found", THERE_IS))
        .method_not_allowed_fallback(async || refuse(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this path has other methods"))
        .layer(DefaultBodyLimit::max(COMMAND_LIMIT))
        .layer(middleware::from_fn(local_only))
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

async fn traces(State(site): State<Arc<Site>>) -> Response {
    Json(json!({"traces": site.world.tracing.ids()})).into_response()
}

async fn trace(State(site): State<Arc<Site>>, Path(id): Path<String>) -> Response {
    match site.world.tracing.find(&id) {
        Some(trace) => Json(&*trace).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "unknown-trace", "no trace of this request is kept: the newest 256 are"),
    }
}

/// An error in JSON.
pub(super) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({"error": {"code": code, "message": message}}))).into_response()
}

async fn local_only(request: Request, next: Next) -> Response {
    let mut response = if !is_local(request.headers()) {
        refuse(StatusCode::FORBIDDEN, "not-local", "the control endpoint is for this machine alone: call it as 127.0.0.1 or localhost")
    } else if !request.method().is_safe() && !is_own(request.headers()) {
        refuse(StatusCode::FORBIDDEN, "cross-origin", "another page cannot change this simulation")
    } else {
        next.run(request).await
    };
    page::guard(&mut response);
    response
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin =
        headers.get(header::ORIGIN).map(|origin| origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host));
    host.is_some_and(is_loopback) && origin.is_none_or(|origin| origin.is_some_and(is_loopback))
}

/// Whether no other page sends this. Browsers say where a request that may change something comes from; tools say nothing.
/// Source: fetch.spec.whatwg.org, `Origin`; w3.org/TR/fetch-metadata, `Sec-Fetch-Site`.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let same = |origin: &str| origin.strip_prefix("http://").is_some_and(|origin| origin.eq_ignore_ascii_case(host));
    text(header::ORIGIN).is_none_or(same)
        && text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| matches!(site, "same-origin" | "none"))
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
    fn what_changes_something_comes_from_the_page_itself_or_from_no_page() {
        for (origin, site, expected) in [
            (None, None, true),
            (Some("http://127.0.0.1:7710"), Some("same-origin"), true),
            (Some("http://127.0.0.1:7710"), None, true),
            (None, Some("none"), true),
            (Some("http://127.0.0.1:3000"), None, false),
            (Some("http://localhost:7710"), None, false),
            (Some("https://127.0.0.1:7710"), None, false),
            (Some("null"), None, false),
            (None, Some("same-site"), false),
            (None, Some("cross-site"), false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [("host", Some("127.0.0.1:7710")), ("origin", origin), ("sec-fetch-site", site)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            assert_eq!(is_own(&headers), expected, "{origin:?} {site:?}");
        }
    }

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
