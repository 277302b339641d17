//! What a service holds beside APIs and policies, and policies name by id: certificates, schemas, connections of the credential manager.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value as Json;

use super::{
    definition::Definition,
    egress::{Guarded, Proxy},
    validation::xml_schema::{Root, XmlSchema, decoded},
};
use crate::text::Text;

/// The entities of a service.
#[derive(Clone, Debug, Default)]
pub struct Entities {
    /// Certificates by id: DER or PEM. `context.Deployment.Certificates` shows them, too.
    pub certificates: BTreeMap<Text, Bytes>,
    /// Schemas by id.
    pub schemas: BTreeMap<Text, Schema>,
    /// What the API's definition says of operations, by their ids.
    pub definitions: BTreeMap<Text, Definition>,
    /// Connections of the credential manager.
    pub authorizations: Vec<Authorization>,
    /// The proxies that there are; none means that every one lets everything through.
    pub proxies: Vec<Proxy>,
    /// The hosts that ask for a client certificate.
    pub guarded: Vec<Guarded>,
}

/// A schema of the service, in one of the two languages that it knows. Source: learn.microsoft.com/rest/api/apimanagement/global-schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Schema {
    /// JSON Schema.
    Json(Json),
    /// XML Schema, as text.
    Xml(Text),
}

impl Schema {
    /// Reads one, in the language that its first character shows.
    ///
    /// # Errors
    /// Why it is no text, or no JSON. What is wrong with a schema as such [`Schema::check`] tells.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let text = decoded(bytes)?;
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('<') {
            return Ok(Self::Xml(Text::copied(text)));
        }
        serde_json::from_str(text).map(Self::Json).map_err(|error| error.to_string())
    }

    /// The JSON of one that is JSON.
    pub fn json(&self) -> Option<&Json> {
        match self {
            Self::Json(json) => Some(json),
            Self::Xml(_) => None,
        }
    }

    /// Looks whether the schema `id` of these can be validated by. Those of XML name each other by their ids, so that all must be there.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(id: &str, schemas: &BTreeMap<Text, Self>) -> Result<(), String> {
        match schemas.get(id) {
            Some(Self::Json(json)) => match jsonschema::validator_for(json) {
                Ok(_) => Ok(()),
                Err(error) => Err(format!("no JSON schema: {error}")),
            },
            Some(Self::Xml(_)) => {
                [Root::Element, Root::Envelope].into_iter().try_for_each(|root| match XmlSchema::compile(id, root, schemas) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(format!("no XML schema: {error}")),
                })
            }
            None => Err("no schema".to_owned()),
        }
    }
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
