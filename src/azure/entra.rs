//! The endpoints of Microsoft Entra ID: OpenID configurations, keys, tokens.
//!
//! Every tenant that is named exists; one that is named by a domain is [`TENANT`].
//! Source: learn.microsoft.com/entra/identity-platform/v2-protocols-oidc, and v2-oauth2-client-creds-grant-flow there.

use serde_json::{Map, Value as Json, json};

use super::identity::{Identity, TENANT, identifier, issuer};
use crate::{
    environment::Moment,
    http::{Url, percent_decode},
};

/// How long a token of the token endpoint is valid, in seconds: an hour, or somewhat more in Azure.
const SHORT_LIFETIME: i64 = 3_600;

/// Hosts that issue tokens. Source: learn.microsoft.com/entra/identity-platform/authentication-national-cloud.
const HOSTS: [&str; 5] =
    ["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.windows.net", "sts.windows.net"];

impl Identity {
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
}

fn refusal(error: &str, description: &str) -> Json {
    json!({"error": error, "error_description": description})
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;
    use crate::azure::identity::COGNITIVE_SERVICES;

    const NOW: Moment = Moment(1_763_690_000_000_000_000);

    fn claims(token: &str) -> Json {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
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
