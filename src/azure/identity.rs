//! Managed identity: issues and verifies the simulator's own access tokens.
//!
//! A token has the shape of an Entra access token (three parts, base64url), so that policies can carry and read it. Its
//! signature is a keyed checksum: it shows that this simulator has issued the token, and is no cryptographic signature.
//! Source of the claims: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::hash::{keyed, mix};
use crate::{
    environment::{Moment, guid_text},
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

/// The `alg` names no algorithm of RFC 7518 on purpose.
const HEADER: &str = r#"{"typ":"JWT","alg":"simulated","kid":"simulator"}"#;

/// The simulated Entra tenant with its managed identities. Holds a secret number and nothing that changes: a copy given to
/// every resource verifies what any other copy has issued.
#[derive(Clone, Debug)]
pub struct Identity {
    secret: u64,
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
        Self { secret }
    }

    /// A token for `resource` (an application id URI such as [`COGNITIVE_SERVICES`]), in the name of the user-assigned
    /// identity `client_id` or, without one, of the system-assigned identity. Valid for 24 hours; the same arguments within
    /// one second give the same token.
    pub fn issue(&self, resource: &str, client_id: Option<&str>, now: Moment) -> Text {
        let principal = client_id.unwrap_or("system-assigned");
        let oid = identifier("oid", principal);
        let issued = now.unix_seconds();
        let claims = Claims {
            aud: resource.to_owned(),
            iss: issuer(),
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
        let claims = serde_json::to_string(&claims).unwrap_or_default();
        let mut token = URL_SAFE_NO_PAD.encode(HEADER);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.checksum(&token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token.into()
    }

    /// Whether this tenant has issued `token` for `audience` and it is valid at `now`. A slash at the end of either audience
    /// makes no difference.
    pub fn verify(&self, token: &str, audience: &str, now: Moment) -> bool {
        let Some((signed, signature)) = token.rsplit_once('.') else { return false };
        if URL_SAFE_NO_PAD.decode(signature).ok().as_deref() != Some(&self.checksum(signed)) {
            return false;
        }
        let Some(claims) = signed.split_once('.').and_then(|(_, claims)| URL_SAFE_NO_PAD.decode(claims).ok()) else { return false };
        let Ok(claims) = serde_json::from_slice::<Claims>(&claims) else { return false };
        let seconds = now.unix_seconds();
        claims.aud.trim_end_matches('/') == audience.trim_end_matches('/')
            && claims.iss == issuer()
            && claims.nbf <= seconds
            && seconds < claims.exp
    }

    fn checksum(&self, signed: &str) -> [u8; 32] {
        let mut sum = [0; 32];
        for (lane, bytes) in (0..).zip(sum.as_chunks_mut::<8>().0) {
            *bytes = keyed(mix(self.secret ^ lane), signed.as_bytes()).to_be_bytes();
        }
        sum
    }
}

fn issuer() -> String {
    format!("https://sts.windows.net/{TENANT}/")
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
}
