//! What the control endpoint is told: set a fault or clear it; and how faults are written in JSON.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Fault, FaultError, FaultOptions, NoQuota, NoShare, Target};
use crate::text::Text;

/// Sets a fault on a target or clears it. In JSON:
/// `{"target":"swc","fault":"429","retryAfterMs":10000,"forMs":60000}`, `{"target":"region:swedencentral","fault":"clear"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CommandJson", into = "CommandJson")]
pub struct FaultCommand {
    /// What it is about.
    pub target: Target,
    /// The fault, in place of the one before; `None` clears.
    pub fault: Option<Fault>,
    /// How long it holds; until further notice without.
    pub lasting: Option<Duration>,
}

/// Why something is no command.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommandError {
    #[error(transparent)]
    Fault(#[from] FaultError),
    #[error("`rate`: {0}")]
    Rate(#[from] NoShare),
    #[error("`tokensPerMinute`: {0}")]
    Quota(#[from] NoQuota),
    #[error("`clear` takes no options")]
    ClearWithOptions,
}

/// A fault on a target as JSON, flat; durations are whole milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CommandJson {
    target: Target,
    #[serde(deserialize_with = "word_or_number")]
    fault: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pieces: Option<u32>,
    #[serde(default, deserialize_with = "optional_word_or_number", skip_serializing_if = "Option::is_none")]
    tokens_per_minute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    /// Told, never read.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
}

impl CommandJson {
    /// A fault on a target, or that it is cleared.
    pub fn of(target: &Target, fault: Option<&Fault>, lasting: Option<Duration>) -> Self {
        let none = FaultOptions::default();
        let options = fault.map_or(&none, Fault::options);
        Self {
            target: target.clone(),
            fault: fault.map_or_else(|| "clear".to_owned(), |fault| fault.word().into_owned()),
            retry_after_ms: options.retry_after.map(milliseconds),
            delay_ms: options.delay.map(milliseconds),
            rate: options.rate.map(|rate| rate.to_string()),
            period_ms: options.period.map(milliseconds),
            headers: options.headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            body: options.body.as_ref().map(Text::to_string),
            pieces: options.pieces,
            tokens_per_minute: options.tokens_per_minute.map(|quota| quota.to_string()),
            for_ms: lasting.map(milliseconds),
            until_ms: None,
        }
    }

    /// The same with the moment of its end, in milliseconds since 1970.
    pub fn until(self, until_ms: Option<i64>) -> Self {
        Self { until_ms, ..self }
    }
}

impl TryFrom<CommandJson> for FaultCommand {
    type Error = CommandError;
    fn try_from(json: CommandJson) -> Result<Self, CommandError> {
        let duration = |ms: Option<u64>| ms.map(Duration::from_millis);
        let options = FaultOptions {
            rate: json.rate.map(|rate| rate.parse()).transpose()?,
            period: duration(json.period_ms),
            retry_after: duration(json.retry_after_ms),
            headers: json.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
            body: json.body.map(Text::from),
            delay: duration(json.delay_ms),
            pieces: json.pieces,
            tokens_per_minute: json.tokens_per_minute.map(|quota| quota.parse()).transpose()?,
        };
        let lasting = duration(json.for_ms);
        if json.fault != "clear" {
            let fault = Fault::parse(&json.fault, options)?;
            fault.fits(&json.target)?;
            return Ok(Self { target: json.target, fault: Some(fault), lasting });
        }
        if options != FaultOptions::default() || lasting.is_some() {
            return Err(CommandError::ClearWithOptions);
        }
        Ok(Self { target: json.target, fault: None, lasting: None })
    }
}

impl From<FaultCommand> for CommandJson {
    fn from(command: FaultCommand) -> Self {
        Self::of(&command.target, command.fault.as_ref(), command.lasting)
    }
}

/// Whole milliseconds; saturating.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A word; `429` may also stand there as a number.
fn word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Word;
    impl de::Visitor<'_> for Word {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a word or a whole number")
        }
        fn visit_str<E: de::Error>(self, word: &str) -> Result<String, E> {
            Ok(word.to_owned())
        }
        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Word)
}

fn optional_word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    word_or_number(deserializer).map(Some)
}
