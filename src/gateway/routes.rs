//! Routes remembered: what a method and a path mean at a gateway they mean for every request.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use super::{Hosted, Versioning};
use crate::{dotnet::context::Parameters, http::Url, text::Text};

/// What a request's method and path mean.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The API, by its place among the gateway's.
    pub api: usize,
    /// The path below the API's own.
    pub suffix: Text,
    /// The operation, by its place in the API's list, with the parameters of its template; `None` where there is none.
    pub operation: Option<(usize, Parameters)>,
}

/// How many are remembered, and how long a path may be.
const MOST: usize = 16;
const LONGEST: usize = 512;

/// Routes of late requests.
#[derive(Default)]
pub(super) struct Routes {
    /// Whether method and path say everything: headers and queries may choose an API, too, and a template may name what is in the query.
    are_told_by_path: bool,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    routes: Vec<(Text, Text, Route)>,
    /// Where the next goes once there is no more room.
    next: usize,
}

impl Routes {
    /// For these APIs.
    pub fn of(apis: &[Arc<Hosted>]) -> Self {
        let by_path = |hosted: &Arc<Hosted>| {
            let version = hosted.api.version.as_ref();
            version.is_none_or(|version| version.by == Versioning::Segment) && !hosted.matches_query()
        };
        Self { are_told_by_path: apis.iter().all(by_path), known: Mutex::default() }
    }

    /// Whether method and path say everything.
    pub fn are_told_by_path(&self) -> bool {
        self.are_told_by_path
    }

    /// The route of a request, remembered or `found`.
    pub fn get(&self, method: &Text, url: &Url, found: impl FnOnce() -> Option<Route>) -> Option<Route> {
        if !self.are_told_by_path || url.path.len() > LONGEST {
            return found();
        }
        // Whoever looks at the same time finds out instead of waiting.
        if let Ok(known) = self.known.try_lock() {
            let is_it = |(known, path, _): &&(Text, Text, Route)| *path == url.path && known == method;
            if let Some((.., route)) = known.routes.iter().find(is_it) {
                return Some(route.clone());
            }
        }
        let route = found()?;
        if let Ok(mut known) = self.known.try_lock() {
            let new = (method.clone(), url.path.clone(), route.clone());
            let next = known.next;
            match known.routes.get_mut(next) {
                Some(old) => *old = new,
                None => known.routes.push(new),
            }
            known.next = (next + 1) % MOST;
        }
        Some(route)
    }
}

/// A copy of a gateway may get other programs, and finds its routes anew.
impl Clone for Routes {
    fn clone(&self) -> Self {
        Self { are_told_by_path: self.are_told_by_path, known: Mutex::default() }
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Routes")
    }
}
