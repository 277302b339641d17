//! Microsoft Entra ID as the simulated world has it: a tenant with managed identities, its OpenID configuration, and tokens with real
//! signatures.
//!
//! A token has the shape of an Entra access token and is signed by RS256 with a key that this simulator has made for itself, so that
//! `validate-jwt` and everybody else can check it. Every tenant that is named exists; one that is named by a domain is [`TENANT`].
//! Source of the claims: learn.microsoft.com/entra/identity-platform/access-token-claims-reference; of the endpoints:
//! learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::hash::keyed;
use crate::{
    dotnet::crypto::jws::SigningKey,
    environment::{Moment, guid_text},
    http::{Url, percent_decode},
    text::Text,
};

/// The tenant of every simulated identity.
pub const TENANT: &str = "5eed0000-0000-4000-8000-000000000000";

/// What a token for Azure OpenAI is made out to.
/// Source: learn.microsoft.com/azure/ai-services/openai/how-to/managed-identity.
pub const COGNITIVE_SERVICES: &str = "https://cognitiveservices.azure.com";

/// How long a token is valid, in seconds. Managed identities get tokens for 24 hours.
/// Source: learn.microsoft.com/entra/identity/managed-identities-azure-resources/managed-identities-faq.
const LIFETIME: i64 = 24 * 60 * 60;

/// How long a token of the token endpoint is valid, in seconds: an hour, or somewhat more in Azure.
const SHORT_LIFETIME: i64 = 3_600;

/// How long the same identity goes on with the same token, in seconds: the gateway keeps tokens, too.
const REUSE: i64 = 3_600;

/// Tokens that are kept.
const KEPT: usize = 1_024;

/// Hosts that issue tokens. Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
const HOSTS: [&str; 5] =
    ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.windows.net", "sts.windows.net"];

/// The simulated Entra with its managed identities. A copy given to every resource verifies what any other copy has issued.
#[derive(Clone, Debug)]
pub struct Identity {
    secret: u64,
    key: Arc<OnceLock<Option<SigningKey>>>,
    kept: Arc<Mutex<Kept>>,
}

/// Tokens whose signature needs not to be worked out again. What is in here follows from the secret: it changes nothing but the time that
/// things take.
#[derive(Debug, Default)]
struct Kept {
    /// By resource and client id, with the second of issue.
    issued: BTreeMap<(String, Option<String>), (i64, Text)>,
    /// Tokens whose signatures are good.
    good: BTreeSet<Text>,
}

#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    appid: String,
    idtyp: &'a str,
    oid: String,
    sub: String,
    tid: String,
    ver: &'a str,
}

impl Identity {
    /// A tenant whose tokens are good wherever the same `secret` is.
    pub fn new(secret: u64) -> Self {
        Self { secret, key: Arc::default(), kept: Arc::default() }
    }

    /// A token for `resource` (an application id URI such as [`COGNITIVE_SERVICES`]), in the name of the user-assigned
    /// identity `client_id` or, without one, of the system-assigned identity. Valid for 24 hours; within an hour the same arguments give the
    /// same token.
    pub fn issue(&self, resource: &str, client_id: Option<&str>, now: Moment) -> Text {
        let issued = now.unix_seconds();
        let of = (resource.to_owned(), client_id.map(str::to_owned));
        if let Some((_, token)) = self.kept().issued.get(&of).filter(|(before, _)| (0..REUSE).contains(&(issued - before))) {
            return token.clone();
        }
        let principal = client_id.unwrap_or("system-assigned");
        let oid = identifier("oid", principal);
        let claims = Claims {
            aud: resource.to_owned(),
            iss: issuer(TENANT),
            iat: issued,
            nbf: issued,
            exp: issued.saturating_add(LIFETIME),
            appid: client_id.map_or_else(|| identifier("appid", principal), str::to_owned),
            idtyp: "app",
            sub: oid.clone(),
            oid,
            tid: TENANT.to_owned(),
            ver: "1.0",
        };
        // A struct of texts and numbers always has a JSON form.
        let token = self.sign(&serde_json::to_string(&claims).unwrap_or_default());
        let mut kept = self.kept();
        if kept.issued.len() >= KEPT {
            kept.issued.clear();
        }
        kept.issued.insert(of, (issued, token.clone()));
        token
    }

