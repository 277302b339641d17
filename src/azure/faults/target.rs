//! What a fault holds for, and how that is written.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::diagnostic::nearest;

const KINDS: [&str; 3] = ["backend", "region", "gateway"];

/// What a fault holds for. Regions are in their short form (`swedencentral`); a display name (`Sweden Central`) is read as such.
/// In JSON it is the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One Azure OpenAI resource, by the id of its backend: `swc` or `backend:swc`.
    Backend(String),
    /// A region, its gateway and its resources: `region:swedencentral`.
    Region(String),
    /// The gateway of a region alone: `gateway:swedencentral`.
    Gateway(String),
}

/// Why something is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The name is missing.
    #[error("`{0}` names no target: write a backend's id, `region:NAME` or `gateway:NAME`")]
    Nameless(String),
    /// The word before the colon is none of the three.
    #[error("unknown kind of target `{kind}`: a backend's id, `region:NAME` or `gateway:NAME`{meant}", meant = .nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default())]
    UnknownKind {
        /// What stands before the colon.
        kind: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (kind, name) = text.split_once(':').unwrap_or(("backend", text));
        let name = name.trim();
        let make: fn(&str) -> Self = match kind {
            "backend" => |name| Self::Backend(name.to_owned()),
            "region" => |name| Self::Region(short_region(name)),
            "gateway" => |name| Self::Gateway(short_region(name)),
            _ => return Err(TargetError::UnknownKind { kind: kind.to_owned(), nearest: nearest(kind, KINDS) }),
        };
        if name.is_empty() { Err(TargetError::Nameless(text.to_owned())) } else { Ok(make(name)) }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(id) if id.contains(':') => write!(f, "backend:{id}"),
            Self::Backend(id) => f.write_str(id),
            Self::Region(region) => write!(f, "region:{region}"),
            Self::Gateway(region) => write!(f, "gateway:{region}"),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn short_region(name: &str) -> String {
    name.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether two spellings (`Sweden Central`, `swedencentral`) name the same region.
pub(super) fn same_region(a: &str, b: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| *byte != b' ').map(|byte| byte.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        for (text, target, written) in [
            ("swc", Target::Backend("swc".into()), "swc"),
            ("backend:swc", Target::Backend("swc".into()), "swc"),
            ("backend:a:b", Target::Backend("a:b".into()), "backend:a:b"),
            ("region:swedencentral", Target::Region("swedencentral".into()), "region:swedencentral"),
            ("region:Sweden Central", Target::Region("swedencentral".into()), "region:swedencentral"),
            ("gateway:francecentral", Target::Gateway("francecentral".into()), "gateway:francecentral"),
        ] {
            assert_eq!(text.parse::<Target>().as_ref(), Ok(&target));
            assert_eq!(target.to_string(), written);
            assert_eq!(written.parse::<Target>(), Ok(target));
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for (text, message) in [
            ("", "`` names no target: write a backend's id, `region:NAME` or `gateway:NAME`"),
            ("region:", "`region:` names no target: write a backend's id, `region:NAME` or `gateway:NAME`"),
            ("rgion:x", "unknown kind of target `rgion`: a backend's id, `region:NAME` or `gateway:NAME`; did you mean `region`?"),
            ("planet:x", "unknown kind of target `planet`: a backend's id, `region:NAME` or `gateway:NAME`"),
        ] {
            assert_eq!(text.parse::<Target>().unwrap_err().to_string(), message);
        }
    }
}
