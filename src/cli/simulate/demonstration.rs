//! The short play at the start of the built-in example: a request, a 429 at the primary, the same request served by the secondary, recovery.
//!
//! Everything in it is real: HTTP to the gateway, the fault that `fault` would set, the policy that runs.

use std::time::Duration;

use super::{Printer, greeting, setup::Setup};
use crate::{
    azure::faults::{Fault, FaultCommand, Target},
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
pub(super) async fn play(running: &Running, setup: &Setup, printer: &Printer) -> anyhow::Result<()> {
    let listening = running.listening();
    let (Some(root), Some(primary)) = (listening.gateways.values().next(), listening.backends.keys().next()) else { return Ok(()) };
    let Some(url) = Url::parse(&format!("{root}{}", greeting::chat_path(setup))) else { return Ok(()) };
    let ask = Ask { url, key: [(greeting::key_header(setup).into(), listening.subscription_key.clone().unwrap_or_default())] };
    printer.line("A short demonstration, with real requests:\n")?;
    printer.line("  1. All is well.")?;
    ask.send(printer).await?;
    printer.line(&format!("  2. {primary} is throttled: it answers 429. The same request again."))?;
    let target = Target::Backend(primary.to_string());
    let throttled = Fault::Status { status: 429, retry_after: Some(Duration::from_secs(10)) };
    running.set_fault(FaultCommand { target: target.clone(), fault: Some(throttled), lasting: None }).await?;
    ask.send(printer).await?;
    printer.line(&format!("  3. {primary} has recovered."))?;
    running.set_fault(FaultCommand { target, fault: None, lasting: None }).await?;
    ask.send(printer).await?;
    printer.line("")?;
    Ok(())
}

impl Ask {
    async fn send(&self, printer: &Printer) -> anyhow::Result<()> {
        let body = r#"{"messages":[{"role":"user","content":"Hello"}]}"#;
        match live::ask(&self.url, &self.key, body.into()).await {
            Ok((head, _)) => {
                let header = |name: &str| head.headers.get(name).map_or("-", Text::as_str);
                printer.line(&format!("     {} from {}, attempts: {}", head.status, header("X-Served-By"), header("X-Failover-Attempts")))?;
            }
            Err(error) => printer.line(&format!("     no answer: {error}"))?,
        }
        Ok(())
    }
}
