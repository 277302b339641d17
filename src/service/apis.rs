//! The APIs of a folder: `apis/NAME/`, a revision that is not the current one as `apis/NAME;rev=N/`.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ServiceApi,
    openapi::{self, Described},
    properties::Properties,
    read::Folder,
};
use crate::{
    diagnostic::{Diagnostic, nearest},
    gateway::{Api, Operation, Version, Versioning, definition::normal},
    http::Url,
    text::Text,
    xml::Document,
};

/// The names that a description may have; others are of kinds that are not simulated.
const DESCRIPTIONS: [&str; 3] = ["specification.json", "specification.yaml", "specification.yml"];

/// Descriptions of APIs that are no plain HTTP APIs.
const OTHER_DESCRIPTIONS: [&str; 3] = ["specification.graphql", "specification.wsdl", "specification.wadl"];

impl Folder<'_> {
    pub(super) fn apis(&mut self) -> Vec<ServiceApi> {
        let version_sets = self.version_sets();
        let mut found = Vec::new();
        for name in self.folders("apis/") {
            let path = format!("apis/{name}/");
            let Some(properties) = self.properties(&path, "apiInformation.json") else { continue };
            let mut api = self.api(&name, &properties, &version_sets);
            let described = self.operations(&path, &api.id);
            (api.operations, api.definitions, api.samples) = (described.operations, Arc::new(described.definitions), described.samples);
            let operation_policies = self.operation_policies(&path, &api.operations);
            if properties.flag("isOnline", true, &mut self.faults) {
                found.push(ServiceApi { api, policy: self.document(&format!("{path}policy.xml")), operation_policies });
            }
        }
        found
    }

    fn api(&mut self, name: &str, properties: &Properties, version_sets: &BTreeMap<String, Versioning>) -> Api {
        let faults = &mut self.faults;
        let (id, revision) = name.split_once(";rev=").unwrap_or((name, ""));
        let mut api = Api {
            id: id.to_owned().into(),
            name: properties.text("displayName", faults).unwrap_or_else(|| id.to_owned()).into(),
            path: properties.text("path", faults).unwrap_or_default().trim_matches('/').to_owned().into(),
            subscription_required: properties.flag("subscriptionRequired", true, faults),
            operations: Vec::new(),
            is_current: revision.is_empty(),
            ..Api::default()
        };
        // The service's own names of the key, unless the API has others.
        let names = properties.object("subscriptionKeyParameterNames", faults);
        api.key_header = names.text("header", faults).map_or(Text::Static("Ocp-Apim-Subscription-Key"), Text::from);
        api.key_query = names.text("query", faults).map_or(Text::Static("subscription-key"), Text::from);
        let number = properties.text("apiRevision", faults).unwrap_or_else(|| if revision.is_empty() { "1" } else { revision }.to_owned());
        api.revision = number.into();
        if let Some(protocols) = properties.texts("protocols", faults) {
            api.protocols = protocols.into_iter().map(Text::from).collect();
        }
        if let Some(url) = properties.text("serviceUrl", faults).filter(|url| !url.trim().is_empty()) {
            api.service_url = Url::parse(url.trim());
            if api.service_url.is_none() {
                let fault = Diagnostic::error("service/bad-url", format!("`{url}` is not an http or https URL"));
                properties.fault("serviceUrl", fault, faults);
            }
        }
        if let Some(version) = properties.text("apiVersion", faults).filter(|version| !version.is_empty()) {
            let set = properties.text("apiVersionSetId", faults).and_then(|id| id.rsplit('/').next().map(str::to_owned));
            let by = set.and_then(|set| {
                let known = version_sets.get(&set).cloned();
                if known.is_none() {
                    let fault = Diagnostic::error("service/unknown-version-set", format!("there is no version set `{set}`"));
                    properties.fault("apiVersionSetId", fault, faults);
                }
                known
            });
            api.version = Some(Version { id: version.into(), by: by.unwrap_or(Versioning::Segment) });
        }
        if let Some(kind) = properties.text("type", faults).filter(|kind| kind != "http") {
            let fault = Diagnostic::warning("service/not-simulated", format!("an API of the type `{kind}` is not simulated"));
            properties.fault("type", fault.help("its operations are those that an OpenAPI description names"), faults);
        }
        api
    }

    /// The operations: by the description, else by files of their own.
    fn operations(&mut self, path: &str, id: &str) -> Described {
        if let Some(source) = DESCRIPTIONS.iter().find_map(|name| self.file(&format!("{path}{name}"))) {
            return openapi::operations(source, &mut self.faults);
        }
        let mut found = Vec::new();
        for id in self.folders(&format!("{path}operations/")) {
            let place = format!("{path}operations/{id}/");
            // Only some extractors write it; without it nothing says what the operation answers to.
            if self.file(&format!("{place}operationInformation.json")).is_none() {
                continue;
            }
            let Some(properties) = self.properties(&place, "operationInformation.json") else { continue };
            let faults = &mut self.faults;
            found.push(Operation {
                name: properties.text("displayName", faults).unwrap_or_else(|| id.clone()).into(),
                id: id.into(),
                method: properties.text("method", faults).unwrap_or_default().to_ascii_uppercase().into(),
                url_template: properties.text("urlTemplate", faults).unwrap_or_default().into(),
            });
        }
        openapi::sort(&mut found);
        if found.is_empty() {
            let other = OTHER_DESCRIPTIONS.iter().find(|name| self.file(&format!("{path}{name}")).is_some());
            let message = format!("the API `{id}` has no operations: all its requests are answered with 404");
            let help = match other {
                Some(name) => format!("`{name}` is not read: only OpenAPI descriptions are"),
                None => format!("describe them in `{path}specification.yaml`"),
            };
            self.fault_of_file(&format!("{path}apiInformation.json"), Diagnostic::warning("service/no-operations", message).help(help));
        }
        Described { operations: found, ..Described::default() }
    }

    fn operation_policies(&mut self, path: &str, operations: &[Operation]) -> BTreeMap<usize, Arc<Document>> {
        let mut found = BTreeMap::new();
        for id in self.folders(&format!("{path}operations/")) {
            let file = format!("{path}operations/{id}/policy.xml");
            if self.file(&file).is_none() {
                continue;
            }
            let Some(document) = self.document(&file) else { continue };
            // The import may have changed how an id is written.
            let exact = operations.iter().position(|operation| operation.id == *id);
            let place = exact.or_else(|| operations.iter().position(|operation| normal(&operation.id) == normal(&id)));
            match place {
                Some(place) => {
                    found.insert(place, document);
                }
                None => {
                    let near = nearest(&id, operations.iter().map(|operation| operation.id.as_str()));
                    let message = format!("the API has no operation `{id}`: its policy never runs");
                    let diagnostic = Diagnostic::warning("service/unknown-operation", message);
                    let diagnostic = match near {
                        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                        None => diagnostic,
                    };
                    self.fault_of_file(&file, diagnostic);
                }
            }
        }
        found
    }

    fn version_sets(&mut self) -> BTreeMap<String, Versioning> {
        let mut found = BTreeMap::new();
        for id in self.folders("version sets/") {
            let Some(properties) = self.properties(&format!("version sets/{id}/"), "versionSetInformation.json") else { continue };
            let faults = &mut self.faults;
            let scheme = properties.text("versioningScheme", faults).unwrap_or_default();
            let mut named = |key: &str| properties.text(key, faults).map(Text::from);
            let versioning = match scheme.as_str() {
                "Header" => named("versionHeaderName").map(Versioning::Header),
                "Query" => named("versionQueryName").map(Versioning::Query),
                "Segment" => Some(Versioning::Segment),
                _ => None,
            };
            match versioning {
                Some(versioning) => {
                    found.insert(id, versioning);
                }
                None => {
                    let fault =
                        Diagnostic::error("service/bad-version-set", format!("the version set `{id}` does not say where a version stands"));
                    let help = "`versioningScheme` is Segment, Header (with `versionHeaderName`) or Query (with `versionQueryName`)";
                    properties.fault("versioningScheme", fault.help(help), faults);
                }
            }
        }
        found
    }
}
