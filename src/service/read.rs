//! A folder's files to a service.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::Value as Json;

use super::{Files, Level, NamedValue, Service, properties::Properties};
use crate::{
    diagnostic::Diagnostic,
    gateway::entities::Schema,
    source::{Source, Span},
    text::Text,
    xml::{self, Document},
};

/// The folders of resources that a gateway's answers do not depend on: known, and left alone.
const LEFT_ALONE: [&str; 5] = ["diagnostics", "loggers", "tags", "gateways", "policy restrictions"];

/// The folders that are read.
const READ: [&str; 10] =
    ["apis", "backends", "groups", "named values", "policy fragments", "products", "schemas", "subscriptions", "users", "version sets"];

/// Reads a folder. What is wrong with any file comes beside what the others say.
pub fn read(files: &Files) -> (Service, Vec<Diagnostic>) {
    let mut folder = Folder { files, prefix: String::new(), faults: Vec::new() };
    let mut service = Service { shared: folder.level(), ..Service::default() };
    for id in folder.folders("workspaces/") {
        folder.prefix = format!("workspaces/{id}/");
        let level = folder.level();
        folder.prefix.clear();
        service.workspaces.insert(id, level);
    }
    let known = |name: &String| READ.contains(&name.as_str()) || LEFT_ALONE.contains(&name.as_str()) || name == "workspaces";
    for name in folder.folders("").into_iter().filter(|name| !known(name) && !name.starts_with('.')) {
        let message = format!("the folder `{name}` is no part of the layout, and is not read");
        folder.faults.push(Diagnostic::warning("service/unknown-folder", message));
    }
    if service.shared.apis.is_empty() && service.workspaces.values().all(|level| level.apis.is_empty()) && folder.faults.is_empty() {
        let help = "a folder as extractors write it has `apis/NAME/apiInformation.json`, and `policy.xml` beside `apis`";
        folder.faults.push(Diagnostic::error("service/no-apis", "the folder holds no API").help(help));
    }
    (service, folder.faults)
}

/// The files below a place in the folder.
pub(super) struct Folder<'a> {
    files: &'a Files,
    /// The place of the service, or of a workspace; with its last slash.
    prefix: String,
    /// What is wrong so far.
    pub faults: Vec<Diagnostic>,
}

impl<'a> Folder<'a> {
    fn level(&mut self) -> Level {
        let mut level = Level { policy: self.document("policy.xml"), ..Level::default() };
        level.named_values = self.named_values();
        level.fragments = self.fragments();
        for id in self.folders("backends/") {
            if let Some(file) = self.information(&format!("backends/{id}/"), "backendInformation.json") {
                level.backends.insert(id, file.clone());
            }
        }
        level.schemas = self.schemas();
        level.apis = self.apis();
        self.products(&mut level);
        level
    }

