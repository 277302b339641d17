//! What the Named Values of a service hold: by their files, by the user, by a stand-in for Key Vault; invented where nobody says.

use std::{collections::BTreeMap, sync::Arc};

use super::{Level, NamedValue, Service, properties::Properties};
use crate::{
    diagnostic::Diagnostic,
    policy::faults_of_value,
    source::{Source, Span},
    spec::{parse, secrets},
};

/// Values that the user gives, and by what they are found.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// By the Named Value's name. They come before what the files say.
    pub by_name: BTreeMap<String, String>,
    /// The process's environment, for secrets: see [`environment_name`].
    pub environment: BTreeMap<String, String>,
    /// A stand-in for Key Vault: by secret identifier, with or without version, or by the secret's bare name.
    pub vault: BTreeMap<String, String>,
}

/// The values of a service's Named Values.
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// By display name.
    pub by_name: BTreeMap<String, String>,
    /// Those that are secrets.
    pub secrets: Vec<String>,
    /// What is wrong with them, and which were made up.
    pub diagnostics: Vec<Diagnostic>,
}

/// The variable of the environment that holds a secret Named Value: `APIM_NV_` and the name in capitals, `_` for what is no letter or digit.
pub fn environment_name(name: &str) -> String {
    let upper = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("APIM_NV_{}", upper.collect::<String>())
}

impl Service {
    /// What the Named Values of the service, or of one of its workspaces, hold. `invent` makes up the value of a secret that nobody gives.
    ///
    /// A made-up value is as good as a real one where it is a credential for something that is simulated too. It is told of all the same.
    pub fn values(&self, workspace: Option<&str>, given: &Given, invent: &dyn Fn(&str) -> String) -> Values {
        let mut values = Values::default();
        let level = workspace.map_or(Some(&self.shared), |id| self.workspaces.get(id));
        // A workspace's policies may name its own values; those of the service serve where it has none of the name.
        let inherited = workspace.map(|_| &self.shared).into_iter();
        for (level, is_own) in level.into_iter().map(|level| (level, true)).chain(inherited.map(|level| (level, false))) {
            values.add(level, is_own, given, invent);
        }
        for (name, value) in &given.by_name {
            if !values.by_name.contains_key(name) {
                // Nothing says of it that it is no secret.
                values.secrets.push(value.clone());
                values.by_name.insert(name.clone(), value.clone());
            }
        }
        values
    }
}

impl Values {
    fn add(&mut self, level: &Level, tell: bool, given: &Given, invent: &dyn Fn(&str) -> String) {
        for (name, named_value) in &level.named_values {
            if self.by_name.contains_key(name) {
                continue;
            }
            let value = found(name, named_value, given).unwrap_or_else(|| {
                if tell && named_value.is_secret {
                    self.diagnostics.push(made_up(name, named_value));
                }
                invent(name)
            });
            if tell && (named_value.is_secret || named_value.value.is_some()) {
                let (source, span) = &named_value.place;
                self.diagnostics.extend(faults_of_value(name, &value).map(|fault| fault.at(source, *span)));
            }
            if named_value.is_secret {
                self.secrets.push(value.clone());
            }
            self.by_name.insert(name.clone(), value);
        }
    }
}

fn found(name: &str, named_value: &NamedValue, given: &Given) -> Option<String> {
    if !named_value.is_secret {
        return given.by_name.get(name).or(named_value.value.as_ref()).cloned();
    }
    given.secret(name, named_value.secret_identifier.as_deref()).map(str::to_owned).or_else(|| named_value.value.clone())
}

impl Given {
    /// The value of a secret Named Value: by its name, by the environment, by the Key Vault secret that holds it.
    pub fn secret(&self, name: &str, identifier: Option<&str>) -> Option<&str> {
        let in_vault = || {
            let identifier = identifier?;
            let (versionless, bare) = parts(identifier);
            [identifier, versionless, bare].iter().find_map(|key| self.vault.get(*key))
        };
        let in_environment = || self.environment.get(&environment_name(name));
        self.by_name.get(name).or_else(in_environment).or_else(in_vault).map(String::as_str)
    }
}

/// A secret identifier without its version, and the secret's name: `https://VAULT/secrets/NAME/VERSION`.
fn parts(identifier: &str) -> (&str, &str) {
    let Some(at) = identifier.find("/secrets/") else { return (identifier, identifier) };
    let name_start = at + "/secrets/".len();
    let tail = identifier.get(name_start..).unwrap_or("");
    let length = tail.find('/').unwrap_or(tail.len());
    (identifier.get(..name_start + length).unwrap_or(identifier), tail.get(..length).unwrap_or(tail))
}

fn made_up(name: &str, named_value: &NamedValue) -> Diagnostic {
    let (source, span) = &named_value.place;
    let kind = if named_value.secret_identifier.is_some() { "a secret of a Key Vault" } else { "a secret" };
    Diagnostic::warning("service/made-up-value", format!("the Named Value `{name}` is {kind}: a made-up value stands for it"))
        .at(source, *span)
        .help(format!("give it: `--named-value {name}=VALUE`, or in the environment as {}", environment_name(name)))
}

/// The texts of a YAML or JSON mapping, name by name.
///
/// # Errors
/// What is wrong with the file.
pub fn map_of_values(source: &Arc<Source>) -> Result<Vec<(String, String, Span)>, Vec<Diagnostic>> {
    // What is wrong with a value is told later, and by others.
    secrets::conceal_but(source, parse(source).0.as_ref(), &[]);
    let mut faults = Vec::new();
    let found = Properties::whole(source, &mut faults).map(|properties| properties.all_texts(&mut faults));
    match found {
        Some(found) if faults.is_empty() => Ok(found),
        _ => Err(faults),
    }
}
