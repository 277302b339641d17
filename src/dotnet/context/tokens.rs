//! What the gateway makes of an `Authorization` header: `BasicAuthCredentials` and `Jwt`; and the `Authorization` that
//! `get-authorization-context` puts into a variable.
//!
//! Source: learn.microsoft.com/azure/api-management/api-management-policy-expressions, "Context variable", and
//! get-authorization-context-policy. How a claim of another type reads as text is System.IdentityModel.Tokens.Jwt's way.

use base64::{
    Engine as _,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use serde_json::{Map, Value as Json};

use super::CONTEXT_NAMESPACE;
use crate::dotnet::{
    collection::{self, dictionary, dictionary::Dictionary},
    datetime::{DateTime, Kind, TICKS_PER_SECOND, UNIX_EPOCH},
    display,
    exception::{Raise, null_reference},
    heap::{Instance, Object},
    member::{Call, Member, member},
    runtime::Runtime,
    types::{Class, Type},
    value::Value,
};

crate::classes! {
    BASIC_AUTH_CREDENTIALS = class(CONTEXT_NAMESPACE, "BasicAuthCredentials").members(BASIC_MEMBERS);
    JWT = class(CONTEXT_NAMESPACE, "Jwt").members(JWT_MEMBERS);
    AUTHORIZATION = class(CONTEXT_NAMESPACE, "Authorization").members(AUTHORIZATION_MEMBERS);
    TOKEN_EXTENSIONS = statics(CONTEXT_NAMESPACE, "TokenExtensions").members(EXTENSIONS_MEMBERS);
}

/// An object that shows values which were settled when it was made.
#[derive(Clone, Debug)]
struct Shown {
    class: &'static Class,
    parts: Vec<Value>,
}

impl Instance for Shown {
    fn ty(&self) -> Type {
        Type::named(self.class)
    }

    fn copy(&self) -> Box<dyn Instance> {
        Box::new(self.clone())
    }
}

fn part(call: &mut Call<'_, '_>, index: usize) -> Result<Value, Raise> {
    let shown = call.runtime.own::<Shown>(call.argument(0)).ok_or_else(null_reference)?;
    Ok(shown.parts.get(index).cloned().unwrap_or(Value::Null))
}

/// `BasicAuthCredentials`
pub const BASIC_MEMBERS: &[Member] =
    &[member("string UserId { get; }", |call| part(call, 0)), member("string Password { get; }", |call| part(call, 1))];

/// `Jwt`
pub const JWT_MEMBERS: &[Member] = &[
    member("string Algorithm { get; }", |call| part(call, 0)),
    member("string Type { get; }", |call| part(call, 1)),
    member("string Id { get; }", |call| part(call, 2)),
    member("string Issuer { get; }", |call| part(call, 3)),
    member("string Subject { get; }", |call| part(call, 4)),
    member("IEnumerable<string> Audiences { get; }", |call| part(call, 5)),
    member("DateTime? ExpirationTime { get; }", |call| part(call, 6)),
    member("DateTime? IssuedAt { get; }", |call| part(call, 7)),
    member("DateTime? NotBefore { get; }", |call| part(call, 8)),
    member("IReadOnlyDictionary<string, string[]> Claims { get; }", |call| part(call, 9)),
];

/// `Authorization`
pub const AUTHORIZATION_MEMBERS: &[Member] = &[
    member("string AccessToken { get; }", |call| part(call, 0)),
    member("IReadOnlyDictionary<string, object> Claims { get; }", |call| part(call, 1)),
];

/// The gateway's extension methods on strings.
pub const EXTENSIONS_MEMBERS: &[Member] = &[
    member("static BasicAuthCredentials AsBasic(this string input)", |call| as_object(call, basic)),
    member("static bool TryParseBasic(this string input, out BasicAuthCredentials result)", |call| try_parse(call, basic)),
    member("static Jwt AsJwt(this string input)", |call| as_object(call, jwt)),
    member("static bool TryParseJwt(this string input, out Jwt result)", |call| try_parse(call, jwt)),
];

type Parse = fn(&mut Runtime<'_>, &str) -> Result<Option<Value>, Raise>;

fn as_object(call: &mut Call<'_, '_>, parse: Parse) -> Result<Value, Raise> {
    match call.argument(0) {
        Value::String(text) => {
            call.runtime.work(text.bytes().saturating_mul(4))?;
            call.runtime.allocate(text.bytes().saturating_mul(4))?;
            Ok(parse(call.runtime, &text.as_str())?.unwrap_or(Value::Null))
        }
        _ => Ok(Value::Null),
    }
}

fn try_parse(call: &mut Call<'_, '_>, parse: Parse) -> Result<Value, Raise> {
    let found = as_object(call, parse)?;
    let is_found = !found.is_null();
    call.out(1, found);
    Ok(Value::Bool(is_found))
}

/// What follows a scheme, whatever its case.
fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    (head.eq_ignore_ascii_case(scheme) && rest.starts_with(' ')).then(|| rest.trim())
}

/// The credentials in an `Authorization` header of the Basic scheme; none where it is something else.
///
/// # Errors
/// A spent budget.
pub fn basic(runtime: &mut Runtime<'_>, header: &str) -> Result<Option<Value>, Raise> {
    let decoded = after_scheme(header.trim(), "Basic").and_then(|text| STANDARD.decode(text).ok());
    let Some(text) = decoded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()) else { return Ok(None) };
    let Some((user, password)) = text.split_once(':') else { return Ok(None) };
    let parts = [user, password].map(|text| Value::string(text.to_owned())).to_vec();
    runtime.instance(Shown { class: &BASIC_AUTH_CREDENTIALS, parts }).map(Some)
}

