//! The faults that hold in a running simulation, what they make of each request, and the ways to give no answer.
//!
//! What becomes of an exchange is decided once, by who sends it: a gateway knows its region, and only a sender can meet a name without an
//! address. What the other end has to do about it is left here under a number, and the number goes with the request.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    clock::{self, Wall},
    port::{Breaker, Life},
};
use crate::{
    azure::{
        faults::{Conduct, Exchange, FaultBoard, Visit},
        openai,
    },
    http::RequestHead,
    text::Text,
};

/// The number of what has been decided about a request. It never leaves the simulation: who serves the request takes it off first.
static TICKET: HeaderName = HeaderName::from_static("x-simulated-conduct");

/// The faults that hold. Where there are none, to ask costs next to nothing.
#[derive(Debug)]
pub(super) struct Faults {
    any: AtomicBool,
    board: Mutex<(FaultBoard, Wall)>,
    decided: Mutex<HashMap<u64, Decided>>,
    numbers: AtomicU64,
}

/// What is decided about a request before it is sent.
#[derive(Clone, Debug)]
pub(super) enum Decided {
    /// All of it.
    Conduct(Conduct),
    /// Nothing but where it comes from (a region's short name): which deployment it asks for stands in a body that its sender does not have.
    From(Text),
}

/// A decision that waits for the one who serves the request; it is forgotten with this.
pub(super) struct Ticket<'a> {
    faults: &'a Faults,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.faults.decided.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

/// A request to a resource, before it is known which deployment it asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The short name of the region of the gateway that sends it.
    pub(super) from: Option<&'a str>,
    /// The id of the backend.
    pub(super) backend: &'a str,
    /// The backend's region.
    pub(super) region: &'a str,
    /// Path, query and headers.
    pub(super) request: &'a RequestHead,
    /// The body, where it is there.
    pub(super) body: Option<&'a [u8]>,
}

impl Faults {
    /// No faults; chance comes from `environment`.
    pub(super) fn new(environment: Wall) -> Self {
        Self {
            any: AtomicBool::new(false),
            board: Mutex::new((FaultBoard::new(), environment)),
            decided: Mutex::default(),
            numbers: AtomicU64::new(1),
        }
    }

    /// Changes what holds.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut FaultBoard) -> T) -> T {
        let mut guard = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut guard.0);
        self.any.store(!guard.0.is_empty(), Ordering::Release);
        changed
    }

    /// Looks at what holds.
    pub(super) fn read<T>(&self, read: impl FnOnce(&FaultBoard) -> T) -> T {
        read(&self.board.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// What becomes of a request to a resource; nothing where there are no faults at all.
    pub(super) fn exchange(&self, asked: &Asked<'_>) -> Option<Decided> {
        if !self.any() {
            return None;
        }
        let mut guard = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let (board, environment) = &mut *guard;
        let mut deployment = None;
        if board.names_deployments() {
            deployment = openai::deployment(&asked.request.url, asked.body);
            if deployment.is_none() && asked.body.is_none() {
                return Some(Decided::From(asked.from.map_or(Text::EMPTY, Text::copied)));
            }
        }
        let Asked { from, backend, region, .. } = *asked;
        Some(Decided::Conduct(board.conduct(
            &Exchange { from, backend, region, deployment: deployment.as_deref() },
            clock::now(),
            environment,
        )))
    }

    /// What becomes of a request that spills over inside of a resource: its id, its region and the deployment, where there is a second one.
    pub(super) fn second(&self, deployment: impl FnOnce() -> Option<(Text, Text, Text)>) -> Conduct {
        if !self.any() {
            return Conduct::default();
        }
        let mut guard = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let (board, environment) = &mut *guard;
        let Some((backend, region, name)) = board.names_deployments().then(deployment).flatten() else { return Conduct::default() };
        board.conduct_of_second(
            &Exchange { from: None, backend: &backend, region: &region, deployment: Some(&name) },
            clock::now(),
            environment,
        )
    }

    /// What becomes of a request to a gateway; nothing where there are no faults at all.
    pub(super) fn visit(&self, visit: &Visit<'_>) -> Option<Conduct> {
        if !self.any() {
            return None;
        }
        let mut guard = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let (board, environment) = &mut *guard;
        Some(board.gateway_conduct(visit, clock::now(), environment))
    }

    /// Leaves a decision for who serves the request with these fields. The ticket must live until its head has been answered.
    pub(super) fn leave(&self, decided: Decided, fields: &mut HeaderMap) -> Ticket<'_> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).insert(number, decided);
        fields.insert(TICKET.clone(), HeaderValue::from(number));
        Ticket { faults: self, number }
    }

    /// What has been decided about a request that arrives with these fields.
    pub(super) fn redeem(&self, fields: &mut HeaderMap) -> Option<Decided> {
        let number = fields.remove(&TICKET)?.to_str().ok()?.parse().ok()?;
        self.decided.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

/// A fault on purpose ends the connection here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken off on purpose")]
pub(super) struct BrokenOff;

/// Never answers: returns when the port is left.
pub(super) async fn hang(life: &Life, breaker: &Breaker) -> BrokenOff {
    life.over().await;
    reset(breaker)
}

/// Breaks the connection.
pub(super) fn reset(breaker: &Breaker) -> BrokenOff {
    breaker.trip();
    BrokenOff
}
