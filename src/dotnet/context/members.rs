//! The members of `context` and its parts.

use super::{Body, Message, Part, UrlOf, Which, joined, tokens};
use crate::{
    dotnet::{
        collection::{
            List,
            dictionary::{self, Dictionary},
        },
        crypto,
        datetime::{DateTime, TimeSpan},
        display,
        enums::EnumValue,
        exception::{Raise, Unread, invalid_cast, null_reference, raise},
        heap::Object,
        json,
        member::{Call, Member, MemberInfo, MemberKind, member},
        registry,
        runtime::Runtime,
        types::Type,
        uri,
        value::Value,
        xml,
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
    member("IWorkspace Workspace { get; }", |call| Ok(when(call.runtime.context.workspace.is_some(), Part::Workspace))),
    member("IBackend Backend { get; }", |call| Ok(when(call.runtime.context.backend.is_some(), Part::Backend))),
    // Resolvers alone have one.
    member("IGraphQL GraphQL { get; }", |_| Ok(Value::Null)),
    member("IDeployment Deployment { get; }", |_| Ok(part(Part::Deployment))),
    member("ILastError LastError { get; }", |call| Ok(when(call.runtime.context.last_error.is_some(), Part::LastError))),
    member("IRequest Request { get; }", |_| Ok(part(Part::Request))),
    member("IResponse Response { get; }", |call| Ok(when(call.runtime.context.response.is_some(), Part::Response(Which::Current)))),
    member("IReadOnlyDictionary<string, object> Variables { get; }", |_| Ok(part(Part::Variables))),
    member("Guid RequestId { get; }", |call| Ok(Value::Guid(call.runtime.context.request_id))),
    member("DateTime Timestamp { get; }", |call| Ok(Value::DateTime(DateTime::from_moment(call.runtime.context.timestamp)))),
    member("TimeSpan Elapsed { get; }", |call| {
        let elapsed = match call.runtime.context.elapsed {
            Some(elapsed) => elapsed,
            None => call.runtime.environment.now().since(call.runtime.context.timestamp),
        };
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

/// `IDeployment`
pub const DEPLOYMENT_MEMBERS: &[Member] = &[
    member("string Region { get; }", |call| Ok(text(&call.runtime.context.service.region))),
    member("string ServiceName { get; }", |call| Ok(text(&call.runtime.context.service.name))),
    member("string ServiceId { get; }", |call| Ok(text(&call.runtime.context.service.name))),
    member("string GatewayId { get; }", |call| Ok(gateway_id(call))),
    member("IGateway Gateway { get; }", |_| Ok(part(Part::DeploymentGateway))),
    member("ISustainabilityInfo SustainabilityInfo { get; }", |_| Ok(part(Part::Sustainability))),
    member("IReadOnlyDictionary<string, X509Certificate2> Certificates { get; }", |call| {
        let value = Type::named(registry::find("X509Certificate2", 0).ok_or_else(null_reference)?);
        let map = call.runtime.object(Object::Dictionary(Dictionary::new(Type::STRING, value)))?;
        for (id, bytes) in call.runtime.context.service.certificates.clone() {
            let certificate = crypto::certificate(call.runtime, &bytes)?;
            dictionary::set(call.runtime, &map, Value::string(id), certificate)?;
        }
        Ok(map)
    }),
];

fn gateway_id(call: &Call<'_, '_>) -> Value {
    let id = &call.runtime.context.service.gateway_id;
    if id.is_empty() { Value::string("managed") } else { text(id) }
}

/// `context.Deployment.Gateway`
pub const DEPLOYMENT_GATEWAY_MEMBERS: &[Member] = &[
    member("string Id { get; }", |call| Ok(gateway_id(call))),
    member("string InstanceId { get; }", |call| Ok(gateway_id(call))),
    member("bool IsManaged { get; }", |call| Ok(Value::Bool(call.runtime.context.service.gateway_id.is_empty()))),
];

/// `context.Deployment.SustainabilityInfo`
pub const SUSTAINABILITY_MEMBERS: &[Member] =
    &[member("CarbonIntensityCategory CurrentCarbonIntensity { get; }", |_| Ok(Value::Enum(EnumValue::new(&super::CARBON_INTENSITY, 0))))];

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
    call.runtime.context.last_error.as_deref().map(|error| text(pick(error))).ok_or_else(null_reference)
}

/// `IRequest`
pub const REQUEST_MEMBERS: &[Member] = &[
    member("string Method { get; }", |call| Ok(text(&call.runtime.context.request.method))),
    member("IUrl Url { get; }", |_| Ok(part(Part::Url(UrlOf::Request)))),
    member("IUrl OriginalUrl { get; }", |_| Ok(part(Part::Url(UrlOf::Original)))),
    member("X509Certificate2 Certificate { get; }", |call| match call.runtime.context.request.certificate.clone() {
        Some(bytes) => crypto::certificate(call.runtime, &bytes),
        None => Ok(Value::Null),
    }),
    member("IFoundry Foundry { get; }", |_| Ok(part(Part::Foundry))),
    // Only requests through a private endpoint have one.
    member("IPrivateEndpointConnection PrivateEndpointConnection { get; }", |_| Ok(Value::Null)),
    member("string IpAddress { get; }", |call| Ok(text(&call.runtime.context.request.ip))),
    member("IReadOnlyDictionary<string, string[]> Headers { get; }", |_| Ok(part(Part::Headers(Message::Request)))),
    member("IReadOnlyDictionary<string, string> MatchedParameters { get; }", |_| Ok(part(Part::MatchedParameters))),
    member("IMessageBody Body { get; }", |call| {
        Ok(when(!matches!(call.runtime.context.request.body, Body::None), Part::Body(Message::Request)))
    }),
];

/// `context.Request.Foundry`: the model deployment that the path names.
pub const FOUNDRY_MEMBERS: &[Member] =
    &[member("string Deployment { get; }", |call| Ok(call.runtime.context.matched_parameter("deployment-id").map_or(Value::Null, text)))];

/// `IGraphQL`
pub const GRAPHQL_MEMBERS: &[Member] = &[
    member("JObject Arguments { get; }", |_| Ok(Value::Null)),
    member("JObject GraphQLArguments { get; }", |_| Ok(Value::Null)),
    member("JToken Parent { get; }", |_| Ok(Value::Null)),
];

/// `IPrivateEndpointConnection`
pub const PRIVATE_ENDPOINT_MEMBERS: &[Member] = &[
    member("string Name { get; }", |_| Ok(Value::Null)),
    member("string GroupId { get; }", |_| Ok(Value::Null)),
    member("string MemberName { get; }", |_| Ok(Value::Null)),
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
    member("Uri ToUri()", |call| {
        let text = Value::String(display::to_str(call.runtime, call.argument(0)));
        let is_plain = |info: &&MemberInfo| info.kind == MemberKind::Constructor && info.parameters.len() == 1;
        let constructor = registry::URI.infos().iter().find(is_plain).ok_or_else(null_reference)?;
        (constructor.native)(&mut Call::new(call.runtime, &[text], &[]))
    }),
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
pub const BODY_MEMBERS: &[Member] = &[
    member("T As<T>(bool preserveContent = false)", read_body),
    member("IDictionary<string, IList<string>> AsFormUrlEncodedContent(bool preserveContent = false)", read_form),
];

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
    // An empty body is no document, and is refused as one; of one that was read before nothing is left to read.
    let is_gone = matches!(body, Body::None | Body::Consumed);
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
    let name = target.class().map_or("", |class| class.name);
    match name {
        "JObject" | "JArray" | "JToken" | "XDocument" | "XElement" | "XNode" if is_gone => Ok(Value::Null),
        "JObject" | "JArray" | "JToken" => json::parse_as(call.runtime, &decoded, target.class()),
        "XDocument" => xml::parse_document(call.runtime, &decoded),
        "XElement" | "XNode" => xml::parse_element(call.runtime, &decoded),
        _ => raise(&registry::NOT_SUPPORTED_EXCEPTION, format!("The message body cannot be read as '{}'.", display::full_name(&target))),
    }
}

/// The body of a form: names with their values, decoded, in the order of their first appearance. A value can be added to a name that is
/// not there yet. Source: learn.microsoft.com/azure/api-management/set-body-policy, `body["newKey"].Add("newValue")`.
fn read_form(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let body = read_body(&mut Call::new(call.runtime, call.arguments, &[Type::STRING]))?;
    let Value::String(text) = body else { return Err(null_reference()) };
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    for pair in text.as_str().split('&').filter(|pair| !pair.is_empty()) {
        call.runtime.step()?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (uri::unescape(name, true), Value::string(uri::unescape(value, true)));
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => fields.push((name, vec![value])),
        }
    }
    let list = Type::generic(&registry::ILIST, [Type::STRING]);
    let map = call.runtime.object(Object::Dictionary(Dictionary { grows: true, ..Dictionary::new(Type::STRING, list) }))?;
    for (name, values) in fields {
        let values = call.runtime.object(Object::List(List::new(Type::STRING, values)))?;
        dictionary::set(call.runtime, &map, Value::string(name), values)?;
    }
    Ok(map)
}

/// A form as text again: `a=1&b=x+y`.
fn form_text(call: &mut Call<'_, '_>, prefix: &str) -> Result<Value, Raise> {
    let mut pairs = Vec::new();
    let entries: Vec<(Value, Value)> = match call.runtime.get(call.argument(0)) {
        Some(Object::Dictionary(map)) => map.entries().map(|(name, values)| (name.clone(), values.clone())).collect(),
        _ => return Err(null_reference()),
    };
    for (name, values) in entries {
        let name = display::to_str(call.runtime, &name);
        for value in call.runtime.collect(&values)? {
            let value = display::to_str(call.runtime, &value);
            pairs.push(format!("{}={}", form_escaped(&name.as_str()), form_escaped(&value.as_str())));
        }
    }
    let joined = pairs.join("&");
    Ok(Value::string(if joined.is_empty() { joined } else { format!("{prefix}{joined}") }))
}

fn form_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'!' | b'*' | b'(' | b')' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
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
    member("static string ToQueryString(this IDictionary<string, IList<string>> form)", |call| form_text(call, "?")),
    member("static string ToFormUrlEncodedContent(this IDictionary<string, IList<string>> form)", |call| form_text(call, "")),
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

fn typed_variable(call: &mut Call<'_, '_>) -> Result<Value, Raise> {
    let target = call.types.first().cloned().unwrap_or(Type::OBJECT);
    match variable(call)? {
        Some(value) => cast(call.runtime, value, &target),
        None if call.arguments.len() > 2 => Ok(call.argument(2).clone()),
        None => Ok(Value::default_of(&target)),
    }
}

/// A variable's value cast to `T`, never converted: an `int` is no `long`. A default stands in only for a variable that is not set.
/// Source: user reports (`GetValueOrDefault<string>` on an `int` throws).
///
/// # Errors
/// What the cast throws.
pub fn cast(runtime: &Runtime<'_>, value: Value, target: &Type) -> Result<Value, Raise> {
    if display::is_plainly(&value, target) || *target == Type::OBJECT {
        return Ok(value);
    }
    let found = display::type_of(runtime, &value);
    let fits = match target {
        Type::Nullable(of) => value.is_null() || found == **of,
        target if value.is_null() => target.admits_null(),
        target => found.is_reference_to(target),
    };
    if fits {
        Ok(value)
    } else if value.is_null() {
        Err(null_reference())
    } else {
        Err(invalid_cast(&display::full_name(&found), &display::full_name(target)))
    }
}
