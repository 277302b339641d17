//! `named-values.json`: what must stand in API Management before the policy is saved.

use serde::Serialize;

use crate::spec::{FrontDoor, Spec};

/// One Named Value of the manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestEntry {
    /// Display name, as the policy refers to it.
    pub name: String,
    /// Whether the value is hidden: that of every value but the id of the Front Door profile.
    pub secret: bool,
    /// URL of the secret in the vault.
    #[serde(rename = "keyVault", skip_serializing_if = "Option::is_none")]
    pub key_vault: Option<String>,
    /// What is no secret, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// The Named Values of a spec in file order. The values themselves stay in the vault:
/// <https://learn.microsoft.com/azure/api-management/api-management-howto-properties>.
pub fn manifest(spec: &Spec) -> Vec<ManifestEntry> {
    let entry = |(name, value): (&String, &crate::spec::NamedValue)| ManifestEntry {
        name: name.clone(),
        secret: true,
        key_vault: Some(value.key_vault.clone()),
        value: None,
    };
    let id = lock(spec).filter(|_| !spec.named_values.contains_key(FrontDoor::ID_NAME));
    let id = id.map(|front_door| ManifestEntry {
        name: FrontDoor::ID_NAME.to_owned(),
        secret: false,
        key_vault: None,
        value: front_door.id.clone(),
    });
    spec.named_values.iter().map(entry).chain(id).collect()
}

/// The Front Door that the gateways are locked to.
pub(super) fn lock(spec: &Spec) -> Option<&FrontDoor> {
    spec.front_door.as_ref().filter(|front_door| front_door.lock_gateways)
}

/// The manifest as a JSON file.
pub(super) fn json(spec: &Spec) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&manifest(spec)).map(|json| json + "\n")
}