    /// A file.
    pub(super) fn file(&self, path: &str) -> Option<&'a Arc<Source>> {
        self.files.get(&format!("{}{path}", self.prefix))
    }

    /// The folders directly below a path that ends with a slash, or below the place itself.
    pub(super) fn folders(&self, path: &str) -> Vec<String> {
        let start = format!("{}{path}", self.prefix);
        let below = self.files.range(start.clone()..).map_while(|(name, _)| name.strip_prefix(start.as_str()));
        let names: BTreeSet<&str> = below.filter_map(|rest| rest.split_once('/')).map(|(name, _)| name).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// A policy document.
    pub(super) fn document(&mut self, path: &str) -> Option<Arc<Document>> {
        match xml::parse(self.file(path)?) {
            Ok(document) => Some(Arc::new(document)),
            Err(found) => {
                self.faults.extend(found);
                None
            }
        }
    }

    /// The file with a resource's properties, which must be there.
    pub(super) fn information(&mut self, path: &str, name: &str) -> Option<&'a Arc<Source>> {
        let found = self.file(&format!("{path}{name}"));
        if found.is_none() {
            let message = format!("there is no `{name}` in `{}{}`", self.prefix, path.trim_end_matches('/'));
            self.faults.push(Diagnostic::error("service/missing-file", message).help("extractors write one for each resource"));
        }
        found
    }

    /// The properties of a resource.
    pub(super) fn properties(&mut self, path: &str, name: &str) -> Option<Properties> {
        Properties::of(self.information(path, name)?, &mut self.faults)
    }

    fn named_values(&mut self) -> BTreeMap<String, NamedValue> {
        let mut found: BTreeMap<String, NamedValue> = BTreeMap::new();
        for id in self.folders("named values/") {
            let Some(properties) = self.properties(&format!("named values/{id}/"), "namedValueInformation.json") else { continue };
            let faults = &mut self.faults;
            let name = properties.text("displayName", faults).unwrap_or_else(|| id.clone());
            let value = properties.text("value", faults);
            let secret_identifier = properties.object("keyVault", faults).text("secretIdentifier", faults);
            let is_secret = properties.flag("secret", false, faults) || secret_identifier.is_some();
            let source = properties.source().cloned().unwrap_or_else(|| Source::new(id, ""));
            let place = (source, properties.place("displayName"));
            if value.is_none() && !is_secret {
                let fault = Diagnostic::error("service/no-value", format!("the Named Value `{name}` has no value"));
                properties.fault("displayName", fault.help("a Named Value that is no secret says its `value`"), faults);
            }
            let named_value = NamedValue { value, is_secret, secret_identifier, place: place.clone() };
            if let Some(first) = found.insert(name.clone(), named_value) {
                let fault = Diagnostic::error("service/duplicate-named-value", format!("the display name `{name}` is taken"));
                self.faults.push(fault.at(&place.0, place.1).label(&first.place.0, first.place.1, "by this one"));
            }
        }
        found
    }

    fn fragments(&mut self) -> BTreeMap<String, Arc<Document>> {
        let mut found = BTreeMap::new();
        for id in self.folders("policy fragments/") {
            match self.document(&format!("policy fragments/{id}/policy.xml")) {
                Some(document) => {
                    found.insert(id, document);
                }
                None if self.file(&format!("policy fragments/{id}/policy.xml")).is_none() => {
                    let message = format!("the policy fragment `{id}` has no `policy.xml`");
                    self.faults.push(Diagnostic::error("service/missing-file", message));
                }
                None => {}
            }
        }
        found
    }

    /// The schemas that `validate-content` names by id, as the resource manager has them: `schemaType`, and `document` or `value`.
    /// Source: learn.microsoft.com/rest/api/apimanagement/global-schema.
    fn schemas(&mut self) -> BTreeMap<Text, Schema> {
        let mut found = BTreeMap::new();
        let mut written = Vec::new();
        for id in self.folders("schemas/") {
            let place = format!("schemas/{id}/");
            let Some(properties) = self.properties(&place, "schemaInformation.json") else { continue };
            let Some(source) = properties.source() else { continue };
            let whole: Json = serde_json::from_str(source.text().trim_start_matches('\u{feff}')).unwrap_or_default();
            let own = whole.get("properties").unwrap_or(&whole);
            let schema = match own.get("document").or_else(|| own.get("value")) {
                Some(Json::String(text)) => Schema::read(text.as_bytes()).map_err(|why| format!("no JSON schema: {why}")),
                Some(schema) => Ok(Schema::Json(schema.clone())),
                None => Err("not there".to_owned()),
            };
            let id = Text::from(id);
            let why = schema.map(|schema| drop(found.insert(id.clone(), schema))).err();
            written.push((id, properties, why));
        }
        for (id, properties, why) in written {
            if let Some(why) = why.or_else(|| Schema::check(&id, &found).err()) {
                let fault = Diagnostic::error("service/bad-schema", format!("the schema `{id}` is {why}"));
                let fault = fault.help("`document` holds a JSON schema, `value` its text or that of an XML schema");
                properties.fault("document", fault, &mut self.faults);
            }
        }
        found
    }

    /// Reports something about a whole file.
    pub(super) fn fault_of_file(&mut self, path: &str, diagnostic: Diagnostic) {
        let diagnostic = match self.file(path) {
            Some(source) => diagnostic.at(source, Span::at(0)),
            None => diagnostic,
        };
        self.faults.push(diagnostic);
    }
}
