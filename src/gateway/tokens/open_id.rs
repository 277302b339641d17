//! OpenID configurations and their keys, kept for a time.
//!
//! Source of the times: learn.microsoft.com/azure/api-management/validate-jwt-policy, `openid-config`: pulled every hour, and at most once
//! in five minutes where a token names a key that is not there, or where pulling failed.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value as Json;

use crate::{dotnet::crypto::jws::Key, environment::Moment, gateway::instance::locked, text::Text};

const FRESH: Duration = Duration::from_secs(3_600);
const PATIENCE: Duration = Duration::from_secs(300);

/// What a configuration says.
#[derive(Debug, Default)]
pub struct Metadata {
    /// Who issues the tokens.
    pub issuer: Text,
    /// The keys, by `kid`.
    pub keys: Vec<(Text, Key)>,
}

/// One configuration.
#[derive(Debug)]
struct Entry {
    /// When it was last asked for.
    asked: Moment,
    /// When it was last had, and what it said.
    had: Option<(Moment, Arc<Metadata>)>,
    /// Why the last attempt failed.
    failure: Option<Text>,
}

/// The configurations of a gateway, by URL.
#[derive(Debug, Default)]
pub struct Configurations {
    entries: Mutex<HashMap<Text, Entry>>,
}

/// What is known.
#[derive(Debug)]
pub enum Known {
    /// This one has to be fetched first.
    Fetch(Text),
    /// What there is, and the first that could not be had, with the reason.
    All(Vec<Arc<Metadata>>, Option<(Text, Text)>),
}

/// Configurations that are remembered.
const MOST_URLS: usize = 256;

impl Configurations {
    /// What the configurations at `urls` say. `key` is the key that a token names and nobody else knows.
    pub fn known(&self, urls: &[Text], key: Option<&str>, now: Moment) -> Known {
        let entries = locked(&self.entries);
        let (mut all, mut failed) = (Vec::new(), None);
        for url in urls {
            let Some(entry) = entries.get(url) else { return Known::Fetch(url.clone()) };
            let is_fresh = entry.had.as_ref().is_some_and(|(had, _)| now.since(*had) < FRESH);
            if !is_fresh && now.since(entry.asked) >= PATIENCE {
                return Known::Fetch(url.clone());
            }
            match &entry.had {
                Some((_, metadata)) => all.push(metadata.clone()),
                None => failed = failed.or_else(|| Some((url.clone(), entry.failure.clone().unwrap_or_default()))),
            }
        }
        let is_published = |key: &str| all.iter().any(|metadata| metadata.keys.iter().any(|(id, _)| *id == *key));
        if key.is_some_and(|key| !is_published(key)) {
            let due = |url: &&Text| entries.get(*url).is_some_and(|entry| now.since(entry.asked) >= PATIENCE);
            if let Some(url) = urls.iter().find(due) {
                return Known::Fetch(url.clone());
            }
        }
        Known::All(all, failed)
    }

    /// Keeps what fetching came to.
    pub fn keep(&self, url: Text, outcome: Result<Metadata, Text>, now: Moment) {
        let mut entries = locked(&self.entries);
        // A URL may be made of what a client sends: so many are remembered, and the one asked for longest ago goes.
        if entries.len() >= MOST_URLS
            && !entries.contains_key(&url)
            && let Some(oldest) =
                entries.iter().min_by_key(|(url, entry)| (entry.asked, url.as_str().to_owned())).map(|(url, _)| url.clone())
        {
            entries.remove(&oldest);
        }
        let entry = entries.entry(url).or_insert(Entry { asked: now, had: None, failure: None });
        entry.asked = now;
        match outcome {
            Ok(metadata) => (entry.had, entry.failure) = (Some((now, Arc::new(metadata))), None),
            Err(failure) => entry.failure = Some(failure),
        }
    }
}

/// The issuer and the URL of the keys that a configuration names.
pub fn configuration(body: &[u8]) -> Option<(Text, Text)> {
    let json: Json = serde_json::from_slice(body).ok()?;
    let text = |name: &str| json.get(name).and_then(Json::as_str).map(|text| Text::from(text.to_owned()));
    Some((text("issuer").unwrap_or_default(), text("jwks_uri")?))
}

/// The keys of a JSON Web Key Set that signatures are checked with: RSA keys, by modulus and exponent or in a certificate.
pub fn keys(body: &[u8]) -> Option<Vec<(Text, Key)>> {
    let json: Json = serde_json::from_slice(body).ok()?;
    let key = |json: &Json| {
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        if text("kty").is_some_and(|kind| kind != "RSA") || text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let id = text("kid").or_else(|| text("x5t")).unwrap_or("");
        let key = match (text("n"), text("e")) {
            (Some(modulus), Some(exponent)) => Key::rsa(modulus, exponent),
            _ => {
                let pem = json.get("x5c")?.get(0)?.as_str()?;
                Key::certificate(format!("-----BEGIN CERTIFICATE-----\n{pem}\n-----END CERTIFICATE-----\n").as_bytes())
            }
        };
        Some((Text::from(id.to_owned()), key?))
    };
    Some(json.get("keys")?.as_array()?.iter().filter_map(key).collect())
}
