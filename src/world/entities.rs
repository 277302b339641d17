//! What a service holds besides policies and backends, as a file says it: schemas, certificates, connections of the credential manager,
//! and the rules of the stand-in for content safety.
//!
//! API Management keeps these apart from policies, and lets nobody read the secrets among them: no extractor writes them down.

use std::{collections::BTreeMap, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, json_schema};
use serde_json::{Value as Json, json};

use crate::{
    diagnostic::{Diagnostic, any_error},
    dotnet::crypto::certificate::Certificate,
    gateway::{
        Entities,
        egress::{Guarded, Proxy, der, proxy_url},
        entities::{self, Authorization},
        safety::{Category, Rule as SafetyRule, Safety},
    },
    http::Url,
    source::{Quoting, Source, Span},
    spec::{
        fields::{Field, Fields, List, Map, Read, Reader, Spanned, record},
        parse, retold,
        scalars::{FilePath, Id, Text as AnyText, Truth, Whole, schema},
        secrets,
        tree::Node,
        wire::words,
    },
    text::Text,
};

record! {
    /// What an API Management service holds besides policies and backends.
    File {
        /// Schemas that `validate-content` names by `schema-id`: the file of each, in JSON or XML. Paths are relative to this file. An XML schema names
        /// others by their ids.
        default "schemas" schemas: Map<Id, FilePath> = {};
        /// Certificates by id, DER or PEM: for `validate-jwt`, `validate-client-certificate`, `authentication-certificate`, backends and
        /// `context.Deployment.Certificates`.
        default "certificates" certificates: Map<Id, FilePath> = {};
        /// Connections of the credential manager, which `get-authorization-context` names.
        default "authorizations" authorizations: List<Connection> = [];
        /// What the stand-in for Azure AI Content Safety finds in texts.
        default "contentSafety" content_safety: ContentSafety = {};
        /// The proxies that there are, for the policy `proxy`. Without any, every proxy lets everything through.
        default "proxies" proxies: List<ProxyServer> = [];
        /// Hosts that ask the gateway for a certificate in TLS.
        default "clientCertificates" client_certificates: List<GuardedHost> = [];
    }
}

record! {
    /// A proxy between the gateway and its backends.
    ProxyServer {
        /// Its address: `http://host:port`.
        required "url" url: ProxyUrl;
        /// The user that it asks for.
        default "username" username: AnyText;
        /// The password. No trace shows it.
        default "password" password: AnyText;
    }
}

record! {
    /// A host that asks the gateway for a certificate in TLS.
    GuardedHost {
        /// Its name: `api.contoso.com`.
        required "host" host: AnyText;
        /// The ids of the certificates that it takes.
        required "accepts" accepts: List<Id>;
    }
}

record! {
    /// A connection of the credential manager, with the token that it holds.
    Connection {
        /// The credential provider: `provider-id`.
        required "provider" provider: Id;
        /// The connection: `authorization-id`.
        required "id" id: Id;
        /// The token. No trace shows it.
        required "accessToken" access_token: AnyText;
        /// What else the provider said of it: `Authorization.Claims`.
        default "claims" claims: Map<AnyText, AnyText> = {};
    }
}

record! {
    /// The rules of the stand-in: the same text always gets the same answer.
    ContentSafety {
        /// Whether the few words that are built in count too.
        default "builtIn" built_in: Truth = true;
        /// Words and what they are worth.
        default "rules" rules: List<Rule> = [];
        /// Words of attacks on a prompt, for prompt shields.
        default "attacks" attacks: List<Words> = [];
        /// The words of block lists, by the lists' ids.
        default "blocklists" blocklists: Map<Id, List<Words>> = {};
    }
}

record! {
    /// Words and what they are worth.
    Rule {
        /// The words, found wherever they stand as whole words, whatever their case.
        required "words" words: Words;
        /// What they harm by.
        required "category" category: Category;
        /// How badly: 0 to 7.
        required "severity" severity: Whole<0, 7>;
    }
}

words!(Category { "Hate" => Hate, "SelfHarm" => SelfHarm, "Sexual" => Sexual, "Violence" => Violence });

/// Words to be found: not nothing.
#[derive(Clone, Debug)]
pub(crate) struct Words(String);

impl Read for Words {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(node, "words")?.trim();
        if text.is_empty() {
            reader.error(
                "entities/bad-text",
                node.head(reader.source.text()),
                "there are no words here",
                "write the words that are to be found",
            );
            return None;
        }
        Some(Self(text.to_owned()))
    }
}
schema!([] Words, "Words", json_schema!({ "type": "string", "pattern": "\\S" }));

