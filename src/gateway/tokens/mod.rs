//! JSON Web Tokens as `validate-jwt` and `validate-azure-ad-token` judge them.
//!
//! The order of the checks and their messages are those of Microsoft.IdentityModel, which the service is built on: signature, lifetime,
//! audience, issuer; the policy's own checks of claims come last. Which reason an error has: the table in
//! learn.microsoft.com/azure/api-management/api-management-error-handling-policies.

pub mod open_id;

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use self::open_id::Metadata;
use crate::{
    dotnet::{
        context::tokens::{decode, object, texts},
        crypto::jws::Key,
        datetime::DateTime,
    },
    environment::Moment,
    text::Text,
};

/// In place of what may be a secret. Source: Microsoft.IdentityModel.Logging.
const HIDDEN: &str = "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]";

/// What a token must be.
#[derive(Debug, Default)]
pub struct Requirement {
    /// Keys with the `kid` that each is for.
    pub keys: Vec<(Option<Text>, Key)>,
    /// URLs of OpenID configurations.
    pub configurations: Vec<Text>,
    /// Whom it may be for; anyone without.
    pub audiences: Vec<Text>,
    /// Who may have issued it, with the issuers of the configurations; anyone without any.
    pub issuers: Vec<Text>,
    /// Whether the configurations are those of Microsoft Entra ID, whose tenants issue under two names.
    pub is_entra: bool,
    /// Applications that may have asked for it; any without.
    pub clients: Vec<Text>,
    /// What it must say.
    pub claims: Vec<Claim>,
    /// Seconds that clocks may differ.
    pub clock_skew: i64,
    /// Whether `exp` must be there.
    pub require_expiration_time: bool,
    /// Whether there must be a signature.
    pub require_signed_tokens: bool,
}

/// A claim that must be there.
#[derive(Debug)]
pub struct Claim {
    /// Its name.
    pub name: Text,
    /// Whether one of the values is enough.
    pub any: bool,
    /// What stands between the values of one text.
    pub separator: Option<Text>,
    /// The values.
    pub values: Vec<Text>,
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// `context.LastError.Reason`
    pub reason: &'static str,
    /// `context.LastError.Message`
    pub message: String,
    /// What the client is told where the policy says nothing else.
    pub told: String,
}

impl Fault {
    /// There is no token.
    pub fn absent() -> Self {
        Self { reason: "TokenNotPresent", message: "JWT not present.".into(), told: "JWT not present.".into() }
    }

    /// The library refuses it. Its words go to `LastError` and not to the client, who hears `Invalid JWT.`
    /// Source: the answer quoted at docs.snowflake.com, "Troubleshooting external functions for Azure".
    fn library(reason: &'static str, message: impl Into<String>) -> Self {
        let mut message: String = message.into();
        if reason != "JwtInvalid" {
            message.push_str(" Access denied.");
        }
        Self { reason, message, told: "Invalid JWT.".into() }
    }

    fn claims(reason: &'static str, message: String) -> Self {
        Self { reason, told: message.clone(), message }
    }

    /// No configuration could be had.
    fn unreachable(url: &str, why: &str) -> Self {
        Self::library("JwtInvalid", format!("IDX20803: Unable to obtain configuration from: '{url}'. {why}"))
    }
}

