//! The catalogue: every policy that API Management has, as data. What a document may hold is read off it; how a policy works is in
//! `elements/` and, for the gateway, in `execute/`.
//!
//! Source: each policy's page in learn.microsoft.com/azure/api-management, and the schemas of microsoft/vscode-apimanagement for what no page
//! says.

mod conform;

use std::{collections::HashMap, sync::OnceLock};

use serde::{Deserialize, Serialize};

use super::program::{Scope, Section};

/// A policy of the catalogue. As JSON it is what `openai-failover policies --format json` prints: names stay as they are.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// The element.
    pub name: String,
    /// The heading that the documentation's list of policies has it under.
    pub category: String,
    /// How it is known.
    pub status: Status,
    /// What this gateway does with it.
    pub level: Level,
    /// Why it does no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The sections that its page names.
    pub sections: Vec<Section>,
    /// Sections that its page does not name, and that deployed policies have it in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<Section>,
    /// The scopes whose documents may hold it.
    pub scopes: Vec<Scope>,
    /// The gateways that have it.
    pub gateways: Vec<String>,
    /// How often it may stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
    /// Its attributes; `id` is every policy's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// Its child elements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Whether the children stand in the order of the list.
    #[serde(default)]
    pub order: Order,
    /// The policies that it holds, where it holds any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Holds>,
    /// Its own text, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
}

/// How a policy is known.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It has a page.
    Documented,
    /// It had one, and has a successor of the same shape.
    Legacy,
    /// It is in a schema, and on no page.
    Undocumented,
}

/// What the gateway here does with a policy.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// It runs as in Azure.
    Simulated,
    /// It is taken, its expressions are evaluated, and what it would do outside is written to the trace.
    Recorded,
    /// A request that reaches it fails, and `check` names it.
    NotSimulated,
}

impl Level {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Recorded => "recorded",
            Self::NotSimulated => "not simulated",
        }
    }
}

/// How often a policy may stand.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Once {
    /// Once in a section.
    Section,
    /// Once in a document.
    Definition,
}

/// Whether children have an order.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// None.
    #[default]
    Free,
    /// That of the list.
    Fixed,
}

/// Which policies an element holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// All that its section may have.
    Any,
    /// All but these.
    Except(Vec<String>),
    /// These.
    Only(Vec<String>),
}

/// An attribute.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type, in the documentation's words.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// The attributes of which one must be there, in a list that includes this one; `a+b` stands for both.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// When it must be there, where that depends on others: for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What holds without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The words it may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Whether it may be an expression, where anything says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<bool>,
    /// Whether its policy's page has it.
    #[serde(default = "yes")]
    pub documented: bool,
}

/// A child element that is no statement of its own.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Child {
    /// Its name. That of a policy, with nothing else said, means the policy's own shape.
    pub name: String,
    /// How many there must be.
    #[serde(default)]
    pub min: usize,
    /// How many there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
    /// The children of which one must be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// When it must be there, where that depends on others: for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Its attributes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<Attribute>,
    /// Its own children.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// The policies that it holds, where it holds any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policies: Option<Holds>,
    /// Its text, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TextRule>,
    /// Whether its policy's page has it.
    #[serde(default = "yes")]
    pub documented: bool,
}

/// The text of an element.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TextRule {
    /// Whether it may be an expression, where anything says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expression: Option<bool>,
    /// Whether there must be one.
    #[serde(default)]
    pub required: bool,
    /// The words it may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

fn yes() -> bool {
    true
}

impl Entry {
    /// Whether a policy may stand directly in this one.
    pub fn admits(&self, name: &str) -> bool {
        match &self.policies {
            None | Some(Holds::Any) => true,
            Some(Holds::Except(names)) => !names.iter().any(|other| other == name),
            Some(Holds::Only(names)) => names.iter().any(|other| other == name),
        }
    }
}

/// All policies, in the order of the documentation's list.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    // The data is ours, and a test reads it: it cannot fail to parse in a build that passed.
    ENTRIES.get_or_init(|| serde_json::from_str(include_str!("policies.json")).unwrap_or_default())
}

/// The policy with this element.
pub fn entry(name: &str) -> Option<&'static Entry> {
    static BY_NAME: OnceLock<HashMap<&'static str, &'static Entry>> = OnceLock::new();
    BY_NAME.get_or_init(|| entries().iter().map(|entry| (entry.name.as_str(), entry)).collect()).get(name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::elements::SIMULATED;

    #[test]
    fn the_data_is_read_whole() {
        let read: Result<Vec<Entry>, _> = serde_json::from_str(include_str!("policies.json"));
        assert!(read.unwrap().len() > 70);
    }

    #[test]
    fn what_is_said_to_be_simulated_is_and_nothing_else() {
        for entry in entries() {
            let runs = SIMULATED.contains(&entry.name.as_str()) || entry.name == "include-fragment";
            // What is recorded may need a file of its own: for a number that only the response tells, for example.
            assert!(entry.level == Level::Recorded || (entry.level == Level::Simulated) == runs, "{}", entry.name);
        }
        assert!(SIMULATED.iter().all(|name| entry(name).is_some()));
    }
}
