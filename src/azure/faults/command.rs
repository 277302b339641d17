//! What the control endpoint is told: set a fault or clear it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    Fault, FaultError, FaultOptions, Target,
    fault::{milliseconds, word_or_number},
};

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
enum CommandError {
    #[error(transparent)]
    Fault(#[from] FaultError),
    #[error("`clear` takes no options")]
    ClearWithOptions,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CommandJson {
    target: Target,
    #[serde(deserialize_with = "word_or_number")]
    fault: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
}

impl TryFrom<CommandJson> for FaultCommand {
    type Error = CommandError;
    fn try_from(json: CommandJson) -> Result<Self, CommandError> {
        let duration = |ms: Option<u64>| ms.map(Duration::from_millis);
        let options = FaultOptions { retry_after: duration(json.retry_after_ms), delay: duration(json.delay_ms) };
        let lasting = duration(json.for_ms);
        if json.fault != "clear" {
            return Ok(Self { target: json.target, fault: Some(Fault::parse(&json.fault, options)?), lasting });
        }
        if options != FaultOptions::default() || lasting.is_some() {
            return Err(CommandError::ClearWithOptions);
        }
        Ok(Self { target: json.target, fault: None, lasting: None })
    }
}

impl From<FaultCommand> for CommandJson {
    fn from(command: FaultCommand) -> Self {
        let (retry_after, delay) = match &command.fault {
            Some(Fault::Status { retry_after, .. }) => (*retry_after, None),
            Some(Fault::Slow { delay }) => (None, Some(*delay)),
            _ => (None, None),
        };
        Self {
            target: command.target,
            fault: command.fault.map_or_else(|| "clear".to_owned(), |fault| fault.word().into_owned()),
            retry_after_ms: retry_after.map(milliseconds),
            delay_ms: delay.map(milliseconds),
            for_ms: command.lasting.map(milliseconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};

    use super::*;

    #[test]
    fn commands_have_plain_names() {
        let second = |seconds| Some(Duration::from_secs(seconds));
        for (command, expected) in [
            (
                FaultCommand {
                    target: Target::Backend("swc".into()),
                    fault: Some(Fault::Status { status: 429, retry_after: second(10) }),
                    lasting: second(60),
                },
                json!({"target": "swc", "fault": "429", "retryAfterMs": 10_000, "forMs": 60_000}),
            ),
            (
                FaultCommand {
                    target: Target::Gateway("francecentral".into()),
                    fault: Some(Fault::Slow { delay: Duration::from_secs(5) }),
                    lasting: None,
                },
                json!({"target": "gateway:francecentral", "fault": "slow", "delayMs": 5000}),
            ),
            (
                FaultCommand { target: Target::Region("swedencentral".into()), fault: None, lasting: None },
                json!({"target": "region:swedencentral", "fault": "clear"}),
            ),
        ] {
            assert_eq!(to_value(&command).unwrap(), expected);
            assert_eq!(from_value::<FaultCommand>(expected).unwrap(), command);
        }
    }

    #[test]
    fn a_wrong_command_says_what_is_wrong() {
        for (json, message) in [
            (json!({"target": "swc", "fault": "clear", "forMs": 1}), "`clear` takes no options"),
            (json!({"target": "swc", "fault": "resett"}), "did you mean `reset`?"),
            (json!({"target": "swc", "fault": "claer"}), "unknown fault `claer`"),
            (json!({"target": "zone:1", "fault": "hang"}), "unknown kind of target `zone`"),
            (json!({"target": "swc", "fault": "hang", "for": "5s"}), "unknown field `for`"),
            (json!({"fault": "hang"}), "missing field `target`"),
        ] {
            let error = from_value::<FaultCommand>(json).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