    /// Whether this tenant has issued `token` for `audience` and it is valid at `now`. A slash at the end of either audience
    /// makes no difference.
    pub fn verify(&self, token: &str, audience: &str, now: Moment) -> bool {
        if !self.is_signed(token) {
            return false;
        }
        let Some(claims) = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok()) else { return false };
        let Ok(claims) = serde_json::from_slice::<Claims>(&claims) else { return false };
        let seconds = now.unix_seconds();
        claims.aud.trim_end_matches('/') == audience.trim_end_matches('/')
            && claims.iss == issuer(TENANT)
            && claims.nbf <= seconds
            && seconds < claims.exp
    }

    /// What stands at a URL of Entra: an OpenID configuration or its keys; `None` where it is no host of Entra. With `form` a token of the
    /// token endpoint: a client credentials grant, whatever the secret is. Other fields of the form go into the token as claims, so that any
    /// token can be had: `roles=reader%20writer`; a field with commas or spaces between its values is a list where it is `roles` or `groups`.
    pub fn answer(&self, url: &Url, form: Option<&str>, now: Moment) -> Option<(u16, Json)> {
        let host = url.host.to_ascii_lowercase();
        if !HOSTS.contains(&host.as_str()) && !host.ends_with(".ciamlogin.com") && !host.ends_with(".b2clogin.com") {
            return None;
        }
        let (tenant, rest) = url.path.trim_start_matches('/').split_once('/').unwrap_or((&url.path, ""));
        let is_new = rest.contains("v2.0");
        let is_any = matches!(tenant, "common" | "organizations" | "consumers");
        let id = if is_any {
            "{tenantid}"
        } else if is_guid(tenant) {
            tenant
        } else {
            TENANT
        };
        let issuer = if is_new { format!("https://{host}/{id}/v2.0") } else { issuer(id) };
        let version = if is_new { "v2.0/" } else { "" };
        Some(match rest {
            _ if rest.ends_with(".well-known/openid-configuration") => {
                let body = json!({
                    "issuer": issuer,
                    "jwks_uri": format!("https://{host}/{tenant}/discovery/{version}keys"),
                    "token_endpoint": format!("https://{host}/{tenant}/oauth2/{version}token"),
                    "authorization_endpoint": format!("https://{host}/{tenant}/oauth2/{version}authorize"),
                    "id_token_signing_alg_values_supported": ["RS256"],
                    "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                    "subject_types_supported": ["pairwise"],
                });
                (200, body)
            }
            "discovery/v2.0/keys" | "discovery/keys" => (200, self.keys()),
            "oauth2/v2.0/token" | "oauth2/token" => match form {
                Some(form) => self.grant(form, if is_any { TENANT } else { id }, &host, is_new, now),
                None => (405, refusal("invalid_request", "The endpoint only accepts POST requests.")),
            },
            _ => (404, refusal("not_found", "There is no such endpoint in the simulated Entra.")),
        })
    }

    /// The answer of the token endpoint.
    fn grant(&self, form: &str, tenant: &str, host: &str, is_new: bool, now: Moment) -> (u16, Json) {
        let decoded = |text: &str| percent_decode(&text.replace('+', " "));
        let fields: Vec<(String, String)> =
            form.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (decoded(name), decoded(value))).collect();
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let Some(client) = field("client_id").filter(|client| !client.is_empty()) else {
            return (400, refusal("invalid_request", "AADSTS900144: The request body must contain the following parameter: 'client_id'."));
        };
        let scope = field("scope").map(|scope| scope.split(' ').next().unwrap_or("").trim_end_matches("/.default"));
        let Some(audience) = scope.or(field("resource")).filter(|audience| !audience.is_empty()) else {
            return (400, refusal("invalid_request", "AADSTS900144: The request body must contain the following parameter: 'scope'."));
        };
        let issued = now.unix_seconds();
        let principal = identifier("oid", client);
        let (issuer, application, version) =
            if is_new { (format!("https://{host}/{tenant}/v2.0"), "azp", "2.0") } else { (issuer(tenant), "appid", "1.0") };
        let claims = json!({
            "aud": audience, "iss": issuer, "iat": issued, "nbf": issued, "exp": issued.saturating_add(SHORT_LIFETIME),
            application: client, "idtyp": "app", "oid": principal, "sub": principal, "tid": tenant, "ver": version,
        });
        let mut claims = claims.as_object().cloned().unwrap_or_else(Map::new);
        const OWN: [&str; 8] = [
            "client_id",
            "client_secret",
            "scope",
            "resource",
            "grant_type",
            "client_assertion",
            "client_assertion_type",
            "requested_token_use",
        ];
        for (name, value) in fields.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
            let value = match name.as_str() {
                "roles" | "groups" => value.split([' ', ',']).filter(|value| !value.is_empty()).map(Json::from).collect(),
                "exp" | "nbf" | "iat" => value.parse::<i64>().map_or_else(|_| Json::from(value.as_str()), Json::from),
                _ => Json::from(value.as_str()),
            };
            claims.insert(name.clone(), value);
        }
        let token = self.sign(&Json::Object(claims).to_string());
        (
            200,
            json!({"token_type": "Bearer", "expires_in": SHORT_LIFETIME - 1, "ext_expires_in": SHORT_LIFETIME - 1, "access_token": token.as_str()}),
        )
    }

    /// The JSON Web Key Set.
    fn keys(&self) -> Json {
        let Some(key) = self.key() else { return json!({"keys": []}) };
        let (modulus, exponent) = key.public();
        json!({"keys": [{"kty": "RSA", "use": "sig", "kid": self.key_id(), "x5t": self.key_id(), "n": modulus, "e": exponent}]})
    }

    /// The key, made when it is first needed: that takes a moment.
    fn key(&self) -> Option<&SigningKey> {
        self.key.get_or_init(|| SigningKey::from_seed(self.secret)).as_ref()
    }

    fn key_id(&self) -> String {
        format!("{:016x}", keyed(self.secret, b"kid"))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self, claims: &str) -> Text {
        let id = self.key_id();
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": id, "x5t": id}).to_string();
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key().and_then(|key| key.sign(signed.as_bytes())).unwrap_or_default();
        let token = Text::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)));
        self.keep(&token);
        token
    }

    fn is_signed(&self, token: &str) -> bool {
        if self.kept().good.contains(token) {
            return true;
        }
        let Some((signed, signature)) = token.rsplit_once('.') else { return false };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let is_good = token.split('.').count() == 3 && self.key().is_some_and(|key| key.verifies(signed.as_bytes(), &signature));
        if is_good {
            self.keep(&Text::copied(token));
        }
        is_good
    }

    fn keep(&self, token: &Text) {
        let mut kept = self.kept();
        if kept.good.len() >= KEPT {
            kept.good.clear();
        }
        kept.good.insert(token.clone());
    }
}

