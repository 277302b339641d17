//! The members of `context` and its parts.

use super::{Body, Message, Part, UrlOf, Which, joined, tokens};
use crate::{
    dotnet::{
        datetime::{DateTime, TimeSpan},
        display,
        exception::{Raise, Unread, invalid_cast, null_reference, raise},
        heap::Object,
        json,
        member::{Call, Member, member},
        registry,
        types::Type,
        value::Value,
    },
    text::Text,
};

const fn part(part: Part) -> Value {
    Value::Context(part)
}

fn text(text: &Text) -> Value {
    Value::string(text.clone())
}

/// `context`
pub const CONTEXT_MEMBERS: &[Member] = &[
    member("IApi Api { get; }", |_| Ok(part(Part::Api))),
    member("IOperation Operation { get; }", |call| Ok(when(call.runtime.context.operation.is_some(), Part::Operation))),
    member("IProduct Product { get; }", |call| Ok(when(call.runtime.context.product.is_some(), Part::Product))),
    member("ISubscription Subscription { get; }", |call| Ok(when(call.runtime.context.subscription.is_some(), Part::Subscription))),
    member("IUser User { get; }", |call| Ok(when(call.runtime.context.user.is_some(), Part::User))),
    member("IDeployment Deployment { get; }", |_| Ok(part(Part::Deployment))),
    member("ILastError LastError { get; }", |call| Ok(when(call.runtime.context.last_error.is_some(), Part::LastError))),
    member("IRequest Request { get; }", |_| Ok(part(Part::Request))),
    member("IResponse Response { get; }", |call| Ok(when(call.runtime.context.response.is_some(), Part::Response(Which::Current)))),
    member("IReadOnlyDictionary<string, object> Variables { get; }", |_| Ok(part(Part::Variables))),
    member("Guid RequestId { get; }", |call| Ok(Value::Guid(call.runtime.context.request_id))),
    member("DateTime Timestamp { get; }", |call| Ok(Value::DateTime(DateTime::from_moment(call.runtime.context.timestamp)))),
    member("TimeSpan Elapsed { get; }", |call| {
        let elapsed = call.runtime.environment.now().since(call.runtime.context.timestamp);
        Ok(Value::TimeSpan(TimeSpan((elapsed.as_nanos() / 100) as i64)))
    }),
    member("bool Tracing { get; }", |call| Ok(Value::Bool(call.runtime.context.tracing))),
    member("void Trace(string message)", |call| {
        let message = display::to_str(call.runtime, call.argument(1)).to_text();
        call.runtime.allocate(message.len())?;
        call.runtime.context.traces.push(message);
        Ok(Value::Null)
    }),
];

fn when(there: bool, of: Part) -> Value {
    if there { part(of) } else { Value::Null }
}

/// `IApi`
pub const API_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| Ok(text(&call.runtime.context.service.api.id))),
    member("string Name { get; }", |call| Ok(text(&call.runtime.context.service.api.name))),
    member("string Path { get; }", |call| Ok(text(&call.runtime.context.service.api_path))),
    member("string Revision { get; }", |_| Ok(Value::string("1"))),
    member("string Version { get; }", |_| Ok(Value::Null)),
    member("bool IsCurrentRevision { get; }", |_| Ok(Value::Bool(true))),
    member("IUrl ServiceUrl { get; }", |call| Ok(when(call.runtime.context.service.service_url.is_some(), Part::Url(UrlOf::Service)))),
    member("ISubscriptionKeyParameterNames SubscriptionKeyParameterNames { get; }", |_| Ok(part(Part::KeyNames))),
];

/// `ISubscriptionKeyParameterNames`
pub const KEY_NAMES_MEMBERS: &[Member] = &[
    member("string Header { get; }", |call| Ok(text(&call.runtime.context.service.key_names.0))),
    member("string Query { get; }", |call| Ok(text(&call.runtime.context.service.key_names.1))),
];

/// `IOperation`
pub const OPERATION_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| {
        Ok(call.runtime.context.operation.as_ref().map_or(Value::Null, |(operation, ..)| text(&operation.id)))
    }),
    member("string Name { get; }", |call| {
        Ok(call.runtime.context.operation.as_ref().map_or(Value::Null, |(operation, ..)| text(&operation.name)))
    }),
    member("string Method { get; }", |call| Ok(call.runtime.context.operation.as_ref().map_or(Value::Null, |(_, method, _)| text(method)))),
    member("string UrlTemplate { get; }", |call| {
        Ok(call.runtime.context.operation.as_ref().map_or(Value::Null, |(.., template)| text(template)))
    }),
];

/// `IProduct`
pub const PRODUCT_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| Ok(call.runtime.context.product.as_ref().map_or(Value::Null, |product| text(&product.id)))),
    member("string Name { get; }", |call| Ok(call.runtime.context.product.as_ref().map_or(Value::Null, |product| text(&product.name)))),
];

