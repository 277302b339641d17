//! What Named Values hold, as far as the user says: by option, by file, by the environment, by a stand-in for Key Vault.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::Args;

use super::input;
use crate::{
    diagnostic::{Diagnostic, any_error},
    policy::faults_of_value,
    service::{Given, map_of_values},
};

/// The options that say what Named Values hold.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ValueArguments {
    /// The value of a Named Value; a backend whose key it is takes it
    #[arg(long = "named-value", value_name = "NAME=VALUE", value_parser = pair)]
    named_values: Vec<(String, String)>,
    /// Values of Named Values, as a YAML or JSON mapping
    #[arg(long = "named-values", value_name = "FILE")]
    named_values_file: Option<PathBuf>,
    /// A stand-in for Key Vault: a mapping from secret identifier, or secret name, to value; or a folder with a file for each secret
    #[arg(long, value_name = "PATH")]
    key_vault: Option<PathBuf>,
}

/// Two texts with `=` between them.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` has no name and value with `=` between them")),
    }
}

/// Why there are no values.
pub(super) enum Unusable {
    /// Faults of the values.
    Diagnostics(Vec<Diagnostic>),
    /// Files that cannot be read.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Unusable {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl ValueArguments {
    /// Reads everything anew; `files` gets the files that it came from.
    pub fn read(&self, files: &mut Vec<PathBuf>, warnings: &mut Vec<Diagnostic>) -> Result<Given, Unusable> {
        let mut given = Given::default();
        let mut found = Vec::new();
        if let Some(path) = &self.named_values_file {
            let source = input::read(path)?;
            files.push(path.clone());
            for (name, value, span) in map_of_values(&source).map_err(Unusable::Diagnostics)? {
                found.extend(faults_of_value(&name, &value).map(|fault| fault.at(&source, span)));
                given.by_name.insert(name, value);
            }
        }
        for (name, value) in &self.named_values {
            found.extend(faults_of_value(name, value));
            given.by_name.insert(name.clone(), value.clone());
        }
        if let Some(path) = &self.key_vault {
            given.vault = vault(path, files)?;
        }
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        given.environment = environment.filter(|(name, value)| name.starts_with("APIM_NV_") && !value.is_empty()).collect();
        if any_error(&found) {
            return Err(Unusable::Diagnostics(found));
        }
        warnings.extend(found);
        Ok(given)
    }
}

/// A folder holds a file for each secret, as `az keyvault secret download` writes one; the last line break is not part of it.
fn vault(path: &Path, files: &mut Vec<PathBuf>) -> Result<BTreeMap<String, String>, Unusable> {
    if !path.is_dir() {
        let source = input::read(path)?;
        files.push(path.to_path_buf());
        let entries = map_of_values(&source).map_err(Unusable::Diagnostics)?;
        return Ok(entries.into_iter().map(|(name, value, _)| (name, value)).collect());
    }
    let mut secrets = BTreeMap::new();
    let entries = fs::read_dir(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
    for entry in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
        let Some(name) = entry.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.')) else { continue };
        let text = input::read(&entry)?;
        let text = text.text();
        secrets.insert(name.to_owned(), text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)).to_owned());
        files.push(entry);
    }
    Ok(secrets)
}
