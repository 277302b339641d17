//! A context of one's own to evaluate an expression in: what `eval --context` reads, and each case of `eval --cases`.
//!
//! What is left out is as in `RequestContext::default`, but for what every request has: an id, a time, a deployment.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use crate::{
    diagnostic::nearest,
    dotnet::{
        collection,
        context::{
            Api, Body, LastError, Named, Operation, Product, RequestContext, RequestMessage, ResponseMessage, Service, Subscription, User,
            tokens,
        },
        datetime::{self, DateTime, Kind, UNIX_EPOCH},
        exception::Raise,
        guid,
        heap::Object,
        json, registry,
        runtime::Runtime,
        types::{Class, Type},
        value::Value,
        xml,
    },
    environment::Moment,
    http::{Headers, ResponseHead, Url},
    text::Text,
};

/// What is wrong with a context: where, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

type Found<T> = Result<T, Fault>;

fn fault<T>(place: &str, what: impl std::fmt::Display) -> Found<T> {
    Err(Fault(format!("{place}: {what}")))
}

/// An object's members by name; the names that nobody asked for are faults.
struct Fields<'a> {
    place: &'a str,
    map: &'a Map<String, Json>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    fn of(place: &'a str, json: &'a Json) -> Found<Self> {
        Ok(Self { place, map: members(place, json)?, asked: Vec::new() })
    }

    fn get(&mut self, name: &'static str) -> Option<&'a Json> {
        self.asked.push(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// The place of a member.
    fn at(&self, name: &str) -> String {
        if self.place == ROOT { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    /// A member that `read` understands; what else it is, is a fault.
    fn read<T>(&mut self, name: &'static str, what: &str, read: impl FnOnce(&'a Json) -> Option<T>) -> Found<Option<T>> {
        match self.get(name) {
            None => Ok(None),
            Some(json) => match read(json) {
                Some(value) => Ok(Some(value)),
                None => unexpected(&self.at(name), what, json),
            },
        }
    }

    fn text(&mut self, name: &'static str) -> Found<Option<Text>> {
        self.read(name, "text", |json| json.as_str().map(Text::copied))
    }

    fn text_or(&mut self, name: &'static str, default: &'static str) -> Found<Text> {
        Ok(self.text(name)?.unwrap_or_else(|| default.into()))
    }

    fn flag(&mut self, name: &'static str) -> Found<Option<bool>> {
        self.read(name, "true or false", Json::as_bool)
    }

    fn texts(&mut self, name: &'static str) -> Found<Vec<Text>> {
        let texts = |json: &Json| json.as_array()?.iter().map(|item| item.as_str().map(Text::copied)).collect();
        Ok(self.read(name, "a list of texts", texts)?.unwrap_or_default())
    }

    fn groups(&mut self, name: &'static str) -> Found<Vec<Named>> {
        Ok(self.texts(name)?.into_iter().map(|text| Named { id: text.clone(), name: text }).collect())
    }

    fn date(&mut self, name: &'static str) -> Found<Option<DateTime>> {
        match self.text(name)? {
            None => Ok(None),
            Some(text) => date(&self.at(name), &text).map(Some),
        }
    }

    fn url(&mut self, name: &'static str) -> Found<Option<Url>> {
        self.read(name, "an absolute URL", |json| Url::parse(json.as_str()?))
    }

    fn named(&mut self) -> Found<Named> {
        Ok(Named { id: self.text_or("id", "")?, name: self.text_or("name", "")? })
    }

    /// Says which members are none.
    fn done(self) -> Found<()> {
        match self.map.keys().find(|key| !self.asked.contains(&key.as_str())) {
            Some(unknown) => {
                let near = nearest(unknown, self.asked.iter().copied()).map(|near| format!("did you mean `{near}`? "));
                fault(self.place, format!("there is no `{unknown}`; {}known are {}", near.unwrap_or_default(), self.asked.join(", ")))
            }
            None => Ok(()),
        }
    }
}

/// The place of the context itself.
const ROOT: &str = "context";

/// The members of an object.
fn members<'a>(place: &str, json: &'a Json) -> Found<&'a Map<String, Json>> {
    match json {
        Json::Object(map) => Ok(map),
        other => unexpected(place, "an object", other),
    }
}

/// Says what is expected, and what is there.
fn unexpected<T>(place: &str, what: &str, found: &Json) -> Found<T> {
    const LONGEST: usize = 60;
    let mut found = found.to_string();
    if let Some((end, _)) = found.char_indices().nth(LONGEST) {
        found.truncate(end);
        found.push('…');
    }
    fault(place, format!("{what} is expected, not `{found}`"))
}

fn date(place: &str, text: &str) -> Found<DateTime> {
    match datetime::parse_offset(text) {
        // Only a text that ends in `Z` is in UTC for sure; others keep no kind.
        Some(offset) => {
            let kind = if text.ends_with('Z') { Kind::Utc } else { Kind::Unspecified };
            Ok(DateTime { ticks: offset.ticks, kind })
        }
        None => fault(place, format!("`{text}` is no date")),
    }
}

fn moment(date: DateTime) -> Moment {
    Moment(date.ticks.saturating_sub(UNIX_EPOCH).saturating_mul(100))
}

/// Fills the runtime's context from JSON.
///
/// # Errors
/// The first thing that is wrong with it, with its place.
pub fn fill(runtime: &mut Runtime<'_>, json: &Json) -> Found<()> {
    let mut fields = Fields::of(ROOT, json)?;
    let request_id = match fields.text("requestId")? {
        Some(text) => match guid::parse(&text) {
            Some(guid) => guid,
            None => return fault("requestId", format!("`{text}` is no GUID")),
        },
        None => DEFAULT_REQUEST_ID,
    };
    let mut context = RequestContext { request_id, ..RequestContext::default() };
    context.timestamp = match fields.date("timestamp")? {
        Some(date) => moment(date),
        None => DEFAULT_TIMESTAMP,
    };
    context.elapsed = Some(match fields.get("elapsed") {
        None => Duration::from_millis(45),
        Some(Json::String(text)) => match datetime::parse_time_span(&text.clone().into()) {
            Ok(span) => Duration::from_nanos(u64::try_from(span.0.max(0)).unwrap_or(0).saturating_mul(100)),
            Err(_) => return fault("elapsed", format!("`{text}` is no time span")),
        },
        Some(Json::Number(number)) => Duration::from_secs_f64(number.as_f64().unwrap_or(0.0).clamp(0.0, 1e9) / 1000.0),
        Some(other) => return unexpected("elapsed", "a time span, or a number of milliseconds,", other),
    });
    context.tracing = fields.flag("tracing")?.unwrap_or(false);
    context.request = request(fields.get("request"))?;
    context.response = match fields.get("response") {
        Some(json) => Some(response("response", json)?),
        None => None,
    };
    context.service = Arc::new(service(fields.get("api"), fields.get("deployment"))?);
    context.operation = part(fields.get("operation"), "operation", |fields| {
        Ok(Arc::new(Operation {
            named: fields.named()?,
            method: fields.text_or("method", "GET")?,
            url_template: fields.text_or("urlTemplate", "/")?,
        }))
    })?;
    context.product = part(fields.get("product"), "product", |fields| {
        Ok(Arc::new(Product {
            named: fields.named()?,
            is_published: fields.text("state")?.is_none_or(|state| !state.eq_ignore_ascii_case("notPublished")),
            approval_required: fields.flag("approvalRequired")?.unwrap_or(false),
            subscription_required: fields.flag("subscriptionRequired")?.unwrap_or(true),
            subscriptions_limit: fields.read("subscriptionsLimit", "a whole number", |json| i32::try_from(json.as_i64()?).ok())?,
            groups: fields.groups("groups")?,
        }))
    })?;
    context.subscription = part(fields.get("subscription"), "subscription", |fields| {
        let key = fields.text_or("key", "")?;
        Ok(Arc::new(Subscription {
            named: fields.named()?,
            primary_key: fields.text("primaryKey")?.unwrap_or_else(|| key.clone()),
            secondary_key: fields.text_or("secondaryKey", "")?,
            key,
            created: fields.date("createdDate")?,
            start: fields.date("startDate")?,
            end: fields.date("endDate")?,
        }))
    })?;
    context.user = part(fields.get("user"), "user", |fields| {
        Ok(Arc::new(User {
            id: fields.text_or("id", "")?,
            email: fields.text_or("email", "")?,
            first_name: fields.text_or("firstName", "")?,
            last_name: fields.text_or("lastName", "")?,
            note: fields.text_or("note", "")?,
            registered: fields.date("registrationDate")?,
            groups: fields.groups("groups")?,
            identities: fields.texts("identities")?.into_iter().map(|id| (id, Text::from("Basic"))).collect(),
        }))
    })?;
    context.last_error = part(fields.get("lastError"), "lastError", |fields| {
        Ok(Box::new(LastError {
            source: fields.text_or("source", "")?,
            reason: fields.text_or("reason", "")?,
            message: fields.text_or("message", "")?,
            scope: fields.text_or("scope", "")?,
            section: fields.text_or("section", "")?,
            path: fields.text_or("path", "")?,
            policy_id: fields.text_or("policyId", "")?,
        }))
    })?;
    context.workspace = part(fields.get("workspace"), "workspace", |fields| fields.named().map(Arc::new))?;
    *runtime.context = context;
    let variables = fields.get("variables");
    fields.done()?;
    if let Some(variables) = variables {
        for (name, variable) in members("variables", variables)? {
            let value = self::variable(runtime, &format!("variables.{name}"), variable)?;
            runtime.context.variables.set(name.clone().into(), value);
        }
    }
    Ok(())
}

const DEFAULT_REQUEST_ID: [u8; 16] = [0x6f, 0x1c, 0x2d, 0x3e, 0x4a, 0x5b, 0x4c, 0x6d, 0x8e, 0x9f, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab];

/// 2024-05-06T07:08:09.123Z
const DEFAULT_TIMESTAMP: Moment = Moment(1_714_979_289_123_000_000);

fn part<T>(json: Option<&Json>, place: &str, read: impl FnOnce(&mut Fields<'_>) -> Found<T>) -> Found<Option<T>> {
    let Some(json) = json else { return Ok(None) };
    let mut fields = Fields::of(place, json)?;
    let value = read(&mut fields)?;
    fields.done()?;
    Ok(Some(value))
}

fn service(api: Option<&Json>, deployment: Option<&Json>) -> Found<Service> {
    let api = part(api, "api", |fields| {
        Ok(Api {
            named: fields.named()?,
            path: fields.text_or("path", "")?,
            version: fields.text("version")?,
            revision: fields.text_or("revision", "1")?,
            is_old_revision: fields.flag("isCurrentRevision")? == Some(false),
            protocols: match fields.texts("protocols")? {
                none if none.is_empty() => vec!["https".into()],
                protocols => protocols,
            },
            service_url: fields.url("serviceUrl")?,
        })
    })?
    .unwrap_or_else(|| Api {
        named: Named { id: "echo-api".into(), name: "Echo API".into() },
        path: "echo".into(),
        protocols: vec!["https".into()],
        ..Api::default()
    });
    let deployment = part(deployment, "deployment", |fields| {
        fields.text("serviceId")?;
        Ok((
            fields.text_or("serviceName", "contoso")?,
            fields.text_or("region", "West Europe")?,
            fields.text("gatewayId")?.filter(|id| *id != "managed").unwrap_or_default(),
        ))
    })?;
    let (name, region, gateway_id) = deployment.unwrap_or_else(|| ("contoso".into(), "West Europe".into(), Text::EMPTY));
    Ok(Service {
        name,
        region,
        gateway_id,
        api,
        key_names: ("Ocp-Apim-Subscription-Key".into(), "subscription-key".into()),
        ..Service::default()
    })
}

fn request(json: Option<&Json>) -> Found<RequestMessage> {
    let request = part(json, "request", |fields| {
        let url = fields.url("url")?.or_else(|| Url::parse("https://contoso.azure-api.net/")).unwrap_or_default();
        Ok(RequestMessage {
            method: fields.text_or("method", "GET")?,
            original_url: fields.url("originalUrl")?.unwrap_or_else(|| url.clone()),
            url,
            headers: headers("request.headers", fields.get("headers"))?,
            body: body(fields)?,
            ip: fields.text_or("ip", "203.0.113.1")?,
            certificate: None,
            matched_parameters: match fields.get("matchedParameters") {
                None => None,
                Some(json) => {
                    let parameters = members("request.matchedParameters", json)?;
                    Some(parameters.iter().map(|(name, value)| (name.clone().into(), plain(value).into())).collect())
                }
            },
        })
    })?;
    Ok(request.unwrap_or_else(|| {
        let url = Url::parse("https://contoso.azure-api.net/").unwrap_or_default();
        RequestMessage { method: "GET".into(), url: url.clone(), original_url: url, ip: "203.0.113.1".into(), ..RequestMessage::default() }
    }))
}

fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn response(place: &str, json: &Json) -> Found<ResponseMessage> {
    let mut fields = Fields::of(place, json)?;
    let status = fields.read("status", "a status", |json| u16::try_from(json.as_u64()?).ok())?.unwrap_or(200);
    let reason = fields.text("reason")?.unwrap_or_else(|| crate::http::reason_phrase(status).into());
    let message = ResponseMessage {
        head: ResponseHead { status, reason, headers: headers(&format!("{place}.headers"), fields.get("headers"))? },
        body: body(&mut fields)?,
    };
    fields.done()?;
    Ok(message)
}

fn headers(place: &str, json: Option<&Json>) -> Found<Headers> {
    let mut headers = Headers::new();
    let Some(json) = json else { return Ok(headers) };
    for (name, value) in members(place, json)? {
        match value {
            Json::Array(values) => values.iter().for_each(|value| headers.append(name.clone(), plain(value))),
            value => headers.append(name.clone(), plain(value)),
        }
    }
    Ok(headers)
}

fn body(fields: &mut Fields<'_>) -> Found<Body> {
    if let Some(text) = fields.text("body_base64")? {
        use base64::Engine as _;
        fields.get("body");
        return match base64::engine::general_purpose::STANDARD.decode(text.as_bytes()) {
            Ok(bytes) => Ok(Body::Bytes(bytes.into())),
            Err(error) => fault(&fields.at("body_base64"), error),
        };
    }
    Ok(match fields.get("body") {
        None => Body::None,
        Some(json) => Body::Bytes(Bytes::from(plain(json))),
    })
}

/// What a variable may be.
const VARIABLE_TYPES: &str = "string, int, long, double, decimal, bool, datetime, guid, timespan, bytes, string[], int[], list, \
    dictionary, jobject, jarray, jtoken, xml, jwt, authorization, response, null";

/// A variable: `{"type": …, "value": …}`; text, a truth or a number may stand alone, since it says its type itself.
fn variable(runtime: &mut Runtime<'_>, place: &str, json: &Json) -> Found<Value> {
    match json {
        Json::Null => return Ok(Value::Null),
        Json::Bool(truth) => return Ok(Value::Bool(*truth)),
        Json::String(text) => return Ok(Value::string(text.clone())),
        Json::Number(number) => {
            let whole = number.as_i64().map(|whole| i32::try_from(whole).map_or(Value::Int64(whole), Value::Int32));
            return Ok(whole.unwrap_or_else(|| Value::Double(number.as_f64().unwrap_or(f64::NAN))));
        }
        Json::Array(_) => return fault(place, "an object such as {\"type\": \"jarray\", \"value\": [1]} is expected"),
        Json::Object(_) => {}
    }
    let mut fields = Fields::of(place, json)?;
    let Some(ty) = fields.text("type")? else {
        return fault(place, format!("a `type` is expected, as in {{\"type\": \"jobject\", \"value\": {{}}}}; known are {VARIABLE_TYPES}"));
    };
    let value = fields.get("value").cloned().unwrap_or(Json::Null);
    fields.done()?;
    let raised = |raise: Raise| match raise {
        Raise::Exception(exception) => Fault(format!("{place}: {}", exception.message)),
        _ => Fault(format!("{place}: it takes more than the budget allows")),
    };
    if ty == "null" || value.is_null() {
        return Ok(Value::Null);
    }
    let text = || plain(&value);
    let wrong = || Fault(format!("{place}: `{}` is no {ty}", plain(&value)));
    let token = |runtime: &mut Runtime<'_>, class: Option<&'static Class>| json::parse_as(runtime, &text(), class).map_err(raised);
    Ok(match &*ty {
        "string" => Value::string(text()),
        "int" => Value::Int32(value.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(wrong)?),
        "long" => Value::Int64(value.as_i64().ok_or_else(wrong)?),
        "double" => Value::Double(value.as_f64().or_else(|| text().parse().ok()).ok_or_else(wrong)?),
        "decimal" => Value::Decimal(text().parse().map_err(|_| wrong())?),
        "bool" => Value::Bool(value.as_bool().ok_or_else(wrong)?),
        "datetime" => Value::DateTime(date(place, &text())?),
        "guid" => Value::Guid(guid::parse(&text()).ok_or_else(wrong)?),
        "timespan" => Value::TimeSpan(datetime::parse_time_span(&text().into()).map_err(raised)?),
        "bytes" => {
            use base64::Engine as _;
            let bytes = base64::engine::general_purpose::STANDARD.decode(text()).map_err(|_| wrong())?;
            runtime.object(Object::Bytes(bytes)).map_err(raised)?
        }
        "string[]" | "int[]" | "list" => {
            let Json::Array(items) = &value else { return Err(wrong()) };
            let (element, items): (Type, Vec<Value>) = match &*ty {
                "int[]" => {
                    let number = |item: &Json| item.as_i64().and_then(|number| i32::try_from(number).ok()).map(Value::Int32);
                    (Type::INT32, items.iter().map(number).collect::<Option<_>>().ok_or_else(wrong)?)
                }
                _ => {
                    (Type::STRING, items.iter().map(|item| if item.is_null() { Value::Null } else { Value::string(plain(item)) }).collect())
                }
            };
            if ty == "list" {
                runtime.object(Object::List(collection::List::new(element, items))).map_err(raised)?
            } else {
                collection::array(runtime, element, items).map_err(raised)?
            }
        }
        "dictionary" => {
            let Json::Object(map) = &value else { return Err(wrong()) };
            let made = runtime.object(Object::Dictionary(collection::Dictionary::new(Type::STRING, Type::STRING))).map_err(raised)?;
            for (key, item) in map {
                let item = if item.is_null() { Value::Null } else { Value::string(plain(item)) };
                collection::dictionary::set(runtime, &made, Value::string(key.clone()), item).map_err(raised)?;
            }
            made
        }
        "jobject" => token(runtime, Some(&registry::JOBJECT))?,
        "jarray" => token(runtime, Some(&registry::JARRAY))?,
        "jtoken" => token(runtime, None)?,
        "xml" => xml::parse_element(runtime, &text()).map_err(raised)?,
        "jwt" => tokens::jwt(runtime, &text()).map_err(raised)?.ok_or_else(wrong)?,
        "authorization" => {
            let access_token = value.get("accessToken").map_or_else(text, plain);
            tokens::authorization(runtime, &access_token, Vec::new()).map_err(raised)?
        }
        "response" => {
            let message = response(place, &value)?;
            runtime.context.store(message)
        }
        other => {
            return fault(place, format!("`{other}` is no type of variable; known are {VARIABLE_TYPES}"));
        }
    })
}
