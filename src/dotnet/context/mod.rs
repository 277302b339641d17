//! The `context` object: what it shows ([`RequestContext`]), its parts as values ([`Part`]), and the members of their interfaces.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, "Context variable".

pub mod entities;
mod members;
mod request_context;
pub mod tokens;
mod variables;

pub use entities::{Api, Backend, Named, Operation, Product, Subscription, User};
pub use members::cast;
use members::*;
pub use request_context::{Body, LastError, Parameters, RequestContext, RequestMessage, ResponseMessage, Service};
pub use variables::{VariableName, Variables};

use super::{
    collection,
    exception::Raise,
    registry,
    runtime::Runtime,
    string::Str,
    types::{Class, ClassRef, Type},
    value::Value,
};
use crate::{http::Headers, text::Text};

const CONTEXT_NAMESPACE: &str = "Microsoft.Azure.ApiManagement";

crate::classes! {
    CONTEXT = class(CONTEXT_NAMESPACE, "IProxyRequestContext").members(CONTEXT_MEMBERS);
    REQUEST = class(CONTEXT_NAMESPACE, "IRequest").members(REQUEST_MEMBERS);
    RESPONSE = class(CONTEXT_NAMESPACE, "IResponse").members(RESPONSE_MEMBERS);
    MESSAGE_BODY = class(CONTEXT_NAMESPACE, "IMessageBody").members(BODY_MEMBERS);
    IURL = class(CONTEXT_NAMESPACE, "IUrl").members(URL_MEMBERS);
    DEPLOYMENT = class(CONTEXT_NAMESPACE, "IDeployment").members(DEPLOYMENT_MEMBERS);
    SUSTAINABILITY = class(CONTEXT_NAMESPACE, "ISustainabilityInfo").members(SUSTAINABILITY_MEMBERS);
    CARBON_INTENSITY = enumeration(CONTEXT_NAMESPACE, "CarbonIntensityCategory", &[
        ("NotAvailable", 0), ("VeryLow", 1), ("Low", 2), ("Medium", 3), ("High", 4), ("VeryHigh", 5),
    ]);
    FOUNDRY = class(CONTEXT_NAMESPACE, "IFoundry").members(FOUNDRY_MEMBERS);
    GRAPHQL = class(CONTEXT_NAMESPACE, "IGraphQL").members(GRAPHQL_MEMBERS);
    PRIVATE_ENDPOINT = class(CONTEXT_NAMESPACE, "IPrivateEndpointConnection").members(PRIVATE_ENDPOINT_MEMBERS);
    DEPLOYMENT_GATEWAY = class(CONTEXT_NAMESPACE, "IGateway").members(DEPLOYMENT_GATEWAY_MEMBERS);
    LAST_ERROR = class(CONTEXT_NAMESPACE, "ILastError").members(LAST_ERROR_MEMBERS);
    CONTEXT_EXTENSIONS = statics(CONTEXT_NAMESPACE, "Extensions").members(EXTENSIONS_MEMBERS);
}

/// A part of `context`, as a value: walking from part to part allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// `context`
    Context,
    /// `context.Api`
    Api,
    /// `context.Api.SubscriptionKeyParameterNames`
    KeyNames,
    /// `context.Operation`
    Operation,
    /// `context.Product`
    Product,
    /// `context.Subscription`
    Subscription,
    /// `context.User`
    User,
    /// `context.Deployment`
    Deployment,
    /// `context.Deployment.Gateway`
    DeploymentGateway,
    /// `context.Deployment.SustainabilityInfo`
    Sustainability,
    /// `context.Workspace`
    Workspace,
    /// `context.Backend`
    Backend,
    /// `context.Request.Foundry`
    Foundry,
    /// `context.LastError`
    LastError,
    /// `context.Variables`
    Variables,
    /// `context.Request`
    Request,
    /// A response
    Response(Which),
    /// The headers of a message
    Headers(Message),
    /// The body of a message
    Body(Message),
    /// A URL
    Url(UrlOf),
    /// The query of a URL
    Query(UrlOf),
    /// `context.Request.MatchedParameters`
    MatchedParameters,
}

/// A response that an expression can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// `context.Response`
    Current,
    /// One that `send-request` put into a variable.
    Stored(u32),
}

/// A message that an expression can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// `context.Request`
    Request,
    /// A response
    Response(Which),
}

