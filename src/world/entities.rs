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
        entities::{self, Authorization},
        safety::{Category, Rule as SafetyRule, Safety},
    },
    source::{Source, Span},
    spec::{
        fields::{Field, Fields, List, Map, Read, Reader, Spanned, record},
        parse,
        scalars::{FilePath, Id, Text as AnyText, Truth, Whole, schema},
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
        /// Certificates by id, DER or PEM: for `validate-jwt`, `validate-client-certificate` and `context.Deployment.Certificates`.
        default "certificates" certificates: Map<Id, FilePath> = {};
        /// Connections of the credential manager, which `get-authorization-context` names.
        default "authorizations" authorizations: List<Connection> = [];
        /// What the stand-in for Azure AI Content Safety finds in texts.
        default "contentSafety" content_safety: ContentSafety = {};
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

/// What a file says.
#[derive(Clone, Debug)]
pub struct HeldEntities {
    /// What policies name by id.
    pub entities: Entities,
    /// The stand-in that `llm-content-safety` asks.
    pub safety: Arc<Safety>,
    /// What no trace may show: the tokens of connections.
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
    });
    schema.insert("examples".to_owned(), json!([example]));
    schema.to_value()
}

/// Reads the file. `file` gives what a file holds that it names, or says why it cannot.
///
/// # Errors
/// Everything that is wrong with it, and with schemas and certificates that it names.
pub fn read(source: &Arc<Source>, file: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<HeldEntities, Vec<Diagnostic>> {
    let (tree, faults) = parse(source);
    let mut reader = Reader { source, faults };
    let held = tree.and_then(|tree| held(&File::read(&tree, &mut reader)?, file, &mut reader));
    let mut faults: Vec<Diagnostic> = reader.faults.into_iter().map(own).collect();
    let masked = masked(source);
    let labels = faults.iter_mut().flat_map(|fault| &mut fault.labels).filter(|label| Arc::ptr_eq(&label.source, source));
    labels.for_each(|label| label.source = masked.clone());
    faults.sort_by_key(|fault| fault.primary().map_or(0, |label| label.span.start));
    match held {
        Some(held) if !any_error(&faults) => Ok(held),
        _ if any_error(&faults) => Err(faults),
        _ => Err(vec![Diagnostic::error("entities/unreadable", "the file cannot be read as entities").at(source, Span::at(0))]),
    }
}

/// The text as diagnostics may show it, each byte where it was: without the tokens of connections.
fn masked(source: &Arc<Source>) -> Arc<Source> {
    const KEY: &str = "accessToken";
    let mut text = String::with_capacity(source.text().len());
    let mut rest = source.text();
    while let Some((before, behind)) = rest.find(KEY).map(|at| rest.split_at(at + KEY.len())) {
        let value = behind.find(|c: char| !matches!(c, '"' | '\'' | ':' | ' ')).unwrap_or(behind.len());
        let (between, behind) = behind.split_at(value);
        let quoted = between.chars().next_back().filter(|c| matches!(c, '"' | '\''));
        let end = match (quoted, behind.chars().next()) {
            (Some(quote), _) => behind.find(quote),
            // A block of lines: where it ends is not looked for.
            (None, Some('|' | '>')) => None,
            (None, _) => behind.find([',', '}', '\n', '\r']),
        };
        let (token, behind) = behind.split_at(end.unwrap_or(behind.len()));
        text.push_str(before);
        text.push_str(between);
        text.extend(token.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }));
        rest = behind;
    }
    text.push_str(rest);
    Source::new(source.name(), text)
}

fn held(written: &File, file: &dyn Fn(&str) -> Result<Vec<u8>, String>, reader: &mut Reader<'_>) -> Option<HeldEntities> {
    let mut entities = Entities::default();
    let schemas = &written.schemas.value()?.0;
    for (id, path) in schemas {
        let Some(bytes) = named(path, file, reader) else { continue };
        match entities::Schema::read(&String::from_utf8_lossy(&bytes)) {
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
fn own(mut fault: Diagnostic) -> Diagnostic {
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
    if let Some((_, own)) = CODES.iter().find(|(code, _)| *code == fault.code) {
        fault.code = own;
    }
    fault.help = fault.help.map(|help| help.replace("schema spec", "schema entities"));
    fault
}
