//! What a fault holds for, and how that is written.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::diagnostic::nearest;

const KINDS: [&str; 5] = ["backend", "deployment", "region", "gateway", "link"];

/// What stands for Front Door at the end of a link.
pub const FRONT_DOOR: &str = "front-door";

/// What a fault holds for. Regions are in their short form (`swedencentral`); a display name (`Sweden Central`) is read as such.
/// In JSON it is the text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One Azure OpenAI resource, by the id of its backend: `swc` or `backend:swc`.
    Backend(String),
    /// One deployment of a resource, by its name there: `swc/gpt-4o` or `deployment:swc/gpt-4o`.
    Deployment {
        /// The id of the backend.
        backend: String,
        /// The deployment's name.
        name: String,
    },
    /// A region, its gateway and its resources: `region:swedencentral`.
    Region(String),
    /// The gateway of a region alone: `gateway:swedencentral`.
    Gateway(String),
    /// What lies between the gateway of one region and the resources of another, in both directions:
    /// `link:swedencentral-francecentral`; or between Front Door and a region's gateway: `link:front-door-swedencentral`.
    Link(Link),
}

/// Two ends, which may be one region. Which of them comes first means nothing.
#[derive(Clone, Debug)]
pub struct Link {
    a: String,
    b: String,
}

impl Link {
    /// A link between two regions (short or display names), one of which may be [`FRONT_DOOR`].
    pub fn between(a: &str, b: &str) -> Self {
        Self { a: short_region(a), b: short_region(b) }
    }

    /// Its ends, as they were written.
    pub fn ends(&self) -> [&str; 2] {
        [&self.a, &self.b]
    }

    /// Whether it lies between these two (short or display names).
    pub(super) fn is_between(&self, a: &str, b: &str) -> bool {
        (same_region(&self.a, a) && same_region(&self.b, b)) || (same_region(&self.a, b) && same_region(&self.b, a))
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.is_between(&other.a, &other.b)
    }
}

impl Eq for Link {}

impl Hash for Link {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let mut ends = self.ends();
        ends.sort_unstable();
        ends.hash(state);
    }
}

/// Why something is no target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The name is missing.
    #[error("`{0}` names no target: write {WRITE}")]
    Nameless(String),
    /// No deployment of a backend.
    #[error("`{0}` is no deployment: write the id of its backend, a slash and its name there, as in `swc/gpt-4o`")]
    NoDeployment(String),
    /// Not two ends.
    #[error(
        "`{0}` is no link: write two regions with a hyphen between them, as in `link:swedencentral-francecentral`, or `link:front-door-swedencentral`"
    )]
    NoLink(String),
    /// The word before the colon is none of those that there are.
    #[error("unknown kind of target `{kind}`: write {WRITE}{meant}", meant = .nearest.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default())]
    UnknownKind {
        /// What stands before the colon.
        kind: String,
        /// What was probably meant.
        nearest: Option<&'static str>,
    },
}

const WRITE: &str = "a backend's id, `ID/DEPLOYMENT`, `region:NAME`, `gateway:NAME` or `link:NAME-NAME`";

impl Target {
    /// Whether a fault here may concern requests to the resource of backend `id` in `region` (short or display name).
    pub fn touches(&self, id: &str, region: &str) -> bool {
        match self {
            Self::Backend(own) | Self::Deployment { backend: own, .. } => own == id,
            Self::Region(own) => same_region(own, region),
            Self::Gateway(_) => false,
            Self::Link(Link { a, b }) => same_region(a, region) || same_region(b, region),
        }
    }
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let (kind, name) = match text.split_once(':') {
            Some(split) => split,
            None if text.contains('/') => ("deployment", text),
            None => ("backend", text),
        };
        let name = name.trim();
        if !KINDS.contains(&kind) {
            return Err(TargetError::UnknownKind { kind: kind.to_owned(), nearest: nearest(kind, KINDS) });
        }
        if name.is_empty() {
            return Err(TargetError::Nameless(text.to_owned()));
        }
        match kind {
            "deployment" => match name.split_once('/') {
                Some((backend, name)) if !backend.is_empty() && !name.is_empty() => {
                    Ok(Self::Deployment { backend: backend.to_owned(), name: name.to_owned() })
                }
                _ => Err(TargetError::NoDeployment(name.to_owned())),
            },
            "region" => Ok(Self::Region(short_region(name))),
            "gateway" => Ok(Self::Gateway(short_region(name))),
            "link" => link(name).map(Self::Link).ok_or_else(|| TargetError::NoLink(name.to_owned())),
            _ => Ok(Self::Backend(name.to_owned())),
        }
    }
}

