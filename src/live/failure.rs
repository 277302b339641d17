//! Why an exchange with a backend failed, in the words of the catalogue of faults.

use std::{error::Error, io};

use crate::{
    gateway::effect::{Failure, FailureKind},
    text::Text,
};

/// A failure in words of ours.
pub(super) fn failure(kind: FailureKind, message: impl Into<Text>) -> Failure {
    Failure { kind, message: message.into() }
}

/// A connection that could not be opened.
pub(super) fn of_connecting(host: &str, error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => FailureKind::Reset,
        // Nobody can be reached there: refused, unreachable, not permitted.
        _ => FailureKind::ConnectionRefused,
    };
    failure(kind, format!("no connection to `{host}`: {error}"))
}

/// A connection that broke, or said what is no HTTP, before the answer was complete.
pub(super) fn of_exchange(host: &str, error: &(dyn Error + 'static)) -> Failure {
    let kind = match io_kind(error) {
        Some(io::ErrorKind::ConnectionRefused) => FailureKind::ConnectionRefused,
        Some(io::ErrorKind::TimedOut) => FailureKind::Timeout,
        _ => FailureKind::Reset,
    };
    let mut message = format!("the connection to `{host}` broke: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    failure(kind, message)
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn the_kind_is_found_in_the_chain() {
        for (kind, connecting, exchange) in [
            (io::ErrorKind::ConnectionRefused, FailureKind::ConnectionRefused, FailureKind::ConnectionRefused),
            (io::ErrorKind::NetworkUnreachable, FailureKind::ConnectionRefused, FailureKind::Reset),
            (io::ErrorKind::ConnectionReset, FailureKind::Reset, FailureKind::Reset),
            (io::ErrorKind::BrokenPipe, FailureKind::Reset, FailureKind::Reset),
            (io::ErrorKind::UnexpectedEof, FailureKind::ConnectionRefused, FailureKind::Reset),
            (io::ErrorKind::TimedOut, FailureKind::Timeout, FailureKind::Timeout),
        ] {
            assert_eq!(of_connecting("h", &kind.into()).kind, connecting, "{kind:?}");
            assert_eq!(of_exchange("h", &Outer(kind.into())).kind, exchange, "{kind:?}");
        }
        assert_eq!(of_exchange("h", &Outer(io::Error::other("x"))).message, "the connection to `h` broke: outer: x");
    }
}
