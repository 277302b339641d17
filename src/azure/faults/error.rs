//! Why something is no fault, or cannot be put where somebody wants it.

use super::{CATALOGUE, FaultOption, Place};

/// Why something is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// Neither a status nor a word of the catalogue.
    #[error("unknown fault `{word}`: a status from 200 to 599 or one of {words}{meant}", words = words(), meant = did_you_mean(*.nearest))]
    UnknownWord {
        /// What stands there.
        word: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
    /// A number that is no status of a final answer.
    #[error("`{word}` is no status of an answer: statuses go from 200 to 599")]
    NoStatus {
        /// What stands there.
        word: String,
    },
    /// An option that this fault does not have.
    #[error("the fault `{word}` takes no `{option}`: {owners}", option = .option.flag(), owners = .option.owners())]
    StrangeOption {
        /// The fault.
        word: String,
        /// The option.
        option: FaultOption,
    },
    /// A body with a status that has none.
    #[error("an answer with status {status} has no body")]
    NoBody {
        /// The status.
        status: u16,
    },
    /// A header that no answer can carry.
    #[error("the header `{name}` cannot be sent: {reason}")]
    WrongHeader {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A period that is too short to be lived through.
    #[error("a period is at least 2ms: the fault holds for the first half of it")]
    ShortPeriod,
    /// A fault that cannot be put on such a target.
    #[error("the fault `{word}` cannot be put on a {place}: it is one of a {list}", place = .place.word(), list = list(places))]
    WrongPlace {
        /// The fault.
        word: String,
        /// What it was put on.
        place: Place,
        /// What it can be put on.
        places: &'static [Place],
    },
}

fn list(places: &[Place]) -> String {
    let words: Vec<&str> = places.iter().map(|place| place.word()).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn words() -> String {
    CATALOGUE.map(|entry| format!("`{}`", entry.word)).join(", ")
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default()
}