/// The token in a text, with or without `Bearer` before it; none where it is no JSON Web Token. Nothing is validated.
///
/// # Errors
/// A spent budget.
pub fn jwt(runtime: &mut Runtime<'_>, text: &str) -> Result<Option<Value>, Raise> {
    let text = text.trim();
    let segments: Vec<&str> = after_scheme(text, "Bearer").unwrap_or(text).split('.').collect();
    let [header, payload, signature] = segments.as_slice() else { return Ok(None) };
    let (Some(header), Some(payload), Some(_)) = (object(header), object(payload), decode(signature)) else { return Ok(None) };
    let text_of = |map: &Map<String, Json>, name: &str| {
        map.get(name).and_then(|value| texts(value).into_iter().next()).map_or(Value::Null, Value::string)
    };
    let audiences = payload.get("aud").map(texts).unwrap_or_default();
    let audiences = array(runtime, audiences)?;
    let mut claims = Vec::new();
    for (name, value) in &payload {
        runtime.step()?;
        claims.push((Value::string(name.clone()), array(runtime, texts(value))?));
    }
    let parts = vec![
        text_of(&header, "alg"),
        text_of(&header, "typ"),
        text_of(&payload, "jti"),
        text_of(&payload, "iss"),
        text_of(&payload, "sub"),
        audiences,
        moment(payload.get("exp")),
        moment(payload.get("iat")),
        moment(payload.get("nbf")),
        dictionary(runtime, Type::array(Type::STRING), claims)?,
    ];
    runtime.instance(Shown { class: &JWT, parts }).map(Some)
}

/// What `get-authorization-context` puts into its variable.
///
/// # Errors
/// A spent budget.
pub fn authorization(runtime: &mut Runtime<'_>, access_token: &str, claims: Vec<(Value, Value)>) -> Result<Value, Raise> {
    runtime.allocate(access_token.len())?;
    let claims = dictionary(runtime, Type::OBJECT, claims)?;
    runtime.instance(Shown { class: &AUTHORIZATION, parts: vec![Value::string(access_token.to_owned()), claims] })
}

/// A segment of a token: Base64url without padding.
pub(crate) fn decode(segment: &str) -> Option<Vec<u8>> {
    // Other bits behind the last byte are as good as none, as .NET has it.
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::URL_SAFE,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    LENIENT.decode(segment).ok()
}

/// A segment that is a JSON object.
pub(crate) fn object(segment: &str) -> Option<Map<String, Json>> {
    match serde_json::from_slice(&decode(segment)?) {
        Ok(Json::Object(map)) => Some(map),
        _ => None,
    }
}

/// The texts of a claim: one for each item of an array, JSON for what is no plain value.
pub(crate) fn texts(value: &Json) -> Vec<String> {
    fn text(value: &Json) -> String {
        match value {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            Json::Number(number) if number.is_f64() => display::double(number.as_f64().unwrap_or(0.0)),
            other => other.to_string(),
        }
    }
    match value {
        Json::Array(items) => items.iter().map(text).collect(),
        single => vec![text(single)],
    }
}

/// Seconds since 1970 as a `DateTime` in UTC.
fn moment(value: Option<&Json>) -> Value {
    const LAST: i64 = 253_402_300_799;
    let seconds = match value {
        Some(Json::Number(number)) => number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)),
        Some(Json::String(text)) => text.parse().ok(),
        _ => None,
    };
    seconds.map_or(Value::Null, |seconds| {
        let ticks = UNIX_EPOCH + seconds.clamp(-UNIX_EPOCH / TICKS_PER_SECOND, LAST) * TICKS_PER_SECOND;
        Value::DateTime(DateTime { ticks, kind: Kind::Utc })
    })
}

fn array(runtime: &mut Runtime<'_>, texts: Vec<String>) -> Result<Value, Raise> {
    collection::array(runtime, Type::STRING, texts.into_iter().map(Value::string).collect())
}

/// A dictionary of strings to values of that type.
fn dictionary(runtime: &mut Runtime<'_>, value: Type, entries: Vec<(Value, Value)>) -> Result<Value, Raise> {
    let map = runtime.object(Object::Dictionary(Dictionary::new(Type::STRING, value)))?;
    for (key, value) in entries {
        dictionary::set(runtime, &map, key, value)?;
    }
    Ok(map)
}

/// The entry of a dictionary under a key; the outer none for what is no dictionary.
pub(super) fn entry(runtime: &Runtime<'_>, of: &Value, key: &str) -> Option<Option<Value>> {
    let Some(Object::Dictionary(map)) = runtime.get(of) else { return None };
    let is_key = |candidate: &Value| matches!(candidate, Value::String(text) if text.as_str() == key);
    Some(map.entries().find(|(candidate, _)| is_key(candidate)).map(|(_, value)| value.clone()))
}

/// The texts of a value joined by commas, as `GetValueOrDefault` of claims gives them.
pub(super) fn joined(runtime: &Runtime<'_>, value: &Value) -> Value {
    match runtime.get(value) {
        Some(Object::Array(list)) => {
            let texts: Vec<String> = list.items.iter().map(|item| display::to_str(runtime, item).to_string()).collect();
            Value::string(texts.join(","))
        }
        _ => value.clone(),
    }
}
