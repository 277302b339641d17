//! Traces of requests: who asks for one, and where they are kept to be fetched.
//!
//! In Azure a client sends `Apim-Debug-Authorization` with a token that it got for an API, the answer names the trace in `Apim-Trace-Id`,
//! and `listTrace` gives it. Source: learn.microsoft.com/azure/api-management/api-management-howto-api-inspector.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use http::HeaderMap;

use super::events::RequestTrace;
use crate::{environment::guid_text, gateway::trace::Record, text::Text};

/// The header of the client.
pub(super) const DEBUG: &str = "apim-debug-authorization";

/// The header of the answer that names the trace.
pub(super) const TRACE_ID: &str = "apim-trace-id";

/// The header of the answer to a client whose token is not good.
pub(super) const EXPIRED: &str = "apim-debug-authorization-expired";

/// Traces that are kept; the oldest goes first.
const KEPT: usize = 256;

/// What a request's headers ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// No trace.
    Nothing,
    /// A trace.
    Trace,
    /// A trace, with a token that is not good.
    Expired,
}

/// Who gets a trace, and the traces.
#[derive(Debug, Default)]
pub(super) struct Tracing {
    everything: AtomicBool,
    token: Option<Text>,
    kept: Mutex<VecDeque<Arc<RequestTrace>>>,
}

impl Tracing {
    /// Every request is traced, or those that send the token.
    pub(super) fn new(everything: bool, token: Option<Text>) -> Self {
        Self { everything: everything.into(), token, kept: Mutex::default() }
    }

    /// Whether every request is traced.
    pub(super) fn is_of_everything(&self) -> bool {
        self.everything.load(Ordering::Relaxed)
    }

    /// From now on every request is traced, or those alone that send the token.
    pub(super) fn trace_everything(&self, everything: bool) {
        self.everything.store(everything, Ordering::Relaxed);
    }

    /// What a request asks for.
    pub(super) fn asked(&self, headers: &HeaderMap) -> Asked {
        match (headers.get(DEBUG), &self.token) {
            _ if self.is_of_everything() => Asked::Trace,
            (Some(sent), Some(token)) if sent.as_bytes() == token.as_bytes() => Asked::Trace,
            (Some(_), Some(_)) => Asked::Expired,
            _ => Asked::Nothing,
        }
    }

    /// Keeps a trace.
    pub(super) fn keep(&self, trace: Arc<RequestTrace>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back(trace);
    }

    /// Adds to a trace that is kept; gives its gateway.
    pub(super) fn extend(&self, id: [u8; 16], records: &[Record]) -> Option<Text> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let trace = kept.iter_mut().rev().find(|trace| trace.id == id)?;
        let records = trace.records.iter().chain(records).cloned().collect();
        *trace = Arc::new(RequestTrace { id, gateway: trace.gateway.clone(), records });
        Some(trace.gateway.clone())
    }

    /// The trace of a request.
    pub(super) fn find(&self, id: &str) -> Option<Arc<RequestTrace>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().find(|trace| guid_text(trace.id).eq_ignore_ascii_case(id)).cloned()
    }

    /// The ids of all that are kept, the newest first.
    pub(super) fn ids(&self) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().rev().map(|trace| guid_text(trace.id)).collect()
    }
}