/// The address of a proxy: "Only HTTP is supported between the gateway and the proxy."
/// Source: learn.microsoft.com/azure/api-management/proxy-policy.
#[derive(Clone, Debug)]
pub(crate) struct ProxyUrl(Url);

impl Read for ProxyUrl {
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let url = proxy_url(reader.text(node, "the address of a proxy")?);
        if url.is_none() {
            // What people put in front of an `@` is not quoted.
            reader.source.quote(node.span, Quoting::Nothing);
            let help = "write `http://host:port`; user and password have keys of their own";
            reader.error("entities/bad-proxy", node.head(reader.source.text()), "this is not the address of a proxy", help);
        }
        url.map(Self)
    }
}
schema!([] ProxyUrl, "ProxyUrl", json_schema!({ "type": "string", "pattern": "^[hH][tT][tT][pP]://[^/@?]+/?$" }));

/// What a file says.
#[derive(Clone, Debug)]
pub struct HeldEntities {
    /// What policies name by id.
    pub entities: Entities,
    /// The stand-in that `llm-content-safety` asks.
    pub safety: Arc<Safety>,
    /// What no trace may show: the tokens of connections, the passwords of proxies.
    pub secrets: Vec<Text>,
}

/// The JSON Schema (draft 2020-12) of the file.
pub fn json_schema() -> Json {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "openai-failover entities".into());
    let example = json!({
        "schemas": { "chat-request": "chat-request.schema.json" },
        "certificates": { "partner": "partner.pem" },
        "contentSafety": { "rules": [{ "words": "secret project", "category": "Violence", "severity": 6 }] },
        "proxies": [{ "url": "http://proxy.contoso.com:8080" }],
    });
    schema.insert("examples".to_owned(), json!([example]));
    schema.to_value()
}

/// The keys whose values are no secrets.
const SHOWN: [&str; 9] = ["schemas", "certificates", "provider", "id", "contentSafety", "url", "username", "host", "accepts"];