/// The older name of a tenant, which tokens of version 1.0 carry.
fn issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

fn refusal(error: &str, description: &str) -> Json {
    json!({"error": error, "error_description": description})
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// A GUID that is always the same for the same principal.
fn identifier(what: &str, principal: &str) -> String {
    let seed = keyed(0, what.as_bytes());
    let mut bytes = [0; 16];
    for (half, part) in (0..).zip(bytes.as_chunks_mut::<8>().0) {
        *part = keyed(seed ^ half, principal.as_bytes()).to_be_bytes();
    }
    guid_text(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Moment = Moment(1_763_690_000_000_000_000);

    fn claims(token: &str) -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn a_token_has_the_shape_of_entra() {
        let token = Identity::new(7).issue(COGNITIVE_SERVICES, Some("11111111-2222-3333-4444-555555555555"), NOW);
        assert_eq!(token.split('.').count(), 3);
        let mut claims = claims(&token);
        let oid = claims["oid"].take();
        assert_eq!(claims["sub"].take(), oid);
        assert_eq!(oid.as_str().unwrap().len(), 36);
        assert_eq!(
            claims,
            serde_json::json!({
                "aud": "https://cognitiveservices.azure.com",
                "iss": "https://sts.windows.net/5eed0000-0000-4000-8000-000000000000/",
                "iat": 1_763_690_000, "nbf": 1_763_690_000, "exp": 1_763_776_400,
                "appid": "11111111-2222-3333-4444-555555555555", "idtyp": "app",
                "oid": null, "sub": null, "tid": TENANT, "ver": "1.0",
            })
        );
    }

    #[test]
    fn identities_differ_and_stay_themselves() {
        let identity = Identity::new(7);
        let oid = |client: Option<&str>| claims(&identity.issue("r", client, NOW))["oid"].clone();
        assert_eq!(oid(None), oid(None));
        assert_ne!(oid(None), oid(Some("a")));
        assert_ne!(oid(Some("a")), oid(Some("b")));
    }

    #[test]
    fn a_token_is_good_for_its_audience_its_tenant_and_its_day() {
        let identity = Identity::new(7);
        let token = identity.issue("https://cognitiveservices.azure.com/", None, NOW);
        let day = Duration::from_secs(86_400);
        let second = Duration::from_secs(1);
        for (case, who, audience, when, good) in [
            ("itself", 7, COGNITIVE_SERVICES, NOW, true),
            ("slash", 7, "https://cognitiveservices.azure.com/", NOW, true),
            ("other audience", 7, "https://management.azure.com", NOW, false),
            ("other simulator", 8, COGNITIVE_SERVICES, NOW, false),
            ("last second", 7, COGNITIVE_SERVICES, NOW.after(day - second), true),
            ("expired", 7, COGNITIVE_SERVICES, NOW.after(day), false),
            ("before its time", 7, COGNITIVE_SERVICES, Moment(0), false),
        ] {
            assert_eq!(Identity::new(who).verify(&token, audience, when), good, "{case}");
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let identity = Identity::new(7);
        let token = identity.issue(COGNITIVE_SERVICES, None, NOW).to_string();
        let parts: Vec<&str> = token.split('.').collect();
        let longer = URL_SAFE_NO_PAD.encode(claims(&token).to_string().replace("1763776400", "1863776400"));
        for changed in [
            String::new(),
            "a.b.c".to_owned(),
            "..".to_owned(),
            format!("{}.{}", parts[0], parts[1]),
            format!("{token}A"),
            format!("x{token}"),
            format!("{}.{longer}.{}", parts[0], parts[2]),
            format!("{}.{}.", parts[0], parts[1]),
        ] {
            assert!(!identity.verify(&changed, COGNITIVE_SERVICES, NOW), "{changed}");
        }
    }

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn signatures_are_real_and_the_keys_are_published() {
        let identity = Identity::new(7);
        let (status, document) = identity
            .answer(&url("https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"), None, NOW)
            .unwrap();
        assert_eq!(
            (status, document["issuer"].as_str().unwrap()),
            (200, "https://login.microsoftonline.com/5eed0000-0000-4000-8000-000000000000/v2.0")
        );
        let (_, keys) = identity.answer(&url(document["jwks_uri"].as_str().unwrap()), None, NOW).unwrap();
        let key =
            crate::dotnet::crypto::jws::Key::rsa(keys["keys"][0]["n"].as_str().unwrap(), keys["keys"][0]["e"].as_str().unwrap()).unwrap();
        let token = identity.issue(COGNITIVE_SERVICES, None, NOW);
        let (signed, signature) = token.rsplit_once('.').unwrap();
        assert!(key.verifies("RS256", signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()));
        let header: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &keys["keys"][0]["kid"]));
        // Without anything remembered it is the signature that decides.
        assert!(Identity::new(7).verify(&token, COGNITIVE_SERVICES, NOW));
    }

    #[test]
    fn endpoints_by_version_and_tenant() {
        let identity = Identity::new(7);
        for (address, expected) in [
            (
                "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
                "200 https://login.microsoftonline.com/{tenantid}/v2.0",
            ),
            (
                "https://login.microsoftonline.com/contoso.com/.well-known/openid-configuration",
                "200 https://sts.windows.net/5eed0000-0000-4000-8000-000000000000/",
            ),
            (
                "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/.well-known/openid-configuration",
                "200 https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
            ),
            ("https://login.microsoftonline.com/common/oauth2/v2.0/token", "405 "),
            ("https://login.microsoftonline.com/", "404 "),
        ] {
            let (status, body) = identity.answer(&url(address), None, NOW).unwrap();
            assert_eq!(format!("{status} {}", body["issuer"].as_str().unwrap_or("")), expected);
        }
        assert!(identity.answer(&url("https://example.com/common/v2.0/.well-known/openid-configuration"), None, NOW).is_none());
    }

    #[test]
    fn the_token_endpoint_gives_what_is_asked_for() {
        let identity = Identity::new(7);
        let token = |path: &str, form: &str| {
            identity.answer(&url(&format!("https://login.microsoftonline.com/contoso.com/{path}")), Some(form), NOW).unwrap()
        };
        let (status, answer) = token(
            "oauth2/v2.0/token",
            "grant_type=client_credentials&client_id=app&client_secret=s&scope=api%3A%2F%2Fgateway%2F.default&roles=a+b&ctry=US",
        );
        assert_eq!((status, &answer["token_type"]), (200, &json!("Bearer")));
        let mut found = claims(answer["access_token"].as_str().unwrap());
        assert_eq!(found["sub"].take(), found["oid"].take());
        assert_eq!(
            found,
            json!({
                "aud": "api://gateway", "iss": "https://login.microsoftonline.com/5eed0000-0000-4000-8000-000000000000/v2.0", "iat": 1_763_690_000,
                "nbf": 1_763_690_000, "exp": 1_763_693_600, "azp": "app", "idtyp": "app", "oid": null, "sub": null, "tid": TENANT, "ver": "2.0",
                "roles": ["a", "b"], "ctry": "US",
            })
        );
        let (_, answer) = token("oauth2/token", "client_id=app&resource=https://cognitiveservices.azure.com");
        assert!(identity.verify(answer["access_token"].as_str().unwrap(), COGNITIVE_SERVICES, NOW));
        for form in ["", "client_id=app", "scope=x"] {
            assert_eq!(token("oauth2/v2.0/token", form).0, 400, "{form}");
        }
    }
}
