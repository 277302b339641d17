//! A service's documents, each with what it may refer to and where it holds: for checking them without running anything.

use std::{collections::BTreeMap, sync::Arc};

use super::{Given, Level, Service};
use crate::{
    diagnostic::Diagnostic,
    policy::{Resources, Scope},
    source::Source,
    xml::Document,
};

/// A document of a service.
#[derive(Debug)]
pub struct Part<'a> {
    /// The document.
    pub document: &'a Arc<Document>,
    /// The scope that it holds in; none for a fragment.
    pub scope: Option<Scope>,
    /// The workspace that it belongs to.
    pub workspace: Option<&'a str>,
}

impl Service {
    /// All documents.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let levels = std::iter::once((None, &self.shared));
        for (workspace, level) in levels.chain(self.workspaces.iter().map(|(id, level)| (Some(id.as_str()), level))) {
            let mut add = |scope, document| parts.push(Part { document, scope, workspace });
            let outermost = if workspace.is_some() { Scope::Workspace } else { Scope::Global };
            level.policy.iter().for_each(|document| add(Some(outermost), document));
            level.fragments.values().for_each(|document| add(None, document));
            level.products.values().flat_map(|product| &product.policy).for_each(|document| add(Some(Scope::Product), document));
            for api in &level.apis {
                api.policy.iter().for_each(|document| add(Some(Scope::Api), document));
                api.operation_policies.values().for_each(|document| add(Some(Scope::Operation), document));
            }
        }
        parts
    }

    /// What documents of the service, or of a workspace, may refer to. The values of secrets are not asked for.
    pub fn references(&self, workspace: Option<&str>) -> Resources {
        let mut resources = Resources { backends: Some(self.backend_ids(workspace)), ..Resources::default() };
        let own = workspace.and_then(|id| self.workspaces.get(id));
        for level in std::iter::once(&self.shared).chain(own) {
            resources.add(level);
        }
        resources
    }

    /// What is wrong with the definitions of Named Values and backends.
    pub fn faults_of_definitions(&self) -> Vec<Diagnostic> {
        let known = |workspace: Option<&str>| self.values(workspace, &Given::default(), &|_| "made-up".to_owned()).diagnostics;
        let all = std::iter::once(None).chain(self.workspaces.keys().map(|id| Some(id.as_str())));
        all.flat_map(known).filter(|diagnostic| diagnostic.code != "service/made-up-value").collect()
    }
}

impl Resources {
    fn add(&mut self, level: &Level) {
        for (name, named_value) in &level.named_values {
            match &named_value.value {
                Some(value) if !named_value.is_secret => {
                    self.unvalued.remove(name);
                    self.named_values.insert(name.clone(), value.clone());
                }
                _ => {
                    self.named_values.remove(name);
                    self.unvalued.insert(name.clone());
                }
            }
        }
        let fragments: BTreeMap<String, Arc<Document>> = level.fragments.clone();
        self.fragments.extend(fragments);
    }
}

impl Part<'_> {
    /// The file that it stands in.
    pub fn source(&self) -> &Arc<Source> {
        &self.document.source
    }
}