/// Reads the file. `file` gives what a file holds that it names, or says why it cannot.
///
/// # Errors
/// Everything that is wrong with it, and with schemas and certificates that it names.
pub fn read(source: &Arc<Source>, file: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<HeldEntities, Vec<Diagnostic>> {
    let (tree, faults) = parse(source);
    secrets::conceal_but(source, tree.as_ref(), &SHOWN);
    let mut reader = Reader { source, faults };
    let held = tree.and_then(|tree| held(&File::read(&tree, &mut reader)?, file, &mut reader));
    let mut faults: Vec<Diagnostic> = reader.faults.into_iter().map(own).collect();
    faults.sort_by_key(|fault| fault.primary().map_or(0, |label| label.span.start));
    match held {
        Some(held) if !any_error(&faults) => Ok(held),
        _ if any_error(&faults) => Err(faults),
        _ => Err(vec![Diagnostic::error("entities/unreadable", "the file cannot be read as entities").at(source, Span::at(0))]),
    }
}

fn held(written: &File, file: &dyn Fn(&str) -> Result<Vec<u8>, String>, reader: &mut Reader<'_>) -> Option<HeldEntities> {
    let mut entities = Entities::default();
    let schemas = &written.schemas.value()?.0;
    for (id, path) in schemas {
        let Some(bytes) = named(path, file, reader) else { continue };
        match entities::Schema::read(&bytes) {
            Ok(schema) => drop(entities.schemas.insert(Text::copied(&id.value.0), schema)),
            Err(why) => bad_schema(path, &format!("no JSON schema: {why}"), reader),
        }
    }
    for (id, path) in schemas.iter().filter(|(id, _)| entities.schemas.contains_key(id.value.0.as_str())) {
        if let Err(why) = entities::Schema::check(&id.value.0, &entities.schemas) {
            bad_schema(path, &why, reader);
        }
    }
    for (id, path) in &written.certificates.value()?.0 {
        let Some(bytes) = named(path, file, reader) else { continue };
        if Certificate::read(&bytes).is_none() {
            let help = "give a certificate without its private key, in DER or PEM";
            reader.error("entities/bad-certificate", path.span, format!("`{}` is no certificate", path.value.0), help);
        }
        entities.certificates.insert(Text::copied(&id.value.0), bytes.into());
    }
    let mut secrets = Vec::new();
    for connection in &written.authorizations.value()?.0 {
        let Connection { provider, id, access_token, claims } = &connection.value;
        let (Some(provider), Some(id), Some(token), Some(claims)) = (provider.value(), id.value(), access_token.value(), claims.value())
        else {
            continue;
        };
        let access_token = Text::copied(&token.0);
        secrets.push(access_token.clone());
        let claims = claims.0.iter().map(|(name, value)| (Text::copied(&name.value.0), Text::copied(&value.value.0))).collect();
        entities.authorizations.push(Authorization { provider: Text::copied(&provider.0), id: Text::copied(&id.0), access_token, claims });
    }
    for proxy in &written.proxies.value()?.0 {
        let ProxyServer { url, username, password } = &proxy.value;
        let Some(url) = url.value() else { continue };
        let text = |field: Option<&Spanned<AnyText>>| field.map(|text| Text::copied(&text.value.0));
        let password = text(password.get());
        secrets.extend(password.clone());
        if let (Some(_), false) = (&password, username.said) {
            let help = "give `username`, too: a proxy asks for both, or for nobody";
            reader.error("entities/missing-key", proxy.span, "a proxy with a password has no user", help);
        }
        let credentials = text(username.get()).map(|username| (username, password.unwrap_or_default()));
        entities.proxies.push(Proxy { url: url.0.clone(), credentials });
    }
    for guarded in &written.client_certificates.value()?.0 {
        let GuardedHost { host, accepts } = &guarded.value;
        let (Some(host), Some(accepts)) = (host.value(), accepts.value()) else { continue };
        if host.0.contains([':', '/', '@']) {
            reader.source.quote(guarded.span, Quoting::Nothing);
            let help = "write the name alone: `api.contoso.com`";
            reader.error("entities/bad-host", guarded.span, "this is not the name of a host", help);
        }
        let mut certificates = Vec::new();
        for id in &accepts.0 {
            match entities.certificates.get(id.value.0.as_str()) {
                Some(certificate) => certificates.extend(der(certificate)),
                None if written.certificates.value()?.0.iter().any(|(known, _)| known.value.0 == id.value.0) => {}
                None => {
                    let message = format!("no certificate has the id `{}`", id.value.0);
                    reader.error("entities/unknown-certificate", id.span, message, "give its file under `certificates`");
                }
            }
        }
        entities.guarded.push(Guarded { host: Text::copied(&host.0), certificates });
    }
    let safety = safety(written.content_safety.value()?)?;
    Some(HeldEntities { entities, safety: Arc::new(safety), secrets })
}

fn named(path: &Spanned<FilePath>, file: &dyn Fn(&str) -> Result<Vec<u8>, String>, reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    match file(&path.value.0) {
        Ok(bytes) => Some(bytes),
        Err(why) => {
            reader.error("entities/unreadable-file", path.span, format!("`{}` cannot be read: {why}", path.value.0), "");
            None
        }
    }
}

fn bad_schema(path: &Spanned<FilePath>, why: &str, reader: &mut Reader<'_>) {
    reader.error("entities/bad-schema", path.span, format!("`{}` is {why}", path.value.0), "");
}

fn safety(written: &ContentSafety) -> Option<Safety> {
    let nothing = Safety { rules: Vec::new(), attacks: Vec::new(), blocklists: BTreeMap::new() };
    let mut safety = if written.built_in.value()?.0 { Safety::default() } else { nothing };
    for rule in &written.rules.value()?.0 {
        let Rule { words, category, severity } = &rule.value;
        let (Some(words), Some(category), Some(severity)) = (words.value(), category.value(), severity.value()) else { continue };
        safety.rules.push(SafetyRule { words: Text::copied(&words.0), category: *category, severity: severity.narrow()? });
    }
    let texts = |words: &List<Words>| words.0.iter().map(|words| Text::copied(&words.value.0)).collect::<Vec<_>>();
    safety.attacks.extend(texts(written.attacks.value()?));
    for (id, words) in &written.blocklists.value()?.0 {
        safety.blocklists.insert(Text::copied(&id.value.0), texts(&words.value));
    }
    Some(safety)
}

/// Faults that the readers of specs find too, in the words of this file.
fn own(fault: Diagnostic) -> Diagnostic {
    const CODES: [(&str, &str); 12] = [
        ("spec/bad-id", "entities/bad-id"),
        ("spec/bad-path", "entities/bad-path"),
        ("spec/duplicate-key", "entities/duplicate-key"),
        ("spec/empty", "entities/empty"),
        ("spec/missing-key", "entities/missing-key"),
        ("spec/out-of-range", "entities/out-of-range"),
        ("spec/syntax", "entities/syntax"),
        ("spec/too-large", "entities/too-large"),
        ("spec/unknown-key", "entities/unknown-key"),
        ("spec/unknown-tag", "entities/unknown-tag"),
        ("spec/unknown-value", "entities/unknown-value"),
        ("spec/wrong-type", "entities/wrong-type"),
    ];
    retold(fault, &CODES, "schema entities")
}
