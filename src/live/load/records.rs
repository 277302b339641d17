//! What became of the requests of a load behind the sockets: each sending carries a number, and what Front Door and gateways write down of it
//! comes back here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time::timeout};

use crate::live::events::{EdgeRecord, EventSink, Outcome, RequestRecord, SimulationEvent};

/// How long the record of an answered request may take: it is written when the last byte has left.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long that of a gateway may take that has given no answer: perhaps the request has never come there, and there is none.
const PERHAPS: Duration = Duration::from_millis(500);

/// Who waits for which records.
#[derive(Debug, Default)]
pub struct Records {
    waiting: Mutex<HashMap<u64, mpsc::UnboundedSender<Record>>>,
}

#[derive(Debug)]
enum Record {
    Gateway(Box<RequestRecord>),
    Edge(Box<EdgeRecord>),
}

/// Records that are to come.
#[derive(Debug)]
pub(super) struct Expected {
    number: u64,
    coming: mpsc::UnboundedReceiver<Record>,
    records: Arc<Records>,
}

/// What was written down of one sending.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// By Front Door, where it came that way.
    pub edge: Option<Box<EdgeRecord>>,
    /// By gateways, in the order of their answers.
    pub gateways: Vec<RequestRecord>,
}

impl Records {
    /// A sink that picks out what is waited for, and hands everything on.
    pub fn before(self: &Arc<Self>, next: EventSink) -> EventSink {
        let records = self.clone();
        Arc::new(move |event| {
            let found = match &event {
                SimulationEvent::Request(record) => record.number.map(|number| (number, Record::Gateway(record.clone()))),
                SimulationEvent::Edge(record) => record.number.map(|number| (number, Record::Edge(record.clone()))),
                _ => None,
            };
            if let Some((number, record)) = found
                && let Some(waiting) = records.waiting().get(&number)
            {
                // Who waits no longer does not miss it.
                let _ = waiting.send(record);
            }
            next(event);
        })
    }

    /// From now on the records of the sending with this number are waited for.
    pub(super) fn expect(self: &Arc<Self>, number: u64) -> Expected {
        let (sender, coming) = mpsc::unbounded_channel();
        self.waiting().insert(number, sender);
        Expected { number, coming, records: self.clone() }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, mpsc::UnboundedSender<Record>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// What is written down of a sending that is over: Front Door's record where it went that way, and that of each gateway that has answered.
    /// Nothing where nobody has seen it.
    pub(super) async fn written(mut self, through_front_door: bool) -> Written {
        let mut written = Written::default();
        while let Some(patience) = written.lacks(through_front_door) {
            match timeout(patience, self.coming.recv()).await {
                Ok(Some(Record::Edge(record))) => written.edge = Some(record),
                Ok(Some(Record::Gateway(record))) => written.gateways.push(*record),
                Ok(None) | Err(_) => break,
            }
        }
        written
    }
}

impl Written {
    /// How long to wait for a record that is still to come; nothing where none is.
    fn lacks(&self, through_front_door: bool) -> Option<Duration> {
        if !through_front_door {
            return self.gateways.is_empty().then_some(PATIENCE);
        }
        let Some(edge) = &self.edge else { return Some(PATIENCE) };
        let missing = edge.attempts.iter().filter(|attempt| !self.gateways.iter().any(|record| record.gateway == attempt.backend));
        missing
            .filter_map(|attempt| match attempt.outcome {
                Outcome::Status(_) => Some(PATIENCE),
                Outcome::Error("client-gone" | "hang" | "reset") => Some(PERHAPS),
                // No connection, no record.
                Outcome::Error(_) => None,
            })
            .max()
    }
}

impl Drop for Expected {
    fn drop(&mut self) {
        self.records.waiting().remove(&self.number);
    }
}