/// `ISubscription`
pub const SUBSCRIPTION_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| {
        Ok(call.runtime.context.subscription.as_ref().map_or(Value::Null, |(subscription, _)| text(&subscription.id)))
    }),
    member("string Name { get; }", |call| {
        Ok(call.runtime.context.subscription.as_ref().map_or(Value::Null, |(subscription, _)| text(&subscription.name)))
    }),
    member("string Key { get; }", |call| Ok(call.runtime.context.subscription.as_ref().map_or(Value::Null, |(_, key)| text(key)))),
];

/// `IUser`
pub const USER_MEMBERS: &[Member] =
    &[member("string Id { get; }", |call| Ok(call.runtime.context.user.as_ref().map_or(Value::Null, |user| text(&user.id))))];

/// `IDeployment`
pub const DEPLOYMENT_MEMBERS: &[Member] = &[
    member("string Region { get; }", |call| Ok(text(&call.runtime.context.service.region))),
    member("string ServiceName { get; }", |call| Ok(text(&call.runtime.context.service.name))),
    member("string ServiceId { get; }", |call| Ok(text(&call.runtime.context.service.name))),
    member("string GatewayId { get; }", |_| Ok(Value::string("managed"))),
    member("IGateway Gateway { get; }", |_| Ok(part(Part::DeploymentGateway))),
];

/// `context.Deployment.Gateway`
pub const DEPLOYMENT_GATEWAY_MEMBERS: &[Member] = &[
    member("string Id { get; }", |_| Ok(Value::string("managed"))),
    member("string InstanceId { get; }", |_| Ok(Value::string("managed"))),
    member("bool IsManaged { get; }", |_| Ok(Value::Bool(true))),
];

/// `ILastError`
pub const LAST_ERROR_MEMBERS: &[Member] = &[
    member("string Source { get; }", |call| last_error(call, |error| &error.source)),
    member("string Reason { get; }", |call| last_error(call, |error| &error.reason)),
    member("string Message { get; }", |call| last_error(call, |error| &error.message)),
    member("string Scope { get; }", |call| last_error(call, |error| &error.scope)),
    member("string Section { get; }", |call| last_error(call, |error| &error.section)),
    member("string Path { get; }", |call| last_error(call, |error| &error.path)),
    member("string PolicyId { get; }", |call| last_error(call, |error| &error.policy_id)),
];

fn last_error(call: &Call<'_, '_>, pick: fn(&super::LastError) -> &Text) -> Result<Value, Raise> {
    call.runtime.context.last_error.as_ref().map(|error| text(pick(error))).ok_or_else(null_reference)
}

/// `IRequest`
pub const REQUEST_MEMBERS: &[Member] = &[
    member("string Method { get; }", |call| Ok(text(&call.runtime.context.request.method))),
    member("IUrl Url { get; }", |_| Ok(part(Part::Url(UrlOf::Request)))),
    member("IUrl OriginalUrl { get; }", |_| Ok(part(Part::Url(UrlOf::Original)))),
    member("string IpAddress { get; }", |call| Ok(text(&call.runtime.context.request.ip))),
    member("IReadOnlyDictionary<string, string[]> Headers { get; }", |_| Ok(part(Part::Headers(Message::Request)))),
    member("IReadOnlyDictionary<string, string> MatchedParameters { get; }", |_| Ok(part(Part::MatchedParameters))),
    member("IMessageBody Body { get; }", |call| {
        Ok(when(!matches!(call.runtime.context.request.body, Body::None), Part::Body(Message::Request)))
    }),
];

/// `IResponse`
pub const RESPONSE_MEMBERS: &[Member] = &[
    member("int StatusCode { get; }", |call| Ok(Value::Int32(response(call)?.head.status.into()))),
    member("string StatusReason { get; }", |call| Ok(text(&response(call)?.head.reason))),
    member("IReadOnlyDictionary<string, string[]> Headers { get; }", |call| Ok(part(Part::Headers(Message::Response(which(call)?))))),
    member("IMessageBody Body { get; }", |call| {
        let there = !matches!(response(call)?.body, Body::None);
        Ok(when(there, Part::Body(Message::Response(which(call)?))))
    }),
];

fn which(call: &Call<'_, '_>) -> Result<Which, Raise> {
    match call.argument(0) {
        Value::Context(Part::Response(which)) => Ok(*which),
        _ => Err(null_reference()),
    }
}

fn response<'a>(call: &'a Call<'_, '_>) -> Result<&'a super::ResponseMessage, Raise> {
    call.runtime.context.response(which(call)?).ok_or_else(null_reference)
}

/// `IUrl`
pub const URL_MEMBERS: &[Member] = &[
    member("string Scheme { get; }", |call| url(call, |url| Value::string(url.scheme.clone()))),
    member("string Host { get; }", |call| url(call, |url| Value::string(url.host.clone()))),
    member("int Port { get; }", |call| url(call, |url| Value::Int32(url.effective_port().into()))),
    member("string Path { get; }", |call| url(call, |url| Value::string(url.path.clone()))),
    member("string QueryString { get; }", |call| url(call, |url| Value::string(url.query.clone()))),
    member("IReadOnlyDictionary<string, string[]> Query { get; }", |call| match call.argument(0) {
        Value::Context(Part::Url(of)) => Ok(part(Part::Query(*of))),
        _ => Err(null_reference()),
    }),
];

