//! The two backends that everything stands before: one completes every chat at once, the other is out of tokens.

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
};
use tokio::runtime;

use crate::server;

/// A chat completion of the usual size.
pub(crate) const COMPLETION: &str = concat!(
    r#"{"id":"chatcmpl-BfT2yQxV0p8n1LrK4mZc7dWhE9sUa","object":"chat.completion","created":1763690060,"model":"gpt-4o-2024-11-20","#,
    r#""system_fingerprint":"fp_ee1d74bde0","choices":[{"index":0,"finish_reason":"stop","logprobs":null,"message":{"role":"assistant","#,
    r#""refusal":null,"content":"A region can run out of capacity at any time. The gateway then sends the same request to the next region, and "#,
    r#"the client sees one answer."},"content_filter_results":{"hate":{"filtered":false,"severity":"safe"},"violence":{"filtered":false,"#,
    r#""severity":"safe"}}}],"usage":{"prompt_tokens":31,"completion_tokens":30,"total_tokens":61,"prompt_tokens_details":{"cached_tokens":0}}}"#
);

/// No `Retry-After` goes with it: a policy that remembers one would not ask again, and every request shall make two attempts.
const THROTTLED: &str = r#"{"error":{"code":"429","message":"Requests have exceeded the token rate limit of this deployment."}}"#;

/// Serves both until the parent goes. The first line tells their URLs.
pub(crate) fn run() -> Result<()> {
    // Equipment again: one thread carries this load with ease.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (good, good_at) = runtime.block_on(server::bind())?;
    let (throttled, throttled_at) = runtime.block_on(server::bind())?;
    runtime.spawn(server::serve(good, |request| answer(request, StatusCode::OK, COMPLETION)));
    runtime.spawn(server::serve(throttled, |request| answer(request, StatusCode::TOO_MANY_REQUESTS, THROTTLED)));
    server::announce(&format!("{good_at} {throttled_at}"))
}

async fn answer(request: Request<Incoming>, status: StatusCode, body: &'static str) -> Result<Response<Full<Bytes>>> {
    let is_chat = request.method() == Method::POST && request.uri().path().ends_with("/chat/completions");
    let received = request.into_body().collect().await?.to_bytes();
    let mut response = Response::new(Full::from(body));
    // A relay that loses the body would be fast.
    *response.status_mut() = if is_chat && received == crate::load::QUESTION { status } else { StatusCode::BAD_REQUEST };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("apim-request-id", HeaderValue::from_static("5c1d3b5e-7c0a-4f4e-9b7d-1f2a3c4d5e6f"));
    headers.insert("x-ms-region", HeaderValue::from_static("Sweden Central"));
    Ok(response)
}
