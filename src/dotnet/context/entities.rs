//! What API Management knows of a request beside the messages: API, operation, product, subscription, user, backend.

use std::sync::Arc;

use super::{Part, UrlOf};
use crate::{
    dotnet::{
        collection,
        datetime::DateTime,
        exception::{Raise, null_reference},
        heap::{Object, Record},
        member::{Call, Member, member},
        types::Type,
        value::Value,
    },
    http::Url,
    text::Text,
};

/// Something with an id and a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// `Id`
    pub id: Text,
    /// `Name`
    pub name: Text,
}

/// `context.Api`
#[derive(Clone, Debug, Default)]
pub struct Api {
    /// `Id` and `Name`
    pub named: Named,
    /// `Path`
    pub path: Text,
    /// `Version`
    pub version: Option<Text>,
    /// `Revision`; empty is the first.
    pub revision: Text,
    /// Whether the revision is not the current one.
    pub is_old_revision: bool,
    /// `Protocols`
    pub protocols: Vec<Text>,
    /// `ServiceUrl`
    pub service_url: Option<Url>,
}

/// `context.Operation`
#[derive(Clone, Debug, Default)]
pub struct Operation {
    /// `Id` and `Name`
    pub named: Named,
    /// `Method`
    pub method: Text,
    /// `UrlTemplate`
    pub url_template: Text,
}

/// `context.Product`
#[derive(Clone, Debug, Default)]
pub struct Product {
    /// `Id` and `Name`
    pub named: Named,
    /// `State`: whether it is published.
    pub is_published: bool,
    /// `ApprovalRequired`
    pub approval_required: bool,
    /// `SubscriptionRequired`
    pub subscription_required: bool,
    /// `SubscriptionsLimit`
    pub subscriptions_limit: Option<i32>,
    /// `Groups`
    pub groups: Vec<Named>,
}

/// `context.Subscription`
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    /// `Id` and `Name`
    pub named: Named,
    /// `Key`: the one that was used.
    pub key: Text,
    /// `PrimaryKey`
    pub primary_key: Text,
    /// `SecondaryKey`
    pub secondary_key: Text,
    /// `CreatedDate`
    pub created: Option<DateTime>,
    /// `StartDate`
    pub start: Option<DateTime>,
    /// `EndDate`
    pub end: Option<DateTime>,
}

/// `context.User`
#[derive(Clone, Debug, Default)]
pub struct User {
    /// `Id`
    pub id: Text,
    /// `Email`
    pub email: Text,
    /// `FirstName`
    pub first_name: Text,
    /// `LastName`
    pub last_name: Text,
    /// `Note`
    pub note: Text,
    /// `RegistrationDate`
    pub registered: Option<DateTime>,
    /// `Groups`
    pub groups: Vec<Named>,
    /// `Identities`: the id and its provider.
    pub identities: Vec<(Text, Text)>,
}

/// `context.Backend`
#[derive(Clone, Debug, Default)]
pub struct Backend {
    /// `Id`
    pub id: Text,
    /// `AzureRegion`
    pub region: Text,
    /// `Type`: whether it is a pool.
    pub is_pool: bool,
}

fn text(text: &Text) -> Value {
    Value::string(text.clone())
}

fn date(date: Option<DateTime>) -> Value {
    date.map_or(Value::Null, Value::DateTime)
}

/// Objects of two texts each, as an array of that type.
fn records(call: &mut Call<'_, '_>, ty: &Type, pairs: Vec<(Text, Text)>) -> Result<Value, Raise> {
    let mut items = Vec::with_capacity(pairs.len());
    for (first, second) in pairs {
        let parts: Arc<[Value]> = [Value::string(first), Value::string(second)].into();
        items.push(call.runtime.object(Object::Record(Record { ty: ty.clone(), items: parts }))?);
    }
    collection::array(call.runtime, ty.clone(), items)
}

fn groups(call: &mut Call<'_, '_>, groups: Vec<Named>) -> Result<Value, Raise> {
    records(call, &Type::named(&GROUP), groups.into_iter().map(|group| (group.id, group.name)).collect())
}