/// The names of regions have no hyphens; Front Door's has one.
fn link(name: &str) -> Option<Link> {
    let front = [
        name.strip_prefix(FRONT_DOOR).and_then(|rest| rest.strip_prefix('-')),
        name.strip_suffix(FRONT_DOOR).and_then(|rest| rest.strip_suffix('-')),
    ];
    let (a, b) = match front.into_iter().flatten().next() {
        Some(region) => (FRONT_DOOR, region),
        None => name.split_once('-')?,
    };
    let [a, b] = [a.trim(), b.trim()];
    let is_region = |name: &str| !name.is_empty() && !name.contains('-');
    ((a == FRONT_DOOR || is_region(a)) && is_region(b)).then(|| Link::between(a, b))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(id) if id.contains([':', '/']) => write!(f, "backend:{id}"),
            Self::Backend(id) => f.write_str(id),
            Self::Deployment { backend, name } if backend.contains(':') || name.contains(':') => write!(f, "deployment:{backend}/{name}"),
            Self::Deployment { backend, name } => write!(f, "{backend}/{name}"),
            Self::Region(region) => write!(f, "region:{region}"),
            Self::Gateway(region) => write!(f, "gateway:{region}"),
            Self::Link(Link { a, b }) => write!(f, "link:{a}-{b}"),
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
    a == b || letters(a).eq(letters(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        let deployment = |backend: &str, name: &str| Target::Deployment { backend: backend.into(), name: name.into() };
        let link = |a, b| Target::Link(Link::between(a, b));
        for (text, target, written) in [
            ("swc", Target::Backend("swc".into()), "swc"),
            ("backend:swc", Target::Backend("swc".into()), "swc"),
            ("backend:a:b", Target::Backend("a:b".into()), "backend:a:b"),
            ("swc/gpt-4o", deployment("swc", "gpt-4o"), "swc/gpt-4o"),
            ("deployment:swc/gpt-4o", deployment("swc", "gpt-4o"), "swc/gpt-4o"),
            ("deployment:swc/a:b", deployment("swc", "a:b"), "deployment:swc/a:b"),
            ("region:swedencentral", Target::Region("swedencentral".into()), "region:swedencentral"),
            ("region:Sweden Central", Target::Region("swedencentral".into()), "region:swedencentral"),
            ("gateway:francecentral", Target::Gateway("francecentral".into()), "gateway:francecentral"),
            ("link:swedencentral-francecentral", link("francecentral", "swedencentral"), "link:swedencentral-francecentral"),
            ("link:Sweden Central-France Central", link("swedencentral", "francecentral"), "link:swedencentral-francecentral"),
            ("link:swedencentral-swedencentral", link("swedencentral", "swedencentral"), "link:swedencentral-swedencentral"),
            ("link:front-door-swedencentral", link("swedencentral", FRONT_DOOR), "link:front-door-swedencentral"),
            ("link:swedencentral-front-door", link(FRONT_DOOR, "swedencentral"), "link:front-door-swedencentral"),
        ] {
            assert_eq!(text.parse::<Target>().as_ref(), Ok(&target));
            assert_eq!(text.parse::<Target>().unwrap().to_string(), written);
            assert_eq!(written.parse::<Target>(), Ok(target));
        }
    }

    #[test]
    fn what_is_no_target_is_refused() {
        let no_link = "is no link: write two regions with a hyphen between them";
        for (text, message) in [
            ("", format!("`` names no target: write {WRITE}")),
            ("region:", format!("`region:` names no target: write {WRITE}")),
            ("rgion:x", format!("unknown kind of target `rgion`: write {WRITE}; did you mean `region`?")),
            ("planet:x", format!("unknown kind of target `planet`: write {WRITE}")),
            ("swc/", "`swc/` is no deployment".to_owned()),
            ("deployment:swc", "`swc` is no deployment".to_owned()),
            ("link:swedencentral", format!("`swedencentral` {no_link}")),
            ("link:-a", format!("`-a` {no_link}")),
            ("link:a-b-c", format!("`a-b-c` {no_link}")),
            ("link:front-door-", format!("`front-door-` {no_link}")),
            ("link:front-door-front-door", format!("`front-door-front-door` {no_link}")),
        ] {
            let error = text.parse::<Target>().unwrap_err().to_string();
            assert!(error.starts_with(&message), "{error}");
        }
    }
}
