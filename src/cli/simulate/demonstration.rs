//! The short play at the start of the built-in example: a request, a 429 at the primary, the same request served by the secondary, recovery.
//!
//! Everything in it is real: HTTP to the gateway, the fault that `fault` would set, the policy that runs.

use std::time::Duration;

use super::{Teller, greeting, setup::Setup};
use crate::{
    azure::faults::{Fault, FaultCommand, FaultOptions, Target},
    http::Url,
    live::{self, Running},
    text::Text,
};

/// A request that the play sends again and again.
struct Ask {
    url: Url,
    key: [(Text, Text); 1],
}

/// Plays it. A request that goes wrong says so; it never ends the simulation.
pub(super) async fn play(running: &Running, setup: &Setup, teller: &Teller) -> anyhow::Result<()> {
    let listening = running.listening();
    let (Some(root), Some(primary)) = (listening.gateways.values().next(), listening.backends.keys().next()) else { return Ok(()) };
    let Some(url) = Url::parse(&format!("{root}{}", greeting::chat_path(setup))) else { return Ok(()) };
    let ask = Ask { url, key: [(greeting::key_header(setup).into(), listening.subscription_key.clone().unwrap_or_default())] };
    teller.text("A short demonstration, with real requests:\n\n  1. All is well.");
    ask.send(teller).await;
    teller.text(format!("\n  2. {primary} is throttled and answers 429. The same request again:"));
    let target = Target::Backend(primary.to_string());
    // Without a time to come back: the gateway would remember it for longer than the play lasts.
    let throttled = Fault::parse("429", FaultOptions::default())?;
    running.set_fault(FaultCommand { target: target.clone(), fault: Some(throttled), lasting: None }).await?;
    ask.send(teller).await;
    teller.text(format!("\n  3. {primary} has recovered."));
    running.set_fault(FaultCommand { target, fault: None, lasting: None }).await?;
    ask.send(teller).await;
    teller.text("");
    Ok(())
}

impl Ask {
    /// Sends it, and goes on once its story has been told.
    async fn send(&self, teller: &Teller) {
        let mut told = teller.requests.subscribe();
        told.borrow_and_update();
        let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
        match live::ask(&self.url, &self.key, body.into()).await {
            Ok(_) => {
                let _ = tokio::time::timeout(Duration::from_secs(1), told.changed()).await;
            }
            Err(error) => teller.text(format!("     no answer: {error}")),
        }
    }
}
