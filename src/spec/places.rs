//! Where each value of a spec stands in its file, so that later rooms can underline it too.

use std::{collections::HashMap, sync::Arc};

use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// The places of a file's keys and values by path: `failover.strategy`, `backends.0.deployments.gpt-4o.sku`.
///
/// Two specs that say the same are equal wherever they say it, so all places are equal.
#[derive(Clone, Debug)]
pub struct Places {
    source: Arc<Source>,
    spans: HashMap<String, Place>,
}

/// Where one value stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The key in front of it; the value itself for an item of a list and for the whole file.
    pub key: Span,
    /// The value.
    pub value: Span,
}

impl Places {
    /// The places of a text; none yet.
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Self { source: source.clone(), spans: HashMap::new() }
    }

    /// Remembers where the value at `path` stands.
    pub(super) fn insert(&mut self, path: String, place: Place) {
        self.spans.insert(path, place);
    }

    /// The text that the places lie in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Where the value at `path` stands, if the file says it; a default stands nowhere.
    pub fn get(&self, path: &str) -> Option<Place> {
        self.spans.get(path).copied()
    }

    /// Where the value at `path` stands, or else the nearest thing around it that the file does say.
    pub fn nearest(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(place) = self.get(path) {
                return place;
            }
            match path.rfind('.') {
                Some(end) => path = path.get(..end).unwrap_or(""),
                None => return Place { key: Span::at(0), value: Span::at(0) },
            }
        }
    }

    /// Underlines the value at `path` in a diagnostic, or the key of the nearest thing around it.
    pub fn underline(&self, diagnostic: Diagnostic, path: &str) -> Diagnostic {
        let span = self.get(path).map_or_else(|| self.nearest(path).key, |place| place.value);
        diagnostic.at(&self.source, span)
    }
}

impl PartialEq for Places {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
