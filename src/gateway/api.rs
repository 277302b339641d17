//! An API that a gateway serves: its path, its operations, its subscription keys; and which operation a request means.

use std::{collections::BTreeMap, sync::Arc};

use super::Definition;
use crate::{
    dotnet::{
        context::{self as shown, Named},
        datetime::DateTime,
    },
    text::Text,
};

/// An API of the API Management service.
#[derive(Clone, Debug)]
pub struct Api {
    /// Resource id.
    pub id: Text,
    /// Display name.
    pub name: Text,
    /// The public path below the gateway's host, without slashes at its ends.
    pub path: Text,
    /// Whether a request needs a subscription key.
    pub subscription_required: bool,
    /// The header that carries the key.
    pub key_header: Text,
    /// The query parameter that carries the key where the header is absent.
    pub key_query: Text,
    /// Where requests go that no policy sends elsewhere; `context.Api.ServiceUrl`.
    pub service_url: Option<crate::http::Url>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// What its definition says of operations, by their ids.
    pub definitions: Arc<BTreeMap<Text, Definition>>,
    /// Its version, where it has one.
    pub version: Option<Version>,
    /// Its revision, which `;rev=N` behind its path asks for.
    pub revision: Text,
    /// Whether its revision is the one that answers where none is asked for.
    pub is_current: bool,
    /// `context.Api.Protocols`
    pub protocols: Vec<Text>,
    /// The workspace that it is in.
    pub workspace: Option<Named>,
    /// Examples and schemas of the operations' responses: what `mock-response` answers with.
    pub samples: Vec<super::mock::Sample>,
}

/// A version of an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What a request says to mean it: `v1`.
    pub id: Text,
    /// Where it says so.
    pub by: Versioning,
}

/// Where a request names a version. Source: learn.microsoft.com/azure/api-management/api-management-versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Versioning {
    /// Behind the API's path.
    Segment,
    /// In this header.
    Header(Text),
    /// In this parameter of the query.
    Query(Text),
}

/// One operation: a method and a URL template.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Resource id.
    pub id: Text,
    /// Display name.
    pub name: Text,
    /// Method, in capitals.
    pub method: Text,
    /// The template below the API's path: `/deployments/{deployment-id}/chat/completions`.
    pub url_template: Text,
}

/// A subscription that a key belongs to.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// Resource id.
    pub id: Text,
    /// Display name.
    pub name: Text,
    /// The primary key.
    pub primary_key: Text,
    /// The secondary key; both are valid.
    pub secondary_key: Text,
    /// The workspace that it is in, and for whose APIs it is; the service itself without one.
    pub workspace: Option<Text>,
    /// What it is for.
    pub granted: Granted,
    /// Whether its state is `active`; in any other its keys are invalid.
    pub is_active: bool,
    /// The id of the user whose it is.
    pub owner: Option<Text>,
    /// `CreatedDate`, `StartDate` and `EndDate`: for the record, no subscription expires by itself.
    /// Source: learn.microsoft.com/rest/api/apimanagement/subscription/get (`expirationDate`).
    pub dates: [Option<DateTime>; 3],
}

/// What a subscription is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Granted {
    /// All APIs.
    #[default]
    AllApis,
    /// The API with this id.
    Api(Text),
    /// The APIs of the product with this id, in its context.
    Product(Text),
}

/// An active one for all APIs, with no keys yet.
impl Default for Subscription {
    fn default() -> Self {
        Self {
            id: Text::EMPTY,
            name: Text::EMPTY,
            primary_key: Text::EMPTY,
            secondary_key: Text::EMPTY,
            workspace: None,
            granted: Granted::AllApis,
            is_active: true,
            owner: None,
            dates: [None; 3],
        }
    }
}

impl Subscription {
    /// As `context.Subscription` shows it, used with `key`.
    fn shown(&self, key: Text) -> shown::Subscription {
        let [created, start, end] = self.dates;
        shown::Subscription {
            named: Named { id: self.id.clone(), name: self.name.clone() },
            key,
            primary_key: self.primary_key.clone(),
            secondary_key: self.secondary_key.clone(),
            created,
            start,
            end,
        }
    }
}