fn url(call: &Call<'_, '_>, pick: fn(&crate::http::Url) -> Value) -> Result<Value, Raise> {
    match call.argument(0) {
        Value::Context(Part::Url(of)) => call.runtime.context.url(*of).map(pick).ok_or_else(null_reference),
        _ => Err(null_reference()),
    }
}

/// `IMessageBody`
pub const BODY_MEMBERS: &[Member] = &[member("T As<T>(bool preserveContent = false)", read_body)];

/// Reads a body as one of the types that the service allows. Reading consumes it unless `preserveContent` is true.
/// Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, `IMessageBody`.
fn read_body(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Value::Context(Part::Body(message)) = *call.argument(0) else { return Err(null_reference()) };
    let preserve = matches!(call.argument(1), Value::Bool(true));
    let context = &mut *call.runtime.context;
    let body = match message {
        Message::Request => &mut context.request.body,
        Message::Response(which) => &mut context.response_mut(which).ok_or_else(null_reference)?.body,
    };
    let bytes = match body {
        Body::Unread if message == Message::Request => return Err(Raise::Unread(Unread::Request)),
        Body::Unread => return Err(Raise::Unread(Unread::Response)),
        Body::Bytes(bytes) => bytes.clone(),
        Body::None | Body::Consumed => bytes::Bytes::new(),
    };
    if !preserve {
        *body = Body::Consumed;
    }
    let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
    if target == Type::array(Type::BYTE) {
        return call.runtime.object(Object::Bytes(bytes.to_vec()));
    }
    call.runtime.allocate(bytes.len())?;
    let decoded = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    if target == Type::STRING {
        return Ok(Value::string(decoded.into_owned()));
    }
    let class = target.class().filter(|class| ["JObject", "JArray", "JToken"].contains(&class.name));
    let Some(class) = class else {
        return raise(&registry::NOT_SUPPORTED_EXCEPTION, format!("The message body cannot be read as '{}'.", display::full_name(&target)));
    };
    if decoded.trim().is_empty() {
        return Ok(Value::Null);
    }
    json::parse_as(call.runtime, &decoded, Some(class)).map_err(|error| match error {
        Raise::Exception(mut exception) => {
            exception.message = format!("The message body is not a valid JSON. {}", exception.message);
            Raise::Exception(exception)
        }
        other => other,
    })
}

/// The extension methods of the gateway.
pub const EXTENSIONS_MEMBERS: &[Member] = &[
    member("static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> values, string key)", joined_or_default),
    member(
        "static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> values, string key, string defaultValue)",
        joined_or_default,
    ),
    member("static string GetValueOrDefault(this IReadOnlyDictionary<string, string> values, string key)", joined_or_default),
    member(
        "static string GetValueOrDefault(this IReadOnlyDictionary<string, string> values, string key, string defaultValue)",
        joined_or_default,
    ),
    member("static object GetValueOrDefault(this IReadOnlyDictionary<string, object> variables, string key)", |call| {
        Ok(variable(call)?.unwrap_or(Value::Null))
    }),
    member("static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> variables, string key)", typed_variable),
    member("static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> variables, string key, T defaultValue)", typed_variable),
];

fn joined_or_default(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let Value::String(key) = call.argument(1) else { return Err(null_reference()) };
    if let Some(found) = tokens::entry(call.runtime, call.argument(0), &key.as_str()) {
        return Ok(found.map_or_else(|| call.argument(2).clone(), |value| tokens::joined(call.runtime, &value)));
    }
    let Value::Context(part) = call.argument(0) else { return Err(null_reference()) };
    Ok(joined(call.runtime, *part, &key.as_str()).map_or_else(|| call.argument(2).clone(), Value::String))
}

fn variable(call: &Call<'_, '_>) -> Result<Option<Value>, Raise> {
    match call.argument(1) {
        Value::String(name) => Ok(match tokens::entry(call.runtime, call.argument(0), &name.as_str()) {
            Some(found) => found,
            None => call.runtime.context.variables.get(&name.as_str()).cloned(),
        }),
        _ => Err(crate::dotnet::exception::argument_null("key")),
    }
}

/// The variable cast to `T`, never converted: an `int` is no `long`. The default stands in only for a variable that is not set.
/// Source: user reports (`GetValueOrDefault<string>` on an `int` throws).
fn typed_variable(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
    let Some(value) = variable(call)? else {
        return Ok(if call.arguments.len() > 2 { call.argument(2).clone() } else { Value::default_of(&target) });
    };
    let found = display::type_of(call.runtime, &value);
    let fits = match &target {
        Type::Nullable(of) => value.is_null() || found == **of,
        target if value.is_null() => target.admits_null(),
        target => found.is_reference_to(target),
    };
    if fits {
        Ok(value)
    } else if value.is_null() {
        Err(null_reference())
    } else {
        Err(invalid_cast(&display::full_name(&found), &display::full_name(&target)))
    }
}