fn part(call: &mut Call<'_, '_>, index: usize) -> Result<Value, Raise> {
    match call.runtime.get(call.argument(0)) {
        Some(Object::Record(record)) => Ok(record.items.get(index).cloned().unwrap_or(Value::Null)),
        _ => Err(null_reference()),
    }
}

const SPACE: &str = super::CONTEXT_NAMESPACE;

crate::classes! {
    API = class(SPACE, "IApi").members(API_MEMBERS);
    KEY_NAMES = class(SPACE, "ISubscriptionKeyParameterNames").members(KEY_NAMES_MEMBERS);
    OPERATION = class(SPACE, "IOperation").members(OPERATION_MEMBERS);
    PRODUCT = class(SPACE, "IProduct").members(PRODUCT_MEMBERS);
    PRODUCT_STATE = enumeration(SPACE, "ProductState", &[("NotPublished", 0), ("Published", 1)]);
    GROUP = class(SPACE, "IGroup").members(GROUP_MEMBERS);
    IDENTITY = class(SPACE, "IUserIdentity").members(IDENTITY_MEMBERS);
    SUBSCRIPTION = class(SPACE, "ISubscription").members(SUBSCRIPTION_MEMBERS);
    USER = class(SPACE, "IUser").members(USER_MEMBERS);
    WORKSPACE = class(SPACE, "IWorkspace").members(WORKSPACE_MEMBERS);
    BACKEND = class(SPACE, "IBackend").members(BACKEND_MEMBERS);
    BACKEND_TYPE = enumeration(SPACE, "BackendType", &[("Single", 0), ("Pool", 1)]);
}

const API_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| Ok(text(&call.runtime.context.service.api.named.id))),
    member("string Name { get; }", |call| Ok(text(&call.runtime.context.service.api.named.name))),
    member("string Path { get; }", |call| Ok(text(&call.runtime.context.service.api.path))),
    member("string Revision { get; }", |call| {
        let revision = &call.runtime.context.service.api.revision;
        Ok(if revision.is_empty() { Value::string("1") } else { text(revision) })
    }),
    member("string Version { get; }", |call| Ok(call.runtime.context.service.api.version.as_ref().map_or(Value::Null, text))),
    member("bool IsCurrentRevision { get; }", |call| Ok(Value::Bool(!call.runtime.context.service.api.is_old_revision))),
    member("IEnumerable<string> Protocols { get; }", |call| {
        let protocols = call.runtime.context.service.api.protocols.iter().map(text).collect();
        collection::array(call.runtime, Type::STRING, protocols)
    }),
    member("IUrl ServiceUrl { get; }", |call| {
        let there = call.runtime.context.service.api.service_url.is_some();
        Ok(if there { Value::Context(Part::Url(UrlOf::Service)) } else { Value::Null })
    }),
    member("ISubscriptionKeyParameterNames SubscriptionKeyParameterNames { get; }", |_| Ok(Value::Context(Part::KeyNames))),
];

const KEY_NAMES_MEMBERS: &[Member] = &[
    member("string Header { get; }", |call| Ok(text(&call.runtime.context.service.key_names.0))),
    member("string Query { get; }", |call| Ok(text(&call.runtime.context.service.key_names.1))),
];

/// A property of an entity that may be null: it is there, or its part would not be.
macro_rules! of {
    ($entity:ident, $pick:expr) => {
        |call| {
            let pick: fn(&_) -> Value = $pick;
            call.runtime.context.$entity.as_deref().map(pick).ok_or_else(null_reference)
        }
    };
}

const OPERATION_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(operation, |operation: &Operation| text(&operation.named.id))),
    member("string Name { get; }", of!(operation, |operation: &Operation| text(&operation.named.name))),
    member("string Method { get; }", of!(operation, |operation: &Operation| text(&operation.method))),
    member("string UrlTemplate { get; }", of!(operation, |operation: &Operation| text(&operation.url_template))),
];