/// A URL that an expression can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UrlOf {
    /// `context.Request.Url`
    Request,
    /// `context.Request.OriginalUrl`
    Original,
    /// `context.Api.ServiceUrl`
    Service,
}

/// Where a text of the request lies.
pub type TextOf = fn(&RequestContext) -> &Text;

impl Part {
    /// The part that a property of this one always is: known when an expression is bound, so that walking there costs nothing.
    /// Properties that may be null (`Response`, `Body`, `LastError` …) are not among them.
    pub fn fixed(self, property: &str) -> Option<Self> {
        Some(match (self, property) {
            (Self::Context, "Api") => Self::Api,
            (Self::Context, "Deployment") => Self::Deployment,
            (Self::Context, "Request") => Self::Request,
            (Self::Context, "Variables") => Self::Variables,
            (Self::Api, "SubscriptionKeyParameterNames") => Self::KeyNames,
            (Self::Deployment, "Gateway") => Self::DeploymentGateway,
            (Self::Deployment, "SustainabilityInfo") => Self::Sustainability,
            (Self::Request, "Foundry") => Self::Foundry,
            (Self::Request, "Url") => Self::Url(UrlOf::Request),
            (Self::Request, "OriginalUrl") => Self::Url(UrlOf::Original),
            (Self::Request, "Headers") => Self::Headers(Message::Request),
            (Self::Request, "MatchedParameters") => Self::MatchedParameters,
            (Self::Url(of), "Query") => Self::Query(of),
            _ => return None,
        })
    }

    /// Where the text lies that a property of this part gives, for what policies read most; none of these is ever null.
    pub fn text(self, property: &str) -> Option<TextOf> {
        Some(match (self, property) {
            (Self::Api, "Id") => |context| &context.service.api.named.id,
            (Self::Api, "Name") => |context| &context.service.api.named.name,
            (Self::Api, "Path") => |context| &context.service.api.path,
            (Self::Deployment, "Region") => |context| &context.service.region,
            (Self::Deployment, "ServiceName" | "ServiceId") => |context| &context.service.name,
            (Self::Request, "Method") => |context| &context.request.method,
            (Self::Request, "IpAddress") => |context| &context.request.ip,
            (Self::Url(UrlOf::Request), "Host") => |context| &context.request.url.host,
            (Self::Url(UrlOf::Request), "Path") => |context| &context.request.url.path,
            (Self::Url(UrlOf::Request), "QueryString") => |context| &context.request.url.query,
            (Self::Url(UrlOf::Original), "Host") => |context| &context.request.original_url.host,
            (Self::Url(UrlOf::Original), "Path") => |context| &context.request.original_url.path,
            (Self::Url(UrlOf::Original), "QueryString") => |context| &context.request.original_url.query,
            _ => return None,
        })
    }

    /// Its type.
    pub fn ty(self) -> Type {
        let class: &'static Class = match self {
            Self::Context => &registry::CONTEXT,
            Self::Api => &registry::API,
            Self::KeyNames => &registry::KEY_NAMES,
            Self::Operation => &registry::OPERATION,
            Self::Product => &registry::PRODUCT,
            Self::Subscription => &registry::SUBSCRIPTION,
            Self::User => &registry::USER,
            Self::Deployment => &registry::DEPLOYMENT,
            Self::DeploymentGateway => &registry::DEPLOYMENT_GATEWAY,
            Self::Sustainability => &SUSTAINABILITY,
            Self::Workspace => &entities::WORKSPACE,
            Self::Backend => &entities::BACKEND,
            Self::Foundry => &FOUNDRY,
            Self::LastError => &registry::LAST_ERROR,
            Self::Request => &registry::REQUEST,
            Self::Response(_) => &registry::RESPONSE,
            Self::Body(_) => &registry::MESSAGE_BODY,
            Self::Url(_) => &registry::IURL,
            Self::Variables => return dictionary(Type::OBJECT),
            Self::Headers(_) | Self::Query(_) => return dictionary(Type::array(Type::STRING)),
            Self::MatchedParameters => return dictionary(Type::STRING),
        };
        Type::Named(ClassRef(class))
    }
}

fn dictionary(value: Type) -> Type {
    Type::Generic(ClassRef(&registry::IREADONLY_DICTIONARY), [Type::STRING, value].into())
}

