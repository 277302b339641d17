//! What expectations refer to: faults, clients, times.

use std::time::Duration;

use super::{Expectation, TimedFault, Window};
use crate::{
    diagnostic::nearest,
    spec::fields::{Reader, shown},
};

/// What there is to refer to.
pub(super) struct Known<'a> {
    /// The faults; those that could not be read are there too, since others are numbered behind them.
    pub faults: &'a [Option<TimedFault>],
    /// The loads' names.
    pub clients: &'a [String],
    /// How long the scenario lasts.
    pub duration: Option<Duration>,
}

/// Holds one expectation against what there is.
pub(super) fn refers(expectation: &Expectation, known: &Known<'_>, reader: &mut Reader<'_>) {
    let span = expectation.span;
    let mut dangling = |message: String, help: String| reader.error("scenario/dangling-reference", span, message, help);
    if let Some(client) = expectation.scope.client.as_deref().filter(|client| !known.clients.iter().any(|name| name == client)) {
        let window = [" during ", " after ", " from "].iter().any(|word| client.contains(word));
        let help = match nearest(client, known.clients.iter().map(String::as_str)) {
            _ if window => "a window stands before the client: `during fault 1 client NAME`".to_owned(),
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the clients are {}", known.clients.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        dangling(format!("no load is called `{}`", shown(client)), help);
    }
    let fault = match expectation.scope.window {
        Window::During(number) | Window::After(number) => Some(number),
        Window::Whole | Window::Between(..) => None,
    };
    if let Some(number) = fault {
        let count = known.faults.len();
        match number.checked_sub(1).and_then(|index| known.faults.get(index)) {
            None => {
                let help = match count {
                    0 => "the scenario has no faults".to_owned(),
                    1 => "there is one: `fault 1`".to_owned(),
                    _ => format!("there are {count}: `fault 1` to `fault {count}`"),
                };
                dangling(format!("there is no fault {number}"), help);
            }
            Some(Some(fault)) if fault.lasts.is_none() && matches!(expectation.scope.window, Window::After(_)) => {
                let help = "give the fault a length with `for`, or write `during`";
                dangling(format!("nothing comes after fault {number}, which never ends"), help.to_owned());
            }
            Some(_) => {}
        }
    } else if expectation.metric.is_of_a_fault() {
        let help = format!("write `{} {} … during fault 1`", expectation.metric, expectation.operator);
        dangling(format!("`{}` belongs to a fault, and no fault is named", expectation.metric), help);
    }
    if let Window::Between(from, _) = expectation.scope.window
        && known.duration.is_some_and(|duration| from >= duration)
    {
        let help = "times count from the scenario's beginning to its `duration`";
        reader.warning("scenario/beyond-the-end", span, "this window begins when the scenario is over", help);
    }
}