const PRODUCT_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(product, |product: &Product| text(&product.named.id))),
    member("string Name { get; }", of!(product, |product: &Product| text(&product.named.name))),
    member(
        "ProductState State { get; }",
        of!(product, |product: &Product| {
            Value::Enum(crate::dotnet::enums::EnumValue::new(&PRODUCT_STATE, i32::from(product.is_published)))
        }),
    ),
    member("bool ApprovalRequired { get; }", of!(product, |product: &Product| Value::Bool(product.approval_required))),
    member("bool SubscriptionRequired { get; }", of!(product, |product: &Product| Value::Bool(product.subscription_required))),
    member(
        "int? SubscriptionsLimit { get; }",
        of!(product, |product: &Product| product.subscriptions_limit.map_or(Value::Null, Value::Int32)),
    ),
    member(
        "int? SubscriptionLimit { get; }",
        of!(product, |product: &Product| product.subscriptions_limit.map_or(Value::Null, Value::Int32)),
    ),
    member("IEnumerable<IGroup> Groups { get; }", |call| {
        let own = call.runtime.context.product.as_ref().ok_or_else(null_reference)?.groups.clone();
        groups(call, own)
    }),
];

const GROUP_MEMBERS: &[Member] =
    &[member("string Id { get; }", |call| part(call, 0)), member("string Name { get; }", |call| part(call, 1))];

const IDENTITY_MEMBERS: &[Member] =
    &[member("string Id { get; }", |call| part(call, 0)), member("string Provider { get; }", |call| part(call, 1))];

const SUBSCRIPTION_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(subscription, |subscription: &Subscription| text(&subscription.named.id))),
    member("string Name { get; }", of!(subscription, |subscription: &Subscription| text(&subscription.named.name))),
    member("string Key { get; }", of!(subscription, |subscription: &Subscription| text(&subscription.key))),
    member("string PrimaryKey { get; }", of!(subscription, |subscription: &Subscription| text(&subscription.primary_key))),
    member("string SecondaryKey { get; }", of!(subscription, |subscription: &Subscription| text(&subscription.secondary_key))),
    member(
        "DateTime CreatedDate { get; }",
        of!(subscription, |subscription: &Subscription| {
            Value::DateTime(subscription.created.unwrap_or(DateTime { ticks: 0, kind: crate::dotnet::datetime::Kind::Unspecified }))
        }),
    ),
    member("DateTime? StartDate { get; }", of!(subscription, |subscription: &Subscription| date(subscription.start))),
    member("DateTime? EndDate { get; }", of!(subscription, |subscription: &Subscription| date(subscription.end))),
];

const USER_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(user, |user: &User| text(&user.id))),
    member("string Email { get; }", of!(user, |user: &User| text(&user.email))),
    member("string FirstName { get; }", of!(user, |user: &User| text(&user.first_name))),
    member("string LastName { get; }", of!(user, |user: &User| text(&user.last_name))),
    member("string Note { get; }", of!(user, |user: &User| text(&user.note))),
    member(
        "DateTime RegistrationDate { get; }",
        of!(user, |user: &User| {
            Value::DateTime(user.registered.unwrap_or(DateTime { ticks: 0, kind: crate::dotnet::datetime::Kind::Unspecified }))
        }),
    ),
    member("IEnumerable<IGroup> Groups { get; }", |call| {
        let own = call.runtime.context.user.as_ref().ok_or_else(null_reference)?.groups.clone();
        groups(call, own)
    }),
    member("IEnumerable<IUserIdentity> Identities { get; }", |call| {
        let own = call.runtime.context.user.as_ref().ok_or_else(null_reference)?.identities.clone();
        records(call, &Type::named(&IDENTITY), own)
    }),
];

const WORKSPACE_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(workspace, |workspace: &Named| text(&workspace.id))),
    member("string Name { get; }", of!(workspace, |workspace: &Named| text(&workspace.name))),
];

const BACKEND_MEMBERS: &[Member] = &[
    member("string Id { get; }", of!(backend, |backend: &Backend| text(&backend.id))),
    member("string AzureRegion { get; }", of!(backend, |backend: &Backend| text(&backend.region))),
    member(
        "BackendType Type { get; }",
        of!(backend, |backend: &Backend| { Value::Enum(crate::dotnet::enums::EnumValue::new(&BACKEND_TYPE, i32::from(backend.is_pool))) }),
    ),
];
