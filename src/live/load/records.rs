//! What became of the requests of a load behind the gateways: each sending carries a number, and the gateway's record of it comes back here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::live::events::{EventSink, RequestRecord, SimulationEvent};

/// How long the record of an answered request may take: it is written when the last byte has left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who waits for which record.
#[derive(Debug, Default)]
pub struct Records {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Box<RequestRecord>>>>,
}

/// A record that is to come.
#[derive(Debug)]
pub(super) struct Expected {
    number: u64,
    record: oneshot::Receiver<Box<RequestRecord>>,
    records: Arc<Records>,
}

impl Records {
    /// A sink that picks out what is waited for, and hands everything on.
    pub fn before(self: &Arc<Self>, next: EventSink) -> EventSink {
        let records = self.clone();
        Arc::new(move |event| {
            if let SimulationEvent::Request(record) = &event
                && let Some(number) = record.number
                && let Some(waiting) = records.waiting().remove(&number)
            {
                // Who waits no longer does not miss it.
                let _ = waiting.send(record.clone());
            }
            next(event);
        })
    }

    /// From now on the record of the sending with this number is waited for.
    pub(super) fn expect(self: &Arc<Self>, number: u64) -> Expected {
        let (sender, record) = oneshot::channel();
        self.waiting().insert(number, sender);
        Expected { number, record, records: self.clone() }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Box<RequestRecord>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// The record; none where no gateway has seen the request.
    pub(super) async fn record(mut self) -> Option<Box<RequestRecord>> {
        tokio::time::timeout(PATIENCE, &mut self.record).await.ok()?.ok()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.records.waiting().remove(&self.number);
    }
}
