//! An API Management service as files: the folder that extractor tools write, read into what gateways hold.
//!
//! The layout is that of Azure/apiops (`apimartifacts/`): a folder a resource, its properties in `…Information.json`, its policy in
//! `policy.xml`. Reading goes on after a fault; all faults of all files come at once. Files come as text: nothing here touches a disk.
//!
//! `read` makes the [`Service`], `values` says what its Named Values hold, `compile` makes programs and [`crate::gateway::Holdings`].

mod apis;
mod checking;
mod compile;
mod openapi;
mod products;
mod properties;
mod read;
mod values;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    dotnet::context::{Named, Product, User},
    gateway::{Api, Granted, entities::Schema},
    source::{Source, Span},
    text::Text,
    xml::Document,
};

pub use checking::Part;
pub use compile::{BUILT_IN, Compiled};
pub use read::read;
pub use values::{Given, Values, environment_name, map_of_values};

/// The files of a folder: paths below it, with `/` between the names, and what they hold.
pub type Files = BTreeMap<String, Arc<Source>>;

/// A service as its files describe it.
#[derive(Debug, Default)]
pub struct Service {
    /// What all of it shares.
    pub shared: Level,
    /// Its workspaces by id, each with resources of its own.
    pub workspaces: BTreeMap<String, Level>,
}

/// The resources of the service, or of a workspace.
#[derive(Debug, Default)]
pub struct Level {
    /// The policy of all its APIs.
    pub policy: Option<Arc<Document>>,
    /// Named Values by display name.
    pub named_values: BTreeMap<String, NamedValue>,
    /// Policy fragments by id.
    pub fragments: BTreeMap<String, Arc<Document>>,
    /// Backend entities by id: the file with their properties.
    pub backends: BTreeMap<String, Arc<Source>>,
    /// Schemas by id.
    pub schemas: BTreeMap<Text, Schema>,
    /// Its APIs, each revision by itself.
    pub apis: Vec<ServiceApi>,
    /// Its products by id.
    pub products: BTreeMap<String, ServiceProduct>,
    /// Its subscriptions.
    pub subscriptions: Vec<ServiceSubscription>,
    /// Its users.
    pub users: Vec<User>,
    /// Its groups by id.
    pub groups: BTreeMap<String, Named>,
}

/// A Named Value as it is defined.
#[derive(Clone, Debug)]
pub struct NamedValue {
    /// Its value, where the files say it.
    pub value: Option<String>,
    /// Whether its value is a secret.
    pub is_secret: bool,
    /// The Key Vault secret that holds it.
    pub secret_identifier: Option<String>,
    /// Where its name stands.
    pub place: (Arc<Source>, Span),
}

/// An API, or a revision of one.
#[derive(Debug)]
pub struct ServiceApi {
    /// The API as a gateway serves it.
    pub api: Api,
    /// Its policy.
    pub policy: Option<Arc<Document>>,
    /// The policies of its operations, by their places in [`Api::operations`].
    pub operation_policies: BTreeMap<usize, Arc<Document>>,
}

/// A product.
#[derive(Debug)]
pub struct ServiceProduct {
    /// What a policy sees of it.
    pub product: Product,
    /// The ids of its APIs.
    pub apis: Vec<String>,
    /// Its policy.
    pub policy: Option<Arc<Document>>,
}

/// A subscription.
#[derive(Debug)]
pub struct ServiceSubscription {
    /// Resource id.
    pub id: Text,
    /// Display name.
    pub name: Text,
    /// What it is for.
    pub granted: Granted,
    /// Whether its state is `active`.
    pub is_active: bool,
    /// The id of its owner.
    pub owner: Option<Text>,
    /// Its keys, where the files say them; extractors leave them out.
    pub keys: [Option<Text>; 2],
}
