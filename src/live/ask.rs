//! One request to a gateway of our own, as a client would send it: for the demonstration at the start.

use std::{net::ToSocketAddrs, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};

use super::{
    BODY_LIMIT, bodies, headers,
    pool::{BackendBody, Pool, RequestBody},
};
use crate::{
    http::{Headers, ResponseHead, Url},
    text::Text,
};

/// Posts JSON to a URL on this machine and reads the whole answer.
///
/// # Errors
/// What went wrong, in words: there is nobody to tell it apart for.
pub async fn ask(url: &Url, fields: &[(Text, Text)], body: Bytes) -> Result<(ResponseHead, Bytes), String> {
    let address =
        (url.host.as_str(), url.effective_port()).to_socket_addrs().map_err(|error| error.to_string())?.next().ok_or("no address")?;
    let mut request = Request::post(format!("{}{}", url.path, url.query))
        .header(header::HOST, url.authority())
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in fields {
        request = request.header(name.as_str(), value.as_str());
    }
    let request = request.body(RequestBody::Bytes(body)).map_err(|error| error.to_string())?;
    let pool = Arc::new(Pool::new(Duration::ZERO));
    let link = pool.open(address).await.map_err(|error| error.to_string())?;
    let (response, link) = link.send(request).await.map_err(|_| "the connection broke".to_owned())?;
    let (parts, incoming) = response.into_parts();
    let fields: Headers = headers::read(&parts.headers);
    let head = ResponseHead { status: parts.status.as_u16(), reason: Text::EMPTY, headers: fields };
    let body = bodies::collect(BackendBody::new(incoming, link, pool), BODY_LIMIT).await.map_err(|_| "the answer broke off".to_owned())?;
    Ok((head, body))
}