/// A token in its parts.
#[derive(Debug)]
pub struct Token<'a> {
    header: Map<String, Json>,
    payload: Map<String, Json>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// It is none.
    pub fn read(text: &'a str) -> Result<Self, Fault> {
        let malformed = || {
            let message = format!(
                "IDX12709: CanReadToken() returned false. JWT is not well formed: '{HIDDEN}'.\nThe token needs to be in JWS or JWE Compact \
                 Serialization Format. (JWS): 'EncodedHeader.EndcodedPayload.EncodedSignature'. (JWE): \
                 'EncodedProtectedHeader.EncodedEncryptedKey.EncodedInitializationVector.EncodedCiphertext.EncodedAuthenticationTag'."
            );
            Fault::library("JwtInvalid", message)
        };
        let segments: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = segments.as_slice() else {
            let message = format!("IDX12741: JWT: '{HIDDEN}' must have three segments (JWS) or five segments (JWE).");
            return Err(Fault::library("JwtInvalid", message));
        };
        let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
        Ok(Self {
            header: object(header).ok_or_else(malformed)?,
            payload: object(payload).ok_or_else(malformed)?,
            signed,
            signature: decode(signature).ok_or_else(malformed)?,
        })
    }

    /// Whether the text has the parts of an encrypted token.
    pub fn is_encrypted(text: &str) -> bool {
        text.split('.').count() == 5
    }

    /// The key that its header names.
    pub fn key_id(&self) -> Option<&str> {
        self.header.get("kid").or_else(|| self.header.get("x5t")).and_then(Json::as_str)
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.payload.get(claim).and_then(Json::as_str)
    }

    /// Seconds since 1970.
    fn seconds(&self, claim: &str) -> Option<i64> {
        match self.payload.get(claim)? {
            Json::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)),
            Json::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl Requirement {
    /// Judges a token.
    ///
    /// # Errors
    /// It is not what it must be.
    pub fn check(&self, token: &Token<'_>, known: &[Arc<Metadata>], failed: Option<&(Text, Text)>, now: Moment) -> Result<(), Fault> {
        if known.is_empty()
            && self.keys.is_empty()
            && let Some((url, why)) = failed
        {
            return Err(Fault::unreachable(url, why));
        }
        self.check_signature(token, known)?;
        self.check_lifetime(token, now)?;
        self.check_audience(token)?;
        self.check_issuer(token, known)?;
        self.check_client(token)?;
        self.check_claims(token)
    }

    fn check_signature(&self, token: &Token<'_>, known: &[Arc<Metadata>]) -> Result<(), Fault> {
        if token.signature.is_empty() {
            if !self.require_signed_tokens {
                return Ok(());
            }
            let message = format!("IDX10504: Unable to validate signature, token does not have a signature: '{HIDDEN}'.");
            return Err(Fault::library("TokenSignatureInvalid", message));
        }
        let published = known.iter().flat_map(|metadata| &metadata.keys).map(|(id, key)| (Some(id), key));
        let keys: Vec<(Option<&Text>, &Key)> = self.keys.iter().map(|(id, key)| (id.as_ref(), key)).chain(published).collect();
        if keys.is_empty() {
            let message = "IDX10500: Signature validation failed. No security keys were provided to validate the signature.";
            return Err(Fault::library("TokenSignatureKeyNotFound", message));
        }
        let algorithm = token.header.get("alg").and_then(Json::as_str).unwrap_or("");
        let fits = |key: &Key| key.verifies(algorithm, token.signed.as_bytes(), &token.signature);
        let id = token.key_id();
        let named: Vec<&Key> =
            keys.iter().filter(|(known, _)| id.is_some() && known.map(Text::as_str) == id).map(|(_, key)| *key).collect();
        // A key that the token names is the only one to try; all are tried where none has that name.
        let is_signed = if named.is_empty() { keys.iter().any(|(_, key)| fits(key)) } else { named.iter().any(|key| fits(key)) };
        if is_signed {
            return Ok(());
        }
        Err(match id {
            Some(id) if named.is_empty() => Fault::library(
                "TokenSignatureKeyNotFound",
                format!("IDX10501: Signature validation failed. Unable to match key: \nkid: '{id}'.\ntoken: '{HIDDEN}'."),
            ),
            Some(id) => Fault::library(
                "TokenSignatureInvalid",
                format!("IDX10511: Signature validation failed. Keys tried: '{HIDDEN}'. \nkid: '{id}'.\ntoken: '{HIDDEN}'."),
            ),
            // The library reports this one as a key that is not found; the table has a bad signature by this reason.
            None => Fault::library(
                "TokenSignatureInvalid",
                format!("IDX10503: Signature validation failed. Token does not have a kid. Keys tried: '{HIDDEN}'.\ntoken: '{HIDDEN}'."),
            ),
        })
    }

    fn check_lifetime(&self, token: &Token<'_>, now: Moment) -> Result<(), Fault> {
        let shown = |seconds: i64| DateTime::from_moment(Moment(seconds.saturating_mul(1_000_000_000))).to_string();
        let present = now.unix_seconds();
        let (begins, expires) = (token.seconds("nbf"), token.seconds("exp"));
        if expires.is_none() && self.require_expiration_time {
            let message = "IDX10225: Lifetime validation failed. The token is missing an Expiration Time. Tokentype: \
                           'System.IdentityModel.Tokens.Jwt.JwtSecurityToken'.";
            return Err(Fault::library("JwtInvalid", message));
        }
        if let (Some(begins), Some(expires)) = (begins, expires)
            && begins > expires
        {
            let (begins, expires) = (shown(begins), shown(expires));
            let message =
                format!("IDX10224: Lifetime validation failed. The NotBefore (UTC): '{begins}' is after Expires (UTC): '{expires}'.");
            return Err(Fault::library("JwtInvalid", message));
        }
        if let Some(begins) = begins.filter(|begins| *begins > present.saturating_add(self.clock_skew)) {
            let (begins, present) = (shown(begins), shown(present));
            let message = format!(
                "IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom (UTC): '{begins}', Current time (UTC): '{present}'."
            );
            return Err(Fault::library("JwtInvalid", message));
        }
        if let Some(expires) = expires.filter(|expires| *expires < present.saturating_sub(self.clock_skew)) {
            let (expires, present) = (shown(expires), shown(present));
            let message = format!(
                "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '{expires}', Current time (UTC): '{present}'."
            );
            return Err(Fault::library("TokenExpired", message));
        }
        Ok(())
    }

    fn check_audience(&self, token: &Token<'_>) -> Result<(), Fault> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        let found = token.payload.get("aud").map(texts).unwrap_or_default();
        if found.iter().all(String::is_empty) {
            let message = "IDX10206: Unable to validate audience. The 'audiences' parameter is empty.";
            return Err(Fault::library("TokenAudienceNotAllowed", message));
        }
        // The library ignores a slash at the end.
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).to_owned();
        if found.iter().any(|found| self.audiences.iter().any(|audience| bare(audience) == bare(found))) {
            return Ok(());
        }
        let message = format!(
            "IDX10214: Audience validation failed. Audiences: '{}'. Did not match: validationParameters.ValidAudience: '' or \
             validationParameters.ValidAudiences: '{}'.",
            found.join(", "),
            joined(&self.audiences)
        );
        Err(Fault::library("TokenAudienceNotAllowed", message))
    }

    fn check_issuer(&self, token: &Token<'_>, known: &[Arc<Metadata>]) -> Result<(), Fault> {
        let mut issuers = self.issuers.clone();
        for metadata in known.iter().filter(|metadata| !metadata.issuer.is_empty()) {
            // Configurations of all tenants say `{tenantid}`.
            let issuer = metadata.issuer.replace("{tenantid}", token.text("tid").unwrap_or("{tenantid}"));
            if self.is_entra
                && let Some(tenant) = issuer.split('/').nth(3)
            {
                // Tokens of version 1.0 carry the older name. Source: learn.microsoft.com/entra/identity-platform/access-tokens.
                issuers.push(format!("https://sts.windows.net/{tenant}/").into());
            }
            issuers.push(issuer.into());
        }
        if issuers.is_empty() {
            return Ok(());
        }
        let Some(issuer) = token.text("iss").filter(|issuer| !issuer.trim().is_empty()) else {
            let message = "IDX10211: Unable to validate issuer. The 'issuer' parameter is null or whitespace.";
            return Err(Fault::library("TokenIssuerNotAllowed", message));
        };
        if issuers.iter().any(|known| *known == *issuer) {
            return Ok(());
        }
        // As reported in MicrosoftDocs/azure-docs, issue 12552.
        let message = format!(
            "IDX10205: Issuer validation failed. Issuer: '{issuer}'. Did not match: validationParameters.ValidIssuer: '' or \
             validationParameters.ValidIssuers: '{}'.",
            joined(&issuers)
        );
        Err(Fault::library("TokenIssuerNotAllowed", message))
    }

    /// The application that asked for the token: `azp` in version 2.0, `appid` in 1.0.
    fn check_client(&self, token: &Token<'_>) -> Result<(), Fault> {
        if self.clients.is_empty() {
            return Ok(());
        }
        let Some((name, client)) = ["azp", "appid"].iter().find_map(|name| Some((name, token.text(name)?))) else {
            return Err(missing(&["appid"]));
        };
        if self.clients.iter().any(|known| known.eq_ignore_ascii_case(client)) { Ok(()) } else { Err(not_allowed(name, client)) }
    }

    fn check_claims(&self, token: &Token<'_>) -> Result<(), Fault> {
        let absent: Vec<&str> =
            self.claims.iter().map(|claim| claim.name.as_str()).filter(|name| !token.payload.contains_key(*name)).collect();
        if !absent.is_empty() {
            return Err(missing(&absent));
        }
        for claim in &self.claims {
            let found = token.payload.get(claim.name.as_str()).map(texts).unwrap_or_default();
            let split = |text: &String| match claim.separator.as_deref().filter(|separator| !separator.is_empty()) {
                Some(separator) => text.split(separator).map(str::to_owned).collect(),
                None => vec![text.clone()],
            };
            let values: Vec<String> = found.iter().flat_map(split).collect();
            let is_there = |value: &Text| values.iter().any(|found| *value == *found.as_str());
            let holds = if claim.any { claim.values.iter().any(is_there) } else { claim.values.iter().all(is_there) };
            if !holds && !claim.values.is_empty() {
                return Err(not_allowed(&claim.name, &found.join(",")));
            }
        }
        Ok(())
    }
}

fn missing(names: &[&str]) -> Fault {
    Fault::claims("TokenClaimNotFound", format!("JWT is missing the following claims: {}. Access denied.", names.join(", ")))
}

fn not_allowed(name: &str, value: &str) -> Fault {
    Fault::claims("TokenClaimValueNotAllowed", format!("Claim {name} value of {value} is not allowed. Access denied."))
}

fn joined(texts: &[Text]) -> String {
    texts.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")
}
