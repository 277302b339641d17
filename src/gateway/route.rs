//! Which API a request means: by path, version and revision.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-versions and …/api-management-revisions.

use super::{Api, api::Versioning};
use crate::http::{Headers, Url};

/// The part of a request's path below an API's own, from its slash on; `None` where the request means another API.
///
/// The version stands behind the API's path, in a header or in the query; `;rev=N` behind both, before the operation. Without it the
/// current revision is meant.
pub(super) fn suffix<'a>(api: &Api, url: &'a Url, headers: &Headers) -> Option<&'a str> {
    let mut rest = below(&url.path, &api.path)?;
    if let Some(version) = &api.version {
        match &version.by {
            Versioning::Segment => rest = below(rest, &version.id)?,
            Versioning::Header(name) => (headers.get(name).map(|value| value.as_str()) == Some(&version.id)).then_some(())?,
            Versioning::Query(name) => (super::admission::query_value(url, name)? == *version.id).then_some(())?,
        }
    }
    let (revision, rest) = match rest.strip_prefix(";rev=") {
        Some(tail) => tail.split_at(tail.find('/').unwrap_or(tail.len())),
        None => ("", rest),
    };
    let means_it = if revision.is_empty() { api.is_current } else { *api.revision == *revision };
    (means_it && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

/// What comes behind `path` in a longer one: nothing, a slash or the semicolon of a revision. Compared without case.
fn below<'a>(whole: &'a str, path: &str) -> Option<&'a str> {
    if path.is_empty() {
        return Some(whole);
    }
    let rest = whole.strip_prefix('/')?;
    let (head, tail) = (rest.get(..path.len())?, rest.get(path.len()..)?);
    (head.eq_ignore_ascii_case(path) && (tail.is_empty() || tail.starts_with(['/', ';']))).then_some(tail)
}

/// How much of a path an API claims, to choose the one that claims most.
pub(super) fn claim(api: &Api) -> usize {
    api.path.len()
        + match &api.version {
            Some(version) if version.by == Versioning::Segment => version.id.len() + 1,
            // A version asked for is meant rather than the original without one.
            Some(_) => 1,
            None => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::api::Version;

    #[test]
    fn path_version_and_revision_say_which_api_is_meant() {
        let plain = Api { path: "orders".into(), ..Api::default() };
        let second = Api { revision: "2".into(), is_current: false, ..plain.clone() };
        let versioned = |by: Versioning| Api { version: Some(Version { id: "v2".into(), by }), ..plain.clone() };
        for (api, path, header, expected) in [
            (&plain, "/orders/1", "", Some("/1")),
            (&plain, "/Orders", "", Some("")),
            (&plain, "/orders;rev=1/1", "", Some("/1")),
            (&plain, "/orders;rev=2/1", "", None),
            (&plain, "/orders2/1", "", None),
            (&plain, "/orders;revision", "", None),
            (&second, "/orders/1", "", None),
            (&second, "/orders;rev=2/1", "", Some("/1")),
            (&second, "/orders;rev=2", "", Some("")),
            (&versioned(Versioning::Segment), "/orders/v2/1", "", Some("/1")),
            (&versioned(Versioning::Segment), "/orders/v2;rev=1/1", "", Some("/1")),
            (&versioned(Versioning::Segment), "/orders/v3/1", "", None),
            (&versioned(Versioning::Header("Api-Version".into())), "/orders/1", "v2", Some("/1")),
            (&versioned(Versioning::Header("Api-Version".into())), "/orders/1", "v1", None),
            (&versioned(Versioning::Header("Api-Version".into())), "/orders/1", "", None),
            (&versioned(Versioning::Query("v".into())), "/orders/1?v=v2", "", Some("/1")),
            (&versioned(Versioning::Query("v".into())), "/orders/1", "", None),
        ] {
            let url = Url::parse(&format!("https://gateway.example{path}")).unwrap();
            let mut headers = Headers::default();
            if !header.is_empty() {
                headers.append("Api-Version", header);
            }
            assert_eq!(suffix(api, &url, &headers), expected, "{path} {header}");
        }
    }
}