/// All entries of a dictionary among the parts; `None` for a part that is none.
pub fn entries(runtime: &mut Runtime<'_>, part: Part) -> Option<Vec<(Value, Value)>> {
    let names: Vec<Str> = match part {
        Part::Variables => {
            return Some(runtime.context.variables.iter().map(|(name, value)| (Value::string(name), value.clone())).collect());
        }
        Part::MatchedParameters => {
            let parameters = runtime.context.request.matched();
            return Some(parameters.iter().map(|(name, value)| (Value::string(name.clone()), Value::string(value.clone()))).collect());
        }
        Part::Headers(message) => distinct(headers(runtime, message)?.iter().map(|(name, _)| name.of_its_own().into())),
        Part::Query(of) => distinct(query(runtime, of)?.into_iter().map(|(name, _)| name.into())),
        _ => return None,
    };
    names
        .into_iter()
        .map(|name| {
            let key = Value::String(name);
            let values = lookup(runtime, part, &key).ok().flatten()?;
            Some((key, values))
        })
        .collect()
}

fn distinct(names: impl Iterator<Item = Str>) -> Vec<Str> {
    let mut seen: Vec<Str> = Vec::new();
    for name in names {
        if !seen.iter().any(|known| known.as_str().eq_ignore_ascii_case(&name.as_str())) {
            seen.push(name);
        }
    }
    seen
}

/// The value under `key` of a dictionary among the parts.
///
/// # Errors
/// A spent budget.
pub fn lookup(runtime: &mut Runtime<'_>, part: Part, key: &Value) -> Result<Option<Value>, Raise> {
    let Value::String(key) = key else { return Ok(None) };
    let key = key.as_str();
    let texts: Vec<Value> = match part {
        Part::Variables => return Ok(runtime.context.variables.get(&key).cloned()),
        Part::MatchedParameters => return Ok(runtime.context.matched_parameter(&key).map(|value| Value::string(value.clone()))),
        Part::Headers(message) => match headers(runtime, message) {
            Some(headers) => headers.values(&key).map(|value| Value::string(value.of_its_own())).collect(),
            None => return Ok(None),
        },
        // That query parameter names ignore case is an assumption: the documentation does not say.
        Part::Query(of) => query(runtime, of)
            .unwrap_or_default()
            .into_iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(&key))
            .map(|(_, value)| Value::string(value))
            .collect(),
        _ => return Ok(None),
    };
    if texts.is_empty() { Ok(None) } else { collection::array(runtime, Type::STRING, texts).map(Some) }
}

/// The values under `key`, joined by commas: what `GetValueOrDefault` of headers and query gives.
pub fn joined(runtime: &Runtime<'_>, part: Part, key: &str) -> Option<Str> {
    match part {
        Part::Headers(message) => joined_values(headers(runtime, message)?.values(key)),
        Part::Query(of) => {
            let values: Vec<String> =
                query(runtime, of)?.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value).collect();
            (!values.is_empty()).then(|| values.join(",").into())
        }
        Part::MatchedParameters => runtime.context.matched_parameter(key).map(|value| value.clone().into()),
        _ => None,
    }
}

/// A header's values, joined by commas; none where there are none.
pub fn joined_values<'a>(mut values: impl Iterator<Item = &'a Text>) -> Option<Str> {
    let first = values.next()?;
    let mut joined = String::new();
    for value in values {
        joined.push(',');
        joined.push_str(value);
    }
    Some(if joined.is_empty() { first.of_its_own().into() } else { format!("{first}{joined}").into() })
}

fn headers<'a>(runtime: &'a Runtime<'_>, message: Message) -> Option<&'a Headers> {
    match message {
        Message::Request => Some(&runtime.context.request.headers),
        Message::Response(which) => runtime.context.response(which).map(|response| &response.head.headers),
    }
}

/// The parameters of a URL's query, decoded: `+` is a space.
fn query(runtime: &Runtime<'_>, of: UrlOf) -> Option<Vec<(String, String)>> {
    let query = &runtime.context.url(of)?.query;
    let decode = |text: &str| super::uri::unescape(text, true);
    let pairs = query.strip_prefix('?').unwrap_or(query).split('&').filter(|pair| !pair.is_empty());
    Some(
        pairs
            .map(|pair| pair.split_once('=').map_or_else(|| (decode(pair), String::new()), |(name, value)| (decode(name), decode(value))))
            .collect(),
    )
}
