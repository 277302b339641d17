//! What a service holds beside APIs and policies, and policies name by id: certificates, schemas, connections of the credential manager.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value as Json;

use super::definition::Definition;
use crate::text::Text;

/// The entities of a service.
#[derive(Clone, Debug, Default)]
pub struct Entities {
    /// Certificates by id: DER or PEM. `context.Deployment.Certificates` shows them, too.
    pub certificates: BTreeMap<Text, Bytes>,
    /// JSON schemas by id.
    pub schemas: BTreeMap<Text, Json>,
    /// What the API's definition says of operations, by their ids.
    pub definitions: BTreeMap<Text, Definition>,
    /// Connections of the credential manager.
    pub authorizations: Vec<Authorization>,
}

/// A connection of the credential manager, with the token that it holds: what `get-authorization-context` finds.
/// Source: learn.microsoft.com/azure/api-management/get-authorization-context-policy.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// The credential provider.
    pub provider: Text,
    /// The connection.
    pub id: Text,
    /// The token.
    pub access_token: Text,
    /// What else the provider said of it.
    pub claims: Vec<(Text, Text)>,
}