/// A key of a subscription.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// The key.
    pub key: Text,
    /// Whose it is.
    pub subscription: Arc<Subscription>,
    /// What requests with it show of that.
    pub shown: Arc<shown::Subscription>,
}

impl Key {
    /// The keys of a subscription, both valid; an empty one is none.
    pub fn both(subscription: &Arc<Subscription>) -> impl Iterator<Item = Self> {
        let subscription = subscription.clone();
        let keys = [subscription.primary_key.clone(), subscription.secondary_key.clone()];
        keys.into_iter().filter(|key| !key.is_empty()).map(move |key| {
            let shown = Arc::new(subscription.shown(key.clone()));
            Self { key, subscription: subscription.clone(), shown }
        })
    }
}

impl Operation {
    /// `context.Operation`
    pub(super) fn shown(&self) -> shown::Operation {
        shown::Operation {
            named: Named { id: self.id.clone(), name: self.name.clone() },
            method: self.method.clone(),
            url_template: self.url_template.clone(),
        }
    }
}

impl Api {
    /// The path that its requests begin with, version and all, without slashes at its ends.
    pub fn public_path(&self) -> String {
        match &self.version {
            Some(Version { id, by: Versioning::Segment }) if self.path.is_empty() => id.to_string(),
            Some(Version { id, by: Versioning::Segment }) => format!("{}/{id}", self.path),
            _ => self.path.to_string(),
        }
    }
}

/// The parameters in the query of a template, `?a={b}`: the query's name and the parameter's.
/// Source: the example of learn.microsoft.com/azure/api-management/rewrite-uri-policy.
pub(super) fn query_template(template: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = template.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| {
        let (name, parameter) = pair.split_once('=')?;
        Some((name, parameter.strip_prefix('{')?.strip_suffix('}')?))
    })
}

/// The operations of Azure's own import of the Azure OpenAI inference API, version 2024-10-21, all of them POST.
/// Source: Azure/azure-rest-api-specs, cognitiveservices/data-plane/AzureOpenAI/inference/stable/2024-10-21/inference.json.
pub fn azure_openai_operations() -> Vec<Operation> {
    [
        (
            "Completions_Create",
            "Creates a completion for the provided prompt, parameters and chosen model.",
            "/deployments/{deployment-id}/completions",
        ),
        (
            "embeddings_create",
            "Get a vector representation of a given input that can be easily consumed by machine learning models and algorithms.",
            "/deployments/{deployment-id}/embeddings",
        ),
        ("ChatCompletions_Create", "Creates a completion for the chat message", "/deployments/{deployment-id}/chat/completions"),
        ("Transcriptions_Create", "Transcribes audio into the input language.", "/deployments/{deployment-id}/audio/transcriptions"),
        (
            "Translations_Create",
            "Transcribes and translates input audio into English text.",
            "/deployments/{deployment-id}/audio/translations",
        ),
        ("Speech_Create", "Generates audio from the input text.", "/deployments/{deployment-id}/audio/speech"),
        (
            "ImageGenerations_Create",
            "Generates a batch of images from a text caption on a given DALLE model deployment",
            "/deployments/{deployment-id}/images/generations",
        ),
    ]
    .into_iter()
    .map(|(id, name, url_template)| Operation {
        id: id.into(),
        name: name.into(),
        method: "POST".into(),
        url_template: url_template.into(),
    })
    .collect()
}

/// An API with the operations of Azure's own OpenAI import.
impl Default for Api {
    fn default() -> Self {
        Self {
            id: "azure-openai".into(),
            name: "azure-openai".into(),
            path: "openai".into(),
            subscription_required: true,
            key_header: "api-key".into(),
            key_query: "subscription-key".into(),
            service_url: None,
            operations: azure_openai_operations(),
            definitions: Arc::default(),
            version: None,
            revision: "1".into(),
            is_current: true,
            protocols: vec!["https".into()],
            workspace: None,
            samples: Vec::new(),
        }
    }
}
