//! Managed identity: issues and verifies the simulator's own access tokens.
//!
//! A token has the shape of an Entra access token and is signed by RS256 with a key that this simulator has made for itself, so that
//! `validate-jwt` and everybody else can check it.
//! Source of the claims: learn.microsoft.com/entra/identity-platform/access-token-claims-reference.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::hash::keyed;
use crate::{
    dotnet::crypto::jws::SigningKey,
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

/// How long the same identity goes on with the same token, in seconds: the gateway keeps tokens, too.
const REUSE: i64 = 3_600;

/// Tokens that are kept.
const KEPT: usize = 1_024;

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
        self.validity(token, audience).is_some_and(|valid| valid.contains(&now.unix_seconds()))
    }

    /// From when until when (not including it), in seconds since 1970, a token for `audience` is valid that this tenant has issued; `None`
    /// where it is none. See [`Identity::verify`].
    pub fn validity(&self, token: &str, audience: &str) -> Option<Range<i64>> {
        if !self.is_signed(token) {
            return None;
        }
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let is_ours = claims.aud.trim_end_matches('/') == audience.trim_end_matches('/') && claims.iss == issuer(TENANT);
        is_ours.then_some(claims.nbf..claims.exp)
    }

    /// The key, made when it is first needed: that takes a moment.
    pub(super) fn key(&self) -> Option<&SigningKey> {
        self.key.get_or_init(|| SigningKey::from_seed(self.secret)).as_ref()
    }

    pub(super) fn key_id(&self) -> String {
        format!("{:016x}", keyed(self.secret, b"kid"))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn sign(&self, claims: &str) -> Text {
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
pub(super) fn issuer(tenant: &str) -> String {
    format!("https://sts.windows.net/{tenant}/")
}

/// A GUID that is always the same for the same principal.
pub(super) fn identifier(what: &str, principal: &str) -> String {
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
