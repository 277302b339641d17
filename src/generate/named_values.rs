//! `named-values.json`: what must stand in API Management before the policy is saved.

use serde::Serialize;

use crate::spec::Spec;

/// One Named Value of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestEntry {
    /// Display name, as the policy refers to it.
    pub name: String,
    /// Always: only secrets are Named Values here.
    pub secret: bool,
    /// URL of the secret in the vault.
    #[serde(rename = "keyVault")]
    pub key_vault: String,
}

/// The Named Values of a spec in file order. The values themselves stay in the vault:
/// <https://learn.microsoft.com/azure/api-management/api-management-howto-properties>.
pub fn manifest(spec: &Spec) -> Vec<ManifestEntry> {
    let entry = |(name, value): (&String, &crate::spec::NamedValue)| ManifestEntry {
        name: name.clone(),
        secret: true,
        key_vault: value.key_vault.clone(),
    };
    spec.named_values.iter().map(entry).collect()
}

/// The manifest as a JSON file.
pub(super) fn json(spec: &Spec) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&manifest(spec)).map(|json| json + "\n")
}
