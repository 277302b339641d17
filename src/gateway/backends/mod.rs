//! Backend entities: where `backend-id` leads, with what credentials, and under which breaker.
//!
//! [`Backend::read`] takes the `properties` of a `Microsoft.ApiManagement/service/backends` resource as the resource manager and the
//! extractor tools write them. Source: learn.microsoft.com/azure/api-management/backends and
//! learn.microsoft.com/rest/api/apimanagement/backend/create-or-update.

mod properties;

use std::{collections::BTreeMap, time::Duration};

use super::egress::Proxy;
use crate::{http::Url, text::Text};

pub use properties::{Properties, without_values};

/// Names one backend of a service. A workspace has backends of its own, and theirs may have the ids of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Text);

impl Key {
    /// The backend `id` of a workspace, or of the service itself. No id has a slash in it.
    pub fn new(workspace: Option<&str>, id: &Text) -> Self {
        Self(workspace.map_or_else(|| id.clone(), |workspace| format!("{workspace}/{id}").into()))
    }

    /// The id, behind a workspace's own and a slash where it is in one.
    pub fn text(&self) -> &Text {
        &self.0
    }
}

/// A backend of the service itself.
impl From<Text> for Key {
    fn from(id: Text) -> Self {
        Self(id)
    }
}

/// A backend entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its id, by which policies refer to it.
    pub id: Text,
    /// The workspace that it is in; the service itself without one.
    pub workspace: Option<Text>,
    /// The Azure region that it says it is in; `context.Backend.AzureRegion`.
    pub region: Text,
    /// The Azure resource that it stands for: the management URL of a function app, for example. Shown, never called.
    pub resource_id: Option<Text>,
    /// Where requests go.
    pub target: Target,
}

/// Where the requests of a backend go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One service.
    Single(Box<Single>),
    /// One of several other backends.
    Pool(Pool),
}

/// A backend that is one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Single {
    /// The base URL, path included.
    pub url: Url,
    /// What the gateway adds to each request.
    pub credentials: Credentials,
    /// How the service's certificate is checked.
    pub tls: Tls,
    /// The proxy that requests to it go by.
    pub proxy: Option<Proxy>,
    /// When it is left alone for a while. The service takes one rule at this time; where there are more, each trips on its own.
    pub breaker: Vec<Rule>,
}

/// What the gateway adds to each request to a backend. A value of `{{name}}` is a Named Value's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Header fields, each with its values.
    pub headers: Vec<(Text, Vec<Text>)>,
    /// Query parameters, each with its values.
    pub query: Vec<(Text, Vec<Text>)>,
    /// Scheme and parameter of `Authorization`.
    pub authorization: Option<(Text, Text)>,
    /// The gateway's own identity: a token goes into `Authorization`.
    pub managed_identity: Option<ManagedIdentity>,
    /// Client certificates by their ids in the service, or their thumbprints.
    pub certificates: Vec<Text>,
}

/// Whose token, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedIdentity {
    /// The application id URI that the token is for.
    pub resource: Text,
    /// The client id of a user-assigned identity; the system-assigned one without.
    pub client_id: Option<Text>,
}

/// How the certificate of a backend is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Whether its chain must lead to a known root.
    pub validate_chain: bool,
    /// Whether it must be for the host.
    pub validate_name: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { validate_chain: true, validate_name: true }
    }
}

/// A load-balanced pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    /// Its members, in their order.
    pub members: Vec<Member>,
    /// The cookie that keeps a session with one member.
    pub session_cookie: Option<Text>,
    /// The status of the answer where no member is available; 503 where nothing else is said.
    pub failure_status: u16,
}

/// A member of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id of its backend.
    pub backend: Text,
    /// Lower is preferred; others come in only where all of the lower ones are tripped.
    pub priority: u32,
    /// Its share among those of its priority.
    pub weight: u32,
}

/// When a backend's circuit opens, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The rule's name.
    pub name: Text,
    /// How many failures trip it.
    pub threshold: Threshold,
    /// The time in which they are counted.
    pub interval: Duration,
    /// The statuses that are failures, ends included.
    pub statuses: Vec<(u16, u16)>,
    /// The reasons of errors that are failures: those of `context.LastError.Reason`.
    pub reasons: Vec<Text>,
    /// How long the circuit stays open.
    pub trip_duration: Duration,
    /// Whether the `Retry-After` of the response that trips it takes the place of `trip_duration`.
    pub accept_retry_after: bool,
}

/// How many failures trip a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// This many.
    Count(u32),
    /// This share of all requests, in percent.
    Percentage(u32),
}

/// The backends of a service, and of its workspaces.
pub type Backends = BTreeMap<Key, Backend>;

impl Backend {
    /// A single service without anything around it.
    pub fn single(id: impl Into<Text>, url: Url) -> Self {
        let single = Single { url, credentials: Credentials::default(), tls: Tls::default(), proxy: None, breaker: Vec::new() };
        Self { id: id.into(), workspace: None, region: Text::EMPTY, resource_id: None, target: Target::Single(Box::new(single)) }
    }

    /// A pool of other backends, each with its priority and weight.
    pub fn pool(id: impl Into<Text>, members: impl IntoIterator<Item = (Text, u32, u32)>) -> Self {
        let members = members.into_iter().map(|(backend, priority, weight)| Member { backend, priority, weight }).collect();
        let pool = Pool { members, session_cookie: None, failure_status: 503 };
        Self { id: id.into(), workspace: None, region: Text::EMPTY, resource_id: None, target: Target::Pool(pool) }
    }

    /// The entity that a resource's `properties` describe, Named Values put in.
    ///
    /// # Errors
    /// Everything that is wrong with them, one sentence each, fit to follow the entity's name. What a Named Value holds is in none of them.
    pub fn read(id: &str, properties: &Properties, named_values: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        properties::backend(id, properties, named_values)
    }

    /// What tells it from all others.
    pub fn key(&self) -> Key {
        Key::new(self.workspace.as_deref(), &self.id)
    }

    /// Whether it is a pool.
    pub fn is_pool(&self) -> bool {
        matches!(self.target, Target::Pool(_))
    }
}

/// What is wrong between backends: members that do not exist, or are pools themselves. The pool, and what is wrong with it.
pub fn faults(backends: &Backends) -> Vec<(Key, String)> {
    let mut found = Vec::new();
    for backend in backends.values() {
        let Target::Pool(pool) = &backend.target else { continue };
        for member in &pool.members {
            match find(backends, backend.workspace.as_deref(), &member.backend) {
                None => found.push((backend.key(), format!("its member `{}` is no backend", member.backend))),
                // Source: learn.microsoft.com/azure/api-management/backends (limitations).
                Some(other) if other.is_pool() => {
                    found.push((backend.key(), format!("its member `{}` is a pool itself; pools do not nest", member.backend)));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// The backend that is meant by `id` in a workspace, or in the service itself. What a workspace has not got is the service's. Ids of resources
/// compare without case.
pub fn find<'a>(backends: &'a Backends, workspace: Option<&str>, id: &Text) -> Option<&'a Backend> {
    let exact = |workspace: Option<&str>| backends.get(&Key::new(workspace, id));
    let alike = |workspace: Option<&str>| {
        backends.values().find(|known| known.workspace.as_deref() == workspace && known.id.eq_ignore_ascii_case(id))
    };
    let own = || exact(workspace).or_else(|| alike(workspace));
    match workspace {
        None => own(),
        Some(_) => own().or_else(|| exact(None)).or_else(|| alike(None)),
    }
}
