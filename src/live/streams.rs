//! The streams of an HTTP/2 connection as tasks that end with it.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// Runs what a connection wants to have run beside it. When the connection goes, so do they: an answer that nobody can get any more must
/// not go on, and a port that closes waits for all who live on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams(Arc<Mutex<JoinSet<()>>>);

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, future: F) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            future.await;
        });
    }
}
